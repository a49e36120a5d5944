"""The commands that simulate: `migr run` and `migr sweep`, which is a run that prints a table."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.arguments import File, Json, Set, Vary
from sim.cli.exits import INTERRUPTED, MISSED, SOME_FAILED, UNDECIDED
from sim.cli.loading import is_swept, load, repeat_command
from sim.cli.output import print_json, say, width
from sim.cli.reporting import report_of
from sim.cli.studying import By, Samples, Sensitivity, asked_study, show_study
from sim.cli.weighing import Weighed, weigh
from sim.errors import ObjectiveMissed, UsageError

if TYPE_CHECKING:
    from sim.experiment.execution.engines import Wanted
    from sim.experiment.run import Order, Ran

# ruff: noqa: PLC0415 - imports inside the commands: each loads what it needs and no other

SWEEP = "sweep"  # the command that prints a table
MESSAGES = (
    "Keep the messages of the first N replications; 200 if not given, 0 where something is varied: "
    "messages come from the SimPy engine and cost more than all numbers."
)
MESSAGES_KEPT = 200
CLUSTER = "Compute on a Dask cluster: the address of its scheduler, or N processes of this machine."


def run(
    context: typer.Context,
    file: File,
    replications: Annotated[
        str | None, typer.Option(metavar="N|auto", help="Repetitions of every point; auto: as many as its results need.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, metavar="S", help="Seed of all random numbers.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, metavar="W", help="Processes; as many as CPUs if not given.")] = None,
    cluster: Annotated[str | None, typer.Option(metavar="tcp://HOST:8786|local:N", help=CLUSTER)] = None,
    engine: Annotated[str, typer.Option(metavar="auto|simpy|lockstep", help="Engine; auto takes the fastest one possible.")] = "auto",
    out: Annotated[str | None, typer.Option(metavar="DIR", help="Result folder, path or URL; reports/SCENARIO/HASH if not given.")] = None,
    columns: Annotated[str | None, typer.Option(metavar="A,B,C", help="Store only these columns of migrations; all if not given.")] = None,
    messages: Annotated[int | None, typer.Option(min=0, metavar="N", help=MESSAGES)] = None,
    rounds: Annotated[bool, typer.Option("--rounds", help="Keep the table of rounds.")] = False,
    assumptions: Weighed = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.html; `migr report` writes it later.")] = False,
    overrides: Set = None,
    vary: Vary = None,
    sensitivity: Sensitivity = None,
    samples: Samples = None,
    by: By = "vm",
    as_json: Json = False,
) -> None:
    """Simulate a scenario and summarise it; the same command given again continues where it was."""
    from sim.experiment.execution.workers import default_workers
    from sim.experiment.run import Order
    from sim.experiment.stopping import wanted_replications

    settings = [*(overrides or []), *([f"experiment.seed={seed}"] if seed is not None else [])]
    as_table = context.info_name == SWEEP
    study = asked_study(as_table, sensitivity, samples, by)
    loaded = study.load(partial(load, file, settings, vary)) if study else load(file, settings, vary)
    if as_table and not is_swept(loaded):
        raise UsageError(f"{file}: nothing is varied; write --vary PATH=V1,V2 or 'sweep:' in the scenario, or give `migr run`")
    wanted = wanted_replications(replications, loaded.scenario.experiment)
    number = wanted if isinstance(wanted, int) else 0
    order = Order(
        loaded,
        number,
        _checked_out(out),
        workers or default_workers(),
        messages if messages is not None else 0 if is_swept(loaded) else MESSAGES_KEPT,
        rounds,
        ["migr", *sys.argv[1:]],
        engine=_known_engine(engine),
        cluster=_checked_cluster(cluster, workers),
        columns=tuple(name.strip() for name in (columns or "").split(",") if name.strip()),
        repeat=None if study else partial(repeat_command, file, settings, vary or []),
        tell=say,
        precision=None if isinstance(wanted, int) else wanted,
    )
    ran = _carried_out(order)
    if study and not ran.failures:
        show_study(study, loaded, ran, as_json=as_json)
    else:
        _show(ran, as_table=as_table, as_json=as_json)
        _tell_about(ran, number or ran.replications)
    if ran.summary["points"] and assumptions:
        weigh(ran, loaded)
    if ran.summary["points"] and not no_report:
        report_of(ran)
    if study and not ran.failures:
        return
    if ran.failures:
        _tell_failures(ran, order)
        raise typer.Exit(SOME_FAILED)
    _judge(ran)


def _carried_out(order: Order) -> Ran:
    """Run what is ordered, with its progress shown; Ctrl-C ends the command."""
    from sim.experiment.run import run as run_order
    from sim.report.live import showing_run

    try:
        with showing_run("replications", [point.name for point in order.loaded.points]) as (progress, watch):
            return run_order(replace(order, watch=watch), progress)
    except KeyboardInterrupt:
        say(f"\nInterrupted. What is finished is kept in {order.folder}; the same command continues.")
        raise typer.Exit(INTERRUPTED) from None


def _show(ran: Ran, *, as_table: bool, as_json: bool) -> None:
    if as_json:
        print_json(ran.summary)
        return
    from sim.report.sweep import sweep_text
    from sim.report.text import summary_text

    typer.echo((sweep_text if as_table else summary_text)(ran.summary, width()))


def _known_engine(name: str) -> Wanted:
    known: dict[str, Wanted] = {"auto": "auto", "simpy": "simpy", "lockstep": "lockstep"}
    if name not in known:
        raise UsageError(f"--engine {name}: no such engine; write {', '.join(known)}")
    return known[name]


def _checked_out(out: str | None) -> str | None:
    """Return the result folder that is asked for, if it is one that remains."""
    if out is not None and not out.strip():
        raise UsageError("--out '': is no folder; write a path or URL, or leave --out out for reports/SCENARIO/HASH")
    if out is not None and any(each.startswith("memory:") for each in out.split("::")):  # fsspec chains filesystems by "::"
        raise UsageError(f"--out {out}: nothing of it would remain after the command; write a path, or the URL of a store such as s3://")
    return out


def _checked_cluster(address: str | None, workers: int | None) -> str | None:
    """Return the address of a cluster, checked before anything is written."""
    if address is None:
        return None
    if workers is not None:
        raise UsageError(
            "--workers does not go with --cluster: a cluster has its own workers; leave --workers out, or write --cluster local:N"
        )
    from sim.experiment.execution.connection import check_address

    check_address(address)
    return address


def _tell_about(ran: Ran, wanted: int) -> None:
    if ran.replications > wanted:
        say(f"{ran.store.folder} holds {ran.replications:,} replications already; all of them are in the summary, not {wanted:,}.")
    elif ran.reused:
        say(f"{ran.reused} of {ran.reused + ran.computed} parts were there already.")
    say(f"Results: {ran.store.folder}")


def _tell_failures(ran: Ran, order: Order) -> None:
    failure = ran.failures[0]
    say(f"{len(ran.failures)} parts failed and are not in the summary.")
    say(f"The first in replication {failure.replication}: {failure.reason}")
    say(f"Details: {ran.store.errors}")
    say("This is a bug of migr. Repeat it with: " + order.repeat_command(failure.point, failure.replication))


def _judge(ran: Ran) -> None:
    """End with the exit code of the objectives."""
    entries = [entry for point in ran.summary["points"] for entry in point["objectives"]]
    for verdict, code in (("missed", MISSED), ("undecided", UNDECIDED)):
        count = sum(entry["verdict"] == verdict for entry in entries)
        if count:
            raise ObjectiveMissed(f"{count} of {len(entries)} objectives {verdict}.", code)
