"""What the check of a migration is told about the VM and the two SUs."""

from __future__ import annotations

from dataclasses import dataclass

from sim.vm2000.devices import DeviceSet


@dataclass(frozen=True, slots=True)
class VmView:
    """The VM as the check sees it.

    Args:
        name: VM name.
        index: VM index; 1 is the monitor VM.
        state: what the source SU displays, (DIFF) included and (MIGR) not.
        memory_bytes: configured memory.
        devices: what it has now.
        migrating: whether it migrates already.
    """

    name: str
    index: int
    state: str
    memory_bytes: float
    devices: DeviceSet
    migrating: bool = False


@dataclass(frozen=True, slots=True)
class SourceView:
    """The source SU as the check sees it.

    Args:
        name: SU name.
        su_type: "/390" or "x86".
        outgoing: whether another migration from it is running.
        cluster_active: whether its SU cluster is activated.
        mode: operating mode, "vm2000" or "native" (x86).
        reconfiguring: whether a dynamic change of its I/O configuration runs.
        hypervisor_bytes, hypervisor_need_bytes: memory of the hypervisor, and the least that migrations need (/390).
        monitor_bytes, monitor_need_bytes: memory of the monitor VM, and the least that migrations need (/390).
        agent: id of the message with which its VM2000 agent answers, VMS6000, VMS6001 or VMS6003 (x86); "" while it works.
    """

    name: str
    su_type: str
    outgoing: bool
    cluster_active: bool = True
    mode: str = "vm2000"
    reconfiguring: bool = False
    hypervisor_bytes: float = 0.0
    hypervisor_need_bytes: float = 0.0
    monitor_bytes: float = 0.0
    monitor_need_bytes: float = 0.0
    agent: str = ""


@dataclass(frozen=True, slots=True)
class TargetView:
    """The target SU as the check sees it.

    Args:
        name: SU name.
        su_type: "/390" or "x86".
        free_bytes: memory that a VM could have there if gaps did not matter: neither residents nor incoming VMs occupy it.
        largest_free_bytes: the largest free range (/390); None where it is all one.
        free_index: whether a VM index is left.
        names: names of the VMs there.
        not_generated: devices that its I/O configuration lacks (/390).
        exclusive: devices that another system has exclusively there.
        mode: operating mode, "vm2000" or "native" (x86).
        reconfiguring: whether a dynamic change of its I/O configuration runs.
        hypervisor_bytes, hypervisor_need_bytes: memory of the hypervisor, and the least that migrations need (/390).
        monitor_bytes, monitor_need_bytes: memory of the monitor VM, and the least that migrations need (/390).
        agent: id of the message with which its VM2000 agent answers, VMS6000, VMS6001 or VMS6003 (x86); "" while it works.
        up: whether it answers at all.
    """

    name: str
    su_type: str
    free_bytes: float
    largest_free_bytes: float | None = None
    free_index: bool = True
    names: frozenset[str] = frozenset()
    not_generated: frozenset[str] = frozenset()
    exclusive: frozenset[str] = frozenset()
    mode: str = "vm2000"
    reconfiguring: bool = False
    hypervisor_bytes: float = 0.0
    hypervisor_need_bytes: float = 0.0
    monitor_bytes: float = 0.0
    monitor_need_bytes: float = 0.0
    agent: str = ""
    up: bool = True
