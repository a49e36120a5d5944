"""What a planner writes about the world: networks, SU clusters, loads, VMs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.model.draws import LAST
from sim.scenario.fields import (
    Clock,
    Distance,
    Entry,
    Flag,
    Frequency,
    Lognormal,
    Memory,
    Name,
    Number,
    NumberAbove0,
    Rate,
    RateOr0,
    Share,
    ShareAbove0,
    SizeOrShare,
    Theta,
    Time,
    TimeAbove0,
    TupleReader,
    fault,
    one_of,
    whole,
)

STATES = ("RUNNING", "INIT-ONLY", "DOWN", "IN HOLD", "WAIT(VMA)", "WAIT(SEL)", "WAIT(GLB)", "WAIT(INT)")
WAYS = ("profile", "curve", "working_set", "classes", "sweeps", "zipf")  # of writing a load
TOGETHER = ("classes", "sweeps", "zipf")  # the ways that one load may combine


class NetworkSpec(Entry):
    """A network over which memory moves, usually the private management network MCNPR. Full duplex."""

    preset: Name | None = None
    """A network of the catalogue (mcnpr-1g, mcnpr-10g) that fills in what is not written here."""
    bandwidth: Rate | None = None
    """Bandwidth of one direction. Needed unless a preset gives it. 1 Gbit/s is recommended for VM2000."""
    round_trip: Time | None = None
    """Round trip time. Below 5 ms is recommended."""
    distance: Distance | None = None
    """Length of the line; only for the recommendation of at most 15 km."""
    background: RateOr0 | None = None
    """Other traffic in each direction, taken away from what migrations get."""
    efficiency: ShareAbove0 | None = None
    """Share of the bandwidth that carries memory contents; the rest is protocol."""

    @model_validator(mode="after")
    def _fast(self) -> NetworkSpec:
        if self.bandwidth is None and self.preset is None:
            raise fault("has no bandwidth; write 'bandwidth: 10 Gbit/s' or 'preset: mcnpr-10g'")
        return self


class MonitorSpec(Entry):
    """The monitor VM of an SU."""

    memory: Memory | None = None
    """Its memory; at least 512 MiB on /390 for migrations, at least 1024 MiB on x86."""
    cpus: Annotated[int | None, whole(1, 32)] = None
    """SU /390: its CPUs; a multiprocessor is recommended."""
    available: ShareAbove0 | None = None
    """SU /390: share of the monitor VM that migrations get."""


class X2000Spec(Entry):
    """X2000, which moves the VMs of an SU x86."""

    memory: Memory | None = None
    """What X2000 keeps of the SU's memory."""
    cpus: Annotated[int | None, whole(1, 64)] = None
    """CPUs of X2000; 25 % of the real CPUs, at least 2, in the product."""
    available: ShareAbove0 | None = None
    """Share of X2000 that migrations get."""


class UnitSpec(Entry):
    """A Server Unit (SU)."""

    memory: Memory
    """Main memory of the SU."""
    server: Name | None = None
    """SE server in which the SU stands; by default the first SUs of all clusters stand in one, the second ones in another.
    Transfers over one network share the way out of a server and the way into one."""
    hypervisor: Memory | None = None
    """SU /390: memory of the hypervisor (HYPERVISOR-SIZE)."""
    cpus: Annotated[int | None, whole(1, 64)] = None
    """SU /390: real CPUs; only compared with those of the monitor VM."""
    iocf: Name | None = None
    """SU /390: name of the I/O configuration. A VM that meets another one on the target is shown as RUNNING(DIFF)."""
    monitor: MonitorSpec = MonitorSpec()
    """The monitor VM."""
    x2000: X2000Spec | None = None
    """SU x86: X2000."""


