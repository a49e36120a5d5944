"""What a command that is being typed can become: names of commands, operands, keywords."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sim.vm2000.commands.formats import COMMANDS
from sim.vm2000.commands.operands import Operand
from sim.vm2000.commands.syntax import meant

_PIECE = re.compile(r"[^\s,=(/]*$")


def begun(text: str) -> str:
    """Return the piece at the end of a text that is being typed, "" after a blank, a comma or the like."""
    found = _PIECE.search(text)
    return found.group() if found else ""


def complete(text: str, *, guest: bool = False) -> list[str]:
    """Return what the piece at the end of a text can become.

    Args:
        text: a command up to the cursor.
        guest: whether it is typed at a guest's console, which knows other commands.
    """
    name, blank, rest = text.lstrip().removeprefix("/").partition(" ")
    known = [command.name for command in COMMANDS.values() if command.guest == guest]
    if not blank:
        return _beginning(name, known)
    found = meant(name.upper(), known)
    return _of_operands(COMMANDS[found[0]].operands, rest) if len(found) == 1 else []


def _of_operands(operands: Sequence[Operand], rest: str) -> list[str]:
    """Return what can follow the operands that are there."""
    before, opened, inner = _open_parenthesis(rest)
    parts = _at_top(before)
    operand, value = _operand_of(operands, parts)
    if opened:
        if operand is None:
            return []
        inside = next((each.inside for each in operand.values if each.form in _beginning(value, [each.form]) and each.inside), ())
        return _of_operands(inside, inner) if value else _beginning(_at_top(inner)[-1], operand.keywords)
    if operand is not None:
        return _beginning(value, operand.keywords)
    written = {name for part in parts[:-1] for name in meant(part.partition("=")[0].strip().upper(), [each.name for each in operands])}
    return [f"{name}=" for name in _beginning(parts[-1], [each.name for each in operands if each.name not in written])]


def _operand_of(operands: Sequence[Operand], parts: Sequence[str]) -> tuple[Operand | None, str]:
    """Return the operand whose value is being typed, and the value so far; None while it is a name."""
    name, equals, value = (each.strip() for each in parts[-1].partition("="))
    if equals:
        found = meant(name.upper(), [each.name for each in operands])
        return next((each for each in operands if found == [each.name]), None), value
    if name.startswith("*") and len(parts) <= len(operands):
        return operands[len(parts) - 1], name
    return None, ""


def _beginning(typed: str, names: Iterable[str]) -> list[str]:
    """Return the names of which a text is an abbreviation, in their order."""
    mine = typed.strip().upper().split("-")
    return [
        name
        for name in names
        if all(whole.startswith(part) for part, whole in zip(mine, name.split("-"), strict=False)) and len(mine) <= name.count("-") + 1
    ]


def _open_parenthesis(text: str) -> tuple[str, bool, str]:
    """Split a text at the first parenthesis that is not closed; say whether there is one."""
    opened: list[int] = []
    for place, sign in enumerate(text):
        if sign == "(":
            opened.append(place)
        elif sign == ")" and opened:
            opened.pop()
    return (text[: opened[0]], True, text[opened[0] + 1 :]) if opened else (text, False, "")


def _at_top(text: str) -> list[str]:
    """Split at commas outside parentheses; what is being typed is last."""
    return [part.strip() for part in re.sub(r"\([^()]*\)", "", text).split(",")]
