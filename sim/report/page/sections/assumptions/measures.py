"""What changes when an assumed number is 20 % off: how often every VM is brought over, each objective, and p90 of two times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.experiment.probing.effects import as_assumed
from sim.report.layout import show_span
from sim.report.page.blocks import Cell, number_of
from sim.report.page.objective_words import value_text
from sim.units import show_memory

CASES = {"less": "20 % less", "more": "20 % more"}
ARRIVED = "completed"
TIMES = {"makespan_s": "makespan", "downtime_s": "longest downtime"}
FELT = 0.01  # of a share or of a time: less is nothing that anybody would notice
FELT_WORDS = "changes a verdict, a share by 1 percentage point or more, or a time by 1 % or more"
RANKING = (
    "The heaviest come first, here and in figures: those with the largest change anywhere, of a share in percentage points, of a time in "
    "percent of it; what leaves a p90 without end, or gives it one, comes before all others"
)
AT_MOST = "100 % is the most"  # the note of a case that cannot be larger
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Measure:
    """One of the things that an assumed number may change.

    Args:
        key: `ARRIVED`, one of `TIMES`, or an objective as it was written.
        of: share, or of a quantile what it is of, such as makespan, downtime, rounds or sent.
    """

    key: str
    of: str

    @property
    def title(self) -> str:
        """What people call it."""
        return "every VM is brought over" if self.key == ARRIVED else f"p90 {TIMES[self.key]}" if self.key in TIMES else self.key

    @property
    def is_share(self) -> bool:
        """Whether it is a share of the replications."""
        return self.of == "share"

    def in_entry(self, entry: Entry) -> float | None:
        """Return it in a case; infinite for what never ends, None for a world that cannot be."""
        if self.key in TIMES:
            return number_of(entry[self.key]["value"]) if self.key in entry else None
        if self.key == ARRIVED:
            return number_of(entry.get(ARRIVED))
        return number_of(entry.get("objectives", {}).get(self.key, {}).get("estimate"))

    def told(self, value: float) -> str:
        """Return its value for people."""
        if self.is_share:
            return f"{_percent(value)} %"
        return value_text(self.of, "never" if math.isinf(value) else value)


def measures_of(points: Sequence[Entry]) -> list[Measure]:
    """Return all measures of some points of `assumptions.json`: shares and objectives before the times."""
    objectives = {text: str(judged["of"]) for point in points for text, judged in point.get("objectives", {}).items()}
    return [
        Measure(ARRIVED, "share"),
        *(Measure(text, of) for text, of in objectives.items()),
        *(Measure(key, key.removesuffix("_s")) for key in TIMES),
    ]


@dataclass(frozen=True, slots=True)
class Weighed:
    """An assumed number in a point.

    Args:
        point: of `assumptions.json`.
        entry: of the numbers of that point.
    """

    point: Entry
    entry: Entry

    @property
    def name(self) -> str:
        """Tag and number."""
        return f"[{self.entry['tag']}] {self.entry['what']}"

    @property
    def weight(self) -> tuple[float, float]:
        """What it is ranked by: its largest change anywhere, then that of the share in which every VM is brought over."""
        measures = measures_of([self.point])
        return max(self.change(measure) for measure in measures), self.change(measures[0])

    @property
    def felt(self) -> bool:
        """Whether anybody would notice."""
        return self.weight[0] >= FELT or any(self.turned(case, each) for case in CASES for each in measures_of([self.point]))

    def base(self, measure: Measure) -> float | None:
        """Return what is found as assumed, in all replications of the point."""
        return measure.in_entry(self.point["base"] if measure.key in TIMES else self.point)

    def base_of(self, case: str, measure: Measure) -> float | None:
        """Return what a case is held against: a share or an objective as assumed in the same replications, a time in all."""
        return self.base(measure) if measure.key in TIMES else measure.in_entry(as_assumed(self.point, self.entry[case]))

    def move(self, case: str, measure: Measure) -> float:
        """Return by how much a measure moves: a share, seconds, rounds or bytes; infinite where only one of the two ends."""
        entry: Entry = self.entry[case]
        if measure.key in TIMES:
            found = entry[measure.key]["difference"] if measure.key in entry else 0.0
            return {"never": math.inf, "-never": -math.inf}[found] if isinstance(found, str) else float(found)
        then, base = measure.in_entry(entry), self.base_of(case, measure)
        return 0.0 if then is None or base is None or then == base else then - base

    def largest(self, measure: Measure) -> float:
        """Return the larger one of its two moves, with its sign."""
        return max((self.move(case, measure) for case in CASES), key=abs)

    def change(self, measure: Measure) -> float:
        """Return the larger move of a share as it is, that of all else as a part of what was found as assumed."""
        move = round(abs(self.largest(measure)), 12)  # 0.86 - 0.85 is a percentage point
        if measure.is_share or not move or math.isinf(move):
            return move
        base = self.base(measure) or 0.0
        if measure.of == "end":  # a clock time: a plan does not begin at midnight
            base = min(base, self.base(Measure("makespan_s", "makespan")) or base)
        return move / base if base > 0.0 else math.inf

    def turned(self, case: str, measure: Measure) -> str:
        """Return the verdict of an objective where it is another one than as assumed, from the same replications; else ""."""
        entry: Entry = self.entry[case]
        then, base = (each.get("objectives", {}).get(measure.key, {}).get("verdict", "") for each in (entry, as_assumed(self.point, entry)))
        return str(then) if then and then != base else ""

    def heaviest(self) -> tuple[Measure, str]:
        """Return the measure that it changes most, and the case that does it; of what never ends, how often every VM is brought over."""
        measures = measures_of([self.point])
        measure = max(measures, key=self.change)
        if math.isinf(self.change(measure)) and self.change(measures[0]):
            measure = measures[0]
        return measure, max(CASES, key=lambda case: abs(self.move(case, measure)))

    def effect(self) -> str:
        """Return its largest effect for people: the case, and what becomes of what."""
        measure, case = self.heaviest()
        then, base = measure.in_entry(self.entry[case]), self.base_of(case, measure)
        shown = " instead of ".join(measure.told(value) for value in (then, base) if value is not None)
        of = "of the replications bring every VM over" if measure.key == ARRIVED else f"for {measure.title}"
        return f"with {CASES[case]}, {shown} {of}"

    def case_text(self, case: str, measure: Measure) -> str:
        """Return what a case does to a measure."""
        note = str(self.entry[case].get("note", ""))
        then, base = measure.in_entry(self.entry[case]), self.base_of(case, measure)
        if then is None or base is None:
            return note or "-"
        if note == AT_MOST:
            return "-"
        move = self.move(case, measure)
        text = f"{_percent(base)} to {_percent(then)} %" if measure.is_share and move else shown_move(move, measure.of)
        verdict = self.turned(case, measure)
        return f"{text}, {verdict}" if verdict else text


def moved_cell(weighed: Sequence[Weighed], measure: Measure) -> Cell:
    """Return what a number does to a measure, in the point in which that moves most; the value behind it is the larger move."""
    each = max(weighed, key=lambda each: (abs(each.largest(measure)), any(each.turned(case, measure) for case in CASES)))
    texts = [each.case_text(case, measure) for case in CASES]
    return Cell("no effect" if set(texts) <= {"no effect", "-"} else " / ".join(texts), each.largest(measure))


def moved(weighed: Sequence[Weighed], measures: Sequence[Measure], objectives: int, most: int, least: float = 0.0) -> list[Measure]:
    """Return what some numbers change, in the order of the measures; of those that change alike the first one only.

    Args:
        weighed: the numbers.
        measures: what they may change.
        objectives: at most so many of these, the most changed ones; the times take the places that are left.
        most: measures.
        least: part of a measure; what no number changes by more is left out, unless a verdict is another one.
    """
    seen: dict[tuple[float, ...], Measure] = {}
    for measure in measures:
        turned = any(each.turned(case, measure) for each in weighed for case in CASES)
        if turned or max((each.change(measure) for each in weighed), default=0.0) > least:
            seen.setdefault(tuple(each.move(case, measure) for each in weighed for case in CASES), measure)
    ordered = sorted(seen.values(), key=lambda measure: -max(each.change(measure) for each in weighed))
    chosen = [measure for measure in ordered if measure.key == ARRIVED]
    chosen += [measure for measure in ordered if measure.key not in {ARRIVED, *TIMES}][:objectives]
    chosen += [measure for measure in ordered if measure.key in TIMES][: most - len(chosen)]
    return [measure for measure in seen.values() if measure in chosen]


def shown_move(value: float, of: str = "makespan") -> str:
    """Return a move as people read it; without end is a makespan where VMs stay behind, and then they are not stopped for the move."""
    if value == 0:
        return "no effect"
    if math.isinf(value):
        return endless(value, of) if value > 0 else f"{endless(value, of)}, as it does not otherwise"
    sign = "+" if value > 0 else "-"
    if of in {"rounds", "sent"}:
        return f"{value:+g} rounds" if of == "rounds" else f"{sign}{show_memory(abs(value))}"
    return f"{sign}{show_span(abs(value))}" if abs(value) >= 0.005 else "< 0.01 s"


def endless(value: float, of: str) -> str:
    """Return what it means that only one of two ends."""
    if of in {"makespan", "end", "total"}:
        return "never ends" if value > 0 else "ends"
    return "left behind" if value > 0 else "arrives"


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f}".removesuffix(".0")
