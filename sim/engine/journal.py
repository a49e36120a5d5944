"""What was printed and displayed, in the order of time; a switched-off journal costs one comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sim.vm2000.catalogue import Message


class Line(NamedTuple):
    """A message; of one migration, or about a VM or an SU.

    Args:
        time_s: when, seconds since 00:00 of the first day.
        message: which.
        vm, source, target: of the migration.
        inserts: values of its template.
        console: the SU or VM at whose console the caller of a command typed; "" for the plan.
    """

    time_s: float
    message: Message
    vm: str
    source: str
    target: str
    inserts: dict[str, object]
    console: str = ""


class Display(NamedTuple):
    """A state that an SU displays for a VM from now on; "" when the VM is no longer there."""

    time_s: float
    unit: str
    vm: str
    vm_index: int
    state: str


class RoundSent(NamedTuple):
    """A round of a pre-copy, or the stopped one."""

    vm: str
    step: str
    attempt: int
    number: int
    live: bool
    marked_pages: float
    sent_pages: float
    began_s: float
    duration_s: float


@dataclass(slots=True)
class Journal:
    """The record of one replication.

    Args:
        lines: messages as printed, None while nobody wants them.
        displays: states as displayed, None while nobody wants them.
        rounds: rounds as sent, None while nobody wants them.
    """

    lines: list[Line] | None = None
    displays: list[Display] | None = None
    rounds: list[RoundSent] | None = None

    @classmethod
    def full(cls) -> Journal:
        """Return a journal that records all."""
        return cls([], [], [])

    def in_order(self) -> list[Line]:
        """Return the messages in the order of their times; at one time in the order in which they were said."""
        return sorted(self.lines or [], key=lambda line: line.time_s)
