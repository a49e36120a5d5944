"""Where pages lie: bins that cover a guest's memory once, none of them in two chunks, and the cells in them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.model.layout import BINS, CHUNK, SWEEP_BINS, Extent, Layout, extents_of
from sim.model.load import Load

HALF_GIB = 131_072.0  # pages


@st.composite
def extents(draw: st.DrawFn) -> Extent:
    """Return an extent of any kind, from a page to 2 GiB; often one that ends on the border of a chunk, or is no whole number of pages."""
    pages = draw(st.one_of(st.integers(1, 2 * CHUNK).map(float), st.sampled_from((HALF_GIB, 2.0 * CHUNK)), st.floats(1.0, 1e5)))
    kind = draw(st.sampled_from(("rest", "zero", "sweep", "unknown", "classes", "classes")))
    if kind == "classes":
        shares = draw(st.lists(st.floats(0.01, 0.3), min_size=1, max_size=3))
        return Extent(pages, tuple((pages * share, 0.5 * place) for place, share in enumerate(shares)))
    if kind == "sweep":
        return Extent(pages, sweep=draw(st.floats(0.1, 1e5)))
    return Extent(pages, zero=kind == "zero", shares=(0.0, 0.3, 1.0) if kind == "unknown" else ())


MEMORIES = st.lists(extents(), min_size=1, max_size=6)


def bins_of(layout: Layout) -> list[tuple[float, bool, int]]:
    """Return (pages, zero, chunk) of each bin; the two that stand for the same unknown pages are one."""
    twins = {int(layout.bin_of[unknown.cell + 1]) for unknown in layout.unknown}
    sizes = np.bincount(layout.bin_of, weights=layout.pages[:, 0])
    return [
        (float(size), bool(zero), int(chunk))
        for place, (size, zero, chunk) in enumerate(zip(sizes, layout.zero, layout.chunk, strict=True))
        if place not in twins
    ]


@settings(max_examples=150)
@given(MEMORIES)
def test_bins_cover_each_extent_once_and_lie_in_one_chunk(memory: list[Extent]) -> None:
    """Bin by bin from address 0: sizes add up to the extents, zeros where they were, and the chunk is that of both ends.

    Mutants: no cut at the border of a chunk; a chunk counted from the begin of the extent; the last bin left out.
    """
    bins = iter(bins_of(Layout.of(memory)))
    begin = 0.0
    for extent in memory:
        end = begin + extent.pages
        low = begin
        while low < end - 1e-6:
            size, zero, chunk = next(bins)
            assert zero == extent.zero
            assert chunk * CHUNK - 1e-6 <= low < low + size <= (chunk + 1) * CHUNK + 1e-6
            low += size
        assert low == pytest.approx(end, abs=1e-6)
        begin = end
    assert not list(bins)


@settings(max_examples=150)
@given(MEMORIES)
def test_cells_of_the_bins_of_an_extent_add_up_to_its_classes(memory: list[Extent]) -> None:
    """Each class is in every bin by the bin's share, and what no class writes rests. Mutant: classes whole in each bin."""
    layout = Layout.of(memory)
    cells = [(float(pages), float(rewrites)) for pages, rewrites in zip(layout.pages[:, 0], layout.rewrites[:, 0], strict=True)]
    wanted: dict[float, float] = {}
    for extent in memory:
        for pages, rewrites in extent.classes:
            wanted[rewrites] = wanted.get(rewrites, 0.0) + pages
    for rewrites, pages in wanted.items():
        if rewrites:
            assert sum(size for size, found in cells if found == rewrites) == pytest.approx(pages, rel=1e-9)
    assert {rewrites for _, rewrites in cells} <= {*wanted, 0.0}


@given(extents().filter(lambda extent: bool(extent.classes)))
def test_every_bin_of_an_extent_has_the_same_mix(extent: Extent) -> None:
    """Writers are scattered evenly. Mutant: the first bins hold the first class."""
    layout = Layout.of([extent])
    bins = [layout.pages[low:high, 0] for low, high in pairwise(layout.first)]
    mixes = np.array([cells / cells.sum() for cells in bins])
    assert mixes == pytest.approx(np.broadcast_to(mixes[0], mixes.shape))


