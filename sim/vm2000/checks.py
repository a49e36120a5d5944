"""The synchronous check of /MIGRATE-VM: what rejects the migration, and which devices it will detach.

Source: VM2000 User Guide: Phases of a VM Migration; Device management during a VM Migration;
SE server whitepaper: Rejection and abortion of an LM; Further notes on the LM.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Protocol

from sim.errors import ModelError
from sim.vm2000.catalogue import REJECTED_BY_SOURCE, SU_390, SU_X86, VMS2404, Message
from sim.vm2000.displays import memory_size
from sim.vm2000.states import MIGRATABLE, without_diff

MONITOR_INDEX = 1


class Reason(StrEnum):
    """Why a migration is rejected; a closed list."""

    VM_STATE = "vm-state"
    MONITOR_VM = "monitor-vm"
    SECOND_MIGRATION = "second-migration"
    NO_MEMORY_ON_TARGET = "no-memory-on-target"
    NO_INDEX_ON_TARGET = "no-index-on-target"


class DeviceKind(StrEnum):
    """Devices that a migration detaches by itself; all are attached again on the source after an abort."""

    TAPE = "tape"
    PAV_ALIAS = "pav-alias"
    MU_DISK = "mu-disk"
    LOCAL_DISK = "local-disk"


_DETACHED = {
    SU_390: (DeviceKind.TAPE, DeviceKind.PAV_ALIAS, DeviceKind.MU_DISK),
    SU_X86: (DeviceKind.TAPE, DeviceKind.LOCAL_DISK),
}


@dataclass(frozen=True, slots=True)
class ReturnCode:
    """The result of a command; `str` gives it as NBR0740 prints it."""

    sc2: int
    sc1: int
    maincode: str

    def __str__(self) -> str:
        return f"SC2={self.sc2:03}, SC1={self.sc1:03}, MC={self.maincode}"


# VM2000 User Guide: Command return codes.
ACCEPTED = ReturnCode(0, 0, "CMD0001")
# Assumes [A12]: the table of MIGRATE-VM is not published; this is the maincode of CHECK-VM-MIGRATION for "not possible", with the
# subcode 1 that its other rejections have.
REJECTED = ReturnCode(0, 64, "VMS2461")


class DeviceCounts(Protocol):
    """How many devices of each kind a VM has; kinds that the SU type does not know are ignored."""

    @property
    def tapes(self) -> int:
        """Tape devices."""

    @property
    def pav_aliases(self) -> int:
        """PAV alias devices (/390)."""

    @property
    def mu_disks(self) -> int:
        """Disks emulated by the MU (/390)."""

    @property
    def local_disks(self) -> int:
        """Disks emulated locally (x86)."""


@dataclass(frozen=True, slots=True)
class VmView:
    """The VM as the check sees it.

    Args:
        name: VM name.
        index: VM index; 1 is the monitor VM.
        state: what the source SU displays, (DIFF) included.
        memory_bytes: configured memory.
        devices: how many devices of each kind it has.
    """

    name: str
    index: int
    state: str
    memory_bytes: float
    devices: DeviceCounts


@dataclass(frozen=True, slots=True)
class SourceView:
    """The source SU; `outgoing` says that another migration from it is running."""

    name: str
    su_type: str
    outgoing: bool


@dataclass(frozen=True, slots=True)
class TargetView:
    """The target SU; `free_bytes` is what neither residents nor incoming VMs occupy, `free_index` whether a VM index is left."""

    name: str
    su_type: str
    free_bytes: float
    free_index: bool = True


@dataclass(frozen=True, slots=True)
class DetachedDevice:
    """A device that the migration will detach: one warning VMS2471, with `device` as its insert."""

    kind: DeviceKind
    device: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A violated prerequisite: `printed(violation.message, **violation.inserts)` is its line."""

    reason: Reason
    message: Message
    inserts: dict[str, object]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What the caller is told: every violation, every device to be detached."""

    violations: tuple[Violation, ...]
    warnings: tuple[DetachedDevice, ...]

    @property
    def result(self) -> ReturnCode:
        """The result of the command; warnings alone do not change it."""
        return REJECTED if self.violations else ACCEPTED


def _vm_state(vm: VmView, _source: SourceView, _target: TargetView) -> str:
    if without_diff(vm.state) in MIGRATABLE:
        return ""
    return f"VM state is {vm.state}; only {', '.join(MIGRATABLE)} can migrate"


def _monitor_vm(vm: VmView, _source: SourceView, _target: TargetView) -> str:
    return "the monitor VM cannot migrate" if vm.index == MONITOR_INDEX else ""


def _second_migration(_vm: VmView, source: SourceView, _target: TargetView) -> str:
    return f"another migration from SU '{source.name}' is running" if source.outgoing else ""


def _memory(vm: VmView, _source: SourceView, target: TargetView) -> str:
    if vm.memory_bytes <= target.free_bytes:
        return ""
    return f"not enough free memory: {memory_size(vm.memory_bytes)} needed, {memory_size(target.free_bytes)} free"


def _index(_vm: VmView, _source: SourceView, target: TargetView) -> str:
    return "" if target.free_index else "no free VM index"


_CHECKS: tuple[tuple[Reason, Callable[[VmView, SourceView, TargetView], str]], ...] = (
    (Reason.VM_STATE, _vm_state),
    (Reason.MONITOR_VM, _monitor_vm),
    (Reason.SECOND_MIGRATION, _second_migration),
    (Reason.NO_MEMORY_ON_TARGET, _memory),
    (Reason.NO_INDEX_ON_TARGET, _index),
)


def check_migration(vm: VmView, source: SourceView, target: TargetView) -> CheckResult:
    """Check the prerequisites on both SUs, as /MIGRATE-VM and /CHECK-VM-MIGRATION do; every violation is reported, not the first.

    Raises:
        ModelError: the SUs are of different types; such a cluster cannot exist.
    """
    if source.su_type != target.su_type:
        raise ModelError(f"migration from SU {source.name} ({source.su_type}) to SU {target.name} ({target.su_type})")
    violations = tuple(_violation(reason, words, vm, source, target) for reason, check in _CHECKS if (words := check(vm, source, target)))
    devices = vm.devices
    warnings = detached_devices(source.su_type, devices.tapes, devices.pav_aliases, devices.mu_disks, devices.local_disks)
    return CheckResult(violations, warnings)


def _violation(reason: Reason, words: str, vm: VmView, source: SourceView, target: TargetView) -> Violation:
    """Return the line of a violation: VMS2404 when the target rejects, our own line when the source does."""
    by_target = reason in {Reason.NO_MEMORY_ON_TARGET, Reason.NO_INDEX_ON_TARGET}
    inserts: dict[str, object] = {"index": vm.index, "vm": vm.name, "source": source.name, "target": target.name}
    # VMS2404 names the reason by message ids whose meaning is not published, so ours stands in brackets.
    inserts["reason"] = f"[{words}]" if by_target else words
    return Violation(reason, VMS2404 if by_target else REJECTED_BY_SOURCE, inserts)


@cache
def detached_devices(su_type: str, tapes: int, pav_aliases: int, mu_disks: int, local_disks: int) -> tuple[DetachedDevice, ...]:
    """Return the devices that a migration detaches by itself, tapes first.

    The mnemonics are ours, since a scenario only counts devices: tapes T1 to TZ and T036 on, then four hexadecimal digits
    from 6000 (PAV aliases), 7000 (MU disks), 8000 (local disks).

    Args:
        su_type: "/390" or "x86".
        tapes: how many tape devices the VM has.
        pav_aliases: PAV alias devices; ignored on x86.
        mu_disks: disks emulated by the MU; ignored on x86.
        local_disks: disks emulated locally; ignored on /390.
    """
    names = {
        DeviceKind.TAPE: [_tape(number) for number in range(1, tapes + 1)],
        DeviceKind.PAV_ALIAS: _numbers(0x6000, pav_aliases),
        DeviceKind.MU_DISK: _numbers(0x7000, mu_disks),
        DeviceKind.LOCAL_DISK: _numbers(0x8000, local_disks),
    }
    return tuple(DetachedDevice(kind, name) for kind in _DETACHED[su_type] for name in names[kind])


@cache
def device_names(disks: int) -> tuple[str, ...]:
    """Return the devices that move with the VM, in the order of VMS4005 and VMS4009.

    'CS' is the device of the published example; the disk numbers from 5000 are ours, since a scenario only counts disks.

    Args:
        disks: disks of the VM that both SUs see.
    """
    return ("CS", *_numbers(0x5000, disks))


def _numbers(first: int, count: int) -> list[str]:
    return [f"{number:04X}" for number in range(first, first + count)]


def _tape(number: int) -> str:
    """Return T1 .. T9, TA .. TZ, then T036 .. : a mnemonic has two or four characters."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return f"T{digits[number]}" if number < len(digits) else f"T{number:03}"
