"""A measured migration as far as a prediction may know it: its inputs, never its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pattern = Literal["u", "s", "z"]


@dataclass(frozen=True, slots=True)
class WriteSet:
    """Pages that a workload of the laboratory writes to, at a steady pace.

    Args:
        pages: how many pages of 4 KiB.
        rate_pps: writes to the whole set, page writes per second.
        pattern: which page is next: "u" any with equal chance, "s" the next one in a cycle, "z" by a Zipf law whose ranks are scattered.
        theta: exponent of the Zipf law, the page of rank k is written in proportion to k^-theta; 0 for the other patterns.
    """

    pages: int
    rate_pps: float
    pattern: Pattern
    theta: float = 0.0


@dataclass(frozen=True, slots=True)
class QemuCase:
    """Inputs of a migration measured with QEMU.

    Args:
        key: name of the row.
        cell: rows of one cell have the same parameters: repeats.
        group: which kind of case, for tables of errors.
        accel: "kvm" or "tcg".
        memory_mib: memory of the VM, MiB.
        fill_mib: part of it that is not zero, MiB.
        sets: what the guest writes to; empty where it is idle or where a curve says it.
        achieved_pps: writes a second that each set reached during the migration; empty where that was not measured.
        curve: instead of sets, distinct pages dirtied in a window: (window in s, pages), windows rising; empty where there is none.
        cap_mibs: limit on the transfer while the guest runs, MiB/s; 0: none.
        downtime_limit_ms: the guest is stopped when the rest is expected to take no longer, ms.
        link_mbit: bandwidth of the link, Mbit/s; 0: within one machine.
        auto_converge: the guest is slowed down when it dirties too fast.
        bound_s: after this time the migration is given up, s.
        prealloc: the target's memory was touched before.
        policy: rule that ends the pre-copy, a name of the catalogue.
    """

    key: str
    cell: str
    group: str
    accel: str
    memory_mib: int
    fill_mib: float
    sets: tuple[WriteSet, ...]
    achieved_pps: tuple[float, ...]
    curve: tuple[tuple[float, float], ...]
    cap_mibs: float
    downtime_limit_ms: float
    link_mbit: float
    auto_converge: bool
    bound_s: float
    prealloc: bool
    policy: str

    @property
    def link_decides(self) -> bool:
        """Whether the link is no faster than the cap: a downtime is then as long as the rest takes on the link."""
        return self.link_mbit > 0.0 and (self.cap_mibs == 0.0 or self.link_mbit * 1e6 / 8 <= self.cap_mibs * 2**20)


@dataclass(frozen=True, slots=True)
class SimgridCase:
    """Inputs of a migration computed by SimGrid 4.1.

    Args:
        key: name of the row.
        ram_B: memory of the VM, bytes.
        working_set_B: most that is dirty at a time, bytes.
        intensity: share of mig_speed_Bps at which a guest with all of its core dirties.
        mig_speed_Bps: limit of every transfer and base of the dirty rate, bytes/s; 0: no limit, nothing is dirtied.
        host_flops: speed of a core of the source, flops/s.
        guest_cpu_util: share of the core that the guest asks for.
        link_Bps: bandwidth of the link as SimGrid was told, bytes/s.
        latency_s: latency of the link as SimGrid was told, s.
        net_model: "CM02" or "LV08".
        crosstraffic: acknowledgements share the link with the transfer.
        cpu_hogs: competitors on the core of the guest.
        competing_flows: other transfers on the link.
    """

    key: str
    ram_B: float
    working_set_B: float
    intensity: float
    mig_speed_Bps: float
    host_flops: float
    guest_cpu_util: float
    link_Bps: float
    latency_s: float
    net_model: str
    crosstraffic: bool
    cpu_hogs: int
    competing_flows: int
