"""The class model against the page oracle: two implementations of one text, held together on random small guests."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from page_oracle import Guest, Line, distinct_pages, one_skipping_round, pre_copy, xen
from scipy.integrate import solve_ivp
from scipy.stats import binom, norm
from scipy.stats import t as student

from sim.model import dirtying
from sim.model.skipping import skipping_round

Array = NDArray[np.float64]
GUESTS = 120
ORACLE_DRAWS, CLASS_DRAWS = 400, 10_000
Z_ALL = float(norm.isf(1e-3 / (2 * 2 * GUESTS)))  # mean and variance of every guest: 0.1 % false alarms in all (Bonferroni)
Z = float(norm.isf(0.5e-4))  # 99.99 % where a test looks at a few numbers


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean, variance and third central moment of D by the text; of its sweeps only the mean, they are not random."""

    mean: float
    variance: float
    third: float

    @property
    def poisson(self) -> bool:
        """Below ten pages the class model draws from a Poisson law."""
        return self.mean < 10.0

    @property
    def added(self) -> float:
        """The variance that a draw has too much, knowingly: from rounding and from the square in the skew term."""
        return 1.0 / 12.0 + self.third**2 / (18.0 * self.variance**2)

    @property
    def claimed(self) -> bool:
        """Whether the text claims the variance.

        Not below ten pages unless writes are rare (a Poisson law needs small p: five saturated pages have no spread, five
        rare ones have that of a Poisson draw), and not where rounding leaves nothing of the spread.
        """
        return self.mean >= 0.2 and self.variance >= 0.98 * self.mean if self.poisson else self.variance >= 0.5


def moments(guest: Guest, activity: float) -> Moments:
    n, r = (np.array(column, dtype=float) for column in zip(*guest.classes, strict=True))
    p = -np.expm1(-r * activity)
    npq = n * p * (1.0 - p)
    return Moments(float((n * p).sum()), float(npq.sum()), float((npq * (1.0 - 2.0 * p)).sum()))


def oracle_draws(guest: Guest, activity: Array, rng: np.random.Generator) -> Array:
    return np.array([distinct_pages(guest, float(a), rng) for a in activity], dtype=float)


def class_draws(guest: Guest, activity: Array, normal: Array) -> Array:
    """D of the class model: one draw on the sum of the classes, and the sweeps."""
    n, r = (np.array(column, dtype=float)[:, np.newaxis] for column in zip(*guest.classes, strict=True))
    drawn = np.asarray(dirtying.distinct_pages(n, r, activity, normal), dtype=float)
    for pages, rate in guest.sweeps:
        drawn = drawn + np.asarray(dirtying.swept_pages(float(pages), rate, activity), dtype=float)
    return drawn


def random_guest(rng: np.random.Generator) -> tuple[Guest, float]:
    """Return a guest of some hundred to ten thousand pages and an activity.

    One to twenty classes with rates over seven decades, in a third of the guests a sweep too.
    """
    while True:
        sizes = rng.integers(1, 1 + int(10 ** rng.uniform(1.5, 3.3)), size=rng.integers(1, 21))
        classes = tuple((int(n), float(10 ** rng.uniform(-4.0, 3.0))) for n in sizes)
        sweeps = ((int(rng.integers(50, 2000)), float(10 ** rng.uniform(0.0, 3.0))),) if rng.random() < 1 / 3 else ()
        guest, activity = Guest(classes, sweeps), float(10 ** rng.uniform(-2.0, 2.0))
        if moments(guest, activity).claimed and 200 <= guest.pages <= 10_000:
            return guest, activity


@pytest.mark.parametrize("number", range(GUESTS))
def test_mean_and_variance_agree_on_random_guests(number: int) -> None:
    """Both samples have their own error, added; what the text adds knowingly is allowed for, no more.

    Known: rounding (1/12 of variance), the skew term (k3^2 / 18 V^2 of variance), a Poisson law for rare writes (2 % of
    variance at most, by the choice of guests), half a page and a quarter of variance for a sweep, whose start is random.
    Mutants: activity squared or left out, rounding per class, p = r A, variance n p instead of n p q, a sweep not capped
    at its pages, classes of a guest that are not added.
    """
    rng = np.random.default_rng([2026, number])
    guest, activity = random_guest(rng)
    law, sweeps = moments(guest, activity), len(guest.sweeps)
    pages = oracle_draws(guest, np.full(ORACLE_DRAWS, activity), rng)
    classes = class_draws(guest, np.full(CLASS_DRAWS, activity), rng.standard_normal(CLASS_DRAWS))

    each_draw = 1.0 / ORACLE_DRAWS + 1.0 / CLASS_DRAWS
    half = Z_ALL * math.sqrt((law.variance + law.added + 0.25 * sweeps) * each_draw)
    assert abs(pages.mean() - classes.mean()) <= half + 0.5 * sweeps
    peaked = 3.0 + 1.0 / law.variance  # fourth moment over V^2 of a sum of binomials, at most (small p)
    spread_half = Z_ALL * law.variance * math.sqrt((peaked - 1.0) * each_draw)
    known = (0.02 * law.mean if law.poisson else law.added) + 0.25 * sweeps
    assert abs(pages.var(ddof=1) - classes.var(ddof=1)) <= spread_half + known


