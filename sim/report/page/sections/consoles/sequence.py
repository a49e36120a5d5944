"""The message sequence chart: who sees which message of a migration, and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from sim.report.layout import show_span
from sim.report.page.blocks import Cell, Table
from sim.report.page.drawing import FAINT, GROUND, INK, PALE, SERIES, SOFT, Drawing
from sim.results.message_times import Appearance, MessageTimes, wording
from sim.vm2000.catalogue import (
    ABORTED_ON_SOURCE,
    AFTER_SUSPEND,
    ATTACHED_AGAIN_ON_SOURCE,
    CHASE_LIMIT_PASSED,
    DEFINITION_NOT_CREATED,
    DISKS_NOT_OPERABLE,
    ETMDR01,
    FORCED_OFF,
    GUEST_LOST,
    HAL0331,
    HAL0332,
    LINK_LOST,
    MCS1002,
    MONITOR_STARVED,
    NO_ROOM_AT_SETUP,
    RESUMED_ON_SOURCE,
    ROLLED_BACK_ON_TARGET,
    SU_CRASHED,
    VMS2430,
    VMS2431,
    VMS2432,
    VMS2450,
    VMS2451,
    VMS2452,
    VMS3050,
    VMS4005,
    VMS4009,
    VMS4024,
    VMS6020,
    VMS6021,
    Recipient,
)

SUSPENDED, RESUMED = (VMS2452.id, HAL0331.id), (VMS2432.id, HAL0332.id)
HAND_OVER = ((VMS2450.id, VMS2430.id), (VMS2450.id, VMS6020.id), (VMS2452.id, VMS2432.id), (VMS2431.id, VMS4009.id))
SHORT = {  # our words beside the id; the table of the figure has the lines as they are printed
    VMS2450.id: "migration started",
    ETMDR01.id: "reconfiguration started",
    MCS1002.id: "MSCF parameter changed",
    VMS2430.id: "migration started",
    VMS3050.id: "VM created",
    VMS4005.id: "device assigned",
    VMS2452.id: "VM suspended",
    VMS2432.id: "VM resumed",
    VMS2431.id: "migration completed",
    VMS4009.id: "device removed",
    VMS4024.id: "VM terminated",
    VMS2451.id: "migration completed",
    VMS6020.id: "VM set up",
    HAL0331.id: "VM stopped",
    HAL0332.id: "VM resumed",
    VMS6021.id: "VM deleted",
}
OWN_SHORT = {  # likewise, for what has no published id: by the template
    each.text: words
    for each, words in (
        (CHASE_LIMIT_PASSED, "not sent in time"),
        (NO_ROOM_AT_SETUP, "VM could not be set up"),
        (LINK_LOST, "network connection interrupted"),
        (DISKS_NOT_OPERABLE, "device not operable at target"),
        (DEFINITION_NOT_CREATED, "definition not created"),
        (MONITOR_STARVED, "monitor system gets no CPU"),
        (SU_CRASHED, "SU went down"),
        (FORCED_OFF, "ended by a command"),
        (AFTER_SUSPEND, "broke while suspended"),
        (RESUMED_ON_SOURCE, "VM goes on on the source"),
        (ROLLED_BACK_ON_TARGET, "VM removed again"),
        (ATTACHED_AGAIN_ON_SOURCE, "device attached again"),
        (ABORTED_ON_SOURCE, "aborted, VM stays on source"),
        (GUEST_LOST, "guest is lost"),
    )
}
LANES = {  # place, colour, marker
    Recipient.SOURCE: (0.27, SERIES[0], "o"),
    Recipient.TARGET: (0.41, SERIES[1], "s"),
    Recipient.GUEST: (0.55, SERIES[2], "^"),
}
TIMES_END, TEXT_BEGINS, TEXT_LENGTH = 0.20, 0.62, 30
SEEN_AT: dict[str, str] = {
    Recipient.SOURCE: "source monitor",
    Recipient.TARGET: "target monitor",
    Recipient.SOURCE_ADMINS: "administrators of the source",
    Recipient.TARGET_ADMINS: "administrators of the target",
    Recipient.GUEST: "guest console",
}
STANDS_STILL = 0.22, 0.60  # where the band of the standstill begins and ends
READING = (
    "Each row is a message, in the order of time, with a mark in the lane of the console that shows it; rows are equally far apart, "
    "whatever time passes between them. Arrows lead from what one SU prints to what the other one prints in its turn."
)
SPREADS = " The bars on the right say how much earlier or later than its median a message can appear, the first one of several alike."
SILENCE = 0.2  # share of the whole migration from which on a time without messages is told
ROW_IN, HEAD_IN = 0.235, 1.0  # inches


@dataclass(frozen=True, slots=True)
class Interlude:
    """What happens between two messages.

    Args:
        text: a few words.
        stopped: whether the guest stands still.
    """

    text: str
    stopped: bool


Row = Appearance | Interlude


def rows_of(times: MessageTimes, precopy_s: float | None, downtime_s: float | None) -> list[Row]:
    """Return the rows of the chart: messages, and what is to be said between them.

    Args:
        times: the messages of the three consoles.
        precopy_s: median of the pre-copy; None where it is not known.
        downtime_s: median of the downtime; None where it is not known.
    """
    shown = [each for each in times.appearances if not LANES.keys().isdisjoint(each.consoles)]
    rows: list[Row] = []
    silent_s = SILENCE * (shown[-1].last_s[1] if shown else 0.0)
    for number, each in enumerate(shown):
        if number:
            gap_s = each.first_s[1] - shown[number - 1].last_s[1]
            if each.id in RESUMED:
                rows.append(Interlude("the guest stands still" + (f": {show_span(downtime_s)}" if downtime_s is not None else ""), True))
            elif gap_s >= silent_s > 0:
                is_precopy = each.id in SUSPENDED and precopy_s is not None
                rows.append(Interlude(f"{'pre-copy' if each.id in SUSPENDED else 'silence'}: no message for "
                                      f"{show_span(precopy_s if is_precopy else gap_s)}", False))  # fmt: skip
        rows.append(each)
    return rows


def sequence_drawing(times: MessageTimes, rows: Sequence[Row]) -> Drawing:
    """Return how the chart is drawn: lanes with a row for each message, beside them how much its time spreads."""
    spreads = times.counted > 1

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots(1, 2 if spreads else 1, sharey=True, squeeze=False, width_ratios=[4.6, 1.3] if spreads else [1])[0]
        _draw_lanes(axes[0], times, rows)
        if spreads:
            _draw_spreads(axes[1], rows)

    return Drawing(draw, HEAD_IN + ROW_IN * len(rows))


def _draw_lanes(axes: Axes, times: MessageTimes, rows: Sequence[Row]) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.axis("off")
    names = {Recipient.SOURCE: times.source, Recipient.TARGET: times.target, Recipient.GUEST: times.vm}
    kinds = {Recipient.SOURCE: "source\nmonitor", Recipient.TARGET: "target\nmonitor", Recipient.GUEST: "guest\nconsole"}
    for lane, (place, colour, _) in LANES.items():
        axes.plot([place, place], [-0.5, len(rows) - 0.5], color=FAINT, linewidth=1.2, zorder=1)
        axes.text(place, -0.75, f"{kinds[lane]}\n{names[lane]}", ha="center", va="bottom", fontsize=8, color=colour)
    axes.text(TIMES_END, -0.75, "after VMS2450\nmedian, min:s", ha="right", va="bottom", fontsize=8, color=SOFT)
    for number, row in enumerate(rows):
        if isinstance(row, Interlude):
            _draw_interlude(axes, number, row)
        else:
            _draw_message(axes, number, row, whole=times.counted)
    for sent, taken in HAND_OVER:
        _draw_arrow(axes, rows, sent, taken)


def _draw_interlude(axes: Axes, number: int, row: Interlude) -> None:
    if row.stopped:
        # Behind the lanes only: the edges of a wider band would strike through the texts of the rows above and below.
        axes.axhspan(number - 1, number + 1, *STANDS_STILL, color=PALE, linewidth=0, zorder=0)
    else:
        for place, _, _ in LANES.values():
            axes.plot([place, place], [number - 0.32, number + 0.32], color=GROUND, linewidth=2.4, zorder=2)
            axes.plot([place, place], [number - 0.32, number + 0.32], color=SOFT, linewidth=1.2, linestyle=":", zorder=3)
    axes.text(TEXT_BEGINS, number, row.text, va="center", fontsize=8.5, color=INK, fontstyle="italic")


def _draw_message(axes: Axes, number: int, row: Appearance, whole: int) -> None:
    for lane, (place, colour, marker) in LANES.items():
        if lane in row.consoles:
            axes.plot([place], [number], color=colour, marker=marker, markersize=6, zorder=4)
    axes.text(TIMES_END, number, _when(row), ha="right", va="center", fontsize=8.5)
    text = label_of(row)
    if row.replications < whole:
        text += f" ({row.replications} of {whole})"
    axes.text(TEXT_BEGINS, number, text, va="center", fontsize=8.5)


def _draw_arrow(axes: Axes, rows: Sequence[Row], sent: str, taken: str) -> None:
    """Draw an arrow from one message to another one, where both are there and on different consoles."""
    ends = [_place(rows, id_) for id_ in (sent, taken)]
    if ends[0] is None or ends[1] is None or ends[0][0] == ends[1][0]:
        return
    axes.annotate(
        "", xy=ends[1], xytext=ends[0], arrowprops={"arrowstyle": "->", "color": SOFT, "linewidth": 1.1, "shrinkA": 5, "shrinkB": 5}
    )


def _place(rows: Sequence[Row], id_: str) -> tuple[float, float] | None:
    for number, row in enumerate(rows):
        if isinstance(row, Appearance) and row.id == id_:
            return next(LANES[lane][0] for lane in LANES if lane in row.consoles), float(number)
    return None


def _draw_spreads(axes: Axes, rows: Sequence[Row]) -> None:
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
    ends = [abs(end - row.first_s[1]) for row in rows if isinstance(row, Appearance) for end in row.first_s]
    axes.set_xlim(-1.1 * max(ends, default=0.0) - 0.1, 1.1 * max(ends, default=0.0) + 0.1)
    for number, row in enumerate(rows):
        if isinstance(row, Interlude):
            continue
        low, median, high = row.first_s
        axes.plot([low - median, high - median], [number, number], color=INK, linewidth=2.4, alpha=0.55, solid_capstyle="butt")
        axes.plot([0], [number], color=INK, marker="|", markersize=7)
    axes.tick_params(axis="y", left=False, labelleft=False)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=3)
    axes.set_xlabel("earlier or later, s\n(p5 to p95)", fontsize=8)


def words_of(row: Appearance) -> str:
    """Return a message in a few words."""
    return SHORT.get(row.id) or OWN_SHORT.get(wording(row.id, row.text)) or row.text.removeprefix(f"{row.id} ")


def label_of(row: Appearance) -> str:
    """Return id and a few words, with the number of lines where there are several."""
    fewest, most = row.times
    often = "" if most == 1 else f" x {most}" if fewest == most else f" x {fewest} to {most}"
    words = words_of(row)
    return f"{row.id}{often}  {words if len(words) <= TEXT_LENGTH else words[: TEXT_LENGTH - 1] + chr(0x2026)}"


def several(times: MessageTimes) -> str:
    """Return how rows are read that stand for several lines; "" where there are none."""
    most = max((each.times[1] for each in times.appearances), default=1)
    return f" \u201cx {most}\u201d: {most} lines of one kind, with the times of the first and the last." if most > 1 else ""


def elapsed(time_s: float) -> str:
    """Return a time after VMS2450 as m:ss.t, so that times of seconds and of minutes can be read below each other."""
    minutes, tenths = divmod(round(time_s * 10), 600)
    return f"{minutes}:{tenths // 10:02d}.{tenths % 10}"


def _when(row: Appearance) -> str:
    first, last = elapsed(row.first_s[1]), elapsed(row.last_s[1])
    return first if first == last else f"{first} to {last}"


def sequence_table(key: str, times: MessageTimes, which: str = "the first migration") -> Table:
    """Return the numbers of the chart, all messages of the migration; times in seconds after VMS2450.

    Args:
        key: of the table.
        times: when messages appear.
        which: whose text it is, of the first replication.
    """
    return Table(
        key,
        (
            "message",
            "seen at",
            "lines",
            "migrations",
            "first: p5",
            "median",
            "p95",
            "last: p5",
            "median of the last",
            "p95 of the last",
            "as the console shows it",
        ),
        [tuple(_cells(each)) for each in times.appearances],
        f"Messages of {times.vm}, times after VMS2450; the text is that of {which}",
    )


def _cells(row: Appearance) -> Iterator[Cell | str]:
    yield row.id
    yield ", ".join(SEEN_AT.get(lane, lane) for lane in Recipient if lane in row.consoles)
    yield Cell(str(row.times[1]) if row.times[0] == row.times[1] else f"{row.times[0]} to {row.times[1]}", row.times[1])
    yield Cell(f"{row.replications:,}", row.replications)
    yield from (Cell(f"{elapsed(value)} min" if value >= 60.0 else show_span(value), value) for value in (*row.first_s, *row.last_s))
    yield row.text
