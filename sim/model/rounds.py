"""When pre-copy ends: each hypervisor's rule as data plus one function."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model.draws import Real

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of a pre-copy rule; the rule itself is a function of the same name.

    Args:
        name: name in the catalogue, also the key of the rule: xen, xenserver, xen-legacy, vm2000, stop-and-copy.
        max_rounds: live rounds after which the VM is suspended, without reading the bitmap before.
        few_pages: fewer dirty pages than this end the pre-copy.
        from_round: live rounds after which `few_pages` is first looked at.
        max_memory_factor: pages sent over the VM's memory above which the pre-copy ends.
        skips: pages dirtied again before their turn are skipped.
        skips_in_round_1: they are skipped in the first round too.
        stop_goal_s: the pre-copy ends when what remains can be sent in this time.
        chase_limit_s: the migration is aborted this long after the end of round 1 (or after the duration of round 1, if that is longer).
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


class Seen(NamedTuple):
    """What a rule looks at after a live round; numbers or arrays of replications.

    Args:
        number: live rounds done.
        dirty: pages dirtied in the last round: what reading the bitmap now gives.
        marked: pages marked at the start of the last round: sent and skipped ones.
        total: pages sent so far.
        memory: pages of the VM's memory.
        seconds_to_send: what the dirty pages would take at the mean rate of the last round.
    """

    number: Real
    dirty: Real
    marked: Real
    total: Real
    memory: float
    seconds_to_send: Real


class Verdict(NamedTuple):
    """What follows a live round, unless it was the last one allowed.

    Args:
        stop: the VM is suspended; the bitmap is read only then.
        last: the bitmap is read, its pages are sent live, then the VM is suspended.
    """

    stop: bool | Flags
    last: bool | Flags


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


RULES: dict[str, Callable[[Policy, Seen], Verdict]] = {
    "xen": xen,
    "xenserver": xen,
    "xen-legacy": xen_legacy,
    "vm2000": vm2000,
    "stop-and-copy": xen,
}


def chase_deadline(policy: Policy, first_round_ended: Real, first_round_s: Real) -> Real:
    """Return when a transfer that still chases dirty pages is aborted: the larger of limit and round 1, after round 1."""
    return first_round_ended + np.maximum(policy.chase_limit_s, first_round_s)