def test_expected_pages_are_the_mean_of_the_oracle() -> None:
    """Over 40 guests the mean is right to half a per mille of all pages seen. Mutants: r A for p, a rate 1 % off."""
    seen, expected, variance = 0.0, 0.0, 0.0
    for number in range(40):
        rng = np.random.default_rng([2027, number])
        guest, activity = random_guest(rng)
        n, r = (np.array(column, dtype=float) for column in zip(*guest.classes, strict=True))
        seen += oracle_draws(Guest(guest.classes), np.full(200, activity), rng).mean()
        expected += float(dirtying.expected_pages(n, r, activity))
        variance += moments(guest, activity).variance / 200
    assert abs(seen - expected) <= Z * math.sqrt(variance)
    assert Z * math.sqrt(variance) <= 5e-4 * expected


def skewness(draws: Array) -> tuple[float, float]:
    """Return the sample skewness g and its standard error, from the influence z^3 - 3 z - g - 3/2 g (z^2 - 1) of each draw."""
    z = (draws - draws.mean()) / draws.std()
    g = float((z**3).mean())
    influence = z**3 - 3.0 * z - g - 1.5 * g * (z**2 - 1.0)
    return g, float(influence.std()) / math.sqrt(len(draws))


SHAPES = {
    "rare writes, skewed to the right": Guest(((3000, 0.004),)),
    "nearly all written, skewed to the left": Guest(((400, 3.4),)),
    "hot and rare": Guest(((200, 1e4), (3000, 0.005))),
    "half written, symmetric": Guest(((100, math.log(2.0)),)),
    "twenty small classes": Guest(tuple((30, 0.002 * 1.5**k) for k in range(20))),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_skewness_and_tails_agree(shape: str) -> None:
    """Skewness, and the 10 % and 90 % quantiles as the share of each sample at or below the quantile of the class model.

    The expansion stops before terms of order 1 / V; at these quantiles they come to 0.03 / V (Edgeworth). Mutants:
    (2p - 1) or (1 + 2p) for (1 - 2p), no skew term (skewness), V where sqrt(V) belongs (quantiles).
    """
    rng, guest, draws = np.random.default_rng(3), SHAPES[shape], 4000
    pages = oracle_draws(guest, np.full(draws, 1.0), rng)
    classes = class_draws(guest, np.full(10 * draws, 1.0), rng.standard_normal(10 * draws))

    (of_pages, error), (of_classes, small_error) = skewness(pages), skewness(classes)
    assert abs(of_pages - of_classes) <= Z * math.hypot(error, small_error)
    assert Z * math.hypot(error, small_error) <= 0.25  # the first two shapes have +-0.28: a wrong sign is twice that

    law = moments(guest, 1.0)
    for level in (0.1, 0.9):
        quantile = np.quantile(classes, level, method="inverted_cdf")
        below = [float((x <= quantile).mean()) for x in (pages, classes)]
        half = Z * math.sqrt(below[1] * (1.0 - below[1]) * (1.0 / draws + 0.1 / draws))
        assert abs(below[0] - below[1]) <= half + 0.03 / law.variance


def test_few_pages_rule_of_xen_sees_the_right_share() -> None:
    """P(D < 50) at a mean of 50, against the exact binomial; the expansion stops before terms of order 0.03 / V.

    The normals are the midpoints of 100,000 equal shares, so there is no sampling error. Mutant: without the skew term the
    share is off by phi(0) / (6 sqrt(50)) = 0.0094.
    """
    grid = norm.ppf((np.arange(100_000) + 0.5) / 100_000)
    for n in (60, 200, 100_000):
        rate = -math.log1p(-50.0 / n)
        drawn = class_draws(Guest(((n, rate),)), np.ones(len(grid)), grid)
        assert abs(float((drawn < 50.0).mean()) - float(binom.cdf(49, n, 50.0 / n))) <= 0.03 / (50.0 * (1.0 - 50.0 / n))


def test_many_rare_classes_are_rounded_once() -> None:
    """Twenty classes of mean 0.02 dirty 0.4 pages together; mutant: rounding each class gives 0.007."""
    rng, guest = np.random.default_rng(4), Guest(((20, 1e-3),) * 20)
    pages = oracle_draws(guest, np.ones(4000), rng)
    classes = class_draws(guest, np.ones(40_000), rng.standard_normal(40_000))
    assert abs(pages.mean() - classes.mean()) <= Z * math.sqrt(0.4 / 4000 + 0.4 / 40_000)


def test_saturated_pages_are_dirty_for_certain() -> None:
    """Nothing is left to chance where every page is written or rests; mutant: V = n p."""
    rng, guest = np.random.default_rng(5), Guest(((700, 1e5), (80, 1e6), (900, 0.0)))
    assert set(oracle_draws(guest, np.ones(50), rng)) == {780.0}
    assert set(class_draws(guest, np.ones(500), rng.standard_normal(500))) == {780.0}


@pytest.mark.parametrize("hot", [1, 5, 9])
def test_mean_holds_for_a_few_saturated_pages(hot: int) -> None:
    """Below ten pages the mean is right even where the Poisson law is not. Mutant: rounding up, or no draw at all below ten."""
    rng, guest = np.random.default_rng(8), Guest(((hot, 1e4), (3000, 1e-5)))
    classes = class_draws(guest, np.ones(40_000), rng.standard_normal(40_000))
    pages = oracle_draws(guest, np.ones(400), rng)
    assert abs(classes.mean() - pages.mean()) <= Z * math.sqrt((hot + 0.03) / 40_000 + 0.03 / 400)


@pytest.mark.parametrize("number", range(8))
def test_each_replication_has_its_own_activity(number: int) -> None:
    """Lognormal activities, one a replication; both samples get the same, so their differences have mean 0 and variance 2 V.

    Each difference is divided by its own standard deviation; its fourth moment is then below 3 + 1 / (2 V) <= 4.
    Mutant: the first or the mean activity for all.
    """
    rng = np.random.default_rng([2028, number])
    guest, median = random_guest(rng)
    guest = Guest(guest.classes)
    activity = median * np.exp(0.5 * rng.standard_normal(1000))
    laws = [moments(guest, float(a)) for a in activity]
    claimed = np.array([law.claimed for law in laws])
    assert claimed.sum() >= 500
    deviation = np.array([math.sqrt(2.0 * law.variance + (0.0 if law.poisson else law.added)) for law in laws])
    difference = oracle_draws(guest, activity, rng) - class_draws(guest, activity, rng.standard_normal(1000))
    standard = (difference / deviation)[claimed]
    assert abs(standard.mean()) <= Z / math.sqrt(len(standard))
    assert abs((standard**2).mean() - 1.0) <= Z * math.sqrt(3.0 / len(standard)) + 0.02


def class_skipping(guest: Guest, marked: tuple[int, ...], pages_per_s: float, activity: float = 1.0) -> tuple[float, float]:
    """The skipping round of the class model, its arguments taken from a guest of the oracle."""
    kinds = len(guest.classes)
    pages, duration = skipping_round(
        np.array(marked[:kinds], dtype=float),
        np.array([r for _, r in guest.classes]),
        tuple(float(w) for w in marked[kinds:]),
        tuple(float(n) for n, _ in guest.sweeps),
        tuple(w for _, w in guest.sweeps),
        pages_per_s,
        activity,
    )
    return float(pages), float(duration)


SCANS: dict[str, tuple[Guest, tuple[int, ...], float]] = {
    "one class": (Guest(((8000, 0.3),)), (6000,), 2000.0),
    "nothing written": (Guest(((3000, 0.0),)), (2000,), 500.0),
    "all hot": (Guest(((3000, 50.0),)), (3000,), 1000.0),
    "very different rates": (
        Guest(((4000, 0.0), (3000, 0.02), (2000, 1.0), (900, 40.0), (500, 5e3))),
        (3000, 2500, 1500, 880, 500),
        1000.0,
    ),
    "a sweep all marked": (Guest(((3000, 0.01),), ((3000, 400.0),)), (2500, 3000), 1000.0),
    "a sweep marked behind its writer": (Guest(((4000, 0.0), (2000, 0.5)), ((2000, 500.0),)), (2500, 1500, 1200), 1000.0),
    "a sweep round and round": (Guest(((2000, 0.05),), ((1000, 3000.0),)), (1800, 1000), 1000.0),
    "two sweeps and rates": (Guest(((2000, 0.0), (2000, 3.0)), ((1500, 300.0), (800, 90.0))), (1500, 1700, 900, 800), 800.0),
}


@pytest.mark.parametrize("scan", SCANS)
def test_skipping_round_agrees_with_the_scan_of_pages(scan: str) -> None:
    """Mean sent pages and duration of 60 scans; the mean of a scan of whole pages is within a page of the continuous law.

    The steps of the class model may add 0.02 % (held against the equation below). Mutants: no skipping, skipping that
    still takes time, activity left out of A(t), all pages of a class instead of the marked ones, sweep pages spread at
    random instead of behind the writer.
    """
    guest, marked, speed = SCANS[scan]
    rng, runs = np.random.default_rng(6), 60
    sent = np.array([one_skipping_round(guest, marked, speed, rng)[0] for _ in range(runs)], dtype=float)
    pages, duration = class_skipping(guest, marked, speed)
    half = float(student.isf(0.5e-4, runs - 1)) * float(sent.std(ddof=1)) / math.sqrt(runs)
    assert abs(float(sent.mean()) - pages) <= half + 1.0 + 2e-4 * pages
    assert half <= max(0.02 * pages, 1.0)
    assert duration == pytest.approx(pages / speed, rel=1e-12)


@pytest.mark.parametrize("number", range(25))
def test_skipping_round_agrees_on_random_guests(number: int) -> None:
    """As above, with classes, marks, speed and activity at random. Mutant: the activity rate squared or left out."""
    rng, runs = np.random.default_rng([2029, number]), 30
    classes = tuple((int(n), float(10 ** rng.uniform(-3.0, 3.0))) for n in rng.integers(20, 1200, size=rng.integers(1, 6)))
    guest = Guest(classes, ((int(rng.integers(100, 1000)), float(10 ** rng.uniform(0.0, 3.0))),))
    marked = tuple(int(rng.integers(n // 2, n + 1)) for n, _ in (*guest.classes, *guest.sweeps))
    speed, activity = float(10 ** rng.uniform(2.0, 4.0)), float(rng.uniform(0.2, 5.0))
    sent = np.array([one_skipping_round(guest, marked, speed, rng, activity)[0] for _ in range(runs)], dtype=float)
    pages, _ = class_skipping(guest, marked, speed, activity)
    half = float(student.isf(1e-3 / (2 * 25), runs - 1)) * float(sent.std(ddof=1)) / math.sqrt(runs)
    assert abs(float(sent.mean()) - pages) <= half + 1.0 + 2e-4 * pages


def test_steps_of_the_skipping_round_cost_little() -> None:
    """The class model's fixed steps against the equation solved to 1e-9, rates over six decades: 0.02 % at most.

    Mutant: steps in the scan instead of in the course of the dying classes; a class that is gone after a thousandth of the
    round then counts for a hundredth of it.
    """
    for number in range(60):
        rng = np.random.default_rng([2030, number])
        n = rng.integers(50, 5000, size=rng.integers(1, 6))
        r = 10 ** rng.uniform(-3.0, 3.0, size=len(n))
        speed = float(10 ** rng.uniform(2.0, 5.0))

        def slope(_y: float, t: Array, n: NDArray[np.int64] = n, r: Array = r, speed: float = speed) -> Array:
            return np.array([float((n * np.exp(-r * t[0])).sum()) / speed])

        law = float(solve_ivp(slope, (0.0, 1.0), [0.0], rtol=1e-9, atol=1e-12, method="LSODA").y[0, -1]) * speed
        guest = Guest(tuple(zip(n.tolist(), r.tolist(), strict=True)))
        assert class_skipping(guest, tuple(n.tolist()), speed)[0] == pytest.approx(law, rel=2e-4)


@pytest.mark.parametrize("number", range(6))
def test_rounds_of_xen_agree_when_built_from_class_draws(number: int) -> None:
    """Five rounds and the final set: the class draws carried from round to round give the oracle's means.

    The guests always have fifty hot pages, so all five rounds take place. Mutant: the final set without the handshake.
    """
    rng, runs, line = np.random.default_rng([2031, number]), 150, Line(1000.0, 1.0, round_trip_s=0.05, handshake_s=0.5)
    sizes = rng.integers(100, 1500, size=3)
    guest = Guest(((80, 1e3), *((int(n), float(10 ** rng.uniform(-2.5, 0.5))) for n in sizes)))
    results = [pre_copy(guest, line, rng, xen) for _ in range(runs)]
    pages = np.array([[*(sent for sent, _ in result.rounds), result.final_pages] for result in results], dtype=float)

    draws = 4000
    waiting = np.full(draws, float(guest.pages))
    for live_round in range(5):
        assert agree(pages[:, live_round], waiting)
        interval = waiting * line.page_s + line.round_trip_s + (line.handshake_s if live_round == 4 else 0.0)
        waiting = class_draws(guest, interval, rng.standard_normal(draws))
    assert agree(pages[:, 5], waiting)


def agree(one: Array, other: Array) -> bool:
    """Whether two samples may have the same mean: 99.99 %."""
    error = math.sqrt(float(one.var(ddof=1)) / len(one) + float(other.var(ddof=1)) / len(other))
    return abs(float(one.mean()) - float(other.mean())) <= Z * error
