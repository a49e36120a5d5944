"""The kinds of value a scenario field can hold: text with a unit in the file, a plain number after validation."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from sim import units
from sim.scenario.problems import nearest

VM_NAME = re.compile(r"[A-Z0-9#@$-]{1,8}")
STEEPEST = 5  # exponent of a Zipf law: 96 % of the writes go to one page there, and its sums are good to 1e-5 up to there
QUOTAS = (0.01, 99.99)  # VM2000 User Guide: MODIFY-VM-ATTRIBUTES, CPU-QUOTA
_NAME = re.compile(r"[A-Za-z0-9#@$_-]+")
_MNEMONIC = re.compile(r"[A-Z0-9#@$]{2}(?:[A-Z0-9#@$]{2})?")


def is_name(text: str) -> bool:
    """Tell whether a text can name a network, a cluster, an SU, a load or a step."""
    return _NAME.fullmatch(text) is not None


def fault(text: str, *keys: str) -> PydanticCustomError:
    """Return a validation error in our own words.

    Args:
        text: what was found and what to write.
        keys: of the entry, where it is about some of them: a command-line option that wrote one of them is to blame.
    """
    return PydanticCustomError("scenario", "{text}", {"text": text, "keys": keys})


class Entry(BaseModel):
    """What all parts of a scenario share: no unknown keys, no silent conversions, no change after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration as it is written: a constant or a lognormal distribution.

    Args:
        median: median, or the constant, seconds.
        cv: coefficient of variation (standard deviation over mean), or None.
        p95: 95 % quantile, seconds, or None.
    """

    median: float
    cv: float | None = None
    p95: float | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """A size, absolute or as a share of the VM's memory; exactly one of the two is given.

    Args:
        size_bytes: bytes, or None.
        share: share of the memory, or None.
    """

    size_bytes: float | None = None
    share: float | None = None

    def of(self, memory_bytes: float) -> float:
        """Return the bytes of a VM of this memory."""
        return self.size_bytes if self.size_bytes is not None else (self.share or 0.0) * memory_bytes


def _above_0(reader: Callable[[object], float]) -> Callable[[object], float]:
    def read(value: object) -> float:
        number = reader(value)
        if not number > 0:
            raise fault(f"{value!r} is too small; write a value above 0")
        return number

    return read


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise fault(f"{_shown(value)} is not a number; write a plain number such as 3 or 0.5")
    if not 0 <= value < float("inf"):
        raise fault(f"{value} is outside the range; write a number of 0 or more")
    return float(value)


def _quota(value: object) -> float:
    low, high = QUOTAS
    if isinstance(value, int | float) and not isinstance(value, bool) and not low <= value <= high:
        raise fault(f"{value:g} is outside the range; write a number from {low} to {high}, as CPU-QUOTA takes it")
    return _number(value)


def _theta(value: object) -> float:
    number = _number(value)
    if number > STEEPEST:
        raise fault(f"{number:g} is outside the range; write a number from 0 (uniform) to {STEEPEST}; 0.99 is usual")
    return number


def whole(low: int, high: int) -> BeforeValidator:
    """Return the reader of a whole number in a range, both ends included."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise fault(f"{_shown(value)} is not a whole number; write one from {low} to {high}")
        if not low <= value <= high:
            raise fault(f"{value} is outside the range; write a whole number from {low} to {high}")
        return value

    return BeforeValidator(read)


