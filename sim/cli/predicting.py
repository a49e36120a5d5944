"""The command that predicts measured migrations without looking at their outcomes: `migr predict`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.arguments import Json
from sim.cli.exits import INTERRUPTED, SOME_FAILED
from sim.cli.output import print_json, say, width
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.validate.tables.measured import Table
    from sim.validate.tables.predicted_table import Predicted, PredictQemu, PredictSimgrid

# ruff: noqa: PLC0415 - imports inside the commands: each loads what it needs and no other

# The 5 % and 95 % quantiles of 400 replications are, 99 times of 100, those of true shares of 2 to 8 % and 92 to 98 % (binomial).
REPLICATIONS = 400
SEED = 1


def predict(
    measured: Annotated[Path, typer.Option("--measured", metavar="IN.csv", help="Table of measured migrations; see docs/predict.md.")],
    out: Annotated[Path, typer.Option("--out", metavar="OUT.csv", help="Table of predictions to write, one row a row of IN.csv.")],
    requested: Annotated[
        bool, typer.Option("--requested", help="Use the write rates that were asked for, even where IN.csv has those that were reached.")
    ] = False,
    replications: Annotated[int, typer.Option(min=1, metavar="N", help="Repetitions of every migration.")] = REPLICATIONS,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Seed of all random numbers.")] = SEED,
    workers: Annotated[int | None, typer.Option(min=1, metavar="W", help="Processes; as many as CPUs if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Predict the migrations of a table from their inputs; its outcomes are never looked at."""
    from sim.experiment.execution.workers import default_workers
    from sim.experiment.storage.folder import Folder
    from sim.report.prediction import convergence_text, notes, prediction_content
    from sim.validate.tables.measured import read_cases
    from sim.validate.tables.predicted_table import csv_text

    _check_out(measured, out)
    table = read_cases(measured)
    for line in notes(table, requested=requested):
        say(line)
    with _nothing_left_by_interruption(out):
        predictors = _predictors(requested=requested, replications=replications, seed=seed, workers=workers or default_workers())
        predicted = _predicted(table, *predictors)
        place = out.resolve()  # behind a link the file itself is replaced
        Folder(str(place.parent)).write(place.name, csv_text(predicted, table.separator, table.decimal_sign).encode())
    if as_json:
        asked = {"out": str(out), "requested": requested, "replications": replications, "seed": seed}
        print_json({**prediction_content(table, predicted), **asked})
    else:
        say(convergence_text(predicted, width()))
    say(f"{out}: {len(predicted.rows):,} rows")
    if predicted.failures:
        key, why = predicted.failures[0]
        say(f"This is a bug of migr: the prediction of {table.key_column} '{key}' failed ({why}); its cells are empty.")
        say(f"Please report it with the row. So failed {len(predicted.failures):,} of {len(predicted.rows):,}; all others are predicted.")
        raise typer.Exit(SOME_FAILED)


def _predicted(table: Table, qemu: PredictQemu, simgrid: PredictSimgrid) -> Predicted:
    """Predict a table, with the progress shown."""
    from sim.report.progress import showing_progress
    from sim.validate.tables.predicted_table import predict as predict_table

    with showing_progress("migrations") as progress:
        return predict_table(table, qemu, simgrid, lambda done: progress(done, len(table.cases), 0, 0))


def _predictors(*, requested: bool, replications: int, seed: int, workers: int) -> tuple[PredictQemu, PredictSimgrid]:
    """Return what predicts the cases of each kind of table."""
    from functools import partial

    from sim.validate.predict.qemu import predict_qemu
    from sim.validate.predict.simgrid import predict_simgrid

    return partial(predict_qemu, requested=requested, replications=replications, seed=seed, workers=workers), predict_simgrid


def _check_out(measured: Path, out: Path) -> None:
    """Check that OUT can be written before anything is computed.

    Raises:
        UsageError: it cannot, or it is the measured table.
    """
    if out.is_dir():
        raise UsageError(f"--out {out}: is a folder; name a file, such as {out / 'predicted.csv'}")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder '{out.parent}'; make it, or name another file")
    if out.exists() and not out.is_file():
        raise UsageError(f"--out {out}: is no file that can be replaced; name another one")
    if out.exists() and measured.exists() and out.samefile(measured):
        raise UsageError(f"--out {out}: is the measured table itself; name another file")
    if not os.access(out.resolve().parent, os.W_OK):
        raise UsageError(f"--out {out}: the folder '{out.parent}' is not writable; name a file elsewhere, or change its rights")


@contextmanager
def _nothing_left_by_interruption(out: Path) -> Iterator[None]:
    """End the command when somebody interrupts it; a file appears under its name when it is whole."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"\nInterrupted. {out} was not written; the same command computes it.")
        raise typer.Exit(INTERRUPTED) from None
