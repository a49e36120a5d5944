"""What a guest does to its memory, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

PAGE = 4096  # bytes; the unit in which dirtying is tracked (Xen: 4 KiB; on /390 unpublished, [A1])


@dataclass(frozen=True, slots=True)
class Bursts:
    """Times of higher activity.

    Args:
        share: share of the time spent in bursts, 0 < share < 1.
        length_s: mean length of a burst, seconds.
        factor: activity in a burst relative to the time outside, > 0.
    """

    share: float
    length_s: float
    factor: float


@dataclass(frozen=True, slots=True)
class Load:
    """The dirty curve of one VM and how its activity changes.

    D(A) = sum over classes of Binomial(pages, 1 - exp(-rewrites A)) + sum over sweeps of rint(min(pages, rate A)).

    Args:
        name: name in the scenario or in the catalogue.
        classes: (pages, rewrites per page and second at activity 1); whole pages.
        sweeps: (pages, pages per second at activity 1); sequential writers, no randomness.
        curve: measured (window in seconds, distinct pages) that `classes` still has to be fitted to; empty when nothing is left to fit.
        jitter: s of the round-to-round noise exp(s z) of a round of one second or less.
        tracked: True when the curve was measured with dirty tracking on, so that its cost is in it already.
        bursts: times of higher activity, or None.
        day: (second of the day, level) steps in ascending order, wrapping at midnight; empty means level 1 all day.
        spread_sigma: sigma of the lognormal activity factor a migration (median 1).
    """

    name: str
    classes: tuple[tuple[float, float], ...] = ()
    sweeps: tuple[tuple[float, float], ...] = ()
    curve: tuple[tuple[float, float], ...] = ()
    jitter: float = 0.0
    tracked: bool = False
    bursts: Bursts | None = None
    day: tuple[tuple[float, float], ...] = ()
    spread_sigma: float = 0.0
