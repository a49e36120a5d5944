"""Networks and monitor CPUs as fluids: transfers that share them run at max-min fair rates."""

from __future__ import annotations

from collections.abc import Generator, Hashable
from dataclasses import dataclass, field
from typing import Any

import simpy

from sim.errors import ModelError
from sim.model.throughput import Demand, fair_rates, lone_rate

NEVER = float("inf")  # also a rate that limits nothing
RERATED = "another transfer began or ended"  # cause of the interrupt that wakes a transfer whose rate changed


@dataclass(frozen=True, slots=True)
class Route:
    """The way of one migration's memory, with the ceilings of its ends.

    Args:
        source, target: names of the SUs.
        ports: where it leaves and where it enters the network: transfers share a port's capacity, opposite ones do not.
        payload_Bps: what a port carries.
        sender_Bps, receiver_Bps: ceilings of this migration, available share and variation included.
        source_available, target_available: share of each monitor CPU that migrations get, 0..1.
    """

    source: str
    target: str
    ports: tuple[Hashable, Hashable]
    payload_Bps: float
    sender_Bps: float
    receiver_Bps: float
    source_available: float
    target_available: float

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
        process: the process that waits; it is interrupted when the rate changes.
        remaining: bytes still to send at `since`.
        rate: bytes per second since then.
        since: seconds.
    """

    route: Route
    factor: float
    ceiling: float
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
    """

    env: simpy.Environment
    active: list[Transfer] = field(default_factory=list)

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
        """
        env = self.env
        transfer = self._begin(route, size, factor, ceiling_Bps)
        try:
            while True:
                finish = transfer.remaining / transfer.rate
                cut = env.now + finish > until
                try:
                    yield env.timeout(max(0.0, until - env.now) if cut else finish)
                except simpy.Interrupt as change:
                    if change.cause != RERATED:
                        raise
                else:
                    break
            transfer.settle(env.now)
            if not cut:
                transfer.deliver(size)
        finally:
            self.active.remove(transfer)
            self._share()
        return size - transfer.remaining

    def _begin(self, route: Route, size: float, factor: float, ceiling_Bps: float) -> Transfer:
        process = self.env.active_process
        if process is None:
            raise ModelError("a transfer began outside a process")
        ceiling = min(route.rate_alone(factor), ceiling_Bps)
        transfer = Transfer(route, factor, ceiling, process, size, ceiling, self.env.now)
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
                return route.payload_Bps
            if resource == ("cpu", route.source):
                return route.source_available
            if resource == ("cpu", route.target):
                return route.target_available
        raise ModelError(f"nobody uses {resource}")
