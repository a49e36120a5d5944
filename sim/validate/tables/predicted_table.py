"""Predict the migrations of a table and give the predictions as a table: one row a row, under the same key."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sim.errors import MigrError, ModelError
from sim.validate.tables.measured import QemuCase, SimgridCase, Table

QUANTILES = {"p05": 0.05, "p50": 0.50, "p95": 0.95}  # the median and the central 90 %
# Outcomes that are predicted as distributions -> digits behind the point; QEMU reports whole milliseconds, bytes and syncs.
QEMU_OUTCOMES = {"total_time_ms": 3, "downtime_ms": 3, "transferred": 0, "sync_count": 0}
SIMGRID_OUTCOMES = ("total_s", "downtime_s", "transfers", "bytes_sent", "outcome", "reason")
COMPLETED = "completed"
SLICE = 64  # cases between two looks at the progress: some seconds of work


class QemuPredicted(Protocol):
    """What is predicted of a migration with QEMU."""

    @property
    def p_converges(self) -> float:
        """Share of the replications that end before the bound."""

    def quantile(self, column: str, p: float) -> float:
        """Return a quantile over the replications that end; NaN where none does."""


class SimgridPredicted(Protocol):
    """What is predicted of a case of SimGrid."""

    @property
    def outcome(self) -> str:
        """Completed or nonconverged."""

    @property
    def reason(self) -> str:
        """Why it does not converge; empty where it does."""

    @property
    def total_s(self) -> float:
        """Seconds from the first byte to the acknowledgement."""

    @property
    def downtime_s(self) -> float:
        """Seconds that the guest stands still."""

    @property
    def transfers(self) -> float:
        """Messages that were sent."""

    @property
    def bytes_sent(self) -> float:
        """Bytes of all messages."""


PredictQemu = Callable[[Sequence[QemuCase]], Sequence[QemuPredicted]]
PredictSimgrid = Callable[[SimgridCase], SimgridPredicted]
C = TypeVar("C")
P = TypeVar("P")
Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Failed:
    """Stands where a prediction failed.

    Args:
        error: what happened.
    """

    error: Exception


@dataclass(frozen=True, slots=True)
class Convergence:
    """How many rows of a group converge.

    Args:
        group: name of the group; empty where the table has none.
        rows: how many there are.
        converge: in every replication.
        never: in no replication.
    """

    group: str
    rows: int
    converge: int
    never: int

    @property
    def undecided(self) -> int:
        """Rows that converge in some replications only."""
        return self.rows - self.converge - self.never


@dataclass(frozen=True, slots=True)
class Predicted:
    """The predictions of a table.

    Args:
        heading: names of the columns.
        rows: cells, one row for each case in its order; empty behind the key where the prediction failed.
        groups: how many converge, groups by name; without rows that failed.
        failures: keys of the rows whose prediction failed, and why: our bugs, which do not keep the other rows from being predicted.
    """

    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    groups: tuple[Convergence, ...]
    failures: tuple[tuple[str, str], ...] = ()


def predict(table: Table, qemu: PredictQemu, simgrid: PredictSimgrid, tick: Tick) -> Predicted:
    """Predict the cases of a table.

    Args:
        table: what was read.
        qemu: predicts cases of QEMU.
        simgrid: predicts a case of SimGrid.
        tick: is told how many are done.
    """
    if table.kind == "qemu":
        return _qemu_table(table.key_column, _in_slices([case for case in table.cases if isinstance(case, QemuCase)], qemu, tick))
    found: list[tuple[SimgridCase, SimgridPredicted | Failed]] = []
    for case in table.cases:
        if isinstance(case, SimgridCase):
            found += _each_alone([case], lambda cases: [simgrid(each) for each in cases])
            tick(len(found))
    return _simgrid_table(table.key_column, found)


def csv_text(predicted: Predicted, separator: str, decimal_sign: str) -> str:
    """Return predictions as a CSV file, written as the table that they belong to: the same spreadsheet reads both."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, lineterminator="\n")
    writer.writerow(predicted.heading)
    words = {predicted.heading[0], "outcome", "reason"}
    for row in predicted.rows:
        cells = zip(predicted.heading, row, strict=True)
        writer.writerow([cell if name in words else cell.replace(".", decimal_sign) for name, cell in cells])
    return stream.getvalue()


