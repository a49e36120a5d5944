"""Does docs/console.md tell the truth? Its session is played from the file of commands and at a terminal, and shows what stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from sim.report.console.opening import Wanted, begun, opened
from sim.report.console.prompt import converse
from sim.report.console.words import WORDS
from sim.scenario import load_scenario

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")
TYPED, SHOWN, SCRIPT = re.findall(r"```text\n(.*?)```", DOC, re.DOTALL)


def test_the_file_of_commands_stands_there() -> None:
    assert (ROOT / "docs" / "console-training.txt").read_text(encoding="utf-8") == SCRIPT


def test_the_session_prints_what_stands_there() -> None:
    """If this fails because messages have changed: put the new output of the command into the second block."""
    (command,) = re.findall(r"^    migr (console .*--commands.*)$", DOC, re.MULTILINE)
    done = subprocess.run([sys.executable, "-m", "sim", *command.split()], cwd=ROOT, capture_output=True, text=True, check=False)
    warnings = re.findall(r"^    (warning: .*\n)", DOC, re.MULTILINE)
    assert (done.returncode, done.stderr) == (0, "".join(warnings))
    assert done.stdout == SHOWN


def test_the_same_is_shown_when_it_is_typed_at_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    loaded = load_scenario(ROOT / "docs" / "console-training.yaml")
    opening = opened(loaded, loaded.points[0], Wanted())
    rows: list[str] = []
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text(TYPED.replace("\n", "\r") + ".quit\r")
        converse(opening.desk(begun(loaded.points[0], 0, opening.from_s)), rows.extend)
    assert [row for row in rows if not row.startswith("-- ")] == SHOWN.splitlines()


@pytest.mark.parametrize("what", ["/MIGRATE-VM ", "/SHOW-VM-ATTR", "VMS3042 ", "VMS2451 ", " aborted", "VMS2471 "])
def test_the_session_shows_what_it_is_said_to_show(what: str) -> None:
    assert what in SHOWN


def test_every_word_stands_in_the_table() -> None:
    rows = re.findall(r"^\| `(\.[^`]*)` \| (.*) \|$", DOC, re.MULTILINE)
    assert rows == [(f"{word.name} {word.operand}".strip(), word.meaning) for word in WORDS]
