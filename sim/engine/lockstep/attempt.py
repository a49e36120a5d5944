"""The bookkeeping of one attempt to migrate a VM, in many replications at once: what it may spend and draw, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sim.engine.site import Guest, Site, Streams
from sim.model.activity import activity_integral, round_noise
from sim.model.dirtying import DirtyCurve, dirtied, linear_pages, tracked_activity
from sim.model.draws import Array, Lanes, RangeDraws, Real, address
from sim.model.load import PAGE
from sim.model.throughput import lone_rate
from sim.scenario.point import Cluster, Cost, Costs, Link, Step, Unit


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What came of an attempt in the replications in which it ended alike.

    Args:
        lanes: replications, as places in the range.
        step: place of the step in the plan.
        vm: name of the VM.
        attempt: 1, 2, ...; 0 for a migration that was not tried.
        source, target: names of the SUs.
        outcome, reason: of `sim.columns`.
        columns: the numbers of `sim.columns.MIGRATIONS` by name, an array with one value a lane or a value that all share; a column
            without a value is missing.
        resumed_s: when the VM lived on the target; None where it never did.
        deleted_s: when it was deleted: on the source when the migration was completed, else on the target.
    """

    lanes: Lanes
    step: int
    vm: str
    attempt: int
    source: str
    target: str
    outcome: str
    reason: str | None
    columns: dict[str, Real]
    resumed_s: Array | None = None
    deleted_s: Array | None = None

    @property
    def ended_s(self) -> Array:
        """When the migration was over, seconds."""
        return np.asarray(self.columns["ended_s"])


