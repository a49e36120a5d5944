"""The steps of a plan in many replications at once: those that meet wait for each other as the processes of one replication do."""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.engine.lockstep.attempt import Attempt, Record, RoundRecord
from sim.engine.lockstep.course import DONE, StepCourse, Whereabouts
from sim.engine.lockstep.coverage import Group
from sim.engine.lockstep.migrate import migrate_vm
from sim.engine.lockstep.room import Room
from sim.engine.site import Site
from sim.model.draws import Array, Lanes, RangeDraws, Real
from sim.model.rounds import Flags
from sim.scenario.point import Step


class GroupCourse:
    """Replications on their way through a group of steps.

    Args:
        site: the point, prepared.
        draws: of the range of replications.
        group: the steps.
        rounds: where rounds are recorded; None while nobody wants them.
    """

    def __init__(self, site: Site, draws: RangeDraws, group: Group, rounds: list[RoundRecord] | None) -> None:
        width = draws.width
        self.site, self.draws, self.rounds = site, draws, rounds
        self.steps = [StepCourse.of(site, group, place, width) for place in group.steps]
        self.room = Room(site, group.ways, width)
        vms = {vm for course in self.steps for vm in course.order}
        self.where = {vm: Whereabouts(site.guests[vm].spec.unit, width) for vm in sorted(vms)}
        self.migrations = {vm: np.zeros(width, dtype=np.intp) for vm in self.where}
        self.free_at = np.full(width, -np.inf)  # when the last migration of the group was over
        self.turns = 0

    def carry_out(self) -> list[StepCourse]:
        """Carry all steps out in all replications."""
        for course in self.steps:
            if not course.order:
                course.ends(np.arange(self.draws.width), course.due)
        while True:
            chosen = self._next()
            if chosen is None:
                return self.steps
            self.turns += 1
            self._bring_over(*chosen)

    def _next(self) -> tuple[StepCourse, Lanes] | None:
        """Return the replications whose next action is the same, of those that are furthest behind."""
        course = self.steps[0]
        nearest = course.due < DONE
        if len(self.steps) > 1:
            due = np.stack([each.due for each in self.steps])
            asked = np.where(due == due.min(axis=0), np.stack([each.asked for each in self.steps]), self.turns + 1)
            first = np.where(due.min(axis=0) < DONE, asked.argmin(axis=0), len(self.steps))
            if first.min() == len(self.steps):
                return None
            progress = np.stack([each.at for each in self.steps]).sum(axis=0)
            behind = int(np.where(first < len(self.steps), progress, progress.max() + 1).argmin())
            course = self.steps[first[behind]]
            nearest = first == first[behind]
        if not nearest.any():
            return None
        lanes = np.flatnonzero(nearest)
        action = course.at[lanes] * 2**20 + course.attempt[lanes]
        return course, lanes[action == action.min()]

    def _bring_over(self, course: StepCourse, lanes: Lanes) -> None:
        """Let a step ask for the VM whose turn it is, in replications that are at the same attempt."""
        step, vm, due = course.step, course.order[course.at[lanes[0]]], course.due[lanes]
        if course.attempt[lanes[0]] == 1:
            there = self.takes_part(step, vm, lanes)
            course.next_vm(lanes[~there], due[~there])
            lanes, due = lanes[there], due[there]
            self.migrations[vm][lanes] += 1
            course.migration[lanes] = self.migrations[vm][lanes]
        idle = self._is_done(step, vm, lanes, due) & ~self.where[vm].migrates(lanes, due)
        course.next_vm(lanes[idle], due[idle])
        lanes, due = lanes[~idle], due[~idle]
        free_at = self.free_at[lanes]
        busy = self._sees_another(course, lanes, due)
        if step.when_busy == "reject":
            self._attempt(course, vm, lanes[busy], due[busy], due[busy], another_is_outgoing=True)
            lanes, due, free_at = lanes[~busy], due[~busy], free_at[~busy]
        turn = np.maximum(due, free_at)
        idle = self._is_done(step, vm, lanes, turn)
        course.released[lanes[idle]] = True
        course.next_vm(lanes[idle], turn[idle], self.turns)
        self._attempt(course, vm, lanes[~idle], due[~idle], turn[~idle], another_is_outgoing=False)

    def _sees_another(self, course: StepCourse, lanes: Lanes, due: Array) -> Flags:
        """Say where another migration is running when the step asks.

        Equal times have the order that the events of one replication have: a step that begins sees a migration that ends in the same
        instant, its alarm was set long before; one that has just released the SU sees none, the others are let in after it.
        """
        free_at = self.free_at[lanes]
        others: Flags = (free_at > due) & ~course.released[lanes]
        just_now: Flags = (free_at == due) & (course.asked[lanes] < 0)
        return others | just_now

    def takes_part(self, step: Step, vm: str, lanes: Lanes) -> Flags:
        """Say where the VM belongs to a step: a drain takes what is on its SU when it begins."""
        if step.vm:
            return np.ones(len(lanes), dtype=bool)
        begins = np.full(len(lanes), step.at_s)
        return self.where[vm].before(lanes, begins).get(step.drain, np.zeros(len(lanes), dtype=bool))

    def _is_done(self, step: Step, vm: str, lanes: Lanes, now: Array) -> Flags:
        """Say where other steps have brought the VM to the target, or away from the SU that this one drains."""
        done = np.zeros(len(lanes), dtype=bool)
        for unit, flags in self.where[vm].at(lanes, now).items():
            if unit == step.to or step.drain not in {"", unit}:
                done |= flags
        return done

    def _attempt(self, course: StepCourse, vm: str, lanes: Lanes, due: Array, command: Array, *, another_is_outgoing: bool) -> None:
        """Give the command, wherever the VM is, and for the how manieth time it wants to migrate."""
        if not len(lanes):
            return
        guest, target, number = self.site.guests[vm], self.site.units[course.step.to], int(course.attempt[lanes[0]])
        has_room = partial(self.room.for_vm, target.name, vm)
        records = []
        for source, here in self.where[vm].at(lanes, command).items():
            counts = course.migration[lanes]
            for count in np.unique(counts[here]).tolist():
                those = here & (counts == count)
                of = Attempt(
                    self.site, self.draws, guest, self.site.units[source], target, course.step, course.place, count, number, self.rounds
                )
                found = migrate_vm(of, lanes[those], due[those], command[those], has_room, another_is_outgoing=another_is_outgoing)
                records += [(of, record) for record in found]
        self.draws.forget()
        for of, record in records:
            course.released[record.lanes] = not another_is_outgoing
            if not another_is_outgoing:
                self.free_at[record.lanes] = record.ended_s
                self.where[vm].moves(record)
            self._books(of, record)
            self._goes_on(course, record)

    def _books(self, attempt: Attempt, record: Record) -> None:
        """Book where VM and memory are after an attempt."""
        if record.deleted_s is None:
            return
        lanes, costs, release = record.lanes, attempt.costs, attempt.costs.memory_release
        until = None
        if release.median_s:
            until = record.deleted_s + attempt.duration(release, attempt.streams.memory_release, lanes)
        if record.outcome != "completed" and until is None:
            return  # nobody else came while it was there
        set_up = record.deleted_s
        if self.room.has_ranges(record.target):
            set_up = np.asarray(record.columns["started_s"]) + attempt.duration(costs.setup, attempt.streams.setup, lanes)
        self.room.come(record.target, record.vm, lanes, set_up)
        self.room.go(record.source if record.outcome == "completed" else record.target, record.vm, lanes, until)

    def _goes_on(self, course: StepCourse, record: Record) -> None:
        """Go on after an attempt: with the next VM, with another attempt, or not at all."""
        lanes, ended, on_abort = record.lanes, record.ended_s, course.step.on_abort
        course.records.append(record)
        course.attempts[lanes] += 1
        if record.outcome == "aborted" and record.attempt <= on_abort.retries:
            course.attempt[lanes] += 1
            course.due[lanes] = again = ended + on_abort.wait_s
            course.failed_s[lanes] += again - record.columns["command_s"]
            course.asked[lanes] = self.turns
            course.released[lanes] = False
            return
        if record.outcome != "completed":
            course.failed_s[lanes] += ended - record.columns["command_s"]
        if record.outcome == "completed" or on_abort.then == "skip":
            course.next_vm(lanes, ended, self.turns)
        else:
            self._stops(course, lanes, ended)

    def _stops(self, course: StepCourse, lanes: Lanes, now: Array) -> None:
        """Leave the VMs that the step has not come to."""
        for other in course.order[course.at[lanes[0]] + 1 :]:
            there = self.takes_part(course.step, other, lanes)
            for source, here in self.where[other].at(lanes, now).items():
                those = here & there
                if those.any():
                    columns: dict[str, Real] = {"due_s": now[those], "command_s": now[those], "ended_s": now[those]}
                    ends = "not-started", "step-stopped"
                    course.records.append(Record(lanes[those], course.place, other, 0, source, course.step.to, *ends, columns))
        course.ends(lanes, now)
