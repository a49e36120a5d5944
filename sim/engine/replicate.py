"""One replication of a point, from the first command to the last message."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

from sim.engine.faults import start_faults
from sim.engine.happened import Outage, commands_text, faults_text
from sim.engine.journal import Journal
from sim.engine.move import Move
from sim.engine.operators.timeline import start_operators
from sim.engine.plan import StepRun, carry_out
from sim.engine.site import Site
from sim.engine.unit import Unit
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
        by_operators: migrations for which operators gave the command, in the order of their commands.
        units: the SUs as they were at its end, with what they had recorded.
        outages: SUs that went down, in the order of time.
        faults, commands: what became of the scenario's faults and of its operators' commands, as texts of `sim.engine.happened`.
    """

    number: int
    steps: list[StepRun]
    journal: Journal
    by_operators: list[Move] = field(default_factory=list)
    units: dict[str, Unit] = field(default_factory=dict)
    outages: list[Outage] = field(default_factory=list)
    faults: str = ""
    commands: str = ""

    @property
    def moves(self) -> list[Move]:
        """All attempts, step by step, then those of operators."""
        return [*(move for step in self.steps for move in step.moves), *self.by_operators]


@dataclass(frozen=True, slots=True)
class Running:
    """A replication that has begun: whoever holds it lets its time pass.

    Args:
        world: its world; `world.env` is its clock.
        runs: the steps of the plan.
        processes: the processes that carry them out.
    """

    world: World
    runs: list[StepRun]
    processes: list[simpy.Process]


def begin(site: Site, draws: Draws, number: int, journal: Journal, env: simpy.Environment | None = None) -> Running:
    """Set a replication up: its plan, its operators and its faults wait for their times.

    Args:
        site: the point, prepared.
        draws: the draws of a range that holds the replication.
        number: which replication.
        journal: what to record.
        env: a SimPy environment at time 0; a new one if not given.
    """
    world = World.of(site, Lane(draws, number), journal, env)
    runs = [StepRun(step) for step in site.point.steps]
    processes = [world.env.process(carry_out(world, run)) for run in runs]
    if site.point.faults or site.point.operators:
        start_faults(world)
        start_operators(world)
        world.env.process(_watch(world, processes))
    return Running(world, runs, processes)


def _watch(world: World, plan: list[simpy.Process]) -> Generator[simpy.Event, Any, None]:
    """Note when the plan is over: what goes wrong again and again does so until then."""
    yield world.env.all_of(plan)
    world.plan_over = True


def end(running: Running, number: int) -> Replication:
    """Check what must be true at the end of a replication, and return what came of it.

    Raises:
        ModelError: the simulation broke one of its own rules.
    """
    world = running.world
    world.check_end()
    for run, process in zip(running.runs, running.processes, strict=True):
        if process.is_alive:
            raise ModelError(f"step {run.step.name} never ended")
    for move in world.by_operators:
        if move.ended_s is None:
            raise ModelError(f"the migration of VM {move.vm.name} that {move.console} began never ended")
    moves = [*(move for run in running.runs for move in run.moves), *world.by_operators]
    for move in moves:
        move.check_lines()
    point = world.site.point
    return Replication(
        number,
        running.runs,
        world.journal,
        world.by_operators,
        world.units,
        world.outages,
        faults_text(point.faults, world.struck, moves),
        commands_text(point.operators, world.answered),
    )


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
    running = begin(site, draws, number, journal or Journal())
    running.world.env.run()
    return end(running, number)


def replicate_alone(site: Site, number: int) -> Replication:
    """Simulate one replication with everything recorded."""
    return replicate(site, Draws(site.point.seed, number, number + 1), number, Journal.full())
