"""Objectives against what was simulated: met, missed, or not to be told from so few replications."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from sim.results.chunks import Sample
from sim.results.entries import number
from sim.results.order_statistics import Selection
from sim.results.samples import Replications, migration_columns, outcome_of, plan_columns, sample_of
from sim.results.statistics import Interval, interval_ranks, quantile_rank, replications_needed, share_interval
from sim.scenario.objectives import Metric, Objective
from sim.units import DAY_S

Verdict = Literal["met", "missed", "undecided"]

COMPARE: dict[str, np.ufunc] = {"<=": np.less_equal, "<": np.less, ">=": np.greater_equal, ">": np.greater}


@dataclass(frozen=True, slots=True)
class Judged:
    """An objective and what became of it.

    Args:
        objective: as the planner wrote it.
        point: name of the point.
        estimate: the share or quantile found.
        interval: its confidence interval.
        verdict: met or missed when the whole interval is on one side of the limit.
    """

    objective: Objective
    point: str
    estimate: float
    interval: Interval
    verdict: Verdict

    def entry(self) -> dict[str, Any]:
        """Return it as summary.json has it."""
        is_quantile = self.objective.kind == "quantile" and self.objective.metric is not None
        return {
            "objective": self.objective.text,
            "of": self.objective.metric.name if is_quantile and self.objective.metric else "share",
            "verdict": self.verdict,
            "estimate": number(self.estimate),
            "low": number(self.interval.low),
            "high": number(self.interval.high),
            "replications_needed": self.interval.needed,
        }


class Evidence:
    """What speaks for and against an objective, gathered chunk by chunk, in as many passes as `is_open` asks for.

    Args:
        objective: the objective.
        clock_from: second of the day at which the window (or the plan) begins: earlier clock times are of the next day.
        confidence: of its interval.
    """

    def __init__(self, objective: Objective, clock_from: float, confidence: float = 0.95) -> None:
        self.objective = objective
        self._open = True
        self._limit = _limit(objective, clock_from)
        self._confidence = confidence
        self._hits = self._replications = 0
        self._selection = Selection(self._ranks)

    @property
    def is_open(self) -> bool:
        """Whether another pass is needed."""
        return self._open

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the table of migrations that it looks at, beside `KEYS`."""
        return migration_columns(self._metrics)

    @property
    def plan_columns(self) -> frozenset[str]:
        """Columns of the table of plans that it looks at, beside `STEP_KEYS`."""
        return plan_columns(self._metrics)

    @property
    def _metrics(self) -> list[Metric]:
        return [self.objective.metric] if self.objective.metric is not None else []

    def add(self, seen: Replications) -> None:
        """Take the next replications of this pass."""
        if self.objective.kind == "quantile":
            self._selection.add(self._sample(seen))
            return
        if self.objective.kind == "share":
            hits = outcome_of(self.objective, seen)
        else:
            hits = COMPARE[self.objective.cmp](self._sample(seen), self._limit)
        self._hits += int(np.count_nonzero(hits))
        self._replications += len(hits)

    def end_pass(self) -> None:
        """Take note that all replications were given."""
        if self.objective.kind == "quantile":
            self._selection.end_pass()
            self._open = not self._selection.done
        else:
            self._open = False

    def judged(self, point: str) -> Judged:
        """Return the verdict; at least one replication was given, in all passes."""
        if self.objective.kind == "quantile":
            q, n = self._q, self._selection.count()
            found = self._selection.at(quantile_rank(n, q))
            ranks = interval_ranks(n, q, self._confidence)
            if ranks is None:
                interval = Interval(None, None, replications_needed(q, self._confidence))
            else:
                interval = Interval(self._selection.at(ranks[0]), self._selection.at(ranks[1]))
            return Judged(self.objective, point, found, interval, _verdict(interval, self.objective.cmp, self._limit))
        interval = share_interval(self._hits, self._replications, self._confidence)
        verdict = _verdict(interval, self.objective.share_cmp, self.objective.share or 0.0)
        return Judged(self.objective, point, self._hits / self._replications, interval, verdict)

    @property
    def _q(self) -> float:
        return self.objective.quantile or 0.5  # the parser gives every quantile objective its q

    def _ranks(self, n: int) -> list[int]:
        return [quantile_rank(n, self._q), *(interval_ranks(n, self._q, self._confidence) or ())]

    def _sample(self, seen: Replications) -> Sample:
        assert self.objective.metric is not None  # noqa: S101 - what the kinds probability and quantile say
        return sample_of(self.objective.metric, seen)


def judged_at_once(objectives: Iterable[Objective], clock_from: float, seen: Replications) -> dict[str, dict[str, Any]]:
    """Return each objective, as it was written, with what became of it as summary.json has it.

    Args:
        objectives: of the scenario.
        clock_from: as of `Evidence`.
        seen: all replications, with all columns.
    """
    judged = {}
    for objective in objectives:
        evidence = Evidence(objective, clock_from)
        while evidence.is_open:
            evidence.add(seen)
            evidence.end_pass()
        judged[objective.text] = evidence.judged("").entry()
    return judged


def _limit(objective: Objective, clock_from: float) -> float:
    """Return the value that the metric is compared with; a clock time before the begin is of the next day."""
    value = objective.value or 0.0
    is_clock = objective.metric is not None and objective.metric.name == "end"
    return value + DAY_S if is_clock and value < clock_from else value


def _verdict(interval: Interval, cmp: str, limit: float) -> Verdict:
    """Return met or missed when both ends of the interval agree."""
    if interval.low is None or interval.high is None:
        return "undecided"
    ends = bool(COMPARE[cmp](interval.low, limit)), bool(COMPARE[cmp](interval.high, limit))
    return "met" if all(ends) else "undecided" if any(ends) else "missed"
