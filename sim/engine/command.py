"""/MIGRATE-VM: the synchronous check with its answer to the caller, then the migration itself."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import date, timedelta
from typing import Any

import simpy

from sim.engine.migrate_390 import migrate_390
from sim.engine.migrate_x86 import migrate_x86
from sim.engine.move import Move
from sim.units import DAY_S
from sim.vm2000.catalogue import COMMAND, NBR0740, VMS2471
from sim.vm2000.checks import ReturnCode, SourceView, TargetView, VmView, check_migration

Phase = Generator[simpy.Event, Any, None]

JOBS: dict[str, Callable[[Move], Phase]] = {"/390": migrate_390, "x86": migrate_x86}


def migrate_vm(move: Move, *, another_is_outgoing: bool) -> Phase:
    """Execute /MIGRATE-VM: check synchronously, answer the caller, then migrate; the caller is free from the answer on.

    Args:
        move: the migration; it ends as rejected, aborted or completed.
        another_is_outgoing: whether another migration from this source is running: VM2000 rejects a second one.

    Source: VM2000 User Guide: Phases of a VM Migration.
    """
    move.says(COMMAND)
    yield move.spends(move.costs.check, move.streams.check)
    vm, target = move.vm, move.target
    result = check_migration(
        VmView(vm.name, move.index, vm.display, move.guest.spec.memory_bytes, vm.devices),
        SourceView(move.source.name, move.source.spec.su_type, another_is_outgoing),
        TargetView(target.name, target.spec.su_type, target.free_bytes, target.has_free_index),
    )
    for violation in result.violations:
        move.says(violation.message, **violation.inserts)
    for warning in result.warnings:
        move.says(VMS2471, device=warning.device)
    _answer(move, result.result)
    if result.violations:
        move.ends("rejected", result.violations[0].reason)
        return
    move.detached = tuple(warning.device for warning in result.warnings)
    yield from JOBS[move.source.spec.su_type](move)


def _answer(move: Move, result: ReturnCode) -> None:
    """Print the end of the command to the caller."""
    start = move.world.site.point.start
    day = date.fromisoformat(start) + timedelta(days=move.env.now // DAY_S) if start else "-"
    move.says(NBR0740, command="MIGRATE-VM", result=result, date=day)
