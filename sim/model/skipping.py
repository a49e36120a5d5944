"""A round that skips the pages dirtied again before their turn (Xen up to 4.5)."""

from __future__ import annotations

import numpy as np

from sim.model.dirtying import DirtyCurve, add_rows
from sim.model.draws import Array, Real

STEPS = 16  # Runge-Kutta steps over the scan


def skipping_round(
    marked: Array,
    rewrites: Array,
    sweeps_marked: tuple[Real, ...],
    sweeps_pages: tuple[float, ...],
    sweeps_rate: tuple[float, ...],
    pages_per_s: Real,
    activity_rate: Real,
) -> tuple[Real, Real]:
    """Return (pages sent, duration in seconds) of a round that skips what is dirty again.

    With w_c pages of class c marked, scattered over the scan y in [0, 1], a page met at time t is still clean with probability
    exp(-r_c A(t)); so dt/dy = S(t) / B, S(t) = sum w_c exp(-r_c a t), t(0) = 0; the round takes T = t(1) and sends B T pages. A sequential
    writer meets the pages that it left marked only after it has gone once round the rest.

    The scan is stretched, y = ((1 + k)^u - 1) / k with k = sum w_c r_c a / B: for one class t is then linear in u, so the fixed steps are
    exact there, and stable however fast a class is rewritten.

    Args:
        marked: w, pages of each class marked at the start, shape (classes,) or (classes, n).
        rewrites: r, writes per page and second, shape (classes,) or (classes, 1).
        sweeps_marked: marked pages of each sequential writer.
        sweeps_pages: n, pages over which each goes round.
        sweeps_rate: w, pages per second of each.
        pages_per_s: B, pages that the transfer sends per second.
        activity_rate: a, mean activity during the round.
    """
    stretch = np.maximum(add_rows(marked * rewrites) * activity_rate / pages_per_s, 1e-12)
    growth = np.log1p(stretch)

    def still_clean(t: Real) -> Real:
        clean = add_rows(marked * np.exp(-rewrites * (activity_rate * t)))
        for left, size, rate in zip(sweeps_marked, sweeps_pages, sweeps_rate, strict=True):
            clean = clean + np.minimum(left, np.maximum(0.0, size - rate * activity_rate * t))
        return clean

    # dt/du = S(t) / B dy/du; the steps meet dy/du at their ends and middles only.
    scale = growth / (stretch * pages_per_s)
    steepness = [scale * np.exp(growth * (half / (2 * STEPS))) for half in range(2 * STEPS + 1)]
    h = 1.0 / STEPS
    t = 0.0 * pages_per_s
    for step in range(STEPS):
        begin, middle, end = steepness[2 * step : 2 * step + 3]
        k1 = still_clean(t) * begin
        k2 = still_clean(t + h / 2 * k1) * middle
        k3 = still_clean(t + h / 2 * k2) * middle
        k4 = still_clean(t + h * k3) * end
        t = t + h / 6 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return pages_per_s * t, t


def shares(curve: DirtyCurve, activity: Real) -> tuple[Array, tuple[Real, ...]]:
    """Return how the dirty pages are divided between classes and sweeps: each by its mean, together 1.

    Args:
        curve: classes and sweeps.
        activity: A, over which the pages were dirtied, seconds.
    """
    by_class = curve.pages * -np.expm1(-curve.rewrites * activity)
    by_sweep = [np.minimum(pages, rate * activity) for pages, rate in curve.sweeps]
    expected = add_rows(by_class)
    for pages in by_sweep:
        expected = expected + pages
    scale = 1.0 / np.maximum(expected, 1e-300)
    return by_class * scale, tuple(pages * scale for pages in by_sweep)


def pages_sent(curve: DirtyCurve, marked: Real, dirtied_over: Real | None, pages_per_s: Real, activity_rate: Real) -> Real:
    """Return the whole pages that a skipping round sends.

    Args:
        curve: what the guest writes.
        marked: pages marked at the start of the round.
        dirtied_over: activity over which they were dirtied, seconds; None in round 1, where all touched pages are marked.
        pages_per_s: pages that the transfer sends per second.
        activity_rate: mean activity during the round.
    """
    sizes = tuple(pages for pages, _ in curve.sweeps)
    rates = tuple(rate for _, rate in curve.sweeps)
    by_class, by_sweep = (curve.pages, sizes) if dirtied_over is None else shares(curve, dirtied_over)
    if dirtied_over is not None:
        by_class, by_sweep = by_class * marked, tuple(share * marked for share in by_sweep)
    # Pages that the load never writes are marked in round 1 only; they are a class that is never dirtied again.
    cold = marked - add_rows(by_class) - sum(by_sweep)
    classes = np.concatenate([by_class, np.broadcast_to(np.maximum(cold, 0.0), (1, *by_class.shape[1:]))])
    rewrites = np.concatenate([curve.rewrites, np.zeros((1, *curve.rewrites.shape[1:]))])
    sent, _ = skipping_round(classes, rewrites, by_sweep, sizes, rates, pages_per_s, activity_rate)
    return np.minimum(np.rint(sent), marked)
