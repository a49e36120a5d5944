"""Judges the predictions of the laboratory's migrations: what is asked of them, and whether it is met."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from sim.validate.checks import Check, judged, share, shown
from sim.validate.predict.predictions import LINK_DOWNTIME
from sim.validate.score.kinds import KINDS, POOLED
from sim.validate.score.laboratory import Laboratory
from sim.validate.score.rivals import RIVALS
from sim.validate.score.scores import Score, uniformity
from sim.validate.score.scoring import Duel, confusion_of, coverage_of, duel_of_errors, duel_of_intervals, exact, score_of

# What is asked, on migrations under KVM that a cap or a link limits. The best published predictors claim 10 % of the total time.
TOTAL_MAPE, BYTES_MAPE, DOWNTIME_MEDIAN, VERDICTS_RIGHT = 0.03, 0.015, 0.08, 0.95
UNIFORM_P = 0.01  # a right predictive distribution fails one time in a hundred, as often as it leaves the 99 % band of the coverage
POOLED_GROUPS = ("B", "C", "D", "E", "L")  # A, idle guests, is no contest: their memory is sent once, whoever computes it
_SHOWN = ("total_time_ms", "transferred", LINK_DOWNTIME, "sync_count")


def bar_checks(laboratory: Laboratory, trial: str) -> list[Check]:
    """Return the checks of one trial against all bars."""
    return list(_bar_checks(laboratory, trial))


def result_checks(laboratory: Laboratory, trial: str) -> list[Check]:
    """Return the results of one trial of which nothing is asked: the same errors, without bars."""
    rows = laboratory.of(trial)
    scores = {kind: score_of(rows, kind) for kind in _SHOWN}
    found = confusion_of(laboratory.verdicts_of(trial))
    return [
        *(shown(_group(trial), _cases(each.n), f"{KINDS[kind]}, MAPE", predicted=in_words(each)) for kind, each in scores.items() if each),
        shown(_group(trial), _cases(found.n), "verdicts right", predicted=f"{found.right} of {found.n}"),
    ]


def in_words(found: Score) -> str:
    """Return "0.61 % (0.4 % to 0.9 %), median 0.2 %, p90 1.6 %"."""
    ends = f" ({share(found.low)} to {share(found.high)})" if found.low is not None and found.high is not None else ""
    return f"{share(found.mape)}{ends}, median {share(found.median)}, p90 {share(found.p90)}"


def _bar_checks(laboratory: Laboratory, trial: str) -> Iterator[Check]:
    rows = laboratory.of(trial)
    yield _mape(rows, trial, "total_time_ms", TOTAL_MAPE)
    yield _mape(rows, trial, "transferred", BYTES_MAPE)
    yield _reads(rows, trial)
    yield _downtime(rows, trial)
    yield from _verdicts(laboratory, trial)
    everybody = laboratory.of_all(trial)
    if trial.startswith("calibrated"):  # how far measurements stray can only be learned from measurements: blind has no honest intervals
        yield _covered(rows, trial)
        yield _uniform(rows, trial)
        yield _intervals(everybody, trial)
    yield from (_against_rivals(everybody, trial, group) for group in POOLED_GROUPS)


def _mape(rows: pd.DataFrame, trial: str, kind: str, bar: float) -> Check:
    found = score_of(rows, kind)
    name, asked = f"{KINDS[kind]}, MAPE", f"<= {share(bar)}"
    if not found:
        return _nothing(trial, name, asked)
    return judged(_group(trial), _cases(found.n), name, predicted=in_words(found), bar=asked, met=found.mape <= bar, error=found.mape)


def _reads(rows: pd.DataFrame, trial: str) -> Check:
    found = score_of(rows, "sync_count")
    name, asked = f"{KINDS['sync_count']}, median error", "exact"
    if not found:
        return _nothing(trial, name, asked)
    said = f"{exact(rows, 'sync_count')} of {found.n} exact, mean error {share(found.mape)}"
    return judged(_group(trial), _cases(found.n), name, predicted=said, bar=asked, met=found.median <= 0.0, error=found.median)


def _downtime(rows: pd.DataFrame, trial: str) -> Check:
    found = score_of(rows, LINK_DOWNTIME)
    name, asked = f"{KINDS[LINK_DOWNTIME]}, median error", f"<= {share(DOWNTIME_MEDIAN)}"
    if not found:
        return _nothing(trial, name, asked)
    met = found.median <= DOWNTIME_MEDIAN
    return judged(_group(trial), _cases(found.n), name, predicted=in_words(found), bar=asked, met=met, error=found.median)


def _verdicts(laboratory: Laboratory, trial: str) -> Iterator[Check]:
    """Yield verdicts of all cases, and of those that are not near their critical point, for which the bar is."""
    table = laboratory.verdicts_of(trial)
    found = confusion_of(table)
    yield shown(_group(trial), _cases(found.n), "verdicts right", predicted=f"{found.right} of {found.n}")
    found = confusion_of(table[~table["near"]])
    met = found.n > 0 and found.right >= VERDICTS_RIGHT * found.n
    name, asked = "verdicts right, outside 10 % of the critical point", f">= {share(VERDICTS_RIGHT)}"
    yield judged(_group(trial), _cases(found.n), name, predicted=f"{found.right} of {found.n}", bar=asked, met=met)


def _covered(rows: pd.DataFrame, trial: str) -> Check:
    found = coverage_of(rows, POOLED)
    name = "coverage of the 90 % intervals"
    if not found:
        return _nothing(trial, name, "inside the 99 % band")
    asked = f"{found.low} to {found.high} inside (99 % band)"
    said = f"{found.inside} of {found.n} inside ({share(found.share)})"
    return judged(_group(trial), _cases(found.n, "values"), name, predicted=said, bar=asked, met=found.plausible)


def _uniform(rows: pd.DataFrame, trial: str) -> Check:
    pits = rows[(rows["quantity"] == "sync_count") & np.isfinite(rows["pit"])]["pit"]
    name, asked = "bitmap reads, randomised PIT uniform", f"p >= {UNIFORM_P:g}"
    if not len(pits):
        return _nothing(trial, name, asked)
    found = uniformity(pits)
    said = f"p = {found.p_value:.2g}, distance {found.distance:.2g}"
    return judged(_group(trial), _cases(found.n), name, predicted=said, bar=asked, met=found.p_value >= UNIFORM_P)


def _intervals(everybody: pd.DataFrame, trial: str) -> Check:
    return _won(everybody, trial, "interval score (in sizes of a case)", duel_of_intervals, lambda value: f"{value:.3g}")


def _against_rivals(everybody: pd.DataFrame, trial: str, group: str) -> Check:
    own = everybody[everybody["group"] == group]
    return _won(own, trial, f"group {group}: pooled MAPE against the rivals", duel_of_errors, share)


def _won(
    table: pd.DataFrame, trial: str, name: str, duel: Callable[[pd.DataFrame, str, str], Duel], words: Callable[[float], str]
) -> Check:
    """Return the check that every rival is worse, on what it gives an answer to; the one that comes closest is named."""
    closest = max((duel(table, rival, POOLED) for rival in RIVALS), key=lambda each: each.ratio)
    if not closest.n:
        return _nothing(trial, name, "below every rival's")
    part = f", on the {closest.n} of {closest.answered} that it answers; ours there: {words(closest.ours)}"
    asked = f"< {words(closest.theirs)} ({closest.rival}{'' if closest.n == closest.answered else part})"
    said, count = words(closest.all_ours), _cases(closest.answered, "values")
    return judged(_group(trial), count, name, predicted=said, bar=asked, met=closest.ratio < 1.0, error=closest.all_ours)


def _group(trial: str) -> str:
    return f"qemu: {trial}"


def _cases(n: int, what: str = "migrations") -> str:
    return f"{n} {what}"


def _nothing(trial: str, quantity: str, bar: str) -> Check:
    return judged(_group(trial), _cases(0), quantity, predicted=None, bar=bar, met=False, reason="nothing was predicted")
