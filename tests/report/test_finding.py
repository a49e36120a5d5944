from __future__ import annotations

import pytest

from sim.errors import UsageError
from sim.report.trace.finding import compared_text, found_text, metric_of, quantile_of
from sim.results.extremes import Found
from sim.scenario.load import scenario_of
from sim.scenario.objectives import Metric
from sim.scenario.point import Point

SCENARIO = """\
schema: 1
networks: {net: {bandwidth: 10 Gbit/s}}
clusters: {C: {type: /390, network: net, units: {S1: {memory: 64 GiB}, S2: {memory: 64 GiB}}}}
vms:
  DB: {su: S1, memory: 4 GiB, load: idle}
  APPL: {su: S1, memory: 2 GiB, load: idle}
plan: {out: {at: "22:00", drain: S1, to: S2}}
"""


@pytest.fixture(scope="module")
def point() -> Point:
    return scenario_of(SCENARIO, "night.yaml").points[0]


@pytest.mark.parametrize(
    ("text", "vm", "metric"),
    [
        ("downtime", None, Metric("downtime")),
        ("downtime", "DB", Metric("downtime", "DB")),
        ("downtime of DB", None, Metric("downtime", "DB")),
        ("total of APPL", "DB", Metric("total", "APPL")),  # the trace shows DB of the night that is worst for APPL
        ("sent of out", None, Metric("sent", "out")),
        ("makespan", "DB", Metric("makespan")),  # of steps, which --vm does not name
        ("end of out", "DB", Metric("end", "out")),
    ],
)
def test_the_metric_is_that_of_objectives_and_vm_says_of_whom(point: Point, text: str, vm: str | None, metric: Metric) -> None:
    assert metric_of(text, vm, point) == metric


@pytest.mark.parametrize(
    ("text", "vm", "told"),
    [
        (
            "dwontime",
            None,
            "--worst 'dwontime': is no metric; write makespan, end, total, downtime, rounds or sent",
        ),
        ("downtime of APLP", None, "--worst 'downtime of APLP': there is no VM or step 'APLP'; did you mean 'APPL'?"),
        ("downtime", "XYZ", "--vm XYZ: no such VM; known VMs: APPL, DB"),
        ("makespan", "DBB", "--vm DBB: no such VM; did you mean 'DB'?"),
        ("downtime of XYZ", None, "there is no VM or step 'XYZ'; known VMs and steps: APPL, DB, out"),
        ("makespan of DB", None, "there is no step 'DB'; known steps: out"),
        ("end", None, "write 'of' and the name of a step there"),
        ("downtime <= 5 s", None, "write nothing more there; for example 'makespan of out' or 'downtime of VM12PROD'"),
    ],
)
def test_what_is_no_metric_is_refused_with_what_to_write(point: Point, text: str, vm: str | None, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        metric_of(text, vm, point)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "q"),
    [("0.99", 0.99), ("99 %", 0.99), ("99.9%", 0.999), ("p99.9", 0.999), ("p50", 0.5), ("1", 1.0), ("100 %", 1.0), ("1/3", 1 / 3)],
)
def test_a_quantile_can_be_written_in_three_ways(text: str, q: float) -> None:
    assert quantile_of(text) == q


@pytest.mark.parametrize("text", ["0", "-0.5", "99", "101 %", "p0", "p101", "worst", "", "nan", "inf", "1/0"])
def test_what_is_no_quantile_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no quantile; write a number above 0 and up to 1 such as"):
        quantile_of(text)


def test_it_is_said_which_replication_was_found_and_how_many_are_infinite() -> None:
    text = found_text(Metric("downtime", "DB"), 0.99, Found(8812, 3.25, 10_000, 12), completed=False)
    assert text == (
        "downtime of DB: the 0.99-quantile of 10,000 replications is 3.25 s (3.250000 s), in replication 8812.\n"
        "Infinite, because a VM was not migrated: 12 replications; --completed leaves them out."
    )


@pytest.mark.parametrize(
    ("metric", "value", "shown"),
    [
        (Metric("makespan"), float("inf"), "infinite (not migrated)"),
        (Metric("end", "out"), 86_400.0 + 3_600.0, "+1 01:00:00.0"),
        (Metric("rounds"), 7.0, "7"),
        (Metric("sent"), 2.0**31, "2 GiB (2147483648 bytes)"),
    ],
)
def test_a_value_is_shown_in_its_unit(metric: Metric, value: float, shown: str) -> None:
    assert f"the worst value of 3 replications is {shown}, in replication 1." in found_text(
        metric, 1.0, Found(1, value, 3, 0), completed=False
    )


def test_it_is_said_whether_the_replay_is_what_is_stored() -> None:
    assert compared_text("out", 3, {"plans": 1, "migrations": 12}) == "Equal to the stored rows, bit by bit: 1 of plans, 12 of migrations."
    assert compared_text("out", 30, {}) == "Replication 30 is not stored in out; it was simulated now."
