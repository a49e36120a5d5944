"""Lines that belong to no single migration: what the plan decides, what happens to an SU, what an operator typed."""

from __future__ import annotations

from sim.vm2000.message import BOTH, ON_SOURCE, ONLY_X86, OWN, TO_CALLER, TO_NOBODY, Message, Recipient

_OURS = "this program"
_DEFINITIONS = "VM2000 User Guide: Relocation of the VM definition during VM Migration (that it happens; the id is not published)"


def _own(text: str, recipients: tuple[Recipient, ...], source: str = _OURS) -> Message:
    return Message(OWN, text, recipients, BOTH, source, text_known=False)


PLAN_WAITS = _own("step {step}: VM ({index},{vm}) waits until SU '{source}' has no outgoing migration", TO_CALLER)
PLAN_NOTHING = _own("step {step}: nothing to do, VM ({index},{vm}) is on SU '{source}'", TO_CALLER)
PLAN_RETRIES = _own("step {step}: VM ({index},{vm}) is tried again after {wait}", TO_CALLER)
PLAN_SKIPS = _own("step {step}: VM ({index},{vm}) is left on SU '{source}'", TO_CALLER)
PLAN_STOPS = _own("step {step}: stopped after VM ({index},{vm}); not tried: {others}", TO_CALLER)
PLAN_SU_DOWN = _own("SU '{unit}' is down: no migration from or to it can be started", TO_CALLER)

DEFINITION_DELETED_LATER = _own("definition of VM {vm} deleted on SU '{source}' after all", ON_SOURCE, _DEFINITIONS)
VM_RESTARTED = _own("VM ({index},{vm}) initialised again on SU '{source}' after its outage", ON_SOURCE)
# VMS4024 is printed on SU /390 only; what an SU x86 says when VMs are deleted by command is not published.
_DELETE = "VM2000 User Guide: DELETE-VM"
VM_DELETED = Message(OWN, "VM ({index},{vm}) deleted on SU '{source}'", ON_SOURCE, ONLY_X86, _DELETE, text_known=False)

# An SU that is down has no console, and of a fault the site sees the consequences only.
SU_DOWN = _own("SU '{unit}' is down: its VMs have ended", TO_NOBODY)
SU_UP = _own("SU '{unit}' is up again", TO_NOBODY)
FAULT_BEGINS = _own("fault {fault} begins: {what}", TO_NOBODY)
FAULT_ENDS = _own("fault {fault} ends", TO_NOBODY)

# The echo of what was typed, and the lines of a display: no messages, so they have no id.
OPERATOR_COMMAND = Message("", "{command}", TO_CALLER, BOTH, _OURS, text_known=True)
DISPLAY = Message("", "{text}", TO_CALLER, BOTH, _OURS, text_known=True)
NOT_MODELLED = _own("{command} is not modelled: nothing happens", TO_CALLER)
# What a manual says that VM2000 rejects, without the id of the answer.
COMMAND_REJECTED = _own("{command} rejected: {text}; the product's code is not published", TO_CALLER)
CONSOLE_SILENT = _own("{command} has no effect: the console of {text} does not answer", TO_NOBODY)

OUTSIDE: tuple[Message, ...] = (
    PLAN_WAITS,
    PLAN_NOTHING,
    PLAN_RETRIES,
    PLAN_SKIPS,
    PLAN_STOPS,
    PLAN_SU_DOWN,
    DEFINITION_DELETED_LATER,
    VM_RESTARTED,
    VM_DELETED,
    SU_DOWN,
    SU_UP,
    FAULT_BEGINS,
    FAULT_ENDS,
    OPERATOR_COMMAND,
    DISPLAY,
    NOT_MODELLED,
    COMMAND_REJECTED,
    CONSOLE_SILENT,
)
