"""What all reports share: times of a simulation as clock times, tables as plain text."""

from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table

DAY_TENTHS = 864_000


def clock(time_s: float) -> str:
    """Return "hh:mm:ss.t", with "+1 " before it on the next day; the consoles themselves show whole seconds."""
    days, tenths = divmod(round(time_s * 10), DAY_TENTHS)
    minutes, tenths_of_minute = divmod(tenths, 600)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}:{tenths_of_minute // 10:02d}.{tenths_of_minute % 10}"
    return f"+{days} {text}" if days else text


def rendered(table: Table, width: int) -> str:
    """Return a table as plain text, without blanks at the ends of its lines."""
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
