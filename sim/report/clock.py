"""Times of a simulation as clock times."""

from __future__ import annotations

DAY_TENTHS = 864_000


def clock(time_s: float) -> str:
    """Return "hh:mm:ss.t", with "+1 " before it on the next day; the consoles themselves show whole seconds."""
    days, tenths = divmod(round(time_s * 10), DAY_TENTHS)
    minutes, tenths_of_minute = divmod(tenths, 600)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}:{tenths_of_minute // 10:02d}.{tenths_of_minute % 10}"
    return f"+{days} {text}" if days else text
