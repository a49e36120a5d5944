"""The section on time: every number against the Parquet, the words of what never ends, and what it does without columns or repetition."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from sim.experiment.run import Order, run
from sim.report.page.blocks import Cell, Figure, Prose, Section, Table
from sim.report.page.drawing import svg_of
from sim.report.page.sections.timing.attempts import attempts_of, stored_attempts
from sim.report.page.sections.timing.makespans import BARS, bin_edges, clock_up
from sim.report.page.sections.timing.section import timing
from sim.report.page.sections.timing.steps import common_axis
from sim.report.page.source import Source, read_run, source_of
from sim.scenario.load import load_scenario

SCENARIOS = Path(__file__).parents[3] / "scenarios"
NIGHT = 79200.0
Q = (0.5, 0.9, 0.99)


def section(source: Source) -> Section:
    """Return the section; it is there."""
    found = timing(source)
    assert found is not None
    return found


def rows_of(source: Source, table: str) -> pd.DataFrame:
    """Return a table of the run as pandas reads it."""
    files = sorted((Path(source.runs[0].folder) / f"{table}.parquet").rglob("*.parquet"))
    return pd.concat([pd.read_parquet(file, partitioning=None) for file in files], ignore_index=True)


def table(found: Section, key: str) -> Table:
    """Return a table of the section, be it one of a figure."""
    tables = [block if isinstance(block, Table) else block.numbers for block in found.blocks if isinstance(block, Table | Figure)]
    return next(each for each in tables if each.key == key)


def column(found: Table, title: str) -> list[Cell]:
    """Return the cells of a column."""
    return [row[list(found.titles).index(title)] for row in found.shown]


def values(found: Table, title: str) -> list[float | None]:
    """Return the numbers of a column."""
    return [cell.value for cell in column(found, title)]


def figure(found: Section, key: str) -> Figure:
    """Return a figure of the section."""
    return next(each for each in found.figures if each.key == key)


def nth(sample: pd.Series, q: float) -> float:
    """Return X_(ceil(n q))."""
    return float(np.sort(sample)[int(np.ceil(round(len(sample) * q, 9))) - 1])


def test_makespans_of_the_night_are_those_of_the_parquet(night: Source) -> None:
    found, makespans = section(night), rows_of(night, "plans")["makespan_s"]
    steps = table(found, "timing-steps")
    for q in Q:
        assert values(steps, f"makespan p{100 * q:.0f} (95 %)") == [nth(makespans, q)]
    assert values(steps, "within the window (95 %)") == [(makespans <= 14400).mean()]
    assert values(steps, "begins") == [NIGHT]
    by = [NIGHT + nth(makespans, q) for q in (0.5, 0.9, 0.95, 0.99)]
    assert values(table(found, "timing-reached"), "by") == by


def test_bars_hold_all_replications_that_end(night: Source) -> None:
    bars, makespans = table(section(night), "timing-makespan-bars"), rows_of(night, "plans")["makespan_s"]
    for low, high, share in zip(*(values(bars, title) for title in ("longer than", "up to", "replications")), strict=True):
        assert share == pytest.approx(((makespans > low) & (makespans <= high)).mean(), abs=1e-12)
    assert sum(values(bars, "replications")) == pytest.approx(1.0)  # type: ignore[arg-type]


def test_the_curve_counts_who_is_over_and_its_band_is_clopper_pearson(night: Source) -> None:
    points, makespans = table(section(night), "timing-over-points"), rows_of(night, "plans")["makespan_s"]
    titles = ("clock time", "after its begin", "over by then", "95 % from", "95 % to")
    for clock, after, share, low, high in zip(*(values(points, title) for title in titles), strict=True):
        hits = int((makespans <= after).sum())
        interval = binomtest(hits, 200).proportion_ci(0.95, "exact")
        assert clock == NIGHT + after
        assert share == hits / 200
        assert (low, high) == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert (share, makespans.max() <= after) == (1.0, True)


def test_phases_are_medians_of_completed_migrations(night: Source) -> None:
    phases, rows = table(section(night), "timing-phases-p0"), rows_of(night, "migrations")
    vms = [cell.text for cell in column(phases, "VM")]
    assert sorted(vms) == sorted(rows["vm"].unique())
    for title, name in (("set-up", "setup_s"), ("pre-copy", "precopy_s"), ("stop", "downtime_s"), ("clean-up", "cleanup_s")):
        samples = [rows.loc[rows["vm"] == vm, name].dropna() for vm in vms]
        assert values(phases, title) == [nth(sample, 0.5) if len(sample) else None for sample in samples]
    assert values(phases, "stop")[vms.index("PRINT")] is None  # its guest does not run


def test_the_charts_show_the_median_and_the_worst_replication(night: Source) -> None:
    found, plans, moves = section(night), rows_of(night, "plans"), rows_of(night, "migrations")
    for which, makespan in (("median", nth(plans["makespan_s"], 0.5)), ("worst", plans["makespan_s"].max())):
        number = plans.loc[plans["makespan_s"] == makespan, "replication"].min()
        here = moves[moves["replication"] == number].sort_values("command_s")
        bars = table(found, f"timing-{which}-p0-bars")
        assert [cell.text for cell in column(bars, "VM")] == here["vm"].tolist()
        for title, name in (("command", "command_s"), ("ended", "ended_s"), ("set-up", "setup_s"), ("pre-copy", "precopy_s")):
            assert values(bars, title) == here[name].tolist()
        assert [value or 0.0 for value in values(bars, "stop")] == here["downtime_s"].fillna(0.0).tolist()
        longest = here.loc[(here["ended_s"] - here["command_s"]).idxmax(), "vm"]
        chart = figure(found, f"timing-{which}-p0")
        assert chart.title.startswith(f"{which.capitalize()} replication: {longest} needs ")
        assert f"no. {number} is the {which} one of n = 200" in chart.sample
        assert "window ends 02:00" in chart.reading


def test_titles_tell_by_when_the_su_is_empty(night: Source) -> None:
    found, makespans = section(night), rows_of(night, "plans")["makespan_s"]
    title = figure(found, "timing-over").title
    assert title.startswith(f"ABGSE501 is empty by {clock_up(NIGHT + nth(makespans, 0.5))} with 50 % and by ")
    assert title.endswith(f"by {clock_up(NIGHT + nth(makespans, 0.99))} with 99 % probability")
    lead = found.blocks[0]
    assert isinstance(lead, Prose)
    assert lead.tone == "lead"
    assert lead.text.startswith(f"ABGSE501 is empty with 90 % probability by {clock_up(NIGHT + nth(makespans, 0.9))}; 100.0 % (")


def test_a_migration_is_over_and_leaves_no_empty_su(quickstart: Source) -> None:
    found = section(quickstart)
    assert {cell.text for cell in column(table(found, "timing-reached"), "what")} == {"VM12PROD is on ABGSE701"}
    assert not any("empty" in each.title for each in found.figures)
    assert "within the window (95 %)" not in table(found, "timing-steps").titles  # the scenario has none
    assert [each.key for each in found.figures] == ["timing-makespan", "timing-over", "timing-median-worst-p0", "timing-median-worst-p1"]


def test_what_never_ends_is_said_and_not_drawn(failing: Source) -> None:
    found, plans = section(failing), rows_of(failing, "plans")
    never = plans["makespan_s"].map(np.isinf).groupby(plans["point"], observed=True).mean()
    assert never["no retry"] == 1.0
    texts = [block.text for block in found.blocks if isinstance(block, Prose)]
    assert "no retry: Draining ABGSE501 never ends in any replication, so there is no distribution of its makespan." in texts
    assert 0.0 < never["three retries"] < 1.0
    points = table(found, "timing-over-points")
    ends = dict(zip((cell.text for cell in column(points, "step")), values(points, "over by then"), strict=True))  # the last one of each
    assert ends["three retries"] == pytest.approx(1.0 - never["three retries"])
    assert "no retry" not in ends
    reached = table(found, "timing-reached")
    assert [row[3].text for row in reached.shown if row[0].text == "no retry"] == ["never"] * 4
    ever = f"{100 * (1 - never['three retries']):.1f} %"
    assert {row[3].text for row in reached.shown if row[0].text == "three retries" and row[3].text.startswith("never")} == {
        f"never so often: {ever} at all"
    }
    assert any(f"at all in only {ever} (three retries) of the replications" in each.title for each in found.figures)
    charts = [each for each in found.figures if "no retry" in each.title]
    assert any("5 of 5 VMs are not brought over" in each.title for each in charts)
    assert any(f"In {round(100 * never['three retries'])} replications a VM is left behind" in each.sample for each in found.figures)


def test_all_figures_are_drawn_and_small(quickstart: Source, failing: Source, swept: Source) -> None:
    for source in (quickstart, failing, swept):
        for each in section(source).figures:
            assert 2_000 < len(svg_of(each.drawing, each.key)) < 60_000
            assert each.alt
            assert each.sample


def test_swept_values_are_left_to_the_section_on_sweeps(swept: Source) -> None:
    found = section(swept)
    assert len(table(found, "timing-steps").rows) == 4  # of twelve points
    assert any(isinstance(block, Prose) and "section Sweeps" in block.text for block in found.blocks)


def test_stored_columns_give_the_same_attempts_without_rounds(failing: Source) -> None:
    for detail in failing.details:
        for number, replication in detail.again.items():
            repeated, stored = attempts_of(replication), stored_attempts(detail.rows, number)
            assert not isinstance(stored, str)
            assert [(each.vm, each.number, each.outcome, each.reason) for each in stored] == [
                (each.vm, each.number, each.outcome, each.reason) for each in repeated
            ]
            for one, other in zip(repeated, stored, strict=True):
                for (name, *ends), (name_there, *ends_there) in zip(one.phases(), other.phases(), strict=True):
                    assert name == name_there
                    assert ends == pytest.approx(ends_there, abs=1e-6)


def test_where_nothing_can_be_repeated_the_stored_columns_are_drawn(night: Source) -> None:
    elsewhere = replace(night.runs[0], facts={**night.runs[0].facts, "fingerprint": "of another machine"})
    chart = figure(section(replace(night, runs=(elsewhere,), details=(replace(night.details[0], run=elsewhere),))), "timing-median-p0")
    assert "without rounds: this machine rounds differently" in chart.sample
    assert chart.title == figure(section(night), "timing-median-p0").title
    svg_of(chart.drawing, chart.key)


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """One replication of which few columns were stored, on a machine that rounds differently."""
    loaded, folder = load_scenario(SCENARIOS / "console-example.yaml"), tmp_path_factory.mktemp("narrow") / "run"
    columns = ("point", "replication", "step", "vm", "attempt", "outcome", "reason", "due_s", "total_s")
    run(Order(loaded, 1, folder, 1, 0, rounds=False, command=["migr"], columns=columns), lambda *_: None)
    read = read_run(str(folder), loaded)
    return source_of([replace(read, facts={**read.facts, "fingerprint": "of another machine"})], [], "migr report")


def test_columns_that_were_not_stored_are_named(narrow: Source) -> None:
    found = section(narrow)
    notes = " ".join(block.text for block in found.blocks if isinstance(block, Prose))
    assert "`--columns` left out what it needs: command_s, started_s, ended_s, setup_s, precopy_s, cleanup_s" in notes
    assert "`setup_s`, `precopy_s`, `downtime_s`, `cleanup_s`" in notes
    for each in found.figures:
        svg_of(each.drawing, each.key)
    assert "needs 6 replications" in column(table(found, "timing-steps"), "makespan p50 (95 %)")[0].text  # 0.5^6 <= 0.025


@pytest.mark.parametrize(("low", "high"), [(25.0, 25.0), (0.0, 0.0), (1761.2, 1840.9), (0.3, 0.7), (10.0, 86400.0)])
def test_edges_hold_every_value_and_read_well(low: float, high: float) -> None:
    edges = bin_edges(low, high)
    assert edges[0] < low <= high <= edges[-1]
    assert len(edges) % 2 == 1
    assert 3 <= len(edges) <= 2 * (BARS + 3) + 1
    assert np.allclose(np.diff(edges), edges[1] - edges[0])


def test_distributions_that_are_far_apart_get_an_axis_each() -> None:
    assert common_axis([(20.0, 30.0), (25.0, 50.0)])
    assert not common_axis([(20.0, 21.0), (500.0, 502.0)])


def test_a_clock_time_is_rounded_up() -> None:
    assert clock_up(NIGHT + 1778.2) == "22:29:39"
    assert clock_up(86400.0 + 3600.0) == "01:00:00"
