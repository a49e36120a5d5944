"""Commands for the devices of a VM: add them, remove them, switch them to another VM.

What a guest has attached is not modelled: its devices count as detached in the guest when an operator takes them away without FORCE=*YES.

Source: VM2000 User Guide: ADD-VM-DEVICES; REMOVE-VM-DEVICES; SWITCH-VM-DEVICES; Explicit device assignment and removal.
"""

from __future__ import annotations

from sim.engine.operators.call import Call
from sim.engine.operators.life import waits_of
from sim.engine.vm import Vm
from sim.vm2000.catalogue import VMS4005, VMS4009
from sim.vm2000.commands.syntax import elements
from sim.vm2000.devices import CONSOLE, DeviceKind
from sim.vm2000.returns import NO_ACTION, ReturnCode
from sim.vm2000.states import State
from sim.vm2000.wildcards import matches

# The first character of our mnemonics says the kind, as `sim.vm2000.devices` gives them; what begins otherwise is a disk.
_KINDS = {
    **dict.fromkeys("TU", DeviceKind.TAPE),
    **dict.fromkeys("6H", DeviceKind.PAV_ALIAS),
    **dict.fromkeys("7I", DeviceKind.MU_DISK),
    **dict.fromkeys("8J", DeviceKind.LOCAL_DISK),
}
_WILD = frozenset("*/<>")
_STOPPED = (State.INIT_ONLY, State.DOWN)


def add(call: Call) -> ReturnCode:
    """Assign devices to a VM; those that it has already are left alone."""
    found = to_add(call)
    if isinstance(found, ReturnCode):
        return found
    vm, wanted = found
    for name in wanted:
        _assign(call, vm, name, kind_of(name))
    return call.done(vm) if wanted else NO_ACTION


def to_add(call: Call) -> tuple[Vm, list[str]] | ReturnCode:
    """Return the VM and the devices that it gets, or say why it cannot get them."""
    vm = call.vm()
    if isinstance(vm, ReturnCode):
        return vm
    names = _named(call)
    if isinstance(names, ReturnCode):
        return names
    wanted = [name for name in names if name not in _devices_of(vm)]
    problems = [problem for name in wanted if (problem := _refused(call, vm, name))]
    return call.rejects("; ".join(problems), vm) if problems else (vm, wanted)


def remove(call: Call) -> ReturnCode:
    """Take devices away from a VM."""
    found = to_remove(call)
    if isinstance(found, ReturnCode):
        return found
    vm, taken = found
    for name in taken:
        _take(call, vm, name)
    return call.done(vm) if taken else NO_ACTION


def to_remove(call: Call) -> tuple[Vm, list[str]] | ReturnCode:
    """Return the VM and the devices that it loses, or say why it cannot lose them."""
    vm = call.vm()
    if isinstance(vm, ReturnCode):
        return vm
    taken = _taken(call, vm)
    return taken if isinstance(taken, ReturnCode) else (vm, taken)


def switch(call: Call) -> ReturnCode:
    """Take devices away from one VM and assign them to another."""
    found = to_switch(call)
    if isinstance(found, ReturnCode):
        return found
    giver, taker, taken = found
    for name in taken:
        kind = _devices_of(giver)[name]
        _take(call, giver, name)
        if kind is not DeviceKind.PAV_ALIAS:  # with UNITS=*ALL aliases are removed only
            _assign(call, taker, name, kind)
    return call.done(giver, taker) if taken else NO_ACTION


def to_switch(call: Call) -> tuple[Vm, Vm, list[str]] | ReturnCode:
    """Return the VM that loses devices, the one that gets them, and the devices, or say why it cannot be."""
    giver, taker = call.vm("FROM-VM"), call.vm("TO-VM")
    if isinstance(giver, ReturnCode):
        return giver
    if isinstance(taker, ReturnCode):
        return taker
    if giver is taker:
        return call.rejects("FROM-VM and TO-VM are the same", giver)
    taken = _taken(call, giver)
    return taken if isinstance(taken, ReturnCode) else (giver, taker, taken)


def kind_of(name: str) -> DeviceKind:
    """Return what kind of device a mnemonic is, by the way in which the simulator names devices."""
    return _KINDS.get(name[0], DeviceKind.DISK)


def _devices_of(vm: Vm) -> dict[str, DeviceKind]:
    return {CONSOLE: DeviceKind.DISK, **dict(vm.devices.all)}


