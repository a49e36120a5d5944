"""Tiny tables of results, written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from sim.columns import TABLES
from sim.results.tables import arrow

Value = float | int | str | None

COMPLETED: dict[str, Value] = {
    "point": "",
    "replication": 0,
    "step": "out",
    "vm": "A",
    "attempt": 1,
    "su_type": "/390",
    "source": "S1",
    "target": "S2",
    "memory_bytes": 2**30,
    "touched_bytes": 2**29,
    "console": "",
    "due_s": 79200.0,
    "command_s": 79200.0,
    "started_s": 79201.0,
    "ended_s": 79221.0,
    "outcome": "completed",
    "reason": None,
    "after_suspend": None,
    "total_s": 20.0,
    "downtime_s": 2.0,
    "interruption_s": 2.0,
    "setup_s": 3.0,
    "precopy_s": 13.0,
    "handshake_s": 0.2,
    "stopped_round_s": 1.0,
    "cleanup_s": 2.0,
    "rounds": 3,
    "final_bytes": 1e6,
    "sent_bytes": 6e8,
}
ABORTED: dict[str, Value] = {
    "outcome": "aborted",
    "reason": "chase-limit",
    **dict.fromkeys(("total_s", "downtime_s", "interruption_s", "precopy_s", "handshake_s", "stopped_round_s", "cleanup_s", "final_bytes")),
}
REJECTED: dict[str, Value] = {**ABORTED, "outcome": "rejected", "reason": "vm-state", "started_s": None, "setup_s": None, "rounds": 0}
STEP: dict[str, Value] = {
    "point": "",
    "replication": 0,
    "step": "out",
    "at_s": 79200.0,
    "ended_s": 79260.0,
    "makespan_s": 60.0,
    "end_s": 79260.0,
    "vms": 1,
    "left_behind": 0,
    "left": "",
    "attempts": 1,
    "failed_s": 0.0,
    "ended_guests": 0,
    "ended": "",
    "faults": "",
    "commands": "",
}


def migrations(*rows: Mapping[str, Value]) -> pa.Table:
    """Return a table of migrations: each row says only what differs from a completed one."""
    return _table("migrations", [{**COMPLETED, **row} for row in rows])


def steps(*rows: Mapping[str, Value]) -> pa.Table:
    """Return a table of plans: each row says only what differs from a step that took a minute."""
    return _table("plans", [{**STEP, **row} for row in rows])


def _table(name: str, rows: Sequence[Mapping[str, Value]]) -> pa.Table:
    columns = [column.name for column in TABLES[name]]
    assert all(set(row) == set(columns) for row in rows)
    return arrow(name, [tuple(row[column] for column in columns) for row in rows])
