"""Read a command as an operator types it: abbreviations, operands with and without names, lists, defaults.

Names and keywords may be shortened from right to left as long as they stay unique, each part between hyphens for itself, and whole parts
at the end may be left out [LMS manual: Input rules, for all statements that SDF reads]. Capitals do not matter outside quotes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sim.vm2000.commands.formats import COMMANDS
from sim.vm2000.commands.operands import Command, Operand, Value

__all__ = ["COMMANDS", "CommandError", "Element", "Statement", "Unknown", "concealed", "elements", "meant", "parse"]

SHORTEST = 3
# Operands whose values no console shows, and what stands in their place; how the product hides them in its echo is not published.
SECRETS = ("JV-PASSWORD", "PASSWORD")
HIDDEN = "*SECRET"
_COMMAND_NAME = re.compile(r"[A-Z][A-Z0-9#@$-]*")


class CommandError(Exception):
    """What was typed is no correct command: CMD0202. Its text says what was found and what is allowed, all mistakes at once."""


class Unknown(Exception):
    """A command that the simulator does not know.

    Args:
        name: the command, in capitals.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Statement:
    """A command that was understood.

    Args:
        name: full name of the command.
        operands: value by full operand name, defaults filled in. What stands in parentheses behind a value has the operand's name and a
            dot before it ("FORCE.WAIT-FOR-UNASSIGN"); a list keeps its parentheses, `elements` takes it apart.
        text: as it was typed, with a slash.
    """

    name: str
    operands: Mapping[str, str]
    text: str = field(compare=False)

    def __getitem__(self, operand: str) -> str:
        return self.operands[operand]


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a list: a keyword or text, and what stands in parentheses behind it."""

    head: str
    inside: Mapping[str, str]


def parse(text: str) -> Statement:
    """Return what a line means.

    Args:
        text: the line; the slash may be left out.

    Raises:
        CommandError: it is no correct command.
        Unknown: the simulator does not know the command.
    """
    line = text.strip().removeprefix("/").strip()
    typed, *rest = line.split(maxsplit=1) or [""]
    command = _command(typed.upper())
    problems: list[str] = []
    operands = _operands(command.operands, rest[0] if rest else "", "", problems)
    if problems:
        raise CommandError("; ".join(f"{command.name}: {problem}" for problem in problems))
    return Statement(command.name, operands, f"/{line}")


def meant(typed: str, names: Iterable[str]) -> list[str]:
    """Return the names that a text in capitals can stand for.

    Assumes [A45]: a name with as many parts as were typed is meant before longer ones (MIG-VM is MIGRATE-VM). Unique is what is unique
    among the commands that the simulator knows; the product knows more.
    """
    known = list(names)
    if typed in known:
        return [typed]
    found = [name for name in known if _shortens(typed, name)]
    return [name for name in found if name.count("-") == typed.count("-")] or found


def concealed(text: str) -> str:
    """Return a line as a console may show it, right or wrong: values of passwords are replaced by *SECRET."""
    typed, *rest = text.split(maxsplit=1) or [""]
    try:
        names = [operand.name for operand in _command(typed.removeprefix("/").upper()).operands]
    except (CommandError, Unknown):
        names = []
    parts = _split(rest[0] if rest else "", ",")
    hidden = [_concealed(part, names[place : place + 1], names or SECRETS) for place, part in enumerate(parts)]
    return f"{typed} {','.join(hidden)}" if hidden != parts else text


def _concealed(part: str, in_place: Sequence[str], names: Sequence[str]) -> str:
    """Return an operand without its password; keywords such as *NONE are none.

    Args:
        part: the operand as it was written.
        in_place: the name that it has by its place, if any.
        names: what its own name can stand for.
    """
    name, equals, value = _partition(part)
    found = meant(name.strip().upper(), names) if equals else in_place
    if not set(found) & set(SECRETS) or (value if equals else part).strip().startswith("*"):
        return part
    return f"{name}={HIDDEN}" if equals else HIDDEN


def elements(value: str) -> tuple[Element, ...]:
    """Return the elements of a list as `Statement` keeps it."""
    found = []
    for text in _split(value, ","):
        head, inner = _head(text)
        pairs = (pair.partition("=") for pair in _split(inner or "", ",") if pair)
        found.append(Element(head, {name: value for name, _, value in pairs}))
    return tuple(found)


def _command(typed: str) -> Command:
    """Return the command that a name or its abbreviation means."""
    if not _COMMAND_NAME.fullmatch(typed):
        raise CommandError(f"'{typed}' is no command; write one such as /SHOW-VM-ATTRIBUTES")
    # Assumes [A45]: fewer than three letters are never unique among all commands of the product.
    found = meant(typed, COMMANDS) if len(typed) >= SHORTEST else []
    if len(found) > 1:
        raise CommandError(f"'{typed}' can be {' or '.join(found)}; write more of it")
    if not found:
        raise Unknown(typed)
    return COMMANDS[found[0]]


def _operands(operands: Sequence[Operand], text: str, prefix: str, problems: list[str]) -> dict[str, str]:
    """Return the values of operands that were written, and the defaults of the others."""
    before = len(problems)
    parts = _split(text, ",", problems)
    if len(problems) > before:
        return {}  # where a parenthesis or a quote is wrong, what seems to be missing may well stand there
    written = dict(_written(operands, parts, problems))
    values: dict[str, str] = {}
    for operand in operands:
        found = written.get(operand.name, operand.default)
        if found is None:
            problems.append(f"{operand.name} is missing; write {operand.name}={operand.allowed}")
        elif operand.most > 1:
            values[prefix + operand.name] = _list(operand, found, problems)
        else:
            values |= _single(operand, found, prefix, problems)
    return values


def _written(operands: Sequence[Operand], parts: Sequence[str], problems: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the full name and the text of each operand that was written; by its place or by its name."""
    seen: set[str] = set()
    by_place = True
    for place, part in enumerate(parts):
        if not part:
            continue
        name, equals, value = (found.strip() for found in _partition(part))
        if equals:
            by_place = False
            operand = _named(name.upper(), operands, problems)
        elif by_place and place < len(operands):
            operand, value = operands[place], part
        else:
            problems.append(f"'{part}' has no operand; write NAME=VALUE, {_list_of(operands)}")
            continue
        if operand is None:
            continue
        if operand.name in seen:
            problems.append(f"{operand.name} is written twice; write it once")
        seen.add(operand.name)
        yield operand.name, value


