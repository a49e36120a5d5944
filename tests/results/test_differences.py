"""Intervals of differences: published examples, closed forms, coverage by simulation, and scipy's bootstrap as a second opinion."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom, bootstrap, norm

from sim.results.differences import Difference, correlation, median_difference, quantile_difference, share_difference
from sim.results.statistics import quantile, quantile_interval

Sample = NDArray[np.float64]
NEVER = math.inf


def pairs(both: int, only_first: int, only_second: int, neither: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pairs have the first event and which the second one, from the counts of the table."""
    counts = (both, only_first, only_second, neither)
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


def ends(found: Difference) -> tuple[float, float]:
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


def least(runs: int) -> float:
    """Return the hits that 95 % coverage reaches in so many runs, but for one fixed seed in two thousand."""
    return float(binom.ppf(0.0005, runs, 0.95))


class TestShares:
    @pytest.mark.parametrize(
        ("table", "low", "high"),
        [((59, 6, 16, 80), -0.1186, -0.0046), ((1, 1, 7, 12), -0.507, -0.026)],
        ids=["Cavo 2012", "Bentur 2009"],
    )
    def test_of_pairs_is_newcombes_method_10(self, table: tuple[int, int, int, int], low: float, high: float) -> None:
        """The two examples of Fagerland, Lydersen and Laake, Recommended tests and confidence intervals for paired proportions (2014).

        Mutant: the correlation without its correction gives -0.1174 for the lower end of the first.
        """
        one, other = pairs(*table)
        found = share_difference(other, one, paired=True)
        assert ends(found) == pytest.approx((low, high), abs=5e-4 if table[0] == 1 else 5e-5)
        assert found.value == pytest.approx((table[1] - table[2]) / sum(table), abs=1e-12)

    def test_of_independent_samples_is_newcombes_method_10(self) -> None:
        """56 of 70 against 48 of 80, his first example: 0.0524 to 0.3339."""
        first, second = np.arange(80) < 48, np.arange(70) < 56
        assert ends(share_difference(first, second, paired=False)) == pytest.approx((0.0524, 0.3339), abs=5e-5)

    def test_of_equal_pairs_is_nothing_and_never_above_what_few_pairs_show(self) -> None:
        one, _ = pairs(30, 0, 0, 10)
        low, high = ends(share_difference(one, one, paired=True))
        assert low < 0 < high
        assert share_difference(one, one, paired=True).value == 0.0

    def test_covers(self) -> None:
        """Pairs of 97 % and 95 %, made of one uniform draw and one of its own."""
        runs, n = 600, 500
        rng, hits = np.random.default_rng(5), 0
        for _ in range(runs):
            common = rng.random(n)
            first, second = common < 0.97, np.where(rng.random(n) < 0.7, common, rng.random(n)) < 0.95
            low, high = ends(share_difference(first, second, paired=True))
            hits += low <= -0.02 <= high
        assert hits >= least(runs)

    @given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
    def test_correlation_is_pearsons_or_nearer_to_0(self, both: int, only_first: int, only_second: int, neither: int) -> None:
        one, other = pairs(both, only_first, only_second, neither)
        found = correlation(one, other)
        if len(set(one)) < 2 or len(set(other)) < 2:
            assert found == 0.0
            return
        exact = float(np.corrcoef(one, other)[0, 1])
        assert found == pytest.approx(exact, abs=1e-12) if exact < 0 else -1e-12 <= found <= exact + 1e-12


