"""Checks against SimGrid 4.1: the same migration, computed by another program, is a matter of digits."""

from __future__ import annotations

import csv
from typing import cast

from sim.validate.checks import Check, judged, relative_error
from sim.validate.predict.simgrid import predict_simgrid
from sim.validate.score.laboratory import shipped
from sim.validate.tables.measured import read_cases
from sim.validate.tables.measured_cases import SimgridCase

GROUP = "simgrid"
BAR = 1e-6  # both add up the same transfers; what is left is SimGrid's own precision of 1e-9 in time and its truncations to bytes
COLUMNS = ("total_s", "downtime_s", "transfers", "bytes_sent")


def simgrid_checks() -> list[Check]:
    """Return a check a case: all four numbers where SimGrid completes, our verdict and reason where it aborts or never ends."""
    file = shipped("simgrid_cases.csv")
    with file.open(encoding="utf-8", newline="") as text:
        outcomes = {row["case"]: row for row in csv.DictReader(text)}
    cases = [cast("SimgridCase", case) for case in read_cases(file).cases]
    return [_check(case, outcomes[case.key]) for case in cases]


def _check(case: SimgridCase, outcome: dict[str, str]) -> Check:
    """Return the check of a case."""
    name, found = f"{case.key}: {outcome['note']}", predict_simgrid(case)
    verdict = "completed" if outcome["outcome"] == "completed" else "nonconverged"
    if "nonconverged" in {verdict, found.outcome}:
        said = f"{found.outcome}: {found.reason}" if found.reason else found.outcome
        theirs = outcome["outcome"] if verdict == "completed" else f"it aborts: {outcome['outcome'].removeprefix('ABORT: ')}"
        return judged(GROUP, name, "outcome", predicted=said, measured=theirs, bar=verdict, met=found.outcome == verdict)
    errors = {column: relative_error(float(getattr(found, column)), float(outcome[column])) for column in COLUMNS}
    worst = max(errors, key=lambda column: errors[column])
    return judged(
        GROUP,
        name,
        "total time (s)",
        predicted=found.total_s,
        measured=float(outcome["total_s"]),
        error=errors[worst],
        bar=f"<= {BAR:.0e}, also of downtime, transfers, bytes",
        met=errors[worst] <= BAR,
        reason=f"the error is that of {worst}",
    )
