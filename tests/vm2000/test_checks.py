"""The synchronous check: every violation alone and all together, and the devices to be detached."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.errors import ModelError
from sim.scenario.point import Devices
from sim.vm2000.catalogue import REJECTED_BY_SOURCE, VMS2404, Message, printed
from sim.vm2000.checks import (
    ACCEPTED,
    REJECTED,
    DeviceKind,
    Reason,
    SourceView,
    TargetView,
    VmView,
    check_migration,
    detached_devices,
    device_names,
)

GIB = 2**30
VM = VmView("VM12PROD", 12, "RUNNING", 4 * GIB, Devices(disks=8))
SOURCE = SourceView("ABGSE501", "/390", outgoing=False)
TARGET = TargetView("ABGSE701", "/390", free_bytes=4 * GIB)


def test_a_vm_that_just_fits_is_accepted() -> None:
    result = check_migration(VM, SOURCE, TARGET)
    assert result.violations == ()
    assert result.warnings == ()
    assert result.result == ACCEPTED


WRONG_STATE = replace(VM, state="WAIT(VMA)")
MONITOR = replace(VM, index=1)
BUSY = replace(SOURCE, outgoing=True)
FULL = replace(TARGET, free_bytes=4 * GIB - 1)
CROWDED = replace(TARGET, free_index=False)

ALONE = [
    (WRONG_STATE, SOURCE, TARGET, Reason.VM_STATE, REJECTED_BY_SOURCE, "VM state is WAIT(VMA); only RUNNING, INIT-ONLY, DOWN can migrate"),
    (MONITOR, SOURCE, TARGET, Reason.MONITOR_VM, REJECTED_BY_SOURCE, "the monitor VM cannot migrate"),
    (VM, BUSY, TARGET, Reason.SECOND_MIGRATION, REJECTED_BY_SOURCE, "another migration from SU 'ABGSE501' is running"),
    (VM, SOURCE, FULL, Reason.NO_MEMORY_ON_TARGET, VMS2404, "[not enough free memory: 4096 MB needed, 4095 MB free]"),
    (VM, SOURCE, CROWDED, Reason.NO_INDEX_ON_TARGET, VMS2404, "[no free VM index]"),
]


@pytest.mark.parametrize(("vm", "source", "target", "reason", "message", "words"), ALONE)
def test_a_violation_alone_is_reported_alone(
    vm: VmView, source: SourceView, target: TargetView, reason: Reason, message: Message, words: str
) -> None:
    result = check_migration(vm, source, target)
    (violation,) = result.violations
    assert violation.reason == reason
    assert violation.message is message
    assert violation.inserts == {"index": vm.index, "vm": "VM12PROD", "source": "ABGSE501", "target": "ABGSE701", "reason": words}
    assert result.result == REJECTED


def test_all_violations_are_reported_together_with_the_warnings() -> None:
    vm = replace(VM, state="IN HOLD(WAIT)", index=1, devices=Devices(tapes=1))
    result = check_migration(vm, BUSY, replace(FULL, free_index=False))
    assert [violation.reason for violation in result.violations] == list(Reason)
    assert [warning.device for warning in result.warnings] == ["T1"]


def test_the_lines_of_a_rejection() -> None:
    vm = replace(VM, index=4, name="G4IVO")
    lines = [printed(found.message, **found.inserts) for found in check_migration(vm, BUSY, FULL).violations]
    reason = "[not enough free memory: 4096 MB needed, 4095 MB free]"
    assert lines == [
        "[migr] live migration of VM (4,G4IVO) rejected by source SU 'ABGSE501': another migration from SU 'ABGSE501' is running",
        f"VMS2404 LIVE MIGRATION OF VM (4,G4IVO) REJECTED BY TARGET SU 'ABGSE701'. REASON: {reason}",
    ]


@pytest.mark.parametrize("state", ["RUNNING", "INIT-ONLY", "DOWN", "RUNNING(DIFF)"])
def test_a_migratable_state_passes(state: str) -> None:
    assert check_migration(replace(VM, state=state), SOURCE, TARGET).violations == ()


@pytest.mark.parametrize("state", ["NOT INITIALIZED", "WAIT(SEL)", "WAIT(GLB)", "WAIT(INT)", "RUNNING(MIGR)", "SETUP(MIGR)"])
def test_another_state_is_rejected(state: str) -> None:
    assert [found.reason for found in check_migration(replace(VM, state=state), SOURCE, TARGET).violations] == [Reason.VM_STATE]


def test_sus_of_different_types_are_our_bug() -> None:
    with pytest.raises(ModelError, match=r"ABGSE501 \(/390\) to SU ABGSE701 \(x86\)"):
        check_migration(VM, SOURCE, replace(TARGET, su_type="x86"))


ALL_KINDS = Devices(disks=3, tapes=2, pav_aliases=2, local_disks=1, mu_disks=1)


@pytest.mark.parametrize(
    ("su_type", "kinds"),
    [
        ("/390", [DeviceKind.TAPE] * 2 + [DeviceKind.PAV_ALIAS] * 2 + [DeviceKind.MU_DISK]),
        ("x86", [DeviceKind.TAPE] * 2 + [DeviceKind.LOCAL_DISK]),
    ],
)
def test_devices_of_the_su_type_are_detached_with_a_warning_each(su_type: str, kinds: list[DeviceKind]) -> None:
    source, target = replace(SOURCE, su_type=su_type), replace(TARGET, su_type=su_type)
    result = check_migration(replace(VM, devices=ALL_KINDS), source, target)
    assert [warning.kind for warning in result.warnings] == kinds
    assert result.result == ACCEPTED


def test_names_of_detached_devices_are_two_or_four_characters_and_differ_from_those_that_move() -> None:
    detached = [device.device for device in detached_devices("/390", 40, 300, 300, 0)]
    detached += [device.device for device in detached_devices("x86", 0, 0, 0, 300)]
    names = [*detached, *device_names(300)]
    assert len(names) == len(set(names)) == 40 + 300 + 300 + 300 + 1 + 300
    assert {len(name) for name in names} == {2, 4}


def test_devices_that_move_begin_with_cs_and_go_on_with_disk_numbers() -> None:
    assert device_names(0) == ("CS",)
    assert device_names(3) == ("CS", "5000", "5001", "5002")
    assert device_names(17)[-2:] == ("500F", "5010")


def test_results_are_printed_with_three_digits() -> None:
    assert str(ACCEPTED) == "SC2=000, SC1=000, MC=CMD0001"
    assert str(REJECTED) == "SC2=000, SC1=064, MC=VMS2461"
