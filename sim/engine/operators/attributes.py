"""Commands for attributes of VMs and of their SU: CPU pool, VM group, CPU quota, the configuration.

Not modelled are the CPU quota of a VM group as such, limits of I/O, passwords and privileges: they are accepted and change nothing.

Source: VM2000 User Guide: ASSIGN-VM-TO-CPU-POOL (its codes and message: V10, page 441); ASSIGN-VM-GROUP-TO-CPU-POOL;
ADD-VM-TO-VM-GROUP; MODIFY-VM-ATTRIBUTES; Backing up a VM2000 configuration; Device configuration for the VM Migration (SU /390).
"""

from __future__ import annotations

from sim.engine.operators.call import Call
from sim.engine.operators.life import waits_of
from sim.engine.vm import Vm
from sim.vm2000.answers import (
    NKR0194,
    VMS4400,
    VMS4422,
    VMS4424,
    VMS4425,
    VMS4600,
    VMS4612,
    VMS4616,
    VMS4618,
    VMS4622,
)
from sim.vm2000.catalogue import CPUS_ATTACHED, CPUS_BLOCKED
from sim.vm2000.cpus import STDPOOL, adjusted
from sim.vm2000.message import Message
from sim.vm2000.returns import ACCEPTED, ADD_VM_TO_VM_GROUP, ASSIGN_VM_TO_CPU_POOL, NO_ACTION, ROUNDED, ReturnCode
from sim.vm2000.states import without_diff

UNCHANGED = "*UNCHANGED"
# Assumes [A43]: what a VM's CPU quota is when nobody gave one, here as in a scenario.
STD_QUOTA = 10.0
_DECIMALS = 2  # of quotas and utilisations


def assign_to_pool(call: Call) -> ReturnCode:
    """Assign a VM that is in no VM group to another CPU pool."""
    vm = call.vm()
    if isinstance(vm, ReturnCode):
        return vm
    old, wanted, group = call.unit.pool_here(vm.pool), call["TO-CPU-POOL"], call.unit.group_here(vm.group)
    if group:
        return _rejected(call, VMS4622, vm, group=group)
    if old == wanted:
        return _rejected(call, VMS4616, vm, pool=wanted)
    quota, code = _quota(call["CPU-QUOTA"])
    moved = _moved(call, [vm])
    if moved.sc1:
        return moved
    vm.quota = quota
    call.answers(VMS4618, vm, old=old, new=wanted)
    return call.done(vm, code=moved if moved.sc2 else code, said=True)


def assign_group_to_pool(call: Call) -> ReturnCode:
    """Assign the VMs of a VM group to a CPU pool."""
    members = members_of(call)
    if not members:
        return _rejected(call, VMS4400, None, group=call["VM-GROUP-NAME"])
    moved = _moved(call, members)
    return moved if moved.sc1 else call.done(*members, code=moved)


def members_of(call: Call) -> list[Vm]:
    """Return the VMs of the VM group that a command names; a group without VMs is not known."""
    return [vm for vm in call.world.on_unit(call.unit) if vm.group == call["VM-GROUP-NAME"]]


def _rejected(call: Call, message: Message, vm: Vm | None, **inserts: object) -> ReturnCode:
    """Reject a command with a message whose id is its maincode; those for VM groups as a whole are inferred from the two tables."""
    call.answers(message, vm, **inserts)
    return {**ADD_VM_TO_VM_GROUP, **ASSIGN_VM_TO_CPU_POOL}[message.id]


def _quota(text: str) -> tuple[float, ReturnCode]:
    """Return a CPU quota as VM2000 takes it, to two decimals, and whether the command ends with having rounded it."""
    exact = len(text.partition(".")[2]) <= _DECIMALS
    return round(float(text), _DECIMALS), ACCEPTED if exact else ROUNDED


def _moved(call: Call, vms: list[Vm]) -> ReturnCode:
    """Move VMs to a CPU pool, or none of them if one does not fit; return whether virtual CPUs are attached or detached for it."""
    wanted = call["TO-CPU-POOL"]
    pool = "" if wanted == STDPOOL else wanted
    spec = call.unit.spec
    if pool and pool not in {each.name for each in spec.pools}:
        return _rejected(call, VMS4600, None, pool=pool)
    real, known = call.unit.pool_cpus(pool), spec.cpus > 0 or bool(spec.pools)
    problems = [problem for vm in vms if known and (problem := _does_not_fit(call, vm, real))]
    if problems:
        return _rejected(call, VMS4612, None, pool=wanted, text="; ".join(problems))
    changes = [_adjusted(call, vm, real) for vm in vms]
    for vm in vms:
        vm.pool = pool
    if any(change < 0 for change in changes):
        return ASSIGN_VM_TO_CPU_POOL["CMD0001/4"]
    return ASSIGN_VM_TO_CPU_POOL["CMD0001/3"] if any(changes) else ACCEPTED


