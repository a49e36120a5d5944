"""Engines that break one rule each, on purpose: the random steps of `TwoClusters` find every one of them.

The list is `MUTANTS`: what is broken, and the rule that it breaks, as the words of the assertion that must fail.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import pytest
import simpy
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

import sim.engine.faults as faults_module
import sim.engine.migrate_390 as on_390
import sim.engine.move as move_module
import sim.engine.world as world_module
from engine.test_protocol_machine import TwoClusters
from sim.engine.command import outgoing
from sim.engine.crash import go_down
from sim.engine.memory import Memory, Range
from sim.engine.move import Move
from sim.engine.operators import console, migrating
from sim.engine.operators.call import Call
from sim.engine.unit import Unit
from sim.engine.vm import Vm
from sim.engine.world import World
from sim.vm2000.catalogue import ATTACHED_AGAIN_ON_SOURCE, RANKS, VMS2431, VMS4024, Message
from sim.vm2000.commands.locks import lock_of
from sim.vm2000.devices import DeviceSet
from sim.vm2000.monjv import JobVariable, Status

Patch = pytest.MonkeyPatch


def roll_back_forgets_the_devices(patch: Patch) -> None:
    says_each = Move.says_each

    def forgets(self: Move, message: Message, *others: Any, **named: Any) -> None:  # noqa: ANN401 - passed on as they are
        if message is not ATTACHED_AGAIN_ON_SOURCE:
            says_each(self, message, *others, **named)

    patch.setattr(Move, "says_each", forgets)


def tapes_arrive_with_the_vm(patch: Patch) -> None:
    patch.setattr(DeviceSet, "after_migration", lambda self, _su_type: self)


def lock_holds_on_the_source_only(patch: Patch) -> None:
    def on_source(call: Call, vm: Vm) -> bool:
        return vm.move is not None and vm.move.under_way and vm.move.source is call.unit

    patch.setattr(console, "migrates_here", on_source)


def locked_command_is_executed(patch: Patch) -> None:
    """The list of locks lacks MODIFY-VM-ATTRIBUTES."""

    def leaks(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on as they are
        lock = lock_of(*given, **named)
        if lock is not None and given[0].name == "MODIFY-VM-ATTRIBUTES":
            return None
        return lock

    patch.setattr(console, "lock_of", leaks)


def second_migration_leaves_the_same_su(patch: Patch) -> None:
    def at_once(move: Move) -> Generator[simpy.Event, Any, None]:
        yield from outgoing(move)

    patch.setattr(migrating, "operators_migration", at_once)


def abort_is_not_told_to_monjv(patch: Patch) -> None:
    becomes = JobVariable.becomes

    def forgets(self: JobVariable, status: Status) -> None:
        if status is not Status.ABORTED:
            becomes(self, status)

    patch.setattr(JobVariable, "becomes", forgets)


def roll_back_keeps_the_place(patch: Patch) -> None:
    patch.setattr(Move, "gives_place_back", lambda self: self.world.shows(self.source, self.vm, self.vm.display))


def source_keeps_the_memory(patch: Patch) -> None:
    patch.setattr(Move, "leaves_source", lambda _self: None)


def memory_is_free_while_it_is_copied(patch: Patch) -> None:
    """MOVE-VM gives the range that it leaves away before it has left it."""
    move = Memory.move

    def frees(self: Memory, vm: str) -> Range | None:
        left = move(self, vm)
        if left is not None:
            self._freeing.remove(left)
        return left

    patch.setattr(Memory, "move", frees)
    patch.setattr(Memory, "freed", lambda self, gone: self._freeing.remove(gone) if gone in self._freeing else None)


def memory_is_free_at_once_on_x86(patch: Patch) -> None:
    release = Unit.release
    patch.setattr(Unit, "release", lambda self, vm, env, _after_s: release(self, vm, env, 0.0))


def guests_outlive_a_crash(patch: Patch) -> None:
    def spares(world: World, unit: Unit) -> None:
        alive = [vm for vm in world.vms.values() if vm.live_on is unit]
        go_down(world, unit)
        for vm in alive:
            vm.live_on = unit

    patch.setattr(faults_module, "go_down", spares)


def nobody_is_started_after_a_crash(patch: Patch) -> None:
    patch.setattr(faults_module, "go_up", lambda _world, unit: setattr(unit, "up", True))


def suspended_guest_does_not_go_on(patch: Patch) -> None:
    """After a migration that broke between suspension and resume."""
    patch.setattr(Vm, "resume_at_home", lambda _self: None)


def source_displays_no_migration(patch: Patch) -> None:
    for module in (move_module, world_module):
        patch.setattr(module, "while_migrating", lambda display: display)


def target_ends_after_the_source(patch: Patch) -> None:
    """VMS4024 before VMS2431, and a table of ranks that lets everything pass."""
    patch.setattr(on_390, "VMS2431", VMS4024)
    patch.setattr(on_390, "VMS4024", VMS2431)
    patch.setitem(RANKS, "/390", dict.fromkeys(RANKS["/390"], 0))


@dataclass(frozen=True, slots=True)
class Mutant:
    """An engine that breaks a rule.

    Args:
        breaks: what makes it of the right one.
        says: what the assertion says that must fail; None where the broken rule lets commands break others too.
    """

    breaks: Callable[[Patch], None]
    says: str | None


MUTANTS = (
    Mutant(roll_back_forgets_the_devices, "attached again"),
    Mutant(tapes_arrive_with_the_vm, "devices of"),
    Mutant(lock_holds_on_the_source_only, None),
    Mutant(locked_command_is_executed, "MODIFY-VM-ATTRIBUTES|77.0"),
    Mutant(second_migration_leaves_the_same_su, "has outgoing migrations of"),
    Mutant(abort_is_not_told_to_monjv, "and MONJV"),
    Mutant(roll_back_keeps_the_place, "keeps memory of|has an index on"),
    Mutant(source_keeps_the_memory, "arrived and holds memory|has an index on"),
    Mutant(memory_is_free_while_it_is_copied, "frees"),
    Mutant(memory_is_free_at_once_on_x86, "frees"),
    Mutant(guests_outlive_a_crash, "which is down|lives on"),
    Mutant(nobody_is_started_after_a_crash, "lives nowhere|displayed"),
    Mutant(suspended_guest_does_not_go_on, "lives nowhere|was aborted and lives on None"),
    Mutant(source_displays_no_migration, "shows|displayed"),
    Mutant(target_ends_after_the_source, "VMS4024"),
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.breaks.__name__)
def test_mutant_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.breaks(monkeypatch)
    # Found is enough: nobody wants the shortest way to a fault that was planted.
    until_found = settings(
        max_examples=300,
        stateful_step_count=50,
        deadline=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    with pytest.raises(AssertionError, match=mutant.says):
        run_state_machine_as_test(TwoClusters, settings=until_found)
