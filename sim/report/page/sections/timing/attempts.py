"""The attempts of one replication as a Gantt chart shows them: when each phase began, and each round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sim.columns import OPERATOR_STEP
from sim.engine.journal import RoundSent
from sim.engine.move import Move
from sim.engine.replicate import Replication
from sim.results.chunks import Chunks
from sim.results.samples import COMPLETED, KEYS

NEEDED = ("due_s", "command_s", "started_s", "ended_s", "setup_s", "precopy_s", "cleanup_s")
WISHED = ("reason", "downtime_s")  # columns without which there is less to say


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to migrate a VM; times are seconds since 00:00 of the first day, None where it did not get so far.

    Args:
        vm: its name.
        step: of the plan; `OPERATOR_STEP` where an operator gave the command.
        number: 1, 2, ...; 0 for a VM that was not tried.
        due_s: when the plan wanted to give the command.
        command_s, started_s: when the command was given, and the check was over.
        set_up_s, stopped_s, resumed_s: ends of set-up, pre-copy and stop; a guest can resume on the source, too.
        ended_s: when it was over.
        outcome: of `sim.columns`.
        reason: of `sim.columns`, or None.
        stands_still: whether the guest ran and was stopped.
        rounds: begin and duration of each live round; none where they are not known.
    """

    vm: str
    step: str
    number: int
    due_s: float
    command_s: float
    started_s: float | None
    set_up_s: float | None
    stopped_s: float | None
    resumed_s: float | None
    ended_s: float
    outcome: str
    reason: str | None
    stands_still: bool
    rounds: tuple[tuple[float, float], ...] = ()

    @property
    def arrived(self) -> bool:
        """Whether it brought the VM over."""
        return self.outcome in COMPLETED

    @property
    def total_s(self) -> float:
        """From the command to the end, seconds."""
        return self.ended_s - self.command_s

    @property
    def downtime_s(self) -> float | None:
        """How long the guest stood still, where it did and went on on the target, seconds."""
        if not self.arrived or not self.stands_still or self.stopped_s is None or self.resumed_s is None:
            return None
        return self.resumed_s - self.stopped_s

    def phases(self) -> Iterator[tuple[str, float, float]]:
        """Yield name, begin and end of each phase that it reached, in their order."""
        if not self.number:
            return
        names = ("check", "set-up", "pre-copy", "stop", "clean-up" if self.arrived else "roll-back")
        begins = (self.command_s, self.started_s, self.set_up_s, self.stopped_s, self.resumed_s)
        for place, (name, begin) in enumerate(zip(names, begins, strict=True)):
            if begin is not None:
                later = (each for each in begins[place + 1 :] if each is not None)
                yield name, begin, next(later, self.ended_s)


def attempts_of(replication: Replication) -> list[Attempt]:
    """Return the attempts of a replication that was repeated, in the order of their commands."""
    rounds: dict[tuple[str, str, int], list[RoundSent]] = {}
    for sent in replication.journal.rounds or []:
        rounds.setdefault((sent.step, sent.vm, sent.attempt), []).append(sent)
    return _in_order(_of_move(move, rounds.get((move.step.name, move.guest.spec.name, move.attempt), [])) for move in replication.moves)


def stored_attempts(rows: Chunks, replication: int) -> list[Attempt] | str:
    """Return the attempts of a replication as they are stored, without rounds; or the names of the columns that are missing.

    Args:
        rows: of the point; read up to the replication.
        replication: its number.
    """
    if missing := [name for name in NEEDED if name not in rows.columns]:
        return ", ".join(missing)
    columns = [*KEYS, *NEEDED, *(name for name in WISHED if name in rows.columns)]
    for chunk in rows.read(columns, ("replication",)):
        if pc.any(pc.equal(chunk.plans["replication"], pa.scalar(replication))).as_py():
            here = chunk.migrations.filter(pc.equal(chunk.migrations["replication"], pa.scalar(replication)))
            return _in_order(map(_of_row, here.to_pylist()))
    return []


def _of_move(move: Move, sent: Sequence[RoundSent]) -> Attempt:
    return Attempt(
        move.guest.spec.name,
        move.step.name,
        move.attempt,
        move.due_s,
        move.command_s,
        move.started_s,
        move.set_up_s,
        move.stopped_s,
        move.resumed_s if move.resumed_s is not None else move.back_s,
        move.ended_s if move.ended_s is not None else move.command_s,  # at the end of a replication every attempt has ended
        move.outcome,
        move.reason,
        move.runs and move.stopped_s is not None,
        tuple((each.began_s, each.duration_s) for each in sent if each.live),
    )


def _of_row(row: dict[str, Any]) -> Attempt:
    started, ended = row["started_s"], row["ended_s"]
    set_up = None if started is None or row["setup_s"] is None else started + row["setup_s"]
    stopped = None if set_up is None or row["precopy_s"] is None else set_up + row["precopy_s"]
    resumed = None if row["cleanup_s"] is None else ended - row["cleanup_s"]
    # Where downtimes are not stored nobody can tell whether the guest ran: its stop is drawn, and not called one.
    stands_still = row.get("downtime_s") is not None
    who = row["vm"], row["step"], row["attempt"], row["due_s"], row["command_s"]
    return Attempt(*who, started, set_up, stopped, resumed, ended, row["outcome"], row.get("reason"), stands_still)


def _in_order(attempts: Iterable[Attempt]) -> list[Attempt]:
    return sorted(attempts, key=lambda each: (each.command_s, each.step == OPERATOR_STEP, each.ended_s, each.vm))
