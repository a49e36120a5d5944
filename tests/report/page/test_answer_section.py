"""The first section: what it answers, why, and what it says to try."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from report.page.conftest import SCENARIOS, Ran
from sim.engine.site import Site
from sim.experiment.probing.again import first_rows
from sim.model.throughput import lone_rate
from sim.report.page.blocks import Block, Heading, Prose, Section, Table, Tiles, Verdict
from sim.report.page.objective_words import time_limit
from sim.report.page.sections.answer.bottleneck import pace_of, sharing
from sim.report.page.sections.answer.ideas import Try
from sim.report.page.sections.answer.section import answer
from sim.report.page.sections.answer.tries import command, replications_to_decide, slack, tries
from sim.report.page.sections.answer.turns import by_setting
from sim.report.page.sections.answer.why import longest, phase_shares, planned, why
from sim.report.page.source import Detail, Run, Source
from sim.scenario.load import load_scenario
from sim.scenario.objectives import Metric, parse_objective

COMMAND = re.compile(r"`(migr [^`]+)`")


def of(source: Source) -> Section:
    """Return the section, which always has something to say."""
    section = answer(source)
    assert section is not None
    return section


def rows_of(detail: Detail, table: str) -> pd.DataFrame:
    """Return the stored rows of a point as pandas reads them, without the program's reader."""
    frame = pd.read_parquet(f"{detail.run.folder}/{table}.parquet")
    return frame[frame["point"].astype(str) == detail.point.name]


def verdicts(blocks: tuple[Block, ...] | list[Block]) -> list[Verdict]:
    """Return the verdicts among the blocks."""
    return [block for block in blocks if isinstance(block, Verdict)]


def with_run(source: Source, **changes: object) -> Source:
    """Return a source whose only run has other facts or another summary."""
    run: Run = replace(source.runs[0], **changes)  # type: ignore[arg-type]
    return replace(source, runs=(run,), details=tuple(replace(detail, run=run) for detail in source.details))


def with_entry(detail: Detail, **changes: object) -> Detail:
    """Return a detail whose entry of the summary has other values."""
    return replace(detail, entry=detail.entry | changes)


def test_the_lead_says_whether_it_fits_with_the_share_that_pandas_finds(night: Source) -> None:
    """The objective is the share of makespans up to 30 min."""
    share = 100.0 * (rows_of(night.details[0], "plans")["makespan_s"] <= 1800.0).mean()
    first = of(night).blocks[0]

    assert isinstance(first, Prose)
    assert first.tone == "lead"
    assert f"all 12 VMs are off ABGSE501 within 30 min in {share:.1f} % of the 200 simulated nights" in first.text


def test_tiles_name_the_longest_vm_and_the_longest_phase(night: Source) -> None:
    """Both are found again from the rows: the VM with the largest median total, the phase with the largest sum of medians."""
    moves = rows_of(night.details[0], "migrations")
    # A quantile of the summary is an order statistic, of 200 values the 100th: nothing is interpolated.
    medians = moves.groupby("vm", observed=True)[["total_s", "setup_s", "precopy_s", "downtime_s", "cleanup_s"]].quantile(
        0.5, interpolation="lower"
    )
    phases = medians[["setup_s", "precopy_s", "downtime_s", "cleanup_s"]].sum()
    tiles = next(block for block in of(night).blocks if isinstance(block, Tiles)).tiles
    shown = {tile.what: tile.number for tile in tiles}

    assert shown["is the VM that takes longest"] == medians["total_s"].idxmax()
    assert phases.idxmax() == "precopy_s"
    assert shown["of all migration time is pre-copy"] == f"{100.0 * phases['precopy_s'] / phases.sum():.0f} %"


