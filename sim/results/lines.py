"""The lines of the VMs in a summary: outcomes with reasons, quantiles of what was completed, gathered chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.columns import OUTCOMES, REASONS
from sim.results.chunks import Codes, Sample, names_of, numbers_of
from sim.results.entries import quantile_entries, quantile_entries_together, ranks_of_entry, share_entry
from sim.results.order_statistics import Selection
from sim.results.samples import KEYS, Replications

ALL = "(all)"
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is told of completed migrations.

    Args:
        name: in the summary.
        columns: what it is made of.
        values: its values for rows with these columns; NaN where there is none.
    """

    name: str
    columns: tuple[str, ...]
    values: Callable[[pa.Table], Sample]


def _column(name: str) -> Quantity:
    return Quantity(name, (name,), lambda rows: numbers_of(rows[name]))


def _sent_over_touched(rows: pa.Table) -> Sample:
    with np.errstate(divide="ignore", invalid="ignore"):  # a guest that touched nothing: no ratio, or an infinite one
        return np.asarray(numbers_of(rows["sent_bytes"]) / numbers_of(rows["touched_bytes"]))


def _state_and_resume(rows: pa.Table) -> Sample:
    return np.asarray(numbers_of(rows["downtime_s"]) - numbers_of(rows["stopped_round_s"]))


QUANTITIES = (
    *map(_column, ("total_s", "downtime_s", "stopped_round_s", "rounds")),
    Quantity("sent_over_touched", ("sent_bytes", "touched_bytes"), _sent_over_touched),
    *map(_column, ("setup_s", "precopy_s", "handshake_s", "cleanup_s")),
    Quantity("state_and_resume_s", ("downtime_s", "stopped_round_s"), _state_and_resume),
)


