"""Every message that the simulator prints, and the order in which one migration may print them.

Texts in capital letters are the product's. Own words stand in square brackets behind a known id whose text is not published,
or behind the mark `[migr]` where even the id is not published.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sim.errors import ModelError

SU_390 = "/390"
SU_X86 = "x86"
OWN = "[migr]"


class Recipient(StrEnum):
    """Who reads a message; source and target are the SUs of the migration it belongs to."""

    SOURCE = "source"
    TARGET = "target"
    SOURCE_ADMINS = "source-admins"
    TARGET_ADMINS = "target-admins"
    GUEST = "guest"
    CALLER = "caller"


# Identity is the key of the rank tables: the engines look a rank up for every message, and a hash over six fields costs ten times as much.
@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A message of the product, or a line in our own words; each is one constant of this module.

    Args:
        id: message id; "[migr]" where it is not published, "" for the echo of the command.
        text: template for `str.format`.
        recipients: who reads it.
        su_types: SU types on which it can appear, "/390" and "x86".
        source: the page that it is from.
        text_known: whether the text is published; the id alone does not count.
    """

    id: str
    text: str
    recipients: tuple[Recipient, ...]
    su_types: tuple[str, ...]
    source: str
    text_known: bool


_ON_SOURCE = (Recipient.SOURCE, Recipient.SOURCE_ADMINS)
_ON_TARGET = (Recipient.TARGET, Recipient.TARGET_ADMINS)
_TO_GUEST = (Recipient.GUEST,)
_TO_CALLER = (Recipient.CALLER,)
# The whitepaper says that the caller is told why a migration was aborted.
_WHY_ABORTED = (*_ON_SOURCE, Recipient.CALLER)

_BOTH = (SU_390, SU_X86)
_ONLY_390 = (SU_390,)
_ONLY_X86 = (SU_X86,)

_EXAMPLE = "SE server whitepaper V6.3: example with console messages on SU /390"
_PHASES = "VM2000 User Guide: Phases of a VM Migration"
_CHECK = "VM2000 User Guide: CHECK-VM-MIGRATION"
_COMMANDS = "VM2000 User Guide: examples"
_ABORTION = "SE server whitepaper: Rejection and abortion of an LM (that it happens; the id is not published)"
_OURS = "this program"

COMMAND = Message("", "/MIGRATE-VM VM-ID={index},SERVER-UNIT-NAME={target}", _TO_CALLER, _BOTH, _EXAMPLE, text_known=True)

VMS2471 = Message("VMS2471", "[device '{device}' of VM ({index},{vm}) will be detached]", _TO_CALLER, _BOTH, _PHASES, text_known=False)
VMS2404 = Message(
    "VMS2404",
    "LIVE MIGRATION OF VM ({index},{vm}) REJECTED BY TARGET SU '{target}'. REASON: {reason}",
    _TO_CALLER,
    _BOTH,
    _CHECK,
    text_known=True,
)
# The layout was seen with another command; the name of the command and the result are inserts.
NBR0740 = Message(
    "NBR0740", "COMMAND COMPLETED '{command}'; (RESULT: {result}); DATE: {date}", _TO_CALLER, _BOTH, _COMMANDS, text_known=True
)

VMS2450 = Message(
    "VMS2450", "LIVE MIGRATION OF VM ({index},{vm}) TO TARGET SU '{target}' STARTED", _ON_SOURCE, _BOTH, _EXAMPLE, text_known=True
)
VMS2452 = Message(
    "VMS2452", "VM ({index},{vm}) SUSPENDED AT LIVE MIGRATION TO TARGET SU '{target}'", _ON_SOURCE, _ONLY_390, _EXAMPLE, text_known=True
)
VMS4009 = Message(
    "VMS4009", "DEVICE '{device}' REMOVED FROM VIRTUAL MACHINE ({index},{vm})", _ON_SOURCE, _ONLY_390, _EXAMPLE, text_known=True
)
VMS4024 = Message("VMS4024", "VIRTUAL MACHINE ({index},{vm}) TERMINATED", _ON_SOURCE, _ONLY_390, _EXAMPLE, text_known=True)
VMS2451 = Message(
    "VMS2451", "LIVE MIGRATION OF VM ({index},{vm}) TO TARGET SU '{target}' COMPLETED", _ON_SOURCE, _BOTH, _EXAMPLE, text_known=True
)

