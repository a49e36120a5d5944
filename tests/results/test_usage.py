"""What is used over time, of transfers that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sim.results.transfers import Transfers, Way
from sim.results.usage import periods, uses_of_units, uses_of_ways

WAY = Way("mcnpr", "one", "two", 100.0)


def transfers(*rows: tuple[int, float, float, float], replications: int = 1) -> Transfers:
    """Return transfers (replication, began, ended, bytes) from A to B: 100 B/s on the way, 50 B/s sent, 200 B/s received."""
    replication, began, ended, sent = (np.array(each) for each in zip(*rows, strict=True))
    one, zeros = np.ones(len(rows)), np.zeros(len(rows), dtype=np.int32)
    rate = sent / (ended - began)
    where = (replication, zeros, zeros, zeros + np.int32(1))
    return Transfers(replications, (WAY,), ("A", "B"), *where, began, ended, sent, rate, 100.0 * one, 50.0 * one, 200.0 * one)


def test_bytes_are_spread_over_the_spans_in_which_they_are_sent() -> None:
    """20 B/s from 5 to 15: a fifth of 100 B/s in half of the first span of 10 s and half of the second: a tenth each."""
    (use,) = uses_of_ways(transfers((0, 5.0, 15.0, 200.0)), [np.array([0.0, 10.0, 20.0, 30.0])])
    assert use.spans.tolist() == [pytest.approx([0.1, 0.1, 0.0])]
    assert use.busy_s.tolist() == [10.0]
    assert use.amount.tolist() == [pytest.approx(2.0)]


def test_time_in_which_two_send_counts_once() -> None:
    """0 to 10, 5 to 12 and 20 to 21: 13 s; another replication has its own 4 s."""
    found = transfers((0, 0.0, 10.0, 1.0), (0, 5.0, 12.0, 1.0), (0, 20.0, 21.0, 1.0), (1, 6.0, 10.0, 1.0), replications=2)
    (use,) = uses_of_ways(found, [np.array([0.0, 30.0])])
    assert use.busy_s.tolist() == pytest.approx([13.0, 4.0])


def test_both_monitor_systems_work_on_a_transfer() -> None:
    """20 B/s: 40 % of a sender of 50 B/s, 10 % of a receiver of 200 B/s."""
    source, target = uses_of_units(transfers((0, 0.0, 10.0, 200.0)), [np.array([0.0, 5.0, 10.0])])
    assert source.spans.tolist() == [pytest.approx([0.4, 0.4])]
    assert target.spans.tolist() == [pytest.approx([0.1, 0.1])]


def test_nothing_is_used_more_than_it_is_there() -> None:
    found = transfers((0, 0.0, 10.0, 700.0), (0, 0.0, 10.0, 700.0))
    (use,) = uses_of_ways(found, [np.array([0.0, 10.0])])
    assert use.spans.tolist() == [[1.0]]


def test_bands_and_peaks_are_of_replications() -> None:
    """A hundred replications send 1, 2 .. 100 B/s for a second: p5 is the 5th, p50 the 50th, p95 the 95th."""
    found = transfers(*((number, 0.0, 1.0, number + 1.0) for number in range(100)), replications=100)
    (use,) = uses_of_ways(found, [np.array([0.0, 1.0])])
    assert [float(each[0]) for each in use.band()] == pytest.approx([0.05, 0.5, 0.95])
    assert use.peak() == pytest.approx(0.5)


def test_long_pauses_are_left_out() -> None:
    """Ten seconds, a pause of eighty, ten seconds: two pieces of the same length."""
    pieces = periods(transfers((0, 0.0, 10.0, 1.0), (0, 90.0, 100.0, 1.0)), 20)
    assert [(float(each[0]), float(each[-1]), len(each) - 1) for each in pieces] == [(0.0, 10.0, 10), (90.0, 100.0, 10)]
    assert len(periods(transfers((0, 0.0, 10.0, 1.0), (0, 20.0, 100.0, 1.0)), 20)) == 1


def test_what_decides_is_the_lowest_ceiling_that_is_reached() -> None:
    """50 B/s is all that the sender can: it decides for 3 s; 10 B/s is less than every ceiling: 1 s."""
    limits = transfers((0, 0.0, 3.0, 150.0), (0, 3.0, 4.0, 10.0)).limits()
    assert limits == {"link": 0.0, "sender": 0.75, "receiver": 0.0, "less": 0.25}
