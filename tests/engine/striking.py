"""Migrations with faults for tests: how they are struck, and what is asked of them afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.builders import VM2000, XEN, cluster, point, vm
from engine.observing import (
    COSTS,
    RESUMED_S,
    SUSPENDED_S,
    ids,
    only_move,
    simulated,
)
from sim.engine.move import Move
from sim.engine.replicate import Replication
from sim.scenario.point import Cluster, Cost, Fault
from sim.scenario.point import Vm as VmSpec

ON_390 = cluster("/390", VM2000, costs=COSTS)
ON_X86 = cluster("x86", XEN, costs=COSTS)
BOTH = pytest.mark.parametrize("of", [ON_390, ON_X86], ids=["390", "x86"])
EITHER_SU = pytest.mark.parametrize("place", ["S1", "S2"], ids=["source", "target"])
# The timeline of engine.observing.COSTS: seconds at which a migration that nothing disturbs enters each phase.
BEGINS = {"check": 0.0, "set-up": 1.0, "pre-copy": 3.75, "stop": SUSPENDED_S, "clean-up": RESUMED_S}
ROLL_BACK_S = 3.0
PATIENCE_S = 10.0  # of the builders' clusters, as of a scenario that says nothing


def fault(kind: str, place: str, phase: str, after_s: float = 0.5, lasts: float | None = None, **changes: object) -> Fault:
    """Return a fault in the migration of VM1, for good unless it says how long."""
    base = Fault("F", kind, place, vm="VM1", phase=phase, after_s=after_s, lasts=None if lasts is None else Cost(lasts))
    return replace(base, **changes)  # type: ignore[arg-type]  # fields of Fault, by name


def struck(of: Cluster, *faults: Fault, guest: VmSpec | None = None) -> Replication:
    """Return the migration of VM1 from S1 to S2 with faults."""
    return simulated(replace(point(guest or vm(), of=of), faults=faults))


def ending(replication: Replication) -> tuple[str, str | None, str]:
    """Return outcome, reason and the job variable's status."""
    move = only_move(replication)
    return move.outcome, move.reason, str(move.job.status)


def has_guest(move: Move) -> tuple[str | None, str, list[str]]:
    """Return where the guest lives, what its VM is, and on which SUs it holds memory."""
    live = move.vm.live_on
    return live.name if live else None, move.vm.state, [unit.name for unit in move.world.units.values() if unit.memory.has(move.vm.name)]


def stays_on_source(replication: Replication) -> None:
    """Check that all is as before the command."""
    move = only_move(replication)
    assert has_guest(move) == ("S1", "RUNNING", ["S1"])
    assert move.vm.devices == move.devices
    assert move.vm.display == "RUNNING"
    assert "VM1" not in move.world.units["S2"].indexes
    assert {"VMS2451", "VMS2431"}.isdisjoint(ids(replication))
