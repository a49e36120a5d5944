"""`migr console` as somebody gives it: with a file of commands, on a terminal, and wrongly."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import simpy
from typer.testing import CliRunner, Result

import sim.report.console.opening
import sim.report.console.prompt
from sim.cli import app
from sim.cli.console import _converse
from sim.engine.replicate import replicate_alone
from sim.engine.site import Site
from sim.engine.world import World
from sim.errors import ModelError, UsageError
from sim.report.console.desk import Desk
from sim.report.console.opening import Wanted, begun, opened
from sim.report.trace.seen import consoles_of
from sim.scenario import load_scenario
from sim.vm2000.catalogue import printed

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "scenarios" / "console-example.yaml"
SHOW = "00:07 ABGSE501 /SHOW-VM-ATTRIBUTES"


def console(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["console", *map(str, arguments)])


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "runbook.txt"
    file.write_text(f"# a look in between\n{SHOW}\n00:07:10 ABGSE701 /HOLD-VM VM-ID=12\n", encoding="utf-8")
    return file


@pytest.fixture
def nothing(tmp_path: Path) -> Path:
    file = tmp_path / "nothing.txt"
    file.write_text("", encoding="utf-8")
    return file


def refused(*arguments: str | Path) -> list[str]:
    """Return the lines of the message with which a command is refused."""
    error = console(*arguments).exception
    assert isinstance(error, UsageError), repr(error)
    return str(error).splitlines()


def test_without_commands_it_shows_what_the_trace_shows(nothing: Path) -> None:
    """Every line of the replication on every console, nothing else."""
    told = console(EXAMPLE, "--commands", nothing, "--show", "all", "--replication", "3")
    lines = replicate_alone(Site.of(load_scenario(EXAMPLE).points[0]), 3).journal.in_order()
    expected = [(at, printed(line.message, **line.inserts)) for line in lines for at in consoles_of(line)]
    rows = [row.split(maxsplit=2) for row in told.stdout.splitlines()]
    assert [(at, text) for _, at, text in rows] == expected
    assert told.exit_code == 0


def test_commands_of_a_file_are_typed_among_the_messages(script: Path) -> None:
    rows = console(EXAMPLE, "--commands", script).stdout.splitlines()
    place = rows.index("00:07:00 ABGSE501  /SHOW-VM-ATTRIBUTES")
    assert any("VMS2450" in row for row in rows[:place])
    assert any("VMS2452" in row for row in rows[place:])
    assert "00:07:10 ABGSE701  /HOLD-VM VM-ID=12" in rows
    assert not any("ETMDR01" in row for row in rows)


def test_a_guest_is_shown_where_somebody_types_at_it(nothing: Path) -> None:
    assert "VM12PROD  ETMDR01" in console(EXAMPLE, "--commands", nothing, "--at", "VM12PROD").stdout


def test_a_guest_is_shown_where_the_file_types_at_it(tmp_path: Path) -> None:
    (tmp_path / "guest.txt").write_text("00:08 VM12PROD /SHOW-SYSTEM-INFORMATION\n", encoding="utf-8")
    rows = console(EXAMPLE, "--commands", tmp_path / "guest.txt").stdout.splitlines()
    assert "00:08:00 VM12PROD  /SHOW-SYSTEM-INFORMATION" in rows
    assert any("VM12PROD  ETMDR01" in row for row in rows)


def test_the_messages_as_data(script: Path) -> None:
    records = [json.loads(line) for line in console(EXAMPLE, "--commands", script, "--json").stdout.splitlines()]
    assert {"time_s", "clock", "vm", "source", "target", "console", "consoles", "id", "text", "seen_at"} == set(records[0])
    typed = [record["text"] for record in records if record["id"] == "" and record["seen_at"] == ["ABGSE701"]]
    assert typed[0] == "/HOLD-VM VM-ID=12"


def test_the_session_ends_when_asked(nothing: Path) -> None:
    rows = console(EXAMPLE, "--commands", nothing, "--until", "00:07:10").stdout.splitlines()
    assert rows[0].startswith("00:06:59 ")
    assert rows[-1].split()[0] <= "00:07:10"
    assert not any("VMS2452" in row for row in rows)


def test_what_is_hardly_meant_is_said_before_the_run(tmp_path: Path) -> None:
    file = tmp_path / "runbook.txt"
    file.write_text("00:07:10 ABGSE501 /HOLD-VM VMID=12\n", encoding="utf-8")
    told = console(EXAMPLE, "--commands", file)
    assert told.stderr.startswith(f"warning: {file}:1: will be answered CMD0202: HOLD-VM: there is no operand 'VMID'; did you mean")
    assert "CMD0202" in told.stdout


def test_the_log_holds_what_is_shown(script: Path, tmp_path: Path) -> None:
    told = console(EXAMPLE, "--commands", script, "--log", tmp_path / "session.log")
    assert (tmp_path / "session.log").read_text(encoding="utf-8") == told.stdout
    assert "VMS2451" in told.stdout


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "bad.txt"
    file.write_text("00:07 SU9 /A\nnow\n", encoding="utf-8")
    told = refused(EXAMPLE, "--commands", file, "--at", "X", "--until", "7", "--speed", "0", "--show", "a,all")
    assert [line.partition(": ")[0] for line in told] == ["--speed", "--at", "--until", f"{file}:1", f"{file}:2", "--show"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "there is no terminal to type on; give the command on a terminal, or name a file of commands with --commands FILE"),
        (("--json",), "--json goes with commands from a file; add --commands FILE, or leave --json away"),
        (("--commands", "/nowhere/runbook.txt"), "--commands /nowhere/runbook.txt: No such file or directory; name a file with commands"),
        (("--commands", sys.executable), f"--commands {sys.executable}: is no text in UTF-8; name a file with commands"),
        (("--commands", os.devnull, "--log", "/nowhere/log"), "--log /nowhere/log: No such file or directory; name a file that can be"),
        (("--commands", os.devnull, "--variant", "X"), "--variant 'X': no such variant"),
    ],
)
def test_what_cannot_be_done_is_refused(arguments: tuple[str, ...], told: str) -> None:
    (line,) = refused(EXAMPLE, *arguments)
    assert line.startswith(told)


def test_a_bug_of_ours_comes_with_what_was_typed(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(world: World, console: str, command: str) -> Generator[simpy.Event, Any, None]:
        yield world.env.timeout(1.0)
        raise ZeroDivisionError(f"{console} {command}")

    monkeypatch.setattr(sim.report.console.opening, "execute", broken)
    error = console(EXAMPLE, "--commands", script).exception
    assert isinstance(error, ModelError)
    assert str(error) == (
        "ZeroDivisionError: ABGSE501 /SHOW-VM-ATTRIBUTES\n"
        "What was typed, for --commands:\n00:07:00 ABGSE501 /SHOW-VM-ATTRIBUTES\n00:07:10 ABGSE701 /HOLD-VM VM-ID=12\n"
    )


@pytest.mark.parametrize("error", [ModelError("time ran back"), KeyError("x")])
def test_a_bug_at_the_terminal_comes_with_what_was_typed(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(desk: Desk, _show: object) -> None:
        desk.enters("A")
        raise error

    monkeypatch.setattr(sim.report.console.prompt, "converse", broken)
    loaded = load_scenario(EXAMPLE)
    opening = opened(loaded, loaded.points[0], Wanted())
    with pytest.raises(ModelError, match=r"What was typed, for --commands:\n00:06:59 ABGSE501 /A\n"):
        _converse(begun(loaded.points[0], 0, opening.from_s), opening, lambda _: None)


def test_the_same_commands_give_the_same_bytes_whatever_the_hash_seed(script: Path) -> None:
    command = [sys.executable, "-m", "sim", "console", str(EXAMPLE), "--commands", str(script), "--show", "all"]
    told = [
        subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert b"VMS2451" in told[0]


@pytest.mark.parametrize(("typed", "code"), [("\x03", 130), ("\x04", 0), (".quit\r", 0), ("SHOW-VM-ATTRIBUTES\r.quit\r", 0)])
def test_on_a_terminal(typed: str, code: int, tmp_path: Path) -> None:
    """A real terminal, seen from its other end; nothing that is typed leaves a traceback."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sim", "console", str(EXAMPLE)],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path), "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm"},
    )
    os.close(theirs)
    seen = b""
    while b"ABGSE501 /" not in seen:
        seen += os.read(ours, 4096)
    os.write(ours, typed.encode())
    with process:
        seen += rest_of(ours, process)
        assert process.stderr is not None
        told = process.stderr.read().decode()
    os.close(ours)
    assert process.returncode == code
    assert "Traceback" not in told
    assert told == ("Interrupted.\n" if code == 130 else "")
    assert ("/SHOW-VM-ATTRIBUTES" in seen.decode()) == ("SHOW" in typed)


def rest_of(terminal: int, process: subprocess.Popen[bytes]) -> bytes:
    """Return what a process still prints on a terminal: unread, it would wait for a reader."""
    seen = b""
    while process.poll() is None:
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # nobody holds the other end any more
            time.sleep(0.01)
    return seen
