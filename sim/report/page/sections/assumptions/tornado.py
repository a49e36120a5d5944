"""How much an assumed number weighs, drawn and as cells: p90 with 20 % less and with 20 % more of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, Locator, MaxNLocator, MultipleLocator

from sim.report.layout import short_span, show_span
from sim.report.page.blocks import Cell, Figure, Prose, Table, number_of
from sim.report.page.drawing import INK, SERIES, Drawing, legend_below

MOST_DRAWN = 12
LEAST_DRAWN = 0.0005  # of p90: a shorter bar is a line
CASES = {"less": "20 % less", "more": "20 % more"}
METRICS = {"makespan_s": "makespan", "downtime_s": "longest downtime"}
STYLES: dict[str, dict[str, Any]] = {
    "less": {"color": SERIES[1]},
    "more": {"facecolor": "none", "edgecolor": SERIES[0], "hatch": "////", "linewidth": 0.8},
}
MINUTES = (60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200)  # seconds between two marks
OFFSETS = {"less": 0.2, "more": -0.2}
Entry = Mapping[str, Any]


def move_of(entry: Entry, case: str, metric: str) -> float:
    """Return by how much p90 of a metric moves in a case, s; infinite where only one of the two ends; 0 for a world that cannot be."""
    found = entry[case].get(metric)
    value = found["difference"] if found is not None else 0.0
    return {"never": math.inf, "-never": -math.inf}[value] if isinstance(value, str) else float(value)


def largest(entry: Entry, metric: str) -> float:
    """Return the larger one of the two moves, with its sign."""
    return max((move_of(entry, case, metric) for case in CASES), key=abs)


def shown_move(value: float, metric: str = "makespan_s") -> str:
    """Return a move as people read it; without end is a makespan where VMs stay behind, and then they are not stopped for the move."""
    if value == 0:
        return "no effect"
    if math.isinf(value) and metric != "makespan_s":
        return "left behind" if value > 0 else "arrives, as it does not otherwise"
    if math.isinf(value):
        return "never ends" if value > 0 else "ends, as it does not otherwise"
    return f"{'+' if value > 0 else '-'}{show_span(abs(value))}" if abs(value) >= 0.005 else "< 0.01 s"


def moved_cell(entries: Sequence[Entry], metric: str) -> Cell:
    """Return what a number does to p90, in the point that it moves most; the value behind it is the larger move."""
    entry = max(entries, key=lambda each: abs(largest(each, metric)))
    texts = [_case_text(entry, case, metric) for case in CASES]
    text = "no effect" if set(texts) == {"no effect"} else " / ".join(texts)
    return Cell(text, largest(entry, metric))


def _case_text(entry: Entry, case: str, metric: str) -> str:
    note = str(entry[case].get("note", ""))
    if metric not in entry[case]:
        return note
    return "-" if note == "100 % is the most" else shown_move(move_of(entry, case, metric), metric)


def tornado(point: Entry, key: str) -> Figure | Prose:
    """Return the figure of one point, or a sentence where no number moves anything.

    Args:
        point: of `assumptions.json`.
        key: of the figure.
    """
    of = f" of {point['point']}" if point["point"] else ""
    drawn = sorted(point["numbers"], key=lambda entry: -_weight(point, entry))[:MOST_DRAWN]
    drawn = [entry for entry in drawn if _weight(point, entry) >= LEAST_DRAWN]
    if not drawn:
        return Prose(_unmoved(point, of))
    metrics = [metric for metric in METRICS if any(largest(entry, metric) for entry in drawn)]
    drawn.sort(key=lambda entry: -abs(largest(entry, metrics[0])))
    rest = (
        f" Drawn are the {len(drawn)} of {len(point['numbers'])} numbers that move p90 most." if len(drawn) < len(point["numbers"]) else ""
    )
    cut = ", cut off where they are longer than the longest bar" if point["engine"] == "simpy" else ""
    engine = "SimPy" if point["engine"] == "simpy" else "lockstep"
    return Figure(
        key,
        _title(point, drawn[0], metrics[0]),
        Drawing(lambda canvas: _draw(canvas, drawn, metrics), 1.15 + 0.36 * len(drawn)),
        _alt(drawn, metrics, of),
        "A bar begins at 0, where the number is as assumed, and ends where p90 would be if it were 20 % smaller or larger; "
        "longer bars weigh more, bars to the right make it longer.",
        f"{point['replications']:,} replications a case, of the {engine} engine, with the random "
        f"draws of the unchanged ones (p90 {_bases(point, metrics)}); thin lines are 95 % intervals of the paired difference{cut}.{rest}",
        _numbers(point, f"{key}n"),
    )


def _unmoved(point: Entry, of: str) -> str:
    text = f"None of the assumed numbers{of} moves p90 of the makespan or of the longest downtime by more than 0.05 % when it is 20 % off."
    if not isinstance(point["base"]["makespan_s"]["value"], str):
        return text
    arrive = f"{100 * point['completed']:.0f} % of {point['replications']:,} replications bring every VM over"
    return f"{text} As assumed, p90 of the makespan has no end: {arrive}."


def _weight(point: Entry, entry: Entry) -> float:
    """Return the larger move of makespan and downtime, as a share of each."""
    bases = {metric: number_of(point["base"][metric]["value"]) or 1.0 for metric in METRICS}
    return max(math.inf if math.isinf(move) else abs(move) / base for metric, base in bases.items() for move in [largest(entry, metric)])


def _title(point: Entry, entry: Entry, metric: str) -> str:
    case = max(CASES, key=lambda each: abs(move_of(entry, each, metric)))
    move = move_of(entry, case, metric)
    of = f"{point['point']}: " if point["point"] else ""
    head = f"{of}[{entry['tag']}] {entry['what']} matters most"
    if math.isinf(move):
        shares = f"{100 * entry[case]['completed']:.0f} % instead of {100 * point['completed']:.0f} %"
        return f"{head}: with {CASES[case]}, {shares} of the replications bring every VM over"
    longer = "longer" if move > 0 else "shorter"
    return f"{head} for p90 of the {METRICS[metric]}: {CASES[case]} makes it {show_span(abs(move))} {longer}"


def _bases(point: Entry, metrics: Sequence[str]) -> str:
    return ", ".join(f"{METRICS[metric]} {show_span(point['base'][metric]['value'])}" for metric in metrics)


def _alt(drawn: Sequence[Entry], metrics: Sequence[str], of: str) -> str:
    parts = [
        f"[{entry['tag']}] {entry['what']}: "
        + ", ".join(f"{METRICS[metric]} {' / '.join(_case_text(entry, case, metric) for case in CASES)}" for metric in metrics)
        for entry in drawn[:6]
    ]
    return f"Bars: how p90{of} moves with 20 % less / 20 % more of each assumed number. {'; '.join(parts)}."


def _draw(canvas: Canvas, drawn: Sequence[Entry], metrics: Sequence[str]) -> None:
    panels = canvas.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    places = [len(drawn) - 1 - place for place in range(len(drawn))]
    for axes, metric in zip(panels, metrics, strict=True):
        reach = max([abs(move_of(entry, case, metric)) for entry in drawn for case in CASES if math.isfinite(move_of(entry, case, metric))])
        reach = reach or 1.0
        for place, entry in zip(places, drawn, strict=True):
            for case in CASES:
                _bar(axes, entry, case, metric, place, reach)
        axes.axvline(0.0, color=INK, linewidth=0.8)
        axes.set_xlim(-1.75 * reach, 1.75 * reach)
        axes.set_ylim(-0.6, len(drawn) - 0.4)
        axes.xaxis.set_major_locator(_locator(reach))
        axes.xaxis.set_major_formatter(FuncFormatter(_axis_text(reach)))
        axes.set_xlabel(f"change of p90 {METRICS[metric]}, {'min:s' if reach >= 60 else 's'}", fontsize=8.5)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(places, [f"[{entry['tag']}] {entry['what']}" for entry in drawn], fontsize=8.5)
    legend_below(canvas, [Patch(**STYLES[case]) for case in CASES], [f"{words} than assumed" for words in CASES.values()])


def _bar(axes: Axes, entry: Entry, case: str, metric: str, place: int, reach: float) -> None:
    """Draw one case: a bar with its interval and its value; what never ends reaches the edge."""
    move, at = move_of(entry, case, metric), place + OFFSETS[case]
    if move == 0:
        return
    end = math.copysign(1.2 * reach, move) if math.isinf(move) else move
    axes.barh(at, end, height=0.34, zorder=2, **STYLES[case])
    low, high = (number_of(entry[case][metric][name]) for name in ("low", "high"))
    far, most = end, 1.2 * reach
    if low is not None and high is not None and math.isfinite(move):
        low, high = max(low, -most), min(high, most)  # infinite ends, too: a line that reaches the ends of all goes on
        axes.plot([low, high], [at, at], color=INK, linewidth=1.0, zorder=3)
        far = max(high, end) if end > 0 else min(low, end)
    if abs(move) < 0.005:
        return
    axes.annotate(
        _endless(move, metric) if math.isinf(move) else _signed(move),
        (far, at),
        xytext=(3 if end > 0 else -3, 0),
        textcoords="offset points",
        va="center",
        ha="left" if end > 0 else "right",
        fontsize=8,
    )


def _endless(move: float, metric: str) -> str:
    return ("never ends" if move > 0 else "ends") if metric == "makespan_s" else ("left behind" if move > 0 else "arrives")


def _locator(reach: float) -> Locator:
    """Return where the axis has its marks: at most five, at whole minutes or halves where it shows minutes."""
    if reach < 60:
        return MaxNLocator(5)
    steps = [step for step in MINUTES if 3.5 * reach / step <= 5]
    return MultipleLocator(steps[0]) if steps else MaxNLocator(5)


def _axis_text(reach: float) -> Callable[[float, int], str]:
    return lambda value, _: _signed(value) if reach >= 60 and value else f"{value:+g}" if value else "0"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else '-'}{short_span(abs(value))}"


def _numbers(point: Entry, key: str) -> Table:
    """Return every case of every number, with its interval."""
    rows = []
    for entry in point["numbers"]:
        for case, words in CASES.items():
            head: list[Cell | str] = [f"[{entry['tag']}] {entry['what']}", words]
            if "makespan_s" not in entry[case]:
                rows.append([*head, *([entry[case].get("note", "-")] * 2), *(["-"] * 3)])
                continue
            cells = [cell for metric in METRICS for cell in _metric_cells(entry, case, metric)]
            share = entry[case]["completed"]
            rows.append([*head, *cells, Cell(f"{100 * share:.1f} %", share)])
    moved = [title for words in METRICS.values() for title in (f"p90 of the {words}", f"moves by (95 %), {words}")]
    return Table(key, ("Number", "Case", *moved, "Replications that bring every VM over"), rows, folded=True)


def _metric_cells(entry: Entry, case: str, metric: str) -> tuple[Cell, Cell]:
    found, note = entry[case][metric], entry[case].get("note", "")
    text = shown_move(move_of(entry, case, metric), metric)
    ends = [number_of(found[name]) for name in ("low", "high")]
    if any(ends) and all(end is not None and math.isfinite(end) for end in ends):
        text += f" ({' to '.join(_signed(end) for end in ends if end is not None)})"
    if note:
        text += f"; {note}"
    return Cell(show_span(found["value"]), number_of(found["value"])), Cell(text, move_of(entry, case, metric))
