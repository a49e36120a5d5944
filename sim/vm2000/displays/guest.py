"""What a guest displays of its own migrations: SHOW-SYSTEM-INFORMATION and SHOW-LIVE-MIGRATION-HISTORY.

Source: SE server whitepaper: Effect of the LM within the migrated BS2000 system; BS2000 Commands: SHOW-LIVE-MIGRATION-HISTORY.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sim.vm2000.displays.layout import columns, memory_size, ours
from sim.vm2000.message import OWN

SUMMARY = "*SUMMARY"

_MIGRATED = "% NSI6231 LIVE MIGRATION HAS ALREADY TAKEN PLACE; DATA OF IPL HOST WILL BE DISPLAYED"
_NAME_WIDTH = 34  # of the names before "=", as in the example


@dataclass(frozen=True, slots=True)
class SystemInformation:
    """A guest as it sees itself.

    Args:
        configuration: the SU on which it was started; a scenario names SUs, not models, so this is type and name.
        current_configuration: the SU on which it is.
        memory_bytes: its memory.
        live_migrations: completed migrations since its start.
        index: its VM index.
        name: its VM name.
    """

    configuration: str
    current_configuration: str
    memory_bytes: float
    live_migrations: int
    index: int
    name: str


@dataclass(frozen=True, slots=True)
class Stay:
    """A time that a guest spent on an SU.

    Args:
        unit: name of the SU.
        since: when it came or was started, as the caller writes times.
        until: when it went; "" while it is there.
    """

    unit: str
    since: str
    until: str = ""


def show_system_information(guest: SystemInformation) -> str:
    """Return what SHOW-SYSTEM-INFORMATION displays of a migration, of its many fields those that a scenario knows.

    A guest that has migrated gets a message before them. It is NSI6231 here, as in the published example; with the other value of the
    system parameter MIGHOST, which a scenario does not give, it is NSI6232 and the fields are those of the current SU.
    """
    note = f"{OWN} the fields that a scenario knows, laid out as SHOW-SYSTEM-INFORMATION does; names of SUs stand for models"
    migrated = [_MIGRATED] if guest.live_migrations else []
    fields = [
        ("CONFIGURATION", guest.configuration),
        ("CURRENT-CONFIGURATION", guest.current_configuration),
        ("MEMORY-SIZE", memory_size(guest.memory_bytes)),
        ("SYSTEM-CONF :   VM-INDEX", str(guest.index)),
        ("                VM-NAME", guest.name),
        ("                LIVE-MIG-COUNT", str(guest.live_migrations)),
    ]
    return "\n".join((note, *migrated, *(f"%{name:<{_NAME_WIDTH}}= {value}" for name, value in fields)))


def lm_counts(server_unit: str, last: int, start: str = "*INITIAL", end: str = "*CURRENT") -> list[int]:
    """Return the values of LM-COUNT that an element of the operand SERVER-UNIT means, of those that there are.

    Args:
        server_unit: *ALL, *CURRENT, *PREVIOUS, *INITIAL, *INTERVAL, or a count in hexadecimal digits.
        last: the count of the current SU; 0 where the guest was started.
        start: of an *INTERVAL: *INITIAL, *PREVIOUS or a count in hexadecimal digits.
        end: of an *INTERVAL: *CURRENT, *PREVIOUS, *SAME (as the start) or a count in hexadecimal digits.
    """
    known = {"*INITIAL": 0, "*PREVIOUS": last - 1, "*CURRENT": last}
    if server_unit == "*ALL":
        return list(range(last + 1))
    if server_unit == "*INTERVAL":
        first = known[start] if start in known else int(start, 16)
        end = start if end == "*SAME" else end
        return list(range(max(0, first), min(last, known[end] if end in known else int(end, 16)) + 1))
    wanted = known[server_unit] if server_unit in known else int(server_unit, 16)
    return [wanted] if 0 <= wanted <= last else []


def show_live_migration_history(stays: Sequence[Stay], counts: Iterable[int] | None = None, information: str = SUMMARY) -> str:
    """Return what SHOW-LIVE-MIGRATION-HISTORY displays: the SUs that a guest has used.

    The product keeps a limited number of them, which is not published; here all are kept.

    Args:
        stays: the first where it was started, the last where it is.
        counts: which of them, by LM-COUNT, which is 0 for the first; None for all.
        information: *SUMMARY; configurations, CPU ids and identifications are no part of a scenario, so every other value shows the same
            and says so.
    """
    chosen = range(len(stays)) if counts is None else sorted(set(counts))
    shown = [(f"{count:X}", stays[count].unit, stays[count].since, stays[count].until or "-") for count in chosen]
    lines = [ours("SHOW-LIVE-MIGRATION-HISTORY"), *columns([("LM-COUNT", "SERVER-UNIT", "SINCE", "UNTIL"), *shown], right=(0,))]
    if information != SUMMARY:
        lines.append(f"{OWN} INFORMATION={information} is not simulated; this is *SUMMARY")
    return "\n".join(lines)
