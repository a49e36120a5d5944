"""Sets every prediction of the laboratory's migrations beside what was measured: tables with one row a case, predictor and quantity."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.validate.predict.predictions import Prediction
from sim.validate.score.halves import is_calibration
from sim.validate.score.kinds import kinds
from sim.validate.score.rivals import RIVALS, RivalPrediction
from sim.validate.score.scores import randomised_pit, ratio_quantiles
from sim.validate.tables.measured_cases import QemuCase
from sim.validate.tables.outcomes import QUANTITIES, Outcome

OURS = "migr"
NOMINAL = 0.9  # coverage that our intervals claim: from the 5 % to the 95 % quantile
TARGET_GROUPS = ("A", "B", "C", "D", "E", "L")  # capped or limited by a link; U and X are shown without a bar
PIT_SEED = 7  # any number: the randomised transform needs uniforms, and a report has to repeat itself


@dataclass(frozen=True, slots=True)
class Trial:
    """One way to predict all migrations.

    Args:
        calibrated: constants of throughput and fixed costs are fitted to the marked half of the cells; else nothing is fitted.
        requested: the write rates are those that the workload asked for; else those that it reached.
        predictions: by key; of all migrations or some.
    """

    calibrated: bool
    requested: bool
    predictions: Mapping[str, Prediction]

    @property
    def name(self) -> str:
        """Name in tables and figures."""
        return f"{'calibrated' if self.calibrated else 'blind'}, {'requested' if self.requested else 'achieved'} rates"


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The laboratory's migrations with all predictions of them.

    Args:
        estimates: one row a trial, predictor, case and quantity, of migrations that completed: the inputs of the case, `measured`,
            `predicted` (the median), `low`, `high` (5 % and 95 %), `pit`, `target` (a bar is set for it), `scored` (not calibrated on).
        verdicts: one row a trial, predictor and case: `completed`, `predicted` (within its bound), `near` (its critical point).
    """

    estimates: pd.DataFrame
    verdicts: pd.DataFrame

    def of(self, trial: str, predictor: str = OURS) -> pd.DataFrame:
        """Return the estimates of a predictor in a trial that a bar is set for; of a calibrated trial only those not calibrated on."""
        table = self.of_all(trial)
        return table[table["predictor"] == predictor]

    def of_all(self, trial: str) -> pd.DataFrame:
        """Return the same of all predictors."""
        return _judged(self.estimates, trial)

    def verdicts_of(self, trial: str, predictor: str = OURS) -> pd.DataFrame:
        """Return the verdicts of a predictor, chosen likewise."""
        table = _judged(self.verdicts, trial)
        return table[table["predictor"] == predictor]


def shipped(name: str) -> Path:
    """Return a table of cases that lies in the package."""
    return Path(str(files("sim.validate") / "cases" / name))


def is_target(case: QemuCase) -> bool:
    """Return whether a bar is set for a case: under KVM, and limited by a cap or a link."""
    return case.accel == "kvm" and case.group in TARGET_GROUPS


def inputs_of(case: QemuCase) -> dict[str, Any]:
    """Return what tables and figures name of a case."""
    rates = case.achieved_pps or tuple(each.rate_pps for each in case.sets)
    return {
        "key": case.key,
        "cell": case.cell,
        "group": case.group,
        "accel": case.accel,
        "memory_mib": case.memory_mib,
        "filled": case.fill_mib / case.memory_mib,
        "writes_pps": math.fsum(rates),
        "cap_mibs": case.cap_mibs,
        "limit_ms": case.downtime_limit_ms,
        "link_mbit": case.link_mbit,
        "target": is_target(case),
        "scored": not is_calibration(case.cell),
    }


def laboratory_of(
    cases: Sequence[QemuCase],
    outcomes: Mapping[str, Outcome],
    trials: Sequence[Trial],
    near: frozenset[str] = frozenset(),
) -> Laboratory:
    """Return the tables of all trials, with the rivals beside ours.

    Args:
        cases: the migrations.
        outcomes: what came of them, by key.
        trials: our predictions.
        near: keys of the cases so near their critical point that the verdict is a matter of luck.
    """
    uniforms = np.random.default_rng(PIT_SEED).random((len(cases), len(QUANTITIES)))
    values: list[dict[str, Any]] = []
    verdicts: list[dict[str, Any]] = []
    for trial in trials:
        for case, row in zip(cases, uniforms, strict=True):
            outcome, prediction = outcomes[case.key], trial.predictions.get(case.key)
            known = {**inputs_of(case), "trial": trial.name, "completed": outcome.completed, "near": case.key in near}
            if prediction is not None:
                verdicts.append({**known, "predictor": OURS, "predicted": prediction.p_converges >= 0.5})
                values += [{**known, **each} for each in _ours(prediction, outcome, row)]
            for name, rival in RIVALS.items():
                answer = rival(case, trial.requested)
                verdicts.append({**known, "predictor": name, "predicted": answer.converges})
                values += [{**known, "predictor": name, **each} for each in _of_rival(answer, outcome)]
    return Laboratory(with_intervals_of_rivals(pd.DataFrame(values)), pd.DataFrame(verdicts))


def with_intervals_of_rivals(values: pd.DataFrame) -> pd.DataFrame:
    """Return the values with intervals for the rivals: their point times the quantiles of measured / predicted on the calibrating half.

    Each kind has its own quantiles: a downtime that the link decides errs otherwise than the milliseconds after a capped transfer.
    """
    done = []
    for (_, predictor, _, _), points in values.groupby(["trial", "predictor", kinds(values), "accel"], sort=False):
        usable = points[~points["scored"] & (points["predicted"] > 0) & np.isfinite(points["predicted"])]
        rows = points
        if predictor != OURS and len(usable):
            factor = ratio_quantiles(usable["measured"], usable["predicted"], NOMINAL)
            rows = points.assign(low=points["predicted"] * factor.low, high=points["predicted"] * factor.high)
        done.append(rows)
    return pd.concat(done).sort_index()


def _judged(table: pd.DataFrame, trial: str) -> pd.DataFrame:
    """Return the rows of a trial that a bar is set for; of a calibrated trial only those not calibrated on."""
    chosen = table[(table["trial"] == trial) & table["target"]]
    return chosen[chosen["scored"]] if trial.startswith("calibrated") else chosen


def _ours(prediction: Prediction, outcome: Outcome, uniforms: Sequence[float]) -> Iterator[dict[str, Any]]:
    """Yield a row a quantity of a migration that completed; NaN where no replication converges."""
    if not outcome.completed:
        return
    for quantity, uniform in zip(QUANTITIES, uniforms, strict=True):
        measured = outcome.value(quantity)
        draws = prediction.samples[quantity][prediction.converged]
        low, middle, high = (prediction.quantile(quantity, p) for p in ((1 - NOMINAL) / 2, 0.5, (1 + NOMINAL) / 2))
        pit = randomised_pit(draws, measured, uniform) if len(draws) else math.nan
        row = {"predictor": OURS, "quantity": quantity, "measured": measured}
        yield {**row, "predicted": middle, "low": low, "high": high, "pit": pit}


def _of_rival(answer: RivalPrediction, outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Yield the same of a rival: a point alone, and nothing of the rounds."""
    said = {"total_time_ms": answer.total_ms, "transferred": answer.transferred, "downtime_ms": answer.downtime_ms}
    if not outcome.completed:
        return
    for quantity, point in said.items():
        finite = point if math.isfinite(point) else math.nan
        yield {
            "quantity": quantity,
            "measured": outcome.value(quantity),
            "predicted": finite,
            "low": math.nan,
            "high": math.nan,
            "pit": math.nan,
        }
