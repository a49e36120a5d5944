"""Fits page classes to a few measured points of a dirty curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from sim.errors import ScenarioError
from sim.model.dirtying import add_rows
from sim.model.draws import Array
from sim.model.load import Load

RATES_A_DECADE, RATES_AT_LEAST, RATES_AT_MOST = 2.5, 9, 12
SMOOTHNESS = 0.3  # weight of the second differences [measured: a database's D(24 s) -5 % from its points up to 8 s, -30 % without it]
EXPONENT = 0.7  # of n r^e, which the penalty keeps smooth [same fit]
_HARD = 1e3  # weight of the row that keeps the classes within the touched pages


@dataclass(frozen=True, slots=True)
class Fit:
    """Classes fitted to a curve.

    Args:
        classes: (whole pages, rewrites per page and second).
        residuals: fitted over measured - 1, for each point.
        longest_window_s: the longest window measured; rounds longer than twice this are extrapolated.
    """

    classes: tuple[tuple[float, float], ...]
    residuals: tuple[float, ...]
    longest_window_s: float


def fit_classes(points: Sequence[tuple[float, float]], touched: float) -> Fit:
    """Return non-negative page classes whose curve goes through the points.

    Non-negative least squares on relative errors (rows weighted 1 / d), for rates spaced evenly on a log scale from 0.05 / longest
    window to 5 / shortest window, with a penalty on the second differences of n r^0.7, and sum n <= touched pages.

    Args:
        points: (window in seconds, distinct pages dirtied in it), windows ascending, pages not falling.
        touched: pages that the VM ever touched.

    Raises:
        ScenarioError: a point has more pages than the VM touched.
    """
    windows = np.array([window for window, _ in points])
    measured = np.array([pages for _, pages in points])
    if measured[-1] > touched:
        raise ScenarioError(
            [f"the curve dirties {measured[-1]:.0f} pages in {windows[-1]:g} s, but the VM has only {touched:.0f} touched pages"]
        )
    rates = _rates(windows)
    weighted = -np.expm1(-np.outer(windows, rates)) / measured[:, None]
    pages = _solve(weighted, rates, touched, float(np.max(measured / windows**EXPONENT)))
    classes = tuple((float(n), float(r)) for n, r in zip(_whole(pages), rates, strict=True) if n >= 1.0)
    fitted = add_rows(np.array([[n * -np.expm1(-r * w) for w in windows] for n, r in classes]))
    return Fit(classes, tuple((fitted / measured - 1.0).tolist()), float(windows[-1]))


@lru_cache(maxsize=1024)  # the points of a sweep share most of their loads, and a fit takes a hundredth of a second
def with_classes(load: Load, touched: float) -> Load:
    """Return the load with its curve fitted; itself where there is nothing to fit."""
    return load if not load.curve else replace(load, classes=fit_classes(load.curve, touched).classes, curve=())


def _whole(pages: Array) -> Array:
    """Return whole pages of each class: running sums are rounded, so a curve of few pages spread over many classes does not vanish."""
    whole = np.diff(np.rint(np.cumsum(pages[::-1])), prepend=0.0)[::-1].copy()
    if not whole.any():
        whole[np.argmax(pages)] = 1.0
    return whole


def _rates(windows: Array) -> Array:
    """Return the candidate rates, log-spaced, never fewer than 9 or more than 12."""
    slowest, fastest = 0.05 / windows[-1], 5.0 / windows[0]
    count = int(np.clip(np.rint(RATES_A_DECADE * np.log10(fastest / slowest)), RATES_AT_LEAST, RATES_AT_MOST))
    return np.geomspace(slowest, fastest, count)


def _solve(weighted: Array, rates: Array, touched: float, scale: float) -> Array:
    """Return the pages of each rate; `scale` makes n r^0.7 a pure number (a curve that grows as tau^0.7 has it constant)."""
    from scipy.optimize import nnls  # noqa: PLC0415  (half a second that only a run with a curve pays)

    second = np.diff(np.eye(len(rates)), n=2, axis=0) * rates**EXPONENT / scale
    free, _ = nnls(np.vstack([weighted, SMOOTHNESS * second]), np.append(np.ones(len(weighted)), np.zeros(len(second))))
    if free.sum() <= touched:
        return np.asarray(free)
    # Too many pages: one more row, heavy enough to hold the sum at the touched pages, then rounding is taken from the largest class.
    bound = np.full((1, len(rates)), _HARD / touched)
    target = np.concatenate([np.ones(len(weighted)), np.zeros(len(second)), [_HARD]])
    held, _ = nnls(np.vstack([weighted, SMOOTHNESS * second, bound]), target)
    held = np.floor(held)
    held[np.argmax(held)] -= max(0.0, float(held.sum()) - touched)
    return np.asarray(held)
