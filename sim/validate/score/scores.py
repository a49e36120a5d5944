"""Scores of predictions against measurements: pure functions of arrays.

Shares are plain numbers here, 0.03 for 3 %. All randomness is fixed: the same arrays give the same scores.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom, bootstrap, kstest

from sim.results.statistics import quantile

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

RESAMPLES = 2000  # the ends of a 95 % interval then move by about 3 % of its width from one seed to another
BOOTSTRAP_SEED = 7  # any number: fixed, so that a report can be repeated
FEWEST_CELLS = 2  # one cell resamples to itself and shows no spread


@dataclass(frozen=True, slots=True)
class Score:
    """How large the errors of a set of predictions are.

    Args:
        n: how many were compared.
        mape: mean absolute percentage error, as a share.
        median: half of the errors do not exceed it.
        p90: nine of ten errors do not exceed it.
        low: lower end of the bootstrap interval of the mean; None where there are too few cells.
        high: upper end, None together with `low`.
    """

    n: int
    mape: float
    median: float
    p90: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many measurements lie in their intervals, and how many may.

    Args:
        n: intervals.
        inside: measurements inside of theirs, ends included.
        low: fewest that intervals with the nominal coverage plausibly have inside.
        high: most of them.
    """

    n: int
    inside: int
    low: int
    high: int

    @property
    def share(self) -> float:
        """Share of the measurements that lie inside."""
        return self.inside / self.n

    @property
    def plausible(self) -> bool:
        """Whether the count lies in its band, ends included."""
        return self.low <= self.inside <= self.high


@dataclass(frozen=True, slots=True)
class Uniformity:
    """Whether probability integral transforms look uniform, as those of a correct predictive distribution do.

    Args:
        n: how many.
        distance: largest distance of their distribution function from the diagonal (Kolmogorov and Smirnov).
        p_value: probability of such a distance or a larger one if they were uniform; exact.
    """

    n: int
    distance: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """Predicted against measured verdicts; "completes" means within the bound of its case.

    Args:
        completed: it completed, as predicted.
        false_alarms: it completed, and was predicted not to.
        failed: it did not complete, as predicted.
        overlooked: it did not complete, and was predicted to: the error that costs a night.
    """

    completed: int
    false_alarms: int
    failed: int
    overlooked: int

    @property
    def n(self) -> int:
        """How many verdicts were compared."""
        return self.completed + self.false_alarms + self.failed + self.overlooked

    @property
    def right(self) -> int:
        """How many are right."""
        return self.completed + self.failed


@dataclass(frozen=True, slots=True)
class RatioQuantiles:
    """Factors that turn a point prediction into an interval.

    Args:
        n: calibrating pairs.
        low: the interval begins at the point times this.
        high: it ends at the point times this.
        promised: coverage that exchangeable cases are promised; less than asked for where there are too few pairs.
    """

    n: int
    low: float
    high: float
    promised: float


def absolute_percentage_errors(predicted: ArrayLike, measured: ArrayLike) -> Array:
    """Return |predicted - measured| / measured, as shares.

    Args:
        predicted: point predictions, shape (n,).
        measured: what was measured, same shape and unit.

    Raises:
        ValueError: a measured value is not positive, or a value is not finite.
    """
    guess, truth = _same_shape(predicted, measured)
    if not (truth > 0).all():
        raise ValueError(f"a percentage of {truth.min()!r} says nothing; leave such measurements out")
    return np.abs(guess - truth) / truth


