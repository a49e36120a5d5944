"""The SHOW commands of VM2000 and of its guests, answered from the world of a replication."""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.operators import views
from sim.engine.unit import Unit
from sim.engine.vm import Vm
from sim.engine.world import World
from sim.errors import ModelError
from sim.vm2000.answers import VMS4000
from sim.vm2000.commands.syntax import Statement, elements
from sim.vm2000.displays import (
    VmShown,
    lm_counts,
    show_attributes,
    show_groups,
    show_live_migration_history,
    show_resources,
    show_status,
    show_system_information,
)
from sim.vm2000.message import OWN, printed
from sim.vm2000.wildcards import matches

ALL, NONE, CURRENT, VM2000 = "*ALL", "*NONE", "*CURRENT", "*VM2000"
_VM = "VM-IDENTIFICATION"
# Below the one VM, for those who ask an SU for its VMs.
_OTHERS = f"\n{OWN} *CURRENT is the monitor VM at this console; write VM-ID={VM2000} for all VMs of the SU"


def show(world: World, console: str, statement: Statement) -> str:
    """Return what a SHOW command displays, as lines of text.

    Args:
        world: the replication.
        console: the SU at whose monitor console it was typed, or the VM at whose guest console.
        statement: the command.

    Raises:
        ModelError: it is no SHOW command, or there is no such console.
    """
    guest = world.vms.get(console)
    if statement.name in _OF_GUESTS:
        return _OF_GUESTS[statement.name](guest, statement) if guest else f"{OWN} {statement.name} is not simulated for the monitor system"
    unit = guest.unit if guest else world.units.get(console)
    if unit is None or statement.name not in _OF_SUS:
        raise ModelError(f"'{statement.name}' cannot be shown at console '{console}'")
    return _OF_SUS[statement.name](world, unit, guest, statement)


def _attributes(world: World, unit: Unit, guest: Vm | None, statement: Statement) -> str:
    vms = _chosen(world, unit, guest, statement)
    if not vms:
        return printed(VMS4000, vm=_asked(statement))
    text = show_attributes(vms, statement["INFORMATION"], unit.spec.su_type)
    hint = _OTHERS if statement[_VM] == CURRENT and guest is None else ""
    return text + _ignored(statement, "TYPE", ALL) + hint


def _chosen(world: World, unit: Unit, guest: Vm | None, statement: Statement) -> list[VmShown]:
    """Return the VMs that the operand VM-IDENTIFICATION means; *CURRENT is the VM of the console, at a monitor console the monitor VM."""
    wanted = statement[_VM]
    vms = [views.monitor_vm(unit), *(views.vm_shown(world, unit, vm) for vm in world.on_unit(unit))]
    if wanted == CURRENT:
        return [vm for vm in vms if vm.line.name == (guest.name if guest else views.MONITOR)]
    if wanted == VM2000:
        return vms
    if wanted == "*BY-CPU-POOL":
        return [vm for vm in vms if vm.pool == statement[f"{_VM}.CPU-POOL-NAME"]]
    if wanted == "*BY-VM-GROUP":
        return [vm for vm in vms if vm.group == statement[f"{_VM}.VM-GROUP-NAME"]]
    return [vm for vm in vms if _is_meant(wanted, vm.line.index, vm.line.name)]


def _is_meant(wanted: str, index: int, name: str) -> bool:
    """Say whether an operand value is the index or the name of a VM, or a name with wildcards."""
    if wanted.isdecimal() and len(wanted) <= 2:
        return int(wanted) == index
    return matches(wanted, name)


def _asked(statement: Statement) -> str:
    """Return the VMs that were asked for, as they were written."""
    inside = ",".join(value for name, value in statement.operands.items() if name.startswith(f"{_VM}."))
    return f"{statement[_VM]}({inside})" if inside else statement[_VM]


def _resources(world: World, unit: Unit, _guest: Vm | None, statement: Statement) -> str:
    text = show_resources(views.resources(world, unit), statement["INFORMATION"])
    return text + _ignored(statement, "UNITS", ALL) + _ignored(statement, "TYPE", "*ANY")


def _status(world: World, unit: Unit, guest: Vm | None, statement: Statement) -> str:
    """Return planned shares; a guest's console shows its own VM."""
    wanted = guest.name if guest else statement[_VM]
    group, pool = statement["VM-GROUP-NAME"], statement["CPU-POOL-NAME"]
    pools = [each for each in views.pools(world, unit) if pool in {ALL, each.name}]
    vms = [vm for each in pools for vm in each.vms if wanted == ALL or (wanted != NONE and _is_meant(wanted, vm.index, vm.name))]
    names = {vm.name for vm in vms if group in {ALL, vm.group}}
    return show_status(pools, names) + _ignored(statement, "CPU-IDENTIFICATION", ALL) + _ignored(statement, "PERIOD", "*RECENT")


def _groups(world: World, unit: Unit, _guest: Vm | None, statement: Statement) -> str:
    wanted = statement["VM-GROUP-NAME"]
    vms = [views.vm_shown(world, unit, vm) for vm in world.on_unit(unit)]
    if wanted == "*BY-CPU-POOL":
        pool = statement["VM-GROUP-NAME.CPU-POOL-NAME"]
        return show_groups(vm for vm in vms if vm.pool == pool)
    if wanted == "*BY-MEMBER":
        member = statement[f"VM-GROUP-NAME.{_VM}"]
        groups = {vm.group for vm in vms if _is_meant(member, vm.line.index, vm.line.name)}
        return show_groups(vm for vm in vms if vm.group in groups)
    return show_groups(vm for vm in vms if wanted in {ALL, vm.group})


def _system_information(guest: Vm, _statement: Statement) -> str:
    return show_system_information(views.system_information(guest))


def _history(guest: Vm, statement: Statement) -> str:
    stays, counts = views.stays(guest), set()
    for element in elements(statement["SERVER-UNIT"]):
        bounds = (element.inside["FROM"], element.inside["TO"]) if element.inside else ()
        counts.update(lm_counts(element.head, len(stays) - 1, *bounds))
    return show_live_migration_history(stays, counts, statement["INFORMATION"])


def _ignored(statement: Statement, operand: str, default: str) -> str:
    """Return a line that says that an operand does not select anything; "" when it was not to."""
    value = statement[operand]
    return "" if value == default else f"\n{OWN} {operand}={value} is not simulated; this is {operand}={default}"


_OF_SUS: dict[str, Callable[[World, Unit, Vm | None, Statement], str]] = {
    "SHOW-VM-ATTRIBUTES": _attributes,
    "SHOW-VM-RESOURCES": _resources,
    "SHOW-VM-STATUS": _status,
    "SHOW-VM-GROUP": _groups,
}
_OF_GUESTS: dict[str, Callable[[Vm, Statement], str]] = {
    "SHOW-SYSTEM-INFORMATION": _system_information,
    "SHOW-LIVE-MIGRATION-HISTORY": _history,
}
