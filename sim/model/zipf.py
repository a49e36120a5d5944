"""Turns a Zipf law of page popularity into a few page classes.

A write picks the page of rank k, 1 to n, with probability proportional to k^-theta. Each page is then rewritten at a rate of its own,
r_k = R k^-theta / sum k^-theta, so that the law is a mixture of n classes of one page:

    E[D(A)] = sum over k of 1 - exp(-r_k A)

Neighbouring ranks hardly differ, so a stretch of ranks is stood for by two classes with its number of pages, its mean rate and its variance
of the rate. (One class of mean rate a stretch needs five times as many: D is concave in the rate, so a mean overstates it, by Jensen.)
Stretches are halved until the error of E[D] is below 0.1 % for every interval from 1 ms to 1 h. The variance of D needs no bound of its
own: V(A) = E[D(2 A)] - E[D(A)].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sim.model.draws import Array

BOUND = 1e-3  # of E[D], relative; below the noise floor of measured migrations, which is 2e-3
_AIM = 0.95 * BOUND  # between two windows that are looked at the error is at most a twentieth higher
WINDOWS_S = np.geomspace(1e-3, 3600.0, 67)  # ten a decade: the error changes over a decade, as 1 - exp(-r A) does
_ONE_BY_ONE = 512  # ranks summed as they are; above, the midpoint rule errs by (theta / 512)^2 / 24, 4e-6 for theta 5
_PANEL = 1.5  # ratio of the ranks at both ends of a Gauss-Legendre panel
_NODES = 12  # in a panel: the integrand is smooth there, 1e-12 and better for theta up to 5
_DIGITS = 12  # kept of a rate, so that a machine's last bit of exp does not rename a question

Classes = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    """Neighbouring ranks and the classes that stand for them.

    Args:
        first, last: ranks, both included.
        classes: (whole pages, writes per page and second).
        excess: E[D] of the classes less that of the ranks, pages, shape of WINDOWS_S.
    """

    first: int
    last: int
    classes: Classes
    excess: Array

    @classmethod
    def of(cls, first: int, last: int, top_rate: float, theta: float) -> _Stretch:
        """Return a stretch; `top_rate` is the rate of rank 1."""
        ranks, weights = _ranks(first, last)
        rates = top_rate * _popularity(ranks, theta)
        classes = _two_classes(last - first + 1, rates, weights)
        return cls(first, last, classes, _distinct(classes, WINDOWS_S) - _weighted(rates, weights, WINDOWS_S))

    def halves(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return first and last rank of both halves, parted at the geometric middle."""
        middle = min(max(math.isqrt(self.first * self.last), self.first), self.last - 1)
        return (self.first, middle), (middle + 1, self.last)


@lru_cache(maxsize=256)  # the points of a sweep share most of their loads, and the VMs of a count all of them
def zipf_classes(pages: int, rate_pps: float, theta: float) -> Classes:
    """Return page classes for a Zipf law: whole pages that add up to `pages`, rates that add up to `rate_pps`, hottest first.

    Args:
        pages: n, pages over which the writes go.
        rate_pps: R, page writes per second; 0 gives one class that is never written.
        theta: exponent of the popularity, 0 (all alike) to about 5.

    Returns:
        (pages, writes per page and second) of each class; `zipf_error` gives their error, below 0.1 %.
    """
    if rate_pps == 0.0:
        return ((float(pages), 0.0),)
    top_rate, exact = _law(pages, rate_pps, theta)
    stretches = [_Stretch.of(1, pages, top_rate, theta)]
    while True:
        error = np.abs(sum(each.excess for each in stretches) / exact)
        window = int(np.argmax(error))
        if error[window] < _AIM:
            break
        worst = max(range(len(stretches)), key=lambda place: abs(stretches[place].excess[window]))
        split = stretches.pop(worst)
        stretches += [_Stretch.of(first, last, top_rate, theta) for first, last in split.halves()]
    classes = [each for stretch in stretches for each in stretch.classes]
    return tuple(sorted(((n, float(f"{r:.{_DIGITS}g}")) for n, r in classes), key=lambda each: -each[1]))


