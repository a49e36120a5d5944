"""What an operand of a command can be: its name, the forms of its value, its default; as the manual writes them.

Source: VM2000 User Guide: the pages of the commands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Value:
    """A form that a value can take.

    Args:
        form: as the manual writes it, "*UNIQUE" or "<name 1..8>".
        pattern: what the text must be; None for a keyword.
        least, most: bounds of a number.
        inside: operands that may follow in parentheses.
    """

    form: str
    pattern: re.Pattern[str] | None = None
    least: float | None = None
    most: float | None = None
    inside: tuple[Operand, ...] = ()

    def takes(self, text: str) -> bool:
        """Say whether a text, in capitals, has this form."""
        if self.pattern is None:
            return text == self.form
        if self.pattern.fullmatch(text) is None:
            return False
        return self.least is None or self.most is None or self.least <= float(text) <= self.most


@dataclass(frozen=True, slots=True)
class Operand:
    """An operand.

    Args:
        name: its full name.
        values: the forms that its value can take.
        default: what it is when it is left out; None where it must be written.
        most: how many values a list in parentheses may have.
    """

    name: str
    values: tuple[Value, ...]
    default: str | None = None
    most: int = 1

    @property
    def keywords(self) -> tuple[str, ...]:
        """The keywords that it can be."""
        return tuple(value.form for value in self.values if value.pattern is None)

    @property
    def allowed(self) -> str:
        """Its forms as the manual writes them."""
        forms = " / ".join(value.form + ("(...)" if value.inside else "") for value in self.values)
        return forms if self.most == 1 else f"list-poss({self.most}): {forms}"


@dataclass(frozen=True, slots=True)
class Command:
    """A command.

    Args:
        name: its full name.
        help: what it does, one line.
        operands: in the order in which they can be given without names.
        guest: whether it belongs on a guest's console; else on that of a monitor system.
        only_390: whether SU x86 does not know what it is about.
    """

    name: str
    help: str
    operands: tuple[Operand, ...] = ()
    guest: bool = False
    only_390: bool = False


# A name may begin with a digit or hold a hyphen here, as names of VMs in a scenario may; the product's <name> may not.
_WORD = r"[A-Z0-9#@$-]"
_PART = r"[A-Z0-9#@$_]"


def _value(form: str, pattern: str) -> Value:
    return Value(form, re.compile(pattern))


def integer(least: int, most: int, inside: tuple[Operand, ...] = ()) -> Value:
    """Return the form of a whole number."""
    return Value(f"<integer {least}..{most}>", re.compile(r"[+-]?[0-9]{1,10}"), least, most, inside)


def fixed(least: float, most: float) -> Value:
    """Return the form of a number with decimals."""
    return Value(f"<fixed {least:.2f}..{most:.2f}>", re.compile(r"[0-9]{1,3}(\.[0-9]+)?"), least, most)


NAME = _value("<name 1..8>", _WORD + "{1,8}")
WILD_NAME = _value("<name 1..8 with-wild(20)>", _WORD + "{1,8}" + r"|(?!\*[A-Z])(?=.*[*/<])[A-Z0-9#@$*/<>,:-]{1,20}")
HOST_NAME = _value("<composed-name 1..64>", r"[A-Z0-9#@$_.-]{1,64}")
FILE_NAME = _value("<filename 1..54>", r"(:[A-Z0-9]{1,4}:)?(\$[A-Z0-9#@$]{1,8}\.)?[A-Z0-9#@$][A-Z0-9#@$.-]{0,53}")
PASSWORDS = (_value("<c-string 1..4>", r"C?'[^']{1,4}'"), _value("<x-string 1..8>", r"X'[0-9A-F]{1,8}'"), integer(-2147483648, 2147483647))
VM_PASSWORDS = (_value("<c-string 1..8>", r"C?'[^']{1,8}'"), _value("<x-string 1..16>", r"X'[0-9A-F]{1,16}'"))
# Two characters, or four: of a device with a number they are hexadecimal digits, of others (T036) they are not.
MNEMONIC = _value("<alphanum-name 2..2> / <x-text 4..4>", f"{_PART}{{2}}|{_PART}{{4}}")
WILD_MNEMONIC = _value("<alphanum-name 1..4 with-wild(20)>", r"[A-Z0-9]{1,4}|(?!\*[A-Z])(?=.*[*/<])[A-Z0-9*/<>:-]{1,20}")
CATALOGUE_ID = _value("<cat-id 1..4>", "[A-Z0-9]{1,4}")
ADDRESS = "<x-text 1..8>"
WORD = _value("<alphanum-name 1..8>", "[A-Z0-9#@$]{1,8}")
HEXADECIMAL = _value("<x-text 1..7>", "[0-9A-F]{1,7}")


def keyword(form: str, *inside: Operand) -> Value:
    """Return a keyword, with the operands that may follow it in parentheses."""
    return Value(form, inside=inside)


def operand(name: str, *values: Value | str, default: str | None = None, most: int = 1) -> Operand:
    """Return an operand; texts among the forms are keywords."""
    return Operand(name, tuple(keyword(value) if isinstance(value, str) else value for value in values), default, most)


def address(*inside: Operand) -> Value:
    """Return the form of an address in hexadecimal digits, with its dimension."""
    return Value(ADDRESS, re.compile("[0-9A-F]{1,8}"), inside=inside)
