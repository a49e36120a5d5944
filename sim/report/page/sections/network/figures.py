"""Draws what is used over time: a panel for each network direction or SU, a column for each piece of time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, MultipleLocator

from sim.report.page.drawing import FAINT, INK, SERIES, Drawing, clock_axis, limit
from sim.report.page.sections.network.found import Thing
from sim.results.chunks import Sample

TICKS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600)
PANEL, REST = 1.35, 0.75  # inches of a panel and of what is around them
SHORTEST = 0.12  # of the width: a piece of time narrower than this could not be labelled


def shown_rate(rate_Bps: float) -> str:
    """Return a rate in bits, as networks are named: "940 Mbit/s"."""
    bits = 8.0 * rate_Bps
    for size, unit in ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")):
        if bits >= 0.9995 * size:
            return f"{bits / size:.3g} {unit}" if bits < 999.5 * size else f"{bits / size:,.0f} {unit}"
    return f"{bits:.0f} bit/s"


def panels_height(panels: int) -> float:
    """Return the height of a figure with so many panels, inches."""
    return REST + PANEL * panels


def draw_bands(things: Sequence[Thing], edges: Sequence[Sample], name: str, *, in_bits: bool) -> Drawing:
    """Return the drawing of what is used over time.

    Args:
        things: a panel each.
        edges: of the spans of time; a column for each piece.
        name: of the limit.
        in_bits: whether the axis has bits per second, else per cent.
    """
    lengths = np.array([float(each[-1] - each[0]) for each in edges])
    widths = np.maximum(lengths / lengths.sum(), SHORTEST)

    def draw(canvas: Canvas) -> None:
        grid = canvas.subplots(len(things), len(edges), sharex="col", sharey="row", squeeze=False, width_ratios=widths / widths.sum())
        for row, thing in zip(grid, things, strict=True):
            _panel(row, thing, edges, name, in_bits=in_bits)
        for axes, width, each in zip(grid[-1], widths / widths.sum(), edges, strict=True):
            _time(axes, float(each[-1] - each[0]), float(width))
        canvas.supxlabel("time of day", fontsize=9, color=INK)

    return Drawing(draw, panels_height(len(things)))


def _panel(row: Sequence[Axes], thing: Thing, edges: Sequence[Sample], name: str, *, in_bits: bool) -> None:
    colour = SERIES[0] if in_bits else SERIES[1] if thing.sends else SERIES[2]
    size, unit = (1e9, "Gbit/s") if 8.0 * thing.ceiling_Bps >= 0.9995e9 else (1e6, "Mbit/s")
    top = 8.0 * thing.ceiling_Bps / size if in_bits else 100.0
    low, middle, high = (top * each for each in thing.use.band())
    begin = 0
    for axes, each in zip(row, edges, strict=True):
        here = slice(begin, begin + len(each) - 1)
        begin = here.stop
        middles = (each[:-1] + each[1:]) / 2.0
        axes.fill_between(middles, low[here], high[here], color=colour, alpha=0.25, linewidth=0)
        axes.plot(middles, middle[here], color=colour, linewidth=1.4)
        axes.set_xlim(each[0], each[-1])
        axes.set_ylim(0.0, 1.22 * top)
        axes.grid(axis="y", color=FAINT)
        axes.set_axisbelow(True)
        last = axes is row[-1]
        limit(axes, top, (f"{name}: {shown_rate(thing.ceiling_Bps)}" if in_bits else name) if last else "", which="y")
    row[0].set_title(thing.label, loc="left", fontsize=9)
    row[0].set_ylabel(unit if in_bits else "busy")
    if not in_bits:
        row[0].yaxis.set_major_locator(MultipleLocator(50.0))
        row[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))


def _time(axes: Axes, length_s: float, width: float) -> None:
    """Set ticks at round clock times, as many as the width has room for."""
    wanted = max(1.0, 8.0 * width)
    step = next((each for each in TICKS_S if length_s / each <= wanted), TICKS_S[-1])
    axes.xaxis.set_major_locator(MultipleLocator(step))
    clock_axis(axes)
