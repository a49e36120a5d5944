"""The command that sets two results against each other: `migr compare`."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli.arguments import Json
from sim.cli.output import print_json, say

# ruff: noqa: PLC0415 - imports inside the commands: each loads what it needs and no other


def compare(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN [NAME NAME | RUN]", help="A result folder and two of its variants, or two result folders.")
    ],
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", metavar="NAME", help="Of two folders only this variant; given twice, the first is of the first folder."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say which of two results is better, in what and by how much, with intervals from pairs of replications."""
    from sim.experiment.sides import chosen_points, compared
    from sim.report.comparing import comparisons_text

    found = []
    for first, second in chosen_points(runs, variant or []):
        comparison, warnings = compared(first, second)
        for warning in warnings:
            say(f"warning: {warning}")
        found.append(comparison)
    if as_json:
        print_json({"comparisons": [each.content() for each in found]})
    else:
        typer.echo(comparisons_text(found))