VMS2430 = Message(
    "VMS2430", "LIVE MIGRATION OF VM ({index},{vm}) FROM SOURCE SU '{source}' STARTED", _ON_TARGET, _ONLY_390, _EXAMPLE, text_known=True
)
VMS3050 = Message("VMS3050", "VIRTUAL MACHINE ({index},{vm}) CREATED", _ON_TARGET, _ONLY_390, _EXAMPLE, text_known=True)
VMS4005 = Message(
    "VMS4005", "DEVICE '{device}' ASSIGNED TO VIRTUAL MACHINE ({index},{vm})", _ON_TARGET, _ONLY_390, _EXAMPLE, text_known=True
)
VMS2432 = Message(
    "VMS2432", "VM ({index},{vm}) RESUMED AT LIVE MIGRATION FROM SOURCE SU '{source}'", _ON_TARGET, _ONLY_390, _EXAMPLE, text_known=True
)
VMS2431 = Message(
    "VMS2431", "LIVE MIGRATION OF VM ({index},{vm}) FROM SOURCE SU '{source}' COMPLETED", _ON_TARGET, _ONLY_390, _EXAMPLE, text_known=True
)

ETMDR01 = Message("ETMDR01", "DYNAMIC RECONFIGURATION WITH FUNCTION 'MIGRATE' STARTED", _TO_GUEST, _ONLY_390, _EXAMPLE, text_known=True)
MCS1002 = Message(
    "MCS1002",
    "GLOBAL MSCF CONFIGURATION PARAMETER 'RECOVERY-START' CHANGED FROM '*AUTOMATIC' TO 'LOCKED'",
    _TO_GUEST,
    _ONLY_390,
    _EXAMPLE,
    text_known=True,
)

VMS6020 = Message("VMS6020", "[VM ({index},{vm}) set up on target SU '{target}']", _ON_TARGET, _ONLY_X86, _PHASES, text_known=False)
HAL0331 = Message("HAL0331", "[VM stopped on source SU '{source}']", _TO_GUEST, _ONLY_X86, _PHASES, text_known=False)
HAL0332 = Message("HAL0332", "[VM resumed on target SU '{target}']", _TO_GUEST, _ONLY_X86, _PHASES, text_known=False)
VMS6021 = Message("VMS6021", "[VM ({index},{vm}) deleted on source SU '{source}']", _ON_SOURCE, _ONLY_X86, _PHASES, text_known=False)

REJECTED_BY_SOURCE = Message(
    OWN, "live migration of VM ({index},{vm}) rejected by source SU '{source}': {reason}", _TO_CALLER, _BOTH, _ABORTION, text_known=False
)
CHASE_LIMIT_PASSED = Message(
    OWN,
    "memory of VM ({index},{vm}) not transferred to target SU '{target}' within the time limit: its pages keep changing",
    _WHY_ABORTED,
    _BOTH,
    _ABORTION,
    text_known=False,
)
NO_ROOM_AT_SETUP = Message(
    OWN, "VM ({index},{vm}) could not be set up on target SU '{target}': {reason}", _WHY_ABORTED, _BOTH, _ABORTION, text_known=False
)
ROLLED_BACK_ON_TARGET = Message(
    OWN,
    "VM ({index},{vm}) removed again: live migration from source SU '{source}' aborted",
    _ON_TARGET,
    _BOTH,
    _ABORTION,
    text_known=False,
)
ATTACHED_AGAIN_ON_SOURCE = Message(
    OWN,
    "device '{device}' attached again to VM ({index},{vm})",
    _ON_SOURCE,
    _BOTH,
    "VM2000 User Guide: Device management during a VM Migration (that it happens; the id is not published)",
    text_known=False,
)
ABORTED_ON_SOURCE = Message(
    OWN,
    "live migration of VM ({index},{vm}) to target SU '{target}' aborted; the VM stays on SU '{source}'",
    _ON_SOURCE,
    _BOTH,
    _ABORTION,
    text_known=False,
)

PLAN_WAITS = Message(
    OWN, "step {step}: VM ({index},{vm}) waits until SU '{source}' has no outgoing migration", _TO_CALLER, _BOTH, _OURS, text_known=False
)
PLAN_NOTHING = Message(OWN, "step {step}: nothing to do, VM ({index},{vm}) is on SU '{source}'", _TO_CALLER, _BOTH, _OURS, text_known=False)
PLAN_RETRIES = Message(OWN, "step {step}: VM ({index},{vm}) is tried again after {wait}", _TO_CALLER, _BOTH, _OURS, text_known=False)
PLAN_SKIPS = Message(OWN, "step {step}: VM ({index},{vm}) is left on SU '{source}'", _TO_CALLER, _BOTH, _OURS, text_known=False)
PLAN_STOPS = Message(OWN, "step {step}: stopped after VM ({index},{vm}); not tried: {others}", _TO_CALLER, _BOTH, _OURS, text_known=False)

