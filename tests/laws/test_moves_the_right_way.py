"""Metamorphic laws: what more bandwidth, more memory or another unit of time does to a migration."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.builders import LEGACY, NO_COSTS, VM2000, XEN, cluster, point, vm
from laws.one_run import OneRun, migrate_once
from sim.model.load import PAGE, Bursts, Load
from sim.model.rounds import Policy
from sim.scenario.point import Cost, Costs, Link, Point, Vm

XENSERVER = Policy("xenserver", max_rounds=4, few_pages=50, from_round=2)
STOP_AND_COPY = Policy("stop-and-copy", max_rounds=0)
POLICIES = [XEN, XENSERVER, LEGACY, VM2000, STOP_AND_COPY]
PAGES = 131072  # half a GiB
SLOWEST, FASTEST = 2e6, 2e9  # bytes per second
FEWER = 4  # pages by which a draw can fall while its mean rises: 2 up to |z| = 3.5, 4 up to 4.5 [tests of the draw itself]


def _moved(policy: Policy, load: Load, Bps: float, handshake_s: float = 0.0, round_trip_s: float = 0.0, replication: int = 0) -> OneRun:
    costs = replace(NO_COSTS, handshake=Cost(handshake_s))
    world = cluster(policy=policy, sender_Bps=1e12, receiver_Bps=1e12, costs=costs)
    return migrate_once(point(vm(gib=PAGES / 2**18, load=load), of=world, link=Link("net", Bps, round_trip_s)), replication)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, PAGES // 3), st.floats(0, 5).map(lambda e: 10.0**e)), min_size=1, max_size=3),
    st.floats(SLOWEST, FASTEST),
    st.floats(1.01, 100.0),
    st.sampled_from([0.0, 0.05, 2.0]),
    st.sampled_from([0.0, 1e-3, 0.2]),
)
def test_more_bandwidth_never_lengthens_what_sequential_writers_need(
    policy: Policy, sweeps: list[tuple[int, float]], Bps: float, factor: float, handshake_s: float, round_trip_s: float
) -> None:
    """Without randomness more bandwidth never lengthens pre-copy plus stop.

    By induction every round of the faster link is shorter and marks no more pages, as rint(min(n, w A)) never falls. If its rule is met a
    round earlier, the final set D(t + a) <= D(t) + D(a) + 1/2 a sweep, twice for the rounding, is no more than the round that the slower
    link sends before its own final set. So the slack is one page a sweep (for xen-legacy, whose rounds are rounded after the skipping, a
    page for each of at most 30 rounds as well), at the faster rate, and 1e-9 for the doubles.

    Sample: 60 loads, links, factors, handshakes, round trips a policy; both links must complete (vm2000 may abort on the slower).
    Mutants: the round trip counted a page; `rate` of the stop goal taken from the ceiling of the slower phase.
    """
    load = Load("sweeps", sweeps=tuple((float(pages), rate) for pages, rate in sweeps))
    slow, fast = (_moved(policy, load, each, handshake_s, round_trip_s) for each in (Bps, Bps * factor))
    assume(slow.stopped is not None)
    assert fast.stopped is not None, "the faster link must not fail where the slower one does not"
    slack = (len(sweeps) + (30 if policy.skips else 0)) * PAGE / Bps
    assert fast.precopy_and_stop_s <= slow.precopy_and_stop_s * (1 + 1e-9) + slack


@pytest.mark.parametrize("policy", [XEN, XENSERVER, VM2000, STOP_AND_COPY], ids=lambda policy: policy.name)
@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, PAGES // 3), st.floats(-3, 3).map(lambda e: 10.0**e)), min_size=1, max_size=3),
    st.floats(SLOWEST, FASTEST),
    st.floats(1.01, 100.0),
    st.integers(0, 1023),
)
def test_more_bandwidth_never_lengthens_what_a_working_set_needs(
    policy: Policy, classes: list[tuple[int, float]], Bps: float, factor: float, replication: int
) -> None:
    """With the same draws and constant activity more bandwidth never lengthens pre-copy plus stop.

    Round k takes draw k on either link, and its pages rise with the exposure up to FEWER pages. A difference of e pages in a round makes
    e w / B in the next, w = sum n r; for w <= B / 2 the sum over all rounds stays below 2 x FEWER pages a round: the slack.
    Handshake and round trip are 0 here: with them the final sets of two links that leave after different rounds are different draws over
    the same handshake, and the law can be derived for the mean only.

    Sample: 60 loads, links, factors and replications a policy. Mutant: draws consumed in order instead of addressed by round.
    """
    assume(sum(pages * rewrites for pages, rewrites in classes) * PAGE <= Bps / 2)
    load = Load("classes", classes=tuple((float(pages), rewrites) for pages, rewrites in classes))
    slow, fast = (_moved(policy, load, each, replication=replication) for each in (Bps, Bps * factor))
    assume(slow.stopped is not None)
    assert fast.stopped is not None
    slack = 2 * FEWER * (len(slow.live) + 1) * PAGE / Bps
    assert fast.precopy_and_stop_s <= slow.precopy_and_stop_s * (1 + 1e-9) + slack


@settings(max_examples=60)
@given(st.integers(1, 2**20), st.integers(0, 2**20), st.floats(SLOWEST, FASTEST))
def test_more_memory_never_shortens_a_stop_and_copy(pages: int, more: int, Bps: float) -> None:
    """Stop and copy takes touched pages x page / rate, exactly: more pages never take less.

    Tolerance 1e-9 for the doubles. Mutant: only what was dirtied is sent.
    """
    world = cluster(policy=STOP_AND_COPY, sender_Bps=1e12, receiver_Bps=1e12)
    small, large = (migrate_once(point(vm(gib=each / 2**18), of=world, link=Link("net", Bps, 0.0))) for each in (pages, pages + more))
    assert small.downtime_s == pytest.approx(pages * PAGE / Bps, rel=1e-9)
    assert large.downtime_s >= small.downtime_s


TIMES = ("started_s", "set_up_s", "copied_s", "stopped_s", "resumed_s", "ended_s", "handshake_s", "stopped_round_s")
COUNTS = ("outcome", "reason", "rounds", "sent_pages", "sent_bytes", "final_pages")


def _slower_by(scale: float, policy: Policy, load: Load) -> Point:
    """Return a point in which all that takes time takes `scale` times as long."""
    costs = Costs(**{name: Cost(0.125 * place * scale, 0.25) for place, name in enumerate(Costs.__slots__, start=1)})
    policy = replace(policy, stop_goal_s=policy.stop_goal_s * scale, chase_limit_s=policy.chase_limit_s * scale)
    bursts = None if load.bursts is None else replace(load.bursts, length_s=load.bursts.length_s * scale)
    load = replace(
        load,
        classes=tuple((pages, rewrites / scale) for pages, rewrites in load.classes),
        sweeps=tuple((pages, rate / scale) for pages, rate in load.sweeps),
        bursts=bursts,
    )
    world = cluster(
        policy=policy,
        sender_Bps=120e6 / scale,
        receiver_Bps=150e6 / scale,
        factor_first=0.6,
        factor_stopped=1.8,
        throughput_sigma=0.05,
        fault_cost_s=1e-5 * scale,
        page_header_bytes=8.0,
        costs=costs,
    )
    guest: Vm = vm(gib=PAGES / 2**18, load=load)
    return point(guest, of=world, link=Link("net", 100e6 / scale, 1e-3 * scale))


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
@pytest.mark.parametrize("scale", [2.0**-7, 2.0, 2.0**10])
@pytest.mark.parametrize("replication", [0, 511, 1023])
def test_scaling_times_and_rates_together_scales_the_times(policy: Policy, scale: float, replication: int) -> None:
    """Nothing in the model knows a second but jitter and the day: with all rates / s and all times x s every time is x s, all else equal.

    For s a power of two each product is exact, so the bits are equal: asserted with ==. The load has classes, a sweep, bursts, a spread, a
    cost of tracking; jitter is 0 (its law names one second) and the day is constant.
    Sample: 5 policies x 3 scales x 3 replications. Mutant: any duration or rate that is written into the program.
    """
    load = Load(
        "rich",
        classes=((20000.0, 2.0), (60000.0, 0.05)),
        sweeps=((30000.0, 2000.0),),
        bursts=Bursts(share=0.25, length_s=4.0, factor=3.0),
        spread_sigma=0.2,
    )
    plain, scaled = (migrate_once(_slower_by(each, policy, load), replication).move for each in (1.0, scale))
    assert [getattr(scaled, name) for name in COUNTS] == [getattr(plain, name) for name in COUNTS]
    expected = [None if getattr(plain, name) is None else getattr(plain, name) * scale for name in TIMES]
    assert [getattr(scaled, name) for name in TIMES] == expected
