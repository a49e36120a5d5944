"""What to try about an objective, by rule, with ready commands; none of it is computed here."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sim.model.activity import DAY
from sim.report.page.objective_words import time_limit
from sim.report.page.sections.answer.bottleneck import Pace, sharing
from sim.report.page.sections.answer.why import Line, lines_of, longest, median, paced, step_of, worst_stop
from sim.report.page.source import Detail, Run
from sim.scenario.objectives import Objective
from sim.scenario.point import Step
from sim.scenario.resolve import first_second
from sim.units import DAY_S, format_clock, format_rate, format_time, show_rate, show_time

BANDWIDTHS = tuple(rate * 1e9 / 8 for rate in (1, 10, 25, 40, 100))  # of Ethernet, bytes per second
MOST_TRIES = 4
THIN = 0.05  # slack below this share of the limit: a small change of the night uses it up
QUIETER = 0.8  # level of the load below this share of the present one: worth another hour
SPARE = 1.3  # more replications than the interval needs if the estimate stays: it will not stay exactly
MOST_REPLICATIONS = 10_000_000
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
    """

    words: str
    sets: tuple[tuple[str, str], ...] = ()


def tries(detail: Detail, objective: Objective, entry: dict[str, Any]) -> list[str]:
    """Return what to try, a sentence each; nothing where the objective is met with slack.

    Args:
        detail: the point.
        objective: what was asked.
        entry: what became of it, of summary.json.
    """
    found = [more_replications(detail, entry, objective)] if entry["verdict"] == "undecided" else []
    if entry["verdict"] != "met" or thin(detail, objective, entry):
        chosen = dict.fromkeys(_ideas(detail, objective))
        found += [_told(detail, each) for each in list(chosen)[:MOST_TRIES]]
    return found


def slack(detail: Detail, objective: Objective, entry: dict[str, Any]) -> tuple[float, float] | None:
    """Return by how much a time stays below its limit, and the limit, both in seconds; None where the objective is no such thing.

    Of a probability of a makespan or end it is the distance of the p90, of a quantile its own.
    """
    metric = objective.metric
    if metric is None or objective.cmp not in {"<=", "<"} or metric.name in {"rounds", "sent"}:
        return None
    if objective.kind == "probability" and metric.name not in {"makespan", "end"}:
        return None
    step = step_of(detail, metric)
    if step is None and metric.name in {"makespan", "end"}:
        return None
    limit, value = objective.value or 0.0, entry["estimate"]
    if step is not None:
        limit = _clock(detail, limit) - step["at_s"] if metric.name == "end" else limit
        if objective.kind == "probability":
            value = step["makespan_s"]["p90"]["value"]
        elif metric.name == "end" and not isinstance(value, str):
            value -= step["at_s"]
    return None if isinstance(value, str) else (limit - value, limit)


def thin(detail: Detail, objective: Objective, entry: dict[str, Any]) -> bool:
    """Tell whether a met objective has little slack."""
    found = slack(detail, objective, entry)
    return found is not None and found[0] < THIN * found[1]


def more_replications(detail: Detail, entry: dict[str, Any], objective: Objective) -> str:
    """Return how many replications would decide an undecided objective, with the command."""
    limit = (objective.value if objective.kind == "quantile" else objective.share) or 0.0
    limit = _clock(detail, limit) if entry["of"] == "end" else limit
    number = replications_to_decide(entry, limit, detail.replications)
    if number is None:
        return "The estimate lies on the limit: more replications hardly decide it; change the plan or the limit instead."
    return f"About {number:,} replications decide it if the estimate stays: `{command(detail.run, replications=number)}`"


def replications_to_decide(entry: dict[str, Any], limit: float, now: int) -> int | None:
    """Return how many replications would bring an interval to one side of its limit; None where no sensible number does.

    An interval narrows with the square root of the replications, so n (half width / distance from the limit)^2 of them are needed.
    Not that of a share of all or of none: its far end is 0.025^(1/n) from the other side (Clopper-Pearson).
    """
    if entry["low"] is None:
        return max(now + 1, int(entry["replications_needed"]))
    ends = (entry["low"], entry["high"], entry["estimate"])
    if any(isinstance(end, str) for end in ends):
        return None
    low, high, estimate = ends
    distance = abs(estimate - limit)
    half = estimate - low if estimate > limit else high - estimate
    needed = math.inf if distance == 0.0 else now * (half / distance) ** 2 * SPARE
    if entry.get("of") == "share" and estimate in {0.0, 1.0} and 0.0 < limit < 1.0:
        needed = math.log(0.025) / math.log1p(-distance) * SPARE
    if needed > MOST_REPLICATIONS:
        return None
    rounded: int = 10 ** max(2, math.floor(math.log10(max(needed, 1.0))))
    return max(2 * now, math.ceil(needed / rounded) * int(rounded))


