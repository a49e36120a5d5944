"""What VMs take of an SU's memory, and what is left for others: what `migr check` says before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sim.model.draws import Array
from sim.model.placement import ABSENT, first_fit, footprint, largest_gap, largest_size, whole_units
from sim.scenario.resolve import reserved_bytes
from sim.scenario.schema_world import ClusterSpec, UnitSpec

MIB: Final = 1024**2
STEP: Final = {"/390": 1 * MIB, "x86": 2 * MIB}  # VM2000 User Guide: Managing main memory on SU /390, on SU x86


@dataclass(slots=True)
class Room:
    """The memory of an SU.

    Args:
        capacity_bytes: main memory in whole units.
        reserved_bytes: monitor VM with hypervisor (/390) or X2000 (x86), in whole units.
        step_bytes: size of a unit.
        contiguous: whether a VM needs one range (/390).
        management: Xen's memory for a VM, as a share of the VM's (x86).
    """

    capacity_bytes: float
    reserved_bytes: float
    step_bytes: int
    contiguous: bool
    management: float
    _held: dict[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, unit: UnitSpec, cluster: ClusterSpec) -> Room:
        """Return the memory of a completed SU without VMs."""
        step = STEP[cluster.type]
        return cls(
            capacity_bytes=float(unit.memory // step * step),
            reserved_bytes=whole_units(reserved_bytes(unit), step),
            step_bytes=step,
            contiguous=cluster.type == "/390",
            management=cluster.parameters.management or 0.0,
        )

    def needs(self, memory_bytes: float) -> float:
        """Return what a VM takes away."""
        return footprint(memory_bytes, self.step_bytes, self.management)

    @property
    def free_bytes(self) -> float:
        """Memory of the largest VM that fits, if gaps do not matter."""
        unused = self.capacity_bytes - self.reserved_bytes - sum(taken for _, taken in self._held.values())
        return largest_size(unused, self.step_bytes, self.management)

    @property
    def largest_bytes(self) -> float:
        """Memory of the largest VM that fits."""
        return float(largest_gap(*self._ranges(), self.capacity_bytes)) if self.contiguous else self.free_bytes

    def place(self, vm: str, memory_bytes: float) -> None:
        """Let a VM that fits take its memory, on SU /390 the lowest range."""
        need = self.needs(memory_bytes)
        # Assumes [A35]: the lowest free range that is large enough, as in the engines.
        start = float(first_fit(*self._ranges(), need, self.capacity_bytes)) if self.contiguous else 0.0
        self._held[vm] = (start, need) if start >= 0.0 else (ABSENT, 0.0)  # where it does not fit, which is a mistake of its own

    def remove(self, vm: str) -> None:
        """Take a VM away."""
        del self._held[vm]

    def _ranges(self) -> tuple[Array, Array]:
        starts, sizes = zip((0.0, self.reserved_bytes), *self._held.values(), strict=True)
        return np.array(starts), np.array(sizes)
