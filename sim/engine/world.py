"""The things of one replication that change in simulated time: SUs, VMs, and what stays true of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import simpy

from sim.engine.journal import Display, Journal, Line
from sim.engine.network import Network
from sim.engine.site import Guest, Site
from sim.errors import ModelError
from sim.model.draws import Lane
from sim.scenario import point
from sim.vm2000.catalogue import Message
from sim.vm2000.states import on_target

FIRST_GUEST_INDEX, LAST_INDEX = 2, 99


@dataclass(slots=True, eq=False)
class Unit:
    """An SU.

    Args:
        spec: the SU of the point.
        outgoing: the right to send a VM away: VM2000 runs one outgoing migration a source SU.
        held: bytes of memory by VM, incoming and leaving ones included.
        indexes: VM index by VM.
        freeing: bytes of deleted VMs that are not free yet (SU x86).
    """

    spec: point.Unit
    outgoing: simpy.Resource
    held: dict[str, float] = field(default_factory=dict)
    indexes: dict[str, int] = field(default_factory=dict)
    freeing: float = 0.0

    @property
    def name(self) -> str:
        """Name of the SU."""
        return self.spec.name

    @property
    def free_bytes(self) -> float:
        """Memory that neither hypervisor, monitor VM or X2000 nor any VM holds."""
        return self.spec.memory_bytes - self.spec.reserved_bytes - sum(self.held.values()) - self.freeing

    def hold(self, vm: str, size: float, wanted_index: int) -> int:
        """Occupy memory and an index for a VM; return the index.

        Raises:
            ModelError: the memory is not there, or the VM has a place already.
        """
        if size > self.free_bytes or vm in self.held or not self.has_free_index:
            raise ModelError(f"SU {self.name} cannot hold {size:.0f} bytes for VM {vm}: {self.free_bytes:.0f} free, {list(self.held)} held")
        self.indexes[vm] = index = self.free_index(wanted_index)
        self.held[vm] = size
        return index

    @property
    def has_free_index(self) -> bool:
        """Whether a guest's VM index is left."""
        return len(self.indexes) < LAST_INDEX + 1 - FIRST_GUEST_INDEX

    def free_index(self, wanted: int) -> int:
        """Return the index that a VM gets: its own if it is free, else the smallest free one."""
        # Assumes [A11]: whether VM2000 keeps the index, and what it does when it is in use, is not published.
        taken = set(self.indexes.values())
        if wanted not in taken:
            return wanted
        return next(index for index in range(FIRST_GUEST_INDEX, LAST_INDEX + 1) if index not in taken)

    def frees(self, size: float) -> None:
        """Give memory of a deleted VM back."""
        self.freeing -= size

    def release(self, vm: str) -> float:
        """Let a VM and its index go; return the bytes that it held."""
        del self.indexes[vm]
        return self.held.pop(vm)


@dataclass(slots=True, eq=False)
class Vm:
    """A VM.

    Args:
        guest: the VM of the point, prepared.
        unit: the SU on which its definition is: the source until the target has taken over.
        live_on: the SU on which it exists for its users; None while it is stopped in its own migration.
        display: what its SU displays, without the suffixes of a migration.
        home_iocf: I/O configuration under which it was started.
        devices: devices by kind that it has now.
        moves_from: the SU that runs its migration, to the last message; None while it does not migrate.
        migrations: migrations that steps of the plan have begun, to address their draws.
        burst_shift: by how much its burst slots are shifted in this replication.
    """

    guest: Guest
    unit: Unit
    live_on: Unit | None
    display: str
    home_iocf: str
    devices: point.Devices
    moves_from: Unit | None = None
    migrations: int = 0
    burst_shift: float = 0.0

    @property
    def name(self) -> str:
        """Name of the VM."""
        return self.guest.spec.name

    def stop(self) -> None:
        """Stop the VM on its SU, in its own migration: from here to `arrive` it is live nowhere.

        Raises:
            ModelError: it is not live there.
        """
        if self.live_on is not self.unit:
            raise ModelError(f"VM {self.name} is stopped on SU {self.unit.name} but is not live there")
        self.live_on = None

    def arrive(self, target: Unit) -> None:
        """Go on living on the target.

        Raises:
            ModelError: the VM is still live elsewhere, or the target has no memory for it.
        """
        if self.live_on is not None or self.name not in target.held:
            raise ModelError(f"VM {self.name} resumes on SU {target.name} while live on {self.live_on and self.live_on.name}")
        self.unit = target
        self.live_on = target
        # Only the aliases are attached again on the target [VM2000 User Guide: Device management during a VM Migration].
        self.devices = replace(self.devices, tapes=0, local_disks=0, mu_disks=0)
        self.display = on_target(self.display, self.home_iocf == target.spec.iocf)