class _Coded:
    """Codes for names: equal in all chunks, whatever their own codes are."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.names = list(known)
        self._codes = {name: code for code, name in enumerate(self.names)}

    def recoded(self, column: tuple[list[str], Codes]) -> Codes:
        """Return a coded column with the codes of these names; -1 stays -1."""
        names, codes = column
        ours = [self._codes.setdefault(name, len(self._codes)) for name in names]
        self.names = list(self._codes)
        if ours == list(range(len(ours))):
            return codes
        return np.array([*ours, -1], dtype=np.int32)[codes]


class Lines:
    """A line for each step and VM, and one for all of them.

    Args:
        stored: columns of the table of migrations that are there.
        confidence: of the intervals.
    """

    def __init__(self, stored: frozenset[str], confidence: float) -> None:
        self._quantities = [quantity for quantity in QUANTITIES if stored.issuperset(quantity.columns)]
        self._optional = [name for name in ("su_type", "rounds") if name in stored]
        self._confidence = confidence
        self._first = True
        self._steps, self._vms = _Coded(), _Coded()
        # In the order of their definition, so that it does not matter which occurred first.
        self._outcomes, self._reasons, self._su_types = _Coded(OUTCOMES), _Coded(REASONS), _Coded()
        self._groups: dict[tuple[int, int], int] = {}
        self._outcome_counts: Counts = np.zeros((0, len(OUTCOMES)), dtype=np.int64)
        self._reason_counts: Counts = np.zeros((0, len(REASONS)), dtype=np.int64)
        self._rounds_max: Counts = np.zeros(0, dtype=np.int64)
        self._due_ms: Counts = np.zeros(0, dtype=np.int64)
        self._su_type: Codes = np.zeros(0, dtype=np.int32)
        ranks = partial(ranks_of_entry, confidence=confidence)
        self._selections = {quantity.name: Selection(ranks, together=True) for quantity in self._quantities}

    @property
    def is_open(self) -> bool:
        """Whether another pass is needed."""
        return self._first or bool(self._open)

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the table of migrations that the next pass reads."""
        quantities = {column for quantity in self._open for column in quantity.columns}
        return frozenset({*KEYS, *quantities, *(("due_s", "reason", *self._optional) if self._first else ())})

    @property
    def _open(self) -> list[Quantity]:
        return [quantity for quantity in self._quantities if not self._selections[quantity.name].done]

    def add(self, seen: Replications) -> None:
        """Take the next replications of this pass."""
        rows = seen.chunk.migrations
        final = np.flatnonzero(seen.final)
        groups = self._grouped(seen)[final]
        order = np.argsort(groups.astype(np.uint16), kind="stable")  # once for all quantities; numpy sorts 16 bits by counting them
        final, groups = final[order], groups[order]
        if self._first:
            self._count(rows, final, groups, self._outcomes.recoded(seen.outcomes)[final])
        completed = seen.completed[final]
        done, groups = final[completed], groups[completed]
        for quantity in self._open:
            values = quantity.values(rows)[done]
            there = ~np.isnan(values)
            every = bool(there.all())
            self._selections[quantity.name].add(values if every else values[there], groups if every else groups[there])

    def end_pass(self) -> None:
        """Take note that all replications were given."""
        for quantity in self._open:
            self._selections[quantity.name].end_pass()
        self._first = False

    def _grouped(self, seen: Replications) -> Codes:
        """Return the group of each row: its step and VM."""
        steps, vms = self._steps.recoded(seen.steps), self._vms.recoded(seen.vms)
        width = len(self._vms.names)
        pairs = steps.astype(np.int64) * width + vms
        there = np.flatnonzero(np.bincount(pairs, minlength=1)) if len(pairs) else pairs
        codes: Codes = np.zeros(len(self._steps.names) * width, dtype=np.int32)
        codes[there] = [self._groups.setdefault(divmod(pair, width), len(self._groups)) for pair in there.tolist()]
        return np.asarray(codes.take(pairs))

    def _count(self, rows: pa.Table, final: NDArray[np.intp], groups: Codes, outcomes: Codes) -> None:
        number = len(self._groups)
        self._outcome_counts = _grown(self._outcome_counts, number)
        self._reason_counts = _grown(self._reason_counts, number)
        self._outcome_counts += _table(groups, outcomes, self._outcome_counts.shape)
        # Sums of whole milliseconds are the same in any order.
        self._due_ms = _grown(self._due_ms, number)
        np.add.at(self._due_ms, groups, np.rint(numbers_of(rows["due_s"])[final] * 1000.0).astype(np.int64))
        reasons = self._reasons.recoded(names_of(rows["reason"]))[final]
        self._reason_counts += _table(groups[reasons >= 0], reasons[reasons >= 0], self._reason_counts.shape)
        if "rounds" in self._optional:
            self._rounds_max = _grown(self._rounds_max, number)
            np.maximum.at(self._rounds_max, groups, numbers_of(rows["rounds"])[final].astype(np.int64))
        if "su_type" in self._optional:
            known = len(self._su_type)
            self._su_type = _grown(self._su_type, number)
            latest = np.zeros(number, dtype=np.int32)
            latest[groups] = self._su_types.recoded(names_of(rows["su_type"]))[final]
            self._su_type[known:] = latest[known:]  # of one SU type all the time

    def entries(self, steps: list[str], replications: int) -> list[dict[str, Any]]:
        """Return the lines in the order of the plan, and one for all together where there are several.

        Args:
            steps: names of the steps in the order of the plan.
            replications: how many were given.
        """
        order = sorted(self._groups.items(), key=lambda each: self._place(steps, *each))
        lines = [self._line(self._steps.names[step], self._vms.names[vm], group) for (step, vm), group in order]
        return [*lines, self._together(order[0][1], replications)] if len(lines) > 1 else lines

    def _place(self, steps: list[str], pair: tuple[int, int], group: int) -> tuple[int, float, str]:
        """Return by what lines are sorted: step, mean time at which they were due, name."""
        mean = int(self._due_ms[group]) / int(self._outcome_counts[group].sum())
        step = self._steps.names[pair[0]]
        # Migrations for which operators gave the command are of no step, and come last.
        return steps.index(step) if step in steps else len(steps), mean, self._vms.names[pair[1]]

    def _line(self, step: str, vm: str, group: int) -> dict[str, Any]:
        counts = self._outcome_counts[group]
        n = int(counts.sum())
        quantiles = {name: quantile_entries(selection, group, self._confidence) for name, selection in self._selections.items()}
        shares = {self._outcomes.names[code]: share_entry(int(counts[code]), n, self._confidence) for code in np.flatnonzero(counts)}
        return self._entry(step, vm, group, n, shares, self._reason_counts[group], quantiles)

    def _together(self, first: int, replications: int) -> dict[str, Any]:
        """Return the line of all VMs: those of one replication are not independent, so it has no intervals."""
        counts = self._outcome_counts.sum(axis=0)
        n = int(counts.sum())
        quantiles = {name: quantile_entries_together(each, replications, self._confidence) for name, each in self._selections.items()}
        shares = {
            self._outcomes.names[code]: {"share": int(counts[code]) / n, "low": None, "high": None} for code in np.flatnonzero(counts)
        }
        entry = self._entry(ALL, ALL, first, n, shares, self._reason_counts.sum(axis=0), quantiles)
        if "su_type" in self._optional:  # of several clusters there can be both
            entry["su_type"] = ", ".join(sorted({self._su_types.names[code] for code in self._su_type}))
        return entry

    def _entry(
        self, step: str, vm: str, group: int, n: int, shares: dict[str, Any], reasons: Counts, quantiles: dict[str, Any]
    ) -> dict[str, Any]:
        rounds_max = self._rounds_max if vm == ALL else self._rounds_max[group : group + 1]
        return {
            "step": step,
            "vm": vm,
            **({"su_type": self._su_types.names[self._su_type[group]]} if "su_type" in self._optional else {}),
            "migrations": n,
            "outcomes": shares,
            "reasons": {self._reasons.names[code]: int(reasons[code]) for code in np.flatnonzero(reasons)},
            "of_completed": quantiles,
            **({"rounds_max": int(rounds_max.max())} if "rounds" in self._optional else {}),
        }


def _grown(table: NDArray[Any], rows: int) -> NDArray[Any]:
    """Return a table with at least so many rows, the new ones zero."""
    if len(table) >= rows:
        return table
    larger = np.zeros((rows, *table.shape[1:]), dtype=table.dtype)
    larger[: len(table)] = table
    return larger


def _table(rows: Codes, columns: Codes, shape: tuple[int, ...]) -> Counts:
    """Return how often each pair of codes occurs."""
    return np.bincount(rows.astype(np.int64) * shape[1] + columns, minlength=shape[0] * shape[1]).reshape(shape)