class TestQuantiles:
    def test_of_constants_are_known_exactly(self) -> None:
        assert Difference(-3.0, -3.0, -3.0) == quantile_difference(np.full(400, 5.0), np.full(400, 2.0), 0.99, paired=True)

    @pytest.mark.parametrize("q", [0.5, 0.99])
    def test_unpaired_of_a_constant_is_the_interval_of_the_other_one(self, q: float) -> None:
        sample = np.random.default_rng(1).lognormal(size=1000)
        alone = quantile_interval(sample, q)
        assert alone.low is not None
        assert alone.high is not None
        expected = (alone.low - 7.0, alone.high - 7.0)
        assert expected == pytest.approx(ends(quantile_difference(np.full(900, 7.0), sample, q, paired=False)), rel=1e-12)

    def test_turned_around_it_changes_its_sign(self) -> None:
        rng = np.random.default_rng(2)
        first, second = rng.exponential(size=800), rng.exponential(size=800)
        there, back = (quantile_difference(*each, 0.5, paired=True) for each in ((first, second), (second, first)))
        assert (-back.value, *(-end for end in reversed(ends(back)))) == pytest.approx((there.value, *ends(there)), rel=1e-12)

    def test_too_few_values_are_refused_with_the_number_needed(self) -> None:
        found = quantile_difference(np.arange(300.0), np.arange(300.0) + 1, 0.99, paired=True)
        assert (found.value, found.low, found.high, found.needed) == (1.0, None, None, 368)

    @pytest.mark.parametrize("q", [0.5, 0.99])
    @pytest.mark.parametrize("together", [0.0, 0.5, 0.99])
    def test_cover(self, q: float, together: float) -> None:
        """Two lognormals whose normals have this correlation; their quantiles are known in closed form."""
        runs, n = 400, 600
        z = float(norm.ppf(q))
        truth = math.exp(0.1 + 0.4 * z) - math.exp(0.3 * z)
        rng, hits = np.random.default_rng(20261128), 0
        for _ in range(runs):
            first, second = _lognormals(rng, n, together)
            low, high = ends(quantile_difference(first, second, q, paired=True))
            hits += low <= truth <= high
        assert hits >= least(runs)

    def test_of_pairs_that_go_together_are_narrower(self) -> None:
        """The median of lognormals with sigma 0.3 and 0.4 whose normals have correlation 0.99.

        Of symmetric halves a = 0.3 k and b = 0.4 k the joint half is sqrt(a^2 + b^2 - 2 r a b), r = (2 / pi) asin(0.99) = 0.91 the
        correlation of the two signs: 0.18 k, of independent ones 0.5 k. Asked for is a half of that.
        """
        first, second = _lognormals(np.random.default_rng(3), 10_000, 0.99)
        paired, apart = (ends(quantile_difference(first, second, 0.5, paired=paired)) for paired in (True, False))
        assert paired[1] - paired[0] < (apart[1] - apart[0]) / 2

    def test_agree_with_scipys_paired_bootstrap(self) -> None:
        """Both estimate one standard error, each to about n^(-1/4) = 16 %: the ends agree within a quarter of the width."""
        first, second = _lognormals(np.random.default_rng(4), 1500, 0.9)

        def apart(one: Sample, other: Sample, axis: int) -> Sample:
            return np.asarray(np.quantile(other, 0.5, axis=axis) - np.quantile(one, 0.5, axis=axis))

        resampled = bootstrap(
            (first, second),
            apart,
            paired=True,
            vectorized=True,
            n_resamples=999,
            method="percentile",
            rng=np.random.default_rng(5),
            batch=100,
        ).confidence_interval
        low, high = ends(quantile_difference(first, second, 0.5, paired=True))
        assert (resampled.low, resampled.high) == pytest.approx((low, high), abs=(high - low) / 4)


class TestNever:
    def test_on_both_sides_is_no_difference(self) -> None:
        never = np.full(100, NEVER)
        assert Difference(0.0, 0.0, 0.0) == quantile_difference(never, never, 0.5, paired=True)
        assert Difference(0.0, 0.0, 0.0) == median_difference(never, never)

    def test_on_one_side_is_an_infinite_difference(self) -> None:
        never, ended = np.full(100, NEVER), np.arange(100.0)
        assert Difference(-NEVER, -NEVER, -NEVER) == quantile_difference(never, ended, 0.5, paired=True)
        assert Difference(NEVER, NEVER, NEVER) == median_difference(ended, never)

    def test_of_a_few_leaves_the_median_alone(self) -> None:
        first = np.arange(100.0)
        second = np.where(first < 5, NEVER, first + 2)
        found = median_difference(first, second)
        assert (found.value, found.low, found.high) == (2.0, 2.0, 2.0)

    def test_that_cannot_be_told_is_as_large_as_it_can_be(self) -> None:
        """Half of the second never end: whether its median does cannot be told; that it is later than the first one can."""
        first, second = np.full(100, 10.0), np.where(np.arange(100) < 50, 20.0, NEVER)
        found = quantile_difference(first, second, 0.5, paired=True)
        assert (found.value, found.low, found.high) == (10.0, 10.0, NEVER)


class TestMedianOfPairs:
    def test_is_the_order_statistic_interval_of_the_differences(self) -> None:
        rng = np.random.default_rng(6)
        first, apart = rng.exponential(100.0, 1000), rng.normal(-3.0, 1.0, 1000)
        found, expected = median_difference(first, first + apart), quantile_interval(first + apart - first, 0.5)
        assert (expected.low, expected.high) == ends(found)
        assert quantile(first + apart - first, 0.5) == found.value

    def test_of_fewer_than_six_pairs_has_no_interval(self) -> None:
        assert Difference(1.0, None, None, 6) == median_difference(np.zeros(5), np.ones(5))


def _lognormals(rng: np.random.Generator, n: int, together: float) -> tuple[Sample, Sample]:
    normals = rng.standard_normal((2, n))
    other = together * normals[0] + math.sqrt(1 - together**2) * normals[1]
    return np.exp(0.3 * normals[0]), np.exp(0.1 + 0.4 * other)
