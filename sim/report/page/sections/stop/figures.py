"""Figures of the stop: how long guests stand still, and what of it the last round and the resume take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from sim.report.layout import short_span, show_span
from sim.report.page.blocks import number_of
from sim.report.page.drawing import BAD, FAINT, GROUND, INK, LINES, SERIES, SOFT, Drawing, legend_below, limit, time_axis
from sim.results.downtimes import Distribution

MOST_DRAWN = 12  # VMs one by one: more lines tell nobody anything
_VERTICES = 150
_SHORTEST_S = 1e-3  # where a logarithmic axis begins
_LAST, _REST = SERIES[0], SERIES[4]
# Times that people know, coarse ones first; the first list with enough of them on an axis is its ticks.
_BELOW_A_MINUTE = (
    (1.0,),
    (1.0, 3.0),
    (1.0, 2.0, 5.0),
    (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0),
    (1.0, 1.2, 1.5, 1.7, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0),
)
_FROM_A_MINUTE = (60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 18000.0, 36000.0, 86400.0)
_ENOUGH = 5
_LONGEST_LABEL = 44  # characters


@dataclass(frozen=True, slots=True)
class Curve:
    """The downtimes of a VM, or of all VMs of an SU type.

    Args:
        label: whose.
        found: how many there are up to each limit.
        quantiles: of summary.json; {} where it has none.
    """

    label: str
    found: Distribution
    quantiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def p50(self) -> float | None:
        """The median, seconds."""
        return self._quantile("p50")

    @property
    def p99(self) -> float | None:
        """What one of a hundred exceeds, seconds."""
        return self._quantile("p99")

    def _quantile(self, name: str) -> float | None:
        return number_of(self.quantiles[name]["value"]) if name in self.quantiles else None


@dataclass(frozen=True, slots=True)
class Parts:
    """The stop of a VM in its medians, seconds; None for what was not stored.

    Args:
        label: whose.
        handshake_s: before the stop, while the guest still runs.
        last_s: the last round.
        rest_s: state and resume.
        p50, p99: of the whole downtime.
    """

    label: str
    handshake_s: float | None
    last_s: float
    rest_s: float
    p50: float
    p99: float


def short(label: str) -> str:
    """Return a label that leaves room for the figure beside it; the table of the figure has all of it."""
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "\u2026"


Limits = Sequence[tuple[float, str]]  # of objectives: seconds, and what they say


def style_of(number: int) -> dict[str, Any]:
    """Return colour and line style of the n-th curve, from 0: neighbours differ in both, and of `MOST_DRAWN` no two are alike."""
    return {"color": SERIES[number % len(SERIES)], "linestyle": LINES[number % len(LINES)]}


def curves_drawing(curves: Sequence[Curve], limits: Limits) -> Drawing:
    """Return how the shares up to each downtime are drawn; below them each curve as a row with its name."""
    return Drawing(partial(_draw_curves, curves=curves, limits=limits), height=2.75 + 0.24 * len(curves))


def parts_drawing(parts: Sequence[Parts], limits: Limits) -> Drawing:
    """Return how the parts of the stop are drawn, a bar each."""
    return Drawing(partial(_draw_parts, parts=parts, limits=limits), height=1.35 + 0.3 * len(parts))


def _draw_curves(canvas: Canvas, *, curves: Sequence[Curve], limits: Limits) -> None:
    above, below = canvas.subplots(2, 1, sharex=True, height_ratios=[2.0, 0.35 + 0.24 * len(curves)])
    low, high = _ends(curves, limits)
    above.set_xscale("log")
    above.set_xlim(low, high)
    for number, curve in enumerate(curves):
        _draw_curve(above, curve, number, low, high)
        _draw_row(below, curve, number, low)
    above.set_ylim(0.0, 1.03)
    above.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    above.set_ylabel("share of the stops\nup to this time")
    above.grid(axis="y")
    below.set_yticks(range(len(curves)), [short(curve.label) for curve in curves], fontsize=8)
    below.set_ylim(len(curves) - 0.5, -0.6)
    below.tick_params(axis="y", length=0)
    below.grid(axis="x")
    below.spines["left"].set_visible(False)
    below.set_xlabel("downtime, seconds (m:ss from a minute on), logarithmic")
    _log_ticks(below, low, high)
    for at, label in limits:
        limit(above, at, label)
        below.axvline(at, color=BAD, linestyle=(0, (4, 2)), linewidth=1.2)
    marks = {"p50: half of the stops are shorter": "o", "p99: one of a hundred is longer": "D"} if any(map(_has_quantiles, curves)) else {}
    handles = [Line2D([], [], color=SOFT, marker=mark, linestyle="none", markersize=5) for mark in marks.values()]
    legend_below(canvas, [*handles, Line2D([], [], color=FAINT, linewidth=3)], [*marks, "shortest to longest"])


def _has_quantiles(curve: Curve) -> bool:
    return curve.p50 is not None and curve.p99 is not None


def _draw_curve(axes: Axes, curve: Curve, number: int, low: float, high: float) -> None:
    times, shares = curve.found.curve(_VERTICES // 2)
    few = len(times) < _VERTICES // 2
    times = times.clip(low, high)
    # To the right end, so that a line that ends early is not taken for one that stops at less than all.
    axes.plot([*times, high], [*shares, 1.0], drawstyle="steps-post" if few else "default", linewidth=1.5, **style_of(number))


def _draw_row(axes: Axes, curve: Curve, number: int, low: float) -> None:
    times, _ = curve.found.curve(2)
    style = style_of(number)
    axes.plot([max(low, times[0]), max(low, curve.found.longest_s)], [number, number], color=FAINT, linewidth=3, solid_capstyle="butt")
    if curve.p50 is None or curve.p99 is None:
        axes.plot([max(low, times[0]), max(low, curve.found.longest_s)], [number, number], linewidth=1.5, **style)
        return
    p50, p99 = max(low, curve.p50), max(low, curve.p99)
    axes.plot([p50, p99], [number, number], linewidth=1.5, **style)
    axes.plot([p50], [number], marker="o", color=style["color"], markersize=5)
    axes.plot([p99], [number], marker="D", color=style["color"], markeredgecolor=GROUND, markersize=5.5)


def _ends(curves: Sequence[Curve], limits: Limits) -> tuple[float, float]:
    """Return where the axis begins and ends: all downtimes and all limits are on it."""
    low = min([float(curve.found.curve(2)[0][0]) for curve in curves] + [at for at, _ in limits])
    high = max([curve.found.longest_s for curve in curves] + [at for at, _ in limits])
    low = max(_SHORTEST_S, low)
    return low / 1.08, max(high, low * 1.05) * 1.08


def _log_ticks(axes: Axes, low: float, high: float) -> None:
    found: list[float] = []
    for mantissas in _BELOW_A_MINUTE:
        below = [round(mantissa * 10.0**power, 6) for power in range(-3, 2) for mantissa in mantissas]
        found = [at for at in (*(each for each in below if each < 60.0), *_FROM_A_MINUTE) if low <= at <= high]
        if len(found) >= _ENOUGH:
            break
    axes.xaxis.set_major_locator(FixedLocator(found))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short_span(value) if value >= 60.0 else f"{value:g}"))


def _draw_parts(canvas: Canvas, *, parts: Sequence[Parts], limits: Limits) -> None:
    axes = canvas.subplots()
    for row, part in enumerate(parts):
        if part.handshake_s is not None:
            axes.barh(row, -part.handshake_s, 0.55, color=GROUND, edgecolor=SOFT, hatch="////", linewidth=0.8)
        axes.barh(row, part.last_s, 0.55, color=_LAST)
        axes.barh(row, part.rest_s, 0.55, left=part.last_s, color=_REST, hatch="\\\\\\\\", edgecolor=GROUND, linewidth=0.0)
        axes.plot([part.p99], [row], marker="D", color=INK, markersize=5)
        box = {"facecolor": GROUND, "edgecolor": "none", "alpha": 0.8, "pad": 0.3}
        end = max(part.p99, part.last_s + part.rest_s)
        told = f"{show_span(part.p50)}, p99 {show_span(part.p99)}"
        axes.annotate(told, (end, row), (6, 0), textcoords="offset points", va="center", fontsize=8, bbox=box)
    axes.axvline(0.0, color=INK, linewidth=1.0)
    axes.set_yticks(range(len(parts)), [short(part.label) for part in parts], fontsize=8)
    axes.set_ylim(len(parts) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.12)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    time_axis(axes)
    axes.set_xlabel("seconds from the suspension of the guest; left of 0 it still runs")
    for at, label in limits:
        limit(axes, at, label)
    handles = [
        Patch(facecolor=GROUND, edgecolor=SOFT, hatch="////"),
        Patch(facecolor=_LAST),
        Patch(facecolor=_REST, edgecolor=GROUND, hatch="\\\\\\\\"),
        Line2D([], [], color=INK, marker="D", linestyle="none", markersize=5),
    ]
    legend_below(canvas, handles, ["handshake: still runs", "last round", "state and resume", "p99 of the downtime"])
