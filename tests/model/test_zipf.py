"""A Zipf law as page classes, against sums over every rank and against writers that draw ranks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.model.draws import Array
from sim.model.zipf import BOUND, Classes, zipf_classes, zipf_error, zipf_pages

BETWEEN = np.geomspace(1e-3, 3600.0, 331)  # five times as many windows as the program looks at
MIDPOINT = 1e-6  # of the rates' sum: theta (theta + 1) / (24 x 512^2) of the writes to ranks above 512, 4e-7 of all at most
CLASSES_AT_MOST = 50  # an engine pays for each; 67 million pages one by one would be the exact law


def rates_of(pages: int, rate_pps: float, theta: float) -> Array:
    """Writes per second of every page, by the definition."""
    popularity = np.arange(1, pages + 1, dtype=np.float64) ** -theta
    return np.asarray(rate_pps * popularity / popularity.sum())


def mixture(classes: Classes, window_s: float) -> float:
    return math.fsum(-n * math.expm1(-r * window_s) for n, r in classes)


def assert_is_a_mixture(classes: Classes, pages: int, rate_pps: float) -> None:
    assert sum(n for n, _ in classes) == pages
    assert all(n == round(n) >= 1.0 and r > 0.0 for n, r in classes)
    assert math.isclose(math.fsum(n * r for n, r in classes), rate_pps, rel_tol=MIDPOINT)
    assert len(classes) <= CLASSES_AT_MOST


@settings(deadline=None, max_examples=60)  # no time is asserted: the sum over every rank is slow
@given(pages=st.integers(1, 20_000), rate=st.floats(0.0, 6.0), theta=st.floats(0.0, 5.0))
def test_the_classes_dirty_what_all_ranks_together_dirty(pages: int, rate: float, theta: float) -> None:
    """Every rank summed one by one, at windows between those that the program looks at.

    Mutant: classes of the mean rate alone (no variance) fail at theta 0.99, by 2 % and more.
    """
    rate_pps = 10.0**rate
    classes = zipf_classes(pages, rate_pps, theta)
    assert_is_a_mixture(classes, pages, rate_pps)
    rates = rates_of(pages, rate_pps, theta)
    for window in (*BETWEEN[::30], 1.0):
        exact = float(-np.expm1(-rates * window).sum())
        assert abs(mixture(classes, window) / exact - 1.0) < BOUND, window


@pytest.mark.parametrize(("pages", "theta"), [(2**26, 0.99), *((2**22, theta) for theta in (0.0, 0.5, 1.0, 1.5))])
def test_millions_of_pages_are_summed_by_an_integral_above_rank_512(pages: int, theta: float) -> None:
    """The sum over ranks one by one, at three windows. The midpoint rule errs by (theta / 512)^2 / 24 there, however many ranks follow.

    256 GiB with the usual theta; 16 GiB, 8,000 times the ranks below the integral, with the others.
    """
    rate_pps = 2e5 * pages / 2**26
    rates = rates_of(pages, rate_pps, theta)
    windows = np.array([0.01, 3.0, 1000.0])
    exact = [float(-np.expm1(-rates * window).sum()) for window in windows]
    assert zipf_pages(pages, rate_pps, theta, windows) == pytest.approx(exact, rel=(1.5 / 512) ** 2 / 24)
    classes = zipf_classes(pages, rate_pps, theta)
    assert_is_a_mixture(classes, pages, rate_pps)
    assert [mixture(classes, float(window)) for window in windows] == pytest.approx(exact, rel=BOUND)


@pytest.mark.parametrize(("pages", "theta", "window_s"), [(500, 0.99, 0.05), (500, 0.99, 2.0), (4000, 1.3, 0.3), (4000, 0.6, 1.0)])
def test_writers_that_draw_ranks_dirty_as_many_pages(pages: int, theta: float, window_s: float) -> None:
    """A Poisson number of writes in the window, each to a rank drawn by its popularity; distinct ranks counted, 2,000 times.

    D is a sum of independent pages, so V = E[D(2 A)] - E[D(A)]; the mean of 2,000 is within 4 of its standard deviations (1 in 16,000),
    and the sample's variance within 4 of its own, sqrt(2 / 2000) (a sum of independent pages has no more kurtosis than a normal).
    Mutant: a theta of 0.03 more fails.
    """
    rng, rate_pps, runs = np.random.default_rng(5), 4000.0, 2000
    popularity = np.arange(1, pages + 1, dtype=np.float64) ** -theta
    below = np.cumsum(popularity / popularity.sum())
    seen = np.array([len(np.unique(np.searchsorted(below, rng.random(rng.poisson(rate_pps * window_s))))) for _ in range(runs)])
    classes = zipf_classes(pages, rate_pps, theta)
    mean = mixture(classes, window_s)
    variance = mixture(classes, 2 * window_s) - mean
    assert abs(seen.mean() - mean) < 4.0 * math.sqrt(variance / runs) + BOUND * mean
    assert abs(seen.var() / variance - 1.0) < 4.0 * math.sqrt(2.0 / runs) + 3.0 * BOUND * mean / variance


def test_theta_0_is_one_uniform_set() -> None:
    assert zipf_classes(25_600, 5_120.0, 0.0) == ((25_600.0, 0.2),)


def test_one_page_gets_all_writes() -> None:
    assert zipf_classes(1, 7.0, 0.99) == ((1.0, 7.0),)


def test_two_pages_are_themselves() -> None:
    """By hand: 1 and 1/2 of the popularity 3/2."""
    hot, cold = zipf_classes(2, 9.0, 1.0)
    assert (hot[0], cold[0]) == (1.0, 1.0)
    assert [hot[1], cold[1]] == pytest.approx([6.0, 3.0], rel=1e-9)


@pytest.mark.parametrize("theta", [0.8, 0.99, 1.5, 3.0])
def test_the_top_rank_is_a_single_page(theta: float) -> None:
    """A cache that gives the top key 10 % of its writes: a class of several pages would blur it."""
    (first, rate), *_ = zipf_classes(10_000, 100.0, theta)
    assert first == 1.0
    assert rate == pytest.approx(rates_of(10_000, 100.0, theta)[0], rel=0.05)


def test_nobody_writes() -> None:
    assert zipf_classes(100, 0.0, 0.99) == ((100.0, 0.0),)


@pytest.mark.parametrize("theta", [0.3, 0.99, 1.2])
def test_the_error_is_the_largest_of_all_windows(theta: float) -> None:
    """By every rank, on the program's own promise: 1 ms to 1 h. One class of the mean rate has an error to find."""
    pages, rate_pps = 3000, 20_000.0
    crude = ((float(pages), rate_pps / pages),)
    rates = rates_of(pages, rate_pps, theta)
    largest = max(abs(mixture(crude, float(window)) / float(-np.expm1(-rates * window).sum()) - 1.0) for window in BETWEEN)
    assert zipf_error(crude, pages, rate_pps, theta) == pytest.approx(largest, rel=0.01)
    assert zipf_error(zipf_classes(pages, rate_pps, theta), pages, rate_pps, theta) < BOUND
