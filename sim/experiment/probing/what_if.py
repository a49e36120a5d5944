"""What other values would do to the objectives of a point: its first replications once more, with the same random draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sim.engine.site import Site
from sim.experiment.execution.engines import choose
from sim.experiment.probing.again import BY_SIMPY, first_rows, seen_first
from sim.experiment.probing.convergence_map import goes_on
from sim.results.verdicts import judged_at_once
from sim.scenario.load import Loaded, changed
from sim.scenario.objectives import Objective
from sim.scenario.resolve import first_second

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

MOST_MIGRATIONS = 1024  # of a change that SimPy computes: a second or two


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of an objective without and with other values, in the same replications.

    Args:
        replications: how many.
        before: as summary.json has an objective.
        after: likewise.
    """

    replications: int
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Simulated:
    """Some first replications of a point.

    Args:
        replications: how many; 0 where simulating them takes too long.
        rows: their migrations and plans.
        clock_from: second of the day from which its night counts.
    """

    replications: int
    rows: Mapping[str, pa.Table]
    clock_from: float

    def judged(self, objective: Objective, number: int) -> dict[str, Any]:
        """Return what became of an objective in the first `number` of them, as summary.json has it."""
        return judged_at_once([objective], self.clock_from, seen_first(self.rows, number))[objective.text]


class WhatIf:
    """A point whose values are changed on trial; each change is simulated once.

    Args:
        loaded: the scenario of a result folder.
        place: of the point.
        replications: how many of its first replications are known without a change.
        rows: their migrations and plans.
    """

    def __init__(self, loaded: Loaded, place: int, replications: int, rows: Mapping[str, pa.Table]) -> None:
        self._loaded, self._place = loaded, place
        self._before = _Simulated(replications, rows, first_second(loaded.completed[place]))
        self._changed: dict[tuple[str, ...], Loaded] = {}
        self._after: dict[tuple[str, ...], _Simulated] = {}

    def of(self, objective: Objective, overrides: Sequence[str]) -> Difference | None:
        """Return what a change does to an objective; None where computing that takes too long for a report.

        Args:
            objective: any.
            overrides: `PATH=VALUE` texts.

        Raises:
            ScenarioError: the scenario cannot have these values.
        """
        key = tuple(overrides)
        if key not in self._after:
            self._after[key] = self._simulated(key)
        after, number = self._after[key], self._after[key].replications
        return Difference(number, self._before.judged(objective, number), after.judged(objective, number)) if number else None

    def same_as(self, overrides: Sequence[str]) -> str | None:
        """Return the name of the point that a change leads to; None where it is a new one.

        Raises:
            ScenarioError: the scenario cannot have these values.
        """
        other = self._with(tuple(overrides)).points[0]
        return next((point.name for point in self._loaded.points if replace(other, name=point.name) == point), None)

    def _with(self, overrides: tuple[str, ...]) -> Loaded:
        """Return the point with other values; they are read once, whatever is asked about them."""
        if overrides not in self._changed:
            self._changed[overrides] = changed(self._loaded, self._place, overrides)
        return self._changed[overrides]

    def _simulated(self, overrides: tuple[str, ...]) -> _Simulated:
        other = self._with(overrides)
        site, clock_from = Site.of(other.points[0]), first_second(other.completed[0])
        engine, number = choose(site.point).engine, self._before.replications
        if engine == "simpy":
            number = min(number, BY_SIMPY)
            number = number if number * len(site.point.vms) <= MOST_MIGRATIONS else 0
        if not number or any(goes_on(cluster.policy) for cluster in site.clusters.values()):
            return _Simulated(0, {}, clock_from)
        return _Simulated(number, first_rows(site, engine, number, rounds=False), clock_from)
