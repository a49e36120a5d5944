"""The steps whose times the report draws: which ones, their makespans in bins, and the limits that they are measured against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.report.layout import show_span
from sim.report.page.sections.timing.makespans import Limit, Spread, bin_edges, clock_up
from sim.report.page.source import Detail
from sim.results.makespans import PLAN, counted, measured
from sim.scenario.objectives import Objective, parse_objective
from sim.scenario.point import Step
from sim.scenario.resolve import seconds_from_midnight

MOST_STEPS, MOST_PANELS = 3, 6  # beyond them the whole plan is drawn; the table has each step
FAR_APART = 3.0  # a common axis is at most so many times as long as what the widest distribution needs


@dataclass(frozen=True, slots=True)
class StepTimes:
    """A step of a point, or its whole plan.

    Args:
        detail: the point.
        step: name of the step, or `PLAN`.
        entry: of the step in summary.json; None for the whole plan.
        spread: its makespans, as they are drawn.
    """

    detail: Detail
    step: str
    entry: Mapping[str, Any] | None
    spread: Spread

    @property
    def doing(self) -> str:
        """What takes the time, as the subject of a sentence."""
        return doing(self.detail, self.step)

    @property
    def done(self) -> str:
        """What is true when it is over, as a sentence."""
        return done(self.detail, self.step)


def step_times(details: Sequence[Detail]) -> list[StepTimes]:
    """Return what is drawn: for each point its steps, or where they are many its whole plan."""
    chosen = [(place, detail, _steps_drawn(detail, len(details))) for place, detail in enumerate(details)]
    made = [(place, detail, steps, measured(detail.rows, steps)) for place, detail, steps in chosen]
    ends = [(each.low, each.high) for *_, found in made for each in found if each.never < each.n]
    together = common_axis(ends)
    whole = bin_edges(min(low for low, _ in ends), max(high for _, high in ends)) if together and ends else np.zeros(0)
    times: list[StepTimes] = []
    for place, detail, steps, found in made:
        edges = {
            each.step: _trimmed(whole, each.low, each.high) if together else bin_edges(each.low, each.high)
            for each in found
            if each.never < each.n
        }
        counts = counted(detail.rows, edges)
        entries = {entry["step"]: entry for entry in detail.entry["steps"]}
        for each in found:
            panel = _step_label(each.step) if len(steps) > 1 else ""
            entry = entries.get(each.step)
            at_s = begin_s(detail, each.step)
            quantiles = {**each.quantiles, **(entry["makespan_s"] if entry else {})}  # summary.json's where it has them
            binned = edges.get(each.step, np.zeros(0)), counts.get(each.step, np.zeros(0, dtype=np.int64))
            spread = Spread(detail.name, panel, place, at_s, each.n, each.never, quantiles, limits_of(detail, each.step), *binned)
            times.append(StepTimes(detail, each.step, entry, spread))
    return times


def common_axis(ends: Sequence[tuple[float, float]]) -> bool:
    """Say whether distributions between these ends are readable on one axis."""
    if not ends:
        return True
    widest = max(high - low for low, high in ends)
    return max(high for _, high in ends) - min(low for low, _ in ends) <= FAR_APART * widest


def doing(detail: Detail, step: str) -> str:
    """Return what takes the time of a step, as the subject of a sentence."""
    found = _step(detail, step)
    if found is None:
        return "The whole plan"
    return f"Draining {found.drain}" if found.drain else f"Migrating {found.vm}"


def done(detail: Detail, step: str) -> str:
    """Return what is true when a step is over, as a sentence; an SU is empty only where nobody else comes to it."""
    found = _step(detail, step)
    if found is None:
        return "the plan is over"
    if not found.drain:
        return f"{found.vm} is on {found.to}"
    others = any(each.to == found.drain for each in detail.point.steps) or detail.point.operators
    return f"the drain of {found.drain} is over" if others or found.sequence else f"{found.drain} is empty"


def begin_s(detail: Detail, step: str) -> float:
    """Return when a step, or the plan, begins, seconds since 00:00 of the first day."""
    return min(float(entry["at_s"]) for entry in detail.entry["steps"] if step in {PLAN, entry["step"]})


def limits_of(detail: Detail, step: str) -> tuple[Limit, ...]:
    """Return the limits of a step, or of the plan: end of the window, and objectives on its makespan or its end."""
    begin, found = begin_s(detail, step), []
    window = detail.window_s
    if window is not None:
        found.append(Limit(window[1] - begin, f"window ends {_short_clock(window[1])}"))
    for text in detail.run.loaded.scenario.objectives:
        limit = _of_objective(parse_objective(text), detail, step, begin)
        found += [limit] if limit is not None else []
    labels: dict[float, list[str]] = {}
    for each in found:
        labels.setdefault(each.after_s, []).append(each.label)
    return tuple(Limit(after_s, ", ".join(dict.fromkeys(found))) for after_s, found in labels.items())


def _of_objective(objective: Objective, detail: Detail, step: str, begin: float) -> Limit | None:
    """Return the limit that an objective sets to a step; None where it looks at something else."""
    metric, value = objective.metric, objective.value
    if metric is None or value is None or metric.name not in {"makespan", "end"}:
        return None
    only = len(detail.entry["steps"]) == 1
    if metric.of != step and not (not metric.of and only):
        return None
    if metric.name == "makespan":
        return Limit(value, f"objective {show_span(value)}")
    ends = float(seconds_from_midnight(int(value), detail.clock_from))
    return Limit(ends - begin, f"objective {_short_clock(ends)}")


def _steps_drawn(detail: Detail, details: int) -> list[str]:
    steps = [str(entry["step"]) for entry in detail.entry["steps"]]
    if len(steps) > MOST_STEPS or len(steps) * details > max(MOST_PANELS, details):
        return [PLAN]
    objectives = (parse_objective(text).metric for text in detail.run.loaded.scenario.objectives)
    asks_for_plan = len(steps) > 1 and any(metric is not None and metric.name == "makespan" and not metric.of for metric in objectives)
    return [*steps, PLAN] if asks_for_plan else steps


def _trimmed(edges: np.ndarray[Any, np.dtype[np.float64]], low: float, high: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the edges of whole bars, of two bins each, between which values from `low` to `high` lie."""
    first = 2 * ((int(np.searchsorted(edges, low, side="left")) - 1) // 2)
    last = 2 * ((int(np.searchsorted(edges, high, side="left")) + 1) // 2)
    return edges[first : last + 1]


def _step(detail: Detail, name: str) -> Step | None:
    return next((step for step in detail.point.steps if step.name == name), None)


def _step_label(step: str) -> str:
    return f"step {step}" if step else "whole plan"


def _short_clock(time_s: float) -> str:
    return clock_up(time_s).removesuffix(":00")
