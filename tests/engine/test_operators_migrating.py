"""CHECK-VM-MIGRATION and MIGRATE-VM as operators type them, with the job variable."""

from __future__ import annotations

import pytest

from engine.operating import once, operated, vm
from sim.scenario.point import Cost, Devices, Fault, Step
from sim.vm2000.monjv import Status

GIB = 2.0**30


def test_a_migration_is_echoed_as_typed_and_answered_after_the_check() -> None:
    scene = once("mig-vm vm1")
    assert scene.lines[:3] == (
        (1.0, "S1", "/mig-vm vm1"),
        (2.0, "S1", "NBR0740 COMMAND COMPLETED 'MIGRATE-VM'; (RESULT: SC2=000, SC1=000, MC=CMD0001); DATE: -"),
        (2.0, "S1", "VMS2450 LIVE MIGRATION OF VM (2,VM1) TO TARGET SU 'S2' STARTED"),
    )
    (move,) = scene.world.by_operators
    assert (move.outcome, move.console, move.vm.unit.name) == ("completed", "S1", "S2")


def test_the_caller_is_free_after_the_check() -> None:
    """A second command at the same console is answered while the memory is under way."""
    scene = operated((1.0, "S1", "MIGRATE-VM VM1"), (8.0, "S1", "SHOW-VM-ATTRIBUTES VM-ID=2"))
    ends = [time_s for time_s, _, text in scene.lines if text.startswith("NBR0740")]
    assert ends == [2.0, 8.0]


def test_a_check_changes_nothing_and_warns_of_devices() -> None:
    scene = once("CHECK-VM-MIGRATION VM1", vms=(vm(devices=Devices(disks=1, tapes=2)),))
    assert [text for text in scene.answers if text.startswith("VMS2471")] == [
        "VMS2471 [device 'T1' of VM (2,VM1) will be detached]",
        "VMS2471 [device 'T2' of VM (2,VM1) will be detached]",
    ]
    assert scene.codes == ["0/0/CMD0001"]
    assert (scene.vm().unit.name, scene.vm().devices.tapes) == ("S1", ("T1", "T2"))


def test_a_check_that_finds_something_ends_well_and_says_no() -> None:
    scene = once("CHECK-VM-MIGRATION VM1", vms=(vm(gib=40.0),), units={"S2": {"memory_bytes": 32 * GIB}})
    assert any(text.startswith("VMS2404 ") for text in scene.answers)
    assert scene.codes == ["2/0/VMS2461"]


def test_a_migration_that_the_check_rejects_is_a_rejection() -> None:
    scene = once("MIGRATE-VM VM1,MONJV=JV", vms=(vm(gib=40.0),), units={"S2": {"memory_bytes": 32 * GIB}})
    assert scene.codes == ["0/64/VMS2461"]
    assert scene.world.by_operators[0].outcome == "rejected"
    assert scene.world.job_variables["S1", "JV"].status is Status.REJECTED


@pytest.mark.parametrize(
    ("text", "answer", "code"),
    [
        ("{} 9", "VMS4000 [VM 9 is not created]", "0/64/VMS4000"),
        ("{} NOSUCH", "VMS4000 [VM NOSUCH is not created]", "0/64/VMS4000"),
        ("{} VM1,NOWHERE", "VMS2400 [SU 'NOWHERE' not found]", "0/64/VMS2400"),
        ("{} VM1,S1", "VMS2400 [SU 'S1' not found]", "0/64/VMS2400"),
    ],
)
@pytest.mark.parametrize("command", ["CHECK-VM-MIGRATION", "MIGRATE-VM"])
def test_what_cannot_even_be_checked(command: str, text: str, answer: str, code: str) -> None:
    scene = once(text.format(command))
    assert scene.answers[0] == answer
    assert scene.codes == [code]
    assert not scene.world.by_operators


