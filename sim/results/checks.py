"""Laws that every completed migration and every step obeys whatever the model assumes, compared on all stored rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.engine.site import Site
from sim.results.chunks import Sample, names_of, numbers_of
from sim.results.samples import Replications

Name = Literal["parts", "bytes", "link", "step", "stop"]

# The five times are differences of clock times, each rounded once, and so is each of three additions: by a 2^-53rd of the total at most,
# the four parts together by as much. That is five of them; eight are allowed.
_ROUNDINGS = 8 * 2.0**-53
# What is added up event by event is rounded to the clock each time: by 2^-36 s at most, half the spacing of times below 2^18 s (three
# days). A microsecond is 68,000 of them; no step has as many events.
CLOCK_S = 1e-6


@dataclass(slots=True)
class Seen:
    """The completed migrations of some replications, their columns as numbers, each read once.

    Args:
        replications: the replications.
        payload_Bps: by VM, what the link carries at most.
    """

    replications: Replications
    payload_Bps: Mapping[str, float]
    _known: dict[str, Sample] = field(default_factory=dict)

    def of(self, column: str) -> Sample:
        """Return a column of the completed migrations; NaN where it is empty."""
        if column not in self._known:
            self._known[column] = numbers_of(self.replications.chunk.migrations[column])[self.replications.completed]
        return self._known[column]

    def payload(self) -> Sample:
        """Return what the link of each completed migration carries at most, bytes per second."""
        names, codes = self.replications.vms
        return np.array([self.payload_Bps.get(name, np.inf) for name in names])[codes[self.replications.completed]]


Margins = tuple[Sample, Sample | float]  # how far each row is on the right side of the law, and how far on the wrong one is rounding


@dataclass(frozen=True, slots=True)
class Law:
    """A law.

    Args:
        name: what the report calls it.
        unit: of its margins.
        columns, plan_columns: what it looks at.
        compare: returns the margins.
    """

    name: Name
    unit: Literal["s", "bytes"]
    columns: tuple[str, ...]
    compare: Callable[[Seen], Margins]
    plan_columns: tuple[str, ...] = ()


def _parts(seen: Seen) -> Margins:
    """Total = set-up + pre-copy + downtime + clean-up; a guest that does not run has no downtime."""
    total = seen.of("total_s")
    parts = seen.of("setup_s") + seen.of("precopy_s") + np.nan_to_num(seen.of("downtime_s"), nan=0.0) + seen.of("cleanup_s")
    return -np.abs(total - parts), _ROUNDINGS * total


def _bytes(seen: Seen) -> Margins:
    """Every page that the VM ever touched is sent, once at least; both are whole numbers below 2^53."""
    return seen.of("sent_bytes") - seen.of("touched_bytes"), 0.0


def _link(seen: Seen) -> Margins:
    """The rounds take at least as long as the link alone needs for their bytes, were it free and nothing else slow.

    Rows whose guest stood still without that its last round was timed are left out.
    """
    handshake, last = seen.of("handshake_s"), seen.of("stopped_round_s")
    took = seen.of("precopy_s") - np.nan_to_num(handshake, nan=0.0) + np.nan_to_num(last, nan=0.0)
    whole = np.isnan(handshake) == np.isnan(last)
    return (took - seen.of("sent_bytes") / seen.payload())[whole], CLOCK_S


def _stop(seen: Seen) -> Margins:
    """The last round is a part of the downtime; subtracting one begin from two ends keeps their order, so nothing is rounding."""
    margins = seen.of("downtime_s") - seen.of("stopped_round_s")
    return margins[~np.isnan(margins)], 0.0


def _step(seen: Seen) -> Margins:
    """A step sends one VM after the other, so it lasts at least as long as its completed migrations together."""
    replications, plans = seen.replications, seen.replications.chunk.plans
    names, codes = names_of(plans["step"])
    of_plan = {name: code for code, name in enumerate(names)}
    step_of = np.array([*(of_plan.get(name, -1) for name in replications.steps[0]), -1], dtype=np.int64)
    steps = step_of[replications.steps[1][replications.completed]]
    planned = steps >= 0  # not those that operators began
    keys = replications.places[replications.completed][planned].astype(np.int64) * len(names) + steps[planned]
    together = np.bincount(keys, weights=seen.of("total_s")[planned], minlength=len(replications.numbers) * len(names))
    took = numbers_of(plans["ended_s"]) - numbers_of(plans["at_s"])
    return took - together[replications.step_places.astype(np.int64) * len(names) + codes], CLOCK_S


LAWS = (
    Law("parts", "s", ("total_s", "setup_s", "precopy_s", "downtime_s", "cleanup_s"), _parts),
    Law("stop", "s", ("downtime_s", "stopped_round_s"), _stop),
    Law("bytes", "bytes", ("sent_bytes", "touched_bytes"), _bytes),
    Law("link", "s", ("precopy_s", "handshake_s", "stopped_round_s", "sent_bytes"), _link),
    Law("step", "s", ("total_s",), _step, ("at_s", "ended_s")),
)


@dataclass(slots=True)
class Compared:
    """A law and what came of it.

    Args:
        law: the law.
        lacking: columns that were not stored, without which it is not compared.
        rows: rows compared: completed migrations, or steps.
        broken: rows that are further on the wrong side than rounding explains.
        smallest: the smallest margin, negative on the wrong side; of an equality the largest deviation, negative; +inf without rows.
        allowed: the most that rounding explains in a row.
    """

    law: Law
    lacking: tuple[str, ...] = ()
    rows: int = 0
    broken: int = 0
    smallest: float = np.inf
    allowed: float = 0.0

    @property
    def deviation(self) -> float:
        """The largest deviation from the law, 0 where no row is on the wrong side."""
        return max(0.0, -self.smallest)

    def take(self, margins: Sample, allowed: Sample | float) -> None:
        """Count some rows."""
        if not len(margins):
            return
        broken: NDArray[np.bool_] = ~(margins >= -np.asarray(allowed))  # what is no number breaks it
        self.rows += len(margins)
        self.broken += int(np.count_nonzero(broken))
        self.smallest = min(self.smallest, float(np.nanmin(margins, initial=np.inf)))
        self.allowed = max(self.allowed, float(np.max(allowed)))


class Laws:
    """All laws compared, chunk by chunk.

    Args:
        stored: columns of the table of migrations that are there.
        payload_Bps: by VM, what the link carries at most, bytes per second.
    """

    def __init__(self, stored: frozenset[str], payload_Bps: Mapping[str, float]) -> None:
        self.compared = [Compared(law, tuple(sorted(set(law.columns) - stored))) for law in LAWS]
        self._payload_Bps = payload_Bps

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the table of migrations that it reads."""
        return frozenset(column for each in self._possible() for column in each.law.columns)

    @property
    def plan_columns(self) -> frozenset[str]:
        """Columns of the table of plans that it reads."""
        return frozenset(column for each in self._possible() for column in each.law.plan_columns)

    def add(self, seen: Replications) -> None:
        """Compare the next replications."""
        rows = Seen(seen, self._payload_Bps)
        for each in self._possible():
            each.take(*each.law.compare(rows))

    def _possible(self) -> Iterator[Compared]:
        return (each for each in self.compared if not each.lacking)


def payloads(site: Site) -> dict[str, float]:
    """Return by VM what a link of its SU cluster carries for migrations in one direction at most, bytes per second; faults only take."""
    fastest: dict[str, float] = {}
    for unit in site.point.units:
        fastest[unit.cluster] = max(fastest.get(unit.cluster, 0.0), site.links[unit.link].payload_Bps)
    return {vm.name: fastest[site.units[vm.unit].cluster] for vm in site.point.vms}
