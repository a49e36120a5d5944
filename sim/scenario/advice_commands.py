"""Say of operators' commands what can be seen before anything is executed: mistyped, or sure to fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sim.scenario.document import Document
from sim.scenario.point import Point
from sim.scenario.problems import Problem, dotted, nearest
from sim.scenario.world import World
from sim.vm2000.commands.formats import COMMANDS
from sim.vm2000.commands.syntax import CommandError, Statement, Unknown, parse

MOST_NAMED = 8  # names or indexes in a warning: what a planner reads at a glance
_MONITOR = ("1", "MONITOR")  # VM2000 User Guide: Monitor system; it has the index 1, and no entry in a scenario
_NAMES_A_VM = ("VM-IDENTIFICATION", "FROM-VM", "TO-VM", "VM-NAME")
_WILDCARDS = frozenset("*/<(")  # what a value has that stands for several VMs, or is a keyword
_UNIQUE = "*UNIQUE"


@dataclass(frozen=True, slots=True)
class Known:
    """What commands can name.

    Args:
        cluster_of: SU -> its cluster.
        type_of: SU -> its SU type.
        vms: VM -> its SU and its index at the start.
    """

    cluster_of: Mapping[str, str]
    type_of: Mapping[str, str]
    vms: Mapping[str, tuple[str, int]]

    @classmethod
    def of_world(cls, world: World) -> Known:
        """Return what the commands of a scenario can name."""
        units = world.units()
        return cls(
            {unit: path[1] for unit, (path, _, _) in units.items()},
            {unit: cluster.type for unit, (_, _, cluster) in units.items()},
            {name: (vm.su, vm.index or 0) for name, vm in world.spec.vms.items()},
        )

    @classmethod
    def of_point(cls, point: Point) -> Known:
        """Return what can be named in a session of a point."""
        return cls(
            {unit.name: unit.cluster for unit in point.units},
            {unit.name: unit.su_type for unit in point.units},
            {vm.name: (vm.unit, vm.index) for vm in point.vms},
        )

    def units_beside(self, unit: str) -> list[str]:
        """Return the other SUs of an SU's cluster."""
        return [other for other, cluster in self.cluster_of.items() if cluster == self.cluster_of[unit] and other != unit]

    def vms_beside(self, unit: str) -> dict[str, int]:
        """Return the VMs of an SU's cluster with their indexes."""
        return {vm: index for vm, (su, index) in self.vms.items() if self.cluster_of[su] == self.cluster_of[unit]}


def mistyped_commands(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the commands of a document whose other entries may be wrong, too."""
    operators = document.content.get("operators")
    for position, entry in enumerate(operators) if isinstance(operators, list) else ():
        text = entry.get("command") if isinstance(entry, dict) else None
        path = ("operators", str(position), "command")
        found = _read(text) if isinstance(text, str) and text.strip() else None
        if isinstance(found, str):
            yield Problem(document.value_place(path), dotted(path), found)


def command_warnings(text: str, console: str, known: Known) -> Iterator[str]:
    """Yield why a command will do nothing, one sentence each.

    Args:
        text: as it is typed.
        console: the SU, or the VM, at whose console it is typed.
        known: what it can name.
    """
    found = _read(text)
    if isinstance(found, str):
        yield found
        return
    name, command = found.name, COMMANDS[found.name]
    if console in known.vms and not command.guest:
        yield f"{name} is a command for the console of an SU, and '{console}' is a VM; type it at '{known.vms[console][0]}'"
    elif console in known.vms:
        return
    elif command.guest:
        yield f"{name} is a command for the console of a guest, and '{console}' is an SU; type it at a VM"
    elif command.only_390 and known.type_of[console] == "x86":
        yield f"{name} is a command of SU /390, and '{console}' is x86; it will be answered VMS3011"
    else:
        yield from _nowhere(found, console, known)
        yield from _nobody(found, console, known)


def _read(text: str) -> Statement | str:
    """Return what a command means, or why it means nothing."""
    try:
        return parse(text)
    except Unknown as unknown:
        hit = nearest(unknown.name, COMMANDS)
        meant = f"; did you mean {hit}?" if hit else ""
        return f"{unknown} is a command that the simulator does not execute; it will say so{meant}"
    except CommandError as error:
        return f"will be answered CMD0202: {error}"


def _nowhere(statement: Statement, console: str, known: Known) -> Iterator[str]:
    """Say that a command names no other SU of its cluster."""
    wanted, others = statement.operands.get("SERVER-UNIT-NAME"), known.units_beside(console)
    if wanted is None or wanted in {unit.upper() for unit in others}:
        return
    cluster = known.cluster_of[console]
    if wanted == _UNIQUE:
        if len(others) != 1:
            yield f"SERVER-UNIT-NAME=*UNIQUE needs one other SU, and cluster '{cluster}' has {len(others)}; {_allowed(others)}"
    elif wanted == console.upper():
        yield f"SERVER-UNIT-NAME={wanted} is the SU at which it is typed; {_allowed(others)}"
    else:
        yield f"SERVER-UNIT-NAME={wanted}: cluster '{cluster}' has no such SU; {_meant(wanted, others) or _allowed(others)}"


def _nobody(statement: Statement, console: str, known: Known) -> Iterator[str]:
    """Say that a command names a VM that its cluster does not have at the start."""
    vms = known.vms_beside(console)
    indexes = sorted({str(index) for index in vms.values()}, key=int)
    for operand, value in statement.operands.items():
        names_vm = operand.rpartition(".")[2] in _NAMES_A_VM
        if not names_vm or not value or _WILDCARDS & set(value) or value in {*vms, *indexes, *_MONITOR}:
            continue
        kind, there = ("index", indexes) if value.isdecimal() else ("name", list(vms))
        remedy = (_meant(value, there) if kind == "name" else "") or _allowed(there)
        yield f"{operand}={value}: no VM of cluster '{known.cluster_of[console]}' has this {kind} at the start; {remedy}"


def _meant(wrong: str, known: Iterable[str]) -> str:
    hit = nearest(wrong, known)
    return f"did you mean {hit}?" if hit else ""


def _allowed(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"known: {', '.join(names[:MOST_NAMED])}{more}" if names else "it has none"
