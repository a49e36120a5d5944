"""Arrow tables from what the lockstep engine returns: the same rows, in the same order, as `sim.results.tables` makes of replications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.columns import TABLES, Column
from sim.engine.happened import BETWEEN, left_text
from sim.engine.lockstep.attempt import Record, RoundRecord
from sim.engine.lockstep.replicate import StepEnd, Walked
from sim.engine.site import Site
from sim.model.load import PAGE
from sim.results.tables import schema

Cells = NDArray[Any]


def tables(site: Site, walked: Walked, *, rounds: bool) -> dict[str, pa.Table]:
    """Return the tables of a range of replications: migrations, plans and, where they are wanted, rounds."""
    found = {"migrations": _migrations(site, walked), "plans": _plans(site, walked)}
    return found | ({"rounds": _rounds(site, walked)} if rounds else {})


class _Interleaved:
    """Groups of replications as rows: replication by replication, within one in the order of the groups.

    Args:
        start: the first replication.
        groups: the lanes of each group.
    """

    def __init__(self, start: int, groups: Sequence[Cells]) -> None:
        lanes = np.concatenate([*groups, np.empty(0, dtype=np.intp)])
        sizes = [len(group) for group in groups]
        order = np.argsort(lanes, kind="stable")
        row = np.empty_like(order)  # of each lane of the groups; writing to rows is five times quicker than reading in their order
        row[order] = np.arange(len(order))
        ends = np.cumsum(sizes).tolist()
        self._rows = [row[end - size : end] for size, end in zip(sizes, ends, strict=True)]
        self._group = np.repeat(np.arange(len(groups)), sizes)[order]
        appear = [(int(rows.min()), group) for group, rows in enumerate(self._rows) if len(rows)]
        self._appeared = [group for _, group in sorted(appear)]  # those that have a row, by their first one
        self.replication = lanes[order] + start

    def names(self, values: Sequence[str | None]) -> pa.Array[Any]:
        """Return a column of names, one a group, with a dictionary in the order of first appearance."""
        distinct = dict.fromkeys(value for group in self._appeared if (value := values[group]) is not None)
        codes = {value: code for code, value in enumerate(distinct)}
        indices = np.array([-1 if value is None else codes.get(value, -1) for value in values], dtype=np.int32).take(self._group)
        found = pa.array(indices, pa.int32(), mask=indices < 0 if None in values else None)
        return pa.DictionaryArray.from_arrays(found, pa.array(list(codes), pa.string()))

    def texts(self, values: Sequence[tuple[Sequence[str], Cells]]) -> pa.Array[Any]:
        """Return a column of names of which each group has some, and for each of its lanes the place of the one that it has."""
        known: dict[str, int] = {}
        cells: Cells = np.zeros(len(self._group), dtype=np.int32)
        for (texts, codes), rows in zip(values, self._rows, strict=True):
            cells[rows] = np.array([known.setdefault(text, len(known)) for text in texts], dtype=np.int32)[codes]
        there, first = np.unique(cells, return_index=True)
        order = there[np.argsort(first)]  # a dictionary in the order of first appearance, as everywhere
        place = np.zeros(len(known), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        names = list(known)
        return pa.DictionaryArray.from_arrays(pa.array(place[cells], pa.int32()), pa.array([names[code] for code in order], pa.string()))

    def constants(self, values: Sequence[int | float | bool], kind: type) -> pa.Array[Any]:
        """Return a column that is the same for all of a group."""
        return pa.array(np.array(values, dtype=kind).take(self._group))

    def numbers(self, values: Sequence[Any], kind: type) -> pa.Array[Any]:
        """Return a column of which each group has an array, one number for all, or None for no value."""
        cells: Cells = np.zeros(len(self._group), dtype=kind)
        for value, rows in zip(values, self._rows, strict=True):
            if value is not None:
                cells[rows] = value
        empty = np.array([value is None for value in values], dtype=bool)
        return pa.array(cells, mask=empty.take(self._group) if empty.any() else None)


def _migrations(site: Site, walked: Walked) -> pa.Table:
    records = walked.records
    rows = _Interleaved(walked.start, [record.lanes for record in records])
    specs = [site.guests[record.vm].spec for record in records]
    constant: dict[str, pa.Array[Any]] = {
        "point": rows.names([site.point.name] * len(records)),
        "replication": pa.array(rows.replication),
        "step": rows.names([site.point.steps[record.step].name for record in records]),
        "vm": rows.names([record.vm for record in records]),
        "attempt": rows.constants([record.attempt for record in records], np.int64),
        "su_type": rows.names([site.units[record.source].su_type for record in records]),
        "source": rows.names([record.source for record in records]),
        "target": rows.names([record.target for record in records]),
        "memory_bytes": rows.constants([int(spec.memory_bytes) for spec in specs], np.int64),
        "touched_bytes": rows.constants([int(spec.touched_pages) * PAGE for spec in specs], np.int64),
        "console": rows.names([""] * len(records)),  # of a plan: scenarios with operators are SimPy's
        "outcome": rows.names([record.outcome for record in records]),
        "reason": rows.names([record.reason for record in records]),
        "after_suspend": rows.names([None] * len(records)),  # nothing breaks without faults
    }
    measured = {column.name: _measured(rows, records, column) for column in TABLES["migrations"] if column.name not in constant}
    return _table("migrations", constant | measured)


def _measured(rows: _Interleaved, records: Sequence[Record], column: Column) -> pa.Array[Any]:
    """Return a column of numbers; a migration that sent nothing has 0 rounds and 0 bytes."""
    missing = None if column.empty else 0
    kind = np.int64 if column.kind == "whole" else np.float64
    return rows.numbers([record.columns.get(column.name, missing) for record in records], kind)


def _plans(site: Site, walked: Walked) -> pa.Table:
    ends: Sequence[StepEnd] = walked.steps
    rows = _Interleaved(walked.start, [np.arange(walked.width)] * len(ends))
    makespans = [np.where(end.left_behind > 0, np.inf, end.ended_s - end.step.at_s) for end in ends]
    return _table(
        "plans",
        {
            "point": rows.names([site.point.name] * len(ends)),
            "replication": pa.array(rows.replication),
            "step": rows.names([end.step.name for end in ends]),
            "at_s": rows.constants([end.step.at_s for end in ends], np.float64),
            "ended_s": rows.numbers([end.ended_s for end in ends], np.float64),
            "makespan_s": rows.numbers(makespans, np.float64),
            "end_s": rows.numbers([end.step.at_s + makespan for end, makespan in zip(ends, makespans, strict=True)], np.float64),
            "vms": rows.numbers([end.vms for end in ends], np.int64),
            "left_behind": rows.numbers([end.left_behind for end in ends], np.int64),
            "left": rows.texts([_left(end, walked.width) for end in ends]),
            "attempts": rows.numbers([end.attempts for end in ends], np.int64),
            "failed_s": rows.numbers([end.failed_s for end in ends], np.float64),
            "ended_guests": rows.constants([0] * len(ends), np.int64),  # scenarios with faults or operators are SimPy's
            **{column: rows.names([""] * len(ends)) for column in ("ended", "faults", "commands")},
        },
    )


def _left(end: StepEnd, width: int) -> tuple[list[str], Cells]:
    """Return the VMs that a step left behind as texts, and which of these each replication has."""
    if not end.left:
        return [""], np.zeros(width, dtype=np.int32)
    flags = np.stack([stays for _, _, stays in end.left])
    kinds, codes = np.unique(flags, axis=1, return_inverse=True)
    names = [left_text(vm, unit) for vm, unit, _ in end.left]
    texts = [BETWEEN.join(name for name, stays in zip(names, kind, strict=True) if stays) for kind in kinds.T.tolist()]
    return texts, codes.reshape(width)


def _rounds(site: Site, walked: Walked) -> pa.Table:
    """Return the rounds, step by step in the order of the plan, those of a step in the order of time."""
    rounds: Sequence[RoundRecord] = sorted(walked.rounds, key=lambda each: each.step)
    rows = _Interleaved(walked.start, [each.lanes for each in rounds])
    return _table(
        "rounds",
        {
            "point": rows.names([site.point.name] * len(rounds)),
            "replication": pa.array(rows.replication),
            "step": rows.names([site.point.steps[each.step].name for each in rounds]),
            "vm": rows.names([each.vm for each in rounds]),
            "attempt": rows.constants([each.attempt for each in rounds], np.int64),
            "round": rows.numbers([each.number for each in rounds], np.int64),
            "live": rows.constants([each.live for each in rounds], np.bool_),
            "began_s": rows.numbers([each.began_s for each in rounds], np.float64),
            "duration_s": rows.numbers([each.duration_s for each in rounds], np.float64),
            "marked_pages": rows.numbers([each.marked_pages for each in rounds], np.int64),
            "sent_pages": rows.numbers([each.sent_pages for each in rounds], np.int64),
        },
    )


def _table(name: str, made: dict[str, pa.Array[Any]]) -> pa.Table:
    return pa.Table.from_arrays([made[column.name] for column in TABLES[name]], schema=schema(name))
