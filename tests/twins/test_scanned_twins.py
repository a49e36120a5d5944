"""QEMU's scan in both engines: random worlds whose VMs have zeros, unknown pages, sequential writers and two chunks of memory."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sim.engine.lockstep.coverage import refusals
from sim.scenario.point import Point
from twins.engines import differences, of_lockstep, of_simpy
from twins.random_worlds import scanned_worlds


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(scanned_worlds(), st.sampled_from((0, 1022)))
def test_both_engines_give_the_same_bytes(world: Point, start: int) -> None:
    """Rounds too; in half of the worlds the replications lie in two blocks of draws.

    Mutants: bytes of the stopped round at 4,104 a page although zeros wait; a sync in lockstep that moves the lanes that do not read;
    `np.sum` over the bins; the time of zero pages added to that of the transfer in one step.
    """
    assume(not refusals(world))
    assert not differences(of_lockstep(world, start, start + 3), of_simpy(world, start, start + 3))


def test_random_worlds_reach_every_end() -> None:
    """A guard: migrations end in many ways, with one round, some and many, at the first attempt and later."""
    reached: Counter[str] = Counter()

    @settings(max_examples=200, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(scanned_worlds())
    def count(world: Point) -> None:
        if not refusals(world):
            for row in of_lockstep(world, 0, 1)["migrations"].to_pylist():
                rounds = row["rounds"] or 0
                reached.update([row["outcome"], str(row["reason"]), f"attempt {row['attempt']}"])
                reached.update(["one round"] * (rounds == 1) + ["some rounds"] * (2 < rounds < 9) + ["many rounds"] * (rounds >= 9))

    count()
    for end in ("completed", "aborted", "chase-limit", "attempt 2", "one round", "some rounds", "many rounds"):
        assert reached[end], f"'{end}' is not reached: {reached}"
