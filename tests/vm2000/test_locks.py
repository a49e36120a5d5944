"""Every row of the list of commands that a migration locks, on both SU types and both sides, and what is not in the list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sim.vm2000.commands.formats import COMMANDS
from sim.vm2000.commands.locks import SIDES, Lock, Side, forces, lock_of
from sim.vm2000.commands.syntax import parse

BOTH_TYPES = ("/390", "x86")

# VM2000 User Guide: Commands not allowed during a VM Migration; written out here once more, as an operator would type them.
FOR_THE_VM = [
    ("ADD-VM-DEVICES UNITS=5000,VM-ID=2", BOTH_TYPES, SIDES),
    ("REMOVE-VM-DEVICES UNITS=5000,VM-ID=2,FORCE=*NO", BOTH_TYPES, SIDES),
    ("REMOVE-VM-DEVICES UNITS=5000,VM-ID=2,FORCE=*NO(WAIT-FOR-UNASSIGN=*YES)", BOTH_TYPES, SIDES),
    ("SWITCH-VM-DEVICES UNITS=5000,FROM-VM=2,TO-VM=3", BOTH_TYPES, SIDES),
    ("ADD-VM-TO-VM-GROUP VM-ID=2,VM-GROUP-NAME=G,MEMBER-CPU-QUOTA=1", ("/390",), SIDES),
    ("REMOVE-VM-FROM-VM-GROUP VM-ID=2", ("/390",), SIDES),
    ("ASSIGN-VM-TO-CPU-POOL VM-ID=2,TO-CPU-POOL=*STDPOOL,CPU-QUOTA=1", BOTH_TYPES, SIDES),
    ("DELETE-VM VM-ID=2", BOTH_TYPES, SIDES),
    ("EXTEND-VM-MEMORY VM-ID=2,NEW-MEMORY-SIZE=4096", BOTH_TYPES, SIDES),
    ("REDUCE-VM-MEMORY VM-ID=2,NEW-MEMORY-SIZE=512", BOTH_TYPES, SIDES),
    ("HOLD-VM VM-ID=2", ("/390",), SIDES),
    ("MODIFY-VM-ATTRIBUTES VM-ID=2,CPU-QUOTA=5", BOTH_TYPES, SIDES),
    ("MOVE-VM VM-ID=2", ("/390",), SIDES),
    ("RESET-VM VM-ID=2", BOTH_TYPES, SIDES),
    ("SHUTDOWN-VM VM-ID=2", BOTH_TYPES, SIDES),
    ("START-VM VM-ID=2", BOTH_TYPES, SIDES),
    ("START-VM VM-ID=2,CHECK-VM-STATE=*NO", BOTH_TYPES, ("target",)),
]
# While any migration runs: the answer, and whether the command is executed for the others.
FOR_ANY = [
    ("SAVE-VM-CONFIGURATION", BOTH_TYPES, "VMS3042", "VMS3042", False),
    ("SHUTDOWN-VM VM-ID=*VM2000", BOTH_TYPES, "VMS3042", "VMS3042", False),
    ("SHUTDOWN-VM VM-ID=*VM2000(WAITING-TIME=5)", BOTH_TYPES, "VMS3042", "VMS3042", False),
    ("START-CONFIGURATION-UPDATE", ("/390",), "NKR0197", "NKR0197", False),
    ("DELETE-VM VM-ID=*ALL", BOTH_TYPES, "VMS3041", "VMS9005", True),
    ("HOLD-VM VM-ID=*ALL", ("/390",), "VMS3041", "VMS9005", True),
    ("SHUTDOWN-VM VM-ID=*VM-GUESTS", BOTH_TYPES, "VMS3041", "VMS9005", True),
]
# Not in the list, hence accepted.
ACCEPTED = [
    "ADD-VM-DEVICES UNITS=5000,VM-ID=2,FORCE=*YES",
    "REMOVE-VM-DEVICES UNITS=5000,VM-ID=2,FORCE=*YES",
    "SWITCH-VM-DEVICES UNITS=5000,FROM-VM=2,TO-VM=3,FORCE=*YES",
    "DELETE-VM VM-ID=2,CHECK-VM-STATE=*NO",
    "DELETE-VM VM-ID=*ALL,CHECK-VM-STATE=*NO",
    "RESUME-VM VM-ID=2",
    "RESUME-VM VM-ID=*ALL",
    "CHECK-VM-MIGRATION VM-ID=2",
    "MIGRATE-VM VM-ID=2",
    "MIGRATE-VM-DEFINITION VM-NAME=X",
    "RECOVER-VM-DEFINITION VM-NAME=X",
    "ACTIVATE-VM-DEFINITION VM-NAME=X",
    "STOP-CONFIGURATION-UPDATE",
    *(name for name in COMMANDS if name.startswith("SHOW-")),
]


def lock(text: str, su_type: str, side: Side, *, vm: bool = True, other: bool = True, group: bool = False) -> Lock | None:
    return lock_of(parse(text), su_type, side, vm_migrates=vm, any_migrates=other, group_migrates=group)


def everywhere() -> Iterator[tuple[str, Side]]:
    return ((su_type, side) for su_type in BOTH_TYPES for side in SIDES)


@pytest.mark.parametrize(("text", "su_types", "sides"), FOR_THE_VM)
def test_command_for_the_migrating_vm_is_rejected(text: str, su_types: tuple[str, ...], sides: tuple[Side, ...]) -> None:
    for su_type, side in everywhere():
        found = lock(text, su_type, side)
        if su_type in su_types and side in sides:
            assert found is not None
            assert (found.message.id, found.result.maincode, found.result.sc1, found.partial) == (
                "VMS3042",
                "VMS3042",
                found.result.sc1,
                False,
            )
            assert found.result.sc1 > 0
        else:
            assert found is None


@pytest.mark.parametrize(("text", "su_types", "sides"), FOR_THE_VM)
def test_command_for_a_vm_that_does_not_migrate_is_executed(text: str, su_types: tuple[str, ...], sides: tuple[Side, ...]) -> None:
    assert su_types
    assert sides
    assert [lock(text, su_type, side, vm=False) for su_type, side in everywhere()] == [None] * 4


def test_a_group_is_locked_when_a_member_migrates() -> None:
    text = "ASSIGN-VM-GROUP-TO-CPU-POOL VM-GROUP-NAME=G,TO-CPU-POOL=P,CPU-QUOTA=1"
    for side in SIDES:
        found = lock(text, "/390", side, group=True)
        assert found is not None
        assert found.message.id == "VMS3042"
        assert lock(text, "/390", side) is None
        assert lock(text, "x86", side, group=True) is None


@pytest.mark.parametrize(("text", "su_types", "message", "code", "partial"), FOR_ANY)
def test_command_that_any_migration_locks(text: str, su_types: tuple[str, ...], message: str, code: str, partial: bool) -> None:
    for su_type, side in everywhere():
        found = lock(text, su_type, side, vm=False)
        assert (found is not None) == (su_type in su_types)
        assert found is None or (found.message.id, found.result.maincode, found.partial) == (message, code, partial)
        assert lock(text, su_type, side, vm=False, other=False) is None


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_is_not_in_the_list_is_accepted(text: str) -> None:
    assert [lock(text, su_type, side, group=True) for su_type, side in everywhere()] == [None] * 4


def test_start_without_check_is_accepted_on_the_source_only() -> None:
    text = "START-VM VM-ID=2,CHECK-VM-STATE=*NO"
    assert [lock(text, su_type, "source") for su_type in BOTH_TYPES] == [None, None]
    assert None not in [lock(text, su_type, "target") for su_type in BOTH_TYPES]


def test_results_have_the_subcodes_of_the_manual() -> None:
    """VMS9005: the table of RESUME-VM; VMS3042: those of ADD-VM-TO-VM-GROUP and (V10) ASSIGN-VM-TO-CPU-POOL."""
    partial, rejected = lock("HOLD-VM *ALL", "/390", "source"), lock("HOLD-VM 2", "/390", "source")
    assert partial is not None
    assert rejected is not None
    assert [str(found.result) for found in (partial, rejected)] == [
        "SC2=000, SC1=064, MC=VMS9005",
        "SC2=000, SC1=128, MC=VMS3042",
    ]


@pytest.mark.parametrize(
    ("text", "forced"),
    [
        ("DELETE-VM 2,*NO", True),
        ("START-VM VM-ID=2,CHECK=*NO", True),
        ("REMOVE-VM-DEVICES 5000,2,*YES", True),
        ("ADD-VM-DEVICES 5000,2,FORCE=*YES", True),
        ("SWITCH-VM-DEVICES 5000,2,3,*YES", True),
        ("RESUME-VM 2", False),
        ("MIGRATE-VM 2", False),
        ("SHOW-VM-ATTRIBUTES VM-ID=2", False),
    ],
)
def test_what_breaks_into_a_migration_is_a_forced_command(text: str, forced: bool) -> None:
    assert forces(parse(text)) == forced


def test_the_lists_above_are_of_all_commands() -> None:
    """A guard: a new command has to be put into one of them."""
    texts = [*(text for text, *_ in FOR_THE_VM), *(text for text, *_ in FOR_ANY), *ACCEPTED, "ASSIGN-VM-GROUP-TO-CPU-POOL"]
    assert {text.split()[0] for text in texts} == set(COMMANDS)
