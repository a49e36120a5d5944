"""A guest that dirties new pages at a constant rate: rounds, bytes and times are a geometric series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import pytest

from engine.builders import GIB, NO_COSTS, XEN, cluster, point, vm
from laws.one_run import migrate_once
from sim.model.load import Load
from sim.model.rounds import Policy
from sim.scenario.point import Cost, Link

STOP_AND_COPY = Policy("stop-and-copy", max_rounds=0)
VM2000 = Policy("vm2000", stop_goal_s=20.0, chase_limit_s=1e6)
MEMORY_GIB = 16
PAGES = 2**22  # all of 16 GiB
MONITOR = 100e6  # bytes per second of the builders' monitors
LIVE_ROUNDS = {"xen": 5, "stop-and-copy": 0}  # that of vm2000 follows from its stop goal


@dataclass(frozen=True, slots=True)
class Series:
    """The series by theory, in pages and in pages' worth of sending time.

    Args:
        pages: of each live round.
        slots: duration of each live round over the time of one page.
        final: pages of the stopped round.
        downtime: duration of the stop over the time of one page.
    """

    pages: list[Fraction]
    slots: list[Fraction]
    final: Fraction
    downtime: Fraction


def series(policy: Policy, ratio: Fraction, trip: int, handshake: int, goal: Fraction) -> Series:
    """Return N, then each round what was dirtied in the one before: x = trip + p, next p = ratio x, at most N.

    Args:
        policy: when it ends.
        ratio: pages dirtied over pages sent in the same time.
        trip: round trip in page times.
        handshake: suspend handshake in page times.
        goal: stop goal in page times.
    """
    pages, slots, marked = list[Fraction](), list[Fraction](), Fraction(PAGES)
    exposed = None
    while len(pages) < LIVE_ROUNDS.get(policy.name, 20):
        pages.append(marked)
        slots.append(exposed := trip + marked)
        marked = min(ratio * exposed, Fraction(PAGES))
        # what remains at the mean rate of the last round, its round trip included
        if policy.name == "vm2000" and marked * exposed / pages[-1] <= goal:
            break
    final = Fraction(PAGES) if exposed is None else min(ratio * (exposed + trip + handshake), Fraction(PAGES))
    return Series(pages, slots, final, trip + final)


@pytest.mark.parametrize(
    ("policy", "ratio"),
    [
        (STOP_AND_COPY, Fraction(1, 2)),
        (XEN, Fraction(1, 2)),
        (XEN, Fraction(3, 4)),
        (XEN, Fraction(7, 8)),
        (XEN, Fraction(1)),
        (VM2000, Fraction(1, 4)),
        (VM2000, Fraction(1, 2)),
        (VM2000, Fraction(3, 8)),
    ],
    ids=lambda value: value.name if isinstance(value, Policy) else str(value).replace("/", " of "),
)
@pytest.mark.parametrize(
    ("header", "trip", "handshake"),
    [(0, 0, 0), (8, 0, 0), (8, 2**16, 0), (8, 0, 2**19), (0, 2**16, 2**19)],
    ids=["bare", "headers", "round trips", "handshake", "all"],
)
def test_a_constant_rate_gives_the_geometric_series(policy: Policy, ratio: Fraction, header: int, trip: int, handshake: int) -> None:
    """A sweep that never meets a page twice dirties w t pages in t: p(1) = N, p(i+1) = (w / B) x(i), x(i) = round trip + p(i), at most N.

    Sample: one replication (nothing is random: no jitter, no classes, no spread). The ratios w / B have denominators 2^k and N, round trip
    and handshake are multiples of 2^16 pages, so every p(i) is a whole number of pages and no rounding is in the way (asserted on the
    exact fractions). Tolerance 1e-9: some 20 operations on doubles err by less than 1e-14.

    Mutants: the final set read at the start of the stopped round; exposure without the round trip; the header of a page forgotten; round 1
    counted twice towards the limit.
    """
    page_s = (4096 + header) / MONITOR
    goal = Fraction(policy.stop_goal_s) / Fraction(page_s)
    expected = series(policy, ratio, trip, handshake, goal)
    assert all(each.denominator == 1 for each in [*expected.pages, expected.final])

    world = cluster(policy=policy, page_header_bytes=float(header), costs=replace(NO_COSTS, handshake=Cost(handshake * page_s)))
    load = Load("sweep", sweeps=((1e15, float(ratio) / page_s),))
    result = migrate_once(point(vm(gib=MEMORY_GIB, load=load), of=world, link=Link("net", 1e12, trip * page_s)))

    assert PAGES * 4096 == MEMORY_GIB * GIB
    assert [each.sent_pages for each in result.live] == pytest.approx([float(each) for each in expected.pages], rel=1e-9)
    assert [each.duration_s for each in result.live] == pytest.approx([float(each) * page_s for each in expected.slots], rel=1e-9)
    assert result.move.final_pages == pytest.approx(float(expected.final), rel=1e-9)
    assert result.downtime_s == pytest.approx(float(expected.downtime) * page_s, rel=1e-9)
    sent = float(sum(expected.pages) + expected.final) * (4096 + header)
    assert result.move.sent_bytes == pytest.approx(sent, rel=1e-9)
    whole = float(sum(expected.slots) + trip + handshake + expected.downtime) * page_s
    assert result.precopy_and_stop_s == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize("policy", [STOP_AND_COPY, XEN], ids=lambda policy: policy.name)
def test_pages_that_hardly_ever_meet_again_are_a_constant_rate(policy: Policy) -> None:
    """Classes so large that no page is written twice are the same limit, up to the spread of a Poisson count.

    Each p(i) has the standard deviation sqrt(p(i)) and inherits the error of p(i-1) times the ratio; with ratio 1/2 the sum of all errors
    of 5 rounds and the stop is below 2 sqrt(N) (5.5 sigma) + 2 x 6 x 1/2 for rounding. The fixed seed gives one sample; 4 x sqrt(2 N)
    holds it.

    Mutant: a second draw for the same set doubles the variance of the sum, a mean off by 1 % fails outright.
    """
    page_s = 4096 / MONITOR
    load = Load("wide", classes=((1e13, 0.5 / page_s / 1e13),))
    result = migrate_once(point(vm(gib=MEMORY_GIB, load=load), of=cluster(policy=policy)))
    rounds = 6 if policy is XEN else 1
    expected = PAGES * (2 - 0.5 ** (rounds - 1))
    assert result.move.sent_pages == pytest.approx(expected, abs=4 * (2 * PAGES) ** 0.5)
