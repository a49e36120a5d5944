"""The definition of a VM that has left an SU: deleted there, now or later."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from sim.engine.move import Move
from sim.engine.unit import Unit
from sim.engine.vm import Vm
from sim.engine.world import World
from sim.vm2000.catalogue import DEFINITION_DELETED_LATER, DEFINITION_NOT_DELETED


def delete_definition(move: Move) -> None:
    """Delete the VM's definition on the source, or warn and make up for it later.

    Source: VM2000 User Guide: Relocation of the VM definition during VM Migration.
    """
    if move.source.up and move.source.store_reachable:
        return
    move.warning = "definition-not-deleted"
    move.says(DEFINITION_NOT_DELETED)
    delete_definition_later(move.world, move.source, move.vm)


def delete_definition_later(world: World, unit: Unit, vm: Vm) -> None:
    """Leave the definition of a VM on an SU, and delete it as soon as its store can be reached."""
    unit.undeleted.add(vm.name)
    world.env.process(_retry(world, unit, vm))


def _retry(world: World, unit: Unit, vm: Vm) -> Generator[simpy.Event, Any, None]:
    # Assumes [A46]: that VM2000 makes up for it is published, how soon is not.
    wait_s = world.cluster_of(unit).definition_retry_s
    while vm.name in unit.undeleted:
        if world.plan_over and not unit.repairs and not (unit.up and unit.store_reachable):
            return  # it will never be reachable again
        yield world.env.timeout(wait_s)
        if vm.name in unit.undeleted and unit.up and unit.store_reachable:  # not once the VM is back there
            unit.undeleted.discard(vm.name)
            world.tells(vm, DEFINITION_DELETED_LATER, unit=unit)
