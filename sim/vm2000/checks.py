"""The synchronous check of /MIGRATE-VM and /CHECK-VM-MIGRATION: what rejects a migration, and which devices it will detach.

Source: VM2000 User Guide: Prerequisites for the VM Migration; Phases of a VM Migration; CHECK-VM-MIGRATION;
SE server whitepaper: Rejection and abortion of an LM; Further notes on the LM.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sim.errors import ModelError
from sim.vm2000.answers import VMS2341, VMS2400, VMS4000
from sim.vm2000.catalogue import REJECTED_BY_SOURCE, VMS2404
from sim.vm2000.devices import DetachedDevice
from sim.vm2000.displays import memory_size
from sim.vm2000.message import SU_390, Message
from sim.vm2000.returns import ACCEPTED, CHECK_VM_MIGRATION, GENERAL, MIGRATE_VM, REJECTED, ReturnCode
from sim.vm2000.states import MIGRATABLE, without_diff
from sim.vm2000.views import SourceView, TargetView, VmView

# With the views, which are defined elsewhere and looked for here.
__all__ = [
    "MONITOR_INDEX",
    "UNIQUE",
    "CheckResult",
    "Reason",
    "SourceView",
    "TargetView",
    "Violation",
    "VmView",
    "check_migration",
    "find_target",
    "vm_not_created",
]

MONITOR_INDEX = 1
UNIQUE = "*UNIQUE"


class Reason(StrEnum):
    """Why a migration is rejected; a closed list."""

    SOURCE_DOWN = "source-down"
    TARGET_NOT_UNIQUE = "target-not-unique"
    TARGET_NOT_FOUND = "target-not-found"
    TARGET_UNREACHABLE = "target-unreachable"
    VM_NOT_CREATED = "vm-not-created"
    VM_STATE = "vm-state"
    MONITOR_VM = "monitor-vm"
    SECOND_MIGRATION = "second-migration"
    CLUSTER_INACTIVE = "cluster-inactive"
    OPERATING_MODE = "operating-mode"
    IO_RECONFIGURATION = "io-reconfiguration"
    HYPERVISOR_SIZE = "hypervisor-size"
    MONITOR_MEMORY = "monitor-memory"
    AGENT_ERROR = "agent-error"
    NAME_IN_USE = "name-in-use"
    DEVICE_NOT_GENERATED = "device-not-generated"
    DEVICE_EXCLUSIVE = "device-exclusive"
    NO_MEMORY_ON_TARGET = "no-memory-on-target"
    NO_CONTIGUOUS_MEMORY = "no-contiguous-memory"
    NO_INDEX_ON_TARGET = "no-index-on-target"


@dataclass(frozen=True, slots=True)
class Violation:
    """A violated prerequisite: `printed(violation.message, **violation.inserts)` is its line.

    Args:
        reason: which.
        message: VMS2404 where the target rejects, a line of our own where the source does, else the message of the code.
        inserts: of the message.
        code: result of a command that could not even check; None where the check rejects.
    """

    reason: Reason
    message: Message
    inserts: dict[str, object]
    code: ReturnCode | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What the caller is told: every violation, every device to be detached."""

    violations: tuple[Violation, ...]
    warnings: tuple[DetachedDevice, ...]

    @property
    def result(self) -> ReturnCode:
        """The result of /MIGRATE-VM; warnings alone do not change it."""
        return self._answer(REJECTED)

    @property
    def check_result(self) -> ReturnCode:
        """The result of /CHECK-VM-MIGRATION, which is executed (subcode 1 is 0) also when the migration is not possible."""
        return self._answer(CHECK_VM_MIGRATION["VMS2461"])

    def _answer(self, impossible: ReturnCode) -> ReturnCode:
        if not self.violations:
            return ACCEPTED
        return next((found.code for found in self.violations if found.code is not None), impossible)


def check_migration(vm: VmView, source: SourceView, target: TargetView) -> CheckResult:
    """Check the prerequisites on both SUs; every violation is reported, not the first, those of the source before those of the target.

    Raises:
        ModelError: the SUs are of different types; such a cluster cannot exist.
    """
    if source.su_type != target.su_type:
        raise ModelError(f"migration from SU {source.name} ({source.su_type}) to SU {target.name} ({target.su_type})")
    found = [_by_source(reason, words, vm, source, target) for reason, check in _ON_SOURCE for words in check(vm, source)]
    if target.up:
        found += [_by_target(reason, words, vm, source, target) for reason, check in _ON_TARGET for words in check(vm, source, target)]
    else:
        found.append(_not_found(Reason.TARGET_UNREACHABLE, target.name))
    return CheckResult(tuple(found), vm.devices.detached(source.su_type))


