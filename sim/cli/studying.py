"""What `migr sweep --sensitivity` adds to a sweep: its points, and the answer in the place of the table of points."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.output import print_json, say, width
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.experiment.run import Ran
    from sim.experiment.study import Study
    from sim.scenario.load import Loaded

# ruff: noqa: PLC0415 - imports inside the functions: each loads what it needs and no other

Sensitivity = Annotated[
    str | None, typer.Option(metavar="morris|sobol", help="For sweep: which of the ranges of 'design' matter, and how much.")
]
Samples = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="With --sensitivity: trajectories of morris (20 if not given), samples of sobol (256)."),
]
By = Annotated[str, typer.Option(metavar="vm|path", help="With --sensitivity: ranges of a VM and its load count together, or each alone.")]


def asked_study(is_sweep: bool, sensitivity: str | None, samples: int | None, by: str) -> Study | None:
    """Return the study that is asked for, or None.

    Raises:
        UsageError: the options do not fit together.
    """
    if sensitivity is None:
        if samples is not None:
            raise UsageError("--samples belongs to --sensitivity; add --sensitivity morris or --sensitivity sobol, or remove it")
        return None
    if not is_sweep:
        raise UsageError("--sensitivity computes the points of a sweep; give `migr sweep` instead of `migr run`")
    from sim.experiment.study import study_of

    return study_of(sensitivity, samples, by)


def show_study(study: Study, loaded: Loaded, ran: Ran, *, as_json: bool) -> None:
    """Print what matters, and store it in the result folder."""
    from sim.experiment.study import FILE, findings
    from sim.report.sensitivity import sensitivity_text

    found = findings(study, loaded, ran.store.contents())
    ran.store.write_text(FILE, json.dumps(found, indent=2, allow_nan=False, ensure_ascii=False) + "\n")
    if as_json:
        print_json(found)
    else:
        typer.echo(sensitivity_text(found, ran.replications, width()))
    say(f"Results: {ran.store.folder}")
