"""Every message of a migration, and the order in which one migration may print them.

Texts in capital letters are the product's. Own words stand in square brackets behind a known id whose text is not published,
or behind the mark `[migr]` where even the id is not published.
"""

from __future__ import annotations

from collections.abc import Iterable

from sim.errors import ModelError
from sim.vm2000.answers import VMS2400, VMS4000
from sim.vm2000.message import (
    BOTH,
    ON_SOURCE,
    ON_TARGET,
    ONLY_390,
    ONLY_X86,
    OWN,
    SU_390,
    SU_X86,
    TO_CALLER,
    TO_GUEST,
    TO_NOBODY,
    Message,
    Recipient,
    printed,
)
from sim.vm2000.outside import (
    COMMAND_REJECTED,
    CONSOLE_SILENT,
    DEFINITION_DELETED_LATER,
    DISPLAY,
    FAULT_BEGINS,
    FAULT_ENDS,
    NOT_MODELLED,
    OPERATOR_COMMAND,
    PLAN_NOTHING,
    PLAN_RETRIES,
    PLAN_SKIPS,
    PLAN_STOPS,
    PLAN_SU_DOWN,
    PLAN_WAITS,
    SU_DOWN,
    SU_UP,
    VM_RESTARTED,
)

# Defined elsewhere and looked for here; the constants of this module are not repeated.
__all__ = [
    "COMMAND_REJECTED",
    "CONSOLE_SILENT",
    "DEFINITION_DELETED_LATER",
    "DISPLAY",
    "FAULT_BEGINS",
    "FAULT_ENDS",
    "NOT_MODELLED",
    "OPERATOR_COMMAND",
    "OWN",
    "PLAN_NOTHING",
    "PLAN_RETRIES",
    "PLAN_SKIPS",
    "PLAN_STOPS",
    "PLAN_SU_DOWN",
    "PLAN_WAITS",
    "SU_390",
    "SU_DOWN",
    "SU_UP",
    "SU_X86",
    "VM_RESTARTED",
    "Message",
    "Recipient",
    "printed",
]

# The whitepaper says that the caller is told why a migration was aborted.
_WHY_ABORTED = (*ON_SOURCE, Recipient.CALLER)

_EXAMPLE = "SE server whitepaper V6.3: example with console messages on SU /390"
_PHASES = "VM2000 User Guide: Phases of a VM Migration"
_CHECK = "VM2000 User Guide: CHECK-VM-MIGRATION"
_COMMANDS = "VM2000 User Guide: examples"
_ABORTION = "SE server whitepaper: Rejection and abortion of an LM (that it happens; the id is not published)"
_UNPUBLISHED = "(that it happens; the id is not published)"
_DEFINITION_PAGE = f"VM2000 User Guide: Relocation of the VM definition during VM Migration {_UNPUBLISHED}"
_DEVICES = f"VM2000 User Guide: Device management during a VM Migration {_UNPUBLISHED}"
_CPUS = f"VM2000 User Guide: CPU management during a VM Migration {_UNPUBLISHED}"
_NEEDS = f"VM2000 User Guide: Prerequisites for the VM Migration {_UNPUBLISHED}"
_CARRIER = "VM2000 User Guide: Errors in the carrier system (SU x86); Command return codes"
_OURS = "this program"

COMMAND = Message("", "{command}", TO_CALLER, BOTH, _EXAMPLE, text_known=True)

VMS2471 = Message("VMS2471", "[device '{device}' of VM ({index},{vm}) will be detached]", TO_CALLER, BOTH, _PHASES, text_known=False)
VMS2404 = Message(
    "VMS2404",
    "LIVE MIGRATION OF VM ({index},{vm}) REJECTED BY TARGET SU '{target}'. REASON: {reason}",
    TO_CALLER,
    BOTH,
    _CHECK,
    text_known=True,
)
# The layout was seen with another command; the name of the command and the result are inserts.
NBR0740 = Message("NBR0740", "COMMAND COMPLETED '{command}'; (RESULT: {result}); DATE: {date}", TO_CALLER, BOTH, _COMMANDS, text_known=True)

VMS2450 = Message(
    "VMS2450", "LIVE MIGRATION OF VM ({index},{vm}) TO TARGET SU '{target}' STARTED", ON_SOURCE, BOTH, _EXAMPLE, text_known=True
)
VMS2452 = Message(
    "VMS2452", "VM ({index},{vm}) SUSPENDED AT LIVE MIGRATION TO TARGET SU '{target}'", ON_SOURCE, ONLY_390, _EXAMPLE, text_known=True
)
VMS4009 = Message(
    "VMS4009", "DEVICE '{device}' REMOVED FROM VIRTUAL MACHINE ({index},{vm})", ON_SOURCE, ONLY_390, _EXAMPLE, text_known=True
)
VMS4024 = Message("VMS4024", "VIRTUAL MACHINE ({index},{vm}) TERMINATED", ON_SOURCE, ONLY_390, _EXAMPLE, text_known=True)
VMS2451 = Message(
    "VMS2451", "LIVE MIGRATION OF VM ({index},{vm}) TO TARGET SU '{target}' COMPLETED", ON_SOURCE, BOTH, _EXAMPLE, text_known=True
)

