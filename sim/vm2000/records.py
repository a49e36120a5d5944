"""What a migration leaves in writing: events in the log of the SE Manager, and the accounting record of the VM on the source.

Source: SE server whitepaper: Messages in the Event logging of the SE Manager; VM2000 User Guide: Accounting in VM2000. Of the texts of the
events only their words are published, "VM ... paused"; the layout of both lines is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sim.vm2000.message import SU_390, SU_X86

RECORD_ID = "VACM"
_MIB = 2**20


class EventKind(StrEnum):
    """What the SE Manager logs of a VM that migrates."""

    PAUSED = "paused"
    CREATED = "created"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"


# What one migration leaves in the log, in the order of time. A VM whose guest does not run is not paused [inferred].
# "Created" is logged at the resume, though the VM exists on the target from the set-up on.
EVENTS: dict[str, tuple[EventKind, ...]] = {
    SU_390: (EventKind.PAUSED, EventKind.CREATED, EventKind.DELETED),
    SU_X86: (EventKind.PAUSED, EventKind.CREATED, EventKind.DEACTIVATED, EventKind.DELETED),
}


@dataclass(frozen=True, slots=True)
class Event:
    """A line in the event log of the SE Manager.

    Args:
        time_s: when, seconds since 00:00 of the first day.
        unit: the SU that it is about.
        vm: the VM.
        text: what happened to it.
    """

    time_s: float
    unit: str
    vm: str
    text: str

    def line(self, clock: str) -> str:
        """Return the event as one line; `clock` is its time as the caller writes times."""
        return f"{clock}  {self.unit:<8}  {self.text}"


def event(kind: EventKind, time_s: float, unit: str, vm: str) -> Event:
    """Return the event that the SE Manager logs."""
    return Event(time_s, unit, vm, f"VM {vm} {kind}")


@dataclass(frozen=True, slots=True)
class AccountingRecord:
    """The record that accounting writes for a VM on the SU that it leaves.

    Args:
        time_s: when it was written, seconds since 00:00 of the first day.
        index: VM index on this SU.
        vm: name of the VM.
        start_s: since when it was on this SU; the beginning of the simulation for one that was there already.
        end_s: until when.
        memory_bytes: its memory.
        cpu_s: CPU time that it used there; None where the simulation does not know, which does not compute what guests do with their CPUs.
    """

    time_s: float
    index: int
    vm: str
    start_s: float
    end_s: float
    memory_bytes: float
    cpu_s: float | None = None

    def line(self, time: str, start: str, end: str) -> str:
        """Return the record as one line.

        Args:
            time: when it was written, as the caller writes times.
            start: since when the VM was there.
            end: until when.
        """
        used = "-" if self.cpu_s is None else f"{self.cpu_s:.1f} s"
        return (
            f"{RECORD_ID}  {time}  VM-INDEX={self.index}  VM-NAME={self.vm}  START={start}  END={end}  CPU-TIME={used}  "
            f"MEM-SIZE={self.memory_bytes // _MIB:.0f} MB"
        )
