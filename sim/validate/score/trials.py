"""Predicts the laboratory's migrations in every way that the report sets side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from sim.validate.predict.qemu import predict_qemu
from sim.validate.predict.testbed import BLIND, calibrated
from sim.validate.score.critical import is_near_critical
from sim.validate.score.halves import is_calibration
from sim.validate.score.laboratory import Laboratory, Trial, is_target, laboratory_of, shipped
from sim.validate.tables.measured import read_cases
from sim.validate.tables.measured_cases import QemuCase
from sim.validate.tables.outcomes import read_outcomes

FILE = "qemu_migrations.csv"
REPLICATIONS = 400  # the 5 % quantile is then the twentieth smallest; its own error is a tenth of the width of an interval
QUICK_REPLICATIONS = 20  # enough to see that everything runs and that the medians are right
SEED = 7  # any number: the report repeats itself
# (constants fitted to the marked half, requested rates); the first one is what `migr predict` does, and what the headline is of.
WAYS = ((True, False), (False, False), (True, True), (False, True))


def laboratory(*, quick: bool = False, workers: int = 1, tell: Callable[[str], None] = lambda _: None) -> Laboratory:
    """Return the predictions of the measured migrations that come with the package.

    Args:
        quick: few replications, only the first way, and only migrations that a bar is set for and that nothing was fitted to.
        workers: processes.
        tell: is told what is being computed.
    """
    cases = [cast("QemuCase", case) for case in read_cases(shipped(FILE)).cases]
    asked = [case for case in cases if is_target(case) and not is_calibration(case.cell)] if quick else cases
    trials = []
    for fitted, requested in WAYS[:1] if quick else WAYS:
        predictions = predict_qemu(
            asked,
            requested=requested,
            testbed=calibrated() if fitted else BLIND,
            replications=QUICK_REPLICATIONS if quick else REPLICATIONS,
            seed=SEED,
            workers=1 if quick else workers,  # so few are predicted before another process has started
        )
        trials.append(Trial(fitted, requested, {each.key: each for each in predictions}))
        tell(f"qemu: {len(asked)} migrations predicted, {trials[-1].name}")
    near = frozenset(case.key for case in cases if is_near_critical(case))
    return laboratory_of(cases, read_outcomes(shipped(FILE)), trials, near)
