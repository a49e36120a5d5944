"""What both SUs may display in one migration."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sim.errors import ModelError
from sim.vm2000.states import LEGAL, MIGRATABLE, Ending, check_displays, on_target, while_migrating

DONE, UNDONE = Ending.COMPLETED, Ending.ABORTED
INCOMING = ("", "SETUP(MIGR)")


def test_the_states_that_can_migrate_are_the_three_of_the_user_guide() -> None:
    assert tuple(str(state) for state in MIGRATABLE) == ("RUNNING", "INIT-ONLY", "DOWN")


@pytest.mark.parametrize(
    ("before", "display"),
    [
        ("RUNNING", "RUNNING(MIGR)"),
        ("INIT-ONLY", "INIT-ONLY(MIGR)"),
        ("DOWN", "DOWN(MIGR)"),
        ("RUNNING(DIFF)", "RUNNING(MIGR)"),
    ],
)
def test_the_source_displays_migr(before: str, display: str) -> None:
    assert while_migrating(before) == display


@pytest.mark.parametrize("state", ["IN HOLD(WAIT)", "WAIT(VMA)", "NOT INITIALIZED", "RUNNING(MIGR)", "SETUP(MIGR)", ""])
def test_a_state_that_cannot_migrate_is_our_bug(state: str) -> None:
    with pytest.raises(ModelError, match="only RUNNING, INIT-ONLY, DOWN can"):
        while_migrating(state)


@pytest.mark.parametrize(
    ("before", "same_iocf", "after"),
    [
        ("RUNNING", True, "RUNNING"),
        ("RUNNING", False, "RUNNING(DIFF)"),
        ("DOWN", False, "DOWN(DIFF)"),
        ("RUNNING(DIFF)", False, "RUNNING(DIFF)"),
        ("RUNNING(DIFF)", True, "RUNNING"),  # back on its original SU
    ],
)
def test_the_target_displays_diff_with_another_iocf(before: str, same_iocf: bool, after: str) -> None:
    assert on_target(before, same_iocf) == after


@pytest.mark.parametrize(
    ("su_type", "ending", "source", "target"),
    [
        ("/390", DONE, ("RUNNING", "RUNNING(MIGR)", ""), (*INCOMING, "RUNNING")),
        ("x86", DONE, ("RUNNING", "RUNNING(MIGR)", ""), (*INCOMING, "RUNNING")),
        ("/390", DONE, ("RUNNING", "RUNNING(MIGR)", ""), (*INCOMING, "RUNNING(DIFF)")),
        ("/390", DONE, ("RUNNING(DIFF)", "RUNNING(MIGR)", ""), (*INCOMING, "RUNNING")),
        ("x86", DONE, ("INIT-ONLY", "INIT-ONLY(MIGR)", ""), (*INCOMING, "INIT-ONLY")),
        ("/390", DONE, ("DOWN", "DOWN(MIGR)", ""), (*INCOMING, "DOWN")),
        ("/390", UNDONE, ("RUNNING", "RUNNING(MIGR)", "RUNNING"), (*INCOMING, "")),
        ("/390", UNDONE, ("RUNNING(DIFF)", "RUNNING(MIGR)", "RUNNING(DIFF)"), (*INCOMING, "")),
        ("x86", UNDONE, ("RUNNING", "RUNNING(MIGR)", "RUNNING"), ("",)),
    ],
)
def test_a_legal_sequence_passes(su_type: str, ending: Ending, source: tuple[str, ...], target: tuple[str, ...]) -> None:
    check_displays(su_type, ending, list(source), list(target))
    assert (source, target) in LEGAL[su_type, ending]


@pytest.mark.parametrize(
    ("su_type", "ending", "source", "target"),
    [
        # (DIFF) does not exist on x86
        ("x86", DONE, ("RUNNING", "RUNNING(MIGR)", ""), (*INCOMING, "RUNNING(DIFF)")),
        # the VM is on both SUs, or on none
        ("/390", DONE, ("RUNNING", "RUNNING(MIGR)", "RUNNING"), (*INCOMING, "RUNNING")),
        ("/390", UNDONE, ("RUNNING", "RUNNING(MIGR)", ""), (*INCOMING, "")),
        ("/390", UNDONE, ("RUNNING", "RUNNING(MIGR)", "RUNNING"), (*INCOMING, "RUNNING")),
        # a display is missing
        ("/390", DONE, ("RUNNING", ""), (*INCOMING, "RUNNING")),
        ("/390", DONE, ("RUNNING", "RUNNING(MIGR)", ""), ("", "RUNNING")),
        # the two sides speak of different states
        ("/390", DONE, ("RUNNING", "RUNNING(MIGR)", ""), (*INCOMING, "DOWN")),
        # an abort gives back what was there
        ("/390", UNDONE, ("RUNNING(DIFF)", "RUNNING(MIGR)", "RUNNING"), (*INCOMING, "")),
        # the old VM2000 V10 display
        ("x86", DONE, ("RUNNING", "MIGRATING", ""), (*INCOMING, "RUNNING")),
        # a state that cannot migrate
        ("/390", DONE, ("WAIT(VMA)", "WAIT(VMA)(MIGR)", ""), (*INCOMING, "WAIT(VMA)")),
    ],
)
def test_an_illegal_sequence_is_our_bug(su_type: str, ending: Ending, source: Sequence[str], target: Sequence[str]) -> None:
    with pytest.raises(ModelError, match="a migration on SU"):
        check_displays(su_type, ending, source, target)


@pytest.mark.parametrize("su_type", ["/390", "x86"])
@pytest.mark.parametrize("state", MIGRATABLE)
def test_the_functions_give_legal_sequences(su_type: str, state: str) -> None:
    for same_iocf in (True, False) if su_type == "/390" else (True,):
        target = (*INCOMING, on_target(state, same_iocf))
        check_displays(su_type, DONE, (state, while_migrating(state), ""), target)
        assert len(target) == 3
