"""Operators' commands and faults of a point in words, as `migr explain` prints them."""

from __future__ import annotations

from sim.report.layout import clock
from sim.scenario.point import Cost, Fault, Operator
from sim.units import format_share, format_time

_KINDS = {
    "link": "network {place} has {left}",
    "resources": "SU {place} has no resources for a VM to be set up",
    "disks": "disks are not operable on SU {place}",
    "monitor": "{sender} of SU {place} has {left} CPU",
    "definitions": "the VM definitions of SU {place} are not reachable",
    "crash": "SU {place} crashes",
    "agent": "the agent of SU {place} reports {message}",
}


def operator_text(operator: Operator) -> str:
    """Return when and where an operator types what."""
    return f"{clock(operator.at_s)} at the console of {operator.console}: {operator.command}"


_SENDERS = {"/390": "the monitor system", "x86": "X2000"}  # what sends and receives the memory


def fault_text(fault: Fault, su_type: str = "") -> str:
    """Return what goes wrong, when, for how long, and how likely.

    Args:
        fault: of the point.
        su_type: of the SU where it happens; "" for a network.
    """
    left = f"{format_share(fault.remaining)} of its" if fault.remaining else "no"
    left += " bandwidth" if fault.kind == "link" and fault.remaining else " line" if fault.kind == "link" else ""
    what = _KINDS[fault.kind].format(place=fault.place, left=left, message=fault.message, sender=_SENDERS.get(su_type, ""))
    likely = f", in {format_share(fault.chance)} of the replications" if fault.chance < 1.0 else ""
    return f"{fault.name}: {_when(fault)}, {what} {_lasts(fault.lasts)}{likely}"


def _when(fault: Fault) -> str:
    if fault.every_s is not None:
        return f"every {format_time(fault.every_s)} on average"
    if fault.at_s is not None:
        return clock(fault.at_s)
    after = f"{format_time(fault.after_s)} after" if fault.after_s else "when"
    return f"{after} VM {fault.vm} enters the phase {fault.phase}"


def _lasts(lasts: Cost | None) -> str:
    if lasts is None:
        return "for good"
    return f"for {format_time(lasts.median_s)}{' (median)' if lasts.sigma else ''}"
