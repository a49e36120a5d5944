"""MIGRATE-VM-DEFINITION, RECOVER-VM-DEFINITION, ACTIVATE-VM-DEFINITION with every code that the world can give."""

from __future__ import annotations

from typing import Any

import pytest

from engine.operating import NOT_PUBLISHED, Scene, operated, vm
from sim.engine.operators.definitions import MOST_DEFINITIONS
from sim.scenario.point import Cost, Fault, Step
from sim.vm2000.returns import MIGRATE_VM_DEFINITION, RECOVER_VM_DEFINITION

GIB = 2.0**30
DELETED = (1.0, "S1", "DELETE-VM VM1,*NO")


def fault(kind: str, place: str, at_s: float = 1.5, for_s: float = 100.0) -> Fault:
    return Fault(kind + place, kind, place, at_s=at_s, lasts=Cost(for_s))


def moved(text: str, *faults: Fault, deleted: bool = True, **world: Any) -> Scene:  # noqa: ANN401 - as `operated`
    """Simulate a command for the definition of VM1, which was deleted before on S1 unless it was not."""
    return operated(*((DELETED,) if deleted else ()), (2.0, "S1", text), faults=faults, **world)


@pytest.mark.parametrize("su_type", ["/390", "x86"])
def test_a_definition_moves_and_can_be_activated_there(su_type: str) -> None:
    scene = operated(DELETED, (2.0, "S1", "MIGRATE-VM-DEFINITION VM1"), (3.0, "S2", "ACTIVATE-VM-DEFINITION VM1"), su_type=su_type)
    assert scene.codes == ["0/0/CMD0001"] * 3
    assert (scene.vm().unit.name, scene.vm().display, scene.vm().index) == ("S2", "INIT-ONLY", 2)


CODES = [
    ("VMS2300", "MIGRATE-VM-DEFINITION NOSUCH", (), {}),
    ("VMS2323", "MIGRATE-VM-DEFINITION VM1", (), {"deleted": False}),
    ("VMS2323", "MIGRATE-VM-DEFINITION VM1", (), {"of": {"active": False}}),
    ("VMS2324", "MIGRATE-VM-DEFINITION VM1", (fault("definitions", "S2"),), {}),
    ("VMS2325", "MIGRATE-VM-DEFINITION VM1", (fault("monitor", "S2"),), {}),
    ("VMS2332", "MIGRATE-VM-DEFINITION VM1", (fault("definitions", "S1"),), {}),
    ("VMS2341", "MIGRATE-VM-DEFINITION VM1", (), {"more": {"S3": {}}}),
    ("VMS2400", "MIGRATE-VM-DEFINITION VM1,NOWHERE", (), {}),
    ("VMS2400", "MIGRATE-VM-DEFINITION VM1", (fault("crash", "S2"),), {}),
    ("VMS2400", "MIGRATE-VM-DEFINITION VM1", (fault("link", "net"),), {}),
]


@pytest.mark.parametrize(("code", "text", "faults", "world"), CODES)
def test_a_definition_that_cannot_be_migrated(code: str, text: str, faults: tuple[Fault, ...], world: dict[str, Any]) -> None:
    scene = moved(text, *faults, **world)
    assert any(answer.startswith(f"{code} [") for answer in scene.answers)
    assert scene.codes[-1] == f"0/64/{code}"
    assert scene.vm().unit.name == "S1"


def test_a_definition_that_x2000_cannot_delete_is_migrated_with_a_warning() -> None:
    scene = moved("MIGRATE-VM-DEFINITION VM1", fault("definitions", "S1"), su_type="x86")
    assert scene.codes[-1] == "2/0/VMS2321"
    assert scene.vm().unit.name == "S2"
    assert any("deleted on SU 'S1' after all" in text or "after all" in text for text in scene.answers)
    assert scene.world.units["S1"].undeleted == set()


def test_an_su_takes_no_more_definitions_than_it_has_indexes() -> None:
    """98 VMs are on S2, whose definitions take all its indexes."""
    others = tuple(vm(f"V{number}", "S2", 0.25) for number in range(MOST_DEFINITIONS))
    scene = moved("MIGRATE-VM-DEFINITION VM1", vms=(vm(), *others))
    assert scene.codes[-1] == "0/64/VMS2324"


def test_every_code_of_migrate_vm_definition_whose_meaning_is_known_is_produced() -> None:
    known = {code for code, found in MIGRATE_VM_DEFINITION.items() if found.meaning}
    assert known == {"CMD0001", "VMS2321", *(code for code, *_ in CODES)}


CRASHED = (fault("crash", "S2", 0.5, 50.0),)
ON_S2 = (vm("VM1", "S2"), vm("VM2"))


def recovered(text: str, *faults: Fault, **world: Any) -> Scene:  # noqa: ANN401 - as `operated`
    return operated((2.0, "S1", text), faults=faults or CRASHED, **({"vms": ON_S2} | world))


def test_a_definition_is_recovered_from_an_su_that_is_down_and_activated() -> None:
    """When S2 is up again after 50.5 s, the VM is not there any more."""
    scene = operated(
        (2.0, "S1", "recover-vm-definition vm-name=vm1"),
        (3.0, "S1", "ACTIVATE-VM-DEFINITION VM1"),
        (4.0, "S1", "START-VM VM-ID=VM1"),
        vms=ON_S2,
        faults=CRASHED,
    )
    assert scene.codes == ["0/0/CMD0001"] * 3
    assert "VMS2340 [definition of VM VM1 recovered from SU 'S2']" in scene.answers
    assert (scene.vm().unit.name, scene.vm().display) == ("S1", "RUNNING")
    assert not scene.world.units["S2"].indexes


