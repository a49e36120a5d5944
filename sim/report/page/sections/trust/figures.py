"""The figure of how well each time is known."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter

from sim.report.page.blocks import number_of
from sim.report.page.drawing import INK, SERIES, Drawing
from sim.report.page.sections.stop.figures import short
from sim.report.page.sections.stop.section import label_of
from sim.report.page.source import Detail

MOST_DRAWN = 12
QUANTILES = ("p50", "p90", "p99")
LETTERS, LINES = 36, 2  # of the name of a point beside the figure


@dataclass(frozen=True, slots=True)
class Known:
    """A time and how well it is known, seconds.

    Args:
        what: which one.
        value: the estimate; infinite where it never ends.
        low, high: its 95 % interval; None where there are too few replications.
        replications: how many it rests on.
        needed: how many an interval needs at least; None where there is one.
        point: which one it is of; "" where there is one only.
    """

    what: str
    value: float
    low: float | None
    high: float | None
    replications: int
    needed: int | None
    point: str = ""

    @property
    def label(self) -> str:
        """What it is, and below that its point, which the names of several could not be told apart without."""
        lines = textwrap.wrap(self.point, LETTERS)
        more = f"{lines[LINES - 1][: LETTERS - 1]}\u2026" if len(lines) > LINES else ""
        what = short(self.what.removesuffix(f" ({self.point})"))
        return "\n".join([what, *([*lines[: LINES - 1], more] if more else lines)])

    @property
    def within(self) -> float | None:
        """The distance of the further end from the estimate, as a share of it; None without a finite interval."""
        if self.low is None or self.high is None or not math.isfinite(self.high) or self.value <= 0.0:
            return None
        return max(self.value - self.low, self.high - self.value) / self.value


def known_times(detail: Detail, *, named: bool) -> Iterator[Known]:
    """Yield makespans and downtimes of a point; `named` says that the point is told, too."""
    point = detail.name if named else ""
    of = f" ({point})" if point else ""
    steps = detail.entry["steps"]
    for step in steps:
        whose = f" of {step['step']}" if len(steps) > 1 else ""
        yield from _known(f"makespan{whose}{of}", step["makespan_s"], detail.replications, point)
    for line in detail.lines():
        what = f"downtime of {label_of(detail, line)}{of}"
        yield from _known(what, line["of_completed"].get("downtime_s", {}), line["migrations"], point)


def _known(what: str, quantiles: dict[str, Any], replications: int, point: str) -> Iterator[Known]:
    for name in QUANTILES:
        if name in quantiles:
            found = quantiles[name]
            value, low, high = (number_of(found[end]) for end in ("value", "low", "high"))
            yield Known(f"{name} of the {what}", value or 0.0, low, high, replications, found["replications_needed"], point)


def known_drawing(known: Sequence[Known]) -> Drawing:
    """Return how intervals are drawn around their estimates, the widest first; each has a finite one."""
    lines = max((each.label.count("\n") for each in known), default=0)
    return Drawing(partial(_draw, known=known), height=0.75 + (0.26 + 0.14 * lines) * len(known))


def _draw(canvas: Canvas, *, known: Sequence[Known]) -> None:
    axes = canvas.subplots()
    for row, each in enumerate(known):
        low, high = (((end or 0.0) - each.value) / each.value for end in (each.low, each.high))
        axes.plot([low, high], [row, row], color=SERIES[0], linewidth=2.0, marker="|", markersize=8)
        axes.plot([0.0], [row], marker="o", color=INK, markersize=4)
    axes.axvline(0.0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(known)), [each.label for each in known], fontsize=8)
    axes.set_ylim(len(known) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:+.4g} %" if value else "estimate"))
    axes.set_xlabel("95 % interval, in percent of the estimate")
