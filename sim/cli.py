"""The command line `migr`: thin; what a command needs is imported inside it, so that `check` and `--help` start at once."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.errors import MigrError, ModelError, ObjectiveMissed, ResultsError, ScenarioError, UsageError

if TYPE_CHECKING:
    from sim.experiment.run import Ran
    from sim.scenario.load import Loaded

# ruff: noqa: PLC0415 - imports inside the commands are the point of this module

SOME_FAILED, MISSED, UNDECIDED, INTERRUPTED = 4, 5, 6, 130
EXIT_CODES = """Exit codes: 0 answered, 1 a bug of ours, 2 wrong usage or an unusable result folder, 3 scenario invalid,
4 some replications failed, 5 an objective is missed, 6 an objective is undecided, 130 interrupted."""

app = typer.Typer(
    invoke_without_command=True,
    help="How long VM migrations under VM2000 take and how long their guests stand still, with the messages of the consoles.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

File = Annotated[Path, typer.Argument(help="Scenario file.", metavar="FILE")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Override a value: --set 'vms.VM1.memory=8 GiB'.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Variant = Annotated[str | None, typer.Option("--variant", metavar="NAME", help="Variant of the scenario; the first one if not given.")]


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Take the options that stand before a command."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"migr {installed('vm-migration-sim')}")
        raise typer.Exit


@app.command()
def run(
    file: File,
    replications: Annotated[int | None, typer.Option(min=1, metavar="N", help="Repetitions of every variant.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, metavar="S", help="Seed of all random numbers.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, metavar="W", help="Processes; as many as CPUs if not given.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Result folder; reports/SCENARIO/HASH if not given.")] = None,
    messages: Annotated[int, typer.Option(min=0, metavar="N", help="Keep the messages of the first N replications.")] = 200,
    rounds: Annotated[bool, typer.Option("--rounds", help="Keep the table of rounds.")] = False,
    overrides: Set = None,
    as_json: Json = False,
) -> None:
    """Simulate a scenario and summarise it; the same command given again continues where it was."""
    from sim.experiment.run import Order
    from sim.experiment.run import run as run_order
    from sim.experiment.store import FAILURES
    from sim.experiment.workers import default_workers
    from sim.report.progress import showing_progress

    settings = [*(overrides or []), *([f"experiment.seed={seed}"] if seed is not None else [])]
    loaded = _load(file, settings)
    number = replications or loaded.scenario.experiment.replications
    order = Order(loaded, number, out, workers or default_workers(), messages, rounds, ["migr", *sys.argv[1:]])
    try:
        with showing_progress("replications") as progress:
            ran = run_order(order, progress)
    except KeyboardInterrupt:
        _say(f"\nInterrupted. What is finished is kept in {order.folder}; the same command continues.")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        _print_json(ran.summary)
    else:
        from sim.report.text import summary_text

        typer.echo(summary_text(ran.summary, _width()))
    _tell_about(ran, number)
    if ran.failures:
        failure = ran.failures[0]
        _say(f"{len(ran.failures)} parts failed and are not in the summary.")
        _say(f"The first in replication {failure.replication}: {failure.reason}")
        _say(f"Details: {ran.store.folder / FAILURES}")
        _say("This is a bug of migr. Repeat it with: " + _repeat(file, settings, failure.point, failure.replication))
        raise typer.Exit(SOME_FAILED)
    _judge(ran)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scenario files.")], overrides: Set = None, as_json: Json = False
) -> None:
    """Find every mistake in scenario files; run nothing, write nothing."""
    from sim.scenario.load import load_scenario

    problems: list[str] = []
    warnings: list[str] = []
    for file in files:
        try:
            loaded = load_scenario(file, overrides or [])
        except ScenarioError as error:
            problems += error.problems
        else:
            warnings += loaded.warnings
            if not as_json:
                point, variants = loaded.points[0], len(loaded.points) if loaded.points[0].name else 0
                typer.echo(f"{file}: correct; VMs: {len(point.vms)}, steps: {len(point.steps)}, variants: {variants}")
    if as_json:
        _print_json({"problems": problems, "warnings": warnings})
    else:
        for warning in warnings:
            _say(f"warning: {warning}")
    if problems:
        raise ScenarioError(problems)


@app.command()
def explain(
    file: File,
    overrides: Set = None,
    variant: Variant = None,
    everything: Annotated[bool, typer.Option("--all", help="Print the values that the scenario gives itself, too.")] = False,
    as_json: Json = False,
) -> None:
    """Show what was understood: derived numbers, defaults with their source, assumptions, cost."""
    from sim.report.explain import explained, explained_text

    loaded = _load(file, overrides or [])
    found = explained(loaded, _place(loaded, variant), loaded.scenario.experiment.replications)
    if as_json:
        _print_json(found)
    else:
        typer.echo(explained_text(found, _width(), all_values=everything))


@app.command()
def trace(
    file: Annotated[Path, typer.Argument(metavar="FILE|RUN", help="Scenario file, or a result folder.")],
    replication: Annotated[int, typer.Option(min=0, metavar="K", help="Which replication.")] = 0,
    vm: Annotated[str | None, typer.Option(metavar="NAME", help="Only this VM.")] = None,
    console: Annotated[str | None, typer.Option(metavar="source|target|guest|caller|admins", help="Only this console.")] = None,
    states: Annotated[bool, typer.Option("--states", help="Show the displayed states over time instead.")] = False,
    at: Annotated[str | None, typer.Option(metavar="hh:mm:ss", help="Show the VMs of every SU at this time instead.")] = None,
    overrides: Set = None,
    variant: Variant = None,
    as_json: Json = False,
) -> None:
    """Show one replication as its consoles do."""
    from sim.report.tracing import trace_text

    loaded = _load_run(file) if file.is_dir() else _load(file, overrides or [])
    if file.is_dir() and overrides:
        raise UsageError("--set does not go with a result folder: it holds one scenario; name the scenario file")
    place = _place(loaded, variant)
    try:
        typer.echo(trace_text(loaded, place, replication, vm=vm, console=console, states=states, at=at, as_json=as_json, width=_width()))
    except UsageError:
        raise
    except Exception as error:
        name = loaded.points[place].name
        raise ModelError(f"{type(error).__name__}: {error}\nRepeat it with: {_repeat(file, overrides or [], name, replication)}") from error


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Scenario file to write; an existing one is never touched.")],
    su_type: Annotated[str, typer.Option("--type", metavar="/390|x86", help="SU type of the cluster.")] = "/390",
) -> None:
    """Write a short scenario with comments, to begin with."""
    from sim.scenario.writing import template

    if su_type not in {"/390", "x86"}:
        raise UsageError(f"--type {su_type}: no SU type; write /390 or x86")
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(template(su_type))
    except FileExistsError:
        raise UsageError(f"{file} exists; name another file") from None
    except OSError as error:
        raise UsageError(f"{file}: cannot write ({error.strerror}); name another file") from None
    _say(f"{file} written. Next: migr check {file}; migr run {file}")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Result folder.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="FILE.csv or FILE.xlsx.")],
    table: Annotated[str, typer.Option(metavar="NAME", help="migrations, plans, rounds, messages or summary.")] = "migrations",
    decimal_comma: Annotated[
        bool, typer.Option("--decimal-comma", help="Write 1,5 for 1.5 and ; between the columns of a CSV file.")
    ] = False,
) -> None:
    """Write a table of a result folder as CSV or XLSX."""
    from sim.experiment.store import Store
    from sim.results.export import known_table, write_frame

    frame = Store(folder).summary_frame() if known_table(table) == "summary" else Store(folder).frame(table)
    write_frame(frame, out, decimal_comma=decimal_comma)
    _say(f"{out}: {len(frame):,} rows")
    if not Store(folder).facts().get("finished"):
        _say(f"warning: {folder} is not finished; give its `migr run` again for the rest")


@app.command()
def profiles(
    name: Annotated[str | None, typer.Argument(metavar="[su_types|policies|links|loads|assumptions]", help="Only these.")] = None,
    as_json: Json = False,
) -> None:
    """Show the catalogue: SU types, policies, links, loads, each number with its source or assumption."""
    from sim.scenario.catalogue import PROFILES, profile_content, profile_text

    if name is not None and name not in PROFILES:
        raise UsageError(f"{name}: no part of the catalogue; write {', '.join(PROFILES)}")
    chosen = [name] if name else list(PROFILES)
    if as_json:
        _print_json({each: profile_content(each) for each in chosen})
    else:
        typer.echo("\n".join(profile_text(each) for each in chosen).rstrip())


@app.command()
def schema() -> None:
    """Print the JSON schema of scenario files, for editors."""
    from sim.scenario.writing import json_schema

    _print_json(json_schema())


def main() -> None:
    """Run a command; every expected end has its exit code and a message instead of a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        _say("Interrupted.")
        sys.exit(INTERRUPTED)
    except MigrError as error:
        _say(f"This is a bug of migr: {error}" if isinstance(error, ModelError) else str(error))
        sys.exit(error.exit_code)


