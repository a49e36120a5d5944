"""The intervals keep the promise of their definition, recomputed here with exact fractions and by simulation."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom

from sim.results.statistics import Interval, quantile, quantile_interval, replications_needed, share_interval

TAIL = Fraction(25, 1000)


def at_most(hits: int, n: int, p: Fraction) -> Fraction:
    """P(X <= hits), X ~ Binomial(n, p), by its sum."""
    return sum((math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(hits + 1)), Fraction(0))


def ranks(n: int, q: float) -> tuple[int, int]:
    """The ranks of the interval's ends: in the sample 1..n a value is its rank."""
    interval = quantile_interval(np.arange(1.0, n + 1), q)
    assert interval.low is not None
    assert interval.high is not None
    return int(interval.low), int(interval.high)


def band(trials: int, p: float) -> tuple[float, float]:
    """The hits outside which one fixed seed in a thousand falls, in trials with chance p."""
    return float(binom.ppf(0.0005, trials, p)), float(binom.isf(0.0005, trials, p))


def array(*values: float) -> NDArray[np.float64]:
    return np.array(values)


@pytest.mark.parametrize(
    ("q", "expected"),
    [(0.5, 3.0), (0.2, 1.0), (0.21, 2.0), (0.8, 4.0), (0.81, math.inf), (1.0, math.inf), (0.001, 1.0)],
)
def test_a_quantile_is_the_order_statistic_of_rank_ceil_nq(q: float, expected: float) -> None:
    assert expected == quantile(array(4.0, math.inf, 1.0, 3.0, 2.0), q)


@pytest.mark.parametrize(("n", "percent"), [(n, percent) for n in (100, 200, 1000) for percent in range(1, 101)])
def test_the_rank_is_not_off_by_one_through_rounding(n: int, percent: int) -> None:
    """Mutant: ceil(n * q) in floats, wrong for n = 100 and 7 %."""
    assert n * percent // 100 == quantile(np.arange(1.0, n + 1), percent / 100)


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=50), st.floats(min_value=0.01, max_value=1))
def test_a_quantile_is_numpys_inverted_cdf(values: list[float], q: float) -> None:
    exact_rank = len(values) * Fraction(repr(q))
    assume(exact_rank.denominator > 1)  # where it is whole numpy rounds; the test above covers that
    assert float(np.quantile(np.array(values), q, method="inverted_cdf")) == quantile(np.array(values), q)


@given(st.lists(st.floats(allow_nan=False), min_size=36, max_size=60), st.randoms(use_true_random=False), st.sampled_from([0.1, 0.5, 0.9]))
def test_the_order_of_the_sample_does_not_matter(values: list[float], random: Random, q: float) -> None:
    before = np.array(values)
    random.shuffle(values)
    after = np.array(values)
    assert quantile(before, q) == quantile(after, q)
    assert quantile_interval(before, q) == quantile_interval(after, q)


def test_the_sample_is_left_as_it_was() -> None:
    sample = np.arange(100.0)[::-1].copy()
    quantile(sample, 0.5)
    quantile_interval(sample, 0.5)
    assert np.array_equal(np.arange(100.0)[::-1], sample)


@pytest.mark.parametrize(("q", "needed"), [(0.5, 6), (0.9, 36), (0.99, 368), (0.999, 3688), (0.1, 36)])
def test_replications_needed_for_95_percent(q: float, needed: int) -> None:
    exact = max(Fraction(repr(q)), 1 - Fraction(repr(q)))
    assert exact**needed <= TAIL < exact ** (needed - 1)
    assert needed == replications_needed(q)
    assert Interval(None, None, needed) == quantile_interval(np.arange(needed - 1.0), q)
    assert quantile_interval(np.arange(float(needed)), q).needed is None


def test_replications_needed_where_the_tail_is_met_exactly() -> None:
    """0.5^6 = 1/64: with confidence 1 - 2/64 six replications are enough, as the definition says "at most"; 0.75^3 = 27/64 likewise.

    Mutant: log(a / 2) / log(q) rounded up and no more gives 4 for the second.
    """
    assert replications_needed(0.5, 1 - 2 / 64) == 6
    assert replications_needed(0.75, 1 - 2 * 27 / 64) == 3
    assert Interval(1.0, 6.0) == quantile_interval(np.arange(1.0, 7), 0.5, 1 - 2 / 64)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("n", [36, 37, 50, 100, 101])
def test_the_ranks_are_the_tightest_that_keep_both_tails(n: int, q: float) -> None:
    """P(N < l) <= 2.5 % < P(N < l + 1) and P(N >= u) <= 2.5 % < P(N >= u - 1), in exact fractions.

    Mutant: a rank that is off by one, either way.
    """
    lower, upper = ranks(n, q)
    exact = Fraction(repr(q))
    assert at_most(lower - 1, n, exact) <= TAIL < at_most(lower, n, exact)
    assert 1 - at_most(upper - 1, n, exact) <= TAIL < 1 - at_most(upper - 2, n, exact)


