"""Which commands a running migration locks: those for the migrating VM on both SUs, and some for everything.

A command that is not in the table is accepted: the manual's list is of what is not allowed. So are forced ones on a migrating VM; what
they do to its migration is not published.

Source: VM2000 User Guide: Commands not allowed during a VM Migration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Literal

from sim.vm2000.answers import NKR0197, VMS3041, VMS3042
from sim.vm2000.commands.syntax import Statement
from sim.vm2000.message import BOTH, ONLY_390, Message
from sim.vm2000.returns import LOCKS, ReturnCode

Side = Literal["source", "target"]
SIDES: tuple[Side, ...] = ("source", "target")


class Meets(Enum):
    """When a row applies."""

    VM = auto()  # the command names a VM that migrates
    GROUP = auto()  # a member of the VM group that it names migrates
    ANY = auto()  # any VM migrates
    SOME = auto()  # the command is for all VMs, and some of them migrate: it leaves them out


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the list.

    Args:
        command: its full name.
        meets: when it applies.
        only: operands that must have these values, else the command is accepted; empty for any.
        su_types: SU types on which it is locked.
        sides: whether on the source SU, on the target SU, or on both.
        message: what the caller is told.
    """

    command: str
    meets: Meets = Meets.VM
    only: Mapping[str, str] = field(default_factory=dict)
    su_types: tuple[str, ...] = BOTH
    sides: tuple[Side, ...] = SIDES
    message: Message = VMS3042

    def applies(self, statement: Statement, su_type: str, side: Side) -> bool:
        """Say whether a command is in this row."""
        fits = all(statement.operands.get(name) == value for name, value in self.only.items())
        return statement.name == self.command and fits and su_type in self.su_types and side in self.sides


def _when(operand: str, value: str) -> Mapping[str, str]:
    return MappingProxyType({operand: value})


_UNFORCED = _when("FORCE", "*NO")
_CHECKED = _when("CHECK-VM-STATE", "*YES")

ROWS: tuple[Row, ...] = (
    # Of all VMs first: the rows for one VM below do not apply to them.
    Row("DELETE-VM", Meets.SOME, MappingProxyType({"VM-IDENTIFICATION": "*ALL", **_CHECKED}), message=VMS3041),
    Row("HOLD-VM", Meets.SOME, _when("VM-IDENTIFICATION", "*ALL"), ONLY_390, message=VMS3041),
    Row("SHUTDOWN-VM", Meets.SOME, _when("VM-IDENTIFICATION", "*VM-GUESTS"), message=VMS3041),
    Row("SHUTDOWN-VM", Meets.ANY, _when("VM-IDENTIFICATION", "*VM2000")),
    Row("SAVE-VM-CONFIGURATION", Meets.ANY),
    Row("START-CONFIGURATION-UPDATE", Meets.ANY, su_types=ONLY_390, message=NKR0197),
    Row("ADD-VM-DEVICES", only=_UNFORCED),
    Row("REMOVE-VM-DEVICES", only=_UNFORCED),
    Row("SWITCH-VM-DEVICES", only=_UNFORCED),
    Row("ADD-VM-TO-VM-GROUP", su_types=ONLY_390),
    Row("REMOVE-VM-FROM-VM-GROUP", su_types=ONLY_390),
    Row("ASSIGN-VM-TO-CPU-POOL"),
    Row("ASSIGN-VM-GROUP-TO-CPU-POOL", Meets.GROUP, su_types=ONLY_390),
    Row("DELETE-VM", only=_CHECKED),
    Row("EXTEND-VM-MEMORY"),
    Row("REDUCE-VM-MEMORY"),
    Row("HOLD-VM", su_types=ONLY_390),
    Row("MODIFY-VM-ATTRIBUTES"),
    Row("MOVE-VM", su_types=ONLY_390),
    Row("RESET-VM"),
    Row("SHUTDOWN-VM"),
    Row("START-VM", only=_CHECKED),
    Row("START-VM", sides=("target",)),
)


@dataclass(frozen=True, slots=True)
class Lock:
    """What a migration does to a command.

    Args:
        message: what the caller is told.
        result: of the command.
        partial: whether it is executed for the VMs that do not migrate.
    """

    message: Message
    result: ReturnCode
    partial: bool


def lock_of(
    statement: Statement, su_type: str, side: Side, *, vm_migrates: bool, any_migrates: bool, group_migrates: bool = False
) -> Lock | None:
    """Return what running migrations do to a command; None when it is executed as ever.

    Args:
        statement: the command.
        su_type: "/390" or "x86", the type of the SU on which it is given.
        side: whether that SU is the source or the target of the migration of the VM; "source" where it names no such VM.
        vm_migrates: whether the VM that it names migrates from or to this SU.
        any_migrates: whether any VM does.
        group_migrates: whether a member of the VM group that it names does.
    """
    met = {Meets.VM: vm_migrates, Meets.GROUP: group_migrates, Meets.ANY: any_migrates, Meets.SOME: any_migrates}
    for row in ROWS:
        if met[row.meets] and row.applies(statement, su_type, side):
            partial = row.meets is Meets.SOME
            return Lock(row.message, LOCKS["VMS9005" if partial else row.message.id], partial)
    return None


def forces(statement: Statement) -> bool:
    """Say whether a command that was accepted breaks into the migration of its VM: it is one that is locked unless it is forced."""
    return any(row.command == statement.name and row.meets is Meets.VM and row.only for row in ROWS)
