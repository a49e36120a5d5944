"""Faults that are switched off: they do not happen, or leave all, and change nothing of a night."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.journal import Line, RoundSent
from sim.engine.replicate import replicate_alone
from sim.engine.site import Site
from sim.scenario import load_scenario
from sim.scenario.point import Point
from sim.vm2000.catalogue import FAULT_BEGINS, FAULT_ENDS

SCENARIO = Path(__file__).parents[2] / "scenarios" / "link-drop-390.yaml"
OF_FAULTS = (FAULT_BEGINS, FAULT_ENDS)


def night(point: Point, number: int) -> tuple[list[Line], list[Line], list[RoundSent]]:
    """Return what faults say in a replication, what all others say, and the rounds."""
    journal = replicate_alone(Site.of(point), number).journal
    lines = journal.in_order()
    said = [line for line in lines if line.message in OF_FAULTS]
    return said, [line for line in lines if line.message not in OF_FAULTS], journal.rounds or []


def of_variant(name: str, *overrides: str) -> Point:
    return next(point for point in load_scenario(SCENARIO, overrides).points if point.name == name)


@pytest.mark.parametrize(
    ("override", "begins_and_ends"),
    [
        ("faults.drop.chance=0 %", 0),
        ("faults.drop.remaining=100 %", 2),
        ("faults.drop={monitor: ABGSE701, every: 1 min, for: 1 s, chance: 0 %}", 0),
    ],
)
@pytest.mark.parametrize("number", [0, 1])
def test_a_fault_that_is_switched_off_changes_nothing(override: str, begins_and_ends: int, number: int) -> None:
    """Bit by bit the night of the variant without faults."""
    none, expected, rounds = night(of_variant("line holds"), number)
    said, lines, sent = night(of_variant("no retry", override), number)
    assert (len(none), len(said)) == (0, begins_and_ends)
    assert (lines, sent) == (expected, rounds)


def test_the_fault_itself_changes_something() -> None:
    _, expected, _ = night(of_variant("line holds"), 0)
    said, lines, _ = night(of_variant("no retry"), 0)
    assert len(said) == 2
    assert lines != expected
