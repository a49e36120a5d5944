"""What a guest displays of its migrations, character by character."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.vm2000.displays import Stay, SystemInformation, lm_counts, show_live_migration_history, show_system_information

# Fields and values as in the example of the SE server whitepaper, with names of SUs for models.
PROD = SystemInformation("/390 ABGSE501", "/390 ABGSE701", 4096 * 2.0**20, 3, 12, "VM12PROD")
STAYS = (Stay("ABGSE501", "00:00:00", "22:00:22"), Stay("ABGSE701", "22:00:22", "23:00:05"), Stay("ABGSE501", "23:00:05"))
HEADER = "LM-COUNT  SERVER-UNIT  SINCE     UNTIL"
INITIAL = "       0  ABGSE501     00:00:00  22:00:22"
PREVIOUS = "       1  ABGSE701     22:00:22  23:00:05"
CURRENT = "       2  ABGSE501     23:00:05  -"


def test_a_guest_that_has_migrated() -> None:
    """Message, names and places of the values are those of the example."""
    assert show_system_information(PROD).splitlines() == [
        "[migr] the fields that a scenario knows, laid out as SHOW-SYSTEM-INFORMATION does; names of SUs stand for models",
        "% NSI6231 LIVE MIGRATION HAS ALREADY TAKEN PLACE; DATA OF IPL HOST WILL BE DISPLAYED",
        "%CONFIGURATION                     = /390 ABGSE501",
        "%CURRENT-CONFIGURATION             = /390 ABGSE701",
        "%MEMORY-SIZE                       = 4096 MB",
        "%SYSTEM-CONF :   VM-INDEX          = 12",
        "%                VM-NAME           = VM12PROD",
        "%                LIVE-MIG-COUNT    = 3",
    ]


def test_a_guest_that_has_not_migrated_gets_no_message() -> None:
    text = show_system_information(replace(PROD, live_migrations=0))
    assert "LIVE-MIG-COUNT    = 0" in text
    assert "NSI" not in text


def test_all_sus_of_a_guest() -> None:
    note = "[migr] layout of this program, after SHOW-LIVE-MIGRATION-HISTORY; the product's layout is not published"
    assert show_live_migration_history(STAYS).splitlines() == [note, HEADER, INITIAL, PREVIOUS, CURRENT]


def test_some_sus_of_a_guest_each_once() -> None:
    assert show_live_migration_history(STAYS, [1, 0, 1]).splitlines()[1:] == [HEADER, INITIAL, PREVIOUS]


def test_counts_are_hexadecimal() -> None:
    stays = [Stay(f"SU{number % 2}", "00:00:00", "00:00:00") for number in range(11)]
    assert show_live_migration_history(stays, [10]).splitlines()[-1] == "       A  SU0          00:00:00  00:00:00"


@pytest.mark.parametrize(
    ("element", "counts"),
    [
        (("*ALL",), [0, 1, 2, 3]),
        (("*CURRENT",), [3]),
        (("*PREVIOUS",), [2]),
        (("*INITIAL",), [0]),
        (("1",), [1]),
        (("A",), []),  # ten migrations, of three
        (("*INTERVAL",), [0, 1, 2, 3]),
        (("*INTERVAL", "*PREVIOUS"), [2, 3]),
        (("*INTERVAL", "1", "2"), [1, 2]),
        (("*INTERVAL", "1", "*PREVIOUS"), [1, 2]),
        (("*INTERVAL", "2", "*SAME"), [2]),
        (("*INTERVAL", "2", "FF"), [2, 3]),
        (("*INTERVAL", "3", "1"), []),
    ],
)
def test_elements_of_the_operand_server_unit(element: tuple[str, ...], counts: list[int]) -> None:
    server_unit, *bounds = element
    assert lm_counts(server_unit, 3, *bounds) == counts


def test_a_guest_that_never_migrated_has_no_previous_su() -> None:
    assert lm_counts("*PREVIOUS", 0) == []
    assert lm_counts("*INTERVAL", 0, "*PREVIOUS") == [0]


def test_information_that_no_scenario_has() -> None:
    text = show_live_migration_history(STAYS, information="*CPU-ID-LIST")
    assert text.splitlines()[-1] == "[migr] INFORMATION=*CPU-ID-LIST is not simulated; this is *SUMMARY"
