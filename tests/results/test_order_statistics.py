"""Order statistics in passes against those of the sorted sample, whatever the sample, its cuts and the room in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.results import order_statistics
from sim.results.chunks import Codes, Sample
from sim.results.order_statistics import Selection, image, value_of
from sim.results.statistics import Interval, interval_ranks, quantile, quantile_interval, quantile_rank, replications_needed

VALUES = st.floats(allow_nan=False)
# Few distinct values, neighbouring floats, a cluster, anything: what grids can stumble over.
SAMPLES = st.one_of(
    st.lists(VALUES, min_size=1, max_size=80),
    st.lists(st.sampled_from([0.0, -0.0, 1.0, 5.0, math.inf]), min_size=1, max_size=80),
    st.lists(st.integers(min_value=0, max_value=40).map(lambda ulps: float(np.float64(100.0) + ulps * np.spacing(100.0))), min_size=1),
    st.lists(st.floats(min_value=100.0, max_value=101.0), min_size=1, max_size=80),
)


def cut(values: Sample, groups: Codes, size: int) -> Iterator[tuple[Sample, Codes]]:
    """Yield the sample in pieces."""
    for start in range(0, len(values), size):
        yield values[start : start + size], groups[start : start + size]


def selected(selection: Selection, values: Sample, groups: Codes, size: int = 7) -> int:
    """Give the sample to a selection as often as it asks for it; return how often that was."""
    passes = 0
    while not selection.done:
        passes += 1
        for piece in cut(values, groups, size):
            selection.add(*piece)
        selection.end_pass()
    return passes


@pytest.mark.parametrize("kept", [0, 3, 10, 1000])
@given(sample=SAMPLES, size=st.integers(min_value=1, max_value=30), data=st.data())
@settings(max_examples=100)
def test_every_rank_is_that_of_the_sorted_sample(kept: int, sample: list[float], size: int, data: st.DataObject) -> None:
    """Mutants: one rank off; a rank at a fence taken for one beside it; a gap that holds its own fence."""
    values = np.array(sample)
    groups = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values))), dtype=np.int32)
    selection = Selection(lambda n: range(1, n + 1), together=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(order_statistics, "KEPT", kept)
        selected(selection, values, groups, size)
    for group in range(4):
        expected = np.sort(values[groups == group]).tolist()
        assert selection.count(group) == len(expected)
        assert [selection.at(rank, group) for rank in range(1, len(expected) + 1)] == expected
    assert selection.count_together() == len(values)
    assert [selection.at_together(rank) for rank in range(1, len(values) + 1)] == np.sort(values).tolist()


@given(
    st.lists(st.one_of(VALUES, st.sampled_from([1.0, math.inf])), min_size=36, max_size=120),
    st.sampled_from([0.1, 0.5, 0.9, 0.99]),
)
def test_quantiles_and_intervals_are_those_of_the_whole_sample(sample: list[float], q: float) -> None:
    """The law's reference is the sample in memory: `quantile`, `quantile_interval`."""
    values = np.array(sample)
    ends = interval_ranks(len(values), q)
    selection = Selection(lambda n: {quantile_rank(n, q), *(interval_ranks(n, q) or ())})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(order_statistics, "KEPT", 10)
        selected(selection, values, np.zeros(len(values), dtype=np.int32))
    assert selection.at(quantile_rank(len(values), q)) == quantile(values, q)
    found = Interval(None, None, replications_needed(q)) if ends is None else Interval(selection.at(ends[0]), selection.at(ends[1]))
    assert found == quantile_interval(values, q)


@given(VALUES, VALUES)
def test_images_are_ordered_as_the_values(one: float, other: float) -> None:
    assert (image(one) < image(other)) == (one < other)
    assert (image(one) == image(other)) == (one == other)
    assert value_of(image(one)) == one


def test_small_sample_takes_one_pass() -> None:
    values = np.arange(1000.0)
    assert selected(Selection(lambda _n: [1]), values, np.zeros(1000, dtype=np.int32)) == 1


def passes(monkeypatch: pytest.MonkeyPatch, values: Sample, kept: int, fences: int) -> int:
    """Return how many passes the 0.9-quantile takes, having checked it."""
    monkeypatch.setattr(order_statistics, "KEPT", kept)
    monkeypatch.setattr(order_statistics, "FENCES", fences)
    selection = Selection(lambda n: [quantile_rank(n, 0.9)])
    taken = selected(selection, values, np.zeros(len(values), dtype=np.int32), 100)
    assert selection.at(quantile_rank(len(values), 0.9)) == quantile(values, 0.9)
    return taken


@pytest.mark.parametrize("times", [1, 10, 100])
def test_passes_do_not_grow_with_the_sample(times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is linear: one pass for what is kept, two for more.

    100 fences at the hundredths of the first 1,000 values: between two of them lie 2 % of 10^5 values at the very most, 2,000.
    """
    values = np.random.default_rng(1).lognormal(size=1000 * times)
    assert passes(monkeypatch, values, 2000, 100) == (1 if times == 1 else 2)


@pytest.mark.parametrize("value", [0.0, 24.25, math.inf])
def test_value_that_is_most_of_the_sample_is_found_at_once(value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole numbers, constants and `never` are fences themselves: nothing of them is kept."""
    values = np.full(5000, value)
    values[::20] = 1.0
    assert passes(monkeypatch, values, 10, 10) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_unlucky_order_takes_eleven_passes_at_most(order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ascending values: the fences of the first ones are all too small; each pass leaves less than 1 of 64 parts of 2^64 numbers."""
    assert passes(monkeypatch, np.arange(20000.0)[::order] / 7.0, 10, 4) <= 11


def test_nothing_was_given() -> None:
    selection = Selection(lambda _n: [1])
    assert selected(selection, np.zeros(0), np.zeros(0, dtype=np.int32)) == 1
    assert selection.count() == 0


def test_rank_that_was_not_wanted_is_not_known() -> None:
    selection = Selection(lambda _n: [2])
    selected(selection, np.array([3.0, 1.0, 2.0]), np.zeros(3, dtype=np.int32))
    assert selection.at(2) == 2.0
    with pytest.raises(KeyError):
        selection.at(1)
