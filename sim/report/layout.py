"""What all reports share: times of a simulation as clock times, tables as plain text."""

from __future__ import annotations

import io

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

DAY_TENTHS = 864_000
WIDEST = 10_000  # columns that no table needs: rich measures a table in the width that it is given


def clock(time_s: float) -> str:
    """Return "hh:mm:ss.t", with "+1 " before it on the next day; the consoles themselves show whole seconds."""
    days, tenths = divmod(round(time_s * 10), DAY_TENTHS)
    minutes, tenths_of_minute = divmod(tenths, 600)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}:{tenths_of_minute // 10:02d}.{tenths_of_minute % 10}"
    return f"+{days} {text}" if days else text


def rendered(table: Table, width: int) -> str:
    """Return a table as plain text, without blanks at the ends of its lines.

    Args:
        table: a column with `no_wrap` is not cut, so that no number is.
        width: columns of the terminal; the table is wider where it cannot be otherwise.
    """
    for column in table.columns:
        if column.no_wrap:
            column.min_width = max(cell_len(line) for cell in [column.header, *column.cells] for line in str(cell).splitlines() or [""])
    console = Console(file=io.StringIO(), width=WIDEST, color_system=None, force_terminal=False, legacy_windows=False)
    width = max(width, Measurement.get(console, console.options, table).minimum)
    with console.capture() as capture:
        console.print(table, width=width)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
