"""SHOW-VM-ATTRIBUTES: the VMs of an SU, what they are, have and do.

Source: VM2000 User Guide: SHOW-VM-ATTRIBUTES; Managing main memory on SU x86; VM2000 V10 User Guide, page 542, for the names of the
columns of *CPU and the layout of *UNITS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sim.vm2000.displays.layout import (
    ALL,
    CPU,
    MEMORY,
    MONJV,
    STD,
    UNITS,
    WIDTH,
    columns,
    listed,
    memory_size,
    not_simulated,
    ours,
    tenths,
    vm_id,
)
from sim.vm2000.message import OWN, SU_390

_COMMAND = "SHOW-VM-ATTRIBUTES"
_INDENT = 13  # of the units, as in the example
_HEADER = "VM-ID         STATE           CPU-Q  MAX-U PROC MEM-SIZE"
# What a virtual CPU of a VM in this state is shown as. The states are published, which VM state goes with which is inferred.
_CPU_STATES = {"RUNNING": "RUN", "INIT-ONLY": "INIT", "SETUP": "INIT", "DOWN": "STOP"}
_CPU_BLOCKED, _CPU_WAITING = "BLOCK", "WAIT"


@dataclass(frozen=True, slots=True)
class VmLine:
    """One VM as an SU displays it.

    Args:
        index: VM index.
        name: VM name.
        state: displayed state, (MIGR) or (DIFF) included.
        cpus: virtual CPUs that run; None when nobody knows them.
        memory_bytes: configured memory; None when nobody knows it.
        cpu_quota: CPU quota; None when nobody knows it.
        max_utilisation: limit of the CPU utilisation, percent; None when nobody knows it.
    """

    index: int
    name: str
    state: str
    cpus: int | None
    memory_bytes: float | None
    cpu_quota: float | None = None
    max_utilisation: float | None = None


@dataclass(frozen=True, slots=True)
class Assigned:
    """Device mnemonics by how they are assigned."""

    exclusive: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VmShown:
    """One VM with all that SHOW-VM-ATTRIBUTES tells of it.

    Args:
        line: what *STD shows.
        pool: CPU pool, "*STDPOOL" for the standard one.
        group: VM group (/390), "" for none.
        blocked: virtual CPUs in state BLOCK.
        start_bytes: address at which its memory begins (/390); None on x86, where it is scattered.
        guest_bytes: what BS2000 gets of its memory (x86); None on /390, where it is all of it.
        by_admin, by_guest: devices that the VM2000 administrator assigned explicitly, and those that the guest's own requests did.
        monjvs: job variables that monitor it: what is monitored ("VM" or "MIGRATION"), name, status.
    """

    line: VmLine
    pool: str
    group: str = ""
    blocked: int = 0
    start_bytes: float | None = None
    guest_bytes: float | None = None
    by_admin: Assigned = Assigned()
    by_guest: Assigned = Assigned()
    monjvs: tuple[tuple[str, str, str], ...] = ()


def show_attributes(vms: Sequence[VmShown], information: str, su_type: str) -> str:
    """Return what SHOW-VM-ATTRIBUTES displays.

    Args:
        vms: the VMs that were asked for, in the order of their indexes.
        information: *STD, *CPU, *UNITS, *MEMORY, *MONJV or *ALL (all of them, one below the other); others are not simulated.
        su_type: "/390" or "x86"; decides what is told of the memory.
    """
    if information == ALL:
        return "\n".join(show_attributes(vms, each, su_type) for each in (STD, CPU, UNITS, MEMORY, MONJV))
    if information == STD:
        return show_vm_attributes(vm.line for vm in vms)
    if information == UNITS:
        return "\n".join(_units(vms))
    tables = {CPU: _cpu, MEMORY: _memory_390 if su_type == SU_390 else _memory_x86, MONJV: _monjv}
    if information not in tables:
        return not_simulated(information)
    return "\n".join((ours(f"{_COMMAND} INFORMATION={information}"), *tables[information](vms)))


def show_vm_attributes(rows: Iterable[VmLine]) -> str:
    """Return the VMs of one SU as INFORMATION=*STD shows them, in the order given."""
    return "\n".join((ours(_COMMAND), _HEADER, *(_vm_line(row) for row in rows)))


def _vm_line(row: VmLine) -> str:
    quota, limit = tenths(row.cpu_quota), tenths(row.max_utilisation)
    cpus, memory = "-" if row.cpus is None else str(row.cpus), memory_size(row.memory_bytes)
    return f"{row.index:>2} {row.name:<8}   {row.state:<16}{quota:>5}{limit:>7}{cpus:>5} {memory:>8}"


def _cpu(vms: Sequence[VmShown]) -> list[str]:
    """Return pool, group, quota and virtual CPUs; what schedules them (SCHED, ACT-I) is not simulated, so it is not shown."""
    rows = [("VM-ID", "CPU-POOL", "VM-GROUP", "CPU-Q", "MAX-U", "VIRT CPUS")]
    for vm in vms:
        line = vm.line
        quota, limit = tenths(line.cpu_quota), tenths(line.max_utilisation)
        rows.append((vm_id(line.index, line.name), vm.pool, vm.group or "-", quota, limit, _virtual_cpus(vm)))
    return columns(rows, right=(3, 4))


def _virtual_cpus(vm: VmShown) -> str:
    """Return `<cpu-id>(<vstate>),...`; those in BLOCK last, since which ones a migration blocks is not published."""
    if vm.line.cpus is None:
        return "-"
    state = _CPU_STATES.get(vm.line.state.partition("(")[0], _CPU_WAITING)
    states = [state] * vm.line.cpus + [_CPU_BLOCKED] * vm.blocked
    return ",".join(f"{number:02}({each})" for number, each in enumerate(states))


def _memory_390(vms: Sequence[VmShown]) -> list[str]:
    sizes = ((vm.line, memory_size(vm.start_bytes), memory_size(vm.line.memory_bytes)) for vm in vms)
    rows = [("VM-ID", "START-ADDR", "MEM-SIZE"), *((vm_id(line.index, line.name), start, size) for line, start, size in sizes)]
    return columns(rows, right=(1, 2))


def _memory_x86(vms: Sequence[VmShown]) -> list[str]:
    sizes = ((vm.line, memory_size(vm.line.memory_bytes), memory_size(vm.guest_bytes)) for vm in vms)
    rows = [("VM-ID", "MEM-SIZE", "BS2-MEM-S"), *((vm_id(line.index, line.name), size, guest) for line, size, guest in sizes)]
    return columns(rows, right=(1, 2))


def _units(vms: Sequence[VmShown]) -> list[str]:
    """Return devices as the example shows them: who assigned them, then how, names of two characters before those of four."""
    note = f"{OWN} grouped as {_COMMAND} INFORMATION={UNITS} does; the positions of the columns are of this program"
    lines = [note, "VM-ID        UNITS"]
    for vm in vms:
        blocks = [*_block("VM-ADMIN", vm.by_admin), *_block("GUEST", vm.by_guest)] or [""]
        heads = (vm_id(vm.line.index, vm.line.name).ljust(_INDENT), *[" " * _INDENT] * (len(blocks) - 1))
        lines += [(head + text).rstrip() for head, text in zip(heads, blocks, strict=True)]
    return lines


def _block(by: str, devices: Assigned) -> list[str]:
    """Return the devices that one assigned; nothing where there are none."""
    groups = (("EXCL:   ", devices.exclusive), ("SHARED: ", devices.shared), ("KEEP:   ", devices.keep))
    lines = [line for title, names in groups if names for line in listed(_short_first(names), f"  {title}", WIDTH - _INDENT)]
    return [f"ASSIGNED BY {by}", *lines] if lines else []


def _short_first(names: tuple[str, ...]) -> list[str]:
    """Return mnemonics in the order of the example; the suffix (VC) of a virtual console does not count as characters."""
    return sorted(names, key=lambda name: (len(name.removesuffix("(VC)")), name))


def _monjv(vms: Sequence[VmShown]) -> list[str]:
    rows = [("VM-ID", "MONITORED", "MONJV", "STATUS")]
    for vm in vms:
        rows += [(vm_id(vm.line.index, vm.line.name), *monjv) for monjv in vm.monjvs or (("-", "*NONE", "-"),)]
    return columns(rows)
