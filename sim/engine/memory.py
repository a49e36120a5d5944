"""The main memory of an SU in one replication: what VMs hold of it, where, and what a new one could get."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sim.engine.site import Site
from sim.errors import ModelError
from sim.model.draws import Array
from sim.model.placement import ABSENT, first_fit, footprint, largest_gap, largest_size, whole_units
from sim.scenario import point
from sim.vm2000.catalogue import SU_390

MIB: Final = 2.0**20
# VM2000 User Guide: Managing main memory on SU /390; on SU x86.
UNIT_390, UNIT_X86 = 1 * MIB, 2 * MIB


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """Memory that a VM holds, or held until it was deleted.

    Args:
        vm: name of the VM.
        start: address, bytes; `ABSENT` where memory is scattered.
        size: memory of the VM, bytes.
        taken: memory that is not free because of it, bytes: with what the hypervisor needs beside it.
    """

    vm: str
    start: float
    size: float
    taken: float


@dataclass(slots=True, eq=False)
class Memory:
    """The memory of an SU.

    On SU /390 a VM has one range, and gaps between the ranges may be too small though their sum is not. On SU x86 it is scattered,
    and only sums count; there Xen needs memory of its own for each VM, and that of a deleted VM is free some seconds later.

    Args:
        capacity_bytes: main memory, bytes, in whole units.
        reserved_bytes: what lies at its bottom: hypervisor and monitor VM (/390), X2000 and monitor VM (x86); bytes, in whole units.
        contiguous: whether a VM needs one range.
        unit: what memory is given in, bytes.
        management_share: the hypervisor's memory for a VM, as a share of the VM's.
    """

    capacity_bytes: float
    reserved_bytes: float
    contiguous: bool
    unit: float
    management_share: float = 0.0
    _held: dict[str, Range] = field(default_factory=dict)
    _freeing: list[Range] = field(default_factory=list)

    @classmethod
    def of(cls, site: Site, unit: point.Unit) -> Memory:
        """Return the memory of an SU without VMs."""
        contiguous = unit.su_type == SU_390
        grain = UNIT_390 if contiguous else UNIT_X86
        # Assumes [A40]: what Xen needs beside a VM's memory is not published for X2000; on SU /390 nothing of the kind is described.
        share = 0.0 if contiguous else site.clusters[unit.cluster].management_share
        usable = np.floor(unit.memory_bytes / grain) * grain
        return cls(float(usable), whole_units(unit.reserved_bytes, grain), contiguous, grain, share)

    def needs(self, size: float) -> float:
        """Return what a VM takes away from this memory, bytes.

        Args:
            size: memory of the VM, bytes.
        """
        return footprint(size, self.unit, self.management_share)

    @property
    def held_bytes(self) -> float:
        """Memory that is not free because of VMs that are here, bytes."""
        return sum(each.taken for each in self._held.values())

    @property
    def freeing_bytes(self) -> float:
        """Memory of deleted VMs that is not free yet, bytes."""
        return sum(each.taken for each in self._freeing)

    @property
    def unused_bytes(self) -> float:
        """Memory that nobody holds, bytes; a new VM can have less of it on SU x86."""
        return self.capacity_bytes - self.reserved_bytes - self.held_bytes - self.freeing_bytes

    @property
    def free_bytes(self) -> float:
        """Memory of the largest VM that would fit if gaps did not matter, bytes."""
        return largest_size(self.unused_bytes, self.unit, self.management_share)

    @property
    def largest_free_bytes(self) -> float:
        """Memory of the largest VM that can be set up, bytes."""
        return float(largest_gap(*self._ranges(), self.capacity_bytes)) if self.contiguous else self.free_bytes

    def fits(self, size: float) -> bool:
        """Say whether a VM of this size, bytes, can be set up."""
        return size <= self.largest_free_bytes

    def has(self, vm: str) -> bool:
        """Say whether a VM holds memory here."""
        return vm in self._held

    def place(self, vm: str, size: float) -> float:
        """Give a VM memory; return the address at which it begins, `ABSENT` where memory is scattered.

        Args:
            vm: name of the VM.
            size: its memory, bytes.

        Raises:
            ModelError: there is no room, or the VM has memory here already.
        """
        start = self._place_for(size) if self.contiguous else ABSENT
        if vm in self._held or (np.isnan(start) if self.contiguous else self.needs(size) > self.unused_bytes):
            held = ", ".join(f"{name} {each.size:.0f}" for name, each in self._held.items())
            raise ModelError(f"no place for VM {vm} with {size:.0f} bytes: {self.unused_bytes:.0f} free, held: {held or 'nothing'}")
        self._held[vm] = Range(vm, start, size, self.needs(size))
        return start

    def _place_for(self, size: float, without: Range | None = None) -> float:
        """Return the address that a VM would get; `ABSENT` if none."""
        # Assumes [A35]: how VM2000 chooses among several free ranges is not published; here the lowest that is large enough.
        return float(first_fit(*self._ranges(without), self.needs(size), self.capacity_bytes))

    def remove(self, vm: str, *, later: bool = False) -> Range:
        """Take the memory of a VM away; return what it had.

        Args:
            vm: name of the VM.
            later: whether it stays occupied until `freed`.
        """
        gone = self._held.pop(vm)
        if later:
            self._freeing.append(gone)
        return gone

    def freed(self, gone: Range) -> None:
        """Let the memory of a deleted VM be free."""
        self._freeing.remove(gone)

    def resize(self, vm: str, size: float) -> bool:
        """Give a VM more memory or less, where it is; say whether that was possible.

        On SU /390 its range stays where it is, so that more must be free right behind it.

        Args:
            vm: name of the VM.
            size: its memory from now on, bytes.
        """
        old = self._held[vm]
        more = self.needs(size) - old.taken
        if more > (self._gap_behind(old) if self.contiguous else self.unused_bytes):
            return False
        self._held[vm] = Range(vm, old.start, size, self.needs(size))
        return True

    def _gap_behind(self, of: Range) -> float:
        """Return what is free right behind a range, bytes."""
        above = [each.start for each in (*self._held.values(), *self._freeing) if each.start > of.start]
        return min([*above, self.capacity_bytes]) - (of.start + of.taken)

    def move(self, vm: str) -> Range | None:
        """Move a VM down inside this memory, as MOVE-VM does; return what it leaves, None if it stays where it is.

        What it leaves is occupied until `freed`, while it is copied. The VM may come to lie on a part of what it had, since it stands
        still meanwhile; that part it does not leave.
        """
        # Assumes [A35]: where MOVE-VM puts a VM is not published; here the lowest range that is large enough, its own memory included.
        old = self._held[vm]
        if not self.contiguous:
            return None
        start = self._place_for(old.size, without=old)
        if start >= old.start:
            return None
        self._held[vm] = Range(vm, start, old.size, old.taken)
        first = max(old.start, start + old.taken)
        left = Range(vm, first, old.start + old.taken - first, old.start + old.taken - first)
        self._freeing.append(left)
        return left

    def ranges(self) -> tuple[tuple[str, float, float], ...]:
        """Return name, address and size of the VMs' memory, bytes, from the bottom; `ABSENT` as address where memory is scattered."""
        found = [(each.vm, each.start, each.size) for each in self._held.values()]
        return tuple(sorted(found, key=lambda each: each[1])) if self.contiguous else tuple(found)

    def _ranges(self, without: Range | None = None) -> tuple[Array, Array]:
        """Return addresses and sizes of all that is occupied, the bottom included."""
        present = [each for each in (*self._held.values(), *self._freeing) if each is not without]
        starts = np.array([0.0, *(each.start for each in present)])
        return starts, np.array([self.reserved_bytes, *(each.taken for each in present)])
