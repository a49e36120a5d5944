"""MOVE-VM, EXTEND-VM-MEMORY, REDUCE-VM-MEMORY."""

from __future__ import annotations

import pytest

from engine.builders import NO_COSTS
from engine.operating import NOT_MODELLED, NOT_PUBLISHED, Scene, once, operated, vm
from sim.model.load import Load
from sim.model.rounds import Policy
from sim.scenario.point import Cost, Fault

GIB, MIB = 2.0**30, 2.0**20
THREE = (vm("VM1"), vm("VM2"), vm("VM3"))
# 1 GiB at 200 MB/s.
COPY_S = 2**30 / 200e6


def memory_of(scene: Scene, name: str) -> tuple[float, float]:
    """Return address and size of a VM's memory on S1, GiB."""
    return next((start / GIB, size / GIB) for owner, start, size in scene.world.units["S1"].memory.ranges() if owner == name)


def moved(*more: tuple[float, str, str], state: str = "RUNNING", **world: object) -> Scene:
    """Delete VM2 and move VM3 into its place, at second 2; VMs begin at 1 GiB."""
    vms = (*THREE[:2], vm("VM3", state=state))
    typed = ((1.0, "S1", "DELETE-VM VM2,*NO"), (2.0, "S1", "MOVE-VM VM-ID=VM3"), *more)
    return operated(*typed, vms=vms, **world)  # type: ignore[arg-type]  # as `operated`


def test_a_vm_moves_down_into_a_gap() -> None:
    scene = moved()
    assert scene.codes == ["0/0/CMD0001"] * 2
    assert memory_of(scene, "VM3") == (2.0, 1.0)
    assert scene.vm("VM3").display == "RUNNING"


def test_a_running_guest_stands_still_while_it_is_copied() -> None:
    scene = moved((4.0, "S1", "SHOW-VM-ATTRIBUTES VM-ID=VM3"), (4.0, "S1", "CHECK-VM-MIGRATION VM3"))
    assert any("WAIT(INT)" in text and "VM3" in text for text in scene.answers if text.startswith("[migr] layout"))
    assert any("VM state is WAIT(INT)" in text for text in scene.answers)
    ends = [time_s for time_s, _, text in scene.lines if "COMPLETED 'MOVE-VM'" in text]
    assert ends == [pytest.approx(2.0 + COPY_S, rel=1e-12)]


@pytest.mark.parametrize("state", ["DOWN", "INIT-ONLY", "WAIT(SEL)"])
def test_a_guest_that_does_not_run_is_displayed_as_ever(state: str) -> None:
    scene = moved(state=state)
    shown = {display.state for display in scene.world.journal.displays or [] if display.vm == "VM3"}
    assert shown == {state}


def test_what_is_done_to_a_vm_while_it_is_moved_stays_done() -> None:
    scene = moved((4.0, "S1", "DELETE-VM VM3,*NO"))
    assert scene.vm("VM3").display == "NOT INITIALIZED"
    assert moved((4.0, "S1", "RESET-VM VM3")).vm("VM3").display == "INIT-ONLY"


def test_a_vm_that_is_moved_when_its_su_crashes_runs_again_afterwards() -> None:
    for lasts in (1.0, 50.0):  # up again before the copy would have ended, and after that
        scene = moved(faults=(Fault("crash", "crash", "S1", at_s=4.0, lasts=Cost(lasts)),))
        assert scene.vm("VM3").display == "RUNNING"


def test_a_gap_that_a_move_closes_lets_a_large_vm_come() -> None:
    """S1 has 2 GiB free, but not in one range, until VM3 has moved."""
    big = vm("BIG", "S2", 2.0)
    at_s = {"before": 1.5, "after": 20.0}
    for when, code in (("before", "2/0/VMS2461"), ("after", "0/0/CMD0001")):
        scene = operated(
            (1.0, "S1", "DELETE-VM VM2,*NO"),
            (3.0, "S1", "MOVE-VM VM-ID=VM3"),
            (at_s[when], "S2", "CHECK-VM-MIGRATION BIG"),
            vms=(*THREE, big),
            units={"S1": {"memory_bytes": 5 * GIB}},
        )
        assert code in scene.codes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("MOVE-VM VM-ID=VM1", "1/0/CMD0001"),  # nothing is free below it
        ("MOVE-VM VM-ID=1", NOT_PUBLISHED),
        ("MOVE-VM VM-ID=NOSUCH", "0/64/VMS4000"),
        ("MOVE-VM LOCATION=*MEMORY-END,VM-ID=VM1", NOT_MODELLED),
        ("MOVE-VM LOCATION=*AFTER-VM(VM-ID=2),VM-ID=VM1", NOT_MODELLED),
        ("MOVE-VM LOCATION=00100000,VM-ID=VM1", NOT_MODELLED),
    ],
)
def test_what_does_not_move(text: str, code: str) -> None:
    assert once(text, vms=THREE).codes == [code]


def test_a_vm_is_not_moved_twice_at_once() -> None:
    assert moved((4.0, "S1", "MOVE-VM VM-ID=VM3")).codes[1] == NOT_PUBLISHED


