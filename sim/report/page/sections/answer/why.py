"""Why an objective is met or missed: which VM, which phase, which limit of the speed, which failure decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sim.columns import OPERATOR_STEP
from sim.report.layout import percent, show_span
from sim.report.page.objective_words import counted, occasions
from sim.report.page.sections.answer.bottleneck import Pace, pace_of, pace_words, sharing
from sim.report.page.sections.failures.causes import cause_of
from sim.report.page.source import Detail
from sim.scenario.objectives import Metric
from sim.scenario.point import Step

PHASES = {"setup_s": "set-up", "precopy_s": "pre-copy", "downtime_s": "stop", "cleanup_s": "clean-up"}
MEANING = {
    "set-up": "the target is prepared",
    "pre-copy": "memory is sent while the guests run",
    "stop": "the guests stand still",
    "clean-up": "the source is tidied up",
}
ALIKE = 1.2  # times the mean: a VM that takes no longer does not stand out
NAMES = 3  # VMs that a sentence names
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Longest:
    """The VM whose migration takes longest in the median.

    Args:
        line: of summary.json.
        total_s: its median total time.
        share: of the sum of the median total times.
        second: the one after it, None where there is none.
    """

    line: Line
    total_s: float
    share: float
    second: Line | None


def planned(detail: Detail) -> list[Line]:
    """Return the lines of the plan: what operators typed is not what was asked."""
    return [line for line in detail.lines() if line["step"] != OPERATOR_STEP]


def lines_of(detail: Detail, metric: Metric | None) -> list[Line]:
    """Return the lines of the VMs that a metric looks at: one VM, those of a step, or all of the plan."""
    if metric is None or not metric.of:
        return planned(detail)
    return [line for line in detail.lines() if line["step" if _is_step(detail, metric.of) else "vm"] == metric.of]


def median(line: Line, quantity: str, name: str = "p50") -> float | None:
    """Return a quantile of what was completed; None where nothing was, or its column was not stored."""
    found = line["of_completed"].get(quantity)
    value = found[name]["value"] if found else None
    return None if isinstance(value, str) else value


def phase_shares(lines: Sequence[Line]) -> dict[str, float]:
    """Return the share of each phase in the sum of the median times of migrations; {} where phases are unknown."""
    known = [line for line in lines if line["of_completed"].get("precopy_s")]
    sums = {words: sum(median(line, quantity) or 0.0 for line in known) for quantity, words in PHASES.items()}
    total = sum(sums.values())
    return {words: value / total for words, value in sums.items()} if total > 0.0 else {}


def longest(lines: Sequence[Line]) -> Longest | None:
    """Return the VM that takes longest; None where nothing is completed or the time was not stored."""
    times = sorted(((median(line, "total_s") or 0.0, place) for place, line in enumerate(lines)), key=lambda each: (-each[0], each[1]))
    total = sum(time for time, _ in times)
    if total <= 0.0:
        return None
    second = lines[times[1][1]] if len(times) > 1 and times[1][0] > 0.0 else None
    return Longest(lines[times[0][1]], times[0][0], times[0][0] / total, second)


def worst_stop(lines: Sequence[Line], name: str = "p99") -> tuple[Line, float] | None:
    """Return whose quantile of the downtime is longest, and that; None where no guest was stopped or the column was not stored."""
    known = [(value, -place) for place, line in enumerate(lines) if (value := median(line, "downtime_s", name)) is not None]
    if not known:
        return None
    value, place = max(known)
    return lines[-place], value


def paced(detail: Detail, line: Line) -> tuple[Pace, Step] | None:
    """Return what limits the speed of a line's migration, and its step; None for an operator's."""
    step = next((each for each in detail.point.steps if each.name == line["step"]), None)
    vm = next(each for each in detail.point.vms if each.name == line["vm"])
    return None if step is None else (pace_of(detail, vm, step), step)


def why(detail: Detail, metric: Metric | None) -> list[str]:
    """Return what decides what an objective looks at, a sentence each; None looks at outcomes."""
    lines = lines_of(detail, metric)
    if metric is None:
        return [*failed(detail, lines)] or [f"No migration of the plan failed in {counted(detail)}."]
    if metric.name == "downtime":
        return [*failed(detail, lines), *_of_stop(detail, lines)]
    if metric.name in {"rounds", "sent"}:
        return [*failed(detail, lines), *_of_rounds(lines)]
    return [*failed(detail, lines), *_of_time(detail, metric, lines)]


def failed(detail: Detail, lines: Sequence[Line]) -> Iterator[str]:
    """Yield why migrations of these VMs fail, the reasons of most attempts first."""
    vms = {line["vm"] for line in lines}
    cause = cause_of(detail)
    if cause is not None:
        yield f"What fails follows from the fault {cause.fault}.{f' {cause.look_at}' * bool(cause.look_at)}"
    kinds = [each for each in detail.entry["failures"]["reasons"] if vms & set(each["vms"])]
    for each in sorted(kinds, key=lambda kind: -kind["attempts"])[:NAMES]:
        names = [name for name in each["vms"] if name in vms]
        more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
        rests = f", which rests on assumption [{each['assumption']}]" if each["assumption"] else ""
        yield (
            f"In {percent(each['replications'])} of the {occasions(detail)} {_outcome(each['outcome'])}, because "
            f"{each['words']} ({each['reason']}{rests}): {', '.join(names[:NAMES])}{more}."
        )


def _outcome(outcome: str) -> str:
    if outcome == "lost":
        return "a guest is lost"
    return f"an attempt is {({'completed-with-warnings': 'completed with a warning', 'not-started': 'not made'}).get(outcome, outcome)}"


def _of_time(detail: Detail, metric: Metric, lines: Sequence[Line]) -> Iterator[str]:
    """Yield which VM, which phase and which limit of the speed take the time."""
    most = longest(lines)
    if most is None:
        yield _unknown(detail, ["total_s"])
        return
    if len(lines) > 1:
        yield _compared(detail, metric, lines, most)
    shares = phase_shares(lines)
    if shares:
        first = max(shares, key=lambda words: shares[words])
        rest = ", ".join(f"{100.0 * share:.1f} % {words}" for words, share in shares.items() if words != first)
        yield f"{100.0 * shares[first]:.0f} % of all migration time is {first}, in which {MEANING[first]}; the rest is {rest}."
    else:
        yield _unknown(detail, list(PHASES))
    pace = paced(detail, most.line)
    if pace is not None and shares.get("pre-copy", 1.0) > 0.5:
        yield pace_words(pace[0])
        meets = sharing(detail, pace[1])
        if meets:
            yield f"The transfers of step {', '.join(meets)} run at the same time and take part of that speed."


def _compared(detail: Detail, metric: Metric, lines: Sequence[Line], most: Longest) -> str:
    """Return which VM takes longest and how it compares with the others."""
    step = step_of(detail, metric)
    whole = f" of {show_span(step['makespan_s']['p50']['value'])} for the whole step" if step else ""
    first = f"{most.line['vm']} takes longest: {show_span(most.total_s)}{whole} (medians)"
    if most.share * len(lines) < ALIKE:
        return f"No VM stands out. {first}, hardly more than the others."
    then = f"; next is {most.second['vm']} with {show_span(median(most.second, 'total_s'))}" if most.second else ""
    return f"{first}, {100.0 * most.share:.0f} % of what all {len(lines)} migrations take{then}.{_waiting(step, most)}"


def _waiting(step: dict[str, Any] | None, most: Longest) -> str:
    """Return how much of the step is no migration that is completed: attempts that fail, and waits before the next."""
    whole = step["makespan_s"]["p50"]["value"] if step else 0.0
    moving = most.total_s / most.share
    if isinstance(whole, str) or whole <= ALIKE * moving:
        return ""
    return f" The completed migrations take {show_span(moving)} together; in the rest of the time attempts fail, or the plan waits."


def step_of(detail: Detail, metric: Metric) -> dict[str, Any] | None:
    """Return the step of summary.json that a makespan or an end looks at, the only one where it names none; None for others."""
    if metric.name not in {"makespan", "end"}:
        return None
    steps: list[dict[str, Any]] = detail.entry["steps"]
    return next((each for each in steps if each["step"] == metric.of or (len(steps) == 1 and not metric.of)), None)


def _of_stop(detail: Detail, lines: Sequence[Line]) -> Iterator[str]:
    """Yield what the stop is made of, and what ends the pre-copy before it."""
    found = worst_stop(lines)
    if found is None:
        yield _unknown(detail, ["downtime_s"])
        return
    line, p99 = found
    if len(lines) > 1:
        yield f"{line['vm']} stands still longest: {show_span(p99)} at p99."
    whole, parts = median(line, "downtime_s"), [median(line, quantity) for quantity in ("stopped_round_s", "state_and_resume_s")]
    if whole and parts[0] is not None and parts[1] is not None:
        yield (
            f"Of its median stop of {show_span(whole)} the last round takes {show_span(parts[0])} (pages that were still changing), "
            f"state and resume {show_span(parts[1])} (in this model the same for any load)."
        )
    pace = paced(detail, line)
    policy = detail.site.clusters[pace[0].cluster].policy if pace else None
    if policy is not None and policy.name == "vm2000":
        yield (
            f"The guest is stopped as soon as the rest can be sent in {show_span(policy.stop_goal_s)}: assumption [A2], since VM2000's own "
            "policy on SU /390 is not published."
        )
    elif policy is not None:
        yield f"When the guest is stopped is decided by the policy {policy.name}; median {_rounds(line)} live rounds before."


def _of_rounds(lines: Sequence[Line]) -> Iterator[str]:
    for line in lines[:NAMES]:
        ratio = median(line, "sent_over_touched")
        if ratio is not None:
            yield f"{line['vm']} sends {ratio:.2f} times the memory that it touched, in {_rounds(line)} live rounds (medians)."


def _rounds(line: Line) -> str:
    rounds = median(line, "rounds")
    return "-" if rounds is None else f"{rounds:.0f}"


def _unknown(detail: Detail, columns: Sequence[str]) -> str:
    """Return why there is nothing to say: columns that were not stored, or nothing that was completed."""
    missing = [column for column in columns if column not in detail.rows.columns]
    if missing:
        what = "How long the guests stand still" if list(columns) == ["downtime_s"] else "What takes the time"
        return f"{what} is not known: `--columns` left out {', '.join(missing)}."
    if list(columns) == ["downtime_s"]:
        return "No migration with a running guest was completed, so there is no stop to explain."
    return "No migration was completed, so there are no times to explain it."


def _is_step(detail: Detail, name: str) -> bool:
    return name in {step.name for step in detail.point.steps}
