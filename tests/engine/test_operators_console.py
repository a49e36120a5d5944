"""What every command has in common: the echo, the end, locks of running migrations, consoles, SU types."""

from __future__ import annotations

import pytest

from engine.operating import NOT_MODELLED, once, operated, vm
from sim.scenario.point import Cost, Devices, Fault, Step

DRAIN = (Step("out", 0.0, "S2", drain="S1"),)
TWO = (vm("VM1", devices=Devices(disks=1)), vm("VM2", devices=Devices(disks=1, first=1)))


def test_a_command_is_echoed_answered_and_ended() -> None:
    scene = once("  hold-vm vm-id=2")
    assert scene.printed_at("S1") == [
        "/hold-vm vm-id=2",
        "VMS3000 VM2000 COMMAND /HOLD-VM FOR VIRTUAL MACHINE (2,VM1) PROCESSED SUCCESSFULLY",
        "NBR0740 COMMAND COMPLETED 'HOLD-VM'; (RESULT: SC2=000, SC1=000, MC=CMD0001); DATE: -",
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("HOLD-VM *ALL", "( ,*ALL)"),
        ("SHUTDOWN-VM *VM-GUESTS", "( ,*VM-GUESTS)"),
        ("MODIFY-VM-ATTRIBUTES VM1,5", "(2,VM1)"),
        ("SAVE-VM-CONFIGURATION", ""),
        ("START-CONFIGURATION-UPDATE", ""),
    ],
)
def test_vms3000_names_the_vm_of_the_command(text: str, named: str) -> None:
    """As published for VM-ID=2 and VM-ID=*ALL; a command that is for no VM ends without it."""
    found = [answer for answer in once(text).answers if answer.startswith("VMS3000 ")]
    name = text.partition(" ")[0]
    assert found == [f"VMS3000 VM2000 COMMAND /{name} FOR VIRTUAL MACHINE {named} PROCESSED SUCCESSFULLY"] * bool(named)


def test_a_mistake_is_answered_with_its_code_and_changes_nothing() -> None:
    scene = once("mig-vm vm-id=999999999")
    assert scene.answers[0].startswith("CMD0202 [MIGRATE-VM: VM-IDENTIFICATION=999999999 is not allowed; write ")
    assert "COMMAND COMPLETED 'MIGRATE-VM'" in scene.answers[1]
    assert scene.codes == ["0/1/CMD0202"]
    assert once("res-vm 2").answers[-1].startswith("NBR0740 COMMAND COMPLETED 'RES-VM'")


def test_what_the_simulator_does_not_know_is_not_modelled() -> None:
    """Its line is the simulator's own: without NBR0740, which would be an answer of the product."""
    scene = once("/CREATE-VM VM-NAME=NEW")
    assert scene.printed_at("S1") == ["/CREATE-VM VM-NAME=NEW", "[migr] CREATE-VM is not modelled: nothing happens"]


@pytest.mark.parametrize(
    "text",
    [
        "HOLD-VM 2",
        "RESUME-VM 2",
        "MOVE-VM VM-ID=2",
        "ADD-VM-TO-VM-GROUP 2,G,1",
        "REMOVE-VM-FROM-VM-GROUP 2",
        "ASSIGN-VM-GROUP-TO-CPU-POOL G,P,1",
        "SHOW-VM-GROUP",
        "START-CONFIGURATION-UPDATE",
        "HOLD-VM *ALL",
    ],
)
def test_what_only_su_390_knows_is_rejected_on_x86(text: str) -> None:
    scene = once(text, su_type="x86")
    assert scene.answers[0].startswith("VMS3011 ")
    assert scene.codes == ["0/64/VMS9004"]


@pytest.mark.parametrize(("agent", "code"), [("VMS6000", "0/130/VMS6000"), ("VMS6001", "0/130/VMS6001"), ("VMS6003", "0/130/VMS6000")])
def test_an_agent_in_error_executes_no_command(agent: str, code: str) -> None:
    fault = Fault("broken", "agent", "S1", at_s=0.5, lasts=Cost(100.0), message=agent)
    scene = once("SHUTDOWN-VM 2", su_type="x86", faults=(fault,))
    assert any(text.startswith(agent) for text in scene.answers)
    assert scene.codes == [code]
    assert scene.vm().display == "RUNNING"


@pytest.mark.parametrize(
    ("text", "answer", "code"),
    [
        ("DELETE-VM 2", "VMS3042", "VMS3042"),
        ("SHUTDOWN-VM VM1", "VMS3042", "VMS3042"),
        ("START-VM VM-ID=2", "VMS3042", "VMS3042"),
        ("HOLD-VM 2", "VMS3042", "VMS3042"),
        ("RESET-VM 2", "VMS3042", "VMS3042"),
        ("MOVE-VM VM-ID=2", "VMS3042", "VMS3042"),
        ("EXTEND-VM-MEMORY 2,4096", "VMS3042", "VMS3042"),
        ("MODIFY-VM-ATTRIBUTES 2,5", "VMS3042", "VMS3042"),
        ("ASSIGN-VM-TO-CPU-POOL 2,*STDPOOL,5", "VMS3042", "VMS3042"),
        ("REMOVE-VM-DEVICES 5000,2", "VMS3042", "VMS3042"),
        ("SAVE-VM-CONFIGURATION", "VMS3042", "VMS3042"),
        ("SHUTDOWN-VM *VM2000", "VMS3042", "VMS3042"),
        ("START-CONFIGURATION-UPDATE", "NKR0197", "NKR0197"),
    ],
)
@pytest.mark.parametrize("console", ["S1", "S2"])
def test_a_migration_locks_on_both_sus(console: str, text: str, answer: str, code: str) -> None:
    """At second 8 the memory is under way: RUNNING(MIGR) on S1, SETUP(MIGR) on S2, both under index 2."""
    scene = operated((8.0, console, text), steps=DRAIN)
    (index,) = [place for place, line in enumerate(scene.lines) if line[2].startswith(answer)]
    assert scene.lines[index][:2] == (8.0, console)
    assert scene.codes[1].endswith(code)
    assert scene.vm().unit.name == "S2"
    assert scene.vm().display == "RUNNING"


