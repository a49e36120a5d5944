"""CPU pools, VM groups, attributes of a VM, the configuration of its SU."""

from __future__ import annotations

from typing import Any

import pytest

from engine.operating import NOT_PUBLISHED, SMALL_POOLS, Scene, once, operated, vm
from sim.scenario.point import Step

# S1 has six real CPUs for guests: two in PROD, none in EMPTY, four in *STDPOOL.
FOUR = (vm(cpus=4),)
GROUPED = (vm("VM1", cpus=2, group="G1"), vm("VM2", cpus=2, group="G1"), vm("VM3", cpus=1))
DRAIN = (Step("out", 0.0, "S2", drain="S1"),)


def pooled(text: str, **world: Any) -> Scene:  # noqa: ANN401 - as `operated`
    return once(text, **({"units": SMALL_POOLS, "vms": FOUR} | world))


def test_a_vm_is_assigned_to_a_cpu_pool_with_a_quota() -> None:
    scene = pooled("ASSIGN-VM-TO-CPU-POOL VM1,PROD,12.50", vms=(vm(cpus=2),))
    assert scene.codes == ["0/0/CMD0001"]
    assert scene.answers[0] == "VMS4618 CPU POOL ASSIGNMENT OF VIRTUAL MACHINE (2,VM1) CHANGED FROM CPU POOL '*STDPOOL' TO CPU POOL 'PROD'"
    assert not any(answer.startswith("VMS3000") for answer in scene.answers)
    assert (scene.vm().pool, scene.vm().quota, scene.vm().cpus) == ("PROD", 12.5, 2)


@pytest.mark.parametrize(
    ("text", "quota", "code"),
    [
        ("ASSIGN-VM-TO-CPU-POOL VM1,PROD,12.346", 12.35, "2/0/CMD0001"),
        ("ASSIGN-VM-TO-CPU-POOL VM1,PROD,12.3", 12.3, "0/0/CMD0001"),
        ("MODIFY-VM-ATTRIBUTES VM1,12.344", 12.34, "2/0/CMD0001"),
        ("ADD-VM-TO-VM-GROUP VM1,G1,0.999", 1.0, "2/0/CMD0001"),
    ],
)
def test_quotas_are_rounded_to_two_decimals(text: str, quota: float, code: str) -> None:
    """VM2000 User Guide: ADD-VM-TO-VM-GROUP: SC2=2; exact halves are left out, since nothing says where they go."""
    scene = pooled(text, vms=(vm(cpus=1), vm("VM2", cpus=1, group="G1")))
    assert (scene.codes, scene.vm().quota) == ([code], quota)


def test_too_many_cpus_are_checked_or_adjusted() -> None:
    """Of four virtual CPUs two find no real one in PROD: they go to BLOCK, and come back in *STDPOOL."""
    assert pooled("ASSIGN-VM-TO-CPU-POOL VM1,PROD,10").codes == ["0/64/VMS4612"]
    there = (1.0, "S1", "ASSIGN-VM-TO-CPU-POOL VM1,PROD,10,*ADJUST-NUMBER")
    back = (2.0, "S1", "ASSIGN-VM-TO-CPU-POOL VM1,*STDPOOL,10,*ADJUST")
    scene = operated(there, units=SMALL_POOLS, vms=FOUR)
    assert (scene.vm().pool, scene.vm().cpus, scene.vm().blocked_cpus) == ("PROD", 2, 2)
    assert scene.codes == ["4/0/CMD0001"]
    assert any("virtual CPUs of VM (2,VM1) detached (BLOCK): 2;" in text for text in scene.answers)
    scene = operated(there, back, units=SMALL_POOLS, vms=FOUR)
    assert (scene.vm().pool, scene.vm().cpus, scene.vm().blocked_cpus) == ("", 4, 0)
    assert scene.codes == ["4/0/CMD0001", "3/0/CMD0001"]
    assert any("virtual CPUs of VM (2,VM1) attached: 2;" in text for text in scene.answers)