@dataclass(slots=True, eq=False)
class World:
    """One replication.

    Args:
        site: the point, prepared.
        lane: its random draws.
        journal: what is printed and displayed.
        env: the SimPy environment.
        network: links and monitor CPUs.
        units, vms: by name.
    """

    site: Site
    lane: Lane
    journal: Journal
    env: simpy.Environment
    network: Network
    units: dict[str, Unit]
    vms: dict[str, Vm]

    @classmethod
    def of(cls, site: Site, lane: Lane, journal: Journal) -> World:
        """Set a replication up: every VM at home, all memory and indexes taken."""
        env = simpy.Environment()
        units = {unit.name: Unit(unit, simpy.Resource(env, capacity=1)) for unit in site.point.units}
        vms = {}
        for name, guest in site.guests.items():
            home = units[guest.spec.unit]
            home.held[name] = guest.spec.memory_bytes
            home.indexes[name] = guest.spec.index
            vms[name] = vm = Vm(guest, home, home, guest.spec.state, home.spec.iocf, guest.spec.devices)
            if guest.load.bursts is not None:
                vm.burst_shift = lane.uniform(guest.streams.burst_shift, 0)
        world = cls(site, lane, journal, env, Network(env), units, vms)
        for unit in units.values():
            if unit.free_bytes < 0.0:
                raise ModelError(f"SU {unit.name} starts with {-unit.free_bytes:.0f} bytes more than it has")
        for vm in vms.values():
            world.shows(vm.unit, vm, vm.display)
        return world

    def tells(self, vm: Vm, message: Message, target: str, **inserts: object) -> None:
        """Print a line of the plan to the caller, outside any migration."""
        if self.journal.lines is not None:
            named = {"index": vm.unit.indexes[vm.name], "vm": vm.name, "source": vm.unit.name, "target": target}
            self.journal.lines.append(Line(self.env.now, message, vm.name, vm.unit.name, target, {**named, **inserts}))

    def shows(self, unit: Unit, vm: Vm, state: str) -> None:
        """Record what an SU displays for a VM from now on."""
        if self.journal.displays is not None:
            self.journal.displays.append(Display(self.env.now, unit.name, vm.name, unit.indexes.get(vm.name, 0), state))

    def check_end(self) -> None:
        """Check what must be true when nothing moves any more.

        Raises:
            ModelError: a VM is live on no SU or holds memory on another one, memory of a deleted one is not free, or a transfer never
                ended.
        """
        if self.network.active:
            raise ModelError(f"{len(self.network.active)} transfers never ended")
        for unit in self.units.values():
            if unit.freeing:
                raise ModelError(f"SU {unit.name} has not freed {unit.freeing:.0f} bytes of deleted VMs")
        for vm in self.vms.values():
            holders = [unit.name for unit in self.units.values() if vm.name in unit.held]
            if vm.live_on is not vm.unit or holders != [vm.unit.name]:
                raise ModelError(f"VM {vm.name} is live on {vm.live_on and vm.live_on.name}, holds memory on {holders}")
