"""Figure of a sweep: how soon everything is over against how long a guest stands still, and which points no other one beats."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from sim.report.page.blocks import Cell, Figure, Table
from sim.report.page.drawing import INK, MARKERS, Drawing, legend_below, limit, series
from sim.report.page.sections.sweeps.axes import SMALL, time_scale
from sim.report.page.sections.sweeps.lines import MOST_LINES, Limits, cell_of, some
from sim.report.page.sections.sweeps.points import Measure, Places, Swept, unbeaten
from sim.report.page.setting_words import plain_setting

MOST_NAMED = 8  # points of the front with their settings beside them; the table has all
MOST_LISTED = 60


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
        "Left is sooner over, down is a shorter stop. Large marks: no point of the same variant is better in one and as good in the other; "
        "a line joins them, and their settings stand below by their numbers."
    )
    drawing = Drawing(lambda canvas: _draw(canvas, swept, front, shown, limits), 3.3 + 0.1 * len(_told(swept, front)))
    return Figure(key, _title(swept, front), drawing, _alt(swept, front), reading, sample, _numbers(swept, front, key))


def _title(swept: Swept, front: Places) -> str:
    of_variant = " of its variant" if len(swept.names) > 1 else ""
    if all(sum(swept.variants[place] == name for place in front.tolist()) == 1 for name in swept.names):
        told = "; ".join(swept.setting(int(place)) for place in front[:MOST_LINES])
        return f"One point{of_variant} is best in both makespan and downtime: {told}"
    choice = f"{len(front)} of {len(swept.points):,} points are worth a choice{_price(swept, front)}"
    return f"{choice}. Each other point has one{of_variant.replace('its', 'the same')} that is over no later and stops a guest no longer"


def _price(swept: Swept, front: Places) -> str:
    """Return what the soonest point costs in stop against the one with the shortest stop, of the first variant in which they differ."""
    for name in swept.names:
        own = [place for place in front.tolist() if swept.variants[place] == name]
        if len(own) > 1:
            told = [
                f"makespan p90 {_text(swept.makespan[1], place)} with a stop of {_text(swept.downtime[1], place)} "
                f"({_without_variant(swept, place)})"
                for place in (own[0], own[-1])
            ]
            return f": {name + ', ' if name else ''}{' or '.join(told)}"
    return ""


def _text(measure: Measure, place: int) -> str:
    return cell_of(float(measure.values[place])).text


def _without_variant(swept: Swept, place: int) -> str:
    return swept.setting(place).removeprefix(swept.variants[place]).removeprefix(", ")


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
        _points(axes, swept, shown[own], number)
        best = np.array([place for place in front if swept.variants[place] == name], dtype=np.intp)
        _front(axes, swept, best, number)
    named = _named(axes, swept, front)
    for which, kind in (("x", "makespan"), ("y", "downtime")):
        for at, name in limits.get(kind, ()):
            if at <= (axes.get_xlim() if which == "x" else axes.get_ylim())[1]:
                limit(axes, at, name, which=which)
    several = [(_mark(number, 4.0), f"{name}: all points") for number, name in enumerate(swept.names) if name]
    legend_below(canvas, *zip(*several, *named, strict=True))


def _only(measure: Measure, places: Places) -> Measure:
    return Measure(measure.title, measure.values[places], measure.low[places], measure.high[places])


def _points(axes: Axes, swept: Swept, places: Places, number: int) -> None:
    x, y, style = swept.makespan[1].values, swept.downtime[1].values, series(number)
    axes.plot(
        x[places],
        y[places],
        linestyle="none",
        marker=MARKERS[number % len(MARKERS)],
        markersize=4,
        color=style["color"],
        alpha=0.5,
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


def _named(axes: Axes, swept: Swept, front: Places) -> list[tuple[Line2D, str]]:
    """Write numbers beside points of the front and return what they stand for, the first ones that have room; the table has all."""
    named = []
    there: dict[tuple[float, float], list[str]] = {}  # numbers of points that would cover each other stand together
    for number, place in enumerate(_told(swept, front), start=1):
        at = (float(swept.makespan[1].values[place]), float(swept.downtime[1].values[place]))
        seen = next((other for other in there if np.allclose(axes.transData.transform(other), axes.transData.transform(at), atol=9.0)), at)
        there.setdefault(seen, []).append(f"{number}")
        mark = _mark(swept.names.index(swept.variants[place]), 7.0)
        mark.set_markeredgecolor(INK)
        named.append((mark, f"{number}  {swept.setting(place)}"))
    for at, numbers in there.items():
        axes.annotate(", ".join(numbers), at, xytext=(0, 7), textcoords="offset points", fontsize=SMALL, fontweight="bold", ha="center")
    return named


def _told(swept: Swept, front: Places) -> list[int]:
    """Return the points of the front that are told one by one: of each variant the first and the last ones, and some between."""
    each = MOST_NAMED if len(front) <= MOST_NAMED else max(1, MOST_NAMED // len(swept.names))
    found: list[int] = []
    for name in swept.names[:MOST_NAMED]:
        own = [place for place in front.tolist() if swept.variants[place] == name]
        found += [own[number] for number in np.unique(np.linspace(0, len(own) - 1, min(len(own), each)).round().astype(int)).tolist()]
    return found


def _mark(number: int, size: float) -> Line2D:
    return Line2D([], [], linestyle="none", marker=MARKERS[number % len(MARKERS)], markersize=size, color=series(number)["color"])


def _numbers(swept: Swept, front: Places, key: str) -> Table:
    measures = (swept.makespan[1], swept.downtime[1])
    titles = [
        "variant",
        *(plain_setting(knob.path) for knob in swept.knobs),
        *(title for each in measures for title in (each.title, "95 % from", "to")),
    ]
    rows: list[list[Cell | str]] = []
    for place in front[:MOST_LISTED].tolist():
        cells = [cell_of(float(ends[place])) for each in measures for ends in (each.values, each.low, each.high)]
        rows.append([swept.variants[place], *(knob.texts[place] for knob in swept.knobs), *cells])
    more = f" {len(front) - MOST_LISTED:,} more are in summary.csv." if len(front) > MOST_LISTED else ""
    return Table(
        f"{key}numbers", titles, rows, f"The points that are not beaten; the others are in the table of points.{more}", folded=True
    )
