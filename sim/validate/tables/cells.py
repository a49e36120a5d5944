"""Read one cell of a table of measured migrations: text becomes a value, or a ValueError says what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, cast

from sim.scenario.catalogue import policies
from sim.scenario.problems import nearest
from sim.validate.tables.measured_cases import Pattern, WriteSet

Reader = Callable[[str], Any]  # raises ValueError; its text follows the quoted cell

QEMU = "qemu"  # the policy of the rows that name none
LARGEST = 1e15  # 1 PB in bytes: what is larger is a slip of the keyboard
LARGEST_THETA = 5.0  # nine writes of ten hit two pages: more skew than any workload that was ever published
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)  # no nan, no inf, no 1_000, which float() would take
SETS_EXAMPLE = "write 'pages:writes a second:pattern', such as '16384:14745.6:u;4096:900:z:0.99'"
CURVE_EXAMPLE = "write 'window in seconds:pages', such as '0.5:9000;2:21000;8:40000'"
PATTERNS = "u (uniform), s (sequential) or z (Zipf)"


def counted(number: int, noun: str) -> str:
    """Return so many of something, in words."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def read_text(text: str) -> str:
    """Return the text itself."""
    return text


def number(low: float = 0.0, high: float = LARGEST, *, above: bool = False, example: str) -> Reader:
    """Return the reader of a number from low to high, or above low.

    Args:
        low: smallest allowed.
        high: largest allowed.
        above: low itself is not allowed.
        example: what can be written, with its unit.
    """

    def read(text: str) -> float:
        value = _number(text, f"write {example}")
        if value < low or (above and value == low):
            raise ValueError(f"is {'below' if value < low else 'not above'} {low:g}; write {example}")
        if value > high:
            raise ValueError(f"is above {high:g}; write {example}")
        return value

    return read


def whole(low: int, *, example: str) -> Reader:
    """Return the reader of a whole number, not below low; 16.0 is one too, programs write it so."""
    as_number = number(low, example=example)

    def read(text: str) -> int:
        value = float(as_number(text))
        if not value.is_integer():
            raise ValueError(f"is not a whole number; write {example}")
        return int(value)

    return read


