"""Rows of the result tables, from what the engine returns to Arrow tables with the columns of `sim.columns`."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from sim.columns import TABLES, Column
from sim.engine.happened import outages_text
from sim.engine.move import Move
from sim.engine.plan import ARRIVED, StepRun
from sim.engine.replicate import Replication
from sim.model.load import PAGE
from sim.vm2000.catalogue import printed

Row = tuple[Any, ...]

_TYPES: dict[str, pa.DataType] = {
    "whole": pa.int64(),
    "number": pa.float64(),
    "text": pa.string(),
    "name": pa.dictionary(pa.int32(), pa.string()),
    "flag": pa.bool_(),
}


def schema(table: str) -> pa.Schema:
    """Return the Arrow schema of a table; only columns that can be empty are nullable."""
    return pa.schema([pa.field(column.name, _TYPES[column.kind], nullable=bool(column.empty)) for column in TABLES[table]])


def arrow(table: str, rows: Sequence[Row]) -> pa.Table:
    """Return rows as an Arrow table."""
    columns: tuple[Column, ...] = TABLES[table]
    values: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else ((),) * len(columns)
    arrays = [_array(column, cells) for column, cells in zip(columns, values, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema(table))


def differences(table: str, one: pa.Table, other: pa.Table, where: tuple[str, str]) -> Iterator[str]:
    """Yield in what the rows of a replication differ, bit by bit, in the columns of the first of two tables.

    Args:
        table: its name.
        one: the rows on one side.
        other: those on the other side, in the same order.
        where: words for the two sides.
    """
    if one.num_rows != other.num_rows:
        yield f"{table} has {one.num_rows} rows {where[0]}, {other.num_rows} {where[1]}"
        return
    for name in one.column_names:
        for row, (left, right) in enumerate(zip(one[name].to_pylist(), other[name].to_pylist(), strict=True), start=1):
            if _bits(left) != _bits(right):
                yield f"{table}, row {row} of the replication: {name} is {left!r} {where[0]}, {right!r} {where[1]}"


def _bits(value: object) -> object:
    """Return what tells any two values apart: 0.0 and -0.0, too, which are equal as numbers."""
    return struct.pack("<d", value) if isinstance(value, float) else value


def migration_rows(point: str, replication: Replication) -> list[Row]:
    """Return a row for each attempt."""
    return [_migration(point, replication.number, move) for move in replication.moves]


def plan_rows(point: str, replication: Replication) -> list[Row]:
    """Return a row for each step."""
    ended = sum(len(outage.guests) for outage in replication.outages)
    of_all = (ended, outages_text(replication.outages), replication.faults, replication.commands)
    return [(*_plan(point, replication.number, run), *of_all) for run in replication.steps]


def round_rows(point: str, replication: Replication) -> list[Row]:
    """Return a row for each round: attempt by attempt in the order of the migrations, those of an attempt in the order of time."""
    places = {(move.step.name, move.guest.spec.name, move.attempt): place for place, move in enumerate(replication.moves)}
    ordered = sorted(replication.journal.rounds or [], key=lambda sent: places[sent.step, sent.vm, sent.attempt])
    return [
        (
            point,
            replication.number,
            sent.step,
            sent.vm,
            sent.attempt,
            sent.number,
            sent.live,
            sent.began_s,
            sent.duration_s,
            int(sent.marked_pages),
            int(sent.sent_pages),
        )
        for sent in ordered
    ]


def message_rows(point: str, replication: Replication) -> list[Row]:
    """Return a row for each message, in the order of time."""
    return [
        (
            point,
            replication.number,
            place,
            line.time_s,
            line.vm,
            line.source,
            line.target,
            ",".join(line.message.recipients),
            line.console,
            line.message.id,
            printed(line.message, **line.inserts),
        )
        for place, line in enumerate(replication.journal.in_order())
    ]


def _migration(point: str, number: int, move: Move) -> Row:
    """Return the row of an attempt, in the order of `sim.columns.MIGRATIONS`."""
    spec = move.guest.spec
    completed = move.outcome in ARRIVED
    ended = move.ended_s
    return (
        point,
        number,
        move.step.name,
        spec.name,
        move.attempt,
        move.source.spec.su_type,
        move.source.name,
        move.target.name,
        int(spec.memory_bytes),
        int(spec.touched_pages) * PAGE,
        move.console,
        move.due_s,
        move.command_s,
        move.started_s,
        ended,
        move.outcome,
        move.reason,
        move.decided,
        _between(move.started_s, ended) if completed else None,
        _between(move.stopped_s, move.resumed_s) if completed and move.runs else None,
        _interruption(move),
        _between(move.started_s, move.set_up_s),
        _between(move.set_up_s, move.stopped_s),
        move.handshake_s,
        move.stopped_round_s,
        _between(move.resumed_s, ended) if completed else None,
        move.rounds,
        None if move.final_pages is None else move.final_bytes,
        move.sent_bytes,
    )


def _plan(point: str, number: int, run: StepRun) -> Row:
    """Return what is of one step in its row, in the order of `sim.columns.PLANS`."""
    step, left, ended = run.step, run.left_behind, run.ended_s
    makespan = float("inf") if left else ended - step.at_s
    attempts = sum(move.attempt > 0 for move in run.moves)
    found = (step.name, step.at_s, ended, makespan, step.at_s + makespan, len(run.vms), left, run.left, attempts, run.failed_s)
    return (point, number, *found)


def _interruption(move: Move) -> float | None:
    """Return how long the guest stood still, if it did and went on; one that was lost did not go on, or not with this migration."""
    if not move.runs or move.outcome == "lost":
        return None
    return _between(move.stopped_s, move.resumed_s if move.resumed_s is not None else move.back_s)


def _between(begin: float | None, end: float | None) -> float | None:
    return None if begin is None or end is None else end - begin


def _array(column: Column, cells: Sequence[Any]) -> pa.Array[Any]:
    if column.kind == "name":
        # A dictionary in the order of first appearance, so that equal rows give equal bytes.
        return pa.array(cells, pa.string()).dictionary_encode().cast(_TYPES["name"])
    return pa.array(cells, _TYPES[column.kind])
