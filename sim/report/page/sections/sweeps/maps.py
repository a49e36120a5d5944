"""Figure of a sweep: a map of two settings, the numbers printed in its cells."""

from __future__ import annotations

import itertools
import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from sim.report.layout import short_span
from sim.report.page.blocks import Cell, Figure, Table
from sim.report.page.drawing import BAD, INK, SERIES, Drawing
from sim.report.page.sections.sweeps.lines import cell_of
from sim.report.page.sections.sweeps.points import Knob, Measure, Swept, Values, short
from sim.report.page.sections.sweeps.typical import most_alike, typical_of
from sim.report.page.setting_words import plain_setting

MOST_MAPS = 2
MOST_COLUMNS = 3  # variants side by side
FILLED = 0.75  # share of the cells that need a point: a map with holes shows nothing
POINTS_A_CELL = 4  # of a design: fewer say nothing about two of several settings
DARKEST = 0.65  # opacity of the largest number: text stays readable on it in light and dark


def pairs_of(swept: Swept) -> list[tuple[Knob, Knob]]:
    """Return which pairs of settings have a map: of the strongest ones, where most combinations occur."""
    pairs = itertools.combinations([knob for knob in swept.knobs[:3] if len(knob.levels) > 1], 2)
    return [pair for pair in pairs if _filled(*pair) >= FILLED and not _chance(swept, pair)][:MOST_MAPS]


def _chance(swept: Swept, pair: tuple[Knob, Knob]) -> bool:
    """Return whether a map would show more of the other settings than of these: a design with few points a cell, each with others."""
    cells = len(swept.names) * len(pair[0].levels) * len(pair[1].levels)
    return len(swept.knobs) > 2 and not (pair[0].exact and pair[1].exact) and len(swept.points) < POINTS_A_CELL * cells


def _filled(one: Knob, other: Knob) -> float:
    return len(set(zip(one.level.tolist(), other.level.tolist(), strict=True))) / (len(one.levels) * len(other.levels))


def map_figure(swept: Swept, pair: tuple[Knob, Knob], key: str, basis: str) -> Figure:
    """Return the map of two settings, a panel for each variant and quantity.

    Args:
        swept: the sweep; a makespan or a downtime is known.
        pair: settings, drawn to the right and upwards.
        key: of the figure.
        basis: replications and intervals, a sentence.
    """
    names = swept.names[:MOST_COLUMNS]
    measures = [upper for _, upper in swept.pairs]
    cells = {(name, measure.title): cells_of(swept, pair, measure, name) for name in names for measure in measures}
    rows = 0.3 * len(pair[1].levels) + 0.75
    drawing = Drawing(lambda canvas: _draw(canvas, swept, pair, cells), 0.5 + rows * len(measures))
    sample = f"{basis} A number is {_which(swept, pair)}" + (
        f"; the first {len(names)} of {len(swept.names)} variants are drawn." if len(names) < len(swept.names) else "."
    )
    reading = "Darker takes longer, from 0 on; each row of panels has its own scale of colour."
    if any(np.isinf(found).any() for found in cells.values()):
        reading += " Never: a VM is left behind too often for such a time."
    if any(np.isnan(found).any() for found in cells.values()):
        reading += " No cell: no point has this combination."
    return Figure(key, _title(pair, cells), drawing, _alt(pair, cells), reading, sample, _numbers(pair, cells, key))


Cells = dict[tuple[str, str], Values]  # by variant and measure: seconds, shape (levels of the second, levels of the first)


def cells_of(swept: Swept, pair: tuple[Knob, Knob], measure: Measure, variant: str) -> Values:
    """Return the median of the points in each cell, or where a cell has few the largest; NaN where there is none."""
    own = np.array([each == variant for each in swept.variants])
    right, up = pair
    shown = typical_of(swept, pair).of
    rows = [
        [shown(measure.values[own & (right.level == x) & (up.level == y)]) for x in range(len(right.levels))] for y in range(len(up.levels))
    ]
    return np.array(rows)


def _which(swept: Swept, pair: tuple[Knob, Knob]) -> str:
    """Return which of the points of a cell its number is of."""
    if most_alike(swept, pair) == 1:
        return "that of the point with these settings"
    return f"the {typical_of(swept, pair).word} of the points in its cell, which differ in other settings"


