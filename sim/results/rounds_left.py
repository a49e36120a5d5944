"""What the rounds of migrations left to send: from the migrations and rounds of a table, VM by VM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.model.draws import LAST, Array
from sim.results.chunks import names_of
from sim.results.statistics import quantile

CHASE = "chase-limit"
COMPLETED = ("completed", "completed-with-warnings")


@dataclass(frozen=True, slots=True, eq=False)
class RoundsLeft:
    """The attempts of a VM in a step that were completed or aborted at the chase limit, not those that something else ended.

    A live round is followed by another one or by the stopped one; only then it is known what it left. One that was cut left nobody knows
    what. All arrays have one value for each live round that was followed, sorted by replication, attempt and round.

    Args:
        step, vm, source, target: of the migrations, as in the first replication.
        began_s: median of the begin of round 1 where there is one, else of the command, seconds since 00:00 of the first day.
        attempts: how many.
        chased: of these, aborted at the chase limit.
        downtime_s: median of those that were completed; NaN where none was, or the guest does not run.
        attempt, number: which attempt, a number that no other one has, and which round, counted from 1.
        marked, left: pages to send at its start, and at the start of the round that followed.
        sending_s: how long the round took.
        dirtying_s: time in which the left ones were dirtied; longer than the round where a handshake follows it.
    """

    step: str
    vm: str
    source: str
    target: str
    began_s: float
    attempts: int
    chased: int
    downtime_s: float
    attempt: NDArray[np.int64]
    number: NDArray[np.int64]
    marked: Array
    left: Array
    sending_s: Array
    dirtying_s: Array

    @property
    def last(self) -> NDArray[np.intp]:
        """Places of the last round of each attempt."""
        if not len(self.attempt):
            return np.zeros(0, dtype=np.intp)
        return np.append(np.flatnonzero(np.diff(self.attempt)), len(self.attempt) - 1)

    @property
    def most_rounds(self) -> int:
        """Rounds after which 99 % of the attempts had ended; 0 where no round was followed."""
        return int(quantile(self.ended_after, 0.99)) if len(self.number) else 0

    @property
    def ended_after(self) -> Array:
        """Rounds that each attempt had of those that were followed by another one."""
        return self.number[self.last].astype(np.float64)

    @property
    def chased_share(self) -> float:
        """Share of the attempts that were aborted at the chase limit."""
        return self.chased / self.attempts

    @property
    def ratios(self) -> Array:
        """What the guest dirtied per second over what was sent per second, for each round; 0 where nothing was marked."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = (self.left / self.dirtying_s) / (self.marked / self.sending_s)
        return np.nan_to_num(found, nan=0.0)

    @property
    def highest_ratios(self) -> Array:
        """The largest of the `ratios` of each attempt."""
        begins = np.append(0, self.last[:-1] + 1)
        return np.maximum.reduceat(self.ratios, begins) if len(self.attempt) else np.zeros(0)

    @property
    def last_ratio(self) -> float:
        """Median of the `ratios` of the last live rounds; NaN where no round was followed."""
        return _median(self.ratios[self.last])

    @property
    def dirty_pages_per_s(self) -> float:
        """Median of the pages that the guest dirtied per second in the last live round; NaN where no round was followed."""
        last = self.last[self.dirtying_s[self.last] > 0.0]
        return _median(self.left[last] / self.dirtying_s[last])

    def after_rounds(self, most: int) -> list[tuple[int, Array]]:
        """Return for each round what it left, pages, one value an attempt that had the round and went on; at most so many rounds."""
        last = int(self.number.max()) if len(self.number) else 0
        return [(number, self.left[self.number == number]) for number in range(1, min(last, most) + 1)]


def rounds_left(migrations: pa.Table, rounds: pa.Table) -> list[RoundsLeft]:
    """Return the attempts that were completed or aborted at the chase limit, one entry a step and VM, as they first occur.

    Args:
        migrations: all columns, any number of whole replications.
        rounds: the same.
    """
    moves = migrations.filter(pa.array(_completed(migrations) | _chased(migrations), type=pa.bool_()))
    places, of_rounds = _places(moves), _places(rounds)
    nothing = np.zeros(0, dtype=np.intp)
    return [_entry(*key, moves.take(at), rounds.take(of_rounds.get(key, nothing))) for key, at in places.items()]


def _places(rows: pa.Table) -> dict[tuple[str, str], NDArray[np.intp]]:
    """Return where the rows of each step and VM are, in the order in which these first occur."""
    (steps, of_steps), (vms, of_vms) = names_of(rows["step"]), names_of(rows["vm"])
    pairs = of_steps.astype(np.int64) * len(vms) + of_vms
    found, first = np.unique(pairs, return_index=True)
    ordered = [int(pair) for pair in found[np.argsort(first)]]
    return {(steps[pair // len(vms)], vms[pair % len(vms)]): np.flatnonzero(pairs == pair) for pair in ordered}


def _entry(step: str, vm: str, moves: pa.Table, rounds: pa.Table) -> RoundsLeft:
    chosen = rounds.filter(pa.array(np.isin(_attempts(rounds), _attempts(moves))))
    attempt, names = _attempts(chosen), ("round", "marked_pages", "began_s", "duration_s")
    order = np.lexsort((_numbers(chosen, "round"), attempt))
    attempt = attempt[order]
    number, marked, began, took = (_numbers(chosen, name)[order] for name in names)
    at = np.flatnonzero(attempt[1:] == attempt[:-1])  # these rounds were followed by another one
    first = began[np.flatnonzero(np.diff(attempt, prepend=-1))] if len(began) else _numbers(moves, "command_s")
    return RoundsLeft(
        step=step,
        vm=vm,
        source=str(moves["source"][0].as_py()),
        target=str(moves["target"][0].as_py()),
        began_s=_median(first),
        attempts=moves.num_rows,
        chased=int(_chased(moves).sum()),
        downtime_s=_median(_numbers(moves, "downtime_s")[_completed(moves)]),
        attempt=attempt[at],
        number=number[at].astype(np.int64),
        marked=marked[at],
        left=marked[at + 1],
        sending_s=took[at],
        dirtying_s=began[at + 1] - began[at],
    )


def _attempts(rows: pa.Table) -> NDArray[np.int64]:
    """Return a number for the replication and attempt of each row, ascending with both."""
    return (_numbers(rows, "replication") * (LAST + 1) + _numbers(rows, "attempt")).astype(np.int64)


def _completed(moves: pa.Table) -> NDArray[np.bool_]:
    return _is_one_of(moves["outcome"], COMPLETED)


def _chased(moves: pa.Table) -> NDArray[np.bool_]:
    return _is_one_of(moves["reason"], (CHASE,))


def _is_one_of(column: pa.ChunkedArray[Any], wanted: tuple[str, ...]) -> NDArray[np.bool_]:
    """Say which rows have one of these names; those without a name have none."""
    names, codes = names_of(column)
    return np.isin(codes, [code for code, name in enumerate(names) if name in wanted])


def _numbers(rows: pa.Table, name: str) -> Array:
    return np.asarray(rows[name].cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def _median(values: Array) -> float:
    there = values[~np.isnan(values)]
    return quantile(there, 0.5) if len(there) else float("nan")