VMS2430 = Message(
    "VMS2430", "LIVE MIGRATION OF VM ({index},{vm}) FROM SOURCE SU '{source}' STARTED", ON_TARGET, ONLY_390, _EXAMPLE, text_known=True
)
VMS3050 = Message("VMS3050", "VIRTUAL MACHINE ({index},{vm}) CREATED", ON_TARGET, ONLY_390, _EXAMPLE, text_known=True)
VMS4005 = Message("VMS4005", "DEVICE '{device}' ASSIGNED TO VIRTUAL MACHINE ({index},{vm})", ON_TARGET, ONLY_390, _EXAMPLE, text_known=True)
VMS2432 = Message(
    "VMS2432", "VM ({index},{vm}) RESUMED AT LIVE MIGRATION FROM SOURCE SU '{source}'", ON_TARGET, ONLY_390, _EXAMPLE, text_known=True
)
VMS2431 = Message(
    "VMS2431", "LIVE MIGRATION OF VM ({index},{vm}) FROM SOURCE SU '{source}' COMPLETED", ON_TARGET, ONLY_390, _EXAMPLE, text_known=True
)

ETMDR01 = Message("ETMDR01", "DYNAMIC RECONFIGURATION WITH FUNCTION 'MIGRATE' STARTED", TO_GUEST, ONLY_390, _EXAMPLE, text_known=True)
MCS1002 = Message(
    "MCS1002",
    "GLOBAL MSCF CONFIGURATION PARAMETER 'RECOVERY-START' CHANGED FROM '*AUTOMATIC' TO 'LOCKED'",
    TO_GUEST,
    ONLY_390,
    _EXAMPLE,
    text_known=True,
)

VMS6020 = Message("VMS6020", "[VM ({index},{vm}) set up on target SU '{target}']", ON_TARGET, ONLY_X86, _PHASES, text_known=False)
HAL0331 = Message("HAL0331", "[VM stopped on source SU '{source}']", TO_GUEST, ONLY_X86, _PHASES, text_known=False)
HAL0332 = Message("HAL0332", "[VM resumed on target SU '{target}']", TO_GUEST, ONLY_X86, _PHASES, text_known=False)
VMS6021 = Message("VMS6021", "[VM ({index},{vm}) deleted on source SU '{source}']", ON_SOURCE, ONLY_X86, _PHASES, text_known=False)


def _own(text: str, recipients: tuple[Recipient, ...], source: str, su_types: tuple[str, ...] = BOTH) -> Message:
    return Message(OWN, text, recipients, su_types, source, text_known=False)


REJECTED_BY_SOURCE = _own("live migration of VM ({index},{vm}) rejected by source SU '{source}': {reason}", TO_CALLER, _ABORTION)

# Why a migration is aborted. The reasons that the whitepaper names come first, then what faults and operators do to it.
CHASE_LIMIT_PASSED = _own(
    "memory of VM ({index},{vm}) not transferred to target SU '{target}' within the time limit: its pages keep changing",
    _WHY_ABORTED,
    _ABORTION,
)
NO_ROOM_AT_SETUP = _own("VM ({index},{vm}) could not be set up on target SU '{target}': {reason}", _WHY_ABORTED, _ABORTION)
LINK_LOST = _own("network connection between source SU '{source}' and target SU '{target}' interrupted", _WHY_ABORTED, _ABORTION)
DISKS_NOT_OPERABLE = _own(
    "device '{device}' of VM ({index},{vm}) is not operable at target SU '{target}'", _WHY_ABORTED, _ABORTION, ONLY_390
)
DEFINITION_NOT_CREATED = _own(
    "definition of VM ({index},{vm}) could not be created on target SU '{target}'", _WHY_ABORTED, _DEFINITION_PAGE
)
MONITOR_STARVED = _own("the monitor system of SU '{unit}' gets no CPU for the live migration of VM ({index},{vm})", _WHY_ABORTED, _NEEDS)
SU_CRASHED = _own("SU '{unit}' went down during the live migration of VM ({index},{vm})", _WHY_ABORTED, _OURS)
FORCED_OFF = _own("live migration of VM ({index},{vm}) ended by {command}", _WHY_ABORTED, _OURS)
VMS6000 = Message("VMS6000", "[VM2000 agent not available on SU '{unit}']", _WHY_ABORTED, ONLY_X86, _CARRIER, text_known=False)
VMS6001 = Message("VMS6001", "[carrier administration not available on SU '{unit}']", _WHY_ABORTED, ONLY_X86, _CARRIER, text_known=False)
VMS6003 = Message("VMS6003", "[error of the VM2000 agent on SU '{unit}']", _WHY_ABORTED, ONLY_X86, _CARRIER, text_known=False)

