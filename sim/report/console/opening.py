"""From what somebody asks for to a session that can begin: consoles, times, commands; all mistakes at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sim.engine.journal import Journal
from sim.engine.operators.console import execute
from sim.engine.replicate import begin
from sim.engine.site import Site
from sim.errors import UsageError
from sim.model.draws import Draws
from sim.report.console.desk import Desk, parse_speed
from sim.report.console.pace import Pace
from sim.report.console.screen import Screen
from sim.report.console.script import Evening, ScriptLine, Typed, parse_script, script_warnings
from sim.report.console.session import Session
from sim.scenario.advice_commands import Known
from sim.scenario.load import Loaded
from sim.scenario.point import Point
from sim.units import UnitError, parse_clock


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for, as it was written; None where it was not.

    Args:
        speed: simulated seconds a second.
        at: the console at which somebody types.
        show: consoles that are shown, separated by commas.
        until: clock time at which the session ends.
        commands: file of commands, instead of a terminal.
    """

    speed: str = "1"
    at: str | None = None
    show: str | None = None
    until: str | None = None
    commands: Path | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a session begins with.

    Args:
        screen: which consoles are shown.
        at: the console at which somebody types.
        from_s, until_s: begin and end, seconds since 00:00 of the first day; the end is infinite where none is named.
        speed: simulated seconds a second.
        seconds: simulated time of a time of day, seconds.
        script: commands of a file.
        warnings: what is hardly meant in that file.
        sure_until_s: up to when nobody doubts that a time of day that has gone by is one of the next day, seconds.
    """

    screen: Screen
    at: str
    from_s: float
    until_s: float
    speed: float
    seconds: Callable[[int], float]
    script: tuple[Typed, ...]
    sure_until_s: float = 0.0
    warnings: tuple[str, ...] = ()

    def desk(self, session: Session) -> Desk:
        """Return the place from which a session is played in the pace of the wall clock."""
        return Desk(session, self.screen, Pace(session.now, self.speed), self.at, self.seconds, self.until_s, self.sure_until_s)


def opened(loaded: Loaded, point: Point, wanted: Wanted) -> Opening:
    """Return what a session of a point begins with.

    Raises:
        UsageError: consoles, times or commands are wrong; all of them are named.
    """
    screen = Screen(point)
    evening = Evening.of(loaded.scenario)
    seconds, at, until_s, speed, shown = evening.seconds, screen.units[0], math.inf, 1.0, screen.shown
    lines: list[ScriptLine] = []
    problems: list[str] = []
    with _noted(problems, "--speed: "):
        speed = parse_speed(wanted.speed)
    with _noted(problems, "--at: "):
        at = screen.known(wanted.at or at)
    with _noted(problems, "--until: "):
        until_s = seconds(parse_clock(wanted.until)) if wanted.until is not None else math.inf
    with _noted(problems, ""):
        lines = parse_script(_read(wanted.commands), str(wanted.commands), screen, evening) if wanted.commands is not None else []
    with _noted(problems, "--show: "):
        usual = [*shown, at, *(line.typed.console for line in lines)]  # whoever types at a console wants to read the answers
        names = [text.strip() for text in wanted.show.split(",")] if wanted.show is not None else usual
        shown = {console for name in names for console in screen.group(name)}
    if problems:
        raise UsageError("\n".join(problems))
    screen.shown = shown
    script = tuple(line.typed for line in lines)
    warnings = tuple(script_warnings(lines, str(wanted.commands), evening, Known.of_point(point)))
    return Opening(screen, at, float(evening.begin), until_s, speed, seconds, script, evening.sure_until_s, warnings)


def begun(point: Point, number: int, from_s: float) -> Session:
    """Return a session of one replication, everything recorded.

    Args:
        point: the point.
        number: which replication.
        from_s: simulated time at which it begins, seconds.
    """
    running = begin(Site.of(point), Draws(point.seed, number, number + 1), number, Journal.full())
    return Session(running, number, execute, from_s)


@contextmanager
def _noted(problems: list[str], option: str) -> Iterator[None]:
    """Note a mistake of somebody instead of raising it."""
    try:
        yield
    except (UsageError, UnitError) as error:
        problems.append(f"{option}{error}")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--commands {file}: {error.strerror}; name a file with commands") from None
    except UnicodeDecodeError:
        raise UsageError(f"--commands {file}: is no text in UTF-8; name a file with commands") from None
