"""A session at the published console example, with commands that need nothing of VM2000."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import simpy

from sim.engine.journal import Journal
from sim.engine.replicate import begin
from sim.engine.site import Site
from sim.engine.world import World
from sim.model.draws import Draws
from sim.report.console.desk import Desk
from sim.report.console.pace import Pace
from sim.report.console.screen import Screen
from sim.report.console.session import Session
from sim.scenario import load_scenario
from sim.vm2000.catalogue import DISPLAY, OPERATOR_COMMAND

EXAMPLE = Path(__file__).parents[2] / "scenarios" / "console-example.yaml"
POINT = load_scenario(EXAMPLE).points[0]
COMMAND_S = 6 * 60 + 59.0  # 00:06:59, at which the plan of the example gives its command
BUSY_S = 2.0


def echoed(world: World, console: str, command: str) -> Generator[simpy.Event, Any, None]:
    """Execute any command: echo it, show two lines after `BUSY_S`."""
    unit = world.units.get(console)
    world.tells(None, OPERATOR_COMMAND, unit=unit, console=console, command=command)
    yield world.env.timeout(BUSY_S)
    world.tells(None, DISPLAY, unit=unit, console=console, text=f"HEAD\n  {command}")


def session(from_s: float = 0.0, number: int = 0) -> Session:
    """Return a session of the example."""
    running = begin(Site.of(POINT), Draws(POINT.seed, number, number + 1), number, Journal.full())
    return Session(running, number, echoed, from_s)


class Wall:
    """A wall clock that is set by hand."""

    def __init__(self) -> None:
        self.time_s = 1000.0

    def __call__(self) -> float:
        return self.time_s


def desk(wall: Wall, speed: float = 1.0, **options: float) -> Desk:
    """Return a desk at the first SU of the example, whose session begins two seconds before the plan."""
    played = session(COMMAND_S - 2.0)
    return Desk(played, Screen(POINT), Pace(played.now, speed, wall), "ABGSE501", float, **options)
