"""/MIGRATE-VM and /CHECK-VM-MIGRATION: the synchronous check with its answer to the caller, then the migration itself."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import date, timedelta
from typing import Any

import simpy

from sim.columns import OPERATOR_STEP
from sim.engine.breaking import break_off
from sim.engine.migrate_390 import migrate_390
from sim.engine.migrate_x86 import migrate_x86
from sim.engine.move import Move
from sim.engine.network import Break, Stalled
from sim.engine.unit import Unit
from sim.engine.vm import Vm
from sim.engine.world import World
from sim.scenario.point import Step
from sim.units import DAY_S
from sim.vm2000.catalogue import COMMAND, NBR0740, OPERATOR_COMMAND, VMS2471
from sim.vm2000.checks import CheckResult, SourceView, TargetView, VmView, check_migration, vm_not_created
from sim.vm2000.monjv import JobVariable

Phase = Generator[simpy.Event, Any, None]

JOBS: dict[str, Callable[[Move], Phase]] = {"/390": migrate_390, "x86": migrate_x86}


def migrate_vm(move: Move, *, another_is_outgoing: bool) -> Phase:
    """Execute /MIGRATE-VM: check synchronously, answer the caller, then migrate; the caller is free from the answer on.

    Args:
        move: the migration; it ends as rejected, aborted, lost or completed.
        another_is_outgoing: whether another migration from this source is running: VM2000 rejects a second one.

    Source: VM2000 User Guide: Phases of a VM Migration.
    """
    move.process = move.env.active_process
    move.enters("check")
    if move.command:
        move.notes(OPERATOR_COMMAND)  # it is on the operator's console already
    else:
        move.says(COMMAND, command=f"/MIGRATE-VM VM-ID={move.index or move.vm.name},SERVER-UNIT-NAME={move.target.name}")
    yield move.spends(move.costs.check, move.streams.check)
    if not move.source.up:  # the caller's console went down with the SU
        move.ends("rejected", "source-down")
        return
    result = checked(move.world, move.vm, move.source, move.target, another_is_outgoing=another_is_outgoing)
    for violation in result.violations:
        move.says(violation.message, **violation.inserts)
    for warning in result.warnings:
        move.says(VMS2471, device=warning.device)
    move.says(NBR0740, command="MIGRATE-VM", result=result.result, date=today(move.world))
    if result.violations:
        move.ends("rejected", result.violations[0].reason)
        return
    move.devices, move.detached = move.vm.devices, tuple(warning.device for warning in result.warnings)
    move.vm.move = move
    try:
        yield from JOBS[move.source.spec.su_type](move)
    except simpy.Interrupt as broken:
        if not isinstance(broken.cause, Break):
            raise
        yield from break_off(move, broken.cause)
    except Stalled as stalled:
        yield from break_off(move, stalled.args[0])
    move.vm.move = None


def outgoing(move: Move) -> Phase:
    """Execute /MIGRATE-VM as the outgoing migration of its source SU, whose turn the caller has."""
    move.vm.moves_from = move.source
    yield from migrate_vm(move, another_is_outgoing=False)
    move.vm.moves_from = None


def operators_move(world: World, vm: Vm, target: Unit, console: str, command: str, job: JobVariable | None = None) -> Move:
    """Return the migration for which an operator gives the command now, booked as such; each is a migration and an attempt of its own.

    Args:
        world: the replication.
        vm: the VM.
        target: the SU to which it goes.
        console: name of the SU at whose console the command is typed.
        command: as it was typed.
        job: the job variable that monitors it, if the command names one.
    """
    now, before = world.env.now, sum(move.vm is vm for move in world.by_operators)
    vm.migrations += 1
    step = Step(OPERATOR_STEP, now, target.name, vm=vm.name)
    move = Move(world, vm, target, step, vm.migrations, before + 1, now, console, command, job or JobVariable(""))
    world.by_operators.append(move)
    return move


def operators_migration(move: Move) -> Phase:
    """Execute an operator's /MIGRATE-VM: at once, as the outgoing migration of its source SU or rejected beside another one."""
    right = move.source.outgoing
    if right.count > 0:
        yield from migrate_vm(move, another_is_outgoing=True)
        return
    with right.request() as turn:
        yield turn
        yield from outgoing(move)


def checked(world: World, vm: Vm, source: Unit, target: Unit, *, another_is_outgoing: bool) -> CheckResult:
    """Return what the check of a migration finds now."""
    if not vm.initialised or (vm.unit is not source and vm.move is None):  # operators have deleted it here, and set it up there again
        return CheckResult((vm_not_created(vm.name),), ())
    cluster = world.cluster_of(source)
    return check_migration(
        VmView(vm.name, vm.index, vm.display, vm.guest.spec.memory_bytes, vm.devices, migrating=vm.move is not None),
        SourceView(
            source.name,
            source.spec.su_type,
            another_is_outgoing,
            cluster_active=cluster.active,
            mode=source.spec.mode,
            reconfiguring=source.reconfiguring,
            hypervisor_bytes=source.spec.hypervisor_bytes,
            hypervisor_need_bytes=cluster.hypervisor_need_bytes,
            monitor_bytes=source.spec.monitor_bytes,
            monitor_need_bytes=cluster.monitor_need_bytes,
            agent=source.agent,
        ),
        TargetView(
            target.name,
            target.spec.su_type,
            target.memory.free_bytes,
            largest_free_bytes=target.memory.largest_free_bytes,
            free_index=target.has_free_index,
            names=frozenset(target.indexes) - {vm.name} if vm.move is not None else frozenset(target.indexes),  # its own copy is no clash
            not_generated=frozenset(target.spec.not_generated),
            exclusive=frozenset(target.spec.exclusive),
            mode=target.spec.mode,
            reconfiguring=target.reconfiguring,
            hypervisor_bytes=target.spec.hypervisor_bytes,
            hypervisor_need_bytes=cluster.hypervisor_need_bytes,
            monitor_bytes=target.spec.monitor_bytes,
            monitor_need_bytes=cluster.monitor_need_bytes,
            agent=target.agent,
            up=target.up and world.network.link_left.get(source.spec.link, 1.0) > 0.0,
        ),
    )


def today(world: World) -> date | str:
    """Return the date on which a message is printed; "-" where the scenario has none."""
    start = world.site.point.start
    return date.fromisoformat(start) + timedelta(days=world.env.now // DAY_S) if start else "-"
