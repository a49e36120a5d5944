"""Transfers that share a link direction or a monitor CPU: who gets how much, and when it is over."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.builders import GIB, cluster, point, unit, vm
from sim.engine.move import Move
from sim.engine.replicate import replicate
from sim.engine.site import Site
from sim.model.draws import Draws
from sim.model.rounds import Policy
from sim.scenario.point import Link, Point, Step, Unit

LINK = 100e6  # bytes per second
STOP_AND_COPY = Policy("stop-and-copy", max_rounds=0)


def _moves(world: Point) -> list[Move]:
    """Return the migrations, in the order of the plan."""
    moves = replicate(Site.of(world), Draws(1, 0, 1), 0).moves
    assert [move.outcome for move in moves] == ["completed"] * len(moves)
    return moves


def _arrivals(world: Point) -> list[float]:
    """Return when each VM lives on its target, in the order of the plan, seconds."""
    return [move.resumed_s or 0.0 for move in _moves(world)]


def _one_way(transfers: list[tuple[float, float]], sender_Bps: float = 1e12, receiver_Bps: float = 1e12) -> Point:
    """Return VMs that leave server A for server B, each from an SU of its own.

    Args:
        transfers: (start in seconds, bytes) of each.
        sender_Bps: ceiling of each sender.
        receiver_Bps: ceiling of each receiver.
    """
    world = cluster(policy=STOP_AND_COPY, sender_Bps=sender_Bps, receiver_Bps=receiver_Bps)
    places = range(len(transfers))
    units = [unit(f"{server}{place}", server=server, memory_bytes=1e15) for server in "AB" for place in places]
    vms = [vm(f"V{place}", su=f"A{place}", gib=size / GIB) for place, (_, size) in enumerate(transfers)]
    steps = [Step(f"s{place}", at, f"B{place}", vm=f"V{place}") for place, (at, _) in enumerate(transfers)]
    return point(*vms, steps=tuple(steps), of=world, units=tuple(units), link=Link("net", LINK, 0.0))


PAGES = st.integers(1, 2**20).map(lambda pages: pages * 4096.0)


@settings(max_examples=40)
@given(PAGES, st.floats(0.0, 0.999))
def test_two_equal_transfers_in_one_direction_get_half_each(size: float, late: float) -> None:
    """Two transfers of s bytes, the second t seconds later than the first, t < s / C: the first ends at 2 s / C - t, the second at 2 s / C.

    The first has sent C t when the second begins; then both run at C / 2. Together they are 2 s bytes on a link that is never idle.
    Tolerance 1e-9 (a dozen operations on doubles). Mutants: the one that came first served first; shares kept after the first has ended;
    the bytes sent before the change forgotten.
    """
    alone_s = size / LINK
    first, second = _arrivals(_one_way([(0.0, size), (late * alone_s, size)]))
    assert first == pytest.approx((2.0 - late) * alone_s, rel=1e-9)
    assert second == pytest.approx(2.0 * alone_s, rel=1e-9)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0.0, 100.0), PAGES), min_size=1, max_size=6))
def test_a_shared_link_is_never_idle_and_loses_nothing(transfers: list[tuple[float, float]]) -> None:
    """Conservation: a link at full rate ends a busy period when all its bytes are through, in whatever shares it was divided.

    The work left on the link does not depend on the shares, so the last end is that of a queue that serves one after the other:
    end = max(end, start) + size / C. Nobody ends before its own size / C. Tolerance 1e-9 of the times.
    Mutants: shares that do not add up to the capacity; bytes sent twice or dropped when a rate changes.
    """
    ends = _arrivals(_one_way(transfers))
    last = 0.0
    for at, size in sorted(transfers):
        last = max(last, at) + size / LINK
    assert max(ends) == pytest.approx(last, rel=1e-9)
    for end, (at, size) in zip(ends, transfers, strict=True):
        assert end - at >= size / LINK * (1 - 1e-9)


@settings(max_examples=40)
@given(st.floats(0.01, 0.49), st.integers(1, 2**20))
def test_a_slow_sender_keeps_its_rate_and_the_other_gets_the_rest(share: float, pages: int) -> None:
    """Max-min: a sender with a ceiling below its fair half is not slowed; the other gets what is left of the link, C - ceiling.

    Both begin at 0 with bytes in the ratio of their rates, so both end at the same time. Tolerance 1e-9. Mutant: equal halves for all.
    """
    slow_Bps = share * LINK
    world = _one_way([(0.0, pages * 4096.0), (0.0, 2.0**33)])
    slow = replace(world.clusters[0], name="slow", sender_Bps=slow_Bps)
    units = tuple(replace(each, cluster="slow") if each.name in {"A0", "B0"} else each for each in world.units)
    first, second = _arrivals(replace(world, clusters=(*world.clusters, slow), units=units))
    assume(first <= second)
    assert first == pytest.approx(pages * 4096.0 / slow_Bps, rel=1e-9)
    assert second == pytest.approx(first + (2.0**33 - (LINK - slow_Bps) * first) / LINK, rel=1e-9)


def _opposite(link_Bps: float, sender_Bps: float, receiver_Bps: float, units: tuple[Unit, ...], away: str, home: str) -> Point:
    world = cluster(policy=STOP_AND_COPY, sender_Bps=sender_Bps, receiver_Bps=receiver_Bps)
    steps = (Step("out", 0.0, away, vm="OUT"), Step("in", 0.0, "S1", vm="IN"))
    return point(vm("OUT", "S1", 4.0), vm("IN", home, 4.0), steps=steps, of=world, units=units, link=Link("net", link_Bps, 0.0))


@pytest.mark.parametrize("third", [False, True])
@pytest.mark.parametrize(
    ("link_Bps", "rate"),
    [
        (1e12, 1.0 / (1.0 / 280e6 + 1.0 / 380e6)),  # the monitor CPU of S1 is full: x / 280 + x / 380 = 1, both rise together
        (100e6, 100e6),  # x / 280 + x / 380 = 0.62: the CPU has room, each direction of the link is full
    ],
    ids=["monitor CPU", "link"],
)
def test_out_and_in_share_the_monitor_cpu_but_not_the_link(link_Bps: float, rate: float, *, third: bool) -> None:
    """An outgoing and an incoming transfer of one SU share its monitor CPU; the link is full duplex.

    CPU use of a transfer is rate / ceiling: with both at rate x on S1, x / sending + x / receiving <= 1. It does not matter whether the
    other end is one SU or two. Tolerance 1e-9. Mutants: one CPU budget a direction; one capacity for both directions of the link.
    """
    names = ("S1", "S2", "S3") if third else ("S1", "S2")
    world = _opposite(link_Bps, 280e6, 380e6, tuple(unit(name) for name in names), "S2", "S3" if third else "S2")
    assert _arrivals(world) == pytest.approx([4 * GIB / rate] * 2, rel=1e-9)


def test_a_smaller_share_of_the_monitor_slows_both_ways() -> None:
    """Half of the CPU for migrations halves both ceilings and what they share: the rates are half, too.

    Mutant: `available` applied to the ceiling of a lone transfer but not to the shared CPU, or twice.
    """
    world = _opposite(1e12, 280e6, 380e6, (unit("S1", available=0.5), unit("S2")), "S2", "S2")
    assert _arrivals(world) == pytest.approx([4 * GIB / (0.5 / (1.0 / 280e6 + 1.0 / 380e6))] * 2, rel=1e-9)


def test_ports_are_full_duplex_and_each_server_has_its_own() -> None:
    """A server's way out and its way in are two ports: A -> B shares its first with A2 -> D and its second with C -> B, and B -> A neither.

    All three that share rise together to half a port, where both are full; the way back runs as if it were alone, bit for bit.
    Mutant: the network as one capacity for all (a quarter each), or pairs of servers as links of their own (all alone).
    """
    world = cluster(policy=STOP_AND_COPY, sender_Bps=1e12, receiver_Bps=1e12)
    ways = {"VA": ("A", "B"), "VB": ("B", "A"), "VC": ("C", "B"), "VD": ("A2", "D")}
    servers = {"A": "A", "B": "B", "C": "C", "D": "D", "A2": "A"}
    units = tuple(unit(name, server=server) for name, server in servers.items())
    vms = [vm(name, home, 4.0) for name, (home, _) in ways.items()]
    steps = tuple(Step(name, 0.0, to, vm=name) for name, (_, to) in ways.items())
    link = Link("net", LINK, 0.0)
    together = _arrivals(point(*vms, steps=steps, of=world, units=units, link=link))
    alone = 4 * GIB / LINK
    assert dict(zip(ways, together, strict=True)) == {"VA": 2 * alone, "VB": alone, "VC": 2 * alone, "VD": 2 * alone}


def test_a_transfer_whose_rate_does_not_change_is_not_timed_again() -> None:
    """Only a change of its own rate re-times a transfer: with others around it that leave its rate alone it ends at the same bits.

    Two senders whose ceilings, 30 and 20 MB/s, do not fill the link of 100 MB/s; the second comes and goes in the middle of the first.
    Mutant: every transfer settled at each change (the sum of the parts differs from the whole in the last bits).
    """
    alone = _arrivals(_one_way([(0.1, 4096.0 * 777_777)], sender_Bps=33.3e6))
    disturbed = _arrivals(_one_way([(0.1, 4096.0 * 777_777), *((at, 4096.0 * 1234) for at in (1.3, 7.7, 30.1))], sender_Bps=33.3e6))
    assert disturbed[0] == alone[0]
