"""What a planner writes about the world: networks, SU clusters, loads, VMs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.scenario.fields import (
    Distance,
    Entry,
    Flag,
    Memory,
    Mnemonic,
    Name,
    Quota,
    Rate,
    RateOr0,
    ShareAbove0,
    Time,
    TupleReader,
    fault,
    name_or,
    one_of,
    whole,
)
from sim.scenario.schema_parameters import ParametersSpec
from sim.vm2000.cpus import STDPOOL

MODES = ("vm2000", "native")
AFTER_SUSPEND = ("source-resumes", "target-resumes", "lost")
FORCED_COMMANDS = ("abort-migration", "refuse")
STATES = ("RUNNING", "INIT-ONLY", "DOWN", "IN HOLD", "WAIT(VMA)", "WAIT(SEL)", "WAIT(GLB)", "WAIT(INT)")


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
    """Real CPUs for the guests; on SU /390 the monitor VM shares them, on SU x86 those of X2000 are not among them."""
    pools: dict[str, Annotated[int, whole(1, 64)]] = Field(default_factory=dict)
    """CPU pools beside *STDPOOL by name, each with its attached real CPUs: {PROD: 3}. *STDPOOL has the rest of `cpus`."""
    iocf: Name | None = None
    """SU /390: name of the I/O configuration. A VM that meets another one on the target is shown as RUNNING(DIFF)."""
    mode: Annotated[Literal["vm2000", "native"] | None, one_of(*MODES)] = None
    """SU x86: operating mode, vm2000 or native; all SUs of a cluster need the same one."""
    reconfiguring: Flag = False
    """A dynamic change of the I/O configuration runs, all the time: migrations are rejected."""
    not_generated: Annotated[tuple[Mnemonic, ...] | None, TupleReader] = None
    """SU /390: mnemonics of devices that the I/O configuration lacks: a VM that has one of them is rejected here. `migr explain` names the
    devices of the VMs."""
    exclusive: Annotated[tuple[Mnemonic, ...], TupleReader] = ()
    """Mnemonics of devices that another system has exclusively here: a VM that has one of them is rejected."""
    monitor: MonitorSpec = MonitorSpec()
    """The monitor VM."""
    x2000: X2000Spec | None = None
    """SU x86: X2000."""


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
    active: Flag = True
    """Whether the SU cluster is activated; while it is not, migrations are rejected."""
    after_suspend: Annotated[Literal["source-resumes", "target-resumes", "lost"], one_of(*AFTER_SUSPEND)] = "source-resumes"
    """Who goes on with the guest when a migration breaks between suspension and resume: the source, the target, or nobody."""
    forced_commands: Annotated[Literal["abort-migration", "refuse"], one_of(*FORCED_COMMANDS)] = "abort-migration"
    """What a command does that may be forced on a migrating VM (such as DELETE-VM with CHECK-VM-STATE=*NO): abort the migration, or be
    refused."""
    parameters: ParametersSpec = ParametersSpec()
    """Numbers that replace those of the profiles."""


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
    pool: Annotated[str, name_or(STDPOOL)] = STDPOOL
    """Its CPU pool, on every SU that has one of this name; elsewhere *STDPOOL."""
    group: Name | None = None
    """SU /390: its VM group; none where an SU has none of this name."""
    quota: Quota = 10.0
    """CPU quota (CPU-QUOTA), 0.01 to 99.99; what counts is its share among the VMs of the SU. It changes what is displayed, no time."""
    max_utilisation: ShareAbove0 = 1.0
    """Limit of its CPU utilisation (MAX-CPU-UTILIZATION); only displayed."""
    persistent: Flag = True
    """Whether its definition outlives /DELETE-VM."""
