"""One point of an experiment as plain numbers: all that an engine needs, and nothing of how it was written.

Seconds, bytes, pages, bytes per second. Times of day are seconds since 00:00 of the first day.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.model.layout import Extent
from sim.model.load import Load
from sim.model.rounds import Policy


@dataclass(frozen=True, slots=True)
class Cost:
    """A lognormal duration; sigma 0 is a constant.

    Args:
        median_s: median, seconds.
        sigma: standard deviation of the logarithm.
    """

    median_s: float
    sigma: float = 0.0


@dataclass(frozen=True, slots=True)
class Costs:
    """The fixed costs of a migration on one SU type; every one a named parameter of the cluster."""

    check: Cost
    setup: Cost
    setup_per_gib: Cost
    setup_per_device: Cost
    handshake: Cost
    state: Cost
    resume: Cost
    cleanup: Cost
    cleanup_per_device: Cost
    rollback: Cost
    memory_release: Cost


@dataclass(frozen=True, slots=True)
class Link:
    """A network between the SUs, each direction by itself (full duplex).

    Args:
        name: name in the scenario.
        payload_Bps: what migrations can use of one direction: bandwidth x efficiency - background.
        round_trip_s: round trip time.
    """

    name: str
    payload_Bps: float
    round_trip_s: float


@dataclass(frozen=True, slots=True)
class Pool:
    """A CPU pool of an SU and the real CPUs attached to it."""

    name: str
    cpus: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A Server Unit.

    Args:
        name: SU name.
        cluster: name of its SU cluster.
        su_type: "/390" or "x86".
        link: name of the network its migrations use.
        memory_bytes: main memory.
        reserved_bytes: hypervisor and monitor VM (/390), X2000 and monitor VM (x86).
        available: share 0..1 of the monitor VM (/390) or X2000 (x86) that migrations get.
        iocf: name of the I/O configuration (/390); a VM that meets another one is shown (DIFF). Empty on x86.
        server: SE server in which it stands; transfers over one network share the way out of a server and the way into one.
        pools: its CPU pools beside *STDPOOL.
        cpus: real CPUs for guests; 0 where the scenario does not say.
        mode: operating mode (x86), "vm2000" or "native".
        reconfiguring: whether a dynamic change of the I/O configuration runs.
        not_generated: mnemonics of the devices that its I/O configuration lacks (/390).
        exclusive: mnemonics of the devices that another system has exclusively there.
        hypervisor_bytes, monitor_bytes: memory of the hypervisor (/390) and of the monitor VM.
        monitor_cpus: CPUs of the monitor VM (/390).
    """

    name: str
    cluster: str
    su_type: str
    link: str
    memory_bytes: float
    reserved_bytes: float
    available: float
    iocf: str
    server: str = ""
    pools: tuple[Pool, ...] = ()
    cpus: int = 0
    mode: str = "vm2000"
    reconfiguring: bool = False
    not_generated: tuple[str, ...] = ()
    exclusive: tuple[str, ...] = ()
    hypervisor_bytes: float = 0.0
    monitor_bytes: float = 0.0
    monitor_cpus: int = 0


@dataclass(frozen=True, slots=True)
class Cluster:
    """What all SUs of an SU cluster share.

    Args:
        name: name in the scenario.
        su_type: "/390" or "x86".
        policy: the rule that ends the pre-copy.
        costs: fixed costs.
        sender_Bps, receiver_Bps: what a fully available monitor VM (/390) or X2000 (x86) sends and receives.
        factor_first, factor_live, factor_stopped: share of the sender's ceiling in round 1, later live rounds, the stopped round.
        throughput_sigma: sigma of the lognormal factor a migration on both ceilings (median 1).
        page_header_bytes: bytes that a page costs on the stream beyond its 4096.
        fault_cost_s: what a newly dirtied page costs the guest while its writes are tracked.
        active: whether the SU cluster is activated; without it nothing migrates.
        after_suspend: who goes on when the migration breaks between suspension and resume: source-resumes, target-resumes, lost.
        forced_commands: what a forced command does to a migration: abort-migration or refuse.
        link_patience_s: how long a transfer without progress is waited for before the migration is aborted.
        definition_retry_s: pause before a definition that could not be deleted is tried again.
        hypervisor_need_bytes, monitor_need_bytes: least memory of hypervisor and monitor VM for migrations (/390).
        management_share: memory beside a VM's own that its hypervisor takes for it, as a share (x86).
        firmware_bytes: part of a VM's memory that BS2000 does not get (x86).
        move_Bps: speed at which MOVE-VM copies memory inside an SU (/390).
    """

    name: str
    su_type: str
    policy: Policy
    costs: Costs
    sender_Bps: float
    receiver_Bps: float
    factor_first: float
    factor_live: float
    factor_stopped: float
    throughput_sigma: float
    page_header_bytes: float
    fault_cost_s: float
    active: bool = True
    after_suspend: str = "source-resumes"
    forced_commands: str = "abort-migration"
    link_patience_s: float = 10.0
    definition_retry_s: float = 60.0
    hypervisor_need_bytes: float = 0.0
    monitor_need_bytes: float = 0.0
    management_share: float = 0.0
    firmware_bytes: float = 0.0
    move_Bps: float = 200e6


