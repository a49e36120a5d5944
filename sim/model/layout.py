"""Where a guest's pages lie: extents in the order of addresses, cut into the bins that a scan of the memory passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.model.draws import Array, Lanes
from sim.model.load import Load

CHUNK = 262_144  # pages of 1 GiB: QEMU clears the dirty log of so much memory at once (QEMU 7.2, ramblock: clear_bmap_shift 18)
BINS = 8  # of an extent with several writers; with 16, the predictions of the bundled cases change by less than 0.1 %
SWEEP_BINS = 64  # of a sequential writer, whose place in the extent decides what is dirty


@dataclass(frozen=True, slots=True)
class Extent:
    """Neighbouring pages that are used alike.

    Args:
        pages: how many; not a whole number where the size is measured as a share.
        classes: (pages, rewrites per page and second) of random writers, scattered over the extent; pages beyond them rest.
        sweep: pages per second of a sequential writer that goes round in the whole extent; 0 for none.
        zero: whether the pages hold zeros, and are never written.
        shares: shares of the pages that are not zero, each as likely as the others, where nobody knows; never written either.
    """

    pages: float
    classes: tuple[tuple[float, float], ...] = ()
    sweep: float = 0.0
    zero: bool = False
    shares: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """Two neighbouring bins, of pages that may be zero or not.

    Args:
        cell: of the pages that are not zero; the next one is that of the zeros.
        shares: of those that are not zero, each as likely as the others.
    """

    cell: int
    shares: Array


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """The bins of a sequential writer.

    Args:
        cells: its cells.
        low, size: first page and number of pages of each of its bins within the extent, shape (cells, 1).
        pages: of the extent.
        rate: pages per second.
    """

    cells: NDArray[np.intp]
    low: Array
    size: Array
    pages: float
    rate: float


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The memory of a guest as bins in the order of addresses, each with a cell for every class of pages in it.

    Args:
        pages, rewrites: of each cell, shape (cells, 1).
        bin_of: bin of each cell.
        first: first cell of each bin, and one beyond the last; cells of a bin are neighbours.
        further: which bins have a second, a third, ... cell, and these cells.
        zero: whether the pages of a bin hold zeros, shape (bins,).
        chunk: 1 GiB chunk of each bin.
        sweeps: sequential writers.
        unknown: pages that may be zero or not.
    """

    pages: Array
    rewrites: Array
    bin_of: NDArray[np.intp]
    first: tuple[int, ...]
    further: tuple[tuple[Lanes, Lanes], ...]
    zero: NDArray[np.bool_]
    chunk: NDArray[np.intp]
    sweeps: tuple[Sweep, ...]
    unknown: tuple[Unknown, ...]

    @classmethod
    def of(cls, extents: Sequence[Extent]) -> Layout:
        """Cut extents into bins; none lies in two chunks."""
        cells: list[tuple[float, float]] = []
        bins: list[tuple[int, bool, int]] = []
        sweeps: list[Sweep] = []
        unknown: list[Unknown] = []
        begin = 0.0
        for extent in extents:
            places = []
            for low, size in _cuts(begin, extent):
                places.append((len(cells), low, size))
                bins.append((len(cells), extent.zero, int((begin + low + size / 2) // CHUNK)))
                cells += _cells(extent, size)
                if extent.shares:
                    unknown.append(Unknown(len(cells) - 1, np.array(extent.shares)))
                    bins.append((len(cells), True, bins[-1][2]))
                    cells.append(cells[-1])
            if extent.sweep:
                table: NDArray[Any] = np.array(places, dtype=np.float64)
                sweeps.append(Sweep(table[:, 0].astype(np.intp), table[:, 1:2], table[:, 2:3], extent.pages, extent.sweep))
            begin += extent.pages
        first = (*(place for place, _, _ in bins), len(cells))
        columns = np.array(cells, dtype=np.float64)
        return cls(
            pages=columns[:, :1],
            rewrites=columns[:, 1:],
            bin_of=np.repeat(np.arange(len(bins)), np.diff(first)),
            first=first,
            further=tuple(_further(np.array(first))),
            zero=np.array([zero for _, zero, _ in bins]),
            chunk=np.array([chunk for _, _, chunk in bins], dtype=np.intp),
            sweeps=tuple(sweeps),
            unknown=tuple(unknown),
        )

    def binned(self, cells: Array) -> Array:
        """Return the sum over the cells of each bin, added in order, shape (bins, k)."""
        bins = cells[list(self.first[:-1])]
        for those, places in self.further:
            bins[those] += cells[places]
        return bins


def total(rows: Array) -> Array:
    """Return the sum over the first axis, added in order: `np.sum` would add one lane and many in different orders."""
    return np.asarray(np.cumsum(rows, axis=0)[-1]) if len(rows) else np.zeros(rows.shape[1])


def extents_of(load: Load, touched: float, memory: float) -> tuple[Extent, ...]:
    """Return a layout for a guest of which nobody has written one.

    Args:
        load: its classes and sweeps, whole pages.
        touched: pages ever written; the others hold zeros.
        memory: configured memory, pages.
    """
    # Assumes [A19]: random writers scattered over one extent, then the sequential ones, the zeros last.
    sweeps = tuple(Extent(pages, sweep=rate) for pages, rate in load.sweeps)
    scattered = touched - sum(pages for pages, _ in load.sweeps)
    extents = (Extent(scattered, load.classes), *sweeps, Extent(memory - touched, zero=True))
    return tuple(extent for extent in extents if extent.pages > 0.0)


def _cuts(begin: float, extent: Extent) -> Iterator[tuple[float, float]]:
    """Yield first page and size of the bins of an extent that begins at an address, pages."""
    wanted = SWEEP_BINS if extent.sweep else BINS if extent.classes else 1
    edges = {extent.pages * k / wanted for k in range(wanted + 1)}
    chunk = (begin // CHUNK + 1) * CHUNK
    while chunk < begin + extent.pages:
        edges.add(chunk - begin)
        chunk += CHUNK
    for low, high in pairwise(sorted(edges)):
        yield low, high - low


def _further(first: Lanes) -> Iterator[tuple[Lanes, Lanes]]:
    """Yield which bins have a second, a third, ... cell, and these cells."""
    sizes = np.diff(first)
    for place in range(1, int(sizes.max())):
        those = np.flatnonzero(sizes > place)
        yield those, first[those] + place


def _cells(extent: Extent, size: float) -> list[tuple[float, float]]:
    """Return (pages, rewrites) of the cells of a bin."""
    share = size / extent.pages
    cells = [(pages * share, rewrites) for pages, rewrites in extent.classes]
    rest = extent.pages - sum(pages for pages, _ in extent.classes)
    return [*cells, (rest * share, 0.0)] if rest > 0.0 or not cells else cells