def _load(file: Path, overrides: list[str]) -> Loaded:
    from sim.scenario.load import load_scenario

    loaded = load_scenario(file, overrides)
    for warning in loaded.warnings:
        _say(f"warning: {warning}")
    return loaded


def _load_run(folder: Path) -> Loaded:
    """Load the scenario of a result folder, if this program would compute the same again."""
    from sim.experiment.run import check_same
    from sim.experiment.store import RESOLVED, Store

    if not (folder / RESOLVED).exists():
        runs = ", ".join(str(found.parent) for found in sorted(folder.glob(f"*/{RESOLVED}")))
        raise ResultsError(
            f"{folder}: no result folder of `migr run`; " + (f"name one of {runs}" if runs else "name one, or a scenario file")
        )
    loaded = _load(folder / RESOLVED, [])
    check_same(Store(folder), loaded)
    return loaded


def _place(loaded: Loaded, variant: str | None) -> int:
    """Return the place of a variant; the first one when none is named."""
    names = [point.name for point in loaded.points]
    if variant is None:
        return 0
    if variant not in names:
        known = ", ".join(f"'{name}'" for name in names) if names[0] else "this scenario has none"
        raise UsageError(f"--variant '{variant}': no such variant; {known}")
    return names.index(variant)


def _tell_about(ran: Ran, wanted: int) -> None:
    if ran.replications > wanted:
        _say(f"{ran.store.folder} holds {ran.replications:,} replications already; all of them are in the summary, not {wanted:,}.")
    elif ran.reused:
        _say(f"{ran.reused} of {ran.reused + ran.computed} parts were there already.")
    _say(f"Results: {ran.store.folder}")


def _judge(ran: Ran) -> None:
    """End with the exit code of the objectives."""
    entries = [entry for point in ran.summary["points"] for entry in point["objectives"]]
    for verdict, code in (("missed", MISSED), ("undecided", UNDECIDED)):
        count = sum(entry["verdict"] == verdict for entry in entries)
        if count:
            raise ObjectiveMissed(f"{count} of {len(entries)} objectives {verdict}.", code)


def _repeat(file: Path, overrides: list[str], variant: str, replication: int) -> str:
    import shlex

    settings = [part for override in overrides for part in ("--set", override)]
    chosen = ["--variant", variant] if variant else []
    return shlex.join(["migr", "trace", str(file), "--replication", str(replication), *chosen, *settings])


def _print_json(content: object) -> None:
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False))


def _say(text: str) -> None:
    """Print for people, beside the data."""
    typer.echo(text, err=True)


def _width() -> int:
    return shutil.get_terminal_size((160, 24)).columns
