"""The terminal of a session, its keyboard played by the test: what is typed, what is shown above the prompt, how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from report.consoles import Wall, desk
from sim.errors import ModelError
from sim.report.console.desk import Desk
from sim.report.console.prompt import Names, converse, history

CTRL_C, CTRL_D, UP = "\x03", "\x04", "\x1b[A"


@pytest.fixture
def keyboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PipeInput]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield keys


def shown(place: Desk) -> list[str]:
    """Converse until the end; return what was shown."""
    rows: list[str] = []
    converse(place, rows.extend)
    return rows


def test_a_command_is_executed_and_the_end_is_the_end(keyboard: PipeInput) -> None:
    place = desk(Wall())
    keyboard.send_text("SHOW-VM-ATTRIBUTES\r.quit\r")
    assert shown(place) == [*place.greeting(), "00:06:57 ABGSE501  /SHOW-VM-ATTRIBUTES"]


def test_ctrl_d_ends(keyboard: PipeInput) -> None:
    place = desk(Wall())
    keyboard.send_text("A\r" + CTRL_D)
    assert shown(place)[-1] == "00:06:57 ABGSE501  /A"
    assert place.over


def test_ctrl_c_interrupts(keyboard: PipeInput) -> None:
    keyboard.send_text("half a line" + CTRL_C)
    with pytest.raises(KeyboardInterrupt):
        shown(desk(Wall()))


def test_messages_arrive_while_nobody_types_and_the_end_comes_by_itself(keyboard: PipeInput) -> None:
    """The jump is made by the player beside the prompt, which waits for a key that nobody presses."""
    keyboard.send_text(".skip 1 h\r")
    rows = shown(desk(Wall(), until_s=450.0))
    assert sum("VMS2451" in row for row in rows) == 1
    assert rows[-1] == "-- 00:07:30: the session ends here, as --until asks for."


def test_a_bug_of_the_simulation_ends_the_session(keyboard: PipeInput, monkeypatch: pytest.MonkeyPatch) -> None:
    place = desk(Wall())

    def broken(_until_s: float, _most: int) -> bool:
        raise ModelError("time ran back")

    monkeypatch.setattr(place.session, "steps", broken)
    keyboard.send_text("half a line")
    with pytest.raises(ModelError, match="time ran back"):
        shown(place)


def test_what_was_typed_comes_back_in_the_next_session(keyboard: PipeInput, tmp_path: Path) -> None:
    keyboard.send_text("HOLD-VM VM-ID=12\r.quit\r")
    shown(desk(Wall()))
    keyboard.send_text(UP + UP + "\r.quit\r")
    assert shown(desk(Wall()))[-1] == "00:06:57 ABGSE501  /HOLD-VM VM-ID=12"
    assert (tmp_path / "migr" / "console-history").exists()


def test_without_a_place_for_it_history_lasts_for_a_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert isinstance(history(), FileHistory)
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert isinstance(history(), InMemoryHistory)


def test_tab_completes_from_where_the_word_begins() -> None:
    found = list(Names(desk(Wall())).get_completions(Document(".con"), CompleteEvent()))
    assert [(each.text, each.start_position) for each in found] == [(".console", -4)]
