"""The replications of a point as objectives see them: how many brought every VM over, and the largest times of their VMs."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from sim.results.entries import quantile_entries, ranks_of_entry, share_entry
from sim.results.order_statistics import Selection
from sim.results.samples import Replications, migration_columns, sample_of
from sim.scenario.objectives import Metric

LARGEST = {"total_s": Metric("total"), "downtime_s": Metric("downtime")}


class Largest:
    """One value a replication, gathered chunk by chunk, in as many passes as `is_open` asks for.

    Args:
        stored: columns of the table of migrations that are there.
        confidence: of the intervals.
    """

    def __init__(self, stored: frozenset[str], confidence: float) -> None:
        self._confidence = confidence
        self._first = True
        self._replications = self._completed = 0
        ranks = partial(ranks_of_entry, confidence=confidence)
        self._selections = {name: Selection(ranks) for name, metric in LARGEST.items() if stored >= migration_columns([metric])}

    @property
    def is_open(self) -> bool:
        """Whether another pass is needed."""
        return self._first or bool(self._open)

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the table of migrations that the next pass reads, beside `KEYS`."""
        return migration_columns(LARGEST[name] for name in self._open)

    @property
    def _open(self) -> list[str]:
        return [name for name, selection in self._selections.items() if not selection.done]

    def add(self, seen: Replications) -> None:
        """Take the next replications of this pass."""
        if self._first:
            self._replications += len(seen.numbers)
            self._completed += int(np.count_nonzero(~seen.failed))
        for name in self._open:
            self._selections[name].add(sample_of(LARGEST[name], seen))

    def end_pass(self) -> None:
        """Take note that all replications were given."""
        self._first = False
        for name in self._open:
            self._selections[name].end_pass()

    def entries(self) -> dict[str, Any]:
        """Return the share of replications in which every VM was brought over, and the quantiles of the largest times; one was given."""
        return {
            "completed": share_entry(self._completed, self._replications, self._confidence),
            "largest": {name: quantile_entries(selection, 0, self._confidence) for name, selection in self._selections.items()},
        }
