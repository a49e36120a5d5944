"""Bursts and the day: what activity is in the long run, and how long a burst lasts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from sim.model.activity import DAY, DayCurve, activity_integral, mean_activity, slot_length
from sim.model.draws import Array, Draws
from sim.model.load import Bursts, Load

Z = float(norm.isf(0.5e-4))  # two-sided 99.99 %
SLOTS = 300
DRAWS = Draws(7, 0, 1024)


def burst_draw(slot: int) -> Array:
    return DRAWS.uniforms("VM1/burst", slot)


def shifts() -> Array:
    return DRAWS.uniforms("VM1/burst_shift", 0)


@pytest.mark.parametrize(
    "bursts", [Bursts(0.2, 30.0, 3.0), Bursts(0.5, 10.0, 2.0), Bursts(0.05, 120.0, 10.0), Bursts(0.3, 20.0, 0.25)], ids=str
)
def test_mean_activity_is_one_plus_share_times_factor_less_one(bursts: Bursts) -> None:
    """Activity is `factor` for a share of the time and 1 otherwise: the long-run mean is 1 + share (factor - 1).

    Sample: 1,024 replications of 300 slots from 0. A slot is a burst independently with probability `share`, so the mean over n slots has
    the standard deviation |factor - 1| sqrt(share (1 - share) / n); n = 1,024 x 299 whole slots at least (the ends are cut by the shift).
    The 99.99 % interval must hold the law; it is at most 1 % of the mean wide on each side.
    Mutants: slots of `length` without (1 - share) pass here and fail at the length of a burst; the factor added instead of multiplied
    fails.
    """
    length = slot_length(bursts)
    span = np.full(1024, SLOTS * length)
    found = float(np.mean(activity_integral(0.0 * span, span, None, bursts, shifts(), burst_draw))) / (SLOTS * length)
    law = 1.0 + bursts.share * (bursts.factor - 1.0)
    half = Z * abs(bursts.factor - 1.0) * (bursts.share * (1.0 - bursts.share) / (1024 * (SLOTS - 1))) ** 0.5
    assert half < 0.01 * law
    assert abs(found - law) < half
    assert mean_activity(Load("bursts", bursts=bursts)) == pytest.approx(law, rel=1e-12)


@pytest.mark.parametrize("bursts", [Bursts(0.2, 30.0, 3.0), Bursts(0.5, 10.0, 2.0), Bursts(0.7, 50.0, 2.0)], ids=str)
def test_bursts_last_their_mean_length(bursts: Bursts) -> None:
    """Runs of burst slots are geometric with mean 1 / (1 - share) slots of length x (1 - share) seconds: their mean is `length`.

    The activity is looked at slot by slot, so a burst is a run of slots with activity `factor`. Sample: 1,024 replications of 300 slots;
    runs that touch an end are left out. The length of a run has the standard deviation sqrt(share) / (1 - share) slots, independent from
    run to run: the 99.99 % interval must hold the law, at most 2.5 % wide on each side. Leaving the end runs out makes the mean too small
    by less than 1 / (300 (1 - share)), a run's length over the window: added to the tolerance.
    Mutant: slots of `length` seconds, 1 / (1 - share) times too long.
    """
    length, shift = slot_length(bursts), shifts()
    starts = [np.maximum(0.0, (slot - shift) * length) for slot in range(SLOTS)]
    middle = [(start + 0.25 * length) if slot else start for slot, start in enumerate(starts)]
    rates = np.array([activity_integral(at, np.full(1024, 0.01 * length), None, bursts, shift, burst_draw) for at in middle[1:]])
    burst = np.abs(rates / (0.01 * length) - bursts.factor) < 1e-6
    assert np.all(burst | (np.abs(rates / (0.01 * length) - 1.0) < 1e-6))
    runs = []
    for lane in burst.T:
        edges = np.flatnonzero(np.diff(lane.astype(int)))
        pieces = np.diff(edges)
        runs.extend(pieces[0 if lane[edges[0] + 1] else 1 :: 2].tolist())
    spread = bursts.share**0.5 / (1.0 - bursts.share)
    half = Z * spread / len(runs) ** 0.5 * length
    assert half < 0.025 * bursts.length_s
    assert abs(float(np.mean(runs)) * length - bursts.length_s) < half + bursts.length_s / (SLOTS * (1.0 - bursts.share))


@settings(max_examples=60)
@given(st.floats(0, 1e5), st.floats(0, 500), st.floats(0, 500), st.integers(0, 1023))
def test_an_interval_is_the_sum_of_its_parts(start: float, first: float, second: float, lane: int) -> None:
    """The integral is additive: [s, s + a] and [s + a, s + a + b] give that of [s, s + a + b], with bursts and a day.

    Tolerance: the integral of the day is a difference of sums up to 1e5 s, each to 1e-11 s, and a few of them: 1e-8 s. Mutant: a slot
    counted in both of its intervals.
    """
    bursts = Bursts(0.3, 20.0, 4.0)
    course = DayCurve.of(((0.0, 0.3), (28800.0, 1.0), (64800.0, 0.5)))
    shift = shifts().item(lane)

    def integral(begin: float, duration: float) -> float:
        return float(activity_integral(begin, duration, course, bursts, shift, lambda slot: burst_draw(slot).item(lane)))

    assert integral(start, first) + integral(start + first, second) == pytest.approx(integral(start, first + second), abs=1e-8)


@st.composite
def days(draw: st.DrawFn) -> tuple[tuple[float, float], ...]:
    """Return one to six steps of a day."""
    starts = sorted(draw(st.sets(st.integers(0, 86399), min_size=1, max_size=6)))
    return tuple((float(start), draw(st.floats(0.0, 10.0))) for start in starts)


def level_at(day: tuple[tuple[float, float], ...], second: float) -> float:
    """Return the level by the text: that of the last step that began, yesterday's last one before the first."""
    begun = [level for start, level in day if start <= second % DAY]
    return begun[-1] if begun else day[-1][1]


