"""What could help about an objective, by rule: the ceiling that binds, quieter hours, trying again, the rule of the policy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sim.report.page.objective_words import time_limit
from sim.report.page.sections.answer.bottleneck import Pace, sharing
from sim.report.page.sections.answer.why import Line, lines_of, longest, median, paced, worst_stop
from sim.report.page.source import Detail
from sim.scenario.objectives import Objective
from sim.scenario.point import Step
from sim.scenario.resolve import seconds_from_midnight
from sim.units import DAY_S, format_clock, format_rate, format_time, show_rate, show_time

BANDWIDTHS = tuple(rate * 1e9 / 8 for rate in (1, 10, 25, 40, 100))  # of Ethernet, bytes per second
WORTH = 0.05  # more speed than this is worth a proposal
QUIETER = 0.8  # level of the load below this share of the present one: worth another hour
RETRIES = 3  # at least so many are proposed
STEP_S = 300.0  # a later begin is rounded up to this
# Reasons that pass by themselves, so that trying again later can help.
PASSING = frozenset({"link-lost", "monitor-starved", "target-unreachable", "second-migration", "agent-error", "disks-not-operable"})
ROOM = frozenset({"no-memory-on-target", "no-contiguous-memory"})


@dataclass(frozen=True, slots=True)
class Try:
    """Something to try.

    Args:
        words: what and why, a sentence without its full stop.
        sets: paths and values that do it; nothing where it is no matter of one command.
        assumed: what it changes is an assumption, which nobody can set on an SU: it tells what the verdict rests on.
    """

    words: str
    sets: tuple[tuple[str, str], ...] = ()
    assumed: bool = False


def ideas(detail: Detail, objective: Objective) -> Iterator[Try]:
    """Yield what could help, the most direct first."""
    metric = objective.metric
    lines = lines_of(detail, metric)
    after = list(_after_failures(detail, lines))
    yield from after
    if after and any(step["nothing_left_behind"]["share"] < 1.0 for step in detail.entry["steps"]):
        return  # what fails decides, and no speed changes that
    stops = metric is not None and metric.name == "downtime"
    worst = worst_stop(lines) if stops else None
    most = longest(lines)
    line = worst[0] if worst else most.line if most else lines[0] if lines else None
    found = paced(detail, line) if line is not None else None
    if line is None or found is None:
        return
    pace, step = found
    aborted = any(each["reason"] == "chase-limit" for each in detail.entry["failures"]["reasons"])
    if not aborted and (worst if stops else most) is None:
        return  # no guest was stopped, or nothing completed: no speed and no rule changes that
    if stops:
        yield from _shorter_stop(detail, line, pace, objective)
    if metric is None and not aborted:
        return
    if not stops:
        yield from _apart(detail, step)
    yield from _faster(detail, pace)
    if metric is None or metric.name != "end":
        yield from _quieter(detail, step, line["vm"])
    if aborted:
        yield from _rule(detail, pace)


def _after_failures(detail: Detail, lines: Sequence[Line]) -> Iterator[Try]:
    """Yield what failures suggest: trying again, or putting right what was rejected."""
    vms = {line["vm"] for line in lines}
    steps = {line["step"] for line in lines}
    reasons = [each for each in detail.entry["failures"]["reasons"] if vms & set(each["vms"])]
    passing = [each for each in reasons if each["reason"] in PASSING and each["outcome"] != "lost"]  # nobody can try a lost guest again
    if passing:
        for step in (each for each in detail.point.steps if each.name in steps):
            yield _again(step, rejected=any(each["outcome"] == "rejected" for each in passing))
    for each in reasons:
        if each["reason"] in ROOM:
            yield Try(f"Make room on the target SU, or leave VMs out: {each['words']} ({each['reason']})")
        elif each["outcome"] == "rejected" and each["reason"] not in PASSING:
            yield Try(f"Put right before the night what rejects the migration: {each['words']} ({each['reason']})")


def _again(step: Step, *, rejected: bool) -> Try:
    """Return that a step tries again, more often than now, or after rejections too."""
    path, again = f"plan.{step.name}.on_abort", step.on_abort
    also = rejected and not again.retry_rejected
    # Who tries often already, but not after rejections, need not try more often.
    sets = [] if also and again.retries >= RETRIES else [(f"{path}.retries", str(max(RETRIES, 2 * again.retries)))]
    often = "more often" if sets else "again"
    sets += [] if again.wait_s else [(f"{path}.wait", "5 min")]
    sets += [(f"{path}.retry_rejected", "true")] if also else []
    too = ", after a rejection too," if rejected else ""
    return Try(f"Try {'again ' * (often != 'again')}{often}{too} and wait in between: the cause can pass", tuple(sets))


def _faster(detail: Detail, pace: Pace) -> Iterator[Try]:
    """Yield how what sets the speed could be raised."""
    first = pace.binding
    then = pace.ceilings[1]
    if first.kind == "network":
        network = detail.spec.networks[first.name]
        faster = next((rate for rate in BANDWIDTHS if rate > (network.bandwidth or 0.0) * 1.01), None)
        if faster is not None and pace.gain > 1.0 + WORTH:
            # The next ceiling decides only where the faster network really carries more than it.
            reach = min(then.rate_Bps, faster * (network.efficiency or 0.0) - (network.background or 0.0))
            yield Try(
                f"A network of {8 * faster / 1e9:g} Gbit/s: a migration alone then sends up to {show_rate(reach)} instead of "
                f"{show_rate(first.rate_Bps)}",
                ((first.path, format_rate(faster)),),
            )
        if network.background:
            yield Try(f"Keep other traffic off network {first.name}", ((f"networks.{first.name}.background", "0 Mbit/s"),))
    elif first.kind in {"sender", "receiver"}:
        yield from _more_monitor(detail, pace)


def _more_monitor(detail: Detail, pace: Pace) -> Iterator[Try]:
    first = pace.binding
    if detail.site.units[first.name].available < 1.0:
        yield Try(f"Give migrations all of {first.words}", ((first.path, "100 %"),))
        return
    known = detail.site.clusters[pace.cluster]
    rate = 1.2 * (known.sender_Bps if first.kind == "sender" else known.receiver_Bps)
    yield Try(
        f"A faster network does not help: {first.words} sets the speed. That speed is assumed, so measure one migration; "
        "what 20 % more would do",
        ((f"clusters.{pace.cluster}.parameters.{first.kind}", f"{rate / 1e6:.0f} MB/s"),),
        assumed=True,
    )


def _apart(detail: Detail, step: Step) -> Iterator[Try]:
    """Yield that a step which shares the network begins when the others are over."""
    for name in sharing(detail, step)[:1]:
        entry = next(each for each in detail.entry["steps"] if each["step"] == step.name)
        p90 = entry["makespan_s"]["p90"]["value"]
        if not isinstance(p90, str):
            begin = math.ceil((entry["at_s"] + p90) / STEP_S) * STEP_S
            yield Try(
                f"Begin step {name} when {step.name} is over: they share the network or a monitor system",
                ((f"plan.{name}.at", format_clock(int(begin) % DAY_S)),),
            )


def _quieter(detail: Detail, step: Step, vm: str) -> Iterator[Try]:
    """Yield an hour at which the VM's load is clearly lower, in the window if there is one."""
    guest = detail.site.guests[vm]
    course = guest.day_curve
    if course is None or not guest.runs:
        return
    levels = list(zip(course.levels.tolist(), course.starts.tolist(), strict=True))
    now = next(level for level, start in reversed(levels) if start <= step.at_s % DAY_S)
    for level, start in sorted(levels):
        at_s = seconds_from_midnight(int(start), detail.clock_from)
        if level < QUIETER * now and _fits(detail, step, at_s):
            yield Try(
                f"Begin at {format_clock(int(start))}, when the load of {vm} is at {100.0 * level:.0f} % instead of {100.0 * now:.0f} %",
                ((f"plan.{step.name}.at", format_clock(int(start))),),
            )
            return


