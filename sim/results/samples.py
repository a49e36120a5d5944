"""The rows of a chunk seen from its replications: one value a replication and question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.columns import OPERATOR_STEP
from sim.results.chunks import Chunk, Codes, Sample, names_of, numbers_of, whole_of
from sim.scenario.objectives import Metric, Objective

NEVER = float("inf")
COMPLETED = ("completed", "completed-with-warnings")
KEYS = ("replication", "step", "vm", "attempt", "outcome")
STEP_KEYS = ("replication", "step")
_PER_VM = {"total": "total_s", "downtime": "downtime_s", "rounds": "rounds", "sent": "sent_bytes"}
_PER_STEP = {"makespan": ("at_s", "makespan_s", "end_s"), "end": ("end_s",)}


def migration_columns(metrics: Iterable[Metric]) -> frozenset[str]:
    """Return the columns of the table of migrations that metrics need, beside `KEYS`."""
    return frozenset(_PER_VM[metric.name] for metric in metrics if metric.name in _PER_VM)


def plan_columns(metrics: Iterable[Metric]) -> frozenset[str]:
    """Return the columns of the table of plans that metrics need, beside `STEP_KEYS`."""
    return frozenset(column for metric in metrics for column in _PER_STEP.get(metric.name, ()))


@dataclass(frozen=True)  # no slots: what is asked several times is kept
class Replications:
    """Some replications with their rows.

    Args:
        chunk: the rows, with `KEYS` of migrations and `STEP_KEYS` of plans; both tables in any order.
    """

    chunk: Chunk

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """The replications, ascending: those that have a step, if only one that finds nothing to move."""
        known = self.chunk.replications
        return np.unique(whole_of(self.chunk.plans["replication"])) if known is None else np.arange(known.start, known.stop, dtype=np.int64)

    @cached_property
    def places(self) -> Codes:
        """For each row of migrations the place of its replication in `numbers`."""
        return self._places(whole_of(self.chunk.migrations["replication"]))

    @cached_property
    def step_places(self) -> Codes:
        """For each row of plans the place of its replication in `numbers`."""
        return self._places(whole_of(self.chunk.plans["replication"]))

    @cached_property
    def steps(self) -> tuple[list[str], Codes]:
        """Names of the steps, and which one each row of migrations is of."""
        return names_of(self.chunk.migrations["step"])

    @cached_property
    def vms(self) -> tuple[list[str], Codes]:
        """Names of the VMs, and which one each row of migrations is of."""
        return names_of(self.chunk.migrations["vm"])

    @cached_property
    def outcomes(self) -> tuple[list[str], Codes]:
        """Outcomes, and which one each row of migrations has."""
        return names_of(self.chunk.migrations["outcome"])

    @cached_property
    def final(self) -> NDArray[np.bool_]:
        """Which rows are the last attempt of a VM in a step of a replication: what the plan left behind."""
        attempts = whole_of(self.chunk.migrations["attempt"])
        steps, vms = self.steps, self.vms
        keys = (self.places.astype(np.int64) * len(steps[0]) + steps[1]) * len(vms[0]) + vms[1]
        tried = keys * (1 + int(attempts.max(initial=0))) + attempts
        if (tried[1:] > tried[:-1]).all():
            order = None  # already so: as the engine writes them where each step has one VM, or VMs in the order of their names' codes
        else:
            order = np.argsort(tried, kind="stable")  # nearly sorted, which this sort turns into nearly linear time
            keys = keys[order]
        last = np.ones(len(keys), dtype=bool)
        last[:-1] = keys[1:] != keys[:-1]
        if order is None:
            return last
        final = np.empty_like(last)
        final[order] = last
        return final

    @cached_property
    def planned(self) -> NDArray[np.bool_]:
        """Which rows are of the plan; the others are migrations for which operators gave the command."""
        names, codes = self.steps
        return np.array([*(name != OPERATOR_STEP for name in names), False])[codes]

    @cached_property
    def planned_final(self) -> NDArray[np.bool_]:
        """Which rows are the last attempt of a VM in a step of the plan."""
        return self.final if OPERATOR_STEP not in self.steps[0] else self.final & self.planned

    @cached_property
    def completed(self) -> NDArray[np.bool_]:
        """Which rows are completed migrations, with or without warnings."""
        return self.has_outcome(*COMPLETED)

    @cached_property
    def failed(self) -> NDArray[np.bool_]:
        """Which replications leave a VM behind: one whose last attempt in a step of the plan was not completed."""
        return self.has(self.planned_final & ~self.completed)

    def has_outcome(self, *outcomes: str) -> NDArray[np.bool_]:
        """Return which rows of migrations have one of these outcomes."""
        return one_of(self.outcomes, outcomes)

    def has(self, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which replications have one of these rows of migrations."""
        return np.bincount(self.places[rows], minlength=len(self.numbers)) > 0

    def _places(self, replications: NDArray[np.int64]) -> Codes:
        numbers = self.numbers
        if len(numbers) and numbers[-1] - numbers[0] == len(numbers) - 1:  # without a gap, as parts are
            return np.asarray(replications - numbers[0], dtype=np.int32)
        return np.asarray(np.searchsorted(numbers, replications), dtype=np.int32)