@pytest.mark.parametrize(
    ("text", "state", "su_type", "code"),
    [
        ("ASSIGN-VM-TO-CPU-POOL VM1,NOSUCH,10", "RUNNING", "/390", "0/64/VMS4600"),
        ("ASSIGN-VM-TO-CPU-POOL VM1,*STDPOOL,10", "RUNNING", "/390", "0/64/VMS4616"),
        ("ASSIGN-VM-TO-CPU-POOL VM1,EMPTY,10,*ADJUST", "RUNNING", "/390", "0/64/VMS4612"),
        ("ASSIGN-VM-TO-CPU-POOL VM1,EMPTY,10,*ADJUST", "WAIT(SEL)", "/390", "0/64/VMS4612"),
        ("ASSIGN-VM-TO-CPU-POOL VM1,EMPTY,10,*ADJUST", "DOWN", "/390", "0/0/CMD0001"),
        ("ASSIGN-VM-TO-CPU-POOL VM1,EMPTY,10,*ADJUST", "DOWN", "x86", "0/64/VMS4612"),
        ("ASSIGN-VM-TO-CPU-POOL 1,PROD,10", "RUNNING", "/390", NOT_PUBLISHED),
        ("ASSIGN-VM-TO-CPU-POOL 99,PROD,10", "RUNNING", "/390", "0/64/VMS4000"),
    ],
)
def test_cpu_pools_that_do_not_suit(text: str, state: str, su_type: str, code: str) -> None:
    scene = pooled(text, vms=(vm(cpus=1, state=state),), su_type=su_type)
    assert scene.codes == [code]
    assert scene.vm().pool == ("EMPTY" if code.endswith("CMD0001") else "")


def test_where_the_scenario_names_no_cpus_none_are_counted() -> None:
    """There is *STDPOOL only, and nobody knows of a CPU in it."""
    scene = once("ASSIGN-VM-GROUP-TO-CPU-POOL G1,*STDPOOL,5", vms=(vm(cpus=4, group="G1"),))
    assert (scene.codes, scene.vm().pool, scene.vm().cpus) == (["0/0/CMD0001"], "", 4)
    assert once("START-VM VM-ID=2", vms=(vm(cpus=4, state="DOWN"),)).codes == ["0/0/CMD0001"]


def test_a_member_of_a_group_is_not_assigned_alone() -> None:
    scene = pooled("ASSIGN-VM-TO-CPU-POOL VM1,PROD,10", vms=GROUPED)
    assert scene.answers[0] == "VMS4622 [VM (2,VM1) belongs to VM group G1]"
    assert scene.codes == ["0/64/VMS4622"]


def test_a_group_is_assigned_as_a_whole_or_not_at_all() -> None:
    scene = pooled("ASSIGN-VM-GROUP-TO-CPU-POOL G1,PROD,40", vms=GROUPED)
    assert scene.codes == ["0/0/CMD0001"]
    assert [scene.vm(name).pool for name in ("VM1", "VM2", "VM3")] == ["PROD", "PROD", ""]
    larger = (GROUPED[0], vm("VM2", cpus=3, group="G1"))
    scene = pooled("ASSIGN-VM-GROUP-TO-CPU-POOL G1,PROD,40", vms=larger)
    assert scene.codes == ["0/64/VMS4612"]
    assert [scene.vm(name).pool for name in ("VM1", "VM2")] == ["", ""]
    assert pooled("ASSIGN-VM-GROUP-TO-CPU-POOL NOSUCH,PROD,40", vms=GROUPED).codes == ["0/64/VMS4400"]


def test_a_group_is_locked_while_a_member_migrates() -> None:
    scene = operated(
        (8.0, "S1", "ASSIGN-VM-GROUP-TO-CPU-POOL G1,PROD,40"),
        (8.0, "S1", "REMOVE-VM-FROM-VM-GROUP VM2"),
        vms=GROUPED,
        units=SMALL_POOLS,
        steps=(Step("one", 0.0, "S2", vm="VM1"),),
    )
    assert scene.codes[1:] == ["0/128/VMS3042", "0/0/CMD0001"]


