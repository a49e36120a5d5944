"""One migration between two SU x86, which Xen/X2000 executes."""

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
from sim.vm2000.catalogue import HAL0331, HAL0332, VMS2450, VMS2451, VMS6020, VMS6021


def migrate_x86(move: Move) -> Generator[simpy.Event, Any, None]:
    """Move a VM between two SU x86.

    The stop and the resume show on the guest's console only (HAL0331, HAL0332); the target prints nothing at its end. The memory of
    the deleted VM is free on the source some seconds later.

    Source: VM2000 User Guide: Phases of a VM Migration; Terminating a VM.
    """
    costs, streams = move.costs, move.streams
    move.begins()
    move.says(VMS2450)
    yield move.spends(costs.setup, streams.setup)
    if not (yield from take_place(move)):
        return
    yield move.spends(costs.setup_per_gib, streams.setup_per_gib, move.gib)
    if not (yield from assign_devices(move, None)):
        return
    move.says(VMS6020)

    if not (yield from copy_memory(move)):
        return
    move.suspends()
    if move.runs:
        move.says(HAL0331)
        yield from send_rest(move)
    blocked = move.vm.blocked_cpus
    move.resumes()
    if move.runs:
        move.says(HAL0332)
    show_cpus(move, blocked)
    show_shares(move)

    yield move.spends(costs.cleanup, streams.cleanup, 0.5)
    yield from remove_devices(move, None)
    move.leaves_source()
    move.says(VMS6021)
    show_shares_left(move)
    delete_definition(move)
    yield move.spends(costs.cleanup, streams.cleanup, 0.5)
    move.says(VMS2451)
    complete(move)
