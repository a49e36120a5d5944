"""Read and write a number with a unit out of a closed set, and say what is wrong with a text that is none."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache

_LONGEST = 1_000  # characters; longer than any float needs (5e-324 s written out has under 350)
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z\u00b5\u03bc%/].*)?")  # both micro signs, to answer with "us"
_EXPONENT = re.compile(r"([0-9]+(?:\.[0-9]+)?[eE][-+]?[0-9]{1,2})(?![0-9])(.*)")
_SLIPS = (  # what is wrong with the number, where it shows, what to put there
    ("has a comma", re.compile(r"^([0-9]+),(?=[0-9]+(?![0-9,]))"), r"\1."),
    ("has its digits in groups", re.compile(r"(?<=[0-9])(?:_|[ '\u2019\u00a0,](?=[0-9]{3}(?![0-9])))(?=[0-9])"), ""),
    ("has a point without a digit before it", re.compile(r"^(?=\.[0-9])"), "0"),
    ("has a point without a digit after it", re.compile(r"^([0-9]+)\.(?![0-9])"), r"\1"),
    ("has a plus sign", re.compile(r"^\+"), ""),
    ("has blanks before or after it", re.compile(r"^\s+|\s+$"), ""),
    ("has more than one blank before its unit", re.compile(r"(?<=[0-9])\s+(?=[^\s0-9])"), " "),
)


class UnitError(ValueError):
    """A text is no quantity of the wanted dimension; the message says what was found, what is wrong and what to write."""


_KEPT = 1 << 14  # texts of numbers: a sweep reads and writes the same few hundred for each of its points


@dataclass(frozen=True, slots=True, eq=False)
class Dimension:
    """A closed set of units; there is one object for each dimension.

    Args:
        what: what a text of this dimension is, with its article.
        units: unit -> its size in the unit used inside; smallest first.
        example: a text that is right.
        meant: other spellings -> the units that they can stand for; as written, or else in lower case.
    """

    what: str
    units: Mapping[str, Fraction]
    example: str
    meant: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def allowed(self) -> str:
        """The units as a planner reads them: "m or km"."""
        return either(self.units)

    def readings(self, unit: str) -> tuple[str, ...]:
        """Return the units that an unknown spelling can stand for."""
        in_another_case = tuple(known for known in self.units if known.lower() == unit.lower())
        return self.meant.get(unit) or self.meant.get(unit.lower()) or in_another_case


def read_float(text: object, dimension: Dimension) -> float:
    """Return the quantity in the unit used inside.

    Raises:
        UnitError: the text is none, or too large for a float.
    """
    try:
        return float(read_exact(text, dimension))
    except OverflowError:
        raise UnitError(f"{found(text)} is too large; write {dimension.what} such as '{dimension.example}'") from None


def read_exact(text: object, dimension: Dimension) -> Fraction:
    """Return the quantity without rounding, in the unit used inside.

    Raises:
        UnitError: the text is none.
    """
    amount = _amount(text, dimension) if isinstance(text, str) and len(text) <= _LONGEST else None
    if amount is None:
        raise UnitError(f"{found(text)} {_fault(text, dimension)}")
    return amount


@lru_cache(_KEPT)
def _amount(text: str, dimension: Dimension) -> Fraction | None:
    quantity = _QUANTITY.fullmatch(text)
    if quantity is None or quantity[2] not in dimension.units:
        return None
    return Fraction(quantity[1]) * dimension.units[quantity[2]]


def bare_number(text: object) -> Fraction | None:
    """Return the number when there is nothing but a number, as YAML gives it or as text."""
    if isinstance(text, int) and not isinstance(text, bool):
        return Fraction(int(text)) if text >= 0 else None
    if isinstance(text, float):
        return Fraction(repr(float(text))) if math.isfinite(text) and text >= 0 else None
    quantity = _QUANTITY.fullmatch(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    return Fraction(quantity[1]) if quantity and quantity[2] is None and quantity[0] == quantity[1] else None


@lru_cache(_KEPT)
def write_shortest(number: float, dimension: Dimension, *, whole: bool = False) -> str:
    """Return the text with the fewest significant digits that is read as exactly this number.

    Several units can have as few: then the largest of which there is at least one, so 5400 s are "90 min" and 7200 s are "2 h".

    Args:
        number: finite, not negative, in the unit used inside.
        dimension: the units to choose from.
        whole: the reader rounds to whole numbers.

    Raises:
        ValueError: no such number.
    """
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"{number!r} is not {dimension.what}")
    smallest, *_ = dimension.units
    if number == 0:
        return f"0 {next((unit for unit, size in dimension.units.items() if size == 1), smallest)}"
    texts = []
    for unit, size in dimension.units.items():
        digits, text = _shortest(number, size, whole=whole)
        if Fraction(text) >= 1 or unit == smallest:
            texts.append((digits, -size, f"{text} {unit}"))
    return min(texts)[2]


def write_rounded(number: float, units: Mapping[str, Fraction]) -> str:
    """Return a number for people, in the largest unit with at least one of it.

    Three significant digits, but whole numbers from 1000 on (1015 MiB) and no zeros at the end.

    Args:
        number: finite, not negative, in the unit used inside.
        units: unit -> its size in the unit used inside, smallest first.

    Raises:
        ValueError: no such number.
    """
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"{number!r} cannot be shown in {either(units)}")
    smallest, *_ = units
    text = ""
    for unit, size in units.items():
        amount = Fraction(number) / size
        rounded = plain(amount, 3) if amount < 1000 else str(round(amount))
        if Fraction(rounded) >= 1 or unit == smallest:
            text = f"{rounded} {unit}"
    return text


def found(text: object) -> str:
    """Return what was found as a message quotes it; something very long is cut."""
    quoted = repr(text)
    return quoted if len(quoted) <= 60 else f"{quoted[:40]}... ({len(quoted)} characters)"


def plain(number: Fraction, digits: int = 40) -> str:
    """Return a number to so many significant digits, without exponent and without zeros at the end."""
    decimal = Context(prec=digits).divide(Decimal(number.numerator), Decimal(number.denominator))
    text = f"{decimal:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def either(choices: Iterable[str]) -> str:
    """Return "a", "a or b", "a, b or c"."""
    *head, last = choices
    return f"{', '.join(head)} or {last}" if head else last


def _fault(text: object, dimension: Dimension) -> str:
    """Return what is wrong with a text and what to write; the most telling reason first."""
    otherwise = f"write a number with {dimension.allowed}, such as '{dimension.example}'"
    if bare_number(text) is not None:
        return f"has no unit; {otherwise}"
    if not isinstance(text, str) or len(text) > _LONGEST:
        return f"is not {dimension.what}; {otherwise}"
    if re.match(r"\s*[-\u2212]\s*\.?[0-9]", text):
        return f"is negative; {otherwise}"
    if re.match(r"[-+.]*(inf|nan)", text, re.IGNORECASE):
        return f"is not a finite number; {otherwise}"
    return _slip(text, dimension) or _misspelt(text, dimension) or f"is not {dimension.what}; {otherwise}"


def _slip(text: str, dimension: Dimension) -> str:
    """Return what is wrong with the number, if putting it right gives a quantity; else nothing."""
    if (exponent := _EXPONENT.fullmatch(text)) and _is_quantity(right := f"{Decimal(exponent[1]):f}{exponent[2]}", dimension):
        return f"has an exponent; write '{right}'"
    for slip, pattern, correction in _SLIPS:
        if (right := pattern.sub(correction, text)) != text and _is_quantity(right, dimension):
            # "1,000 MiB" is a thousand to some and one to others
            grouped = [text.replace(",", "")] if re.match(r"[1-9][0-9]{0,2},[0-9]{3}(?![0-9,])", text) else []
            return f"{slip}; write {either(repr(reading) for reading in (right, *grouped))}"
    return ""


def _misspelt(text: str, dimension: Dimension) -> str:
    """Return what to write for a unit that stands for one or several others; nothing when it stands for none."""
    quantity = _QUANTITY.fullmatch(text)
    units = dimension.readings(quantity[2]) if quantity and quantity[2] else ()
    if not quantity or not units:
        return ""
    readings = either(f"'{quantity[1]} {unit}'" + _in_bytes(Fraction(quantity[1]), unit) for unit in units)
    if len(units) > 1:
        return f"is ambiguous; write {readings}"
    if quantity[2].lower() == units[0].lower():
        return f"has its unit in the wrong case; write {readings}"
    return f"has an unknown unit; write {readings}"


def _is_quantity(text: str, dimension: Dimension) -> bool:
    quantity = _QUANTITY.fullmatch(text)
    return quantity is not None and quantity[2] in dimension.units


def _in_bytes(number: Fraction, unit: str) -> str:
    """Return " (= 1.25 GB/s)" for 10 Gbit/s: it shows which reading was meant."""
    return f" (= {plain(number / 8)} {unit.replace('bit', 'B')})" if unit.endswith("bit/s") and unit != "bit/s" else ""


def _shortest(number: float, size: Fraction, *, whole: bool) -> tuple[int, str]:
    """Return the fewest significant digits, and the text, that give this number back in units of `size`."""
    for digits in itertools.count(1):
        text = plain(Fraction(number) / size, digits)
        exact = Fraction(text) * size
        if (round(exact) if whole else _nearest(exact)) == number:
            break
    return digits, text


def _nearest(exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:  # rounded up beyond the largest float: not the number looked for
        return math.inf