def _does_not_fit(call: Call, vm: Vm, real: int) -> str:
    """Return why a VM cannot be in a CPU pool with so many real CPUs; "" if it can."""
    checked = call["ATTACHED-VM-CPUS"] == "*CHECK-NUMBER"
    if real == 0 and (vm.runs or waits_of(vm) or not call.unit.is_390):
        return f"VM {vm.name} is {vm.state} and the CPU pool has no CPU"
    if checked and vm.cpus > real:
        return f"VM {vm.name} has {vm.cpus} CPUs and the CPU pool {real}; write ATTACHED-VM-CPUS=*ADJUST-NUMBER"
    return ""


def _adjusted(call: Call, vm: Vm, real: int) -> int:
    """Detach surplus virtual CPUs of a VM, or attach those that are in BLOCK; return how many more it has then."""
    before = call.unit.pool_cpus(vm.pool)
    if call["ATTACHED-VM-CPUS"] != "*ADJUST-NUMBER" or not before or not real:
        return 0
    blocked = vm.blocked_cpus
    vm.cpus, vm.blocked_cpus = adjusted(vm.cpus, blocked, before, real)
    if vm.blocked_cpus > blocked:
        call.answers(CPUS_BLOCKED, vm, number=vm.blocked_cpus - blocked)
    elif vm.blocked_cpus < blocked:
        call.answers(CPUS_ATTACHED, vm, number=blocked - vm.blocked_cpus)
    return blocked - vm.blocked_cpus


def add_to_group(call: Call) -> ReturnCode:
    """Add a VM to a VM group of its CPU pool."""
    vm, group = call.vm(), call["VM-GROUP-NAME"]
    if isinstance(vm, ReturnCode):
        return vm
    members = members_of(call)
    if not members:
        return _rejected(call, VMS4400, None, group=group)
    if vm.group:
        return _rejected(call, VMS4424, vm, group=vm.group)
    if members[0].pool != vm.pool:
        return _rejected(call, VMS4422, vm, group=group)
    vm.group = group
    vm.quota, code = _quota(call["MEMBER-CPU-QUOTA"])
    call.answers(VMS4425, vm, group=group)
    return call.done(vm, code=code, said=True)


def remove_from_group(call: Call) -> ReturnCode:
    """Take a VM out of its VM group."""
    vm = call.vm()
    if isinstance(vm, ReturnCode):
        return vm
    if not vm.group_here:
        return NO_ACTION
    wanted = call["CPU-QUOTA"]
    vm.group = ""
    vm.quota, code = (STD_QUOTA, ACCEPTED) if wanted == "*STD" else _quota(wanted)
    return call.done(vm, code=code)


def modify(call: Call) -> ReturnCode:
    """Change attributes of a VM."""
    vm = call.vm()
    if isinstance(vm, ReturnCode):
        return vm
    quota, member = call["CPU-QUOTA"], call.statement.operands.get("CPU-QUOTA.MEMBER-CPU-QUOTA", UNCHANGED)
    if quota == "*BY-VM-GROUP" and not vm.group_here:
        return call.rejects(f"VM {vm.name} belongs to no VM group", vm)
    if vm.group_here and quota not in {UNCHANGED, "*BY-VM-GROUP"}:
        return call.rejects(f"VM {vm.name} belongs to VM group {vm.group}; write CPU-QUOTA=*BY-VM-GROUP(MEMBER-CPU-QUOTA=...)", vm)
    codes = []
    new, most = member if quota == "*BY-VM-GROUP" else quota, call["MAX-CPU-UTILIZATION"]
    if new != UNCHANGED:
        vm.quota, code = _quota(new)
        codes.append(code)
    if most != UNCHANGED:
        vm.max_utilisation, code = _quota(most)
        codes.append(code)
    if call["PERSISTENT"] != UNCHANGED:
        vm.persistent = call["PERSISTENT"] == "*YES"
    return call.done(vm, code=ROUNDED if ROUNDED in codes else ACCEPTED)


def save_configuration(call: Call) -> ReturnCode:
    """Back the configuration up, which needs all VMs out of hold; the simulator keeps no backup."""
    held = [vm.name for vm in call.guests() if waits_of(vm)]
    if held:
        return call.rejects(f"VM {', '.join(held)} is in hold")
    return ACCEPTED


def start_update(call: Call) -> ReturnCode:
    """Begin a dynamic change of the I/O configuration: from here on nothing migrates; guests in (DIFF) are asked about it."""
    if call.unit.reconfiguring:
        return NO_ACTION
    call.unit.reconfiguring = True
    for vm in call.guests():
        if vm.runs and vm.display != without_diff(vm.display):  # only a guest that runs can be asked
            call.answers(NKR0194, vm)
    return ACCEPTED


def stop_update(call: Call) -> ReturnCode:
    """End a dynamic change of the I/O configuration."""
    if not call.unit.reconfiguring:
        return NO_ACTION
    call.unit.reconfiguring = False
    return ACCEPTED