@pytest.mark.parametrize("text", ["EXTEND-VM-MEMORY VM1,2048", "EXTEND-VM-MEMORY VM1,2(DIMENSION=*GIGABYTE)"])
@pytest.mark.parametrize("su_type", ["/390", "x86"])
def test_memory_is_extended(su_type: str, text: str) -> None:
    scene = once(text, su_type=su_type)
    assert scene.codes == ["0/0/CMD0001"]
    assert scene.vm().guest.spec.memory_bytes == 2 * GIB
    assert scene.vm().guest.spec.touched_pages == GIB / 4096


def test_an_extended_vm_needs_that_much_on_the_target() -> None:
    scene = operated(
        (1.0, "S1", "EXTEND-VM-MEMORY VM1,2048"),
        (2.0, "S1", "CHECK-VM-MIGRATION VM1"),
        units={"S2": {"memory_bytes": 2.5 * GIB}},
    )
    assert any("2048 MB needed, 1536 MB free" in text for text in scene.answers)


def test_on_su_390_memory_is_extended_where_it_is() -> None:
    """VM2 lies right behind VM1; nothing lies behind VM3."""
    assert once("EXTEND-VM-MEMORY VM1,2048", vms=THREE).codes == ["0/128/VMS4504"]
    assert once("EXTEND-VM-MEMORY VM3,2048", vms=THREE).codes == ["0/0/CMD0001"]
    assert once("EXTEND-VM-MEMORY VM1,2048", vms=THREE, su_type="x86").codes == ["0/0/CMD0001"]


def test_memory_is_reduced_and_what_the_guest_has_written_with_it() -> None:
    scene = once("REDUCE-VM-MEMORY VM1,512", vms=(vm(load=Load("hot", classes=((1000.0, 10.0),))),))
    spec = scene.vm().guest.spec
    assert (spec.memory_bytes, spec.touched_pages) == (512 * MIB, 131072)
    assert memory_of(scene, "VM1") == (1.0, 0.5)


def test_a_reduced_vm_migrates_with_less() -> None:
    """Half of the memory takes half of the time: no fixed costs, no load, 100 MB/s."""
    ends = []
    for text in ("SHOW-VM-STATUS", "REDUCE-VM-MEMORY VM1,512"):
        scene = operated((1.0, "S1", text), (2.0, "S1", "MIGRATE-VM VM1"), of={"costs": NO_COSTS}, vms=(vm(),))
        move = scene.world.by_operators[0]
        assert move.stopped_s is not None
        ends.append(move.stopped_s - 2.0)
    assert ends[1] == pytest.approx(ends[0] / 2, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "su_type", "code"),
    [
        ("EXTEND-VM-MEMORY VM1,1024", "/390", NOT_PUBLISHED),  # not more than it has
        ("REDUCE-VM-MEMORY VM1,1024", "/390", NOT_PUBLISHED),
        ("EXTEND-VM-MEMORY VM1,2049", "x86", NOT_PUBLISHED),  # in steps of 2 MB
        ("REDUCE-VM-MEMORY VM1,512", "x86", NOT_PUBLISHED),  # at least 1024
        ("EXTEND-VM-MEMORY VM1,2049", "/390", "0/0/CMD0001"),
        ("EXTEND-VM-MEMORY VM1,1(*GIG)", "/390", NOT_PUBLISHED),
        ("EXTEND-VM-MEMORY VM1,1048576", "/390", "0/128/VMS4504"),
        ("EXTEND-VM-MEMORY VM1,*MAXIMUM", "/390", NOT_MODELLED),
        ("REDUCE-VM-MEMORY VM1,*MINIMUM", "/390", NOT_MODELLED),
        ("EXTEND-VM-MEMORY VM1,2048,MONJV=JV", "/390", NOT_MODELLED),
        ("EXTEND-VM-MEMORY VM1", "/390", "0/0/CMD0001"),  # nothing is to change
        ("EXTEND-VM-MEMORY 1,2048", "/390", NOT_PUBLISHED),
        ("REDUCE-VM-MEMORY 99,512", "/390", "0/64/VMS4000"),
        ("EXTEND-VM-MEMORY 99,2048", "/390", "0/64/VMS4000"),
    ],
)
def test_results_of_reconfigurations(text: str, su_type: str, code: str) -> None:
    assert once(text, su_type=su_type).codes == [code]


@pytest.mark.parametrize("text", ["EXTEND-VM-MEMORY VM1,2048", "REDUCE-VM-MEMORY VM1,512"])
def test_memory_of_a_vm_in_hold_is_not_changed(text: str) -> None:
    scene = once(text, vms=(vm(state="WAIT(SEL)"),))
    assert scene.codes == [NOT_PUBLISHED]
    assert scene.vm().guest.spec.memory_bytes == GIB


def test_memory_that_is_scanned_page_by_page_is_not_changed() -> None:
    qemu = Policy("qemu", stop_goal_s=0.3)
    assert once("EXTEND-VM-MEMORY VM1,2048", of={"policy": qemu}, su_type="x86").codes == [NOT_MODELLED]