def one_of(*choices: str) -> Reader:
    """Return the reader of a word out of a closed list."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"is unknown; write {' or '.join(choices)}")
        return text

    return read


def read_policy(text: str) -> str:
    """Return the name of a rule that ends the pre-copy."""
    known = sorted({QEMU, *policies()})
    if text not in known:
        hit = nearest(text, known)
        raise ValueError("is no policy of the catalogue; " + (f"did you mean '{hit}'?" if hit else f"write {' or '.join(known)}"))
    return text


def read_flag(text: str) -> bool:
    """Return what 0 and 1 mean."""
    if not NUMBER.fullmatch(text) or float(text) not in {0.0, 1.0}:
        raise ValueError("is neither 0 nor 1; write 1 for yes, 0 for no")
    return float(text) == 1.0


def read_share(text: str) -> float:
    """Return a share: 0.35 and 35 % are the same."""
    example = "a share such as 0.35 or '35 %'"
    value = _number(text.removesuffix("%").strip(), f"write {example}") / (100.0 if text.endswith("%") else 1.0)
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"is outside the range; write {example}, from 0 to 1 (100 %)")
    return value


def read_sets(text: str) -> tuple[WriteSet, ...]:
    """Return what a guest writes to: `pages:writes/s:pattern[:theta]`, sets separated by semicolons; no text, no sets."""
    return tuple(_write_set(part, place) for place, part in _parts(text, "set", SETS_EXAMPLE))


def read_rates(text: str) -> tuple[float, ...]:
    """Return rates of the sets, page writes a second, separated by semicolons."""
    remedy = "write a rate for every set, such as '14745.6;900'"
    return tuple(_not_negative(part, f"rate {place}", remedy) for place, part in _parts(text, "rate", remedy))


def read_curve(text: str) -> tuple[tuple[float, float], ...]:
    """Return points of a dirty curve: `window in s:pages`, separated by semicolons; windows rise, pages do not fall."""
    points = [_point(part, place) for place, part in _parts(text, "point", CURVE_EXAMPLE)]
    for (window, pages), (later, more) in pairwise(points):
        if later <= window:
            raise ValueError(f"has the window {later:g} s after {window:g} s; write the points with rising windows")
        if more < pages:
            raise ValueError(
                f"has fewer pages in {later:g} s than in {window:g} s; a longer window dirties at least the pages of a shorter one"
            )
    return tuple(points)


def _write_set(text: str, place: int) -> WriteSet:
    fields = [field.strip() for field in text.split(":")]
    if len(fields) not in {3, 4}:
        raise ValueError(f"has {counted(len(fields), 'part')} in set {place}, '{text}'; {SETS_EXAMPLE}")
    pages = _not_negative(fields[0], f"pages of set {place}", SETS_EXAMPLE)
    if pages < 1.0 or not pages.is_integer():
        raise ValueError(f"has '{fields[0]}' as pages of set {place}; write a whole number of 4 KiB pages, 1 or more")
    rate = _not_negative(fields[1], f"writes a second of set {place}", SETS_EXAMPLE)
    return WriteSet(int(pages), rate, _pattern(fields[2], place), _theta(fields[2:], place))


def _pattern(text: str, place: int) -> Pattern:
    if text not in {"u", "s", "z"}:
        raise ValueError(f"has '{text}' as pattern of set {place}; write {PATTERNS}")
    return cast("Pattern", text)


def _theta(fields: Sequence[str], place: int) -> float:
    pattern, *rest = fields
    if pattern == "z" and not rest:
        raise ValueError(f"has no exponent in set {place}, a Zipf law; write it behind the pattern, such as z:0.99")
    if pattern != "z" and rest:
        raise ValueError(f"has an exponent in set {place}, which is no Zipf law; write '{pattern}' alone, or 'z:{rest[0]}'")
    if not rest:
        return 0.0
    theta = _not_negative(rest[0], f"exponent of set {place}", "write one such as z:0.99")
    if not 0.0 < theta <= LARGEST_THETA:
        raise ValueError(f"has '{rest[0]}' as exponent of set {place}; write one above 0, up to {LARGEST_THETA:g}, or the pattern u for 0")
    return theta


def _point(text: str, place: int) -> tuple[float, float]:
    fields = [field.strip() for field in text.split(":")]
    if len(fields) != 2:
        raise ValueError(f"has {counted(len(fields), 'part')} in point {place}, '{text}'; {CURVE_EXAMPLE}")
    window = _not_negative(fields[0], f"window of point {place}", CURVE_EXAMPLE)
    if window == 0.0:
        raise ValueError(f"has a window of 0 s in point {place}; {CURVE_EXAMPLE}")
    return window, _not_negative(fields[1], f"pages of point {place}", CURVE_EXAMPLE)


def _parts(text: str, noun: str, remedy: str) -> list[tuple[int, str]]:
    """Return the parts between semicolons with their places from 1; a semicolon at the end is no part."""
    parts = [part.strip() for part in text.strip().removesuffix(";").split(";")] if text.strip() else []
    for place, part in enumerate(parts, 1):
        if not part:
            raise ValueError(f"has nothing in {noun} {place}; {remedy}")
    return list(enumerate(parts, 1))


def _not_negative(text: str, what: str, remedy: str) -> float:
    """Return a number of 0 or more out of a cell that holds several."""
    if not NUMBER.fullmatch(text):
        raise ValueError(f"has '{text}' as {what}, which is not a number; {remedy}")
    if not 0.0 <= float(text) <= LARGEST:
        raise ValueError(f"has '{text}' as {what}, which is outside the range; {remedy}")
    return float(text) + 0.0  # -0 becomes 0


def _number(text: str, remedy: str) -> float:
    if not NUMBER.fullmatch(text):
        raise ValueError(f"is not a number; {remedy}")
    return float(text) + 0.0  # -0 becomes 0
