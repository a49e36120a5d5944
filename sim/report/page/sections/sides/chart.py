"""The figure of two points against each other: how far apart they lie in each VM and quantity, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from sim.report.layout import show_span
from sim.report.page.drawing import INK, SERIES, SOFT, Drawing
from sim.results.compare import Compared
from sim.units import show_memory

COLOURS = {"first": (SERIES[0], "o"), "second": (SERIES[1], "s"), "equal": (SOFT, "D"), "untold": (SOFT, "D"), "neither": (SOFT, "D")}
TITLES = {"makespan": "makespan, s", "bytes sent": "bytes sent", "total time": "total time, s", "downtime": "downtime, s"}
TITLES_MIN = {"makespan": "makespan, min:s", "total time": "total time, min:s", "downtime": "downtime, min:s"}
PAIRS = (("makespan", "bytes sent"), ("total time", "downtime"))  # panels side by side: of steps, of VMs
MIB, GIB = 2.0**20, 2.0**30
ROW_IN, PANEL_IN = 0.23, 0.85  # inches
HEAD_LENGTH = 32  # letters that the names of both sides have above a panel
MINUS = "\u2212"


def sides_drawing(names: tuple[str, str], quantities: Sequence[Compared]) -> Drawing:
    """Return how the figure is drawn: a dot for the difference of each VM or step, a line for its interval, a panel for each quantity.

    Args:
        names: of the first and of the second point.
        quantities: times and bytes, VMs in the order in which they are drawn.
    """
    bands = [[[each for each in quantities if each.quantity == name] for name in pair] for pair in PAIRS]
    bands = [[panel for panel in band if panel] for band in bands]
    bands = [band for band in bands if band]
    rows = [max(len(panel) for panel in band) for band in bands]

    def draw(canvas: Canvas) -> None:
        canvas.set_layout_engine("constrained", wspace=0.1)  # the names of the better sides stand at the ends of neighbouring panels
        parts = canvas.subfigures(len(bands), 1, squeeze=False, height_ratios=[PANEL_IN + ROW_IN * number for number in rows])
        for part, band in zip(parts[:, 0], bands, strict=True):
            for number, (axes, panel) in enumerate(zip(part.subplots(1, len(band), squeeze=False)[0], band, strict=True)):
                _draw_panel(axes, panel, names, labelled=number == 0 or _rows(panel) != _rows(band[0]))

    return Drawing(draw, sum(PANEL_IN + ROW_IN * number for number in rows))


def _scale(panel: Sequence[Compared]) -> tuple[float, str]:
    """Return what one on the axis is, seconds or bytes, and what the axis says of it behind the quantity."""
    if panel[0].kind != "bytes":
        return 1.0, ""
    return (GIB, ", GiB") if _reach(panel) >= GIB else (MIB, ", MiB")


def _rows(panel: Sequence[Compared]) -> list[tuple[str, str]]:
    return [(each.step, each.vm) for each in panel]


def _draw_panel(axes: Axes, panel: Sequence[Compared], names: tuple[str, str], *, labelled: bool) -> None:
    scale, unit = _scale(panel)
    reach = _reach(panel) / scale
    axes.axvline(0, color=INK, linewidth=1.0, zorder=1)
    for number, each in enumerate(panel):
        _draw_difference(axes, number, each, scale, reach)
    axes.set_xlim(-1.12 * reach, 1.12 * reach)
    axes.set_ylim(len(panel) - 0.5, -0.7)
    axes.set_yticks(range(len(panel)), [label_of(each, panel) for each in panel] if labelled else [""] * len(panel))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    axes.locator_params(axis="x", nbins=5)
    if panel[0].kind == "seconds" and reach >= 60:
        _minutes(axes, reach)
    axes.set_xlabel((TITLES_MIN if reach >= 60 else TITLES).get(panel[0].quantity, TITLES[panel[0].quantity]) + unit)
    longest = max(HEAD_LENGTH - min(len(names[0]), len(names[1])), HEAD_LENGTH // 2)
    for name, place, side in ((names[1], 0.0, "left"), (names[0], 1.0, "right")):
        text = f"\u2190 {_short(name, longest)} better" if side == "left" else f"{_short(name, longest)} better \u2192"
        colour = COLOURS["second" if side == "left" else "first"][0]
        axes.text(place, 1.01, text, transform=axes.transAxes, ha=side, va="bottom", fontsize=8, color=colour)


def _minutes(axes: Axes, reach: float) -> None:
    """Label an axis of differences in seconds as minutes and seconds, with ticks at whole ones."""
    step = next((each for each in (30, 60, 120, 300, 600, 1200, 1800, 3600) if reach / each <= 2.5), 3600 * math.ceil(reach / 9000))
    most = math.floor(1.1 * reach / step)
    ticks = np.arange(-most, most + 1) * float(step)
    axes.set_xticks(ticks)
    axes.set_xticklabels([f"{MINUS if tick < 0 else ''}{int(abs(tick)) // 60}:{int(abs(tick)) % 60:02d}" for tick in ticks])


def _draw_difference(axes: Axes, number: int, each: Compared, scale: float, reach: float) -> None:
    difference = each.decisive
    colour, marker = COLOURS[each.better]
    if difference.low is not None and difference.high is not None:
        ends = [min(max(end / scale, -1.12 * reach), 1.12 * reach) for end in (difference.low, difference.high)]
        axes.plot(ends, [number, number], color=colour, linewidth=2.6, solid_capstyle="butt", zorder=2)
    if math.isinf(difference.value):
        side = math.copysign(1.0, difference.value)
        axes.plot([1.05 * side * reach], [number], color=colour, marker=">" if side > 0 else "<", markersize=7, zorder=3)
        axes.text(0.97 * side * reach, number - 0.05, "never ends", ha="right" if side > 0 else "left", va="bottom", fontsize=8, color=SOFT)
        return
    axes.plot([difference.value / scale], [number], color=colour, marker=marker, markersize=5.5, zorder=3)
    _draw_value(axes, number, each, scale, reach)


def _draw_value(axes: Axes, number: int, each: Compared, scale: float, reach: float) -> None:
    """Draw a difference beside its interval: towards the middle where it is far from it, else away from it."""
    at = each.decisive.value / scale
    ends = [end / scale for end in (each.decisive.low, each.decisive.high) if end is not None]
    finite = [end for end in (*ends, at) if math.isfinite(end)]
    rightwards = (at < 0) == (abs(at) > 0.5 * reach)
    place = (max(finite) if rightwards else min(finite)) if len(finite) == len(ends) + 1 else at
    if abs(place) > 0.75 * reach and (place > 0) == rightwards:
        rightwards, place = not rightwards, min(finite) if rightwards else max(finite)
    text = "the same" if each.better == "equal" else show_difference(each.kind, each.decisive.value)
    axes.annotate(
        text, (place, number), (6 if rightwards else -6, 0), textcoords="offset points", ha="left" if rightwards else "right", va="center",
        fontsize=8, color=SOFT
    )  # fmt: skip


def show_difference(kind: str, value: float) -> str:
    """Return a difference with its sign and unit."""
    sign = MINUS if value < 0 else "+" if value > 0 else ""
    return sign + (f"{100 * abs(value):.1f} points" if kind == "share" else show_size(kind, abs(value)))


def show_size(kind: str, size: float) -> str:
    """Return a value, or the size of a difference, with its unit."""
    if math.isinf(size):
        return "never"
    return show_span(size) if kind == "seconds" else show_memory(size) if kind == "bytes" else f"{100 * size:.1f} %"


def _reach(panel: Sequence[Compared]) -> float:
    """Return the largest finite difference or end of an interval, 1 where there is none."""
    ends = [end for each in panel for end in (each.decisive.value, each.decisive.low, each.decisive.high) if end is not None]
    return max((abs(end) for end in ends if math.isfinite(end)), default=0.0) or (GIB if panel[0].kind == "bytes" else 1.0)


def label_of(each: Compared, among: Sequence[Compared]) -> str:
    """Return the VM, with its step where another row has the same VM; the step where it is about all of it."""
    if not each.vm:
        return each.step
    return f"{each.vm} ({each.step})" if sum(other.vm == each.vm for other in among) > 1 else each.vm


def _short(name: str, longest: int) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "\u2026"
