"""A round that skips what is dirty again, where it can be computed by hand; the page oracle has the rest."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.model.dirtying import DirtyCurve
from sim.model.load import Load
from sim.model.skipping import pages_sent, shares, skipping_round


@given(st.floats(0, 7).map(lambda e: 10.0**e), st.floats(-4, 3).map(lambda e: 10.0**e), st.floats(2, 6).map(lambda e: 10.0**e))
def test_one_class_has_a_closed_form(pages: float, rewrites: float, speed: float) -> None:
    """T = ln(1 + r W / B) / r and B T pages are sent. The stretched scan makes t linear for one class, so sixteen steps are exact: 1e-9."""
    sent, duration = skipping_round(np.array([pages]), np.array([rewrites]), (), (), (), speed, 1.0)
    expected = math.log1p(rewrites * pages / speed) / rewrites
    assert duration == pytest.approx(expected, rel=1e-9)
    assert sent == pytest.approx(speed * expected, rel=1e-9)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 6), st.floats(-4, 3)), min_size=1, max_size=8),
    st.floats(3, 6).map(lambda e: 10.0**e),
    st.floats(0.1, 10.0),
)
def test_a_round_sends_less_than_is_marked_and_takes_its_time(classes: list[tuple[float, float]], speed: float, level: float) -> None:
    """Sent = B T; at most W, at least what is left clean at the end of the round, sum w exp(-r a T). Slack 1e-4 for sixteen steps."""
    w, r = (np.array([10.0**each for each in column]) for column in zip(*classes, strict=True))
    sent, duration = skipping_round(w, r, (), (), (), speed, level)
    assert sent == pytest.approx(speed * float(duration), rel=1e-12)
    assert float(np.sum(w * np.exp(-r * level * duration))) * (1 - 1e-4) <= sent <= float(w.sum()) * (1 + 1e-4)


def test_a_guest_that_writes_nothing_skips_nothing() -> None:
    """All of the touched memory in round 1, all marked pages later."""
    idle = DirtyCurve.of(Load("idle"), touched=5000.0)
    assert pages_sent(idle, 5000.0, None, 1000.0, 1.0) == 5000.0


def test_pages_that_the_load_never_writes_are_sent_in_round_1() -> None:
    """Of 1,000 pages written 1,000 times a second only those met in the first milliseconds are sent: B / S(0) x 1,000 / r = 0.2 pages.

    The other 4,000 are never written, so all of them are. Whole pages: 4,000. Mutant: the cold pages left out, or shared with the hot.
    """
    hot = DirtyCurve.of(Load("hot", ((1000.0, 1e3),)), touched=5000.0)
    sent = float(pages_sent(hot, 5000.0, None, 1000.0, 1.0))
    assert sent == pytest.approx(4000.0, abs=1.0)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 6), st.floats(-4, 3)), min_size=1, max_size=8), st.floats(-3, 3).map(lambda e: 10.0**e))
def test_shares_add_up_to_one(classes: list[tuple[float, float]], activity: float) -> None:
    """Dirty pages are divided between classes and sweeps by their means."""
    load = Load("any", tuple((10.0**n, 10.0**r) for n, r in classes), ((500.0, 20.0),))
    by_class, by_sweep = shares(DirtyCurve.of(load, touched=1e9), activity)
    assert float(np.sum(by_class)) + float(sum(by_sweep)) == pytest.approx(1.0, rel=1e-12)
    n, r = load.classes[0]
    m, v = load.sweeps[0]
    assert by_class[0] * min(m, v * activity) == pytest.approx(float(by_sweep[0]) * n * -math.expm1(-r * activity), rel=1e-9, abs=1e-300)
