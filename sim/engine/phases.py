"""The parts of a migration that both SU types go through: devices, memory, the stop, the way back."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from sim.engine.move import Move
from sim.engine.pre_copy import live_round, pre_copy, stopped_round
from sim.engine.qemu import qemu_pre_copy
from sim.errors import ModelError
from sim.vm2000.catalogue import ABORTED_ON_SOURCE, ATTACHED_AGAIN_ON_SOURCE, CHASE_LIMIT_PASSED, ROLLED_BACK_ON_TARGET, Message

Phase = Generator[simpy.Event, Any, None]


def assign_devices(move: Move, message: Message | None) -> Phase:
    """Assign the VM's devices on the target, one by one; the set-up ends with the last."""
    began = move.env.now
    yield move.spends(move.costs.setup_per_device, move.streams.setup_per_device, len(move.guest.devices))
    if message is not None:
        move.says_each(message, move.guest.devices, since=began)
    move.set_up_s = move.env.now


def copy_memory(move: Move) -> Generator[simpy.Event, Any, bool]:
    """Send the memory up to the suspension; say whether the VM may be suspended, or was rolled back.

    A guest that does not run is sent once. The handshake before the suspension is part of the pre-copy: the guest still runs.
    """
    if not move.guest.runs:
        move.reads_bitmap()
        yield from live_round(move, move.guest.spec.touched_pages, ceiling_Bps=move.cluster.policy.max_rate_Bps)
        move.copied_s = move.env.now
        return True
    copy = qemu_pre_copy if move.cluster.policy.name == "qemu" else pre_copy
    if not (yield from copy(move)):
        yield from roll_back(move, CHASE_LIMIT_PASSED, "chase-limit")
        return False
    move.copied_s = move.env.now
    if move.cluster.policy.shakes_hands:
        yield move.env.timeout(move.round_trip_s)
    yield move.spends(move.costs.handshake, move.streams.handshake)
    return True


def send_rest(move: Move) -> Phase:
    """Send the final set, devices' and CPUs' state, and resume on the target; the guest stands still.

    Raises:
        ModelError: a page of the final set was not delivered.
    """
    began = move.env.now
    pages = move.final_pages or 0.0
    if (yield from stopped_round(move, pages, move.final_bytes)) != pages:
        raise ModelError(f"VM {move.vm.name} would resume without all of its {pages:.0f} last pages")
    move.stopped_round_s = move.env.now - began
    yield move.spends(move.costs.state, move.streams.state)
    yield move.spends(move.costs.resume, move.streams.resume)


def remove_devices(move: Move, message: Message | None) -> Phase:
    """Remove the VM's devices on the source, one by one."""
    began = move.env.now
    yield move.spends(move.costs.cleanup_per_device, move.streams.cleanup_per_device, len(move.guest.devices))
    if message is not None:
        move.says_each(message, move.guest.devices, since=began)


def roll_back(move: Move, why: Message, reason: str, words: str = "") -> Phase:
    """Undo what the migration did: the VM goes on on the source, its devices are attached again, the target forgets it.

    Source: SE server whitepaper: Rejection and abortion of an LM. The messages' ids are not published.
    """
    move.says(why, reason=words)
    yield move.spends(move.costs.rollback, move.streams.rollback)
    move.gives_place_back()
    move.says(ROLLED_BACK_ON_TARGET)
    move.says_each(ATTACHED_AGAIN_ON_SOURCE, move.detached, since=move.env.now)
    move.says(ABORTED_ON_SOURCE)
    move.ends("aborted", reason)
