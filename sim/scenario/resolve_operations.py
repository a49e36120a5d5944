"""Turn operators' commands and faults into plain numbers, and number the devices of a cluster's VMs."""

from __future__ import annotations

from collections.abc import Callable

from sim.scenario.completion import natural
from sim.scenario.fields import Duration
from sim.scenario.point import Cost, Devices, Fault, Operator
from sim.scenario.schema_operations import FaultSpec, MomentSpec
from sim.scenario.schema_plan import ScenarioSpec
from sim.scenario.schema_world import DevicesSpec
from sim.vm2000.devices import DeviceSet

MOST_DEVICES = 47_000  # of a kind in a cluster: four characters give no more mnemonics for tapes
Seconds = Callable[[int], float]  # from a clock time to seconds since 00:00 of the first day


def resolved_operators(spec: ScenarioSpec, seconds: Seconds) -> tuple[Operator, ...]:
    """Return the commands in the order of the file, which decides at one moment."""
    return tuple(Operator(seconds(each.at), each.console, each.command) for each in spec.operators)


def resolved_faults(spec: ScenarioSpec, seconds: Seconds, cost: Callable[[Duration], Cost]) -> tuple[Fault, ...]:
    """Return the faults in the natural order of their names."""
    return tuple(_fault(name, spec.faults[name], seconds, cost) for name in sorted(spec.faults, key=lambda name: (natural(name), name)))


def _fault(name: str, fault: FaultSpec, seconds: Seconds, cost: Callable[[Duration], Cost]) -> Fault:
    moment = fault.at if isinstance(fault.at, MomentSpec) else None
    return Fault(
        name=name,
        kind=fault.kind,
        place=fault.place,
        at_s=seconds(fault.at) if isinstance(fault.at, int) else None,
        vm=moment.vm if moment is not None else "",
        phase=moment.phase if moment is not None else "",
        after_s=moment.after if moment is not None else 0.0,
        chance=1.0 if fault.chance is None else fault.chance,
        every_s=fault.every,
        lasts=None if fault.lasts is None else cost(fault.lasts),
        remaining=fault.remaining or 0.0,
        message=fault.message or "",
    )


def first_devices(spec: ScenarioSpec) -> dict[str, int]:
    """Return from which number the mnemonics of each VM count, so that no two VMs of a cluster share one.

    The kinds count side by side, so that a VM keeps its numbers on both SU types; natural order of the names, never that of the file.
    """
    cluster_of = {unit: name for name, cluster in spec.clusters.items() for unit in cluster.units}
    taken = dict.fromkeys(spec.clusters, 0)
    result: dict[str, int] = {}
    for name in sorted(spec.vms, key=lambda name: (natural(name), name)):
        vm = spec.vms[name]
        cluster = cluster_of[vm.su]
        result[name] = taken[cluster]
        taken[cluster] += most_of_a_kind(vm.devices)
    return result


def device_sets(spec: ScenarioSpec) -> dict[str, DeviceSet]:
    """Return the devices of every VM by their mnemonics; none for a VM beyond MOST_DEVICES, which is a mistake of its own."""
    numbers = first_devices(spec)
    known = ((name, vm.devices, numbers[name]) for name, vm in spec.vms.items())
    return {
        name: DeviceSet.of(Devices(**dict(counts)), first) if first + most_of_a_kind(counts) <= MOST_DEVICES else DeviceSet()
        for name, counts, first in known
    }


def most_of_a_kind(devices: DevicesSpec) -> int:
    """Return how many mnemonics a VM takes: as many as it has devices of its most frequent kind."""
    return max(devices.disks, devices.tapes, devices.pav_aliases, devices.local_disks, devices.mu_disks)
