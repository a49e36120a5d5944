"""Downtimes of all completed migrations: how many there are up to each of many limits, the longest of them, and stops that failed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.results.chunks import Codes, Sample, numbers_of, whole_of
from sim.results.samples import Replications

# Limits in steps of 0.23 % from 1 ms to 28 hours: on paper nobody tells them apart. The round ones among them are exact, so that a share
# up to "5 s" is that of 5 s.
_DECADES = (-3, 5)
_A_DECADE = 1000
_ROUND = [digit * 10.0**power if power >= 0 else digit / 10.0**-power for power in range(*_DECADES) for digit in (1, 2, 3, 5)]
LIMITS: Sample = np.unique(
    np.concatenate([10.0 ** (np.arange(_DECADES[0] * _A_DECADE, _DECADES[1] * _A_DECADE + 1) / _A_DECADE), np.array([*_ROUND, 1e5])])
)
LONGEST = 10
_PARTS = ("handshake_s", "stopped_round_s")
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of a guest, seconds.

    Args:
        replication, step, vm, attempt: of which migration.
        downtime_s: how long the guest stood still.
        handshake_s: how long it was told to suspend before, while it still ran; None where that was not stored.
        stopped_round_s: the part that sent the last round; None likewise.
    """

    replication: int
    step: str
    vm: str
    attempt: int
    downtime_s: float
    handshake_s: float | None
    stopped_round_s: float | None

    @property
    def state_and_resume_s(self) -> float | None:
        """The rest of the stop: state of devices and CPUs, and the resume."""
        return None if self.stopped_round_s is None else self.downtime_s - self.stopped_round_s


@dataclass(frozen=True, slots=True)
class Distribution:
    """Downtimes counted.

    Args:
        counts: how many are larger than the limit before and at most each of `LIMITS`; at last those above all limits; shape (limits + 1,).
        longest_s: the longest one, seconds.
    """

    counts: Counts
    longest_s: float

    @property
    def n(self) -> int:
        """How many there are."""
        return int(self.counts.sum())

    def share_up_to(self, limit: float) -> float:
        """Return the share that is at most a limit.

        Args:
            limit: one of `LIMITS`, seconds.

        Raises:
            ValueError: it is none.
        """
        place = int(np.searchsorted(LIMITS, limit))
        if place == len(LIMITS) or LIMITS[place] != limit:
            raise ValueError(f"{limit!r} is none of the limits up to which downtimes are counted")
        return float(self.counts[: place + 1].sum() / self.n)

    def curve(self, most: int) -> tuple[Sample, Sample]:
        """Return limits and the shares of downtimes up to them, exact at each, ascending; the first share is 0, the last 1.

        Args:
            most: points of the curve, at least 2.
        """
        there = np.flatnonzero(self.counts)
        shares = np.cumsum(self.counts[there]) / self.n
        limits = np.minimum(np.append(LIMITS, np.inf)[there], self.longest_s)
        chosen = np.unique(np.linspace(0, len(there) - 1, min(len(there), most - 1)).round().astype(np.intp))
        first = LIMITS[there[0] - 1] if there[0] else limits[0]  # as short, or shorter, is none but where all limits are longer
        return np.concatenate([[first], limits[chosen]]), np.concatenate([[0.0], shares[chosen]])

    def __add__(self, other: Distribution) -> Distribution:
        """Return both together."""
        return Distribution(self.counts + other.counts, max(self.longest_s, other.longest_s))


