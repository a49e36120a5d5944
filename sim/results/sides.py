"""One side of a comparison: what a point gave, as one value a replication for each step and VM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.columns import OUTCOMES
from sim.results.chunks import Chunks, Sample, names_of, numbers_of, whole_of
from sim.results.samples import KEYS, Replications

Codes = NDArray[np.int8]
Key = TypeVar("Key")
OfVm = tuple[str, str]  # step and VM

ABSENT = -1  # code of the outcome where a replication has no row of the VM
VALUES = 25_000_000  # numbers of a side at most: 200 MB; with one VM they are of six million replications, with twelve of a million
TIMES = ("total_s", "downtime_s")


@dataclass(frozen=True, slots=True)
class Side:
    """What a point gave, the first replications of it; arrays have shape (replications,) and NaN where there is no value.

    Args:
        name: of the point, for people.
        replications: how many there are room for; one that is missing has no values.
        makespans: seconds for each step; +inf while a VM stays behind.
        sent: bytes for each step, all attempts of all VMs.
        times: for each column of `TIMES` that is stored, and each step and VM, seconds; NaN where it was not completed or did not run.
        outcomes: for each step and VM the place of its last outcome in `OUTCOMES`, or ABSENT.
    """

    name: str
    replications: int
    makespans: Mapping[str, Sample]
    sent: Mapping[str, Sample]
    times: Mapping[str, Mapping[OfVm, Sample]]
    outcomes: Mapping[OfVm, Codes]

    @property
    def there(self) -> NDArray[np.bool_]:
        """Which replications are not missing, shape (replications,): those that have a makespan, if only an infinite one."""
        found = np.zeros(self.replications, dtype=np.bool_)
        for sample in self.makespans.values():
            found |= ~np.isnan(sample)
        return found


def side_of(name: str, chunks: Chunks, replications: int) -> Side:
    """Return a side; where memory does not suffice for all replications, of the first ones.

    Args:
        name: of the point, for people.
        chunks: its rows.
        replications: one after the last that is stored.
    """
    stored = chunks.columns
    columns = [*KEYS, *(column for column in (*TIMES, "sent_bytes") if column in stored)]
    gathered: _Gathered | None = None
    for chunk in chunks.read(columns, ("replication", "step", "makespan_s")):
        seen = Replications(chunk)
        gathered = gathered or _Gathered(_room(seen, replications), columns)
        if not gathered.take(seen):
            break
    gathered = gathered or _Gathered(0, columns)
    return Side(name, gathered.room, gathered.makespans, gathered.sent, gathered.times, gathered.outcomes)


def _room(seen: Replications, replications: int) -> int:
    """Return for how many replications there is room, by the steps and VMs of the first ones."""
    steps, vms = len(names_of(seen.chunk.plans["step"])[0]), len(seen.vms[0])
    numbers = 2 * steps + (len(TIMES) + 1) * vms * len(seen.steps[0])  # an outcome takes an eighth of a number; it is counted as one
    return min(replications, max(1, VALUES // numbers))


class _Gathered:
    """The arrays of a side while they are filled."""

    def __init__(self, room: int, columns: list[str]) -> None:
        self.room = room
        self.makespans: dict[str, Sample] = {}
        self.sent: dict[str, Sample] = {}
        self.times: dict[str, dict[OfVm, Sample]] = {column: {} for column in TIMES if column in columns}
        self.outcomes: dict[OfVm, Codes] = {}
        self._has_sent = "sent_bytes" in columns

    def take(self, seen: Replications) -> bool:
        """Take the next replications; return whether there is room for more."""
        plans, moves = seen.chunk.plans, seen.chunk.migrations
        self._take_steps(names_of(plans["step"]), whole_of(plans["replication"]), numbers_of(plans["makespan_s"]))
        if moves.num_rows:
            if self._has_sent:
                self._take_sent(seen, whole_of(moves["replication"]), numbers_of(moves["sent_bytes"]))
            self._take_vms(seen)
        return not len(seen.numbers) or int(seen.numbers[-1]) + 1 < self.room

    def _take_steps(self, steps: tuple[list[str], NDArray[np.int32]], replications: NDArray[np.int64], makespans: Sample) -> None:
        for code, step in enumerate(steps[0]):
            rows = (steps[1] == code) & (replications < self.room)
            self._sample(self.makespans, step)[replications[rows]] = makespans[rows]
            # A step that finds nothing to move sends nothing.
            if self._has_sent:
                self._sample(self.sent, step)[replications[rows]] = 0.0

    def _take_sent(self, seen: Replications, replications: NDArray[np.int64], sent: Sample) -> None:
        for code, step in enumerate(seen.steps[0]):
            rows = (seen.steps[1] == code) & (replications < self.room)
            if rows.any():
                np.add.at(self._sample(self.sent, step), replications[rows], sent[rows])

    def _take_vms(self, seen: Replications) -> None:
        moves = seen.chunk.migrations
        replications = whole_of(moves["replication"])
        places = np.array([*(OUTCOMES.index(name) for name in seen.outcomes[0]), ABSENT], dtype=np.int8)[seen.outcomes[1]]
        times = {column: np.where(seen.completed, numbers_of(moves[column]), np.nan) for column in self.times}
        final = seen.final & (replications < self.room)
        for step_code, step in enumerate(seen.steps[0]):
            of_step = final & (seen.steps[1] == step_code)
            for vm_code, vm in enumerate(seen.vms[0]):
                rows = np.flatnonzero(of_step & (seen.vms[1] == vm_code))
                if len(rows):
                    at = replications[rows]
                    if (step, vm) not in self.outcomes:
                        self.outcomes[step, vm] = np.full(self.room, ABSENT, dtype=np.int8)
                    self.outcomes[step, vm][at] = places[rows]
                    for column, values in times.items():
                        self._sample(self.times[column], (step, vm))[at] = values[rows]

    def _sample(self, samples: dict[Key, Sample], key: Key) -> Sample:
        if key not in samples:
            samples[key] = np.full(self.room, np.nan)
        return samples[key]