def _named(typed: str, operands: Sequence[Operand], problems: list[str]) -> Operand | None:
    """Return the operand that a name means; None when none or several do."""
    known = {operand.name: operand for operand in operands}
    found = meant(typed, known)
    if len(found) == 1:
        return known[found[0]]
    if found:
        problems.append(f"operand '{typed}' can be {' or '.join(found)}; write more of it")
        return None
    close = [name for name in known if name.replace("-", "").startswith(typed.replace("-", ""))]  # VMID
    close = close[:1] or difflib.get_close_matches(typed, known, 1)
    problems.append(f"there is no operand '{typed}'; {f'did you mean {close[0]}? ' if close else ''}{_list_of(operands)}")
    return None


def _list_of(operands: Sequence[Operand]) -> str:
    return f"allowed: {', '.join(operand.name for operand in operands)}" if operands else "it has no operands"


def _single(operand: Operand, text: str, prefix: str, problems: list[str]) -> dict[str, str]:
    """Return the value of an operand, and beside it the operands in its parentheses."""
    name = prefix + operand.name
    head, inner = _head(text)
    found = _understood(operand, head, problems)
    if found is None:
        return {}
    value, written = found
    if inner is not None and not value.inside:
        problems.append(f"{operand.name}={head} has nothing in parentheses; leave '({inner})' out")
    return {name: written} | _operands(value.inside, inner or "", f"{name}.", problems)


def _list(operand: Operand, text: str, problems: list[str]) -> str:
    """Return a list, or the one value that may stand for it, in full."""
    head, inner = _head(text)
    parts = _split(inner, ",", problems) if inner is not None and not head else [text]
    if not 1 <= len(parts) <= operand.most:
        problems.append(f"{operand.name} has {len(parts)} values; at most {operand.most} are allowed")
    return ",".join(_whole(operand, part, problems) for part in parts)


