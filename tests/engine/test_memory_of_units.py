"""The memory of an SU: nothing is lost, ranges never overlap, MOVE-VM closes gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import GIB, cluster, point, unit
from sim.engine.memory import MIB, Memory, Range
from sim.engine.site import Site
from sim.errors import ModelError
from sim.scenario.room import Room

Names = st.sampled_from("ABCDEF")


def contiguous(units: int = 16, reserved: int = 4) -> Memory:
    """Return memory of an SU /390, in MiB."""
    return Memory(units * MIB, reserved * MIB, contiguous=True, unit=MIB)


def scattered(units: int = 16, reserved: int = 4, share: float = 0.25) -> Memory:
    """Return memory of an SU x86, in units of 2 MiB."""
    return Memory(units * 2 * MIB, reserved * 2 * MIB, contiguous=False, unit=2 * MIB, management_share=share)


def test_vms_are_packed_from_the_bottom() -> None:
    memory = contiguous()
    assert [memory.place(name, size * MIB) for name, size in (("A", 3), ("B", 1.5), ("C", 4))] == [4 * MIB, 7 * MIB, 9 * MIB]
    assert memory.ranges() == (("A", 4 * MIB, 3 * MIB), ("B", 7 * MIB, 1.5 * MIB), ("C", 9 * MIB, 4 * MIB))
    assert memory.free_bytes == memory.largest_free_bytes == 3 * MIB


def test_what_fits_in_total_may_fit_nowhere() -> None:
    memory = contiguous()
    for name in "ABC":
        memory.place(name, 4 * MIB)
    memory.remove("A")
    memory.place("D", 2 * MIB)
    memory.remove("C")
    assert (memory.free_bytes, memory.largest_free_bytes) == (6 * MIB, 4 * MIB)
    assert [memory.fits(size * MIB) for size in (4, 5, 6, 7)] == [True, False, False, False]
    with pytest.raises(ModelError, match="no place for VM E"):
        memory.place("E", 5 * MIB)


def test_scattered_memory_has_no_gaps() -> None:
    memory = scattered(share=0.0)
    for name in "ABC":
        assert np.isnan(memory.place(name, 8 * MIB))
    memory.remove("B")
    memory.place("D", 4 * MIB)
    memory.remove("A")
    assert memory.free_bytes == memory.largest_free_bytes == 12 * MIB
    memory.place("E", 12 * MIB)
    assert memory.unused_bytes == 0.0


def test_a_hypervisor_needs_memory_beside_a_vm() -> None:
    """24 MiB are free; 8 MiB take 2 MiB more, and of the other 14 MiB a VM can have 10: 12 would take 3, in units 4."""
    memory = scattered()
    memory.place("A", 8 * MIB)
    assert (memory.held_bytes, memory.unused_bytes, memory.free_bytes) == (10 * MIB, 14 * MIB, 10 * MIB)
    assert (memory.fits(10 * MIB), memory.fits(12 * MIB)) == (True, False)


def test_memory_of_a_deleted_vm_is_free_when_it_is_freed() -> None:
    memory = contiguous()
    memory.place("A", 6 * MIB)
    memory.place("B", 6 * MIB)
    gone = memory.remove("A", later=True)
    assert (memory.has("A"), memory.fits(MIB), memory.freeing_bytes) == (False, False, 6 * MIB)
    memory.freed(gone)
    assert (memory.place("A", MIB), memory.freeing_bytes) == (4 * MIB, 0.0)


def test_a_vm_may_come_back_before_its_old_memory_is_free() -> None:
    memory = contiguous()
    memory.place("A", 3 * MIB)
    first = memory.remove("A", later=True)
    memory.place("A", 3 * MIB)
    second = memory.remove("A", later=True)
    memory.freed(second)
    assert memory.place("A", 6 * MIB) == 7 * MIB
    memory.freed(first)
    assert memory.place("B", 3 * MIB) == 4 * MIB


def test_a_vm_has_one_place() -> None:
    memory = contiguous()
    memory.place("A", MIB)
    with pytest.raises(ModelError, match="no place for VM A"):
        memory.place("A", MIB)


def test_a_range_grows_into_the_gap_behind_it_only() -> None:
    memory = contiguous()
    for name in "ABC":
        memory.place(name, 3 * MIB)
    memory.remove("B")
    assert not memory.resize("A", 7 * MIB)  # 3 of its own, 3 behind it, 3 at the top
    assert memory.resize("A", 6 * MIB)
    assert not memory.resize("C", 7 * MIB)
    assert memory.resize("C", 2 * MIB)
    assert memory.ranges() == (("A", 4 * MIB, 6 * MIB), ("C", 10 * MIB, 2 * MIB))


def test_scattered_memory_grows_wherever_some_is_free() -> None:
    memory = scattered()
    memory.place("A", 8 * MIB)
    memory.place("B", 4 * MIB)  # 10 and 6 with the hypervisor's
    assert not memory.resize("A", 16 * MIB)  # 20
    assert memory.resize("A", 12 * MIB)  # 16: four more of eight free ones are too many by none
    assert memory.unused_bytes == 2 * MIB


def moved(memory: Memory, vm: str) -> bool:
    """Move a VM and let what it leaves be free; say whether it moved."""
    left = memory.move(vm)
    if left is not None:
        memory.freed(left)
    return left is not None


def test_moving_down_closes_gaps() -> None:
    """The VM may come to lie on a part of what it had; the next one then finds the whole gap."""
    memory = contiguous()
    for name, size in (("A", 2), ("B", 5), ("C", 3)):
        memory.place(name, size * MIB)
    assert not moved(memory, "A")
    memory.remove("A")
    assert not memory.fits(3 * MIB)
    assert moved(memory, "B")
    assert moved(memory, "C")
    assert memory.ranges() == (("B", 4 * MIB, 5 * MIB), ("C", 9 * MIB, 3 * MIB))
    assert memory.largest_free_bytes == memory.free_bytes == 4 * MIB
    assert not moved(memory, "C")


@pytest.mark.parametrize(("gap", "left"), [(2, 2), (5, 5), (6, 5)])
def test_what_a_moving_vm_leaves_is_free_when_it_is_copied(gap: int, left: int) -> None:
    """A VM of 5 MiB moves down by 2, so that it leaves its last 2, or by as much as it has, or by more."""
    memory = contiguous(20)
    for name, size in (("A", gap), ("B", 5), ("C", 20 - 4 - gap - 5)):
        memory.place(name, size * MIB)
    memory.remove("A")
    copied = memory.move("B")
    assert copied is not None
    assert memory.freeing_bytes == left * MIB
    assert memory.largest_free_bytes == (gap - left) * MIB
    memory.freed(copied)
    assert memory.largest_free_bytes == memory.free_bytes == gap * MIB


def test_scattered_memory_has_nothing_to_move() -> None:
    memory = scattered()
    memory.place("A", 8 * MIB)
    assert memory.move("A") is None


def test_sizes_of_a_point_are_taken_in_whole_units() -> None:
    of = cluster("x86", management_share=0.01)
    home = unit("S1", "x86", memory_bytes=GIB + 3 * MIB, reserved_bytes=5 * MIB)
    on_x86 = Memory.of(Site.of(point(of=of, units=(home, unit("S2", "x86")))), home)
    assert (on_x86.capacity_bytes, on_x86.reserved_bytes, on_x86.needs(100 * MIB)) == (GIB + 2 * MIB, 6 * MIB, 102 * MIB)
    home = replace(home, su_type="/390")
    on_390 = Memory.of(Site.of(point(of=replace(of, su_type="/390"), units=(home, unit("S2")))), home)
    assert (on_390.capacity_bytes, on_390.reserved_bytes, on_390.needs(100 * MIB)) == (GIB + 3 * MIB, 5 * MIB, 100 * MIB)


@given(st.booleans(), st.lists(st.tuples(st.sampled_from("prsmlf"), Names, st.integers(1, 12)), max_size=40))
def test_memory_is_neither_lost_nor_held_twice(one_range: bool, does: list[tuple[str, str, int]]) -> None:
    """After each of place, remove, resize, move, remove later and freed.

    Mutants: a resize that forgets what is freeing right behind it; a move that counts memory of a deleted namesake as its own.
    """
    memory = contiguous(40) if one_range else scattered(40)
    freeing: list[Range] = []
    for verb, name, units in does:
        size = units * memory.unit
        if verb == "p" and not memory.has(name) and memory.fits(size):
            memory.place(name, size)
        elif verb == "f" and freeing:
            memory.freed(freeing.pop(units % len(freeing)))
        elif memory.has(name):
            match verb:
                case "r":
                    memory.remove(name)
                case "l":
                    freeing.append(memory.remove(name, later=True))
                case "s":
                    memory.resize(name, size)
                case "m":
                    freeing += [left for left in [memory.move(name)] if left is not None]
        _is_sound(memory, freeing)


@given(st.booleans(), st.lists(st.tuples(Names, st.integers(1, 12)), max_size=30))
def test_the_check_of_a_scenario_knows_the_same_room(one_range: bool, does: list[tuple[str, int]]) -> None:
    """VMs come where there is room, and go when they are named again."""
    memory = contiguous(40) if one_range else scattered(40)
    room = Room(memory.capacity_bytes, memory.reserved_bytes, int(memory.unit), one_range, memory.management_share)
    for name, units in does:
        size = units * memory.unit
        if memory.has(name):
            memory.remove(name)
            room.remove(name)
        elif memory.fits(size):
            memory.place(name, size)
            room.place(name, size)
        assert (room.free_bytes, room.largest_bytes) == (memory.free_bytes, memory.largest_free_bytes)


def _is_sound(memory: Memory, freeing: list[Range]) -> None:
    taken = sum(memory.needs(size) for _, _, size in memory.ranges()) + sum(gone.taken for gone in freeing)
    assert memory.reserved_bytes + taken + memory.unused_bytes == memory.capacity_bytes
    assert 0.0 <= memory.largest_free_bytes <= memory.free_bytes <= memory.unused_bytes
    if memory.contiguous:
        there = sorted([(start, size) for _, start, size in memory.ranges()] + [(gone.start, gone.size) for gone in freeing])
        ends = [memory.reserved_bytes, *(start + size for start, size in there)]
        assert all(end <= start for end, (start, _) in zip(ends, there, strict=False))
        assert ends[-1] <= memory.capacity_bytes
