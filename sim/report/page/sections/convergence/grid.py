"""The figure of the map: how a migration would go with another load and on another network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from sim.experiment.probing.convergence_map import REPLICATIONS
from sim.experiment.probing.convergence_map import Cell as Simulated
from sim.experiment.probing.settling import SHORTEST_S, Pace
from sim.report.layout import show_span
from sim.report.page.blocks import Cell, Figure, Table, share_cell, span_cell
from sim.report.page.drawing import BAD, GROUND, INK, SERIES, Drawing

OFTEN = 0.05  # share of aborted migrations from which a cell is coloured by it
NOTABLY_LESS = 0.97  # of a median of 64: smaller differences may be chance
STRONGEST = 0.62  # opacity; the numbers on it stay readable on light and dark grounds


def grid_figure(key: str, vm: str, cells: Sequence[Simulated], pace: Pace) -> Figure:
    """Return the figure of a map.

    Args:
        key: ends the key of the figure.
        vm: the VM.
        cells: level by level, each from the slowest network to the fastest.
        pace: its migration without randomness.
    """
    title = _title(vm, cells)
    own = next(cell for cell in cells if cell.own)
    chased = any(cell.chased for cell in cells)
    colours = "Blue: median downtime, the darker the longer."
    if chased:
        colours += (
            f" Red: at least {100 * OFTEN:.0f} % are aborted (ab.) at the chase limit, the darker the more; below it the median "
            "downtime of the others."
        )
    limits = f" Networks that carry more than about {show_bits(pace.ceiling_Bps)} change nothing: there the monitor systems are the limit."
    return Figure(
        key=f"convergence-map-{key}",
        title=title,
        drawing=Drawing(lambda canvas: _draw(canvas, cells), height=3.4),
        alt=f"{title}. The scenario's own cell: {_words(own)}.",
        reading=f"Each cell: {vm} migrates alone at its hour, with its activity times the factor at the left and a network that carries "
        f"the rate below. The framed cell is the scenario's. {colours}{limits}{_why_shorter(cells)}",
        sample=f"n = {REPLICATIONS} migrations a cell, all with the same random draws; above a cell in which all are aborted none was "
        f"simulated; a share of 0 % of {REPLICATIONS} may still be up to {100 * (1 - 0.05 ** (1 / REPLICATIONS)):.0f} % (95 %).",
        numbers=Table(
            f"numbers-convergence-map-{key}",
            ("activity", "network carries", "median downtime", "aborted at the chase limit"),
            [
                (
                    Cell(f"{cell.level:g}", cell.level),
                    Cell(show_bits(cell.payload_Bps), cell.payload_Bps),
                    span_cell(None if math.isnan(cell.downtime_s) else cell.downtime_s),
                    share_cell(cell.chased_share),
                )
                for cell in cells
            ],
            folded=True,
        ),
    )


def show_bits(rate_Bps: float) -> str:
    """Return a rate as networks are sold: in bits per second."""
    bits = 8.0 * rate_Bps
    return f"{bits / 1e9:.3g} Gbit/s" if bits >= 0.9995e9 else f"{bits / 1e6:.3g} Mbit/s"


def _words(cell: Simulated) -> str:
    if math.isnan(cell.downtime_s):
        return "every migration is aborted" if cell.chased else "no migration is completed"
    stands = f"the guest stands still for {show_span(cell.downtime_s)} (median)"
    return f"{stands}, {100 * cell.chased_share:.0f} % are aborted" if cell.chased else stands


def _title(vm: str, cells: Sequence[Simulated]) -> str:
    """Return what the own cell says, and how much more load it would bear on its network."""
    own = next(cell for cell in cells if cell.own)
    begin = f"With its load and network {_words(own).replace('the guest', vm, 1)}"
    more = [cell for cell in cells if cell.payload_Bps == own.payload_Bps and cell.level > own.level]
    if own.chased_share >= OFTEN or math.isnan(own.downtime_s):
        faster = [cell for cell in cells if cell.level == own.level and cell.payload_Bps > own.payload_Bps and cell.chased_share < OFTEN]
        return f"{begin}; " + (
            f"{show_bits(faster[0].payload_Bps)} for its migrations would do" if faster else "no faster network of this map helps"
        )
    broken = next((cell for cell in more if cell.chased_share >= OFTEN), None)
    if broken is not None:
        return f"{begin}; with {broken.level:g} times the load {100 * broken.chased_share:.0f} % of the migrations would be aborted"
    longest = max(cell.downtime_s for cell in more)
    if f"{show_span(longest)}" == f"{show_span(own.downtime_s)}" or longest < own.downtime_s:
        return f"{begin}, and no longer with up to {more[-1].level:g} times the load"
    return f"{begin}; with up to {more[-1].level:g} times the load it would be at most {show_span(longest)}"


def _why_shorter(cells: Sequence[Simulated]) -> str:
    """Return why more load can make a stop shorter, where it does so."""
    levels = [list(row) for _, row in groupby(cells, key=lambda cell: cell.level)]
    pairs = [(one, other) for less, more in pairwise(levels) for one, other in zip(less, more, strict=True)]
    shorter = any(other.downtime_s < NOTABLY_LESS * one.downtime_s for one, other in pairs if not one.chased and not other.chased)
    return " More load can make a stop shorter: the guest then needs one more round, and that leaves less for the stop." if shorter else ""


def _draw(canvas: Canvas, cells: Sequence[Simulated]) -> None:
    axes = canvas.add_subplot()
    rows = [list(row) for _, row in groupby(cells, key=lambda cell: cell.level)]
    finite = [cell.downtime_s for cell in cells if not math.isnan(cell.downtime_s)]
    for height, row in enumerate(rows):
        for place, cell in enumerate(row):
            _draw_cell(axes, place, height, cell, finite)
    axes.set_xlim(0, len(rows[0]))
    axes.set_ylim(0, len(rows))
    own = next(cell for cell in cells if cell.own)
    axes.set_xticks([place + 0.5 for place in range(len(rows[0]))], [_network(cell.payload_Bps, own) for cell in rows[0]], fontsize=8)
    axes.set_yticks([height + 0.5 for height in range(len(rows))], [f"{row[0].level:g} x" for row in rows])
    axes.set_xlabel("what the network carries for migrations")
    axes.set_ylabel("activity, times the scenario's")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _network(payload_Bps: float, own: Simulated) -> str:
    return show_bits(payload_Bps) + ("\n(scenario)" if payload_Bps == own.payload_Bps else "")


def _draw_cell(axes: Axes, place: int, height: int, cell: Simulated, finite: Sequence[float]) -> None:
    often = cell.chased_share >= OFTEN or math.isnan(cell.downtime_s)
    colour = BAD if often else SERIES[0]
    weight = cell.chased_share if often else _log_share(cell.downtime_s, finite)
    face = to_rgba(colour, 0.06 + (STRONGEST - 0.06) * weight)
    axes.add_patch(Rectangle((place, height), 1, 1, facecolor=face, edgecolor=GROUND, linewidth=1.5))
    if cell.own:
        axes.add_patch(Rectangle((place + 0.03, height + 0.04), 0.94, 0.92, fill=False, edgecolor=INK, linewidth=2.0, zorder=4))
    downtime = "" if math.isnan(cell.downtime_s) else show_span(cell.downtime_s)
    texts = [f"{100 * cell.chased_share:.0f} % ab.", downtime] if often else [downtime]
    if often and not downtime:
        texts = ["aborted"] if cell.chased else ["none"]
    axes.text(place + 0.5, height + 0.5, "\n".join(texts), ha="center", va="center", fontsize=8, color=INK, zorder=5, linespacing=1.25)


def _log_share(value: float, finite: Sequence[float]) -> float:
    """Return where a downtime stands between the least and the longest of the map, 0..1, in powers of ten; a decade at least."""
    low, high, own = (math.log(max(SHORTEST_S, each)) for each in (min(finite), max(finite), value))
    return (own - low) / max(high - low, math.log(10.0))
