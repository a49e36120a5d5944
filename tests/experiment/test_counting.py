"""What is told while parts are computed adds up, and what has to be computed again is taken back."""

from __future__ import annotations

from unittest.mock import patch

import pytest

import sim.experiment.execution.counting
from sim.experiment.execution.counting import Advance, Pulse, Tally, weight
from sim.experiment.execution.parts import Part

FIRST = Part(0, 0, 100, 0, rounds=False)
SECOND = Part(1, 0, 50, 0, rounds=False)
MESSAGES = Part(1, 0, 50, 20, rounds=False, migrations=False)


def test_part_that_adds_messages_brings_no_replication() -> None:
    assert [weight(part) for part in (FIRST, SECOND, MESSAGES)] == [100, 50, 0]


@pytest.mark.parametrize(("every_s", "told"), [(0.0, [1, 3, 6, 100]), (1000.0, [])])
def test_pulse_tells_what_is_done_of_the_part_and_not_too_often(every_s: float, told: list[int]) -> None:
    found: list[int] = []
    with patch.object(sim.experiment.execution.counting, "EVERY_S", every_s):
        pulse = Pulse(FIRST, found.append)
        for done in (1, 2, 3, 1000):  # never more than the part has
            pulse(done)
    assert found == told


def test_tally_tells_changes_that_add_up() -> None:
    changes: list[int] = []
    tally = Tally(changes.append)
    tally.reach(FIRST, 30)
    tally.reach(SECOND, 10)
    tally.finish(FIRST)
    tally.drop(SECOND)  # its worker was killed
    tally.reach(MESSAGES, 20)
    tally.finish(MESSAGES)
    tally.finish(SECOND)
    assert changes == [30, 10, 70, -10, 0, 0, 50]


def test_advance_counts_what_was_there_and_the_points_of_which_nothing_is_missing() -> None:
    """Three points of 100 replications: the third was there, of the second half."""
    seen: list[tuple[int, int, int, int]] = []
    advance = Advance(lambda *told: seen.append(told), 100, 3, [FIRST, SECOND, MESSAGES])
    advance.tick(60)
    advance.finish(SECOND)
    advance.tick(90)
    advance.finish(MESSAGES)
    advance.finish(FIRST)
    assert seen == [(150, 300, 1, 3), (210, 300, 1, 3), (210, 300, 1, 3), (300, 300, 1, 3), (300, 300, 2, 3), (300, 300, 3, 3)]