@dataclass(frozen=True, slots=True, eq=False)
class RoundRecord:
    """A round in the replications that had it: columns of `sim.columns.ROUNDS`, one value a lane or one for all."""

    lanes: Lanes
    step: int
    vm: str
    attempt: int
    number: Real
    live: bool
    marked_pages: Real
    sent_pages: Real
    began_s: Array
    duration_s: Array


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Rates of the transfers of an attempt, bytes per second: numbers, or arrays where the throughput varies."""

    first: Real
    live: Real
    stopped: Real

    def take(self, chosen: Lanes) -> Rates:
        """Return the rates of some lanes."""
        return Rates(_take(self.first, chosen), _take(self.live, chosen), _take(self.stopped, chosen))


@dataclass(frozen=True, slots=True, eq=False)
class Varied:
    """What differs between the replications of an attempt: arrays over `lanes`, or a number where nothing varies.

    Args:
        lanes: replications, as places in the range.
        level: factor of the load.
        rates: of its transfers.
        burst_shift: by how much the burst slots of the VM are shifted.
    """

    lanes: Lanes
    level: Real
    rates: Rates
    burst_shift: Real

    def take(self, chosen: Lanes) -> Varied:
        """Return some lanes."""
        return Varied(self.lanes[chosen], _take(self.level, chosen), self.rates.take(chosen), _take(self.burst_shift, chosen))

    @staticmethod
    def together(groups: Sequence[Varied], order: Lanes) -> Varied:
        """Return groups of lanes as one, in an order."""

        def joined(values: Sequence[Real]) -> Array:
            wide = [np.broadcast_to(value, group.lanes.shape) for value, group in zip(values, groups, strict=True)]
            return np.concatenate(wide)[order]

        rates = [group.rates for group in groups]
        return Varied(
            lanes=np.concatenate([group.lanes for group in groups])[order],
            level=joined([group.level for group in groups]),
            rates=Rates(
                joined([each.first for each in rates]), joined([each.live for each in rates]), joined([each.stopped for each in rates])
            ),
            burst_shift=joined([group.burst_shift for group in groups]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class RoundDraws:
    """The standard normal draws of a reading of the bitmap: of the pages, and of the noise around the curve."""

    pages: Array
    noise: Real

    def take(self, chosen: Lanes) -> RoundDraws:
        """Return some lanes."""
        return RoundDraws(self.pages[chosen], _take(self.noise, chosen))


NO_DRAWS = RoundDraws(np.empty(0), 0.0)  # before the bitmap was read


@dataclass(slots=True, eq=False)
class Attempt:
    """One attempt of /MIGRATE-VM in all replications that make it at the same place of their plan.

    Args:
        site: the point, prepared.
        draws: of the range of replications.
        guest: the VM.
        source, target: the SUs.
        step: the step of the plan that it belongs to.
        place: place of the step in the plan.
        migration: which of the VM's migrations it is, to address its draws.
        attempt: 1, 2, ...
        rounds: where the rounds are recorded; None while nobody wants them.
    """

    site: Site
    draws: RangeDraws
    guest: Guest
    source: Unit
    target: Unit
    step: Step
    place: int
    migration: int
    attempt: int
    rounds: list[RoundRecord] | None
    at: int = field(init=False)
    cluster: Cluster = field(init=False)
    link: Link = field(init=False)
    costs: Costs = field(init=False)
    streams: Streams = field(init=False)
    curve: DirtyCurve = field(init=False)
    page_bytes: float = field(init=False)

    def __post_init__(self) -> None:
        self.at = address(self.migration, self.attempt)
        self.cluster = self.site.clusters[self.source.cluster]
        self.link = self.site.links[self.source.link]
        self.costs, self.streams = self.cluster.costs, self.guest.streams
        self.curve = self.guest.curve.for_block()
        self.page_bytes = self.site.page_bytes(self.cluster)

    @property
    def memory_pages(self) -> float:
        """Pages of the VM's configured memory."""
        return self.guest.spec.memory_bytes / PAGE

    def factor(self, stream: str, sigma: float, lanes: Lanes) -> Real:
        """Return a lognormal factor with median 1; exactly 1 where sigma is 0, without a draw."""
        if sigma == 0.0:
            return 1.0
        drawn = self.draws.normals(stream, self.at, lanes)
        drawn *= sigma
        return np.exp(drawn, out=drawn)

    def duration(self, cost: Cost, stream: str, lanes: Lanes, times: float = 1.0) -> Real:
        """Return a fixed cost: median x times x lognormal factor, seconds; nothing is drawn for what costs nothing."""
        median = cost.median_s * times
        return median * self.factor(stream, cost.sigma, lanes) if median else 0.0

    def varied(self, lanes: Lanes) -> Varied:
        """Draw what an attempt draws once."""
        cluster, streams, load = self.cluster, self.streams, self.guest.load
        factor = self.factor(streams.throughput, cluster.throughput_sigma, lanes)
        sender = cluster.sender_Bps * self.source.available * factor
        receiver = cluster.receiver_Bps * self.target.available * factor
        payload = self.link.payload_Bps
        rates = Rates(
            lone_rate(payload, cluster.factor_first, sender, receiver),
            lone_rate(payload, cluster.factor_live, sender, receiver),
            lone_rate(payload, cluster.factor_stopped, sender, receiver),
        )
        level = self.factor(streams.level, load.spread_sigma, lanes)
        shift = 0.0 if load.bursts is None else self.draws.uniforms(streams.burst_shift, 0, lanes)
        return Varied(lanes, level, rates, shift)

    def activity(self, of: Varied, since: Array, duration: Real) -> Real:
        """Return the integral of the guest's activity over an interval, before the noise of a round, seconds."""
        bursts, stream, draws = self.guest.load.bursts, self.streams.burst, self.draws

        def burst_draw(slot: int) -> Array:
            return draws.uniforms(stream, slot, of.lanes)

        return of.level * activity_integral(since, duration, self.guest.day_curve, bursts, of.burst_shift, burst_draw)

    def dirty(self, of: Varied, read_at: Array, now: Array, draws: RoundDraws) -> tuple[Real, Real]:
        """Return the distinct pages dirtied since the bitmap was read, and the activity over which they were.

        Later calls after the same reading give as many or more: they use the same draws.
        """
        exposure = self.exposed(of, read_at, now, draws)
        if self.cluster.policy.linear:
            return linear_pages(self.curve, exposure), exposure
        return dirtied(self.curve, exposure, draws.pages), exposure

    def exposed(self, of: Varied, read_at: Array, now: Array, draws: RoundDraws, slowdown: Real = 1.0) -> Real:
        """Return the activity over which the guests dirtied pages since the bitmap was read, seconds."""
        guest, load, duration = self.guest, self.guest.load, now - read_at
        exposure = self.activity(of, read_at, duration) * slowdown
        if self.cluster.policy.linear:
            return exposure
        if load.jitter:
            exposure = exposure * round_noise(load.jitter, duration, draws.noise)
        if not load.tracked and self.cluster.fault_cost_s:
            exposure = tracked_activity(self.curve, exposure, self.cluster.fault_cost_s / guest.spec.cpus)
        return exposure

    def round_draws(self, reading: int, lanes: Lanes) -> RoundDraws:
        """Return the draws that belong to a reading of the bitmap; nothing is drawn where dirtying is linear."""
        if self.cluster.policy.linear:
            return RoundDraws(np.zeros(len(lanes)), 0.0)
        at = address(self.migration, self.attempt, reading)
        noise = self.draws.normals(self.streams.noise, at, lanes) if self.guest.load.jitter else 0.0
        return RoundDraws(self.draws.normals(self.streams.pages, at, lanes), noise)

    def record(self, lanes: Lanes, outcome: str, reason: str | None, columns: dict[str, Real], **instants: Array) -> Record:
        """Return what came of the attempt in some replications."""
        of, source, target = self.guest.spec.name, self.source.name, self.target.name
        return Record(lanes, self.place, of, self.attempt, source, target, outcome, reason, columns, **instants)

    def books_round(self, lanes: Lanes, number: Real, marked: Real, sent: Real, began: Array, now: Array, *, live: bool) -> None:
        """Record a round, if anybody wants it."""
        if self.rounds is not None:
            of = self.guest.spec.name
            self.rounds.append(RoundRecord(lanes, self.place, of, self.attempt, number, live, marked, sent, began, now - began))


def _take(values: Real, chosen: Lanes) -> Real:
    return values[chosen] if isinstance(values, np.ndarray) else values
