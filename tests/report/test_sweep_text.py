"""The table of a sweep: what its columns mean, and that nothing in it is cut."""

from __future__ import annotations

from typing import Any

import pytest

from results.hand_made import ABORTED, Value, migrations, steps
from results.in_memory import InMemory
from sim.report.sweep import sweep_text
from sim.report.text import summary_text
from sim.results.summary import Asked, flat, summarise_point

PATHS = ("networks.mcnpr.bandwidth", "vms.VM12PROD.working_set_of_the_night", "loads.orders.spread")
N = 40


@pytest.fixture(scope="module")
def point() -> dict[str, Any]:
    """Return a point of 40 replications of two VMs: in every fourth one APPL is aborted, else DB takes 100 s and APPL 20 s."""
    moves: list[dict[str, Value]] = []
    for number in range(N):
        moves.append({"replication": number, "vm": "DB", "total_s": 100.0, "downtime_s": 0.5})
        moves.append({"replication": number, "vm": "APPL", **(ABORTED if number % 4 == 0 else {"total_s": 20.0, "downtime_s": 2.0})})
    plans: list[dict[str, Value]] = [{"replication": number, "left_behind": int(number % 4 == 0)} for number in range(N)]
    found = summarise_point("", InMemory(migrations(*moves), steps(*plans), 7), Asked((), 79200.0))
    assert found is not None
    return {**found, "engine": "simpy", "why_engine": "", "policies": ["vm2000"]}


def told(point: dict[str, Any]) -> str:
    points = [{**point, "settings": dict.fromkeys(PATHS, f"{number} Gbit/s")} for number in (1, 10)]
    return sweep_text({"points": points}, 120)


def test_completed_is_the_share_of_replications_that_bring_every_vm_over(point: dict[str, Any]) -> None:
    """30 of 40 replications, though 70 of 80 migrations."""
    assert point["completed"]["share"] == 0.75
    rows = [line for line in told(point).splitlines() if "Gbit/s" in line]
    assert [row.split()[-7:-5] for row in rows] == [["75.0", "%"]] * 2


def test_failures_have_the_share_that_arrived_and_the_main_reason(point: dict[str, Any]) -> None:
    """70 of 80 migrations arrived; a point without failures has no such columns."""
    assert "VMs" in told(point)
    rows = [line for line in told(point).splitlines() if "Gbit/s" in line]
    assert [row.split()[-5:] for row in rows] == [["87.5", "%", "0.0", "%", "chase-limit"]] * 2
    without = {**point, "failures": {**point["failures"], "reasons": []}}
    assert "arrived" not in told(without)


def test_footnote_of_a_policy_is_there_only_where_it_was_used(point: dict[str, Any]) -> None:
    texts = [summary_text({"points": [{**point, "policies": [name]}], "assumptions": []}, 120) for name in ("vm2000", "xen")]
    assert ["chase_limit" in text for text in texts] == [True, False]


def test_operators_migrations_are_marked_where_all_are_together(point: dict[str, Any]) -> None:
    operators = {**point["migrations"][0], "step": "(operator)"}
    with_them = {**point, "migrations": [*point["migrations"][:-1], operators, point["migrations"][-1]]}
    text, without = (summary_text({"points": [each], "assumptions": []}, 120) for each in (with_them, point))
    assert "plan and (operator)" in text
    assert "share(completed), are about the plan and do not count them" in text
    assert "(operator)" not in without


def test_times_are_the_largest_of_each_replication(point: dict[str, Any]) -> None:
    """Of the p50 it is the longer VM, 100 s, and the longer downtime, 2 s; of the p90 never."""
    row = next(line for line in told(point).splitlines() if "Gbit/s" in line)
    assert row.split()[-13:-5] == ["1:40", "min", "never", "2.00", "s", "never", "75.0", "%"]
    assert "never where a VM was not migrated" in told(point)
    assert {name: found["value"] for name, found in point["largest"]["total_s"].items()} == {"p50": 100.0, "p90": "never", "p99": "never"}


def test_the_table_for_a_spreadsheet_has_them(point: dict[str, Any]) -> None:
    values = flat({"points": [point]}).set_index("quantity")["value"]
    assert values["share of replications in which every VM was brought over"] == 0.75
    assert values["largest downtime_s of a replication p50"] == 2.0


def test_headings_break_at_dots_only(point: dict[str, Any]) -> None:
    words = {word for line in told(point).splitlines()[:8] for word in line.split()}
    pieces = {piece + "." * (place < 2) for path in PATHS for place, piece in enumerate(path.split("."))}
    assert pieces <= words


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_number_of_the_summary_is_cut(point: dict[str, Any], width: int) -> None:
    """Long names and outcomes: the intervals of the times stay whole."""
    line = {**point["migrations"][0], "step": "drain-the-first-of-the-three-units", "vm": "VM" + "X" * 30}
    span = {"value": 36.04, "low": 36.03, "high": 36.05, "replications_needed": None}
    line["of_completed"] = {name: dict.fromkeys(("p50", "p90", "p99"), span) for name in ("total_s", "downtime_s")}
    text = summary_text({"points": [{**point, "migrations": [line]}], "assumptions": []}, width)
    assert text.count("36.03-36.05") == 6
    assert text.count("36.04 s") == 6
    assert "…" not in text