RECOVERIES = [
    ("VMS2300", "RECOVER-VM-DEFINITION NOSUCH", CRASHED, {}),
    ("VMS2332", "RECOVER-VM-DEFINITION VM1", (*CRASHED, fault("definitions", "S1")), {}),
    ("VMS2341", "RECOVER-VM-DEFINITION VM1", CRASHED, {"more": {"S3": {}}}),
    ("VMS2342", "RECOVER-VM-DEFINITION VM1,S1", CRASHED, {}),
    ("VMS2344", "RECOVER-VM-DEFINITION VM1", (fault("crash", "S2", 50.0),), {}),
    ("VMS2345", "RECOVER-VM-DEFINITION VM1", (*CRASHED, fault("definitions", "S2")), {}),
    ("VMS2400", "RECOVER-VM-DEFINITION VM1,NOWHERE", CRASHED, {}),
    ("VMS4013", "RECOVER-VM-DEFINITION VM2", CRASHED, {}),
    (
        "VMS2311",
        "RECOVER-VM-DEFINITION VM1",
        CRASHED,
        {"vms": (vm("VM1", "S2"), *(vm(f"V{number}", "S1", 0.25) for number in range(MOST_DEFINITIONS)))},
    ),
]


@pytest.mark.parametrize(("code", "text", "faults", "world"), RECOVERIES)
def test_a_definition_that_cannot_be_recovered(code: str, text: str, faults: tuple[Fault, ...], world: dict[str, Any]) -> None:
    scene = recovered(text, *faults, **world)
    assert any(answer.startswith(f"{code} [") for answer in scene.answers)
    assert scene.codes[-1] == f"0/64/{code}"
    assert scene.vm().unit.name == "S2"


def test_an_su_of_another_cluster_has_nothing_to_recover() -> None:
    scene = recovered("RECOVER-VM-DEFINITION VM1,T1", *CRASHED, **OTHER_CLUSTER)
    assert scene.codes == ["0/64/VMS2343"]


def test_an_su_without_partner_is_in_no_cluster() -> None:
    scene = operated((2.0, "T1", "RECOVER-VM-DEFINITION VM1"), vms=ON_S2, faults=CRASHED, **OTHER_CLUSTER)
    assert scene.codes == ["0/64/VMS2347"]


OTHER_CLUSTER: dict[str, Any] = {"more": {"T1": {"cluster": "D"}}, "clusters": ("D",)}


def test_a_definition_that_is_left_over_elsewhere_is_not_unique() -> None:
    """VM1 has migrated to S2 without its definition on S1 being deleted; S2 crashes before that is made up for."""
    scene = operated(
        (40.0, "S1", "RECOVER-VM-DEFINITION VM1"),
        faults=(fault("definitions", "S1", 10.0, 1000.0), fault("crash", "S2", 30.0, 20.0)),
        steps=(Step("out", 0.0, "S2", drain="S1"),),
        su_type="x86",
    )
    assert scene.codes[-1] == "0/64/VMS2346"


def test_every_code_of_recover_vm_definition_is_produced() -> None:
    others = {"CMD0001", "VMS2343", "VMS2346", "VMS2347"}
    assert set(RECOVER_VM_DEFINITION) == {*others, *(code for code, *_ in RECOVERIES)}


def test_activation_ends_diff() -> None:
    steps = (Step("out", 0.0, "S2", drain="S1"),)
    typed = ((100.0, "S2", "DELETE-VM VM1,*NO"), (101.0, "S2", "ACTIVATE-VM-DEFINITION VM1"), (102.0, "S2", "START-VM VM-ID=VM1"))
    shown = [operated(*typed[:number], steps=steps, units={"S2": {"iocf": "B"}}).vm().display for number in (0, 2, 3)]
    assert shown == ["RUNNING(DIFF)", "INIT-ONLY", "RUNNING"]


def test_activation_creates_the_vm_with_its_devices_and_its_index() -> None:
    scene = operated(DELETED, (2.0, "S1", "ACTIVATE-VM-DEFINITION VM1"))
    assert "VMS3050 VIRTUAL MACHINE (2,VM1) CREATED" in scene.answers
    assert (scene.vm().devices.disks, scene.vm().index) == (("5000", "5001"), 2)


@pytest.mark.parametrize(
    ("text", "world", "code"),
    [
        ("ACTIVATE-VM-DEFINITION NOSUCH", {}, "0/64/VMS2300"),
        ("ACTIVATE-VM-DEFINITION VM2", {}, "0/64/VMS2300"),  # on the other SU
        ("ACTIVATE-VM-DEFINITION VM3", {}, NOT_PUBLISHED),  # initialised
        ("ACTIVATE-VM-DEFINITION VM1", {"units": {"S1": {"memory_bytes": 3.5 * GIB}}}, "0/128/VMS4504"),
    ],
)
def test_what_cannot_be_activated(text: str, world: dict[str, Any], code: str) -> None:
    """In the last case VM3 has taken what VM1 has given back: 1 GiB of the 1.5 that were free."""
    vms = (vm("VM1"), vm("VM2", "S2"), vm("VM3"))
    taken = ((2.0, "S1", "MOVE-VM VM-ID=VM3"), (10.0, "S1", "EXTEND-VM-MEMORY VM3,2048"))
    scene = operated(DELETED, *taken, (11.0, "S1", text), vms=vms, **world)
    assert scene.codes[-1] == code