@settings(max_examples=80)
@given(days())
def test_a_day_is_the_sum_of_its_steps(day: tuple[tuple[float, float], ...]) -> None:
    """The integral over a day is the sum of level x duration of its steps, the last one lasting over midnight to the first.

    Tolerance: 1e-9 of the sum, or of a day at level 1. Mutant: the time before the first step at level 1 instead of the last level.
    """
    starts = [start for start, _ in day]
    ends = [*starts[1:], starts[0] + DAY]
    law = sum(level * (end - start) for (start, level), end in zip(day, ends, strict=True))
    course = DayCurve.of(day)
    assert course is not None
    assert course.whole == pytest.approx(law, rel=1e-9, abs=1e-6)
    for begin in (0.0, starts[0], 12345.0, 5 * DAY + 100.0):
        assert activity_integral(begin, DAY, course) == pytest.approx(law, rel=1e-9, abs=1e-6)
    assert mean_activity(Load("day", day=day)) == pytest.approx(law / DAY, rel=1e-9, abs=1e-10)


@settings(max_examples=80)
@given(days(), st.floats(0.0, 3 * DAY), st.floats(0.0, 2 * DAY))
def test_the_day_wraps_at_midnight(day: tuple[tuple[float, float], ...], start: float, duration: float) -> None:
    """The integral over any interval is the sum over its pieces between the steps of each day; so midnight is no seam.

    Tolerance: sums up to 5 days x 10 are 4e6 s, of which a double keeps 1e-9 s; some 20 of them: 1e-7 s. Mutant: the clock not taken
    modulo a day.
    """
    end = start + duration
    cuts = sorted({start, end, *(s + DAY * d for s, _ in day for d in range(6)), *(DAY * d for d in range(6))})
    cuts = [cut for cut in cuts if start <= cut <= end]
    law = sum(level_at(day, (a + b) / 2) * (b - a) for a, b in pairwise(cuts))
    assert activity_integral(start, duration, DayCurve.of(day)) == pytest.approx(law, rel=1e-9, abs=1e-7)


def test_the_slots_of_a_vm_are_shifted_by_its_draw() -> None:
    """Slot j ends (j + 1 - shift) slot lengths after 00:00: with shift 0.25 the first change is possible three quarters of a slot later."""
    bursts = Bursts(0.5, 20.0, 3.0)  # slots of 10 s

    def only_slot_0(slot: int) -> float:
        return 0.0 if slot == 0 else 0.9

    assert activity_integral(0.0, 20.0, None, bursts, 0.25, only_slot_0) == pytest.approx(7.5 * 3.0 + 12.5)
    assert activity_integral(0.0, 20.0, None, bursts, 0.0, only_slot_0) == pytest.approx(10.0 * 3.0 + 10.0)
