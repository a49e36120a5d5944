"""What happened in a replication beside its migrations: SUs that went down, faults that began, commands that operators typed.

A replication keeps it in short texts, so that tables of any size can be counted; `sim.results.happenings` counts them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sim.scenario.point import Fault, Operator
from sim.units import format_clock

if TYPE_CHECKING:  # the world keeps what is here, and a migration knows its world
    from sim.engine.move import Move

BETWEEN = "; "  # stands between the entries of a text; no name has it
WITHOUT_ANSWER = "unanswered"
DELETED = "deleted by an operator"
_FAILED = frozenset({"rejected", "aborted", "lost", "completed-with-warnings"})
_NOT_OF_A_NAME = re.compile(r"[^A-Z0-9#@$*-]")


@dataclass(slots=True)
class Outage:
    """An SU that went down.

    Args:
        time_s: when, seconds since 00:00 of the first day.
        unit: its name.
        guests: names of the VMs whose guests ended with it.
    """

    time_s: float
    unit: str
    guests: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Struck:
    """An occurrence of a fault.

    Args:
        fault: its name.
        began_s: when it began, seconds since 00:00 of the first day.
        ended_s: when it ended; infinite for one that is for good.
    """

    fault: str
    began_s: float
    ended_s: float = math.inf


def left_text(vm: str, unit: str | None, *, guest_lost: bool = False) -> str:
    """Return where a VM is that a step did not bring over; None as its SU says that operators have deleted it."""
    return f"{vm} {f'on {unit}' if unit is not None else DELETED}{', guest lost' * guest_lost}"


def outages_text(outages: Iterable[Outage]) -> str:
    """Return the SUs that went down, each with the VMs whose guests ended: "SUB: VA VB; SUA:"."""
    return BETWEEN.join(" ".join([f"{outage.unit}:", *outage.guests]) for outage in outages)


def faults_text(faults: Iterable[Fault], struck: Sequence[Struck], moves: Sequence[Move]) -> str:
    """Return for each fault of the scenario how often it began, and how many attempts that it met did not simply complete: "drop 1 2".

    An attempt met a fault that lasted at some moment between its command and its end.
    """
    entries = []
    for fault in faults:
        own = [each for each in struck if each.fault == fault.name]
        met = sum(move.outcome in _FAILED and any(_met(move, each) for each in own) for move in moves)
        entries.append(f"{fault.name} {len(own)} {met}")
    return BETWEEN.join(entries)


def _met(move: Move, struck: Struck) -> bool:
    ended = math.inf if move.ended_s is None else move.ended_s
    return move.command_s <= struck.ended_s and struck.began_s <= ended


def commands_text(operators: Sequence[Operator], answered: Mapping[int, str]) -> str:
    """Return for each operator's command when and where what was typed, and how it ended: "1 22:02 SUA HOLD-VM rejected"."""
    entries = []
    for place, each in enumerate(operators):
        entries.append(f"{place + 1} {_clock(each.at_s)} {each.console} {_name(each)} {answered.get(place, WITHOUT_ANSWER)}")
    return BETWEEN.join(entries)


def _clock(time_s: float) -> str:
    days, second = divmod(round(time_s), 86400)
    return f"+{days}/{format_clock(second)}" if days else format_clock(second)


def _name(operator: Operator) -> str:
    """Return the command without its operands; one that has no name at all is "?"."""
    first = operator.command.strip().removeprefix("/").split(maxsplit=1)
    return _NOT_OF_A_NAME.sub("", first[0].upper()) or "?" if first else "?"
