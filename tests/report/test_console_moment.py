"""Where a jump leads, in a night whose window is from 22:00 to 02:00."""

from __future__ import annotations

import pytest

from sim.errors import UsageError
from sim.report.console.moment import moment
from sim.units import DAY_S

HOUR_S = 3600.0
BEGIN, SURE_UNTIL_S = 22 * 3600, DAY_S + 2 * HOUR_S


def in_the_night(clock: int) -> float:
    return float(clock if clock >= BEGIN else clock + DAY_S)


def led(text: str, now_s: float, sure_until_s: float = SURE_UNTIL_S) -> float:
    return moment(text, now_s, in_the_night, sure_until_s)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("30 min", 22.6),
        ("22:30", 22.5),
        ("01:00", 25.0),  # in the window
        ("02:00", 26.0),  # its end
        ("+1 21:00", 45.0),
        ("+1  02:00", 26.0),
        ("+2 00:00", 48.0),
    ],
)
def test_a_jump_leads_to_its_time(text: str, hours: float) -> None:
    assert led(text, 22.1 * HOUR_S) == pytest.approx(hours * HOUR_S, abs=1e-6)  # 22.1 h are no whole float


@pytest.mark.parametrize("text", ["21:00", "02:01", "21:59:59"])
def test_a_time_of_day_that_has_gone_by_is_no_time_of_the_next_day(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        led(text, 22.1 * HOUR_S)
    assert str(refused.value) == f"{text} has gone by, it is 22:06:00; for {text} of the next day write .skip +1 {text}"


def test_where_every_next_day_is_doubtful_it_is_written() -> None:
    with pytest.raises(UsageError, match=r"write \.skip \+1 00:30$"):
        led("00:30", 22.1 * HOUR_S, sure_until_s=0.0)


def test_behind_midnight_the_times_of_the_new_day_are_meant() -> None:
    assert led("03:00", DAY_S + HOUR_S) == DAY_S + 3 * HOUR_S


@pytest.mark.parametrize(
    ("text", "now_s", "written"),
    [
        ("22:00", 22.5 * HOUR_S, "+1 22:00"),
        ("00:30", DAY_S + HOUR_S, "+2 00:30"),
        ("23:00", DAY_S + HOUR_S, "+1 23:00"),  # that of the first day is over, that of the second is to come
        ("+1 00:30", DAY_S + HOUR_S, "+2 00:30"),
    ],
)
def test_time_does_not_run_back(text: str, now_s: float, written: str) -> None:
    with pytest.raises(UsageError, match="time does not run back") as refused:
        led(text, now_s)
    assert str(refused.value).endswith(f"write a later time such as {written}")
