"""How far a long computation is: a bar on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

EVERY_S = 10.0
ROOM, NARROW = 100, 64  # characters of a terminal that all columns of a bar need; from which on it has more than counts and what remains

Shown = Callable[[int, int, int, int], None]  # done, in all, points done, points in all


@contextmanager
def showing_progress(what: str) -> Iterator[Shown]:
    """Yield a function that takes (done, total, points done, points) and shows them on stderr, with rate and remaining time.

    Args:
        what: what is counted, e.g. "replications".
    """
    console = Console(stderr=True)
    if not can_move(console):
        yield _Lines(what)
        return
    with Progress(*columns_of(what, console.width), console=console, transient=True) as bar:
        task = bar.add_task(what, total=None, points="")

        def show(done: int, total: int, points_done: int, points: int) -> None:
            bar.update(task, completed=done, total=total, points=of_points(points_done, points))

        yield show


def can_move(console: Console) -> bool:
    """Return whether what is shown on stderr can be drawn over; on a dumb terminal a bar would never be seen."""
    return sys.stderr.isatty() and not console.is_dumb_terminal


def columns_of(what: str, width: int) -> tuple[ProgressColumn, ...]:
    """Return the columns of a bar; its task has a field "points".

    Args:
        what: is counted.
        width: of the terminal, in characters: what a narrow one has no room for is left out, the remaining time last of all.
    """
    counted: list[ProgressColumn] = [TextColumn(what), BarColumn(None if width < ROOM else 40), MofNCompleteColumn()]
    if width < NARROW:
        return (*counted[1:], TimeRemainingColumn())
    beside = [_Points(), _Rate(), TimeElapsedColumn()] if width >= ROOM else [_Rate()]
    return (*counted, *beside, TextColumn("remaining"), TimeRemainingColumn())


class _Points(ProgressColumn):
    """Points done, where there are several."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["points"])


class _Rate(ProgressColumn):
    """How many are done a second, over the last half minute."""

    def render(self, task: Task) -> Text:
        return Text(_rate(task.speed), style="progress.data.speed")


class _Lines:
    """Prints a line every ten seconds.

    Args:
        what: what is counted.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = self._last = time.monotonic()
        self._first: int | None = None  # done before, by an earlier run: no part of the rate

    def __call__(self, done: int, total: int, points_done: int, points: int) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = done
        if now - self._last < EVERY_S:
            return
        self._last = now
        speed = (done - self._first) / (now - self._began)
        words = [
            f"{done:,} of {total:,} {self._what}",
            of_points(points_done, points),
            f"after {_duration(now - self._began)}",
            _rate(speed),
            f"{_duration((total - done) / speed)} remaining" if speed > 0.0 else "",
        ]
        print(", ".join(word for word in words if word), file=sys.stderr, flush=True)  # noqa: T201 - its purpose


def of_points(done: int, points: int) -> str:
    """Return the points done; nothing where there is one point only."""
    return f"{done:,} of {points:,} points" if points > 1 else ""


def _rate(speed: float | None) -> str:
    """Return a rate, one a second, to three digits or whole."""
    return "" if not speed else f"{speed:,.0f}/s" if speed >= 100.0 else f"{speed:.3g}/s"


def _duration(seconds: float) -> str:
    """Return a duration as people say it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
