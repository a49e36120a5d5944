"""The values of a range, each written so that a planner can type it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import get_args

from sim.scenario.fields import fault
from sim.scenario.problems import Path
from sim.scenario.schema_sweep import RangeSpec, SpanSpec
from sim.scenario.validation import field_at
from sim.units import (
    DAY_S,
    UnitError,
    format_clock,
    format_memory,
    parse_clock,
    parse_distance,
    parse_frequency,
    parse_memory,
    parse_rate,
    parse_share,
    parse_time,
)
from sim.units.quantity import plain

DIGITS = 4  # of a value between the ends: finer than any answer depends on, short enough to read
_MIB = 1024**2
# Bytes, the coarsest first: SU x86 takes multiples of 2 MiB, SU /390 of 1 MiB; a load's sizes may be pages.
_GRAINS = (2 * _MIB, _MIB, 4096, 1)
_ROUNDING = 1e-9  # a `to` that is met but for rounding counts as met
_PARSERS: tuple[Callable[[object], float], ...] = (parse_memory, parse_rate, parse_time, parse_share, parse_frequency, parse_distance)


@dataclass(frozen=True, slots=True)
class Span:
    """A range as numbers.

    Args:
        low, high: its ends, in the unit used inside.
        ends: the ends as they were written.
        write: returns the value to type for a number.
        read_step: returns the number of a difference.
        log: whether factors are equal, not differences.
    """

    low: float
    high: float
    ends: tuple[str | float, str | float]
    write: Callable[[float], str | float]
    read_step: Callable[[object], float]
    log: bool

    def at(self, share: float) -> float:
        """Return the number at a share 0..1 of the way from one end to the other."""
        if self.log:
            return self.low * math.exp(share * math.log(self.high / self.low))
        return self.low + share * (self.high - self.low)


def span_of(spec: SpanSpec, path: Path) -> Span:
    """Return the range of a field.

    Raises:
        PydanticCustomError: it is none; the message says what to write.
    """
    low, high, write, read_step = _ends(spec, path)
    if low == high:
        raise fault(f"begins and ends with '{spec.begin}'; write two values, the smaller one as 'from'")
    if low > high:
        raise fault(f"begins with '{spec.begin}' above its end '{spec.to}'; write the smaller value as 'from'")
    if spec.scale == "log" and low <= 0:
        raise fault(f"begins with '{spec.begin}' on a log scale; write a value above 0, or 'scale: linear'")
    return Span(low, high, (spec.begin, spec.to), write, read_step, spec.scale == "log")


def values_of(spec: RangeSpec, path: Path) -> list[str | float]:
    """Return the values of a range, its ends as they were written.

    Raises:
        PydanticCustomError: it is none, or two of its values are equal; the message says what to write.
    """
    span = span_of(spec, path)
    if spec.steps is not None:
        between = [span.write(span.at(number / (spec.steps - 1))) for number in range(1, spec.steps - 1)]
        return _different([span.ends[0], *between, span.ends[1]], spec)
    try:
        step = span.read_step(spec.step)
    except UnitError as error:
        raise fault(f"has a step that does not go with its ends: {error}") from None
    if not step > 0:
        raise fault("has a step of 0; write one above 0")
    count = (span.high - span.low) / step + _ROUNDING
    if count < 1:
        raise fault(f"has a step '{spec.step}' that is larger than the range; write a smaller one")
    return _different([span.ends[0], *(span.write(span.low + number * step) for number in range(1, int(min(count, 1e6)) + 1))], spec)


def spread(spec: SpanSpec, path: Path, shares: Sequence[float]) -> list[str | float]:
    """Return the values at shares 0..1 of the way through a range.

    Raises:
        PydanticCustomError: it is no range; the message says what to write.
    """
    span = span_of(spec, path)
    return [span.write(span.at(share)) for share in shares]


def _different(values: list[str | float], spec: RangeSpec) -> list[str | float]:
    twice = next((value for position, value in enumerate(values) if value in values[:position][-1:]), None)
    if twice is not None:
        raise fault(
            f"gives {twice} twice, since values are rounded; write fewer steps" if spec.steps else f"gives {twice} twice; widen the step"
        )
    return values


Ends = tuple[float, float, Callable[[float], str | float], Callable[[object], float]]


def _ends(spec: SpanSpec, path: Path) -> Ends:
    """Return both ends as numbers, how to write a number between them, and how to read a difference."""
    written = (spec.begin, spec.to)
    if all(not isinstance(end, str) for end in written):
        return float(spec.begin), float(spec.to), _whole if _is_whole(path) else _rounded, _plain_number
    if clocks := _read(parse_clock, written):
        first, last = clocks
        return first, last + (DAY_S if last < first else 0.0), _clock, parse_time
    for parse in _PARSERS:
        if numbers := _read(parse, written):
            low, high = numbers
            return low, high, _memory(low, high) if parse is parse_memory else _in_unit_of(str(spec.to), parse), parse
    raise fault(_why_unread(written))


def _why_unread(written: tuple[object, object]) -> str:
    """Return what is wrong with ends that are no quantities of one kind."""
    for parse in (parse_clock, *_PARSERS):
        for one, other in (written, written[::-1]):
            if _read(parse, (one,)):
                try:
                    parse(other)
                except UnitError as error:
                    return f"has ends that do not go together: {error}"
    return (
        f"has the ends '{written[0]}' and '{written[1]}', which are no quantities; "
        "write numbers with a unit such as 4 GiB, 1 Gbit/s, 30 s or 20 %, plain numbers or clock times, or a list of values"
    )


def _read(parse: Callable[[object], float], texts: Sequence[object]) -> tuple[float, ...]:
    """Return the numbers that texts stand for; nothing when one of them is none."""
    try:
        return tuple(float(parse(text)) for text in texts)
    except UnitError:
        return ()


def _is_whole(path: Path) -> bool:
    """Tell whether a field takes whole numbers only."""
    annotation = field_at(path)
    return annotation is int or (int in get_args(annotation) and float not in get_args(annotation))


def _plain_number(step: object) -> float:
    if isinstance(step, str):
        raise UnitError(f"'{step}' has a unit and the ends have none; write a plain number")
    return float(step)  # type: ignore[arg-type]  # the schema lets only text and numbers through


def _whole(number: float) -> float:
    return round(number)


def _rounded(number: float) -> float:
    return float(plain(Fraction(number), DIGITS))


def _clock(number: float) -> str:
    return format_clock(round(number / 60.0) * 60 % DAY_S)


def _memory(low: float, high: float) -> Callable[[float], str]:
    """Return the writer of sizes in the coarsest grain that both ends are multiples of."""
    grain = next(grain for grain in _GRAINS if low % grain == 0 and high % grain == 0)
    return lambda number: format_memory(round(number / grain) * grain)


def _in_unit_of(text: str, parse: Callable[[object], float]) -> Callable[[float], str]:
    """Return the writer of quantities in the unit of a text."""
    unit = text.lstrip("0123456789. ")
    size = Fraction(parse(f"1 {unit}"))
    return lambda number: f"{plain(Fraction(number) / size, DIGITS)} {unit}"
