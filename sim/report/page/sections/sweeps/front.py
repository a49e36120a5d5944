"""Figure of a sweep: how soon everything is over against how long a guest stands still, and which points no other one beats."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from sim.report.page.blocks import Cell, Figure, Table
from sim.report.page.drawing import INK, MARKERS, Drawing, limit, series
from sim.report.page.sections.sweeps.axes import SMALL, time_scale
from sim.report.page.sections.sweeps.lines import MOST_LINES, Limits, cell_of, some
from sim.report.page.sections.sweeps.points import Measure, Places, Swept, unbeaten

MOST_NAMED = 8  # points of the front with their settings beside them; the table has all
MOST_LISTED = 60
WIDTH_OF_NAME, HEIGHT_OF_NAME = 0.35, 0.07  # of the axes: closer names would cover each other


def front_of(swept: Swept) -> Places:
    """Return the points that no other one of their variant beats in makespan p90 and in largest downtime p99, the soonest first."""
    x, y = swept.makespan[1].values, swept.downtime[1].values
    found: list[int] = []
    for name in swept.names:
        own = np.flatnonzero([each == name for each in swept.variants])
        best = own[unbeaten(x[own], y[own])]
        found += best[np.argsort(x[best], kind="stable")].tolist()
    return np.array(found, dtype=np.intp)


def front_figure(swept: Swept, key: str, limits: Limits, basis: str) -> Figure | None:
    """Return the figure; None where fewer than two points have both a makespan and a downtime that end.

    Args:
        swept: the sweep.
        key: of the figure.
        limits: of objectives.
        basis: replications and intervals, a sentence.
    """
    x, y = swept.makespan[1], swept.downtime[1]
    there = np.flatnonzero(np.isfinite(x.values) & np.isfinite(y.values))
    if len(there) < 2:
        return None
    front = front_of(swept)
    shown = np.intersect1d(np.union1d(some(len(swept.points)), front), there)
    beaten = len(swept.points) - len(there)
    sample = f"{basis} {len(shown):,} of {len(swept.points):,} points are drawn." + (
        f" {beaten:,} points are not: they leave a VM behind too often to have both times, or no guest stood still." if beaten else ""
    )
    reading = (
        "Left is sooner over, down is a shorter stop. Large marks: no point of the same variant is better in one and as good in the other."
    )
    drawing = Drawing(lambda canvas: _draw(canvas, swept, front, shown, limits), 3.6)
    return Figure(key, _title(swept, front), drawing, _alt(swept, front), reading, sample, _numbers(swept, front, key))


def _title(swept: Swept, front: Places) -> str:
    of_variant = " of its variant" if len(swept.names) > 1 else ""
    if all(sum(swept.variants[place] == name for place in front.tolist()) == 1 for name in swept.names):
        told = "; ".join(swept.setting(int(place)) for place in front[:MOST_LINES])
        return f"One point{of_variant} is best in both makespan and downtime: {told}"
    choice = f"{len(front)} of {len(swept.points):,} points are a choice between a short makespan and a short stop"
    return f"{choice}; the others are beaten by one{of_variant}"


def _alt(swept: Swept, front: Places) -> str:
    told = "; ".join(
        f"{swept.setting(int(place))}: makespan p90 {cell_of(swept.makespan[1].values[place]).text}, "
        f"largest downtime p99 {cell_of(swept.downtime[1].values[place]).text}"
        for place in front[:MOST_NAMED]
    )
    return f"Makespan p90 against largest downtime p99 of {len(swept.points):,} points. Not beaten: {told}."


def _draw(canvas: Canvas, swept: Swept, front: Places, shown: Places, limits: Limits) -> None:
    axes = canvas.subplots()
    x, y = swept.makespan[1], swept.downtime[1]
    time_scale(axes, [_only(x, shown)], "x", limits=[at for at, _ in limits.get("makespan", ())])
    time_scale(axes, [_only(y, shown)], "y", limits=[at for at, _ in limits.get("downtime", ())])
    axes.set_xlabel(f"makespan p90 of {swept.step}, {'s or min:s' if axes.get_xlim()[1] >= 60 else 's'}")
    axes.set_ylabel(f"largest downtime p99, {'s or min:s' if axes.get_ylim()[1] >= 60 else 's'}")
    for number, name in enumerate(swept.names):
        own = np.array([swept.variants[place] == name for place in shown])
        _points(axes, swept, shown[own], number, name)
        best = np.array([place for place in front if swept.variants[place] == name], dtype=np.intp)
        _front(axes, swept, best, number)
    _named(axes, swept, front)
    for which, kind in (("x", "makespan"), ("y", "downtime")):
        for at, name in limits.get(kind, ()):
            if at <= (axes.get_xlim() if which == "x" else axes.get_ylim())[1]:
                limit(axes, at, name, which=which)
    if any(swept.names):
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=SMALL)


def _only(measure: Measure, places: Places) -> Measure:
    return Measure(measure.title, measure.values[places], measure.low[places], measure.high[places])


def _points(axes: Axes, swept: Swept, places: Places, number: int, name: str) -> None:
    x, y, style = swept.makespan[1].values, swept.downtime[1].values, series(number)
    axes.plot(
        x[places],
        y[places],
        linestyle="none",
        marker=MARKERS[number % len(MARKERS)],
        markersize=4,
        color=style["color"],
        alpha=0.5,
        label=name or None,
    )


def _front(axes: Axes, swept: Swept, best: Places, number: int) -> None:
    """Draw the points of a variant that are not beaten, joined, with their intervals."""
    x, y, style = swept.makespan[1], swept.downtime[1], series(number)
    bars = [
        np.nan_to_num(np.vstack((each.values[best] - each.low[best], np.minimum(each.high[best], edge) - each.values[best])))
        for each, edge in ((x, axes.get_xlim()[1]), (y, axes.get_ylim()[1]))
    ]
    axes.errorbar(
        x.values[best],
        y.values[best],
        xerr=np.maximum(bars[0], 0.0),
        yerr=np.maximum(bars[1], 0.0),
        color=style["color"],
        linestyle=style["linestyle"],
        linewidth=1.0,
        marker=MARKERS[number % len(MARKERS)],
        markersize=8,
        markeredgecolor=INK,
        capsize=2,
    )


def _named(axes: Axes, swept: Swept, front: Places) -> None:
    """Write settings beside points of the front, as far as they do not cover each other; the table has all."""
    to_axes = axes.transData + axes.transAxes.inverted()
    named: list[tuple[float, float]] = []
    for place in front.tolist():
        at = (float(swept.makespan[1].values[place]), float(swept.downtime[1].values[place]))
        x, y = (float(each) for each in to_axes.transform(at))
        if len(named) == MOST_NAMED or any(abs(x - other[0]) < WIDTH_OF_NAME and abs(y - other[1]) < HEIGHT_OF_NAME for other in named):
            continue
        named.append((x, y))
        left = x > 0.5  # there is more room left of it
        axes.annotate(
            ", ".join(knob.texts[place][:18] for knob in swept.knobs[:4]),
            at,
            xytext=(-8 if left else 8, -13),
            textcoords="offset points",
            fontsize=SMALL,
            ha="right" if left else "left",
        )


def _numbers(swept: Swept, front: Places, key: str) -> Table:
    measures = (swept.makespan[1], swept.downtime[1])
    titles = ["variant", *(knob.path for knob in swept.knobs), *(title for each in measures for title in (each.title, "95 % from", "to"))]
    rows: list[list[Cell | str]] = []
    for place in front[:MOST_LISTED].tolist():
        cells = [cell_of(float(ends[place])) for each in measures for ends in (each.values, each.low, each.high)]
        rows.append([swept.variants[place], *(knob.texts[place] for knob in swept.knobs), *cells])
    more = f" {len(front) - MOST_LISTED:,} more are in summary.csv." if len(front) > MOST_LISTED else ""
    return Table(
        f"{key}numbers", titles, rows, f"The points that are not beaten; the others are in the table of points.{more}", folded=True
    )
