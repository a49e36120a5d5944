"""Read what came of measured migrations: the columns that no prediction may see."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.errors import ScenarioError

QUANTITIES = ("total_time_ms", "transferred", "downtime_ms", "sync_count")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a migration measured with QEMU.

    Args:
        key: name of the row.
        completed: within its bound; else it was cancelled.
        total_time_ms: as QEMU reports it, ms.
        transferred: bytes on the stream.
        downtime_ms: as QEMU reports it, ms.
        sync_count: reads of the dirty bitmap, that at set-up and that of the stopped guest included.
    """

    key: str
    completed: bool
    total_time_ms: float
    transferred: float
    downtime_ms: float
    sync_count: float

    def value(self, quantity: str) -> float:
        """Return one of QUANTITIES."""
        return float(getattr(self, quantity))


def read_outcomes(path: Path) -> Mapping[str, Outcome]:
    """Return the outcomes of a table of QEMU migrations by their keys.

    Raises:
        ScenarioError: a column is missing or a cell is no number; all of them at once.
    """
    with path.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.DictReader(text)
        missing = [name for name in ("id", "status", *QUANTITIES) if name not in (reader.fieldnames or ())]
        if missing:
            raise ScenarioError(
                [f"{path.name}:1: {name}: there is no such column; it holds an outcome of each migration" for name in missing]
            )
        outcomes, problems = {}, []
        for row in reader:
            values = {name: _number(row[name]) for name in QUANTITIES}
            completed = row["status"] == "completed"
            problems += [
                f"{path.name}:{reader.line_num}: {name}: {row[name]!r} is no number of 0 or more; write what was measured"
                for name, value in values.items()
                if completed and math.isnan(value)
            ]
            outcomes[row["id"]] = Outcome(row["id"], completed, **values)
    if problems:
        raise ScenarioError(problems)
    return outcomes


def _number(text: str | None) -> float:
    """Return a number of 0 or more; NaN for anything else."""
    try:
        value = float(text or "")
    except ValueError:
        return math.nan
    return value if 0 <= value < math.inf else math.nan
