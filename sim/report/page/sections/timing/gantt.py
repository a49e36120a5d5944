"""Draws replications as Gantt charts: a bar for each attempt, with its phases and rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from sim.columns import OPERATOR_STEP
from sim.report.layout import show_span
from sim.report.page.drawing import BAD, GROUND, INK, SERIES, SOFT, Drawing, clock_axis, even_ticks, legend_below, limit
from sim.report.page.sections.timing.attempts import Attempt
from sim.report.page.sections.timing.makespans import Limit

MOST_BARS = 24
THIN = 1 / 250  # of the axis: rounds shorter than that share a shade
MOST_SHADES = 600  # of a figure, however many VMs send at the same time: 50 KB of the page
ROOM = 0.3  # of the axis: what a label beside a bar needs
# Told apart by colour and by hatch (lines: dots would be circles, 180 KB of the page); the shades of the pre-copy alternate by round.
LOOKS: dict[str, dict[str, Any]] = {
    "check": {"facecolor": SOFT, "alpha": 0.5},
    "set-up": {"facecolor": SERIES[4], "hatch": "////"},
    "pre-copy": {"facecolor": SERIES[0], "alpha": 0.85},
    "next round": {"facecolor": SERIES[0], "alpha": 0.45},
    "stop": {"facecolor": SERIES[1]},
    "clean-up": {"facecolor": SERIES[2], "hatch": "||||"},
    "roll-back": {"facecolor": SERIES[3], "hatch": "xx"},
}
NAMES = {
    "check": "check",
    "set-up": "set-up",
    "pre-copy": "pre-copy, shades: rounds",
    "stop": "stop",
    "clean-up": "clean-up",
    "roll-back": "roll-back",
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A replication.

    Args:
        caption: above it, where a figure has several; "" for none.
        attempts: those that are drawn, in the order of their commands.
        begin_s, end_s: of the time axis, seconds since 00:00 of the first day.
    """

    caption: str
    attempts: Sequence[Attempt]
    begin_s: float
    end_s: float


