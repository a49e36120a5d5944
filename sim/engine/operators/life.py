"""Commands for the life of a VM: hold and resume, start, shut down, reset, delete.

Assumes [A41]: they take no time, though a shutdown or an IPL does. Assumes [A47]: they leave the VM behind RUNNING, DOWN, INIT-ONLY.

Source: VM2000 User Guide: HOLD-VM; RESUME-VM; Suspending a VM / resuming operation; START-VM; SHUTDOWN-VM; RESET-VM; DELETE-VM.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.engine.definitions import delete_definition_later
from sim.engine.operators.call import ALL, Call
from sim.engine.vm import Vm
from sim.vm2000.answers import VMS2020, VMS3011, VMS4612
from sim.vm2000.catalogue import VMS4009, VMS4024
from sim.vm2000.outside import VM_DELETED
from sim.vm2000.returns import ACCEPTED, GENERAL, NO_ACTION, RESUME_VM, ReturnCode
from sim.vm2000.states import GONE, State

# Wait states may overlap; the strongest is displayed.
WAITS = (State.WAIT_SEL, State.WAIT_GLB, State.WAIT_VMA)
# A scenario may begin with a VM in hold; the bare state does not say who held it, so it is taken for the administrator's own.
_WAITS_OF: Mapping[str, frozenset[State]] = {
    State.IN_HOLD: frozenset({State.WAIT_SEL}),
    **{wait: frozenset({wait}) for wait in WAITS},
}


def waits_of(vm: Vm) -> frozenset[State]:
    """Return the wait states that a VM is in."""
    return vm.waits or _WAITS_OF.get(vm.state, frozenset())


def hold(call: Call) -> ReturnCode:
    """Suspend a VM, or all that run: of these the monitor VM and those that migrate are left out."""
    if call["VM-IDENTIFICATION"] == ALL:
        vms = [vm for vm in call.guests() if (vm.runs or waits_of(vm)) and State.WAIT_GLB not in waits_of(vm)]
        wait = State.WAIT_GLB
    else:
        vm, wait = call.vm(), State.WAIT_SEL
        if isinstance(vm, ReturnCode):
            return vm
        if not vm.runs and not waits_of(vm):
            return call.rejects(f"VM {vm.name} is {vm.state}; only a running one can be suspended", vm)
        vms = [vm] if wait not in waits_of(vm) else []
    for vm in vms:
        _waits(call, vm, waits_of(vm) | {wait})
    return call.done(*vms) if vms else NO_ACTION


def resume(call: Call) -> ReturnCode:
    """Take a wait state away: the global one of all VMs, or those of one VM that are not global; a VM can stay in hold."""
    if call["VM-IDENTIFICATION"] == ALL:
        vms, ended = [vm for vm in call.guests() if State.WAIT_GLB in waits_of(vm)], frozenset({State.WAIT_GLB})
    else:
        vm = call.vm()
        if isinstance(vm, ReturnCode):
            return vm
        vms, ended = [vm] if waits_of(vm) else [], frozenset({State.WAIT_SEL, State.WAIT_VMA})
        if vms and call.lacks_cpus(vm.pool):
            return _no_cpu(call, vm)
    for vm in vms:
        _waits(call, vm, waits_of(vm) - ended)
    staying = [vm for vm in vms if waits_of(vm)]
    for vm in staying:
        call.answers(VMS2020, vm)
    if staying:
        return RESUME_VM["VMS2020"]
    return call.done(*vms) if vms else NO_ACTION


def _no_cpu(call: Call, vm: Vm) -> ReturnCode:
    """Reject the command since the CPU pool of its VM has no CPU; that START-VM has the code of RESUME-VM for it is inferred."""
    call.answers(VMS4612, vm, pool=call.unit.pool_here(vm.pool), text=f"VM {vm.name} finds none")
    return RESUME_VM["VMS4612"]


def _waits(call: Call, vm: Vm, waits: frozenset[State]) -> None:
    call.turns(vm, next((wait for wait in WAITS if wait in waits), State.RUNNING), waits)


def start(call: Call) -> ReturnCode:
    """Start the guest of a VM; with CHECK-VM-STATE=*NO also one that runs, which then begins anew."""
    vm = startable(call)
    if isinstance(vm, ReturnCode):
        return vm
    held = call["HOLD"] == "*YES"
    # A guest counts its migrations from its IPL, on the SU where that was.
    vm.live_migrations, vm.visited = 0, [(call.world.env.now, call.unit.name)]
    call.turns(vm, State.WAIT_SEL if held else State.RUNNING, frozenset({State.WAIT_SEL}) if held else frozenset())
    return call.done(vm)


def startable(call: Call) -> Vm | ReturnCode:
    """Return the VM that is to be started, or say why it cannot be."""
    vm = call.vm()
    if isinstance(vm, ReturnCode):
        return vm
    if call["HOLD"] == "*YES" and not call.unit.is_390:
        call.answers(VMS3011)
        return GENERAL["VMS9004"]
    if call["CHECK-VM-STATE"] == "*YES" and vm.state not in {State.INIT_ONLY, State.DOWN}:
        return call.rejects(f"VM {vm.name} is {vm.state}; write CHECK-VM-STATE=*NO", vm)
    if vm.state == State.WAIT_INT:
        return call.rejects(f"VM {vm.name} is {vm.state}: it is being moved", vm)
    return _no_cpu(call, vm) if call.lacks_cpus(vm.pool) else vm


def shut_down(call: Call) -> ReturnCode:
    """Shut the guest of a VM down, or all guests that run."""
    if call["VM-IDENTIFICATION"] == "*VM2000":
        return call.not_modelled("VM-IDENTIFICATION=*VM2000")
    if call["VM-IDENTIFICATION"] == "*VM-GUESTS":
        vms = [vm for vm in call.guests() if vm.runs]
    else:
        vm = call.vm()
        if isinstance(vm, ReturnCode):
            return vm
        if waits_of(vm) or vm.state == State.WAIT_INT:
            return call.rejects(f"VM {vm.name} is {vm.state}: its guest cannot shut itself down", vm)
        vms = [vm] if vm.runs else []
    for vm in vms:
        call.turns(vm, State.DOWN)
    return call.done(*vms) if vms else NO_ACTION


def reset(call: Call) -> ReturnCode:
    """End the guest of a VM at once."""
    vm = call.vm()
    if isinstance(vm, ReturnCode):
        return vm
    if vm.state == State.INIT_ONLY:
        return NO_ACTION
    call.turns(vm, State.INIT_ONLY)
    return call.done(vm)


def delete(call: Call) -> ReturnCode:
    """End a VM, or all; without CHECK-VM-STATE=*NO only those whose guest does not run."""
    if call["VM-IDENTIFICATION"] == ALL:
        vms = call.guests()
    else:
        vm = call.vm()
        if isinstance(vm, ReturnCode):
            return vm
        vms = [vm]
    code = ACCEPTED if vms else NO_ACTION
    ended = []
    for vm in vms:
        if call["CHECK-VM-STATE"] == "*YES" and vm.state not in {State.INIT_ONLY, State.DOWN}:
            code = call.rejects(f"VM {vm.name} is {vm.state}; write CHECK-VM-STATE=*NO", vm)
        else:
            _says_deleted(call, vm)
            ended.append(vm)
    code = call.done(*ended) if code is ACCEPTED else code  # while they still have the indexes by which it names them
    for vm in ended:
        _delete(call, vm)
    return code


def _says_deleted(call: Call, vm: Vm) -> None:
    if call.unit.is_390:
        for device in vm.devices.moving:
            call.answers(VMS4009, vm, device=device)
    call.answers(VMS4024 if call.unit.is_390 else VM_DELETED, vm)


def _delete(call: Call, vm: Vm) -> None:
    """End a VM: its memory is free at once (/390) or later (x86), the definition of a persistent one stays."""
    unit, world = call.unit, call.world
    world.shows(unit, vm, GONE)
    # Its spread is left out: it belongs to migrations, which address their draws.
    unit.release(vm.name, world.env, world.cluster_of(unit).costs.memory_release.median_s)
    vm.live_on, vm.display, vm.waits = None, State.NOT_INITIALIZED, frozenset()
    if not vm.persistent:
        vm.defined = False
        if not unit.store_reachable:
            delete_definition_later(world, unit, vm)
