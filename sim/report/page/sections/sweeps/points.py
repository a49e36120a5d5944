"""The points of a sweep as numbers: what was varied, what came of it, and which setting matters most."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.report.page.blocks import number_of
from sim.results.statistics import quantile
from sim.scenario.objectives import parse_objective
from sim.scenario.sweep import variant_of
from sim.units import (
    UnitError,
    parse_distance,
    parse_frequency,
    parse_memory,
    parse_rate,
    parse_share,
    parse_time,
)

Values = NDArray[np.float64]
Places = NDArray[np.intp]

MOST_LEVELS = 8  # values of a setting that are told apart; of more, ranges with about as many points each
RANGES = 5
WIDE = 8.0  # factor between smallest and largest value from which on an axis is logarithmic
EVEN = 0.35  # of the largest value: a design with its median above it does not have equal factors
SHORT = 8  # characters of a number as it was written
LONGEST = 28  # characters of a value in a figure
REST = "others"
_PARSERS: tuple[Callable[[object], float], ...] = (
    parse_memory,
    parse_rate,
    parse_time,
    parse_share,
    parse_frequency,
    parse_distance,
    lambda text: float(str(text)),
)
_WRITTEN = re.compile(r"([0-9.,]+)( ?)(.*)")
LARGER = {"KiB": ("MiB", 1024.0), "MiB": ("GiB", 1024.0), "ms": ("s", 1000.0)}  # what a design rounds to steps of 2 MiB, people read in GiB


@dataclass(frozen=True, slots=True)
class Knob:
    """A setting that is varied.

    Args:
        path: as after `--set`.
        texts: its value at each point, shape (points,).
        numbers: the same as numbers, shape (points,); empty where the values are names.
        show: writes such a number.
        levels: names of its values, or of ranges of them, in their order.
        level: which of them each point has, shape (points,).
        exact: whether each level is one value.
    """

    path: str
    texts: tuple[str, ...]
    numbers: Values
    show: Callable[[float], str]
    levels: tuple[str, ...]
    level: Places
    exact: bool

    def said(self, place: int) -> str:
        """Return the value of a point as it is told beside others: as it was written, or rounded where that is long."""
        return _level(self.texts[place], float(self.numbers[place]), self.show) if len(self.numbers) else self.texts[place]

    @property
    def is_log(self) -> bool:
        """Whether its axis is logarithmic."""
        if not len(self.numbers) or self.numbers.min() <= 0.0 or self.numbers.max() / self.numbers.min() < WIDE:
            return False
        # Of a design that spreads points evenly one may come near 0; on a logarithmic axis all others were at its end.
        return self.exact or bool(np.median(self.numbers) < EVEN * self.numbers.max())

    @property
    def at(self) -> Values:
        """Where each point is on the axis, shape (points,): its number, or the place of its name."""
        return self.numbers if len(self.numbers) else self.level.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantile of each point.

    Args:
        title: such as "makespan p90".
        values: seconds, shape (points,); inf for never, NaN for none.
        low, high: ends of the 95 % interval; NaN where there are too few replications for one.
    """

    title: str
    values: Values
    low: Values
    high: Values

    @property
    def is_known(self) -> bool:
        """Whether any point has it."""
        return bool((~np.isnan(self.values)).any())


@dataclass(frozen=True, slots=True)
class Swept:
    """A sweep.

    Args:
        points: entries of summary.json.
        variants: of each point, "" where the scenario has none, shape (points,).
        knobs: settings with more than one value, the strongest for what objectives look at first.
        constant: settings with one value.
        step: whose makespans are looked at: the longest one.
        makespan: p50 and p90.
        downtime: p50 and p99 of the largest one of each replication.
    """

    points: Sequence[dict[str, Any]]
    variants: tuple[str, ...]
    knobs: tuple[Knob, ...]
    constant: dict[str, str]
    step: str
    makespan: tuple[Measure, Measure]
    downtime: tuple[Measure, Measure]

    @property
    def names(self) -> tuple[str, ...]:
        """The variants, each once, in their order."""
        return tuple(dict.fromkeys(self.variants))

    @property
    def of_step(self) -> str:
        """Whose makespans these are, as it stands behind the word; "" where there is one step only."""
        return f" of {self.step}" if len(self.points[0]["steps"]) > 1 else ""

    @property
    def pairs(self) -> list[tuple[Measure, Measure]]:
        """The quantiles that are known: of makespan, of downtime."""
        return [pair for pair in (self.makespan, self.downtime) if pair[1].is_known]

    def setting(self, place: int, *, without: str = "") -> str:
        """Return variant and settings of a point, short; all but one of them where it is named."""
        values = [short(knob.said(place)) for knob in self.knobs if knob.path != without]
        return ", ".join(part for part in (self.variants[place], *values) if part)


