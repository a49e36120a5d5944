"""How far two samples lie apart, with intervals; of pairs that share their random numbers the intervals are narrower.

Intervals of two single values are combined to one of their difference by the method of variance estimates recovery (MOVER). It needs no
distribution and no resampling: it costs little more than sorting, for ten million pairs too, and the same pairs give the same bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.results.statistics import Interval, Sample, quantile, quantile_interval

Hits = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Difference:
    """What the second sample has more than the first one.

    Args:
        value: the difference, in the unit of the samples; +-inf where one of the two never ends.
        low: lower end of its interval; None when there are too few values.
        high: upper end, None together with `low`.
        needed: values from which on the interval exists, when there are too few; else None.
    """

    value: float
    low: float | None
    high: float | None
    needed: int | None = None


def median_difference(first: Sample, second: Sample, confidence: float = 0.95) -> Difference:
    """Return the median of the differences of pairs, with its order-statistic interval: half of the pairs differ by less, half by more.

    A pair of which neither ever ends has no difference: 0.

    Args:
        first: values, shape (n,), n >= 1; +inf allowed, NaN not.
        second: values of the same replications, shape (n,).
        confidence: 0 < confidence < 1.
    """
    apart = less(second, first)
    interval = quantile_interval(apart, 0.5, confidence)
    return Difference(quantile(apart, 0.5), interval.low, interval.high, interval.needed)


def quantile_difference(first: Sample, second: Sample, q: float, *, paired: bool, confidence: float = 0.95) -> Difference:
    """Return the difference of the q-quantiles of two samples.

    With the order-statistic intervals [l1, u1] of t1 and [l2, u2] of t2, and the correlation r of the two estimates, `mover` gives the
    interval. Two sample quantiles of pairs are correlated as the events "value <= its quantile" are, by Bahadur's representation.
    Where one of them is infinite the interval is [l2 - u1, u2 - l1], of intervals that hold together with this confidence.

    Args:
        first: values, shape (n,), n >= 1; +inf allowed, NaN not.
        second: values, of the same replications when they are paired.
        q: 0 < q < 1.
        paired: whether equal places of the samples are pairs.
        confidence: 0 < confidence < 1.

    Source:
        Zou and Donner, Construction of confidence limits about effect measures: a general approach (2008); for medians of pairs Bonett and
        Price, Interval estimation for linear functions of medians in within-subjects and mixed designs (2020).
    """
    ends = quantile(first, q), quantile(second, q)
    of_first, of_second = quantile_interval(first, q, confidence), quantile_interval(second, q, confidence)
    apart = float(less(np.array([ends[1]]), np.array([ends[0]]))[0])
    if of_first.needed or of_second.needed:
        return Difference(apart, None, None, of_first.needed or of_second.needed)
    if any(end is not None and math.isinf(end) for each in (of_first, of_second) for end in (each.low, each.high)):
        sure = 1 - (1 - confidence) / 2
        return _far_apart(apart, quantile_interval(first, q, sure), quantile_interval(second, q, sure))
    together = correlation(first <= ends[0], second <= ends[1]) if paired else 0.0
    return _mover(ends, of_first, of_second, together)


def share_difference(first: Hits, second: Hits, *, paired: bool, confidence: float = 0.95) -> Difference:
    """Return the difference of two shares, from Wilson's intervals of each.

    Args:
        first: which replications have the outcome, shape (n,), n >= 1.
        second: likewise, of the same replications when they are paired.
        paired: whether equal places are pairs.
        confidence: 0 < confidence < 1.

    Source:
        Newcombe, Improved confidence intervals for the difference between binomial proportions based on paired data (1998), method 10;
        Interval estimation for the difference between independent proportions (1998), method 10.
    """
    shares = float(first.mean()), float(second.mean())
    return _mover(shares, _wilson(first, confidence), _wilson(second, confidence), correlation(first, second) if paired else 0.0)


def correlation(first: Hits, second: Hits) -> float:
    """Return the correlation of two events of pairs, corrected towards 0 where it is positive: what few pairs show is not relied on.

    With the counts a (both), b and c (one of them), d (none) of n pairs it is (ad - bc) / sqrt((a+b)(c+d)(a+c)(b+d)), with
    max(ad - bc - n/2, 0) in place of ad - bc where that is positive; 0 where an event always or never occurs.

    Source:
        Newcombe (1998), as in `share_difference`.
    """
    n, both = len(first), int((first & second).sum())
    one, other = int(first.sum()), int(second.sum())
    scale = one * (n - one) * other * (n - other)
    if not scale:
        return 0.0
    product = both * (n - one - other + both) - (one - both) * (other - both)
    return (max(product - n / 2, 0.0) if product > 0 else product) / math.sqrt(scale)


def less(second: Sample, first: Sample) -> Sample:
    """Return second - first; 0 where both are infinite, since neither ends."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(first) & np.isinf(second), 0.0, second - first)


def _mover(ends: tuple[float, float], of_first: Interval, of_second: Interval, together: float) -> Difference:
    """Return t2 - t1 with [d - sqrt(A^2 - 2 r A B + B^2), d + sqrt(C^2 - 2 r C D + D^2)].

    A = t2 - l2, B = u1 - t1, C = u2 - t2, D = t1 - l1: the distances of the single intervals that speak for a smaller and a larger one.
    """
    first, second = ends
    low1, high1 = _both(of_first)
    low2, high2 = _both(of_second)
    down = _joined(second - low2, high1 - first, together)
    up = _joined(high2 - second, first - low1, together)
    return Difference(second - first, second - first - down, second - first + up)


def _joined(one: float, other: float, together: float) -> float:
    return math.sqrt(max(one * one - 2 * together * one * other + other * other, 0.0))  # a rounding error below 0 is 0


def _far_apart(apart: float, of_first: Interval, of_second: Interval) -> Difference:
    """Return the difference where an end is infinite: what cannot be told is as large as it can be."""
    if of_first.needed or of_second.needed:
        return Difference(apart, None, None, of_first.needed or of_second.needed)
    low1, high1 = _both(of_first)
    low2, high2 = _both(of_second)
    if math.isinf(low1) and math.isinf(low2):
        return Difference(apart, 0.0, 0.0)  # neither ends, and that is sure
    low = -math.inf if math.isinf(high1) else low2 - high1
    high = math.inf if math.isinf(high2) else high2 - low1
    return Difference(apart, low, high)


def _wilson(hits: Hits, confidence: float) -> Interval:
    from scipy.stats import binomtest  # noqa: PLC0415 - importing this room does not load scipy

    ends = binomtest(int(hits.sum()), len(hits)).proportion_ci(confidence, method="wilson")
    return Interval(float(ends.low), float(ends.high))


def _both(interval: Interval) -> tuple[float, float]:
    assert interval.low is not None  # noqa: S101 - looked at before
    assert interval.high is not None  # noqa: S101
    return interval.low, interval.high