def _in_slices(cases: Sequence[QemuCase], qemu: PredictQemu, tick: Tick) -> list[tuple[QemuCase, QemuPredicted | Failed]]:
    """Predict some cases after the other; where that fails, each of them alone."""
    found: list[tuple[QemuCase, QemuPredicted | Failed]] = []
    for start in range(0, len(cases), SLICE):
        part = cases[start : start + SLICE]
        try:
            found += zip(part, qemu(part), strict=True)
        except Exception as error:  # noqa: BLE001 - one row must not cost all the others; it is told as our bug
            _pass_on(error)
            found += _each_alone(part, qemu)
        tick(len(found))
    return found


def _each_alone(cases: Sequence[C], predictor: Callable[[Sequence[C]], Sequence[P]]) -> list[tuple[C, P | Failed]]:
    """Predict cases one by one; one that fails does not keep the others from being predicted."""
    found: list[tuple[C, P | Failed]] = []
    for case in cases:
        try:
            (predicted,) = predictor([case])
            found.append((case, predicted))
        except Exception as error:  # noqa: BLE001 - as above
            _pass_on(error)
            found.append((case, Failed(error)))
    return found


def _pass_on(error: Exception) -> None:
    """Raise what is no bug of ours: a planner can act on it, and no row is to blame."""
    if isinstance(error, MigrError) and not isinstance(error, ModelError):
        raise error


def _qemu_table(key: str, found: Sequence[tuple[QemuCase, QemuPredicted | Failed]]) -> Predicted:
    quantiles = [(name, text) for name in QEMU_OUTCOMES for text in QUANTILES]
    heading = (key, *(f"{name}_{text}" for name, text in quantiles), "p_converges", "bound_s")
    rows: list[tuple[str, ...]] = []
    shares: dict[str, list[float]] = {}
    for case, each in found:
        if isinstance(each, Failed):
            rows.append((case.key, *[""] * (len(heading) - 1)))
            continue
        cells = (_fixed(each.quantile(name, QUANTILES[text]), QEMU_OUTCOMES[name]) for name, text in quantiles)
        rows.append((case.key, *cells, repr(float(each.p_converges)), f"{case.bound_s:.15g}"))
        shares.setdefault(case.group, []).append(each.p_converges)
    return Predicted(heading, tuple(rows), tuple(_convergence(group, of) for group, of in sorted(shares.items())), _failures(found))


def _simgrid_table(key: str, found: Sequence[tuple[SimgridCase, SimgridPredicted | Failed]]) -> Predicted:
    rows: list[tuple[str, ...]] = []
    verdicts: list[float] = []
    for case, each in found:
        if isinstance(each, Failed):
            rows.append((case.key, *[""] * len(SIMGRID_OUTCOMES)))
            continue
        times = (_exact(number) for number in (each.total_s, each.downtime_s))
        counts = (_fixed(number, 0) for number in (each.transfers, each.bytes_sent))
        rows.append((case.key, *times, *counts, each.outcome, each.reason))
        verdicts.append(1.0 if each.outcome == COMPLETED else 0.0)
    return Predicted((key, *SIMGRID_OUTCOMES), tuple(rows), (_convergence("", verdicts),), _failures(found))


def _failures(found: Sequence[tuple[QemuCase | SimgridCase, object]]) -> tuple[tuple[str, str], ...]:
    """Return the rows that failed, and why.

    Raises:
        Exception: the first of their errors, where no row is left: then it is not the row that is to blame.
    """
    failed = [(case.key, each.error) for case, each in found if isinstance(each, Failed)]
    if len(failed) == len(found):
        raise failed[0][1]
    return tuple((key, f"{type(error).__name__}: {error}") for key, error in failed)


def _convergence(group: str, shares: Sequence[float]) -> Convergence:
    return Convergence(group, len(shares), sum(share >= 1.0 for share in shares), sum(share <= 0.0 for share in shares))


def _fixed(value: float, digits: int) -> str:
    """Return a number with so many digits behind the point; nothing where there is none."""
    return f"{value:.{digits}f}" if math.isfinite(value) else ""


def _exact(value: float) -> str:
    """Return a number with all its digits; nothing where there is none."""
    return repr(float(value)) if math.isfinite(value) else ""
