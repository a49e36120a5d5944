"""Warn of what will reject every migration of an SU or a cluster, and of operators and faults that come to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.advice_commands import Known, command_warnings
from sim.scenario.advice_faults import fault_warnings
from sim.scenario.problems import Path, Problem
from sim.scenario.resolve import seconds_from_midnight
from sim.scenario.resolve_operations import device_sets
from sim.scenario.schema_world import ClusterSpec, UnitSpec
from sim.scenario.world import World
from sim.units import format_clock, format_memory
from sim.vm2000.cpus import STDPOOL
from sim.vm2000.devices import CONSOLE


def operation_warnings(world: World) -> list[Problem]:
    """Return what the prerequisites, the operators and the faults of a scenario come to, where that is hardly meant."""
    return [
        *_clusters(world),
        *_units(world),
        *_unknown_devices(world),
        *_pools(world),
        *_retries(world),
        *_operators(world),
        *_faults(world),
    ]


def _clusters(world: World) -> Iterator[Problem]:
    for name, cluster in world.spec.clusters.items():
        path = ("clusters", name)
        if not cluster.active:
            yield world.at_value((*path, "active"), f"is false, so that every migration in '{name}' will be rejected")
        modes = {unit.mode for unit in cluster.units.values()}
        if len(modes) > 1:
            found = ", ".join(f"{unit} {entry.mode}" for unit, entry in cluster.units.items())
            yield world.at_key(
                (*path, "units"), f"have different operating modes ({found}), so that migrations between those that differ will be rejected"
            )


def _units(world: World) -> Iterator[Problem]:
    """Warn of SUs from which and to which nothing can migrate."""
    for path, unit, cluster in world.units().values():
        every = f"every migration from '{path[-1]}' or to it will be rejected"
        if unit.reconfiguring:
            yield world.at_value((*path, "reconfiguring"), f"is true, so that {every}")
        for where, found, needed, name in _sizes(unit, cluster):
            if found < needed:
                yield world.at_value(
                    (*path, *where), f"is below the {format_memory(needed)} that migrations need (parameter {name}), so that {every}"
                )


def _sizes(unit: UnitSpec, cluster: ClusterSpec) -> Iterator[tuple[Path, int, int, str]]:
    """Yield what the check compares: place below the SU, size, least size, parameter."""
    parameters = cluster.parameters
    if cluster.type == "/390":
        yield ("hypervisor",), unit.hypervisor or 0, parameters.hypervisor_need or 0, "hypervisor_need"
    yield ("monitor", "memory"), unit.monitor.memory or 0, parameters.monitor_need or 0, "monitor_need"


def _unknown_devices(world: World) -> Iterator[Problem]:
    """Warn of mnemonics of an SU that no VM of its cluster has."""
    units = world.units()
    if not any(unit.not_generated or unit.exclusive for _, unit, _ in units.values()):
        return
    known: dict[str, set[str]] = {}
    for name, devices in device_sets(world.spec).items():
        known.setdefault(units[world.spec.vms[name].su][0][1], {CONSOLE}).update(device for device, _ in devices.all)
    for path, unit, _ in units.values():
        for key, listed in (("not_generated", unit.not_generated or ()), ("exclusive", unit.exclusive)):
            for position, device in enumerate(listed):
                if device not in known.get(path[1], set()):
                    yield world.at_value(
                        (*path, key, str(position)),
                        f"no VM of cluster '{path[1]}' has a device '{device}', so that it changes nothing; `migr explain` names them",
                    )


def _pools(world: World) -> Iterator[Problem]:
    units = world.units()
    for name, vm in world.written.vms.items():
        if vm.pool != STDPOOL and vm.pool not in units[vm.su][1].pools:
            yield world.at_value(("vms", name, "pool"), f"'{vm.su}' has no CPU pool '{vm.pool}'; the VM is in {STDPOOL} there")


def _retries(world: World) -> Iterator[Problem]:
    for name, step in world.spec.plan.items():
        if step.on_abort.retry_rejected and not step.on_abort.retries:
            yield world.at_value(("plan", name, "on_abort", "retry_rejected"), "changes nothing without retries; write 'retries: 1' too")


def _operators(world: World) -> Iterator[Problem]:
    known = Known.of_world(world)
    for position, entry in enumerate(world.spec.operators):
        path = ("operators", str(position))
        yield from _outside(world, (*path, "at"), entry.at)
        for text in command_warnings(entry.command, entry.console, known):
            yield world.at_value((*path, "command"), text)


def _faults(world: World) -> Iterator[Problem]:
    for name, fault in world.spec.faults.items():
        if isinstance(fault.at, int) and fault.chance != 0:
            yield from _outside(world, ("faults", name, "at"), fault.at)
    yield from fault_warnings(world)


def _outside(world: World, path: Path, clock: int) -> Iterator[Problem]:
    """Warn of a clock time at which the window is over."""
    window = world.spec.window
    if window is None:
        return
    if seconds_from_midnight(clock, window.begin) >= seconds_from_midnight(window.until, window.begin):
        yield world.at_value(
            path, f"is {format_clock(clock)} of the next day, when the window is over (until {format_clock(window.until)})"
        )
