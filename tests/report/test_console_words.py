"""The console's own words: found, abbreviated, refused."""

from __future__ import annotations

import pytest

from sim.errors import UsageError
from sim.report.console.words import WORDS, help_rows, is_word, parse_word


@pytest.mark.parametrize("text", [".quit", ".nonsense", "help", " HELP ", "?", "exit"])
def test_a_line_for_the_console_is_known_as_one(text: str) -> None:
    assert is_word(text)


@pytest.mark.parametrize("text", ["SHOW-VM-ATTRIBUTES", "/HELP-SDF", "help me", "MIGRATE-VM 12"])
def test_a_command_is_none(text: str) -> None:
    assert not is_word(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (".skip  5 min ", (".skip", "5 min")),
        (".sk 22:30", (".skip", "22:30")),
        (".SHOW all", (".show", "all")),
        ("quit", (".quit", "")),
        ("?", (".help", "")),
    ],
)
def test_a_word_is_read_with_its_operand(text: str, meant: tuple[str, str]) -> None:
    assert parse_word(text) == meant


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (".", "'.' is no word of the console; write one of .help, .console"),
        (".fly", "'.fly' is no word of the console"),
        (".s", "'.s' can be .show or .speed or .skip or .save"),
        (".quit now", ".quit takes nothing; 'now' is too much"),
    ],
)
def test_what_is_no_word_is_told_what_is_one(text: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_word(text)
    assert told in str(refused.value)


def test_the_help_names_every_word() -> None:
    told = "\n".join(help_rows())
    assert len(WORDS) == 11
    assert "VM-ID=*VM2000 behind it all VMs of the SU" in told
    assert "Return codes of a rejected MIGRATE-VM are assumed [A12]" in told
    assert all(f"  {word.name}" in told and word.meaning in told for word in WORDS)
