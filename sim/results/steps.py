"""The steps of a plan in a summary: makespans and what was left behind, gathered chunk by chunk."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.results.chunks import names_of, numbers_of, whole_of
from sim.results.entries import quantile_entries, ranks_of_entry, share_entry
from sim.results.order_statistics import Selection
from sim.results.samples import STEP_KEYS


class Steps:
    """An entry for each step, in the order of the plan.

    Args:
        window_ends: end of the window, seconds since 00:00 of the first day; None when the scenario has none.
        confidence: of the intervals.
    """

    def __init__(self, window_ends: float | None, confidence: float) -> None:
        self.names: list[str] = []
        self._window_ends = window_ends
        self._confidence = confidence
        self._first = True
        self._at_s: list[float] = []
        self._n: list[int] = []
        self._clean: list[int] = []
        self._in_time: list[int] = []
        ranks = partial(ranks_of_entry, confidence=confidence)
        self._makespans, self._durations, self._failed_s = Selection(ranks), Selection(ranks), Selection(ranks)
        self._failed: list[int] = []
        self._failed_in_time: list[int] = []

    @property
    def is_open(self) -> bool:
        """Whether another pass is needed."""
        return not all(selection.done for selection in (self._makespans, self._durations, self._failed_s))

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the table of plans that the next pass reads."""
        return frozenset({*STEP_KEYS, "makespan_s", "at_s", "ended_s", "failed_s", "left_behind", *(("end_s",) if self._first else ())})

    def add(self, plans: pa.Table) -> None:
        """Take the next rows of this pass."""
        names, codes = names_of(plans["step"])
        makespans, failed_s = numbers_of(plans["makespan_s"]), numbers_of(plans["failed_s"])
        durations = numbers_of(plans["ended_s"]) - numbers_of(plans["at_s"])
        # An attempt whose check takes no time and rejects it costs nothing, and leaves its VM behind.
        failed = (failed_s > 0.0) | (whole_of(plans["left_behind"]) > 0)
        # In the order of their first row: a replication has a row for each step, in the order of the plan.
        codes_there, first_rows = np.unique(codes, return_index=True)
        for code, row in sorted(zip(codes_there.tolist(), first_rows.tolist(), strict=True), key=lambda each: each[1]):
            name = names[code]
            if name not in self.names:
                self.names.append(name)
                self._at_s.append(float(plans["at_s"][row].as_py()))
                for counts in (self._n, self._clean, self._in_time, self._failed, self._failed_in_time):
                    counts.append(0)
            place, rows = self.names.index(name), codes == code
            if self._first:
                self._count(place, plans.filter(pa.array(rows)), failed[rows])
            here = np.full(np.count_nonzero(rows), place, dtype=np.int32)
            self._makespans.add(makespans[rows], here)
            self._durations.add(durations[rows], 2 * here + failed[rows])
            self._failed_s.add(failed_s[rows & failed], here[: np.count_nonzero(rows & failed)])

    def end_pass(self) -> None:
        """Take note that all rows were given."""
        self._first = False
        for selection in (self._makespans, self._durations, self._failed_s):
            if not selection.done:
                selection.end_pass()

    def entries(self) -> list[dict[str, Any]]:
        """Return the entries."""
        return [self._entry(place, name) for place, name in enumerate(self.names)]

    def costs(self) -> list[dict[str, Any]]:
        """Return for each step in which an attempt failed what that cost: time, and the window."""
        return [self._cost(place, name) for place, name in enumerate(self.names) if self._failed[place]]

    def _count(self, place: int, rows: pa.Table, failed: NDArray[np.bool_]) -> None:
        self._n[place] += rows.num_rows
        self._clean[place] += int(np.count_nonzero(whole_of(rows["left_behind"]) == 0))
        self._failed[place] += int(np.count_nonzero(failed))
        if self._window_ends is not None:
            in_time = numbers_of(rows["end_s"]) <= self._window_ends
            self._in_time[place] += int(np.count_nonzero(in_time))
            self._failed_in_time[place] += int(np.count_nonzero(in_time & failed))

    def _cost(self, place: int, name: str) -> dict[str, Any]:
        n, failed, confidence = self._n[place], self._failed[place], self._confidence
        in_time: dict[str, Any] = {"without": None, "with": None}
        if self._window_ends is not None:
            hits = {"without": self._in_time[place] - self._failed_in_time[place], "with": self._failed_in_time[place]}
            of = {"without": n - failed, "with": failed}
            in_time = {case: share_entry(hits[case], of[case], confidence) if of[case] else None for case in hits}
        return {
            "step": name,
            "replications": share_entry(failed, n, confidence),
            "failed_s": quantile_entries(self._failed_s, place, confidence),
            "duration_s": {
                "without": quantile_entries(self._durations, 2 * place, confidence),
                "with": quantile_entries(self._durations, 2 * place + 1, confidence),
            },
            "within_window": in_time,
        }

    def _entry(self, place: int, name: str) -> dict[str, Any]:
        n = self._n[place]
        in_time = None if self._window_ends is None else share_entry(self._in_time[place], n, self._confidence)
        return {
            "step": name,
            "at_s": self._at_s[place],
            "makespan_s": quantile_entries(self._makespans, place, self._confidence),
            "nothing_left_behind": share_entry(self._clean[place], n, self._confidence),
            "within_window": in_time,
        }
