"""What rounds leave, from small tables worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pytest

from sim.results.rounds_left import RoundsLeft, rounds_left


def _move(replication: int, attempt: int, outcome: str, reason: str | None, downtime_s: float | None) -> dict[str, Any]:
    return {
        "replication": replication,
        "step": "out",
        "vm": "DB",
        "attempt": attempt,
        "source": "A",
        "target": "B",
        "command_s": 5.0,
        "outcome": outcome,
        "reason": reason,
        "downtime_s": downtime_s,
    }


def _round(replication: int, attempt: int, number: int, began_s: float, duration_s: float, marked: int) -> dict[str, Any]:
    names = ("replication", "step", "vm", "attempt", "round", "began_s", "duration_s", "marked_pages")
    return dict(zip(names, (replication, "out", "DB", attempt, number, began_s, duration_s, marked), strict=True))


@pytest.fixture
def found() -> RoundsLeft:
    """One migration of two rounds, one that the line broke before it was repeated, and one aborted at the chase limit."""
    moves = [
        _move(0, 1, "completed", None, 4.0),
        _move(1, 1, "aborted", "link-lost", None),
        _move(1, 2, "completed", None, 2.0),
        _move(2, 1, "aborted", "chase-limit", None),
    ]
    rounds = [
        _round(0, 1, 2, 20.0, 4.0, 400),  # not in the order of time
        _round(0, 1, 1, 10.0, 10.0, 1000),
        _round(0, 1, 3, 25.0, 1.0, 300),  # the stopped one; a second of handshake before it
        _round(1, 1, 1, 10.0, 10.0, 1000),
        _round(1, 1, 2, 20.0, 9.0, 900),
        _round(1, 2, 1, 50.0, 10.0, 1000),
        _round(1, 2, 2, 60.0, 1.0, 100),
        _round(2, 1, 1, 12.0, 10.0, 1000),
        _round(2, 1, 2, 22.0, 8.0, 1000),
    ]
    (only,) = rounds_left(pa.Table.from_pylist(moves), pa.Table.from_pylist(rounds))
    return only


def test_each_live_round_that_was_followed_is_there_with_what_it_left(found: RoundsLeft) -> None:
    """The attempt whose line broke is not there, and the last round of each attempt left nobody knows what."""
    assert found.marked.tolist() == [1000, 400, 1000, 1000]
    assert found.left.tolist() == [400, 300, 100, 1000]
    assert found.dirtying_s.tolist() == [10.0, 5.0, 10.0, 10.0]
    assert [(number, left.tolist()) for number, left in found.after_rounds(9)] == [(1, [400, 100, 1000]), (2, [300])]


def test_an_attempt_that_something_else_ended_is_not_counted(found: RoundsLeft) -> None:
    """Three attempts, one of them aborted at the chase limit; median begin 12 of (10, 50, 12), downtime the lower one of (2, 4)."""
    assert (found.attempts, found.chased, found.began_s, found.downtime_s) == (3, 1, 12.0, 2.0)
    assert found.most_rounds == 2


def test_ratios_compare_what_is_dirtied_with_what_is_sent(found: RoundsLeft) -> None:
    """Attempts (40/100, 60/100), (10/100), (100/100) pages per second dirtied over sent: medians of the last, largest of each."""
    assert found.ratios.tolist() == pytest.approx([0.4, 0.6, 0.1, 1.0], abs=1e-12)
    assert found.highest_ratios.tolist() == pytest.approx([0.6, 0.1, 1.0], abs=1e-12)
    assert found.last_ratio == pytest.approx(0.6, abs=1e-12)
    assert found.dirty_pages_per_s == pytest.approx(60.0, abs=1e-12)


def test_a_guest_that_does_not_run_leaves_nothing() -> None:
    """Its only round is followed by none."""
    moves = pa.Table.from_pylist([_move(0, 1, "completed", None, None), _move(1, 1, "completed", None, 0.0)])
    (only,) = rounds_left(moves, pa.Table.from_pylist([_round(0, 1, 1, 10.0, 10.0, 1000)]))
    assert (len(only.last), only.most_rounds, len(only.highest_ratios)) == (0, 0, 0)
    assert math.isnan(only.last_ratio)