def _fits(detail: Detail, step: Step, at_s: float) -> bool:
    """Tell whether a step that begins then would end in the window if it took as long as it does now."""
    window = detail.window_s
    p90 = next(each for each in detail.entry["steps"] if each["step"] == step.name)["makespan_s"]["p90"]["value"]
    return window is None or (not isinstance(p90, str) and window[0] <= at_s and at_s + p90 <= window[1])


def _shorter_stop(detail: Detail, line: Line, pace: Pace, objective: Objective) -> Iterator[Try]:
    """Yield what can shorten a stop: less in the last round, where the rest leaves room for that."""
    rest, limit = median(line, "state_and_resume_s"), objective.value or 0.0
    if objective.cmp in {"<=", "<"} and rest is not None and rest >= limit:
        yield Try(
            f"No network helps: state and resume alone take {show_time(rest)}, more than the limit of {time_limit(limit)}. These times are "
            "assumed: measure one migration and set `clusters.*.parameters.state` and `resume`"
        )
    yield from _rule(detail, pace)


def _rule(detail: Detail, pace: Pace) -> Iterator[Try]:
    """Yield that the unpublished stop goal is varied, where the policy has one."""
    policy = detail.site.clusters[pace.cluster].policy
    if policy.name == "vm2000":
        yield Try(
            "See how far this rests on the stop goal, which is assumed (A2) and no setting of VM2000: "
            f"{format_time(2.0 * policy.stop_goal_s)} instead of {format_time(policy.stop_goal_s)}",
            ((f"clusters.{pace.cluster}.parameters.stop_goal", format_time(2.0 * policy.stop_goal_s)),),
            assumed=True,
        )