@pytest.mark.parametrize(("command", "code"), [("CHECK-VM-MIGRATION", "2/0/VMS2461"), ("MIGRATE-VM", "0/64/VMS2461")])
def test_the_monitor_vm_cannot_migrate(command: str, code: str) -> None:
    scene = once(f"{command} 1")
    assert scene.answers[0].endswith("rejected by source SU 'S1': the monitor VM cannot migrate")
    assert scene.codes == [code]


def test_unique_needs_two_sus() -> None:
    third: dict[str, dict[str, object]] = {"S3": {}}
    scene = once("MIGRATE-VM VM1", more=third)
    assert scene.answers[0] == "VMS2341 [SERVER-UNIT-NAME=*UNIQUE needs exactly one other SU in the SU cluster, there are 2]"
    assert scene.codes == ["0/64/VMS2341"]
    assert once("MIGRATE-VM VM1,S3", more=third).vm().unit.name == "S3"


def test_names_of_sus_may_have_small_letters() -> None:
    scene = once("MIGRATE-VM VM1,SERVER-UNIT-NAME=small", more={"small": {}})
    assert scene.vm().unit.name == "small"


def test_a_target_that_does_not_answer_is_not_found() -> None:
    crash = Fault("crash", "crash", "S2", at_s=0.5, lasts=Cost(50.0))
    cut = Fault("cut", "link", "net", at_s=0.5, lasts=Cost(50.0))
    for fault in (crash, cut):
        assert once("MIGRATE-VM VM1", faults=(fault,)).codes == ["0/64/VMS2400"]


def test_one_outgoing_migration_an_su() -> None:
    vms = (vm("VM1"), vm("VM2"))
    scene = operated((1.0, "S1", "MIGRATE-VM VM1"), (8.0, "S1", "MIGRATE-VM VM2"), (9.0, "S1", "CHECK-VM-MIGRATION VM2"), vms=vms)
    assert scene.codes == ["0/0/CMD0001", "0/64/VMS2461", "2/0/VMS2461"]
    assert [move.outcome for move in scene.world.by_operators] == ["completed", "rejected"]
    assert [move.reason for move in scene.world.by_operators] == [None, "second-migration"]


def test_migrations_in_both_directions_are_allowed() -> None:
    vms = (vm("VM1"), vm("VM2", "S2"))
    scene = operated((1.0, "S1", "MIGRATE-VM VM1"), (1.0, "S2", "MIGRATE-VM VM2"), vms=vms)
    assert {name: found.unit.name for name, found in scene.world.vms.items()} == {"VM1": "S2", "VM2": "S1"}


def test_a_vm_that_is_being_set_up_cannot_migrate_on() -> None:
    scene = operated((8.0, "S2", "MIGRATE-VM VM1"), steps=(Step("out", 0.0, "S2", drain="S1"),))
    assert any("rejected by source SU 'S2': VM state is SETUP(MIGR)" in text for text in scene.answers)
    assert scene.codes[1] == "0/64/VMS2461"


def test_a_vm_that_left_during_its_check() -> None:
    """The check of a VM that is deleted meanwhile ends with "not created"."""
    scene = operated((1.0, "S1", "CHECK-VM-MIGRATION VM1"), (1.5, "S1", "DELETE-VM VM1,*NO"))
    assert scene.codes[-1].endswith("VMS4000")


def test_nobody_reads_the_answer_of_an_su_that_is_down() -> None:
    crash = Fault("crash", "crash", "S1", at_s=1.5, lasts=Cost(50.0))
    for command in ("CHECK-VM-MIGRATION", "MIGRATE-VM"):
        assert once(f"{command} VM1", faults=(crash,)).codes == []


def test_an_agent_in_error_is_found_by_the_check() -> None:
    fault = Fault("agent", "agent", "S1", at_s=0.5, lasts=Cost(50.0), message="VMS6001")
    assert once("CHECK-VM-MIGRATION VM1", su_type="x86", faults=(fault,)).codes == ["0/130/VMS6001"]


def test_the_job_variable_goes_with_the_migration() -> None:
    scene = once("MIGRATE-VM VM1,S2,MONJV=MONJV.LM.VM1,JV-PASSWORD=C'ABCD'")
    job = scene.world.job_variables["S1", "MONJV.LM.VM1"]
    assert (job.status, job.name) == (Status.ENDED, "MONJV.LM.VM1")
    assert scene.world.by_operators[0].job is job


