"""QEMU's source in many replications at once: each has the bits that it has alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model.qemu_sources import PAGE_BYTES
from sim.model.draws import Array
from sim.model.layout import Extent, Layout
from sim.model.qemu import Drawn, Source
from sim.model.rounds import Policy

GIB_PAGES = 262_144.0
LANES = 7
STATE = ("waiting", "threshold", "window_began", "window_bytes", "read_at", "syncs", "slowdown")


@st.composite
def guests(draw: st.DrawFn) -> tuple[Layout, Policy]:
    """Return a memory with all kinds of extents, perhaps in two chunks, and a policy."""
    first = draw(st.sampled_from((Extent(700.0), Extent(GIB_PAGES - 3000.0, zero=True))))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    classes = tuple((float(pages), float(10 ** rng.uniform(-3, 2))) for pages in rng.integers(1, 400, rng.integers(1, 12)))
    written = Extent(5000.5, classes)
    others = [Extent(3000.0, sweep=float(10 ** rng.uniform(1, 5))), Extent(640.0, shares=(0.1, 0.7)), Extent(1234.0, zero=True)]
    chosen = draw(st.permutations(others))[: draw(st.integers(0, 3))]
    policy = Policy(
        "qemu",
        max_bandwidth_Bps=draw(st.sampled_from((1e6, 3e7, float("inf")))),
        downtime_limit_s=draw(st.sampled_from((0.05, 0.3, 2.0))),
        zero_page_s=draw(st.sampled_from((0.0, 2.5e-7))),
        auto_converge=draw(st.booleans()),
    )
    return Layout.of([first, written, *chosen]), policy


def histories(source: Source, rates: Array, normals: Array, began: Array) -> list[Array]:
    """Let a source send and read for a while; return what could be seen of it after each window, shape (lanes,) or (bins, lanes)."""
    seen: list[Array] = []
    now = began.copy()
    for turn in range(12):
        due = np.flatnonzero(source.wants_sync() | (turn % 4 == 3))
        if len(due):
            source.sync(due, (now - source.read_at)[due] * source.slowdown[due], now[due], normals[turn][due])
        sent = source.iterate(rates, now)
        now = now + sent.size / rates
        now = now + sent.zeros_s
        now = now + source.sleep_s(now)
        source.end_window(now)
        seen += [now, sent.pages, sent.size, source.pending(), *source.final_set(), *(getattr(source, name).copy() for name in STATE)]
    return seen


def draws_of(layout: Layout, rng: np.random.Generator) -> Drawn:
    return Drawn(rng.random((len(layout.sweeps), LANES)), rng.random((len(layout.unknown), LANES)))


@settings(max_examples=60)
@given(guests(), st.integers(0, 2**32))
def test_a_lane_has_the_same_bits_alone_and_among_others(guest: tuple[Layout, Policy], seed: int) -> None:
    """Rates, places, draws and the begin differ between the lanes, so that they read at different times.

    Mutants: `np.sum` over bins or cells; a choice between quota and clock that one lane makes for all and that changes the others.
    """
    layout, policy = guest
    rng = np.random.default_rng(seed)
    drawn, rates, began = draws_of(layout, rng), 10 ** rng.uniform(6, 9.3, LANES), rng.uniform(0.0, 1e4, LANES)
    normals = rng.standard_normal((12, LANES))
    together = histories(Source(policy, layout, PAGE_BYTES, LANES, began, drawn), rates, normals, began)
    for lane in range(LANES):
        those = slice(lane, lane + 1)
        single = Drawn(drawn.phases[:, those], drawn.shares[:, those])
        alone = histories(Source(policy, layout, PAGE_BYTES, 1, began[those], single), rates[those], normals[:, those], began[those])
        for one, other in zip(alone, together, strict=True):
            assert one.tobytes() == np.ascontiguousarray(other[..., those]).tobytes()


@settings(max_examples=30)
@given(guests(), st.integers(0, 2**32))
def test_lanes_that_part_and_meet_again_go_on_as_before(guest: tuple[Layout, Policy], seed: int) -> None:
    """Half of them taken away, both halves brought together in another order: the future is the same. Mutant: a state that is not taken."""
    layout, policy = guest
    rng = np.random.default_rng(seed)
    drawn, rates, began = draws_of(layout, rng), 10 ** rng.uniform(6, 9.3, LANES), np.zeros(LANES)
    normals = rng.standard_normal((12, LANES))
    source = Source(policy, layout, PAGE_BYTES, LANES, began, drawn)
    histories(source, rates, normals, began)
    now = np.maximum(source.read_at, source.window_began) + 0.01
    order = rng.permutation(LANES)
    halves = [source.take(order[:4]), source.take(order[4:])]
    again = Source.together(halves, np.argsort(order))
    expected = histories(source, rates, normals, now)
    for one, other in zip(histories(again, rates, normals, now), expected, strict=True):
        assert one.tobytes() == other.tobytes()
