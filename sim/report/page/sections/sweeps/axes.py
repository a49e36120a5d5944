"""Axes of the figures of a sweep: times with round ticks, settings with their values, and what never ends at the edge."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from sim.report.page.drawing import BAD, time_axis
from sim.report.page.sections.sweeps.points import Knob, Measure, Values, short, unit_of
from sim.report.page.setting_words import plain_setting

STEPS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400)
MOST_TICKS = 6
LOG_FROM = 20.0  # factor between times from which on they need a logarithmic axis
EDGE = 0.97  # of the axis: where points that never end are drawn
SMALL = 8.0  # points
WIDTH_OF_AXIS = 36.0  # letters between the first and the last value of a setting, with two panels side by side


def time_scale(axes: Axes, measures: Sequence[Measure], which: str = "y", *, limits: Sequence[float] = ()) -> None:
    """Set range, scale and ticks of an axis of times; the room at its end is for points that never end.

    Args:
        axes: where.
        measures: all that is drawn, with intervals.
        which: x or y.
        limits: of objectives, seconds; drawn too where they are not far away.
    """
    drawn = np.concatenate([ends for measure in measures for ends in (measure.values, measure.low, measure.high)])
    finite = drawn[np.isfinite(drawn)]
    never = bool(np.isinf(drawn).any())
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 60.0)
    near = [each for each in limits if each <= 3.0 * high]
    high = max([high, *near])
    is_log = low > 0.0 and high / low >= LOG_FROM
    (axes.set_yscale if which == "y" else axes.set_xscale)("log" if is_log else "linear")
    begin = low / 1.3 if is_log else 0.0
    room = 1.3 if never else 1.08
    end = high * (high / begin) ** (room - 1.0) * 1.1 if is_log else (high or 1.0) * room
    (axes.set_ylim if which == "y" else axes.set_xlim)(begin, end)
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_locator(FixedLocator(round_ticks(begin, high, is_log=is_log)))
    axis.set_minor_locator(NullLocator())
    time_axis(axes, which=which)
    axes.grid(visible=True, axis="y" if which == "y" else "x")
    if never:
        place = (0.0, EDGE) if which == "y" else (EDGE, 0.0)
        axes.text(*place, "never ", color=BAD, transform=axes.transAxes, fontsize=SMALL, ha="right", va="center" if which == "y" else "top")


def round_ticks(begin: float, end: float, *, is_log: bool = False) -> list[float]:
    """Return round times, seconds, at most about `MOST_TICKS`; of an axis that is not logarithmic from 0 on."""
    if is_log:
        there = [step for step in STEPS_S if begin <= step <= end * 1.05]
        return list(there[:: math.ceil(len(there) / (MOST_TICKS + 1)) or 1])
    step = next((step for step in STEPS_S if end / step <= MOST_TICKS), 86400.0 * math.ceil(end / 86400 / MOST_TICKS))
    return [number * step for number in range(int(end / step * 1.05) + 1)]


def at_edge(axes: Axes, values: Values) -> Values:
    """Return times to be drawn, shape as given: never at the edge of the vertical axis."""
    begin, end = axes.get_ylim()
    edge = begin * (end / begin) ** EDGE if axes.get_yscale() == "log" else begin + EDGE * (end - begin)
    return np.where(np.isinf(values), edge, values)


def setting_axis(axes: Axes, knob: Knob) -> None:
    """Set scale and ticks of the horizontal axis of a setting: its own values, as many as have room."""
    at = np.unique(knob.at)
    axes.set_xlabel(plain_setting(knob.path))
    if knob.is_log:
        axes.set_xscale("log")
    begin, end = float(at.min()), float(at.max())
    if knob.is_log:
        axes.set_xlim(begin / (end / begin) ** 0.08, end * (end / begin) ** 0.08)
    else:
        axes.set_xlim(begin - 0.08 * (end - begin), end + 0.08 * (end - begin))
    ticks, labels = _values_of(knob, at)
    if len(knob.numbers) and (unit := unit_of(labels)):
        labels = [label.removesuffix(unit).rstrip() for label in labels]
        axes.set_xlabel(f"{plain_setting(knob.path)}, {unit}")
    axes.xaxis.set_minor_locator(NullLocator())
    crowded = _crowded(np.log(ticks) if knob.is_log else np.array(ticks), labels)
    axes.set_xticks(ticks, labels, rotation=30 if crowded else 0, ha="right" if crowded else "center", rotation_mode="anchor")


def _crowded(at: Values, labels: Sequence[str]) -> bool:
    """Return whether labels at these places, evenly scaled, would touch each other."""
    letters = (at - at[0]) / (at[-1] - at[0]) * WIDTH_OF_AXIS
    return any(
        letters[place + 1] - letters[place] < (len(one) + len(other)) / 2 + 1
        for place, (one, other) in enumerate(itertools.pairwise(labels))
    )


def _values_of(knob: Knob, at: Values) -> tuple[list[float], list[str]]:
    """Return some of the values that occur, evenly spread, with their names."""
    if not len(knob.numbers):
        return at.tolist(), [short(level) for level in knob.levels]
    scaled = np.log(at) if knob.is_log else at
    if knob.exact and np.diff(scaled).min() >= 0.08 * np.ptp(scaled):
        return at.tolist(), list(knob.levels)
    nearest = {int(np.argmin(np.abs(scaled - target))) for target in np.linspace(scaled[0], scaled[-1], 4)}
    ticks = [float(at[place]) for place in sorted(nearest)]
    return ticks, [knob.show(tick) for tick in ticks]
