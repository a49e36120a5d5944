"""A replication that is simulated step by step, with commands that somebody types in between."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any

import simpy

from sim.engine.journal import Line
from sim.engine.replicate import Replication, Running, end
from sim.engine.world import World

Execute = Callable[[World, str, str], Generator[simpy.Event, Any, Any]]


class Session:
    """One replication under way; it alone touches the world, from one thread.

    Args:
        running: the replication, its plan not begun.
        number: which replication it is.
        execute: the process of a command that is typed at a console.
        from_s: simulated time at which the session begins, seconds.
    """

    def __init__(self, running: Running, number: int, execute: Execute, from_s: float = 0.0) -> None:
        self._running, self._number, self._execute = running, number, execute
        self._world = running.world
        self._read = 0
        self.run_to(from_s)

    @property
    def now(self) -> float:
        """Simulated time, seconds."""
        return float(self._world.env.now)

    @property
    def idle(self) -> bool:
        """Whether nothing is going to happen unless somebody types."""
        return self._world.env.peek() == math.inf

    def steps(self, until_s: float, most: int) -> bool:
        """Simulate towards a time; return whether it was reached.

        Args:
            until_s: what is due then still happens, seconds.
            most: SimPy events after which it returns even before that time.
        """
        env = self._world.env
        for _ in range(most):
            due = env.peek()
            if due > until_s or due == math.inf:
                break
            env.step()
        else:
            return False
        # Nothing is due on the way: this sets the clock, so that a command is typed now and not when the last thing happened. SimPy adds a
        # difference to its clock, which rounds; the second one is so small beside both ends that it does not.
        for stop_s in (until_s - 1e-3, until_s):
            if env.now < stop_s < math.inf:
                env.timeout(stop_s - env.now)
                env.step()
        return True

    def run_to(self, until_s: float) -> None:
        """Simulate to a time, however long that takes."""
        while not self.steps(until_s, most=100_000):
            pass

    def types(self, console: str, command: str) -> None:
        """Type a command at a console, now; what is answered at once has happened when this returns.

        Args:
            console: an SU or a VM.
            command: with its slash.
        """
        self._world.env.process(self._execute(self._world, console, command))
        self.run_to(self.now)

    def arrived(self) -> list[Line]:
        """Return the messages since the last call, in the order of their times.

        Lines that come one a device are booked when the last one is due: they can be a little older than what was returned before.
        """
        lines = self._world.journal.lines or []
        new = sorted(lines[self._read :], key=lambda line: line.time_s)
        self._read = len(lines)
        return new

    def ends(self) -> Replication | None:
        """Return what came of the replication, its laws checked; None while something is under way.

        Raises:
            ModelError: the simulation broke one of its own rules.
        """
        return end(self._running, self._number) if self.idle else None
