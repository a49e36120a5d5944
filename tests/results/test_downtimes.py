"""Downtimes counted in one pass."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.hand_made import ABORTED, Value, migrations, steps
from results.in_memory import InMemory
from sim.results.downtimes import LIMITS, LONGEST, Downtimes, Stop
from sim.results.gathering import Counted, gather


def gathered(*rows: dict[str, Value], size: int = 1000, leave_out: tuple[str, ...] = ()) -> Downtimes:
    """Return the downtimes of some rows, of which each chunk holds so many replications."""
    numbers = sorted({int(row.get("replication") or 0) for row in rows})
    chunks = InMemory(migrations(*rows).drop_columns(list(leave_out)), steps(*({"replication": number} for number in numbers)), size)
    downtimes = Downtimes(chunks.columns)
    gather(chunks, [downtimes])
    return downtimes


def test_one_pass_reads_every_column_once_and_counts_the_rows() -> None:
    chunks = InMemory(migrations({}, {"vm": "B"}, {"replication": 1}), steps({}, {"replication": 1}), 1)
    assert gather(chunks, [Downtimes(chunks.columns), Downtimes(chunks.columns)]) == Counted(replications=2, migrations=3, plans=2)
    assert len(chunks.reads) == 1
    assert all(len(set(columns)) == len(columns) for columns in chunks.reads[0])


@given(
    values=st.lists(st.floats(min_value=0.0, max_value=1e6) | st.sampled_from([0.001, 2.0, 5.0, 1e5]), min_size=1, max_size=40),
    size=st.integers(1, 7),
)
def test_shares_are_exact_at_every_limit_and_the_curve_says_the_same(values: list[float], size: int) -> None:
    """Mutant: `side="right"` counts a downtime of exactly 5 s as longer than 5 s."""
    rows: list[dict[str, Value]] = [{"replication": number, "downtime_s": value} for number, value in enumerate(values)]
    found = gathered(*rows, size=size).distributions()["out", "A"]
    sample = np.array(values)
    assert found.n == len(values)
    assert found.longest_s == sample.max()
    for at in (0.001, 0.5, 2.0, 5.0, float(LIMITS[4321]), 1e5):
        assert found.share_up_to(at) == np.mean(sample <= at)
    times, shares = found.curve(10_000)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    for at, share in zip(times[1:], shares[1:], strict=True):
        assert share == pytest.approx(np.mean(sample <= at), abs=1e-12)
    assert (np.diff(times) >= 0.0).all()


@pytest.mark.parametrize("at", [2.001, 1e7])
def test_a_share_up_to_what_is_no_limit_is_refused(at: float) -> None:
    found = gathered({}).distributions()["out", "A"]
    with pytest.raises(ValueError, match="none of the limits"):
        found.share_up_to(at)


def test_a_curve_is_as_short_as_wanted_and_reaches_from_none_to_all() -> None:
    rows: list[dict[str, Value]] = [{"replication": number, "downtime_s": 1.0 + number / 100} for number in range(400)]
    times, shares = gathered(*rows).distributions()["out", "A"].curve(20)
    assert len(times) == len(shares) <= 20
    assert (shares[0], shares[-1], times[-1]) == (0.0, 1.0, 4.99)


def test_both_together_are_counted_as_one() -> None:
    found = gathered({"downtime_s": 1.0}, {"vm": "B", "downtime_s": 4.0}, {"replication": 1, "downtime_s": 2.0}).distributions()
    together = found["out", "A"] + found["out", "B"]
    assert (together.n, together.longest_s, together.share_up_to(2.0)) == (3, 4.0, 2 / 3)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_longest_are_those_of_a_sort_and_equal_ones_come_in_the_order_of_the_replications(size: int) -> None:
    """Thirty stops of which every third takes 9 s, the others less: ten times 9 s, from the first replications."""
    rows: list[dict[str, Value]] = [
        {"replication": number, "downtime_s": 9.0 if number % 3 == 0 else 1.0 + number / 100, "stopped_round_s": 0.5}
        for number in range(40)
    ]
    found = gathered(*rows, size=size).longest
    assert [(stop.replication, stop.downtime_s) for stop in found] == [(3 * place, 9.0) for place in range(LONGEST)]
    assert found[0].state_and_resume_s == 8.5


def test_a_stop_names_its_migration_and_its_parts() -> None:
    row: dict[str, Value] = {"replication": 7, "vm": "<b>", "attempt": 2, "downtime_s": 3.0, "handshake_s": 0.25, "stopped_round_s": 1.5}
    assert gathered(row).longest == [Stop(7, "out", "<b>", 2, 3.0, 0.25, 1.5)]
    assert gathered(row, leave_out=("handshake_s", "stopped_round_s")).longest == [Stop(7, "out", "<b>", 2, 3.0, None, None)]


def test_what_was_not_completed_has_no_downtime_but_its_stop_is_counted_apart() -> None:
    aborted: dict[str, Value] = {**ABORTED, "interruption_s": 6.0}
    found = gathered(aborted, {"attempt": 2, "downtime_s": 2.5, "interruption_s": 2.5}, {"vm": "B", **ABORTED})
    assert {key: each.n for key, each in found.distributions().items()} == {("out", "A"): 1}
    assert [stop.downtime_s for stop in found.longest] == [2.5]
    assert (found.failed_stops, found.longest_failed_s) == (1, 6.0)


def test_without_the_column_nothing_is_known_and_nothing_else_is_read() -> None:
    found = gathered({}, leave_out=("downtime_s", "interruption_s"))
    assert (found.stored, found.columns, found.longest, found.distributions()) == (False, frozenset(), [], {})


def test_memory_does_not_grow_with_the_rows() -> None:
    """What is kept after a hundred chunks is what is kept after one: counts by limit and ten stops."""
    rows = pa.concat_tables([migrations({"replication": number, "downtime_s": 1.0 + number % 7}) for number in range(50)])
    downtimes = Downtimes(frozenset(rows.column_names))
    plans = steps(*({"replication": number} for number in range(50)))
    for _ in range(20):
        gather(InMemory(rows, plans, 10), [downtimes])
    (found,) = downtimes.distributions().values()
    assert (found.n, len(found.counts), len(downtimes.longest)) == (1000, len(LIMITS) + 1, LONGEST)
