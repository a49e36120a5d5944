"""Which points lockstep covers: those in which no two transfers can ever share a port of a network or a monitor CPU.

Decided from plan and topology before the run, never in a replication: a plan whose transfers hardly ever meet is refused too.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from sim.engine.lockstep.fields import refused_fields
from sim.engine.site import ports
from sim.errors import ModelError
from sim.scenario.point import Point, Unit


class Way(NamedTuple):
    """A migration that a step of the plan may execute."""

    step: int
    vm: str
    source: str
    target: str

    @property
    def shown(self) -> str:
        """The migration as people write it."""
        return f"{self.vm} {self.source} -> {self.target}"


@dataclass(frozen=True, slots=True)
class Group:
    """Steps that may meet: at an SU, a port of a network or a VM; other steps they never meet.

    Args:
        steps: their places in the plan, ascending.
        ways: all migrations that they may execute.
    """

    steps: tuple[int, ...]
    ways: tuple[Way, ...]

    @property
    def in_turn(self) -> bool:
        """Whether their migrations always run one after the other: VM2000 runs one outgoing migration a source SU, and one a VM."""
        return _in_turn(self.ways)

    def why_not(self, point: Point) -> str:
        """Return where two migrations of the group can meet, for people."""
        units = {unit.name: unit for unit in point.units}
        users: dict[Hashable, list[Way]] = {}
        for way in self.ways:
            for thing in _used(units, way):
                users.setdefault(thing, []).append(way)
        for thing, ways in users.items():
            if not _in_turn(ways):
                return f"{_two(point, ways)} can meet {_where(thing)}"
        # Nothing is shared by any two that may run at once, but a third one depends on both.
        return f"{_two(point, self.ways)} can run at once and are tied together by others of the plan"


def refusals(point: Point) -> list[str]:
    """Return why lockstep does not cover a point, one sentence a reason; nothing when it does."""
    found = [f"only the SimPy engine simulates the field {path}" for path in refused_fields(point)]
    for group in groups(point):
        found += [group.why_not(point)] if not group.in_turn else list(_ties(point, group))
    return found


def groups(point: Point) -> list[Group]:
    """Return the steps of the plan in groups that never meet, in the order of the plan."""
    by_step: dict[int, list[Way]] = {place: [] for place in range(len(point.steps))}
    units = {unit.name: unit for unit in point.units}
    for way in ways(point):
        by_step[way.step].append(way)
    found: list[tuple[set[int], set[Hashable]]] = []
    for place, mine in by_step.items():
        steps, uses = {place}, {thing for way in mine for thing in _used(units, way)}
        apart = []
        for others, theirs in found:
            if uses & theirs:
                steps |= others
                uses |= theirs
            else:
                apart.append((others, theirs))
        found = [*apart, (steps, uses)]
    ordered = sorted(tuple(sorted(steps)) for steps, _ in found)
    return [Group(steps, tuple(way for place in steps for way in by_step[place])) for steps in ordered]


def ways(point: Point) -> list[Way]:
    """Return every migration that the plan may execute, wherever earlier steps have left the VMs: more than will ever happen, none less."""
    where = {vm.name: {vm.unit} for vm in point.vms}
    found: set[Way] = set()
    while True:
        more = set(_next_ways(point, where)) - found
        if not more:
            return sorted(found)
        found |= more
        for way in more:
            where[way.vm].add(way.target)


def _next_ways(point: Point, where: dict[str, set[str]]) -> Iterator[Way]:
    for place, step in enumerate(point.steps):
        for vm, units in where.items():
            if step.vm in {"", vm} and (not step.sequence or vm in step.sequence):
                for unit in sorted(units - {step.to}):
                    if step.drain in {"", unit}:
                        yield Way(place, vm, unit, step.to)


def _used(units: Mapping[str, Unit], way: Way) -> Iterator[Hashable]:
    """Yield what a migration has for itself in lockstep: the VM, both SUs, both ports."""
    yield "vm", way.vm
    yield "unit", way.source
    yield "unit", way.target
    yield from ports(units[way.source], units[way.target])


def _ties(point: Point, group: Group) -> Iterator[str]:
    """Yield the steps that may ask in the very instant in which another migration ends.

    Who waits loses nothing by it; who does not is rejected or not, as the events of that instant come: lockstep does not know their order.
    """
    checks = {cluster.name: cluster.costs.check for cluster in point.clusters}
    clusters = {unit.name: unit.cluster for unit in point.units}
    if len({way.step for way in group.ways}) < 2:
        return
    for step in (point.steps[place] for place in group.steps):
        cluster = clusters[step.to]
        check = checks[cluster]
        if step.when_busy == "reject" and (check.sigma == 0.0 or check.median_s == 0.0):
            yield (
                f"step '{step.name}' does not wait for others (when_busy: reject), and the check always takes the same time: it may ask in "
                "the very instant in which another migration ends; with a spread of the check, such as "
                f"'clusters.{cluster}.parameters.check: {{median: 1 s, cv: 15 %}}', that cannot be"
            )


def _in_turn(ways: Sequence[Way]) -> bool:
    return len({way.source for way in ways}) < 2 or len({way.vm for way in ways}) < 2


def _two(point: Point, ways: Sequence[Way]) -> str:
    """Return the first two migrations that may run at once, with their steps."""
    first, other = next(pair for pair in combinations(ways, 2) if pair[0].source != pair[1].source and pair[0].vm != pair[1].vm)
    places = sorted({first.step, other.step})
    steps = f"step{'s' * (len(places) > 1)} {' and '.join(repr(point.steps[place].name) for place in places)}"
    return f"{steps}: the transfers {first.shown} and {other.shown}"


def _where(thing: Hashable) -> str:
    """Return what `_used` yields in a planner's words."""
    match thing:
        case ("unit", name):
            return f"at SU {name}"
        case (link, "out", place):
            return f"on network {link}, out of {place}"
        case (link, _in, place):
            return f"on network {link}, into {place}"
    raise ModelError(f"{thing} is nothing that two VMs share")
