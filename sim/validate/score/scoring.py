"""Scores the predictors of the laboratory's migrations on a table of their estimates: errors, intervals, and ours against each rival's.

Each rival is set against ours on the same migrations, those that both give an answer to: whoever gives up on the hard ones does not look
better for it. How many it gives up is said beside.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.validate.score.kinds import bandwidths, of_kind
from sim.validate.score.laboratory import NOMINAL, OURS
from sim.validate.score.rivals import MIB_B, PAGE_B
from sim.validate.score.scores import (
    Array,
    Confusion,
    Coverage,
    Score,
    absolute_percentage_errors,
    confusion,
    coverage,
    interval_scores,
    score,
)

_EXACT = 0.5  # a whole number is predicted exactly if the prediction rounds to it
_CLOCK_MS = 1.0  # QEMU reports whole milliseconds


@dataclass(frozen=True, slots=True)
class Duel:
    """Ours against a rival on what both give an answer to; the smaller number wins.

    Args:
        rival: its name.
        n: estimates that both give; 0 where there are none, and then nobody wins.
        ours: our mean.
        theirs: the rival's.
        all_ours: our mean on everything that we answer.
        answered: how many estimates that is.
    """

    rival: str
    n: int
    ours: float
    theirs: float
    all_ours: float
    answered: int

    @property
    def ratio(self) -> float:
        """How close the rival comes: from 1 on it is no worse; -1 where nothing can be compared."""
        if not self.n:
            return -1.0
        return self.ours / self.theirs if self.theirs else math.inf


def answered(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the estimates of a kind that were made, and that a percentage can be taken of."""
    chosen = of_kind(table, kind)
    return chosen[chosen["predicted"].notna() & (chosen["measured"] > 0)]


def score_of(table: pd.DataFrame, kind: str) -> Score | None:
    """Return the score of one kind of estimates of one predictor; None where there is no prediction of it."""
    chosen = answered(table, kind)
    return score(_errors(chosen), chosen["cell"]) if len(chosen) else None


def mean_error(table: pd.DataFrame, kind: str) -> float:
    """Return the mean absolute percentage error of one kind of estimates; NaN where nothing is predicted."""
    chosen = answered(table, kind)
    return float(_errors(chosen).mean()) if len(chosen) else math.nan


def exact(table: pd.DataFrame, kind: str) -> int:
    """Return how many predictions round to what was measured; says something of counts only."""
    chosen = answered(table, kind)
    return int((np.abs(chosen["predicted"] - chosen["measured"]) < _EXACT).sum())


def coverage_of(table: pd.DataFrame, kind: str) -> Coverage | None:
    """Return how many 90 % intervals hold what was measured; None where there are none."""
    chosen = _with_intervals(table, kind)
    return coverage(chosen["low"], chosen["high"], chosen["measured"], NOMINAL) if len(chosen) else None


def confusion_of(verdicts: pd.DataFrame) -> Confusion:
    """Return how the verdicts of one predictor agree with what happened."""
    return confusion(verdicts["predicted"], verdicts["completed"])


def duel_of_errors(table: pd.DataFrame, rival: str, kind: str) -> Duel:
    """Return our mean absolute percentage error against a rival's.

    Args:
        table: estimates of all predictors.
        rival: its name.
        kind: of the estimates.
    """
    return _duel(answered(table, kind), rival, _errors)


def duel_of_intervals(table: pd.DataFrame, rival: str, kind: str) -> Duel:
    """Return our mean interval score against a rival's, on the half of the cells that no interval is fitted to.

    Scores are in sizes that a case has before anything is measured: time and bytes of one copy of its touched memory, and its downtime
    limit. So estimates of small and large migrations can be averaged, and the score stays proper; divided by the measured values it would
    reward who predicts too little.

    Args:
        table: estimates of all predictors.
        rival: its name.
        kind: of the estimates.
    """
    chosen = _with_intervals(table, kind)
    return _duel(chosen[chosen["scored"]], rival, _fines)


def _duel(given: pd.DataFrame, rival: str, losses: Callable[[pd.DataFrame], Array]) -> Duel:
    """Return the duel of mean losses; `given` has everything that anybody gives an answer to."""
    lost = given.assign(loss=losses(given)).set_index(["key", "quantity"])
    ours, theirs = (lost[lost["predictor"] == name]["loss"] for name in (OURS, rival))
    both = ours.index.intersection(theirs.index)
    return Duel(rival, len(both), _mean(ours.loc[both]), _mean(theirs.loc[both]), _mean(ours), len(ours))


def _mean(losses: pd.Series[float]) -> float:
    return float(losses.mean()) if len(losses) else math.nan


def _with_intervals(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    return answered(table, kind).dropna(subset=["low", "high"])


def _errors(given: pd.DataFrame) -> Array:
    return absolute_percentage_errors(given["predicted"], given["measured"])


def _fines(table: pd.DataFrame) -> Array:
    """Return the interval score of each estimate, in sizes of its case."""
    return interval_scores(table["low"], table["high"], table["measured"], NOMINAL) / _sizes(table)


def _sizes(table: pd.DataFrame) -> Array:
    """Return the size that each estimate's case gives to its quantity beforehand; a count is its own unit."""
    touched = np.maximum((table["filled"] * table["memory_mib"]).to_numpy() * MIB_B, PAGE_B)
    limit = np.maximum(table["limit_ms"].to_numpy(), _CLOCK_MS)
    sizes = {"total_time_ms": 1e3 * touched / bandwidths(table), "transferred": touched, "downtime_ms": limit}
    quantity = table["quantity"].to_numpy()
    return np.select([quantity == name for name in sizes], list(sizes.values()), default=1.0)
