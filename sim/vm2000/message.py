"""What a message is: its id, its text, who reads it, and how a console prints it.

Texts in capital letters are the product's. Own words stand in square brackets behind a known id whose text is not published,
or behind the mark `[migr]` where even the id is not published.
"""

from __future__ import annotations

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
    # No console shows it, only the trace: what happens to the site itself, which nobody on it could see.
    SIMULATOR = "simulator"


# Identity is the key of the rank tables: the engines look a rank up for every message, and a hash over six fields costs ten times as much.
@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A message of the product, or a line in our own words; each is one constant of `catalogue` or `answers`.

    Args:
        id: message id; "[migr]" where it is not published, "" for what is no message (the echo of a command, a display).
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


# All messages of a migration go to the console of the monitor system and to the VM2000 administrators of their SU; those of
# HAL033x only to the guest's console [VM2000 User Guide: Phases of a VM Migration].
ON_SOURCE = (Recipient.SOURCE, Recipient.SOURCE_ADMINS)
ON_TARGET = (Recipient.TARGET, Recipient.TARGET_ADMINS)
TO_GUEST = (Recipient.GUEST,)
TO_CALLER = (Recipient.CALLER,)
TO_NOBODY = (Recipient.SIMULATOR,)

BOTH = (SU_390, SU_X86)
ONLY_390 = (SU_390,)
ONLY_X86 = (SU_X86,)


def printed(message: Message, **inserts: object) -> str:
    """Return the line as a console shows it.

    Args:
        message: a constant of `catalogue` or `answers`.
        inserts: values for the template; more than it names do no harm.

    Raises:
        ModelError: an insert of the template is missing.
    """
    try:
        text = message.text.format_map(inserts)
    except KeyError as missing:
        raise ModelError(f"message {message.id or 'echo'} lacks its insert {missing}: {message.text}") from None
    return f"{message.id} {text}" if message.id else text
