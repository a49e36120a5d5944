"""The states that VM2000 displays for a VM, and the sequences of them that a migration may show.

Source: VM2000 User Guide: Operating a VM; Phases of a VM Migration; Device configuration for the VM Migration (SU /390).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from sim.errors import ModelError
from sim.vm2000.catalogue import SU_390, SU_X86


class State(StrEnum):
    """VM states; the WAIT forms are how a VM in hold is displayed (SU /390 only)."""

    NOT_INITIALIZED = "NOT INITIALIZED"
    INIT_ONLY = "INIT-ONLY"
    RUNNING = "RUNNING"
    DOWN = "DOWN"
    IN_HOLD = "IN HOLD(WAIT)"
    WAIT_VMA = "WAIT(VMA)"
    WAIT_SEL = "WAIT(SEL)"
    WAIT_GLB = "WAIT(GLB)"
    WAIT_INT = "WAIT(INT)"


class Ending(StrEnum):
    """How a migration that was started ends for the displays; a rejected one shows nothing."""

    COMPLETED = "completed"
    ABORTED = "aborted"


MIGRATABLE = (State.RUNNING, State.INIT_ONLY, State.DOWN)
SETUP_MIGR = "SETUP(MIGR)"
# The VM is not displayed on this SU: not yet, or no longer.
GONE = ""

_DIFF = "(DIFF)"


def without_diff(display: str) -> str:
    """Return the state in a display that may end in (DIFF)."""
    return display.removesuffix(_DIFF)


# Assumes [A13]: (MIGR) replaces (DIFF) while a VM with (DIFF) migrates again; whether both are displayed is not published.
_WHILE_MIGRATING = {f"{state}{suffix}": f"{state}(MIGR)" for state in MIGRATABLE for suffix in ("", _DIFF)}


def while_migrating(display: str) -> str:
    """Return what the source SU displays from the start of the migration to its end.

    Args:
        display: what it displayed before, for instance "RUNNING" or "RUNNING(DIFF)".

    Raises:
        ModelError: a VM in this state cannot migrate, so the check had to reject it.
    """
    if display not in _WHILE_MIGRATING:
        raise ModelError(f"a VM displayed as '{display}' migrates; only {', '.join(MIGRATABLE)} can")
    return _WHILE_MIGRATING[display]


def on_target(display: str, same_iocf: bool) -> str:
    """Return what the target SU displays after a completed migration.

    Args:
        display: what the source displayed before the migration.
        same_iocf: whether the target has the I/O configuration under which the VM was started; always true on SU x86.
            It is the configuration of the start that counts: (DIFF) goes when the VM is back on its original SU.
    """
    state = without_diff(display)
    return state if same_iocf else f"{state}{_DIFF}"


def _displays(su_type: str, state: str) -> tuple[str, ...]:
    """Return how a state is displayed on an SU outside migrations; (DIFF) exists on /390 only."""
    return (state, f"{state}{_DIFF}") if su_type == SU_390 else (state,)


def _legal(su_type: str, ending: Ending) -> frozenset[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the pairs of what source and target may display, for every migratable state."""
    pairs: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()
    for state in MIGRATABLE:
        for before in _displays(su_type, state):
            source = (before, f"{state}(MIGR)")
            if ending is Ending.COMPLETED:
                pairs.update(((*source, GONE), (GONE, SETUP_MIGR, after)) for after in _displays(su_type, state))
            else:
                # The abort may come before the VM exists on the target: then nothing is ever displayed there.
                pairs.update(((*source, before), target) for target in ((GONE, SETUP_MIGR, GONE), (GONE,)))
    return frozenset(pairs)


LEGAL: dict[tuple[str, Ending], frozenset[tuple[tuple[str, ...], tuple[str, ...]]]] = {
    (su_type, ending): _legal(su_type, ending) for su_type in (SU_390, SU_X86) for ending in Ending
}


def check_displays(su_type: str, ending: Ending, source: Sequence[str], target: Sequence[str]) -> None:
    """Check what both SUs displayed in one migration.

    Args:
        su_type: "/390" or "x86".
        ending: how the migration ended.
        source: displays on the source SU, from the one before the command; GONE when the VM is no longer there.
        target: displays on the target SU, beginning with GONE.

    Raises:
        ModelError: the sequences are not those of the protocol, or do not fit each other.
    """
    if (tuple(source), tuple(target)) not in LEGAL[su_type, ending]:
        shown = " | ".join(" -> ".join(display or "(gone)" for display in side) for side in (source, target))
        raise ModelError(f"a migration on SU {su_type} that {ending} displayed: {shown}")
