"""Scores against examples by hand, exact enumeration and theory."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.validate.score.scores import (
    absolute_percentage_errors,
    confusion,
    coverage,
    interval_scores,
    randomised_pit,
    ratio_quantiles,
    score,
    uniformity,
)


def test_errors_are_shares_of_what_was_measured() -> None:
    assert absolute_percentage_errors([110.0, 150.0, 200.0], [100.0, 200.0, 200.0]).tolist() == pytest.approx([0.1, 0.25, 0.0], rel=1e-12)


@pytest.mark.parametrize(
    ("predicted", "measured"),
    [([1.0], [0.0]), ([1.0], [-2.0]), ([math.nan], [1.0]), ([1.0], [math.inf]), ([1.0, 2.0], [1.0]), ([[1.0]], [[1.0]])],
)
def test_errors_need_positive_finite_pairs(predicted: list[float], measured: list[float]) -> None:
    with pytest.raises(ValueError, match=r"percentage|finite|shape"):
        absolute_percentage_errors(predicted, measured)


def test_score_of_ten_errors() -> None:
    """0.01 to 0.10: the mean is 0.055, five do not exceed 0.05, nine do not exceed 0.09."""
    errors = [each / 100 for each in (3, 9, 1, 7, 10, 5, 2, 8, 4, 6)]
    found = score(errors, [f"c{place}" for place in range(10)])
    assert (found.n, found.median, found.p90) == (10, 0.05, 0.09)
    assert found.mape == pytest.approx(0.055, rel=1e-12)
    assert found.low is not None
    assert found.high is not None
    assert 0.01 < found.low < 0.055 < found.high < 0.10


def test_interval_of_the_mean_is_that_of_the_central_limit_theorem() -> None:
    """Of 400 symmetric errors the 95 % interval is mean +- 1.96 s / sqrt(n).

    The bootstrap's ends move by 3 % of the width with 2,000 resamples: 10 % of the half width. Mutants: another confidence (90 % is 16 %
    narrower), an interval of the median (sqrt(pi / 2) = 25 % wider).
    """
    errors = np.clip(np.random.default_rng(3).normal(0.1, 0.02, 400), 0.0, None)
    found = score(errors, np.arange(400))
    half = 1.96 * float(errors.std()) / 20.0
    assert found.low == pytest.approx(found.mape - half, abs=0.1 * half)
    assert found.high == pytest.approx(found.mape + half, abs=0.1 * half)


def test_repeats_of_a_cell_are_no_new_evidence() -> None:
    """Every error four times in its cell changes nothing but n. Mutant: rows resampled instead of cells (half as wide)."""
    errors = np.random.default_rng(5).exponential(0.05, 30)
    once, often = score(errors, np.arange(30)), score(np.repeat(errors, 4), np.repeat(np.arange(30), 4))
    assert (once.n, often.n) == (30, 120)
    assert (often.low, often.high) == pytest.approx((once.low, once.high), rel=1e-9)


def test_scores_do_not_depend_on_the_order_or_on_the_run() -> None:
    errors, cells = [0.3, 0.1, 0.2, 0.4, 0.1], ["b", "a", "c", "b", "d"]
    found = score(errors, cells)
    assert found == score(errors, cells)
    turned = score(errors[::-1], cells[::-1])
    assert (turned.median, turned.p90) == (found.median, found.p90)
    assert (turned.mape, turned.low, turned.high) == pytest.approx((found.mape, found.low, found.high), rel=1e-12)


def test_one_cell_has_no_interval() -> None:
    found = score([0.1, 0.3], ["a", "a"])
    assert (found.low, found.high) == (None, None)
    assert found.mape == pytest.approx(0.2, rel=1e-12)


@pytest.mark.parametrize("errors", [[], [[0.1]], [0.1, 0.2, 0.3]])
def test_score_needs_an_error_for_each_cell(errors: list[float]) -> None:
    with pytest.raises(ValueError, match="shape"):
        score(errors, ["a", "b"] if len(errors) == 3 else errors)


@given(st.lists(st.tuples(st.floats(0.0, 1e3), st.sampled_from("abcdefgh")), min_size=1, max_size=30))
def test_interval_lies_among_the_means_of_the_cells(rows: list[tuple[float, str]]) -> None:
    """For any errors, equal ones and zeros too, there is no warning and no NaN."""
    found = score([error for error, _ in rows], [cell for _, cell in rows])
    means = [np.mean([error for error, cell in rows if cell == name]) for name in {cell for _, cell in rows}]
    if len(means) == 1:
        assert found.low is None
        return
    slack = 1e-9 * max(means)
    assert found.low is not None
    assert found.high is not None
    assert min(means) - slack <= found.low <= found.high <= max(means) + slack


def _tail(n: int, below: int) -> Fraction:
    """Return P(X < below) of Binomial(n, 9/10), exactly."""
    return sum((math.comb(n, k) * Fraction(9, 10) ** k * Fraction(1, 10) ** (n - k) for k in range(below)), Fraction(0))


@pytest.mark.parametrize("n", [1, 10, 57, 200])
def test_band_of_the_coverage_is_the_exact_binomial_one(n: int) -> None:
    """P(X < low) and P(X > high) are at most 0.5 %, and one step further in they are more."""
    found = coverage(np.zeros(n), np.ones(n), np.full(n, 0.5))
    tail = Fraction(5, 1000)
    assert _tail(n, found.low) <= tail < _tail(n, found.low + 1)
    assert 1 - _tail(n, found.high + 1) <= tail < 1 - _tail(n, found.high)


def test_coverage_counts_ends_as_inside() -> None:
    found = coverage([1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0], [1.0, 2.0, 0.999, 2.001])
    assert (found.n, found.inside, found.share) == (4, 2, 0.5)


def test_too_few_and_too_many_inside_are_both_implausible() -> None:
    """Of 200 intervals of 90 %, 180 are expected, standard deviation 4.2; all of them is as wrong as 165."""
    low, high = np.zeros(200), np.ones(200)

    def inside(count: int) -> bool:
        return coverage(low, high, np.where(np.arange(200) < count, 0.5, 2.0)).plausible

    assert [inside(count) for count in (165, 175, 180, 185, 200)] == [False, True, True, True, False]


def test_coverage_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no interval"):
        coverage([], [], [])


@given(st.lists(st.integers(0, 6), min_size=2, max_size=12), st.integers(0, 40))
def test_transform_of_exchangeable_counts_is_uniform(pool: list[int], step: int) -> None:
    """If each of m + 1 values in turn is the measured one, u has the uniform distribution function, exactly.

    For given v = 0 and v -> 1 the function gives the ends of the step of a value; v uniform fills it evenly.
    Mutants: steps of e instead of e + 1 draws, division by m, the draws above instead of those below.
    """
    x = step / 40
    probability = 0.0
    for place, measured in enumerate(pool):
        draws = [*pool[:place], *pool[place + 1 :]]
        begin, end = randomised_pit(draws, measured, 0.0), randomised_pit(draws, measured, 1.0)
        probability += min(max((x - begin) / (end - begin), 0.0), 1.0) / len(pool)
    assert probability == pytest.approx(x, abs=1e-12)


def test_transform_by_hand() -> None:
    """Of 9 draws 2 are below 5 and 3 equal to it: (2 + 0.25 x 4) / 10."""
    assert randomised_pit([3, 4, 5, 5, 5, 6, 7, 8, 9], 5, 0.25) == pytest.approx(0.3, rel=1e-12)
    with pytest.raises(ValueError, match="no draw"):
        randomised_pit([], 5, 0.5)


def test_uniform_transforms_pass_and_lumps_do_not() -> None:
    """The distance of the midpoints (i + 1/2) / n from the diagonal is 1 / (2 n), of values that are all 1/2 it is 1/2."""
    even = uniformity((np.arange(50) + 0.5) / 50)
    assert even.n == 50
    assert even.distance == pytest.approx(0.01, rel=1e-9)
    assert even.p_value == pytest.approx(1.0, abs=1e-9)
    lump = uniformity(np.full(50, 0.5))
    assert lump.distance == 0.5
    assert lump.p_value < 1e-10


def test_distance_of_one_transform_is_exact() -> None:
    """Of one value u = 0.2 the distance is 0.8, and P(D >= 0.8) = P(u <= 0.2 or u >= 0.8) = 0.4."""
    found = uniformity([0.2])
    assert (found.distance, found.p_value) == pytest.approx((0.8, 0.4), rel=1e-9)


def test_interval_scores_by_hand() -> None:
    """Width 10; what misses by 2 below pays 20 x 2, by 1 above 20 x 1."""
    assert interval_scores([10.0] * 3, [20.0] * 3, [15.0, 8.0, 21.0]).tolist() == pytest.approx([10.0, 50.0, 30.0], rel=1e-12)


def test_interval_score_is_least_for_the_true_quantiles() -> None:
    """It is proper. Uniform outcomes on [0, 1], midpoints of 1,000 cells: [0.05, 0.95] costs 0.9 + 2 x 20 x 0.05^2 / 2 = 0.95."""
    outcomes = (np.arange(1000) + 0.5) / 1000

    def mean(low: float, high: float) -> float:
        return float(interval_scores(np.full(1000, low), np.full(1000, high), outcomes).mean())

    assert mean(0.05, 0.95) == pytest.approx(0.95, abs=1e-9)
    assert all(mean(low, high) > 0.9505 for low in (0.02, 0.08) for high in (0.92, 0.95, 0.98))
    assert all(mean(low, high) > 0.9505 for low in (0.02, 0.05, 0.08) for high in (0.92, 0.98))


def test_interval_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ValueError, match="ends below"):
        interval_scores([2.0], [1.0], [1.5])


def test_confusion_by_hand() -> None:
    predicted = [True, True, True, False, False, True]
    measured = [True, True, False, True, False, False]
    found = confusion(predicted, measured)
    assert (found.completed, found.overlooked, found.false_alarms, found.failed) == (2, 2, 1, 1)
    assert (found.n, found.right) == (6, 3)
    with pytest.raises(ValueError, match="verdicts"):
        confusion([True], [True, False])


@pytest.mark.parametrize(("n", "first", "last"), [(19, 1, 19), (20, 1, 20), (38, 1, 38), (39, 2, 38), (59, 3, 57), (199, 10, 190)])
def test_ranks_of_the_ratios_are_the_conformal_ones(n: int, first: int, last: int) -> None:
    """Ratios 1/n .. n/n: ranks floor((n + 1) / 20) and ceil((n + 1) 19 / 20). Mutants: n instead of n + 1; floats that are just below 1."""
    ratios = (1 + np.random.default_rng(1).permutation(n)) / n
    found = ratio_quantiles(ratios * 80.0, np.full(n, 80.0))
    assert found.n == n
    assert (found.low, found.high, found.promised) == pytest.approx((first / n, last / n, (last - first) / (n + 1)), rel=1e-12)
    assert found.promised >= 0.9 - 1e-12


def test_few_ratios_give_their_extremes_and_promise_less() -> None:
    """Of 5 pairs a sixth lies between smallest and largest with probability 4/6."""
    found = ratio_quantiles([2.0, 1.0, 4.0, 3.0, 5.0], [1.0] * 5)
    assert (found.low, found.high, found.promised) == pytest.approx((1.0, 5.0, 4 / 6), rel=1e-12)
    assert ratio_quantiles([3.0], [2.0]).promised == 0.0


@pytest.mark.parametrize("predicted", [[], [0.0]])
def test_ratios_need_predictions_above_zero(predicted: list[float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        ratio_quantiles([1.0][: len(predicted)], predicted)