class Downtimes:
    """The downtimes of a point, gathered chunk by chunk.

    Args:
        stored: columns of the table of migrations that are there.
    """

    def __init__(self, stored: frozenset[str]) -> None:
        self.stored = "downtime_s" in stored
        self._parts = [name for name in _PARTS if name in stored]
        self._interruptions = "interruption_s" in stored
        self._counts: dict[tuple[str, str], Counts] = {}
        self._most: dict[tuple[str, str], float] = {}
        self.longest: list[Stop] = []  # of all attempts, longest first; of equal ones the first replication comes first
        self.failed_stops = 0  # attempts that were not completed, in which the guest stood still and went on
        self.longest_failed_s = 0.0

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the table of migrations that it reads."""
        return frozenset(
            [*(["downtime_s", *self._parts] if self.stored else []), *(["interruption_s"] if self._interruptions else [])],
        )

    @property
    def plan_columns(self) -> frozenset[str]:
        """Columns of the table of plans that it reads: none."""
        return frozenset()

    def add(self, seen: Replications) -> None:
        """Take the next replications."""
        rows = seen.chunk.migrations
        if self.stored:
            downtimes = numbers_of(rows["downtime_s"])
            there = seen.completed & ~np.isnan(downtimes)
            self._keep_longest(seen, downtimes, there)
            last = np.flatnonzero(there & seen.final)
            self._count(seen, downtimes[last], last)
        if self._interruptions:
            interruptions = numbers_of(rows["interruption_s"])
            failed = interruptions[~seen.completed & ~np.isnan(interruptions)]
            self.failed_stops += len(failed)
            self.longest_failed_s = max(self.longest_failed_s, float(failed.max(initial=0.0)))

    def distributions(self) -> dict[tuple[str, str], Distribution]:
        """Return the downtimes of each step and VM: of the last attempts, as summary.json has them; without VMs that have none."""
        return {key: Distribution(counts, self._most[key]) for key, counts in self._counts.items()}

    def _count(self, seen: Replications, downtimes: Sample, rows: NDArray[np.intp]) -> None:
        steps, vms = seen.steps, seen.vms
        groups = steps[1][rows].astype(np.int64) * len(vms[0]) + vms[1][rows]
        order = np.argsort(groups, kind="stable")
        groups, downtimes = groups[order], downtimes[order]
        begins = np.flatnonzero(np.diff(groups, prepend=-1))
        for group, values in zip(groups[begins].tolist(), np.split(downtimes, begins[1:]) if len(begins) else (), strict=True):
            step, vm = divmod(group, len(vms[0]))
            key = steps[0][step], vms[0][vm]
            # Sorted values find their places several times as quickly.
            places = np.searchsorted(LIMITS, np.sort(values), side="left")
            counts = np.bincount(places, minlength=len(LIMITS) + 1)
            self._counts[key] = self._counts[key] + counts if key in self._counts else counts
            self._most[key] = max(self._most.get(key, 0.0), float(values.max()))

    def _keep_longest(self, seen: Replications, downtimes: Sample, there: NDArray[np.bool_]) -> None:
        least = self.longest[-1].downtime_s if len(self.longest) == LONGEST else -np.inf
        rows = np.flatnonzero(there & (downtimes > least))
        if len(rows) > LONGEST:
            bound = np.partition(downtimes[rows], len(rows) - LONGEST)[len(rows) - LONGEST]
            rows = rows[downtimes[rows] >= bound]
        # Equal ones in the order of the replications; a chunk holds them in any order. Without end are none: those are completed.
        rows = rows[np.lexsort((rows, seen.places[rows], -downtimes[rows]))][:LONGEST]
        found = self.longest + self._stops(seen, downtimes, rows)
        self.longest = sorted(found, key=lambda stop: -stop.downtime_s)[:LONGEST]

    def _stops(self, seen: Replications, downtimes: Sample, rows: Codes | NDArray[np.intp]) -> list[Stop]:
        table: pa.Table = seen.chunk.migrations.select(["attempt", *self._parts]).take(pa.array(rows, pa.int64()))
        attempts = whole_of(table["attempt"]).tolist()
        parts = {name: table[name].to_pylist() for name in self._parts}
        nothing = [None] * len(rows)
        return [
            Stop(
                int(seen.numbers[seen.places[row]]),
                seen.steps[0][seen.steps[1][row]],
                seen.vms[0][seen.vms[1][row]],
                attempts[place],
                float(downtimes[row]),
                parts.get("handshake_s", nothing)[place],
                parts.get("stopped_round_s", nothing)[place],
            )
            for place, row in enumerate(rows.tolist())
        ]