def _title(pair: tuple[Knob, Knob], cells: Cells) -> str:
    (name, title), first = next(iter(cells.items()))
    if np.isnan(first).all():
        return f"No combination of {plain_setting(pair[0].path)} and {plain_setting(pair[1].path)} has a {title}"
    least, most = (np.unravel_index(which(first), first.shape) for which in (np.nanargmin, np.nanargmax))
    told = [f"{_text(first[place])} ({_combination(pair, place)})" for place in (least, most)]
    text = f"{title}{' of ' + name if name else ''} ranges from {told[0]} to {told[1]}"
    return text[0].upper() + text[1:]


def _combination(pair: tuple[Knob, Knob], place: tuple[np.intp, ...]) -> str:
    return f"{short(pair[0].levels[place[1]])} and {short(pair[1].levels[place[0]])}"


def _text(value: float) -> str:
    return cell_of(value).text


def _alt(pair: tuple[Knob, Knob], cells: Cells) -> str:
    told = []
    for (name, title), found in cells.items():
        known = found[~np.isnan(found)]
        spans = f"{_text(float(known.min()))} to {_text(float(known.max()))}" if len(known) else "none"
        told.append(f"{name + ', ' if name else ''}{title}: {spans}")
    return f"Map of {plain_setting(pair[0].path)} and {plain_setting(pair[1].path)}. {'; '.join(told)}. The table below has every cell."


def _draw(canvas: Canvas, swept: Swept, pair: tuple[Knob, Knob], cells: Cells) -> None:
    names, titles = swept.names[:MOST_COLUMNS], [upper.title for _, upper in swept.pairs]
    panels = canvas.subplots(len(titles), len(names), squeeze=False, sharex=True, sharey=True)
    for row, title in enumerate(titles):
        all_of_row = np.concatenate([cells[name, title].ravel() for name in names])
        finite = all_of_row[np.isfinite(all_of_row)]
        for column, name in enumerate(names):
            axes = panels[row][column]
            _panel(axes, cells[name, title], float(finite.max()) if len(finite) else 1.0)
            unit = "s or min:s" if len(finite) and finite.max() >= 60 else "s"
            told = title if len(names) == 1 else title.removeprefix("largest ")
            axes.set_title(f"{short(name) + ': ' if name else ''}{told}, {unit}", fontsize=9, loc="left")
            axes.set_xticks(range(len(pair[0].levels)), [short(level) for level in pair[0].levels], fontsize=8)
            axes.set_yticks(range(len(pair[1].levels)), [short(level) for level in pair[1].levels], fontsize=8)
            axes.tick_params(length=0)
            crowded = sum(len(short(level)) + 2 for level in pair[0].levels) * len(names) > 70
            axes.tick_params(axis="x", rotation=30 if crowded else 0)
            axes.spines[:].set_visible(False)
    canvas.supxlabel(plain_setting(pair[0].path), fontsize=9)
    canvas.supylabel(plain_setting(pair[1].path), fontsize=9)


def _panel(axes: Axes, found: Values, largest: float) -> None:
    """Draw the cells: opacity by time, the time in it."""
    for (y, x), value in np.ndenumerate(found):
        if math.isnan(value):
            continue
        never = math.isinf(value)
        alpha = DARKEST if never else 0.05 + (DARKEST - 0.05) * value / largest if largest else 0.05
        axes.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, color=SERIES[0], alpha=0.0 if never else alpha, linewidth=0))
        if never:
            axes.add_patch(
                Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor="none", edgecolor=BAD, hatch="////", alpha=0.35, linewidth=0.5)
            )
        text = axes.text(x, y, "never" if never else short_span(value), ha="center", va="center", fontsize=8.5, color=BAD if never else INK)
        text.set_in_layout(False)  # it is within its cell: laying out hundreds of texts takes seconds
    axes.set_xlim(-0.5, found.shape[1] - 0.5)
    axes.set_ylim(-0.5, found.shape[0] - 0.5)


def _numbers(pair: tuple[Knob, Knob], cells: Cells, key: str) -> Table:
    titles = list(dict.fromkeys(title for _, title in cells))
    rows: list[list[Cell | str]] = []
    for name in dict.fromkeys(name for name, _ in cells):
        for y, up in enumerate(pair[1].levels):
            for x, right in enumerate(pair[0].levels):
                rows.append([name, right, up, *(cell_of(float(cells[name, title][y, x])) for title in titles)])
    return Table(
        f"{key}numbers", ["variant", *(plain_setting(knob.path) for knob in pair), *titles], rows, "Every cell of the map.", folded=True
    )