def swept_of(points: Sequence[dict[str, Any]]) -> Swept:
    """Return a sweep.

    Args:
        points: entries of summary.json, one or more, all with the same settings.
    """
    paths = list(points[0]["settings"])
    texts = {path: tuple(str(point["settings"][path]) for point in points) for path in paths}
    varied = [knob_of(path, texts[path]) for path in paths if len(set(texts[path])) > 1]
    step = _longest(points)
    spans = [{each["step"]: each["makespan_s"] for each in point["steps"]}.get(step, {}) for point in points]
    stops = [point["largest"].get("downtime_s", {}) for point in points]
    makespan = (_measure("makespan p50", spans, "p50"), _measure("makespan p90", spans, "p90"))
    downtime = (_measure("largest downtime p50", stops, "p50"), _measure("largest downtime p99", stops, "p99"))
    variants = tuple(variant_of(point["point"], point["settings"]) for point in points)
    decisive = decisive_of(points[0], makespan, downtime)
    strength = {knob.path: max(explained(knob, each.values, variants) for each in decisive) for knob in varied}
    return Swept(
        points,
        variants,
        tuple(sorted(varied, key=lambda knob: -strength[knob.path])),  # stable: equal ones in the order of the scenario
        {path: texts[path][0] for path in paths if len(set(texts[path])) == 1},
        step,
        makespan,
        downtime,
    )


def knob_of(path: str, texts: tuple[str, ...]) -> Knob:
    """Return a setting with its levels.

    Args:
        path: as after `--set`.
        texts: its value at each point.
    """
    numbers, show = _numbers(texts)
    if not len(numbers):
        names = list(dict.fromkeys(texts))  # clock times, too: those of a night are not in the order of their numbers
        level = np.array([names.index(text) for text in texts])
        if len(names) > MOST_LEVELS:
            return Knob(path, texts, numbers, show, (*names[: MOST_LEVELS - 1], REST), np.minimum(level, MOST_LEVELS - 1), exact=False)
        return Knob(path, texts, numbers, show, tuple(names), level, exact=True)
    distinct = np.unique(numbers)
    written = dict(zip(numbers.tolist(), texts, strict=True))
    if len(distinct) <= MOST_LEVELS:
        return Knob(
            path,
            texts,
            numbers,
            show,
            tuple(_level(written[each], each, show) for each in distinct.tolist()),
            np.searchsorted(distinct, numbers),
            exact=True,
        )
    cuts = np.array_split(distinct, RANGES)
    level = np.searchsorted([cut[-1] for cut in cuts], numbers)
    return Knob(path, texts, numbers, show, tuple(_range(show(float(cut[0])), show(float(cut[-1]))) for cut in cuts), level, exact=False)


def _level(text: str, number: float, show: Callable[[float], str]) -> str:
    """Return a value as it was written, or rounded where that is long, as in a design: 27306 MiB beside 64 GiB are 26.7 GiB."""
    return text if len(text) <= SHORT else show(number)


def _range(first: str, last: str) -> str:
    """Return a range of values, the unit once: 8-16 GiB."""
    written = _WRITTEN.fullmatch(first)
    return f"{written[1] if written is not None else first}-{last}"


def _numbers(texts: Sequence[str]) -> tuple[Values, Callable[[float], str]]:
    """Return values as numbers, and what writes such a number; no numbers where they are not all of one kind."""
    for parse in _PARSERS:
        try:
            numbers = np.array([parse(text) for text in texts], dtype=np.float64)
        except (UnitError, ValueError):
            continue
        if np.isfinite(numbers).all():
            return numbers, _writer(texts[int(np.argmax(numbers))], float(numbers.max()))
    return np.zeros(0), str


