"""A migration that cannot go on: what is undone, and who has the guest then."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from sim.engine.definitions import delete_definition
from sim.engine.move import Move
from sim.engine.network import Break
from sim.vm2000.catalogue import (
    ABORTED_ON_SOURCE,
    AFTER_SUSPEND,
    ATTACHED_AGAIN_ON_SOURCE,
    GUEST_LOST,
    HAL0332,
    RESUMED_ON_SOURCE,
    ROLLED_BACK_ON_TARGET,
    VMS2431,
    VMS2432,
    VMS2451,
    VMS4024,
    VMS6021,
    Message,
)

Phase = Generator[simpy.Event, Any, None]


def roll_back(move: Move, why: Message, cause: str, **inserts: object) -> Phase:
    """Undo what the migration did: the VM goes on on the source, its devices are attached again, the target forgets it.

    Source: SE server whitepaper: Rejection and abortion of an LM. The messages' ids are not published.
    """
    move.enters("roll-back")
    move.says(why, **inserts)
    yield move.spends(move.costs.rollback, move.streams.rollback)
    _undo(move)
    started_s = move.started_s or 0.0  # up to here an operator may have started its guest anew
    if not move.runs or (move.source.up and move.vm.started_s <= started_s):
        move.ends("aborted", cause)
    else:  # its guest ended with the SU, while the migration was under way
        move.ends("lost", "source-crash")


def _undo(move: Move) -> None:
    """Give back what the migration took on the target, and what it took away on the source."""
    move.gives_place_back()
    move.says(ROLLED_BACK_ON_TARGET)
    move.says_each(ATTACHED_AGAIN_ON_SOURCE, move.detached, since=move.env.now)
    move.says(ABORTED_ON_SOURCE)


def break_off(move: Move, why: Break) -> Phase:
    """End a migration that was interrupted, or whose transfer made no progress.

    Up to the suspension the guest runs on the source, and all is rolled back. From the resume on it runs on the target. In between nothing
    is published: a policy of the scenario decides.
    """
    phase = move.phase.removeprefix("broken in ")
    move.sent_bytes += why.sent_bytes
    move.sent_pages += why.sent_bytes // move.page_bytes
    if phase == "stop":
        yield from _after_suspend(move, why)
    elif phase == "clean-up":
        _without_the_other(move, why)
    else:
        yield from roll_back(move, why.message, why.reason, **why.inserts)


def _after_suspend(move: Move, why: Break) -> Phase:
    """Decide who goes on when the migration breaks between suspension and resume.

    Assumes [A37]: VM2000's behaviour in this case is not published.
    """
    wanted, can_arrive = move.cluster.after_suspend, move.target.up and move.delivered
    move.decided = wanted
    move.enters("roll-back")
    move.says(why.message, **why.inserts)
    move.says(AFTER_SUSPEND, policy=wanted, reason=why.reason)
    if wanted == "target-resumes" and can_arrive:
        _arrive_without_the_source(move, why)
    elif wanted != "lost" and move.source.up:
        yield move.spends(move.costs.rollback, move.streams.rollback)
        if move.source.up and move.vm.live_on is None:  # not one that went down and came up again meanwhile
            move.resumes_at_home()
            move.says(RESUMED_ON_SOURCE)
            _undo(move)
            move.ends("aborted", why.reason)
        else:
            _lose(move, "source-crash")
    else:
        _lose(move, why.reason)


def _arrive_without_the_source(move: Move, why: Break) -> None:
    """Let the guest go on on the target, which has all of it; the source deletes the VM when it can."""
    move.resumes()
    if move.runs:
        move.says(VMS2432 if move.source.is_390 else HAL0332)
    _end_on_target(move)
    _forget_on_source(move)
    _warn(move, why)


def _end_on_target(move: Move) -> None:
    """Print the end on the target, where the SU type has one, unless it is there already."""
    if move.source.is_390 and not move.has_said(VMS2431):
        move.says(VMS2431)


def _forget_on_source(move: Move) -> None:
    """Delete the VM and its definition on the source, the definition later where that cannot be done now."""
    if move.vm.name not in move.source.indexes:
        return
    move.leaves_source()
    move.says(VMS4024 if move.source.is_390 else VMS6021)
    delete_definition(move)


def _warn(move: Move, why: Break) -> None:
    """End a migration whose guest goes on on the target, though something went wrong."""
    if move.target.up:  # else the target has not ended its part, and the source does not either
        move.says(VMS2451)
    move.ends("completed-with-warnings", why.reason)


def _lose(move: Move, reason: str) -> None:
    """Let the guest end: neither SU has all of it, or the policy wants it so. The VM and its definition stay on the source."""
    move.vm.is_lost()
    if reason == "source-crash" and move.runs:
        next(outage for outage in reversed(move.world.outages) if outage.unit == move.source.name).guests.append(move.vm.name)
    move.gives_place_back()
    move.says(GUEST_LOST, reason=reason)
    move.ends("lost", reason)


def _without_the_other(move: Move, why: Break) -> None:
    """End a migration whose guest has resumed on the target when one of the two SUs crashes."""
    move.enters("roll-back")
    if move.target.up or not move.runs:
        _end_on_target(move)
        _forget_on_source(move)
        _warn(move, why)
    else:
        _forget_on_source(move)
        move.says(GUEST_LOST, reason=why.reason)
        move.ends("lost", why.reason)