class ParametersSpec(Entry):
    """Numbers of the model that replace those of the SU type's or the policy's profile. `migr profiles` lists the defaults."""

    sender: Rate | None = None
    """What a fully available monitor VM (/390) or X2000 (x86) sends."""
    receiver: Rate | None = None
    """What a fully available monitor VM (/390) or X2000 (x86) receives."""
    factor_first: NumberAbove0 | None = None
    """Share of `sender` that the first round reaches; 1 is all of it."""
    factor_live: NumberAbove0 | None = None
    """Share of `sender` that later live rounds reach."""
    factor_stopped: NumberAbove0 | None = None
    """Share of `sender` that the round with the guest stopped reaches; may exceed 1."""
    throughput_spread: Share | None = None
    """Coefficient of variation of the throughput from migration to migration."""
    page_header_bytes: Annotated[int | None, whole(0, 4096)] = None
    """Bytes that a page costs on the network beyond its 4096."""
    fault_cost: Time | None = None
    """What a newly written page costs the guest while its writes are tracked."""
    check: Lognormal | None = None
    """The synchronous check, before the caller gets control back."""
    setup: Lognormal | None = None
    """Set-up of the VM on the target, constant part."""
    setup_per_gib: Lognormal | None = None
    """Set-up for each GiB of memory reserved."""
    setup_per_device: Lognormal | None = None
    """Set-up for each device assigned."""
    handshake: Lognormal | None = None
    """From the decision to stop to the stop; the guest still runs and writes."""
    state: Lognormal | None = None
    """State of CPUs and devices; the guest stands still."""
    resume: Lognormal | None = None
    """Resume on the target; the guest stands still."""
    cleanup: Lognormal | None = None
    """Clean-up on the source, constant part."""
    cleanup_per_device: Lognormal | None = None
    """Clean-up for each device."""
    rollback: Lognormal | None = None
    """After an abort: until the source is as before."""
    memory_release: Lognormal | None = None
    """From the deletion of a VM until its memory is free."""
    max_rounds: Annotated[int | None, whole(0, LAST)] = None
    """Policy: live rounds after which the guest is stopped; at most 65535, as draws are numbered."""
    few_pages: Annotated[int | None, whole(0, 1_000_000_000)] = None
    """Policy: fewer dirty pages than this end the pre-copy."""
    from_round: Annotated[int | None, whole(1, 1_000_000)] = None
    """Policy: live rounds after which `few_pages` is first looked at."""
    max_memory_factor: NumberAbove0 | None = None
    """Policy: pages sent over the VM's memory above which the pre-copy ends."""
    skips: Flag | None = None
    """Policy: pages that are dirty again before their turn are skipped."""
    skips_in_round_1: Flag | None = None
    """Policy: they are skipped in the first round too."""
    stop_goal: TimeAbove0 | None = None
    """Policy: the guest is stopped when the rest can be sent in this time."""
    chase_limit: TimeAbove0 | None = None
    """Policy: the migration is aborted this long after the first round."""
    start_rate: Rate | None = None
    """Policy: no more than this is sent in the first round."""
    rate_step: RateOr0 | None = None
    """Policy: a later round is sent at the dirty rate of the one before, plus this."""
    max_rate: Rate | None = None
    """Policy: the pre-copy ends when more than this would be needed; the rest is sent at most as fast."""
    downtime_limit: TimeAbove0 | None = None
    """Policy qemu: the guest is stopped when the rest can be sent in this time at the bandwidth of the last 100 ms."""
    max_bandwidth: Rate | None = None
    """Policy qemu: no more than this is sent per second while the guest runs."""
    zero_page: Time | None = None
    """Policy qemu: to find that a page holds zeros; it is then sent as 9 bytes."""
    auto_converge: Flag | None = None
    """Policy qemu: the guest is slowed down when it dirties more than half of what is sent."""
    guest_busy: ShareAbove0 | None = None
    """Policy qemu: share of its CPUs' time that the guest uses; auto_converge takes its idle time first."""
    cancel_after: TimeAbove0 | None = None
    """Policy qemu: the migration is cancelled this long after its transfer began."""


class ClusterSpec(Entry):
    """An SU cluster: SUs of one type between which VMs can migrate."""

    type: Annotated[Literal["/390", "x86"], one_of("/390", "x86")]
    """SU type of all its units."""
    network: Name
    """The network of its migrations; several clusters may name the same one."""
    units: dict[str, UnitSpec]
    """The SUs by name."""
    policy: Name | None = None
    """The rule that ends the pre-copy: vm2000 (default on /390), xen (default on x86), xenserver, xen-legacy, qemu, clark,
    simgrid, stop-and-copy."""
    parameters: ParametersSpec = ParametersSpec()
    """Numbers that replace those of the profiles."""


class ClassSpec(Entry):
    """Pages that are rewritten equally often, at random."""

    size: SizeOrShare
    """How much memory, absolute or as a share of the VM's."""
    rewrites: Frequency
    """How often each page is rewritten, per second."""


class SweepSpec(Entry):
    """Memory that is written from front to back (sort, utility, batch)."""

    size: SizeOrShare
    """How much memory, absolute or as a share of the VM's."""
    rate: Rate
    """How fast it is written."""


class ZipfSpec(Entry):
    """Memory in which some pages are written far more often than others, as keys of a cache or a database are."""

    size: SizeOrShare
    """How much memory, absolute or as a share of the VM's."""
    rate: Rate
    """Page writes in bytes per second, over all pages together."""
    theta: Theta = 0.99
    """How uneven: the k-th most popular page is written in proportion to k^-theta; 0 is uniform, 0.99 usual for databases (YCSB)."""


class CurvePointSpec(Entry):
    """A point of a measured dirty curve."""

    window: TimeAbove0
    """Length of the observation."""
    dirty: SizeOrShare
    """Distinct memory written in it, absolute or as a share of the VM's."""