_BEGIN = ((PLAN_WAITS, PLAN_NOTHING), (COMMAND,), (VMS2471, VMS2404, REJECTED_BY_SOURCE), (NBR0740,), (VMS2450,))
_ABORT = ((CHASE_LIMIT_PASSED, NO_ROOM_AT_SETUP), (ROLLED_BACK_ON_TARGET,), (ATTACHED_AGAIN_ON_SOURCE,), (ABORTED_ON_SOURCE,))
# Assumes [A14]: the lines of an abort follow everything that was printed before it, reason first, end on the source last.
_END = (*_ABORT, (PLAN_RETRIES, PLAN_SKIPS, PLAN_STOPS))

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
        (VMS2432,),
        (VMS2431,),
        (VMS4009,),
        (VMS4024,),
        (VMS2451,),
        *_END,
    ),
    SU_X86: (*_BEGIN, (VMS6020,), (HAL0331,), (HAL0332,), (VMS6021,), (VMS2451,), *_END),
}
RANKS: dict[str, dict[Message, int]] = {
    su_type: {message: rank for rank, phase in enumerate(phases) for message in phase} for su_type, phases in PROTOCOL.items()
}
MESSAGES: tuple[Message, ...] = tuple(dict.fromkeys(message for phases in PROTOCOL.values() for phase in phases for message in phase))

# One line a device, and one a conflict.
_REPEATED = frozenset({VMS2471, VMS2404, REJECTED_BY_SOURCE, VMS4005, VMS4009, ATTACHED_AGAIN_ON_SOURCE})
# The target has the guest from here on: there is nothing left to go back to.
_PAST_RETURN = frozenset({VMS2432, VMS2431, HAL0332, VMS6021, VMS4009, VMS4024, VMS2451})
_ALWAYS = {
    SU_390: (COMMAND, NBR0740, VMS2450, VMS2430, VMS3050, VMS2431, VMS4024),
    SU_X86: (COMMAND, NBR0740, VMS2450, VMS6020, VMS6021),
}
_STOP = {SU_390: (VMS2452, VMS2432), SU_X86: (HAL0331, HAL0332)}
_ABORTING = frozenset(message for phase in _ABORT for message in phase)


def rank(su_type: str, message: Message) -> int:
    """Return the place of a message in the order of one migration; equal places come in any order.

    Args:
        su_type: "/390" or "x86".
        message: a constant of this module.

    Raises:
        KeyError: the message does not belong to the SU type.
    """
    return RANKS[su_type][message]


def printed(message: Message, **inserts: object) -> str:
    """Return the line as a console shows it.

    Args:
        message: a constant of this module.
        inserts: values for the template; more than it names do no harm.

    Raises:
        ModelError: an insert of the template is missing.
    """
    try:
        text = message.text.format_map(inserts)
    except KeyError as missing:
        raise ModelError(f"message {message.id or 'echo'} lacks its insert {missing}: {message.text}") from None
    return f"{message.id} {text}" if message.id else text


def check_order(su_type: str, messages: Iterable[Message]) -> None:
    """Check the lines of one migration, from the command (or the wait before it) to its end or abort.

    Args:
        su_type: "/390" or "x86".
        messages: as they were printed on all consoles, in the order of their times.

    Raises:
        ModelError: a message of the other SU type, one out of order or twice, one missing from a completed migration,
            or an abort after the target resumed the VM.
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
    if not _ABORTING.isdisjoint(seen) and not _PAST_RETURN.isdisjoint(seen):
        raise ModelError(f"an abort after the resume on the target: {_ids(seen)}")
    if VMS2451 in seen:
        _check_complete(su_type, seen)


def _check_complete(su_type: str, seen: Iterable[Message]) -> None:
    """Check that a migration that ended well printed everything it had to; a VM that does not run is neither stopped nor resumed."""
    there = frozenset(seen)
    missing = [message for message in _ALWAYS[su_type] if message not in there]
    stopped, resumed = _STOP[su_type]
    if (stopped in there) != (resumed in there):
        missing.append(resumed if stopped in there else stopped)
    if missing:
        raise ModelError(f"a completed migration on SU {su_type} without {_ids(missing)}: {_ids(seen)}")


def _ids(messages: Iterable[Message]) -> str:
    return ", ".join(message.id or "echo" for message in messages)
