"""The bookkeeping of one attempt to migrate a VM: what it may spend, say and draw, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import simpy

from sim.engine.journal import Line, RoundSent
from sim.engine.network import Route
from sim.engine.site import Guest, Streams, ports
from sim.engine.world import Unit, Vm, World
from sim.errors import ModelError
from sim.model.activity import activity_integral, round_noise
from sim.model.dirtying import dirtied, linear_pages, tracked_activity
from sim.model.draws import Real, address
from sim.model.load import PAGE
from sim.model.qemu import Source
from sim.scenario.point import Cluster, Cost, Costs, Step
from sim.vm2000.catalogue import RANKS, Message, Recipient, check_order
from sim.vm2000.states import GONE, SETUP_MIGR, while_migrating


@dataclass(slots=True, eq=False)
class Move:
    """One attempt of /MIGRATE-VM: times are seconds since 00:00 of the first day, None until they are reached.

    Args:
        world: the replication.
        vm: the VM.
        target: the SU to which it goes.
        step: the step of the plan that it belongs to.
        migration: which of the VM's migrations it is, counted by the steps that wanted one, to address its draws.
        attempt: 1, 2, ...; 0 for one that was not tried.
        due_s: when the plan wanted to give the command.
        command_s: when it was given.
        started_s, set_up_s, copied_s, stopped_s, resumed_s, ended_s: ends of the check, the set-up, the pre-copy without handshake,
            the handshake, the stop, the clean-up or roll-back.
        handshake_s, stopped_round_s: durations, seconds.
        index, index_there: VM index on the source and on the target.
        readings: how often the dirty bitmap was read, `read_at` when last.
        exposure: activity over which the pages of the last reading were dirtied, seconds.
        cut: whether a round was cut at the chase limit.
        rounds, sent_pages, sent_bytes, final_pages, final_bytes: what was sent.
        qemu: the source side of a cluster that migrates as QEMU does; None under every other policy.
        detached: devices that the migration detached.
        outcome, reason: of `sim.columns`.
    """

    world: World
    vm: Vm
    target: Unit
    step: Step
    migration: int
    attempt: int
    due_s: float
    env: simpy.Environment = field(init=False)
    guest: Guest = field(init=False)
    source: Unit = field(init=False)
    cluster: Cluster = field(init=False)
    costs: Costs = field(init=False)
    streams: Streams = field(init=False)
    route: Route = field(init=False)
    at: int = field(init=False)
    level: float = field(init=False)
    page_bytes: float = field(init=False)
    index: int = field(init=False)
    index_there: int = field(init=False)
    command_s: float = field(init=False)
    started_s: float | None = None
    set_up_s: float | None = None
    copied_s: float = 0.0
    stopped_s: float | None = None
    resumed_s: float | None = None
    ended_s: float | None = None
    handshake_s: float | None = None
    stopped_round_s: float | None = None
    readings: int = 0
    read_at: float = 0.0
    exposure: float = 0.0
    cut: bool = False
    rounds: int = 0
    sent_pages: float = 0.0
    sent_bytes: float = 0.0
    final_pages: float | None = None
    final_bytes: float = 0.0
    qemu: Source | None = None
    detached: tuple[str, ...] = ()
    outcome: str = "not-started"
    reason: str | None = None
    _said: int = -1
    _ranks: dict[Message, int] = field(init=False)
    _lines: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.env, self.guest, self.source = self.world.env, self.vm.guest, self.vm.unit
        self.cluster = self.world.site.clusters[self.source.spec.cluster]
        self.costs, self.streams = self.cluster.costs, self.guest.streams
        self.index = self.index_there = self.source.indexes[self.vm.name]
        self.at = address(self.migration, self.attempt)
        self.page_bytes = self.world.site.page_bytes(self.cluster)
        self.command_s = self.env.now
        self.level = self.world.lane.factor(self.streams.level, self.at, self.guest.load.spread_sigma)
        self.route = self._route()
        self._ranks = RANKS[self.source.spec.su_type]

    def _route(self) -> Route:
        """Return the way of the memory, with this migration's variation of the throughput."""
        cluster, source, target = self.cluster, self.source.spec, self.target.spec
        link = self.world.site.links[source.link]
        varied = self.world.lane.factor(self.streams.throughput, self.at, cluster.throughput_sigma)
        return Route(
            source=source.name,
            target=target.name,
            ports=ports(source, target),
            payload_Bps=link.payload_Bps,
            sender_Bps=cluster.sender_Bps * source.available * varied,
            receiver_Bps=cluster.receiver_Bps * target.available * varied,
            source_available=source.available,
            target_available=target.available,
        )

    @property
    def round_trip_s(self) -> float:
        """Round trip time of the link, seconds."""
        return self.world.site.links[self.source.spec.link].round_trip_s

    def spends(self, cost: Cost, stream: str, times: float = 1.0) -> simpy.Timeout:
        """Return the event that ends a fixed cost: median x times x lognormal factor."""
        return self.env.timeout(cost.median_s * times * self.world.lane.factor(stream, self.at, cost.sigma))

    def says(self, message: Message, **inserts: object) -> None:
        """Print a message.

        Raises:
            ModelError: it does not belong to this SU type, or comes before one that had to follow it.
        """
        self.says_at(self.env.now, message, **inserts)

    def says_at(self, time_s: float, message: Message, **inserts: object) -> None:
        """Print a message with the time at which it was due."""
        rank = self._ranks.get(message)
        if rank is None or rank < self._said:
            raise ModelError(f"VM {self.vm.name}: message '{message.id} {message.text}' is out of the order of a migration")
        self._said = rank
        lines = self.world.journal.lines
        if lines is not None:
            index = self.index_there if Recipient.TARGET in message.recipients else self.index
            named = {"index": index, "vm": self.vm.name, "source": self.source.name, "target": self.target.name}
            self._lines.append(message)
            lines.append(Line(time_s, message, self.vm.name, self.source.name, self.target.name, {**named, **inserts}))

    def check_lines(self) -> None:
        """Check that what was recorded is a whole migration in the order of the protocol.

        Raises:
            ModelError: a line is missing, out of order, or there twice.
        """
        if self._lines:
            check_order(self.source.spec.su_type, self._lines)

    def says_each(self, message: Message, devices: Sequence[str], since: float) -> None:
        """Print a message for each device, one by one over the time since `since`, the last one now."""
        if self.world.journal.lines is None:
            devices = devices[-1:]  # the order of messages is checked all the same
        for place, device in enumerate(devices, start=1):
            due = since + (self.env.now - since) * (place / len(devices))
            self.says_at(min(due, self.env.now), message, device=device)  # the sum can be a bit off: nothing is printed in the future

    def activity(self, since: float, duration: float) -> float:
        """Return the integral of the guest's activity over an interval, before the noise of a round, seconds."""
        guest, lane, vm = self.guest, self.world.lane, self.vm
        bursts, stream = guest.load.bursts, self.streams.burst
        return float(
            self.level
            * activity_integral(since, duration, guest.day_curve, bursts, vm.burst_shift, lambda slot: lane.uniform(stream, slot))
        )

    def reads_bitmap(self) -> None:
        """Read and clear the dirty bitmap: what is written from now on belongs to the next set."""
        self.readings += 1
        self.read_at = self.env.now

    def dirty(self) -> float:
        """Return the distinct pages that the guest has dirtied since its bitmap was read.

        Later calls after the same reading give as many or more: they use the same draws.
        """
        self.exposure = self._exposed()
        if self.cluster.policy.linear:
            return float(linear_pages(self.guest.curve, self.exposure))
        return float(dirtied(self.guest.curve, self.exposure, self._pages_draw()))

    def reads_dirty_log(self) -> None:
        """Let QEMU on the source read the bitmap: what the guest dirtied since the last reading waits to be sent too."""
        source, now = self.qemu, np.array([self.env.now])
        if source is None:
            raise ModelError(f"VM {self.vm.name}: the dirty log is read, but its cluster does not migrate as QEMU does")
        exposure = self._exposed(float(source.slowdown[0]))
        source.sync(np.zeros(1, dtype=np.intp), np.array([exposure]), now, np.array([self._pages_draw()]))

    def _exposed(self, slowdown: float = 1.0) -> float:
        """Return the activity over which the guest dirtied pages since its bitmap was read, seconds."""
        guest, load, duration = self.guest, self.guest.load, self.env.now - self.read_at
        exposure: Real = self.activity(self.read_at, duration) * slowdown
        if self.cluster.policy.linear:
            return float(exposure)
        if load.jitter:
            at = address(self.migration, self.attempt, self.readings)
            exposure = exposure * round_noise(load.jitter, duration, self.world.lane.normal(self.streams.noise, at))
        if not load.tracked and self.cluster.fault_cost_s:
            exposure = tracked_activity(guest.curve, exposure, self.cluster.fault_cost_s / guest.spec.cpus)
        return float(exposure)

    def _pages_draw(self) -> float:
        """Return the draw of the pages that are dirtied from the last reading of the bitmap to the next."""
        return self.world.lane.normal(self.streams.pages, address(self.migration, self.attempt, self.readings))

    def sends(self, *, marked: float, sent: float, size: float, live: bool, began: float) -> None:
        """Book a round.

        Args:
            marked: dirty pages at its start.
            sent: pages sent.
            size: bytes sent, those of a page that was cut in the middle too.
            live: whether the guest ran.
            began: when it began, seconds.

        Raises:
            ModelError: more was sent than was marked, or marked than there is to send.
        """
        # QEMU looks at every page of the memory, and sends a few bytes for one that holds zeros.
        most = self.guest.spec.touched_pages if self.qemu is None else self.guest.spec.memory_bytes / PAGE
        if self.cluster.policy.linear:  # what it may write is a number of its own there, whatever was touched before
            most = max(most, self.guest.curve.most_pages)
        if not 0.0 <= sent <= marked <= most:
            raise ModelError(f"VM {self.vm.name}: {sent} pages sent of {marked} marked and {most} in all")
        self.sent_pages += sent
        self.sent_bytes += size
        self.rounds += live and sent > 0.0  # a round that sends no page is none
        journal = self.world.journal.rounds
        if journal is not None:
            number, duration = self.readings + (not live), self.env.now - began
            journal.append(RoundSent(self.vm.name, self.step.name, self.attempt, number, live, marked, sent, began, duration))

    def begins(self) -> None:
        """Start the asynchronous part: the total runs from here, the source displays (MIGR)."""
        self.started_s = self.env.now
        self.world.shows(self.source, self.vm, while_migrating(self.vm.display))

    def takes_place(self) -> bool:
        """Occupy memory and an index on the target; say whether there was room."""
        size = self.guest.spec.memory_bytes
        if size > self.target.free_bytes or not self.target.has_free_index:
            return False
        self.index_there = self.target.hold(self.vm.name, size, self.index)
        self.world.shows(self.target, self.vm, SETUP_MIGR)
        return True

    def gives_place_back(self) -> None:
        """Remove the VM from the target again; the source displays what it did before."""
        if self.vm.name in self.target.held:
            self._deletes(self.target)
        self.world.shows(self.source, self.vm, self.vm.display)

    def suspends(self) -> None:
        """Stop the guest: the downtime runs from here, and what it dirtied last is the final set."""
        if self.guest.runs:
            self.handshake_s = self.env.now - self.copied_s
            self.final_pages, self.final_bytes = self._final_set()
        self.stopped_s = self.env.now
        self.vm.stop()

    def _final_set(self) -> tuple[float, float]:
        """Return the pages that are left to send when the guest stops, and their bytes."""
        if self.qemu is not None:
            self.reads_dirty_log()
            pages, size = self.qemu.final_set()
            return float(pages[0]), float(size[0])
        left = self.dirty() if self.readings else self.guest.spec.touched_pages
        return left, left * self.page_bytes

    def resumes(self) -> None:
        """Let the VM live on the target; the downtime ends."""
        self.vm.arrive(self.target)
        self.resumed_s = self.env.now
        self.world.shows(self.target, self.vm, self.vm.display)

    def leaves_source(self) -> None:
        """Delete the VM on the source."""
        self._deletes(self.source)

    def _deletes(self, unit: Unit) -> None:
        """Delete the VM on an SU; its memory is free at once (/390) or after a while (x86)."""
        self.world.shows(unit, self.vm, GONE)
        size, release = unit.release(self.vm.name), self.costs.memory_release
        if release.median_s:
            unit.freeing += size
            self.spends(release, self.streams.memory_release).callbacks.append(lambda _: unit.frees(size))

    def ends(self, outcome: str, reason: str | None = None) -> None:
        """Close the books."""
        self.outcome, self.reason, self.ended_s = outcome, reason, self.env.now
