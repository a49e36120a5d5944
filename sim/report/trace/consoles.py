"""One replication as its consoles show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from sim.engine.journal import Display, Line
from sim.engine.plan import ARRIVED
from sim.engine.replicate import Replication
from sim.engine.site import Site
from sim.report.layout import clock, rendered
from sim.report.trace.seen import consoles_of
from sim.vm2000.catalogue import DISPLAY, Recipient, printed
from sim.vm2000.displays import StateShown, VmLine, show_states_over_time, show_vm_attributes

TITLES = {
    Recipient.SOURCE: "source monitor",
    Recipient.TARGET: "target monitor",
    Recipient.GUEST: "guest",
    Recipient.CALLER: "caller",
}
# What nobody in the machine room sees: faults that begin and end. It has a column only where there is something in it.
SIMULATOR = {Recipient.SIMULATOR: "simulator"}
CONSOLES: dict[str, tuple[Recipient, ...]] = {
    "source": (Recipient.SOURCE,),
    "target": (Recipient.TARGET,),
    "guest": (Recipient.GUEST,),
    "caller": (Recipient.CALLER,),
    "admins": (Recipient.SOURCE_ADMINS, Recipient.TARGET_ADMINS),
    "simulator": (Recipient.SIMULATOR,),
}
UNDOCUMENTED = (
    "Not documented: what the console of a guest on SU /390 shows between VMS2452 and VMS2432 (event 8 of the published example)\n"
    "and after VMS2432 (events 10 and 11)."
)
SPLIT = 132  # columns of a terminal from which on four consoles stand side by side


def chosen(lines: Iterable[Line], vm: str | None, console: str | None) -> list[Line]:
    """Return the messages of one VM, and of one kind of console or the one of an SU or VM; None takes all.

    What happens to the site itself concerns every VM.
    """
    return [line for line in lines if (vm is None or _concerns(vm, line)) and (console is None or _appears_on(console, line))]


def _concerns(vm: str, line: Line) -> bool:
    return line.vm == vm or (not line.vm and Recipient.SIMULATOR in line.message.recipients)


def _appears_on(console: str, line: Line) -> bool:
    if console in CONSOLES:
        return not set(CONSOLES[console]).isdisjoint(line.message.recipients)
    return console in consoles_of(line)


def side_by_side(lines: Sequence[Line], width: int) -> str:
    """Return the messages as a table with a column for each kind of console.

    A line of a column begins with its SU when messages of several SUs meet there.

    Args:
        lines: messages in the order of time.
        width: columns of the terminal; a narrow one gets a list instead, and so do displays, whose lines a column would break.
    """
    if width < SPLIT or any(line.message is DISPLAY for line in lines):
        return listed(lines)
    names_needed = len({(line.source, line.target) for line in lines}) > 1
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    table.add_column("time", no_wrap=True)
    titles = TITLES | (SIMULATOR if any(Recipient.SIMULATOR in line.message.recipients for line in lines) else {})
    for title in titles.values():
        table.add_column(title, ratio=1, overflow="fold")
    for line in lines:
        cells = [Text(clock(line.time_s))]
        for recipient in titles:
            shown = recipient in line.message.recipients
            cells.append(Text(_named(line, recipient) if shown and names_needed else _text(line) if shown else ""))
        table.add_row(*cells)
    return rendered(table, width)


def listed(lines: Sequence[Line]) -> str:
    """Return the messages one below the other: time, console, text."""
    rows = []
    for line in lines:
        titles = TITLES | SIMULATOR
        where = next((titles[recipient] for recipient in line.message.recipients if recipient in titles), "administrators")
        su = {"source monitor": line.source, "target monitor": line.target, "guest": line.vm, "caller": line.console}.get(where, "")
        head = f"{clock(line.time_s)}  {where:<14} {su:<8}  "
        rows.append(head + _text(line).replace("\n", "\n" + " " * len(head)))
    return "\n".join(rows)


def as_records(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Return the messages as records for `--json`."""
    return [
        {
            "time_s": line.time_s,
            "clock": clock(line.time_s),
            "vm": line.vm,
            "source": line.source,
            "target": line.target,
            "consoles": [str(recipient) for recipient in line.message.recipients],
            "console": line.console,
            "id": line.message.id,
            "text": _text(line),
        }
        for line in lines
    ]


def states_over_time(displays: Sequence[Display], vm: str | None) -> str:
    """Return when which SU displayed what for a VM, or for all."""
    wanted = [display for display in displays if vm is None or display.vm == vm]
    return show_states_over_time(StateShown(clock(each.time_s), each.unit, each.vm, each.state) for each in wanted)


def displayed_at(replication: Replication, site: Site, at_s: float) -> str:
    """Return what SHOW-VM-ATTRIBUTES would show on every SU at a time, in our layout."""
    current: dict[tuple[str, str], Display] = {}
    for display in replication.journal.displays or []:
        if display.time_s <= at_s:
            current[display.unit, display.vm] = display
    blocks = []
    for unit in sorted(site.units):
        shown = sorted((each for (su, _), each in current.items() if su == unit and each.state), key=lambda each: each.vm_index)
        specs = {each.vm: site.guests[each.vm].spec for each in shown}
        lines = [VmLine(each.vm_index, each.vm, each.state, specs[each.vm].cpus, specs[each.vm].memory_bytes) for each in shown]
        blocks.append(f"SU {unit} at {clock(at_s)}\n{show_vm_attributes(lines)}")
    return "\n\n".join(blocks)


def outcomes(replication: Replication, vm: str | None) -> str:
    """Return a line for each attempt of one VM, or of all: what came of it and how long it took."""
    lines = []
    for move in replication.moves:
        if vm is not None and move.vm.name != vm:
            continue
        line = f"{move.vm.name} {move.source.name} -> {move.target.name}: {move.outcome}"
        line += f" ({move.reason})" if move.reason else ""
        line += f", commanded at {move.console}" if move.console else ""
        if move.outcome in ARRIVED and move.started_s is not None and move.ended_s is not None:
            line += f", total {move.ended_s - move.started_s:.2f} s"
            if move.runs and move.stopped_s is not None and move.resumed_s is not None:
                line += f", downtime {move.resumed_s - move.stopped_s:.2f} s, {move.rounds} live round{'s' if move.rounds != 1 else ''}"
        elif move.runs and move.stopped_s is not None and move.back_s is not None:
            line += f", the guest stood still for {move.back_s - move.stopped_s:.2f} s"
        lines.append(line)
    return "\n".join(lines)


def _text(line: Line) -> str:
    return printed(line.message, **line.inserts)


def _named(line: Line, recipient: Recipient) -> str:
    su = {Recipient.SOURCE: line.source, Recipient.TARGET: line.target, Recipient.CALLER: line.console}.get(recipient)
    return f"{su}: {_text(line)}" if su else _text(line)
