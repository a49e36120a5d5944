"""The operators' /CHECK-VM-MIGRATION and /MIGRATE-VM, and what a forced command does to a migration."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import simpy

from sim.engine.command import checked, operators_migration, operators_move
from sim.engine.move import Move
from sim.engine.network import Break
from sim.engine.operators.call import CURRENT, MONITOR_INDEX, Call
from sim.engine.operators.definitions import target_of
from sim.engine.operators.views import MONITOR
from sim.engine.unit import Unit
from sim.engine.vm import Vm
from sim.engine.world import World
from sim.model.draws import address
from sim.vm2000.answers import VMS4000
from sim.vm2000.catalogue import FORCED_OFF, REJECTED_BY_SOURCE, VMS2471
from sim.vm2000.checks import Violation
from sim.vm2000.commands.syntax import concealed
from sim.vm2000.monjv import JobVariable, Status
from sim.vm2000.returns import CHECK_VM_MIGRATION, MIGRATE_VM, REJECTED, ReturnCode
from sim.vm2000.states import MIGRATABLE

Answered = Generator[simpy.Event, Any, ReturnCode | None]

NONE = "*NONE"
# In these phases the source SU has the complete guest, or nobody has it: there is a migration to break off.
_OPEN = frozenset({"set-up", "pre-copy", "stop"})


def check_migration(call: Call) -> Answered:
    """Check whether a VM can be migrated, and say all that is in the way; nothing is changed."""
    found = _vm_and_target(call, CHECK_VM_MIGRATION["VMS2461"])
    if isinstance(found, ReturnCode):
        return found
    vm, target = found
    costs = call.world.cluster_of(call.unit).costs
    factor = call.world.lane.factor(vm.guest.streams.check, address(vm.migrations, 0), costs.check.sigma)
    yield call.world.env.timeout(costs.check.median_s * factor)
    if not call.unit.up:
        return None
    if vm.unit is not call.unit:  # it left meanwhile, or was deleted
        call.answers(VMS4000, vm=vm.name)
        return CHECK_VM_MIGRATION["VMS4000"]
    result = checked(call.world, vm, call.unit, target, another_is_outgoing=call.unit.outgoing.count > 0)
    for violation in result.violations:
        call.answers(violation.message, vm, **violation.inserts)
    for warning in result.warnings:
        call.answers(VMS2471, vm, device=warning.device)
    return result.check_result


def migrate(call: Call) -> Answered:
    """Migrate a VM: the caller is free after the check, which prints its own end; the migration goes on by itself."""
    job = _job_variable(call)
    if job is None:
        return call.rejects(f"job variable {call['MONJV']} monitors another migration")
    found = _vm_and_target(call, REJECTED)
    if isinstance(found, ReturnCode):
        job.becomes(Status.REJECTED)
        return found
    vm, target = found
    world = call.world
    move = operators_move(world, vm, target, call.unit.name, concealed(call.statement.text), job)
    world.env.process(operators_migration(move))
    yield from _until(world, move, lambda: move.phase != "check")
    return None


def ends_migration(call: Call, vm: Vm) -> Generator[simpy.Event, Any, None]:
    """Break the migration of a VM off and wait for its end; one whose guest runs on the target already is waited for only.

    Assumes [A36]: what a forced command does to a migration is not published.
    """
    move = vm.move
    if move is None:
        return
    if move.phase in _OPEN:
        move.break_off(Break("forced-command", FORCED_OFF, {"command": call.statement.name}))
    yield from _until(call.world, move, lambda: vm.move is not move)


def until_it_lives(world: World, vm: Vm) -> Generator[simpy.Event, Any, None]:
    """Wait until a guest that stands still in its own migration goes on, or the migration is over."""
    move = vm.move
    if move is not None:
        yield from _until(world, move, lambda: vm.live_on is not None or vm.move is not move)


def _until(world: World, move: Move, reached: Callable[[], bool]) -> Generator[simpy.Event, Any, None]:
    """Wait, phase by phase, until a migration has got somewhere."""
    while not reached():
        entered = world.env.event()

        def listener(other: Move, entered: simpy.Event = entered) -> None:
            if other is move and not entered.triggered:
                entered.succeed()

        world.on_phase.append(listener)
        yield entered
        world.on_phase.remove(listener)


def _job_variable(call: Call) -> JobVariable | None:
    """Set up the job variable that a command names, None if it is in use; one that is not named is known to nobody."""
    name, given = call["MONJV"], call["JV-PASSWORD"]
    if name == NONE:
        return JobVariable("")
    known = call.world.job_variables.get((call.unit.name, name))
    if known is not None and known.watching:
        return None
    job = JobVariable(name, "" if given == NONE else given)
    call.world.job_variables[call.unit.name, name] = job
    return job


def _vm_and_target(call: Call, impossible: ReturnCode) -> tuple[Vm, Unit] | ReturnCode:
    """Return the VM and the target SU that a command names, or the result of the command when there is none."""
    named = call["VM-IDENTIFICATION"]
    vm = call.find(named)
    if named in {CURRENT, MONITOR_INDEX}:
        call.answers(REJECTED_BY_SOURCE, index=1, vm=MONITOR, reason="the monitor VM cannot migrate")
        return impossible
    if vm is None:
        call.answers(VMS4000, vm=named)
        return MIGRATE_VM["VMS4000"]
    target = target_of(call, answering=False)  # whether it answers is a matter of the check, which says all that is in the way
    if isinstance(target, Violation):
        call.answers(target.message, vm, **target.inserts)
        return target.code or MIGRATE_VM["VMS2400"]
    if vm.unit is not call.unit:
        state = call.world.displayed(call.unit, vm)
        call.answers(REJECTED_BY_SOURCE, vm, reason=f"VM state is {state}; only {', '.join(MIGRATABLE)} can migrate")
        return impossible
    return vm, call.world.units[target]


def migrates_here(call: Call, vm: Vm) -> bool:
    """Say whether a VM migrates from or to the SU of a command."""
    return vm.move is not None and vm.move.under_way and call.unit in {vm.move.source, vm.move.target}
