"""The command line `migr`: thin; what a command needs is imported inside it, so that `check` and `--help` start at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.comparing import compare
from sim.cli.console import console
from sim.cli.exits import INTERRUPTED
from sim.cli.output import say
from sim.cli.predicting import predict
from sim.cli.reading import export
from sim.cli.reporting import report
from sim.cli.running import SWEEP, run
from sim.cli.tracing import trace
from sim.cli.verifying import verify
from sim.cli.writing import check, explain, new, profiles, schema
from sim.errors import MigrError, ModelError, UsageError

BUG = 1

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


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Take the options that stand before a command."""
    if version:
        from importlib.metadata import version as installed  # noqa: PLC0415 - a tenth of a second that no other command pays

        typer.echo(f"migr {installed('vm-migration-sim')}")
        raise typer.Exit


app.command()(run)
app.command(SWEEP, help="Simulate the points of a sweep and print a table, one row a point; else as `migr run`.")(run)
for command in (check, explain, trace, console, report, compare, predict, verify, new, export, profiles, schema):
    app.command()(command)


def main() -> None:
    """Run a command; every expected end has its exit code and a message instead of a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        say("Interrupted.")
        sys.exit(INTERRUPTED)
    except MigrError as error:
        say(f"This is a bug of migr: {error}" if isinstance(error, ModelError) else str(error))
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - whatever it is, a planner is told whose mistake it is
        if isinstance(error, FileNotFoundError) and not _in_a_folder():
            say("The working folder is gone: it was deleted or moved; go to another one (cd) and give the command again.")
            sys.exit(UsageError.exit_code)
        import traceback  # noqa: PLC0415 - only a bug needs it

        say(f"This is a bug of migr: {type(error).__name__}: {error}\nPlease report it with the command, the scenario and what follows.\n")
        say(traceback.format_exc())
        sys.exit(BUG)


def _in_a_folder() -> bool:
    """Say whether the working folder is still there."""
    try:
        Path.cwd()
    except OSError:
        return False
    return True
