"""The place of somebody at a console, under a wall clock that the tests set."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim.report.console.desk
from report.consoles import COMMAND_S, Wall, desk
from sim.errors import UsageError
from sim.report.console.desk import NOTHING_DUE, TICK_S, Desk, parse_speed

ECHO = "00:06:57 ABGSE501  /SHOW-VM-ATTRIBUTES"
PLAN = "00:06:59 ABGSE501  /MIGRATE-VM VM-ID=12,SERVER-UNIT-NAME=ABGSE701"


@pytest.fixture
def wall() -> Wall:
    return Wall()


def ticked(place: Desk) -> list[str]:
    """Let a desk do what is due, until it wants to wait or is over."""
    rows, pause_s = place.tick()
    while pause_s == 0.0 and not place.over:
        more, pause_s = place.tick()
        rows += more
    return rows


def test_the_greeting_says_when_where_and_how_fast(wall: Wall) -> None:
    place = desk(wall, 60.0)
    assert place.greeting() == [
        "-- It is 00:06:57; 60 simulated seconds a second. Type a command of VM2000, or .help.",
        "-- Shown: ABGSE501, ABGSE701.",
    ]
    assert place.prompt == "00:06:57 ABGSE501 /"


def test_messages_arrive_with_the_wall_clock(wall: Wall) -> None:
    place = desk(wall, speed=2.0)
    assert ticked(place) == []
    wall.time_s += 0.999
    assert ticked(place) == []
    wall.time_s += 0.001
    assert ticked(place) == [PLAN]
    assert place.tick() == ([], TICK_S)
    assert place.prompt == "00:06:59 ABGSE501 /"


@pytest.mark.parametrize("typed", ["SHOW-VM-ATTRIBUTES", "/SHOW-VM-ATTRIBUTES", "  SHOW-VM-ATTRIBUTES "])
def test_a_command_is_echoed_at_once_with_one_slash(wall: Wall, typed: str) -> None:
    assert desk(wall).enters(typed) == [ECHO]


def test_a_command_is_typed_when_enter_is_pressed_and_not_when_the_simulation_was_last_looked_at(wall: Wall) -> None:
    place = desk(wall)
    wall.time_s += 1.5
    place.enters("SHOW-VM-ATTRIBUTES")
    assert [command.time_s for command in place.typed] == [COMMAND_S - 0.5]


def test_what_arrived_meanwhile_stands_before_the_command(wall: Wall) -> None:
    place = desk(wall)
    wall.time_s += 2.5
    assert place.enters("A") == [PLAN, "00:06:59 ABGSE501  /A"]


@pytest.mark.parametrize("typed", ["", "  ", "/"])
def test_an_empty_line_is_nothing(wall: Wall, typed: str) -> None:
    assert desk(wall).enters(typed) == []


def test_a_console_that_does_not_even_echo_is_said_to_be_silent(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    place = desk(wall)
    monkeypatch.setattr(place.session, "types", lambda _console, _command: None)
    assert place.enters("A") == ["-- The console of ABGSE501 does not answer; .show simulator shows what the consoles do not."]


def test_somebody_types_at_another_console_and_sees_it(wall: Wall) -> None:
    place = desk(wall)
    assert place.enters(".console vm12prod") == ["-- Shown: ABGSE501, ABGSE701, VM12PROD."]
    assert place.prompt == "00:06:57 VM12PROD /"
    assert place.enters("A") == ["00:06:57 VM12PROD  /A"]
    assert place.enters(".console ABGSE701") == []
    assert place.enters(".console") == ["-- You type at ABGSE701; others: ABGSE501, VM12PROD"]


def test_consoles_are_shown_and_hidden(wall: Wall) -> None:
    place = desk(wall)
    assert place.enters(".show") == ["-- Shown: ABGSE501, ABGSE701."]
    assert place.enters(".show guests, simulator") == ["-- Shown: ABGSE501, ABGSE701, VM12PROD, simulator."]
    assert place.enters(".hide units") == ["-- Shown: VM12PROD, simulator."]
    assert place.enters(".hide all") == ["-- Shown: no console."]
    assert place.enters("A") == []


def test_speed_and_pause(wall: Wall) -> None:
    place = desk(wall)
    assert place.enters(".speed 64") == ["-- 64 simulated seconds a second."]
    assert place.enters(".pause") == ["-- Paused; .go goes on."]
    wall.time_s += 100.0
    assert ticked(place) == []
    assert place.enters(".speed") == ["-- 64 simulated seconds a second, paused."]
    assert place.enters(".go") == ["-- Going on, 64 simulated seconds a second."]
    wall.time_s += 2.0 / 64.0  # a number that the floating point has exactly
    assert ticked(place) == [PLAN]


def test_a_jump_ends_at_its_time_and_shows_what_happened_on_the_way(wall: Wall) -> None:
    place = desk(wall)
    assert place.enters(".skip 10 s") == []
    rows = ticked(place)
    assert rows[0] == PLAN
    assert "VMS4005" in rows[-1]
    assert place.session.now == COMMAND_S + 8.0
    assert place.prompt == "00:07:07 ABGSE501 /"


def test_a_jump_to_a_clock_time(wall: Wall) -> None:
    place = desk(wall)
    place.enters(".skip 00:06:58")
    assert ticked(place) == []
    assert place.session.now == COMMAND_S - 1.0


def test_a_jump_is_made_in_slices_whose_messages_are_shown_at_once(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two of them the keyboard is looked at; the clock of the wall counts for nothing meanwhile."""
    monkeypatch.setattr(sim.report.console.desk, "SLICE", 1)
    place = desk(wall, speed=1000.0)
    place.enters(".skip 1 h")
    while PLAN not in place.tick()[0]:
        assert place.session.now <= COMMAND_S
    assert place.session.now == COMMAND_S
    wall.time_s += 7.0
    ticked(place)
    assert place.session.now == COMMAND_S - 2.0 + 3600.0


