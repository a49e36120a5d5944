"""A summary read chunk by chunk, in little memory, against the same one from whole frames: random plans with everything in them."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results import whole_frames
from results.hand_made import ABORTED, REJECTED, Value, migrations, steps
from results.in_memory import InMemory
from sim.columns import TABLES
from sim.errors import ResultsError
from sim.report.text import summary_text
from sim.results import order_statistics
from sim.results.chunks import Chunk
from sim.results.samples import Replications, outcome_of, sample_of
from sim.results.summary import ALWAYS_STORED, Asked, columns_needed, flat, summarise_point
from sim.scenario.objectives import Metric, parse_objective

STEPS, VMS = ("out", "late", "back"), ("A", "B", "C", "D")
ROUND = {"total_s": 20.0, "downtime_s": 0.0, "stopped_round_s": 0.25, "rounds": 5}  # values that many rows share
NOT_TRIED: dict[str, Value] = {**REJECTED, "attempt": 0, "outcome": "not-started", "reason": "step-stopped"}
METRICS = [Metric(name, of) for name in ("total", "downtime", "rounds", "sent") for of in ("", "A", "out", "late")]
METRICS += [Metric(name, of) for name in ("makespan", "end") for of in ("", "out", "back")]


def attempts(random: Random) -> list[dict[str, Value]]:
    """Return the attempts of a VM in a step: none, one, or several of which the last one counts."""
    time = random.lognormvariate(3.0, 0.5)
    well: dict[str, Value] = {
        "total_s": time,
        "downtime_s": random.choice([None, 0.1 * time]),
        "stopped_round_s": 0.05 * time,
        "rounds": random.randint(0, 9),
        "sent_bytes": float(random.randint(0, 2**40)),
        "outcome": random.choice(["completed", "completed", "completed-with-warnings"]),
        "due_s": 79200.0 + random.choice([0.0, time]),
    }
    again: dict[str, Value] = {**ABORTED, "sent_bytes": 4096.0 * random.randint(1, 9), "source": random.choice(["S1", "S3"])}
    again |= random.choice([{}, {"reason": "link-lost", "after_suspend": "source-resumes", "interruption_s": 3.0}])
    if well["outcome"] == "completed-with-warnings":
        well["reason"] = random.choice(["definition-not-deleted", "source-crash"])
    lost: dict[str, Value] = {**again, "outcome": "lost", "reason": "source-crash", "after_suspend": random.choice(["lost", None])}
    row = random.choice([well, well, {**well, **ROUND}, {**REJECTED, "sent_bytes": 0.0}, dict(NOT_TRIED), again, lost, None])
    if row is None:
        return []
    retries = random.choice([0, 0, 0, 1, 2]) if row.get("attempt", 1) else 0
    return [{**again, "attempt": number} for number in range(1, retries + 1)] + [{"attempt": retries + 1, **row}]


def night(seed: int, replications: int, *, interleaved: bool) -> tuple[pa.Table, pa.Table]:
    """Return the tables of a random plan.

    Args:
        seed: of everything random.
        replications: how many.
        interleaved: whether the rows of a replication are in any order; else those of a VM in a step stand together, as they are written.
    """
    random = Random(seed)  # noqa: S311 - examples, no secrets
    moves: list[dict[str, Value]] = []
    runs: list[dict[str, Value]] = []
    first = random.choice([0, 4096])
    for number in range(first, first + replications):
        here = [
            {"replication": number, "step": step, "vm": vm, "su_type": "x86" if step == "back" else "/390", **row}
            for step in STEPS
            for vm in VMS[: 2 + STEPS.index(step)]
            for row in attempts(random)
        ]
        here += [
            {"replication": number, "step": "(operator)", "vm": vm, "su_type": "/390", "console": "S1", **row}
            for vm in random.choice([(), ("A",), ("A", "C")])
            for row in attempts(random)
        ]
        if interleaved:
            random.shuffle(here)
        moves += here
        happened: dict[str, Value] = {
            "ended": random.choice(["", "S1: A B", "S1: A; S2:"]),
            "faults": random.choice(["drop 0 0; slow 2 1", "drop 1 3; slow 1 0"]),
            "commands": random.choice(["1 22:02 S1 HOLD-VM executed", "1 22:02 S1 HOLD-VM rejected"]),
        }
        for place, step in enumerate(STEPS):
            left, makespan = random.choice([0, 0, 1]), random.choice([60.0, random.expovariate(0.01)])
            makespan = float("inf") if left else makespan
            at = 79200.0 + 600.0 * place
            times: dict[str, Value] = {
                "at_s": at,
                "makespan_s": makespan,
                "end_s": at + makespan,
                "ended_s": at + random.choice([70.0, 90.0]),
            }
            runs.append(
                {
                    "replication": number,
                    "step": step,
                    **times,
                    "left_behind": left,
                    "left": random.choice(["A on S1", "A on S1; B on S2, guest lost", "A deleted by an operator"]) if left else "",
                    "failed_s": random.choice([0.0, random.random()]),
                    **happened,
                }
            )
    # The first replication has every VM in every step, in order: which line comes first is then the same for both ways.
    whole: list[dict[str, Value]] = [
        {"replication": first, "step": step, "vm": vm, "due_s": 79200.0} for step in STEPS for vm in VMS[: 2 + STEPS.index(step)]
    ]
    whole = [{**row, "su_type": "x86" if row["step"] == "back" else "/390"} for row in whole]
    return migrations(*whole, *(row for row in moves if row["replication"] != first)), steps(*runs)


@pytest.mark.parametrize("kept", [30, 10**6])
@given(seed=st.integers(0, 2**32), size=st.integers(1, 50), cut=st.integers(5, 50), interleaved=st.booleans())
@settings(max_examples=6, deadline=None)  # a summary of hundreds of selections in many passes takes half a second
def test_summary_is_that_of_whole_frames(kept: int, seed: int, size: int, cut: int, interleaved: bool) -> None:
    moves, runs = night(seed, size, interleaved=interleaved)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(order_statistics, "KEPT", kept)
        found = summarise_point("", InMemory(moves, runs, cut), Asked((), 79200.0, 79300.0))
    assert found == whole_frames.summary_of(moves.to_pandas(), runs.to_pandas(), 79300.0)


@pytest.mark.parametrize("metric", METRICS, ids=str)
@given(seed=st.integers(0, 2**32), interleaved=st.booleans())
@settings(max_examples=10, deadline=None)
def test_samples_are_those_of_whole_frames(metric: Metric, seed: int, interleaved: bool) -> None:
    moves, runs = night(seed, 12, interleaved=interleaved)
    expected = whole_frames.sample_of(metric, moves.to_pandas(), runs.to_pandas())
    assert sample_of(metric, Replications(Chunk(moves, runs))).tolist() == expected.tolist()


@pytest.mark.parametrize("outcome", ["completed", "completed-with-warnings", "rejected", "aborted", "not-started", "lost"])
@given(seed=st.integers(0, 2**32), interleaved=st.booleans())
@settings(max_examples=10, deadline=None)
def test_outcomes_are_those_of_whole_frames(outcome: str, seed: int, interleaved: bool) -> None:
    moves, runs = night(seed, 12, interleaved=interleaved)
    objective = parse_objective(f"share({outcome}) >= 50 %")
    expected = whole_frames.outcome_of(objective, moves.to_pandas(), runs.to_pandas())
    assert outcome_of(objective, Replications(Chunk(moves, runs))).tolist() == expected


OBJECTIVES = tuple(
    map(
        parse_objective,
        ["P(makespan of out <= 5 min) >= 60 %", "p90(downtime of A) <= 5 s", "share(completed) >= 1 %", "p50(sent) <= 1 GiB"],
    )
)


@pytest.mark.parametrize(("cut", "kept"), [(7, 10**6), (1000, 20), (7, 20), (1, 100)])
def test_chunks_and_room_change_no_byte(cut: int, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = night(3, 60, interleaved=False)
    asked = Asked(OBJECTIVES, 79200.0, 79300.0)
    whole = json.dumps(summarise_point("", InMemory(*tables), asked, {"settings": {"a": "1"}}))
    monkeypatch.setattr(order_statistics, "KEPT", kept)
    assert json.dumps(summarise_point("", InMemory(*tables, cut), asked, {"settings": {"a": "1"}})) == whole
    assert whole.startswith('{"point": "", "settings": {"a": "1"}, "replications": 60')


def test_what_is_small_is_read_once_and_only_what_is_needed() -> None:
    rows = InMemory(*night(3, 60, interleaved=False), 10)
    summarise_point("", rows, Asked((), 79200.0))
    ((of_migrations, of_plans),) = rows.reads
    assert {"memory_bytes", "final_bytes", "ended_s", "interruption_s"}.isdisjoint(of_migrations)
    assert set(of_plans) == {"replication", "step", "at_s", "ended_s", "makespan_s", "end_s", "left_behind", "failed_s"} | {
        "left",
        "ended",
        "faults",
        "commands",
    }


@pytest.mark.parametrize("lacking", [column.name for column in TABLES["migrations"] if column.name not in ALWAYS_STORED])
def test_column_that_is_not_stored_is_left_out(lacking: str) -> None:
    moves, runs = night(3, 40, interleaved=False)
    whole = summarise_point("", InMemory(moves, runs), Asked((), 79200.0))
    found = summarise_point("", InMemory(moves.drop_columns([lacking]), runs), Asked((), 79200.0))
    assert whole is not None
    assert found is not None
    ratio, rest = {"sent_over_touched"}, {"state_and_resume_s"}
    made_of_it = {"touched_bytes": ratio, "sent_bytes": ratio, "downtime_s": rest, "stopped_round_s": rest}.get(lacking, set())
    whole["largest"].pop(lacking, None)
    for line in whole["migrations"]:
        for without in {lacking} | made_of_it:
            line["of_completed"].pop(without, None)
        for entry in {"su_type": ["su_type"], "rounds": ["rounds_max"]}.get(lacking, []):
            del line[entry]
    if lacking == "after_suspend":
        assert found["failures"].pop("after_suspend") == []
        assert {each["policy"] for each in whole["failures"].pop("after_suspend")} == {"lost", "source-resumes"}
    assert found == whole


def test_columns_that_are_always_stored_are_enough() -> None:
    moves, runs = night(3, 40, interleaved=False)
    objective = parse_objective("p50(downtime of A) <= 5 s")
    few = InMemory(moves.select(sorted(columns_needed([objective]))), runs)
    found = summarise_point("", few, Asked((objective,), 79200.0))
    assert found is not None
    assert list(found["migrations"][0]["of_completed"]) == ["downtime_s"]
    assert found["objectives"][0]["estimate"] is not None
    # The terminal shows a dash in the columns total p50 .. p99, rounds and sent/mem, and the three downtimes.
    told = {"points": [found | {"engine": "simpy", "why_engine": "as asked for", "policies": []}], "assumptions": []}
    (shown,) = (row for row in summary_text(told, 140).splitlines() if row.split()[:2] == ["out", "A"])
    assert shown.split()[2:5] == ["-", "-", "-"]
    assert shown.split().count("-") == 5


def test_objective_whose_column_is_not_stored_is_refused_by_name() -> None:
    moves, runs = night(3, 5, interleaved=False)
    asked = Asked((parse_objective("p50(downtime of A) <= 5 s"), parse_objective("p50(total) <= 5 s")), 79200.0)
    with pytest.raises(ResultsError) as refused:
        summarise_point("", InMemory(moves.select(sorted(ALWAYS_STORED)), runs), asked)
    assert "'p50(downtime of A) <= 5 s' needs the column downtime_s" in str(refused.value)
    assert "'p50(total) <= 5 s' needs the column total_s" in str(refused.value)


def test_point_without_replications_has_no_summary() -> None:
    moves, runs = night(3, 5, interleaved=False)
    assert summarise_point("", InMemory(moves.slice(0, 0), runs.slice(0, 0)), Asked(OBJECTIVES, 79200.0)) is None


def repeated(table: pa.Table, replications: int) -> pa.Table:
    """Return the rows of replication 0 as those of so many."""
    place = table.schema.get_field_index("replication")
    rows = pa.concat_tables([table] * replications)
    return rows.set_column(place, table.schema.field(place), pa.array(np.repeat(np.arange(replications), table.num_rows)))


@pytest.mark.parametrize(("replications", "quantiles"), [(3687, ["p50", "p90", "p99"]), (3688, ["p50", "p90", "p99", "p99.9"])])
def test_quantile_of_a_thousandth_is_told_from_3688_replications_on(replications: int, quantiles: list[str]) -> None:
    """0.999^3688 is the first power below 2.5 %; two VMs in each replication are no more replications."""
    moves = repeated(migrations({"vm": "A"}, {"vm": "B"}), replications)
    runs = repeated(steps({}), replications)
    found: Any = summarise_point("", InMemory(moves, runs, replications), Asked((), 79200.0))
    assert [list(line["of_completed"]["total_s"]) for line in found["migrations"]] == [quantiles] * 3
    assert list(found["steps"][0]["makespan_s"]) == quantiles
    rows = flat({"points": [found]})
    for name in ("makespan_s", "total_s of completed"):
        assert ((rows["quantity"] == f"{name} p99.9").sum() > 0) == ("p99.9" in quantiles)
