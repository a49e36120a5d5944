"""What a planner writes about the numbers of a cluster: those that replace the numbers of its profiles."""

from __future__ import annotations

from typing import Annotated

from sim.model.draws import LAST
from sim.scenario.fields import (
    Entry,
    Flag,
    Lognormal,
    Memory,
    MemoryOr0,
    NumberAbove0,
    Rate,
    RateOr0,
    Share,
    ShareAbove0,
    Time,
    TimeAbove0,
    whole,
)


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
    link_patience: Time | None = None
    """How long a transfer without network, or a monitor system without CPU, is waited for before the migration is aborted."""
    definition_retry: TimeAbove0 | None = None
    """Pause before a VM definition that could not be deleted is tried again."""
    hypervisor_need: Memory | None = None
    """SU /390: least memory of the hypervisor with which an SU migrates; below it migrations are rejected."""
    monitor_need: Memory | None = None
    """Least memory of the monitor VM with which an SU migrates; below it migrations are rejected."""
    move_rate: Rate | None = None
    """SU /390: how fast MOVE-VM copies the memory of a VM inside its SU."""
    management: Share | None = None
    """SU x86: memory that Xen needs beside a VM's own to manage it, as a share of it."""
    firmware: MemoryOr0 | None = None
    """SU x86: part of a VM's memory that its firmware keeps (MEM-SIZE less BS2-MEM-S)."""
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