def test_shares_of_phases_come_from_medians_worked_out_by_hand() -> None:
    """Two VMs: set-up 1 + 3, pre-copy 10 + 20, stop 2 + none, clean-up 1 + 3 of 40 seconds."""

    def line(vm: str, *medians: float | None) -> dict[str, Any]:
        names = ("setup_s", "precopy_s", "downtime_s", "cleanup_s", "total_s")
        known = {name: {"p50": {"value": value}} if value is not None else {} for name, value in zip(names, medians, strict=True)}
        return {"vm": vm, "of_completed": known}

    lines = [line("A", 1.0, 10.0, 2.0, 1.0, 14.0), line("B", 3.0, 20.0, None, 3.0, 26.0)]
    most = longest(lines)

    assert phase_shares(lines) == {"set-up": 0.1, "pre-copy": 0.75, "stop": 0.05, "clean-up": 0.1}
    assert most is not None
    assert (most.line["vm"], most.share, most.second) == ("B", 0.65, lines[0])
    assert phase_shares([]) == {}
    assert longest([]) is None


def test_every_objective_of_every_detailed_point_has_its_verdict(failing: Source) -> None:
    """Four of five variants are detailed, each under its name; the others are told of."""
    blocks = of(failing).blocks
    found = [(each.objective, each.verdict) for each in verdicts(list(blocks))]
    headings = [block.text for block in blocks if isinstance(block, Heading)]

    assert found == [(entry["objective"], entry["verdict"]) for detail in failing.details for entry in detail.entry["objectives"]]
    assert headings == [detail.point.name for detail in failing.details]
    assert any("4 of 5 variants" in block.text for block in blocks if isinstance(block, Prose))


def test_the_table_of_points_equals_what_pandas_computes(failing: Source) -> None:
    """Makespans with infinite ones among them, the longest stop of a replication, and shares."""
    table = next(block for block in of(failing).blocks if isinstance(block, Table))
    folder = failing.runs[0].folder
    plans, moves = pd.read_parquet(f"{folder}/plans.parquet"), pd.read_parquet(f"{folder}/migrations.parquet")
    end_s = 23 * 3600.0

    assert len(table.rows) == 5
    for row in table.shown:
        of_point = plans[plans["point"].astype(str) == row[0].text]
        times = np.sort(of_point["makespan_s"].to_numpy())
        last = moves[moves["point"].astype(str) == row[0].text].sort_values("attempt").groupby(["replication", "vm"], observed=True).last()
        done = last["outcome"].astype(str).str.startswith("completed")
        stops = np.sort(last["downtime_s"].where(done, np.inf).groupby("replication").max().to_numpy())
        expected = [times[49], times[89], stops[98], done.groupby("replication").all().mean(), (of_point["end_s"] <= end_s).mean()]
        assert [cell.value for cell in row[1:6]] == expected


def test_failures_say_their_reason_and_suggest_trying_again(failing: Source) -> None:
    """Without a retry the line that dropped leaves all behind; a faster network is no remedy, and none is suggested."""
    detail = next(detail for detail in failing.details if detail.point.name == "no retry")
    objective = parse_objective("share(completed) >= 95 %")
    entry = detail.entry["objectives"][1]

    assert any("link-lost" in line and "A38" in line and "DBPROD" in line for line in why(detail, None))
    found = tries(detail, objective, entry)
    verdict = next(each for each in failing.details if each.point.name == "three retries, rejected ones too").entry["objectives"][1][
        "verdict"
    ]
    assert f"that is variant 'three retries, rejected ones too', in which this objective is {verdict}" in found[0]
    assert not any("bandwidth" in line for line in found)


def test_a_variant_that_sets_a_path_itself_gets_no_command_that_would_not_reach_it(failing: Source) -> None:
    """`--set` comes before variants; where another variant is what is proposed, that is said instead."""
    objective = parse_objective("share(completed) >= 95 %")
    detail = next(detail for detail in failing.details if detail.point.name == "three retries")
    found = tries(detail, objective, detail.entry["objectives"][1])
    other = next(detail for detail in failing.details if detail.point.name == "three retries, rejected ones too")
    missed = {**other.entry["objectives"][1], "verdict": "missed"}

    assert "that is variant 'three retries, rejected ones too'" in found[0]
    assert "migr run" not in found[0]
    assert "in the variant 'three retries, rejected ones too', which sets it itself" in tries(other, objective, missed)[0]


