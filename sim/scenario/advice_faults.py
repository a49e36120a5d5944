"""Warn of faults that no migration can ever meet, and of those that never let one through."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.problems import Path, Problem
from sim.scenario.resolve import first_second, seconds_from_midnight
from sim.scenario.schema_operations import FaultSpec, MomentSpec
from sim.scenario.world import World
from sim.units import format_clock, format_time

SEEN_AT_ONCE = ("crash", "agent")  # kinds that break a migration in the moment in which they begin
ON_TARGETS = ("resources", "disks")  # kinds that befall the SU to which a VM comes

NEARLY_ALWAYS = 0.99  # beyond it a rounded share would read as all of the time


def fault_warnings(world: World) -> Iterator[Problem]:
    """Yield what is hardly meant about the faults of a scenario; nothing about those that are switched off."""
    # Operators may give the command for any migration at any time, so that beside them nobody knows what a fault meets.
    alone = not world.spec.operators
    for name, fault in world.spec.faults.items():
        if fault.chance == 0:
            continue
        path = ("faults", name)
        if alone:
            yield from _elsewhere(world, path, fault)
            yield from _too_early(world, path, fault)
        yield from _how_long(world, path, fault)


def _elsewhere(world: World, path: Path, fault: FaultSpec) -> Iterator[Problem]:
    """Warn of a VM that does not migrate, and of a place where no migration passes."""
    if isinstance(fault.at, MomentSpec) and fault.at.vm not in _moved(world):
        yield world.at_value((*path, "at", "vm"), f"no step migrates '{fault.at.vm}', so that the fault never happens")
        return
    sources, targets = _passed(world)
    here = (*path, fault.kind)
    if fault.kind == "link":
        networks = {cluster.network for unit, (_, _, cluster) in world.units().items() if unit in sources | targets}
        if fault.place not in networks:
            yield world.at_value(here, f"no step migrates over '{fault.place}', so that the fault changes nothing")
    elif fault.kind in ON_TARGETS and fault.place not in targets:
        yield world.at_value(here, f"no step migrates to '{fault.place}', so that the fault changes nothing; name the target")
    elif fault.kind != "crash" and fault.place not in sources | targets:
        yield world.at_value(here, f"no step migrates from '{fault.place}' or to it, so that the fault changes nothing")
    elif fault.kind == "disks" and not any(world.spec.vms[vm].devices.disks for vm in _moved(world)):
        yield world.at_value(here, "no VM that migrates has disks, so that the fault changes nothing; write 'devices: {disks: 8}'")


def _too_early(world: World, path: Path, fault: FaultSpec) -> Iterator[Problem]:
    """Warn of a fault that is over before the first step begins; what a crash leaves behind outlasts it."""
    lasts = fault.lasts
    if not isinstance(fault.at, int) or lasts is None or lasts.cv or lasts.p95 is not None or fault.kind == "crash":
        return
    first = first_second(world.spec)
    begin = min((seconds_from_midnight(step.at or 0, first) for step in world.spec.plan.values()), default=first)
    if seconds_from_midnight(fault.at, first) + lasts.median < begin:
        yield world.at_value(
            (*path, "at"), f"the fault is over before the first step begins ({format_clock(begin)}), so that nothing meets it"
        )


def _how_long(world: World, path: Path, fault: FaultSpec) -> Iterator[Problem]:
    if fault.lasts is None:
        return
    lasts, here = fault.lasts.median, (*path, "for")
    if lasts == 0 and fault.kind not in SEEN_AT_ONCE:
        yield world.at_value(here, "is 0 s, so that nothing meets the fault; write how long it lasts, or no 'for' where it is for good")
    elif fault.every is not None and lasts >= fault.every:
        share = lasts / (lasts + fault.every)
        told = "nearly always" if share > NEARLY_ALWAYS else f"{100 * share:.0f} % of the time"
        yield world.at_value(
            here,
            f"is {format_time(lasts)}, and {format_time(fault.every)} after its end the next one begins: the fault is there {told}; "
            "'every' is the mean time from the end of one to the next",
        )


def _passed(world: World) -> tuple[set[str], set[str]]:
    """Return the SUs from which and to which steps migrate; a VM that an earlier step moved leaves from the target of that step."""
    sources: set[str] = set()
    for step in world.spec.plan.values():
        sources.add(step.drain if step.drain is not None else world.spec.vms[step.migrate or ""].su)
    return sources, {step.to for step in world.spec.plan.values()}


def _moved(world: World) -> set[str]:
    """Return the VMs that a step may migrate: named, or in the cluster of an SU that is drained."""
    clusters = {unit: path[1] for unit, (path, _, _) in world.units().items()}
    moved: set[str] = set()
    for step in world.spec.plan.values():
        if step.migrate is not None:
            moved.add(step.migrate)
        elif step.drain is not None:
            listed = step.order if isinstance(step.order, tuple) else tuple(world.spec.vms)
            moved |= {vm for vm in listed if clusters[world.spec.vms[vm].su] == clusters[step.drain]}
    return moved