class WorkingSetSpec(Entry):
    """One set of pages, all written equally often."""

    size: SizeOrShare
    """The working set, absolute or as a share of the VM's memory."""
    rate: Rate
    """Page writes in bytes per second; each page is rewritten rate / size times a second."""


class BurstsSpec(Entry):
    """Times of higher activity."""

    share: ShareAbove0
    """Share of the time spent in bursts, below 100 %."""
    length: TimeAbove0
    """Mean length of a burst."""
    factor: NumberAbove0
    """Activity in a burst relative to the time outside."""

    @model_validator(mode="after")
    def _not_always(self) -> BurstsSpec:
        if self.share >= 1:
            raise fault("a share of 100 % leaves no time outside the bursts; write a share below 100 %")
        return self


class LoadSpec(Entry):
    """What a guest writes to its memory: exactly one of profile, curve, working_set, or any of classes, sweeps and zipf together."""

    profile: Name | None = None
    """A load of the catalogue; `migr profiles` lists them."""
    curve: Annotated[tuple[CurvePointSpec, ...] | None, TupleReader] = None
    """Measured points: distinct memory written in windows of growing length."""
    working_set: WorkingSetSpec | None = None
    """One set of pages and the rate at which it is written."""
    classes: Annotated[tuple[ClassSpec, ...] | None, TupleReader] = None
    """Sets of pages with their rewrites per second."""
    sweeps: Annotated[tuple[SweepSpec, ...] | None, TupleReader] = None
    """Sequential writers."""
    zipf: Annotated[tuple[ZipfSpec, ...] | None, TupleReader] = None
    """Writers that prefer some pages by a Zipf law."""
    bursts: BurstsSpec | None = None
    """Times of higher activity."""
    day: dict[Clock, Number] | None = None
    """Activity by clock time, each level holding until the next: {"00:00": 0.3, "08:00": 1.0}."""
    spread: Share | None = None
    """Coefficient of variation of the activity from migration to migration (lognormal, median 1)."""
    jitter: Number | None = None
    """Variation of the activity from round to round (standard deviation of its logarithm in a round of one second)."""
    measured: Annotated[Literal["tracked", "untracked"] | None, one_of("tracked", "untracked")] = None
    """Whether the curve was measured with write tracking on, so that its cost is in it already."""

    @model_validator(mode="after")
    def _one_way(self) -> LoadSpec:
        ways = [way for way in WAYS if getattr(self, way) is not None]
        if not ways:
            raise fault("says nothing about what is written; write one of profile, curve, working_set, classes, sweeps, zipf")
        if len(ways) > 1 and not set(ways) <= set(TOGETHER):
            raise fault(f"has {' and '.join(ways)}; keep one of them (only classes, sweeps and zipf go together)")
        for way in ways:
            if getattr(self, way) == ():
                raise fault(f"has an empty list of {way}; write at least one element")
        return self


class DevicesSpec(Entry):
    """Devices of a VM by kind."""

    disks: Annotated[int, whole(0, 10_000)] = 0
    """Disks; they move with the VM."""
    tapes: Annotated[int, whole(0, 10_000)] = 0
    """Tapes; detached implicitly (VMS2471)."""
    pav_aliases: Annotated[int, whole(0, 10_000)] = 0
    """PAV alias devices; detached implicitly."""
    local_disks: Annotated[int, whole(0, 10_000)] = 0
    """Disks that only this SU sees; detached implicitly."""
    mu_disks: Annotated[int, whole(0, 10_000)] = 0
    """Disks of the Management Unit; detached implicitly."""


class VmSpec(Entry):
    """A virtual machine, or with `count` several that are alike."""

    su: Name
    """The SU on which it is at the start."""
    memory: Memory
    """Configured memory: /390 in steps of 1 MiB; x86 in steps of 2 MiB, at least 1024 MiB. VM2000's "4096 MB" is 4096 MiB."""
    count: Annotated[int, whole(1, 98)] = 1
    """Makes NAME1 to NAMEn of it."""
    index: Annotated[int | None, whole(2, 99)] = None
    """VM index on its SU, 2 to 99; without it the smallest free one."""
    state: Annotated[str, one_of(*STATES)] = Field(default="RUNNING", json_schema_extra={"enum": list(STATES)})
    """State at the start; RUNNING, INIT-ONLY and DOWN can migrate."""
    touched: ShareAbove0 = 1.0
    """Share of the memory that was ever written: what a full pass sends."""
    cpus: Annotated[int, whole(1, 32)] = 1
    """Virtual CPUs."""
    load: Name = "idle"
    """A load of `loads` or of the catalogue."""
    devices: DevicesSpec = DevicesSpec()
    """Its devices."""
