"""How far a computation is, as people see it."""

from __future__ import annotations

import io
import sys

import pytest

import sim.report.progress
from sim.report.progress import showing_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sim.report.progress, "time", clock)
    return clock


def test_without_a_terminal_a_line_every_ten_seconds(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 100,000 replications 20,000 were there; 30,000 more in 20 s are 1,500/s, so the other 50,000 take 33 s."""
    with showing_progress("replications") as show:
        show(20_000, 100_000, 1, 5)
        clock.now += 9.0
        show(30_000, 100_000, 1, 5)
        clock.now += 11.0
        show(50_000, 100_000, 2, 5)
        clock.now += 9.0
        show(90_000, 100_000, 4, 5)
    assert capsys.readouterr().err == "50,000 of 100,000 replications, 2 of 5 points, after 20 s, 1,500/s, 33 s remaining\n"


def test_line_of_one_point_that_goes_slowly(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    """Two in 90 s: 0.0222/s; the other 998 take 44,910 s, that is 12 h 28 min."""
    with showing_progress("replications") as show:
        show(0, 1000, 0, 1)
        clock.now += 90.0
        show(2, 1000, 0, 1)
    assert capsys.readouterr().err == "2 of 1,000 replications, after 1 min 30 s, 0.0222/s, 12 h 28 min remaining\n"


def test_nothing_done_yet_has_no_rate_and_no_end(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with showing_progress("replications") as show:
        show(0, 1000, 0, 2)
        clock.now += 10.0
        show(0, 1000, 0, 2)
    assert capsys.readouterr().err == "0 of 1,000 replications, 0 of 2 points, after 10 s\n"


def test_terminal_shows_a_bar_with_points_and_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    with showing_progress("replications") as show:
        show(200, 1000, 1, 4)
        show(600, 1000, 2, 4)
    for told in ("replications", "600/1000", "2 of 4 points", "/s", "remaining"):
        assert told in terminal.getvalue()
