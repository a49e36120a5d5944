"""A laboratory of a few migrations whose errors can be computed by hand."""

from __future__ import annotations

import numpy as np

from sim.validate.predict.predictions import Prediction
from sim.validate.score.laboratory import Laboratory, Trial, laboratory_of
from sim.validate.tables.measured_cases import QemuCase, WriteSet
from sim.validate.tables.outcomes import Outcome

SCORED, CALIBRATING = "A08", "D02"  # cells of either half; a test holds that they are


def case(key: str, cell: str = SCORED, group: str = "B", accel: str = "kvm", link_mbit: float = 0.0) -> QemuCase:
    """Return a guest of 1 GiB that writes 1,000 pages a second."""
    sets = (WriteSet(4096, 1000.0, "u"),)
    return QemuCase(key, cell, group, accel, 1024, 512.0, sets, (), (), 128.0, 300.0, link_mbit, False, 20.0, True, "qemu")


def outcome(key: str, *, completed: bool = True) -> Outcome:
    """Return 10 s, 500 MB, 50 ms and 4 reads."""
    return Outcome(key, completed, 10_000.0, 5e8, 50.0, 4.0)


def prediction(key: str, factor: float = 1.0, *, spread: float = 0.02, converges: float = 1.0, replications: int = 100) -> Prediction:
    """Return a prediction so many times what was measured, evenly spread around it."""
    ratios = factor * np.linspace(1.0 - spread, 1.0 + spread, replications)
    found = outcome(key)
    samples = {name: found.value(name) * ratios for name in ("total_time_ms", "transferred", "downtime_ms")}
    samples["sync_count"] = np.full(replications, found.sync_count)
    return Prediction(key, np.arange(replications) < converges * replications, samples)


def laboratory(factors: dict[str, float], *, calibrated: bool = False, link_mbit: float = 0.0) -> Laboratory:
    """Return migrations of group B, each in a scored cell, predicted so many times as long as they were; and one that did not complete."""
    cases = [*(case(key, link_mbit=link_mbit) for key in factors), case("endless")]
    predictions = {key: prediction(key, factor) for key, factor in factors.items()} | {"endless": prediction("endless", converges=0.0)}
    outcomes = {key: outcome(key) for key in factors} | {"endless": outcome("endless", completed=False)}
    return laboratory_of(cases, outcomes, [Trial(calibrated, requested=False, predictions=predictions)])
