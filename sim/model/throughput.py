"""How fast a transfer runs: link, sender and receiver, alone or shared."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.model.draws import Real


def lone_rate(payload: float, factor: float, sender: Real, receiver: Real) -> Real:
    """Return min(link, phase factor x sender's ceiling, receiver's ceiling), bytes per second.

    The phase factor never multiplies the link, and neither does the variation of a migration, which is in the ceilings.

    Args:
        payload: what one direction of the link carries for migrations, bytes per second.
        factor: share of its ceiling that the sender reaches in this phase.
        sender: bytes per second that the source's monitor VM or X2000 can send, times its available share.
        receiver: the same on the target, receiving.
    """
    return np.minimum(payload, np.minimum(factor * sender, receiver))


@dataclass(frozen=True, slots=True)
class Demand:
    """What a transfer wants of what it shares with others.

    Args:
        ceiling: its rate when alone, bytes per second.
        uses: resource -> share of it that one byte per second takes.
    """

    ceiling: float
    uses: Mapping[Hashable, float]


def fair_rates(demands: Sequence[Demand], capacities: Mapping[Hashable, float]) -> list[float]:
    """Return max-min fair rates, bytes per second: all rise together until a resource is full or a transfer has all it can take.

    A resource is a direction of a link (capacity in bytes per second, each byte takes 1) or a monitor CPU (capacity 1, each byte per second
    takes 1 / ceiling). A transfer that shares nothing gets its ceiling, bit for bit.

    Args:
        demands: the transfers.
        capacities: the resources that more than one of them uses.
    """
    rates = [0.0] * len(demands)
    rising = list(range(len(demands)))
    while rising:
        level = min(demands[i].ceiling for i in rising)
        for resource, capacity in capacities.items():
            fixed = sum(rates[i] * demand.uses.get(resource, 0.0) for i, demand in enumerate(demands) if i not in rising)
            weight = sum(demands[i].uses.get(resource, 0.0) for i in rising)
            if weight > 0.0:
                level = min(level, max(0.0, capacity - fixed) / weight)
        stopped = [i for i in rising if demands[i].ceiling <= level or _at_a_full_resource(i, level, rising, rates, demands, capacities)]
        for i in stopped:
            rates[i] = level
        rising = [i for i in rising if i not in stopped]
    return rates


def _at_a_full_resource(
    transfer: int,
    level: float,
    rising: Sequence[int],
    rates: Sequence[float],
    demands: Sequence[Demand],
    capacities: Mapping[Hashable, float],
) -> bool:
    """Say whether a resource that the transfer uses is what keeps `level` from rising."""
    for resource in demands[transfer].uses:
        if resource not in capacities:
            continue
        fixed = sum(rates[i] * demand.uses.get(resource, 0.0) for i, demand in enumerate(demands) if i not in rising)
        weight = sum(demands[i].uses.get(resource, 0.0) for i in rising)
        if max(0.0, capacities[resource] - fixed) / weight <= level:
            return True
    return False
