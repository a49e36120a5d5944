"""The figures of single replications: the median one and the worst one, as Gantt charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sim.report.layout import clock, show_span
from sim.report.page.blocks import Block, Cell, Figure, Prose, Table, span_cell
from sim.report.page.sections.timing.attempts import Attempt, attempts_of, stored_attempts
from sim.report.page.sections.timing.gantt import Chart, beyond, gantt, most_telling
from sim.report.page.sections.timing.makespans import Limit
from sim.report.page.sections.timing.steps import begin_s, limits_of
from sim.report.page.source import Detail
from sim.results.extremes import Found
from sim.results.makespans import PLAN
from sim.results.reasons import WORDS

FEW_BARS = 4  # of a replication: both are drawn in one figure then
IN_WORDS = 12  # attempts that the text alternative tells


@dataclass(frozen=True, slots=True)
class Shown:
    """A replication that is drawn.

    Args:
        which: "median" or "worst".
        found: its number and makespan.
        attempts: all of them, in the order of their commands.
    """

    which: str
    found: Found
    attempts: Sequence[Attempt]

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.which} replication (no. {self.found.replication})"


def charts_of(detail: Detail) -> list[Block]:
    """Return the Gantt charts of the median and of the worst replication, or why there are none."""
    where = f"{detail.name}: " if detail.name else ""
    chosen = [("median", detail.median), ("worst", detail.worst)]
    if detail.median is not None and detail.worst is not None and detail.median.replication == detail.worst.replication:
        chosen = [("only" if detail.replications == 1 else "median and worst", detail.median)]
    shown: list[Shown] = []
    for which, found in chosen:
        attempts = _attempts(detail, found.replication) if found is not None else []
        if isinstance(attempts, str):
            text = f"{where}no chart of single replications, because `--columns` left out what it needs: {attempts}."
            return [Prose(text, "note")]
        if found is not None and attempts:
            shown.append(Shown(which, found, attempts))
    if not shown:
        return [Prose(f"{where}nothing was migrated in the median and in the worst replication, so there is no chart of them.", "note")]
    if all(len(each.attempts) <= FEW_BARS for each in shown):
        return [_figure(detail, shown)]
    return [_figure(detail, [each]) for each in shown]


def _attempts(detail: Detail, replication: int) -> list[Attempt] | str:
    """Return the attempts of a replication: repeated with its rounds, or as stored where this machine rounds differently."""
    again = detail.again.get(replication)
    return stored_attempts(detail.rows, replication) if again is None else attempts_of(again)


def _figure(detail: Detail, shown: Sequence[Shown]) -> Figure:
    rounds = bool(detail.again)
    begin = begin_s(detail, PLAN)
    key = "-".join(each.which.split()[0] for each in shown)
    charts = [_chart(each, begin, several=len(shown) > 1) for each in shown]
    limits = [Limit(begin_s(detail, step) + each.after_s, each.label) for step in _steps(detail) for each in limits_of(detail, step)]
    return Figure(
        f"timing-{key}-{detail.key}",
        (f"{detail.name}: " if detail.name else "") + (_title_of_both(*shown) if len(shown) > 1 else _title(shown[0])),
        gantt(charts, limits, rounds=rounds),
        ". ".join(f"Gantt chart of the {each.name}: {_in_words(each)}" for each in shown) + ".",
        "Read it from top to bottom: a bar is an attempt to migrate a VM, from the command to the end; the triangle marks when the guest "
        + ("stops, each change of shade a new round of the pre-copy." if rounds else "stops.")
        + (f" Beyond the axis: {'; '.join(far)}." if (far := beyond(charts, limits)) else ""),
        _sample(detail, shown, charts, rounds=rounds),
        _table(f"timing-{key}-{detail.key}-bars", shown),
    )


def _steps(detail: Detail) -> list[str]:
    return [str(entry["step"]) for entry in detail.entry["steps"]]


def _chart(shown: Shown, begin: float, *, several: bool) -> Chart:
    drawn = most_telling(shown.attempts)
    ends = max(each.ended_s for each in drawn)
    caption = f"{shown.name[:1].upper()}{shown.name[1:]}" if several else ""
    return Chart(caption, drawn, min(begin, *(each.due_s for each in drawn)), ends)


def _title(shown: Shown) -> str:
    """Return what takes the time of a replication, a sentence."""
    totals = _totals(shown.attempts)
    ordered = sorted(totals.items(), key=lambda item: -item[1])
    vm, longest = ordered[0]
    begin = f"{shown.which.capitalize()} replication: {vm} "
    if not np.isfinite(shown.found.value):
        arrived = {each.vm for each in shown.attempts if each.arrived}
        return f"{begin}is tried for {show_span(longest)}; {len(totals) - len(arrived)} of {len(totals)} VMs are not brought over"
    if len(ordered) == 1:
        return f"{begin}takes {show_span(longest)}, {_most(shown.attempts)}"
    others = (
        f"nobody else more than {show_span(ordered[1][1])}"
        if ordered[1][1] < 0.9 * longest
        else f"{ordered[1][0]} {show_span(ordered[1][1])}"
    )
    return f"{begin}needs {show_span(longest)} of {show_span(shown.found.value)}, {others}; {_most(shown.attempts)}"


def _title_of_both(median: Shown, worst: Shown) -> str:
    """Return what takes the time of two replications, a sentence."""
    there, here = _totals(worst.attempts), _totals(median.attempts)
    vm = max(here, key=lambda name: here[name])
    there_too = f" and {show_span(there[vm])} in the {worst.which} replication" if vm in there else " replication"
    text = f"{vm} takes {show_span(here[vm])} in the {median.which}{there_too}; {_most(median.attempts)}"
    return text + (f" in the {median.which} one" if vm in there else "")


def _totals(attempts: Sequence[Attempt]) -> dict[str, float]:
    """Return how long the attempts of each VM took together, seconds."""
    totals: dict[str, float] = {}
    for each in attempts:
        totals[each.vm] = totals.get(each.vm, 0.0) + each.total_s
    return totals


def _most(attempts: Sequence[Attempt]) -> str:
    """Return which phase takes most of the time of all attempts."""
    spent: dict[str, float] = {}
    for each in attempts:
        for phase, begin, end in each.phases():
            spent[phase] = spent.get(phase, 0.0) + end - begin
    total = sum(spent.values())
    if not total:
        return "and nothing was sent"
    phase = max(spent, key=lambda name: spent[name])
    return f"{100 * spent[phase] / total:.0f} % of the time is {phase}"


def _in_words(shown: Shown) -> str:
    longest = sorted(shown.attempts, key=lambda each: -each.total_s)[:IN_WORDS]
    parts = [f"{each.vm} {show_span(each.total_s)}" + ("" if each.arrived else f" {each.outcome}") for each in longest]
    more = len(shown.attempts) - len(longest)
    return ", ".join(parts) + (f", and {more} shorter ones" if more else "")


def _sample(detail: Detail, shown: Sequence[Shown], charts: Sequence[Chart], *, rounds: bool) -> str:
    """Return what the figure rests on: which replications, of how many, and what is not drawn."""
    found = shown[0].found
    some_end = 0 < found.infinite < detail.replications
    of = f"of the {found.looked_at:,} of n = {detail.replications:,} that end" if some_end else f"of n = {detail.replications:,}"
    numbers = ", ".join(f"no. {each.found.replication} is the {each.which} one" for each in shown)
    text = f"Replication {numbers} {of} by makespan; single replications have no intervals."
    if found.infinite:
        text += f" In {found.infinite:,} replications a VM is left behind; the section on failures has them."
    left_out = sum(len(each.attempts) - len(chart.attempts) for each, chart in zip(shown, charts, strict=True))
    if left_out:
        text += f" The longest attempts are drawn; {left_out} shorter ones are left out."
    if not rounds:
        text += " Drawn from stored columns, without rounds: this machine rounds differently, so that no replication can be repeated here."
    return text


def _table(key: str, shown: Sequence[Shown]) -> Table:
    rows: list[list[Cell | str]] = [
        [each.which, attempt.vm, attempt.step, Cell(str(attempt.number), attempt.number), *_times(attempt), _outcome(attempt)]
        for each in shown
        for attempt in most_telling(each.attempts)
    ]
    titles = (
        "replication",
        "VM",
        "step",
        "attempt",
        "command",
        "waited",
        "set-up",
        "pre-copy",
        "rounds",
        "stop",
        "clean-up",
        "ended",
        "outcome",
    )
    return Table(key, titles, rows, "Attempts and their phases")


def _times(attempt: Attempt) -> list[Cell]:
    ends = attempt.started_s, attempt.set_up_s, attempt.stopped_s
    spans = [span_cell(None if begin is None or end is None else end - begin) for begin, end in pairwise(ends)]
    cleanup = attempt.ended_s - attempt.resumed_s if attempt.arrived and attempt.resumed_s is not None else None
    return [
        Cell(clock(attempt.command_s), attempt.command_s),
        span_cell(attempt.command_s - attempt.due_s),
        *spans,
        Cell(str(len(attempt.rounds)), len(attempt.rounds)) if attempt.rounds else Cell("-"),
        span_cell(attempt.downtime_s),
        span_cell(cleanup),
        Cell(clock(attempt.ended_s), attempt.ended_s),
    ]


def _outcome(attempt: Attempt) -> str:
    return f"{attempt.outcome}: {WORDS[attempt.reason]}" if attempt.reason in WORDS and attempt.reason else attempt.outcome
