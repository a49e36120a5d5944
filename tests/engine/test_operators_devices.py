"""ADD-VM-DEVICES, REMOVE-VM-DEVICES, SWITCH-VM-DEVICES."""

from __future__ import annotations

import pytest

from engine.operating import NOT_MODELLED, NOT_PUBLISHED, once, operated, vm
from sim.engine.operators.devices import kind_of
from sim.scenario.point import Devices, Step
from sim.vm2000.devices import DeviceKind, DeviceSet

ONE = (vm(devices=Devices(disks=3, tapes=2, pav_aliases=2, mu_disks=1)),)
TWO = (*ONE, vm("VM2", devices=Devices(disks=1, first=3)))


@pytest.mark.parametrize(
    ("units", "added"),
    [
        ("5010", ("5010",)),
        ("(5010,5011)", ("5010", "5011")),
        ("*DEVICE-RANGE(5010,5012)", ("5010", "5011", "5012")),
        ("(5010,*DEV(FROM=500F,TO=5011),5010)", ("5010", "500F", "5011")),
    ],
)
def test_devices_are_added(units: str, added: tuple[str, ...]) -> None:
    scene = once(f"ADD-VM-DEVICES {units},VM1", vms=ONE)
    assert scene.vm().devices.disks == ("5000", "5001", "5002", *added)
    assert [text for text in scene.answers if text.startswith("VMS4005")] == [
        f"VMS4005 DEVICE '{name}' ASSIGNED TO VIRTUAL MACHINE (2,VM1)" for name in added
    ]
    assert scene.codes == ["0/0/CMD0001"]


@pytest.mark.parametrize(
    ("name", "kind"), [("T9", DeviceKind.TAPE), ("T036", DeviceKind.TAPE), ("7005", DeviceKind.MU_DISK), ("8005", DeviceKind.LOCAL_DISK)]
)
def test_the_mnemonic_says_the_kind(name: str, kind: DeviceKind) -> None:
    scene = once(f"ADD-VM-DEVICES {name},VM1", vms=ONE)
    assert dict(scene.vm().devices.all)[name] is kind


def test_mnemonics_of_the_simulator_are_of_the_kind_that_they_are_taken_for() -> None:
    named = DeviceSet.of(Devices(disks=5000, tapes=1100, pav_aliases=5000, local_disks=5000, mu_disks=5000))
    assert [kind_of(name) for name, _ in named.all] == [kind for _, kind in named.all]


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        ("ADD-VM-DEVICES 5000,VM1", "", "1/0/CMD0001"),
        ("ADD-VM-DEVICES 6009,VM1", "device 6009 is an alias, which cannot be assigned explicitly", NOT_PUBLISHED),
        ("ADD-VM-DEVICES 5003,VM1", "device 5003 is assigned to VM VM2", NOT_PUBLISHED),
        ("ADD-VM-DEVICES CS,VM1", "", "1/0/CMD0001"),
        ("ADD-VM-DEVICES 50E0,VM1", "device 50E0 is not generated", NOT_PUBLISHED),
        ("ADD-VM-DEVICES 50F0,VM1", "device 50F0 is assigned exclusively to another system", NOT_PUBLISHED),
        ("ADD-VM-DEVICES (50E0,50F0),VM1", "50E0 is not generated; device 50F0 is", NOT_PUBLISHED),
        ("ADD-VM-DEVICES *DEV(5012,5010),VM1", "'5012' to '5010' is no range of devices", NOT_PUBLISHED),
        ("ADD-VM-DEVICES *DEV(T1,T5),VM1", "'T1' to 'T5' is no range of devices", NOT_PUBLISHED),
        ("ADD-VM-DEVICES 50*,VM1", "ADD-VM-DEVICES UNITS=50* is not modelled", NOT_MODELLED),
        ("ADD-VM-DEVICES *PUBSET(SBZ1),VM1", "UNITS=*PUBSET-DEVICES is not modelled", NOT_MODELLED),
        ("ADD-VM-DEVICES 5010,1", "monitor VM", NOT_PUBLISHED),
        ("ADD-VM-DEVICES 5010,99", "VM 99 is not created", "0/64/VMS4000"),
    ],
)
def test_devices_that_are_not_added(text: str, words: str, code: str) -> None:
    scene = once(text, vms=TWO, units={"S1": {"not_generated": ("50E0",), "exclusive": ("50F0",)}})
    assert words in scene.answers[0]
    assert scene.codes == [code]
    assert scene.vm().devices == once("SHOW-VM-STATUS", vms=TWO).vm().devices


def test_in_diff_only_devices_of_the_first_su_can_be_added() -> None:
    scene = operated(
        (100.0, "S2", "ADD-VM-DEVICES 50E0,VM1"),
        (101.0, "S2", "ADD-VM-DEVICES 50E1,VM1"),
        vms=ONE,
        units={"S1": {"not_generated": ("50E0",)}, "S2": {"iocf": "B"}},
        steps=(Step("out", 0.0, "S2", drain="S1"),),
    )
    assert scene.codes[1:] == [NOT_PUBLISHED, "0/0/CMD0001"]
    assert any("device 50E0 is not generated where VM VM1 was started" in text for text in scene.answers)