def score(errors: ArrayLike, cells: ArrayLike, confidence: float = 0.95) -> Score:
    """Return mean, median and p90 of errors, and the bootstrap interval of the mean.

    Cells are resampled with all their repeats, because repeats are no independent evidence: with S_k the sum of the errors of cell k and
    m_k their number, the mean is sum S_k / sum m_k over the drawn cells. The interval is bias-corrected and accelerated (BCa): errors
    are skewed, and an interval symmetric in the resampled means would lie too low.

    Args:
        errors: absolute errors, shape (n,), n >= 1, finite.
        cells: the cell that each belongs to, shape (n,).
        confidence: of the interval, 0 < confidence < 1.

    Raises:
        ValueError: no errors, or shapes that differ.

    Source:
        Efron, Better bootstrap confidence intervals (1987); Davison and Hinkley, Bootstrap methods and their application (1997), 3.8.
    """
    values, names = np.asarray(errors, dtype=np.float64), np.asarray(cells)
    if values.ndim != 1 or not len(values) or values.shape != names.shape:
        raise ValueError(f"errors {values.shape} and cells {names.shape} have to be of one shape (n,), n >= 1")
    place = np.unique(names, return_inverse=True)[1]
    sums, counts = np.bincount(place, values).astype(np.float64), np.bincount(place)
    low, high = _interval_of_mean(sums, counts, confidence)
    return Score(len(values), float(values.mean()), quantile(values, 0.5), quantile(values, 0.9), low, high)


def coverage(low: ArrayLike, high: ArrayLike, measured: ArrayLike, nominal: float = 0.9, confidence: float = 0.99) -> Coverage:
    """Return how many measurements lie in [low, high], and the exact binomial band of that count.

    Right intervals cover independently with probability `nominal`, so the count is Binomial(n, nominal); the band leaves out at most
    (1 - confidence) / 2 at each end.

    Args:
        low: lower ends, shape (n,).
        high: upper ends.
        measured: what was measured, in their unit.
        nominal: coverage that the intervals claim.
        confidence: probability of the band if the claim is true.

    Raises:
        ValueError: no intervals, or shapes that differ.
    """
    lower, truth = _same_shape(low, measured)
    upper, _ = _same_shape(high, measured)
    n, tail = len(truth), (1.0 - confidence) / 2.0
    if not n:
        raise ValueError("no interval to look at")
    inside = int(((lower <= truth) & (truth <= upper)).sum())
    return Coverage(n, inside, int(binom.ppf(tail, n, nominal)), int(binom.isf(tail, n, nominal)))


def randomised_pit(draws: ArrayLike, measured: float, uniform: float) -> float:
    """Return the randomised probability integral transform of a measured count: its place among draws of the prediction.

    With b draws below it and e equal to it, of m draws, u = (b + v (e + 1)) / (m + 1), v uniform. If the count and the draws come from
    one distribution, u is uniform exactly, for any m; without v the steps of a count would make it lumpy.

    Args:
        draws: draws of the prediction, shape (m,), m >= 1.
        measured: the count.
        uniform: v, 0 <= v < 1.

    Raises:
        ValueError: no draws.

    Source:
        Czado, Gneiting and Held, Predictive model assessment for count data (2009), for a distribution that is known only by draws.
    """
    values = np.asarray(draws, dtype=np.float64)
    if not len(values):
        raise ValueError("no draw to compare with")
    below, equal = int((values < measured).sum()), int((values == measured).sum())
    return (below + uniform * (equal + 1)) / (len(values) + 1)


def uniformity(transforms: ArrayLike) -> Uniformity:
    """Return the exact Kolmogorov-Smirnov test of probability integral transforms against the uniform distribution.

    Args:
        transforms: u, shape (n,), n >= 1, 0 <= u <= 1.
    """
    values = np.asarray(transforms, dtype=np.float64)
    test = kstest(values, "uniform", method="exact")
    return Uniformity(len(values), float(test.statistic), float(test.pvalue))


def interval_scores(low: ArrayLike, high: ArrayLike, measured: ArrayLike, nominal: float = 0.9) -> Array:
    """Return S = (u - l) + 2 / a max(l - x, 0) + 2 / a max(x - u, 0), a = 1 - nominal: width, and a fine for missing. Smaller is better.

    It is proper: whoever believes in a distribution does best by stating its a / 2 and 1 - a / 2 quantiles.

    Args:
        low: l, lower ends, shape (n,).
        high: u, upper ends.
        measured: x, in their unit.
        nominal: coverage that the intervals claim.

    Raises:
        ValueError: an upper end below its lower one, or shapes that differ.

    Source:
        Gneiting and Raftery, Strictly proper scoring rules, prediction, and estimation (2007), section 6.2.
    """
    lower, truth = _same_shape(low, measured)
    upper, _ = _same_shape(high, measured)
    if not (lower <= upper).all():
        raise ValueError("an interval ends below its beginning")
    fine = 2.0 / (1.0 - nominal)
    return (upper - lower) + fine * np.maximum(lower - truth, 0.0) + fine * np.maximum(truth - upper, 0.0)


