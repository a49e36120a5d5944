"""What goes wrong: faults of a scenario begin at their moments, change the world, and end.

What a fault does to a migration that is under way is in `sim.engine.breaking`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy

from sim.engine.crash import go_down, go_up
from sim.engine.happened import Struck
from sim.engine.move import Move
from sim.engine.network import Break
from sim.engine.world import World
from sim.scenario.point import Fault
from sim.vm2000.catalogue import FAULT_BEGINS, FAULT_ENDS, VMS6000, VMS6001, VMS6003, Message

Waiting = Generator[simpy.Event, Any, None]

AGENT_ERRORS: dict[str, Message] = {message.id: message for message in (VMS6000, VMS6001, VMS6003)}


def start_faults(world: World) -> None:
    """Let every fault of the point that happens in this replication wait for its moment."""
    for fault in world.site.point.faults:
        if fault.chance < 1.0 and world.lane.uniform(_stream(fault, "chance"), 0) >= fault.chance:
            continue
        if fault.phase:
            wait_for_phase(world, fault)
        else:
            world.env.process(_again_and_again(world, fault) if fault.every_s is not None else _once(world, fault))


def _stream(fault: Fault, purpose: str) -> str:
    return f"fault {fault.name}/{purpose}"


def _once(world: World, fault: Fault, delay_s: float | None = None) -> Waiting:
    yield world.env.timeout(delay_s if delay_s is not None else fault.at_s or 0.0)
    yield from strike(world, fault, 0)


def _again_and_again(world: World, fault: Fault) -> Waiting:
    """Let a fault happen at exponential intervals while the plan is carried out, counted from its first step."""
    number = 0
    yield world.env.timeout(min((step.at_s for step in world.site.point.steps), default=0.0))
    while True:
        drawn = world.lane.uniform(_stream(fault, "interval"), number)
        yield world.env.timeout(-(fault.every_s or 0.0) * float(np.log1p(-drawn)))
        if world.plan_over:
            return
        yield from strike(world, fault, number)
        number += 1


def wait_for_phase(world: World, fault: Fault) -> None:
    """Let a fault wait for the first migration of its VM to enter its phase."""

    def entered(move: Move) -> None:
        if (move.vm.name, move.phase) == (fault.vm, fault.phase):
            world.on_phase.remove(entered)
            world.env.process(_once(world, fault, fault.after_s))

    world.on_phase.append(entered)


def strike(world: World, fault: Fault, number: int) -> Waiting:
    """Let a fault begin now, last, and end.

    Args:
        world: the replication.
        fault: of the point.
        number: which of its occurrences it is, to address its draws.
    """
    kind, unit, lasts = KINDS[fault.kind], world.units.get(fault.place), fault.lasts
    same = world.broken.setdefault((fault.kind, fault.place), [])
    world.tells(None, FAULT_BEGINS, fault=fault.name, what=_what(fault))
    same.append(fault)
    struck = Struck(fault.name, world.env.now)
    world.struck.append(struck)
    if unit is not None and lasts is not None:
        unit.repairs += 1
    kind.begins(world, _worst(same))
    if lasts is None:
        return
    yield world.env.timeout(lasts.median_s * world.lane.factor(_stream(fault, "length"), number, lasts.sigma))
    if unit is not None:
        unit.repairs -= 1
    world.tells(None, FAULT_ENDS, fault=fault.name)
    struck.ended_s = world.env.now
    same.remove(fault)
    if same:
        kind.begins(world, _worst(same))
    else:
        kind.ends(world, fault)


def _worst(same: list[Fault]) -> Fault:
    """Return the one that counts of the faults of one kind at one place: that which leaves least."""
    return min(same, key=lambda fault: fault.remaining)


def _what(fault: Fault) -> str:
    left = f", {fault.remaining:.0%} left" if fault.kind in {"link", "monitor"} else ""
    return f"{fault.kind} {fault.place}{left}{' ' * bool(fault.message)}{fault.message}"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of fault does to the world when it begins and when it ends."""

    begins: Callable[[World, Fault], None]
    ends: Callable[[World, Fault], None]


def _agent_fails(world: World, fault: Fault) -> None:
    unit = world.units[fault.place]
    unit.agent = fault.message
    message = AGENT_ERRORS[fault.message]
    for vm in list(world.vms.values()):
        move = vm.move
        if move is not None and unit in (move.source, move.target) and move.phase != "clean-up":
            move.break_off(Break("agent-error", message, {"unit": unit.name}))


def _agent_works(world: World, fault: Fault) -> None:
    world.units[fault.place].agent = ""


def _sets(name: str, value: bool) -> Callable[[World, Fault], None]:
    def setting(world: World, fault: Fault) -> None:
        setattr(world.units[fault.place], name, value)  # a name that an SU has not is an error, since it has slots

    return setting


KINDS: dict[str, Kind] = {
    "link": Kind(
        lambda world, fault: world.network.set_link(fault.place, fault.remaining),
        lambda world, fault: world.network.set_link(fault.place, 1.0),
    ),
    "monitor": Kind(
        lambda world, fault: world.network.set_monitor(fault.place, fault.remaining),
        lambda world, fault: world.network.set_monitor(fault.place, 1.0),
    ),
    "resources": Kind(_sets("has_resources", value=False), _sets("has_resources", value=True)),
    "disks": Kind(_sets("disks_operable", value=False), _sets("disks_operable", value=True)),
    "definitions": Kind(_sets("store_reachable", value=False), _sets("store_reachable", value=True)),
    "crash": Kind(
        lambda world, fault: go_down(world, world.units[fault.place]), lambda world, fault: go_up(world, world.units[fault.place])
    ),
    "agent": Kind(_agent_fails, _agent_works),
}
