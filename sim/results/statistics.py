"""Say how well a sample of replications knows a quantile or a share.

All of it is free of distributional assumptions and takes +inf, the time of a migration that never ends, as a value like any other.
"""

from __future__ import annotations

import bisect
import functools
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Sample = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval, or the number of replications that it needs.

    Args:
        low: lower end, in the unit of the sample; None when there are too few replications.
        high: upper end, None together with `low`; both can be +inf.
        needed: replications from which on the interval exists, when there are too few; else None.
    """

    low: float | None
    high: float | None
    needed: int | None = None


def quantile(sample: Sample, q: float) -> float:
    """Return the q-quantile of a sample: its order statistic X_(ceil(n q)), the smallest value that a share q does not exceed.

    Nothing is interpolated: the result is an outcome that occurred, and +inf needs no special treatment.

    Args:
        sample: values in any order, shape (n,), n >= 1; +-inf allowed, NaN not.
        q: 0 < q <= 1.

    Raises:
        ValueError: no values, a NaN among them, or q out of range.

    Source:
        Hyndman and Fan, Sample quantiles in statistical packages (1996), definition 1, "inverted CDF".
    """
    values = _checked(sample)
    rank = quantile_rank(len(values), q)
    return float(np.partition(values, rank - 1)[rank - 1])


@functools.lru_cache(maxsize=4096)  # every VM, quantity and point of a run asks for the same few
def quantile_rank(n: int, q: float) -> int:
    """Return ceil(n q), the rank of the q-quantile among n values, 1..n.

    Raises:
        ValueError: q out of range.
    """
    if not 0 < q <= 1:
        raise ValueError(f"q = {q!r} is not in 0 < q <= 1")
    # ceil on the decimal that q was written as: 100 * 0.07 is 7.000000000000001 in floats, whose ceiling is the 8th value
    return math.ceil(n * Fraction(repr(float(q))))


def quantile_interval(sample: Sample, q: float, confidence: float = 0.95) -> Interval:
    """Return the two-sided order-statistic interval [X_(l), X_(u)] of the q-quantile, with equal tails.

    The number N of values up to the true quantile is Binomial(n, q), so with a = 1 - confidence

        l = the largest rank with P(N < l) <= a / 2,    u = the smallest rank with P(N >= u) <= a / 2.

    It holds the quantile with at least this confidence, for discrete outcomes and for +inf too. Where l < 1 or u > n there is
    no such interval: it is refused with the number of replications that it needs.

    Args:
        sample: values in any order, shape (n,); independent replications, NaN not allowed.
        q: 0 < q < 1.
        confidence: 0 < confidence < 1.

    Raises:
        ValueError: no values, a NaN among them, q or confidence out of range.

    Source:
        Hahn and Meeker, Statistical Intervals (1991), section 5.2.
    """
    values = _checked(sample)
    ranks = interval_ranks(len(values), q, confidence)
    if ranks is None:
        return Interval(None, None, replications_needed(q, confidence))
    lower, upper = ranks
    ordered = np.partition(values, (lower - 1, upper - 1))
    return Interval(float(ordered[lower - 1]), float(ordered[upper - 1]))


@functools.lru_cache(maxsize=4096)  # every VM, quantity and point of a run asks for the same few
def interval_ranks(n: int, q: float, confidence: float = 0.95) -> tuple[int, int] | None:
    """Return the ranks l and u of `quantile_interval` among n values, from 1; None when n values are too few for it.

    Raises:
        ValueError: q or confidence out of range.
    """
    return _ranks(n, q, _tail(confidence)) if n >= replications_needed(q, confidence) else None


@functools.lru_cache(maxsize=4096)  # every VM, quantity and point of a run asks for the same few
def replications_needed(q: float, confidence: float = 0.95) -> int:
    """Return the smallest n with q^n <= a / 2 and (1 - q)^n <= a / 2, a = 1 - confidence: from there on `quantile_interval` exists.

    Raises:
        ValueError: q or confidence out of range.
    """
    if not 0 < q < 1:
        raise ValueError(f"q = {q!r} is not in 0 < q < 1")
    tail = _tail(confidence)
    rarest = max(q, 1 - q)
    needed = max(1, math.ceil(math.log(tail) / math.log(rarest)))
    # the quotient of logarithms is rounded: it can miss an exact equality such as 0.5^6 = a / 2 by one
    if needed > 1 and rarest ** (needed - 1) <= tail:
        needed -= 1
    return needed


@functools.lru_cache(maxsize=4096)  # most VMs of most points share a few counts: a search in the distribution costs half a millisecond
def share_interval(hits: int, n: int, confidence: float = 0.95) -> Interval:
    """Return the Clopper-Pearson interval of a share: with at least this confidence it holds the true share.

    Its ends are the shares p at which P(X >= hits) and P(X <= hits), X ~ Binomial(n, p), fall to a / 2, a = 1 - confidence.

    Args:
        hits: replications with the outcome, 0..n.
        n: replications.
        confidence: 0 < confidence < 1.

    Raises:
        ValueError: hits or confidence out of range.

    Source:
        Clopper and Pearson, The use of confidence or fiducial limits (1934).
    """
    from scipy.special import betainccinv, betaincinv  # noqa: PLC0415 - as in `_ranks`

    if not 0 <= hits <= n:
        raise ValueError(f"{hits!r} hits in {n!r} replications")
    tail = _tail(confidence)
    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits == n else float(betainccinv(hits + 1, n - hits, tail))
    return Interval(low, high)


@functools.lru_cache(maxsize=4096)  # a summary asks for the same few (n, q) once a VM and column; a search costs a millisecond
def _ranks(n: int, q: float, tail: float) -> tuple[int, int]:
    """Return l and u of `quantile_interval`, searched in P(N <= k) = I_(1-q)(n - k, k + 1), which is 1 at k = n."""
    # Importing this room does not load scipy, so that commands without statistics start fast; scipy.stats takes a second of its own.
    from scipy.special import betainc, betaincc  # noqa: PLC0415

    lower = bisect.bisect_left(range(n), True, key=lambda k: bool(betaincc(k + 1, n - k, q) > tail))
    upper = 1 + bisect.bisect_left(range(n), True, key=lambda k: bool(betainc(k + 1, n - k, q) <= tail))
    return max(lower, 1), min(upper, n)  # exact equalities that the distribution rounds; `replications_needed` has decided them


def _tail(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence = {confidence!r} is not in 0 < confidence < 1")
    return float((1 - Fraction(repr(float(confidence)))) / 2)  # 1 - 0.95 is 0.05 and not 0.050000000000000044


def _checked(sample: Sample) -> Sample:
    values = np.asarray(sample, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"a sample has shape (n,) with n >= 1, not {values.shape}")
    if np.isnan(values).any():
        raise ValueError(f"{int(np.isnan(values).sum())} of {len(values)} values are NaN; what never ends is +inf")
    return values
