"""One migration between two SU x86, which Xen/X2000 executes."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from sim.engine.move import Move
from sim.engine.phases import assign_devices, copy_memory, remove_devices, roll_back, send_rest
from sim.vm2000.catalogue import HAL0331, HAL0332, NO_ROOM_AT_SETUP, VMS2450, VMS2451, VMS6020, VMS6021


def migrate_x86(move: Move) -> Generator[simpy.Event, Any, None]:
    """Move a VM between two SU x86.

    The stop and the resume show on the guest's console only (HAL0331, HAL0332); the target prints nothing at its end. The memory of
    the deleted VM is free on the source some seconds later.

    Source: VM2000 User Guide: Phases of a VM Migration; Terminating a VM.
    """
    costs, streams, runs = move.costs, move.streams, move.guest.runs
    move.begins()
    move.says(VMS2450)
    yield move.spends(costs.setup, streams.setup)
    if not move.takes_place():
        yield from roll_back(move, NO_ROOM_AT_SETUP, "no-memory-on-target", "[not enough free memory, or no VM index]")
        return
    yield move.spends(costs.setup_per_gib, streams.setup_per_gib, move.guest.gib)
    yield from assign_devices(move, None)
    move.says(VMS6020)

    if not (yield from copy_memory(move)):
        return
    move.suspends()
    if runs:
        move.says(HAL0331)
        yield from send_rest(move)
    move.resumes()
    if runs:
        move.says(HAL0332)

    yield move.spends(costs.cleanup, streams.cleanup, 0.5)
    yield from remove_devices(move, None)
    move.leaves_source()
    move.says(VMS6021)
    yield move.spends(costs.cleanup, streams.cleanup, 0.5)
    move.says(VMS2451)
    move.ends("completed")