def test_what_is_typed_behind_a_jump_is_meant_for_where_it_leads(wall: Wall) -> None:
    place = desk(wall)
    place.enters(".pause")
    place.enters(".skip 00:06:58")
    assert place.enters("A") == ["00:06:58 ABGSE501  /A"]
    place.enters(".skip 1 s")
    assert place.enters(".skip 2 s") == [PLAN]
    ticked(place)
    assert place.session.now == COMMAND_S + 2.0


def test_the_next_message_is_the_next_one_that_is_shown(wall: Wall) -> None:
    place = desk(wall)
    place.enters(".next")
    assert ticked(place) == [PLAN]
    assert place.session.now == COMMAND_S
    place.enters(".hide units")
    place.enters(".show VM12PROD")
    place.enters(".next")
    started, locked = ticked(place)
    assert ("ETMDR01" in started, "MCS1002" in locked) == (True, True)  # both come at one time


def test_without_anything_due_it_says_so_once_and_goes_on(wall: Wall) -> None:
    place = desk(wall)
    place.enters(".skip 2 min")
    rows = ticked(place)
    assert rows[-1] == NOTHING_DUE
    assert rows.count(NOTHING_DUE) == 1
    assert ticked(place) == []
    assert place.enters(".next") == [NOTHING_DUE]
    wall.time_s += 4.0
    assert place.enters("A") == ["00:09:01 ABGSE501  /A"]
    wall.time_s += 2.0
    assert ticked(place) == ["00:09:03 ABGSE501  HEAD", "                     /A", NOTHING_DUE]


def test_a_command_that_only_answers_does_not_repeat_that_nothing_is_due(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    place = desk(wall)
    monkeypatch.setattr("report.consoles.BUSY_S", 0.0)
    place.enters(".skip 2 min")
    assert ticked(place)[-1] == NOTHING_DUE
    place.enters("A")
    assert ticked(place) == []


def test_what_next_has_said_is_not_said_again(wall: Wall) -> None:
    place = desk(wall)
    place.session.run_to(COMMAND_S + 1e5)
    assert place.enters(".next")[-1] == NOTHING_DUE
    assert NOTHING_DUE not in ticked(place)


def test_the_session_ends_at_its_time(wall: Wall) -> None:
    place = desk(wall, until_s=COMMAND_S + 8.0)
    place.enters(".skip 1 h")
    rows = ticked(place)
    assert rows[-1] == "-- 00:07:07: the session ends here, as --until asks for."
    assert (place.over, place.session.now) == (True, COMMAND_S + 8.0)


def test_what_was_typed_is_saved(wall: Wall, tmp_path: Path) -> None:
    place = desk(wall)
    place.enters("A X=1")
    place.enters(".speed 5")
    wall.time_s += 1.0
    place.enters("B")
    assert place.enters(f".save {tmp_path / 'runbook.txt'}") == [f"-- 2 commands written to {tmp_path / 'runbook.txt'}."]
    assert (tmp_path / "runbook.txt").read_text(encoding="utf-8") == "00:06:57 ABGSE501 /A X=1\n00:07:02 ABGSE501 /B\n"


def test_the_end(wall: Wall) -> None:
    place = desk(wall)
    assert place.enters("quit") == []
    assert place.over


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (".fly", "'.fly' is no word of the console; write one of .help"),
        (".console SU9", "there is no console 'SU9'"),
        (".show SU9", "there is no console 'SU9'"),
        (".hide", "which console? write .hide NAME"),
        (".speed 0", "speed '0' is not a number above 0"),
        (".speed fast", "speed 'fast' is not a number above 0"),
        (".skip", "to when? .skip takes a duration such as '5 min' or '30 s', a time of day such as '22:30', or '+1 21:00'"),
        (".skip soon", "'soon' is not a time"),
        (".skip soon", "; .skip takes a duration such as '5 min' or '30 s', a time of day such as '22:30'"),
        (".skip +1 soon", "'soon' is not a clock time"),
        (".skip 5", "'5' has no unit"),
        (".skip 1:30 min", "is not a clock time"),
        (".skip 00:01", "it is 00:06:57 already; time does not run back, write a later time such as +1 00:01"),
        (".save", "into which file? write .save FILE"),
        (".save /nowhere/there/runbook.txt", "/nowhere/there/runbook.txt cannot be written: No such file or directory"),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(wall: Wall, typed: str, told: str) -> None:
    place = desk(wall)
    (row,) = place.enters(typed)
    assert row.startswith("-- ")
    assert told in row
    assert (place.prompt, place.over, place.pace.speed) == ("00:06:57 ABGSE501 /", False, 1.0)


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "0", "86401", ""])
def test_no_speed(text: str) -> None:
    with pytest.raises(UsageError, match="is not a number above 0 and up to 86400"):
        parse_speed(text)


def test_speeds() -> None:
    assert (parse_speed("0.5"), parse_speed("86400")) == (0.5, 86400.0)