@settings(max_examples=100)
@given(MEMORIES)
def test_the_tables_of_a_layout_tell_the_same(memory: list[Extent]) -> None:
    """`first` and `bin_of` are two ways to say which cells a bin has; a sweep's bins tile its extent. Mutant: `first` without its end."""
    layout = Layout.of(memory)
    for place, (low, high) in enumerate(pairwise(layout.first)):
        assert low < high
        assert set(layout.bin_of[low:high]) == {place}
    assert layout.first[-1] == len(layout.pages) == len(layout.bin_of)
    assert len(layout.zero) == len(layout.chunk) == len(layout.first) - 1
    assert np.all(np.diff(layout.chunk) >= 0)
    swept = [extent for extent in memory if extent.sweep]
    for sweep, extent in zip(layout.sweeps, swept, strict=True):
        assert (sweep.pages, sweep.rate) == (extent.pages, extent.sweep)
        edges = [*sweep.low[:, 0], extent.pages]
        assert edges[0] == 0.0
        assert np.diff(edges) == pytest.approx(sweep.size[:, 0], abs=1e-6)
        assert layout.pages[sweep.cells, 0] == pytest.approx(sweep.size[:, 0])


def test_a_writer_of_half_its_extent_by_hand() -> None:
    """800 pages of which 400 are written, 10 zeros: eight bins of 50 + 50 pages and one of 10. Mutant: one bin for all."""
    layout = Layout.of([Extent(800.0, ((400.0, 2.0),)), Extent(10.0, zero=True)])
    assert layout.pages[:, 0].tolist() == [50.0] * 16 + [10.0]
    assert layout.rewrites[:, 0].tolist() == [2.0, 0.0] * 8 + [0.0]
    assert layout.first == (*range(0, 17, 2), 17)
    assert layout.zero.tolist() == [False] * 8 + [True]
    assert layout.chunk.tolist() == [0] * 9


def test_an_extent_over_the_border_of_a_chunk_by_hand() -> None:
    """1.5 GiB in eighths of 49,152 pages: the border at 262,144 is a third of the way through the sixth, which becomes two."""
    layout = Layout.of([Extent(1.5 * CHUNK, ((1.5 * CHUNK, 1.0),))])
    assert layout.pages[:, 0].tolist() == [49_152.0] * 5 + [16_384.0, 32_768.0] + [49_152.0] * 2
    assert layout.chunk.tolist() == [0] * 6 + [1] * 3
    assert BINS == 8


def test_memory_that_rests_is_one_bin_a_chunk() -> None:
    """Three chunks and a half: nobody asks where in them a page lies."""
    assert Layout.of([Extent(3.5 * CHUNK)]).pages[:, 0].tolist() == [CHUNK] * 3 + [HALF_GIB]


def test_a_sequential_writer_has_fine_bins() -> None:
    """6,400 pages in 64 bins of 100."""
    (sweep,) = Layout.of([Extent(50.0), Extent(6400.0, sweep=10.0)]).sweeps
    assert sweep.low[:, 0].tolist() == [100.0 * k for k in range(SWEEP_BINS)]
    assert sweep.cells.tolist() == list(range(1, 1 + SWEEP_BINS))


def test_unknown_pages_are_a_bin_of_each_kind() -> None:
    """Both have room for all of the pages; how they are shared is drawn. Mutant: one bin, or another address behind them."""
    layout = Layout.of([Extent(640.0, shares=(0.25, 0.5)), Extent(float(CHUNK))])
    assert layout.pages[:, 0].tolist() == [640.0, 640.0, CHUNK - 640.0, 640.0]
    assert layout.zero.tolist() == [False, True, False, False]
    assert layout.chunk.tolist() == [0, 0, 0, 1]
    (unknown,) = layout.unknown
    assert (unknown.cell, unknown.shares.tolist()) == (0, [0.25, 0.5])


def test_a_guest_without_a_layout_gets_its_zeros_last() -> None:
    """1,000 pages, 600 touched, of them 200 swept: writers and resting pages in 400, then the sweep, then 400 zeros."""
    load = Load("any", ((100.0, 2.0), (50.0, 9.0)), ((150.0, 7.0), (50.0, 3.0)))
    assert extents_of(load, 600.0, 1000.0) == (
        Extent(400.0, load.classes),
        Extent(150.0, sweep=7.0),
        Extent(50.0, sweep=3.0),
        Extent(400.0, zero=True),
    )


def test_extents_without_pages_are_left_out() -> None:
    load = Load("sweep", sweeps=((600.0, 7.0),))
    assert extents_of(load, 600.0, 600.0) == (Extent(600.0, sweep=7.0),)
    assert extents_of(Load("none"), 0.0, 8.0) == (Extent(8.0, zero=True),)
