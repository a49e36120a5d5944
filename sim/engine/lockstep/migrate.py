"""/MIGRATE-VM in many replications at once: the check, the phases that both SU types go through, the ends that it may have."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.engine.lockstep.attempt import Attempt, Record
from sim.engine.lockstep.pre_copy import Copied, final_set, pre_copy, send_once, stopped_round
from sim.engine.lockstep.qemu import qemu_final_set, qemu_pre_copy
from sim.engine.lockstep.room import Fit
from sim.model.draws import Array, Lanes, Real
from sim.model.rounds import Flags
from sim.vm2000.checks import Reason
from sim.vm2000.states import MIGRATABLE

HasRoom = Callable[[Lanes, Array], Fit]  # lanes, time -> what the VM would find on the target


def migrate_vm(attempt: Attempt, lanes: Lanes, due: Array, command: Array, has_room: HasRoom, *, another_is_outgoing: bool) -> list[Record]:
    """Execute /MIGRATE-VM: check, then migrate; return how it ended, in groups of replications that ended alike.

    `sim.engine.command`, `migrate_390` and `migrate_x86` are the same for one replication, with the messages and the sources.

    Args:
        attempt: what is common to all replications.
        lanes: the replications, as places in the range, ascending.
        due: when the plan wanted to give the command, shape (lanes,), seconds.
        command: when it was given.
        has_room: tells what is free on the target.
        another_is_outgoing: whether another migration from this source is running: VM2000 rejects a second one.
    """
    now = command + attempt.duration(attempt.costs.check, attempt.streams.check, lanes)
    refused = _refused(attempt, lanes, now, has_room, another_is_outgoing=another_is_outgoing)
    records = []
    accepted = np.ones(len(lanes), dtype=bool)
    for reason, flags in refused.items():
        those = accepted & flags
        if those.any():
            at = np.flatnonzero(those)
            columns: dict[str, Real] = {"due_s": due[at], "command_s": command[at], "ended_s": now[at]}
            records.append(attempt.record(lanes[at], "rejected", str(reason), columns))
            accepted &= np.logical_not(flags)
    if accepted.all():
        return [*records, *_migrate(attempt, lanes, {"due_s": due, "command_s": command}, now)]
    if accepted.any():
        at = np.flatnonzero(accepted)
        records += _migrate(attempt, lanes[at], {"due_s": due[at], "command_s": command[at]}, now[at])
    return records


def _refused(attempt: Attempt, lanes: Lanes, now: Array, has_room: HasRoom, *, another_is_outgoing: bool) -> dict[str, bool | Flags]:
    """Return the violations that the check can find, in its order, with who has them."""
    there = has_room(lanes, now)
    return {
        Reason.VM_STATE: attempt.guest.spec.state not in MIGRATABLE,
        Reason.SECOND_MIGRATION: another_is_outgoing,
        Reason.NO_MEMORY_ON_TARGET: ~there.memory,
        Reason.NO_CONTIGUOUS_MEMORY: ~there.one_range,
        Reason.NO_INDEX_ON_TARGET: ~there.free_index,
    }


def _migrate(attempt: Attempt, lanes: Lanes, given: dict[str, Real], now: Array) -> list[Record]:
    """Set up, copy, and either stop, resume and clean up, or roll back."""
    costs, streams, guest = attempt.costs, attempt.streams, attempt.guest
    started = now
    now = now + attempt.duration(costs.setup, streams.setup, lanes)
    now = now + attempt.duration(costs.setup_per_gib, streams.setup_per_gib, lanes, guest.gib)
    now = now + attempt.duration(costs.setup_per_device, streams.setup_per_device, lanes, len(guest.devices))
    times = given | {"started_s": started, "setup_s": now - started}
    of = attempt.varied(lanes)
    if not guest.runs:
        copied = send_once(attempt, of, now)
        return [_cleaned_up(attempt, copied, times | {"precopy_s": copied.now - now}, copied.now, {})]
    copy = qemu_pre_copy if attempt.cluster.policy.name == "qemu" else pre_copy
    suspended, cut = copy(attempt, of, now)
    records = []
    if cut is not None:
        records.append(_rolled_back(attempt, cut, _at(times, cut.places)))
    if suspended is not None:
        records.append(_stopped(attempt, suspended, _at(times, suspended.places), now[suspended.places]))
    return records


def _stopped(attempt: Attempt, copied: Copied, times: dict[str, Real], set_up: Array) -> Record:
    """Suspend the guests, send their final sets, resume them on the target, clean up."""
    costs, streams, lanes = attempt.costs, attempt.streams, copied.of.lanes
    now = copied.now + (attempt.link.round_trip_s if attempt.cluster.policy.shakes_hands else 0.0)
    now = now + attempt.duration(costs.handshake, streams.handshake, lanes)
    stopped = now
    times |= {"precopy_s": stopped - set_up, "handshake_s": stopped - copied.now}
    final, size = (final_set if copied.source is None else qemu_final_set)(attempt, copied, stopped)
    now = stopped_round(attempt, copied, final, size, stopped)
    times["stopped_round_s"] = now - stopped
    now = now + attempt.duration(costs.state, streams.state, lanes)
    now = now + attempt.duration(costs.resume, streams.resume, lanes)
    times["downtime_s"] = times["interruption_s"] = now - stopped
    return _cleaned_up(attempt, copied, times, now, {"final_bytes": size, "sent_bytes": copied.sent_bytes + size})


def _cleaned_up(attempt: Attempt, copied: Copied, times: dict[str, Real], resumed: Array, sizes: dict[str, Real]) -> Record:
    """Clean up on the source; return the completed migration."""
    costs, streams, lanes = attempt.costs, attempt.streams, copied.of.lanes
    half = attempt.duration(costs.cleanup, streams.cleanup, lanes, 0.5)
    now = resumed + half
    now = now + attempt.duration(costs.cleanup_per_device, streams.cleanup_per_device, lanes, len(attempt.guest.devices))
    deleted = now
    now = now + half
    times |= {"ended_s": now, "total_s": now - times["started_s"], "cleanup_s": now - resumed}
    columns = times | {"rounds": copied.rounds, "sent_bytes": copied.sent_bytes} | sizes
    return attempt.record(lanes, "completed", None, columns, resumed_s=resumed, deleted_s=deleted)


def _rolled_back(attempt: Attempt, copied: Copied, times: dict[str, Real]) -> Record:
    """Undo what the migration did; return the aborted migration."""
    lanes = copied.of.lanes
    now = copied.now + attempt.duration(attempt.costs.rollback, attempt.streams.rollback, lanes)
    columns = times | {"ended_s": now, "rounds": copied.rounds, "sent_bytes": copied.sent_bytes}
    return attempt.record(lanes, "aborted", "chase-limit", columns, deleted_s=now)


def _at(values: dict[str, Real], places: Lanes) -> dict[str, Real]:
    return {name: value[places] if isinstance(value, np.ndarray) else value for name, value in values.items()}
