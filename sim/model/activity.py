"""How active a guest is: the integral of its activity over an interval.

Activity = level of the day x factor of a burst; the factors of the migration and of the round are applied to the integral. All functions
take plain numbers or arrays of replications, with equal bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.model.draws import Array, Lanes, Real
from sim.model.load import Bursts, Load

DAY = 86400.0  # seconds
NOISE_DECAY = 0.6  # round noise falls with T^-0.6 above one second [fitted to published p10 and p90 of dirty curves]


@dataclass(frozen=True, slots=True, eq=False)
class DayCurve:
    """A day of levels, as steps from midnight to midnight.

    Args:
        starts: second of the day at which each level begins, the first 0.
        levels: activity of each step.
        until: integral of the level from midnight to each start, seconds.
        whole: integral over a whole day, seconds.
    """

    starts: Array
    levels: Array
    until: Array
    whole: float

    @classmethod
    def of(cls, day: tuple[tuple[float, float], ...]) -> DayCurve | None:
        """Return the course of (second, level) steps that wrap at midnight; None where the level is 1 all day."""
        if not day:
            return None
        steps = day if day[0][0] == 0.0 else ((0.0, day[-1][1]), *day)
        starts = np.array([start for start, _ in steps])
        levels = np.array([level for _, level in steps])
        parts = np.diff(np.append(starts, DAY)) * levels
        until = np.concatenate(([0.0], np.cumsum(parts)))
        return cls(starts, levels, until[:-1].copy(), float(until[-1]))

    def integral_from_midnight(self, clock: Real) -> Real:
        """Return the integral of the level from 00:00 of the first day to `clock`, both in seconds, clock >= 0."""
        days = np.floor(clock / DAY)
        second = clock - DAY * days
        step = self._step(second)
        within: Real = self.until[step] + self.levels[step] * (second - self.starts[step])
        return days * self.whole + within

    def _step(self, second: Real) -> int | Lanes:
        """Return the place of the step that holds at a second of the day."""
        if isinstance(second, np.ndarray) and second.size:
            first, last = np.searchsorted(self.starts, (second.min(), second.max()), side="right").tolist()
            if first == last:  # replications of one hour: one search for all
                return int(first) - 1
        return np.searchsorted(self.starts, second, side="right") - 1


def slot_length(bursts: Bursts) -> float:
    """Return the length of a slot: runs of burst slots are geometric, so slots of length x (1 - share) give the mean length."""
    return bursts.length_s * (1.0 - bursts.share)


def mean_activity(load: Load) -> float:
    """Return the mean of day level x burst factor over a day."""
    course = DayCurve.of(load.day)
    level = 1.0 if course is None else course.whole / DAY
    return level if load.bursts is None else level * (1.0 + load.bursts.share * (load.bursts.factor - 1.0))


def activity_integral(
    start: Real,
    duration: Real,
    course: DayCurve | None,
    bursts: Bursts | None = None,
    shift: Real = 0.0,
    burst_draw: Callable[[int], Real] | None = None,
) -> Real:
    """Return the integral of the activity over an interval, seconds.

    Args:
        start: begin of the interval, seconds since 00:00 of the first day, shape () or (n,).
        duration: its length, seconds, same shape.
        course: levels of the day; None for level 1.
        bursts: times of higher activity; None for none.
        shift: uniform draw in [0, 1) by which the slots of this VM and replication are shifted, same shape.
        burst_draw: uniform draw of slot j (j >= 0); the slot is a burst where it is below the share.
    """
    if bursts is None or burst_draw is None:
        return duration if course is None else _from_midnight(course, start + duration) - _from_midnight(course, start)
    length = slot_length(bursts)
    end = start + duration
    # One slot more on each side than the division says: its rounding may differ from that of the limits below, and an empty slot adds 0.
    first = max(int(np.min(np.floor(start / length + shift))) - 1, 0)
    last = int(np.max(np.floor(end / length + shift))) + 1
    total = 0.0 * duration
    begin, until_begin = start, _from_midnight(course, start)
    for slot in range(first, last + 1):
        finish = np.minimum(np.maximum(start, (slot + 1 - shift) * length), end)
        if np.all(finish == begin):
            continue
        until_finish = _from_midnight(course, finish)
        factor = np.where(burst_draw(slot) < bursts.share, bursts.factor, 1.0)
        total = total + factor * (until_finish - until_begin)
        begin, until_begin = finish, until_finish
    return total


def round_noise(jitter: float, duration: Real, normal: Real) -> Real:
    """Return exp(s z), s = jitter x min(1, (T / 1 s)^-0.6): the noise of a round around the curve.

    `**` with a fraction gives other bits for a number than for an array, hence exp and log.
    """
    return np.exp(jitter * np.exp(-NOISE_DECAY * np.log(np.maximum(duration, 1.0))) * normal)


def _from_midnight(course: DayCurve | None, clock: Real) -> Real:
    """Return the integral of the level of the day from 00:00 of the first day."""
    return clock if course is None else course.integral_from_midnight(clock)
