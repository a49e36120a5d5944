"""What a setting of a sweep changes, in words: by how much each time is shorter or longer, all other settings being the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.report.layout import short_span, show_span
from sim.report.page.sections.sweeps.points import Knob, Measure, Places, Swept, Values, middle, short
from sim.report.page.setting_words import capital, setting

TITLED = 2  # variants that a title tells apart


@dataclass(frozen=True, slots=True)
class Steps:
    """Pairs of points that differ in one setting only.

    Args:
        first, last: names of its values.
        before, after: the points that have them, shape (pairs,).
    """

    first: str
    last: str
    before: Places
    after: Places

    def of(self, swept: Swept, variant: str) -> Steps:
        """Return those of a variant."""
        own = np.array([swept.variants[place] == variant for place in self.before], dtype=bool)
        return Steps(self.first, self.last, self.before[own], self.after[own])


def groups_of(swept: Swept, knob: Knob) -> dict[str, list[int]]:
    """Return the points by everything else than this setting."""
    groups: dict[str, list[int]] = {}
    for place in range(len(swept.points)):
        others = (other.texts[place] for other in swept.knobs if other.path != knob.path)
        groups.setdefault("\n".join((swept.variants[place], *others)), []).append(place)
    return groups


def steps_of(swept: Swept, knob: Knob) -> Steps | None:
    """Return the pairs from the first to the last value of a setting, of names from the worst to the best.

    None where a point lacks its other: where values are ranges, or a design gives each point other values of everything.
    """
    if not knob.exact:
        return None
    first, last = ends_of(swept, knob)
    pairs = [{int(knob.level[place]): place for place in group} for group in groups_of(swept, knob).values()]
    if first == last or not all(first in pair and last in pair for pair in pairs):
        return None
    before, after = (np.array([pair[level] for pair in pairs], dtype=np.intp) for level in (first, last))
    return Steps(knob.levels[first], knob.levels[last], before, after)


def ends_of(swept: Swept, knob: Knob) -> tuple[int, int]:
    """Return the first and the last level of a setting; of names those with the worst and the best makespan."""
    if len(knob.numbers):
        return 0, len(knob.levels) - 1
    measure = swept.pairs[0][1]
    by_level = [middle(measure.values[knob.level == level]) for level in range(len(knob.levels))]
    known = [(value, level) for level, value in enumerate(by_level) if not math.isnan(value)]
    return max(known)[1], min(known)[1]


def title_of(swept: Swept, knob: Knob) -> str:
    """Return what a setting does, a sentence: by how much times change, or where points cannot be paired their medians and ranges."""
    steps = steps_of(swept, knob)
    names = swept.names if len(swept.names) <= TITLED else ("",)
    if steps is None:
        first, last = ends_of(swept, knob)
        told = [_of_variant(name, names, ", ".join(_medians(swept, knob, name, first, last))) for name in names]
        return f"{capital(setting(knob.path))} from {short(knob.levels[first])} to {short(knob.levels[last])}: {'; '.join(told)}"
    told = [_of_variant(name, names, change(swept, steps.of(swept, name) if name else steps)) for name in names]
    return f"{capital(setting(knob.path))} {short(steps.last)} instead of {short(steps.first)}: {'; '.join(told)}"


def _of_variant(name: str, names: Sequence[str], text: str) -> str:
    return f"{name}: {text}" if name and len(names) > 1 else text


def change(swept: Swept, steps: Steps) -> str:
    """Return by how much the upper quantiles change from the first to the last value, a range; "but" where they are at odds.

    Args:
        swept: the sweep.
        steps: the pairs.
    """
    uppers = [pair[1] for pair in swept.pairs]
    told = [f"{measure.title} {_by(measure, steps)}" for measure in uppers]
    signs = [direction(measure, steps) for measure in uppers]
    return (", but " if len(signs) == 2 and signs[0] * signs[1] < 0 else ", ").join(told)


def direction(measure: Measure, steps: Steps) -> int:
    """Return 1 where all pairs become longer, -1 where all become shorter, 0 where they do not agree or all intervals overlap."""
    apart = _differences(measure, steps)
    known = apart[~np.isnan(apart)]
    if not len(known) or _within(measure, steps):
        return 0
    return int(np.sign(known[0])) if len({math.copysign(1.0, each) if each else 0.0 for each in known.tolist()}) == 1 else 0


def _differences(measure: Measure, steps: Steps) -> Values:
    """Return last minus first, seconds, shape (pairs,); NaN where one has no time, and 0 where neither ever ends."""
    first, last = measure.values[steps.before], measure.values[steps.after]
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(first) & np.isinf(last), 0.0, last - first)


def _within(measure: Measure, steps: Steps) -> bool:
    """Return whether the intervals of the two points of every pair overlap, so that chance alone may be what differs."""
    low, high = (np.stack((ends[steps.before], ends[steps.after])) for ends in (measure.low, measure.high))
    if np.isnan(low).any() or np.isnan(high).any():
        return False  # too few replications for an interval: then the figure says so
    return bool((low.max(axis=0) <= high.min(axis=0)).all())


def _by(measure: Measure, steps: Steps) -> str:
    """Return by how much a time changes."""
    apart = _differences(measure, steps)
    known = np.sort(apart[~np.isnan(apart)])
    if not len(known):
        return "-"
    if np.isinf(known).any():
        return f"{_range(measure.values[steps.before])} with {steps.first}, {_range(measure.values[steps.after])} with {steps.last}"
    least, most = float(known[0]), float(known[-1])
    if not any(show_span(abs(end)) != show_span(0.0) for end in (least, most)):
        return "the same"
    within = " (within the intervals)" if _within(measure, steps) else ""
    if least < 0.0 < most:
        return f"from {show_span(-least)} shorter to {show_span(most)} longer{within}"
    small, large = sorted((abs(least), abs(most)))
    span = f"up to {show_span(large)}" if show_span(small) == show_span(0.0) else _ends(small, large)
    return f"{span} {'longer' if most > 0.0 else 'shorter'}{within}"


def _range(values: Values) -> str:
    known = np.sort(values[~np.isnan(values)])
    return _ends(float(known[0]), float(known[-1])) if len(known) else "-"


def _ends(low: float, high: float) -> str:
    """Return a range of times, the unit once where both have it; one time where they do not differ as people read them."""
    first, last = (show_span("never" if math.isinf(end) else end) for end in (low, high))
    if first == last:
        return last
    return f"{short_span(low) if first.rpartition(' ')[2] == last.rpartition(' ')[2] else first} to {last}"


def _medians(swept: Swept, knob: Knob, name: str, first: int, last: int) -> list[str]:
    """Return medians of the points at both ends of a setting, with the ranges over all else."""
    own = np.array([name in {"", each} for each in swept.variants])
    found = []
    for _, upper in swept.pairs:
        ends = [upper.values[own & (knob.level == level)] for level in (first, last)]
        told = [f"{_range(np.array([middle(each)]))} ({_range(each)})" for each in ends]
        found.append(f"{upper.title} in the median {' and then '.join(told)}")
    return found