def zipf_pages(pages: int, rate_pps: float, theta: float, windows_s: Array) -> Array:
    """Return E[D] of a Zipf law without classes: the sum over all ranks, those above 512 integrated.

    Args:
        pages: n, pages over which the writes go.
        rate_pps: R, page writes per second.
        theta: exponent of the popularity.
        windows_s: A, lengths of the intervals, seconds, shape (windows,).
    """
    ranks, weights = _ranks(1, pages)
    popularity = _popularity(ranks, theta)
    return _weighted(popularity * (rate_pps / float(weights @ popularity)), weights, windows_s)


def zipf_error(classes: Classes, pages: int, rate_pps: float, theta: float) -> float:
    """Return the largest relative error of E[D] that classes make against the sum over all ranks, from 1 ms to 1 h."""
    exact = zipf_pages(pages, rate_pps, theta, WINDOWS_S)
    return float(np.max(np.abs(_distinct(classes, WINDOWS_S) / exact - 1.0)))


def _law(pages: int, rate_pps: float, theta: float) -> tuple[float, Array]:
    """Return the rate of rank 1 and E[D] in the windows."""
    ranks, weights = _ranks(1, pages)
    return rate_pps / float(weights @ _popularity(ranks, theta)), zipf_pages(pages, rate_pps, theta, WINDOWS_S)


def _popularity(ranks: Array, theta: float) -> Array:
    return np.exp(-theta * np.log(ranks))


def _ranks(first: int, last: int) -> tuple[Array, Array]:
    """Return ranks and weights with which a sum over ranks first..last is taken: one by one, then as an integral over ln k."""
    alone = min(last, max(_ONE_BY_ONE, first + _NODES))
    ranks = [np.arange(first, alone + 1, dtype=np.float64)]
    weights = [np.ones(alone + 1 - first)]
    if alone < last:
        nodes, shares = np.polynomial.legendre.leggauss(_NODES)
        begin, end = math.log(alone + 0.5), math.log(last + 0.5)
        edges = np.linspace(begin, end, 1 + math.ceil((end - begin) / math.log(_PANEL)))
        half = 0.5 * np.diff(edges)[:, None]
        between = np.exp(edges[:-1, None] + half * (1.0 + nodes)).ravel()
        ranks.append(between)
        weights.append((half * shares).ravel() * between)  # dk = k d(ln k)
    return np.concatenate(ranks), np.concatenate(weights)


def _two_classes(pages: int, rates: Array, weights: Array) -> Classes:
    """Return one or two classes with the pages, the mean and the variance of some rates.

    The two nodes of Gauss's quadrature match the third moment too; the hot one's pages are then cut to whole ones, at least one, and
    the rates moved so that mean and variance stay. (The cold rate stays above 0: a variance is below (pages - 1) mean^2.)
    """
    total = float(weights.sum())
    mean = float(weights @ rates) / total
    apart = rates - mean
    spread = math.sqrt(float(weights @ (apart * apart)) / total)
    if pages == 1 or spread <= 1e-12 * mean:
        return ((float(pages), mean),)
    skew = float(weights @ (apart * apart * apart)) / total / (spread * spread * spread)
    hot = float(max(1, math.floor(pages * 0.5 * (1.0 - skew / math.sqrt(skew * skew + 4.0)))))
    cold = pages - hot
    return (hot, mean + spread * math.sqrt(cold / hot)), (cold, mean - spread * math.sqrt(hot / cold))


def _distinct(classes: Classes, windows_s: Array) -> Array:
    """Return E[D] of classes, pages, shape of the windows."""
    table = np.array(classes)
    return _weighted(table[:, 1], table[:, 0], windows_s)


def _weighted(rates: Array, weights: Array, windows_s: Array) -> Array:
    return np.asarray(-np.expm1(-np.outer(windows_s, rates)) @ weights)