# VM2000 User Guide: ADD-VM-TO-VM-GROUP: its return codes.
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("add-vm-to-vm-group vm-id=vm3,vm-group-name=g1,member-cpu-quota=1", "0/0/CMD0001"),
        ("ADD-VM-TO-VM-GROUP VM3,NOSUCH,1", "0/64/VMS4400"),
        ("ADD-VM-TO-VM-GROUP VM4,G1,1", "0/64/VMS4422"),
        ("ADD-VM-TO-VM-GROUP VM1,G1,1", "0/64/VMS4424"),
        ("ADD-VM-TO-VM-GROUP 99,G1,1", "0/64/VMS4000"),
        ("ADD-VM-TO-VM-GROUP 1,G1,1", NOT_PUBLISHED),
    ],
)
def test_a_vm_is_added_to_a_group(text: str, code: str) -> None:
    scene = pooled(text, vms=(*GROUPED, vm("VM4", cpus=1, pool="PROD")))
    assert scene.codes == [code]
    told = "VMS4425 VIRTUAL MACHINE (4,VM3) ASSIGNED TO VM GROUP 'G1'" if code.endswith("CMD0001") else code.removeprefix("0/64/")
    assert told in scene.answers[0]
    assert (scene.vm("VM3").group, scene.vm("VM3").quota) == (("G1", 1.0) if code.endswith("CMD0001") else ("", 10.0))


@pytest.mark.parametrize(
    ("text", "code", "quota"),
    [
        ("REMOVE-VM-FROM-VM-GROUP VM1", "0/0/CMD0001", 10.0),
        ("REMOVE-VM-FROM-VM-GROUP VM1,25", "0/0/CMD0001", 25.0),
        ("REMOVE-VM-FROM-VM-GROUP VM3", "1/0/CMD0001", 3.0),
        ("REMOVE-VM-FROM-VM-GROUP 99", "0/64/VMS4000", 3.0),
    ],
)
def test_a_vm_is_taken_out_of_its_group(text: str, code: str, quota: float) -> None:
    scene = once(text, vms=tuple(vm(f"VM{number}", quota=3.0, group="G1" if number < 3 else "") for number in (1, 2, 3)))
    assert scene.codes == [code]
    assert (scene.vm("VM1").quota, scene.vm("VM3").quota, scene.vm("VM3").group) == (quota, 3.0, "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MODIFY-VM-ATTRIBUTES VM1,CPU-QUOTA=33.3", (33.3, 100.0, True)),
        ("MODIFY-VM-ATTRIBUTES VM1,MAX-CPU-UTIL=60", (10.0, 60.0, True)),
        ("MODIFY-VM-ATTRIBUTES VM1,PERSISTENT=*NO", (10.0, 100.0, False)),
        ("MODIFY-VM-ATTRIBUTES VM1,5,50,PERS=*NO", (5.0, 50.0, False)),
        ("MODIFY-VM-ATTRIBUTES VM1", (10.0, 100.0, True)),
    ],
)
def test_attributes_are_modified(text: str, found: tuple[float, float, bool]) -> None:
    scene = once(text)
    assert scene.codes == ["0/0/CMD0001"]
    assert (scene.vm().quota, scene.vm().max_utilisation, scene.vm().persistent) == found