def find_target(local: str, wanted: str, cluster_units: Sequence[str], reachable: Collection[str]) -> str | Violation:
    """Return the SU that SERVER-UNIT-NAME means, or why there is none.

    Args:
        local: the SU on which the command is executed.
        wanted: name of an SU, or "*UNIQUE".
        cluster_units: all SUs of its SU cluster.
        reachable: names of the SUs that answer it.

    Source: VM2000 User Guide: MIGRATE-VM; CHECK-VM-MIGRATION.
    """
    others = [unit for unit in cluster_units if unit != local]
    if wanted == UNIQUE:
        if len(others) != 1:
            return Violation(Reason.TARGET_NOT_UNIQUE, VMS2341, {"number": len(others)}, MIGRATE_VM["VMS2341"])
        wanted = others[0]
    if wanted not in others:
        return _not_found(Reason.TARGET_NOT_FOUND, wanted)
    return wanted if wanted in reachable else _not_found(Reason.TARGET_UNREACHABLE, wanted)


def vm_not_created(vm: str) -> Violation:
    """Return the answer to a command that names a VM which does not exist on the SU.

    Args:
        vm: index or name, as it was typed.
    """
    return Violation(Reason.VM_NOT_CREATED, VMS4000, {"vm": vm}, MIGRATE_VM["VMS4000"])


def _not_found(reason: Reason, unit: str) -> Violation:
    return Violation(reason, VMS2400, {"unit": unit}, MIGRATE_VM["VMS2400"])


def _by_source(reason: Reason, words: str, vm: VmView, source: SourceView, target: TargetView) -> Violation:
    inserts: dict[str, object] = {"index": vm.index, "vm": vm.name, "source": source.name, "target": target.name, "reason": words}
    # The source's own agent does not carry the command out; VMS6003 stands in no table of codes.
    return Violation(reason, REJECTED_BY_SOURCE, inserts, GENERAL.get(source.agent) if reason is Reason.AGENT_ERROR else None)


def _by_target(reason: Reason, words: str, vm: VmView, source: SourceView, target: TargetView) -> Violation:
    # VMS2404 names the reason by message ids whose meaning is mostly not published, so ours stands in brackets.
    inserts: dict[str, object] = {"index": vm.index, "vm": vm.name, "source": source.name, "target": target.name}
    return Violation(reason, VMS2404, {**inserts, "reason": words if words in _AGENT else f"[{words}]"})


def _vm_state(vm: VmView, _source: SourceView) -> Iterable[str]:
    if without_diff(vm.state) not in MIGRATABLE:
        yield f"VM state is {vm.state}; only {', '.join(MIGRATABLE)} can migrate"


def _monitor_vm(vm: VmView, _source: SourceView) -> Iterable[str]:
    if vm.index == MONITOR_INDEX:
        yield "the monitor VM cannot migrate"


def _second_migration(vm: VmView, source: SourceView) -> Iterable[str]:
    if vm.migrating:
        yield "it is being migrated already"
    elif source.outgoing:
        yield f"another migration from SU '{source.name}' is running"


def _cluster(_vm: VmView, source: SourceView) -> Iterable[str]:
    if not source.cluster_active:
        yield "the SU cluster is not activated"


def _reconfiguration(unit: SourceView | TargetView) -> Iterable[str]:
    if unit.reconfiguring:
        yield f"a dynamic change of the I/O configuration of SU '{unit.name}' is running"


def _hypervisor(unit: SourceView | TargetView) -> Iterable[str]:
    if unit.su_type == SU_390 and unit.hypervisor_bytes < unit.hypervisor_need_bytes:
        sizes = f"{memory_size(unit.hypervisor_bytes)}, at least {memory_size(unit.hypervisor_need_bytes)} needed"
        yield f"hypervisor of SU '{unit.name}' has {sizes}"


