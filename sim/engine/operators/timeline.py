"""The commands that a scenario's operators type, each at its time."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from sim.engine.operators.console import execute
from sim.engine.world import World
from sim.scenario.point import Operator


def start_operators(world: World) -> None:
    """Let every operator wait for the time of the command, and type it."""
    for place, operator in enumerate(world.site.point.operators):
        world.env.process(_types(world, place, operator))


def _types(world: World, place: int, operator: Operator) -> Generator[simpy.Event, Any, None]:
    yield world.env.timeout(operator.at_s)
    world.answered[place] = yield from execute(world, operator.console, operator.command)
