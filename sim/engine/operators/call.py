"""A command under way: who typed it where, and what the caller is answered."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sim.engine.journal import Line
from sim.engine.unit import Unit
from sim.engine.vm import Vm
from sim.engine.world import World
from sim.vm2000.answers import VMS2306, VMS3000, VMS4000
from sim.vm2000.catalogue import COMMAND_REJECTED, NOT_MODELLED, Message
from sim.vm2000.commands.syntax import Statement
from sim.vm2000.message import OWN
from sim.vm2000.returns import ACCEPTED, CHECK_VM_MIGRATION, RESUME_VM, ReturnCode
from sim.vm2000.states import State, on_target

# The end of commands whose code is not published, or that the simulator does not know: their line in our own words says it, and
# NBR0740 is left out, since its codes would be claims about the product.
NO_CODE = ReturnCode(0, 64, OWN, "nothing is published that could be printed")

MONITOR_INDEX = "1"
# At a console of the monitor system *CURRENT is the monitor VM [VM2000 User Guide: Restrictions in VM2000 commands/functions].
CURRENT = "*CURRENT"
ALL = "*ALL"
# The operands by which commands name the VM that they are for, in the order in which VMS3000 names it.
_FOR_A_VM = ("VM-IDENTIFICATION", "FROM-VM", "VM-NAME")
_NO_INDEX = " "  # as published for *ALL [VM2000 User Guide: SEND-VM-MESSAGE]


@dataclass(frozen=True, slots=True)
class Call:
    """A command of a VM2000 administrator.

    Args:
        world: the replication.
        unit: the SU at whose monitor console it was typed.
        statement: what was understood.
        left_out: VMs for which it is not executed since they migrate.
    """

    world: World
    unit: Unit
    statement: Statement
    left_out: frozenset[str] = frozenset()

    def without(self, vms: frozenset[str]) -> Call:
        """Return the command for all VMs but these."""
        return replace(self, left_out=vms)

    def __getitem__(self, operand: str) -> str:
        return self.statement[operand]

    def answers(self, message: Message, about: Vm | None = None, /, **inserts: object) -> None:
        """Print a line to the caller, or on the consoles of the SU, as its recipients say; `about` is the VM that it names."""
        lines, here = self.world.journal.lines, self.unit.name
        if lines is None:
            return
        name, index = (about.name, about.index) if about is not None else ("", 0)
        named = {"index": index, "vm": name, "source": here, "target": here, "unit": here, "command": self.statement.name}
        lines.append(Line(self.world.env.now, message, name, here, here, {**named, **inserts}, here))

    def rejects(self, text: str, vm: Vm | None = None) -> ReturnCode:
        """Reject the command for a reason that the manual gives without an id."""
        self.answers(COMMAND_REJECTED, vm, text=text)
        return NO_CODE

    def not_modelled(self, what: str) -> ReturnCode:
        """Leave out what the simulator does not know."""
        self.answers(NOT_MODELLED, command=f"{self.statement.name} {what}")
        return NO_CODE

    def done(self, *vms: Vm, code: ReturnCode = ACCEPTED, said: bool = False) -> ReturnCode:
        """Say that it was executed, unless that was said; a definition that could not be updated is a warning (SU /390).

        Returns:
            the result of the command: `code`, or the warning.
        """
        if not self.unit.is_390 or self.unit.store_reachable or not vms:
            if not self.left_out and not said:  # VMS3041 says it of one that is executed only in part
                self._processed(*vms)
            return code
        for vm in vms:
            self.answers(VMS2306, vm)
        return RESUME_VM["VMS2306"]

    def _processed(self, *vms: Vm) -> None:
        """Print VMS3000, which names the VM of the command; one for none, or for a VM group, has no such line."""
        named = next((value for operand in _FOR_A_VM if (value := self.statement.operands.get(operand))), None)
        if named is None:
            return
        if named.startswith("*") or not vms:
            self.answers(VMS3000, index=_NO_INDEX, vm=named)
        else:
            self.answers(VMS3000, vms[0])

    def lacks_cpus(self, pool: str) -> bool:
        """Say whether a CPU pool of this SU is known to have no attached CPU."""
        spec = self.unit.spec
        return (spec.cpus > 0 or bool(spec.pools)) and self.unit.pool_cpus(pool) == 0

    def vm(self, operand: str = "VM-IDENTIFICATION") -> Vm | ReturnCode:
        """Return the guest's VM that an operand names, or the result of the command when there is none.

        VMs that are only defined are not there for commands [VM2000 User Guide: Commands for managing VM definitions].
        """
        named = self[operand]
        if named in {CURRENT, MONITOR_INDEX}:
            return self.rejects("it cannot be given for the monitor VM")
        found = self.find(named)
        if found is None:
            self.answers(VMS4000, vm=named)
            return CHECK_VM_MIGRATION["VMS4000"]
        return found

    def find(self, named: str) -> Vm | None:
        """Return the VM that an index or a name means on this SU; VMs that are being set up or deleted in a migration are there too."""
        indexes = self.unit.indexes
        name = next((name for name, index in indexes.items() if str(index) == named), named)
        return self.world.vms[name] if name in indexes else None

    def guests(self) -> list[Vm]:
        """Return the VMs that are on this SU and not left out, in the order of their indexes."""
        return [vm for vm in self.world.on_unit(self.unit) if vm.unit is self.unit and vm.name not in self.left_out]

    def turns(self, vm: Vm, state: State, waits: frozenset[State] = frozenset()) -> None:
        """Let a VM take another state; (DIFF) stays, since it belongs to its devices and not to its guest."""
        vm.waits = waits
        self.world.turns(vm, on_target(state, vm.home_iocf == vm.unit.spec.iocf))
