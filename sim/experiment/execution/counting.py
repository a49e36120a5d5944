"""Counts the replications that are done while their parts are still computed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

from sim.experiment.execution.parts import Part

EVERY_S = 0.5  # how often a part tells how far it is: a bar shows nothing quicker, and a message to a scheduler is not free

Tick = Callable[[int], None]  # replications done since the last call; fewer than none when a part has to be computed again
Progress = Callable[[int, int, int, int], None]  # replications done, replications in all, points done, points in all


def weight(part: Part) -> int:
    """Return by how many replications a part brings the experiment on: by none if it adds messages or rounds to what is stored."""
    return part.stop - part.start if part.migrations else 0


class Pulse:
    """Tells every half second how many replications of a part are done; the one who computes the part calls it.

    Args:
        part: the part.
        show: takes the replications of the part that are done.
    """

    __slots__ = ("_done", "_last", "_show", "_size")

    def __init__(self, part: Part, show: Callable[[int], None]) -> None:
        self._size, self._show = part.stop - part.start, show
        self._done, self._last = 0, time.monotonic()

    def __call__(self, done: int) -> None:
        """Take the replications done since the last call."""
        self._done = min(self._done + done, self._size)
        now = time.monotonic()
        if now - self._last >= EVERY_S:
            self._last = now
            self._show(self._done)


class Tally:
    """What is done of all parts, those that are being computed included.

    Args:
        tick: is told each change; None where nobody looks.
    """

    __slots__ = ("_finished", "_running", "_shown", "_tick")

    def __init__(self, tick: Tick | None) -> None:
        self._tick = tick
        self._finished = self._shown = 0
        self._running: dict[Part, int] = {}

    def reach(self, part: Part, done: int) -> None:
        """Take how many replications of a part that is being computed are done."""
        self._running[part] = min(done, weight(part))
        self.tell()

    def finish(self, part: Part) -> None:
        """Take that a part is stored, or has failed."""
        self._running.pop(part, None)
        self._finished += weight(part)
        self.tell()

    def drop(self, part: Part) -> None:
        """Take that a part has to be computed again."""
        self._running.pop(part, None)
        self.tell()

    def tell(self) -> None:
        """Tell what has changed; also that nothing has, so that a line a time can be printed."""
        done = self._finished + sum(self._running.values())
        change, self._shown = done - self._shown, done
        if self._tick is not None:
            self._tick(change)


class Advance:
    """How far an experiment is, with what was stored before it began.

    Args:
        progress: is told whenever something is done.
        replications: of each point.
        points: how many there are.
        missing: the parts that are to be computed.
    """

    __slots__ = ("_done", "_left", "_points", "_progress", "_total")

    def __init__(self, progress: Progress, replications: int, points: int, missing: Sequence[Part]) -> None:
        self._progress, self._points, self._total = progress, points, replications * points
        self._done = self._total - sum(map(weight, missing))
        self._left = Counter(part.point for part in missing)
        self.tick(0)

    def tick(self, done: int) -> None:
        """Take the replications done since the last call."""
        self._done += done
        self._progress(self._done, self._total, self._points - len(self._left), self._points)

    def finish(self, part: Part) -> None:
        """Take that a part is stored, or has failed."""
        self._left[part.point] -= 1
        self._left += Counter()  # drops points of which nothing is left
        self.tick(0)
