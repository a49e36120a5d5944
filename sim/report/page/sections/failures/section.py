"""Section of the report: what failed and why, what was left behind, what it cost."""

from __future__ import annotations

from collections import Counter

from sim.report.failing import decided
from sim.report.layout import percent
from sim.report.page.blocks import MOST_ROWS, Block, Prose, Section, Table
from sim.report.page.sections.failures.causes import cause_notes
from sim.report.page.sections.failures.figures import cost_figure, outcome_figure
from sim.report.page.sections.failures.tables import share_cells, tables
from sim.report.page.sections.failures.words import lead, notes, went_wrong
from sim.report.page.source import Detail, Run, Source


def failures(source: Source) -> Section | None:
    """Return the section; of runs without failures it says how rare one must be."""
    details = source.details
    if not details:
        return None
    tags = sorted({tag for run in source.runs for tag in run.summary["assumptions"]})
    some = any(went_wrong(detail.entry) for detail in details)
    blocks: list[Block] = [Prose(lead(details), "lead")]
    if some:
        blocks += [Prose(text) for text in cause_notes(details)]
        blocks += [Prose(text, "soft") for detail in details for text in notes(detail)]
        blocks += [figure for figure in (outcome_figure(details), cost_figure(details)) if figure is not None]
    blocks += tables(details, tags)
    blocks += [Prose(text) for detail in details for text in _window(detail)]
    for detail in details:
        for each in detail.entry["failures"]["after_suspend"]:
            blocks.append(Prose(f"{detail.name + ': ' if detail.name else ''}{decided(each)}", "note"))
    blocks += [table for number, run in enumerate(source.runs) if (table := _points(run, number, len(details))) is not None]
    return Section("failures", "Failures", blocks)


def _window(detail: Detail) -> list[str]:
    """Return how often steps were within the window with failed attempts, and without."""
    words = {"with": "of the replications in which an attempt failed", "without": "of those in which none did"}
    told = []
    for cost in detail.entry["failures"]["cost"]:
        found = [f"{percent(cost['within_window'][case])} {words[case]}" for case in words if cost["within_window"][case]]
        if found:
            where = f"{detail.name + ', ' if detail.name else ''}step {cost['step']}"
            told.append(f"{where}: ends within the window in {' and in '.join(found)}.")
    return told


def _points(run: Run, number: int, told: int) -> Table | None:
    """Return the points of a run of which there are more than have details, those that fail most often first."""
    points = run.summary["points"]
    failing = [point for point in points if went_wrong(point)]
    if len(points) <= told or not failing:
        return None
    rows = []
    for point in sorted(failing, key=lambda point: point["completed"]["share"])[:MOST_ROWS]:
        counts = Counter({each["reason"]: each["attempts"] for each in point["failures"]["reasons"]})
        rows.append([point["point"], *share_cells(point["completed"]), *([counts.most_common(1)[0][0]] if counts else ["-"])])
    label = f"{run.label}: " if run.label else ""
    caption = f"{label}{len(failing):,} of {len(points):,} points have failures, the worst first."
    return Table(f"failedpoints{number}", ["point", "every VM arrives", "95 % from", "to", "most frequent reason"], rows, caption)
