"""What all displays share: the line that says whose layout it is, columns, sizes, lists of names."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from sim.vm2000.message import OWN

# Nothing is published about the width; a BS2000 console line has 80 columns, and names that go on belong under each other.
WIDTH = 80
# Parts of the INFORMATION operand, as the SHOW commands of VM2000 spell them.
STD, CPU, MEMORY, UNITS, MONJV, CONFIGURATION, ALL = "*STD", "*CPU", "*MEMORY", "*UNITS", "*MONJV", "*CONFIGURATION", "*ALL"

_MIB = 2**20


def ours(command: str) -> str:
    """Return the first line of a display whose layout the product's manuals do not give."""
    return f"{OWN} layout of this program, after {command}; the product's layout is not published"


def not_simulated(information: str) -> str:
    """Return what a display says where the simulator has nothing to show."""
    return f"{OWN} INFORMATION={information} is not simulated"


def columns(rows: Iterable[Sequence[str]], right: Iterable[int] = (), gap: int = 2) -> list[str]:
    """Return rows of cells as lines, each column as wide as its widest cell.

    Args:
        rows: the header first, all of the same length.
        right: numbers of the columns that end at the same place, from 0; numbers are read that way.
        gap: blanks between two columns.
    """
    cells, at_right = list(rows), set(right)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        (" " * gap)
        .join(
            cell.rjust(width) if number in at_right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        .rstrip()
        for row in cells
    ]


def listed(names: Sequence[str], first: str, width: int = WIDTH) -> list[str]:
    """Return names, joined by commas, behind a first text; further lines begin under the first name, none is wider than `width`."""
    # textwrap breaks lines at blanks, which no name has and the display does not want behind its commas.
    lines = textwrap.wrap(", ".join(names), width, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False)
    return [line.replace(", ", ",") for line in lines]


def vm_id(index: int, name: str) -> str:
    """Return index and name of a VM as the published example has them: `12 VM12PROD`, ` 2 SYSTEM2`."""
    return f"{index:>2} {name}"


def memory_size(memory_bytes: float | None) -> str:
    """Return a memory size as the product prints it: its MB are MiB, so 4096 MiB are `4096 MB`; whole ones, rounded down; `-` for none."""
    return "-" if memory_bytes is None else f"{memory_bytes // _MIB:.0f} MB"


def tenths(value: float | None) -> str:
    """Return a number with one decimal, `-` for none."""
    return "-" if value is None else f"{value:.1f}"
