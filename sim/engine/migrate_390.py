"""One migration between two SU /390, which VM2000 itself executes."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from sim.engine.move import Move
from sim.engine.phases import assign_devices, copy_memory, remove_devices, roll_back, send_rest
from sim.vm2000.catalogue import (
    ETMDR01,
    MCS1002,
    NO_ROOM_AT_SETUP,
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
    costs, streams, runs = move.costs, move.streams, move.guest.runs
    move.begins()
    move.says(VMS2450)
    yield move.spends(costs.setup, streams.setup)
    if runs:
        move.says(ETMDR01)
        move.says(MCS1002)
    move.says(VMS2430)
    if not move.takes_place():
        yield from roll_back(move, NO_ROOM_AT_SETUP, "no-memory-on-target", "[not enough free memory, or no VM index]")
        return
    yield move.spends(costs.setup_per_gib, streams.setup_per_gib, move.guest.gib)
    move.says(VMS3050)
    yield from assign_devices(move, VMS4005)

    if not (yield from copy_memory(move)):
        return
    move.suspends()
    if runs:
        move.says(VMS2452)
        yield from send_rest(move)
    move.resumes()
    if runs:
        move.says(VMS2432)

    yield move.spends(costs.cleanup, streams.cleanup, 0.5)
    move.says(VMS2431)
    yield from remove_devices(move, VMS4009)
    move.leaves_source()
    move.says(VMS4024)
    yield move.spends(costs.cleanup, streams.cleanup, 0.5)
    move.says(VMS2451)
    move.ends("completed")
