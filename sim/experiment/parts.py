"""An experiment cut into parts: the replications of one point that one worker computes in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.model.draws import BLOCK
from sim.scenario.point import Point

PART = BLOCK // 4  # replications: a few seconds of SimPy, so that an interrupted run loses little


@dataclass(frozen=True, slots=True)
class Part:
    """Replications start .. stop - 1 of the point with this place in the experiment.

    Args:
        point: place of the point.
        start, stop: range of replications, within one block of draws.
        messages: how many of the first replications keep their messages.
        rounds: whether the table of rounds is wanted.
    """

    point: int
    start: int
    stop: int
    messages: int
    rounds: bool

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that the part writes; migrations last, since its file says that the part is done."""
        extra = (("messages",) if self.start < self.messages else ()) + (("rounds",) if self.rounds else ())
        return (*extra, "plans", "migrations")

    def file(self, table: str) -> str:
        """Return the name of the part's file in a table: it says which replications are in it."""
        stop = min(self.stop, self.messages) if table == "messages" else self.stop
        return f"point-{self.point:03d}-replications-{self.start:09d}-{stop - 1:09d}.parquet"


@dataclass(frozen=True, slots=True)
class Failure:
    """A replication that broke a rule of the simulation.

    Args:
        point: name of its point.
        replication: which one.
        reason: the error in one line.
        details: its traceback.
    """

    point: str
    replication: int
    reason: str
    details: str


def parts_of(points: Sequence[Point], replications: int, messages: int, *, rounds: bool) -> list[Part]:
    """Return the parts of an experiment, the first replications of all points first."""
    return [
        Part(place, start, min(start + PART, replications), min(messages, replications), rounds)
        for start in range(0, replications, PART)
        for place in range(len(points))
    ]
