"""What SUs display for VMs, as it changed: a table of our own, since VM2000 shows states only at one time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sim.vm2000.displays.layout import columns


@dataclass(frozen=True, slots=True)
class StateShown:
    """A display that changed: from `clock` on, SU `unit` shows VM `vm` as `state` ("" when it is not there)."""

    clock: str
    unit: str
    vm: str
    state: str


def show_states_over_time(changes: Iterable[StateShown]) -> str:
    """Return a table of displays as they changed, in the order given; `-` where the VM is not displayed on the SU."""
    rows = [("TIME", "SU", "VM", "STATE"), *((change.clock, change.unit, change.vm, change.state or "-") for change in changes)]
    return "\n".join(columns(rows))
