"""Where a pre-copy settles: what a guest dirties in a time, against what its migration sends in that time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sim.engine.site import Guest, Site
from sim.model.activity import activity_integral
from sim.model.dirtying import expected_pages, linear_pages, tracked_activity
from sim.model.draws import Array
from sim.model.rounds import chase_deadline
from sim.model.throughput import lone_rate
from sim.scenario.point import Cluster

SHORTEST_S = 1e-3  # a round that settles below it has nothing left that anybody waits for
GRID = 400  # lengths of a round at which the curves are compared before the crossing is found exactly
HALVINGS = 60
UNCHARTED = frozenset({"clark", "qemu"})  # their rounds have no rate of their own, so no chain of rounds is foretold


@dataclass(frozen=True, slots=True, eq=False)
class Pace:
    """A migration of a guest without its randomness: the mean activity, the median throughput, alone on the network.

    Args:
        guest: the VM.
        cluster: with its policy and costs.
        activity: level of the day at the begin of round 1 x mean factor of bursts.
        first_Bps, live_Bps: rate of round 1 and of later live rounds, bytes per second on the stream.
        ceiling_Bps: what the monitor systems could send and receive if the network were no limit.
        page_bytes: what a page costs on the stream.
    """

    guest: Guest
    cluster: Cluster
    activity: float
    first_Bps: float
    live_Bps: float
    ceiling_Bps: float
    page_bytes: float

    @classmethod
    def of(cls, site: Site, vm: str, source: str, target: str, began_s: float) -> Pace:
        """Return the pace of a migration from a source to a target SU that begins its first round then."""
        guest, units = site.guests[vm], site.units
        cluster = site.clusters[units[source].cluster]
        policy = cluster.policy
        ends = cluster.sender_Bps * units[source].available, cluster.receiver_Bps * units[target].available
        payload = site.links[units[source].link].payload_Bps
        ceiling = float(lone_rate(math.inf, cluster.factor_live, *ends))
        cap = min(policy.max_rate_Bps, policy.max_bandwidth_Bps)
        return cls(
            guest=guest,
            cluster=cluster,
            activity=_activity(guest, began_s),
            first_Bps=min(float(lone_rate(payload, cluster.factor_first, *ends)), policy.start_rate_Bps, cap),
            live_Bps=min(payload, ceiling, cap),
            ceiling_Bps=min(ceiling, cap),
            page_bytes=site.page_bytes(cluster),
        )

    @property
    def first_s(self) -> float:
        """How long round 1 takes, seconds."""
        return self.guest.spec.touched_pages * self.page_bytes / self.first_Bps

    def dirtied(self, seconds: Array, factor: float = 1.0) -> Array:
        """Return the pages that the guest is expected to dirty in so many seconds, with its activity times a factor."""
        curve, spec = self.guest.curve.for_block(), self.guest.spec
        exposure = np.asarray(seconds, dtype=np.float64) * (self.activity * factor)
        if self.cluster.policy.linear:
            return np.asarray(linear_pages(curve, exposure))
        if not self.guest.load.tracked and self.cluster.fault_cost_s:
            exposure = np.asarray(tracked_activity(curve, exposure, self.cluster.fault_cost_s / spec.cpus))
        pages = np.asarray(expected_pages(curve.pages, curve.rewrites, exposure))
        for size, rate in curve.sweeps:
            pages = pages + np.minimum(size, rate * exposure)
        return np.asarray(np.minimum(pages, curve.touched))

    def sent(self, seconds: Array) -> Array:
        """Return the pages that a live round sends in so many seconds."""
        return np.asarray(seconds, dtype=np.float64) * self.live_Bps / self.page_bytes

    def settles_s(self, factor: float = 1.0) -> float:
        """Return the length at which a round dirties exactly what it sends, seconds: rounds become no shorter.

        The longest one, because rounds come from above; 0 where every round leaves less than it sends, down to `SHORTEST_S`.
        """
        longest = max(self.guest.curve.most_pages, 1.0) * self.page_bytes / self.live_Bps
        lengths = np.geomspace(SHORTEST_S, max(1.01 * longest, 2 * SHORTEST_S), GRID)
        above = np.flatnonzero(self.dirtied(lengths, factor) >= self.sent(lengths))
        if not len(above) or above[-1] == GRID - 1:
            return 0.0
        low, high = float(lengths[above[-1]]), float(lengths[above[-1] + 1])
        for _ in range(HALVINGS):
            middle = np.array([0.5 * (low + high)])
            low, high = (float(middle[0]), high) if self.dirtied(middle, factor)[0] >= self.sent(middle)[0] else (low, float(middle[0]))
        return low

    def goal_pages(self) -> float | None:
        """Return how few dirty pages let the guest be stopped; None where the policy has no such number."""
        policy = self.cluster.policy
        if policy.name in {"vm2000", "simgrid"}:
            return policy.stop_goal_s * self.live_Bps / self.page_bytes
        if policy.name == "qemu":
            return policy.downtime_limit_s * self.live_Bps / self.page_bytes
        return policy.few_pages or None

    def chain(self, most: int) -> list[tuple[float, float]]:
        """Return length and pages left of round 1, 2, ... as the policy would have them, at most so many; none where it is not foretold."""
        policy, goal = self.cluster.policy, self.goal_pages() or 0.0
        if policy.name in UNCHARTED or policy.skips or policy.max_rounds < 1 or not self.guest.runs:
            return []
        length, since_first, found = self.first_s, 0.0, list[tuple[float, float]]()
        limit_s = float(chase_deadline(policy, 0.0, length))
        while len(found) < min(most, policy.max_rounds):
            left = float(self.dirtied(np.array([length]))[0])
            found.append((length, left))
            length = left * self.page_bytes / self.live_Bps
            since_first += length
            if left <= goal or since_first > limit_s or length < SHORTEST_S:
                break
        return found


def _activity(guest: Guest, at_s: float) -> float:
    if not guest.runs:
        return 0.0
    bursts, level = guest.load.bursts, float(activity_integral(at_s, 1.0, guest.day_curve))
    return level if bursts is None else level * (1.0 + bursts.share * (bursts.factor - 1.0))