def left_behind(seen: Replications) -> dict[str, float]:
    """Return the VMs that the plan leaves behind in some replications, and in which share of these; most often left behind first."""
    names, codes = seen.vms
    rows = seen.planned_final & ~seen.completed
    once = np.unique(seen.places[rows].astype(np.int64) * len(names) + codes[rows]) % max(1, len(names))
    counts = np.bincount(once, minlength=len(names)).tolist()
    return {
        name: count / len(seen.numbers)
        for count, name in sorted(zip(counts, names, strict=True), key=lambda each: (-each[0], each[1]))
        if count
    }


def one_of(coded: tuple[list[str], Codes], wanted: Iterable[str]) -> NDArray[np.bool_]:
    """Return which rows of a coded column have one of these names."""
    names, codes = coded
    wanted = frozenset(wanted)
    # One place more, for the code -1 of a row without a name: it is the last one.
    return np.array([*(name in wanted for name in names), False])[codes]


def sample_of(metric: Metric, seen: Replications) -> Sample:
    """Return the metric, one value a replication; +inf where a VM that it looks at was not migrated.

    `makespan` and `end` look at the step, or at the whole plan. `total`, `downtime` and `rounds` look at a VM, or take the largest of
    the VMs of the step or the plan; `sent` adds their bytes, all attempts. A step that finds nothing to move has no rows: nothing
    was sent, nobody stood still, nothing failed. Migrations for which operators gave the command count where a VM is named: what was
    not named is the plan's. A VM that arrived with warnings was migrated; one whose guest was lost was not.

    Args:
        metric: what is asked.
        seen: the replications; their rows with the columns of `migration_columns` and `plan_columns`.
    """
    if metric.name in _PER_STEP:
        return _of_steps(metric, seen)
    final, places = seen.final, seen.places
    # A guest that did not run has no downtime: nobody stood still.
    found = np.nan_to_num(numbers_of(seen.chunk.migrations[_PER_VM[metric.name]]), nan=0.0, posinf=NEVER, neginf=-NEVER)
    values = np.zeros(len(seen.numbers))
    if not metric.of and metric.name != "sent":  # as below, without a choice of rows: every summary asks for it
        np.maximum.at(values, places, np.where(seen.planned_final, found, 0.0))
        return np.where(seen.failed, NEVER, values)
    chosen = one_of(seen.vms, [metric.of]) | one_of(seen.steps, [metric.of]) if metric.of else seen.planned
    if metric.name == "sent":
        np.add.at(values, places[chosen], found[chosen])
    else:
        np.maximum.at(values, places[chosen & final], found[chosen & final])
    return np.where(seen.has(chosen & final & ~seen.completed), NEVER, values)


def outcome_of(objective: Objective, seen: Replications) -> NDArray[np.bool_]:
    """Return for each replication whether `share(outcome)` counts it.

    `completed` counts a replication in which every VM of the plan was completed, with or without warnings; any other outcome one in
    which some VM had it at last, in the plan or by an operator's command.
    """
    if objective.outcome == "completed":
        return ~seen.failed
    return seen.has(seen.final & seen.has_outcome(objective.outcome))


def _of_steps(metric: Metric, seen: Replications) -> Sample:
    """Return makespan or end of a step, or of the plan: from the first begin to the last end."""
    plans, places = seen.chunk.plans, seen.step_places
    end = np.full(len(seen.numbers), -NEVER)
    if metric.of:
        rows = one_of(names_of(plans["step"]), [metric.of])
        end[places[rows]] = numbers_of(plans["makespan_s" if metric.name == "makespan" else "end_s"])[rows]
        return end
    np.maximum.at(end, places, numbers_of(plans["end_s"]))
    if metric.name == "end":
        return end
    begin = np.full(len(seen.numbers), NEVER)
    np.minimum.at(begin, places, numbers_of(plans["at_s"]))
    return np.asarray(end - begin)