def test_what_is_proposed_is_computed_for_the_first_replications(night: Source) -> None:
    """A share as found in a run of its own with the same seed; who is left with too little to gain comes later."""
    detail = night.details[0]
    entry = detail.entry["objectives"][0]
    found = tries(detail, parse_objective(entry["objective"]), {**entry, "verdict": "missed"})
    other = rows_with(detail, "networks.mcnpr.bandwidth=10 Gbit/s")
    share = f"{100.0 * (other['makespan_s'] <= 1800.0).mean():.1f} % instead of {100.0 * entry['estimate']:.1f} %"

    assert "--set 'networks.mcnpr.bandwidth=10 Gbit/s'" in found[0]
    assert f"Computed for the same 200 nights: {share}" in found[0]
    assert ["Computed for the same 200 nights" in line for line in found] == [True] * len(found)


def test_what_changes_nothing_or_is_no_setting_comes_last(night: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four ideas of any order: the faster network helps, more retries do not where nothing fails, an assumption is no remedy."""
    retries = Try("Try again", (("plan.out.on_abort.retries", "3"),))
    goal = Try("See how far this rests on it", (("clusters.C390.parameters.stop_goal", "4 s"),), assumed=True)
    faster = Try("A faster network", (("networks.mcnpr.bandwidth", "10 Gbit/s"),))
    broken = Try("More memory than there is", (("vms.DBPROD.memory", "900 GiB"),))
    monkeypatch.setattr("sim.report.page.sections.answer.tries.ideas", lambda *_: [goal, broken, retries, faster])
    detail = night.details[0]
    entry = detail.entry["objectives"][0]
    found = tries(detail, parse_objective(entry["objective"]), {**entry, "verdict": "missed"})

    assert [line.split(".")[0].split(":")[0] for line in found] == ["A faster network", "See how far this rests on it", "Try again"]
    assert "For this objective that would change nothing" in found[-1]


def rows_with(detail: Detail, override: str) -> pd.DataFrame:
    """Return the plans of the point simulated with another value."""
    loaded = load_scenario(SCENARIOS / "night-drain-390.yaml", [override])
    return first_rows(Site.of(loaded.points[0]), "lockstep", detail.replications, rounds=False)["plans"].to_pandas()


def commands(source: Source) -> Iterator[list[str]]:
    """Yield the words of each command of the section, every objective taken as missed."""
    for detail in source.details:
        for entry in detail.entry["objectives"] or [{"objective": "p50(total) <= 1 s", "of": "total", "estimate": 9.0}]:
            for objective in (entry["objective"], f"p99(downtime of {detail.point.vms[0].name}) <= 1 s"):
                for line in tries(detail, parse_objective(objective), {**entry, "verdict": "missed"}):
                    yield from (shlex.split(each) for each in COMMAND.findall(line))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("night-drain-390", "networks.mcnpr.bandwidth"),
        ("day-and-night", "clusters.SE.parameters.stop_goal"),
        ("two-clusters", "plan.outx86.at"),
        ("quickstart", "clusters.SE.parameters.sender"),
    ],
)
def test_every_command_is_one_that_the_scenario_takes(ran: Ran, name: str, path: str) -> None:
    """Each `--set` loads without a mistake and changes a point; the remedy that the scenario is about is among them."""
    source = ran(name, 50)[1]
    plain = load_scenario(SCENARIOS / f"{name}.yaml").points
    seen = list(commands(source))

    assert any(word.startswith(f"{path}=") for words in seen for word in words)
    for words in seen:
        sets = [word for before, word in pairwise(words) if before == "--set"]
        assert words[:2] == ["migr", "run"]
        assert load_scenario(SCENARIOS / f"{name}.yaml", sets).points != plain


def test_the_ceiling_is_that_of_the_model(night: Source, quickstart: Source) -> None:
    """The least of the ceilings is `lone_rate`: the link of 1 Gbit/s binds, one of 10 Gbit/s does not."""
    for source, kind in ((night, "network"), (quickstart, "sender")):
        detail = source.details[0]
        site, vm, step = detail.site, detail.point.vms[0], detail.point.steps[0]
        cluster, link = site.point.clusters[0], site.point.links[0]
        pace = pace_of(detail, vm, step)
        assert pace.binding.rate_Bps == lone_rate(link.payload_Bps, cluster.factor_live, cluster.sender_Bps, cluster.receiver_Bps)
        assert pace.binding.kind == kind


def test_steps_share_what_they_use_at_the_same_time(ran: Ran) -> None:
    """Both clusters over one network do, over two they do not."""
    together, apart = ran("two-clusters", 50)[1].details

    assert sharing(together, together.point.steps[0]) == ["outx86"]
    assert sharing(apart, apart.point.steps[0]) == []


@pytest.mark.parametrize(
    ("estimate", "low", "high", "now", "expected"),
    [
        # Half width 0.02, distance 0.01: 1,000 x 2^2 x 1.3 = 5,200, written with one digit.
        (0.96, 0.94, 0.98, 1000, 6000),
        # At the limit nothing decides; so near it that ten million are not enough neither.
        (0.95, 0.93, 0.97, 1000, None),
        (0.95001, 0.93, 0.97, 1000, None),
        # Almost decided: at least twice as many, or the next interval would be the same.
        (0.9701, 0.9499, 0.98, 1000, 2000),
    ],
)
def test_more_replications_are_estimated_from_the_interval(
    estimate: float, low: float, high: float, now: int, expected: int | None
) -> None:
    """The half width falls with the root of the number."""
    entry = {"estimate": estimate, "low": low, "high": high, "replications_needed": None}

    assert replications_to_decide(entry, 0.95, now) == expected


def test_a_quantile_without_interval_says_how_many_replications_it_needs() -> None:
    """p99 has an interval from 368 replications on."""
    entry = {"estimate": 4.0, "low": None, "high": None, "replications_needed": 368}

    assert replications_to_decide(entry, 5.0, 100) == 368


def test_slack_is_the_distance_of_the_p90_from_the_limit(night: Source) -> None:
    """Of 200 makespans the p90 is the 180th; the limit of the objective is 30 min; as a clock time, the same from 22:00 on."""
    detail = night.details[0]
    times = np.sort(rows_of(detail, "plans")["makespan_s"].to_numpy())
    entry = detail.entry["objectives"][0]

    assert slack(detail, parse_objective("P(makespan of out <= 30 min) >= 95 %"), entry) == (1800.0 - times[179], 1800.0)
    assert slack(detail, parse_objective("P(end of out <= 22:30) >= 95 %"), entry) == (1800.0 - times[179], 1800.0)
    assert slack(detail, parse_objective("P(end of out <= 01:00) >= 95 %"), entry) == (10800.0 - times[179], 10800.0)
    assert slack(detail, parse_objective("share(completed) >= 95 %"), entry) is None


def test_the_command_keeps_what_the_run_was_computed_with(night: Source) -> None:
    """Overrides stay, in both spellings; the folder only where the run goes on in it; a path with a blank is quoted.

    The seed stays too: a folder refuses the results of another one.
    """
    facts = night.runs[0].facts | {
        "scenario": "my night.yaml",
        "command": ["migr", "run", "my night.yaml", "--set", "a.b=1 GiB", "--vary=c=1,2", "--out", "x y", "--workers", "4", "--seed", "8"],
    }
    run = replace(night.runs[0], facts=facts)

    assert shlex.split(command(run, [("d", "5 min")])) == [
        *("migr", "run", "my night.yaml", "--set", "a.b=1 GiB", "--vary=c=1,2", "--seed", "8"),
        *("--set", "d=5 min"),
    ]
    assert shlex.split(command(run, replications=500))[-6:] == ["--out", "x y", "--seed", "8", "--replications", "500"]


def test_partial_results_are_said_first(night: Source) -> None:
    """Missing parts and an unfinished run; a whole run has no such note."""
    lacking = with_run(night, summary=night.runs[0].summary | {"missing": [{"point": "", "replications": 1024}]})
    unfinished = with_run(night, facts=night.runs[0].facts | {"finished": False})

    for source, words in ((lacking, "1,024 replications are missing"), (unfinished, "not finished")):
        first = of(source).blocks[0]
        assert isinstance(first, Prose)
        assert first.tone == "note"
        assert words in first.text
    assert not any(isinstance(block, Prose) and block.tone == "note" for block in of(night).blocks)


def test_a_sweep_says_how_many_points_meet_the_objective(swept: Source) -> None:
    """Twelve points, a table of them all, and the settings that decide; counted here from the rows."""
    plans = pd.read_parquet(f"{swept.runs[0].folder}/plans.parquet")
    share = plans.assign(kept=plans["makespan_s"] <= 180.0).groupby(plans["point"].astype(str))["kept"].mean()
    # With 50 replications the interval of a share of 1 begins at 92.9 %, below the 95 % that are asked for: undecided, so never met.
    section = of(swept)
    counts = by_setting(swept.runs[0].summary["points"])["vms.DBPROD.memory"]
    table = next(block for block in section.blocks if isinstance(block, Table))

    assert isinstance(section.blocks[0], Prose)
    assert section.blocks[0].text.startswith(f"0 of 12 points meet the objective; {int((share == 1.0).sum())} are undecided")
    assert {value: number for value, (_, number) in counts.items()} == {"8 GiB": 4, "16 GiB": 4, "32 GiB": 4}
    assert [cell.text for cell in (row[0] for row in table.shown)] == [point.name for point in swept.runs[0].loaded.points]


def test_settings_with_which_every_point_meets_are_named() -> None:
    """Hand-made: all of a = 2 meet, of b neither value does alone."""
    entries = [
        {"settings": {"a": a, "b": b}, "objectives": [{"verdict": "met" if a == "2" else "missed"}], "steps": []}
        for a in ("1", "2")
        for b in ("x", "y")
    ]

    assert by_setting(entries) == {"a": {"1": (0, 2), "2": (2, 2)}, "b": {"x": (1, 2), "y": (1, 2)}}


def test_without_objectives_the_times_are_told(quickstart: Source) -> None:
    """Median of the makespan of each SU type, and what decides it."""
    lead = of(quickstart).blocks[0]

    assert isinstance(lead, Prose)
    for detail in quickstart.details:
        times = np.sort(rows_of(detail, "plans")["makespan_s"].to_numpy())
        assert f"{times[99]:.2f} s ({detail.point.name})" in lead.text


def test_several_runs_are_answered_each_under_its_label(night: Source, quickstart: Source) -> None:
    """Labels are headings, and keys of tables differ."""
    runs = [replace(source.runs[0], label=label) for source, label in ((night, "one"), (quickstart, "two"))]
    details = [replace(detail, run=run) for source, run in zip((night, quickstart), runs, strict=True) for detail in source.details]
    section = of(Source(tuple(runs), tuple(details), "migr report a b"))

    assert [block.text for block in section.blocks if isinstance(block, Heading)][:2] == ["one", "two"]


def test_columns_that_were_not_stored_are_named(night: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the phases nor the stop can be told of then."""
    detail = night.details[0]
    lines = [line | {"of_completed": {}} for line in detail.entry["migrations"]]
    bare = with_entry(detail, migrations=lines)
    monkeypatch.setattr(type(bare.rows), "columns", property(lambda _: frozenset({"vm"})))

    assert any("`--columns` left out total_s" in line for line in why(bare, Metric("makespan", "out")))
    assert any("`--columns` left out downtime_s" in line for line in why(bare, Metric("downtime")))
    assert of(replace(night, details=(bare,))).blocks


def test_nothing_completed_is_no_error(failing: Source) -> None:
    """Without a retry no VM is brought over: every time is never."""
    detail = next(detail for detail in failing.details if detail.point.name == "no retry")
    run = replace(failing.runs[0], summary=failing.runs[0].summary | {"points": [detail.entry]})
    section = of(Source((run,), (replace(detail, run=run),), "migr report x"))
    tiles = next(block for block in section.blocks if isinstance(block, Tiles)).tiles

    assert tiles[0].number == "never"
    assert not planned(detail)[0]["of_completed"].get("total_s")


@pytest.mark.parametrize(("value", "text"), [(1800.0, "30 min"), (3600.0, "1 h"), (5400.0, "90 min"), (10.0, "10 s"), (0.5, "500 ms")])
def test_limits_are_written_as_planners_do(value: float, text: str) -> None:
    """In the largest unit in which they are whole."""
    assert time_limit(value) == text
