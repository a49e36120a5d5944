"""Where in an SU's memory a VM finds its place: whole units, one free range on SU /390, scattered ones on SU x86.

Addresses and sizes are bytes in float64: up to 2**53 they are exact, so that one replication and a block of them agree to the last bit.
"""

from __future__ import annotations

import numpy as np

from sim.model.draws import Array, Real

ABSENT = np.nan  # start of a range that is not there; its size is 0


def whole_units(size: float, unit: float) -> float:
    """Return the memory of the units that a size occupies, bytes.

    Args:
        size: bytes.
        unit: size of a unit, bytes: 1 MiB on SU /390, 2 MiB on SU x86.
    """
    return float(np.ceil(size / unit) * unit)


def footprint(size: float, unit: float, management_share: float) -> float:
    """Return the memory that a VM takes away from an SU, bytes: its own, and what the hypervisor needs beside it, each in whole units.

    Args:
        size: memory of the VM, bytes.
        unit: size of a unit, bytes.
        management_share: the hypervisor's memory for the VM, as a share of the VM's.
    """
    own = whole_units(size, unit)
    return own + whole_units(own * management_share, unit)


def largest_size(free: float, unit: float, management_share: float) -> float:
    """Return the memory of the largest VM whose footprint is free, bytes, in whole units; 0 if there is none.

    Args:
        free: bytes that nobody holds, in whole units.
        unit: size of a unit, bytes.
        management_share: as of `footprint`.
    """
    about = np.floor(free / (1.0 + management_share) / unit)
    # Rounding the management memory up costs at most a unit, rounding of the quotient another one.
    nearby = (float(about + more) * unit for more in (1, 0, -1, -2))
    return next((size for size in nearby if size > 0.0 and footprint(size, unit, management_share) <= free), 0.0)


def first_fit(starts: Array, sizes: Array, need: float, capacity: float) -> Real:
    """Return the lowest address at which a new range fits between those that are there, `ABSENT` where it fits nowhere.

    The gaps of disjoint ranges run from 0 or an end to the next start or the capacity. Starts and ends, each sorted by itself, pair up,
    and a range that is not there counts as an empty one at the capacity.

    Args:
        starts: addresses of the ranges, shape (ranges,) or (ranges, n), bytes; `ABSENT` for those that are not there.
        sizes: their sizes, same shape, bytes; 0 for those that are not there.
        need: size of the new range, bytes, above 0.
        capacity: end of the memory, bytes.
    """
    floors, tops = _gaps(starts, sizes, capacity)
    fits = tops - floors >= need
    # The floors ascend: the lowest gap that is large enough is the one with the least of their floors.
    lowest = np.where(fits, floors, np.inf).min(axis=0)
    return np.where(lowest < np.inf, lowest, ABSENT)


def largest_gap(starts: Array, sizes: Array, capacity: float) -> Real:
    """Return the size of the largest range that would fit, bytes.

    Args:
        starts: addresses of the ranges, as of `first_fit`.
        sizes: their sizes, same shape, bytes.
        capacity: end of the memory, bytes.
    """
    floors, tops = _gaps(starts, sizes, capacity)
    gap: Real = (tops - floors).max(axis=0)
    return gap


def _gaps(starts: Array, sizes: Array, capacity: float) -> tuple[Array, Array]:
    """Return where the gaps begin and where they end, shape (ranges + 1,) or (ranges + 1, n)."""
    # np.fmin takes the number where the other operand is NaN.
    there = np.fmin(starts, capacity)
    edge = np.zeros((1, *there.shape[1:]))
    floors = np.concatenate([edge, np.sort(there + sizes, axis=0)])
    tops = np.concatenate([np.sort(there, axis=0), edge + capacity])
    return floors, tops


def never_fragments(sizes: list[float], capacity: float, unit: float) -> bool:
    """Say whether each of some ranges finds its place whatever of the others is there, wherever it lies.

    Beside the m others there are m + 1 gaps at most. If all of them were too small for a range of s units, each would have s - 1 units
    at most; more than (m + 1)(s - 1) units free cannot be in such gaps. Fewer others leave more room in fewer gaps, so that it is
    enough to look at all of them together.

    Args:
        sizes: all ranges that may ever be there, bytes, in whole units, each of them at most once at a time.
        capacity: memory for them, bytes.
        unit: size of a unit, bytes.
    """
    total = sum(sizes)
    return all(capacity - (total - size) > len(sizes) * (size - unit) for size in sizes)
