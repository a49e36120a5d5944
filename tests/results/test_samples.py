"""One value a replication and question: unconditional, so what was not migrated counts as never."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from results.hand_made import ABORTED, REJECTED, migrations, steps
from sim.results.chunks import Chunk
from sim.results.samples import Replications, outcome_of, sample_of
from sim.scenario.objectives import Metric, parse_objective

NEVER = math.inf

# Replication 0: A and B well. 1: A aborted, then well; B well. 2: A aborted twice; B well. 3: A rejected; B not started.
ROWS = migrations(
    {"vm": "A", "total_s": 20.0, "downtime_s": 2.0, "rounds": 3, "sent_bytes": 100.0},
    {"vm": "B", "total_s": 30.0, "downtime_s": 1.0, "rounds": 5, "sent_bytes": 10.0},
    {"replication": 1, "vm": "A", **ABORTED, "rounds": 9, "sent_bytes": 1000.0},
    {"replication": 1, "vm": "A", "attempt": 2, "total_s": 25.0, "downtime_s": 4.0, "rounds": 2, "sent_bytes": 100.0},
    {"replication": 1, "vm": "B", "total_s": 15.0, "downtime_s": 5.0, "rounds": 1, "sent_bytes": 10.0},
    {"replication": 2, "vm": "A", **ABORTED, "sent_bytes": 500.0},
    {"replication": 2, "vm": "A", "attempt": 2, **ABORTED, "sent_bytes": 500.0},
    {"replication": 2, "vm": "B", "total_s": 10.0, "downtime_s": 3.0, "sent_bytes": 10.0},
    {"replication": 3, "vm": "A", **REJECTED, "sent_bytes": 0.0},
    {"replication": 3, "vm": "B", **REJECTED, "attempt": 0, "outcome": "not-started", "reason": "step-stopped", "sent_bytes": 0.0},
)
PLANS = steps(
    {"replication": 0, "makespan_s": 60.0, "end_s": 79260.0},
    {"replication": 1, "makespan_s": 90.0, "end_s": 79290.0},
    {"replication": 2, "makespan_s": NEVER, "end_s": NEVER, "left_behind": 1},
    {"replication": 3, "makespan_s": NEVER, "end_s": NEVER, "left_behind": 2},
    {"replication": 0, "step": "late", "at_s": 80000.0, "makespan_s": 10.0, "end_s": 80010.0},
    {"replication": 1, "step": "late", "at_s": 80000.0, "makespan_s": 20.0, "end_s": 80020.0},
    {"replication": 2, "step": "late", "at_s": 80000.0, "makespan_s": 30.0, "end_s": 80030.0},
    {"replication": 3, "step": "late", "at_s": 80000.0, "makespan_s": 40.0, "end_s": 80040.0},
)
SEEN = Replications(Chunk(ROWS, PLANS))


def seen(*tables: pa.Table) -> Replications:
    """Return the replications of two tables."""
    return Replications(Chunk(*tables))


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (Metric("total", "A"), [20.0, 25.0, NEVER, NEVER]),
        (Metric("total", "B"), [30.0, 15.0, 10.0, NEVER]),
        (Metric("downtime", "A"), [2.0, 4.0, NEVER, NEVER]),
        (Metric("downtime", "out"), [2.0, 5.0, NEVER, NEVER]),  # the longest of the step's VMs
        (Metric("downtime"), [2.0, 5.0, NEVER, NEVER]),
        (Metric("rounds", "A"), [3.0, 2.0, NEVER, NEVER]),  # of the last attempt
        (Metric("rounds"), [5.0, 2.0, NEVER, NEVER]),
        (Metric("sent", "A"), [100.0, 1100.0, NEVER, NEVER]),  # all attempts have been sent
        (Metric("sent"), [110.0, 1110.0, NEVER, NEVER]),
        (Metric("makespan", "out"), [60.0, 90.0, NEVER, NEVER]),
        (Metric("end", "late"), [80010.0, 80020.0, 80030.0, 80040.0]),
        (Metric("makespan"), [810.0, 820.0, NEVER, NEVER]),  # first begin 79200 to last end
    ],
    ids=str,
)
def test_sample_is_one_value_a_replication(metric: Metric, expected: list[float]) -> None:
    assert sample_of(metric, SEEN).tolist() == expected


def test_last_attempt_of_each_vm_counts() -> None:
    rows = ROWS.filter(pa.array(SEEN.final)).to_pydict()
    found = sorted(zip(rows["replication"], rows["vm"], rows["attempt"], strict=True))
    assert found == [(0, "A", 1), (0, "B", 1), (1, "A", 2), (1, "B", 1), (2, "A", 2), (2, "B", 1), (3, "A", 1), (3, "B", 0)]


def test_guest_that_did_not_run_stood_still_for_no_time() -> None:
    """It has no downtime in the table; for an objective on all VMs it counts as none."""
    frame = migrations({"vm": "A", "downtime_s": None}, {"vm": "B", "downtime_s": 1.5})
    assert sample_of(Metric("downtime", "A"), seen(frame, steps({}))).tolist() == [0.0]
    assert sample_of(Metric("downtime"), seen(frame, steps({}))).tolist() == [1.5]


def test_step_that_finds_nothing_to_move_moves_nothing() -> None:
    """Replication 1 has no row: nothing was sent, nobody stood still, nothing failed."""
    frame, plans = migrations({"total_s": 7.0}), steps({}, {"replication": 1, "vms": 0, "makespan_s": 0.0})
    assert sample_of(Metric("total"), seen(frame, plans)).tolist() == [7.0, 0.0]
    assert outcome_of(parse_objective("share(completed) >= 1 %"), seen(frame, plans)).tolist() == [True, True]
    assert outcome_of(parse_objective("share(aborted) >= 1 %"), seen(frame, plans)).tolist() == [False, False]


def test_completed_with_warnings_is_completed() -> None:
    frame = migrations({"outcome": "completed-with-warnings", "total_s": 7.0})
    assert sample_of(Metric("total"), seen(frame, steps({}))).tolist() == [7.0]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("completed", [True, True, False, False]),  # every VM, in its last attempt
        ("aborted", [False, False, True, False]),  # some VM
        ("rejected", [False, False, False, True]),
        ("not-started", [False, False, False, True]),
        ("lost", [False, False, False, False]),
    ],
)
def test_share_of_an_outcome_counts_replications(outcome: str, expected: list[bool]) -> None:
    assert outcome_of(parse_objective(f"share({outcome}) <= 50 %"), SEEN).tolist() == expected


def test_order_of_the_rows_does_not_matter() -> None:
    backwards = seen(*(table.take(pa.array(range(table.num_rows - 1, -1, -1))) for table in (ROWS, PLANS)))
    assert sample_of(Metric("downtime"), backwards).tolist() == [2.0, 5.0, NEVER, NEVER]
    assert sample_of(Metric("makespan", "out"), backwards).tolist() == [60.0, 90.0, NEVER, NEVER]
    assert outcome_of(parse_objective("share(completed) >= 1 %"), backwards).tolist() == [True, True, False, False]