def _monitor_memory(unit: SourceView | TargetView) -> Iterable[str]:
    if unit.su_type == SU_390 and unit.monitor_bytes < unit.monitor_need_bytes:
        sizes = f"{memory_size(unit.monitor_bytes)}, at least {memory_size(unit.monitor_need_bytes)} needed"
        yield f"monitor VM of SU '{unit.name}' has {sizes}"


# What the ids of the agent say; as a reason they stand without brackets, as the product's own ids do.
_AGENT = {"VMS6000": GENERAL["VMS6000"].meaning, "VMS6001": GENERAL["VMS6001"].meaning, "VMS6003": "error of the VM2000 agent"}


def _agent(unit: SourceView | TargetView) -> Iterable[str]:
    if unit.agent:
        yield unit.agent


def _mode(_vm: VmView, source: SourceView, target: TargetView) -> Iterable[str]:
    if source.mode != target.mode:
        yield f"operating mode is {target.mode} here and {source.mode} on SU '{source.name}'"


def _name(vm: VmView, _source: SourceView, target: TargetView) -> Iterable[str]:
    if vm.name in target.names:
        yield f"VM name {vm.name} is in use"


def _not_generated(vm: VmView, _source: SourceView, target: TargetView) -> Iterable[str]:
    if target.su_type == SU_390:
        yield from (f"device {device} is not generated" for device in vm.devices.moving if device in target.not_generated)


def _exclusive(vm: VmView, _source: SourceView, target: TargetView) -> Iterable[str]:
    yield from (f"device {device} is assigned exclusively to another system" for device in vm.devices.moving if device in target.exclusive)


def _memory(vm: VmView, _source: SourceView, target: TargetView) -> Iterable[str]:
    if vm.memory_bytes > target.free_bytes:
        yield f"not enough free memory: {memory_size(vm.memory_bytes)} needed, {memory_size(target.free_bytes)} free"


def _contiguous(vm: VmView, _source: SourceView, target: TargetView) -> Iterable[str]:
    # Assumes [A35]: that the check looks for one range is not published, only that a VM on SU /390 has one.
    largest = target.largest_free_bytes
    if target.su_type == SU_390 and largest is not None and largest < vm.memory_bytes <= target.free_bytes:
        needed, free = memory_size(vm.memory_bytes), memory_size(target.free_bytes)
        yield f"no contiguous memory: {needed} needed, {free} free, {memory_size(largest)} of them in one range"


def _index(_vm: VmView, _source: SourceView, target: TargetView) -> Iterable[str]:
    if not target.free_index:
        yield "no free VM index"


# The first violation is the reason in the results, so the order is part of them.
_ON_SOURCE: tuple[tuple[Reason, Callable[[VmView, SourceView], Iterable[str]]], ...] = (
    (Reason.VM_STATE, _vm_state),
    (Reason.MONITOR_VM, _monitor_vm),
    (Reason.SECOND_MIGRATION, _second_migration),
    (Reason.CLUSTER_INACTIVE, _cluster),
    (Reason.IO_RECONFIGURATION, lambda _vm, source: _reconfiguration(source)),
    (Reason.HYPERVISOR_SIZE, lambda _vm, source: _hypervisor(source)),
    (Reason.MONITOR_MEMORY, lambda _vm, source: _monitor_memory(source)),
    (Reason.AGENT_ERROR, lambda _vm, source: _agent(source)),
)
_ON_TARGET: tuple[tuple[Reason, Callable[[VmView, SourceView, TargetView], Iterable[str]]], ...] = (
    (Reason.OPERATING_MODE, _mode),
    (Reason.IO_RECONFIGURATION, lambda _vm, _source, target: _reconfiguration(target)),
    (Reason.HYPERVISOR_SIZE, lambda _vm, _source, target: _hypervisor(target)),
    (Reason.MONITOR_MEMORY, lambda _vm, _source, target: _monitor_memory(target)),
    (Reason.AGENT_ERROR, lambda _vm, _source, target: _agent(target)),
    (Reason.NAME_IN_USE, _name),
    (Reason.DEVICE_NOT_GENERATED, _not_generated),
    (Reason.DEVICE_EXCLUSIVE, _exclusive),
    (Reason.NO_MEMORY_ON_TARGET, _memory),
    (Reason.NO_CONTIGUOUS_MEMORY, _contiguous),
    (Reason.NO_INDEX_ON_TARGET, _index),
)
