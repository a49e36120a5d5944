"""Which engine simulates a point, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sim.engine.lockstep.coverage import refusals
from sim.errors import UsageError
from sim.scenario.point import Point

Engine = Literal["simpy", "lockstep"]
Wanted = Literal["auto", "simpy", "lockstep"]

COVERED = "no two transfers of the plan can ever meet at an SU or on a network, so blocks of replications are computed as arrays"


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
    """Return the engine that simulates a point; both give the same results to the last bit, lockstep a hundred times sooner.

    Raises:
        UsageError: lockstep is wanted and does not cover the point.
    """
    if wanted == "simpy":
        return Choice("simpy", "asked for with --engine simpy")
    reasons = refusals(point)
    if not reasons:
        return Choice("lockstep", "asked for with --engine lockstep" if wanted == "lockstep" else COVERED)
    if wanted == "lockstep":
        of = f" of '{point.name}'" if point.name else ""
        raise UsageError(f"--engine lockstep: does not cover the plan{of}: {'; '.join(reasons)}; write --engine auto or --engine simpy")
    return Choice("simpy", f"lockstep does not cover it: {'; '.join(reasons)}")
