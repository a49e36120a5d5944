"""The clock of a session: speed, pauses, jumps."""

from __future__ import annotations

import pytest

from report.consoles import Wall
from sim.report.console.pace import Pace


@pytest.fixture
def wall() -> Wall:
    return Wall()


def test_runs_as_fast_as_asked(wall: Wall) -> None:
    pace = Pace(79200.0, 60.0, wall)
    wall.time_s += 2.5
    assert pace.now() == 79200.0 + 150.0


def test_another_speed_counts_from_now_on(wall: Wall) -> None:
    pace = Pace(0.0, 60.0, wall)
    wall.time_s += 1.0
    pace.run_at(2.0)
    wall.time_s += 1.0
    assert (pace.now(), pace.speed) == (62.0, 2.0)


def test_stands_still_during_a_pause_and_goes_on_where_it_stood(wall: Wall) -> None:
    pace = Pace(0.0, 1.0, wall)
    wall.time_s += 3.0
    pace.pause()
    wall.time_s += 100.0
    assert (pace.now(), pace.paused) == (3.0, True)
    pace.go()
    wall.time_s += 4.0
    assert (pace.now(), pace.paused) == (7.0, False)


def test_a_jump_during_a_pause_stands_still_there(wall: Wall) -> None:
    pace = Pace(0.0, 1.0, wall)
    pace.pause()
    pace.jump(600.0)
    wall.time_s += 5.0
    assert pace.now() == 600.0