# What the product does when a migration breaks between suspension and resume is not published: no console of it shows this line.
AFTER_SUSPEND = _own(
    "VM ({index},{vm}) was suspended when its live migration broke ({reason}); policy of the scenario: {policy}", TO_NOBODY, _OURS
)
RESUMED_ON_SOURCE = _own("VM ({index},{vm}) goes on on source SU '{source}'", ON_SOURCE, _ABORTION)
ROLLED_BACK_ON_TARGET = _own("VM ({index},{vm}) removed again: live migration from source SU '{source}' aborted", ON_TARGET, _ABORTION)
ATTACHED_AGAIN_ON_SOURCE = _own("device '{device}' attached again to VM ({index},{vm})", ON_SOURCE, _DEVICES)
ABORTED_ON_SOURCE = _own(
    "live migration of VM ({index},{vm}) to target SU '{target}' aborted; the VM stays on SU '{source}'", ON_SOURCE, _ABORTION
)
GUEST_LOST = _own("guest of VM ({index},{vm}) is lost: {reason}", TO_NOBODY, _OURS)

DEFINITION_NOT_DELETED = _own(
    "definition of VM ({index},{vm}) could not be deleted on source SU '{source}'; it is tried again", ON_SOURCE, _DEFINITION_PAGE
)
CPUS_BLOCKED = _own("virtual CPUs of VM ({index},{vm}) detached (BLOCK): {number}; its CPU pool has fewer CPUs here", ON_TARGET, _CPUS)
CPUS_ATTACHED = _own("virtual CPUs of VM ({index},{vm}) attached: {number}; its CPU pool has more CPUs here", ON_TARGET, _CPUS)
QUOTA_SHARES = _own("CPU shares on SU '{target}': {text}", ON_TARGET, _CPUS)
SHARES_LEFT = _own("CPU shares on SU '{source}': {text}", ON_SOURCE, _CPUS)
OVERCOMMITTED = _own("SU '{target}': {text}", ON_TARGET, _CPUS)

_BEGIN = (
    (PLAN_WAITS, PLAN_NOTHING),
    (COMMAND, OPERATOR_COMMAND),
    (VMS2471, VMS2404, REJECTED_BY_SOURCE, VMS2400, VMS4000),
    (NBR0740,),
    (VMS2450,),
)
# Assumes [A14]: the lines of an abort follow everything that was printed before it, reason first, end on the source last. No abort
# follows the resume on the target, so a reason has its place before it: after it the target may go on with a suspended VM.
_WHY = (CHASE_LIMIT_PASSED, NO_ROOM_AT_SETUP, LINK_LOST, DEFINITION_NOT_CREATED, MONITOR_STARVED, SU_CRASHED, FORCED_OFF)
_ROLL_BACK = ((RESUMED_ON_SOURCE,), (ROLLED_BACK_ON_TARGET,), (ATTACHED_AGAIN_ON_SOURCE,), (ABORTED_ON_SOURCE, GUEST_LOST))
_END = (*_ROLL_BACK, (PLAN_RETRIES, PLAN_SKIPS, PLAN_STOPS))

# The /390 order is that of the published console example. The order between the two SUs x86 is not published.
# Assumes [A14]: on x86 it is the causal one.
PROTOCOL: dict[str, tuple[tuple[Message, ...], ...]] = {
    SU_390: (
        *_BEGIN,
        (ETMDR01, MCS1002),
        (VMS2430,),
        (VMS3050,),
        (VMS4005,),
        (VMS2452,),
        (*_WHY, DISKS_NOT_OPERABLE),
        (AFTER_SUSPEND,),
        (VMS2432,),
        (CPUS_BLOCKED, CPUS_ATTACHED),
        (VMS2431,),
        (QUOTA_SHARES, OVERCOMMITTED),
        (VMS4009,),
        (VMS4024,),
        (SHARES_LEFT,),
        (DEFINITION_NOT_DELETED,),
        (VMS2451,),
        *_END,
    ),
    SU_X86: (
        *_BEGIN,
        (VMS6020,),
        (HAL0331,),
        (*_WHY, VMS6000, VMS6001, VMS6003),
        (AFTER_SUSPEND,),
        (HAL0332,),
        (CPUS_BLOCKED, CPUS_ATTACHED),
        (QUOTA_SHARES, OVERCOMMITTED),
        (VMS6021,),
        (SHARES_LEFT,),
        (DEFINITION_NOT_DELETED,),
        (VMS2451,),
        *_END,
    ),
}
RANKS: dict[str, dict[Message, int]] = {
    su_type: {message: rank for rank, phase in enumerate(phases) for message in phase} for su_type, phases in PROTOCOL.items()
}
MESSAGES: tuple[Message, ...] = tuple(dict.fromkeys(message for phases in PROTOCOL.values() for phase in phases for message in phase))

