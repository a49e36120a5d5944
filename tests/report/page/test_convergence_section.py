"""Who converges: the section against the summary and against rounds that pandas looks at."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.model.rounds import Policy
from sim.report.page.blocks import Figure, Prose, Section, Table
from sim.report.page.drawing import svg_of
from sim.report.page.sections.convergence.section import convergence
from sim.report.page.sections.convergence.verdicts import rule_of, worst_of
from sim.report.page.source import Source
from sim.results.rounds_left import rounds_left

Ran = Callable[[str, int], tuple[Path, Source]]


def _section(source: Source) -> Section:
    section = convergence(source)
    assert section is not None
    assert (section.key, section.title) == ("convergence", "Convergence")
    return section


def _tables(section: Section) -> list[Table]:
    return [block for block in section.blocks if isinstance(block, Table)]


def test_the_table_agrees_with_the_summary(night: Source) -> None:
    """Rounds and what was sent, for every VM of the plan."""
    (table,) = _tables(_section(night))
    lines = night.details[0].lines()
    assert [row[0].text for row in table.shown] == [line["vm"] for line in lines]
    places = [table.titles.index(title) for title in ("rounds, median", "rounds, most", "sent over touched memory, median")]
    for row, line in zip(table.shown, lines, strict=True):
        quantiles = line["of_completed"]
        wanted = [quantiles["rounds"]["p50"]["value"], line["rounds_max"], quantiles["sent_over_touched"]["p50"]["value"]]
        assert [row[place].value for place in places] == wanted


def test_the_dirty_rate_is_that_of_the_last_live_round(night: Source) -> None:
    """Pages marked for the stop over the time since the bitmap was read last, the median over replications."""
    (table,) = _tables(_section(night))
    rounds = night.details[0].sample[1]["rounds"].to_pandas()
    rounds = rounds[rounds.vm == "DBPROD"].sort_values(["replication", "round"])
    last = rounds.groupby("replication").tail(2)
    began, marked = (last[name].to_numpy(dtype=float).reshape(-1, 2) for name in ("began_s", "marked_pages"))
    rates = np.sort(marked[:, 1] / (began[:, 1] - began[:, 0]))
    wanted = float(rates[99]) * 4096  # the lower one of the two in the middle of 200: a rate that occurred
    (row,) = [row for row in table.shown if row[0].text == "DBPROD"]
    assert row[table.titles.index("dirtied per second in its last round")].value == pytest.approx(wanted, rel=1e-12)


def test_a_figure_shows_what_each_round_left(night: Source) -> None:
    """Quantiles and shares of the worst VM, from the rounds as pandas sees them."""
    (figure,) = [each for each in _section(night).figures if each.key.startswith("convergence-rounds")]
    rounds = night.details[0].sample[1]["rounds"].to_pandas()
    rounds = rounds[rounds.vm == "DBPROD"]
    assert "DBPROD" in figure.title
    assert len(figure.numbers.shown) == rounds["round"].max()  # the begin, and each live round; the stopped one has the last number
    for row in figure.numbers.shown:
        number = row[0].value
        assert number is not None
        left = rounds[rounds["round"] == number + 1].marked_pages.astype(float)
        ordered = np.sort(left.to_numpy())
        ranks = [math.ceil(len(ordered) * percent / 100) for percent in (5, 50, 95)]  # outcomes that occurred, nothing between two
        assert [cell.value for cell in row[3:]] == pytest.approx([ordered[rank - 1] * 4096 for rank in ranks], rel=1e-12)
        assert row[2].value == pytest.approx(len(left) / 200, rel=1e-12)


def test_every_figure_can_be_drawn_and_is_the_same_twice(quickstart: Source) -> None:
    """Two points, three figures each, all with numbers, text alternative and sample."""
    figures: list[Figure] = _section(quickstart).figures
    assert len(figures) == 6
    assert len({figure.key for figure in figures}) == 6
    for figure in figures:
        assert all((figure.title, figure.alt, figure.reading, figure.sample, figure.numbers.rows))
        assert svg_of(figure.drawing, figure.key) == svg_of(figure.drawing, figure.key)


def test_migrations_that_a_fault_ends_say_nothing_of_convergence(failing: Source) -> None:
    """The variant without a retry: its only migration that begins is broken off."""
    section = _section(failing)
    texts = [block.text for block in section.blocks if isinstance(block, Prose)]
    assert any("among the failures" in text for text in texts)
    broken = next(detail.key for detail in failing.details if detail.point.name == "no retry")
    assert not any(figure.key.endswith(broken) for figure in section.figures)


def test_a_database_that_is_sometimes_aborted_is_near_the_limit(ran: Ran) -> None:
    """Some per cent are aborted on SU /390; the assumption is named there, and a red cell is the scenario's own or beside it."""
    _, source = ran("busy-database", 200)
    section = _section(source)
    table = _tables(section)[0]
    on_390 = table.shown[0]
    reasons = source.details[0].lines()[0]["reasons"]
    assert 0.01 <= reasons["chase-limit"] / 200 < 0.5
    assert on_390[table.titles.index("verdict")].text == "near the limit"
    assert on_390[table.titles.index("aborted at the chase limit")].value == reasons["chase-limit"] / 200
    assert any("[A2]" in block.text for block in section.blocks if isinstance(block, Prose))


def test_a_vm_that_cannot_converge_is_looked_at_before_one_with_more_rounds(ran: Ran) -> None:
    """The verdict comes first: forty rounds that end well are not as bad as five that leave too much."""
    _, source = ran("busy-database", 200)
    _, tables = source.details[0].sample
    (of,) = rounds_left(tables["migrations"], tables["rounds"])
    few = replace(of, vm="FEW", chased=0, number=np.minimum(of.number, 5))
    assert worst_of([few, replace(of, vm="MANY", chased=0)], ["cannot", "near the limit"]) is few
    many = worst_of([few, replace(of, vm="MANY", chased=0)], ["converges", "converges"])
    assert many is not None
    assert many.vm == "MANY"


def test_the_rule_names_only_limits_of_the_policies_that_are_used() -> None:
    """The yardstick of a second belongs to policies that end the rounds by their number, the chase limit to the others."""
    waiting, ending = Policy("vm2000", stop_goal_s=2.0), Policy("xen", max_rounds=5, few_pages=50)
    alone = {policy.name: " ".join(rule_of([policy])) for policy in (waiting, ending)}
    assert ("yardstick" in alone["vm2000"], "chase limit" in alone["vm2000"]) == (False, True)
    assert ("yardstick" in alone["xen"], "chase limit" in alone["xen"]) == (True, False)
    assert all(word in " ".join(rule_of([waiting, ending])) for word in ("yardstick", "chase limit", "ends the rounds by their number"))
