"""Check that the world of a completed scenario can exist: memory, indexes, sizes of loads, fields of the right SU type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from sim.model.load import PAGE
from sim.scenario.completion import FIRST_INDEX, LAST_INDEX, expanded_names
from sim.scenario.document import Document
from sim.scenario.fields import Size
from sim.scenario.problems import Path, Problem, dotted
from sim.scenario.resolve import payload, touched_pages
from sim.scenario.resolve_operations import MOST_DEVICES, first_devices, most_of_a_kind
from sim.scenario.room import MIB, STEP, Room
from sim.scenario.schema_load import CurvePointSpec, LoadSpec
from sim.scenario.schema_plan import ScenarioSpec
from sim.scenario.schema_world import ClusterSpec, UnitSpec
from sim.units import format_memory, show_memory, show_rate

LARGEST = 1024**4  # VM2000 User Guide: Managing main memory; at most 1 TB
SMALLEST = {"/390": 1 * MIB, "x86": 1024 * MIB}


@dataclass(frozen=True, slots=True)
class World:
    """A scenario as written and as completed, with the places of both.

    Args:
        document: what was written, and where.
        written: the entries that can be used.
        spec: the same, completed.
    """

    document: Document
    written: ScenarioSpec
    spec: ScenarioSpec

    def units(self) -> dict[str, tuple[Path, UnitSpec, ClusterSpec]]:
        """Return the SUs by name with their path and cluster."""
        return {
            name: (("clusters", cluster_name, "units", name), unit, cluster)
            for cluster_name, cluster in self.spec.clusters.items()
            for name, unit in cluster.units.items()
        }

    def entries(self) -> dict[str, str]:
        """Return for every VM the entry of the scenario that it comes from."""
        return {single: name for name, vm in self.written.vms.items() for single in expanded_names(name, vm.count)}

    def at_value(self, path: Path, text: str) -> Problem:
        """Return a problem with the value at a path."""
        return Problem(self.document.value_place(path), dotted(path), text)

    def at_key(self, path: Path, text: str) -> Problem:
        """Return a problem with the entry at a path."""
        return Problem(self.document.key_place(path), dotted(path), text)


def world_problems(world: World) -> list[Problem]:
    """Return why the world of a scenario cannot exist."""
    return [
        *_vm_sizes(world),
        *_unit_sizes(world),
        *_cpus(world),
        *_indexes(world),
        *_device_numbers(world),
        *_sums(world),
        *_loads(world),
        *_curves(world),
        *_links(world),
    ]


def _vm_sizes(world: World) -> Iterator[Problem]:
    units = world.units()
    for name, vm in world.written.vms.items():
        path = ("vms", name)
        yield from _size(world, (*path, "memory"), vm.memory, units[vm.su][2].type)
        if touched_pages(vm) < 1:
            yield world.at_value((*path, "touched"), "leaves no page to send; write a larger share")
        if vm.count > 1 and vm.index is not None:
            yield world.at_value(
                (*path, "index"), f"stands beside 'count: {vm.count}'; remove the index, each VM gets the smallest free one"
            )


def _size(world: World, path: Path, size: int, su_type: str) -> Iterator[Problem]:
    step = STEP[su_type]
    text = world.document.texts.get(path, format_memory(size))
    if size > LARGEST:
        yield world.at_value(path, f"'{text}' is more than VM2000 manages; write at most 1 TiB")
    elif size < SMALLEST[su_type]:
        yield world.at_value(path, f"'{text}' is too small for SU {su_type}; write at least {SMALLEST[su_type] // MIB} MiB")
    elif size % step:
        below, above = size // step * step // MIB, (size // step + 1) * step // MIB
        yield world.at_value(
            path,
            f"'{text}' is no multiple of {step // MIB} MiB, as SU {su_type} needs; write '{below} MiB' or '{above} MiB'",
        )


def _unit_sizes(world: World) -> Iterator[Problem]:
    for path, unit, cluster in world.units().values():
        yield from _size(world, (*path, "monitor", "memory"), unit.monitor.memory or 0, cluster.type)


def _cpus(world: World) -> Iterator[Problem]:
    for path, unit, _ in world.units().values():
        if unit.cpus is None:
            continue
        in_pools = sum(unit.pools.values())
        if in_pools > unit.cpus:
            yield world.at_value((*path, "pools"), f"have {in_pools} CPUs, more than the SU has ({unit.cpus}); lower them, or raise 'cpus'")
        if (unit.monitor.cpus or 0) > unit.cpus:
            yield world.at_value(
                (*path, "monitor", "cpus"), f"{unit.monitor.cpus} CPUs are more than the SU has ({unit.cpus}); lower one or raise the other"
            )


def _indexes(world: World) -> Iterator[Problem]:
    entries = world.entries()
    users: dict[tuple[str, int], list[str]] = defaultdict(list)
    for name, vm in world.spec.vms.items():
        if vm.index is not None:
            users[vm.su, vm.index].append(name)
    for (su, index), names in users.items():
        for second in names[1:]:
            if world.written.vms[entries[second]].count == 1:
                yield world.at_value(
                    ("vms", entries[second], "index"),
                    f"index {index} is used by '{names[0]}' on {su} too; write a free one from {FIRST_INDEX} to {LAST_INDEX}",
                )
    for name, (path, _, _) in world.units().items():
        number = sum(vm.su == name for vm in world.spec.vms.values())
        if number > LAST_INDEX - FIRST_INDEX + 1:
            yield world.at_key(
                path,
                f"has {number} VMs, but only the indexes {FIRST_INDEX} to {LAST_INDEX}; move some of them to another SU",
            )


def _device_numbers(world: World) -> Iterator[Problem]:
    """Refuse more devices than there are mnemonics for."""
    numbers = first_devices(world.spec)
    entries = world.entries()
    for name, vm in world.spec.vms.items():
        if numbers[name] + most_of_a_kind(vm.devices) > MOST_DEVICES:
            yield world.at_key(
                ("vms", entries[name], "devices"),
                f"takes the cluster beyond the {MOST_DEVICES} devices of one kind for which there are mnemonics; write fewer",
            )
            return


def _sums(world: World) -> Iterator[Problem]:
    for name, (path, unit, cluster) in world.units().items():
        guests = [vm.memory for vm in world.spec.vms.values() if vm.su == name]
        room = Room.of(unit, cluster)
        beside = sum(room.needs(size) for size in guests) - sum(guests)
        needed = sum(guests) + beside + room.reserved_bytes
        if needed > room.capacity_bytes:
            own = unit.x2000.memory if unit.x2000 is not None else unit.hypervisor
            yield world.at_value(
                (*path, "memory"),
                f"{format_memory(unit.memory)} are less than the {_exact(needed)} in use: {len(guests)} VMs {_exact(sum(guests))}, "
                f"monitor VM {_exact(unit.monitor.memory or 0)}, {'X2000' if cluster.type == 'x86' else 'hypervisor'} {_exact(own or 0)}"
                f"{f', Xen for its VMs {_exact(beside)}' if beside else ''}; write at least {_exact(needed)} or take VMs away",
            )


def _exact(size: float) -> str:
    return format_memory(size) if size else "0 MiB"


def _sizes(load: LoadSpec) -> list[tuple[Path, Size]]:
    """Return the sizes of a load that have to fit into the memory together."""
    sizes = [(("classes", str(position), "size"), entry.size) for position, entry in enumerate(load.classes or ())]
    sizes += [(("sweeps", str(position), "size"), entry.size) for position, entry in enumerate(load.sweeps or ())]
    sizes += [(("zipf", str(position), "size"), entry.size) for position, entry in enumerate(load.zipf or ())]
    return sizes + ([(("working_set", "size"), load.working_set.size)] if load.working_set is not None else [])


def _loads(world: World) -> Iterator[Problem]:
    """Look at loads that the scenario describes itself; those of the catalogue are scaled down to the VM."""
    for name, vm in world.written.vms.items():
        load = world.written.loads.get(vm.load)
        if load is None:
            continue
        written = sum(size.of(vm.memory) for _, size in _sizes(load))
        written = max([written, *(point.dirty.of(vm.memory) for point in load.curve or ())])
        if written > vm.memory:
            yield world.at_value(
                ("vms", name, "load"),
                f"'{vm.load}' writes {show_memory(written)} in all, the VM has {show_memory(vm.memory)}; "
                "give sizes as shares such as '50 %', or smaller ones",
            )


def _curves(world: World) -> Iterator[Problem]:
    for name, load in world.written.loads.items():
        points = load.curve or ()
        for position, (before, after) in enumerate(pairwise(points), start=1):
            here = ("loads", name, "curve", str(position))
            if after.window <= before.window:
                yield world.at_value((*here, "window"), "is not longer than the window before it; sort the points by window, each one once")
            elif (before.dirty.share is None) != (after.dirty.share is None):
                yield world.at_value((*here, "dirty"), "mixes sizes and shares in one curve; write all points the same way")
            elif _dirty(after) < _dirty(before):
                yield world.at_value(
                    (*here, "dirty"),
                    "is less than in the shorter window before it; distinct pages cannot become fewer, check the measurement",
                )


def _dirty(point: CurvePointSpec) -> float:
    return point.dirty.of(1.0)


def _links(world: World) -> Iterator[Problem]:
    for name, network in world.spec.networks.items():
        if payload(network) < PAGE:
            yield world.at_key(
                ("networks", name),
                f"leaves {show_rate(max(payload(network), 0.0))} for migrations (bandwidth x efficiency - background); "
                "raise the bandwidth or lower the background",
            )
