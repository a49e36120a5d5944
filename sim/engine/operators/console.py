"""The console of an SU or of a guest: what is typed there, and what is answered.

A command is echoed, understood, checked against the locks of running migrations, executed and ended by NBR0740; one that the simulator
does not know, or whose code is not published, has a line in our own words instead.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

import simpy

from sim.engine.command import today
from sim.engine.happened import WITHOUT_ANSWER
from sim.engine.operators import attributes, definitions, devices, life, memory, migrating
from sim.engine.operators.call import ALL, NO_CODE, Call
from sim.engine.operators.migrating import ends_migration, migrates_here
from sim.engine.operators.shows import show
from sim.engine.unit import Unit
from sim.engine.vm import Vm
from sim.engine.world import World
from sim.vm2000.answers import CMD0202, VMS3011, VMS3042
from sim.vm2000.catalogue import CONSOLE_SILENT, DISPLAY, NBR0740, NOT_MODELLED, OPERATOR_COMMAND, VMS6000, VMS6001, VMS6003
from sim.vm2000.commands.formats import COMMANDS
from sim.vm2000.commands.locks import Side, forces, lock_of
from sim.vm2000.commands.syntax import CommandError, Statement, Unknown, concealed, meant, parse
from sim.vm2000.returns import ACCEPTED, CHECK_VM_MIGRATION, GENERAL, LOCKS, ReturnCode

Answered = Generator[simpy.Event, Any, ReturnCode | None]

HANDLERS: Mapping[str, Callable[[Call], ReturnCode]] = {
    "MIGRATE-VM-DEFINITION": definitions.migrate_definition,
    "RECOVER-VM-DEFINITION": definitions.recover_definition,
    "ACTIVATE-VM-DEFINITION": definitions.activate_definition,
    "HOLD-VM": life.hold,
    "RESUME-VM": life.resume,
    "START-VM": life.start,
    "SHUTDOWN-VM": life.shut_down,
    "RESET-VM": life.reset,
    "DELETE-VM": life.delete,
    "EXTEND-VM-MEMORY": memory.extend,
    "REDUCE-VM-MEMORY": memory.reduce,
    "ADD-VM-DEVICES": devices.add,
    "REMOVE-VM-DEVICES": devices.remove,
    "SWITCH-VM-DEVICES": devices.switch,
    "ASSIGN-VM-TO-CPU-POOL": attributes.assign_to_pool,
    "ASSIGN-VM-GROUP-TO-CPU-POOL": attributes.assign_group_to_pool,
    "ADD-VM-TO-VM-GROUP": attributes.add_to_group,
    "REMOVE-VM-FROM-VM-GROUP": attributes.remove_from_group,
    "MODIFY-VM-ATTRIBUTES": attributes.modify,
    "SAVE-VM-CONFIGURATION": attributes.save_configuration,
    "START-CONFIGURATION-UPDATE": attributes.start_update,
    "STOP-CONFIGURATION-UPDATE": attributes.stop_update,
}
# Commands that take time; None as their result says that NBR0740 is printed already, or that nobody is there to read it.
TIMED: Mapping[str, Callable[[Call], Answered]] = {
    "CHECK-VM-MIGRATION": migrating.check_migration,
    "MIGRATE-VM": migrating.migrate,
    "MOVE-VM": memory.move,
}
# What finds out, without changing anything, whether a forced command can be executed at all; those that are not here always can.
FORESEEN: Mapping[str, Callable[[Call], object]] = {
    "ADD-VM-DEVICES": devices.to_add,
    "REMOVE-VM-DEVICES": devices.to_remove,
    "SWITCH-VM-DEVICES": devices.to_switch,
    "START-VM": life.startable,
}
_IN_PART = frozenset({"VMS3041", "VMS9005"})
_CHECKED = frozenset({"CHECK-VM-MIGRATION", "MIGRATE-VM"})
_NAMES_A_VM = ("VM-IDENTIFICATION", "FROM-VM", "TO-VM")
_AGENT = {message.id: message for message in (VMS6000, VMS6001, VMS6003)}


def execute(world: World, console: str, text: str) -> Generator[simpy.Event, Any, str]:
    """Echo a command and execute it, as a SimPy process that ends with its answer; return how it ended, in a word.

    Args:
        world: the replication.
        console: name of the SU (its monitor console) or of the VM (its guest console) where it is typed.
        text: the command.
    """
    guest = world.vms.get(console)
    unit = world.units[console] if guest is None else guest.unit
    typed = f"/{text.strip().removeprefix('/').strip()}"
    if not unit.up or (guest is not None and not guest.runs):
        world.tells(guest, CONSOLE_SILENT, unit=unit, command=concealed(typed), text=f"VM {console}" if guest else f"SU {console}")
        return WITHOUT_ANSWER
    world.tells(guest, OPERATOR_COMMAND, unit=unit, console=console, command=concealed(typed))
    statement = _understood(world, unit, console, typed)
    if statement is None:
        return "rejected"
    if guest is not None:
        return (yield from _at_guest(world, guest, statement))
    before = len(world.by_operators)
    code = yield from _at_monitor(world, unit, statement)
    if code is None:  # it has printed its end itself, or nobody was there to read it
        own = [move.outcome for move in world.by_operators[before:] if move.command == concealed(statement.text)]
        return WITHOUT_ANSWER if not own or not unit.up else "rejected" if own == ["rejected"] else "executed"
    if code is not NO_CODE:
        _ends(world, unit, console, statement.name, code)
    return "in-part" if code.maincode in _IN_PART else "rejected" if code.sc1 else "executed"


def _understood(world: World, unit: Unit, console: str, typed: str) -> Statement | None:
    """Return what was typed; None when the caller has been told that it means nothing."""
    try:
        return parse(typed)
    except Unknown as unknown:
        world.tells(None, NOT_MODELLED, unit=unit, console=console, command=unknown.name)
    except CommandError as error:
        world.tells(None, CMD0202, unit=unit, console=console, text=str(error))
        name = typed.removeprefix("/").partition(" ")[0].upper()
        known = meant(name, COMMANDS)
        _ends(world, unit, console, known[0] if len(known) == 1 else name, GENERAL["CMD0202"])
    return None


def _ends(world: World, unit: Unit, console: str, name: str, code: ReturnCode) -> None:
    world.tells(None, NBR0740, unit=unit, console=console, command=name, result=code, date=today(world))


def _at_guest(world: World, guest: Vm, statement: Statement) -> Generator[simpy.Event, Any, str]:
    """Answer a command of the guest; one that stands still answers when it goes on."""
    name = statement.name
    if not COMMANDS[name].guest:
        world.tells(guest, NOT_MODELLED, console=guest.name, command=f"{name} at the console of a guest")
        return "rejected"
    if guest.live_on is None:
        yield from migrating.until_it_lives(world, guest)
    if not guest.runs or guest.live_on is None or not guest.unit.up:
        return WITHOUT_ANSWER
    world.tells(guest, DISPLAY, console=guest.name, text=show(world, guest.name, statement))
    _ends(world, guest.unit, guest.name, name, ACCEPTED)
    return "executed"


def _at_monitor(world: World, unit: Unit, statement: Statement) -> Answered:
    """Execute a command of a VM2000 administrator; return its result, None when it has ended by itself."""
    name, command = statement.name, COMMANDS[statement.name]
    call = Call(world, unit, statement)
    if command.guest:
        return call.not_modelled("for the monitor system")
    if command.only_390 and not unit.is_390:
        call.answers(VMS3011)
        return GENERAL["VMS9004"]
    if unit.agent and name not in _CHECKED:  # their check says it itself, with all else that is in the way
        call.answers(_AGENT[unit.agent])
        return GENERAL.get(unit.agent, GENERAL["VMS6000"])
    if name.startswith("SHOW-"):
        return _shown(call)
    return (yield from _executed(call))


def _shown(call: Call) -> ReturnCode:
    text = show(call.world, call.unit.name, call.statement)
    call.answers(DISPLAY, text=text)
    return CHECK_VM_MIGRATION["VMS4000"] if text.startswith("VMS4000") else ACCEPTED


def _executed(call: Call) -> Answered:
    """Execute a command as far as running migrations allow it."""
    vms = _named(call)
    moving = [vm for vm in call.world.vms.values() if migrates_here(call, vm)]
    groups = call.statement.operands.get("VM-GROUP-NAME")
    lock = lock_of(
        call.statement,
        call.unit.spec.su_type,
        _side(call, vms),
        vm_migrates=any(vm in moving for vm in vms),
        any_migrates=bool(moving),
        group_migrates=any(call.unit.group_here(vm.group) == groups for vm in moving),
    )
    if lock is not None and not lock.partial:
        call.answers(lock.message)
        return lock.result
    if lock is not None:
        HANDLERS[call.statement.name](call.without(frozenset(vm.name for vm in moving)))
        call.answers(lock.message)
        return lock.result
    if forces(call.statement) and _forced(call):
        refused = _refused(call)
        if refused is not None:
            return refused
        while forced := _forced(call):  # until one has ended, the next may have begun
            yield from ends_migration(call, forced[0])
        if not call.unit.up:
            return None
    return (yield from _carried_out(call))


def _refused(call: Call) -> ReturnCode | None:
    """Return how a forced command ends that leaves migrations alone: the scenario wants it so, or it cannot be executed anyway."""
    if call.world.cluster_of(call.unit).forced_commands == "refuse":
        call.answers(VMS3042)  # as if it were not forced
        return LOCKS["VMS3042"]
    foresees = FORESEEN.get(call.statement.name)
    found = foresees(call) if foresees is not None else None
    return found if isinstance(found, ReturnCode) else None


def _carried_out(call: Call) -> Answered:
    name = call.statement.name
    if name in TIMED:
        return (yield from TIMED[name](call))
    return HANDLERS[name](call)


def _forced(call: Call) -> list[Vm]:
    """Return the VMs that migrate now and that a command means, one by one or all."""
    named, every = _named(call), call.statement.operands.get("VM-IDENTIFICATION") == ALL
    return [vm for vm in call.world.vms.values() if migrates_here(call, vm) and (every or vm in named)]


def _named(call: Call) -> list[Vm]:
    """Return the VMs that a command names one by one."""
    named = (call.statement.operands.get(operand) for operand in _NAMES_A_VM)
    return [vm for name in named if name is not None and (vm := call.find(name)) is not None]


def _side(call: Call, vms: list[Vm]) -> Side:
    """Return which side this SU is in the migration of the VM that a command names."""
    return "target" if any(vm.move is not None and vm.move.target is call.unit for vm in vms) else "source"
