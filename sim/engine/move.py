"""The bookkeeping of one attempt to migrate a VM: what it may spend and say, where it has got to, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import simpy

from sim.engine.journal import Line, RoundSent
from sim.engine.network import Break, Route
from sim.engine.site import Guest, Streams
from sim.engine.tracking import Tracking
from sim.engine.unit import Unit
from sim.engine.vm import Vm
from sim.engine.world import World
from sim.errors import ModelError
from sim.model.draws import address
from sim.model.load import PAGE
from sim.scenario.point import Cluster, Cost, Costs, Step
from sim.vm2000.catalogue import RANKS, Message, Recipient, check_order
from sim.vm2000.devices import DeviceSet
from sim.vm2000.monjv import JobVariable, Status
from sim.vm2000.records import AccountingRecord, EventKind
from sim.vm2000.states import GONE, SETUP_MIGR, while_migrating

# Where a migration can be broken off; the check looks at the end, and a roll-back ends what it has begun.
BREAKABLE = frozenset({"set-up", "pre-copy", "stop", "clean-up"})
_STATUS = {
    "completed": Status.ENDED,
    "completed-with-warnings": Status.ENDED_WITH_WARNINGS,
    "rejected": Status.REJECTED,
    "aborted": Status.ABORTED,
    "lost": Status.ABORTED,
}


@dataclass(slots=True, eq=False)
class Move:
    """One attempt of /MIGRATE-VM: times are seconds since 00:00 of the first day, None until they are reached.

    Args:
        world: the replication.
        vm: the VM.
        target: the SU to which it goes.
        step: the step of the plan that it belongs to; one of its own for an operator's command.
        migration: which of the VM's migrations it is, to address its draws.
        attempt: 1, 2, ...; 0 for one that was not tried.
        due_s: when the plan wanted to give the command.
        console: the SU at whose console an operator gave the command; "" for the plan.
        command: the command as it was typed; "" for the plan's.
        job: the job variable that monitors it, whether or not the command names one.
        runs: whether the guest runs.
        gib: memory, GiB.
        phase: check, set-up, pre-copy, stop, clean-up, roll-back, over.
        process: the SimPy process that carries it out.
        command_s: when the command was given.
        started_s, set_up_s, copied_s, stopped_s, resumed_s, ended_s: ends of the check, the set-up, the pre-copy without handshake,
            the handshake, the stop, the clean-up or roll-back.
        handshake_s, stopped_round_s: durations, seconds.
        back_s: when the guest went on on the source after a break while it was stopped.
        index, index_there: VM index on the source and on the target.
        tracking: the dirty bitmap.
        cut: whether a round was cut at the chase limit.
        rounds, sent_pages, sent_bytes, final_pages, final_bytes: what was sent.
        delivered: whether the target has all of the guest's memory.
        devices: devices that the VM has at the check.
        detached: devices that the migration detached.
        warning: of `sim.columns.REASONS`, why it is completed with warnings; None without.
        decided: the choice of `after_suspend` that decided who goes on; None where it did not have to.
        outcome, reason: of `sim.columns`.
    """

    world: World
    vm: Vm
    target: Unit
    step: Step
    migration: int
    attempt: int
    due_s: float
    console: str = ""
    command: str = ""
    job: JobVariable = field(default_factory=lambda: JobVariable(""))
    env: simpy.Environment = field(init=False)
    source: Unit = field(init=False)
    cluster: Cluster = field(init=False)
    costs: Costs = field(init=False)
    streams: Streams = field(init=False)
    route: Route = field(init=False)
    at: int = field(init=False)
    page_bytes: float = field(init=False)
    runs: bool = field(init=False)
    gib: float = field(init=False)
    index: int = field(init=False)
    index_there: int = field(init=False)
    command_s: float = field(init=False)
    tracking: Tracking = field(init=False)
    devices: DeviceSet = field(init=False)
    phase: str = "check"
    process: simpy.Process | None = None
    started_s: float | None = None
    set_up_s: float | None = None
    copied_s: float = 0.0
    stopped_s: float | None = None
    resumed_s: float | None = None
    ended_s: float | None = None
    handshake_s: float | None = None
    stopped_round_s: float | None = None
    back_s: float | None = None
    cut: bool = False
    rounds: int = 0
    sent_pages: float = 0.0
    sent_bytes: float = 0.0
    final_pages: float | None = None
    final_bytes: float = 0.0
    delivered: bool = False
    detached: tuple[str, ...] = ()
    warning: str | None = None
    decided: str | None = None
    outcome: str = "not-started"
    reason: str | None = None
    _said: int = -1
    _ranks: dict[Message, int] = field(init=False)
    _lines: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.env, self.source, self.streams = self.world.env, self.vm.unit, self.vm.guest.streams
        self.cluster = self.world.cluster_of(self.source)
        self.costs = self.cluster.costs
        self.runs, self.gib, self.devices = self.vm.runs, self.vm.guest.gib, self.vm.devices
        self.index = self.index_there = self.vm.index
        self.at = address(self.migration, self.attempt)
        self.page_bytes = self.world.site.page_bytes(self.cluster)
        self.command_s = self.env.now
        lane = self.world.lane
        level = lane.factor(self.streams.level, self.at, self.guest.load.spread_sigma)
        self.tracking = Tracking(self.vm, self.cluster, lane, self.migration, self.attempt, level)
        self.route = self._route()
        self._ranks = RANKS[self.source.spec.su_type]

    def _route(self) -> Route:
        """Return the way of the memory, with this migration's variation of the throughput."""
        varied = self.world.lane.factor(self.streams.throughput, self.at, self.cluster.throughput_sigma)
        link = self.world.site.links[self.source.spec.link]
        return Route.between(self.source.spec, self.target.spec, link, self.cluster, varied)

    @property
    def guest(self) -> Guest:
        """The VM of the point, prepared."""
        return self.vm.guest

    @property
    def readings(self) -> int:
        """How often the dirty bitmap was read."""
        return self.tracking.readings

    @property
    def round_trip_s(self) -> float:
        """Round trip time of the link, seconds."""
        return self.world.site.links[self.source.spec.link].round_trip_s

    @property
    def under_way(self) -> bool:
        """Whether both SUs show it: from the end of the check to the last message."""
        return self.phase not in {"check", "over"}

    def enters(self, phase: str) -> None:
        """Go on to another phase."""
        self.phase = phase
        for listener in list(self.world.on_phase):  # one that has heard enough takes itself off the list
            listener(self)

    def break_off(self, why: Break) -> bool:
        """Interrupt the migration; say whether that could be done in its phase."""
        if self.phase not in BREAKABLE or self.process is None:
            return False
        self.world.network.stop(self.process)
        # No second interrupt before this one has arrived.
        self.phase = f"broken in {self.phase}"
        self.process.interrupt(why)
        return True

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
        """Print a message with the time at which it was due; the consoles of an SU that is down show nothing."""
        if not self._heard(message):
            return
        rank = self._ranks.get(message)
        if rank is None or rank < self._said:
            raise ModelError(f"VM {self.vm.name}: message '{message.id} {message.text}' is out of the order of a migration")
        self._said = rank
        lines = self.world.journal.lines
        if lines is not None:
            index = self.index_there if Recipient.TARGET in message.recipients else self.index
            named = {"index": index, "vm": self.vm.name, "source": self.source.name, "target": self.target.name}
            self._lines.append(message)
            lines.append(Line(time_s, message, self.vm.name, self.source.name, self.target.name, {**named, **inserts}, self.console))

    def notes(self, message: Message) -> None:
        """Count a message as its first that a console has printed for it already."""
        self._said = self._ranks[message]
        if self.world.journal.lines is not None:
            self._lines.append(message)

    def has_said(self, message: Message) -> bool:
        """Say whether a message was printed, or one that comes after it."""
        return self._ranks[message] <= self._said

    def _heard(self, message: Message) -> bool:
        if self.source.up and self.target.up:
            return True
        dead = {Recipient.SOURCE, Recipient.SOURCE_ADMINS, Recipient.CALLER} if not self.source.up else set()
        dead |= {Recipient.TARGET, Recipient.TARGET_ADMINS} if not self.target.up else set()
        return not dead.issuperset(message.recipients)

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

    def reads_bitmap(self) -> None:
        """Read and clear the dirty bitmap: what is written from now on belongs to the next set."""
        self.tracking.reads_bitmap(self.env.now)

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
        most = self.guest.spec.touched_pages if self.tracking.qemu is None else self.guest.spec.memory_bytes / PAGE
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
        # What an operator may have changed while the check ran.
        self.runs, self.gib = self.vm.runs, self.vm.guest.gib
        self.job.becomes(Status.RUNNING)
        self.enters("set-up")
        self.world.shows(self.source, self.vm, while_migrating(self.vm.display))

    def takes_place(self) -> bool:
        """Occupy memory and an index on the target; say whether there was room."""
        size = self.guest.spec.memory_bytes
        if not self.target.has_place(size):
            return False
        self.index_there = self.target.hold(self.vm.name, size, self.index)
        self.world.shows(self.target, self.vm, SETUP_MIGR)
        return True

    def gives_place_back(self) -> None:
        """Remove the VM from the target again; the source displays what it did before."""
        if self.target.memory.has(self.vm.name):
            self._deletes(self.target)
        self.world.shows(self.source, self.vm, self.vm.display)

    def suspends(self) -> None:
        """Stop the guest: the downtime runs from here, and what it dirtied last is the final set."""
        if self.runs:
            self.handshake_s = self.env.now - self.copied_s
            self.final_pages, self.final_bytes = self.tracking.final_set(self.env.now, self.page_bytes)
        self.stopped_s = self.env.now
        self.enters("stop")
        self.vm.stop()
        if self.runs:
            self.source.logs(EventKind.PAUSED, self.vm.name, self.env.now)

    def resumes(self) -> None:
        """Let the VM live on the target; the downtime ends."""
        self.vm.arrive(self.target, self.env.now)
        self.resumed_s = self.env.now
        self.enters("clean-up")
        self.world.shows(self.target, self.vm, self.vm.display)
        self.target.logs(EventKind.CREATED, self.vm.name, self.env.now)

    def resumes_at_home(self) -> None:
        """Let the VM go on living on the source, after a break while it was stopped."""
        self.vm.resume_at_home()
        self.back_s = self.env.now

    def leaves_source(self) -> None:
        """Delete the VM on the source, with what the SE Manager logs of it and the accounting record.

        Source: SE server whitepaper: Messages in the Event logging of the SE Manager; VM2000 User Guide: Accounting in VM2000.
        """
        self._deletes(self.source)
        if not self.source.up:  # an SU that is down reports nothing and writes nothing
            return
        now, name, size = self.env.now, self.vm.name, self.guest.spec.memory_bytes
        if not self.source.is_390:
            self.source.logs(EventKind.DEACTIVATED, name, now)
        self.source.logs(EventKind.DELETED, name, now)
        self.source.accounting.append(AccountingRecord(now, self.index, name, self.vm.arrived_s(self.source.name), now, size))

    def _deletes(self, unit: Unit) -> None:
        """Delete the VM on an SU; its memory is free at once (/390) or after a while (x86)."""
        self.world.shows(unit, self.vm, GONE)
        release, after_s = self.costs.memory_release, 0.0
        if release.median_s:
            after_s = release.median_s * self.world.lane.factor(self.streams.memory_release, self.at, release.sigma)
        unit.release(self.vm.name, self.env, after_s)

    def ends(self, outcome: str, reason: str | None = None) -> None:
        """Close the books."""
        self.outcome, self.reason, self.ended_s = outcome, reason, self.env.now
        if outcome != "not-started":
            self.job.becomes(_STATUS[outcome])
        self.enters("over")