def one_of(*choices: str) -> BeforeValidator:
    """Return the reader of a word out of a closed list."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            hit = nearest(value, choices) if isinstance(value, str) else None
            raise fault(f"{_shown(value)} is unknown; " + (f"did you mean '{hit}'?" if hit else f"write {' or '.join(choices)}"))
        return value

    return BeforeValidator(read)


def _size(value: object) -> Size:
    kind, number = units.parse_size_or_share(value)
    if not number > 0:
        raise fault(f"{value!r} is too small; write a size above 0")
    return Size(size_bytes=number) if kind == "bytes" else Size(share=number)


def _duration(value: object) -> Duration:
    if not isinstance(value, Mapping):
        return Duration(units.parse_time(value))
    if set(value) not in ({"median", "cv"}, {"median", "p95"}):
        found = ", ".join(map(str, value)) or "nothing"
        raise fault(f"has the keys {found}; write {{median: 1 s, cv: 20 %}}, {{median: 1 s, p95: 2 s}} or a time such as '1 s'")
    median = units.parse_time(value["median"])
    if "cv" in value:
        return Duration(median, cv=units.parse_share(value["cv"]))
    p95 = units.parse_time(value["p95"])
    if p95 < median or median == 0:
        raise fault(f"p95 '{value['p95']}' and median '{value['median']}' fit no lognormal; write a median above 0 and a p95 not below it")
    return Duration(median, p95=p95)


def _unquoted(value: object, wanted: str) -> PydanticCustomError:
    kind = _kind(value)
    if isinstance(value, list | Mapping):
        return fault(f"{kind} stands where {wanted} has to; write one word or text")
    return PydanticCustomError("unquoted", "{text}", {"text": f"YAML reads this as {kind} where {wanted} has to stand"})


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise _unquoted(value, "a name")
    if not _NAME.fullmatch(value):
        raise fault(f"{value!r} is no name; write letters, digits and _ - # @ $ without blanks")
    return value


def name_or(word: str) -> BeforeValidator:
    """Return the reader of a name, or of one word such as *STDPOOL."""

    def read(value: object) -> str:
        if value == word or (isinstance(value, str) and _NAME.fullmatch(value)):
            return str(value)
        if isinstance(value, str):
            raise fault(f"{value!r} is no name; write letters, digits and _ - # @ $ without blanks, or {word}")
        raise _unquoted(value, "a name")

    return BeforeValidator(read)


def _mnemonic(value: object) -> str:
    if not isinstance(value, str):
        raise _unquoted(value, "a device mnemonic")
    if not _MNEMONIC.fullmatch(value):
        raise fault(f"{value!r} is no device mnemonic; write two or four characters of A-Z 0-9 # @ $ such as 5003")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _unquoted(value, "text")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise fault(f"{_shown(value)} is neither true nor false; write one of the two without quotes")
    return value


def _date(value: object) -> str:
    try:
        return dt.date.fromisoformat(_text(value)).isoformat()
    except ValueError:
        raise fault(f"{value!r} is no date; write year, month and day such as 2026-11-28") from None


def _kind(value: object) -> str:
    kinds = ((bool, "true or false"), (int | float, "a number"), (list, "a list"), (Mapping, "a mapping"))
    return next((words for kind, words in kinds if isinstance(value, kind)), "a value")


def _shown(value: object) -> str:
    if isinstance(value, list | Mapping):
        return _kind(value)
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _schema(description: str, *examples: object, kind: str = "string") -> WithJsonSchema:
    return WithJsonSchema({"type": kind, "description": description, "examples": list(examples)})


_DURATION_SCHEMA = WithJsonSchema(
    {
        "description": "a time, or a lognormal distribution by median and cv or by median and p95",
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "properties": {"median": {"type": "string"}, "cv": {"type": "string"}, "p95": {"type": "string"}},
                "required": ["median"],
                "additionalProperties": False,
            },
        ],
        "examples": ["1 s", {"median": "1 s", "cv": "20 %"}],
    }
)

TupleReader = BeforeValidator(_as_tuple)


def _written(writer: Callable[[Any], object]) -> PlainSerializer:
    """Return the serializer that writes a number as the text that was read; None stays None."""
    return PlainSerializer(lambda value: None if value is None else writer(value), when_used="json")


def _write_size(size: Size) -> str:
    return units.format_memory(size.size_bytes) if size.size_bytes is not None else units.format_share(size.share or 0.0)


def _write_duration(duration: Duration) -> str | dict[str, str]:
    median = units.format_time(duration.median)
    if duration.cv is not None:
        return {"median": median, "cv": units.format_share(duration.cv)}
    if duration.p95 is not None:
        return {"median": median, "p95": units.format_time(duration.p95)}
    return median


Memory: TypeAlias = Annotated[
    int,
    BeforeValidator(_above_0(units.parse_memory)),
    _schema("a memory size in KiB, MiB, GiB or TiB", "4096 MiB", "16 GiB"),
    _written(units.format_memory),
]
MemoryOr0: TypeAlias = Annotated[
    int, BeforeValidator(units.parse_memory), _schema("a memory size, 0 allowed", "16 MiB"), _written(units.format_memory)
]
Rate: TypeAlias = Annotated[
    float,
    BeforeValidator(_above_0(units.parse_rate)),
    _schema("a rate; Mbit/s, Gbit/s, MB/s decimal, MiB/s binary", "10 Gbit/s", "280 MB/s"),
    _written(units.format_rate),
]
RateOr0: TypeAlias = Annotated[
    float, BeforeValidator(units.parse_rate), _schema("a rate, 0 allowed", "200 Mbit/s"), _written(units.format_rate)
]
Time: TypeAlias = Annotated[
    float, BeforeValidator(units.parse_time), _schema("a duration in ns, us, ms, s, min or h", "1 ms", "5 min"), _written(units.format_time)
]
TimeAbove0: TypeAlias = Annotated[
    float, BeforeValidator(_above_0(units.parse_time)), _schema("a duration above 0", "30 s"), _written(units.format_time)
]
Clock: TypeAlias = Annotated[
    int, BeforeValidator(units.parse_clock), _schema("a clock time in quotes, hh:mm or hh:mm:ss", "22:00"), _written(units.format_clock)
]
Share: TypeAlias = Annotated[
    float, BeforeValidator(units.parse_share), _schema("a share from 0 % to 100 %", "20 %"), _written(units.format_share)
]
ShareAbove0: TypeAlias = Annotated[
    float, BeforeValidator(_above_0(units.parse_share)), _schema("a share above 0 %, up to 100 %", "80 %"), _written(units.format_share)
]
Distance: TypeAlias = Annotated[
    float, BeforeValidator(units.parse_distance), _schema("a distance in m or km", "3 km"), _written(units.format_distance)
]
SizeOrShare: TypeAlias = Annotated[
    Size, BeforeValidator(_size), _schema("a memory size, or a share of the VM's memory", "2 GiB", "25 %"), _written(_write_size)
]
Lognormal: TypeAlias = Annotated[Duration, BeforeValidator(_duration), _DURATION_SCHEMA, _written(_write_duration)]
Name: TypeAlias = Annotated[str, BeforeValidator(_name), _schema("a name: letters, digits and _ - # @ $", "ABGSE501")]
Mnemonic: TypeAlias = Annotated[str, BeforeValidator(_mnemonic), _schema("a device mnemonic in quotes", "5003")]
Text: TypeAlias = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": "string"})]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Date: TypeAlias = Annotated[str, BeforeValidator(_date), _schema("a date, year-month-day", "2026-11-28")]
Number: TypeAlias = Annotated[float, BeforeValidator(_number), WithJsonSchema({"type": "number", "minimum": 0})]
NumberAbove0: TypeAlias = Annotated[float, BeforeValidator(_above_0(_number)), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]
Quota: TypeAlias = Annotated[float, BeforeValidator(_quota), WithJsonSchema({"type": "number", "minimum": QUOTAS[0], "maximum": QUOTAS[1]})]
Theta: TypeAlias = Annotated[float, BeforeValidator(_theta), WithJsonSchema({"type": "number", "minimum": 0, "maximum": STEEPEST})]
Frequency: TypeAlias = Annotated[
    float,
    BeforeValidator(lambda value: units.parse_frequency(value) if isinstance(value, str) else _number(value)),
    WithJsonSchema(
        {"type": ["number", "string"], "description": "a number per second; or text such as 30 /min", "examples": [2, "30 /min"]}
    ),
]
