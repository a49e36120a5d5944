"""The things of one replication that change in simulated time, and what stays true of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import simpy

from sim.engine.happened import Outage, Struck
from sim.engine.journal import Display, Journal, Line
from sim.engine.memory import Memory
from sim.engine.network import Network
from sim.engine.site import Site
from sim.engine.unit import FIRST_GUEST_INDEX, LAST_INDEX, Unit
from sim.engine.vm import Vm
from sim.errors import ModelError
from sim.model.draws import Lane
from sim.scenario.point import Cluster, Fault
from sim.vm2000.catalogue import Message
from sim.vm2000.monjv import JobVariable
from sim.vm2000.states import GONE, SETUP_MIGR, while_migrating

if TYPE_CHECKING:  # a migration knows its world, and the world the migrations that operators began
    from sim.engine.move import Move

__all__ = ["FIRST_GUEST_INDEX", "LAST_INDEX", "Unit", "Vm", "World"]


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
        job_variables: by SU and name.
        by_operators: migrations for which operators gave the command.
        plan_over: whether the plan has nothing left to do: what goes wrong again and again stops then.
        broken: faults under way, by kind and place.
        on_phase: who wants to know that a migration enters a phase.
        outages: SUs that went down, in the order of time.
        struck: faults that began, in the order of time.
        answered: how the operators' commands ended, by their places in the scenario.
    """

    site: Site
    lane: Lane
    journal: Journal
    env: simpy.Environment
    network: Network
    units: dict[str, Unit]
    vms: dict[str, Vm]
    job_variables: dict[tuple[str, str], JobVariable] = field(default_factory=dict)
    by_operators: list[Move] = field(default_factory=list)
    plan_over: bool = False
    broken: dict[tuple[str, str], list[Fault]] = field(default_factory=dict)
    on_phase: list[Callable[[Move], None]] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    struck: list[Struck] = field(default_factory=list)
    answered: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, site: Site, lane: Lane, journal: Journal, env: simpy.Environment | None = None) -> World:
        """Set a replication up: every VM at home, all memory and indexes taken.

        Raises:
            ModelError: an SU starts with more than it has.
        """
        env = env or simpy.Environment()
        units = {unit.name: Unit(unit, simpy.Resource(env, capacity=1), Memory.of(site, unit)) for unit in site.point.units}
        vms = {}
        for name, guest in sorted(site.guests.items(), key=lambda item: item[1].spec.index):
            home = units[guest.spec.unit]
            home.memory.place(name, guest.spec.memory_bytes)
            home.indexes[name] = guest.spec.index
            home.groups |= {guest.spec.group} - {""}
            vms[name] = vm = Vm.at_home(guest, home)
            vm.visited.append((0.0, home.name))
            if guest.load.bursts is not None:
                vm.burst_shift = lane.uniform(guest.streams.burst_shift, 0)
        for unit in units.values():
            unit.reconfiguring = unit.spec.reconfiguring
        world = cls(site, lane, journal, env, Network(env), units, {name: vms[name] for name in site.guests})
        for vm in world.vms.values():
            world.shows(vm.unit, vm, vm.display)
        return world

    def cluster_of(self, unit: Unit) -> Cluster:
        """Return the SU cluster of an SU."""
        return self.site.clusters[unit.spec.cluster]

    def partners(self, unit: Unit) -> list[Unit]:
        """Return the other SUs of its cluster, in the order of their names."""
        return [other for other in self.units.values() if other.spec.cluster == unit.spec.cluster and other is not unit]

    def on_unit(self, unit: Unit) -> list[Vm]:
        """Return the VMs that an SU shows, those that are being set up there too, in the order of their indexes."""
        return [self.vms[name] for name, _ in sorted(unit.indexes.items(), key=lambda item: item[1])]

    def tells(
        self, vm: Vm | None, message: Message, target: str = "", *, unit: Unit | None = None, console: str = "", **inserts: object
    ) -> None:
        """Print a line outside any migration.

        Args:
            vm: the VM that it is about, if there is one.
            message: a constant of the catalogue.
            target: name of another SU that it is about.
            unit: the SU that prints it; that of the VM if not given.
            console: the SU or VM at whose console a caller typed; "" for the plan.
            inserts: of the message.
        """
        if self.journal.lines is None:
            return
        place = unit or (vm.unit if vm is not None else None)
        name, at = (vm.name if vm is not None else ""), (place.name if place is not None else "")
        named = {"index": vm.index if vm is not None else 0, "vm": name, "source": at, "target": target, "unit": at}
        self.journal.lines.append(Line(self.env.now, message, name, at, target, {**named, **inserts}, console))

    def shows(self, unit: Unit, vm: Vm, state: str) -> None:
        """Record what an SU displays for a VM from now on; one that is down displays nothing."""
        if self.journal.displays is not None:
            index = unit.indexes.get(vm.name, 0)
            self.journal.displays.append(Display(self.env.now, unit.name, vm.name, index, state if unit.up else GONE))

    def displayed(self, unit: Unit, vm: Vm) -> str:
        """Return what an SU displays for a VM now; GONE where it is not there."""
        move = vm.move
        if not unit.up or vm.name not in unit.indexes:
            return GONE
        if move is None or not move.under_way:
            return vm.display
        if unit is move.source:
            return while_migrating(vm.display)
        return vm.display if unit is vm.unit else SETUP_MIGR

    def turns(self, vm: Vm, display: str) -> None:
        """Let a VM take another state where it is, and show it."""
        vm.display = display
        self.shows(vm.unit, vm, display)

    def check_end(self) -> None:
        """Check what must be true when nothing moves any more.

        Raises:
            ModelError: a VM is live on no SU or holds memory on another one, memory of a deleted one is not free, or a transfer never
                ended.
        """
        if self.network.active:
            raise ModelError(f"{len(self.network.active)} transfers never ended")
        for unit in self.units.values():
            if unit.memory.freeing_bytes:
                raise ModelError(f"SU {unit.name} has not freed {unit.memory.freeing_bytes:.0f} bytes of deleted VMs")
        for vm in self.vms.values():
            holders = [unit.name for unit in self.units.values() if unit.memory.has(vm.name)]
            lives = vm.unit if vm.initialised and vm.unit.up else None
            if vm.live_on is not lives or holders != [vm.unit.name] * vm.initialised:
                raise ModelError(f"VM {vm.name} is live on {vm.live_on and vm.live_on.name}, holds memory on {holders}")
