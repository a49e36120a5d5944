"""Displays for a planner: the VMs of an SU at one time, and the states of VMs over time.

The layouts are ours. What SHOW-VM-ATTRIBUTES prints is published only in part, so the first line says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_NOTE = "[migr] layout of this program, after SHOW-VM-ATTRIBUTES; the product's layout is not published"
_HEADER = "VM-ID         STATE           CPU-Q  MAX-U PROC MEM-SIZE"
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class VmLine:
    """One VM as an SU displays it.

    Args:
        index: VM index.
        name: VM name.
        state: displayed state, (MIGR) or (DIFF) included.
        cpus: virtual CPUs.
        memory_bytes: configured memory.
        cpu_quota: CPU quota, percent; None when the scenario has none.
        max_utilisation: limit of the CPU utilisation, percent; None when the scenario has none.
    """

    index: int
    name: str
    state: str
    cpus: int
    memory_bytes: float
    cpu_quota: float | None = None
    max_utilisation: float | None = None


@dataclass(frozen=True, slots=True)
class StateShown:
    """A display that changed: from `clock` on, SU `unit` shows VM `vm` as `state` ("" when it is not there)."""

    clock: str
    unit: str
    vm: str
    state: str


def show_vm_attributes(rows: Iterable[VmLine]) -> str:
    """Return the VMs of one SU as lines of text, in the order given."""
    return "\n".join((_NOTE, _HEADER, *(_vm_line(row) for row in rows)))


def memory_size(memory_bytes: float) -> str:
    """Return a memory size as the product prints it: its MB are MiB, so 4096 MiB are `4096 MB`; whole ones, rounded down."""
    return f"{memory_bytes // _MIB:.0f} MB"


def show_states_over_time(changes: Iterable[StateShown]) -> str:
    """Return a table of displays as they changed, in the order given; `-` where the VM is not displayed on the SU."""
    rows = [("TIME", "SU", "VM", "STATE"), *((change.clock, change.unit, change.vm, change.state or "-") for change in changes)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def _vm_line(row: VmLine) -> str:
    quota, limit = _percent(row.cpu_quota), _percent(row.max_utilisation)
    return f"{row.index:>2} {row.name:<8}   {row.state:<16}{quota:>5}{limit:>7}{row.cpus:>5} {memory_size(row.memory_bytes):>8}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1f}"
