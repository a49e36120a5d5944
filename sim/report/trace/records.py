"""What one replication leaves in writing beside its messages: event log of the SE Manager, accounting records, job variables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sim.engine.move import Move
from sim.engine.replicate import Replication
from sim.report.layout import clock
from sim.vm2000.monjv import STATUS_BYTES, Status
from sim.vm2000.records import AccountingRecord, Event

NOTHING = "(nothing)"


def listed(found: Replication, vm: str | None) -> str:
    """Return all of it as text; the layout is ours, and the consoles show none of it.

    Args:
        found: the replication.
        vm: only what is about this VM; None for all.
    """
    blocks = {
        "Event log of the SE Manager": (event.line(clock(event.time_s)) for event in _events(found, vm)),
        "Accounting records, each on the SU that the VM left": (f"{unit:<8}  {_accounted(each)}" for unit, each in _accounts(found, vm)),
        "MONJV of the migrations; without a name the command gave none, and this is what one would have shown": (
            _monitored(move) for move in _moves(found, vm)
        ),
    }
    return "\n\n".join("\n".join([title, *(list(lines) or [NOTHING])]) for title, lines in blocks.items())


def as_data(found: Replication, vm: str | None) -> dict[str, list[dict[str, Any]]]:
    """Return all of it for `--json`: times are seconds since 00:00 of the first day, a job variable's value its 256 characters."""
    return {
        "events": [{"time_s": each.time_s, "unit": each.unit, "vm": each.vm, "text": each.text} for each in _events(found, vm)],
        "accounting": [
            {
                "time_s": each.time_s,
                "unit": unit,
                "vm": each.vm,
                "index": each.index,
                "start_s": each.start_s,
                "end_s": each.end_s,
                "memory_bytes": each.memory_bytes,
            }
            for unit, each in _accounts(found, vm)
        ],
        "job_variables": [
            {
                "name": move.job.name,
                "unit": move.source.name,
                "vm": move.vm.name,
                "statuses": [{"time_s": time_s, "status": status} for time_s, status in _statuses(move)],
                "value": move.job.value().decode("ascii"),
            }
            for move in _moves(found, vm)
        ],
    }


def _events(found: Replication, vm: str | None) -> list[Event]:
    events = [event for unit in found.units.values() for event in unit.events if vm in {None, event.vm}]
    return sorted(events, key=lambda event: event.time_s)


def _accounts(found: Replication, vm: str | None) -> list[tuple[str, AccountingRecord]]:
    records = [(unit.name, each) for unit in found.units.values() for each in unit.accounting if vm in {None, each.vm}]
    return sorted(records, key=lambda record: record[1].time_s)


def _moves(found: Replication, vm: str | None) -> list[Move]:
    """Return the attempts for which a command was given, in the order of their commands."""
    moves = [move for move in found.moves if move.attempt > 0 and vm in {None, move.vm.name}]
    return sorted(moves, key=lambda move: move.command_s)


def _statuses(move: Move) -> Iterable[tuple[float, str]]:
    """Yield what the job variable showed from when on."""
    yield move.command_s, Status.ACCEPTED
    if move.started_s is not None:
        yield move.started_s, Status.RUNNING
    if move.ended_s is not None:
        yield move.ended_s, move.job.status


def _accounted(record: AccountingRecord) -> str:
    return record.line(clock(record.time_s), clock(record.start_s), clock(record.end_s))


def _monitored(move: Move) -> str:
    """Return a job variable as one line: all but its status is blank."""
    first, last = STATUS_BYTES
    over_time = ", ".join(f"{clock(time_s)} {status}" for time_s, status in _statuses(move))
    name = move.job.name or "-"
    value = move.job.value()
    return f"{move.source.name:<8}  {name}  {move.vm.name}: {over_time}  (bytes {first} to {last} of {len(value)}: '{move.job.status:<3}')"
