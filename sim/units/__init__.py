"""Turn what a planner writes, such as "16 GiB" or "300 ms", into numbers and back.

Inside the program every dimension has one unit: seconds, bytes, bytes per second, per second, metres, shares of 1.
The units are a closed, case-sensitive set. Text that can be read in two ways is an error that lists the readings.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import lru_cache

from sim.units.quantity import (
    Dimension,
    UnitError,
    bare_number,
    either,
    found,
    plain,
    read_exact,
    read_float,
    write_rounded,
    write_shortest,
)

__all__ = [
    "DAY_S",
    "UnitError",
    "format_clock",
    "format_distance",
    "format_frequency",
    "format_memory",
    "format_rate",
    "format_share",
    "format_time",
    "parse_clock",
    "parse_distance",
    "parse_frequency",
    "parse_memory",
    "parse_rate",
    "parse_share",
    "parse_size_or_share",
    "parse_time",
    "show_memory",
    "show_rate",
    "show_time",
]

DAY_S = 86_400  # seconds of a day
_KEPT = 1 << 14  # texts of numbers: a sweep shows the same few hundred for each of its points

_OTHER_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kKmMgGtT])([bB]|[bB]its?|i[bB]its?)?")
_COLONS = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")

_MEMORY = Dimension("a memory size", {f"{letter}iB": Fraction(1024**power) for power, letter in enumerate("KMGT", start=1)}, "16 GiB")
_RATE = Dimension(
    "a rate",
    {"bit/s": Fraction(1, 8)}
    | {f"{letter}bit/s": Fraction(1000**power, 8) for power, letter in enumerate("kMG", start=1)}
    | {f"{letter}B/s": Fraction(1000**power) for power, letter in enumerate("kMG", start=1)}
    | {f"{letter}iB/s": Fraction(1024**power) for power, letter in enumerate("KMG", start=1)},
    "10 Gbit/s",
    {"bps": ("bit/s",), "KB/s": ("kB/s", "KiB/s")}
    | {letter.lower() + end: (f"{letter}bit/s", f"{letter}B/s") for letter in "kMG" for end in ("b/s", "bps", "b", "")}
    | {letter + "Bps": (f"{letter}B/s",) for letter in "kMG"}
    | {letter + "B": (f"{letter}bit/s", f"{letter}B/s") for letter in "kMG"}
    | {letter.lower() + end: (f"{letter}bit/s",) for letter in "kMG" for end in ("bit", "bits", "bits/s")},
)
_TIME = Dimension(
    "a time",
    {
        "ns": Fraction(1, 10**9),
        "us": Fraction(1, 10**6),
        "ms": Fraction(1, 10**3),
        "s": Fraction(1),
        "min": Fraction(60),
        "h": Fraction(3600),
    },
    "300 ms",
    {"m": ("min", "ms"), "\u00b5s": ("us",), "\u03bcs": ("us",)}
    | dict.fromkeys(("msec", "millisecond", "milliseconds"), ("ms",))
    | dict.fromkeys(("sec", "secs", "second", "seconds"), ("s",))
    | dict.fromkeys(("mins", "minute", "minutes"), ("min",))
    | dict.fromkeys(("hr", "hrs", "hour", "hours"), ("h",)),
)
_SHARE = Dimension("a share", {"%": Fraction(1, 100)}, "80 %", dict.fromkeys(("percent", "per cent", "pct"), ("%",)))
_FREQUENCY = Dimension(
    "a frequency",
    {"/h": Fraction(1, 3600), "/min": Fraction(1, 60), "/s": Fraction(1)},
    "2 /s",
    dict.fromkeys(("hz", "/sec", "/second", "per s", "per second", "/ s"), ("/s",))
    | dict.fromkeys(("/m", "/minute", "per min", "per minute", "/ min"), ("/min",))
    | dict.fromkeys(("/hr", "/hour", "per h", "per hour", "/ h"), ("/h",)),
)
_DISTANCE = Dimension("a distance", {"m": Fraction(1), "km": Fraction(1000)}, "3 km")


def parse_memory(text: object) -> int:
    """Return a memory size such as "16 GiB" in bytes, a fraction of a byte rounded to the nearest.

    Raises:
        UnitError: no KiB, MiB, GiB or TiB; a decimal size is refused, since VM2000 prints MB and means MiB.
    """
    _refuse_other_sizes(text)
    return round(read_exact(text, _MEMORY))


def parse_rate(text: object) -> float:
    """Return a rate such as "10 Gbit/s" or "400 MB/s" (both decimal) or "400 MiB/s" (binary) in bytes per second.

    Raises:
        UnitError: another unit; "10 Gb/s" can mean bits or bytes.
    """
    return read_float(text, _RATE)


def parse_time(text: object) -> float:
    """Return a duration such as "300 ms" in seconds.

    Raises:
        UnitError: none of ns, us, ms, s, min, h; "1:30" has three readings.
    """
    _refuse_colons(text)
    return read_float(text, _TIME)


def parse_share(text: object) -> float:
    """Return a share such as "80 %" as a number from 0 to 1.

    Raises:
        UnitError: no %, or outside 0 % to 100 %.
    """
    if (number := bare_number(text)) is not None and number <= 100:
        readings = (number * 100, number) if number <= 1 else (number,)
        choices = either(f"'{plain(reading)} %'" for reading in readings)
        raise UnitError(f"{found(text)} has no unit; write {choices}")
    share = read_exact(text, _SHARE)
    if share > 1:
        raise UnitError(f"{found(text)} is more than everything; write a share from '0 %' to '100 %'")
    return float(share)


def parse_frequency(text: object) -> float:
    """Return a frequency such as "2 /s" or "30 /min" per second.

    Raises:
        UnitError: none of /s, /min, /h.
    """
    return read_float(text, _FREQUENCY)


def parse_distance(text: object) -> float:
    """Return a distance such as "3 km" in metres.

    Raises:
        UnitError: neither m nor km.
    """
    return read_float(text, _DISTANCE)


def parse_clock(text: object) -> int:
    """Return a time of day, hh:mm or hh:mm:ss, in seconds since midnight.

    Raises:
        UnitError: another form, or no time between 00:00 and 23:59:59.
    """
    clock = _COLONS.fullmatch(text) if isinstance(text, str) else None
    if clock is None:
        raise UnitError(f'{found(text)} is not a clock time; write hours and minutes in quotes, for example "22:00" or "22:00:30"')
    hours, minutes, seconds = (int(part or 0) for part in clock.groups())
    if (hours, minutes, seconds) == (24, 0, 0):
        raise UnitError(f'{found(text)} is not a clock time; write "00:00"')
    if hours > 23 or minutes > 59 or seconds > 59:
        raise UnitError(f'{found(text)} is not a clock time; write one from "00:00" to "23:59:59"')
    if len(clock[1]) < 2:
        raise UnitError(f'{found(text)} is not a clock time; write two digits for the hour, "0{text}"')
    return hours * 3600 + minutes * 60 + seconds


def parse_size_or_share(text: object) -> tuple[str, float]:
    """Return ("bytes", n) for a memory size and ("share", x) for a share from 0 to 1.

    Raises:
        UnitError: neither of the two.
    """
    if bare_number(text) is not None:
        raise UnitError(f"{found(text)} has no unit; write a size with {_MEMORY.allowed}, such as '4 GiB', or a share such as '80 %'")
    if isinstance(text, str) and text.endswith("%"):
        return "share", parse_share(text)
    return "bytes", float(parse_memory(text))


def format_memory(size_bytes: float) -> str:
    """Return the text that `parse_memory` reads as exactly this number of bytes."""
    if not math.isfinite(size_bytes) or size_bytes != int(size_bytes):
        raise ValueError(f"{size_bytes!r} is not a whole number of bytes")
    return write_shortest(size_bytes, _MEMORY, whole=True)


def format_rate(rate_Bps: float) -> str:
    """Return the text that `parse_rate` reads as exactly this number of bytes per second."""
    return write_shortest(rate_Bps, _RATE)


def format_time(time_s: float) -> str:
    """Return the text that `parse_time` reads as exactly this number of seconds."""
    return write_shortest(time_s, _TIME)


def format_share(share: float) -> str:
    """Return the text that `parse_share` reads as exactly this share, 0 to 1."""
    if share > 1:
        raise ValueError(f"{share!r} is not a share from 0 to 1")
    return write_shortest(share, _SHARE)


def format_frequency(per_s: float) -> str:
    """Return the text that `parse_frequency` reads as exactly this number per second."""
    return write_shortest(per_s, _FREQUENCY)


def format_distance(distance_m: float) -> str:
    """Return the text that `parse_distance` reads as exactly this number of metres."""
    return write_shortest(distance_m, _DISTANCE)


def format_clock(second_of_day: int) -> str:
    """Return the clock time, hh:mm or with seconds hh:mm:ss, that `parse_clock` reads as this second of the day."""
    if not 0 <= second_of_day < DAY_S or second_of_day != int(second_of_day):
        raise ValueError(f"{second_of_day!r} is not a whole second from 0 to {DAY_S - 1}")
    minutes, seconds = divmod(int(second_of_day), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


@lru_cache(_KEPT)
def show_memory(size_bytes: float) -> str:
    """Return a size for people, three significant digits: "263 MiB"."""
    return write_rounded(size_bytes, {"bytes": Fraction(1), **_MEMORY.units})


@lru_cache(_KEPT)
def show_rate(rate_Bps: float) -> str:
    """Return a rate for people in decimal bytes, three significant digits: "1.25 GB/s"."""
    return write_rounded(rate_Bps, {"B/s": Fraction(1)} | {unit: _RATE.units[unit] for unit in ("kB/s", "MB/s", "GB/s")})


def show_time(time_s: float) -> str:
    """Return a duration for people: "14.2 s", "3 min 20 s", "1 h 05 min"; an infinite one is "never"."""
    if time_s == math.inf:
        return "never"
    if time_s < 59.95:
        return write_rounded(time_s, {unit: _TIME.units[unit] for unit in ("ns", "us", "ms", "s")}) if time_s else "0 s"
    if time_s < 3599.5:
        return f"{round(time_s) // 60} min {round(time_s) % 60:02} s"
    return f"{round(time_s / 60) // 60} h {round(time_s / 60) % 60:02} min"


def _refuse_other_sizes(text: object) -> None:
    """Raise for bits and for decimal sizes."""
    size = _OTHER_SIZE.fullmatch(text) if isinstance(text, str) else None
    if size is None:
        return
    number, letter, end = size[1], size[2].upper(), size[3] or ""
    if end == "B":
        product = f'; VM2000\'s "{number} {letter}B" means {number} {letter}iB' if letter == "M" else ""
        raise UnitError(f"{found(text)} is a decimal size, memory takes {_MEMORY.allowed}{product}; write '{number} {letter}iB'")
    readings = f"{number} {letter}bit, {number} {letter}B or {number} {letter}iB"
    raise UnitError(f"{found(text)} is ambiguous ({readings}), memory takes {_MEMORY.allowed}; write '{number} {letter}iB'")


def _refuse_colons(text: object) -> None:
    """Raise for a time with colons, which is two durations and a clock time."""
    colons = _COLONS.fullmatch(text) if isinstance(text, str) else None
    if colons is None:
        return
    first, second, third = (int(part or 0) for part in colons.groups())
    if colons[3] is None:
        readings = f"'{first * 60 + second} s' for {first} min {second} s or '{first * 60 + second} min' for {first} h {second} min"
    else:
        readings = f"'{first * 3600 + second * 60 + third} s' for {first} h {second} min {third} s"
    raise UnitError(f"{found(text)} is ambiguous; write {readings}; the clock time {colons[0]} is no duration")
