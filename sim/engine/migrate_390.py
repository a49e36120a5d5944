"""One migration between two SU /390, which VM2000 itself executes."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from sim.engine.definitions import delete_definition
from sim.engine.move import Move
from sim.engine.phases import (
    assign_devices,
    complete,
    copy_memory,
    remove_devices,
    send_rest,
    show_cpus,
    show_shares,
    show_shares_left,
    take_place,
)
from sim.vm2000.catalogue import (
    ETMDR01,
    MCS1002,
    VMS2430,
    VMS2431,
    VMS2432,
    VMS2450,
    VMS2451,
    VMS2452,
    VMS3050,
    VMS4005,
    VMS4009,
    VMS4024,
)


def migrate_390(move: Move) -> Generator[simpy.Event, Any, None]:
    """Move a VM between two SU /390.

    Up to the resume the source has the complete guest: whoever aborts this process loses nothing but time. A VM that is INIT-ONLY or
    DOWN is copied once and prints no VMS2452, VMS2432 or guest message, since nothing in it runs.

    Source: VM2000 User Guide: Phases of a VM Migration; SE server whitepaper V6.3: example with console messages on SU /390.
    """
    costs, streams = move.costs, move.streams
    move.begins()
    move.says(VMS2450)
    yield move.spends(costs.setup, streams.setup)
    if move.runs:
        move.says(ETMDR01)
        move.says(MCS1002)
    move.says(VMS2430)
    if not (yield from take_place(move)):
        return
    yield move.spends(costs.setup_per_gib, streams.setup_per_gib, move.gib)
    move.says(VMS3050)
    if not (yield from assign_devices(move, VMS4005)):
        return

    if not (yield from copy_memory(move)):
        return
    move.suspends()
    if move.runs:
        move.says(VMS2452)
        yield from send_rest(move)
    blocked = move.vm.blocked_cpus
    move.resumes()
    if move.runs:
        move.says(VMS2432)
    show_cpus(move, blocked)

    yield move.spends(costs.cleanup, streams.cleanup, 0.5)
    move.says(VMS2431)
    show_shares(move)
    yield from remove_devices(move, VMS4009)
    move.leaves_source()
    move.says(VMS4024)
    show_shares_left(move)
    delete_definition(move)
    yield move.spends(costs.cleanup, streams.cleanup, 0.5)
    move.says(VMS2451)
    complete(move)
