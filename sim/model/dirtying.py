"""How many distinct pages a guest dirties in an interval.

Every function takes one replication (classes along the only axis, plain numbers beside them) or a block of them (one more axis) and
gives the same bits for both: sums run over the rows in order, because NumPy sums `[c]` and `[c, n]` in different orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import cast

import numpy as np
from scipy.special import ndtr

from sim.model.draws import Array, Real
from sim.model.load import PAGE, Load

FEW = 10.0  # pages; below this mean the normal approximation is replaced by the exact Poisson inverse
POISSON_TERMS = 48  # P(X >= 48 | mean 10) = 3e-17
NEWTON_STEPS = 20  # 17 are the most that a search over costs up to 1 ms a fault found for a residual of 1e-9 of the interval
WHOLE = 2e-4  # bytes; so little below a whole number is the rounding of clock times: 1.1e-13 s at 1,000 s, times 1.25 GB/s, is 1.4e-4
_LEAST_VARIANCE = 1e-300  # keeps 0 / 0 out where every page is surely clean or surely dirty


@dataclass(frozen=True, slots=True, eq=False)
class DirtyCurve:
    """A load as the arrays that the functions below take.

    Args:
        pages: n, whole pages of each class, shape (classes,) or (classes, 1).
        rewrites: r, writes per page and second at activity 1, same shape.
        sweeps: (pages, pages per second) of each sequential writer.
        touched: pages that the VM ever touched; no more can be dirty.
    """

    pages: Array
    rewrites: Array
    sweeps: tuple[tuple[float, float], ...]
    touched: float

    @classmethod
    def of(cls, load: Load, touched: float) -> DirtyCurve:
        """Return the curve of a load whose classes are known (fitted)."""
        classes = np.array(load.classes or ((0.0, 0.0),), dtype=np.float64)
        return cls(classes[:, 0].copy(), classes[:, 1].copy(), load.sweeps, touched)

    @property
    def most_pages(self) -> float:
        """All pages that the load ever writes."""
        return float(add_rows(self.pages)) + sum(size for size, _ in self.sweeps)

    def for_block(self) -> DirtyCurve:
        """Return the same curve, shaped for a block of replications."""
        return DirtyCurve(self.pages[:, None], self.rewrites[:, None], self.sweeps, self.touched)


def add_rows(terms: Array) -> Real:
    """Return the sum over the first axis, added in order: a plain number for shape (classes,), an array (n,) for (classes, n)."""
    if terms.ndim == 1:
        return float(reduce(add, terms.tolist()))
    return cast("Array", reduce(add, terms))


def expected_pages(pages: Array, rewrites: Array, activity: Real) -> Real:
    """Return E[D] = sum n (1 - exp(-r A)), the mean number of distinct pages that the classes dirty.

    Args:
        pages: n, pages of each class, shape (classes,) or (classes, 1).
        rewrites: r, writes per page and second at activity 1, same shape.
        activity: A, integral of the activity over the interval, seconds, shape () or (n,).
    """
    return add_rows(pages * -np.expm1(-rewrites * activity))


def distinct_pages(pages: Array, rewrites: Array, activity: Real, normal: Real) -> Real:
    """Return the distinct pages that all classes together dirty in an interval: one draw, on the sum.

    Writes to a page are Poisson, so D is a sum of Binomial(n, p), p = 1 - exp(-r A). With M, V, k3 the sums of n p, n p q and
    n p q (q - p), X = M + sqrt(V) z + k3 / (6 V) (z^2 - 1), rounded to whole pages (a Cornish-Fisher expansion; rounding class by
    class would be biased). Below a mean of 10 pages the Poisson inverse of the same z, beside the pages that are dirty for sure.

    Args:
        pages: n, whole pages of each class, shape (classes,) or (classes, 1).
        rewrites: r, writes per page and second at activity 1, same shape.
        activity: A, integral of the activity over the interval, seconds, shape () or (n,).
        normal: z, standard normal draws, shape of the activity.
    """
    unwritten = np.expm1(-rewrites * activity)  # -p
    return drawn_pages(-pages * unwritten, unwritten, normal, add_rows(pages))


def drawn_pages(means: Array, unwritten: Array, normal: Real, most: Real) -> Real:
    """Return a draw of the sum of binomial numbers, as `distinct_pages` explains it.

    Args:
        means: n p of each class, shape (classes,) or (classes, n).
        unwritten: -p, same shape.
        normal: z, standard normal draws, shape () or (n,).
        most: no more than so many.
    """
    clean = 1.0 + unwritten
    variances = means * clean
    mean = add_rows(means)
    variance = add_rows(variances)
    skew = add_rows(variances * (clean + unwritten)) / (6.0 * np.maximum(variance, _LEAST_VARIANCE))
    drawn: Real = np.rint(mean + np.sqrt(variance) * normal + skew * (normal * normal - 1.0))
    if isinstance(mean, float):
        if mean < FEW:
            drawn = _few_pages(mean, variance, normal)
    else:
        few = mean < FEW
        if few.any():  # only there: the inverse costs fifty times the approximation
            cast("Array", drawn)[few] = _few_pages(mean[few], cast("Array", variance)[few], cast("Array", normal)[few])
    return np.minimum(np.maximum(drawn, 0.0), most)


def _few_pages(mean: Real, variance: Real, normal: Real) -> Real:
    """Return the draw where few pages are dirty: those that surely are (M - V = sum n p^2 of them), and a Poisson number of the others."""
    sure = np.floor(mean - variance)
    return sure + poisson_inverse(mean - sure, normal)


def poisson_inverse(mean: Real, normal: Real) -> Real:
    """Return the Poisson quantile of a standard normal draw, with a fixed number of terms (for means up to 10)."""
    uniform = ndtr(normal)
    term: Real = np.exp(-mean)
    below = term
    drawn: Real = 0.0 * mean
    for k in range(1, POISSON_TERMS):
        drawn = drawn + cast("Real", 1.0 * (uniform > below))
        term = term * (mean / k)
        below = below + term
    return drawn


def swept_pages(pages: float, rate: float, activity: Real) -> Real:
    """Return the pages that a sequential writer dirties: rint(min(n, w A)), no randomness."""
    return np.rint(np.minimum(pages, rate * activity))


def linear_pages(curve: DirtyCurve, activity: Real) -> Real:
    """Return what a guest dirties that writes a new page each time, until all that it ever writes is dirty: min(trunc(w A), W).

    w and W, bytes per second and bytes, are those of classes and sweeps together. Whole bytes, so that pages may be fractions; no
    randomness. Source: SimGrid 4.1, plugin for live migrations.
    """
    size, rate = add_rows(curve.pages), add_rows(curve.pages * curve.rewrites)
    for pages, speed in curve.sweeps:
        size, rate = size + pages, rate + speed
    return np.minimum(np.floor(rate * PAGE * activity + WHOLE), size * PAGE) / PAGE


def dirtied(curve: DirtyCurve, activity: Real, normal: Real) -> Real:
    """Return the distinct pages that the whole load dirties, classes and sweeps, at most the touched pages."""
    drawn = distinct_pages(curve.pages, curve.rewrites, activity, normal)
    for pages, rate in curve.sweeps:
        drawn = drawn + swept_pages(pages, rate, activity)
    return np.minimum(drawn, curve.touched)


def tracked_activity(curve: DirtyCurve, untracked: Real, fault_s: float) -> Real:
    """Return the activity that is left of `untracked` when every newly dirtied page costs the guest a fault.

    Solves A + k E[D(A)] = L for A: the left side is increasing and concave, so Newton's tangents from below never overshoot and a
    fixed number of steps serves every replication alike. (Where a step changes no bit of any replication, none of the next would.)

    Args:
        curve: what the guest writes.
        untracked: L, integral of the activity that the guest would have without tracking, seconds.
        fault_s: k, seconds that a fault costs, divided by the VM's CPUs.
    """
    fastest, most = _growth(curve, 0.0 * untracked)[1], _growth(curve, untracked)[0]
    real = np.maximum(untracked / (1.0 + fault_s * fastest), untracked - fault_s * most)
    for _ in range(NEWTON_STEPS):
        pages, rate = _growth(curve, real)
        better = real + (untracked - (real + fault_s * pages)) / (1.0 + fault_s * rate)
        if np.all(better == real):
            break
        real = better
    return real


def _growth(curve: DirtyCurve, activity: Real) -> tuple[Real, Real]:
    """Return E[D(A)] of classes and sweeps, and dE[D]/dA, new pages per second of activity."""
    written = -np.expm1(-curve.rewrites * activity)
    pages, rate = add_rows(curve.pages * written), add_rows(curve.pages * curve.rewrites * (1.0 - written))
    for size, speed in curve.sweeps:
        pages = pages + np.minimum(size, speed * activity)
        rate = rate + np.where(speed * activity < size, speed, 0.0)
    return pages, rate
