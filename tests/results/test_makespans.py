"""Makespans of steps and of whole plans: extents, order statistics and counts, against numpy and by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from results.in_memory import InMemory
from sim.results import order_statistics
from sim.results.makespans import PLAN, counted, measured

NEVER = float("inf")
NIGHT = 79200.0


def plans_of(makespans: dict[str, list[float]], begins: dict[str, float], replications: int = 1000) -> InMemory:
    """Return the rows of replications with a row for each step, as plans.parquet has them."""
    steps, n = list(makespans), len(next(iter(makespans.values())))
    rows = [(number, step, begins[step], makespans[step][number]) for number in range(n) for step in steps]
    plans = pa.table(
        {
            "replication": pa.array([row[0] for row in rows]),
            "step": pa.array([row[1] for row in rows]).dictionary_encode(),
            "at_s": pa.array([row[2] for row in rows]),
            "makespan_s": pa.array([row[3] for row in rows]),
            "end_s": pa.array([row[2] + row[3] for row in rows]),
        }
    )
    return InMemory(pa.table({"replication": pa.array([], pa.int64())}), plans, replications)


@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_what_never_ends_is_counted_and_is_no_extent(chunk: int) -> None:
    rows = plans_of({"out": [30.0, NEVER, 20.0, NEVER, 25.0]}, {"out": NIGHT}, chunk)
    (found,) = measured(rows, ["out"])
    assert (found.step, found.n, found.never, found.low, found.high) == ("out", 5, 2, 20.0, 30.0)
    # X_(3) of 20, 25, 30, never, never; X_(5) is never
    assert found.quantiles["p50"]["value"] == 30.0
    assert found.quantiles["p90"]["value"] == "never"


def test_where_nothing_ends_there_is_no_extent() -> None:
    (found,) = measured(plans_of({"out": [NEVER, NEVER]}, {"out": NIGHT}), ["out"])
    assert found.never == found.n == 2
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_the_whole_plan_runs_from_the_first_begin_to_the_last_end() -> None:
    # First replication: out ends 60 s after 22:00, back begins 100 s later and takes 50 s: 150 s. Second one: out takes longest, 400 s.
    rows = plans_of({"out": [60.0, 400.0], "back": [50.0, 40.0]}, {"out": NIGHT, "back": NIGHT + 100.0})
    (found,) = measured(rows, [PLAN])
    assert (found.low, found.high) == (150.0, 400.0)
    assert counted(rows, {PLAN: np.array([100.0, 150.0, 400.0])})[PLAN].tolist() == [1, 1]


def test_bins_hold_their_upper_edge_and_not_their_lower_one() -> None:
    rows = plans_of({"out": [10.0, 10.5, 11.0, 11.0, 12.0, NEVER]}, {"out": NIGHT}, 2)
    assert counted(rows, {"out": np.array([9.0, 10.0, 11.0, 12.0])})["out"].tolist() == [1, 3, 1]


def test_a_makespan_outside_the_edges_is_refused() -> None:
    rows = plans_of({"out": [10.0, 13.0]}, {"out": NIGHT})
    with pytest.raises(ValueError, match="lie outside the edges"):
        counted(rows, {"out": np.array([9.0, 12.0])})
    with pytest.raises(ValueError, match="lie outside the edges"):
        counted(rows, {"out": np.array([10.0, 13.0])})


@pytest.mark.parametrize("kept", [2**21, 64])
def test_quantiles_are_order_statistics_however_few_values_fit_into_memory(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_statistics, "KEPT", kept)
    values = np.random.default_rng(5).lognormal(5.0, 0.4, 4000)
    rows = plans_of({"out": values.tolist()}, {"out": NIGHT}, 300)
    (found,) = measured(rows, ["out"])
    ordered = np.sort(values)
    for name, share in (("p50", 50), ("p90", 90), ("p95", 95), ("p99", 99)):
        assert found.quantiles[name]["value"] == ordered[4000 * share // 100 - 1]
        assert found.quantiles[name]["low"] < found.quantiles[name]["value"] < found.quantiles[name]["high"]
    assert (len(rows.reads) > 1) == (kept == 64)
    assert all(migrations == () for migrations, _ in rows.reads)  # ten million rows that nobody needs here


def test_few_replications_say_how_many_an_interval_needs() -> None:
    (found,) = measured(plans_of({"out": [1.0] * 100}, {"out": NIGHT}), ["out"])
    # 0.95^n <= 0.025 from n = 72 on, 0.99^n <= 0.025 from n = 368 on
    assert found.quantiles["p95"]["replications_needed"] is None
    assert found.quantiles["p99"]["replications_needed"] == 368
