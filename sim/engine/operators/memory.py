"""Commands for the main memory of a VM: move it, extend it, reduce it.

Source: VM2000 User Guide: MOVE-VM; EXTEND-VM-MEMORY; REDUCE-VM-MEMORY; Managing main memory.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import simpy

from sim.engine.memory import MIB, UNIT_X86
from sim.engine.operators.call import Call
from sim.engine.operators.life import waits_of
from sim.engine.site import Guest
from sim.engine.vm import Vm
from sim.model.load import PAGE
from sim.vm2000.answers import VMS4504
from sim.vm2000.returns import GENERAL, NO_ACTION, ReturnCode
from sim.vm2000.states import State, on_target

# VM2000 User Guide: Managing main memory on SU x86.
LEAST_X86 = 1024 * MIB
_GIGABYTE = 1024


def move(call: Call) -> Generator[simpy.Event, Any, ReturnCode | None]:
    """Move a VM down inside the main memory, into a gap below it; a running guest stands still meanwhile.

    Assumes [A35]: *AFTER-VM(*PREVIOUS) puts it into the lowest range that is large enough.
    """
    vm = call.vm()
    if isinstance(vm, ReturnCode):
        return vm
    if (call["LOCATION"], call.statement.operands.get("LOCATION.VM-IDENTIFICATION")) != ("*AFTER-VM", "*PREVIOUS"):
        return call.not_modelled(f"LOCATION={call['LOCATION']}")
    if vm.state == State.WAIT_INT:
        return call.rejects(f"VM {vm.name} is {vm.state}: it is being moved", vm)
    left = call.unit.memory.move(vm.name)
    if left is None:
        return NO_ACTION
    stands_still = vm.runs
    if stands_still:
        call.turns(vm, State.WAIT_INT)
    size = vm.guest.spec.memory_bytes
    yield call.world.env.timeout(size / call.world.cluster_of(call.unit).move_Bps)
    call.unit.memory.freed(left)
    if not call.unit.up:  # the guest ended with the SU, and is started with it
        if stands_still and vm.state == State.WAIT_INT:
            vm.display = on_target(State.RUNNING, vm.home_iocf == call.unit.spec.iocf)
        return None
    if stands_still and vm.state == State.WAIT_INT:  # it may have been reset or deleted meanwhile
        call.turns(vm, State.RUNNING)
    return call.done(vm)


def extend(call: Call) -> ReturnCode:
    """Give a VM more memory, if there is room: on SU /390 right behind what it has."""
    vm = _reconfigurable(call)
    if isinstance(vm, ReturnCode):
        return vm
    if call["NEW-MEMORY-SIZE"] == "*MAXIMUM":
        return call.not_modelled("NEW-MEMORY-SIZE=*MAXIMUM")
    if call["NEW-MEMORY-SIZE"] == "*UNCHANGED":
        return call.done(vm)
    size, now = _wanted(call), vm.guest.spec.memory_bytes
    if size <= now:
        return call.rejects(f"VM {vm.name} has {now / MIB:.0f} MB; name more", vm)
    return _resized(call, vm, size)


def reduce(call: Call) -> ReturnCode:
    """Take memory away from a VM."""
    vm = _reconfigurable(call)
    if isinstance(vm, ReturnCode):
        return vm
    if call["NEW-MEMORY-SIZE"] == "*MINIMUM":
        return call.not_modelled("NEW-MEMORY-SIZE=*MINIMUM")
    size, now = _wanted(call), vm.guest.spec.memory_bytes
    if size >= now:
        return call.rejects(f"VM {vm.name} has {now / MIB:.0f} MB; name less", vm)
    return _resized(call, vm, size)


def _reconfigurable(call: Call) -> Vm | ReturnCode:
    """Return the VM whose memory can be changed, or why it cannot."""
    vm = call.vm()
    if isinstance(vm, ReturnCode):
        return vm
    if waits_of(vm) or vm.state == State.WAIT_INT:
        return call.rejects(f"VM {vm.name} is {vm.state}; its memory can be changed when it is RUNNING, INIT-ONLY or DOWN", vm)
    if call["MONJV"] != "*NONE":
        return call.not_modelled("MONJV")
    if vm.name in call.world.site.layouts:
        return call.not_modelled("for a VM whose memory is scanned page by page")
    return vm


def _wanted(call: Call) -> float:
    """Return the memory that was written, bytes: MB of VM2000 are MiB."""
    unit = _GIGABYTE if call["NEW-MEMORY-SIZE.DIMENSION"] == "*GIGABYTE" else 1
    return int(call["NEW-MEMORY-SIZE"]) * unit * MIB


def _resized(call: Call, vm: Vm, size: float) -> ReturnCode:
    if not call.unit.is_390 and (size % UNIT_X86 or size < LEAST_X86):
        return call.rejects("a VM on SU x86 has a multiple of 2 MB, at least 1024", vm)
    if not call.unit.memory.resize(vm.name, size):
        call.answers(VMS4504, vm, text=f"{size / MIB:.0f} MB for VM {vm.name} are not free{' in one range' * call.unit.is_390}")
        return GENERAL["VMS4504"]
    spec = vm.guest.spec
    # What the guest has not written yet it does not write at once because it could; it cannot have written more than it has.
    vm.guest = Guest.of(replace(spec, memory_bytes=size, touched_pages=min(spec.touched_pages, size // PAGE)))
    return call.done(vm)