@dataclass(frozen=True, slots=True)
class Devices:
    """How many devices of each kind a VM has; their mnemonics count from `first`, so that no two VMs of a cluster share one."""

    disks: int = 0
    tapes: int = 0
    pav_aliases: int = 0
    local_disks: int = 0
    mu_disks: int = 0
    first: int = 0


@dataclass(frozen=True, slots=True)
class Vm:
    """A virtual machine.

    Args:
        name: 1 to 8 characters.
        unit: SU on which it is at the start.
        index: VM index on that SU, 2..99.
        state: RUNNING, INIT-ONLY, DOWN or a state that cannot migrate.
        memory_bytes: configured memory.
        touched_pages: pages ever written: what a full pass sends.
        cpus: virtual CPUs.
        load: dirty curve and activity, sizes in whole pages of this VM.
        devices: devices by kind.
        extents: where its pages lie, in the order of addresses; empty where nobody knows. Only QEMU's scan looks at it.
        pool: CPU pool; "" is *STDPOOL.
        group: VM group (/390); "" for none.
        quota, max_utilisation: CPU quota, and limit of its CPU utilisation in percent.
        persistent: whether its definition outlives /DELETE-VM.
    """

    name: str
    unit: str
    index: int
    state: str
    memory_bytes: float
    touched_pages: float
    cpus: int
    load: Load
    devices: Devices
    extents: tuple[Extent, ...] = ()
    pool: str = ""
    group: str = ""
    quota: float = 10.0
    max_utilisation: float = 100.0
    persistent: bool = True


@dataclass(frozen=True, slots=True)
class OnAbort:
    """What a plan does when a migration is aborted.

    Args:
        retries: further attempts.
        wait_s: pause before each of them, seconds.
        then: "skip" goes on with the next VM, "stop" ends the step.
        retry_rejected: whether a rejected command is tried again too.
    """

    retries: int = 0
    wait_s: float = 0.0
    then: str = "skip"
    retry_rejected: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the plan: one migration (`vm`) or the drain of an SU (`drain`).

    Args:
        name: name in the scenario.
        at_s: when the command is given, or the drain begins.
        to: target SU.
        vm: the VM to migrate; empty for a drain.
        drain: the SU to empty; empty for a single migration.
        order: order of a drain: largest-first, smallest-first, by-index, by-name, or "" when `sequence` gives it.
        sequence: VM names in the order of the drain when the planner lists them.
        on_abort: what follows an abort.
        when_busy: "wait" or "reject" while the source SU has another outgoing migration.
    """

    name: str
    at_s: float
    to: str
    vm: str = ""
    drain: str = ""
    order: str = "largest-first"
    sequence: tuple[str, ...] = ()
    on_abort: OnAbort = field(default_factory=OnAbort)
    when_busy: str = "wait"


@dataclass(frozen=True, slots=True)
class Operator:
    """A command that an operator types: when (seconds since 00:00 of the first day), at the console of which SU or VM, and what."""

    at_s: float
    console: str
    command: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong, at a moment, in a phase of a migration, or again and again.

    Args:
        name: name in the scenario.
        kind: link, resources, disks, monitor, definitions, crash or agent.
        place: the network of a link, else the SU.
        at_s: when, seconds since 00:00 of the first day; None where a phase or a mean interval says when.
        vm, phase, after_s: so long after a migration of this VM enters this phase: check, set-up, pre-copy, stop, clean-up.
        chance: probability that it happens in a replication.
        every_s: mean of the exponential intervals between occurrences; None for one occurrence.
        lasts: how long; None for good.
        remaining: share of the bandwidth (link) or of the monitor system's CPU (monitor) that is left.
        message: id that an agent's fault reports: VMS6000, VMS6001 or VMS6003.
    """

    name: str
    kind: str
    place: str
    at_s: float | None = None
    vm: str = ""
    phase: str = ""
    after_s: float = 0.0
    chance: float = 1.0
    every_s: float | None = None
    lasts: Cost | None = None
    remaining: float = 0.0
    message: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A world and a plan: one point of an experiment.

    Args:
        name: the variant's name; "" when the scenario has no variants.
        seed: seed of all streams.
        links, clusters, units, vms: by name, in the order of the names (never of the file).
        steps: in the order of the file (ties in time are executed in this order).
        start: ISO date of the first day, or "" when the scenario has none; only messages show it.
        operators: commands that operators type, in the order of the file.
        faults: what goes wrong.
    """

    name: str
    seed: int
    links: tuple[Link, ...]
    clusters: tuple[Cluster, ...]
    units: tuple[Unit, ...]
    vms: tuple[Vm, ...]
    steps: tuple[Step, ...]
    start: str = ""
    operators: tuple[Operator, ...] = ()
    faults: tuple[Fault, ...] = ()