@pytest.mark.parametrize(
    ("text", "quota", "code"),
    [
        ("MODIFY-VM-ATTRIBUTES VM1,5", 10.0, NOT_PUBLISHED),  # a member has a quota in its group
        ("MODIFY-VM-ATTRIBUTES VM1,*BY-VM-GROUP(MEMBER-CPU-QUOTA=5)", 5.0, "0/0/CMD0001"),
        ("MODIFY-VM-ATTRIBUTES VM1,*BY-VM-GROUP", 10.0, "0/0/CMD0001"),
        ("MODIFY-VM-ATTRIBUTES VM3,*BY-VM-GROUP(5)", 10.0, NOT_PUBLISHED),
        ("MODIFY-VM-ATTRIBUTES 99,5", 10.0, "0/64/VMS4000"),
    ],
)
def test_quotas_of_members_and_of_others(text: str, quota: float, code: str) -> None:
    scene = once(text, vms=GROUPED)
    assert scene.codes == [code]
    assert (scene.vm("VM1").quota, scene.vm("VM3").quota) == (quota, 10.0)


def test_a_configuration_is_saved_unless_a_vm_is_in_hold() -> None:
    assert once("SAVE-VM-CONFIGURATION").codes == ["0/0/CMD0001"]
    scene = once("SAVE-VM-CONFIGURATION", vms=(vm(state="WAIT(GLB)"),))
    assert scene.answers[0] == "[migr] SAVE-VM-CONFIGURATION rejected: VM VM1 is in hold; the product's code is not published"


def test_while_the_io_configuration_changes_nothing_migrates() -> None:
    scene = operated(
        (1.0, "S1", "START-CONFIGURATION-UPDATE"),
        (2.0, "S1", "START-CONFIGURATION-UPDATE"),
        (3.0, "S1", "MIGRATE-VM VM1"),
        (10.0, "S1", "STOP-CONFIGURATION-UPDATE"),
        (11.0, "S1", "STOP-CONFIGURATION-UPDATE"),
        (12.0, "S1", "MIGRATE-VM VM1"),
    )
    assert scene.codes == ["0/0/CMD0001", "1/0/CMD0001", "0/64/VMS2461", "0/0/CMD0001", "1/0/CMD0001", "0/0/CMD0001"]
    assert any("a dynamic change of the I/O configuration of SU 'S1' is running" in text for text in scene.answers)


def test_guests_in_diff_are_asked_about_a_change_of_the_configuration() -> None:
    vms = (vm("VM1"), vm("VM2", "S2"))
    scene = operated((100.0, "S2", "START-CONFIGURATION-UPDATE"), vms=vms, units={"S2": {"iocf": "B"}}, steps=DRAIN)
    assert [console for _, console, text in scene.lines if text.startswith("NKR0194")] == ["VM1"]


def test_a_vm_is_in_its_group_only_where_the_group_is() -> None:
    """S3 has a group G1 and S2 has not: the VM is in none there, and in G1 again when it comes to S3."""
    shown = tuple((at, su, "SHOW-VM-ATTR *CPU,VM-ID=VM1") for at, su in ((0.5, "S1"), (60.0, "S2"), (160.0, "S3")))
    moves = ((1.0, "S1", "MIGRATE-VM VM1,S2"), (100.0, "S2", "MIGRATE-VM VM1,S3"))
    scene = operated(*shown, *moves, vms=(vm("VM1", group="G1"), vm("VM2", "S3", group="G1")), more={"S3": {}})
    rows = [answer.splitlines()[-1].split() for answer in scene.answers if "VM-GROUP" in answer]
    assert [row[3] for row in rows] == ["G1", "-", "G1"]


def test_only_a_guest_that_runs_is_asked_about_a_change_of_the_io_configuration() -> None:
    moves = ((1.0, "S1", "MIGRATE-VM VM1,S2"), (60.0, "S1", "MIGRATE-VM VM2,S2"))
    vms = (vm("VM1"), vm("VM2", state="DOWN"))
    scene = operated(*moves, (120.0, "S2", "START-CONFIGURATION-UPDATE"), vms=vms, units={"S2": {"iocf": "B"}})
    assert [scene.vm(name).display for name in ("VM1", "VM2")] == ["RUNNING(DIFF)", "DOWN(DIFF)"]
    assert [console for _, console, text in scene.lines if text.startswith("NKR0194 ")] == ["VM1"]
