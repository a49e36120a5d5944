"""How much the answer moves when an assumed number is 20 % off: a block of replications for each, with the same random draws."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.lockstep.coverage import refusals
from sim.engine.site import Site
from sim.experiment.identity import RESULTS_VERSION, question_hash
from sim.model.draws import BLOCK
from sim.scenario.assumed import Assumed, assumed_numbers, no_numbers, scaled
from sim.scenario.facts import Fact, FactList
from sim.scenario.load import Loaded
from sim.scenario.objectives import Metric, parse_objective
from sim.scenario.point import Point
from sim.scenario.resolve import first_second, resolved
from sim.scenario.room import Room
from sim.scenario.schema_plan import ScenarioSpec
from sim.scenario.sweep import variant_of

if TYPE_CHECKING:
    import pyarrow as pa

    from sim.experiment.execution.engines import Engine
    from sim.results.chunks import Sample

EFFECTS = "assumptions.json"
FORMAT = 3  # raise it whenever the file gets or loses entries: readers ask for a new one instead of guessing
CASES = {"less": 0.8, "more": 1.2}
METRICS = {"makespan_s": Metric("makespan"), "downtime_s": Metric("downtime")}
Q = 0.9
MOST_POINTS = 4  # two SU types, with and without something: those whose figures a report draws
# SimPy needs about a millisecond a migration: so many a variation keep it to a minute. An interval of p90 needs 36 replications.
MIGRATIONS_BY_SIMPY, MOST_BY_SIMPY, FEWEST = 1024, 128, 36

Tick = Callable[[int, int], None]  # variations done, in all
Samples = dict[str, "Sample"]


@dataclass(frozen=True, slots=True)
class _Case:
    """A point in which some numbers are larger or smaller; None where that leaves it as it is, or makes a world that cannot be."""

    point: Point | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The first replications of a point.

    Args:
        samples: of each metric, shape (replications,).
        objectives: as they were written, with what became of them as summary.json has it.
        left_behind: VMs that are not brought over in some replications, with the share of these; most often left behind first.
    """

    samples: Samples
    objectives: dict[str, dict[str, Any]]
    left_behind: dict[str, float]

    @property
    def completed(self) -> float:
        """Share of replications in which every VM was brought over; in others the makespan has no end."""
        return float(np.isfinite(self.samples["makespan_s"]).mean())


def effects(loaded: Loaded, tick: Tick = lambda _done, _total: None) -> dict[str, Any]:
    """Return what `assumptions.json` holds: of some points every assumed number, and p90 with 20 % less and 20 % more of it.

    Args:
        loaded: the scenario, as it was written: one with all defaults written out assumes hardly anything any more.
        tick: is told how many variations are computed.
    """
    places = first_points(loaded)
    numbers = {place: assumed_numbers(loaded.facts[place]) for place in places}
    total, done = sum(len(each) for each in numbers.values()), 0
    tick(done, total)
    by_simpy = sum(bool(refusals(loaded.points[place])) for place in places)
    points = []
    for place in places:
        entries = []
        weigh = _Weighing(loaded, place, max(1, by_simpy))
        for assumed in numbers[place]:
            entries.append(weigh.entry(assumed))
            done += 1
            tick(done, total)
        points.append(weigh.head() | {"numbers": entries, "no_numbers": no_numbers(loaded.facts[place])})
    return {"format": FORMAT, "results_version": RESULTS_VERSION, "question": question_hash(loaded.points), "q": Q, "points": points}


