"""Where the VMs of an SU /390 lie in its memory, in many replications at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sim.engine.memory import Memory
from sim.model.draws import Array, Lanes
from sim.model.placement import ABSENT, first_fit


@dataclass(frozen=True, slots=True, eq=False)
class Leaving:
    """Memory of a deleted VM that is free later, one value a replication.

    Args:
        until: when it is free, seconds; -inf where there is none.
        starts: where it is, bytes; `ABSENT` where there is none.
        size: bytes.
    """

    until: Array
    starts: Array
    size: float


class Ranges:
    """The ranges of an SU's memory.

    Args:
        memory: the SU at the start, its VMs in their places.
        vms: names of the VMs that may ever be there.
        sizes: what they take, bytes.
        width: replications.
    """

    def __init__(self, memory: Memory, vms: Iterable[str], sizes: Iterable[float], width: int) -> None:
        self._capacity, self._width = memory.capacity_bytes, width
        self._rows = {vm: row for row, vm in enumerate(vms)}
        self._sizes = np.array([*sizes, memory.reserved_bytes])
        at_home = {vm: start for vm, start, _ in memory.ranges()}
        bottom = 0.0
        starts = np.array([*(at_home.get(vm, ABSENT) for vm in self._rows), bottom])
        self._starts = np.repeat(starts[:, np.newaxis], width, axis=1)
        self._leaving: list[Leaving] = []

    def place_for(self, vm: str, lanes: Lanes, now: Array) -> Array:
        """Return the addresses at which a VM would find its place at a time, shape (lanes,); `ABSENT` where it would not."""
        starts = self._starts[:, lanes]
        sizes = np.where(np.isnan(starts), 0.0, self._sizes[:, np.newaxis])
        for left in self._leaving:
            stays = left.until[lanes] > now
            if stays.any():
                starts = np.concatenate([starts, np.where(stays, left.starts[lanes], ABSENT)[np.newaxis]])
                sizes = np.concatenate([sizes, np.where(stays, left.size, 0.0)[np.newaxis]])
        return np.asarray(first_fit(starts, sizes, float(self._sizes[self._rows[vm]]), self._capacity))

    def come(self, vm: str, lanes: Lanes, now: Array) -> None:
        """Let a VM have the first range that is large enough at a time."""
        self._starts[self._rows[vm], lanes] = self.place_for(vm, lanes, now)

    def go(self, vm: str, lanes: Lanes, until: Array | None) -> None:
        """Take a VM's range away, to be free at once, or at a time."""
        row = self._rows[vm]
        if until is not None:
            left = Leaving(np.full(self._width, -np.inf), np.full(self._width, ABSENT), float(self._sizes[row]))
            left.until[lanes], left.starts[lanes] = until, self._starts[row, lanes]
            self._leaving.append(left)
        self._starts[row, lanes] = ABSENT
