"""The command that hands results on: `migr export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.output import say

# ruff: noqa: PLC0415 - imports inside the commands: each loads what it needs and no other


def export(
    folder: Annotated[str, typer.Argument(metavar="RUN", help="Result folder, path or URL.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="FILE.csv or FILE.xlsx.")],
    table: Annotated[str, typer.Option(metavar="NAME", help="migrations, plans, rounds, messages or summary.")] = "migrations",
    decimal_comma: Annotated[
        bool, typer.Option("--decimal-comma", help="Write 1,5 for 1.5 and ; between the columns of a CSV file.")
    ] = False,
) -> None:
    """Write a table of a result folder as CSV or XLSX."""
    from sim.experiment.storage.reading import batches, row_count
    from sim.experiment.storage.store import Store
    from sim.results.export import frames_of, known_table, write_frames

    store = Store(folder)
    finished = store.facts().get("finished")  # a damaged folder is told before anything is written
    if known_table(table) == "summary":
        summary = store.summary_frame()
        rows, frames = len(summary), iter([summary])
    else:
        contents = store.contents()
        rows, frames = row_count(contents, table), frames_of(batches(contents, table))
    write_frames(frames, out, rows, decimal_comma=decimal_comma)
    say(f"{out}: {rows:,} rows")
    if not finished:
        say(f"warning: {folder} is not finished; give its `migr run` again for the rest")
