"""An SU that crashes, and comes up again: what becomes of its VMs and of their migrations.

What happens to a migration when an SU crashes is not published, and neither is what becomes of its VMs on SU /390; on SU x86 they are
initialised again.

Source: VM2000 User Guide: Errors in the carrier system (SU x86).
"""

from __future__ import annotations

from sim.engine.happened import Outage
from sim.engine.network import Break
from sim.engine.unit import Unit
from sim.engine.world import World
from sim.vm2000.catalogue import SU_CRASHED, SU_DOWN, SU_UP, VM_RESTARTED
from sim.vm2000.states import on_target


def go_down(world: World, unit: Unit) -> None:
    """Let an SU crash: its guests end, and no migration from or to it goes on."""
    if not unit.up:
        return
    unit.up = False
    world.tells(None, SU_DOWN, unit=unit)
    # One that stands still in its own migration may go on on the target: `breaking` books it if it does not.
    world.outages.append(Outage(world.env.now, unit.name, [vm.name for vm in world.on_unit(unit) if vm.live_on is unit and vm.has_guest]))
    for vm in world.on_unit(unit):
        if vm.unit is unit:
            vm.live_on = None
        world.shows(unit, vm, vm.display)  # nothing: the SU is down
    for vm in list(world.vms.values()):
        move = vm.move
        if move is not None and unit in (move.source, move.target):
            move.break_off(Break("target-crash" if unit is move.target else "source-crash", SU_CRASHED, {"unit": unit.name}))


def go_up(world: World, unit: Unit) -> None:
    """Let an SU come up again: its VMs are initialised, and those whose guests ran are started.

    Assumes [A39]: that guests are started again, and at once, is a choice of this program.
    """
    if unit.up:
        return
    unit.up = True
    world.tells(None, SU_UP, unit=unit)
    for vm in world.on_unit(unit):
        if vm.unit is unit and vm.initialised:
            vm.live_on = unit
            vm.home_iocf = unit.spec.iocf
            vm.live_migrations, vm.visited = 0, [(world.env.now, unit.name)]
            vm.display = on_target(vm.display, same_iocf=True)
            world.tells(vm, VM_RESTARTED)
        world.shows(unit, vm, world.displayed(unit, vm))  # (MIGR) while a migration of it is being rolled back
