"""The cost of tracking: the activity that is left when every newly dirtied page costs the guest a fault."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.model.dirtying import DirtyCurve, tracked_activity
from sim.model.load import Load

Sets = list[tuple[float, float]]


def powers(low: float, high: float) -> st.SearchStrategy[float]:
    """Return numbers spread evenly over the powers of ten between two exponents."""
    return st.floats(low, high).map(lambda exponent: float(10.0**exponent))


def sets(most: int, rates: st.SearchStrategy[float]) -> st.SearchStrategy[Sets]:
    """Return up to `most` sets of 1 to 1e7 pages with a rate each."""
    pages = powers(0, 7).map(lambda value: float(round(value)))
    return st.lists(st.tuples(pages, rates), max_size=most)


def spent(classes: Sets, sweeps: Sets, activity: float, fault_s: float) -> float:
    """Return A + k E[D(A)], by the text and with exact sums."""
    pages = [n * -math.expm1(-r * activity) for n, r in classes] + [min(n, w * activity) for n, w in sweeps]
    return math.fsum([activity, *(fault_s * each for each in pages)])


@settings(max_examples=400)
@given(sets(6, powers(-4, 3)), sets(2, powers(-1, 7)), powers(-9, -3), powers(-3, 4), st.floats(-8, 0), st.booleans())
@example([(7.1e6, 1000.0)], [], 2.6e-7, 1.846, -8, False)
@example([(1e7, 1000.0)], [], 1e-3, 1e4, -8, True)
@example([(1e7, 1000.0), (1e5, 20.0), (116.0, 13.0)], [], 1e-3, 1e4, -7.4, True)
def test_activity_and_faults_together_take_the_interval(
    classes: Sets, sweeps: Sets, fault_s: float, untracked: float, near: float, critical: bool
) -> None:
    """The A that is left solves A + k E[D(A)] = L, to 1e-9 of L.

    k from 1 ns to 1 ms a page, 1 to 1e7 pages written 1e-4 to 1e3 times a second, sweeps, L from 1 ms to 3 hours. Half of the examples
    lie at the critical point, L = k sum n (1 + 10^near), where the faults eat nearly all of the interval and Newton's steps go 1 / r at a
    time. Mutant: 8 steps (off by 1e-8 at the default cost of a fault, by 1e-4 at 1 ms).
    """
    if critical:
        untracked = min(max(fault_s * sum(n for n, _ in [*classes, *sweeps]) * (1.0 + 10.0**near), 1e-3), 1e4)
    curve = DirtyCurve.of(Load("any", tuple(classes), tuple(sweeps)), touched=1e9)
    left = float(tracked_activity(curve, untracked, fault_s))
    assert 0.0 < left <= untracked
    assert abs(spent(classes, sweeps, left, fault_s) - untracked) <= 1e-9 * untracked


@settings(max_examples=100)
@given(sets(4, powers(-4, 3)), powers(-9, -3), powers(-3, 4), st.floats(1.0, 3.0))
def test_a_longer_interval_leaves_more_activity_and_a_dearer_fault_less(
    classes: Sets, fault_s: float, untracked: float, more: float
) -> None:
    """A rises with L and falls with k, up to the residual of 2e-9."""
    curve = DirtyCurve.of(Load("any", tuple(classes)), touched=1e9)
    left = float(tracked_activity(curve, untracked, fault_s))
    assert float(tracked_activity(curve, untracked * more, fault_s)) >= left * (1 - 2e-9) - 2e-9 * untracked
    assert float(tracked_activity(curve, untracked, fault_s * more)) <= left + 2e-9 * untracked


def test_one_class_by_hand() -> None:
    """A saturating writer: n = 1e6 pages, k = 1 us, r so large that all are dirty: the interval loses n k = 1 s, once."""
    curve = DirtyCurve.of(Load("hot", ((1e6, 1e3),)), touched=1e6)
    assert tracked_activity(curve, 5.0, 1e-6) == pytest.approx(4.0, rel=1e-12)
    assert tracked_activity(curve, 2.0, 1e-6) == pytest.approx(1.0, rel=1e-12)


def test_a_sweep_slows_down_until_it_has_been_round() -> None:
    """A sweep of n pages at w pages/s: A = L / (1 + k w) before it is round, L - k n after. Here 1 + k w = 3 and k n = 2 s."""
    curve = DirtyCurve.of(Load("sweep", sweeps=((2e6, 2e6),)), touched=1e7)
    assert tracked_activity(curve, 1.5, 1e-6) == pytest.approx(0.5, rel=1e-12)
    assert tracked_activity(curve, 10.0, 1e-6) == pytest.approx(8.0, rel=1e-12)


def test_without_pages_nothing_is_lost() -> None:
    curve = DirtyCurve.of(Load("none"), touched=0.0)
    assert tracked_activity(curve, 7.0, 1e-3) == 7.0
    block = tracked_activity(curve.for_block(), np.array([0.0, 7.0]), 1e-3)
    assert isinstance(block, np.ndarray)
    assert block.tolist() == [0.0, 7.0]
