"""Memory does not grow with the number of replications: the same peak for a million and for ten million rows."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sim.results import order_statistics
from sim.results.chunks import Chunk
from sim.results.summary import Asked, summarise_point
from sim.results.tables import schema
from sim.scenario.objectives import parse_objective

VMS = 10
CHUNK = 10_000  # replications
OBJECTIVES = ("p99(downtime) <= 5 s", "P(makespan of out <= 4 h) >= 95 %", "share(completed) >= 99 %")


class Generated:
    """The rows of a point, made when they are read."""

    columns = frozenset(schema("migrations").names)

    def __init__(self, replications: int) -> None:
        self.replications = replications
        self.passes = 0

    def read(self, migrations: Sequence[str], plans: Sequence[str]) -> Iterator[Chunk]:
        """Yield the chunks."""
        self.passes += 1
        for start in range(0, self.replications, CHUNK):
            yield Chunk(self._migrations(start, migrations), self._plans(start, plans))

    def _migrations(self, start: int, columns: Sequence[str]) -> pa.Table:
        total = np.random.default_rng(start).lognormal(3.0, 0.3, CHUNK * VMS)
        made = {
            "replication": pa.array(np.repeat(np.arange(start, start + CHUNK), VMS)),
            "step": named(np.zeros(len(total)), ["out"]),
            "vm": named(np.tile(np.arange(VMS), CHUNK), [f"VM{number}" for number in range(VMS)]),
            "attempt": pa.array(np.ones(len(total), dtype=np.int64)),
            "su_type": named(np.zeros(len(total)), ["x86"]),
            "due_s": pa.array(np.full(len(total), 79200.0)),
            "source": named(np.zeros(len(total)), ["S1"]),
            "after_suspend": pa.array(np.zeros(len(total), dtype=np.int64), mask=np.ones(len(total), dtype=bool)).cast(pa.string()),
            "outcome": named(total > 50.0, ["completed", "aborted"]),
            "reason": named(np.zeros(len(total)), ["chase-limit"]),
            "total_s": pa.array(total),
            "downtime_s": pa.array(0.1 * total),
            "stopped_round_s": pa.array(0.05 * total),
            **{name: pa.array(0.01 * total) for name in ("setup_s", "precopy_s", "handshake_s", "cleanup_s")},
            "rounds": pa.array(np.floor(total).astype(np.int64)),
            "touched_bytes": pa.array(np.full(len(total), 2**30)),
            "sent_bytes": pa.array(np.floor(1e8 * total)),
        }
        return pa.table({column: made[column] for column in columns})

    @staticmethod
    def _plans(start: int, columns: Sequence[str]) -> pa.Table:
        makespan = np.random.default_rng([start, 1]).lognormal(5.0, 0.3, CHUNK)
        made = {
            "replication": pa.array(np.arange(start, start + CHUNK)),
            "step": named(np.zeros(CHUNK), ["out"]),
            "at_s": pa.array(np.full(CHUNK, 79200.0)),
            "ended_s": pa.array(79200.0 + makespan),
            "failed_s": pa.array(np.where(makespan > 200.0, 0.1 * makespan, 0.0)),
            "makespan_s": pa.array(makespan),
            "end_s": pa.array(79200.0 + makespan),
            "left_behind": pa.array(np.zeros(CHUNK, dtype=np.int64)),
            **{column: named(np.zeros(CHUNK), [""]) for column in ("left", "ended", "faults", "commands")},
        }
        return pa.table({column: made[column] for column in columns})


def named(codes: np.ndarray[tuple[int], np.dtype[np.generic]], names: list[str]) -> pa.Array[Any]:
    """Return a column of names."""
    indices: Any = pa.array(codes.astype(np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array(names))


def peak_and_passes(replications: int) -> tuple[int, int]:
    """Return the most bytes that a summary holds at once, in NumPy and in Arrow together, and how often it reads the rows."""
    rows = Generated(replications)
    before = pa.total_allocated_bytes()
    tracemalloc.start()
    try:
        found = summarise_point("", rows, Asked(tuple(map(parse_objective, OBJECTIVES)), 79200.0, 86400.0))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found is not None
    assert found["replications"] == replications
    assert sum(line["migrations"] for line in found["migrations"][:-1]) == VMS * replications
    assert pa.total_allocated_bytes() - before < 2**20  # nothing of Arrow's is kept
    return peak, rows.passes


def test_peak_and_passes_are_the_same_for_a_million_and_for_ten_million_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk of 100,000 rows takes some 20 MB while it is looked at; what is kept is bounded, here below a value a replication of either.

    Mutant: keeping one column of the larger point takes 72 MB more.
    """
    monkeypatch.setattr(order_statistics, "KEPT", 2**16)
    (small, small_passes), (large, large_passes) = peak_and_passes(100_000), peak_and_passes(1_000_000)
    assert large < 1.2 * small
    assert small_passes == large_passes <= 3  # one for the values that stay, one between fences; so few kept values can take one more
