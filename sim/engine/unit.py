"""An SU as it changes in simulated time: who is on it, what works there, what it has recorded."""

from __future__ import annotations

from dataclasses import dataclass, field

import simpy

from sim.engine.memory import Memory
from sim.scenario import point
from sim.vm2000.catalogue import SU_390
from sim.vm2000.cpus import STDPOOL
from sim.vm2000.records import AccountingRecord, Event, EventKind, event

FIRST_GUEST_INDEX, LAST_INDEX = 2, 99


@dataclass(slots=True, eq=False)
class Unit:
    """An SU.

    Args:
        spec: the SU of the point.
        outgoing: the right to send a VM away: VM2000 runs one outgoing migration a source SU.
        memory: what VMs hold of its memory, incoming and leaving ones included.
        indexes: VM index by VM.
        up: whether the SU runs.
        agent: id of the message with which its VM2000 agent answers while it is in error (SU x86); "" while it works.
        store_reachable: whether its store of VM definitions can be read and written.
        disks_operable: whether disks that are attached here can be used.
        has_resources: whether a VM can be set up here.
        reconfiguring: whether a dynamic change of its I/O configuration runs.
        repairs: what is broken here and will be mended.
        undeleted: VMs whose definitions are still here though they have migrated away.
        events: what the SE Manager logged.
        accounting: records written for VMs that left.
        groups: its VM groups: those that its VMs are in at the beginning.
    """

    spec: point.Unit
    outgoing: simpy.Resource
    memory: Memory
    indexes: dict[str, int] = field(default_factory=dict)
    up: bool = True
    agent: str = ""
    store_reachable: bool = True
    disks_operable: bool = True
    has_resources: bool = True
    reconfiguring: bool = False
    repairs: int = 0
    undeleted: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    accounting: list[AccountingRecord] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """Name of the SU."""
        return self.spec.name

    @property
    def is_390(self) -> bool:
        """Whether it is an SU /390."""
        return self.spec.su_type == SU_390

    @property
    def has_free_index(self) -> bool:
        """Whether a guest's VM index is left."""
        return len(self.indexes) < LAST_INDEX + 1 - FIRST_GUEST_INDEX

    def logs(self, kind: EventKind, vm: str, now_s: float) -> None:
        """Let the SE Manager log what happens to a VM here."""
        self.events.append(event(kind, now_s, self.name, vm))

    def has_place(self, size: float) -> bool:
        """Say whether a VM of this size can be set up: memory that suits it, an index, and nothing else in the way."""
        return self.has_resources and self.has_free_index and self.memory.fits(size)

    def hold(self, vm: str, size: float, wanted_index: int) -> int:
        """Occupy memory and an index for a VM; return the index.

        Raises:
            ModelError: the memory is not there, or the VM has a place already.
        """
        self.memory.place(vm, size)
        self.indexes[vm] = index = self.free_index(wanted_index)
        return index

    def free_index(self, wanted: int) -> int:
        """Return the index that a VM gets: its own if it is free, else the smallest free one."""
        # Assumes [A11]: whether VM2000 keeps the index, and what it does when it is in use, is not published.
        taken = set(self.indexes.values())
        if wanted not in taken:
            return wanted
        return next(index for index in range(FIRST_GUEST_INDEX, LAST_INDEX + 1) if index not in taken)

    def release(self, vm: str, env: simpy.Environment, after_s: float) -> None:
        """Let a VM and its index go; its memory is free after so many seconds."""
        del self.indexes[vm]
        gone = self.memory.remove(vm, later=after_s > 0.0)
        if after_s > 0.0:
            env.timeout(after_s).callbacks.append(lambda _: self.memory.freed(gone))

    def pool_cpus(self, pool: str) -> int:
        """Return the real CPUs attached to the CPU pool in which VMs of a pool are here; 0 where the scenario does not say."""
        known = {each.name: each.cpus for each in self.spec.pools}
        if pool in known:
            return known[pool]
        return max(0, self.spec.cpus - sum(known.values()))

    def pool_here(self, pool: str) -> str:
        """Return the CPU pool in which VMs of a pool are on this SU."""
        # Assumes [A42]: pools are matched by name; a VM whose pool does not exist on the SU is in *STDPOOL there.
        return pool if pool in {each.name for each in self.spec.pools} else STDPOOL

    def group_here(self, group: str) -> str:
        """Return the VM group in which VMs of a group are on this SU; "" for none. SU x86 has no groups."""
        # Assumes [A42]: groups are matched by name; a VM whose group does not exist on the SU is in none there.
        return group if self.is_390 and group in self.groups else ""
