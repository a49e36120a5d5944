"""What a person reads of a prediction: what was assumed, what was not looked at, and how many migrations converge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table as Drawn

from sim.validate.tables.measured import QemuCase, Table
from sim.validate.tables.predicted_table import Convergence, Predicted
from sim.validate.tables.table_columns import COLUMNS, NAME_OF_KIND

MOST_NAMES = 6  # columns of outcomes in a line: enough to see that they were recognised


def notes(table: Table, *, requested: bool) -> list[str]:
    """Return what a planner has to know of how a table was read, one line each."""
    lines = [f"{table.label}: {len(table.cases):,} {NAME_OF_KIND[table.kind]}"]
    if table.kind == "qemu":
        lines.append(_rates_line(table, requested=requested))
    lines += _assumed_lines(table)
    if table.outcomes:
        lines.append(f"not looked at, because they are outcomes: {_names(table.outcomes)}")
    if table.ignored:
        lines.append(f"warning: ignored, because no prediction knows them: {', '.join(table.ignored)}")
    return lines


def convergence_text(predicted: Predicted, width: int) -> str:
    """Return how many migrations converge, one line a group.

    Args:
        predicted: the predictions.
        width: columns of the terminal.
    """
    drawn = Drawn(box=None, pad_edge=False)
    drawn.add_column("group")
    for heading in ("rows", "converge", "never", "sometimes"):
        drawn.add_column(heading, justify="right")
    groups = [*predicted.groups, total(predicted.groups)] if len(predicted.groups) > 1 else predicted.groups
    for each in groups:
        drawn.add_row(each.group or "-", *(f"{number:,}" for number in (each.rows, each.converge, each.never, each.undecided)))
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(drawn)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def total(groups: Sequence[Convergence]) -> Convergence:
    """Return how many rows of all groups converge."""
    return Convergence("all", *(sum(numbers) for numbers in zip(*((each.rows, each.converge, each.never) for each in groups), strict=True)))


def prediction_content(table: Table, predicted: Predicted) -> dict[str, Any]:
    """Return the same for programs."""
    defaults = {column.name: column.default for column in COLUMNS[table.kind]}
    return {
        "table": table.label,
        "kind": table.kind,
        "key": table.key_column,
        "rows": len(table.cases),
        "assumed": {name: {"value": defaults[name], "rows": rows} for name, rows in table.assumed.items()},
        "outcomes_not_looked_at": list(table.outcomes),
        "ignored": list(table.ignored),
        "convergence": [
            {"group": each.group, "rows": each.rows, "converge": each.converge, "never": each.never, "sometimes": each.undecided}
            for each in predicted.groups
        ],
    }


def _assumed_lines(table: Table) -> Iterator[str]:
    """Yield the defaults that stand for what was not written, those of equally many rows on one line."""
    columns = {column.name: column for column in COLUMNS[table.kind]}
    for rows in sorted(set(table.assumed.values()), reverse=True):
        words = []
        for name in (name for name, number in table.assumed.items() if number == rows):
            column = columns[name]
            why = f" ({column.why})" if column.why else ""
            words.append(f"{name} {column.default} {column.unit}".rstrip() + why)
        yield f"assumed in {_of(rows, len(table.cases))}: {', '.join(words)}"


def _rates_line(table: Table, *, requested: bool) -> str:
    cases = [case for case in table.cases if isinstance(case, QemuCase)]
    writing = [case for case in cases if case.sets]
    reached = 0 if requested else sum(bool(case.achieved_pps) for case in writing)
    curves = sum(bool(case.curve) for case in cases)
    counts = {
        "with the write rates that were reached (mig_rate_pps)": reached,
        "with those that were asked for (sets)": len(writing) - reached,
        "with a dirty curve": curves,
        "idle": len(cases) - len(writing) - curves,
    }
    return "rates: " + ", ".join(f"{number:,} {what}" for what, number in counts.items() if number)


def _of(rows: int, all_rows: int) -> str:
    return f"all {rows:,} rows" if rows == all_rows and rows > 1 else f"{rows:,} of {all_rows:,} rows"


def _names(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
