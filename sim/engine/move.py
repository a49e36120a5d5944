"""The bookkeeping of one attempt to migrate a VM: what it may spend, say and draw, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

import simpy

from sim.engine.journal import Line, RoundSent
from sim.engine.network import Route
from sim.engine.world import Unit, Vm, World
from sim.errors import ModelError
from sim.model.activity import activity_integral, round_noise
from sim.model.dirtying import dirtied, tracked_activity
from sim.model.draws import Real, address
from sim.scenario.point import Cost, Step
from sim.vm2000.catalogue import RANKS, Message, Recipient
from sim.vm2000.states import GONE, SETUP_MIGR, while_migrating


class Move:
    """One attempt of /MIGRATE-VM.

    Args:
        world: the replication.
        vm: the VM.
        target: the SU to which it goes.
        step: the step of the plan that it belongs to.
        migration: which of the VM's migrations it is, 1, 2, ..., in the order in which the steps of the plan wanted them.
        attempt: 1, 2, ...
        due_s: when the plan wanted to give the command, seconds.
    """

    def __init__(self, world: World, vm: Vm, target: Unit, step: Step, migration: int, attempt: int, due_s: float) -> None:
        self.world, self.vm, self.source, self.target, self.step, self.attempt = world, vm, vm.unit, target, step, attempt
        self.env = world.env
        self.guest = vm.guest
        self.index = self.index_there = vm.unit.indexes[vm.name]
        self.cluster = world.site.clusters[self.source.spec.cluster]
        self.costs = self.cluster.costs
        self.streams = vm.guest.streams
        self.at = address(migration, attempt)
        self.page_bytes = world.site.page_bytes(self.cluster)
        self.due_s = due_s
        self.command_s = self.env.now
        self.started_s: float | None = None
        self.set_up_s: float | None = None
        self.copied_s = 0.0
        self.stopped_s: float | None = None
        self.resumed_s: float | None = None
        self.ended_s: float | None = None
        self.handshake_s: float | None = None
        self.stopped_round_s: float | None = None
        self.readings = 0
        self.read_at = 0.0
        self.exposure = 0.0
        self.cut = False
        self.rounds = 0
        self.sent_pages = 0.0
        self.sent_bytes = 0.0
        self.final_pages: float | None = None
        self.detached: tuple[str, ...] = ()
        self.outcome = "not-started"
        self.reason: str | None = None
        self._said = -1
        self._ranks = RANKS[self.source.spec.su_type]
        self.level = world.lane.factor(self.streams.level, self.at, vm.guest.load.spread_sigma)
        self.route = self._route()

    def _route(self) -> Route:
        """Return the way of the memory, with this migration's variation of the throughput."""
        cluster, source, target = self.cluster, self.source.spec, self.target.spec
        link = self.world.site.links[source.link]
        varied = self.world.lane.factor(self.streams.throughput, self.at, cluster.throughput_sigma)
        return Route(
            source=source.name,
            target=target.name,
            direction=(link.name, source.server, target.server),
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
            lines.append(Line(time_s, message, self.vm.name, self.source.name, self.target.name, {**named, **inserts}))

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
            self.level * activity_integral(since, duration, guest.course, bursts, vm.burst_shift, lambda slot: lane.uniform(stream, slot))
        )

    def reads_bitmap(self) -> None:
        """Read and clear the dirty bitmap: what is written from now on belongs to the next set."""
        self.readings += 1
        self.read_at = self.env.now

    def dirty(self) -> float:
        """Return the distinct pages that the guest has dirtied since its bitmap was read.

        Later calls after the same reading give as many or more: they use the same draws.
        """
        guest, lane, at = self.guest, self.world.lane, self.at | self.readings
        load, duration = guest.load, self.env.now - self.read_at
        exposure: Real = self.activity(self.read_at, duration)
        if load.jitter:
            exposure = exposure * round_noise(load.jitter, duration, lane.normal(self.streams.noise, at))
        if not load.tracked and self.cluster.fault_cost_s:
            exposure = tracked_activity(guest.curve, exposure, self.cluster.fault_cost_s / guest.spec.cpus)
        self.exposure = float(exposure)
        return float(dirtied(guest.curve, exposure, lane.normal(self.streams.pages, at)))

    def sends(self, *, marked: float, sent: float, size: float, live: bool, began: float) -> None:
        """Book a round.

        Args:
            marked: dirty pages at its start.
            sent: pages sent.
            size: bytes sent, those of a page that was cut in the middle too.
            live: whether the guest ran.
            began: when it began, seconds.

        Raises:
            ModelError: more was sent than was marked, or marked than was ever touched.
        """
        if not 0.0 <= sent <= marked <= self.guest.spec.touched_pages:
            raise ModelError(f"VM {self.vm.name}: {sent} pages sent of {marked} marked and {self.guest.spec.touched_pages} touched")
        self.sent_pages += sent
        self.sent_bytes += size
        self.rounds += live
        journal = self.world.journal.rounds
        if journal is not None:
            number, duration = self.rounds + (not live), self.env.now - began
            journal.append(RoundSent(self.vm.name, self.step.name, self.attempt, number, live, marked, sent, began, duration))

    def begins(self) -> None:
        """Start the asynchronous part: the total runs from here, the source displays (MIGR)."""
        self.started_s = self.env.now
        self.world.shows(self.source, self.vm, while_migrating(self.vm.display))

    def takes_place(self) -> bool:
        """Occupy memory and an index on the target; say whether there was room."""
        spec = self.guest.spec
        if spec.memory_bytes > self.target.free_bytes:
            return False
        self.index_there = self.target.hold(self.vm.name, spec.memory_bytes, spec.index)
        self.world.shows(self.target, self.vm, SETUP_MIGR)
        return True

    def gives_place_back(self) -> None:
        """Remove the VM from the target again; the source displays what it did before."""
        if self.vm.name in self.target.held:
            self.world.shows(self.target, self.vm, GONE)
            self.target.release(self.vm.name)
        self.world.shows(self.source, self.vm, self.vm.display)

    def suspends(self) -> None:
        """Stop the guest: the downtime runs from here, and what it dirtied last is the final set."""
        if self.guest.runs:
            self.handshake_s = self.env.now - self.copied_s
            self.final_pages = self.dirty() if self.readings else self.guest.spec.touched_pages
        self.stopped_s = self.env.now
        self.vm.stop()

    def resumes(self) -> None:
        """Let the VM live on the target; the downtime ends."""
        self.vm.arrive(self.target)
        self.resumed_s = self.env.now
        self.world.shows(self.target, self.vm, self.vm.display)

    def leaves_source(self) -> None:
        """Delete the VM on the source; its memory is free after a while."""
        name, source = self.vm.name, self.source
        self.world.shows(source, self.vm, GONE)
        size, release = source.release(name), self.costs.memory_release
        if release.median_s:
            source.freeing += size
            self.spends(release, self.streams.memory_release).callbacks.append(lambda _: setattr(source, "freeing", source.freeing - size))

    def ends(self, outcome: str, reason: str | None = None) -> None:
        """Close the books."""
        self.outcome, self.reason, self.ended_s = outcome, reason, self.env.now
