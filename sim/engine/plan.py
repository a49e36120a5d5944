"""The steps of a plan: single migrations and drains, one after the other per source SU."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Any

import simpy

from sim.engine.command import migrate_vm, outgoing
from sim.engine.happened import BETWEEN, left_text
from sim.engine.move import Move
from sim.engine.site import ORDERS
from sim.engine.world import Vm, World
from sim.scenario.point import Step
from sim.units import show_time
from sim.vm2000.catalogue import PLAN_NOTHING, PLAN_RETRIES, PLAN_SKIPS, PLAN_STOPS, PLAN_SU_DOWN, PLAN_WAITS

ARRIVED = frozenset({"completed", "completed-with-warnings"})


@dataclass(slots=True)
class StepRun:
    """What became of a step.

    Args:
        step: the step.
        moves: all its attempts, in order; a VM that was not tried has one that is not-started.
        vms: the VMs that it was to bring to its target.
        ended_s: when it had nothing left to do, seconds.
        left_behind: VMs that were not on its target then; a later step may bring them there, or the others away again. One that an
            operator has deleted meanwhile is not left behind.
        left: those VMs, where they were, with those that were deleted and those whose guests were lost on the target; in the order of
            their names, for instance "VA on SUA; VB on SUB, guest lost; VC deleted by an operator".
        failed_s: time spent on attempts that did not bring a VM over, with the pauses before it tried again, seconds.
    """

    step: Step
    moves: list[Move] = field(default_factory=list)
    vms: list[Vm] = field(default_factory=list)
    ended_s: float = 0.0
    left_behind: int = 0
    left: str = ""
    failed_s: float = 0.0


def carry_out(world: World, run: StepRun) -> Generator[simpy.Event, Any, None]:
    """Carry a step out: wait for its time, then bring one VM after the other to the target SU."""
    step = run.step
    yield world.env.timeout(step.at_s)
    run.vms = list(_vms_of(world, step))
    for place, vm in enumerate(run.vms):
        failed = yield from _bring_over(world, run, vm)
        if failed is not None and step.on_abort.then == "stop":
            others = run.vms[place + 1 :]
            failed.says(PLAN_STOPS, step=step.name, others=", ".join(other.name for other in others) or "none")
            for other in others:
                idle = Move(world, other, world.units[step.to], step, migration=other.migrations, attempt=0, due_s=world.env.now)
                run.moves.append(idle)
                idle.ends("not-started", "step-stopped")
            break
    run.ended_s = world.env.now
    run.left_behind = sum(vm.unit.name != step.to and vm.initialised for vm in run.vms)
    run.left = BETWEEN.join(filter(None, (_left(run, vm) for vm in sorted(run.vms, key=lambda vm: vm.name))))


def _left(run: StepRun, vm: Vm) -> str:
    """Return where a VM is that was not brought over, or what became of it; "" for one that was."""
    lost = next((move.outcome == "lost" for move in reversed(run.moves) if move.vm is vm), False)
    if vm.unit.name == run.step.to and not lost:
        return ""
    return left_text(vm.name, vm.unit.name if vm.initialised else None, guest_lost=lost)


def _vms_of(world: World, step: Step) -> Iterable[Vm]:
    """Return the VMs of a step in their order: those that are on the drained SU when the drain begins."""
    if step.vm:
        return [world.vms[step.vm]]
    there = [vm for vm in world.vms.values() if vm.unit.name == step.drain and vm.initialised]
    if step.sequence:
        return sorted((vm for vm in there if vm.name in step.sequence), key=lambda vm: step.sequence.index(vm.name))
    return sorted(there, key=lambda vm: ORDERS[step.order](vm.guest.spec, vm.index))


def _bring_over(world: World, run: StepRun, vm: Vm) -> Generator[simpy.Event, Any, Move | None]:
    """Try to migrate one VM, again after an abort if the plan says so; return the last attempt if it failed."""
    step = run.step
    vm.migrations = migration = vm.migrations + 1
    attempt = 1
    while True:
        move = yield from _attempt(world, step, vm, migration, attempt)
        if move is None:
            return None
        run.moves.append(move)
        if move.outcome in ARRIVED:
            return None
        if not _tries_again(step, move) or attempt > step.on_abort.retries:
            run.failed_s += world.env.now - move.command_s
            if step.on_abort.then == "skip":
                move.says(PLAN_SKIPS, step=step.name, source=move.vm.unit.name)  # the target, for a guest that was lost there
            return move
        move.says(PLAN_RETRIES, step=step.name, wait=show_time(step.on_abort.wait_s))
        yield world.env.timeout(step.on_abort.wait_s)
        run.failed_s += world.env.now - move.command_s
        attempt += 1


def _tries_again(step: Step, move: Move) -> bool:
    """Say whether the plan tries again after such an end, if it tries again at all."""
    return move.outcome == "aborted" or (step.on_abort.retry_rejected and move.outcome == "rejected")


def _has_nothing_to_do(step: Step, vm: Vm) -> bool:
    """Say whether other steps have brought the VM to the target, or away from the SU that this one drains."""
    return vm.moves_from is None and (vm.unit.name == step.to or step.drain not in {"", vm.unit.name})


def _attempt(world: World, step: Step, vm: Vm, migration: int, attempt: int) -> Generator[simpy.Event, Any, Move | None]:
    """Give the command when the source SU has no other outgoing migration, or at once and be rejected; None when there is no need."""
    due = world.env.now
    target = world.units[step.to]
    while True:
        if _has_nothing_to_do(step, vm):
            world.tells(vm, PLAN_NOTHING, step.to, step=step.name)
            return None
        source = vm.moves_from or vm.unit  # the SU that deletes the VM is still at it while the guest lives on the target already
        if source.outgoing.count > 0:
            if step.when_busy == "reject":
                move = Move(world, vm, target, step, migration, attempt, due)
                yield from migrate_vm(move, another_is_outgoing=True)
                return move
            world.tells(vm, PLAN_WAITS, step.to, step=step.name, source=source.name)
        with source.outgoing.request() as turn:
            yield turn
            if vm.unit is not source or _has_nothing_to_do(step, vm):  # another step moved it while this one waited
                continue
            move = Move(world, vm, target, step, migration, attempt, due)
            if not source.up:
                world.tells(vm, PLAN_SU_DOWN, unit=source)
                move.ends("rejected", "source-down")
                return move
            yield from outgoing(move)
            return move
