"""How much the assumed numbers of a point weigh, drawn: what was found as assumed, with 20 % less and with 20 % more of each."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from sim.report.layout import show_span
from sim.report.page.blocks import Cell, Figure, Prose, Table, number_of
from sim.report.page.drawing import INK, SERIES, Drawing, legend_below
from sim.report.page.sections.assumptions.measures import (
    ARRIVED,
    CASES,
    FELT,
    FELT_WORDS,
    TIMES,
    Entry,
    Measure,
    Weighed,
    endless,
    measures_of,
    moved,
    shown_move,
)

MOST_DRAWN, MOST_PANELS = 12, 3
MINUTES, HOURS = 600.0, 36000.0  # seconds; from these on an axis has another unit
LETTERS = {1: 60, 2: 36, 3: 26}  # of a name beside so many panels, and below one
STYLES: dict[str, dict[str, Any]] = {
    "less": {"color": SERIES[1]},
    "more": {"facecolor": "none", "edgecolor": SERIES[0], "hatch": "////", "linewidth": 0.8},
}
OFFSETS = {"less": 0.2, "more": -0.2}
ENGINES = {"simpy": "simulated one by one (the SimPy engine)", "lockstep": "computed all at once (the lockstep engine)"}


def tornado(point: Entry, key: str) -> Figure | Prose:
    """Return the figure of one point, or a sentence where no number changes anything that anybody would notice.

    Args:
        point: of `assumptions.json`.
        key: of the figure.
    """
    weighed = [Weighed(point, entry) for entry in point["numbers"]]
    felt = sorted((each for each in weighed if each.felt), key=lambda each: each.weight, reverse=True)
    if not felt:
        return Prose(_unmoved(point))
    drawn = felt[:MOST_DRAWN]
    measures = moved(drawn, measures_of([point]), 1, MOST_PANELS, FELT)
    which = f"all {len(felt)}" if len(drawn) == len(felt) else f"the {len(drawn)} heaviest"
    cut = ", cut off where they are longer than the longest bar" if point["engine"] == "simpy" else ""
    lines = " Thin lines are 95 % intervals of the paired difference" + cut + "." if any(each.key in TIMES for each in measures) else ""
    return Figure(
        key,
        _title(drawn[0]),
        Drawing(lambda canvas: _draw(canvas, drawn, measures), 1.35 + 0.4 * len(drawn)),
        _alt(drawn, measures),
        "A bar begins at what is found as assumed and ends where that would be if the number were 20 % smaller or larger; longer bars "
        "weigh more. The heaviest number stands at the top.",
        f"{point['replications']:,} replications a case, {ENGINES[point['engine']]}, with the random draws of the unchanged ones. Of the "
        f"{len(point['numbers'])} numbers {len(felt)} weigh: 20 % less or more of one {FELT_WORDS}. Drawn: {which}.{lines}",
        _numbers(weighed, measures_of([point]), f"{key}n"),
    )


def _unmoved(point: Entry) -> str:
    of = f" of {point['point']}" if point["point"] else ""
    text = f"None of the assumed numbers{of}, {len(point['numbers'])} in all, {FELT_WORDS}, when it is 20 % off."
    if not isinstance(point["base"]["makespan_s"]["value"], str):
        return text
    arrive = f"{100 * point['completed']:.0f} % of {point['replications']:,} replications bring every VM over"
    return f"{text} As assumed, p90 of the makespan has no end: {arrive}."


def _title(weighed: Weighed) -> str:
    measure, case = weighed.heaviest()
    of = f"{weighed.point['point']}: " if weighed.point["point"] else ""
    head = f"{of}{weighed.name} matters most"
    if measure.key not in TIMES or math.isinf(weighed.move(case, measure)):
        return f"{head}: {weighed.effect()}"
    move = weighed.move(case, measure)
    longer = "longer" if move > 0 else "shorter"
    return (
        f"{head} for p90 of the {TIMES[measure.key]}: {CASES[case]} makes it {show_span(abs(move))} {longer} "
        f"({100 * weighed.change(measure):.2g} %)"
    )


def _alt(drawn: Sequence[Weighed], measures: Sequence[Measure]) -> str:
    parts = []
    for each in drawn[:6]:
        changes = [f"{measure.title}: {' / '.join(each.case_text(case, measure) for case in CASES)}" for measure in measures]
        parts.append(f"{each.name}: {', '.join(changes)}")
    of = f"{drawn[0].point['point']}: " if drawn[0].point["point"] else ""
    return f"{of}bars of what changes with 20 % less / 20 % more of each assumed number. {'; '.join(parts)}."


@dataclass(frozen=True, slots=True)
class _Scale:
    """The axis of a measure, in one unit.

    Args:
        measure: what is drawn.
        base: what is found as assumed, in all replications.
        reach: the longest finite bar, in the unit of the measure.
        per: how many of those make one unit of the axis.
        unit: of the axis.
    """

    measure: Measure
    base: float
    reach: float
    per: float
    unit: str

    def start(self, base: float) -> float:
        """Return where a bar begins, in the unit of the axis: a share where it is as assumed, all else at 0."""
        return base / self.per if self.measure.is_share else 0.0

    def at(self, base: float, move: float) -> float:
        """Return where a bar ends; one without end a little beyond the longest."""
        return self.start(base) + (math.copysign(1.2 * self.reach, move) if math.isinf(move) else move) / self.per

    def text(self, value: float) -> str:
        """Return what stands beside a bar, with its unit: of a move three digits, but no more than two decimals."""
        if self.measure.is_share:
            return self.measure.told(value * self.per)
        digits = sum(abs(value) < bound for bound in (9.995, 99.95))
        return f"{value:+.{digits}f} {self.unit}"

    def mark(self, value: float) -> str:
        """Return what stands at a mark of the axis."""
        return f"{value:.3g} {self.unit}" if self.measure.is_share else f"{value:+.3g} {self.unit}" if value else "0"


def _scale(drawn: Sequence[Weighed], measure: Measure) -> _Scale:
    moves = [abs(each.move(case, measure)) for each in drawn for case in CASES]
    reach = max((move for move in moves if math.isfinite(move)), default=0.0) or 1.0
    base = drawn[0].base(measure) or 0.0
    if measure.is_share:
        return _Scale(measure, base, reach, 0.01, "%")
    if measure.of in {"rounds", "sent"}:
        return _Scale(measure, base, reach, *((1.0, "rounds") if measure.of == "rounds" else (2.0**30, "GiB")))
    per, unit = (1.0, "s") if reach < MINUTES else (60.0, "min") if reach < HOURS else (3600.0, "h")
    return _Scale(measure, base, reach, per, unit)


def _draw(canvas: Canvas, drawn: Sequence[Weighed], measures: Sequence[Measure]) -> None:
    panels = canvas.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    places = [len(drawn) - 1 - place for place in range(len(drawn))]
    width = LETTERS[len(measures)]
    for axes, measure in zip(panels, measures, strict=True):
        scale = _scale(drawn, measure)
        for place, each in zip(places, drawn, strict=True):
            for case in CASES:
                _bar(axes, each, case, scale, place)
        axes.axvline(scale.start(scale.base), color=INK, linewidth=0.8)
        _axis(axes, scale)
        title = measure.title if measure.is_share else f"change of {measure.title}"
        axes.set_xlabel("\n".join([*textwrap.wrap(title, width), f"(as assumed {measure.told(scale.base)})"]), fontsize=8.5)
        axes.set_ylim(-0.6, len(drawn) - 0.4)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.tick_params(axis="x", labelsize=8)
    panels[0].set_yticks(places, ["\n".join(textwrap.wrap(each.name, LETTERS[3])) for each in drawn], fontsize=8.5)
    legend_below(canvas, [Patch(**STYLES[case]) for case in CASES], [f"{words} than assumed" for words in CASES.values()])


def _axis(axes: Axes, scale: _Scale) -> None:
    """Set limits with room for the values beside the bars, and a few marks in the unit of the axis."""
    if scale.measure.is_share:
        axes.set_xlim(-45.0, 145.0)
        axes.xaxis.set_major_locator(MultipleLocator(50.0))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: scale.mark(value) if 0.0 <= value <= 100.0 else ""))
        return
    axes.set_xlim(-1.9 * scale.reach / scale.per, 1.9 * scale.reach / scale.per)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: scale.mark(value)))


def _bar(axes: Axes, weighed: Weighed, case: str, scale: _Scale, place: int) -> None:
    """Draw one case: a bar with its interval and its value; what never ends reaches beyond the longest."""
    move, at = weighed.move(case, scale.measure), place + OFFSETS[case]
    if move == 0:
        return
    base = weighed.base_of(case, scale.measure) or 0.0
    start, end = scale.start(base), scale.at(base, move)
    axes.barh(at, end - start, left=start, height=0.34, zorder=2, **STYLES[case])
    far = max([*_interval(axes, weighed, case, scale, at), end], key=lambda value: value if move > 0 else -value)
    if abs(move) < max(0.005 * scale.reach, 0.0 if scale.measure.is_share else 0.005 * scale.per):
        return
    axes.annotate(
        endless(move, scale.measure.of) if math.isinf(move) else scale.text(end),
        (far, at),
        xytext=(3 if move > 0 else -3, 0),
        textcoords="offset points",
        va="center",
        ha="left" if move > 0 else "right",
        fontsize=8,
    )


def _interval(axes: Axes, weighed: Weighed, case: str, scale: _Scale, at: float) -> Iterator[float]:
    """Draw the interval of a p90 and yield its ends, cut off at those of the longest bar: infinite ones go on."""
    found: Entry = weighed.entry[case].get(scale.measure.key, {}) if scale.measure.key in TIMES else {}
    low, high = (number_of(found.get(end)) for end in ("low", "high"))
    if low is None or high is None or math.isinf(weighed.move(case, scale.measure)):
        return
    most = 1.2 * scale.reach
    ends = [max(low, -most) / scale.per, min(high, most) / scale.per]
    axes.plot(ends, [at, at], color=INK, linewidth=1.0, zorder=3)
    yield from ends


def _numbers(weighed: Sequence[Weighed], measures: Sequence[Measure], key: str) -> Table:
    """Return every case of every number: the times with their intervals, the share that brings every VM over, and the objectives."""
    others = [measure for measure in measures if measure.key not in TIMES]
    rows = []
    for each in weighed:
        for case, words in CASES.items():
            head: list[Cell | str] = [each.name, words]
            if "makespan_s" not in each.entry[case]:
                rows.append([*head, *([each.entry[case].get("note", "-")] * 2), *(["-"] * (2 + len(others)))])
                continue
            times = [cell for measure in measures if measure.key in TIMES for cell in _time_cells(each, case, measure)]
            rows.append([*head, *times, *(_found_cell(each, case, measure) for measure in others)])
    titles = [title for words in TIMES.values() for title in (f"p90 of the {words}", f"moves by (95 %), {words}")]
    shares = ["Replications that bring every VM over" if each.key == ARRIVED else each.title for each in others]
    return Table(key, ("Number", "Case", *titles, *shares), rows, folded=True)


def _time_cells(weighed: Weighed, case: str, measure: Measure) -> tuple[Cell, Cell]:
    found, note = weighed.entry[case][measure.key], weighed.entry[case].get("note", "")
    text = shown_move(weighed.move(case, measure), measure.of)
    ends = [number_of(found[name]) for name in ("low", "high")]
    if any(ends) and all(end is not None and math.isfinite(end) for end in ends):
        text += f" ({' to '.join(_signed(end) for end in ends if end is not None)})"
    if note:
        text += f"; {note}"
    return Cell(show_span(found["value"]), number_of(found["value"])), Cell(text, weighed.move(case, measure))


def _signed(value_s: float) -> str:
    return f"{'-' if value_s < 0 else '+'}{show_span(abs(value_s))}"


def _found_cell(weighed: Weighed, case: str, measure: Measure) -> Cell:
    value = measure.in_entry(weighed.entry[case])
    if value is None:
        return Cell("-")
    verdict = weighed.entry[case].get("objectives", {}).get(measure.key, {}).get("verdict", "")
    return Cell(f"{measure.told(value)}{f', {verdict}' if verdict else ''}", value)
