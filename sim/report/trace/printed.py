"""What `migr trace` prints: messages, states over time, the displays at one time, or what a replication leaves in writing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.engine.replicate import Replication
from sim.engine.site import Site
from sim.errors import UsageError
from sim.report.trace import consoles, records
from sim.scenario.load import Loaded
from sim.scenario.resolve import first_second, seconds_from_midnight
from sim.units import UnitError, parse_clock
from sim.vm2000.catalogue import VMS2452


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown of a replication; the messages of all consoles if nothing is chosen.

    Args:
        vm: only this VM.
        console: only consoles of this kind, or the one of an SU or VM.
        states: the displayed states over time instead.
        records: the event log, accounting records and job variables instead.
        at: what every SU displays at this clock time instead.
    """

    vm: str | None
    console: str | None
    states: bool
    records: bool
    at: str | None


def trace_text(
    loaded: Loaded,
    site: Site,
    found: Replication,
    wanted: Wanted,
    *,
    as_json: bool,
    width: int,
    why: Mapping[str, Any] | None = None,
) -> str:
    """Return what was asked for of a replication that was simulated with everything recorded.

    Args:
        loaded: its scenario.
        site: its point, prepared.
        found: the replication.
        wanted: what is to be shown of it.
        as_json: as data.
        width: columns of the terminal.
        why: what chose the replication; as data it stands around the list, which stands alone where nothing chose.

    Raises:
        UsageError: the VM, the console or the time does not exist.
    """
    vm, console = wanted.vm, wanted.console
    if vm is not None and vm not in site.guests:
        raise UsageError(f"--vm {vm}: no such VM; the scenario has {', '.join(site.guests)}")
    if console is not None and console not in {*consoles.CONSOLES, *site.units, *site.guests}:
        raise UsageError(
            f"--console {console}: no such console; write {', '.join(consoles.CONSOLES)}, an SU ({', '.join(site.units)}) or a VM "
            f"({', '.join(site.guests)})"
        )
    if wanted.at is not None:
        return consoles.displayed_at(found, site, _clock(wanted.at, loaded))
    if wanted.states:
        return _states(found, vm, why, as_json=as_json)
    if wanted.records:
        return json.dumps({**(why or {}), **records.as_data(found, vm)}, indent=2) if as_json else records.listed(found, vm)
    lines = consoles.chosen(found.journal.in_order(), vm, console)
    if as_json:
        return _json("messages", consoles.as_records(lines), why)
    heading = f"Replication {found.number}" + (f" of '{site.point.name}'" if site.point.name else "")
    body = consoles.listed(lines) if console else consoles.side_by_side(lines, width)
    guest_shown = console in {None, "guest", *site.guests} and any(
        line.message is VMS2452 for line in consoles.chosen(found.journal.in_order(), vm, None)
    )
    return "\n".join([heading, "", body, "", consoles.outcomes(found, vm), *([consoles.UNDOCUMENTED] if guest_shown else [])])


def _states(found: Replication, vm: str | None, why: Mapping[str, Any] | None, *, as_json: bool) -> str:
    if not as_json:
        return consoles.states_over_time(found.journal.displays or [], vm)
    wanted = [display._asdict() for display in found.journal.displays or [] if vm is None or display.vm == vm]
    return _json("states", wanted, why)


def _json(name: str, records: list[dict[str, Any]], why: Mapping[str, Any] | None) -> str:
    return json.dumps(records if why is None else {**why, name: records}, indent=2, ensure_ascii=False)


def _clock(text: str, loaded: Loaded) -> float:
    """Return a clock time as simulated time: one before the begin of the window or plan is on the next day."""
    try:
        return float(seconds_from_midnight(parse_clock(text), first_second(loaded.scenario)))
    except UnitError as error:
        raise UsageError(f"--at: {error}") from None
