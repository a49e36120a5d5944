"""Noise of a round and the activity integral, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.model.activity import DayCurve, activity_integral, mean_activity, round_noise, slot_length
from sim.model.load import Bursts, Load


@given(st.floats(0.0, 1.0), st.floats(-3, 4).map(lambda e: 10.0**e), st.floats(-5, 5))
def test_round_noise_is_the_law(jitter: float, duration: float, normal: float) -> None:
    """exp(s z), s = jitter x min(1, T^-0.6), T in seconds; the power is taken with exp and log, equal to 1e-13."""
    expected = math.exp(jitter * min(1.0, duration**-0.6) * normal)
    assert round_noise(jitter, duration, normal) == pytest.approx(expected, rel=1e-13)


def test_round_noise_of_short_and_long_rounds() -> None:
    """Up to one second the whole jitter; 32 s leave 32^-0.6 = 1/8 of it; without jitter exactly 1."""
    assert round_noise(0.1, 0.01, 2.0) == round_noise(0.1, 1.0, 2.0) == pytest.approx(math.exp(0.2), rel=1e-15)
    assert round_noise(0.1, 32.0, 2.0) == pytest.approx(math.exp(0.025), rel=1e-14)
    assert round_noise(0.0, 7.0, 3.0) == 1.0


@given(st.floats(0.0, 1e6), st.floats(0.0, 1e5))
def test_without_day_and_bursts_activity_is_time(start: float, duration: float) -> None:
    assert activity_integral(start, duration, None) == duration


def test_a_day_by_hand() -> None:
    """Level 2 from 06:00, 0.5 from 18:00, over midnight: 17:00 to 19:00 is 2.5 h, 05:00 to 07:00 of the next day too."""
    day = DayCurve.of(((21600.0, 2.0), (64800.0, 0.5)))
    assert activity_integral(17 * 3600.0, 7200.0, day) == 2.5 * 3600.0
    assert activity_integral(29 * 3600.0, 7200.0, day) == 2.5 * 3600.0
    assert activity_integral(23 * 3600.0, 7200.0, day) == 3600.0


def test_an_empty_day_is_no_day() -> None:
    assert DayCurve.of(()) is None
    assert mean_activity(Load("none")) == 1.0


def test_bursts_by_hand() -> None:
    """Slots of 30 s x (1 - 0.2) = 24 s; slots 1 and 3 are bursts of factor 3: [12, 84] holds 12 + 24 x 3 + 24 + 12 x 3 = 144."""
    bursts = Bursts(share=0.2, length_s=30.0, factor=3.0)
    assert slot_length(bursts) == 24.0

    def odd(slot: int) -> float:
        return 0.19 if slot % 2 else 0.2  # a slot is a burst where the draw is below the share

    assert activity_integral(12.0, 72.0, None, bursts, 0.0, odd) == pytest.approx(144.0, rel=1e-14)


def test_bursts_multiply_the_level_of_the_day() -> None:
    """From 10 s before a step 1 -> 2 to 10 s after it, all a burst of factor 3: 3 x (10 + 20)."""
    day = DayCurve.of(((0.0, 1.0), (3600.0, 2.0)))
    assert activity_integral(3590.0, 20.0, day, Bursts(0.5, 1000.0, 3.0), 0.5, lambda _: 0.0) == pytest.approx(90.0, rel=1e-10)


def test_every_replication_has_its_own_slots() -> None:
    """One block, three shifts: the burst of slot 1 begins (1 - shift) slot lengths after 0."""
    bursts = Bursts(share=0.5, length_s=20.0, factor=2.0)

    def only_slot_1(slot: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.full(3, 0.0 if slot == 1 else 0.9)

    found = activity_integral(np.zeros(3), np.full(3, 10.0), None, bursts, np.array([0.0, 0.25, 0.75]), only_slot_1)
    assert isinstance(found, np.ndarray)
    assert found.tolist() == pytest.approx([10.0, 12.5, 17.5])
