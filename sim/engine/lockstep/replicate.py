"""A range of replications of a point, from the first command to the end of the last migration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.engine.lockstep.attempt import Record, RoundRecord
from sim.engine.lockstep.course import StepCourse
from sim.engine.lockstep.coverage import groups
from sim.engine.lockstep.plan import GroupCourse
from sim.engine.site import Site
from sim.model.draws import BLOCK, Array, Lanes, RangeDraws
from sim.model.rounds import Flags
from sim.scenario.point import Step

SIDE_BY_SIDE = 16 * BLOCK  # replications walked together: fewer spend more on calls, more leave a CPU's caches


@dataclass(frozen=True, slots=True, eq=False)
class StepEnd:
    """How a step ended: arrays with one value a replication.

    Args:
        step: the step.
        ended_s: when it had nothing left to do, seconds.
        vms: VMs that it was to bring to its target.
        left_behind: those that are not there at its end.
        left: for each VM that is not there in some replication, and each SU on which it is then: in which replications.
        attempts: attempts, retries included.
        failed_s: time spent on attempts that did not bring a VM over, with the pauses before it tried again, seconds.
    """

    step: Step
    ended_s: Array
    vms: Lanes
    left_behind: Lanes
    left: Sequence[tuple[str, str, Flags]]
    attempts: Lanes
    failed_s: Array


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """What came of a range of replications.

    Args:
        start: the first.
        width: how many.
        records: all attempts, step by step in the order of the plan, those of one replication and step in the order of time.
        steps: the steps in the order of the plan.
        rounds: rounds of every attempt in the order of time; empty when nobody wanted them.
    """

    start: int
    width: int
    records: Sequence[Record]
    steps: Sequence[StepEnd]
    rounds: Sequence[RoundRecord]


def walk(site: Site, start: int, stop: int, *, rounds: bool = False) -> Walked:
    """Simulate replications start .. stop - 1 of a point that `coverage.refusals` does not refuse.

    Args:
        site: the point, prepared.
        start: first replication.
        stop: one after the last; whole blocks, at most `SIDE_BY_SIDE` replications, are quickest.
        rounds: whether rounds are recorded.
    """
    draws = RangeDraws(site.point.seed, start, stop)
    journal: list[RoundRecord] | None = [] if rounds else None
    courses = [GroupCourse(site, draws, group, journal) for group in groups(site.point)]
    ends: dict[int, StepEnd] = {}
    records: dict[int, list[Record]] = {}
    for course in courses:
        for step in course.carry_out():
            records[step.place] = step.records
            ends[step.place] = _end(course, step, draws.width)
    order = range(len(site.point.steps))
    return Walked(
        start, draws.width, [record for place in order for record in records[place]], [ends[place] for place in order], journal or []
    )


def _end(course: GroupCourse, of: StepCourse, width: int) -> StepEnd:
    lanes = np.arange(width)
    vms, left = np.zeros(width, dtype=np.int64), np.zeros(width, dtype=np.int64)
    where: list[tuple[str, str, Flags]] = []
    for vm in sorted(of.order):
        belongs = course.takes_part(of.step, vm, lanes)
        vms += belongs
        for unit, here in course.where[vm].at(lanes, of.ended).items():
            stays = belongs & here
            if unit != of.step.to and stays.any():
                left += stays
                where.append((vm, unit, stays))
    return StepEnd(of.step, of.ended, vms, left, where, of.attempts, of.failed_s)
