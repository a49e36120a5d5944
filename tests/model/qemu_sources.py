"""QEMU's source of one migration, driven by hand: windows, readings, what waits."""

from __future__ import annotations

import numpy as np

from sim.model.layout import Extent, Layout
from sim.model.qemu import Drawn, Source
from sim.model.rounds import Policy

PAGE_BYTES = 4104.0  # of a normal page on the stream
FAST = 1e12  # bytes per second: no iteration lasts long
SLOW = PAGE_BYTES / 1e-3  # a page a millisecond
ONE = np.zeros(1, dtype=np.intp)  # the only lane
UNCAPPED = Policy("qemu")
SMALL = Policy("qemu", max_bandwidth_Bps=99.5 * PAGE_BYTES)  # quota of a window: 9.95 pages, so ten are sent


def source_of(policy: Policy, *extents: Extent, phase: float = 0.0, share: float = 0.0) -> Source:
    """Return the source of one migration that begins at 0 s."""
    layout = Layout.of(extents)
    drawn = Drawn(np.full((len(layout.sweeps), 1), phase), np.full((len(layout.unknown), 1), share))
    return Source(policy, layout, PAGE_BYTES, 1, np.zeros(1), drawn)


def iterates(source: Source, now: float, rate: float = FAST) -> tuple[float, float, float]:
    """Let it send; return pages, bytes and the time of zero pages."""
    sent = source.iterate(np.array([rate]), np.array([now]))
    return float(sent.pages[0]), float(sent.size[0]), float(sent.zeros_s[0])


def windows(source: Source, count: int, since: float = 0.0) -> float:
    """Let windows of 100 ms pass in which it sends; return when the last one ended."""
    for number in range(1, count + 1):
        iterates(source, since + 0.1 * (number - 1))
        source.end_window(np.array([since + 0.1 * number]))
    return since + 0.1 * count


def reads(source: Source, exposure: float, now: float, normal: float = 0.0) -> float:
    """Let it read the bitmap; return the new pages."""
    before = float(source.pending()[0])
    source.sync(ONE, np.array([exposure]), np.array([now]), np.array([normal]))
    return float(source.pending()[0]) - before


def waiting(source: Source) -> list[float]:
    """Return the pages that wait in each bin."""
    found: list[float] = source.waiting[:, 0].tolist()
    return found
