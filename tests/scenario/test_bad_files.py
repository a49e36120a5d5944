"""One file per kind of mistake in tests/scenario/bad; the .txt beside it has the messages, written by hand from the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario import load_scenario

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("*.yaml"))


def test_there_are_at_least_twenty_kinds_of_mistake() -> None:
    assert len(FILES) >= 20


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_mistake_has_place_and_remedy(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy = tmp_path / file.name
    copy.write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)
    expected = [f"{file.name}:{line}" for line in file.with_suffix(".txt").read_text(encoding="utf-8").splitlines()]
    with pytest.raises(ScenarioError) as error:
        load_scenario(file.name)
    assert expected == error.value.problems
    assert list(tmp_path.iterdir()) == [copy], "nothing is written"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_message_speaks_the_language_of_the_libraries(file: Path) -> None:
    text = file.with_suffix(".txt").read_text(encoding="utf-8")
    foreign = ("Input should", "extra_forbidden", "validation error", "pydantic", "NoneType", "dict")
    assert [word for word in foreign if word in text] == []


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    with pytest.raises(ScenarioError) as error:
        load_scenario(missing)
    assert [f"{missing}: there is no such file; check the name, or write one with `migr new`"] == error.value.problems


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "latin.yaml"
    file.write_bytes("title: \xfcber Nacht".encode("latin-1"))
    with pytest.raises(ScenarioError) as error:
        load_scenario(file)
    assert [f"{file}: is not text in UTF-8; save it in that encoding"] == error.value.problems