def test_the_interval_covers_as_often_as_the_binomial_says() -> None:
    """Median of 20 exponentials, 2,000 times: the hits are Binomial(2000, c), c = P(l <= N < u) in exact fractions.

    Mutant: u one rank lower covers 92.2 % instead of 95.9 %, eight standard deviations away.
    """
    n, runs = 20, 2000
    lower, upper = ranks(n, 0.5)
    half = Fraction(1, 2)
    coverage = at_most(upper - 1, n, half) - at_most(lower - 1, n, half)
    samples = np.random.default_rng(20261128).exponential(size=(runs, n))
    intervals = [quantile_interval(sample, 0.5) for sample in samples]
    hits = sum(
        interval.low <= math.log(2) <= interval.high for interval in intervals if interval.low is not None and interval.high is not None
    )
    least, most = band(runs, float(coverage))
    assert coverage >= 1 - 2 * TAIL
    assert least <= hits <= most


def test_the_interval_covers_at_least_as_often_with_ties_and_infinite_values() -> None:
    """Rounds of 1 to 5 and every tenth migration aborted: the 90 % quantile is 5, the 91 % quantile +inf."""
    runs, n = 1000, 100
    samples = np.random.default_rng(7).choice(np.array([1.0, 2.0, 3.0, 4.0, 5.0, math.inf]), size=(runs, n), p=[0.18] * 5 + [0.1])
    for q, truth in ((0.45, 3.0), (0.9, 5.0), (0.91, math.inf)):
        intervals = [quantile_interval(sample, q) for sample in samples]
        hits = sum(
            interval.low <= truth <= interval.high for interval in intervals if interval.low is not None and interval.high is not None
        )
        assert hits >= band(runs, 0.95)[0]


def test_ends_can_be_infinite() -> None:
    never = np.full(40, math.inf)
    assert math.inf == quantile(never, 0.5)
    assert Interval(math.inf, math.inf) == quantile_interval(never, 0.5)


@pytest.mark.parametrize(("hits", "n"), [(1, 2), (1, 30), (29, 30), (7, 20), (95, 100), (3, 50), (60, 120)])
def test_a_share_interval_ends_where_the_binomial_tails_are_a_half_of_5_percent(hits: int, n: int) -> None:
    """The definition, with the binomial by its sum; the tails are that of a float p, so they agree to 1e-9 and not exactly.

    Mutant: beta(hits, n - hits), as for a posterior, misses by more than 1e-3.
    """
    interval = share_interval(hits, n)
    assert interval.low is not None
    assert interval.high is not None
    at_least_hits = 1 - at_most(hits - 1, n, Fraction(interval.low))
    at_most_hits = at_most(hits, n, Fraction(interval.high))
    assert math.isclose(0.025, float(at_least_hits), rel_tol=1e-9)
    assert math.isclose(0.025, float(at_most_hits), rel_tol=1e-9)


@pytest.mark.parametrize("n", [1, 10, 1000])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_never_and_always_have_the_closed_form(n: int, confidence: float) -> None:
    """0 hits: [0, 1 - (a/2)^(1/n)], and its mirror image."""
    never, always = share_interval(0, n, confidence), share_interval(n, n, confidence)
    edge = ((1 - confidence) / 2) ** (1 / n)
    assert never.low == 0
    assert always.high == 1
    assert never.high == pytest.approx(1 - edge, rel=1e-9)
    assert always.low == pytest.approx(edge, rel=1e-9)


def test_no_replication_says_nothing_about_a_share() -> None:
    assert Interval(0.0, 1.0) == share_interval(0, 0)


@given(st.integers(min_value=0, max_value=300), st.integers(min_value=1, max_value=300))
def test_a_share_interval_holds_the_share_and_is_symmetric(hits: int, misses: int) -> None:
    n = hits + misses
    interval, mirror = share_interval(hits, n), share_interval(misses, n)
    assert interval.low is not None
    assert interval.high is not None
    assert mirror.high is not None
    assert 0 <= interval.low <= hits / n <= interval.high <= 1
    assert interval.low == pytest.approx(1 - mirror.high, abs=1e-12)


@pytest.mark.parametrize(
    ("values", "q", "confidence", "says"),
    [
        ([], 0.5, 0.95, "n >= 1"),
        ([1.0, math.nan], 0.5, 0.95, "1 of 2 values are NaN"),
        ([1.0], 0.0, 0.95, "q = 0.0"),
        ([1.0], 1.5, 0.95, "q = 1.5"),
        ([1.0], 0.5, 1.0, "confidence = 1.0"),
    ],
)
def test_what_is_no_sample_and_no_level_is_refused(values: list[float], q: float, confidence: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        quantile_interval(np.array(values), q, confidence)


def test_what_is_no_quantile_and_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="q = 0"):
        quantile(array(1.0), 0)
    with pytest.raises(ValueError, match="NaN"):
        quantile(array(math.nan), 0.5)
    with pytest.raises(ValueError, match="5 hits in 4"):
        share_interval(5, 4)
