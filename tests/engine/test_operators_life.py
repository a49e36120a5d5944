"""HOLD-VM, RESUME-VM, START-VM, SHUTDOWN-VM, RESET-VM, DELETE-VM, and what a forced one does to a migration."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.observing import COSTS
from engine.operating import NOT_MODELLED, NOT_PUBLISHED, SMALL_POOLS, Scene, once, operated, vm
from sim.scenario.point import Cost, Devices, Fault, Step
from sim.vm2000.catalogue import VMS4009, VMS4024

DRAIN = (Step("out", 0.0, "S2", drain="S1"),)
STORE = (Fault("store", "definitions", "S1", at_s=0.5, lasts=Cost(100.0)),)


def states(*commands: str, **world: object) -> list[str]:
    """Return what VM1 is displayed as after each command, one second apart."""
    found = []
    for number in range(1, len(commands) + 1):
        typed = [(float(second), "S1", text) for second, text in enumerate(commands[:number], start=1)]
        found.append(operated(*typed, **world).vm().display)  # type: ignore[arg-type]  # as `operated`
    return found


# VM2000 User Guide: Suspending a VM / resuming operation: the table of overlapping wait states, shown in the order SEL, GLB, VMA.
@pytest.mark.parametrize(
    ("commands", "shown"),
    [
        (["HOLD-VM 2", "RESUME-VM 2"], ["WAIT(SEL)", "RUNNING"]),
        (["HOLD-VM *ALL", "RESUME-VM *ALL"], ["WAIT(GLB)", "RUNNING"]),
        (["HOLD-VM *ALL", "HOLD-VM 2", "RESUME-VM 2", "RESUME-VM *ALL"], ["WAIT(GLB)", "WAIT(SEL)", "WAIT(GLB)", "RUNNING"]),
        (["HOLD-VM 2", "HOLD-VM *ALL", "RESUME-VM *ALL", "RESUME-VM 2"], ["WAIT(SEL)", "WAIT(SEL)", "WAIT(SEL)", "RUNNING"]),
    ],
)
def test_wait_states_overlap(commands: list[str], shown: list[str]) -> None:
    assert states(*commands) == shown


@pytest.mark.parametrize(("state", "shown"), [("IN HOLD(WAIT)", "RUNNING"), ("WAIT(VMA)", "RUNNING"), ("WAIT(GLB)", "WAIT(GLB)")])
def test_a_vm_in_hold_from_the_start_can_go_on(state: str, shown: str) -> None:
    assert once("RESUME-VM 2", vms=(vm(state=state),)).vm().display == shown


@pytest.mark.parametrize(
    ("text", "state", "code"),
    [
        ("START-VM VM-ID=2", "DOWN", "0/64/VMS4612"),
        ("RESUME-VM 2", "WAIT(SEL)", "0/64/VMS4612"),
        ("RESUME-VM 2", "DOWN", "1/0/CMD0001"),
    ],
)
def test_a_cpu_pool_without_cpus_lets_no_guest_run(text: str, state: str, code: str) -> None:
    """VM2000 User Guide: START-VM wants one real, attached CPU in the CPU pool; RESUME-VM has the code for it."""
    scene = once(text, vms=(vm(state=state, pool="EMPTY"),), units=SMALL_POOLS)
    assert scene.codes == [code]
    assert scene.vm().display == state
    assert ("VMS4612 [too few attached CPUs in CPU pool EMPTY: VM VM1 finds none]" in scene.answers) == code.endswith("4612")


def test_a_vm_that_stays_in_hold_is_a_warning() -> None:
    scene = operated((1.0, "S1", "HOLD-VM *ALL"), (2.0, "S1", "HOLD-VM 2"), (3.0, "S1", "RESUME-VM 2"))
    assert "VMS2020 [VM (2,VM1) stays IN HOLD(WAIT)]" in scene.answers
    assert scene.codes[-1] == "2/0/VMS2020"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("RESUME-VM 2", "RUNNING"),
        ("RESUME-VM *ALL", "RUNNING"),
        ("HOLD-VM 2", "WAIT(SEL)"),
        ("HOLD-VM *ALL", "DOWN"),
        ("SHUTDOWN-VM 2", "DOWN"),
        ("SHUTDOWN-VM *VM-GUESTS", "INIT-ONLY"),
        ("RESET-VM 2", "INIT-ONLY"),
    ],
)
def test_what_is_so_already_needs_no_action(text: str, state: str) -> None:
    scene = once(text, vms=(vm(state=state),))
    assert scene.codes == ["1/0/CMD0001"]
    assert scene.vm().display == state


def test_hold_suspends_running_vms_only() -> None:
    scene = once("HOLD-VM 2", vms=(vm(state="DOWN"),))
    assert (
        scene.answers[0]
        == "[migr] HOLD-VM rejected: VM VM1 is DOWN; only a running one can be suspended; the product's code is not published"
    )
    assert scene.codes == [NOT_PUBLISHED]


def test_a_held_vm_cannot_migrate() -> None:
    scene = operated((1.0, "S1", "HOLD-VM 2"), (2.0, "S1", "MIGRATE-VM 2"))
    assert any("VM state is WAIT(SEL)" in text for text in scene.answers)
    assert scene.codes[-1] == "0/64/VMS2461"


@pytest.mark.parametrize(
    ("state", "text", "after"),
    [
        ("RUNNING", "SHUTDOWN-VM 2", "DOWN"),
        ("RUNNING", "RESET-VM 2", "INIT-ONLY"),
        ("DOWN", "RESET-VM 2", "INIT-ONLY"),
        ("DOWN", "START-VM VM-ID=2", "RUNNING"),
        ("INIT-ONLY", "START-VM VM-ID=2", "RUNNING"),
        ("RUNNING", "START-VM VM-ID=2,CHECK-VM-STATE=*NO", "RUNNING"),
        ("WAIT(SEL)", "START-VM VM-ID=2,CHECK-VM-STATE=*NO", "RUNNING"),
        ("DOWN", "START-VM VM-ID=2,HOLD=*YES", "WAIT(SEL)"),
        ("WAIT(SEL)", "RESET-VM 2", "INIT-ONLY"),
        ("DOWN", "DELETE-VM 2", "NOT INITIALIZED"),
        ("INIT-ONLY", "DELETE-VM 2", "NOT INITIALIZED"),
        ("RUNNING", "DELETE-VM 2,CHECK-VM-STATE=*NO", "NOT INITIALIZED"),
        ("WAIT(SEL)", "DELETE-VM *ALL,CHECK-VM-STATE=*NO", "NOT INITIALIZED"),
    ],
)
def test_a_command_leaves_the_vm_behind(state: str, text: str, after: str) -> None:
    scene = once(text, vms=(vm(state=state),))
    assert scene.codes == ["0/0/CMD0001"]
    assert scene.vm().display == after


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("RUNNING", "DELETE-VM 2"),
        ("WAIT(SEL)", "DELETE-VM 2"),
        ("RUNNING", "DELETE-VM *ALL"),
        ("RUNNING", "START-VM VM-ID=2"),
        ("WAIT(SEL)", "START-VM VM-ID=2"),
        ("WAIT(SEL)", "SHUTDOWN-VM 2"),
        ("WAIT(INT)", "START-VM VM-ID=2,CHECK-VM-STATE=*NO"),
    ],
)
def test_a_state_in_which_it_is_rejected(state: str, text: str) -> None:
    scene = once(text, vms=(vm(state=state),))
    assert scene.answers[0].startswith(f"[migr] {text.partition(' ')[0]} rejected: VM VM1 is {state}")
    assert scene.codes == [NOT_PUBLISHED]
    assert not any(answer.startswith("NBR0740") for answer in scene.answers)  # whose codes nobody knows
    assert scene.vm().display == state


@pytest.mark.parametrize("named", ["1", "*CURRENT"])
@pytest.mark.parametrize("command", ["HOLD-VM", "RESUME-VM", "START-VM VM-ID=", "SHUTDOWN-VM", "RESET-VM", "DELETE-VM"])
def test_monitor_vm_is_left_alone(command: str, named: str) -> None:
    scene = once(f"{command}{'' if command.endswith('=') else ' '}{named}")
    assert (
        scene.answers[0]
        == f"[migr] {command.partition(' ')[0]} rejected: it cannot be given for the monitor VM; the product's code is not published"
    )


@pytest.mark.parametrize("command", ["HOLD-VM", "RESUME-VM", "START-VM VM-ID=", "SHUTDOWN-VM", "RESET-VM", "DELETE-VM"])
def test_a_vm_that_is_not_there(command: str) -> None:
    scene = once(f"{command}{'' if command.endswith('=') else ' '}NOSUCH")
    assert scene.answers[0] == "VMS4000 [VM NOSUCH is not created]"
    assert scene.codes == ["0/64/VMS4000"]


def test_shutdown_of_the_whole_vm2000_is_not_modelled() -> None:
    assert once("SHUTDOWN-VM *VM2000").codes == [NOT_MODELLED]


def test_start_in_hold_exists_on_su_390_only() -> None:
    scene = once("START-VM VM-ID=2,HOLD=*YES", vms=(vm(state="DOWN"),), su_type="x86")
    assert (scene.codes, scene.vm().display) == (["0/64/VMS9004"], "DOWN")


def test_a_guest_that_is_started_again_counts_its_migrations_anew() -> None:
    scene = operated((100.0, "S2", "START-VM VM-ID=2,CHECK-VM-STATE=*NO"), steps=DRAIN)
    assert (scene.vm().live_migrations, scene.vm().visited) == (0, [(100.0, "S2")])


def test_diff_stays_when_the_guest_is_started_again() -> None:
    scene = operated((100.0, "S2", "START-VM VM-ID=2,CHECK-VM-STATE=*NO"), steps=DRAIN, units={"S2": {"iocf": "B"}})
    assert scene.vm().display == "RUNNING(DIFF)"


def test_deleting_gives_the_memory_back_and_says_what_a_deletion_says() -> None:
    scene = once("DELETE-VM 2,CHECK-VM-STATE=*NO", vms=(vm(devices=Devices(disks=1)),))
    assert [text.partition(" ")[0] for text in scene.answers[:3]] == [VMS4009.id, VMS4009.id, VMS4024.id]
    unit = scene.world.units["S1"]
    assert (unit.memory.held_bytes, unit.indexes) == (0.0, {})
    assert scene.vm().defined


def test_memory_of_a_deleted_vm_is_free_later_on_x86() -> None:
    """The check of a migration to S1 that needs the memory fails at once and not a minute later."""
    gib = 2.0**30
    scene = operated(
        (1.0, "S1", "DELETE-VM VM1,*NO"),
        (1.5, "S2", "CHECK-VM-MIGRATION VM2"),
        (61.0, "S2", "CHECK-VM-MIGRATION VM2"),
        vms=(vm("VM1"), vm("VM2", "S2")),
        su_type="x86",
        units={"S1": {"memory_bytes": 2.5 * gib}},
        of={"costs": replace(COSTS, memory_release=Cost(30.0))},
    )
    assert scene.codes == ["0/0/CMD0001", "2/0/VMS2461", "0/0/CMD0001"]


def test_a_deleted_vm_is_named_by_the_index_that_it_had() -> None:
    scene = once("DELETE-VM 2,*NO")
    assert "VMS3000 VM2000 COMMAND /DELETE-VM FOR VIRTUAL MACHINE (2,VM1) PROCESSED SUCCESSFULLY" in scene.answers
    assert not scene.world.units["S1"].indexes


@pytest.mark.parametrize("text", ["DELETE-VM 2,*NO", "DELETE-VM *ALL,*NO"])
def test_an_su_x86_says_in_own_words_that_vms_are_deleted(text: str) -> None:
    """VMS4024, after which the line is worded, is a message of SU /390."""
    scene = once(text, su_type="x86")
    assert scene.answers[0] == "[migr] VM (2,VM1) deleted on SU 'S1'"
    assert not any(answer.startswith("VMS4024") for answer in scene.answers)


@pytest.mark.parametrize(("persistent", "defined", "code"), [(True, True, "0/0/CMD0001"), (False, False, "0/64/VMS2300")])
def test_only_a_persistent_definition_outlives_the_vm(persistent: bool, defined: bool, code: str) -> None:
    scene = operated((1.0, "S1", "DELETE-VM 2,*NO"), (2.0, "S1", "ACTIVATE-VM-DEFINITION VM1"), vms=(vm(persistent=persistent),))
    assert scene.vm().defined is defined
    assert scene.codes[1] == code


@pytest.mark.parametrize("text", ["HOLD-VM 2", "SHUTDOWN-VM 2", "RESET-VM 2", "MODIFY-VM-ATTRIBUTES 2,5", "DELETE-VM 2,*NO"])
def test_a_definition_that_cannot_be_updated_is_a_warning_on_su_390(text: str) -> None:
    scene = once(text, faults=STORE)
    assert any(answer.startswith("VMS2306 ") for answer in scene.answers)
    assert scene.codes == ["2/0/VMS2306"]


def test_a_definition_that_cannot_be_deleted_is_deleted_later() -> None:
    scene = once("DELETE-VM 2,*NO", vms=(vm(persistent=False),), faults=STORE)
    later = [time_s for time_s, _, text in scene.lines if "deleted on SU 'S1' after all" in text]
    assert later == [121.0]  # tried every minute; reachable again after 100.5 s
    assert scene.world.units["S1"].undeleted == set()


# VM1 is copied from 4.25 s (without devices of its own 3.75 s) on, stands still from 14.7 s to 16.2 s, and leaves S1 at 17.3 s.
def forced(text: str, at_s: float = 8.0, policy: str = "abort-migration", **world: object) -> Scene:
    return operated((at_s, "S1", text), vms=(vm(),), steps=DRAIN, of={"forced_commands": policy, **world})


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("DELETE-VM 2,CHECK-VM-STATE=*NO", "NOT INITIALIZED"),
        ("DELETE-VM *ALL,CHECK-VM-STATE=*NO", "NOT INITIALIZED"),
        ("START-VM VM-ID=2,CHECK-VM-STATE=*NO", "RUNNING"),
        ("ADD-VM-DEVICES 5010,2,FORCE=*YES", "RUNNING"),
    ],
)
@pytest.mark.parametrize("at_s", [3.0, 8.0, 15.5])
def test_a_forced_command_ends_the_migration_and_is_executed(at_s: float, text: str, state: str) -> None:
    scene = forced(text, at_s)
    assert f"[migr] live migration of VM (2,VM1) ended by {text.partition(' ')[0]}" in scene.answers
    assert scene.codes == ["0/0/CMD0001"] * 2
    assert (scene.vm().unit.name, scene.vm().display) == ("S1", state)
    assert not scene.world.units["S2"].indexes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ADD-VM-DEVICES *DEV(5012,5010),2,FORCE=*YES", "'5012' to '5010' is no range of devices"),
        ("ADD-VM-DEVICES 6009,2,FORCE=*YES", "device 6009 is an alias, which cannot be assigned explicitly"),
        ("REMOVE-VM-DEVICES 5099,2,FORCE=*YES", "device 5099 is not assigned to VM VM1"),
        ("SWITCH-VM-DEVICES CS,2,NOSUCH,FORCE=*YES", "VM NOSUCH is not created"),
    ],
)
def test_a_forced_command_that_cannot_be_executed_leaves_the_migration_alone(text: str, told: str) -> None:
    scene = forced(text)
    assert any(told in answer for answer in scene.answers)
    assert not any("ended by" in answer or "aborted" in answer for answer in scene.answers)
    assert scene.vm().unit.name == "S2"


def test_a_start_without_a_cpu_leaves_the_migration_alone() -> None:
    """Nothing but the migration itself says more: the CPU pool of the guest has no CPU on S1."""
    scene = operated((8.0, "S1", "START-VM VM-ID=2,CHECK-VM-STATE=*NO"), vms=(vm(pool="EMPTY"),), steps=DRAIN, units=SMALL_POOLS)
    assert any(answer.startswith("VMS4612 ") for answer in scene.answers)
    assert scene.vm().unit.name == "S2"


@pytest.mark.parametrize(
    "text", ["DELETE-VM 2,*NO", "DELETE-VM *ALL,*NO", "START-VM VM-ID=2,CHECK=*NO", "ADD-VM-DEVICES 5010,2,FORCE=*YES"]
)
def test_forced_commands_are_refused_where_the_policy_says_so(text: str) -> None:
    scene = forced(text, policy="refuse")
    assert any(answer.startswith("VMS3042 ") for answer in scene.answers)
    assert scene.codes[1] == "0/128/VMS3042"
    assert (scene.vm().unit.name, scene.vm().display) == ("S2", "RUNNING")


def test_a_forced_command_on_the_target_counts_too() -> None:
    scene = operated((8.0, "S2", "DELETE-VM 2,*NO"), vms=(vm(),), steps=DRAIN)
    assert "[migr] live migration of VM (2,VM1) ended by DELETE-VM" in scene.answers
    assert scene.codes[1] == "0/64/VMS4000"  # rolled back, it is not there any more
    assert (scene.vm().unit.name, scene.vm().display) == ("S1", "RUNNING")


def test_after_the_resume_a_forced_command_waits_for_the_end() -> None:
    scene = operated((16.5, "S2", "DELETE-VM 2,*NO"), vms=(vm(),), steps=DRAIN)
    texts = [text.partition(" ")[0] for text in scene.answers]
    assert "VMS2451" in texts
    assert texts[-1] == "NBR0740"
    assert (scene.vm().unit.name, scene.vm().display) == ("S2", "NOT INITIALIZED")


def test_a_migration_that_begins_while_another_is_waited_for_is_ended_too() -> None:
    """VM2 has arrived from S2, whose clean-up lasts until 18.3 s; the migration of VM1 passes its check at 18.2 s."""
    scene = operated(
        (17.0, "S1", "DELETE-VM *ALL,*NO"),
        (17.2, "S1", "MIGRATE-VM VM1"),
        vms=(vm("VM1"), vm("VM2", "S2")),
        steps=(Step("in", 0.0, "S1", drain="S2"),),
    )
    assert scene.world.by_operators[0].reason == "forced-command"
    assert [scene.vm(name).display for name in ("VM1", "VM2")] == ["NOT INITIALIZED"] * 2
    assert not scene.world.units["S2"].indexes


def test_nobody_is_answered_when_the_su_crashes_meanwhile() -> None:
    """The roll-back lasts from 8 s to 11 s."""
    crash = Fault("crash", "crash", "S1", at_s=9.0, lasts=Cost(100.0))
    scene = operated((8.0, "S1", "DELETE-VM VM1,*NO"), vms=(vm(),), steps=DRAIN, faults=(crash,))
    assert len(scene.codes) == 1
    assert scene.vm().display != "NOT INITIALIZED"


def test_a_vm_that_was_deleted_before_its_turn_is_rejected_by_the_check() -> None:
    scene = operated((1.0, "S1", "DELETE-VM 2,*NO"), steps=(Step("one", 5.0, "S2", vm="VM1"),))
    assert "VMS4000 [VM VM1 is not created]" in scene.answers


def test_a_vm_that_is_deleted_during_its_check_is_rejected_by_it() -> None:
    """The check lasts from 5 s to 6 s."""
    scene = operated((5.5, "S1", "DELETE-VM 2,*NO"), steps=(Step("one", 5.0, "S2", vm="VM1"),))
    assert "VMS4000 [VM VM1 is not created]" in scene.answers
    assert scene.vm().unit.name == "S1"