def command(run: Run, sets: Sequence[tuple[str, str]] = (), replications: int | None = None) -> str:
    """Return the command that computes a run again with other values; with another number of replications it goes on in its folder."""
    words = ["migr", "sweep" if run.swept else "run", str(run.facts["scenario"]), *_kept(run, replications is not None)]
    words += [word for path, value in sets for word in ("--set", f"{path}={value}")]
    words += [] if replications is None else ["--replications", str(replications)]
    return shlex.join(words)


def _kept(run: Run, same_folder: bool) -> Iterator[str]:
    """Yield the options of the command that made the run which say what was computed, and where if it goes on there."""
    names = ("--set", "--vary", *(("--out",) if same_folder else ()))
    words = iter([str(word) for word in run.facts["command"]])
    for word in words:
        name, equals, _ = word.partition("=")
        if name in names:
            yield word
            if not equals:
                yield next(words, "")


def _told(detail: Detail, each: Try) -> str:
    if not each.sets:
        return f"{each.words}."
    where = next((where for path, _ in each.sets if (where := _set_elsewhere(detail, path))), "")
    if not where:
        return f"{each.words}: `{command(detail.run, each.sets)}`"
    values = ", ".join(f"`{path}: {value}`" for path, value in each.sets)
    return f"{each.words}: write {values} {where}, which sets it itself, and run it again."


def _set_elsewhere(detail: Detail, path: str) -> str:
    """Return where a path is set for this point after `--set`, so that `--set` does not reach it; "" for nowhere."""
    wanted = path.split(".")
    if any(_covers(known.split("."), wanted) for known in detail.entry["settings"]):
        return "in the sweep"
    written = detail.run.loaded.document.content.get("variants")
    variants = written if isinstance(written, dict) else {}
    point = detail.point.name
    name = max((name for name in variants if point == name or point.startswith(f"{name}, ")), key=len, default="")
    paths = variants.get(name)
    if isinstance(paths, dict) and any(_covers(str(key).split("."), wanted) for key in paths):
        return f"in the variant '{name}'"
    return ""


def _covers(known: Sequence[str], wanted: Sequence[str]) -> bool:
    """Tell whether two paths can mean the same value."""
    return all(one in {other, "*"} for one, other in zip(known, wanted, strict=False))


def _ideas(detail: Detail, objective: Objective) -> Iterator[Try]:
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
    path = f"plan.{step.name}.on_abort"
    sets = [(f"{path}.retries", str(max(3, 2 * step.on_abort.retries)))]
    if not step.on_abort.wait_s:
        sets.append((f"{path}.wait", "5 min"))
    if rejected and not step.on_abort.retry_rejected:
        sets.append((f"{path}.retry_rejected", "true"))
    too = ", after a rejection too," if rejected else ""
    return Try(f"Try again more often{too} and wait in between: the cause can pass", tuple(sets))


def _faster(detail: Detail, pace: Pace) -> Iterator[Try]:
    """Yield how what sets the speed could be raised."""
    first = pace.binding
    then = pace.ceilings[1]
    if first.kind == "network":
        network = detail.run.loaded.completed[detail.place].networks[first.name]
        faster = next((rate for rate in BANDWIDTHS if rate > (network.bandwidth or 0.0) * 1.01), None)
        if faster is not None and pace.gain > 1.0 + THIN:
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
    now = next(level for level, start in reversed(levels) if start <= step.at_s % DAY)
    for level, start in sorted(levels):
        at_s = start if start >= first_second(detail.run.loaded.scenario) else start + DAY
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
            "See how far this rests on the stop goal, which is assumed (A2) and no setting of VM2000",
            ((f"clusters.{pace.cluster}.parameters.stop_goal", format_time(2.0 * policy.stop_goal_s)),),
        )


def _clock(detail: Detail, value: float) -> float:
    return value + DAY_S if value < first_second(detail.run.loaded.scenario) else value
