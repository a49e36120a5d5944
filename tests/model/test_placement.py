"""Placement against a map of the memory, one flag a unit."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.model.draws import Array
from sim.model.placement import ABSENT, first_fit, footprint, largest_gap, largest_size, never_fragments, whole_units

MIB = 2.0**20
CAPACITY = 24  # units: small enough that most layouts have gaps which are too small

Ranges = list[tuple[int, int]]  # start and size, units


@st.composite
def layouts(draw: st.DrawFn, count: int = 8) -> Ranges:
    """Return disjoint ranges in any order, some of them absent: start -1, size 0."""
    ranges, at = [], 0
    for _ in range(count):
        at += draw(st.sampled_from((0, 0, 1, 2, 5)))
        size = draw(st.integers(1, 5))
        if at + size <= CAPACITY and draw(st.booleans()):
            ranges.append((at, size))
            at += size
        else:
            ranges.append((-1, 0))
    return draw(st.permutations(ranges))


def arrays(*several: Ranges) -> tuple[Array, Array]:
    """Return starts and sizes of layouts of equally many ranges, shape (ranges, layouts), bytes."""
    starts = np.array([[start * MIB if size else ABSENT for start, size in ranges] for ranges in several]).T
    sizes = np.array([[size * MIB for _, size in ranges] for ranges in several]).T
    return starts, sizes


def first_by_map(ranges: Ranges, need: int, capacity: int = CAPACITY) -> float:
    """Return where a range fits first, by trying every unit."""
    taken = {unit for start, size in ranges for unit in range(start, start + size)}
    for start in range(capacity - need + 1):
        if taken.isdisjoint(range(start, start + need)):
            return start * MIB
    return ABSENT


@given(layouts(), st.integers(1, CAPACITY + 2))
def test_a_range_fits_where_the_map_says(ranges: Ranges, need: int) -> None:
    """Mutants: `>` for `>=`; ends not sorted; the gap behind the last range forgotten; that before the first."""
    starts, sizes = (each[:, 0] for each in arrays(ranges))
    np.testing.assert_equal(first_fit(starts, sizes, need * MIB, CAPACITY * MIB), first_by_map(ranges, need))


@given(layouts())
def test_the_largest_gap_is_the_largest_range_that_fits(ranges: Ranges) -> None:
    starts, sizes = (each[:, 0] for each in arrays(ranges))
    by_map = max((need for need in range(1, CAPACITY + 1) if not np.isnan(first_by_map(ranges, need))), default=0)
    assert largest_gap(starts, sizes, CAPACITY * MIB) == by_map * MIB


@given(st.lists(layouts(), min_size=1, max_size=9), st.integers(1, 6))
def test_a_block_has_the_bits_of_its_replications(several: list[Ranges], need: int) -> None:
    starts, sizes = arrays(*several)
    block = np.asarray(first_fit(starts, sizes, need * MIB, CAPACITY * MIB))
    gaps = np.asarray(largest_gap(starts, sizes, CAPACITY * MIB))
    alone = [first_fit(starts[:, each].copy(), sizes[:, each].copy(), need * MIB, CAPACITY * MIB) for each in range(len(several))]
    gaps_alone = [largest_gap(starts[:, each].copy(), sizes[:, each].copy(), CAPACITY * MIB) for each in range(len(several))]
    assert block.tobytes() == np.array(alone).tobytes()
    assert gaps.tobytes() == np.array(gaps_alone).tobytes()


@given(layouts(), st.integers(1, 8), st.integers(1, 8))
def test_one_layout_in_more_memory_takes_all_that_it_took(ranges: Ranges, need: int, more: int) -> None:
    """And where it took: first fit looks at the top last."""
    starts, sizes = (each[:, 0] for each in arrays(ranges))
    small = first_fit(starts, sizes, need * MIB, CAPACITY * MIB)
    large = first_fit(starts, sizes, need * MIB, (CAPACITY + more) * MIB)
    assert np.isnan(small) or small == large


def test_a_larger_memory_may_reject_more_of_a_sequence() -> None:
    """Not a law of first fit, nor of sums: what the larger memory takes first is in the way of those that come later."""

    def rejected(capacity: int, wanted: tuple[int, ...]) -> int:
        ranges: Ranges = []
        for need in wanted:
            start = first_by_map(ranges, need, capacity)
            if not np.isnan(start):
                ranges.append((int(start / MIB), need))
        return len(wanted) - len(ranges)

    assert rejected(4, (5, 2, 2)) == 1
    assert rejected(5, (5, 2, 2)) == 2


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(4, 60), st.randoms(use_true_random=False))
def test_what_never_fragments_finds_its_place_beside_any_others(sizes: list[int], capacity: int, random: Random) -> None:
    """Every VM of the criterion, wherever those of the others lie that are there. Mutant: m gaps beside m others."""
    if not never_fragments([size * MIB for size in sizes], capacity * MIB, MIB):
        return
    for newcomer in range(len(sizes)):
        ranges: Ranges = []
        for place, size in enumerate(sizes):
            free = [start for start in range(capacity - size + 1) if all(start + size <= at or at + is_ <= start for at, is_ in ranges)]
            if place != newcomer and free:
                ranges.append((random.choice(free), size))
        assert not np.isnan(first_by_map(ranges, sizes[newcomer], capacity))


@pytest.mark.parametrize(
    ("sizes", "capacity", "never"),
    [
        ((3.0,), 3.0, True),  # alone
        ((2.0, 3.0), 6.0, False),  # 2 in the middle of 6 leave 2 + 2
        ((2.0, 3.0), 7.0, True),  # 2 in the middle of 7 leave 2 + 3
        ((1.0, 1.0, 1.0), 3.0, True),  # ranges of one unit fit into every gap
    ],
)
def test_the_criterion_is_tight_for_two(sizes: tuple[float, ...], capacity: float, never: bool) -> None:
    assert never_fragments([size * MIB for size in sizes], capacity * MIB, MIB) is never


@given(st.integers(1, 2000), st.sampled_from((0.0, 1 / 128, 0.008, 0.05, 0.7)), st.sampled_from((MIB, 2 * MIB)))
def test_the_largest_size_is_the_last_whose_footprint_is_free(units: int, share: float, unit: float) -> None:
    free = units * unit
    fitting = [size * unit for size in range(1, units + 1) if footprint(size * unit, unit, share) <= free]
    assert largest_size(free, unit, share) == max(fitting, default=0.0)


def test_nothing_is_larger_than_nothing() -> None:
    assert largest_size(0.0, 2 * MIB, 0.01) == 0.0


@given(st.floats(1.0, 1e12), st.sampled_from((MIB, 2 * MIB)))
def test_whole_units_hold_a_size_with_less_than_one_to_spare(size: float, unit: float) -> None:
    whole = whole_units(size, unit)
    assert whole % unit == 0.0
    assert 0.0 <= whole - size < unit


def test_management_memory_is_rounded_up_by_itself() -> None:
    """4 GiB take 32 MiB more at 8 KiB a MiB; 4 GiB + 2 MiB take 32 MiB + 16 KiB more, so 34 MiB."""
    assert footprint(4096 * MIB, 2 * MIB, 1 / 128) == (4096 + 32) * MIB
    assert footprint(4098 * MIB, 2 * MIB, 1 / 128) == (4098 + 34) * MIB