def _writer(text: str, number: float) -> Callable[[float], str]:
    """Return what writes numbers in the unit in which one was written: a planner who varies Gbit/s does not think in MB/s."""
    written = _WRITTEN.fullmatch(text)
    if written is None or not number or float(written[1].replace(",", "")) == 0.0:
        return lambda value: f"{value:.4g}"
    times, name = float(written[1].replace(",", "")), written[3]
    while name in LARGER and times >= LARGER[name][1]:
        times, name = times / LARGER[name][1], LARGER[name][0]
    size, unit = number / times, written[2] + name
    return lambda value: f"{value / size:,.0f}{unit}" if abs(value / size) >= 1000.0 else f"{value / size:.3g}{unit}"


def explained(knob: Knob, values: Values, variants: Sequence[str]) -> float:
    """Return the share of the variance of ranks within variants that the levels of a setting explain, 0 to 1.

    Ranks, since "never" has no number; within variants, since an SU type changes more than any setting does.

    Args:
        knob: the setting.
        values: of each point, inf for never, NaN for none.
        variants: of each point.
    """
    between = every = 0.0
    names = np.array(variants)
    for name in dict.fromkeys(variants):
        there = np.flatnonzero((names == name) & ~np.isnan(values))
        if len(there):
            ranks = _ranks(values[there])
            ranks -= ranks.mean()
            counts = np.bincount(knob.level[there])
            sums = np.bincount(knob.level[there], weights=ranks)
            between += float(np.sum(sums[counts > 0] ** 2 / counts[counts > 0]))
            every += float(np.sum(ranks**2))
    return between / every if every else 0.0


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of each value, from 1; equal ones share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place])


def middle(values: Values) -> float:
    """Return the median of points that have a value, one that occurred; NaN where none has."""
    known = values[~np.isnan(values)]
    return quantile(known, 0.5) if len(known) else math.nan


def unbeaten(first: Values, second: Values) -> NDArray[np.bool_]:
    """Return which points no other point beats: none is at least as good in both and better in one; smaller is better.

    Args:
        first: seconds, shape (points,); what is not finite is beaten.
        second: likewise.
    """
    found = np.zeros(len(first), dtype=bool)
    best = (math.inf, math.inf)
    there = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
    for place in there[np.lexsort((second[there], first[there]))].tolist():
        here = (float(first[place]), float(second[place]))
        if here[1] < best[1] or here == best:  # sorted: whoever came before is as good in the first; twins do not beat each other
            found[place], best = True, here
    return found


def unit_of(texts: Sequence[str]) -> str:
    """Return the unit that all of these values have, "" where they have none or not the same."""
    found = {written[3] if written is not None else "" for written in map(_WRITTEN.fullmatch, texts)}
    return found.pop() if len(found) == 1 else ""


def short(text: str) -> str:
    """Return the value of a setting, cut where it is a long mapping or list."""
    return text if len(text) <= LONGEST else text[: LONGEST - 2] + ".."


def _longest(points: Sequence[dict[str, Any]]) -> str:
    """Return the step with the longest median of its makespan that ends; the first one of equals."""
    longest: dict[str, float] = {}
    for point in points:
        for step in point["steps"]:
            value = number_of(step["makespan_s"].get("p50", {}).get("value"))
            finite = value if value is not None and math.isfinite(value) else 0.0
            longest[step["step"]] = max(longest.get(step["step"], 0.0), finite)
    return max(longest, key=lambda name: longest[name]) if longest else ""


def decisive_of(point: dict[str, Any], makespan: tuple[Measure, Measure], downtime: tuple[Measure, Measure]) -> list[Measure]:
    """Return the upper quantiles by which settings are ordered: those that objectives look at, else both."""
    metrics = {
        objective.metric.name for each in point["objectives"] if (objective := parse_objective(each["objective"])).metric is not None
    }
    asked = [
        pair[1]
        for pair, names in ((makespan, {"makespan", "end", "total"}), (downtime, {"downtime"}))
        if metrics & names and pair[1].is_known
    ]
    return asked or [makespan[1], downtime[1]]


def _measure(title: str, found: Sequence[dict[str, Any]], name: str) -> Measure:
    entries = [each.get(name, {}) for each in found]
    return Measure(title, *(np.array([_plain(entry.get(end)) for entry in entries]) for end in ("value", "low", "high")))


def _plain(value: float | str | None) -> float:
    number = number_of(value)
    return math.nan if number is None else number
