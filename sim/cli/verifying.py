"""The command that asks whether the predictions are right: `migr verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.arguments import Json
from sim.cli.exits import INTERRUPTED, MISSED
from sim.cli.output import print_json, say, width
from sim.errors import ObjectiveMissed

# ruff: noqa: PLC0415 - imports inside the commands: each loads what it needs and no other


def verify(
    quick: Annotated[bool, typer.Option("--quick", help="In seconds: without the test tiers, with few replications.")] = False,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the report.")] = Path("reports/verification"),
    cases: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder with cases that the package may not contain (dirty_curves.csv).")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, metavar="W", help="Processes; as many as CPUs if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Compare predictions with theory, other programs and measured migrations; write a report with figures."""
    from sim.experiment.execution.workers import default_workers
    from sim.report.verification.page import make_ready, page, write_page
    from sim.report.verification.text import verification_content, verification_text
    from sim.validate.verification import verify as run_all

    make_ready(out)
    try:
        found = run_all(quick=quick, cases=cases, workers=workers or default_workers(), tell=say)
        file = write_page(page(found), out)
    except KeyboardInterrupt:
        say("\nInterrupted. No report was written; the same command computes it.")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(verification_content(found))
    else:
        typer.echo(verification_text(found, width()))
    say(f"Report: {file}")
    if found.missed:
        raise ObjectiveMissed(f"{len(found.missed)} of {len(found.checks)} checks are not met.", MISSED)
