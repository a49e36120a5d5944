"""Finds the replication with the worst value of a metric, or with a quantile of it, among results that need not fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.results.chunks import Chunks, Sample
from sim.results.order_statistics import Selection
from sim.results.samples import KEYS, STEP_KEYS, Replications, migration_columns, plan_columns, sample_of
from sim.results.statistics import quantile_rank
from sim.scenario.objectives import Metric

Numbers = NDArray[np.int64]
Values = Callable[[], Iterable[tuple[Numbers, Sample]]]  # replications and a value of each, in their order; given again at every call


@dataclass(frozen=True, slots=True)
class Found:
    """A replication and what makes it stand out.

    Args:
        replication: its number; the smallest one of those that share the value.
        value: its value, in the unit of the metric; +inf where a VM was not migrated.
        looked_at: replications among which it was looked for.
        infinite: replications whose value is infinite, whether they were looked at or not.
    """

    replication: int
    value: float
    looked_at: int
    infinite: int


def values_of(metric: Metric, rows: Chunks) -> Iterator[tuple[Numbers, Sample]]:
    """Yield the values of a metric, chunk by chunk: as objectives see them, +inf where a VM that it looks at was not migrated."""
    migrations = (*KEYS, *sorted(migration_columns([metric])))
    for chunk in rows.read(migrations, (*STEP_KEYS, *sorted(plan_columns([metric])))):
        seen = Replications(chunk)
        yield seen.numbers, sample_of(metric, seen)


def find(values: Values, q: float = 1.0, *, completed: bool = False) -> Found | None:
    """Return the replication at the order statistic X_(ceil(n q)), as `statistics.quantile` defines it; q = 1 is the worst.

    Args:
        values: what to look at, read a few times.
        q: 0 < q <= 1.
        completed: look only at replications whose value is finite: in them every VM that the metric looks at was migrated.

    Returns:
        The first such replication; None when there is none to look at.

    Raises:
        ValueError: q out of range.
    """
    selection = Selection(lambda n: [quantile_rank(n, q)])
    infinite = 0
    while not selection.done:
        infinite = 0
        for _, sample in values():
            finite = np.isfinite(sample)
            infinite += int(np.count_nonzero(~finite))
            selection.add(sample[finite] if completed else sample)
        selection.end_pass()
    looked_at = selection.count()
    if not looked_at:
        return None
    value = selection.at(quantile_rank(looked_at, q))
    return Found(_first_with(values, value), value, looked_at, infinite)


def _first_with(values: Values, value: float) -> int:
    for numbers, sample in values():
        places = np.flatnonzero(sample == value)
        if len(places):
            return int(numbers[places[0]])
    raise ValueError("the values changed while they were read")
