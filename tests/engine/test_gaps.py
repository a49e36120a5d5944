"""Gaps in the memory of a target SU: what fits in total is rejected or aborted on SU /390, and fits on SU x86."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.builders import GIB, NO_COSTS, cluster, point, unit, vm
from sim.engine.replicate import replicate_alone
from sim.engine.site import Site
from sim.scenario.point import Cost, OnAbort, Point, Step

COSTS = replace(NO_COSTS, check=Cost(1.0), setup=Cost(2.0))


def one(name: str, at_s: float, of: str, to: str) -> Step:
    """Return a step that migrates one VM."""
    return Step(name, at_s, to, vm=of, on_abort=OnAbort())


def with_gap(*others: tuple[str, str, float], steps: tuple[Step, ...], su_type: str = "/390") -> Point:
    """Return a world in which S2 has 4 GiB free at the bottom and 6 GiB at the top once LOW has left it; MIDDLE stays in between."""
    units = tuple(unit(name, su_type, memory_bytes=(13 if name == "S2" else 64) * GIB) for name in ("S1", "S2", "S3"))
    vms = (vm("LOW", "S2", 4.0), vm("MIDDLE", "S2", 2.0), *(vm(name, su, gib) for name, su, gib in others))
    return point(*vms, of=cluster(su_type, costs=COSTS), units=units, steps=(one("away", 0.0, "LOW", "S3"), *steps))


def ends(of: Point) -> list[tuple[str, str, str | None]]:
    """Return VM, outcome and reason of the attempts after the first."""
    _, *moves = replicate_alone(Site.of(of), 0).moves
    return [(move.vm.name, move.outcome, move.reason) for move in moves]


@pytest.mark.parametrize(
    ("gib", "expected"),
    [
        (6.0, ("completed", None)),
        (7.0, ("rejected", "no-contiguous-memory")),
        (10.0, ("rejected", "no-contiguous-memory")),
        (11.0, ("rejected", "no-memory-on-target")),
    ],
)
def test_the_largest_gap_decides_on_390(gib: float, expected: tuple[str, str | None]) -> None:
    (end,) = ends(with_gap(("NEW", "S1", gib), steps=(one("in", 1000.0, "NEW", "S2"),)))
    assert end == ("NEW", *expected)


def test_gaps_do_not_matter_on_x86() -> None:
    assert ends(with_gap(("NEW", "S1", 10.0), steps=(one("in", 1000.0, "NEW", "S2"),), su_type="x86")) == [("NEW", "completed", None)]


def test_management_memory_can_be_too_much_on_x86() -> None:
    """10 GiB are free, and Xen needs 80 MiB of them for a VM of 10 GiB at 8 KiB a MiB; LOW and MIDDLE, 6 GiB, have taken 48 MiB."""
    of = with_gap(("NEW", "S1", 10.0), steps=(one("in", 1000.0, "NEW", "S2"),), su_type="x86")
    larger = tuple(replace(each, memory_bytes=each.memory_bytes + (48 * 2**20 if each.name == "S2" else 0)) for each in of.units)
    costly = replace(of, units=larger, clusters=tuple(replace(each, management_share=1 / 128) for each in of.clusters))
    assert ends(costly) == [("NEW", "rejected", "no-memory-on-target")]


def test_a_gap_that_is_lost_between_check_and_set_up_aborts() -> None:
    """Both checks find 6 GiB at the top; the first takes 5 of them, and the rest is 4 + 1."""
    steps = (one("first", 1000.0, "NEW", "S2"), one("second", 1000.5, "OTHER", "S2"))
    of = with_gap(("NEW", "S1", 5.0), ("OTHER", "S3", 5.0), steps=steps)
    assert ends(of) == [("NEW", "completed", None), ("OTHER", "aborted", "no-contiguous-memory")]


def test_memory_that_is_lost_between_check_and_set_up_aborts() -> None:
    """As before, but 6 GiB and 5 GiB are more than the 10 in all."""
    steps = (one("first", 1000.0, "NEW", "S2"), one("second", 1000.5, "OTHER", "S2"))
    of = with_gap(("NEW", "S1", 6.0), ("OTHER", "S3", 5.0), steps=steps)
    assert ends(of) == [("NEW", "completed", None), ("OTHER", "aborted", "no-memory-on-target")]


def test_an_su_that_is_filled_from_the_bottom_may_take_its_vms_back() -> None:
    """Out and back: all memory of S1 is free in one range when the last VM has left it, and each comes to where first fit puts it."""
    vms = [vm(f"V{number}", "S1", float(1 + number % 3)) for number in range(6)]
    full = sum(each.memory_bytes for each in vms) + GIB
    steps = (Step("out", 0.0, "S2", drain="S1", on_abort=OnAbort()), Step("back", 5000.0, "S1", drain="S2", on_abort=OnAbort()))
    of = point(*vms, units=(unit("S1", memory_bytes=full), unit("S2", memory_bytes=full)), steps=steps)
    found = replicate_alone(Site.of(of), 0).moves
    assert [move.outcome for move in found] == ["completed"] * 12
