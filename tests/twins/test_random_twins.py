"""Random worlds and plans that lockstep covers: every column of both engines, to the last bit."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sim.engine.lockstep.coverage import refusals
from sim.scenario.point import Point
from twins.engines import differences, of_lockstep, of_simpy
from twins.random_worlds import landscapes, worlds


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(worlds(), st.integers(1015, 1030))
def test_both_engines_give_the_same_bytes(world: Point, start: int) -> None:
    assume(not refusals(world))
    assert not differences(of_lockstep(world, start, start + 5), of_simpy(world, start, start + 5))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(landscapes(), st.integers(1015, 1030))
def test_steps_side_by_side_give_the_same_bytes(world: Point, start: int) -> None:
    """Two clusters, several groups of steps: each goes its way, and the rows come out in the order of the plan all the same."""
    assume(not refusals(world))
    assert not differences(of_lockstep(world, start, start + 5), of_simpy(world, start, start + 5))
