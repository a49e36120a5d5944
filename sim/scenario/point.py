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


@dataclass(frozen=True, slots=True)
class Devices:
    """How many devices of each kind a VM has."""

    disks: int = 0
    tapes: int = 0
    pav_aliases: int = 0
    local_disks: int = 0
    mu_disks: int = 0


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


@dataclass(frozen=True, slots=True)
class OnAbort:
    """What a plan does when a migration is aborted.

    Args:
        retries: further attempts.
        wait_s: pause before each of them, seconds.
        then: "skip" goes on with the next VM, "stop" ends the step.
    """

    retries: int = 0
    wait_s: float = 0.0
    then: str = "skip"


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
class Point:
    """A world and a plan: one point of an experiment.

    Args:
        name: the variant's name; "" when the scenario has no variants.
        seed: seed of all streams.
        links, clusters, units, vms: by name, in the order of the names (never of the file).
        steps: in the order of the file (ties in time are executed in this order).
        start: ISO date of the first day, or "" when the scenario has none; only messages show it.
    """

    name: str
    seed: int
    links: tuple[Link, ...]
    clusters: tuple[Cluster, ...]
    units: tuple[Unit, ...]
    vms: tuple[Vm, ...]
    steps: tuple[Step, ...]
    start: str = ""
