"""The tables of return codes against the manual's, typed from its pages."""

from __future__ import annotations

import pytest

from sim.vm2000.answers import ANSWERS
from sim.vm2000.catalogue import MESSAGES
from sim.vm2000.returns import (
    ACCEPTED,
    ADD_VM_TO_VM_GROUP,
    ASSIGN_VM_TO_CPU_POOL,
    CHECK_VM_MIGRATION,
    GENERAL,
    LOCKS,
    MIGRATE_VM,
    MIGRATE_VM_DEFINITION,
    NO_ACTION,
    RECOVER_VM_DEFINITION,
    REJECTED,
    RESUME_VM,
    TABLES,
    Codes,
    ReturnCode,
)

# SC2, SC1, maincode; SC2 is 0 where the manual has "-".
PUBLISHED_GENERAL = [
    (0, 0, "CMD0001"),
    (0, 1, "CMD0202"),
    (0, 32, "CMD0221"),
    (0, 64, "CMD0216"),
    (0, 64, "VMS9001"),
    (0, 64, "VMS9004"),
    (0, 65, "CMD2241"),
    (0, 128, "CMD2280"),
    (0, 128, "VMS4504"),
    (0, 128, "VMS4513"),
    (0, 130, "VMS6000"),
    (0, 130, "VMS6001"),
]
PUBLISHED_CHECK = [(0, 0, "CMD0001"), (2, 0, "VMS2461"), (0, 64, "VMS2341"), (0, 64, "VMS2400"), (0, 64, "VMS4000")]
PUBLISHED_MOVE_DEFINITION = [
    (0, 0, "CMD0001"),
    (2, 0, "VMS2321"),
    *((0, 64, f"VMS{number}") for number in (2300, 2323, 2324, 2325, 2332, 2341, 2400, 2402, 2403, 2410, 4015)),
]
PUBLISHED_RECOVER = [
    (0, 0, "CMD0001"),
    *((0, 64, f"VMS{number}") for number in (2300, 2311, 2332, 2341, 2342, 2343, 2344, 2345, 2346, 2347, 2400, 4013)),
]

PUBLISHED_RESUME = [
    (0, 0, "CMD0001"),
    (1, 0, "CMD0001"),
    (2, 0, "VMS2020"),
    (2, 0, "VMS2306"),
    *((0, 64, f"VMS{number}") for number in (2001, 4000, 4612, 9004, 9005)),
]
PUBLISHED_GROUP = [
    (0, 0, "CMD0001"),
    (2, 0, "CMD0001"),
    (2, 0, "VMS2306"),
    *((0, 64, f"VMS{number}") for number in (4000, 4400, 4422, 4424)),
    (0, 128, "VMS3042"),
]
# VM2000 V10 User Guide, page 441.
PUBLISHED_POOL = [
    *((sc2, 0, "CMD0001") for sc2 in (0, 2, 3, 4)),
    *((0, 64, f"VMS{number}") for number in (4000, 4600, 4612, 4616, 4622)),
    (0, 128, "VMS3042"),
]


@pytest.mark.parametrize(
    ("table", "published"),
    [
        (GENERAL, PUBLISHED_GENERAL),
        (CHECK_VM_MIGRATION, PUBLISHED_CHECK),
        (MIGRATE_VM_DEFINITION, PUBLISHED_MOVE_DEFINITION),
        (RECOVER_VM_DEFINITION, PUBLISHED_RECOVER),
        (RESUME_VM, PUBLISHED_RESUME),
        (ADD_VM_TO_VM_GROUP, PUBLISHED_GROUP),
        (ASSIGN_VM_TO_CPU_POOL, PUBLISHED_POOL),
    ],
    ids=["general", "check", "migrate-definition", "recover-definition", "resume", "group", "pool"],
)
def test_a_published_table_is_complete_and_right(table: Codes, published: list[tuple[int, int, str]]) -> None:
    assert sorted((code.sc2, code.sc1, code.maincode) for code in table.values()) == sorted(published)


def test_migrate_vm_has_the_codes_of_the_check_but_rejects() -> None:
    """Assumption A12: the table of CHECK-VM-MIGRATION, with a rejection instead of 2/0."""
    assert MIGRATE_VM == {**CHECK_VM_MIGRATION, "VMS2461": REJECTED}
    assert (REJECTED.sc2, REJECTED.sc1) == (0, 64)


def test_partial_execution_is_vms9005_and_a_vm_that_migrates_has_a_class_of_its_own() -> None:
    """Published for VMS3042 and VMS9005, inferred for NKR0197."""
    assert set(LOCKS) == {"VMS3042", "NKR0197", "VMS9005"}
    assert [LOCKS[code].sc1 for code in ("VMS3042", "NKR0197", "VMS9005")] == [128, 64, 64]
    assert ASSIGN_VM_TO_CPU_POOL["VMS3042"] == ADD_VM_TO_VM_GROUP["VMS3042"] == LOCKS["VMS3042"]


def test_a_command_that_was_executed_with_something_to_say_is_found_by_its_subcode() -> None:
    assert [code for code in ASSIGN_VM_TO_CPU_POOL if code.startswith("CMD")] == ["CMD0001", "CMD0001/2", "CMD0001/3", "CMD0001/4"]
    assert RESUME_VM["CMD0001/1"] == NO_ACTION


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (ACCEPTED, "SC2=000, SC1=000, MC=CMD0001"),
        (REJECTED, "SC2=000, SC1=064, MC=VMS2461"),
        (CHECK_VM_MIGRATION["VMS2461"], "SC2=002, SC1=000, MC=VMS2461"),
        (GENERAL["VMS6000"], "SC2=000, SC1=130, MC=VMS6000"),
    ],
)
def test_results_are_printed_with_three_digits(code: ReturnCode, text: str) -> None:
    assert str(code) == text


def test_a_code_is_the_same_whatever_words_explain_it() -> None:
    assert ReturnCode(0, 0, "CMD0001", "migration possible") == ACCEPTED
    assert ReturnCode(2, 0, "CMD0001") != ACCEPTED


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_a_code_with_the_id_of_a_message_says_what_the_message_says(table: Codes) -> None:
    """A maincode is a message id: where its meaning is known there is the message too, or a reason why not."""
    ids = {message.id for message in (*ANSWERS, *MESSAGES)}
    without_message = {
        "CMD0001",  # nothing to say
        "CMD0216",  # privileges are not simulated
        "CMD0221",  # our own errors end the program
        "CMD2241",  # subsystems are not modelled
        "CMD2280",  # no command is unavailable for a while only
        "VMS4513",  # what commands take from the hypervisor is not simulated
        "VMS9001",  # a guest's console answers NOT_MODELLED
        "VMS9004",  # the message is VMS3011
        "VMS9005",  # the message is VMS3041
    }
    for code in table.values():
        assert (code.maincode in ids) == (bool(code.meaning) and code.maincode not in without_message), code