@pytest.mark.parametrize(
    ("units", "left"),
    [
        ("5001", ("5000", "5002", "T1", "T2", "6000", "6001", "7000")),
        ("(T1,7000)", ("5000", "5001", "5002", "T2", "6000", "6001")),
        ("*DEVICE-RANGE(5001,7000)", ("5000", "T1", "T2", "6000", "6001")),  # aliases are ignored
        ("5*", ("T1", "T2", "6000", "6001", "7000")),
        ("*ALL(CHECK-VM-STATE=*NO)", ()),
    ],
)
def test_devices_are_removed(units: str, left: tuple[str, ...]) -> None:
    scene = once(f"REMOVE-VM-DEVICES {units},VM1", vms=ONE)
    assert tuple(name for name, _ in scene.vm().devices.all) == left
    removed = {name for name, _ in DeviceSet.of(ONE[0].devices).all} - set(left)
    assert len([text for text in scene.answers if text.startswith("VMS4009")]) == len(removed)
    assert scene.codes == ["0/0/CMD0001"]


def test_tapes_that_were_removed_are_not_warned_of() -> None:
    scene = operated((1.0, "S1", "REMOVE-VM-DEVICES (T1,T2),VM1"), (2.0, "S1", "CHECK-VM-MIGRATION VM1"), vms=ONE)
    assert [text.split("'")[1] for text in scene.answers if text.startswith("VMS2471")] == ["6000", "6001", "7000"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("REMOVE-VM-DEVICES *ALL,VM1", NOT_PUBLISHED),  # it runs
        ("REMOVE-VM-DEVICES 5003,VM1", NOT_PUBLISHED),  # VM2's
        ("REMOVE-VM-DEVICES 6000,VM1", NOT_PUBLISHED),  # an alias
        ("REMOVE-VM-DEVICES 9*,VM1", "1/0/CMD0001"),
        ("REMOVE-VM-DEVICES CS,VM1", NOT_MODELLED),
        ("REMOVE-VM-DEVICES *PUBSET(*BY-PUBRES-DEVICE(5000)),VM1", NOT_MODELLED),
        ("REMOVE-VM-DEVICES 5000", NOT_PUBLISHED),  # *CURRENT is the monitor VM
        ("REMOVE-VM-DEVICES 5000,77", "0/64/VMS4000"),
        ("SWITCH-VM-DEVICES 5003,VM1,VM2", NOT_PUBLISHED),
        ("SWITCH-VM-DEVICES 5000,VM1,VM1", NOT_PUBLISHED),
        ("SWITCH-VM-DEVICES 5000,VM1,77", "0/64/VMS4000"),
        ("SWITCH-VM-DEVICES 5000,77,VM1", "0/64/VMS4000"),
        ("SWITCH-VM-DEVICES *PUBSET(A),VM1,VM2", NOT_MODELLED),
        ("SWITCH-VM-DEVICES 9*,VM1,VM2", "1/0/CMD0001"),
    ],
)
def test_devices_that_stay(text: str, code: str) -> None:
    scene = once(text, vms=TWO)
    assert scene.codes == [code]
    assert [len(scene.vm(name).devices.all) for name in ("VM1", "VM2")] == [8, 1]


@pytest.mark.parametrize("text", ["REMOVE-VM-DEVICES 5000,VM1", "SWITCH-VM-DEVICES 5000,VM1,VM2"])
def test_a_vm_in_hold_keeps_its_devices_unless_they_are_forced_away(text: str) -> None:
    """VM2000 V10 User Guide, page 511: FORCE=*NO takes nothing away from a VM in a wait state."""
    vms = (vm("VM1", state="WAIT(SEL)", devices=Devices(disks=1)), TWO[1])
    assert once(text, vms=vms).answers[0].startswith("[migr] ")
    assert once(text, vms=vms).vm("VM1").devices.disks == ("5000",)
    assert once(f"{text},FORCE=*YES", vms=vms).vm("VM1").devices.disks == ()


def test_devices_are_switched() -> None:
    scene = once("SWITCH-VM-DEVICES (5001,T1),VM1,VM2", vms=TWO)
    assert (scene.vm("VM1").devices.disks, scene.vm("VM1").devices.tapes) == (("5000", "5002"), ("T2",))
    assert (scene.vm("VM2").devices.disks, scene.vm("VM2").devices.tapes) == (("5003", "5001"), ("T1",))
    assert [text.split()[0] for text in scene.answers[:4]] == ["VMS4009", "VMS4005", "VMS4009", "VMS4005"]


def test_aliases_are_only_removed_when_all_devices_are_switched() -> None:
    scene = once("SWITCH-VM-DEVICES *ALL(*NO),VM1,VM2", vms=TWO)
    assert scene.vm("VM1").devices == DeviceSet()
    assert scene.vm("VM2").devices.pav_aliases == ()
    assert scene.vm("VM2").devices.disks == ("5003", "5000", "5001", "5002")


def test_the_messages_of_devices_are_of_su_390() -> None:
    scene = once("ADD-VM-DEVICES 5010,VM1", su_type="x86", vms=(vm(devices=Devices(disks=1)),))
    assert [text.split()[0] for text in scene.answers] == ["VMS3000", "NBR0740"]
    assert scene.vm().devices.disks == ("5000", "5010")
