"""What all reports share: clock times, spans and shares as text, tables as plain text."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

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


def percent(share: Mapping[str, Any]) -> str:
    """Return a share with its 95 % interval, as `share_entry` has it; a rare one with as many digits as it takes to see it."""
    value = share["share"]
    digits = 1 if value == 0.0 else max(1, 1 - math.floor(math.log10(100 * value)))
    return f"{100 * value:.{digits}f} % ({100 * share['low']:.{digits}f} to {100 * share['high']:.{digits}f})"


def enumerated(names: Sequence[str], word: str = "and") -> str:
    """Return names as a sentence has them: "A", "A and B", "A, B and C"; "" for none."""
    return f" {word} ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def show_span(value: float | str | None) -> str:
    """Return a time of the table with its unit, s or min:s; "never" for one without end, "-" for none."""
    if value is None or isinstance(value, str):
        return value or "-"
    return f"{short_span(value)} s" if value < 60.0 else f"{short_span(value)} h" if value >= 3600.0 else f"{short_span(value)} min"


def short_span(value: float | str) -> str:
    """Return a time without its unit: 14.23, 3:20 or 1:05:00, short enough for an interval."""
    if isinstance(value, str):
        return value
    if value < 60.0:
        return f"{value:.2f}"
    minutes, seconds = divmod(round(value), 60)
    return f"{minutes}:{seconds:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