def test_the_job_variable_is_displayed_from_the_check_on() -> None:
    """The check lasts from 1 s to 2 s; a second migration of the VM is rejected, and has a variable of its own as long as it is checked."""
    ask = "SHOW-VM-ATTRIBUTES *MONJV,VM-ID=VM1"
    scene = operated(
        (1.0, "S1", "MIGRATE-VM VM1,MONJV=A"),
        (1.5, "S1", ask),
        (5.0, "S1", "MIGRATE-VM VM1,MONJV=B"),
        (5.5, "S1", ask),
        (6.5, "S1", ask),
        (100.0, "S1", ask),
    )
    rows = [[row.split()[-2:] for row in text.splitlines()[2:]] for text in scene.answers if "MONITORED" in text]
    assert rows == [[["A", "$S"]], [["A", "$R"], ["B", "$S"]], [["A", "$R"]]]
    assert scene.answers[-2] == "VMS4000 [VM VM1 is not created]"  # it has left the SU


def test_a_password_is_not_echoed() -> None:
    given = "C'ABCD'"
    scene = once(f"MIGRATE-VM VM1,MONJV=JV,JV-PASSWORD={given}")
    assert scene.printed_at("S1")[0] == "/MIGRATE-VM VM1,MONJV=JV,JV-PASSWORD=*SECRET"
    assert not any("ABCD" in text for _, _, text in scene.lines)
    assert scene.world.job_variables["S1", "JV"].password == given


def test_a_job_variable_of_a_command_that_names_no_target_says_rejected() -> None:
    scene = once("MIGRATE-VM VM1,NOWHERE,JV")
    assert scene.world.job_variables["S1", "JV"].status is Status.REJECTED


def test_an_operators_migration_comes_before_the_plans() -> None:
    """The plan waits until the SU has no outgoing migration, and has nothing left to do then."""
    scene = operated((1.0, "S1", "MIGRATE-VM VM1"), steps=(Step("one", 5.0, "S2", vm="VM1"),))
    assert any("waits until SU 'S1' has no outgoing migration" in text for text in scene.answers)
    assert any("nothing to do, VM (2,VM1) is on SU 'S2'" in text for text in scene.answers)


def test_what_counts_is_the_vm_at_the_end_of_the_check() -> None:
    """Its guest is shut down during the check, from 1 s to 2 s: nothing is stopped and nothing resumes."""
    scene = operated((1.0, "S1", "MIGRATE-VM VM1"), (1.5, "S1", "SHUTDOWN-VM VM1"), vms=(vm(),))
    assert not {"VMS2452", "VMS2432", "ETMDR01"} & {text.partition(" ")[0] for text in scene.answers}
    assert (scene.vm().unit.name, scene.vm().display) == ("S2", "DOWN")


def test_a_vm_that_was_set_up_elsewhere_during_its_check_is_not_created() -> None:
    typed = ("DELETE-VM VM1,*NO", "MIGRATE-VM-DEFINITION VM1")
    scene = operated(
        (1.0, "S1", "MIGRATE-VM VM1"), *((1.5, "S1", text) for text in typed), (1.6, "S2", "ACTIVATE-VM-DEFINITION VM1"), vms=(vm(),)
    )
    assert scene.world.by_operators[0].reason == "vm-not-created"
    assert (scene.vm().unit.name, scene.vm().display) == ("S2", "INIT-ONLY")


def test_a_check_beside_the_migration_of_its_vm_finds_no_clash_with_the_copy_on_the_target() -> None:
    scene = operated((1.0, "S1", "MIGRATE-VM 2"), (8.0, "S1", "CHECK-VM-MIGRATION 2"))
    rejections = [answer for answer in scene.answers if " rejected by " in answer.lower()]
    assert rejections == ["[migr] live migration of VM (2,VM1) rejected by source SU 'S1': it is being migrated already"]
