"""Where a jump leads: a duration, a time of day of this night, or one of a later day."""

from __future__ import annotations

import re
from collections.abc import Callable

from sim.errors import UsageError
from sim.report.console.screen import console_clock
from sim.units import DAY_S, UnitError, parse_clock, parse_time

FORMS = "a duration such as '5 min' or '30 s', a time of day such as '22:30', or '+1 21:00' for one of the next day"
_LATER_DAY = re.compile(r"\+(\d+)\s+(\S+)")


def moment(text: str, now_s: float, seconds: Callable[[int], float], sure_until_s: float) -> float:
    """Return when a jump ends, seconds since 00:00 of the first day.

    A time of day belongs to the night of the scenario. One that has gone by is taken for the next day's only where nobody doubts it:
    whoever mistypes an hour otherwise loses the night.

    Args:
        text: what was typed.
        now_s: simulated time, seconds since 00:00 of the first day.
        seconds: simulated time of a time of day in the night of the scenario, seconds.
        sure_until_s: up to when nobody doubts that a time of day is one of the next day, as simulated time, seconds.

    Raises:
        UsageError: it is no time, or leads back, or leads to the next day without saying so.
    """
    later = _LATER_DAY.fullmatch(text)
    try:
        if later is not None:
            goal_s = float(int(later[1]) * DAY_S + parse_clock(later[2]))
        elif ":" in text:
            goal_s = _of_this_night(text, now_s, seconds(parse_clock(text)), sure_until_s)
        else:
            goal_s = now_s + parse_time(text)
    except UnitError as error:
        raise UsageError(f"{error}; .skip takes {FORMS}" if text else f"to when? .skip takes {FORMS}") from None
    if goal_s < now_s:
        raise UsageError(
            f"it is {console_clock(now_s)} already; time does not run back, write a later time such as {_next_day(text, now_s)}"
        )
    return goal_s


def _of_this_night(text: str, now_s: float, goal_s: float, sure_until_s: float) -> float:
    """Return when a time of day is.

    Raises:
        UsageError: it has gone by, and that the next day's is meant is doubtful.
    """
    if now_s < DAY_S <= goal_s and goal_s > sure_until_s:
        raise UsageError(
            f"{text} has gone by, it is {console_clock(now_s)}; for {text} of the next day write .skip {_next_day(text, now_s)}"
        )
    return goal_s


def _next_day(text: str, now_s: float) -> str:
    """Return how to write the same time of day behind now."""
    clock = text.rsplit(maxsplit=1)[-1]
    today = int(now_s) // DAY_S
    return f"+{today if today and today * DAY_S + parse_clock(clock) >= now_s else today + 1} {clock}"
