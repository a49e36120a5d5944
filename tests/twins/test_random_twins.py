"""Random worlds and plans that lockstep covers: every column of both engines, to the last bit."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sim.engine.lockstep.coverage import refusals
from sim.scenario.point import Point
from twins.engines import differences, of_lockstep, of_simpy
from twins.random_worlds import gapped_worlds, landscapes, worlds


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


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(gapped_worlds(), st.integers(1015, 1030))
def test_gaps_in_memory_give_the_same_bytes(world: Point, start: int) -> None:
    """Memory of aborted migrations that is free late leaves gaps.

    Mutants, all in lockstep: a place looked for when the migration has ended instead of at its set-up; memory that is freed at once, or
    never; memory in total only.
    """
    assume(not refusals(world))
    assert not differences(of_lockstep(world, start, start + 5), of_simpy(world, start, start + 5))


def test_gaps_in_memory_reject() -> None:
    """A guard: fragmentation rejects what fits in total, and it does so in one replication of a world and not in another."""
    rejected, apart = 0, 0

    @settings(max_examples=300, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(gapped_worlds())
    def count(world: Point) -> None:
        nonlocal rejected, apart
        if not refusals(world):
            rows = of_lockstep(world, 0, 5)["migrations"].to_pylist()
            hit = {row["replication"] for row in rows if row["reason"] == "no-contiguous-memory"}
            rejected += len(hit)
            apart += 0 < len(hit) < 5

    count()
    assert rejected >= 10
    assert apart >= 1


def test_random_worlds_reach_every_end() -> None:
    """A guard: what is compared above is not a set of empty plans."""
    reached: Counter[str] = Counter()

    @settings(max_examples=400, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(worlds())
    def count(world: Point) -> None:
        if not refusals(world):
            for row in of_lockstep(world, 0, 3)["migrations"].to_pylist():
                reached.update([row["outcome"], str(row["reason"]), f"attempt {row['attempt']}"])

    count()
    for end in ("completed", "aborted", "chase-limit", "no-memory-on-target", "vm-state", "second-migration", "step-stopped", "attempt 2"):
        assert reached[end], f"'{end}' is not reached: {reached}"
