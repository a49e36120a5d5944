"""What the transfers of a point use of networks and monitor systems, found once for all that the report says of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.report.page.source import Detail
from sim.results.chunks import Sample, numbers_of, whole_of
from sim.results.transfers import Transfers, transfers_of
from sim.results.usage import Use, periods, uses_of_units, uses_of_ways

SPANS = 120  # of time in a figure
BANDS = 4  # panels of a figure


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A direction of a network, or the monitor system of an SU.

    Args:
        name: network or SU.
        label: with direction or role.
        ceiling_Bps: what the direction carries; of an SU what its monitor system sends.
        use: what is used of it.
        sends: whether it sends: an SU may receive only.
    """

    name: str
    label: str
    ceiling_Bps: float
    use: Use
    sends: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What was found in the sample of a point.

    Args:
        transfers: all of them.
        edges: of the spans of time, a piece before and after each long pause.
        ways: directions of networks.
        units: SUs that sent or received.
        limits: share of the sending time in which each ceiling decides.
    """

    transfers: Transfers
    edges: list[Sample]
    ways: list[Thing]
    units: list[Thing]
    limits: dict[str, float]


def found_of(detail: Detail) -> Found | None:
    """Return what the transfers of the first replications use; None where nothing was sent."""
    transfers = transfers_of(detail.site, *detail.sample)
    if transfers is None:
        return None
    edges = periods(transfers, SPANS)
    ways = [
        Thing(way.link, f"{way.link}, {way.out} to {way.into}", way.payload_Bps, use)
        for way, use in zip(transfers.ways, uses_of_ways(transfers, edges), strict=True)
    ]
    units = []
    for place, use in enumerate(uses_of_units(transfers, edges)):
        sends, receives = bool((transfers.source == place).any()), bool((transfers.target == place).any())
        if sends or receives:
            name = transfers.units[place]
            unit = detail.site.units[name]
            role = "source and target" if sends and receives else "source" if sends else "target"
            ceiling = detail.site.clusters[unit.cluster].sender_Bps * unit.available
            units.append(Thing(name, f"{name} ({role})", ceiling, use, sends))
    return Found(transfers, edges, ways, units, transfers.limits())


def span_s(detail: Detail) -> float:
    """Return how long the plans of all replications of the sample took together, seconds: from the first step's begin to the last end."""
    number, tables = detail.sample
    plans = tables["plans"]
    replication = whole_of(plans["replication"])
    begin, end = np.full(number, np.inf), np.full(number, -np.inf)
    np.minimum.at(begin, replication, numbers_of(plans["at_s"]))
    np.maximum.at(end, replication, numbers_of(plans["ended_s"]))
    there = end > begin
    return float((end[there] - begin[there]).sum())
