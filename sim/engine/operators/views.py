"""What displays show of a replication: SUs, VMs and guests as they are now, as the frozen views of the displays."""

from __future__ import annotations

from sim.engine.unit import FIRST_GUEST_INDEX, LAST_INDEX, Unit
from sim.engine.vm import Vm
from sim.engine.world import World
from sim.vm2000.cpus import STDPOOL
from sim.vm2000.devices import DeviceKind, DeviceSet
from sim.vm2000.displays import (
    FREE,
    Assigned,
    MemoryRange,
    PoolLoad,
    RealCpu,
    Resources,
    Stay,
    SystemInformation,
    VmLine,
    VmLoad,
    VmShown,
)
from sim.vm2000.states import State

MONITOR = "MONITOR"  # the name that the monitor VM has in the manual's examples
MONITOR_INDEX = 1
# Devices that another SU cannot see: they are free, or assigned, only where they are emulated or aliased.
_LOCAL = (DeviceKind.LOCAL_DISK, DeviceKind.MU_DISK, DeviceKind.PAV_ALIAS)
_DAY_S = 86400


def monitor_vm(unit: Unit) -> VmShown:
    """Return the monitor VM of an SU, of which a scenario knows memory and CPUs at most; 0 says that it does not."""
    return VmShown(VmLine(MONITOR_INDEX, MONITOR, State.RUNNING, unit.spec.monitor_cpus or None, unit.spec.monitor_bytes or None), STDPOOL)


def vm_shown(world: World, unit: Unit, vm: Vm) -> VmShown:
    """Return a VM as an SU shows it: on both sides while it migrates."""
    size = vm.guest.spec.memory_bytes
    line = VmLine(unit.indexes[vm.name], vm.name, world.displayed(unit, vm), vm.cpus, size, vm.quota, vm.max_utilisation)
    firmware = world.cluster_of(unit).firmware_bytes
    return VmShown(
        line,
        unit.pool_here(vm.pool),
        unit.group_here(vm.group),
        vm.blocked_cpus,
        _start(unit, vm) if unit.is_390 else None,
        None if unit.is_390 else size - firmware,
        Assigned(exclusive=_devices(unit, vm)),
        monjvs=_job_variables(world, unit, vm),
    )


def resources(world: World, unit: Unit) -> Resources:
    """Return what an SU has and what of it is free."""
    vms = world.on_unit(unit)
    return Resources(
        unit=unit.name,
        su_type=unit.spec.su_type,
        initialised=len(vms),
        most_vms=LAST_INDEX + 1 - FIRST_GUEST_INDEX,
        largest_bytes=unit.memory.largest_free_bytes,
        memory=_memory_390(unit) if unit.is_390 else _memory_x86(unit),
        cpus=_real_cpus(unit),
        free_devices=_free_devices(world, unit),
        vms=(monitor_vm(unit), *(vm_shown(world, unit, vm) for vm in vms)),
    )


def pools(world: World, unit: Unit) -> list[PoolLoad]:
    """Return the CPU pools of an SU with the VMs that are active in them; the monitor VM, whose quota no scenario gives, is left out."""
    found: dict[str, list[VmLoad]] = {STDPOOL: [], **{pool.name: [] for pool in unit.spec.pools}}
    for vm in world.on_unit(unit):
        if vm.live_on is unit and vm.runs:
            group = unit.group_here(vm.group)
            found[unit.pool_here(vm.pool)].append(VmLoad(unit.indexes[vm.name], vm.name, group, vm.quota, vm.max_utilisation, vm.cpus))
    return [PoolLoad(name, unit.pool_cpus("" if name == STDPOOL else name), tuple(vms)) for name, vms in found.items()]


def system_information(vm: Vm) -> SystemInformation:
    """Return a guest as it sees itself."""
    su_type, home = vm.unit.spec.su_type, vm.visited[0][1]
    size = vm.guest.spec.memory_bytes
    return SystemInformation(f"{su_type} {home}", f"{su_type} {vm.unit.name}", size, vm.live_migrations, vm.index, vm.name)


def stays(vm: Vm) -> list[Stay]:
    """Return the SUs on which a guest has been since its start."""
    times = [clock(time_s) for time_s, _ in vm.visited]
    return [Stay(unit, since, until) for (_, unit), since, until in zip(vm.visited, times, [*times[1:], ""], strict=True)]