def _assign(call: Call, vm: Vm, name: str, kind: DeviceKind) -> None:
    vm.devices = vm.devices.with_device(name, kind)
    if call.unit.is_390:
        call.answers(VMS4005, vm, device=name)


def _take(call: Call, vm: Vm, name: str) -> None:
    vm.devices = vm.devices.without(name)
    if call.unit.is_390:
        call.answers(VMS4009, vm, device=name)


def _refused(call: Call, vm: Vm, name: str) -> str:
    """Return why a device cannot be assigned; "" if it can."""
    unit = call.unit.spec
    if kind_of(name) is DeviceKind.PAV_ALIAS:
        return f"device {name} is an alias, which cannot be assigned explicitly"
    if name in unit.not_generated:
        return f"device {name} is not generated"
    if name in unit.exclusive:
        return f"device {name} is assigned exclusively to another system"
    # In (DIFF) a device that the first SU does not have cannot be assigned on this one.
    others = [other.spec for other in call.world.partners(call.unit) if other.spec.iocf == vm.home_iocf != unit.iocf]
    if any(name in other.not_generated for other in others):
        return f"device {name} is not generated where VM {vm.name} was started"
    owner = next((other.name for other in call.world.vms.values() if other.initialised and name in _devices_of(other)), None)
    return f"device {name} is assigned to VM {owner}" if owner is not None else ""


def _named(call: Call) -> list[str] | ReturnCode:
    """Return the mnemonics that UNITS names one by one or as ranges."""
    names: list[str] = []
    for element in elements(call["UNITS"]):
        if element.head == "*PUBSET-DEVICES":
            return call.not_modelled("UNITS=*PUBSET-DEVICES")
        if element.head == "*DEVICE-RANGE":
            first, last = element.inside["FROM"], element.inside["TO"]
            numbers = _numbers(first, last)
            if numbers is None:
                return call.rejects(f"'{first}' to '{last}' is no range of devices")
            names += numbers
        elif _WILD & set(element.head):
            return call.not_modelled(f"UNITS={element.head}")
        else:
            names.append(element.head)
    return list(dict.fromkeys(names))


def _numbers(first: str, last: str) -> list[str] | None:
    """Return the mnemonics of a range of hexadecimal numbers; None where it is none."""
    try:
        low, high = int(first, 16), int(last, 16)
    except ValueError:
        return None
    return [f"{number:04X}" for number in range(low, high + 1)] if low <= high and len(first) == len(last) == 4 else None


def _taken(call: Call, vm: Vm) -> list[str] | ReturnCode:
    """Return the devices that a VM loses; without FORCE=*YES one in hold keeps them [VM2000 V10 User Guide, page 511]."""
    if waits_of(vm) and call["FORCE"] == "*NO":
        return call.rejects(f"VM {vm.name} is {vm.state}; write FORCE=*YES", vm)
    return _meant(call, vm)


def _meant(call: Call, vm: Vm) -> list[str] | ReturnCode:
    """Return the devices of a VM that UNITS means, in their order; aliases and the console only go with all others."""
    has = _devices_of(vm)
    taken: set[str] = set()
    for element in elements(call["UNITS"]):
        if element.head == "*PUBSET-DEVICES":
            return call.not_modelled("UNITS=*PUBSET-DEVICES")
        if element.head == "*ALL":
            if element.inside["CHECK-VM-STATE"] == "*YES" and vm.state not in _STOPPED:
                return call.rejects(f"VM {vm.name} is {vm.state}; write UNITS=*ALL(CHECK-VM-STATE=*NO)", vm)
            taken |= set(has)
        elif element.head == "*DEVICE-RANGE":
            first, last = element.inside["FROM"], element.inside["TO"]
            taken |= {name for name in has if len(name) == len(first) and first <= name <= last and _explicit(has[name])}
        elif _WILD & set(element.head):
            taken |= {name for name in has if matches(element.head, name) and _explicit(has[name])}
        elif element.head not in has:
            return call.rejects(f"device {element.head} is not assigned to VM {vm.name}", vm)
        elif not _explicit(has[element.head]):
            return call.rejects(f"device {element.head} is an alias, which cannot be removed explicitly", vm)
        else:
            taken.add(element.head)
    if taken == {CONSOLE}:
        return call.not_modelled(f"for the console {CONSOLE}")
    return [name for name in has if name in taken and name != CONSOLE]


def _explicit(kind: DeviceKind) -> bool:
    return kind is not DeviceKind.PAV_ALIAS
