"""Which engine simulates a point, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sim.scenario.point import Point

Engine = Literal["simpy", "lockstep"]
Wanted = Literal["auto", "simpy", "lockstep"]


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine of a point.

    Args:
        engine: which one.
        why: the reason, one sentence for people.
    """

    engine: Engine
    why: str


def choose(point: Point, wanted: Wanted = "auto") -> Choice:
    """Return the engine that simulates a point."""
    del point, wanted
    return Choice("simpy", "the SimPy engine simulates every scenario")
