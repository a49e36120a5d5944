"""The parts of a migration that both SU types go through: set-up, devices, memory, the stop, the end."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from sim.engine.breaking import roll_back
from sim.engine.move import Move
from sim.engine.pre_copy import live_round, pre_copy, stopped_round
from sim.engine.qemu import qemu_pre_copy
from sim.engine.unit import Unit
from sim.engine.vm import Vm
from sim.engine.world import World
from sim.errors import ModelError
from sim.vm2000.catalogue import (
    CHASE_LIMIT_PASSED,
    CPUS_ATTACHED,
    CPUS_BLOCKED,
    DEFINITION_NOT_CREATED,
    DISKS_NOT_OPERABLE,
    NO_ROOM_AT_SETUP,
    OVERCOMMITTED,
    QUOTA_SHARES,
    SHARES_LEFT,
    Message,
)
from sim.vm2000.cpus import overcommitment, share_changes, shares

Phase = Generator[simpy.Event, Any, None]
Attempt = Generator[simpy.Event, Any, bool]  # whether the migration goes on, or was rolled back


def take_place(move: Move) -> Attempt:
    """Take memory and an index on the target, and create the VM's definition there."""
    if not move.takes_place():
        size, target = move.guest.spec.memory_bytes, move.target
        in_pieces = target.has_resources and target.has_free_index and size <= target.memory.free_bytes
        yield from roll_back(
            move,
            NO_ROOM_AT_SETUP,
            "no-contiguous-memory" if in_pieces else "no-memory-on-target",
            reason="[not enough memory in one range]" if in_pieces else "[not enough free memory, or no VM index]",
        )
        return False
    # VM2000 User Guide: Relocation of the VM definition during VM Migration.
    if not move.target.store_reachable:
        yield from roll_back(move, DEFINITION_NOT_CREATED, "definition-not-created")
        return False
    return True


def assign_devices(move: Move, message: Message | None) -> Attempt:
    """Assign the VM's devices on the target, one by one; the set-up ends with the last."""
    began, devices = move.env.now, move.devices.moving
    yield move.spends(move.costs.setup_per_device, move.streams.setup_per_device, len(devices))
    if move.target.is_390 and not move.target.disks_operable and move.devices.disks:
        yield from roll_back(move, DISKS_NOT_OPERABLE, "disks-not-operable", device=move.devices.disks[0])
        return False
    if message is not None:
        move.says_each(message, devices, since=began)
    move.set_up_s = move.env.now
    return True


def copy_memory(move: Move) -> Attempt:
    """Send the memory up to the suspension; say whether the VM may be suspended, or was rolled back.

    A guest that does not run is sent once. The handshake before the suspension is part of the pre-copy: the guest still runs.
    """
    move.enters("pre-copy")
    if not move.runs:
        move.reads_bitmap()
        yield from live_round(move, move.guest.spec.touched_pages, ceiling_Bps=move.cluster.policy.max_rate_Bps)
        move.copied_s = move.env.now
        move.delivered = True
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
    yield from move.world.network.reach(move.route)
    move.delivered = True
    yield move.spends(move.costs.resume, move.streams.resume)


def show_cpus(move: Move, blocked_before: int) -> None:
    """Say on the target how many virtual CPUs were adjusted to its CPU pool.

    Source: VM2000 User Guide: CPU management during a VM Migration (that it happens; the ids are not published).
    """
    change = move.vm.blocked_cpus - blocked_before
    if change > 0:
        move.says(CPUS_BLOCKED, number=change)
    elif change < 0:
        move.says(CPUS_ATTACHED, number=-change)


def show_shares(move: Move) -> None:
    """Say on the target how the VM changes the CPU shares of the others, and that its CPUs are overcommitted.

    The manual says to check both after a migration; the lines are ours. They appear where the scenario gives quotas, and real CPUs.
    """
    target = move.target
    pool = target.pool_here(move.vm.pool)
    if move.world.journal.lines is None:
        return
    active = active_in(move.world, target, pool)
    quotas = {vm.name: vm.quota for vm in active}
    others = {name: quota for name, quota in quotas.items() if name != move.vm.name}
    if (len(set(quotas.values())) > 1 or target.spec.cpus) and (text := share_changes(shares(others), shares(quotas))):
        move.says(QUOTA_SHARES, text=text)
    if warning := overcommitment(pool, sum(vm.cpus for vm in active), target.pool_cpus(pool)):
        move.says(OVERCOMMITTED, text=warning)


def show_shares_left(move: Move) -> None:
    """Say on the source how the shares of the VMs that stay there grow, where the scenario gives quotas, and real CPUs."""
    source, vm = move.source, move.vm
    if move.world.journal.lines is None or not vm.runs:
        return
    pool = source.pool_here(vm.pool)
    quotas = {each.name: each.quota for each in active_in(move.world, source, pool)}
    before = {**quotas, vm.name: vm.quota}
    if (len(set(before.values())) > 1 or source.spec.cpus) and quotas and (text := share_changes(shares(before), shares(quotas))):
        move.says(SHARES_LEFT, text=text)


def active_in(world: World, unit: Unit, pool: str) -> list[Vm]:
    """Return the VMs whose guests run in a CPU pool of an SU."""
    return [vm for vm in world.on_unit(unit) if vm.runs and vm.live_on is unit and unit.pool_here(vm.pool) == pool]


def remove_devices(move: Move, message: Message | None) -> Phase:
    """Remove the VM's devices on the source, one by one."""
    began, devices = move.env.now, move.devices.moving
    yield move.spends(move.costs.cleanup_per_device, move.streams.cleanup_per_device, len(devices))
    if message is not None:
        move.says_each(message, devices, since=began)


def complete(move: Move) -> None:
    """Close the books of a migration that has arrived."""
    move.ends("completed-with-warnings" if move.warning else "completed", move.warning)
