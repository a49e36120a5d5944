"""The shipped scenarios that lockstep has to cover: every column of both engines, to the last bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.lockstep.coverage import refusals
from sim.scenario.load import load_scenario
from twins.engines import differences, of_lockstep, of_simpy

SCENARIOS = Path(__file__).parents[2] / "scenarios"
COVERED = ("quickstart", "console-example", "night-drain-390", "night-drain-x86", "busy-database", "day-and-night")
START, STOP = 1012, 1042  # over the end of a block


@pytest.mark.parametrize("name", COVERED)
def test_both_engines_give_the_same_bytes(name: str) -> None:
    points = load_scenario(SCENARIOS / f"{name}.yaml").points
    for point in points:
        assert not refusals(point)
        found = of_lockstep(point, START, STOP)
        assert found["plans"].num_rows == (STOP - START) * len(point.steps)
        assert not differences(found, of_simpy(point, START, STOP)), point.name


def test_transfers_that_can_meet_are_refused_by_name() -> None:
    by_name = {point.name: refusals(point) for point in load_scenario(SCENARIOS / "two-clusters.yaml").points}
    assert not by_name["two networks"]
    assert ["out390" in reason and "outx86" in reason for reason in by_name["one MCNPR"]] == [True]
