"""The section of failures: its numbers against the stored rows, and its sentences against cases worked out by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.report.page.assembly import page
from sim.report.page.blocks import Figure, Prose, Table
from sim.report.page.drawing import svg_of
from sim.report.page.sections.failures.causes import cause_notes, cause_of
from sim.report.page.sections.failures.figures import cost_figure, outcome_figure
from sim.report.page.sections.failures.section import failures
from sim.report.page.sections.failures.tables import tables
from sim.report.page.sections.failures.words import lead
from sim.report.page.source import Detail, Source


def stored(detail: Detail, name: str) -> pd.DataFrame:
    files = sorted((Path(detail.run.folder) / f"{name}.parquet").glob(f"point-{detail.place:03d}-*.parquet"))
    return pd.concat([pd.read_parquet(file) for file in files])


def tables_of(source: Source) -> dict[str, Table]:
    section = failures(source)
    assert section is not None
    found = {block.key: block for block in section.blocks if isinstance(block, Table)}
    return found | {figure.numbers.key: figure.numbers for figure in section.figures}


def told(source: Source) -> list[str]:
    section = failures(source)
    assert section is not None
    return [block.text for block in section.blocks if isinstance(block, Prose)]


def test_reasons_are_counted_as_pandas_counts_them(failing: Source) -> None:
    table = tables_of(failing)["failedreasons"]
    assert list(table.titles[:4]) == ["variant", "outcome", "why", "code"]
    expected: dict[tuple[object, ...], object] = {}
    for detail in failing.details:
        rows = stored(detail, "migrations").astype({"outcome": str, "reason": "object"})
        for (outcome, reason), found in rows[rows["reason"].notna()].groupby(["outcome", "reason"], observed=True):
            expected[detail.name, outcome, reason] = (found["replication"].nunique() / 100, len(found))
    shown = {(row[0].text, row[1].text, row[3].text.split(" ")[0]): (row[4].value, row[7].value) for row in table.shown}
    assert shown == expected
    assert len(shown) >= 3


def test_outcomes_of_the_figure_are_those_of_the_last_attempts(failing: Source) -> None:
    table = tables_of(failing)["failedoutcomesnumbers"]
    expected: dict[tuple[object, ...], object] = {}
    for detail in failing.details:
        last = stored(detail, "migrations").sort_values("attempt").groupby(["replication", "vm"], observed=True)["outcome"].last()
        counts = last.reset_index().groupby(["vm", "outcome"], observed=True).size().reset_index(name="hits")
        expected |= {(detail.name, row.vm, row.outcome): row.hits for row in counts.itertuples()}
    assert {(row[0].text, row[2].text, row[3].text): row[4].value for row in table.shown} == expected
    assert all(row[5].value == row[4].value / 100 for row in table.shown if row[4].value is not None)


def test_cost_is_the_time_of_failed_attempts_and_of_the_steps_that_have_some(failing: Source) -> None:
    table = tables_of(failing)["failedcostnumbers"]
    shown = {(row[0].text, row[2].text, row[3].text): row[4].value for row in table.shown}
    looked_at = 0
    for detail in failing.details:
        plans = stored(detail, "plans")
        failed = plans[(plans["failed_s"] > 0) | (plans["left_behind"] > 0)]
        if len(failed):
            looked_at += 1
            assert shown[detail.name, "time of failed attempts", "p50"] == np.quantile(failed["failed_s"], 0.5, method="inverted_cdf")
            busy = failed["ended_s"] - failed["at_s"]
            assert shown[detail.name, "busy with failed attempts", "p90"] == np.quantile(busy, 0.9, method="inverted_cdf")
    assert looked_at >= 2


def test_figures_have_a_sentence_a_panel_a_point_and_are_drawn_the_same_twice(failing: Source) -> None:
    section = failures(failing)
    assert section is not None
    assert [figure.key for figure in section.figures] == ["failedoutcomes", "failedcost"]
    worst = max(failing.details, key=lambda detail: stored(detail, "plans")["left_behind"].sum())
    assert section.figures[0].title.startswith(f"{worst.name}: ")
    for figure in section.figures:
        svg = svg_of(figure.drawing, figure.key)
        assert svg == svg_of(figure.drawing, figure.key)
        assert len(svg) < 80_000


def test_points_without_details_are_in_a_table_where_they_fail(failing: Source) -> None:
    points = failing.runs[0].summary["points"]
    assert len(points) > len(failing.details)
    table = tables_of(failing)["failedpoints0"]
    assert {row[0].text for row in table.shown} == {point["point"] for point in points if point["failures"]["reasons"]}


def test_where_nothing_failed_the_section_says_how_rare_it_must_be(night: Source) -> None:
    """Of 200 nights none failed: the two-sided 95 % interval of Clopper and Pearson ends at 1 - 0.025^(1/200) = 1.83 %."""
    assert told(night) == [
        "Nothing failed in 200 replications; if the assumptions hold, with 95 % confidence at most 1.8 % of such nights leave a VM behind."
    ]
    section = failures(night)
    assert section is not None
    assert not section.figures


def share(value: float) -> dict[str, Any]:
    return {"share": value, "low": value / 2, "high": value}


def with_failures(detail: Detail, **found: list[dict[str, Any]]) -> Detail:
    """Return a detail in which other things failed."""
    entry = {**detail.entry, "failures": {**detail.entry["failures"], **found}}
    return replace(detail, entry=entry)


def test_attempts_that_failed_and_were_repeated_with_success_are_told_so(night: Source) -> None:
    reason = {
        "outcome": "aborted",
        "reason": "link-lost",
        "words": "lost",
        "assumption": "A38",
        "replications": share(0.1),
        "attempts": 20,
        "vms": {"DBPROD": 20},
    }
    detail = with_failures(night.details[0], reasons=[reason])
    assert lead([detail]) == "attempts failed, but in all 200 replications every VM of the plan arrived in the end."
    (table,) = tables([detail], ["A38"])
    assert [cell.text for cell in table.shown[0]][:3] == ["aborted", "lost", "link-lost [A38]"]
    (untagged,) = tables([detail], [])
    assert untagged.shown[0][2].text == "link-lost"


def test_who_stays_behind_and_why_is_one_sentence(failing: Source) -> None:
    """Of 100 replications as many as have a VM left behind are counted; the reason is of staying behind, not of arriving."""
    detail = next(detail for detail in failing.details if detail.name == "three retries")
    behind = int((stored(detail, "plans").groupby("replication")["left_behind"].sum() > 0).sum())
    assert 0 < behind < 100
    told = lead([detail])
    assert told.startswith(f"three retries: in {behind} of 100 replications ({behind}.0 %; 95 % interval ")
    assert re.search(r"\) not every VM arrives: (\d VMs (most often )?stay|DB\w+ (most often )?stays) behind, ", told)
    assert told.endswith(
        "because of the fault drop: 1 min after VM DBPROD enters the phase pre-copy, network mcnpr has no line for 3 min (median)."
    )
    assert "target SU" not in told  # that it cannot be reached follows from the line


def test_reasons_that_follow_from_one_fault_are_told_under_it(failing: Source) -> None:
    """Each attempt that failed was under way while the line was down: the rejections are no matter of the target SU."""
    detail = next(detail for detail in failing.details if detail.name == "no retry")
    rows = stored(detail, "migrations").astype({"reason": "object"})
    counts = rows["reason"].value_counts()
    (note,) = cause_notes([detail])
    assert note.startswith("All failing attempts follow from one fault, drop: 1 min after VM DBPROD enters the phase pre-copy, ")
    assert f"{counts['target-unreachable']} x the target SU could not be reached (`target-unreachable`)" in note
    assert f"{counts['link-lost']} x the network connection was interrupted for too long (`link-lost`)" in note
    assert note.endswith("The cause is the line: the target SU itself is up meanwhile.")


@pytest.mark.parametrize(
    "changed",
    [
        {"reason": "no-memory-on-target"},  # no consequence of a line that is lost
        {"attempts": 801},  # one more than the fault met
    ],
)
def test_reasons_that_need_not_follow_from_the_fault_are_not_told_under_it(failing: Source, changed: dict[str, Any]) -> None:
    detail = next(detail for detail in failing.details if detail.name == "no retry")
    first, *rest = detail.entry["failures"]["reasons"]
    assert cause_of(with_failures(detail, reasons=[first, *rest])) is not None
    assert cause_of(with_failures(detail, reasons=[{**first, **changed}, *rest])) is None


def test_a_step_that_gives_up_is_not_told_as_a_fast_one(failing: Source) -> None:
    figure = next(figure for figure in (failures(failing) or pytest.fail("no section")).figures if figure.key == "failedcost")
    svg = svg_of(figure.drawing, figure.key)
    assert "VMs left behind in all replications" in svg
    assert "that time is no gain" in figure.reading
    assert "failed attempts with the waits of 5:00 min before the next ones take" in figure.title


def test_a_share_near_none_is_not_told_as_none(failing: Source) -> None:
    """5 of 60,000 are 0.0083 %, not 0.0 %."""
    detail = next(detail for detail in failing.details if detail.name == "three retries")
    completed = {"share": 1 - 5 / 60_000, "low": 0.9998, "high": 0.99997}
    rare = replace(detail, entry={**detail.entry, "replications": 60_000, "completed": completed})
    assert "in 5 of 60,000 replications (0.0083 %; 95 % interval 0.003 % to 0.02 %)" in lead([rare])


def test_a_rejected_command_of_an_operator_is_told_apart_from_the_plan(failing: Source) -> None:
    detail = next(detail for detail in failing.details if detail.name == "no retry")
    lines = [{**line, "step": "(operator)"} if line["vm"] != "(all)" else line for line in detail.entry["migrations"]]
    entry = {**detail.entry, "migrations": lines, "completed": {"share": 1.0, "low": 0.96, "high": 1.0}}
    typed = replace(detail, entry=entry)
    assert lead([typed]).startswith("no retry: attempts that operators typed failed, but in all 100 replications")
    figure = outcome_figure([typed])
    assert figure is not None
    assert figure.title.endswith("; their migration was typed by an operator and is no step of the plan")


def test_the_title_of_the_cost_says_in_how_many_replications(failing: Source) -> None:
    detail = next(detail for detail in failing.details if detail.name == "three retries")
    (cost,) = detail.entry["failures"]["cost"]
    some = {**cost, "replications": share(0.062), "within_window": {"with": None, "without": None}}
    figure = cost_figure([with_failures(detail, cost=[some])])
    assert figure is not None
    assert (
        "where attempts fail, in 6.2 % of the replications, failed attempts with the waits of 5:00 min before the next ones take "
        in figure.title
    )
    assert " of the step at the median" in figure.title  # there is no window
    assert "blue dot" not in figure.reading  # none is drawn


def test_what_happened_beside_the_migrations_has_tables(night: Source) -> None:
    detail = with_failures(
        night.details[0],
        outages=[{"su": "ABGSE501", "replications": share(0.5), "guests_ended": {"DBPROD": share(0.25)}}],
        faults=[{"fault": "crash", "replications": share(0.5), "count": 100, "times": 120, "attempts": 7}],
        commands=[{"number": 1, "time": "22:00", "console": "ABGSE501", "command": "HOLD-VM", "ends": {"in-part": 3, "rejected": 197}}],
        left_behind=[
            {"step": "out", "vm": "A", "su": "ABGSE501", "deleted": False, "replications": share(0.5), "guest_lost": share(0.25)},
            {"step": "out", "vm": "B", "su": "", "deleted": True, "replications": share(0.5), "guest_lost": None},
        ],
    )
    found = {table.key: table.shown for table in tables([detail], [])}
    assert [[cell.value for cell in row] for row in found["failedoutages"]] == [
        [None, None, 0.5, 0.25, 0.5],
        [None, None, 0.25, 0.125, 0.25],
    ]
    assert [cell.value for cell in found["failedfaults"][0]] == [None, 0.5, 0.25, 0.5, 120, 7]
    assert [(row[3].text, row[4].value) for row in found["failedcommands"]] == [("executed in part", 3), ("rejected", 197)]
    assert [(row[2].text, row[-1].value) for row in found["failedleft"]] == [("is on ABGSE501", 0.25), ("deleted by an operator", 0.0)]


@pytest.mark.parametrize("end", ["source", "target", "lost"])
def test_a_policy_that_decided_is_never_the_products_behaviour(night: Source, end: str) -> None:
    guest = {"source": 0, "target": 0, "lost": 0, end: 3}
    decided = [{"policy": "source-resumes", "replications": share(0.1), "guest": guest}]
    source = replace(night, details=(with_failures(night.details[0], after_suspend=decided),))
    section = failures(source)
    assert section is not None
    (note,) = [block for block in section.blocks if isinstance(block, Prose) and block.tone == "note"]
    assert "not published" in note.text
    assert "[A37]" in note.text


def test_the_page_is_written_with_it(failing: Source) -> None:
    section = failures(failing)
    assert section is not None
    assert all(isinstance(block, Figure | Prose | Table) for block in section.blocks)
    assert "failedoutcomes" in page(failing, [section])
