"""How long the steps of a plan take: extent, order statistics and counts between given edges, all exact, read chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.results.chunks import Chunks, Sample
from sim.results.entries import QUANTILES, number
from sim.results.order_statistics import Selection
from sim.results.samples import STEP_KEYS, Replications, plan_columns, sample_of
from sim.results.statistics import interval_ranks, quantile_rank, replications_needed
from sim.scenario.objectives import Metric

PLAN = ""  # stands for the whole plan: from the begin of its first step to the end of its last one; no step has this name
REACHED = QUANTILES | {"p95": 0.95}
_CONFIDENCE = 0.95

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Makespans:
    """The makespans of a step in all replications.

    Args:
        step: its name; `PLAN` for the whole plan.
        n: replications.
        never: those in which it never ends, because a VM is not on its target.
        low, high: the shortest and the longest of the others, seconds; NaN where there is none.
        quantiles: p50, p90, p95 and p99 of all, as summary.json has them: value, low, high, replications_needed.
    """

    step: str
    n: int
    never: int
    low: float
    high: float
    quantiles: Mapping[str, Mapping[str, Any]]


def measured(rows: Chunks, steps: Sequence[str]) -> list[Makespans]:
    """Return the makespans of steps; memory does not grow with the replications.

    Args:
        rows: of a point; only the table of plans is read, once or, where it is large, a few times.
        steps: names of steps, or `PLAN`.
    """
    selection = Selection(_ranks)
    lows, highs = np.full(len(steps), np.inf), np.full(len(steps), -np.inf)
    finite = np.zeros(len(steps), dtype=np.int64)
    first = True
    while not selection.done:
        for place, values in _values(rows, steps):
            selection.add(values, np.full(len(values), place, dtype=np.int32))
            if first:
                ends = values[np.isfinite(values)]
                lows[place] = min(lows[place], ends.min(initial=np.inf))
                highs[place] = max(highs[place], ends.max(initial=-np.inf))
                finite[place] += len(ends)
        selection.end_pass()
        first = False
    found = []
    for place, step in enumerate(steps):
        n, there = selection.count(place), int(finite[place])
        low, high = (float(lows[place]), float(highs[place])) if there else (np.nan, np.nan)
        found.append(Makespans(step, n, n - there, low, high, _quantiles(selection, place)))
    return found


def counted(rows: Chunks, edges: Mapping[str, Sample]) -> dict[str, Counts]:
    """Return for each step how many makespans lie in each bin (a, b] between its edges; what never ends is in none.

    Args:
        rows: of a point; only the table of plans is read, once.
        edges: of each step, or `PLAN`, ascending, seconds, shape (bins + 1,); no makespan lies outside.

    Raises:
        ValueError: one does.
    """
    steps = list(edges)
    counts = {step: np.zeros(len(edges[step]) - 1, dtype=np.int64) for step in steps}
    for place, values in _values(rows, steps):
        step = steps[place]
        bins = np.searchsorted(edges[step], values[np.isfinite(values)], side="left") - 1
        if len(bins) and (bins.min() < 0 or bins.max() >= len(counts[step])):
            raise ValueError(f"makespans of '{step}' lie outside the edges {edges[step][0]} to {edges[step][-1]}")
        counts[step] += np.bincount(bins, minlength=len(counts[step]))
    return counts


def _values(rows: Chunks, steps: Sequence[str]) -> Iterator[tuple[int, Sample]]:
    """Yield, chunk by chunk, the place of each step and its makespans."""
    metrics = [Metric("makespan", step) for step in steps]
    for chunk in rows.read((), (*STEP_KEYS, *sorted(plan_columns(metrics)))):
        seen = Replications(chunk)
        for place, metric in enumerate(metrics):
            yield place, sample_of(metric, seen)


def _ranks(n: int) -> Iterator[int]:
    for q in REACHED.values():
        yield quantile_rank(n, q)
        yield from interval_ranks(n, q, _CONFIDENCE) or ()


def _quantiles(selection: Selection, place: int) -> dict[str, dict[str, Any]]:
    n = selection.count(place)
    found: dict[str, dict[str, Any]] = {}
    for name, q in REACHED.items() if n else ():
        ranks = interval_ranks(n, q, _CONFIDENCE)
        low, high = (None, None) if ranks is None else (selection.at(rank, place) for rank in ranks)
        needed = None if ranks else replications_needed(q, _CONFIDENCE)
        value = selection.at(quantile_rank(n, q), place)
        found[name] = {"value": number(value), "low": number(low), "high": number(high), "replications_needed": needed}
    return found
