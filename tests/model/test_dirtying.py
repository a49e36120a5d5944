"""The draw of distinct pages against the exact laws, and what it must never do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from scipy.stats import binom, poisson

from sim.model.dirtying import DirtyCurve, dirtied, distinct_pages, expected_pages, linear_pages, poisson_inverse, swept_pages
from sim.model.draws import Array
from sim.model.load import Load

GRID = 200_000
NORMALS = ndtri((np.arange(GRID) + 0.5) / GRID)  # midpoints of equally likely cells: averages over them are quadratures, not samples


def _drawn(pages: list[float], rewrites: list[float], activity: float) -> Array:
    """Return the draw for every cell of the normal distribution."""
    n, r = np.array(pages)[:, None], np.array(rewrites)[:, None]
    drawn = distinct_pages(n, r, np.full(GRID, activity), NORMALS)
    return np.asarray(drawn)


def test_twenty_classes_of_mean_0_02_give_0_4_pages() -> None:
    """One draw on the sum: 20 classes of 1 page dirtied with probability 0.02 give 0.4 pages in the mean; rounding each gives 0.

    The Poisson inverse is a step function of the cell; each of its steps (about ten) is hit to one cell: 10 / 200,000 = 5e-5.
    Mutant: a draw a class, rounded (0 or 0.007 pages).
    """
    rate = -np.log1p(-0.02)
    drawn = _drawn([1.0] * 20, [rate] * 20, 1.0)
    assert float(drawn.mean()) == pytest.approx(0.4, abs=5e-5)


def test_the_mean_at_the_50_pages_of_xen() -> None:
    """The rule of Xen asks whether fewer than 50 pages are dirty: P(D < 50) at a mean of 50 is 0.481 (Poisson: n large, p small).

    Quadrature, exact to 1e-5; the skew term brings the normal approximation from 0.472 to within 0.0005 of the exact 0.4812.
    Mutant: no skew term (0.472), or half of it.
    """
    exact = float(poisson.cdf(49, 50.0))
    assert exact == pytest.approx(0.481, abs=5e-4)
    drawn = _drawn([1e9], [50.0 / 1e9], 1.0)
    assert float((drawn < 50).mean()) == pytest.approx(exact, abs=5e-4)
    assert float(drawn.mean()) == pytest.approx(50.0, abs=0.01)


@pytest.mark.parametrize("mean", [0.01, 0.4, 1.0, 3.0, 7.5, 9.99])
def test_few_pages_have_the_poisson_law(mean: float) -> None:
    """Below a mean of 10 pages the draw is the Poisson quantile: every probability within one cell a step, 48 steps at most."""
    drawn = _drawn([1e9], [mean / 1e9], 1.0)
    for pages in range(20):
        assert float((drawn <= pages).mean()) == pytest.approx(float(poisson.cdf(pages, mean)), abs=2.0 / GRID + mean * 1e-9)


@pytest.mark.parametrize(("pages", "share"), [(40, 0.3), (40, 0.7), (1000, 0.02), (1000, 0.5), (1000, 0.98), (65536, 0.001)])
def test_one_class_has_mean_spread_and_skew_of_the_binomial_law(pages: int, share: float) -> None:
    """One class is Binomial(n, p). The expansion X = M + sqrt(V) z + (k3 / 6 V)(z^2 - 1) has mean M, variance V + 2 (k3 / 6 V)^2 and
    rounding adds 1/12; its distribution function differs from the exact one by the next term of the expansion, of order 1 / V, and by the
    discreteness at the ends where V is small: 0.01 + 0.1 / V.

    Quadrature: exact to 1e-3 of a page where nothing is clipped. Mutants: variance n p; the skew with the wrong sign (off by k3 / 3 V at
    p5).
    """  # noqa: D205  (the law needs two lines)
    drawn = _drawn([float(pages)], [-np.log1p(-share)], 1.0)
    mean, variance = pages * share, pages * share * (1 - share)
    bend = (1 - 2 * share) / 6.0
    assert float(drawn.mean()) == pytest.approx(mean, abs=0.01)
    assert float(drawn.var()) == pytest.approx(variance + 2 * bend**2 + 1 / 12, rel=0.01)
    for level in (0.01, 0.05, 0.5, 0.95, 0.99):
        edge = int(binom.ppf(level, pages, share))
        assert float((drawn <= edge).mean()) == pytest.approx(float(binom.cdf(edge, pages, share)), abs=0.001 + 0.1 / variance)


@settings(max_examples=200)
@given(st.floats(0.0, 10.0), st.lists(st.floats(-6.0, 6.0), min_size=1, max_size=20))
def test_poisson_inverse_is_the_quantile(mean: float, normals: list[float]) -> None:
    """The inverse of the Poisson law at Phi(z), as another library has it.

    Beyond 6 sigma the two may round P(X <= k) to different doubles; 48 terms reach 3e-17. Where Phi(z) lies within 1e-12 of a step either
    side is right.
    """
    z = np.array(normals)
    found = np.asarray(poisson_inverse(np.full(len(z), mean), z))
    level = ndtr(z)
    assert np.all(poisson.cdf(found, mean) >= level - 1e-12)
    assert np.all(poisson.cdf(found - 1, mean) <= level + 1e-12)


def test_pages_that_are_surely_dirty_are_counted() -> None:
    """Five saturated pages are five, whatever is drawn: few pages are not always a Poisson law."""
    assert set(_drawn([5.0], [1e3], 1.0).tolist()) == {5.0}
    assert set(_drawn([5.0, 4.0], [1e3, 1e4], 1.0).tolist()) == {9.0}


CLASSES = st.lists(
    st.tuples(st.floats(0, 5.5).map(lambda e: float(round(10.0**e))), st.floats(-4, 3).map(lambda e: 10.0**e)), min_size=1, max_size=6
)


@settings(max_examples=200)
@given(CLASSES, st.floats(-4, 4).map(lambda e: 10.0**e), st.floats(-6.0, 6.0))
def test_a_draw_is_a_whole_number_of_pages_within_bounds(classes: list[tuple[float, float]], activity: float, normal: float) -> None:
    """0 <= D <= sum n, whole, and never more than was touched."""
    n, r = (np.array(column) for column in zip(*classes, strict=True))
    drawn = float(distinct_pages(n, r, activity, normal))
    assert drawn == int(drawn)
    assert 0.0 <= drawn <= float(n.sum())
    curve = DirtyCurve.of(Load("any", tuple(classes), ((1000.0, 10.0),)), touched=500.0)
    assert 0.0 <= dirtied(curve, activity, normal) <= 500.0


@settings(max_examples=100)
@given(CLASSES, st.floats(-3.5, 3.5))
@example([(1.0, 1.0)] * 4 + [(1.0, 1000.0)], 3.0)  # one page becomes sure before the others are written at all: 5 pages, then 2
def test_a_longer_interval_gives_at_most_five_pages_fewer(classes: list[tuple[float, float]], normal: float) -> None:
    """With the same z more activity gives more pages, up to five.

    Up to |z| = 3.5 the draw falls only at its ends: where all pages become dirty, C - sqrt(C) z + (z^2 - 1) / 6 clean ones, C their mean,
    has a minimum below (z^2 - 1) / 6 = 1.9, its value at C = 0; at the seam at M = 10 between the two ways, which agree to a page and
    a half; and below it where one more page is surely dirty: the quantile Q(m + 1) of the others becomes 1 + Q(m), most of all
    from Q(1) = 6 to 1 + Q(0) = 1.
    """
    n, r = (np.array(column)[:, None] for column in zip(*classes, strict=True))
    activity = np.geomspace(1e-5, 1e5, 2000)
    drawn = np.asarray(distinct_pages(n, r, activity, np.full(activity.shape, normal)))
    assert float((np.maximum.accumulate(drawn) - drawn).max()) <= 5.0


@settings(max_examples=200)
@given(CLASSES, st.floats(-4, 4).map(lambda e: 10.0**e))
def test_expected_pages_are_the_sum_of_the_classes(classes: list[tuple[float, float]], activity: float) -> None:
    """E[D] = sum n (1 - exp(-r A)); classes that are split in two give the same."""
    n, r = (np.array(column) for column in zip(*classes, strict=True))
    found = float(expected_pages(n, r, activity))
    assert found == pytest.approx(float(np.sum(n - n * np.exp(-r * activity))), rel=1e-6, abs=1e-6)
    halves, twice = np.concatenate([0.25 * n, 0.75 * n]), np.concatenate([r, r])
    assert float(expected_pages(halves, twice, activity)) == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize(
    ("activity", "pages"), [(0.0, 0.0), (0.24, 2.0), (0.26, 3.0), (1.0, 10.0), (9.94, 99.0), (10.0, 100.0), (1e9, 100.0)]
)
def test_a_sweep_is_whole_pages_up_to_its_size(activity: float, pages: float) -> None:
    """rint(min(n, w A)) with n = 100, w = 10."""
    assert swept_pages(100.0, 10.0, activity) == pages


def test_a_load_without_classes_dirties_nothing_but_its_sweeps() -> None:
    curve = DirtyCurve.of(Load("sweep", sweeps=((100.0, 10.0),)), touched=1000.0)
    for normal in (-5.0, 0.0, 5.0):
        assert dirtied(curve, 2.0, normal) == 20.0


@pytest.mark.parametrize(
    ("seconds", "size"),
    [
        (0.0, 0),
        (0.001, 71),  # 71.68 bytes: whole ones only
        (0.5, 35840),
        (10.0, 716800),
        (100.0, 4505600),  # all 1,100 pages
        (1e9, 4505600),
    ],
)
def test_linear_dirtying_counts_every_write_up_to_a_cap_in_whole_bytes(seconds: float, size: int) -> None:
    """min(trunc(w A), W): 100 pages x 0.075 and 1,000 pages at 10 a second are 17.5 pages or 71,680 bytes a second; W is 1,100 pages.

    Neither the touched pages nor how often one page is written again matter. Mutants: whole pages; distinct pages (65,536 bytes in the
    first second from the class alone would be fewer); the sweeps left out.
    """
    curve = DirtyCurve.of(Load("any", ((100.0, 0.075),), ((1000.0, 10.0),)), touched=50.0)
    assert float(linear_pages(curve, seconds)) * 4096 == size
    assert np.asarray(linear_pages(curve.for_block(), np.array([seconds, seconds])) * 4096).tolist() == [size, size]
    assert curve.most_pages == 1100.0


def test_linear_dirtying_forgives_the_rounding_of_clock_times() -> None:
    """32 + 3.2 + 0.32 s and 32 ms later: the difference of the two clock times is a bit less than 32 ms, and still 400,000 bytes."""
    curve = DirtyCurve.of(Load("any", sweeps=((1e9, 12.5e6 / 4096),)), touched=1e9)
    before = 32.0 + 3.2 + 0.32
    short = (before + 0.032) - before
    assert short < 0.032
    assert float(linear_pages(curve, short)) * 4096 == 400_000
    assert float(linear_pages(curve, 0.032 - 1e-9)) * 4096 == 399_999
