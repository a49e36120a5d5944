"""Figure of a sweep: makespan and largest downtime against a setting."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from sim.report.layout import show_span
from sim.report.page.blocks import Cell, Figure, Table, span_cell
from sim.report.page.drawing import MARKERS, Drawing, legend_below, limit, series
from sim.report.page.sections.sweeps.axes import at_edge, setting_axis, time_scale
from sim.report.page.sections.sweeps.courses import groups_of, steps_of, title_of
from sim.report.page.sections.sweeps.points import Knob, Measure, Places, Swept, Values, middle, short
from sim.report.page.sections.sweeps.typical import typical_of
from sim.report.page.setting_words import plain_setting

MOST_LINES = 6
MOST_DRAWN = 200  # points of a sweep in a figure; they are evenly spread over all where there are more
Limits = Mapping[str, Sequence[tuple[float, str]]]  # by "makespan" and "downtime": seconds and name


@dataclass(frozen=True, slots=True)
class Line:
    """Points that differ in one setting only, or all of a variant.

    Args:
        name: what they have in common.
        places: of the points, in the order of the setting.
    """

    name: str
    places: Places


def lines_of(swept: Swept, knob: Knob) -> list[Line]:
    """Return the lines of a figure: one for each value of everything else where those are few; [] where they are not."""
    groups = groups_of(swept, knob)
    if len(groups) > MOST_LINES:
        return []
    if not knob.exact or min(map(len, groups.values())) < 2:
        return []
    order = {place: (float(knob.at[place]), place) for group in groups.values() for place in group}
    return [
        Line(swept.setting(group[0], without=knob.path), np.array(sorted(group, key=lambda place: order[place])))
        for group in groups.values()
    ]


def knob_figure(swept: Swept, knob: Knob, key: str, limits: Limits, basis: str) -> Figure:
    """Return the figure of a setting.

    Args:
        swept: the sweep; a makespan or a downtime is known.
        knob: the setting.
        key: of the figure.
        limits: of objectives.
        basis: replications and intervals, a sentence.
    """
    lines = lines_of(swept, knob)
    medians = [(name, _medians(swept, knob, name)) for name in swept.names[:MOST_LINES]]
    title = title_of(swept, knob)
    draw = Drawing(lambda canvas: _draw(canvas, swept, knob, lines, limits), 3.2)
    over = " The title compares points that differ in nothing else; its ranges are over all such pairs." * (
        steps_of(swept, knob) is not None
    )
    what = typical_of(swept, [knob]).word
    if lines:
        reading = f"Solid: p50. Dashed: makespan p90 and largest downtime p99. Lower is better. Bars are 95 % intervals.{over}"
        return Figure(key, title, draw, _alt(knob, medians, what), reading, basis, _numbers_of_lines(swept, knob, lines, key))
    shown = len(some(len(swept.points)))
    of_what = "with the same value" if knob.exact else f"in {len(knob.levels)} ranges of values"
    reading = f"A dot is a point of the sweep, the line joins the {what} of the dots {of_what}. Lower is better.{over}"
    sample = f"{basis} {shown:,} of {len(swept.points):,} points are drawn; each {what} is of all of them."
    return Figure(key, title, draw, _alt(knob, medians, what), reading, sample, _numbers_of_medians(knob, medians, key, what))


def some(number: int) -> Places:
    """Return the places of the points that are drawn: all, or as many as have room, evenly spread."""
    return np.unique(np.linspace(0, number - 1, min(number, MOST_DRAWN)).round().astype(np.intp))


Medians = list[tuple[Measure, list[float], list[int]]]  # of the upper quantiles what stands for points: by level, and of how many points


def _medians(swept: Swept, knob: Knob, variant: str) -> Medians:
    own = np.array([each == variant for each in swept.variants])
    shown = typical_of(swept, [knob]).of
    found: Medians = []
    for _, upper in swept.pairs:
        at = [own & (knob.level == level) for level in range(len(knob.levels))]
        found.append((upper, [shown(upper.values[each]) for each in at], [int(np.sum(each & ~np.isnan(upper.values))) for each in at]))
    return found


def _alt(knob: Knob, medians: Sequence[tuple[str, Medians]], what: str) -> str:
    told = []
    for name, found in medians:
        for measure, values, _ in found:
            spans = ", ".join(f"{level} {_span(value)}" for level, value in zip(knob.levels, values, strict=True))
            told.append(f"{name + ', ' if name else ''}{measure.title}, {what} of the points: {spans}")
    return f"Against {plain_setting(knob.path)}. {'. '.join(told)}."


def _span(value: float) -> str:
    return show_span(None if math.isnan(value) else "never" if math.isinf(value) else value)


def cell_of(value: float) -> Cell:
    """Return a time as a cell; NaN for none, infinite for never."""
    return span_cell(None if math.isnan(value) else "never" if math.isinf(value) else float(value))


def _draw(canvas: Canvas, swept: Swept, knob: Knob, lines: Sequence[Line], limits: Limits) -> None:
    panels = canvas.subplots(1, len(swept.pairs), squeeze=False)[0]
    for pair, axes in zip(swept.pairs, panels, strict=True):
        kind = "downtime" if pair is swept.downtime else "makespan"
        wanted = limits.get(kind, ())
        time_scale(axes, pair if lines else pair[1:], limits=[at for at, _ in wanted])
        setting_axis(axes, knob)
        unit = "s or min:s" if axes.get_ylim()[1] >= 60 else "s"
        what = "largest downtime" if kind == "downtime" else f"makespan{swept.of_step}"
        axes.set_ylabel(f"{kind}, {unit}")
        drawn = pair if lines else pair[1:]
        axes.set_title(f"{short(what)}: {', '.join(measure.title.rpartition(' ')[2] for measure in drawn)}", fontsize=9, loc="left")
        if lines:
            _draw_lines(axes, pair, knob, lines)
        else:
            _draw_dots(axes, swept, pair[1], knob)
        for at, name in wanted:
            if at <= axes.get_ylim()[1]:
                limit(axes, at, name, which="y")
    names = [line.name for line in lines] if lines else list(swept.names[:MOST_LINES])
    if any(names):
        legend_below(
            canvas, [Line2D([], [], marker=MARKERS[number], markersize=4.5, **series(number)) for number in range(len(names))], names
        )


def _draw_lines(axes: Axes, pair: tuple[Measure, Measure], knob: Knob, lines: Sequence[Line]) -> None:
    for number, line in enumerate(lines):
        style = series(number)
        for measure, dashes, size in zip(pair, ("-", (0, (3, 2))), (4.5, 3.0), strict=True):
            at, values = knob.at[line.places], at_edge(axes, measure.values[line.places])
            bars = _bars(axes, measure, line.places, values)
            axes.errorbar(
                at, values, bars, color=style["color"], linestyle=dashes, marker=MARKERS[number], markersize=size, linewidth=1.2, capsize=2
            )


def _bars(axes: Axes, measure: Measure, places: Places, values: Values) -> Values:
    """Return lengths of intervals below and above, shape (2, n): nothing where there is none."""
    low, high = (at_edge(axes, ends[places]) for ends in (measure.low, measure.high))
    return np.nan_to_num(np.maximum(np.vstack((values - low, high - values)), 0.0))


def _draw_dots(axes: Axes, swept: Swept, measure: Measure, knob: Knob) -> None:
    places, shown = some(len(swept.points)), typical_of(swept, [knob]).of
    for number, name in enumerate(swept.names[:MOST_LINES]):
        style = series(number)
        own = np.array([place for place in places if swept.variants[place] == name], dtype=np.intp)
        axes.plot(
            knob.at[own],
            at_edge(axes, measure.values[own]),
            linestyle="none",
            marker=MARKERS[number],
            markersize=3,
            color=style["color"],
            alpha=0.4,
        )
        every = np.array([each == name for each in swept.variants])
        at = [middle(knob.at[every & (knob.level == level)]) for level in range(len(knob.levels))]
        values = at_edge(axes, np.array([shown(measure.values[every & (knob.level == level)]) for level in range(len(knob.levels))]))
        axes.plot(at, values, color=style["color"], linewidth=1.8, marker=MARKERS[number], markersize=5)


def _numbers_of_lines(swept: Swept, knob: Knob, lines: Sequence[Line], key: str) -> Table:
    measures = [measure for pair in swept.pairs for measure in pair]
    titles = ["line", plain_setting(knob.path), *(title for each in measures for title in (each.title, "95 % from", "to"))]
    rows: list[list[Cell | str]] = []
    for line in lines:
        for place in line.places:
            cells = [cell_of(float(ends[place])) for each in measures for ends in (each.values, each.low, each.high)]
            at = float(knob.numbers[place]) if len(knob.numbers) else None
            rows.append([line.name, Cell(knob.texts[place], at), *cells])
    return Table(
        f"{key}numbers", titles, rows, "Quantiles with their 95 % intervals; - where there are too few replications for one.", folded=True
    )


def _numbers_of_medians(knob: Knob, medians: Sequence[tuple[str, Medians]], key: str, what: str) -> Table:
    rows: list[list[Cell | str]] = []
    titles = ["variant", plain_setting(knob.path)]
    for name, found in medians:
        titles = [
            "variant",
            plain_setting(knob.path),
            *(title for measure, _, _ in found for title in (f"{measure.title}, {what}", "of points")),
        ]
        for level, text in enumerate(knob.levels):
            cells = [cell for _, values, counts in found for cell in (cell_of(values[level]), Cell(f"{counts[level]:,}", counts[level]))]
            rows.append([name, text, *cells])
    return Table(
        f"{key}numbers",
        titles,
        rows,
        f"The {what} of the points with each value; the points themselves are in the table of points.",
        folded=True,
    )
