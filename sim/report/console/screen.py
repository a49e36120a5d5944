"""Which lines of the journal appear on which console, and what the chosen consoles show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sim.engine.journal import Line
from sim.errors import UsageError
from sim.report.trace.consoles import as_records
from sim.report.trace.seen import SIMULATOR, consoles_of
from sim.scenario.point import Point
from sim.units import DAY_S
from sim.vm2000.catalogue import printed

ALL, UNITS, GUESTS = "all", "units", "guests"


def console_clock(time_s: float) -> str:
    """Return "hh:mm:ss", "+1 " before it on the next day; a clock shows the second that it has reached, it does not round."""
    days, second = divmod(int(time_s), DAY_S)
    text = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return f"+{days} {text}" if days else text


class Screen:
    """What a terminal shows of the consoles of a point.

    Args:
        point: whose SUs and VMs have the consoles.
    """

    def __init__(self, point: Point) -> None:
        self.units = tuple(unit.name for unit in point.units)
        self.guests = tuple(vm.name for vm in point.vms)
        self.shown: set[str] = set(self.units)
        self._width = max(map(len, (*self.units, *self.guests, SIMULATOR)))

    @property
    def places(self) -> tuple[str, ...]:
        """The consoles at which one can type: of SUs and of guests."""
        return (*self.units, *self.guests)

    @property
    def shown_in_order(self) -> tuple[str, ...]:
        """The consoles that are shown, SUs first."""
        return tuple(place for place in (*self.places, SIMULATOR) if place in self.shown)

    def known(self, name: str) -> str:
        """Return the console that is meant; capital letters do not matter.

        Raises:
            UsageError: there is none of this name.
        """
        for place in self.places:
            if place.casefold() == name.casefold():
                return place
        raise UsageError(f"there is no console '{name}'; write an SU ({', '.join(self.units)}) or a VM ({_some(self.guests)})")

    def group(self, name: str) -> tuple[str, ...]:
        """Return the consoles that a name means: one of them, or `all`, `units`, `guests`, `simulator`.

        Raises:
            UsageError: it means none.
        """
        groups = {ALL: (*self.places, SIMULATOR), UNITS: self.units, GUESTS: self.guests, SIMULATOR: (SIMULATOR,)}
        try:
            return groups.get(name.casefold()) or (self.known(name),)
        except UsageError as error:
            raise UsageError(f"{error}, or {', '.join(groups)}") from None

    def rows(self, line: Line) -> list[str]:
        """Return a message as the shown consoles print it: clock, console, text; further lines of a display are indented."""
        text = printed(line.message, **line.inserts)
        rows = []
        for console in consoles_of(line):
            if console in self.shown:
                head = f"{console_clock(line.time_s)} {console:<{self._width}} "
                first, *more = text.splitlines() or [""]
                rows += [head + first, *((" " * len(head) + part).rstrip() for part in more)]
        return rows

    def shows(self, line: Line) -> bool:
        """Say whether a message appears on one of the shown consoles."""
        return not self.shown.isdisjoint(consoles_of(line))

    def records(self, lines: Sequence[Line]) -> Iterable[dict[str, Any]]:
        """Yield the shown messages as data: as `migr trace --json` gives them, and the consoles on which they appear."""
        for line in lines:
            if self.shows(line):
                yield {**as_records([line])[0], "seen_at": list(consoles_of(line))}


def _some(names: Sequence[str]) -> str:
    """Return names for a message, the first few of many."""
    few = 6
    return ", ".join(names[:few]) + (f" and {len(names) - few} more" if len(names) > few else "")
