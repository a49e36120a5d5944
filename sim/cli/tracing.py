"""The command that shows one replication: `migr trace`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.arguments import Json, Set, Variant, Vary
from sim.cli.loading import load, load_run, names_run, place_of, repeat_command
from sim.cli.output import say, width
from sim.errors import ModelError, ResultsError, UsageError

if TYPE_CHECKING:
    from sim.experiment.storage.contents import Contents
    from sim.scenario.point import Point

# ruff: noqa: PLC0415 - imports inside the commands: each loads what it needs and no other


def trace(
    file: Annotated[str, typer.Argument(metavar="FILE|RUN", help="Scenario file, or a result folder, path or URL.")],
    replication: Annotated[int | None, typer.Option(min=0, metavar="K", help="Which replication.", show_default="0")] = None,
    worst: Annotated[
        str | None,
        typer.Option(metavar="METRIC", help="Of a result folder the replication with the largest value: --worst 'downtime of DB'."),
    ] = None,
    quantile: Annotated[str | None, typer.Option(metavar="Q", help="Instead of the worst this quantile: 0.99 or 99 %.")] = None,
    completed: Annotated[bool, typer.Option("--completed", help="With --worst, only replications whose VMs were all migrated.")] = False,
    vm: Annotated[str | None, typer.Option(metavar="NAME", help="Only this VM.")] = None,
    console: Annotated[
        str | None,
        typer.Option(metavar="source|target|guest|caller|admins", help="Only this console: simulator, an SU and a VM may be named too."),
    ] = None,
    states: Annotated[bool, typer.Option("--states", help="Show the displayed states over time instead.")] = False,
    records: Annotated[
        bool, typer.Option("--records", help="Show event log of the SE Manager, accounting records and job variables instead.")
    ] = False,
    at: Annotated[str | None, typer.Option(metavar="hh:mm:ss", help="Show the VMs of every SU at this time instead.")] = None,
    overrides: Set = None,
    vary: Vary = None,
    variant: Variant = None,
    as_json: Json = False,
) -> None:
    """Show one replication as its consoles do; of a result folder, check that it is the one that is stored."""
    is_run = names_run(file)
    _check_choice(replication, worst, quantile, completed=completed, is_run=is_run)
    if is_run and (overrides or vary):
        raise UsageError("--set and --vary do not go with a result folder: it holds one scenario; name the scenario file")
    loaded = load_run(file) if is_run else load(Path(file), overrides or [], vary)
    place = place_of(loaded, variant)
    point = loaded.points[place]
    contents = _contents(file) if is_run else None
    number, why = replication or 0, None
    if worst is not None and contents is not None:
        why = _find(contents, place, point, worst, quantile, vm, completed=completed)
        number = why["replication"]
    try:
        from sim.engine.replicate import replicate_alone
        from sim.engine.site import Site
        from sim.report.trace.printed import Wanted, trace_text

        site = Site.of(point)
        found = replicate_alone(site, number)
        wanted = Wanted(vm, console, states, records, at)
        typer.echo(trace_text(loaded, site, found, wanted, as_json=as_json, width=width(), why=why))
        if contents is not None:
            from sim.experiment.probing.replay import compare_with_stored
            from sim.report.trace.finding import compared_text

            say(compared_text(file, number, compare_with_stored(contents, place, point.name, found)))
    except (UsageError, ResultsError):
        raise
    except Exception as error:
        kind = "" if isinstance(error, ModelError) else f"{type(error).__name__}: "
        raise ModelError(
            f"{kind}{error}\nRepeat it with: {repeat_command(file, overrides or [], vary or [], point.name, number)}"
        ) from error


def _check_choice(replication: int | None, worst: str | None, quantile: str | None, *, completed: bool, is_run: bool) -> None:
    """Check that the options that choose the replication go together.

    Raises:
        UsageError: they do not.
    """
    problems = []
    if worst is None:
        needing = [*(["--quantile"] if quantile is not None else []), *(["--completed"] if completed else [])]
        problems += [f"{option} needs the metric that is looked at; add --worst METRIC, such as --worst downtime" for option in needing]
    if worst is not None and replication is not None:
        problems.append("--replication names a replication and --worst looks for one; remove one of the two")
    if (worst is not None or quantile is not None or completed) and not is_run:
        problems.append(
            "--worst looks for a replication among those that are stored; name a result folder of `migr run` instead of the scenario file"
        )
    if problems:
        raise UsageError("\n".join(problems))


def _contents(folder: str) -> Contents:
    from sim.experiment.storage.store import Store

    return Store(folder).contents()


def _find(
    contents: Contents, place: int, point: Point, worst: str, quantile: str | None, vm: str | None, *, completed: bool
) -> dict[str, Any]:
    """Return the replication that `--worst` means and why, and say which one it is."""
    from sim.experiment.probing.replay import find_replication
    from sim.report.trace.finding import found_content, found_text, metric_of, quantile_of

    metric = metric_of(worst, vm, point)
    q = quantile_of(quantile) if quantile is not None else 1.0
    found = find_replication(contents, place, metric, q, completed=completed)
    say(found_text(metric, q, found, completed=completed))
    return found_content(metric, q, found)
