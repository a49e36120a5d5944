"""QEMU's migrations of the class model, through the engine, against the page oracle on random small memories."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from qemu_oracle import NORMAL_BYTES, Setting, migrate
from random_memories import Memory, random_memory
from scipy.stats import norm

from sim.model import layout
from sim.model.layout import Extent
from twins.engines import of_lockstep

Array = NDArray[np.float64]
GUESTS = 20
REPLICATIONS = 128
COLUMNS = ("syncs", "total_s", "pages", "downtime_s")  # pages: bytes on the stream in pages of 4104
RAW_PAGES_PER_S = 40_000.0  # 64 pages, after which QEMU looks at its clock, take 1.6 ms
BOUND_S = 60.0
CHUNK_PAGES = 3000  # the size of a chunk in the labs that have several


@dataclass(frozen=True, slots=True)
class Case:
    """What limits the transfer.

    Args:
        cap_pages_per_s: cap, infinite where the line is the limit.
        least, most: pages of a memory.
        window: pages of a window under the cap, of an iteration of 50 ms where the line is the limit.
        window_s: its length, seconds.
        chunk_pages: pages whose dirty log is cleared together.
        labs: how many times twenty memories.
    """

    cap_pages_per_s: float
    least: int
    most: int
    window: float
    window_s: float
    chunk_pages: int = layout.CHUNK
    labs: int = 1

    @property
    def edge(self) -> Array:
        """What a single page may decide, by columns: a window more or less and a sync with it, and a flush that differs by one.

        QEMU's clock and sleeps are in whole milliseconds.
        """
        return np.array([1.0, self.window_s + 1e-3, self.window + 1.0, self.window / RAW_PAGES_PER_S + 1e-3])


CASES = {
    "capped": Case(2500.0, 3000, 15_000, 251.0, 0.1, labs=4),
    "chunks": Case(2500.0, 6000, 15_000, 251.0, 0.1, chunk_pages=CHUNK_PAGES, labs=2),
    "link": Case(math.inf, 12_000, 30_000, 0.05 * RAW_PAGES_PER_S, 0.05, labs=2),
}
RUNS = 5
Z = float(norm.isf(1e-3 / (2 * len(COLUMNS) * GUESTS * sum(case.labs for case in CASES.values()))))  # 0.1 % false alarms in all


def memory(case: Case, rng: np.random.Generator) -> Memory:
    """A random memory and what its migration is told."""
    setting = Setting(
        raw_Bps=RAW_PAGES_PER_S * NORMAL_BYTES,
        cap_Bps=case.cap_pages_per_s * NORMAL_BYTES,
        downtime_limit_s=float(rng.choice([0.05, 0.3, 1.0])),
        chunk_pages=case.chunk_pages,
        bound_s=BOUND_S,
    )
    return random_memory(rng, setting, int(rng.integers(case.least, case.most)), min(case.cap_pages_per_s, RAW_PAGES_PER_S))


def of_pages(of: Memory, rng: np.random.Generator, runs: int) -> Array:
    """The columns of some migrations, page by page, shape (runs, columns); NaN where one did not end."""
    results = [migrate(of.guest(rng), of.setting) for _ in range(runs)]
    rows = [(len(each.syncs), each.total_s, each.transferred / NORMAL_BYTES, each.downtime_s) for each in results]
    return np.where([[each.converged] for each in results], np.array(rows, dtype=np.float64), math.nan)


def of_engine(of: Memory) -> Array:
    """The same of the engine, shape (replications, columns); it does not count the sync at set-up, nor the last one."""
    table = of_lockstep(of.point(), 0, REPLICATIONS)["migrations"].to_pandas()
    rows = (table["rounds"] + 2.0, table["total_s"], table["sent_bytes"] / NORMAL_BYTES, table["downtime_s"])
    return np.where((table["outcome"] == "completed").to_numpy()[:, np.newaxis], np.column_stack(rows), math.nan)


@pytest.mark.parametrize(("name", "number"), [(name, number) for name, case in CASES.items() for number in range(case.labs)])
def test_engine_agrees_with_pages(name: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Syncs, total time, pages and downtime: guest by guest, and their mean over the guests, in which few may be at an edge.

    An edge: one page decides whether a window more is sent, or the log is read once more. Guest by guest that is allowed
    once; in the mean over the guests a tenth of it. Mutants: the log read at the end of memory, a capped flush, zero pages not
    in what waits, zero pages as normal ones, a window's first threshold from the cap, pages of a sweep among the waiting ones.
    """
    case = CASES[name]
    monkeypatch.setattr(layout, "CHUNK", case.chunk_pages)
    rng = np.random.default_rng([2042, number, sorted(CASES).index(name)])
    wrong, offs, errors = [], [], []
    for _ in range(GUESTS):
        of = memory(case, rng)
        pages, classes = of_pages(of, rng, RUNS), of_engine(of)
        off = pages.mean(axis=0) - classes.mean(axis=0)
        spread = np.maximum(pages.std(axis=0, ddof=1), classes.std(axis=0, ddof=1))
        error = spread * math.sqrt(1.0 / RUNS + 1.0 / REPLICATIONS)
        half = Z * error + case.edge
        wrong += [f"{of.extents} {COLUMNS[k]}: {off[k]:.4g} > {half[k]:.4g}" for k in range(4) if not abs(off[k]) <= half[k]]
        offs.append(off)
        errors.append(error)
    assert not wrong
    half = Z * np.sqrt((np.array(errors) ** 2).sum(axis=0)) / GUESTS + 0.1 * case.edge
    assert (np.abs(np.mean(offs, axis=0)) <= half).all()


@pytest.mark.parametrize("often", [3.0, 10.0, 100.0])
def test_what_never_ends_never_ends_on_either_side(often: float) -> None:
    """5,000 pages, each rewritten `often` times while the cap sends them all; 125 may wait at the end: cancelled at the bound."""
    case = CASES["capped"]
    rewrites = often * case.cap_pages_per_s / 5000.0
    setting = Setting(RAW_PAGES_PER_S * NORMAL_BYTES, case.cap_pages_per_s * NORMAL_BYTES, 0.05, bound_s=20.0)
    of = Memory((Extent(500.0, zero=True), Extent(5000.0, ((5000.0, rewrites),)), Extent(500.0)), setting)
    assert np.isnan(of_pages(of, np.random.default_rng(2043), 3)).all()
    assert np.isnan(of_engine(of)).all()
