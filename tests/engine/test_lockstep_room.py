"""Where lockstep follows every range of an SU's memory, and where totals are all there is to know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.builders import GIB, NO_COSTS, VM2000, cluster, point, unit, vm
from engine.observing import NEVER_CONVERGES, PASS_S
from sim.engine.lockstep.coverage import groups, refusals
from sim.engine.lockstep.replicate import walk
from sim.engine.lockstep.room import Room
from sim.engine.site import Site
from sim.scenario.point import Cluster, Cost, OnAbort, Point, Step

LATE = replace(NO_COSTS, memory_release=Cost(5.0))
OUT = Step("out", 0.0, "S2", drain="S1", on_abort=OnAbort())
THERE_AND_BACK = (Step("there", 0.0, "S2", vm="A", on_abort=OnAbort()), Step("back", 900.0, "S1", vm="A", on_abort=OnAbort()))


def followed(of: Point) -> list[str]:
    """Return the SUs whose ranges are followed."""
    assert not refusals(of)
    (group,) = groups(of)
    room = Room(Site.of(of), group.ways, 3)
    return [name for name in ("S1", "S2") if room.has_ranges(name)]


def two_vms(gib: float, steps: tuple[Step, ...], of: Cluster | None = None) -> Point:
    """Return a world with two VMs of 2 GiB and SUs with so much memory for guests."""
    of = of or cluster()
    units = tuple(unit(name, of.su_type, memory_bytes=(1.0 + gib) * GIB) for name in ("S1", "S2"))
    return point(vm("A", gib=2.0), vm("B", gib=2.0), of=of, units=units, steps=steps)


def test_vms_that_only_come_leave_no_gaps() -> None:
    assert followed(two_vms(4.0, (OUT,))) == []


def test_gaps_do_not_matter_on_x86() -> None:
    assert followed(two_vms(4.0, THERE_AND_BACK, cluster("x86", costs=LATE))) == []


@pytest.mark.parametrize(("gib", "expected"), [(5.5, ["S1"]), (5.75, ["S1"]), (6.0, [])])
def test_room_to_spare_makes_gaps_harmless(gib: float, expected: list[str]) -> None:
    """A comes back to S1, where B is: 2 GiB in the middle of less than 6 GiB may leave twice too little. On S2 it is alone."""
    assert followed(two_vms(gib, THERE_AND_BACK)) == expected


def test_memory_that_is_free_late_is_followed() -> None:
    assert followed(two_vms(64.0, (OUT,), cluster(costs=LATE))) == ["S2"]


def test_fragmentation_rejects_in_lockstep() -> None:
    """A hot VM of 1 GiB is aborted twice, 3 GiB free: the second attempt lies above the memory of the first.

    Round 1 takes P = 10.7 s, and a migration that never converges is aborted after another P. The memory of the first attempt is free at
    2 P + 24 s = 45.5 s; the second begins at 2 P + 5 s and ends at 4 P + 5 s = 47.9 s, but its memory is free only 24 s later. In between
    1 GiB at the bottom and 1 GiB at the top are free, which NEXT, 2 GiB, finds when it is checked at 47.9 s.
    """
    of = cluster(costs=replace(NO_COSTS, memory_release=Cost(24.0)), policy=replace(VM2000, chase_limit_s=4.0))
    drain = replace(OUT, order="by-index", on_abort=OnAbort(retries=1, wait_s=5.0))
    units = (unit("S1"), unit("S2", memory_bytes=4 * GIB))
    plan = point(vm("HOT", load=NEVER_CONVERGES), vm("NEXT", gib=2.0), of=of, units=units, steps=(drain,))
    records = walk(Site.of(plan), 0, 3).records
    assert [(record.vm, record.outcome, record.reason) for record in records] == [
        ("HOT", "aborted", "chase-limit"),
        ("HOT", "aborted", "chase-limit"),
        ("NEXT", "rejected", "no-contiguous-memory"),
    ]
    np.testing.assert_allclose(records[-1].ended_s, 4 * PASS_S + 5.0, rtol=1e-12)
