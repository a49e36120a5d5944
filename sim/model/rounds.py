"""When pre-copy ends: each hypervisor's rule as data plus one function."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model.draws import LAST, Real
from sim.model.load import PAGE

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of a pre-copy rule; the rule itself is a function of the same name.

    Args:
        name: name in the catalogue, also the key of the rule.
        max_rounds: live rounds after which the VM is suspended, without reading the bitmap before.
        few_pages: fewer dirty pages than this end the pre-copy.
        from_round: live rounds after which `few_pages` is first looked at.
        max_memory_factor: pages sent over the VM's memory above which the pre-copy ends.
        skips: pages dirtied again before their turn are skipped.
        skips_in_round_1: they are skipped in the first round too.
        stop_goal_s: the pre-copy ends when what remains can be sent in this time.
        chase_limit_s: the migration is aborted this long after the end of round 1 (or after the duration of round 1, if that is longer).
        start_rate_Bps: clark: no more than this is sent per second in the first round.
        rate_step_Bps: clark: a later round is sent at the dirty rate of the one before, plus this.
        max_rate_Bps: clark: the pre-copy ends when this rate does not suffice; the guest standing still, it is what is sent at most.
        downtime_limit_s: qemu: the guest is stopped when what waits can be sent in this time at the bandwidth of the last window.
        max_bandwidth_Bps: qemu: cap while the guest runs; there is none when it is stopped.
        window_s: qemu: time over which the cap and the bandwidth are taken.
        wake_s: qemu: by how much longer than to the end of the window the source sleeps.
        zero_page_s: qemu: time that it takes to find that a page holds zeros.
        auto_converge: qemu: slow the guest when it dirties more than half of what is sent.
        guest_busy: qemu: share of its CPUs' time that the guest uses, 0..1; auto-converge takes its idle time first.
        lump_bytes: qemu: a socket takes so much at once; 0 where the line is smooth.
        cancel_after_s: qemu: a transfer that has not ended by then is cancelled from outside; by itself it never is.
    """

    name: str
    max_rounds: float = math.inf
    few_pages: float = 0.0
    from_round: int = 1
    max_memory_factor: float = math.inf
    skips: bool = False
    skips_in_round_1: bool = False
    stop_goal_s: float = 0.0
    chase_limit_s: float = math.inf
    start_rate_Bps: float = math.inf
    rate_step_Bps: float = 0.0
    max_rate_Bps: float = math.inf
    downtime_limit_s: float = 0.3
    max_bandwidth_Bps: float = math.inf
    window_s: float = 0.1
    wake_s: float = 0.0
    zero_page_s: float = 0.0
    auto_converge: bool = False
    guest_busy: float = 1.0
    lump_bytes: float = 0.0
    cancel_after_s: float = math.inf

    @property
    def linear(self) -> bool:
        """Whether every write counts as a new page, in whole bytes, up to what the load ever writes: SimGrid's picture of a guest."""
        return self.name == "simgrid"

    @property
    def shakes_hands(self) -> bool:
        """Whether a message goes there and back before the guest is suspended."""
        return self.name not in {"simgrid", "qemu"}


class Seen(NamedTuple):
    """What a rule looks at after a live round; numbers or arrays of replications.

    Args:
        number: live rounds done.
        dirty: pages dirtied in the last round: what reading the bitmap now gives.
        marked: pages marked at the start of the last round: sent and skipped ones.
        total: pages sent so far.
        memory: pages of the VM's memory.
        seconds_to_send: what the dirty pages would take at the mean rate of the last round.
        sent: pages sent in the last round.
        took_s: duration of the last round, its round trip included, seconds.
        steady: whether nothing but the number of pages changes from round to round: neither the guest's activity nor the rate.
    """

    number: Real
    dirty: Real
    marked: Real
    total: Real
    memory: float
    seconds_to_send: Real
    sent: Real
    took_s: Real
    steady: bool


class Verdict(NamedTuple):
    """What follows a live round, unless it was the last one allowed.

    Args:
        stop: the VM is suspended; the bitmap is read only then.
        last: the bitmap is read, its pages are sent live, then the VM is suspended.
        hopeless: the migration is aborted: what is sent will never become less.
        ceiling_Bps: no more than this is sent per second in the next round.
    """

    stop: bool | Flags
    last: bool | Flags
    hopeless: bool | Flags = False
    ceiling_Bps: Real = math.inf


def xen(policy: Policy, seen: Seen) -> Verdict:
    """Read the bitmap, and if fewer than 50 pages are dirty, send them and leave.

    Never aborts, has no downtime goal. Source: Xen, tools/libs/guest, simple_precopy_policy and send_memory_live; the policy of XenServer's
    emu-manager has four rounds and looks from the second on.
    """
    return Verdict(stop=False, last=(seen.number >= policy.from_round) & (seen.dirty < policy.few_pages))


def xen_legacy(policy: Policy, seen: Seen) -> Verdict:
    """Stop after a round of fewer than 50 marked pages, or when 3 x the memory has been sent.

    Source: Xen up to 4.5, xc_domain_save.
    """
    return Verdict(stop=(seen.marked < policy.few_pages) | (seen.total > policy.max_memory_factor * seen.memory), last=False)


def vm2000(policy: Policy, seen: Seen) -> Verdict:
    """Stop when what remains can be sent within the stop goal.

    VM2000's own rule on /390 is unpublished; the manual says only that a migration whose pages keep changing is aborted.
    """
    # Assumes [A2]: the stop goal; the chase limit that aborts the others is looked at while a round is sent.
    return Verdict(stop=seen.seconds_to_send <= policy.stop_goal_s, last=False)


def clark(policy: Policy, seen: Seen) -> Verdict:
    """Send the next round at the dirty rate plus a step; stop when that is too fast, or when little is left.

    Source: Clark et al., Live Migration of Virtual Machines, NSDI 2005: Dynamic Rate-Limiting.
    """
    wanted = seen.dirty * PAGE / seen.took_s + policy.rate_step_Bps
    return Verdict(stop=(wanted > policy.max_rate_Bps) | (seen.dirty < policy.few_pages), last=False, ceiling_Bps=wanted)


def simgrid(policy: Policy, seen: Seen) -> Verdict:
    """Stop when what was dirtied is no more than the last message carried in the stop goal, in whole bytes.

    SimGrid itself goes on for ever. Here a message that will be followed by the same one again ends the migration, and so does the last
    one that has a number: a load that is heavier for a while may take any number of them.

    Source: SimGrid 4.1, plugin for live migrations, stages 1 and 2.
    """
    threshold = np.floor(seen.sent * PAGE / seen.took_s * policy.stop_goal_s)
    stop = seen.dirty * PAGE <= threshold
    # Not after the first message: the rate of later ones may differ from its rate.
    repeats = (seen.dirty == seen.marked) & (seen.number > 1) & seen.steady
    return Verdict(stop=stop, last=False, hopeless=np.logical_not(stop) & (repeats | (seen.number >= LAST)))


RULES: dict[str, Callable[[Policy, Seen], Verdict]] = {
    "xen": xen,
    "xenserver": xen,
    "xen-legacy": xen_legacy,
    "vm2000": vm2000,
    "stop-and-copy": xen,
    "clark": clark,
    "simgrid": simgrid,
}


def chase_deadline(policy: Policy, first_round_ended: Real, first_round_s: Real) -> Real:
    """Return when a transfer that still chases dirty pages is aborted: the larger of limit and round 1, after round 1."""
    return first_round_ended + np.maximum(policy.chase_limit_s, first_round_s)
