"""The steps of a plan: single migrations and drains, one after the other per source SU."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any

import simpy

from sim.engine.command import migrate_vm
from sim.engine.move import Move
from sim.engine.world import Vm, World
from sim.scenario.point import Step
from sim.units import show_time
from sim.vm2000.catalogue import PLAN_RETRIES, PLAN_SKIPS, PLAN_STOPS, PLAN_WAITS

ORDERS: dict[str, Callable[[Vm], tuple[Any, ...]]] = {
    "largest-first": lambda vm: (-vm.guest.spec.memory_bytes, vm.guest.spec.index, vm.name),
    "smallest-first": lambda vm: (vm.guest.spec.memory_bytes, vm.guest.spec.index, vm.name),
    "by-index": lambda vm: (vm.guest.spec.index, vm.name),
    "by-name": lambda vm: (vm.name,),
}


@dataclass(slots=True)
class Course:
    """What became of a step.

    Args:
        step: the step.
        moves: all its attempts, in order; a VM that was not tried has one that is not-started.
        vms: the VMs that it was to bring to its target.
        ended_s: when it had nothing left to do, seconds.
        left_behind: VMs that were not on its target then; a later step may bring them there, or the others away again.
    """

    step: Step
    moves: list[Move] = field(default_factory=list)
    vms: list[Vm] = field(default_factory=list)
    ended_s: float = 0.0
    left_behind: int = 0


def carry_out(world: World, course: Course) -> Generator[simpy.Event, Any, None]:
    """Carry a step out: wait for its time, then bring one VM after the other to the target SU."""
    step = course.step
    yield world.env.timeout(step.at_s)
    course.vms = list(_vms_of(world, step))
    for place, vm in enumerate(course.vms):
        move = yield from _bring_over(world, course, vm)
        if move.outcome != "completed" and step.on_abort.then == "stop":
            move.says(PLAN_STOPS, step=step.name)
            for other in course.vms[place + 1 :]:
                idle = Move(world, other, world.units[step.to], step, other.migrations, attempt=0, due_s=world.env.now)
                course.moves.append(idle)
                idle.ends("not-started", "step-stopped")
            break
    course.ended_s = world.env.now
    course.left_behind = sum(vm.unit.name != step.to for vm in course.vms)


def _vms_of(world: World, step: Step) -> Iterable[Vm]:
    """Return the VMs of a step in their order: those that are on the drained SU when the drain begins."""
    if step.vm:
        return [world.vms[step.vm]]
    there = [vm for vm in world.vms.values() if vm.unit.name == step.drain]
    if step.sequence:
        return sorted((vm for vm in there if vm.name in step.sequence), key=lambda vm: step.sequence.index(vm.name))
    return sorted(there, key=ORDERS[step.order])


def _bring_over(world: World, course: Course, vm: Vm) -> Generator[simpy.Event, Any, Move]:
    """Try to migrate one VM, again after an abort if the plan says so; return the last attempt."""
    step = course.step
    vm.migrations = migration = vm.migrations + 1
    attempt = 1
    while True:
        move = yield from _attempt(world, step, vm, migration, attempt)
        course.moves.append(move)
        if move.outcome == "completed":
            return move
        if move.outcome != "aborted" or attempt > step.on_abort.retries:
            if step.on_abort.then == "skip":
                move.says(PLAN_SKIPS, step=step.name)
            return move
        move.says(PLAN_RETRIES, step=step.name, wait=show_time(step.on_abort.wait_s))
        yield world.env.timeout(step.on_abort.wait_s)
        attempt += 1


def _attempt(world: World, step: Step, vm: Vm, migration: int, attempt: int) -> Generator[simpy.Event, Any, Move]:
    """Give the command when the source SU has no other outgoing migration, or at once and be rejected."""
    due = world.env.now
    target = world.units[step.to]
    while True:
        source = vm.moves_from or vm.unit  # the SU that deletes the VM is still at it while the guest lives on the target already
        busy = source.outgoing.count > 0
        if busy and step.when_busy == "reject":
            move = Move(world, vm, target, step, migration, attempt, due)
            yield from migrate_vm(move, another_is_outgoing=True)
            return move
        with source.outgoing.request() as turn:
            yield turn
            if vm.unit is not source:  # another step moved it while this one waited
                continue
            vm.moves_from = source
            move = Move(world, vm, target, step, migration, attempt, due)
            if busy:
                move.says_at(due, PLAN_WAITS, step=step.name)
            yield from migrate_vm(move, another_is_outgoing=False)
            vm.moves_from = None
            return move
