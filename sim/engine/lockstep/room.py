"""Memory and VM indexes of the SUs of a group of steps, in many replications at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from sim.engine.lockstep.coverage import Way
from sim.engine.lockstep.ranges import Ranges
from sim.engine.memory import Memory
from sim.engine.site import Site
from sim.engine.unit import FIRST_GUEST_INDEX, LAST_INDEX
from sim.model.draws import Array, Lanes
from sim.model.placement import never_fragments
from sim.model.rounds import Flags

NEVER = -np.inf  # memory that was never being freed


class Fit(NamedTuple):
    """What of its needs a VM would find on an SU, one flag a replication.

    Args:
        memory: enough of it in total.
        one_range: enough of it in one range, where that is needed.
        free_index: a VM index.
    """

    memory: Flags
    one_range: Flags
    free_index: Flags


class Room:
    """What is free on the SUs to which VMs may come.

    Args:
        site: the point, prepared.
        ways: the migrations that the steps may execute.
        width: replications.
    """

    def __init__(self, site: Site, ways: Collection[Way], width: int) -> None:
        self._width = width
        self._needs: dict[tuple[str, str], float] = {}
        self._free: dict[str, Array] = {}
        self._indexes: dict[str, Array] = {}
        self._freeing: dict[str, list[tuple[Array, float]]] = {}
        self._ranges: dict[str, Ranges] = {}
        for name in sorted({way.target for way in ways}):
            memory = Memory.of(site, site.units[name])
            there = sorted((guest.spec for guest in site.guests.values() if guest.spec.unit == name), key=lambda vm: vm.index)
            for vm in there:
                memory.place(vm.name, vm.memory_bytes)
            visitors = sorted({vm.name for vm in there} | {way.vm for way in ways if way.target == name})
            needs = [memory.needs(site.guests[vm].spec.memory_bytes) for vm in visitors]
            self._needs |= {(name, vm): need for vm, need in zip(visitors, needs, strict=True)}
            self._free[name] = np.full(width, memory.unused_bytes)
            self._indexes[name] = np.full(width, float(LAST_INDEX + 1 - FIRST_GUEST_INDEX - len(there)))
            self._freeing[name] = []
            if gaps_can_matter(site, memory, needs, ways, name):
                self._ranges[name] = Ranges(memory, visitors, needs, width)

    def has_ranges(self, unit: str) -> bool:
        """Say whether it matters on an SU when a VM came, since other times may have given it another place."""
        return unit in self._ranges

    def for_vm(self, target: str, vm: str, lanes: Lanes, now: Array) -> Fit:
        """Say where a VM would find what it needs at a time."""
        free = self._free[target][lanes]
        for until, freed in self._freeing[target]:
            free = free - np.where(until[lanes] > now, freed, 0.0)
        memory = self._needs[target, vm] <= free
        one_range = np.ones(len(lanes), dtype=bool)
        if target in self._ranges:
            one_range = ~np.isnan(self._ranges[target].place_for(vm, lanes, now))
        return Fit(memory, one_range, self._indexes[target][lanes] > 0.0)

    def come(self, unit: str, vm: str, lanes: Lanes, set_up: Array) -> None:
        """Let a VM occupy memory and index, from its set-up on."""
        if unit in self._free:
            self._free[unit][lanes] -= self._needs[unit, vm]
            self._indexes[unit][lanes] -= 1.0
        if unit in self._ranges:
            self._ranges[unit].come(vm, lanes, set_up)

    def go(self, unit: str, vm: str, lanes: Lanes, until: Array | None) -> None:
        """Let a deleted VM give memory and index back: the memory at once, or at a time."""
        if unit in self._ranges:
            self._ranges[unit].go(vm, lanes, until)
        if unit in self._free:
            need = self._needs[unit, vm]
            self._free[unit][lanes] += need
            self._indexes[unit][lanes] += 1.0
            if until is not None:
                when = np.full(self._width, NEVER)
                when[lanes] = until
                self._freeing[unit].append((when, need))


def gaps_can_matter(site: Site, memory: Memory, needs: list[float], ways: Collection[Way], unit: str) -> bool:
    """Say whether free memory of an SU can lie in gaps that are too small for a VM: if not, totals are all there is to know.

    Args:
        site: the point, prepared.
        memory: that of the SU, with the VMs of the start.
        needs: what the VMs take that may ever be there, bytes.
        ways: the migrations that the steps may execute.
        unit: name of the SU.
    """
    if not memory.contiguous:
        return False
    if site.clusters[site.units[unit].cluster].costs.memory_release.median_s > 0.0:
        return True
    # Without leaving VMs there are no gaps: those of the start are packed, and an aborted migration gives the uppermost range back.
    leaves = any(way.source == unit for way in ways)
    return leaves and not never_fragments(needs, memory.capacity_bytes - memory.reserved_bytes, memory.unit)
