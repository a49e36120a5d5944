"""How wall clock and simulated time go together: speed, pauses, jumps."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """A clock of simulated time that runs `speed` times as fast as the wall clock.

    SimPy's own real-time environment sleeps inside its steps and cannot stand still, so that a prompt beside it would not answer; here the
    environment is stepped to the time that this clock shows.

    Args:
        at_s: simulated time at which it begins, seconds.
        speed: simulated seconds a second.
        wall: the wall clock, seconds; it never runs back.
    """

    def __init__(self, at_s: float, speed: float, wall: Callable[[], float] = time.monotonic) -> None:
        self._at_s, self._speed, self._wall = at_s, speed, wall
        self._since = wall()
        self._paused = False

    @property
    def speed(self) -> float:
        """Simulated seconds a second, also during a pause."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return self._paused

    def now(self) -> float:
        """Return the simulated time, seconds."""
        return self._at_s if self._paused else self._at_s + (self._wall() - self._since) * self._speed

    def jump(self, at_s: float) -> None:
        """Show another time from now on."""
        self._at_s, self._since = at_s, self._wall()

    def run_at(self, speed: float) -> None:
        """Go on at another speed."""
        self.jump(self.now())
        self._speed = speed

    def pause(self) -> None:
        """Stand still."""
        self.jump(self.now())
        self._paused = True

    def go(self) -> None:
        """Go on after a pause."""
        self.jump(self.now())
        self._paused = False
