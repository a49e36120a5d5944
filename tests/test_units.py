"""Text becomes a number once, without a guess, and the number becomes the same text's meaning again."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import units
from sim.units import (
    UnitError,
    format_clock,
    format_distance,
    format_frequency,
    format_memory,
    format_rate,
    format_share,
    format_time,
    parse_clock,
    parse_distance,
    parse_frequency,
    parse_memory,
    parse_rate,
    parse_share,
    parse_size_or_share,
    parse_time,
    show_memory,
    show_rate,
    show_time,
)

Parser = Callable[[object], object]
PARSERS: tuple[Parser, ...] = (
    parse_memory,
    parse_rate,
    parse_time,
    parse_share,
    parse_frequency,
    parse_distance,
    parse_clock,
    parse_size_or_share,
)
FLOATS = st.floats(min_value=0, allow_nan=False, allow_infinity=False)


def message(parse: Parser, text: object) -> str:
    with pytest.raises(UnitError) as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parse_memory, "1 KiB", 1024),
        (parse_memory, "4096 MiB", 4 * 1024**3),
        (parse_memory, "16GiB", 16 * 1024**3),
        (parse_memory, "1.5 TiB", 3 * 2**39),
        (parse_memory, "0 MiB", 0),
        (parse_rate, "8 bit/s", 1.0),
        (parse_rate, "8 kbit/s", 1e3),
        (parse_rate, "200 Mbit/s", 25e6),
        (parse_rate, "10 Gbit/s", 1.25e9),
        (parse_rate, "1 kB/s", 1e3),
        (parse_rate, "400 MB/s", 400e6),
        (parse_rate, "1.25GB/s", 1.25e9),
        (parse_rate, "1 KiB/s", 1024.0),
        (parse_rate, "400 MiB/s", 400.0 * 1024**2),
        (parse_rate, "2 GiB/s", 2.0 * 1024**3),
        (parse_time, "5 ns", 5e-9),
        (parse_time, "5 us", 5e-6),
        (parse_time, "300 ms", 0.3),
        (parse_time, "14.2 s", 14.2),
        (parse_time, "90 min", 5400.0),
        (parse_time, "1.5 h", 5400.0),
        (parse_share, "80 %", 0.8),
        (parse_share, "0%", 0.0),
        (parse_share, "100 %", 1.0),
        (parse_frequency, "2 /s", 2.0),
        (parse_frequency, "30/min", 0.5),
        (parse_frequency, "7200 /h", 2.0),
        (parse_distance, "250 m", 250.0),
        (parse_distance, "3 km", 3000.0),
        (parse_clock, "00:00", 0),
        (parse_clock, "22:00", 79_200),
        (parse_clock, "23:59:59", 86_399),
        (parse_size_or_share, "80 %", ("share", 0.8)),
        (parse_size_or_share, "2 MiB", ("bytes", 2.0 * 1024**2)),
    ],
)
def test_reads(parse: Parser, text: str, value: object) -> None:
    assert value == parse(text)


def test_a_decimal_is_read_without_intermediate_rounding() -> None:
    """The float nearest to the text, as Python reads the literal; multiplying by 1e-3 would give another one for some of these."""
    texts = [f"{tenths / 10}" for tenths in range(1, 100)]
    assert any(float(text) * 1e-3 != float(f"{text}e-3") for text in texts)
    assert [float(f"{text}e-3") for text in texts] == [parse_time(f"{text} ms") for text in texts]


def test_fractions_of_a_byte_are_rounded_to_the_nearest() -> None:
    assert parse_memory("2.3 MiB") == 2_411_725  # 2.3 * 1048576 = 2411724.8


@pytest.mark.parametrize(
    ("parse", "text", "parts"),
    [
        (parse_memory, "16 Gb", ["ambiguous", "16 Gbit", "16 GB", "write '16 GiB'"]),
        (parse_memory, "16G", ["ambiguous", "16 Gbit", "16 GB", "write '16 GiB'"]),
        (parse_memory, "4096 MB", ["decimal", 'VM2000\'s "4096 MB" means 4096 MiB', "write '4096 MiB'"]),
        (parse_memory, "16 GB", ["decimal", "write '16 GiB'"]),
        (parse_memory, "16 gib", ["case", "write '16 GiB'"]),
        (parse_rate, "10 Gb/s", ["ambiguous", "'10 Gbit/s' (= 1.25 GB/s)", "'10 GB/s'"]),
        (parse_rate, "10 Gbps", ["ambiguous", "'10 Gbit/s' (= 1.25 GB/s)", "'10 GB/s'"]),
        (parse_rate, "5 KB/s", ["ambiguous", "'5 kB/s'", "'5 KiB/s'"]),
        (parse_rate, "5 gbit/s", ["case", "write '5 Gbit/s'"]),
        (parse_rate, "5 MB", ["ambiguous", "'5 Mbit/s'", "'5 MB/s'"]),
        (parse_time, "1:30", ["ambiguous", "'90 s' for 1 min 30 s", "'90 min' for 1 h 30 min", "clock time"]),
        (parse_time, "01:30:05", ["'5405 s' for 1 h 30 min 5 s", "clock time"]),
        (parse_time, "5 m", ["ambiguous", "'5 min'", "'5 ms'"]),
        (parse_time, "5 \u00b5s", ["write '5 us'"]),
        (parse_time, "5 sec", ["write '5 s'"]),
        (parse_share, "0.8", ["no unit", "'80 %'"]),
        (parse_share, "80", ["no unit", "'80 %'"]),
        (parse_share, "1", ["no unit", "'100 %' or '1 %'"]),
        (parse_share, "120", ["no unit", "such as '80 %'"]),
        (parse_share, "100.5 %", ["more than everything", "'100 %'"]),
        (parse_frequency, "2 Hz", ["write '2 /s'"]),
        (parse_distance, "3 KM", ["case", "write '3 km'"]),
        (parse_clock, "24:00", ["not a clock time", 'write "00:00"']),
        (parse_clock, "7:30", ["not a clock time", '"07:30"']),
        (parse_clock, "22:60", ["not a clock time", '"23:59:59"']),
        (parse_clock, "24:30", ["not a clock time", '"23:59:59"']),
        (parse_clock, "22:00:60", ["not a clock time", '"23:59:59"']),
        (parse_clock, "25:00", ["not a clock time", '"23:59:59"']),
        (parse_clock, "22.00", ["not a clock time", '"22:00"']),
        (parse_size_or_share, "4", ["no unit", "GiB", "%"]),
        (parse_size_or_share, "4 GB", ["decimal", "write '4 GiB'"]),
    ],
)
def test_says_what_was_found_and_what_to_write(parse: Parser, text: str, parts: list[str]) -> None:
    found = message(parse, text)
    assert found.startswith(repr(text))
    assert all(part in found for part in parts), found


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("1,5 GiB", "'1.5 GiB'"),
        ("1,000 GiB", "'1.000 GiB' or '1000 GiB'"),
        ("1,000,000 KiB", "'1000000 KiB'"),
        ("1_000 MiB", "'1000 MiB'"),
        ("1 000 MiB", "'1000 MiB'"),
        ("1'000 MiB", "'1000 MiB'"),
        ("16  GiB", "'16 GiB'"),
        ("16\u00a0GiB", "'16 GiB'"),
        (" 16 GiB", "'16 GiB'"),
        ("16 GiB\n", "'16 GiB'"),
        ("+16 GiB", "'16 GiB'"),
        (".5 GiB", "'0.5 GiB'"),
        ("5. GiB", "'5 GiB'"),
        ("1e3 MiB", "'1000 MiB'"),
    ],
)
def test_a_slip_in_the_number_is_put_right(text: str, remedy: str) -> None:
    assert message(parse_memory, text).endswith(f"; write {remedy}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "GiB",
        "abc",
        "-5 GiB",
        "-0 GiB",
        "inf GiB",
        "nan",
        ".inf",
        "1e GiB",
        "1e3",
        "0x10 GiB",
        "1.2.3 GiB",
        "\u0661 GiB",
        "5 GiB 3",
        "1e999999999 GiB",
    ],
)
def test_what_is_no_size_names_every_unit(text: str) -> None:
    assert "KiB, MiB, GiB or TiB, such as '16 GiB'" in message(parse_memory, text)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("value", [16, 0, 0.8, 200, True, None, -1, math.inf, math.nan, ["16 GiB"], {"a": 1}, "9" * 2000 + " GiB"])
def test_what_yaml_can_give_instead_of_text_is_a_unit_error(parse: Parser, value: object) -> None:
    assert "write" in message(parse, value)


@pytest.mark.parametrize("parse", PARSERS)
@given(text=st.text(alphabet="0123456789.,_-+:eE %/kKMGTibBs\u00b5\u0661\n'", max_size=12))
def test_no_text_raises_anything_but_a_unit_error(parse: Parser, text: str) -> None:
    """Whatever is refused is quoted and gets a remedy; whatever is accepted is a number that can be."""
    try:
        value: object = parse(text)
    except UnitError as refused:
        value = refused
    if isinstance(value, UnitError):
        assert str(value).startswith(repr(text))
        assert "; write " in str(value)
    else:
        number = value[1] if isinstance(value, tuple) else value
        assert isinstance(number, int | float)
        assert 0 <= number < math.inf


def test_a_truth_value_is_no_number_without_a_unit() -> None:
    assert message(parse_memory, True).startswith("True is not a memory size; ")


def test_a_number_beyond_the_largest_float_is_refused() -> None:
    assert "too large" in message(parse_time, "9" * 400 + " s")


@given(st.integers(min_value=0, max_value=2**70))
def test_memory_comes_back(size_bytes: int) -> None:
    assert size_bytes == parse_memory(format_memory(size_bytes))


@pytest.mark.parametrize(
    ("write", "parse"),
    [(format_rate, parse_rate), (format_time, parse_time), (format_frequency, parse_frequency), (format_distance, parse_distance)],
)
@given(number=FLOATS | st.integers(min_value=0, max_value=2**53).map(float))
def test_numbers_come_back_bit_for_bit(write: Callable[[float], str], parse: Callable[[object], float], number: float) -> None:
    assert number == parse(write(number))


@given(st.floats(min_value=0, max_value=1))
def test_shares_come_back_bit_for_bit(share: float) -> None:
    assert share == parse_share(format_share(share))


@given(st.integers(min_value=0, max_value=86_399))
def test_clock_times_come_back(second_of_day: int) -> None:
    assert second_of_day == parse_clock(format_clock(second_of_day))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (format_memory(0), "0 KiB"),
        (format_memory(4096 * 1024**2), "4 GiB"),
        (format_memory(1500 * 1024**2), "1500 MiB"),
        (format_memory(3 * 2**29), "1.5 GiB"),
        (format_rate(0.0), "0 bit/s"),
        (format_rate(1.25e9), "10 Gbit/s"),
        (format_rate(25e6), "200 Mbit/s"),
        (format_time(0.0), "0 s"),
        (format_time(1e-6), "1 us"),
        (format_time(0.3), "300 ms"),
        (format_time(14.2), "14.2 s"),
        (format_time(90.0), "90 s"),
        (format_time(5400.0), "90 min"),
        (format_time(7200), "2 h"),
        (format_share(0.8), "80 %"),
        (format_share(0.999), "99.9 %"),
        (format_frequency(2.0), "2 /s"),
        (format_frequency(0.5), "30 /min"),
        (format_distance(3000.0), "3 km"),
        (format_clock(79_200), "22:00"),
        (format_clock(79_230), "22:00:30"),
    ],
)
def test_writes_what_a_planner_would_write(text: str, expected: str) -> None:
    assert expected == text


@pytest.mark.parametrize(
    "write", [format_memory, format_rate, format_time, format_share, format_frequency, format_distance, show_memory, show_rate]
)
@pytest.mark.parametrize("number", [-1.0, math.nan, math.inf])
def test_what_no_text_can_say_is_not_written(write: Callable[[float], str], number: float) -> None:
    with pytest.raises(ValueError, match=r"is not|cannot be shown"):
        write(number)


@pytest.mark.parametrize(
    ("write", "number"), [(format_memory, 0.5), (format_share, 1.5), (format_clock, 86_400), (format_clock, -1), (format_clock, 0.5)]
)
def test_a_number_outside_its_dimension_is_not_written(write: Callable[[float], str], number: float) -> None:
    with pytest.raises(ValueError, match=str(number)):
        write(number)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (show_memory(263.4 * 1024**2), "263 MiB"),
        (show_memory(512), "512 bytes"),
        (show_memory(1015 * 1024**2), "1015 MiB"),
        (show_memory(1023.9 * 1024**2), "1 GiB"),
        (show_memory(4 * 1024**3), "4 GiB"),
        (show_rate(1.25e9), "1.25 GB/s"),
        (show_rate(118_437_000), "118 MB/s"),
        (show_rate(0), "0 B/s"),
        (show_time(0), "0 s"),
        (show_time(0.01234), "12.3 ms"),
        (show_time(14.2049), "14.2 s"),
        (show_time(59.94), "59.9 s"),
        (show_time(59.96), "1 min 00 s"),
        (show_time(200), "3 min 20 s"),
        (show_time(3599.4), "59 min 59 s"),
        (show_time(3599.6), "1 h 00 min"),
        (show_time(3900), "1 h 05 min"),
        (show_time(100 * 3600), "100 h 00 min"),
        (show_time(math.inf), "never"),
    ],
)
def test_shows_three_digits_to_people(text: str, expected: str) -> None:
    assert expected == text


def test_the_public_names_are_the_ones_that_are_there() -> None:
    own = {name for name in vars(units) if name.split("_")[0] in {"parse", "format", "show"}}
    assert sorted(own | {"DAY_S", "UnitError"}) == units.__all__
