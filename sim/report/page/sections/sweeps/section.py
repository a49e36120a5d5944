"""Section of the report: what each setting of a sweep does, and which points are worth a choice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.report.layout import short_span
from sim.report.page.blocks import MOST_ROWS, Block, Cell, Heading, Prose, Section, Table, Tone, share_cell
from sim.report.page.sections.sweeps.front import front_figure
from sim.report.page.sections.sweeps.influence import influence_blocks
from sim.report.page.sections.sweeps.lines import Limits, cell_of, knob_figure
from sim.report.page.sections.sweeps.maps import map_figure, pairs_of
from sim.report.page.sections.sweeps.points import Measure, Swept, decisive_of, explained, short, swept_of
from sim.report.page.setting_words import capital, plain_setting, setting, setting_and_path
from sim.report.page.source import Run, Source
from sim.scenario.objectives import parse_objective

MOST_KNOBS = 4  # settings with a figure each: with two maps that is all that anybody looks at
MOST_WEIGHED = 3  # settings whose share of the differences is told
TONES: dict[str, Tone] = {"met": "met", "missed": "missed", "undecided": "undecided"}


def sweeps(source: Source) -> Section | None:
    """Return the section; None where no run varies a setting."""
    blocks: list[Block] = []
    for number, run in enumerate(source.runs):
        if run.swept and run.summary["points"]:
            blocks += [Heading(run.label)] if run.label else []
            blocks += _of_run(run, f"sweep{number}")
    return Section("sweeps", "Sweeps", blocks) if blocks else None


def _of_run(run: Run, key: str) -> list[Block]:
    points = run.summary["points"]
    swept = swept_of(points)
    basis = _basis(points)
    lead, *more = _leads(swept, studied=run.sensitivity is not None)
    blocks: list[Block] = [Prose(lead, "lead"), *map(Prose, more), *_notes(swept)]
    if (found := run.sensitivity) is not None:
        blocks += [Heading("Which input matters"), *influence_blocks(found, key, points[0]["replications"])]
    if swept.pairs:
        limits = limits_of(run, swept)
        shown = swept.knobs[:MOST_KNOBS]
        blocks += [knob_figure(swept, knob, f"{key}knob{number}", limits, basis) for number, knob in enumerate(shown)]
        blocks += [map_figure(swept, pair, f"{key}map{number}", basis) for number, pair in enumerate(pairs_of(swept))]
        front = front_figure(swept, f"{key}front", limits, basis)
        blocks += [front] if front is not None else []
    return [*blocks, _table(swept, f"{key}points")]


def _basis(points: Sequence[dict[str, Any]]) -> str:
    counts = [point["replications"] for point in points]
    number = f"{min(counts):,}" if min(counts) == max(counts) else f"{min(counts):,} to {max(counts):,}"
    return f"n = {number} replications a point, which share their random numbers; intervals are 95 %, none where there are too few for one."


def _leads(swept: Swept, *, studied: bool) -> list[str]:
    """Return what was varied, and what matters most: a sentence, and one more for what no objective looks at."""
    number = len(swept.points)
    if not swept.knobs:
        return [f"{number:,} points, all with the same settings."]
    if studied:
        return [f"{number:,} points of a sensitivity study of {len(swept.knobs)} settings: which of them matter is told first."]
    if len(swept.knobs) == 1:
        return [f"{number:,} points of one setting: {setting_and_path(swept.knobs[0].path)}."]
    decisive = {measure.title for measure in decisive_of(swept.points[0], swept.makespan, swept.downtime)}
    told = [_shares(swept, upper) for _, upper in sorted(swept.pairs, key=lambda pair: pair[1].title not in decisive)]
    return [" ".join([f"{number:,} points of {len(swept.knobs)} settings.", *told[:1]]), *told[1:]]


def _shares(swept: Swept, measure: Measure) -> str:
    """Return how much of the differences the strongest settings explain, and in a whole grid what is left to their interplay."""
    weights = sorted(((explained(knob, measure.values, swept.variants), knob.path) for knob in swept.knobs), key=lambda each: -each[0])
    told = [f"{setting(path)} {100.0 * share:.0f} %" for share, path in weights[1:MOST_WEIGHED]]
    others = sum(share for share, _ in weights[MOST_WEIGHED:])
    if is_grid(swept) and not np.isnan(measure.values).any():  # only then shares add up
        told += [f"the other settings {100.0 * others:.0f} %"] if len(weights) > MOST_WEIGHED else []
        rest = round(100.0 * (1.0 - sum(share for share, _ in weights)))
        told += [f"their interplay {rest} %"] if rest > 0 else []
    first, path = weights[0]
    within = " within a variant" if len(swept.names) > 1 else ""
    what = capital(measure.title.rsplit(" ", 1)[0])
    if not first:
        return f"{what}: no differences."
    return f"{what}: {setting(path)} matters most; it explains {100.0 * first:.0f} % of the differences{within}, {', '.join(told)}."


def is_grid(swept: Swept) -> bool:
    """Return whether every variant has each combination of values once."""
    combinations = math.prod(len(knob.levels) for knob in swept.knobs)
    there = {(name, *(int(knob.level[place]) for knob in swept.knobs)) for place, name in enumerate(swept.variants)}
    return all(knob.exact for knob in swept.knobs) and len(there) == len(swept.points) == combinations * len(swept.names)


def _notes(swept: Swept) -> list[Block]:
    blocks: list[Block] = []
    if len(swept.points[0]["steps"]) > 1:
        blocks.append(
            Prose(f"Makespans are those of step {swept.step}, the longest one; the table of all steps is in summary.csv.", "soft")
        )
    if swept.constant:
        told = ", ".join(f"`{path}={short(text)}`" for path, text in swept.constant.items())
        blocks.append(Prose(f"The same in all points: {told}.", "soft"))
    if len(swept.knobs) > 1:
        blocks.append(
            Prose(
                f"Varied: {', '.join(setting_and_path(knob.path) for knob in swept.knobs)}; "
                f"{min(MOST_KNOBS, len(swept.knobs))} of {len(swept.knobs)} have a figure. They are in the order of how much of the "
                "differences between points each explains (of the variance of their ranks), in what the objectives look at where there "
                "are some. Largest downtime: the longest stop of a guest.",
                "soft",
            )
        )
    if not swept.downtime[1].is_known:
        stored = "downtime_s" in swept.points[0]["largest"]
        why = "no guest was stopped" if stored else "the column `downtime_s` was not stored: `--columns` left it out"
        blocks.append(Prose(f"There are no downtimes to compare: {why}.", "note"))
    return blocks


def limits_of(run: Run, swept: Swept) -> Limits:
    """Return the limits of objectives that the figures can show: on the makespan of the step, and on the largest downtime."""
    found: dict[str, list[tuple[float, str]]] = {}
    for objective in map(parse_objective, run.loaded.scenario.objectives):
        metric = objective.metric
        if metric is None or objective.value is None:
            continue
        of_step = metric.name == "makespan" and metric.of in {swept.step, ""} and (metric.of or len(swept.points[0]["steps"]) == 1)
        if of_step or (metric.name == "downtime" and not metric.of):
            found.setdefault(metric.name, []).append((objective.value, f"objective {objective.cmp} {short_span(objective.value)}"))
    return found


def _table(swept: Swept, key: str) -> Table:
    """Return all points with what they came to; where they are too many for a page, the best ones."""
    measures = [measure for pair in swept.pairs for measure in pair]
    objectives = [entry["objective"] for entry in swept.points[0]["objectives"]]
    titles = [
        *(["variant"] if any(swept.variants) else []),
        *(plain_setting(knob.path) for knob in swept.knobs),
        *(each.title for each in measures),
        "every VM brought over",
        *(objective.replace("<=", "\u2264").replace(">=", "\u2265") for objective in objectives),
    ]
    rows = [_row(swept, place, [cell_of(float(each.values[place])) for each in measures]) for place in _order(swept)[: MOST_ROWS + 1]]
    caption = "All points, in the order of the scenario."
    if len(swept.points) > MOST_ROWS:
        best = f"The best {MOST_ROWS} of {len(swept.points):,} points"
        caption = f"{best}: those that meet most objectives first, of these the soonest over. summary.csv has all."
    return Table(key, titles, rows[:MOST_ROWS], caption)


def _order(swept: Swept) -> list[int]:
    places = list(range(len(swept.points)))
    if len(places) <= MOST_ROWS:
        return places
    met = [sum(entry["verdict"] == "met" for entry in point["objectives"]) for point in swept.points]
    ends = [math.inf if math.isnan(value) else value for value in swept.makespan[1].values.tolist()]
    return sorted(places, key=lambda place: (-met[place], ends[place], place))


def _row(swept: Swept, place: int, times: list[Cell]) -> list[Cell | str]:
    point = swept.points[place]
    settings = [Cell(short(knob.texts[place]), float(knob.numbers[place]) if len(knob.numbers) else None) for knob in swept.knobs]
    verdicts = [Cell(entry["verdict"], None, TONES[entry["verdict"]]) for entry in point["objectives"]]
    return [
        *([swept.variants[place]] if any(swept.variants) else []),
        *settings,
        *times,
        share_cell(point["completed"]["share"]),
        *verdicts,
    ]
