"""The command with which people sit at the consoles: `migr console`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.arguments import File, Set, Variant
from sim.cli.exits import INTERRUPTED
from sim.cli.loading import load, place_of
from sim.cli.output import say
from sim.errors import MigrError, ModelError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sim.report.console.opening import Opening
    from sim.report.console.script import Typed
    from sim.report.console.session import Session
    from sim.report.console.transcript import Emit

# ruff: noqa: PLC0415 - imports inside the commands: each loads what it needs and no other

SHOWN = "Consoles that are shown: names of SUs and VMs, or all, units, guests, simulator; all SUs if not given."


def console(
    file: File,
    speed: Annotated[str, typer.Option(metavar="N", help="Simulated seconds a second: 60 is a minute a second.")] = "1",
    replication: Annotated[int, typer.Option(min=0, metavar="K", help="Which replication.")] = 0,
    at: Annotated[str | None, typer.Option(metavar="NAME", help="SU or VM at whose console you type; the first SU if not given.")] = None,
    show: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Consoles that are shown: SUs, VMs, all, units, guests, simulator; all SUs if not given."),
    ] = None,
    commands: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Commands, one a line: 'hh:mm[:ss] CONSOLE /COMMAND'; without a terminal.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="hh:mm", help="End of the session.")] = None,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="Write what is shown to this file, too.")] = None,
    overrides: Set = None,
    variant: Variant = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --commands: print the messages as JSON, one a line.")] = False,
) -> None:
    """Sit at the consoles while a scenario runs: type commands of VM2000, see their answers and all messages arrive."""
    _check_place(commands, as_json=as_json)
    loaded = load(file, overrides or [])
    point = loaded.points[place_of(loaded, variant)]
    from sim.report.console.opening import Wanted, begun, opened
    from sim.report.console.transcript import transcript

    opening = opened(loaded, point, Wanted(speed, at, show, until, commands))
    for warning in opening.warnings:
        say(f"warning: {warning}")
    with transcript(log) as emit:
        session = begun(point, replication, opening.from_s)
        if commands is not None:
            _play(session, opening, emit, as_json=as_json)
        else:
            _converse(session, opening, emit)


def _check_place(commands: Path | None, *, as_json: bool) -> None:
    """Check that commands come from somewhere.

    Raises:
        UsageError: they do not, or what they answer is asked for as data on a terminal.
    """
    if commands is not None:
        return
    if as_json:
        raise UsageError("--json goes with commands from a file; add --commands FILE, or leave --json away")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("there is no terminal to type on; give the command on a terminal, or name a file of commands with --commands FILE")


def _play(session: Session, opening: Opening, emit: Emit, *, as_json: bool) -> None:
    """Play the commands of a file."""
    from sim.report.console.script import played

    screen = opening.screen
    try:
        lines = played(session, opening.script, opening.until_s)
        if as_json:
            rows = [json.dumps(record, ensure_ascii=False) for record in screen.records(lines)]
        else:
            rows = [row for line in lines for row in screen.rows(line)]
    except Exception as error:
        raise _bug(error, opening.script) from error
    emit(rows)


def _converse(session: Session, opening: Opening, emit: Emit) -> None:
    """Play a session with somebody at the terminal."""
    from sim.report.console.prompt import converse

    desk = opening.desk(session)
    try:
        converse(desk, emit)
    except KeyboardInterrupt:
        say("Interrupted.")
        raise typer.Exit(INTERRUPTED) from None
    except MigrError as error:
        if isinstance(error, ModelError):
            raise _bug(error, desk.typed) from error
        raise
    except Exception as error:
        raise _bug(error, desk.typed) from error


def _bug(error: Exception, typed: Iterable[Typed]) -> ModelError:
    """Return our bug with what repeats it."""
    from sim.report.console.script import written_script

    kind = "" if isinstance(error, ModelError) else f"{type(error).__name__}: "
    return ModelError(f"{kind}{error}\nWhat was typed, for --commands:\n{written_script(typed)}")
