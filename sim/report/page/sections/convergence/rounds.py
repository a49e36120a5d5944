"""The figure of what is left after each round of a pre-copy: the median and a band over replications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from sim.experiment.probing.settling import Pace
from sim.model.load import PAGE
from sim.report.page.blocks import Cell, Figure, Table, share_cell
from sim.report.page.drawing import BAD, SERIES, SOFT, Drawing, limit
from sim.report.page.sections.convergence.curve import FAR, LEAST_SHOWN, MIB, below_words, memory_axis, memory_cell, policy_title
from sim.report.page.sections.convergence.verdicts import LONG_S, ends_anyway
from sim.results.rounds_left import RoundsLeft
from sim.results.statistics import quantile
from sim.units import show_memory

MOST_ROUNDS, MOST_LISTED = 150, 60  # in the figure, in its table
FEW = 12  # rounds up to which each is marked
BAND = (0.05, 0.5, 0.95)
ENOUGH = 20  # migrations: of fewer no 5 % and no 95 % can be told


@dataclass(frozen=True, slots=True)
class AfterRound:
    """What a round left, pages, in the migrations that had it and went on.

    Args:
        number: of the round; 0 stands for the begin.
        migrations: how many.
        low, median, high: 5 %, 50 % and 95 % of what was left, pages.
    """

    number: int
    migrations: int
    low: float
    median: float
    high: float


def after_rounds(of: RoundsLeft, touched_pages: float) -> list[AfterRound]:
    """Return what was left at the begin and after each round."""
    found = [AfterRound(0, of.attempts, touched_pages, touched_pages, touched_pages)]
    for number, left in of.after_rounds(MOST_ROUNDS):
        if len(left):
            found.append(AfterRound(number, len(left), *(quantile(left, q) for q in BAND)))
    return found


def rounds_figure(key: str, of: RoundsLeft, pace: Pace, replications: int) -> Figure:
    """Return the figure of a VM whose rounds were followed by others.

    Args:
        key: ends the key of the figure.
        of: its first attempts.
        pace: its migration without randomness.
        replications: how many were computed again.
    """
    rows = after_rounds(of, pace.guest.spec.touched_pages)
    title = _title(of, rows)
    return Figure(
        key=f"convergence-rounds-{key}",
        title=title,
        drawing=Drawing(lambda canvas: _draw(canvas, rows, pace), height=3.2),
        alt=f"{title}. " + "; ".join(f"after round {row.number} {show_memory(row.median * PAGE)}" for row in rows[1:6]) + ".",
        reading="Each point is what a round left to send. A line that falls converges; one that stays level sends the same again "
        "and again. Below: how many of the migrations had such a round at all; those that got ready sooner are no longer among them."
        + _rise_words(of)
        + _yardstick_words(pace),
        sample=f"n = {of.attempts:,} attempts, of {replications:,} replications computed again with their rounds; line: median, band: "
        "5 to 95 % of the migrations that had the round"
        + (f"; dotted and without a band where fewer than {ENOUGH} had it." if rows[-1].migrations < ENOUGH else "."),
        numbers=Table(
            f"numbers-convergence-rounds-{key}",
            ("after round", "migrations", "share of all", "5 %", "median", "95 %"),
            [
                (
                    Cell(str(row.number), float(row.number)),
                    Cell(f"{row.migrations:,}", float(row.migrations)),
                    share_cell(row.migrations / of.attempts),
                    *(memory_cell(pages * PAGE) for pages in (row.low, row.median, row.high)),
                )
                for row in rows[:MOST_LISTED]
            ],
            f"The first {MOST_LISTED} of {rows[-1].number} rounds." if len(rows) > MOST_LISTED else "",
            folded=True,
        ),
    )


def _title(of: RoundsLeft, rows: Sequence[AfterRound]) -> str:
    """Return the sentence that the rounds say: how far they come, and where the migrations end."""
    begin, first, longest = show_memory(rows[0].median * PAGE), show_memory(rows[1].median * PAGE), rows[-1].number
    if longest == 1:
        return f"Round 1 brings {of.vm} from {begin} to {first}, and that is little enough to stop it"
    middle = int(quantile(of.ended_after, 0.5))
    if middle == longest:
        return f"Round 1 brings {of.vm} from {begin} to {first}; most migrations have {longest} rounds, none has more{_chased(of)}"
    rounds = f"half of the migrations have no more than {middle} round{'s' * (middle > 1)}, the longest has {longest}"
    return f"Round 1 brings {of.vm} from {begin} to {first}; {rounds}{_chased(of)}"


def _chased(of: RoundsLeft) -> str:
    return f"; {100 * of.chased_share:.0f} % are aborted at the chase limit" if of.chased else ""


def _rise_words(of: RoundsLeft) -> str:
    """Say why the last round leaves more than the one before, where it does: it is followed by more time in which the guest runs."""
    last = of.last
    longer = len(last) and quantile(of.dirtying_s[last] - of.sending_s[last], 0.5) > 0.5 * quantile(of.sending_s[last], 0.5)
    return " After the last round the guest runs on until it is stopped, and dirties that much more." if longer else ""


def _yardstick_words(pace: Pace) -> str:
    if not ends_anyway(pace.cluster.policy):
        return ""
    return f" What takes {LONG_S:g} s or more to send counts as long: a yardstick of this report, see the words at the end of the section."


def _draw(canvas: Canvas, rows: Sequence[AfterRound], pace: Pace) -> None:
    above, below = canvas.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    numbers = [row.number for row in rows]
    marker = {"marker": "o", "markersize": 4.0} if len(rows) <= FEW else {}
    low, median, high = (_mib([getattr(row, name) for row in rows]) for name in ("low", "median", "high"))
    enough = max(2, sum(row.migrations >= ENOUGH for row in rows))  # ever fewer migrations have one more round
    above.fill_between(numbers[:enough], low[:enough], high[:enough], color=SERIES[1], alpha=0.22, linewidth=0)
    above.plot(numbers[:enough], median[:enough], color=SERIES[1], linewidth=1.7, **marker)
    above.plot(numbers[enough - 1 :], median[enough - 1 :], color=SERIES[1], linewidth=1.0, linestyle=":")
    above.set_yscale("log")
    above.set_ylabel("left to send")
    above.grid(visible=True, which="major", axis="y")
    _draw_goal(above, pace, float(low.min()))
    if ends_anyway(pace.cluster.policy):
        long = LONG_S * pace.live_Bps / pace.page_bytes * PAGE / MIB
        above.axhline(long, color=SOFT, linestyle=":", linewidth=1.1)
        above.annotate(f"{LONG_S:g} s to send", (0.0, long), (4, 2), above.get_yaxis_transform(), "offset points", color=SOFT, fontsize=8)
    memory_axis(above)
    _draw_share(below, rows)
    below.set_xlabel("live rounds done")
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    below.set_xlim(-0.3, numbers[-1] + 0.3)
    if np.isfinite(pace.cluster.policy.max_rounds) and pace.cluster.policy.max_rounds <= numbers[-1]:
        limit(above, pace.cluster.policy.max_rounds, "most rounds")
        below.axvline(pace.cluster.policy.max_rounds, color=SOFT, linewidth=0.6)


def _draw_goal(axes: Axes, pace: Pace, lowest: float) -> None:
    """Draw what lets the guest be stopped, MiB, or say that it lies far below all that was left."""
    pages = pace.goal_pages()
    if pages is None:
        return
    goal = pages * PAGE / MIB
    if goal * FAR < lowest:
        axes.set_ylim(bottom=0.25 * lowest)
        axes.annotate(below_words(pace, goal), (0.0, 0.0), (4, 4), "axes fraction", "offset points", color=BAD, fontsize=8)
        return
    limit(axes, goal, "", which="y")
    place = (0.0, goal)  # the curve comes from above
    axes.annotate(policy_title(pace), place, (4, -2), axes.get_yaxis_transform(), "offset points", color=BAD, fontsize=8, va="top")
    axes.set_ylim(bottom=0.25 * min(lowest, goal))


def _draw_share(axes: Axes, rows: Sequence[AfterRound]) -> None:
    shares = [100.0 * row.migrations / rows[0].migrations for row in rows]
    axes.step([row.number for row in rows], shares, where="mid", color=SERIES[0], linewidth=1.3)
    axes.set_ylim(0, 108)
    axes.set_yticks([0, 50, 100])
    axes.set_ylabel("% of the\nmigrations")
    axes.grid(visible=True, axis="y")


def _mib(pages: Sequence[float]) -> np.ndarray:
    return np.maximum(np.asarray(pages, dtype=np.float64), LEAST_SHOWN) * PAGE / MIB
