"""Commands for VM definitions: migrate one, recover one from an SU that is down, activate one.

They are for VMs that are not initialised; what is left of a VM on an SU that is down counts as a definition only.

Source: VM2000 User Guide: MIGRATE-VM-DEFINITION; RECOVER-VM-DEFINITION; Commands for managing VM definitions.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.engine.definitions import delete_definition_later
from sim.engine.operators.call import Call
from sim.engine.unit import FIRST_GUEST_INDEX, LAST_INDEX, Unit
from sim.engine.vm import Vm
from sim.vm2000 import answers
from sim.vm2000.answers import VMS4504
from sim.vm2000.catalogue import VMS3050, Message
from sim.vm2000.checks import UNIQUE, Violation, find_target
from sim.vm2000.returns import ACCEPTED, GENERAL, MIGRATE_VM_DEFINITION, RECOVER_VM_DEFINITION, Codes, ReturnCode
from sim.vm2000.states import State

# The maximum is not published; an SU cannot have more VMs than indexes for guests.
MOST_DEFINITIONS = LAST_INDEX + 1 - FIRST_GUEST_INDEX


Obstacle = tuple[Message, dict[str, object]]


def migrate_definition(call: Call) -> ReturnCode:
    """Move the definition of a VM that is not initialised to another SU of the SU cluster."""
    unit, name = call.unit, call["VM-NAME"]
    vm = defined(call, name, unit)
    if vm is None:
        return _ends(call, MIGRATE_VM_DEFINITION, (answers.VMS2300, {"vm": name}))
    found = target_of(call)
    if isinstance(found, Violation):
        call.answers(found.message, **found.inserts)
        return found.code or MIGRATE_VM_DEFINITION["VMS2400"]
    target = call.world.units[found]
    obstacle = next(_against_migration(call, vm, target), None)
    if obstacle is not None:
        return _ends(call, MIGRATE_VM_DEFINITION, obstacle)
    vm.unit = target
    if not unit.store_reachable:  # an SU x86: its VM2000 knows the definition, but X2000 cannot delete it
        delete_definition_later(call.world, unit, vm)
        return _ends(call, MIGRATE_VM_DEFINITION, (answers.VMS2321, {"vm": name, "unit": target.name}))
    return call.done()


def _against_migration(call: Call, vm: Vm, target: Unit) -> Iterator[Obstacle]:
    """Yield what keeps a definition from being migrated, in the order in which VM2000 would meet it."""
    world, unit = call.world, call.unit
    about: dict[str, object] = {"vm": vm.name, "unit": target.name}
    if vm.initialised:
        yield answers.VMS2323, about | {"text": "the VM is initialised"}
    if not world.cluster_of(unit).active:
        yield answers.VMS2323, about | {"text": "the SU cluster is not activated"}
    if unit.is_390 and not unit.store_reachable:
        yield answers.VMS2332, {"unit": unit.name}
    if world.network.monitor_left.get(target.name, 1.0) == 0.0:
        yield answers.VMS2325, about
    if not target.store_reachable:
        yield answers.VMS2324, about | {"text": "its storage of VM definitions is not reachable"}
    if full(call, target):
        yield answers.VMS2324, about | {"text": "it has no room for another definition"}


def recover_definition(call: Call) -> ReturnCode:
    """Take over the definition of a VM from an SU of the SU cluster that is down."""
    unit, name = call.unit, call["VM-NAME"]
    remote = _remote(call)
    if isinstance(remote, ReturnCode):
        return remote
    vm = defined(call, name, remote)
    obstacle = next(_against_recovery(call, name, vm, remote), None)
    if obstacle is not None or vm is None:
        return _ends(call, RECOVER_VM_DEFINITION, obstacle or (answers.VMS2300, {"vm": name}))
    if vm.initialised:
        remote.release(name, call.world.env, 0.0)
    vm.unit, vm.live_on, vm.display, vm.waits = unit, None, State.NOT_INITIALIZED, frozenset()
    call.answers(answers.VMS2340, vm=name, unit=remote.name)
    return ACCEPTED


def _against_recovery(call: Call, name: str, vm: Vm | None, remote: Unit) -> Iterator[Obstacle]:
    """Yield what keeps a definition from being recovered, in the order in which VM2000 would meet it."""
    unit = call.unit
    if remote.up:
        yield answers.VMS2344, {"unit": remote.name}
    if unit.is_390 and not unit.store_reachable:
        yield answers.VMS2332, {"unit": unit.name}
    if defined(call, name, unit) is not None:
        yield answers.VMS4013, {"vm": name}
    if vm is None:
        yield answers.VMS2300, {"vm": name}
    if any(name in each.undeleted for each in call.world.units.values()):
        yield answers.VMS2346, {"vm": name}
    # A migration that was under way has still to find out that the SU is down.
    if not remote.store_reachable or (vm is not None and vm.move is not None):
        yield answers.VMS2345, {"vm": name, "unit": remote.name}
    if full(call, unit):
        yield answers.VMS2311, {"unit": unit.name}


def _remote(call: Call) -> Unit | ReturnCode:
    """Return the SU from which a definition is to be recovered, or the result of the command when there is none."""
    units, wanted = call.world.units, _spelled(call, call["SERVER-UNIT-NAME"])
    partners = [other.name for other in call.world.partners(call.unit)]
    if wanted == UNIQUE and len(partners) == 1:
        wanted = partners[0]
    for applies, message in (
        (not partners, answers.VMS2347),
        (wanted == UNIQUE, answers.VMS2341),
        (wanted == call.unit.name, answers.VMS2342),
        (wanted not in units, answers.VMS2400),
        (wanted not in partners, answers.VMS2343),
    ):
        if applies:
            return _ends(call, RECOVER_VM_DEFINITION, (message, {"unit": wanted, "number": len(partners)}))
    return units[wanted]


def activate_definition(call: Call) -> ReturnCode:
    """Initialise a VM from its persistent definition; it begins with the I/O configuration of this SU, so (DIFF) is over."""
    unit, world, name = call.unit, call.world, call["VM-NAME"]
    vm = defined(call, name, unit)
    if vm is None or not vm.persistent:
        call.answers(answers.VMS2300, vm=name)
        return MIGRATE_VM_DEFINITION["VMS2300"]
    if vm.initialised:
        return call.rejects(f"VM {name} is initialised", vm)
    size = vm.guest.spec.memory_bytes
    if not unit.has_free_index:
        return call.rejects("no VM index is free", vm)
    if not unit.has_place(size):
        call.answers(VMS4504, vm, text=f"no place for the memory of VM {name}")
        return GENERAL["VMS4504"]
    unit.hold(name, size, vm.guest.spec.index)
    vm.live_on, vm.home_iocf = unit, unit.spec.iocf
    vm.live_migrations, vm.visited = 0, [(world.env.now, unit.name)]
    call.turns(vm, State.INIT_ONLY)
    if unit.is_390:
        call.answers(VMS3050, vm)
    return call.done(vm)


def defined(call: Call, name: str, unit: Unit) -> Vm | None:
    """Return the VM whose definition of this name is on an SU."""
    vm = call.world.vms.get(name)
    return vm if vm is not None and vm.defined and vm.unit is unit else None


def full(call: Call, unit: Unit) -> bool:
    """Say whether an SU has as many definitions as it can."""
    return sum(vm.defined and vm.unit is unit for vm in call.world.vms.values()) >= MOST_DEFINITIONS


def reachable(call: Call) -> list[str]:
    """Return the SUs of the SU cluster that answer this one."""
    world, link = call.world, call.unit.spec.link
    linked = world.network.link_left.get(link, 1.0) > 0.0
    return [other.name for other in world.partners(call.unit) if other.up and linked]


def target_of(call: Call, *, answering: bool = True) -> str | Violation:
    """Return the SU that the operand SERVER-UNIT-NAME means, or why there is none; `answering` asks for one that can be reached now."""
    there = reachable(call) if answering else _cluster_units(call)
    return find_target(call.unit.name, _spelled(call, call["SERVER-UNIT-NAME"]), _cluster_units(call), there)


def _cluster_units(call: Call) -> list[str]:
    return [call.unit.name, *(other.name for other in call.world.partners(call.unit))]


def _spelled(call: Call, wanted: str) -> str:
    """Return the name of an SU as the scenario spells it: a command does not know small letters."""
    return next((name for name in call.world.units if name.upper() == wanted), wanted)


def _ends(call: Call, codes: Codes, obstacle: Obstacle) -> ReturnCode:
    """Print why a command ends, and return its result."""
    message, inserts = obstacle
    call.answers(message, **inserts)
    return codes[message.id]
