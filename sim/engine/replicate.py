"""One replication of a point, from the first command to the last message."""

from __future__ import annotations

from dataclasses import dataclass

from sim.engine.journal import Journal
from sim.engine.move import Move
from sim.engine.plan import StepRun, carry_out
from sim.engine.site import Site
from sim.engine.world import World
from sim.errors import ModelError
from sim.model.draws import Draws, Lane


@dataclass(frozen=True, slots=True)
class Replication:
    """What came of a replication.

    Args:
        number: which one.
        steps: the steps of the plan with all attempts, in the order of the plan.
        journal: what was recorded.
    """

    number: int
    steps: list[StepRun]
    journal: Journal

    @property
    def moves(self) -> list[Move]:
        """All attempts, step by step."""
        return [move for step in self.steps for move in step.moves]


def replicate(site: Site, draws: Draws, number: int, journal: Journal | None = None) -> Replication:
    """Simulate one replication.

    Args:
        site: the point, prepared.
        draws: the draws of a range that holds the replication.
        number: which replication.
        journal: what to record; nothing by default.

    Raises:
        ModelError: the simulation broke one of its own rules.
    """
    journal = journal or Journal()
    world = World.of(site, Lane(draws, number), journal)
    runs = [StepRun(step) for step in site.point.steps]
    processes = [world.env.process(carry_out(world, run)) for run in runs]
    world.env.run()
    world.check_end()
    for run, process in zip(runs, processes, strict=True):
        if process.is_alive:
            raise ModelError(f"step {run.step.name} never ended")
    replication = Replication(number, runs, journal)
    for move in replication.moves:
        move.check_lines()
    return replication


def replicate_alone(site: Site, number: int) -> Replication:
    """Simulate one replication with everything recorded."""
    return replicate(site, Draws(site.point.seed, number, number + 1), number, Journal.full())
