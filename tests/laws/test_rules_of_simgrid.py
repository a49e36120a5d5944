"""The policy `simgrid`: a linear dirty rate makes the messages a geometric series; what never ends is given up."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import NO_COSTS, SIMGRID, cluster, point, vm
from laws.one_run import OneRun, migrate_once
from sim.model.load import PAGE, Bursts, Load
from sim.scenario.point import Cost, Link, Point, Step
from twins.engines import differences, of_lockstep, of_simpy

GB = 1e9  # bytes
LINK = 125e6  # bytes per second: 1 Gbit/s
D50 = [4 * GB / 2**k for k in range(12)]  # what is dirtied at half the rate of the link, message by message


def _world(ram_B: float, cap_B: float, dirty_Bps: float, latency_s: float = 0.0, load: Load | None = None) -> Point:
    load = load or Load("linear", sweeps=((cap_B / PAGE, dirty_Bps / PAGE),))
    of = cluster("x86", SIMGRID, sender_Bps=1e12, receiver_Bps=1e12)
    guest = replace(vm(load=load), memory_bytes=ram_B, touched_pages=ram_B / PAGE)
    return point(guest, of=of, link=Link("net", LINK, latency_s))


def _sizes(run: OneRun) -> list[float]:
    """Return the bytes of all messages, the one with the guest standing still last."""
    assert run.stopped is not None
    return [each.sent_pages * PAGE for each in [*run.live, run.stopped]]


def test_half_the_rate_of_the_link_is_a_geometric_series() -> None:
    """4 GB at 125 MB/s, 62.5 MB/s dirtied: messages of 4 GB / 2^k until one is at most 3.75 MB (30 ms), which is the twelfth.

    Total = 32 s x (2 - 2^-11) = 63.984375 s, downtime = 4 GB / 2^11 / 125 MB/s = 15.625 ms. All sizes are whole bytes but for the twelfth
    (1,953,125). Both engines. Mutants: distinct pages (the messages fall faster); a round trip of a handshake; whole pages (a
    half page is 1e-3 of the last message); the threshold of 30 ms at the mean rate of all messages.
    """
    world = _world(4 * GB, 3.6 * GB, 62.5e6)
    run = migrate_once(world)
    assert _sizes(run) == D50
    assert run.precopy_and_stop_s == pytest.approx(63.984375, rel=1e-12)
    assert run.downtime_s == pytest.approx(0.015625, rel=1e-11)
    assert not differences(of_lockstep(world, 0, 3), of_simpy(world, 0, 3))


@settings(max_examples=80, deadline=None)
@given(
    st.integers(10**8, 10**10),
    st.integers(0, 10**10),
    st.floats(0.0, 0.9),  # beyond it a latency of 1 ms can keep the sizes above the threshold
    st.sampled_from([0.0, 1e-4, 1e-3]),
)
def test_messages_follow_from_each_other(ram_B: int, cap_B: int, ratio: float, latency_s: float) -> None:
    """Each message is min(trunc(w (L + n / B)), W) bytes, in exact arithmetic from the one before; the last is within the threshold.

    The program adds clock times and forgives 2e-4 bytes, so a size so little below a whole number may come out as that number.
    Mutants: a cap of the touched memory (W may be larger than the VM); no latency in the duration; sizes rounded to the nearest.
    """
    dirty_Bps = ratio * LINK
    run = migrate_once(_world(float(ram_B), float(cap_B), dirty_Bps, latency_s))
    assert run.move.outcome == "completed"
    sizes = _sizes(run)
    assert sizes[0] == ram_B
    for place, (size, following) in enumerate(pairwise(sizes), start=2):
        took = Fraction(latency_s) + Fraction(size) / Fraction(LINK)
        exact = Fraction(dirty_Bps) * took
        assert following in {min(floor(exact), cap_B), min(floor(exact + Fraction(1, 1000)), cap_B)}
        threshold = Fraction(size) / took * Fraction(3, 100)
        assert (following <= floor(threshold)) == (place == len(sizes)) or abs(following - threshold) < 1


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_a_guest_that_outruns_its_link_is_given_up(ratio: float) -> None:
    """The whole cap is dirty after every message, so the second message of it will be followed by a third: no more is simulated.

    Both engines. Mutant: the state is compared with the first message, whose rate may be another.
    """
    world = _world(4 * GB, 1 * GB, ratio * LINK)
    run = migrate_once(world)
    assert (run.move.outcome, run.move.reason, run.stopped) == ("aborted", "chase-limit", None)
    assert [each.sent_pages * PAGE for each in run.live] == [4 * GB, 1 * GB]
    assert not differences(of_lockstep(world, 0, 3), of_simpy(world, 0, 3))


def test_a_latency_alone_can_keep_it_from_ending() -> None:
    """With 1 s of latency and 12.5 MB/s dirtied, sizes fall to n = w (L + n / B), so n = 12.5 MB / 0.9 = 13,888,888 bytes.

    In the 1.1 s of such a message 0.03 / 1.1 of it would be allowed to stay. Mutant: a threshold from the rate of the link (3.75 MB).
    """
    run = migrate_once(_world(4 * GB, 3.6 * GB, 12.5e6, latency_s=1.0))
    assert (run.move.outcome, run.move.reason) == ("aborted", "chase-limit")
    assert run.live[-1].sent_pages * PAGE == 13_888_888


def test_a_load_that_changes_is_not_given_up_at_the_first_repetition() -> None:
    """Twice the rate of the link until 40 s, nothing after: 4 GB take 32 s, 1 GB 8 s, and so does the message after that, the last one.

    The same guest with its first level all day is given up (above). Mutant: repetition of a load with a day counts.
    """
    load = Load("day", sweeps=((1e9 / PAGE, 2 * LINK / PAGE),), day=((0.0, 1.0), (40.0, 0.0)))
    run = migrate_once(_world(4 * GB, 1 * GB, 0.0, load=load))
    assert _sizes(run) == [4 * GB, 1 * GB, 1 * GB, 0.0]
    assert run.move.outcome == "completed"


@pytest.mark.parametrize("bursts", [Bursts(0.5, 1e6, 1.0), None])
def test_it_never_simulates_more_messages_than_have_a_number(bursts: Bursts | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """1 MB is dirty after every message of 1 MB, and a stop goal of 1 ms allows an eighth of it: it goes on for ever.

    Where the load has bursts (here of factor 1, which change nothing) it is chased to the last number, else to the first repetition.
    Mutant: no limit (this test would not end).
    """
    monkeypatch.setattr("sim.model.rounds.LAST", 300)  # 65,535 take their time
    steady = bursts is None
    load = Load("hot", sweeps=((1e6 / PAGE, 2 * LINK / PAGE),), bursts=bursts)
    world = _world(1e6, 1e6, 0.0, load=load)
    clusters = tuple(replace(each, policy=replace(SIMGRID, stop_goal_s=1e-3)) for each in world.clusters)
    run = migrate_once(replace(world, clusters=clusters))
    assert (run.move.outcome, run.move.reason) == ("aborted", "chase-limit")
    assert len(run.live) == (2 if steady else 300)


def test_fixed_costs_of_a_scenario_are_added() -> None:
    """A planner may give the policy fixed costs: that of the resume is downtime, and in the handshake the guest goes on dirtying.

    1 MB/s is dirtied. 1 GB takes 8.001 s, the 8.001 MB dirtied meanwhile take 65.008 ms, and 65,008 bytes are few enough: in the 0.5 s of
    the handshake they become 565,008, which take 1 ms and 4.520064 ms. No round trip comes before the handshake. Both engines.
    """
    costs = replace(NO_COSTS, handshake=Cost(0.5), resume=Cost(0.25))
    world = _world(1 * GB, 1 * GB, 1e6, latency_s=0.001)
    world = replace(world, clusters=tuple(replace(each, costs=costs) for each in world.clusters))
    run = migrate_once(world)
    assert _sizes(run) == [1e9, 8_001_000, 565_008]
    assert run.precopy_s == pytest.approx(8.001 + 0.065008 + 0.5, rel=1e-12)
    assert run.downtime_s == pytest.approx(0.005520064 + 0.25, rel=1e-11)
    assert not differences(of_lockstep(world, 0, 3), of_simpy(world, 0, 3))


def test_messages_that_may_meet_others_are_not_given_up_early() -> None:
    """There and back in two steps: what repeats itself may be slowed by the other step, so only the number of messages ends it.

    With five messages allowed both migrations take five; alone, the second message would end the first one. Mutant: steady all the same.
    """
    world = _world(1 * GB, 1 * GB, 2 * LINK)
    few = tuple(replace(each, policy=replace(SIMGRID, max_rounds=5)) for each in world.clusters)
    steps = (Step("there", 0.0, "S2", vm="VM1"), Step("back", 1e6, "S1", vm="VM1"))
    both = replace(world, steps=steps, clusters=few)
    assert of_simpy(both, 0, 1)["migrations"]["rounds"].to_pylist() == [5, 5]
    assert not differences(of_lockstep(both, 0, 3), of_simpy(both, 0, 3))
    assert migrate_once(replace(world, clusters=few)).move.outcome == "aborted"


def test_nothing_is_random_and_tracking_costs_nothing() -> None:
    """Noise of the rounds and the cost of faults are not SimGrid's: the messages of D50 all the same, in every replication.

    Both engines. Mutants: the noise applied before the policy is asked; a draw for each reading.
    """
    world = _world(4 * GB, 3.6 * GB, 62.5e6, load=Load("noisy", sweeps=((3.6 * GB / PAGE, 62.5e6 / PAGE),), jitter=0.3, tracked=False))
    world = replace(world, clusters=tuple(replace(each, fault_cost_s=1e-3) for each in world.clusters))
    for replication in (0, 1, 1023):
        assert _sizes(migrate_once(world, replication)) == D50
    assert not differences(of_lockstep(world, 0, 3), of_simpy(world, 0, 3))
