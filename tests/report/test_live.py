"""What people see on a terminal while a run computes."""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console, Group
from rich.text import Text

import sim.report.live
from sim.experiment.execution.parts import Part
from sim.experiment.glimpse import Glimpse, glimpse
from sim.experiment.run import Order, run
from sim.experiment.storage.store import Store
from sim.report.live import Picture, _Live, showing_run
from sim.report.spread import Spread
from sim.scenario.load import load_scenario

SCENARIO = Path(__file__).parents[2] / "scenarios" / "quickstart.yaml"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sim.report.live, "time", clock)
    return clock


def seen(*makespans: float, downtimes: tuple[float, ...] | None = (0.5,), completed: int = 1) -> Glimpse:
    return Glimpse(np.array(makespans), None if downtimes is None else np.array(downtimes), completed, 2)


def shown(picture: Picture, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(Group(picture.text))
    return capture.get().splitlines()


def picture(*names: str, height: int = 40) -> Picture:
    return Picture(names, Console(file=io.StringIO(), width=80, height=height, force_terminal=True))


def test_quantiles_are_known_to_a_thousandth() -> None:
    values = np.exp(np.linspace(-3.0, 9.0, 5001))
    spread = Spread()
    for some in np.array_split(values, 7):
        spread.add(some)
    for q in (0.5, 0.9, 0.99):
        assert spread.quantile(q) == pytest.approx(values[math.ceil(5001 * q) - 1], rel=0.001)


def test_what_never_ends_is_the_last() -> None:
    spread = Spread()
    spread.add(np.array([1.0, math.inf, 2.0, 3.0]))
    assert spread.quantile(0.75) == pytest.approx(3.0, rel=0.001)
    assert spread.quantile(1.0) == math.inf
    assert sum(count for *_, count in spread.bars(4)) == 3


def test_bars_hold_all_values_and_are_no_more_than_asked_for() -> None:
    spread = Spread()
    spread.add(np.array([0.1, 0.1, 1.0, 10.0]))
    bars = spread.bars(5)
    assert len(bars) <= 5
    assert [count for *_, count in bars if count] == [2, 1, 1]
    assert bars[0][0] <= 0.1 < bars[0][1]
    assert bars[-1][0] < 10.0 <= bars[-1][1] * 1.001


def test_percentiles_say_how_they_moved_and_wait_half_a_second(clock: Clock) -> None:
    """p50 of one 100 is 100; of 100, 200, 200 it is 200: twice as much."""
    live = picture("")
    live.take(0, seen(100.0))
    assert "p50 1:40 min =" in shown(live)[1]
    live.take(0, seen(200.0, 200.0))
    assert "p50 1:40 min =" in shown(live)[1]
    clock.now += 0.5
    live.renew()
    assert "n = 3 so far, 50.0 % of 4 attempts completed" in shown(live)[0]
    assert "p50 3:20 min ▲ 100 %" in shown(live)[1]


def test_histogram_gives_shares_of_all_downtimes(clock: Clock) -> None:
    del clock
    live = picture("")
    live.take(0, seen(1.0, downtimes=(0.1, 0.1, 0.1, 10.0)))
    lines = shown(live)
    assert lines[3].endswith("75.0 %")
    assert lines[-1].endswith("25.0 %")


def test_terminal_of_80_columns_and_20_lines_holds_it(clock: Clock) -> None:
    del clock
    name = "SU /390, " + ", ".join(f"networks.mcnpr.bandwidth={number} Gbit/s" for number in range(9))
    live = picture("a", name, height=20)
    live.take(1, seen(1.0, math.inf, downtimes=tuple(np.geomspace(0.01, 100.0, 500))))
    lines = shown(live)
    assert len(lines) <= 18
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("SU /390, networks")
    assert "p99 never" in lines[2]


def test_narrow_terminal_has_percentiles_below_each_other(clock: Clock) -> None:
    del clock
    live = Picture(("no retry",), Console(file=io.StringIO(), width=40, height=15, force_terminal=True))
    live.take(0, seen(100.0, 200.0, downtimes=tuple(np.geomspace(0.01, 100.0, 50))))
    lines = shown(live, width=40)
    assert lines[:6] == [
        "no retry",
        "n = 2 so far",
        "50.0 % of 2 attempts completed",
        "makespan  p50 1:40 min =",
        "          p90 3:20 min =",
        "          p99 3:20 min =",
    ]
    assert len(lines) <= 13
    assert max(map(len, lines)) <= 40


def test_what_an_earlier_command_stored_is_said_not_to_be_in_it(clock: Clock) -> None:
    del clock
    live = picture("")
    live.begin(1024)
    live.begin(2048)  # computed by now
    live.take(0, seen(100.0))
    assert shown(live)[1] == "1,024 were stored before, and are not in it"


def test_what_came_last_is_drawn_while_nothing_more_comes(clock: Clock) -> None:
    live = picture("")
    live.take(0, seen(100.0))
    live.take(0, seen(100.0))
    bar = _Live(live, "replications", console=Console(file=io.StringIO()))
    clock.now += 0.5
    *_, text = bar.get_renderables()
    assert isinstance(text, Text)
    assert text.plain.startswith("n = 2 so far")


def test_first_look_is_not_counted_as_slow(clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It loads a library, which may take seconds; the second one shows that it does take them."""
    looks = []

    def slow(store: Store, part: Part) -> Glimpse:
        del store, part
        looks.append(clock.now)
        clock.now += 2.0
        return seen(100.0)

    monkeypatch.setattr(sim.report.live, "glimpse", slow)
    live = picture("")
    for _ in range(3):
        live.watch(Store(tmp_path), Part(0, 0, 10, 0, rounds=False))
    assert looks == [100.0, 102.0]


def test_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar would never be seen on it."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "dumb")
    with showing_run("replications", [""]) as (_, watch):
        assert watch is None


def test_many_points_are_forgotten_in_turn(clock: Clock) -> None:
    del clock
    live = picture(*map(str, range(500)))
    for point in range(500):
        live.take(point, seen(1.0))
    assert len(live._seen) == sim.report.live.KEPT


def test_column_that_is_not_stored_is_named(clock: Clock) -> None:
    del clock
    live = picture("")
    live.take(0, seen(1.0, downtimes=None))
    assert "downtime_s is not stored" in shown(live)[2]


def test_run_shows_its_parts_and_a_glimpse_is_what_they_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    loaded = load_scenario(SCENARIO)
    parts: list[Part] = []
    with showing_run("replications", [point.name for point in loaded.points]) as (progress, watch):
        assert watch is not None

        def watched(store: Store, part: Part) -> None:
            parts.append(part)
            watch(store, part)

        order = Order(loaded, 50, tmp_path / "run", 1, 0, rounds=False, command=["migr"], watch=watched)
        ran = run(order, progress)
    assert "n = 50 so far, 100.0 % of 50 attempts completed" in terminal.getvalue()
    assert "SU x86" in terminal.getvalue()
    assert len(parts) == 2
    moves, plans = ran.store.frame("migrations"), ran.store.frame("plans")
    for part in parts:
        name, found = loaded.points[part.point].name, glimpse(ran.store, part)
        assert found.downtimes is not None
        assert sorted(found.downtimes) == sorted(moves[moves.point == name].downtime_s)
        assert sorted(found.makespans) == sorted((plans.end_s - plans.at_s)[plans.point == name])


def test_part_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    live = picture("")
    live.watch(Store(tmp_path), Part(0, 0, 10, 0, rounds=False))
    assert not live.text.plain


def test_without_a_terminal_no_part_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with showing_run("replications", [""]) as (_, watch):
        assert watch is None