def _whole(operand: Operand, text: str, problems: list[str]) -> str:
    """Return a value in full, with what stands in its parentheses behind it."""
    head, inner = _head(text)
    found = _understood(operand, head, problems)
    if found is None:
        return ""
    value, written = found
    if inner is not None and not value.inside:
        problems.append(f"{operand.name}={head} has nothing in parentheses; leave '({inner})' out")
    if not value.inside:
        return written
    inside = _operands(value.inside, inner or "", "", problems)
    return f"{written}({','.join(f'{name}={value}' for name, value in inside.items())})"


def _understood(operand: Operand, text: str, problems: list[str]) -> tuple[Value, str] | None:
    """Return the form that a value has, and the value in full."""
    capitals = text if "'" in text else text.upper()
    keywords = _keywords(capitals, operand)
    for value in operand.values:
        if value.form in keywords:
            if len(keywords) == 1:
                return value, value.form
        elif value.pattern is not None and value.takes(capitals.upper()):
            number = value.least is not None and re.fullmatch("[+-]?[0-9]+", capitals)
            return value, str(int(capitals)) if number else capitals
    if len(keywords) > 1:
        problems.append(f"{operand.name}={text} can be {' or '.join(keywords)}; write more of it")
    else:
        shown = HIDDEN if operand.name in SECRETS else text
        problems.append(f"{operand.name}={shown} is not allowed; write {operand.name}={operand.allowed}{_hint(operand, text)}")
    return None


def _keywords(text: str, operand: Operand) -> list[str]:
    """Return the keywords that a text can be.

    Assumes [A45]: the asterisk may be left out where nothing but keywords is allowed.
    """
    names = [keyword.removeprefix("*") for keyword in operand.keywords]
    if text.startswith("*") and len(text) > 1:
        return [f"*{name}" for name in meant(text[1:], names)]
    return [f"*{name}" for name in meant(text, names)] if text and len(names) == len(operand.values) else []


def _hint(operand: Operand, text: str) -> str:
    """Return what to write instead of a size with its unit: the product has MB unless a dimension says otherwise."""
    size = re.fullmatch(r"([0-9]+) ?([MG])I?B?", text.upper())
    if size is None or not operand.name.endswith("MEMORY-SIZE"):
        return ""
    number, unit = size.groups()
    return f", here {number}" if unit == "M" else f", here {number}(DIMENSION=*GIGABYTE)"


def _shortens(typed: str, name: str) -> bool:
    """Say whether a text shortens a name: every part of it begins the part of the name at its place."""
    mine, full = typed.split("-"), name.split("-")
    return len(mine) <= len(full) and all(part and whole.startswith(part) for part, whole in zip(mine, full, strict=False))


def _partition(part: str) -> tuple[str, str, str]:
    """Split an operand at its equals sign, unless that stands in the parentheses or quotes of a value without a name."""
    head = re.split(r"['(]", part, maxsplit=1)[0]
    return part.partition("=") if "=" in head else (part, "", "")


def _head(text: str) -> tuple[str, str | None]:
    """Return what stands before the parentheses, and what stands in them; None without."""
    text = text.strip()
    if "'" in text or not text.endswith(")") or "(" not in text:
        return text, None
    head, _, inner = text.partition("(")
    return head.strip(), inner[:-1].strip()


def _split(text: str, separator: str, problems: list[str] | None = None) -> list[str]:
    """Split a text at a separator outside quotes and parentheses, and take blanks off; [] for an empty text."""
    parts, depth, quoted = [""], 0, False
    for sign in text:
        quoted ^= sign == "'"
        depth += 0 if quoted else (sign == "(") - (sign == ")")
        if sign == separator and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
        if depth < 0:
            break
    if (depth or quoted) and problems is not None:
        problems.append(f"'{text.strip()}' has {'a quote' if quoted else 'a parenthesis'} too many or too few")
        return []
    return [part.strip() for part in parts] if text.strip() else []
