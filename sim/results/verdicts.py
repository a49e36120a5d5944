"""Objectives against what was simulated: met, missed, or not to be told from so few replications."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from sim.results.frames import outcome_of, sample_of
from sim.results.statistics import Interval, quantile, quantile_interval, share_interval
from sim.scenario.objectives import Objective

Verdict = Literal["met", "missed", "undecided"]

COMPARE: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt}


@dataclass(frozen=True, slots=True)
class Judged:
    """An objective and what became of it.

    Args:
        objective: as the planner wrote it.
        point: name of the point.
        estimate: the share or quantile found.
        interval: its 95 % confidence interval.
        verdict: met or missed when the whole interval is on one side of the limit.
    """

    objective: Objective
    point: str
    estimate: float
    interval: Interval
    verdict: Verdict


def judge(objective: Objective, point: str, migrations: pd.DataFrame, plans: pd.DataFrame, clock_from: float) -> Judged:
    """Judge an objective on the rows of one point.

    Args:
        objective: the objective.
        point: name of the point.
        migrations: its rows.
        plans: its rows.
        clock_from: second of the day at which the window (or the plan) begins: earlier clock times are of the next day.
    """
    if objective.kind == "quantile":
        assert objective.metric is not None  # noqa: S101 - what kind says
        assert objective.quantile is not None  # noqa: S101
        sample = sample_of(objective.metric, migrations, plans)
        found = quantile(sample, objective.quantile)
        interval = quantile_interval(sample, objective.quantile)
        return Judged(objective, point, found, interval, _verdict(interval, objective.cmp, _limit(objective, clock_from)))
    if objective.kind == "share":
        hits = outcome_of(objective, migrations, plans)
    else:
        assert objective.metric is not None  # noqa: S101
        limit = _limit(objective, clock_from)
        hits = np.array([COMPARE[objective.cmp](value, limit) for value in sample_of(objective.metric, migrations, plans)])
    interval = share_interval(int(hits.sum()), len(hits))
    return Judged(objective, point, float(hits.mean()), interval, _verdict(interval, objective.share_cmp, objective.share or 0.0))


def _limit(objective: Objective, clock_from: float) -> float:
    """Return the value that the metric is compared with; a clock time before the begin is of the next day."""
    value = objective.value or 0.0
    is_clock = objective.metric is not None and objective.metric.name == "end"
    return value + 86400.0 if is_clock and value < clock_from else value


def _verdict(interval: Interval, cmp: str, limit: float) -> Verdict:
    """Return met or missed when both ends of the interval agree."""
    if interval.low is None or interval.high is None:
        return "undecided"
    ends = COMPARE[cmp](interval.low, limit), COMPARE[cmp](interval.high, limit)
    return "met" if all(ends) else "undecided" if any(ends) else "missed"
