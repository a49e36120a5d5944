"""What Tab offers at the prompt: words of the console, commands and their operands, names of the site."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sim.report.console.screen import ALL, GUESTS, UNITS, Screen
from sim.report.console.words import WORDS
from sim.report.trace.seen import SIMULATOR
from sim.vm2000.commands.completion import begun, complete
from sim.vm2000.commands.syntax import meant

# Operands that name a VM or an SU; what else they can be VM2000 knows.
_VMS = ("VM-IDENTIFICATION", "VM-NAME", "FROM-VM", "TO-VM")
_UNITS = ("SERVER-UNIT-NAME",)
_NAMED = re.compile(r"([A-Za-z-]+)=$")


def candidates(before: str, screen: Screen, at: str) -> tuple[str, list[str]]:
    """Return the piece of text that is being typed, and what it can become.

    Args:
        before: the line up to the cursor; the slash of the prompt does not matter.
        screen: whose consoles exist.
        at: the console at which is typed.
    """
    if before.startswith("."):
        return _of_words(before, screen)
    piece = begun(before)
    offered = complete(before, guest=at in screen.guests)
    return piece, [*_beginning(piece, _names(before.removesuffix(piece), piece, screen)), *offered]


def _of_words(before: str, screen: Screen) -> tuple[str, list[str]]:
    name, blank, rest = before.partition(" ")
    if not blank:
        return name, _beginning(name, [word.name for word in WORDS])
    piece = begun(rest)
    names = {".console": screen.places, ".show": (*screen.places, ALL, UNITS, GUESTS, SIMULATOR)}
    return piece, _beginning(piece, names.get(name.replace(".hide", ".show"), ()))


def _names(before: str, piece: str, screen: Screen) -> tuple[str, ...]:
    """Return the VMs and SUs that can stand behind what was typed: as the value of an operand, or by their place once one has begun."""
    named = _NAMED.search(before)
    if named is not None:
        (operand, *others) = meant(named[1].upper(), (*_VMS, *_UNITS)) or [""]
        return () if others else screen.guests if operand in _VMS else screen.units if operand in _UNITS else ()
    return screen.places if piece and " " in before.lstrip() and "=" not in before else ()


def _beginning(piece: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.casefold().startswith(piece.casefold())]