def clock(time_s: float) -> str:
    """Return a time as consoles show it: whole seconds, "+1 " before it on the next day."""
    days, second = divmod(int(time_s), _DAY_S)
    text = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return f"+{days} {text}" if days else text


def _start(unit: Unit, vm: Vm) -> float | None:
    return next((start for name, start, _ in unit.memory.ranges() if name == vm.name), None)


def _devices(unit: Unit, vm: Vm) -> tuple[str, ...]:
    """Return the devices that a VM has on an SU: on the target those that move with it, once they are assigned."""
    move = vm.move
    if move is None or not move.under_way:
        return ("CS", *(name for name, _ in vm.devices.all))
    if unit is move.target and unit is not vm.unit:
        return move.devices.moving if move.set_up_s is not None else ()
    has = vm.devices if unit is vm.unit else move.devices
    detached = move.detached if unit is move.source else ()
    return ("CS", *(name for name, _ in has.all if name not in detached))


def _job_variables(world: World, unit: Unit, vm: Vm) -> tuple[tuple[str, str, str], ...]:
    """Return the job variables of a VM's migrations from their check on, which are where the commands were given."""
    moves = (move for move in world.by_operators if move.vm is vm and move.source is unit)
    return tuple(("MIGRATION", move.job.name, move.job.status) for move in moves if move.job.name and move.job.watching)


def _memory_390(unit: Unit) -> tuple[MemoryRange, ...]:
    """Return the memory of an SU /390 from the bottom: hypervisor, monitor VM, VMs and the gaps between them."""
    memory = unit.memory
    ranges = [*_bottom(unit, "HYPERVISOR")]
    end = memory.reserved_bytes
    for name, start, size in (*memory.ranges(), ("", memory.capacity_bytes, 0.0)):
        if start > end:
            ranges.append(MemoryRange(FREE, start - end, end))
        if name:
            ranges.append(MemoryRange(name, size, start))
        end = start + memory.needs(size)
    return tuple(ranges)


def _memory_x86(unit: Unit) -> tuple[MemoryRange, ...]:
    """Return the memory of an SU x86; what Xen needs beside the VMs is not displayed, it is only missing from what is free."""
    vms = (MemoryRange(name, size) for name, _, size in unit.memory.ranges())
    bottom = (MemoryRange(part.owner, part.size_bytes) for part in _bottom(unit, "X2000"))
    return (*bottom, *vms, MemoryRange(FREE, unit.memory.unused_bytes))


def _bottom(unit: Unit, owner: str) -> list[MemoryRange]:
    """Return what lies below the VMs; the monitor VM apart where the scenario gives its memory."""
    monitor = unit.spec.monitor_bytes
    below = unit.memory.reserved_bytes - monitor
    parts = [MemoryRange(owner, below, 0.0), MemoryRange(MONITOR, monitor, below)]
    return [part for part in parts if part.size_bytes > 0.0]


def _real_cpus(unit: Unit) -> tuple[RealCpu, ...]:
    """Return the real CPUs for guests; all attached, of the normal type."""
    counts = {STDPOOL: unit.pool_cpus(""), **{pool.name: pool.cpus for pool in unit.spec.pools}}
    names = [name for name, count in counts.items() for _ in range(count)]
    return tuple(RealCpu(number, "ATT", "NORMAL", name) for number, name in enumerate(names))


def _free_devices(world: World, unit: Unit) -> tuple[str, ...]:
    """Return the devices that an SU knows, since a VM of its cluster has them at the beginning, and that no VM has on it now."""
    known: set[str] = set()
    for guest in world.site.guests.values():
        home = world.units[guest.spec.unit]
        if home.spec.cluster == unit.spec.cluster:
            devices = DeviceSet.of(guest.spec.devices, guest.spec.devices.first).all
            known |= {name for name, kind in devices if home is unit or kind not in _LOCAL}
    taken = {name for vm in world.on_unit(unit) for name in _devices(unit, vm)}
    return tuple(sorted(known - taken - {*unit.spec.not_generated, *unit.spec.exclusive}, key=lambda name: (len(name), name)))
