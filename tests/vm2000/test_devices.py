"""The devices of a VM: mnemonics, what moves, what a migration detaches and what is attached again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ModelError
from sim.scenario.point import Devices
from sim.vm2000.devices import DeviceKind, DeviceSet

ALL_KINDS = DeviceSet.of(Devices(disks=3, tapes=2, pav_aliases=2, local_disks=1, mu_disks=1))


def test_devices_are_named_by_kind() -> None:
    expected = DeviceSet(
        disks=("5000", "5001", "5002"), tapes=("T1", "T2"), pav_aliases=("6000", "6001"), local_disks=("8000",), mu_disks=("7000",)
    )
    assert expected == ALL_KINDS


def test_devices_that_move_begin_with_cs_and_go_on_with_disk_numbers() -> None:
    assert DeviceSet.of(Devices()).moving == ("CS",)
    assert DeviceSet.of(Devices(disks=3)).moving == ("CS", "5000", "5001", "5002")
    assert DeviceSet.of(Devices(disks=17)).moving[-2:] == ("500F", "5010")


@pytest.mark.parametrize(
    ("su_type", "detached"),
    [
        ("/390", [("tape", "T1"), ("tape", "T2"), ("pav-alias", "6000"), ("pav-alias", "6001"), ("mu-disk", "7000")]),
        ("x86", [("tape", "T1"), ("tape", "T2"), ("local-disk", "8000")]),
    ],
)
def test_devices_of_the_su_type_are_detached(su_type: str, detached: list[tuple[str, str]]) -> None:
    """UG: Device management during a VM Migration, the four kinds with their SU types."""
    assert [(str(found.kind), found.device) for found in ALL_KINDS.detached(su_type)] == detached


def test_only_aliases_are_attached_again_on_the_target_and_only_on_390() -> None:
    """UG: Device management during a VM Migration: after success aliases are attached (/390), tapes and local disks stay detached."""
    assert ALL_KINDS.after_migration("/390") == DeviceSet(disks=("5000", "5001", "5002"), pav_aliases=("6000", "6001"))
    assert ALL_KINDS.after_migration("x86") == DeviceSet(disks=("5000", "5001", "5002"))


def test_all_lists_every_device_with_its_kind() -> None:
    assert ALL_KINDS.all == (
        *((name, DeviceKind.DISK) for name in ("5000", "5001", "5002")),
        ("T1", DeviceKind.TAPE),
        ("T2", DeviceKind.TAPE),
        ("6000", DeviceKind.PAV_ALIAS),
        ("6001", DeviceKind.PAV_ALIAS),
        ("7000", DeviceKind.MU_DISK),
        ("8000", DeviceKind.LOCAL_DISK),
    )


@pytest.mark.parametrize("kind", list(DeviceKind))
def test_a_device_is_attached_and_detached_again(kind: DeviceKind) -> None:
    more = ALL_KINDS.with_device("A036", kind)
    assert ("A036", kind) in more.all
    assert len(more.all) == len(ALL_KINDS.all) + 1
    assert more.without("A036") == ALL_KINDS


@pytest.mark.parametrize("name", ["5001", "T1", "CS"])
def test_a_device_that_is_there_is_not_attached_twice(name: str) -> None:
    with pytest.raises(ModelError, match=f"device {name} is attached to a VM that has it"):
        ALL_KINDS.with_device(name, DeviceKind.DISK)


def test_a_device_that_is_not_there_is_not_detached() -> None:
    with pytest.raises(ModelError, match="device 5FFF is detached from a VM that does not have it"):
        ALL_KINDS.without("5FFF")


COUNTS = st.integers(0, 400)


@given(
    first=st.builds(Devices, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
    second=st.builds(Devices, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
    before=st.sampled_from([0, 30, 900, 3900, 40000]),
)
def test_no_two_devices_of_a_cluster_share_a_mnemonic(first: Devices, second: Devices, before: int) -> None:
    """Two VMs, the second of which counts from what the first has at most of a kind: two or four characters, and all different."""
    most = max(first.disks, first.tapes, first.pav_aliases, first.local_disks, first.mu_disks)
    sets = [DeviceSet.of(first, before), DeviceSet.of(second, before + most)]
    names = [name for devices in sets for name, _ in devices.all]
    assert len(set(names)) == len(names)
    assert "CS" not in names
    assert {len(name) for name in names} <= {2, 4}


def test_when_no_mnemonic_is_left_it_is_said() -> None:
    """4096 hexadecimal ones with one first digit, and 36^3 behind a letter."""
    last = 4096 + 36**3
    assert DeviceSet.of(Devices(disks=1), last - 1).disks == ("GZZZ",)
    with pytest.raises(ModelError, match="no mnemonic is left"):
        DeviceSet.of(Devices(disks=1), last)
