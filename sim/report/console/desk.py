"""The place of somebody at a console: what a typed line does, and what arrives meanwhile; knows no terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path

from sim.engine.journal import Line
from sim.errors import UsageError
from sim.report.console.moment import moment
from sim.report.console.pace import Pace
from sim.report.console.screen import Screen, console_clock
from sim.report.console.script import Typed, written_script
from sim.report.console.session import Session
from sim.report.console.words import help_rows, is_word, parse_word

SLICE = 500  # SimPy events between two looks at the keyboard: some milliseconds, which nobody feels while typing
TICK_S = 0.1  # pause between two looks at the simulation, wall clock: below what is felt as a delay
FASTEST = 86_400.0  # a day a second; whoever wants more wants .skip
NOTHING_DUE = "-- Nothing more is going to happen by itself. Commands are still executed; .quit ends."

Rows = list[str]


class Desk:
    """A session that is played in the pace of a wall clock.

    Args:
        session: the replication.
        screen: which consoles are shown.
        pace: its clock.
        at: the console at which is typed first.
        seconds: simulated time of a time of day, seconds.
        until_s: when it is over, seconds.
        sure_until_s: up to when nobody doubts that a time of day that has gone by is one of the next day, seconds.
    """

    def __init__(
        self,
        session: Session,
        screen: Screen,
        pace: Pace,
        at: str,
        seconds: Callable[[int], float],
        until_s: float = math.inf,
        sure_until_s: float = 0.0,
    ) -> None:
        self.session, self.screen, self.pace, self.at = session, screen, pace, at
        self.over = False
        self.typed: list[Typed] = []
        self._seconds, self._until_s, self._sure_until_s = seconds, until_s, sure_until_s
        self._goal_s: float | None = None  # where a jump leads; None while the clock sets the pace
        self._to_message = False  # whether the jump ends at the first message
        self._told_idle = False
        self._words: dict[str, Callable[[str], Rows]] = {
            ".help": lambda _: help_rows(),
            ".console": self._changes_console,
            ".show": self._shows,
            ".hide": self._hides,
            ".speed": self._changes_speed,
            ".pause": lambda _: self._stands_still(),
            ".go": lambda _: self._goes_on(),
            ".skip": self._skips,
            ".next": lambda _: self._skips_to_message(),
            ".save": self._saves,
            ".quit": lambda _: self._ends(),
        }

    @property
    def prompt(self) -> str:
        """What stands before the line that is typed: clock, console, slash."""
        return f"{console_clock(self.session.now)} {self.at} /"

    def greeting(self) -> Rows:
        """Return what a session begins with."""
        return [f"-- It is {console_clock(self.session.now)}; {self._speed()}. Type a command of VM2000, or .help.", self._shown()]

    def enters(self, line: str) -> Rows:
        """Do what somebody typed; return what is shown at once. Nothing that can be typed breaks the session."""
        text = line.strip()
        if not text.removeprefix("/"):
            return []
        rows = self._landed()
        if is_word(text):
            try:
                name, operand = parse_word(text)
                return rows + self._words[name](operand)
            except UsageError as error:
                return [*rows, f"-- {error}"]
        self.session.run_to(min(self.pace.now(), self._until_s))
        command = "/" + text.removeprefix("/")
        self.typed.append(Typed(self.session.now, self.at, command))
        self.session.types(self.at, command)
        if not self.session.idle:  # something is going to happen again, so that its end is news
            self._told_idle = False
        lines = self.session.arrived()
        rows += self._rows(lines)
        if not any(line.console == self.at for line in lines):  # not even an echo
            rows.append(f"-- The console of {self.at} does not answer; .show simulator shows what the consoles do not.")
        return rows

    def tick(self) -> tuple[Rows, float]:
        """Simulate what is due; return what arrived, and how long to wait for the next look, seconds of the wall clock."""
        if self._goal_s is not None:
            return self._jumps(self._goal_s) + self._news(), 0.0
        reached = self.session.steps(min(self.pace.now(), self._until_s), SLICE)
        return self._arrived() + self._news(), TICK_S if reached else 0.0

    def _landed(self) -> Rows:
        """Make a jump that is under way to its end: what is typed behind it is meant for where it leads."""
        rows: Rows = []
        while self._goal_s is not None:
            rows += self._jumps(self._goal_s)
        return rows

    def _jumps(self, goal_s: float) -> Rows:
        """Simulate a slice of a jump, event by event where it leads to a message."""
        one_by_one = self._to_message
        rows: Rows = []
        for _ in range(SLICE if one_by_one else 1):
            reached = self.session.steps(goal_s, 1 if one_by_one else SLICE)
            rows = self._arrived()
            if reached or (rows and one_by_one):
                self._goal_s, self._to_message = None, False
                self.pace.jump(self.session.now)
            if reached or rows:
                break
        return rows

    def _arrived(self) -> Rows:
        return self._rows(self.session.arrived())

    def _rows(self, lines: Iterable[Line]) -> Rows:
        return [row for line in lines for row in self.screen.rows(line)]

    def _news(self) -> Rows:
        """Return what is to be said about the session itself, each once."""
        if self.session.now >= self._until_s and not self.over:
            self.over = True
            return [f"-- {console_clock(self._until_s)}: the session ends here, as --until asks for."]
        if self.session.idle and not self._told_idle and self._goal_s is None:
            self._told_idle = True
            return [NOTHING_DUE]
        return []

    def _changes_console(self, name: str) -> Rows:
        if not name:
            return [f"-- You type at {self.at}; others: {', '.join(place for place in self.screen.places if place != self.at)}"]
        self.at = self.screen.known(name)
        if self.at in self.screen.shown:
            return []
        self.screen.shown.add(self.at)  # whoever types there wants to read the answers
        return [self._shown()]

    def _shows(self, names: str) -> Rows:
        wanted = [console for name in names.replace(",", " ").split() for console in self.screen.group(name)]
        self.screen.shown.update(wanted)
        return [self._shown()]

    def _hides(self, names: str) -> Rows:
        if not names:
            raise UsageError("which console? write .hide NAME, such as .hide guests")
        unwanted = [console for name in names.replace(",", " ").split() for console in self.screen.group(name)]
        self.screen.shown.difference_update(unwanted)
        return [self._shown()]

    def _shown(self) -> str:
        return f"-- Shown: {', '.join(self.screen.shown_in_order) or 'no console'}."

    def _changes_speed(self, text: str) -> Rows:
        if text:
            self.pace.run_at(parse_speed(text))
        return [f"-- {self._speed().capitalize()}."]

    def _speed(self) -> str:
        speed = self.pace.speed
        told = "one simulated second a second" if speed == 1.0 else f"{speed:g} simulated seconds a second"
        return told + (", paused" if self.pace.paused else "")

    def _stands_still(self) -> Rows:
        self.pace.pause()
        return ["-- Paused; .go goes on."]

    def _goes_on(self) -> Rows:
        self.pace.go()
        return [f"-- Going on, {self._speed()}."]

    def _skips(self, text: str) -> Rows:
        """Begin a jump by a duration, or to a clock time.

        Raises:
            UsageError: it leads back, or is no time.
        """
        goal_s = moment(text, self.session.now, self._seconds, self._sure_until_s)
        self._goal_s, self._to_message = min(goal_s, self._until_s), False
        return []

    def _skips_to_message(self) -> Rows:
        if self.session.idle:
            self._told_idle = True
            return [NOTHING_DUE]
        self._goal_s, self._to_message = self._until_s, True
        return []

    def _saves(self, file: str) -> Rows:
        """Write what was typed as a file for `--commands`.

        Raises:
            UsageError: no file is named, or it cannot be written.
        """
        if not file:
            raise UsageError("into which file? write .save FILE, such as .save runbook.txt")
        try:
            Path(file).write_text(written_script(self.typed), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror}; name another file") from None
        return [f"-- {len(self.typed)} command{'s' if len(self.typed) != 1 else ''} written to {file}."]

    def _ends(self) -> Rows:
        self.over = True
        return []


def parse_speed(text: str) -> float:
    """Return how many simulated seconds a second has.

    Raises:
        UsageError: no number above 0, or more than a day a second.
    """
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0.0 < speed <= FASTEST:
        raise UsageError(f"speed '{text}' is not a number above 0 and up to {FASTEST:g}; 60 is a minute a second, .pause stands still")
    return speed
