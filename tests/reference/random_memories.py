"""Random small memories with a layout, for the QEMU oracle and for the engines."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from page_writers import Among, Sequential, Uniform, Writer
from qemu_oracle import NORMAL_BYTES, PAGE, Guest, Setting

from engine.builders import NO_COSTS, cluster, point, unit, vm
from sim.model.layout import Extent
from sim.model.load import Load
from sim.model.rounds import Policy
from sim.scenario.point import Link, Point


@dataclass(frozen=True, slots=True)
class Memory:
    """A layout and what a migration of it is told; the same for both sides.

    Args:
        extents: neighbouring pages, in the order of addresses.
        setting: of the oracle.
    """

    extents: tuple[Extent, ...]
    setting: Setting

    @property
    def pages(self) -> int:
        """All pages, zero pages too."""
        return int(sum(extent.pages for extent in self.extents))

    def guest(self, rng: np.random.Generator) -> Guest:
        """Return a guest of the oracle: a sequential writer begins anywhere, pages of several classes lie scattered."""
        zero = np.zeros(self.pages, dtype=np.bool_)
        writers: list[Writer] = []
        first = 0
        for extent in self.extents:
            pages = int(extent.pages)
            zero[first : first + pages] = extent.zero
            if extent.sweep:
                writers.append(Sequential(first, pages, extent.sweep, rng.uniform(0.0, pages)))
            elif len(extent.classes) == 1:
                writers.append(Uniform(first, pages, pages * extent.classes[0][1], rng))
            else:
                scattered, taken = first + rng.permutation(pages), 0
                for size, rate in extent.classes:
                    writers.append(Among(scattered[taken : taken + int(size)], size * rate, rng))
                    taken += int(size)
            first += pages
        return Guest(zero, tuple(writers))

    def point(self) -> Point:
        """Return a world in which it migrates from S1 to S2, and nothing but QEMU takes time."""
        policy = Policy(
            "qemu",
            downtime_limit_s=self.setting.downtime_limit_s,
            max_bandwidth_Bps=self.setting.cap_Bps,
            zero_page_s=self.setting.zero_page_s,
            cancel_after_s=self.setting.bound_s,
        )
        raw = self.setting.raw_Bps
        of = cluster("x86", policy, costs=NO_COSTS, sender_Bps=raw, receiver_Bps=raw, page_header_bytes=float(NORMAL_BYTES - PAGE))
        filled = sum(extent.pages for extent in self.extents if not extent.zero)
        guest = replace(vm("G"), memory_bytes=self.pages * float(PAGE), touched_pages=filled, extents=self.extents, load=self._load())
        return point(guest, of=of, units=(unit("S1", "x86"), unit("S2", "x86")), link=Link("net", raw, 0.0))

    def _load(self) -> Load:
        classes = tuple(each for extent in self.extents for each in extent.classes)
        return Load("laid out", classes=classes, sweeps=tuple((extent.pages, extent.sweep) for extent in self.extents if extent.sweep))


def random_memory(rng: np.random.Generator, setting: Setting, pages: int, pages_per_s: float) -> Memory:
    """Return zeros, one to three written extents, filled pages that rest, and zeros; the share of each at random.

    An extent is written in order in one case of three, in one of four by two classes that lie scattered, else evenly. All of
    them together write 1 % to 70 % of what the line carries: nearer to the critical point a page more or less decides how often
    the log is read.
    """
    kinds = int(rng.integers(1, 4))
    sizes = [max(60, int(share)) for share in rng.dirichlet(np.ones(kinds + 3)) * pages]
    written = rng.dirichlet(np.ones(kinds)) * pages_per_s * 10 ** rng.uniform(-2.0, -0.15)
    extents = [Extent(float(sizes[0]), zero=True)]
    extents += [_extent(rng, size, writes) for size, writes in zip(sizes[1:-2], written.tolist(), strict=True)]
    extents += [Extent(float(sizes[-2])), Extent(float(sizes[-1]), zero=True)]
    return Memory(tuple(extents), setting)


def _extent(rng: np.random.Generator, size: int, writes: float) -> Extent:
    chance, hot = rng.random(), max(20, size // 10)
    if chance < 1 / 3:
        return Extent(float(size), sweep=writes)
    if chance < 7 / 12:
        return Extent(float(size), ((float(hot), 0.8 * writes / hot), (float(size - hot), 0.2 * writes / (size - hot))))
    return Extent(float(size), ((float(size), writes / size),))
