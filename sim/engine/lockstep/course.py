"""Where many replications are in a step of the plan, and where its VMs are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim.engine.lockstep.attempt import Record
from sim.engine.lockstep.coverage import Group
from sim.engine.site import ORDERS, Site
from sim.model.draws import Array, Lanes
from sim.model.rounds import Flags
from sim.scenario.point import Step

DONE = np.inf  # due time of a step that has nothing left to do


@dataclass(slots=True, eq=False)
class StepCourse:
    """Where every replication is in a step.

    Args:
        step: the step.
        place: its place in the plan.
        order: the VMs that it may bring to its target, in its order.
        at: place in `order` of the VM whose turn it is, shape (width,).
        migration: which of its migrations the step has begun, to address the draws.
        attempt: its attempt, 1, 2, ...
        due: when it wants to give the command, seconds; `DONE` when it has ended.
        released: whether its own last migration ended when it became due.
        asked: place in the queue of those that want the same at the same time.
        ended: when it had nothing left to do, seconds.
        attempts: how many were made.
        failed_s: time spent on those that did not bring a VM over, with the pauses before it tried again, seconds.
        records: what came of them, in the order of time.
    """

    step: Step
    place: int
    order: tuple[str, ...]
    at: Lanes
    migration: Lanes
    attempt: Lanes
    due: Array
    released: Flags
    asked: Lanes
    ended: Array
    attempts: Lanes
    failed_s: Array
    records: list[Record] = field(default_factory=list)

    @classmethod
    def of(cls, site: Site, group: Group, place: int, width: int) -> StepCourse:
        """Let all replications stand before the step; of steps that begin at one time the first in the plan begins first."""
        step = site.point.steps[place]
        vms = [site.guests[name].spec for name in sorted({way.vm for way in group.ways if way.step == place})]
        if step.vm:
            order = [step.vm]
        elif step.sequence:
            order = [name for name in step.sequence if name in {vm.name for vm in vms}]
        else:
            # One source, so that all VMs are at home; or one VM: either way its index at the start decides.
            order = [vm.name for vm in sorted(vms, key=lambda vm: ORDERS[step.order](vm, vm.index))]
        zeros, due = np.zeros(width, dtype=np.intp), np.full(width, step.at_s)
        before = zeros + (place - len(site.point.steps))
        return cls(
            step,
            place,
            tuple(order),
            at=zeros.copy(),
            migration=zeros.copy(),
            attempt=zeros + 1,
            due=due,
            released=zeros > 0,
            asked=before,
            ended=due.copy(),
            attempts=zeros.copy(),
            failed_s=np.zeros(width),
        )

    def next_vm(self, lanes: Lanes, due: Array, asked: int | None = None) -> None:
        """Go on to the next VM, in the same instant before anybody else if nothing was asked for; the step ends after the last."""
        self.at[lanes] += 1
        self.attempt[lanes] = 1
        self.due[lanes] = due
        if asked is not None:
            self.asked[lanes] = asked
        last = self.at[lanes] >= len(self.order)
        self.ends(lanes[last], due[last])

    def ends(self, lanes: Lanes, now: Array) -> None:
        """Let the step have nothing left to do."""
        self.ended[lanes] = now
        self.due[lanes] = DONE


@dataclass(frozen=True, slots=True, eq=False)
class Attempted:
    """An attempt to migrate a VM, in all replications; the times are infinite where it did not happen.

    Args:
        target: the SU on which the VM is from then on.
        command: when the command was given.
        resumed: when the VM lived on the target; infinite where it never did.
        ended: when it was free to migrate again.
    """

    target: str
    command: Array
    resumed: Array
    ended: Array


class Whereabouts:
    """Where a VM is, in many replications.

    Args:
        home: the SU on which it is at the start.
        width: replications.
    """

    def __init__(self, home: str, width: int) -> None:
        self._home, self._width = home, width
        self._attempts: list[Attempted] = []

    def moves(self, record: Record) -> None:
        """Book an attempt that had the right to migrate."""
        times = [np.full(self._width, np.inf) for _ in range(3)]
        resumed = np.inf if record.resumed_s is None else record.resumed_s
        for booked, found in zip(times, (record.columns["command_s"], resumed, record.ended_s), strict=True):
            booked[record.lanes] = found
        self._attempts.append(Attempted(record.target, *times))

    def at(self, lanes: Lanes, now: Array) -> dict[str, Flags]:
        """Return the SUs on which its definition is at a time, each with the replications."""
        return self._found(lanes, [each.resumed[lanes] <= now for each in self._attempts])

    def before(self, lanes: Lanes, now: Array) -> dict[str, Flags]:
        """Return the same just before a time."""
        return self._found(lanes, [each.resumed[lanes] < now for each in self._attempts])

    def migrates(self, lanes: Lanes, now: Array) -> Flags:
        """Say where an attempt is under way."""
        under_way = np.zeros(len(lanes), dtype=bool)
        for each in self._attempts:
            # Of steps that begin in one instant, each sees the VM where it was before.
            under_way |= (each.command[lanes] < now) & (now < each.ended[lanes])
        return under_way

    def _found(self, lanes: Lanes, happened: list[Flags]) -> dict[str, Flags]:
        """Return who is where, from which of the migrations have happened: the last of them counts."""
        found = {self._home: np.ones(len(lanes), dtype=bool)}
        for each, flags in zip(self._attempts, happened, strict=True):
            found = {unit: there & ~flags for unit, there in found.items()}
            found[each.target] = found.get(each.target, False) | flags
        return {unit: flags for unit, flags in found.items() if flags.any()}
