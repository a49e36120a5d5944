"""Memory on its way: the rounds while the guest runs, and what is left for the stop."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from sim.engine.move import Move
from sim.engine.network import NEVER
from sim.errors import ModelError
from sim.model.load import PAGE
from sim.model.rounds import RULES, Seen, chase_deadline
from sim.model.skipping import pages_sent

Sending = Generator[simpy.Event, Any, float]


def pre_copy(move: Move) -> Generator[simpy.Event, Any, bool]:
    """Send the memory while the guest runs, and again what it dirties meanwhile, until the policy wants the guest stopped.

    A round begins with reading and clearing the bitmap; a page written before its turn is sent in this round and again in the next. Returns
    False when the transfer still chases dirty pages at the limit of the policy, or will for ever.

    Source: Clark et al., NSDI 2005 (the scheme); each policy names its own.
    """
    env, policy, rule = move.env, move.cluster.policy, RULES[move.cluster.policy.name]
    marked, last, deadline, ceiling = move.guest.spec.touched_pages, False, NEVER, policy.start_rate_Bps
    steady = move.world.site.steady(move.guest)
    while move.readings < policy.max_rounds:
        move.reads_bitmap()
        if marked == 0.0:  # a round that sends no page is none
            break
        began = env.now
        sent = yield from live_round(move, marked, deadline, ceiling)
        if move.cut:
            return False
        if last or move.readings >= policy.max_rounds:
            break
        dirty = move.tracking.dirty(env.now)
        took = env.now - began
        to_send_s = dirty * took / sent if sent else 0.0
        memory = move.guest.spec.memory_bytes / PAGE
        verdict = rule(policy, Seen(move.readings, dirty, marked, move.sent_pages, memory, to_send_s, sent, took, steady))
        if verdict.hopeless:
            return False
        if verdict.stop:
            break
        if move.readings == 1:
            deadline = float(chase_deadline(policy, env.now, took))
        marked, last, ceiling = dirty, bool(verdict.last), float(verdict.ceiling_Bps)
    return True


def live_round(move: Move, marked: float, until: float = NEVER, ceiling_Bps: float = NEVER) -> Sending:
    """Send the marked pages while the guest runs, less those that the policy skips; return the pages sent.

    Args:
        move: the migration.
        marked: pages to send.
        until: instant at which the round is cut, seconds.
        ceiling_Bps: no more than this is sent per second.
    """
    env, cluster, network = move.env, move.cluster, move.world.network
    began, first = env.now, move.readings <= 1
    factor = cluster.factor_first if first else cluster.factor_live
    yield env.timeout(min(move.round_trip_s, max(0.0, until - began)))
    pages = marked
    if cluster.policy.skips and (cluster.policy.skips_in_round_1 or not first):
        pages = _without_skipped(move, marked, factor, first=first)
    size = pages * move.page_bytes
    sent_bytes = yield from network.send(move.route, size, factor, until, ceiling_Bps)
    move.cut = sent_bytes < size
    if move.cut and until == NEVER:
        raise ModelError(f"VM {move.vm.name}: {sent_bytes:.0f} of {size:.0f} bytes arrived, and nothing had cut the transfer")
    sent = sent_bytes // move.page_bytes if move.cut else pages
    move.sends(marked=marked, sent=sent, size=sent_bytes, live=True, began=began)
    return sent


def stopped_round(move: Move, pages: float, size: float) -> Sending:
    """Send the final set while the guest stands still; return the pages sent."""
    began = move.env.now
    yield move.env.timeout(move.round_trip_s)
    sent_bytes = yield from move.world.network.send(
        move.route, size, move.cluster.factor_stopped, ceiling_Bps=move.cluster.policy.max_rate_Bps
    )
    sent = pages if sent_bytes == size else sent_bytes // move.page_bytes
    move.sends(marked=pages, sent=sent, size=sent_bytes, live=False, began=began)
    return sent


def _without_skipped(move: Move, marked: float, factor: float, *, first: bool) -> float:
    """Return the pages that are still clean when the scan meets them."""
    # Assumes [A10]: the round is planned at the rate of a transfer that shares nothing and at the mean activity of an unskipped one.
    pages_per_s = move.world.network.rate_alone(move.route, factor) / move.page_bytes
    unskipped_s = marked / pages_per_s
    rate = move.tracking.activity(move.env.now, unskipped_s) / unskipped_s
    return float(pages_sent(move.guest.curve, marked, None if first else move.tracking.exposure, pages_per_s, rate))
