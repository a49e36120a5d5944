"""Networks and monitor CPUs as fluids: transfers that share them run at max-min fair rates."""

from __future__ import annotations

from collections.abc import Generator, Hashable
from dataclasses import dataclass, field
from typing import Any

import simpy

from sim.engine.site import ports
from sim.errors import ModelError
from sim.model.throughput import Demand, fair_rates, lone_rate
from sim.scenario.point import Cluster, Link, Unit
from sim.vm2000.catalogue import LINK_LOST, MONITOR_STARVED, Message

NEVER = float("inf")  # also a rate that limits nothing
RERATED = "another transfer began or ended"  # cause of the interrupt that wakes a transfer whose rate changed


@dataclass(slots=True)
class Break:
    """Why a migration cannot go on: the cause of the interrupt that ends it.

    Args:
        reason: of `sim.columns`.
        message: what its consoles are told.
        inserts: of the message.
        sent_bytes: what the transfer that it cut had sent.
    """

    reason: str
    message: Message
    inserts: dict[str, object] = field(default_factory=dict)
    sent_bytes: float = 0.0


class Stalled(Exception):
    """A transfer has made no progress for as long as its cluster waits; `args[0]` is the Break."""


@dataclass(frozen=True, slots=True)
class Route:
    """The way of one migration's memory, with the ceilings of its ends.

    Args:
        source, target: names of the SUs.
        ports: where it leaves and where it enters the network: transfers share a port's capacity, opposite ones do not.
        payload_Bps: what a port carries.
        sender_Bps, receiver_Bps: ceilings of this migration, available share and variation included.
        source_available, target_available: share of each monitor CPU that migrations get, 0..1.
        link: name of the network.
        patience_s: how long a transfer without progress is waited for.
    """

    source: str
    target: str
    ports: tuple[Hashable, Hashable]
    payload_Bps: float
    sender_Bps: float
    receiver_Bps: float
    source_available: float
    target_available: float
    link: str = ""
    patience_s: float = NEVER

    @classmethod
    def between(cls, source: Unit, target: Unit, link: Link, cluster: Cluster, varied: float) -> Route:
        """Return the way from one SU of a cluster to another; `varied` is this migration's factor of both ceilings."""
        return cls(
            source=source.name,
            target=target.name,
            ports=ports(source, target),
            payload_Bps=link.payload_Bps,
            sender_Bps=cluster.sender_Bps * source.available * varied,
            receiver_Bps=cluster.receiver_Bps * target.available * varied,
            source_available=source.available,
            target_available=target.available,
            link=link.name,
            patience_s=cluster.link_patience_s,
        )

    def rate_alone(self, factor: float) -> float:
        """Return the rate of a transfer that shares nothing, bytes per second."""
        return float(lone_rate(self.payload_Bps, factor, self.sender_Bps, self.receiver_Bps))


@dataclass(slots=True, eq=False)
class Transfer:
    """Bytes on their way.

    Args:
        route: where they go.
        factor: phase factor of the sender's ceiling.
        ceiling: rate when nothing is shared, bytes per second.
        most_Bps: what its policy allows.
        process: the process that waits; it is interrupted when the rate changes.
        remaining: bytes still to send at `since`.
        rate: bytes per second since then.
        since: seconds.
    """

    route: Route
    factor: float
    ceiling: float
    most_Bps: float
    process: simpy.Process
    remaining: float
    rate: float
    since: float

    def settle(self, now: float) -> None:
        """Book what was sent since the last change of the rate."""
        self.remaining = max(0.0, self.remaining - self.rate * (now - self.since))
        self.since = now

    def deliver(self, size: float) -> None:
        """Book the end of the transfer.

        Raises:
            ModelError: the rates, added up over time, did not carry what was to be sent.
        """
        if self.remaining > 1e-6 * size + 1.0:  # a byte, and the rounding of clock times
            raise ModelError(f"{self.remaining:.0f} of {size:.0f} bytes from SU {self.route.source} to {self.route.target} got lost")
        self.remaining = 0.0

    def demand(self) -> Demand:
        """Return what one byte per second takes of the link and of the two monitor CPUs."""
        route = self.route
        return Demand(
            self.ceiling,
            {
                route.ports[0]: 1.0,
                route.ports[1]: 1.0,
                ("cpu", route.source): route.source_available / (self.factor * route.sender_Bps),
                ("cpu", route.target): route.target_available / route.receiver_Bps,
            },
        )


