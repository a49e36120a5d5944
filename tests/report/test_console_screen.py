"""Which message appears on which console, and how it is printed there."""

from __future__ import annotations

import pytest

from report.consoles import POINT
from sim.engine.journal import Line
from sim.errors import UsageError
from sim.report.console.screen import Screen, console_clock
from sim.report.trace.seen import consoles_of
from sim.vm2000.catalogue import (
    CHASE_LIMIT_PASSED,
    COMMAND,
    DISPLAY,
    ETMDR01,
    FAULT_BEGINS,
    VMS2430,
    VMS2450,
    Message,
)

INSERTS: dict[str, object] = {"index": 12, "vm": "VM12PROD", "source": "ABGSE501", "target": "ABGSE701"}


def line(message: Message, console: str = "", **inserts: object) -> Line:
    return Line(79513.9, message, "VM12PROD", "ABGSE501", "ABGSE701", {**INSERTS, **inserts}, console)


@pytest.fixture
def screen() -> Screen:
    return Screen(POINT)


@pytest.mark.parametrize(("time_s", "shown"), [(79513.9, "22:05:13"), (0.0, "00:00:00"), (86399.99, "23:59:59"), (86400.0, "+1 00:00:00")])
def test_a_clock_shows_the_second_that_it_has_reached(time_s: float, shown: str) -> None:
    assert console_clock(time_s) == shown


@pytest.mark.parametrize(
    ("message", "console", "seen_at"),
    [
        (VMS2450, "", ("ABGSE501",)),
        (VMS2430, "", ("ABGSE701",)),
        (ETMDR01, "", ("VM12PROD",)),
        (COMMAND, "", ("ABGSE501",)),
        (COMMAND, "ABGSE701", ("ABGSE701",)),
        (CHASE_LIMIT_PASSED, "ABGSE501", ("ABGSE501",)),
        (CHASE_LIMIT_PASSED, "ABGSE701", ("ABGSE501", "ABGSE701")),
        (FAULT_BEGINS, "", ("simulator",)),
    ],
)
def test_a_message_appears_where_its_recipients_sit(message: Message, console: str, seen_at: tuple[str, ...]) -> None:
    assert consoles_of(line(message, console)) == seen_at


def test_a_row_has_the_clock_and_the_console_before_the_text(screen: Screen) -> None:
    assert screen.rows(line(VMS2450)) == ["22:05:13 ABGSE501  VMS2450 LIVE MIGRATION OF VM (12,VM12PROD) TO TARGET SU 'ABGSE701' STARTED"]


def test_the_lines_of_a_display_stand_below_each_other(screen: Screen) -> None:
    assert screen.rows(line(DISPLAY, "ABGSE501", text="VM-ID\n12\n\n15")) == [
        "22:05:13 ABGSE501  VM-ID",
        "                   12",
        "",
        "                   15",
    ]


def test_only_shown_consoles_print(screen: Screen) -> None:
    assert screen.rows(line(ETMDR01)) == []
    assert not screen.shows(line(ETMDR01))
    screen.shown.update(screen.group("guests"))
    (row,) = screen.rows(line(ETMDR01))
    assert row == "22:05:13 VM12PROD  ETMDR01 DYNAMIC RECONFIGURATION WITH FUNCTION 'MIGRATE' STARTED"
    assert screen.shown_in_order == ("ABGSE501", "ABGSE701", "VM12PROD")


def test_records_say_where_a_message_is_seen(screen: Screen) -> None:
    (record,) = screen.records([line(ETMDR01), line(CHASE_LIMIT_PASSED, "ABGSE701")])
    assert (record["time_s"], record["id"], record["seen_at"]) == (79513.9, "[migr]", ["ABGSE501", "ABGSE701"])


def test_names_are_found_in_small_letters_too(screen: Screen) -> None:
    assert screen.known("vm12prod") == "VM12PROD"
    assert screen.group("ALL") == ("ABGSE501", "ABGSE701", "VM12PROD", "simulator")


def test_a_name_that_is_none_is_told_those_that_are(screen: Screen) -> None:
    with pytest.raises(UsageError, match=r"no console 'SU9'; write an SU \(ABGSE501, ABGSE701\) or a VM \(VM12PROD\), or all, units"):
        screen.group("SU9")