def confusion(predicted: ArrayLike, measured: ArrayLike) -> Confusion:
    """Return how predicted and measured verdicts agree.

    Args:
        predicted: whether each case was predicted to complete, shape (n,).
        measured: whether it did.

    Raises:
        ValueError: shapes that differ.
    """
    guess, truth = np.asarray(predicted, dtype=bool), np.asarray(measured, dtype=bool)
    if guess.shape != truth.shape:
        raise ValueError(f"{guess.shape} predicted and {truth.shape} measured verdicts")
    return Confusion(
        completed=int((guess & truth).sum()),
        false_alarms=int((~guess & truth).sum()),
        failed=int((~guess & ~truth).sum()),
        overlooked=int((guess & ~truth).sum()),
    )


def ratio_quantiles(measured: ArrayLike, predicted: ArrayLike, nominal: float = 0.9) -> RatioQuantiles:
    """Return the factors that turn point predictions into intervals: outer quantiles of measured / predicted on calibrating cases.

    Of n sorted ratios those of rank floor((n + 1) a / 2) and ceil((n + 1) (1 - a / 2)), a = 1 - nominal: a further case, exchangeable
    with these, lies between two ranks i < j with probability (j - i) / (n + 1), so this holds at least `nominal` of them (split conformal
    prediction). Fewer than 2 / a - 1 pairs (19 for 90 %) have no such ranks; smallest and largest are taken then, and `promised` says less.

    Args:
        measured: what was measured, shape (n,), n >= 1.
        predicted: point predictions, same shape, positive.
        nominal: coverage asked for.

    Raises:
        ValueError: no pairs, a prediction that is not positive, or shapes that differ.

    Source:
        Vovk, Gammerman and Shafer, Algorithmic learning in a random world (2005); Lei et al., Distribution-free predictive inference for
        regression (2018).
    """
    truth, guess = _same_shape(measured, predicted)
    if not len(truth) or not (guess > 0).all():
        raise ValueError("ratios need at least one pair, and predictions above 0")
    ratios = np.sort(truth / guess)
    n, tail = len(ratios), (1.0 - nominal) / 2.0
    first = max(math.floor(round((n + 1) * tail, 9)), 1)  # rounded: 20 x (1 - 0.9) / 2 is 0.9999999999999998 in floats
    last = n + 1 - first
    return RatioQuantiles(n, float(ratios[first - 1]), float(ratios[last - 1]), (last - first) / (n + 1))


def _interval_of_mean(sums: Array, counts: NDArray[np.signedinteger], confidence: float) -> tuple[float | None, float | None]:
    """Return the bootstrap interval of sum S_k / sum m_k over resampled cells; its one value where all cells have the same mean."""
    if len(sums) < FEWEST_CELLS:
        return None, None
    means = sums / counts
    if np.ptp(means) <= 1e-12 * means.max():  # every resample gives the same mean, and BCa divides by the spread
        return float(means[0]), float(means[0])
    ends = bootstrap(
        (sums, counts),
        lambda drawn, sizes, axis: drawn.sum(axis=axis) / sizes.sum(axis=axis),
        n_resamples=RESAMPLES,
        paired=True,
        vectorized=True,
        confidence_level=confidence,
        method="BCa",
        rng=np.random.default_rng(BOOTSTRAP_SEED),
    ).confidence_interval
    return float(ends.low), float(ends.high)


def _same_shape(first: ArrayLike, second: ArrayLike) -> tuple[Array, Array]:
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"arrays of shape (n,) belong together, not {one.shape} and {other.shape}")
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise ValueError("a value is not finite; leave out what was not predicted or not measured")
    return one, other
