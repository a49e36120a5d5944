from __future__ import annotations

from collections.abc import Callable, Iterator
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim.results.order_statistics
from sim.results.chunks import Sample
from sim.results.extremes import Found, Numbers, find
from sim.results.statistics import quantile

INFINITE = float("inf")


def chunks(values: list[float], size: int = 3, first: int = 0) -> Callable[[], Iterator[tuple[Numbers, Sample]]]:
    """Return values of the replications from `first` on, some at a time."""

    def read() -> Iterator[tuple[Numbers, Sample]]:
        for begin in range(0, len(values), size):
            part = np.array(values[begin : begin + size])
            yield np.arange(first + begin, first + begin + len(part)), part

    return read


def test_the_worst_is_the_largest_value_and_of_equal_ones_the_first() -> None:
    assert find(chunks([2.0, 9.0, 1.0, 0.5, 9.0, 3.0, 9.0])) == Found(replication=1, value=9.0, looked_at=7, infinite=0)


def test_replications_are_named_by_their_number_and_not_by_their_place() -> None:
    assert find(chunks([2.0, 1.0, 5.0, 4.0], first=1024)) == Found(replication=1026, value=5.0, looked_at=4, infinite=0)


def test_what_was_not_migrated_is_the_worst_unless_it_is_left_out() -> None:
    values = [2.0, 7.0, 1.0, INFINITE, 7.0, INFINITE]
    assert find(chunks(values)) == Found(replication=3, value=INFINITE, looked_at=6, infinite=2)
    assert find(chunks(values), completed=True) == Found(replication=1, value=7.0, looked_at=4, infinite=2)


@pytest.mark.parametrize(("q", "rank"), [(0.5, 4), (0.51, 5), (0.125, 1), (0.01, 1), (0.875, 7), (0.876, 8), (1.0, 8)])
def test_a_quantile_is_the_order_statistic_of_rank_ceil_n_q(q: float, rank: int) -> None:
    values = [4.0, 8.0, 1.0, 7.0, 2.0, 6.0, 3.0, 5.0]  # the value of rank k is k
    assert find(chunks(values), q) == Found(replication=values.index(rank), value=float(rank), looked_at=8, infinite=0)


def test_there_is_nothing_to_find_among_nothing() -> None:
    assert find(chunks([])) is None
    assert find(chunks([INFINITE, INFINITE]), completed=True) is None


@given(
    values=st.lists(st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 1.0, INFINITE]), min_size=1, max_size=60),
    q=st.floats(min_value=0.001, max_value=1.0),
    size=st.integers(1, 20),
    kept=st.sampled_from([4, 2**20]),
)
def test_any_quantile_is_that_of_statistics_whatever_fits_into_memory(values: list[float], q: float, size: int, kept: int) -> None:
    """With room for four values, several passes look for it; with room for all, one."""
    with patch.object(sim.results.order_statistics, "KEPT", kept):
        found = find(chunks(values, size), q)
    assert found is not None
    assert found.value == quantile(np.array(values), q)
    assert found.replication == values.index(found.value)


@pytest.mark.parametrize("q", [0.0, -0.1, 1.1])
def test_a_quantile_out_of_range_is_refused(q: float) -> None:
    with pytest.raises(ValueError, match="is not in 0 < q <= 1"):
        find(chunks([1.0]), q)