@dataclass(slots=True)
class Network:
    """All links and monitor CPUs of a world.

    Args:
        env: the SimPy environment.
        active: transfers under way, in the order in which they began.
        link_left, monitor_left: share that a fault leaves of a network, and of the monitor system's CPU of an SU; all where none is named.
    """

    env: simpy.Environment
    active: list[Transfer] = field(default_factory=list)
    link_left: dict[str, float] = field(default_factory=dict)
    monitor_left: dict[str, float] = field(default_factory=dict)

    def send(
        self, route: Route, size: float, factor: float, until: float = NEVER, ceiling_Bps: float = NEVER
    ) -> Generator[simpy.Event, Any, float]:
        """Send bytes; return how many were sent: all, or fewer when the transfer was cut.

        Args:
            route: where to.
            size: bytes.
            factor: phase factor of the sender's ceiling.
            until: instant at which the transfer is cut, seconds; one that ends exactly then is finished.
            ceiling_Bps: no more than this is sent per second, whatever the route could carry.

        Raises:
            Stalled: it made no progress for as long as its cluster waits.
            simpy.Interrupt: the migration cannot go on; the cause is told what was sent.
        """
        env = self.env
        transfer = self._begin(route, size, factor, ceiling_Bps)
        try:
            while True:
                finish = transfer.remaining / transfer.rate if transfer.rate > 0.0 else NEVER
                patience = NEVER if transfer.rate > 0.0 else transfer.since + route.patience_s - env.now
                cut = env.now + finish > until
                ends = max(0.0, until - env.now) if cut else finish
                try:
                    yield env.timeout(min(ends, patience))
                except simpy.Interrupt as change:
                    if change.cause != RERATED:
                        transfer.settle(env.now)
                        if isinstance(change.cause, Break):
                            change.cause.sent_bytes = size - transfer.remaining
                        raise
                else:
                    break
            transfer.settle(env.now)
            if patience < ends:
                raise Stalled(self._why_stalled(route, size - transfer.remaining))
            if not cut:
                transfer.deliver(size)
        finally:
            if transfer in self.active:
                self.active.remove(transfer)
            self._share()
        return size - transfer.remaining

    def stop(self, process: simpy.Process) -> None:
        """End the transfer of a process that will be interrupted: nobody is to wake it for another rate any more."""
        for transfer in [each for each in self.active if each.process is process]:
            transfer.settle(self.env.now)
            transfer.rate = 0.0
            self.active.remove(transfer)
            self._share()

    def set_link(self, link: str, left: float) -> None:
        """Let a network carry a share of what it should from now on, 0 for none."""
        self.link_left[link] = left
        self._rerate()

    def set_monitor(self, unit: str, left: float) -> None:
        """Let the monitor system of an SU have a share of its CPU from now on, 0 for none."""
        self.monitor_left[unit] = left
        self._rerate()

    def reach(self, route: Route) -> Generator[simpy.Event, Any, None]:
        """Wait until something can be sent on a route at all.

        Raises:
            Stalled: they did not for as long as their cluster waits.
        """
        since = self.env.now
        while self.rate_alone(route, 1.0) == 0.0:
            if self.env.now - since >= route.patience_s:
                raise Stalled(self._why_stalled(route, 0.0))
            # Looked at every second, so that nobody has to know who waits; a link that is back sooner is noticed that much later.
            yield self.env.timeout(min(1.0, since + route.patience_s - self.env.now))

    def rate_alone(self, route: Route, factor: float) -> float:
        """Return the rate of a transfer that shares nothing now, bytes per second."""
        if not self.link_left and not self.monitor_left:
            return route.rate_alone(factor)
        payload = route.payload_Bps * self.link_left.get(route.link, 1.0)
        sender = route.sender_Bps * self.monitor_left.get(route.source, 1.0)
        receiver = route.receiver_Bps * self.monitor_left.get(route.target, 1.0)
        return float(lone_rate(payload, factor, sender, receiver))

    def _why_stalled(self, route: Route, sent_bytes: float) -> Break:
        if self.link_left.get(route.link, 1.0) == 0.0:
            return Break("link-lost", LINK_LOST, {}, sent_bytes)
        starved = next(unit for unit in (route.source, route.target) if self.monitor_left.get(unit, 1.0) == 0.0)
        return Break("monitor-starved", MONITOR_STARVED, {"unit": starved}, sent_bytes)

    def _rerate(self) -> None:
        for transfer in self.active:
            transfer.ceiling = min(self.rate_alone(transfer.route, transfer.factor), transfer.most_Bps)
        self._share()

    def _begin(self, route: Route, size: float, factor: float, ceiling_Bps: float) -> Transfer:
        process = self.env.active_process
        if process is None:
            raise ModelError("a transfer began outside a process")
        ceiling = min(self.rate_alone(route, factor), ceiling_Bps)
        transfer = Transfer(route, factor, ceiling, ceiling_Bps, process, size, ceiling, self.env.now)
        self.active.append(transfer)
        self._share()
        return transfer

    def _share(self) -> None:
        """Give all transfers their fair rates; book and wake those, and only those, whose own rate changed."""
        if not self.active:
            return
        if len(self.active) == 1:
            rates = [self.active[0].ceiling]
        else:
            demands = [transfer.demand() for transfer in self.active]
            used = [resource for demand in demands for resource in demand.uses]
            rates = fair_rates(demands, {resource: self._capacity(resource) for resource in used if used.count(resource) > 1})
        for transfer, rate in zip(self.active, rates, strict=True):
            if rate != transfer.rate:
                transfer.settle(self.env.now)
                transfer.rate = rate
                if transfer.process is not self.env.active_process:
                    transfer.process.interrupt(RERATED)

    def _capacity(self, resource: Hashable) -> float:
        """Return bytes per second of a port, or the share of a monitor CPU that migrations get."""
        for transfer in self.active:
            route = transfer.route
            if resource in route.ports:
                return route.payload_Bps * self.link_left.get(route.link, 1.0)
            if resource == ("cpu", route.source):
                return route.source_available * self.monitor_left.get(route.source, 1.0)
            if resource == ("cpu", route.target):
                return route.target_available * self.monitor_left.get(route.target, 1.0)
        raise ModelError(f"nobody uses {resource}")
