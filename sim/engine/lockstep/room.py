"""Memory and VM indexes of the SUs of a group of steps, in many replications at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sim.engine.site import Site
from sim.engine.world import FIRST_GUEST_INDEX, LAST_INDEX
from sim.model.draws import Array, Lanes
from sim.model.rounds import Flags

NEVER = -np.inf  # memory that was never being freed


class Room:
    """What is free on the SUs to which VMs may come.

    Args:
        site: the point, prepared.
        targets: names of those SUs.
        width: replications.
    """

    def __init__(self, site: Site, targets: Iterable[str], width: int) -> None:
        self._width = width
        self._free: dict[str, Array] = {}
        self._indexes: dict[str, Array] = {}
        self._freeing: dict[str, list[tuple[Array, float]]] = {}
        for name in sorted(set(targets)):
            unit = site.units[name]
            there = [guest.spec for guest in site.guests.values() if guest.spec.unit == name]
            free = unit.memory_bytes - unit.reserved_bytes - sum(vm.memory_bytes for vm in there)
            self._free[name] = np.full(width, free)
            self._indexes[name] = np.full(width, float(LAST_INDEX + 1 - FIRST_GUEST_INDEX - len(there)))
            self._freeing[name] = []

    def __contains__(self, unit: str) -> bool:
        return unit in self._free

    def for_vm(self, target: str, size: float, lanes: Lanes, now: Array) -> tuple[Flags, Flags]:
        """Say where memory for a VM of this size, and where an index is free at a time."""
        free = self._free[target][lanes]
        for until, freed in self._freeing[target]:
            free = free - np.where(until[lanes] > now, freed, 0.0)
        return size <= free, self._indexes[target][lanes] > 0.0

    def come(self, unit: str, size: float, lanes: Lanes) -> None:
        """Let a VM occupy its memory and index."""
        if unit in self._free:
            self._free[unit][lanes] -= size
            self._indexes[unit][lanes] -= 1.0

    def go(self, unit: str, size: float, lanes: Lanes) -> None:
        """Let a deleted VM give memory and index back."""
        if unit in self._free:
            self._free[unit][lanes] += size
            self._indexes[unit][lanes] += 1.0

    def free_later(self, unit: str, size: float, lanes: Lanes, until: Array) -> None:
        """Keep the memory of a deleted VM until it is free."""
        if unit in self._free:
            when = np.full(self._width, NEVER)
            when[lanes] = until
            self._freeing[unit].append((when, size))
