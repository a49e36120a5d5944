"""Objectives against hand-made samples whose intervals are known."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from results.hand_made import ABORTED, migrations, steps
from sim.results.chunks import Chunk
from sim.results.samples import Replications
from sim.results.verdicts import Evidence, Judged
from sim.scenario.objectives import parse_objective

TEN_PM = 79200.0


def downtimes(*values: float) -> pa.Table:
    """Return a replication for each downtime; an infinite one was aborted."""
    return migrations(
        *(
            {"replication": number, "downtime_s": value} if math.isfinite(value) else {"replication": number, **ABORTED}
            for number, value in enumerate(values)
        )
    )


def one_step(frame: pa.Table) -> pa.Table:
    """Return a table of plans with a row for each replication."""
    return steps(*({"replication": number} for number in sorted(set(frame["replication"].to_numpy().tolist()))))


def judged(text: str, frame: pa.Table, plans: pa.Table | None = None, clock_from: float = TEN_PM) -> Judged:
    """Return what becomes of an objective."""
    evidence = Evidence(parse_objective(text), clock_from)
    evidence.add(Replications(Chunk(frame, one_step(frame) if plans is None else plans)))
    evidence.end_pass()
    assert not evidence.is_open
    return evidence.judged("")


@pytest.mark.parametrize(
    ("quick", "verdict"),
    [
        (100, "met"),  # Clopper-Pearson, 100 of 100: from 0.025^(1/100) = 96.4 % on
        (98, "undecided"),
        (80, "missed"),  # 80 of 100: up to 87.3 %
    ],
)
def test_probability_is_judged_by_its_interval(quick: int, verdict: str) -> None:
    found = judged("P(downtime of A <= 5 s) >= 95 %", downtimes(*[1.0] * quick, *[9.0] * (100 - quick)))
    assert (found.verdict, found.estimate) == (verdict, quick / 100)


def test_interval_of_a_share_without_misses_is_the_closed_form() -> None:
    """N hits of n: the lower end is (a / 2)^(1 / n), a = 5 %."""
    found = judged("P(downtime of A <= 5 s) >= 95 %", downtimes(*[1.0] * 100))
    assert found.interval.low == pytest.approx(0.025 ** (1 / 100), abs=1e-12)
    assert found.interval.high == 1.0


def test_aborted_migration_does_not_meet_a_limit() -> None:
    """Unconditional: 100 replications, all downtimes short, 20 of them aborted."""
    found = judged("P(downtime of A <= 5 s) >= 95 %", downtimes(*[1.0] * 80, *[math.inf] * 20))
    assert (found.verdict, found.estimate) == ("missed", 0.8)


def test_aborted_migrations_are_the_largest_values_of_a_quantile() -> None:
    """50 replications, 10 aborted: the 90 % quantile is never; with 1 aborted it is a number, its interval reaches never."""
    found = judged("p90(downtime of A) <= 5 s", downtimes(*[1.0] * 40, *[math.inf] * 10))
    assert (found.verdict, found.estimate, found.interval.high) == ("missed", math.inf, math.inf)
    found = judged("p90(downtime of A) <= 5 s", downtimes(*[1.0] * 49, math.inf))
    assert (found.verdict, found.estimate, found.interval.low, found.interval.high) == ("undecided", 1.0, 1.0, math.inf)


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [("100 s", "met"), ("0.5 s", "missed"), ("50 s", "undecided")],
)
def test_median_is_judged_by_its_order_statistics(limit: str, verdict: str) -> None:
    """Downtimes 1 .. 100 s: P(B(100, 1/2) < 40) = 0.0176 and < 41 = 0.0284, so the interval is [X_40, X_61]."""
    found = judged(f"p50(downtime of A) <= {limit}", downtimes(*(float(value) for value in range(1, 101))))
    assert (found.verdict, found.estimate) == (verdict, 50.0)
    assert (found.interval.low, found.interval.high) == (40.0, 61.0)


@pytest.mark.parametrize(("q", "needed"), [("p90", 36), ("p99", 368), ("p99.9", 3688)])
def test_quantile_of_too_few_replications_is_refused_with_the_number_needed(q: str, needed: int) -> None:
    """The numbers stand in design.md."""
    found = judged(f"{q}(downtime of A) <= 5 s", downtimes(*[1.0] * (min(needed, 400) - 1)))
    assert (found.verdict, found.interval.low, found.interval.needed) == ("undecided", None, needed)


def test_share_of_an_outcome() -> None:
    frame = downtimes(*[1.0] * 60, *[math.inf] * 40)
    assert judged("share(completed) >= 95 %", frame).verdict == "missed"
    assert judged("share(aborted) >= 20 %", frame).verdict == "met"
    assert judged("share(aborted) <= 40 %", frame).verdict == "undecided"


@pytest.mark.parametrize(
    ("clock", "verdict"),
    [
        ("23:30", "missed"),  # all end at 00:30 of the next day
        ("00:29", "missed"),
        ("00:31", "met"),
        ("02:00", "met"),
        ("22:00", "missed"),
    ],
)
def test_clock_time_after_midnight_is_of_the_next_day(clock: str, verdict: str) -> None:
    """A window from 22:00: "00:31" is the next day, 22:00 itself the first one."""
    half_past_midnight = 86400.0 + 1800.0
    plans = steps(*({"replication": number, "end_s": half_past_midnight} for number in range(100)))
    assert judged(f"P(end of out <= {clock}) >= 95 %", downtimes(*[1.0] * 100), plans).verdict == verdict


def test_clock_time_of_a_day_window_is_of_the_same_day() -> None:
    plans = steps(*({"replication": number, "end_s": 43200.0} for number in range(100)))
    frame = downtimes(*[1.0] * 100)
    assert judged("P(end of out <= 13:00) >= 95 %", frame, plans, clock_from=36000.0).verdict == "met"
    assert judged("P(end of out <= 11:00) >= 95 %", frame, plans, clock_from=36000.0).verdict == "missed"
