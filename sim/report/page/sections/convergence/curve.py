"""The figure that says where a pre-copy settles: what a VM dirties in a time against what its migration sends in that time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import NullLocator

from sim.experiment.probing.settling import Pace
from sim.model.load import PAGE
from sim.report.layout import short_span, show_span
from sim.report.page.blocks import Cell, Figure, Table, span_cell
from sim.report.page.drawing import BAD, FAINT, GROUND, INK, SERIES, SOFT, Drawing, limit
from sim.units import show_memory, show_rate

MIB = 2**20
VERTICES, FAINT_VERTICES = 91, 30  # of a curve; of one that is there for comparison
MOST_OTHERS = 8
MOST_ROUNDS = 8
NEARLY = 0.8  # of the goal: rounds that settle there converge only just
OFTENER = 2  # times as many rounds as the formula has: something else than the guest decides
Z95 = 1.6448536269514722
TICKS_S = (0.001, 0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 36000.0)
APART = 0.22  # powers of ten between two names at the right
LEAST_TICKS = 3
MARKS_APART = 0.035  # of the width: two rounds nearer to each other would lie on each other
FAR = 8.0  # times the goal: what is drawn does not come near to it
LOW = 0.25  # of the height: the curves are above at their right ends
LEAST_SHOWN = 0.25  # pages; an axis in powers of ten has no zero


@dataclass(frozen=True, slots=True, eq=False)
class Settling:
    """What the dirty curve of a VM says.

    Args:
        pace: its migration without randomness.
        quiet, busy: activity over the mean one, between bursts on a quiet day (5 %) and in a burst on a busy one (95 %).
    """

    pace: Pace
    quiet: float
    busy: float

    @classmethod
    def of(cls, pace: Pace) -> Settling:
        """Return what the curve says, with the spread and the bursts of the load."""
        load = pace.guest.load
        spread = math.exp(Z95 * load.spread_sigma)
        mean = 1.0 if load.bursts is None else 1.0 + load.bursts.share * (load.bursts.factor - 1.0)
        factors = (1.0,) if load.bursts is None else (1.0, load.bursts.factor)
        return cls(pace, min(factors) / mean / spread, max(factors) / mean * spread)

    @property
    def goal_s(self) -> float:
        """How long the pages that let the guest be stopped take at the live rate; 0 where the policy has no such number."""
        goal = self.pace.goal_pages()
        return 0.0 if goal is None else goal * self.pace.page_bytes / self.pace.live_Bps

    def settles_s(self, factor: float = 1.0) -> float:
        """Return the length at which the rounds settle, with the activity times a factor, seconds; 0 for none."""
        return self.pace.settles_s(factor)

    def settled_bytes(self, factor: float = 1.0) -> float:
        """Return what a settled round leaves, bytes of memory."""
        settled = self.settles_s(factor)
        return float(self.pace.dirtied(np.array([settled]), factor)[0]) * PAGE if settled else 0.0


def curve_figure(key: str, vm: str, settling: Settling, others: Sequence[tuple[str, Pace]], vms: int, rounds: int = 0) -> Figure:
    """Return the figure of a VM.

    Args:
        key: ends the key of the figure.
        vm: its name.
        settling: what its curve says.
        others: other VMs for comparison, name and pace; the first of them are drawn.
        vms: how many VMs there are.
        rounds: how many it had in the replications, those of 99 % of its migrations; 0 where they are not known.
    """
    shown = list(others[:MOST_OTHERS])
    pace = settling.pace
    title = _title(vm, settling)
    if title.startswith(f"{vm} converges") and rounds >= OFTENER * max(1, len(pace.chain(MOST_ROUNDS))):
        title = (
            f"If it migrated alone, {title}; in this plan it has up to {rounds} rounds" if vms > 1 else f"{title}: up to {rounds} rounds"
        )
    first = float(pace.dirtied(np.array([pace.first_s]))[0]) * PAGE
    return Figure(
        key=f"convergence-curve-{key}",
        title=title,
        drawing=Drawing(lambda canvas: _draw(canvas, vm, settling, shown), height=3.5),
        alt=f"{title}. In round 1, {show_span(pace.first_s)} long, {vm} dirties {show_memory(first)}; the migration sends "
        f"{show_rate(pace.live_Bps)} in later rounds.",
        reading="The line is what the migration sends in so many seconds, the curve what the guest dirties meanwhile. Left of their "
        "crossing rounds would grow, right of it they shrink: the numbered rounds come down from the right, and cannot get "
        "beyond the crossing; those that would lie on the one before are not drawn. " + _goal_words(pace),
        sample=_sample(settling, len(shown), vms),
        numbers=_numbers(key, vm, settling),
    )


def policy_title(pace: Pace) -> str:
    """Return what people call the number of a policy that lets the guest be stopped; with its tag where it is an assumption."""
    policy = pace.cluster.policy
    return {
        "vm2000": f"stop goal {show_span(policy.stop_goal_s)} [A2]",
        "simgrid": f"stop goal {show_span(policy.stop_goal_s)}",
        "qemu": f"downtime limit {show_span(policy.downtime_limit_s)}",
    }.get(policy.name, f"fewer than {policy.few_pages:g} pages")


def below_words(pace: Pace, goal: float) -> str:
    """Return where the limit of a policy is that lies below a figure, from its MiB."""
    return f"{policy_title(pace)}, {show_memory(goal * MIB)}: below this figure"


def _goal_words(pace: Pace) -> str:
    policy = pace.cluster.policy
    if policy.name == "vm2000":
        return (
            f"The guest is stopped once what is left takes no more than the stop goal; a transfer that still chases pages "
            f"{show_span(policy.chase_limit_s)} after round 1, or as long as round 1 took, is aborted. Both numbers are assumptions [A2]: "
            "VM2000's own are not published."
        )
    if math.isfinite(policy.max_rounds):
        return f"Policy {policy.name} stops the guest after at most {policy.max_rounds:g} live rounds, however much is left."
    return f"Policy {policy.name} decides when the guest is stopped."


def _title(vm: str, settling: Settling) -> str:
    """Return the sentence that the curve says."""
    goal, mean, busy = settling.goal_s, settling.settles_s(), settling.settles_s(settling.busy)
    limited = _limited_title(vm, settling, mean)
    if limited or not (mean or goal):
        return limited or f"{vm} dirties less than its migration sends in any time: each round leaves less than the one before"
    if goal and max(mean, busy) <= goal:
        always = " even in its busy times" if settling.busy > settling.quiet else ""
        if not mean:
            return f"{vm} converges{always}: each round leaves less than the one before, down to the {_goal_name(settling)}"
        if max(mean, busy) > NEARLY * goal:
            then = f" ({show_span(busy)} in its busy times)" if busy > mean else ""
            return f"{vm} converges, but only just: its rounds settle at {show_span(mean)}{then}, hardly below the {_goal_name(settling)}"
        return f"{vm} converges{always}: its rounds settle at {show_span(mean)}, below the {_goal_name(settling)}"
    if goal and mean <= goal:
        settled = f"settle at {show_span(mean)}" if mean else "would shrink to nothing"
        return (
            f"{vm} converges at its mean load (rounds {settled}), but not while it is busy: then they settle at {show_span(busy)}, "
            f"above the {_goal_name(settling)}"
        )
    above = f", above the {_goal_name(settling)}" if goal else ""
    return f"{vm} cannot converge at its mean load: its rounds settle at {show_span(mean)}{above}"


def _limited_title(vm: str, settling: Settling, mean: float) -> str:
    """Return the sentence for a policy that ends the rounds by their number; "" for another one."""
    policy, chain = settling.pace.cluster.policy, settling.pace.chain(MOST_ROUNDS)
    if not math.isfinite(policy.max_rounds):
        return ""
    settled = f"below {show_memory(settling.settled_bytes())}, what a round of {show_span(mean)} dirties and sends" if mean else ""
    if chain and len(chain) == policy.max_rounds and chain[-1][1] >= policy.few_pages:
        left = show_memory(chain[-1][1] * PAGE)
        more = f"more rounds would not bring it {settled}" if settled else "more rounds would leave less and less"
        return f"Round {len(chain)}, the last one allowed, leaves {left} of {vm} for the stop; {more}"
    return f"However often {vm} is sent again, it does not come {settled}" if settled and mean > settling.goal_s else ""


def _goal_name(settling: Settling) -> str:
    policy = settling.pace.cluster.policy
    if policy.name in {"vm2000", "simgrid"}:
        return f"stop goal of {show_span(policy.stop_goal_s)}"
    if policy.name == "qemu":
        return f"downtime limit of {show_span(policy.downtime_limit_s)}"
    return f"{policy.few_pages:g} pages at which the policy ends the pre-copy"


def _sample(settling: Settling, others: int, vms: int) -> str:
    pace = settling.pace
    band = ""
    if settling.busy > settling.quiet:
        band = " The band goes from a quiet migration (5 % of the spread, outside bursts) to a busy one (95 %, in a burst)."
    faint = f" Faint: {others} of the {vms - 1} other VMs, those nearest to it." if others else ""
    return (
        f"A formula, no replications: expected pages at {pace.activity:.2f} times the load's activity, as at the hour of its migration; "
        f"median throughput, nothing else on the network.{band}{faint}"
    )


def _lengths(settling: Settling) -> np.ndarray:
    pace, chain = settling.pace, settling.pace.chain(MOST_ROUNDS)
    marks = [each for each in (settling.settles_s(), settling.settles_s(settling.busy), *(length for length, _ in chain), 1.0) if each]
    if not math.isfinite(pace.cluster.policy.max_rounds):
        marks.append(settling.goal_s or 1.0)  # rounds that end by their number may be far from the other limit: no empty space for it
    lowest = max(1e-3, min(marks) / 8)
    return np.geomspace(min(lowest, pace.first_s / 20), 1.6 * pace.first_s, VERTICES)


def _draw(canvas: Canvas, vm: str, settling: Settling, others: Sequence[tuple[str, Pace]]) -> None:
    axes = canvas.add_subplot()
    pace, lengths = settling.pace, _lengths(settling)
    sent, dirty = _mib(pace.sent(lengths)), _mib(pace.dirtied(lengths))
    for _, other in others:
        few = lengths[:: VERTICES // FAINT_VERTICES]
        axes.plot(few, _mib(other.dirtied(few)), color=FAINT, linewidth=0.9, zorder=1)
    if settling.busy > settling.quiet:
        quiet, busy = (_mib(pace.dirtied(lengths, factor)) for factor in (settling.quiet, settling.busy))
        axes.fill_between(lengths, quiet, busy, color=SERIES[1], alpha=0.2, linewidth=0, zorder=2)
    axes.plot(lengths, dirty, color=SERIES[1], linewidth=1.8, zorder=3)
    axes.plot(lengths, sent, color=SERIES[0], linewidth=1.6, linestyle="--", zorder=3)
    axes.set_xscale("log")
    axes.set_yscale("log")
    _name_curves(axes, vm, lengths, dirty, sent, pace.live_Bps)
    goal = pace.goal_pages()
    lowest = min(float(dirty.min()), float(sent.min()))
    if goal is not None and lowest < FAR * _one(goal):
        lowest = min(lowest, _one(goal) / 2.0)
    axes.set_ylim(max(lowest * 0.7, _one(LEAST_SHOWN)), max(float(sent.max()), float(dirty.max())) * 1.6)
    axes.set_xlim(lengths[0], lengths[-1])
    _mark_rounds(axes, settling)
    memory_axis(axes)
    _name_others(axes, others, float(lengths[-1]))
    if goal is not None:
        _draw_goal(axes, pace, _one(goal))
    settled = settling.settles_s()
    if settled:
        at = _mib(pace.dirtied(np.array([settled])))
        axes.plot([settled], at, marker="X", color=BAD, markersize=8, zorder=6, markeredgecolor=GROUND)
        text = f"settles at {show_span(settled)}"
        axes.annotate(text, (settled, float(at[0])), (-6, 7), textcoords="offset points", fontsize=8, color=BAD, ha="right", va="bottom")
    _label_lengths(axes, lengths)
    axes.set_xlabel("length of a round (from a minute on min:s)")
    axes.set_ylabel("memory")
    axes.grid(visible=True, which="major")


def _draw_goal(axes: Axes, pace: Pace, goal: float) -> None:
    """Draw the size at which the policy lets the guest be stopped, or say that it lies below; the right end is free where that is small."""
    low, high = axes.get_ylim()
    if goal < low:
        axes.annotate(below_words(pace, goal), (1.0, 0.0), (-4, 4), "axes fraction", "offset points", fontsize=8, color=BAD, ha="right")
        return
    limit(axes, goal, "", which="y")
    small = math.log(goal / low) < LOW * math.log(high / low)
    place, beside = ((1.0, goal), -4) if small else ((0.0, goal), 4)
    over = axes.get_yaxis_transform()
    axes.annotate(policy_title(pace), place, (beside, 3), over, "offset points", fontsize=8, color=BAD, ha="right" if small else "left")


def memory_axis(axes: Axes) -> None:
    """Label an upright axis of MiB in powers of ten at sizes as memory has them, such as 16 MiB, 256 MiB, 4 GiB; its limits are final."""
    low, high = (math.log2(each) for each in axes.get_ylim())
    for power in (4, 2, 1):
        ticks = [2.0**each for each in range(-40, 41) if each % power == 0 and low <= each <= high]
        if len(ticks) >= LEAST_TICKS:
            break
    axes.set_yticks(ticks, [show_memory(each * MIB) for each in ticks])
    axes.yaxis.set_minor_locator(NullLocator())


def _label_lengths(axes: Axes, lengths: np.ndarray) -> None:
    """Label the axis of lengths at round times of people, not at powers of ten."""
    ticks = [each for each in TICKS_S if lengths[0] <= each <= lengths[-1]]
    axes.set_xticks(ticks, [_tick(each) for each in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def _tick(seconds: float) -> str:
    if seconds < 0.1:
        return f"{1000.0 * seconds:g} ms"
    return f"{seconds:g} s" if seconds < 60.0 else short_span(seconds)


def _name_others(axes: Axes, others: Sequence[tuple[str, Pace]], end: float) -> None:
    """Write the names of the faint curves at their right ends, one name for those that end together, one above the other."""
    ends: dict[float, list[str]] = {}
    for name, other in others:
        ends.setdefault(round(math.log10(float(_mib(other.dirtied(np.array([end])))[0])), 1), []).append(name)
    highest = math.inf
    for height in sorted(ends, reverse=True):
        names = ends[height]
        highest = min(height, highest - APART)
        if 10.0**highest < axes.get_ylim()[0]:
            return  # they dirty so little that their curves are below the figure
        text = f"{', '.join(names[:2])}{' ...' if len(names) > 2 else ''}"
        axes.annotate(text, (end, 10.0**highest), (4, 0), textcoords="offset points", fontsize=8, color=SOFT, va="center")


def _name_curves(axes: Axes, vm: str, lengths: np.ndarray, dirty: np.ndarray, sent: np.ndarray, rate: float) -> None:
    """Write beside the curves what they are, where they are furthest apart."""
    right = int(0.74 * len(lengths))
    axes.annotate(
        f"sent at {show_rate(rate)}",
        (lengths[right], sent[right]),
        (-6, 6),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color=SERIES[0],
    )
    axes.annotate(
        f"dirtied by {vm}", (lengths[right], dirty[right]), (4, -14), textcoords="offset points", fontsize=8, color=SERIES[1], va="top"
    )


def _mark_rounds(axes: Axes, settling: Settling) -> None:
    """Mark the rounds as the policy would have them at mean activity."""
    chain = settling.pace.chain(MOST_ROUNDS)
    low, high = (math.log10(each) for each in axes.get_xlim())
    before = math.inf
    for number, (length, left) in enumerate(chain, start=1):
        place = (math.log10(length) - low) / (high - low)
        if before - place < MARKS_APART:
            continue
        before = place
        axes.plot([length], [max(_one(left), _one(LEAST_SHOWN))], marker="o", color=INK, markersize=11, zorder=5, markeredgecolor=GROUND)
        axes.text(length, max(_one(left), _one(LEAST_SHOWN)), f"{number}", color=GROUND, fontsize=8, ha="center", va="center", zorder=6)
    if not chain and settling.pace.guest.runs:
        axes.text(0.01, 0.96, "rounds are not foretold for this policy", transform=axes.transAxes, va="top", fontsize=8, color=SOFT)


def _numbers(key: str, vm: str, settling: Settling) -> Table:
    pace, chosen = settling.pace, _lengths(settling)[:: VERTICES // 12]
    rows = []
    dirty, busy, sent = pace.dirtied(chosen), pace.dirtied(chosen, settling.busy), pace.sent(chosen)
    for place, length in enumerate(chosen.tolist()):
        rows.append((span_cell(length), *(memory_cell(float(pages[place]) * PAGE) for pages in (sent, dirty, busy))))
    titles = ("length of a round", "sent meanwhile", f"dirtied by {vm}", "dirtied in busy times")
    return Table(f"numbers-convergence-curve-{key}", titles, rows, folded=True)


def memory_cell(value: float) -> Cell:
    """Return a size in bytes as a cell; "-" for none."""
    return Cell("-") if math.isnan(value) else Cell(show_memory(value), value)


def _mib(pages: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(pages, LEAST_SHOWN) * PAGE / MIB)


def _one(pages: float) -> float:
    return pages * PAGE / MIB