def most_telling(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return the attempts that are drawn, in their order: those that take longest where there are too many."""
    if len(attempts) <= MOST_BARS:
        return list(attempts)
    longest = sorted(range(len(attempts)), key=lambda place: (-attempts[place].total_s, place))[:MOST_BARS]
    return [attempts[place] for place in sorted(longest)]


def gantt(charts: Sequence[Chart], limits: Sequence[Limit], *, rounds: bool) -> Drawing:
    """Return the drawing of one replication or several, one below the other on the same time axis.

    Args:
        charts: the replications; each has an attempt at least.
        limits: clock times, seconds since 00:00 of the first day; drawn where they are near.
        rounds: whether the rounds are known.
    """
    rows = sum(max(2, len(chart.attempts)) for chart in charts)
    return Drawing(lambda canvas: _draw(canvas, charts, limits, rounds=rounds), 0.8 + 0.3 * len(charts) + 0.235 * rows)


def beyond(charts: Sequence[Chart], limits: Sequence[Limit]) -> list[str]:
    """Return the limits that are too far away to be drawn."""
    near = _near(charts, limits)
    return list(dict.fromkeys(each.label for each in limits if (each.after_s, each.label) not in near))


def _near(charts: Sequence[Chart], limits: Sequence[Limit]) -> list[tuple[float, str]]:
    """Return times and labels of the limits that are drawn."""
    low, high = min(chart.begin_s for chart in charts), max(chart.end_s for chart in charts)
    return sorted({(each.after_s, each.label) for each in limits if low <= each.after_s <= high + 0.5 * (high - low)})


def _draw(canvas: Canvas, charts: Sequence[Chart], limits: Sequence[Limit], *, rounds: bool) -> None:
    heights = [max(2, len(chart.attempts)) for chart in charts]
    panels: Any = canvas.subplots(len(charts), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
    low, high = min(chart.begin_s for chart in charts), max(chart.end_s for chart in charts)
    high = max(high, low + 1.0)
    near = _near(charts, limits)
    high = max([high, *(at + 0.03 * (high - low) for at, _ in near)])
    if any(_room(attempt, low, high) == "none" for chart in charts for attempt in chart.attempts):
        high += ROOM * (high - low)
    for axes, chart in zip(panels, charts, strict=True):
        for raised, (at, label) in enumerate(near):
            limit(axes, at, label + "\n" * raised)
        _rows(axes, chart.attempts, low, high)
        axes.set_xlim(low - 0.005 * (high - low), high)
        axes.set_title(chart.caption, loc="left", fontsize=9, fontweight="bold", pad=16 if near else 4)
        even_ticks(axes, high - low)
        clock_axis(axes)
    panels[-1].set_xlabel("clock time")
    there = {phase for chart in charts for attempt in chart.attempts for phase, *_ in attempt.phases()}
    names = [name for name in NAMES if name in there]
    labels = [NAMES[name] if rounds else name for name in names]
    legend_below(canvas, [Patch(**(LOOKS[name] | {"edgecolor": GROUND, "linewidth": 0})) for name in names], labels)


def _rows(axes: Axes, attempts: Sequence[Attempt], low: float, high: float) -> None:
    """Draw a row for each attempt, the first one on top."""
    boxes: dict[str, list[tuple[float, float, int]]] = {look: [] for look in LOOKS}
    sending = sum(end - begin for attempt in attempts for phase, begin, end in attempt.phases() if phase == "pre-copy")
    thin = max(THIN * (high - low), sending / MOST_SHADES)
    for row, attempt in enumerate(attempts):
        for phase, begin, end in attempt.phases():
            if phase == "pre-copy":
                _shades(boxes, attempt, (begin, end, row), thin)
            else:
                # A stop of a second in half an hour has to be seen.
                boxes[phase].append((begin, max(end, begin + (0.002 * (high - low) if phase == "stop" else 0.0)), row))
        _wait(axes, attempts, row, high - low)
        _label(axes, attempt, row, low, high)
    for look, found in boxes.items():
        if found:
            axes.add_patch(PathPatch(_outline(found), **{"edgecolor": GROUND, "linewidth": 0, **LOOKS[look]}))
    stops = [(attempt.stopped_s, row) for row, attempt in enumerate(attempts) if attempt.stands_still and attempt.stopped_s is not None]
    axes.plot([at for at, _ in stops], [row - 0.5 for _, row in stops], "v", markersize=4, color=SERIES[1], linestyle="none")
    axes.set_yticks(range(len(attempts)), [_name(attempt) for attempt in attempts])
    axes.set_ylim(max(2, len(attempts)) - 0.35, -0.75)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)


def _shades(boxes: dict[str, list[tuple[float, float, int]]], attempt: Attempt, box: tuple[float, float, int], thin: float) -> None:
    """Cut a pre-copy into its rounds; those too short to be seen share a shade with what follows."""
    begin, end, row = box
    cuts = [begin]
    for began, _ in attempt.rounds[1:]:
        if began - cuts[-1] >= thin and end - began >= thin:
            cuts.append(began)
    for number, (left, right) in enumerate(zip(cuts, [*cuts[1:], end], strict=True)):
        boxes["next round" if number % 2 else "pre-copy"].append((left, right, row))


def _outline(boxes: Sequence[tuple[float, float, int]]) -> Path:
    """Return boxes as one path: one element in the page, however many bars there are."""
    corners = [
        corner
        for begin, end, row in boxes
        for corner in ((begin, row - 0.36), (end, row - 0.36), (end, row + 0.36), (begin, row + 0.36), (begin, row - 0.36))
    ]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(boxes)
    return Path(np.array(corners), codes)


def _wait(axes: Axes, attempts: Sequence[Attempt], row: int, span: float) -> None:
    """Draw for how long the VM waited: for its turn, or after an attempt that failed."""
    attempt = attempts[row]
    before = [
        each.ended_s for each in attempts[:row] if (each.vm, each.step, each.number) == (attempt.vm, attempt.step, attempt.number - 1)
    ]
    since = max(before) if before and attempt.number > 1 else attempt.due_s
    if attempt.command_s - since > 0.003 * span:
        axes.plot([since, attempt.command_s], [row, row], color=SOFT, linewidth=1.2, linestyle=":")


def _room(attempt: Attempt, low: float, high: float) -> str:
    """Say on which side of a bar its label has room: right, left or none."""
    if attempt.ended_s <= high - ROOM * (high - low):
        return "right"
    return "left" if attempt.command_s >= low + ROOM * (high - low) else "none"


def _label(axes: Axes, attempt: Attempt, row: int, low: float, high: float) -> None:
    """Write beside a bar how long it took, and the stop; or what became of it."""
    on_left = _room(attempt, low, high) == "left"
    at = attempt.command_s if on_left else attempt.ended_s
    if not attempt.number:
        text, colour = "not started", BAD
    elif not attempt.arrived:
        axes.plot([attempt.ended_s], [row], "x", markersize=6, markeredgewidth=1.8, color=BAD)
        text, colour = f"{show_span(attempt.total_s)}, {attempt.outcome}" + (f": {attempt.reason}" if attempt.reason else ""), BAD
    else:
        down = attempt.downtime_s
        text, colour = show_span(attempt.total_s) + ("" if down is None else f", stop {show_span(down)}"), INK
    axes.annotate(
        text,
        (at, row),
        (-6 if on_left else 6, 0),
        textcoords="offset points",
        fontsize=8,
        color=colour,
        va="center",
        ha="right" if on_left else "left",
        bbox={"facecolor": GROUND, "edgecolor": "none", "alpha": 0.8, "pad": 0.3},
    )


def _name(attempt: Attempt) -> str:
    name = attempt.vm if len(attempt.vm) <= 20 else attempt.vm[:19] + "\u2026"
    if attempt.step == OPERATOR_STEP:
        return f"{name} (operator)"
    return name if attempt.number <= 1 else f"{name}, try {attempt.number}"