def effects_text(found: dict[str, Any]) -> str:
    """Return the content of `assumptions.json`."""
    return json.dumps(found, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def is_current(found: dict[str, Any], facts: dict[str, Any]) -> bool:
    """Tell whether stored effects are those of the results beside them.

    Args:
        found: of `assumptions.json`.
        facts: of `run.json`.
    """
    return found.get("format") == FORMAT and all(found.get(key) == facts.get(key) for key in ("results_version", "question"))


def as_assumed(point: Mapping[str, Any], case: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return share and objectives, as assumed, against which a case is held: those of the same replications.

    Args:
        point: of `assumptions.json`.
        case: less or more of one of its numbers; SimPy computes fewer replications of it where only the point itself is lockstep's.
    """
    found: Mapping[str, Any] = case.get("as_assumed", point)
    return found


def first_points(loaded: Loaded) -> list[int]:
    """Return the places of the points that are weighed: where something is swept the first one of each variant."""
    if not any(loaded.settings):
        return list(range(len(loaded.points)))[:MOST_POINTS]
    found: dict[str, int] = {}
    for place, (point, settings) in enumerate(zip(loaded.points, loaded.settings, strict=True)):
        found.setdefault(variant_of(point.name, settings), place)
    return list(found.values())[:MOST_POINTS]


class _Weighing:
    """A point and its first replications, against which variations are set.

    Args:
        loaded: the scenario.
        place: of the point.
        by_simpy: how many points SimPy computes, which share the time.
    """

    def __init__(self, loaded: Loaded, place: int, by_simpy: int) -> None:
        self._loaded, self._place, self._by_simpy = loaded, place, by_simpy
        self._point = loaded.points[place]
        self._engine: Engine = "simpy" if refusals(self._point) else "lockstep"
        self._replications = _fewer(self._point, by_simpy) if self._engine == "simpy" else BLOCK
        self._rows = self._simulated(self._point, self._engine, self._replications)
        self._base = self._seen(self._rows, self._replications)

    def head(self) -> dict[str, Any]:
        """Return what is said of the point itself."""
        from sim.results.statistics import quantile, quantile_interval  # noqa: PLC0415 - scipy only when something is computed

        base = {}
        for name, sample in self._base.samples.items():
            interval = quantile_interval(sample, Q)
            base[name] = {"value": _told(quantile(sample, Q)), "low": _told(interval.low), "high": _told(interval.high)}
        head = {"point": self._point.name, "engine": self._engine, "replications": self._replications}
        return head | {"completed": self._base.completed, "objectives": self._base.objectives, "base": base}

    def entry(self, assumed: Assumed) -> dict[str, Any]:
        """Return what becomes of p90 when these numbers are smaller, and larger."""
        values = list(dict.fromkeys(f"{fact.path} {fact.value_text}" for fact in assumed.facts))
        cases = {name: self._weighed(_case(self._loaded, self._place, assumed, factor)) for name, factor in CASES.items()}
        return {"tag": assumed.tag, "what": assumed.what, "values": values, **cases}

    def _weighed(self, case: _Case) -> dict[str, Any]:
        note = {"note": case.note} if case.note else {}
        if case.point is None:
            return note
        if case.point == self._point:
            return self._entry(self._base) | note
        engine: Engine = "simpy" if refusals(case.point) else "lockstep"
        count = self._replications if engine == self._engine else min(self._replications, _fewer(case.point, self._by_simpy))
        return self._entry(self._seen(self._simulated(case.point, engine, count), count)) | note

    def _entry(self, changed: _Seen) -> dict[str, Any]:
        """Return a case against the first replications of the point, as many as it has; with what these are where they are not all."""
        count = len(changed.samples["makespan_s"])
        base = self._base if count == self._replications else self._seen(self._rows, count)
        moved = {name: _moved(base.samples[name], changed.samples[name]) for name in METRICS}
        found = {"replications": count, "completed": changed.completed, "left_behind": changed.left_behind}
        of_as_many = {"as_assumed": {"completed": base.completed, "objectives": base.objectives}} if base is not self._base else {}
        return found | {"objectives": changed.objectives, **moved, **of_as_many}

    def _simulated(self, point: Point, engine: Engine, count: int) -> Mapping[str, pa.Table]:
        """Return the rows of the first replications of the point, or of one whose numbers were changed."""
        from sim.experiment.probing.again import first_rows  # noqa: PLC0415 - commands that weigh nothing start without pyarrow

        return first_rows(Site.of(point), engine, count, rounds=False)

    def _seen(self, rows: Mapping[str, pa.Table], count: int) -> _Seen:
        """Return what came of the first of these replications."""
        from sim.experiment.probing.again import seen_first  # noqa: PLC0415 - as above
        from sim.results.samples import left_behind, sample_of  # noqa: PLC0415 - as above
        from sim.results.verdicts import judged_at_once  # noqa: PLC0415 - as above

        seen = seen_first(rows, count)
        scenario = self._loaded.completed[self._place]
        judged = judged_at_once(map(parse_objective, scenario.objectives), first_second(scenario), seen)
        return _Seen({name: sample_of(metric, seen) for name, metric in METRICS.items()}, judged, left_behind(seen))


def _moved(base: Sample, changed: Sample) -> dict[str, Any]:
    """Return p90 of the changed sample, and by how much it differs with its paired interval."""
    from sim.results.differences import quantile_difference  # noqa: PLC0415 - as above
    from sim.results.statistics import quantile  # noqa: PLC0415 - as above

    if np.array_equal(base, changed):  # not one replication moved: no chance is left that p90 does
        return {"value": _told(quantile(changed, Q)), "difference": 0.0, "low": 0.0, "high": 0.0}
    found = quantile_difference(base, changed, Q, paired=True)
    return {"value": _told(quantile(changed, Q)), "difference": _told(found.value), "low": _told(found.low), "high": _told(found.high)}


def _told(value: float | None) -> float | str | None:
    """Return a number as JSON has it: an infinite one is "never", a difference from what never ends "-never"."""
    if value is None or math.isfinite(value):
        return value
    return "never" if value > 0 else "-never"


def _case(loaded: Loaded, place: int, assumed: Assumed, factor: float) -> _Case:
    facts: Sequence[Fact] = loaded.facts[place]
    spec, capped = scaled(loaded.completed[place], assumed, facts, factor)
    full = next(_overfull(spec), "")
    if full:
        return _Case(None, f"the VMs of SU {full} do not fit into its memory any more")
    point = resolved(spec, loaded.points[place].name, FactList(loaded.document))
    note = "" if not capped else "100 % is the most" if point == loaded.points[place] else "where it would pass 100 % it is 100 %"
    return _Case(_same_names(point, loaded.points[place]), note)


def _same_names(point: Point, base: Point) -> Point:
    """Return a point whose loads are called as in the base: a load that was copied for one VM has a name of its own."""
    vms = zip(point.vms, base.vms, strict=True)
    return replace(point, vms=tuple(replace(vm, load=replace(vm.load, name=of.load.name)) for vm, of in vms))


def _overfull(spec: ScenarioSpec) -> Iterator[str]:
    """Yield the SUs whose VMs do not fit at the start."""
    for cluster in spec.clusters.values():
        for name, unit in cluster.units.items():
            room = Room.of(unit, cluster)
            if sum(room.needs(vm.memory) for vm in spec.vms.values() if vm.su == name) + room.reserved_bytes > room.capacity_bytes:
                yield name


def _fewer(point: Point, points: int) -> int:
    """Return how many replications of a point SimPy computes for a variation, where it computes so many points."""
    return max(FEWEST, min(MOST_BY_SIMPY, MIGRATIONS_BY_SIMPY // (points * max(1, len(point.vms)))))
