"""SHOW-VM-GROUP: the VM groups of an SU /390 and their members.

Source: VM2000 User Guide: SHOW-VM-GROUP.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sim.vm2000.displays.attributes import VmShown
from sim.vm2000.displays.layout import columns, ours, tenths, vm_id


def show_groups(vms: Iterable[VmShown]) -> str:
    """Return what SHOW-VM-GROUP displays of the groups of these VMs, in the order of their names; the product has quotas of groups too.

    Args:
        vms: VMs in the order of their indexes; those without a group are left out.
    """
    rows = [("VM-GROUP", "VM-ID", "CPU-POOL", "STATE", "CPU-Q")]
    for name, members in sorted(_members(vms).items()):
        rows += [(name, vm_id(vm.line.index, vm.line.name), vm.pool, vm.line.state, tenths(vm.line.cpu_quota)) for vm in members]
    return "\n".join((ours("SHOW-VM-GROUP"), *columns(rows, right=(4,))))


def _members(vms: Iterable[VmShown]) -> Mapping[str, Sequence[VmShown]]:
    found: dict[str, list[VmShown]] = {}
    for vm in vms:
        if vm.group:
            found.setdefault(vm.group, []).append(vm)
    return found