# One line a device, one a conflict, one a VM whose share changes.
_REPEATED = frozenset({VMS2471, VMS2404, REJECTED_BY_SOURCE, VMS4005, VMS4009, ATTACHED_AGAIN_ON_SOURCE, QUOTA_SHARES, OVERCOMMITTED})
# The target has the guest from here on: there is nothing left to go back to.
_PAST_RETURN = frozenset({VMS2432, VMS2431, HAL0332, VMS6021, VMS4009, VMS4024, VMS2451})
_ECHOES = frozenset({COMMAND, OPERATOR_COMMAND})
_ALWAYS = {
    SU_390: (VMS2450, VMS2430, VMS3050, VMS2431, VMS4024),
    SU_X86: (VMS2450, VMS6020, VMS6021),
}
_STOP = {SU_390: (VMS2452, VMS2432), SU_X86: (HAL0331, HAL0332)}
REASONS = frozenset((*_WHY, DISKS_NOT_OPERABLE, VMS6000, VMS6001, VMS6003))
_ABORTING = frozenset({RESUMED_ON_SOURCE, ROLLED_BACK_ON_TARGET, ATTACHED_AGAIN_ON_SOURCE, ABORTED_ON_SOURCE})
# A migration has one end at most.
_ENDS = (VMS2451, ABORTED_ON_SOURCE, GUEST_LOST)


def rank(su_type: str, message: Message) -> int:
    """Return the place of a message in the order of one migration; equal places come in any order.

    Args:
        su_type: "/390" or "x86".
        message: a constant of this module.

    Raises:
        KeyError: the message does not belong to the SU type.
    """
    return RANKS[su_type][message]


def check_order(su_type: str, messages: Iterable[Message]) -> None:
    """Check the lines of one migration, from the command (or the wait before it) to its end or abort.

    Args:
        su_type: "/390" or "x86".
        messages: as they were printed on all consoles, in the order of their times; those of the command, from its echo to NBR0740,
            may be left out together.

    Raises:
        ModelError: a message of the other SU type, one out of order or twice, one missing from a completed migration,
            two ends, or an abort after the target resumed the VM.
    """
    ranks = RANKS[su_type]
    seen: dict[Message, None] = {}
    last = -1
    for message in messages:
        wrong = ""
        if message not in ranks:
            wrong = "belongs to the other SU type"
        elif ranks[message] < last:
            wrong = "came too late"
        elif message in seen and message not in _REPEATED:
            wrong = "came twice"
        if wrong:
            raise ModelError(f"'{message.id} {message.text}' {wrong} on SU {su_type}, after {_ids(seen)}")
        last = ranks[message]
        seen[message] = None
    _check_end(su_type, seen)
    if VMS2451 in seen:
        _check_complete(su_type, seen)


def _check_end(su_type: str, seen: dict[Message, None]) -> None:
    """Check that how the migration ended fits what came before."""
    past_return = not _PAST_RETURN.isdisjoint(seen)
    given_up = not REASONS.isdisjoint(seen) and AFTER_SUSPEND not in seen
    wrong = ""
    if past_return and (given_up or not _ABORTING.isdisjoint(seen)):
        wrong = "an abort after the resume on the target"
    elif RESUMED_ON_SOURCE in seen and _STOP[su_type][0] not in seen:
        wrong = "a resume of a VM that was not suspended"
    elif sum(end in seen for end in _ENDS) > 1:
        wrong = "a migration with two ends"
    if wrong:
        raise ModelError(f"{wrong}: {_ids(seen)}")


def _check_complete(su_type: str, seen: dict[Message, None]) -> None:
    """Check that a migration that ended well printed everything it had to; a VM that does not run is neither stopped nor resumed."""
    missing = [message for message in _ALWAYS[su_type] if message not in seen]
    if _ECHOES.isdisjoint(seen) == (NBR0740 in seen):
        missing.append(NBR0740 if NBR0740 not in seen else COMMAND)
    stopped, resumed = _STOP[su_type]
    if (stopped in seen) != (resumed in seen):
        missing.append(resumed if stopped in seen else stopped)
    if missing:
        raise ModelError(f"a completed migration on SU {su_type} without {_ids(missing)}: {_ids(seen)}")


def _ids(messages: Iterable[Message]) -> str:
    return ", ".join(message.id or "echo" for message in messages)
