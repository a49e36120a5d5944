"""Figure: what each VM sends, in multiples of the memory that it touched."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure as Canvas

from sim.report.page.blocks import Block, Cell, Figure, Prose, Table, number_of
from sim.report.page.drawing import FAINT, GROUND, MARKERS, SERIES, Drawing, legend_below, limit
from sim.report.page.source import Detail

MARKS = 36  # rows of marks that a figure has room for
MOST_VMS = 12
COLUMNS = ("sent_bytes", "touched_bytes")


@dataclass(frozen=True, slots=True)
class Line:
    """What a VM sends in a point, as multiples of its touched memory.

    Args:
        label: the VM, with its step where there are several.
        place: of the point among the details.
        median, rare: p50 and p99 of summary.json, each with value, low and high.
    """

    label: str
    place: int
    median: Mapping[str, Any]
    rare: Mapping[str, Any]

    @property
    def value(self) -> float:
        """The median."""
        return float(self.median["value"])


def sent_figure(details: Sequence[Detail]) -> list[Block]:
    """Return the figure, or a sentence in its place."""
    missing = sorted({column for detail in details for column in COLUMNS if column not in detail.rows.columns})
    several = _in_several_steps(details)
    lines = [line for place, detail in enumerate(details) for line in _lines(place, detail, several)]
    left_out = [
        Prose(f"`{column}` is not stored, `--columns` left it out: no figure of bytes sent over touched memory.") for column in missing
    ]
    if not lines:
        return [*left_out] or [Prose("No migration was completed: there is no figure of bytes sent over touched memory.")]
    order = sorted({line.label for line in lines}, key=lambda label: (-max(line.value for line in lines if line.label == label), label))
    shown = order[: min(MOST_VMS, max(3, MARKS // len(details)))]
    title = _title(lines, order, [detail.name for detail in details])
    some = f"; the {len(shown)} VMs that send most of {len(order)}" if len(shown) < len(order) else ""
    counts = sorted({detail.replications for detail in details})
    figure = Figure(
        "sent",
        title,
        _drawing([line for line in lines if line.label in shown], shown, [detail.name for detail in details]),
        f"{title}. Median and p99 of the bytes sent over the touched memory, one row a VM.",
        "Filled mark: the median migration; open mark: p99, one in a hundred sends more. At 1 everything is sent once; what lies above was "
        "dirtied again while it was sent.",
        f"n = {' and '.join(f'{each:,}' for each in counts)} replications, completed migrations; bars: 95 % intervals{some}.",
        _table(lines, order, [detail.name for detail in details]),
    )
    return [*left_out, figure]


def _in_several_steps(details: Sequence[Detail]) -> bool:
    """Whether a VM migrates in more than one step of a point: else its name is enough, and it is the same in all points."""
    moved = [(place, entry["vm"]) for place, detail in enumerate(details) for entry in detail.lines() if _is_drawn(entry)]
    return len(set(moved)) < len(moved)


def _is_drawn(entry: Mapping[str, Any]) -> bool:
    found = entry["of_completed"].get("sent_over_touched")
    value = number_of(found["p50"]["value"]) if found else None
    return value is not None and math.isfinite(value)


def _lines(place: int, detail: Detail, several: bool) -> Iterator[Line]:
    for entry in filter(_is_drawn, detail.lines()):
        quantiles = entry["of_completed"]["sent_over_touched"]
        label = f"{entry['vm']} ({entry['step']})" if several else entry["vm"]
        yield Line(label, place, quantiles["p50"], quantiles["p99"])


def _title(lines: Sequence[Line], order: Sequence[str], names: Sequence[str]) -> str:
    first = [line for line in lines if line.label == order[0]]
    if len(names) > 1:
        several = {names[line.place]: line.value for line in first}
        most, least = max(several, key=lambda name: several[name]), min(several, key=lambda name: several[name])
        text = f"{order[0]} sends {several[most]:.2f} times the memory that it touched ({most})"
        if f"{several[most]:.2f}" == f"{several[least]:.2f}":
            return f"{order[0]} sends {several[most]:.2f} times the memory that it touched, wherever it is completed"
        return f"{text}; {several[least]:.2f} times ({least})"
    most = f"{first[0].value:.2f}"
    alike = [line.label for line in lines if f"{line.value:.2f}" == most]
    others = [line.value for line in lines if f"{line.value:.2f}" != most]
    if len(alike) == 1:
        text = f"{order[0]} sends {most} times the memory that it touched"
    else:
        who = f"All {len(alike)} VMs send" if not others else f"{order[0]} and {order[1]} send"
        who = who if len(alike) == 2 or not others else f"{order[0]} and {len(alike) - 1} more VMs send"
        text = f"{who} {most} times the memory that they touched"
    if not others:
        return text
    low, high = f"{min(others):.2f}", f"{max(others):.2f}"
    rest = "the other one" if len(others) == 1 else "the others"
    return f"{text}, {rest} {low} times" if low == high else f"{text}, {rest} {low} to {high} times"


def _drawing(lines: Sequence[Line], shown: Sequence[str], names: Sequence[str]) -> Drawing:
    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        apart = 0.7 / len(names)
        handles = {}
        for line in lines:
            y = shown.index(line.label) + apart * (line.place - (len(names) - 1) / 2.0)
            colour, marker = SERIES[line.place % len(SERIES)], MARKERS[line.place % len(MARKERS)]
            rare = number_of(line.rare["value"])
            for found, fill in ((line.median, colour), (line.rare, GROUND)):
                value, low, high = (number_of(found[key]) for key in ("value", "low", "high"))
                if value is None or not math.isfinite(value):
                    continue
                if low is not None and high is not None and math.isfinite(high):
                    axes.plot([low, high], [y, y], color=colour, linewidth=4.0, alpha=0.35, solid_capstyle="butt")
                axes.plot([value], [y], marker=marker, color=colour, markerfacecolor=fill, markersize=5.5, linestyle="none", zorder=3)
            handles[line.place] = axes.plot([], [], marker=marker, color=colour, markersize=5.5, linestyle="none")[0]
            if rare is not None and math.isfinite(rare):
                axes.plot([line.value, rare], [y, y], color=colour, linewidth=0.8)
            text = f"{line.value:.2f}" + (f", p99 {rare:.2f}" if rare is not None and math.isfinite(rare) else "")
            axes.annotate(text, (max(line.value, _reach(line)), y), xytext=(8, 0), textcoords="offset points", va="center", fontsize=8)
        axes.set_yticks(range(len(shown)), list(shown))
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_xlabel("bytes sent / touched memory")
        most = max(max(line.value, _reach(line)) for line in lines)
        low = min(0.98, *(line.value for line in lines))
        axes.set_xlim(low - 0.03 * (most - low), most + 0.22 * max(most - low, 0.1))
        axes.grid(axis="x", color=FAINT)
        axes.set_axisbelow(True)
        limit(axes, 1.0, "all once")
        if len(names) > 1:
            legend_below(canvas, [handles[place] for place in sorted(handles)], [names[place] for place in sorted(handles)])

    rows = len(shown) * max(1.0, 0.75 * len(names))
    return Drawing(draw, 0.95 + 0.27 * rows + (0.3 if len(names) > 1 else 0.0))


def _reach(line: Line) -> float:
    """Return the right end of what is drawn of a line."""
    ends = (number_of(line.rare[key]) for key in ("value", "high"))
    return max((each for each in ends if each is not None and math.isfinite(each)), default=line.value)


def _table(lines: Sequence[Line], order: Sequence[str], names: Sequence[str]) -> Table:
    def cells(found: Mapping[str, Any]) -> list[Cell]:
        values = [number_of(found[key]) for key in ("value", "low", "high")]
        return [Cell("-" if each is None else f"{each:.3f}", each) for each in values]

    several = len(names) > 1
    rows: list[list[Cell | str]] = [
        [line.label, *([names[line.place]] if several else []), *cells(line.median), *cells(line.rare)]
        for line in sorted(lines, key=lambda line: (order.index(line.label), line.place))
    ]
    titles = ["VM", *(["Point"] if several else []), "Median", "from", "to", "p99", "from", "to"]
    caption = "Bytes sent over touched memory, with 95 % intervals; VMs that send most first."
    return Table("sent-numbers", titles, rows, caption, folded=True)