def test_a_lock_ends_with_the_migration_and_is_for_its_vm_only() -> None:
    scene = operated((8.0, "S1", "HOLD-VM VM2"), (100.0, "S2", "HOLD-VM VM1"), vms=TWO, steps=(Step("one", 0.0, "S2", vm="VM1"),))
    assert scene.codes == ["0/0/CMD0001"] * 3
    assert [scene.vm(name).display for name in ("VM1", "VM2")] == ["WAIT(SEL)", "WAIT(SEL)"]


@pytest.mark.parametrize(
    ("text", "state"),
    [("HOLD-VM *ALL", "WAIT(GLB)"), ("SHUTDOWN-VM *VM-GUESTS", "DOWN"), ("DELETE-VM *ALL", "NOT INITIALIZED")],
)
def test_a_command_for_all_leaves_the_migrating_vm_out(text: str, state: str) -> None:
    vms = (TWO[0], vm("VM2", state="DOWN") if text.startswith("DELETE") else TWO[1])
    scene = operated((8.0, "S1", text), vms=vms, steps=(Step("one", 0.0, "S2", vm="VM1"),))
    assert any(answer.startswith("VMS3041 ") for answer in scene.answers)
    assert not any(answer.startswith("VMS3000 ") for answer in scene.answers)
    assert scene.codes[1] == "0/64/VMS9005"
    assert (scene.vm("VM1").display, scene.vm("VM2").display) == ("RUNNING", state)


def test_console_of_an_su_that_is_down_does_not_answer() -> None:
    scene = once("HOLD-VM 2", faults=(Fault("crash", "crash", "S1", at_s=0.5, lasts=Cost(10.0)),))
    assert "[migr] /HOLD-VM 2 has no effect: the console of SU S1 does not answer" in scene.answers
    assert scene.codes == []


def test_console_of_a_guest_that_does_not_run_does_not_answer() -> None:
    scene = operated((1.0, "VM1", "SHOW-SYSTEM-INFORMATION"), vms=(vm(state="DOWN"),))
    assert scene.answers == ["[migr] /SHOW-SYSTEM-INFORMATION has no effect: the console of VM VM1 does not answer"]


def test_a_guest_shows_what_it_runs_on_and_nothing_else() -> None:
    scene = operated((1.0, "VM1", "SHOW-SYSTEM-INFORMATION"), (2.0, "VM1", "SHOW-LIVE-MIGR"), (3.0, "VM1", "DELETE-VM 2,*NO"))
    assert scene.codes == ["0/0/CMD0001", "0/0/CMD0001", NOT_MODELLED]
    assert all(console == "VM1" for _, console, _ in scene.lines)
    assert scene.vm().display == "RUNNING"


def test_a_guest_that_stands_still_answers_when_it_goes_on() -> None:
    """Set up after 4.25 s, copied in 10.7 s, so that it stands still from 15.2 s on, 1.5 s long."""
    scene = operated((16.0, "VM1", "SHOW-SYSTEM-INFORMATION"), steps=DRAIN)
    stopped, resumed = (next(time_s for time_s, _, text in scene.lines if text.startswith(id_)) for id_ in ("VMS2452", "VMS2432"))
    assert stopped < 16.0 < resumed
    assert [time_s for time_s, _, text in scene.lines if "COMPLETED 'SHOW-SYSTEM-INFORMATION'" in text] == [resumed]


def test_displays_of_a_guest_are_not_those_of_the_monitor_system() -> None:
    scene = once("SHOW-LIVE-MIGRATION-HISTORY")
    assert scene.answers[0] == "[migr] SHOW-LIVE-MIGRATION-HISTORY for the monitor system is not modelled: nothing happens"


def test_a_show_is_answered_while_the_vm_migrates() -> None:
    scene = operated((8.0, "S1", "SHOW-VM-ATTRIBUTES VM-ID=VM1"), (8.0, "S2", "SHOW-VM-ATTRIBUTES VM-ID=2"), steps=DRAIN)
    shown = [text for text in scene.answers if "VM-ID " in text]
    assert ["RUNNING(MIGR)" in shown[0], "SETUP(MIGR)" in shown[1]] == [True, True]


def test_a_show_of_a_vm_that_is_not_there() -> None:
    scene = once("SHOW-VM-ATTRIBUTES VM-ID=99")
    assert scene.answers[0].startswith("VMS4000 ")
    assert scene.codes == ["0/64/VMS4000"]
