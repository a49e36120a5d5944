"""Operators and faults in words."""

from __future__ import annotations

import pytest

from sim.report.explain_operations import fault_text, operator_text
from sim.scenario.point import Cost, Fault, Operator

HOUR = 3600.0

FAULTS = [
    (Fault("a", "link", "mcnpr", at_s=22 * HOUR, lasts=Cost(30.0)), "a: 22:00:00.0, network mcnpr has no line for 30 s"),
    (
        Fault("b", "link", "mcnpr", at_s=22 * HOUR, lasts=Cost(30.0, 0.4), remaining=0.2),
        "b: 22:00:00.0, network mcnpr has 20 % of its bandwidth for 30 s (median)",
    ),
    (
        Fault("c", "crash", "SU2", vm="VM1", phase="stop", after_s=5.0),
        "c: 5 s after VM VM1 enters the phase stop, SU SU2 crashes for good",
    ),
    (Fault("d", "disks", "SU2", vm="VM1", phase="stop"), "d: when VM VM1 enters the phase stop, disks are not operable on SU SU2 for good"),
    (
        Fault("e", "monitor", "SU1", every_s=200 * HOUR, lasts=Cost(60.0)),
        "e: every 200 h on average, the monitor system of SU SU1 has no CPU for 1 min",
    ),
    (
        Fault("f", "agent", "X1", at_s=22 * HOUR, chance=0.1, message="VMS6001"),
        "f: 22:00:00.0, the agent of SU X1 reports VMS6001 for good, in 10 % of the replications",
    ),
]


@pytest.mark.parametrize(("fault", "expected"), FAULTS, ids=[fault.name for fault, _ in FAULTS])
def test_a_fault_is_told_in_a_sentence(fault: Fault, expected: str) -> None:
    assert fault_text(fault, "/390") == expected


def test_what_sends_the_memory_on_an_su_x86_is_x2000() -> None:
    assert "X2000 of SU X1 has no CPU" in fault_text(Fault("g", "monitor", "X1", at_s=22 * HOUR, lasts=Cost(60.0)), "x86")


def test_a_command_is_told_with_time_and_console() -> None:
    assert operator_text(Operator(22 * HOUR + 300.0, "SU1", "/SHOW-VM-STATUS")) == "22:05:00.0 at the console of SU1: /SHOW-VM-STATUS"
