"""Draws how long steps take: how often which makespan, and how likely a step is over by a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from sim.report.layout import short_span, show_span
from sim.report.page.drawing import (
    BAD,
    GROUND,
    INK,
    SERIES,
    SOFT,
    Drawing,
    clock_axis,
    even_s,
    even_ticks,
    legend_below,
    limit,
    series,
    time_axis,
)
from sim.results.chunks import Sample
from sim.results.makespans import Counts
from sim.results.statistics import share_interval

BARS = 56  # at most, of a distribution; a curve has twice as many steps
WHOLE_S = 60.0  # from here on times are told in whole seconds
NEAR = 0.7  # limits are drawn that lie at most this share of the drawn span outside it
TOLD = ("p50", "p90", "p99")


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a step.

    Args:
        after_s: seconds after the begin of the step.
        label: what it is, with its time as people read it.
    """

    after_s: float
    label: str


@dataclass(frozen=True, slots=True)
class Spread:
    """The makespans of one step of a point.

    Args:
        variant: name of its point; "" where there is one.
        panel: name of the step; "" where there is one.
        series: number of its colour.
        at_s: begin of the step, seconds since 00:00 of the first day.
        n: replications.
        never: those in which it never ends.
        quantiles: p50, p90, p95 and p99 as summary.json has them.
        limits: what it is measured against.
        edges: of the bins (a, b], seconds after its begin, shape (2 bars + 1,); none where it never ends.
        counts: replications in each, shape (2 bars,).
    """

    variant: str
    panel: str
    series: int
    at_s: float
    n: int
    never: int
    quantiles: Mapping[str, Mapping[str, Any]]
    limits: Sequence[Limit]
    edges: Sample
    counts: Counts

    @property
    def label(self) -> str:
        """What tells it from the others of the figure; "" where there is one."""
        return ", ".join(part for part in (self.variant, self.panel) if part)

    @property
    def reached(self) -> Counts:
        """Replications in which it is over at each of the edges."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    @property
    def bars(self) -> tuple[Sample, Sample]:
        """The share of the replications in each bar, and the edges of the bars."""
        return self.counts.reshape(-1, 2).sum(axis=1) / self.n, self.edges[::2]


def bin_edges(low: float, high: float) -> Sample:
    """Return the edges of at most twice `BARS` (and two) bins (a, b] for times from `low` to `high`, seconds, at times that read well."""
    width = even_s(max(high - low, 0.02 * high, 0.01), BARS) / 2
    first = 2 * (np.ceil(low / (2 * width)) - 1)  # before 0 where a step without a VM takes no time: bins leave their lower end out
    last = 2 * np.ceil(high / (2 * width))
    edges = np.arange(first, last + 1) * width
    if edges[0] >= low:  # a quotient was rounded
        edges = np.concatenate([[(first - 2) * width, (first - 1) * width], edges])
    if edges[-1] < high:
        edges = np.concatenate([edges, [(last + 1) * width, (last + 2) * width]])
    return np.asarray(edges, dtype=np.float64)


def distribution(spreads: Sequence[Spread], *, together: bool) -> Drawing:
    """Return the drawing of how often which makespan occurs: a panel each, with its quantiles below it.

    Args:
        spreads: what is drawn; of each a replication at least ends.
        together: whether all have one time axis.
    """
    height = 0.5 + (2.9 if len(spreads) == 1 else 2.25) * len(spreads)
    return Drawing(lambda canvas: _draw_distribution(canvas, spreads, together=together), height)


def curves(groups: Sequence[Sequence[Spread]]) -> Drawing:
    """Return the drawing of the probability that a step is over by a time: a panel a group, a curve a spread."""
    several = any(len(group) > 1 for group in groups)
    return Drawing(lambda canvas: _draw_curves(canvas, groups), 0.6 + 2.5 * len(groups) + 0.2 * several)


def reached_rows(spread: Spread) -> list[tuple[float, float, float, float]]:
    """Return time after the begin, share of replications in which it is over, and ends of the 95 % interval, at every second edge."""
    found = []
    for edge, hits in zip(spread.edges[::2].tolist(), spread.reached[::2].tolist(), strict=True):
        interval = share_interval(hits, spread.n)
        found.append((edge, hits / spread.n, interval.low or 0.0, 1.0 if interval.high is None else interval.high))
    return found


def _draw_distribution(canvas: Canvas, spreads: Sequence[Spread], *, together: bool) -> None:
    panels: Any = canvas.subplots(2 * len(spreads), 1, squeeze=False, height_ratios=[2.6, 1.6] * len(spreads))[:, 0]
    ends = [_span(spread.edges, spread.limits) for spread in spreads]
    for place, spread in enumerate(spreads):
        above, below = panels[2 * place], panels[2 * place + 1]
        low, high = (min(low for low, _ in ends), max(high for _, high in ends)) if together else ends[place]
        shares, edges = spread.bars
        above.stairs(100 * shares, edges, fill=True, color=SERIES[spread.series % len(SERIES)], alpha=0.75)
        above.set_ylabel("replications, %")
        above.set_title(
            spread.label,
            loc="left",
            fontsize=9,
            fontweight="bold",
            pad=16 if any(low <= each.after_s <= high for each in spread.limits) else 4,
        )
        above.tick_params(labelbottom=False)
        for axes in (above, below):
            axes.set_xlim(low, high)
            even_ticks(axes, high - low)
        _quantiles(below, spread, high)
        _limits(above, below, spread, low, high)
        time_axis(below)
    longest = max(float(spread.edges[-1]) for spread in spreads)
    unit = "s" if longest < 60 else "min:s" if longest < 3600 else "h:min:s"
    panels[-1].set_xlabel(f"makespan, {unit}", loc="left")


def _span(edges: Sample, limits: Sequence[Limit]) -> tuple[float, float]:
    """Return the ends of an axis: those of the bins, and limits that are near."""
    low, high = float(edges[0]), float(edges[-1])
    if high >= WHOLE_S and high - low < 2.0:  # ticks tell whole seconds there: of two at least one is on the axis
        low, high = math.floor(low - 0.5), math.ceil(high + 0.5)
    room = NEAR * (high - low)
    near = [each.after_s for each in limits if low - room <= each.after_s <= high + room]
    margin = 0.03 * (high - low)
    return min([low, *(at - margin for at in near)]), max([high, *(at + margin for at in near)])


def _quantiles(axes: Axes, spread: Spread, high: float) -> None:
    """Mark p50, p90 and p99 with their intervals, each in a row of its own."""
    left = float(axes.get_xlim()[0])
    for row, name in enumerate(TOLD):
        found = spread.quantiles[name]
        if isinstance(found["value"], str):
            axes.text(0.99, row, "never", color=BAD, fontsize=8, ha="right", va="center", transform=axes.get_yaxis_transform())
            continue
        ends = [high if isinstance(end, str) else end for end in (found["low"], found["high"]) if end is not None]
        if ends:
            axes.plot(ends, [row, row], color=INK, linewidth=1.6, solid_capstyle="butt")
        axes.plot([found["value"]], [row], marker="|", markersize=8, markeredgewidth=1.6, color=INK)
        on_left = max([found["value"], *ends]) - left > 0.8 * (high - left)
        at = min([found["value"], *ends]) if on_left else max([found["value"], *ends])
        beside: dict[str, Any] = {"textcoords": "offset points", "ha": "right" if on_left else "left", "va": "center", "fontsize": 8}
        axes.annotate(show_span(found["value"]), (at, row), (-7 if on_left else 7, 0), **beside)
    axes.set_yticks(range(len(TOLD)), TOLD)
    axes.set_ylim(len(TOLD) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _limits(above: Axes, below: Axes, spread: Spread, low: float, high: float) -> None:
    """Draw the limits that are near, and say where the others are."""
    notes = []
    raised = 0
    for each in sorted(spread.limits, key=lambda each: each.after_s):
        if low <= each.after_s <= high:
            limit(above, each.after_s, each.label + "\n" * raised)
            below.axvline(each.after_s, color=BAD, linestyle=(0, (4, 2)), linewidth=1.2)
            raised += 1
        else:
            edge = float(spread.edges[-1] if each.after_s > high else spread.edges[0])
            notes.append(f"{each.label}: {show_span(abs(each.after_s - edge))} {'after' if each.after_s > high else 'before'} all bars")
    if spread.never:
        notes.append(f"never ends in {100 * spread.never / spread.n:.1f} % (not drawn)")
    missed = any(each.after_s < min(low, float(spread.edges[0])) for each in spread.limits)
    colour = BAD if missed else SOFT  # the words say the same
    below.annotate("; ".join(notes), (1, 0), (0, -20), "axes fraction", "offset points", ha="right", va="top", fontsize=8, color=colour)


def _draw_curves(canvas: Canvas, groups: Sequence[Sequence[Spread]]) -> None:
    panels: Any = canvas.subplots(len(groups), 1, squeeze=False)[:, 0]
    for axes, group in zip(panels, groups, strict=True):
        by_clock = len({spread.at_s for spread in group}) == 1
        begin = group[0].at_s if by_clock else 0.0
        ends = [_span(spread.edges, spread.limits) for spread in group if len(spread.edges)]
        low, high = begin + min(low for low, _ in ends), begin + max(high for _, high in ends)
        for spread in group:
            _curve(axes, spread, begin, high)
        axes.set_xlim(low, high)
        axes.set_ylim(0, 103)
        axes.set_yticks([0, 25, 50, 75, 90, 100])
        axes.grid(axis="y")
        axes.set_ylabel("over, % of replications")
        _times(axes, group[0], begin) if len(group) == 1 else None
        limits = dict.fromkeys((each.after_s, each.label) for spread in group for each in spread.limits)
        near = sorted(each for each in limits if low <= begin + each[0] <= high)
        axes.set_title(group[0].panel, loc="left", fontsize=9, fontweight="bold", pad=16 if near else 4)
        for raised, (after_s, label) in enumerate(near):
            limit(axes, begin + after_s, label + "\n" * raised)
        even_ticks(axes, high - low)
        (clock_axis if by_clock else time_axis)(axes)
        axes.set_xlabel("clock time" if by_clock else "time since the begin of the step, s or min:s")
    largest = max(groups, key=len)
    if len(largest) > 1:
        drawn = [panels[groups.index(largest)].lines[place] for place in range(len(largest))]
        legend_below(canvas, drawn, [spread.variant for spread in largest])


def _curve(axes: Axes, spread: Spread, begin: float, high: float) -> None:
    """Draw a curve with its band, up to the end of the axis."""
    style = series(spread.series) | {"linestyle": ("-", "--", "-.", ":")[spread.series % 4]}
    edges = spread.edges if len(spread.edges) else np.zeros(1)
    reached = spread.reached if len(spread.edges) else np.zeros(1, dtype=np.int64)
    times = np.concatenate([begin + edges, [max(high, begin + float(edges[-1]))]])
    hits = np.concatenate([reached, reached[-1:]]).tolist()
    ends = {each: share_interval(each, spread.n) for each in set(hits)}
    axes.plot(times, [100 * each / spread.n for each in hits], drawstyle="steps-post", linewidth=1.8, **style)
    lows = [100 * (ends[each].low or 0.0) for each in hits]
    highs = [100 * (1.0 if (top := ends[each].high) is None else top) for each in hits]
    axes.fill_between(times, lows, highs, step="post", color=style["color"], alpha=0.22, linewidth=0)


def _times(axes: Axes, spread: Spread, begin: float) -> None:
    """Mark by when it is over with 50, 90 and 99 % probability."""
    for name in TOLD:
        value = spread.quantiles[name]["value"]
        if isinstance(value, str):
            continue
        share = float(name[1:])
        axes.plot([begin + value], [share], "o", markersize=4, color=INK)
        text, at = f"{name[1:]} %: {clock_up(begin + value)}", (begin + value, share)
        box = {"facecolor": GROUND, "edgecolor": "none", "alpha": 0.8, "pad": 0.3}
        axes.annotate(text, at, (9, -2), textcoords="offset points", fontsize=8, va="top", bbox=box)


def clock_up(time_s: float) -> str:
    """Return a time since 00:00 of the first day as a clock time, rounded up to whole seconds: what is over by it is over."""
    seconds = math.ceil(time_s) % 86400
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def bar_width(spread: Spread) -> str:
    """Return how wide the bars of a distribution are, with the unit."""
    width = float(spread.edges[2] - spread.edges[0])
    return f"{short_span(width)} min" if width >= 60 else f"{width:.3g} s"
