"""Commands from a file at given clock times: the same session without a terminal and without waiting."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sim.engine.journal import Line
from sim.errors import UsageError
from sim.report.console.screen import Screen, console_clock
from sim.report.console.session import Session
from sim.scenario.advice_commands import Known, command_warnings
from sim.scenario.resolve import first_second, seconds_from_midnight
from sim.scenario.schema_plan import ScenarioSpec
from sim.units import DAY_S, UnitError, parse_clock

FORM = "write 'hh:mm[:ss] CONSOLE /COMMAND', such as \"22:05 ABGSE501 /SHOW-VM-ATTRIBUTES\""
HALF_A_DAY_S = DAY_S // 2  # without a window: what is later than that after the begin is rather meant as before it
_LINE = re.compile(r"(?:\+(\d+)\s+)?(\d\S*)\s+(\S+)\s+(\S.*)")


@dataclass(frozen=True, slots=True)
class Evening:
    """What clock times mean in a session.

    Args:
        begin: time of day at which it begins, seconds; earlier times are on the next day.
        sure_until_s: up to when nobody doubts that, seconds since 00:00 of the first day.
    """

    begin: int
    sure_until_s: float

    @classmethod
    def of(cls, scenario: ScenarioSpec) -> Evening:
        """Return that of a scenario: times up to the end of its window are beyond doubt."""
        begin, window = first_second(scenario), scenario.window
        return cls(begin, begin + HALF_A_DAY_S if window is None else seconds_from_midnight(window.until, begin))

    def seconds(self, clock: int) -> float:
        """Return the simulated time of a time of day, seconds."""
        return float(seconds_from_midnight(clock, self.begin))

    def doubts(self, clock: int) -> bool:
        """Tell whether a time of day may well mean one before the session begins."""
        return clock < self.begin and self.seconds(clock) > self.sure_until_s


class Typed(NamedTuple):
    """A command that somebody types: when (seconds since 00:00 of the first day), at which console, what (with its slash)."""

    time_s: float
    console: str
    command: str


class ScriptLine(NamedTuple):
    """A line of a file: its number, what is typed, its clock time, and whether that may well mean one before the session begins."""

    number: int
    typed: Typed
    clock: str
    doubtful: bool


def parse_script(text: str, place: str, screen: Screen, evening: Evening) -> list[ScriptLine]:
    """Return the commands of a file.

    Args:
        text: a command a line, `#` begins a comment line.
        place: name of the file, for messages.
        screen: the consoles that exist.
        evening: what clock times mean.

    Raises:
        UsageError: lines are wrong; all of them are named.
    """
    read: list[ScriptLine] = []
    problems: dict[int, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            read.append(_line(number, line.strip(), screen, evening))
        except (UsageError, UnitError) as error:
            problems[number] = str(error)
    ordered = _ordered(read, evening, problems)
    if problems:
        raise UsageError("\n".join(f"{place}:{number}: {problems[number]}" for number in sorted(problems)))
    return ordered


def _line(number: int, line: str, screen: Screen, evening: Evening) -> ScriptLine:
    """Return the command of a line.

    Raises:
        UsageError, UnitError: it is none.
    """
    parts = _LINE.fullmatch(line)
    if parts is None:
        raise UsageError(f"'{line}' is no command at a time; {FORM}")
    days, clock, console, command = parts.groups()
    second = parse_clock(clock)
    time_s = evening.seconds(second) if days is None else float(int(days) * DAY_S + second)
    if not command.startswith("/"):
        raise UsageError(f"'{command}' begins with no slash; {FORM}")
    return ScriptLine(number, Typed(time_s, screen.known(console), command), clock, days is None and evening.doubts(second))


def _ordered(read: list[ScriptLine], evening: Evening, problems: dict[int, str]) -> list[ScriptLine]:
    """Return the lines whose times follow each other; the others become problems."""
    ordered: list[ScriptLine] = []
    for place, line in enumerate(read):
        time_s = line.typed.time_s
        if line.doubtful and any(later.typed.time_s < time_s for later in read[place + 1 :]):
            problems[line.number] = _on_the_next_day(line.clock, evening)
        elif ordered and time_s < ordered[-1].typed.time_s:
            above = console_clock(ordered[-1].typed.time_s)
            problems[line.number] = f"{line.clock} lies before {above} of a line above; put the lines into the order of their times"
        else:
            ordered.append(line)
    return ordered


def _on_the_next_day(clock: str, evening: Evening) -> str:
    begin = console_clock(evening.begin)
    return (
        f"{clock} lies before the begin of the session ({begin}); write '+1 {clock}' if the next day is meant, else a time from {begin} on"
    )


def script_warnings(lines: Iterable[ScriptLine], place: str, evening: Evening, known: Known) -> Iterator[str]:
    """Yield what is hardly meant in a file of commands, one line each."""
    for line in lines:
        if line.doubtful:
            yield f"{place}:{line.number}: {_on_the_next_day(line.clock, evening)}; it is taken for the next day"
        for text in command_warnings(line.typed.command, line.typed.console, known):
            yield f"{place}:{line.number}: {text}"


def written_script(typed: Iterable[Typed]) -> str:
    """Return the file of commands that were typed; seconds are cut."""
    return "".join(f"{console_clock(time_s)} {console} {command}\n" for time_s, console, command in typed)


def played(session: Session, typed: Iterable[Typed], until_s: float = math.inf) -> list[Line]:
    """Type commands at their times and simulate on; return all messages in the order of their times.

    Args:
        session: one that has just begun.
        typed: in the order of their times; those after the end are not typed.
        until_s: when the session ends, seconds; without it when nothing more happens.
    """
    for command in typed:
        if command.time_s > until_s:
            break
        session.run_to(command.time_s)
        session.types(command.console, command.command)
    session.run_to(until_s)
    session.ends()
    return session.arrived()
