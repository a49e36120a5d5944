"""Commands from a file: their times, consoles and mistakes, and what they answer."""

from __future__ import annotations

import pytest

from report.consoles import COMMAND_S, POINT, session
from scenario.operations import CLUSTER, VMS, loaded
from sim.errors import UsageError
from sim.report.console.screen import Screen
from sim.report.console.script import Evening, Typed, parse_script, played, script_warnings, written_script
from sim.scenario.advice_commands import Known
from sim.vm2000.catalogue import OPERATOR_COMMAND

EVENING = 22 * 3600
STEP = 'plan:\n  out: {at: "22:00", drain: SU1, to: SU2}\n'
NIGHT = Evening(EVENING, 26 * 3600.0)  # until 02:00


def parsed(text: str) -> list[Typed]:
    return [line.typed for line in parse_script(text, "runbook.txt", Screen(POINT), NIGHT)]


def test_a_command_has_a_time_a_console_and_a_text() -> None:
    text = (
        "# runbook\n\n22:05 ABGSE501 /SHOW-VM-ATTRIBUTES\n  22:05:30   vm12prod  /SHOW-SYSTEM-INFORMATION  \n00:10 ABGSE701 /HOLD-VM 12\n"
    )
    assert parsed(text) == [
        Typed(EVENING + 300.0, "ABGSE501", "/SHOW-VM-ATTRIBUTES"),
        Typed(EVENING + 330.0, "VM12PROD", "/SHOW-SYSTEM-INFORMATION"),
        Typed(86_400 + 600.0, "ABGSE701", "/HOLD-VM 12"),
    ]


def test_a_day_can_be_named() -> None:
    assert parsed("+2 23:00 ABGSE501 /A") == [Typed(2 * 86_400 + 82_800.0, "ABGSE501", "/A")]


def test_what_was_typed_can_be_written_and_read_again() -> None:
    typed = [Typed(EVENING + 5.0, "ABGSE501", "/A X=1"), Typed(90_000.0, "VM12PROD", "/B")]
    assert parsed(written_script(typed)) == typed


def test_all_mistakes_are_told_with_their_lines() -> None:
    with pytest.raises(UsageError) as refused:
        parsed("22:05 SU9 /A\nblub\n25:00 ABGSE501 /A\n22:06 ABGSE501 A\n22:06 ABGSE501 /A\n22:05 ABGSE501 /B\n")
    told = str(refused.value).splitlines()
    assert [line.partition(": ")[0] for line in told] == [f"runbook.txt:{number}" for number in (1, 2, 3, 4, 6)]
    assert "no console 'SU9'" in told[0]
    assert "'blub' is no command at a time; write 'hh:mm[:ss] CONSOLE /COMMAND'" in told[1]
    assert "'25:00' is not a clock time" in told[2]
    assert "'A' begins with no slash" in told[3]
    assert "22:05 lies before 22:06:00 of a line above" in told[4]


def test_commands_are_typed_at_their_times_among_the_messages() -> None:
    typed = [Typed(COMMAND_S - 60.0, "ABGSE501", "/A"), Typed(COMMAND_S + 9.0, "ABGSE701", "/B")]
    lines = played(session(), typed)
    echoes = [(line.time_s, line.console, line.inserts["command"]) for line in lines if line.message is OPERATOR_COMMAND]
    assert echoes == [tuple(command) for command in typed]
    assert [line.time_s for line in lines] == sorted(line.time_s for line in lines)
    assert lines[0].message is OPERATOR_COMMAND
    assert lines[-1].message.id == "VMS2451"


def test_nothing_is_typed_after_the_end() -> None:
    lines = played(session(), [Typed(COMMAND_S + 5.0, "ABGSE501", "/A"), Typed(COMMAND_S + 9.0, "ABGSE501", "/B")], COMMAND_S + 8.0)
    assert [line.inserts["command"] for line in lines if line.message is OPERATOR_COMMAND] == ["/A"]
    assert max(line.time_s for line in lines) <= COMMAND_S + 8.0


def test_the_same_commands_give_the_same_lines() -> None:
    typed = [Typed(COMMAND_S + 5.0, "ABGSE501", "/A")]
    assert played(session(), typed) == played(session(), typed)


def test_a_time_before_the_begin_is_blamed_alone() -> None:
    """The lines behind it are right; what is meant cannot be known."""
    with pytest.raises(UsageError) as refused:
        parsed("21:59 ABGSE501 /A\n22:05 ABGSE501 /B\n01:00 ABGSE501 /C\n")
    assert str(refused.value) == (
        "runbook.txt:1: 21:59 lies before the begin of the session (22:00:00); write '+1 21:59' if the next day is meant, "
        "else a time from 22:00:00 on"
    )


def test_a_time_of_the_window_is_not_blamed_for_a_line_behind_it() -> None:
    with pytest.raises(UsageError) as refused:
        parsed("22:05 ABGSE501 /A\n01:00 ABGSE501 /B\n23:00 ABGSE501 /C\n")
    assert str(refused.value).startswith("runbook.txt:3: 23:00 lies before +1 01:00:00 of a line above")


def test_what_is_hardly_meant_in_a_file_is_a_warning() -> None:
    text = (
        "22:05 ABGSE501 /HLD-VM 12\n22:06 ABGSE501 /HOLD-VM 12\n22:07 ABGSE701 /HOLD-VM VM-ID=13\n"
        "+1 03:00 VM12PROD /HOLD-VM 12\n04:00 ABGSE501 /HOLD-VM 12\n"
    )
    lines = parse_script(text, "runbook.txt", Screen(POINT), NIGHT)
    assert list(script_warnings(lines, "runbook.txt", NIGHT, Known.of_point(POINT))) == [
        "runbook.txt:1: HLD-VM is a command that the simulator does not execute; it will say so; did you mean HOLD-VM?",
        f"runbook.txt:3: VM-IDENTIFICATION=13: no VM of cluster '{POINT.units[0].cluster}' has this index at the start; known: 12",
        "runbook.txt:4: HOLD-VM is a command for the console of an SU, and 'VM12PROD' is a VM; type it at 'ABGSE501'",
        (
            "runbook.txt:5: 04:00 lies before the begin of the session (22:00:00); write '+1 04:00' if the next day is meant, "
            "else a time from 22:00:00 on; it is taken for the next day"
        ),
    ]


@pytest.mark.parametrize(("window", "doubted"), [('window: {from: "22:00", until: "02:00"}\n', 3), ("", 12)])
def test_from_when_on_a_time_is_doubted(window: str, doubted: int) -> None:
    """Behind the window; without one, from half a day after the first step on."""
    evening = Evening.of(loaded(CLUSTER.replace('window: {from: "22:00", until: "02:00"}\n', window) + STEP + VMS).scenario)
    assert evening.seconds(3600) == 25 * 3600.0
    assert [evening.doubts(hour * 3600) for hour in (doubted - 2, doubted)] == [False, True]
    assert not evening.doubts(23 * 3600)
