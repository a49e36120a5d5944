"""Pre-copy as QEMU does it: windows of sending and sleeping, and a bitmap that is read when little is left."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from sim.engine.move import Move
from sim.model.draws import address
from sim.model.qemu import Drawn, Source


def qemu_pre_copy(move: Move) -> Generator[simpy.Event, Any, bool]:
    """Send the memory in windows until so little waits that it fits into the downtime limit.

    Returns False when the migration is cancelled at the limit of the policy; QEMU itself never gives up.

    Source: QEMU 7.2, migration_thread, migration_iteration_run, ram_save_iterate, migration_rate_limit.
    """
    env, policy, network = move.env, move.cluster.policy, move.world.network
    source = move.tracking.qemu = qemu_source(move)
    cancelled_at = env.now + policy.cancel_after_s
    move.reads_bitmap()
    began, marked, round_pages, round_bytes = env.now, float(source.pending()[0]), 0.0, 0.0
    while True:
        if source.wants_sync()[0]:
            move.sends(marked=marked, sent=min(round_pages, marked), size=round_bytes, live=True, began=began)
            move.tracking.reads_dirty_log(env.now)
            move.reads_bitmap()
            began, marked, round_pages, round_bytes = env.now, float(source.pending()[0]), 0.0, 0.0
        if source.stops()[0] or source.exhausted()[0] or env.now >= cancelled_at:
            break
        factor = move.cluster.factor_first if move.readings == 1 else move.cluster.factor_live
        yield from network.reach(move.route)
        sent = source.iterate(np.array([network.rate_alone(move.route, factor)]), np.array([env.now]))
        round_pages, round_bytes = round_pages + float(sent.pages[0]), round_bytes + float(sent.size[0])
        yield from network.send(move.route, float(sent.size[0]), factor)
        yield env.timeout(float(sent.zeros_s[0]))
        yield env.timeout(float(source.sleep_s(np.array([env.now]))[0]))
        source.end_window(np.array([env.now]))
    if round_pages > 0.0:
        move.sends(marked=marked, sent=min(round_pages, marked), size=round_bytes, live=True, began=began)
    move.cut = not source.stops()[0]
    return not move.cut


def qemu_source(move: Move) -> Source:
    """Return QEMU at the begin of a transfer."""
    layout = move.world.site.layouts[move.vm.name]

    def uniform(place: int) -> float:
        return move.world.lane.uniform(move.streams.layout, address(move.migration, move.attempt, place))

    drawn = Drawn.of(layout, uniform, 1)
    return Source(move.cluster.policy, layout, move.page_bytes, 1, np.array([move.env.now]), drawn)
