"""Objectives in plain words: what was asked, what was found, how sure that is."""

from __future__ import annotations

from typing import Any

from sim.report.layout import clock, short_span, show_span
from sim.report.page.source import Detail
from sim.scenario.objectives import Metric, Objective
from sim.units import DAY_S, format_clock, format_time, show_memory

EVENING, MORNING = 18 * 3600, 6 * 3600  # between them a plan runs at night
AT_MOST = ("<=", "<")
_SHARES = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}
_OUTCOMES = {
    "completed-with-warnings": "some VM arrives with a warning",
    "rejected": "some VM is rejected at last",
    "aborted": "some VM's migration ends aborted",
    "not-started": "some VM is not tried",
    "lost": "some guest is lost",
}


def occasions(detail: Detail) -> str:
    """Return what replications are called: nights, or runs where the plan begins by day."""
    at_s = detail.point.steps[0].at_s % DAY_S if detail.point.steps else 0.0
    return "nights" if at_s >= EVENING or at_s < MORNING else "runs"


def counted(detail: Detail, which: str = "") -> str:
    """Return how many replications there are: "1 night", or with "simulated" as which "200 simulated nights"."""
    words = occasions(detail) if detail.replications != 1 else occasions(detail)[:-1]
    return f"{detail.replications:,} {f'{which} ' if which else ''}{words}"


def share_text(share: float) -> str:
    """Return a share of 0 to 1 in percent."""
    return f"{100.0 * share:.1f} %"


def value_text(of: str, value: float | str) -> str:
    """Return what an objective looks at in its own unit; "never" stays."""
    if isinstance(value, str):
        return value
    if of in {"share", "rounds"}:
        return share_text(value) if of == "share" else f"{value:.0f} round{'s' * (value != 1.0)}"
    return clock(value) if of == "end" else show_memory(value) if of == "sent" else show_span(value)


def interval_text(entry: dict[str, Any]) -> str:
    """Return the 95 % interval of an objective, or what it needs."""
    if entry["low"] is None:
        return f"an interval needs {entry['replications_needed']:,} replications"
    of, low, high = entry["of"], entry["low"], entry["high"]
    if of == "share":
        return f"95 % interval {100.0 * low:.1f} to {100.0 * high:.1f} %"
    first = short_span(low) if of not in {"end", "rounds", "sent"} and not isinstance(low, str) else value_text(of, low)
    return f"95 % interval {first} to {value_text(of, high)}"


def limit_text(metric: Metric, value: float) -> str:
    """Return the limit of an objective as a planner writes it."""
    if metric.name == "end":
        return format_clock(int(value) % DAY_S)
    if metric.name in {"rounds", "sent"}:
        return value_text(metric.name, value)
    return time_limit(value)


def limit_of(objective: Objective, detail: Detail) -> float:
    """Return the limit of a metric as summary.json counts; a clock time before the begin of the night is of the next day."""
    value = objective.value or 0.0
    is_clock = objective.metric is not None and objective.metric.name == "end"
    return value + DAY_S if is_clock and value < detail.clock_from else value


def time_limit(value_s: float) -> str:
    """Return a limit in hours, minutes or seconds, whichever is whole: "30 min" and not "1800 s"."""
    for unit_s, unit in ((3600.0, "h"), (60.0, "min")):
        if value_s >= unit_s and value_s % unit_s == 0.0:
            return f"{value_s / unit_s:.0f} {unit}"
    return format_time(value_s)


def clause(entry: dict[str, Any], objective: Objective, detail: Detail, cases: str = "", *, sure: bool = False) -> str:
    """Return what was found, without a full stop.

    Args:
        entry: of summary.json.
        objective: the same objective, parsed.
        detail: the point.
        cases: what the shares are of, such as "of them"; "" names the simulated nights.
        sure: leave the interval away: it lies on one side of the limit, and is told elsewhere.
    """
    interval = "" if sure else f"{interval_text(entry)}; "
    cases = cases or f"of the {counted(detail, 'simulated')}"
    if objective.kind != "quantile":
        asked = f"asked for: {_SHARES[objective.share_cmp]} {100.0 * (objective.share or 0.0):.10g} %"
        only = "only " * (entry["verdict"] == "missed" and entry["estimate"] > 0.0 and objective.share_cmp in {">=", ">"})
        return f"{event(objective, detail)} in {only}{share_text(entry['estimate'])} {cases} ({interval}{asked})"
    assert objective.metric is not None  # noqa: S101 - a quantile has a metric
    q = 100.0 * (objective.quantile or 0.0)
    limit = f"limit {limit_text(objective.metric, objective.value or 0.0)}"
    if isinstance(entry["estimate"], str):
        return (
            f"{_not_over(objective.metric, detail)} in more than {100.0 - q:.10g} % {cases}, so that its p{q:.10g} has no value ({limit})"
        )
    found = value_text(entry["of"], entry["estimate"])
    return f"{_statement(objective.metric, '<=', found, detail)} in {q:.10g} % {cases} ({interval}{limit})"


def event(objective: Objective, detail: Detail) -> str:
    """Return what a share counts, such as "all 12 VMs are off ABGSE501 within 30 min"."""
    if objective.metric is None:
        return "every VM of the plan is brought over" if objective.outcome == "completed" else _OUTCOMES[objective.outcome]
    return _statement(objective.metric, objective.cmp, limit_text(objective.metric, objective.value or 0.0), detail)


def done_words(detail: Detail, step_name: str) -> str:
    """Return what it means that a step is done: "all 12 VMs are off ABGSE501"; the whole plan for ""."""
    step = next((each for each in detail.point.steps if each.name == step_name), None)
    if step is None:
        return "the whole plan is done"
    if step.vm:
        return f"{step.vm} is on {step.to}"
    if step.sequence:
        return f"the {len(step.sequence)} VMs of step {step.name} are on {step.to}"
    vms = len({line["vm"] for line in detail.lines() if line["step"] == step.name})
    return f"all {vms} VMs are off {step.drain}" if vms > 1 else f"{step.drain} is empty"


def _statement(metric: Metric, cmp: str, limit: str, detail: Detail) -> str:
    """Return that a metric keeps a limit, or is above one, as a clause."""
    keeps = cmp in AT_MOST
    most = {"<=": "at most", "<": "less than", ">=": "at least", ">": "more than"}[cmp]
    of_vm = metric.of in {vm.name for vm in detail.point.vms}
    where = f" of step {metric.of}" if metric.of else ""
    if metric.name in {"makespan", "end"}:
        done = done_words(detail, metric.of)
        if keeps:
            return f"{done} {'within' if metric.name == 'makespan' else 'by'} {limit}"
        return f"{done} only {'after' if metric.name == 'makespan' else 'from'} {limit}"
    if metric.name == "downtime":
        whose = metric.of if of_vm else f"the guest{where} that is stopped longest"
        return f"{whose} stands still for {most} {limit}"
    whose = metric.of if of_vm else f"the VM{where} that takes most"
    verb = {"total": "takes", "rounds": "needs", "sent": "sends"}[metric.name]
    return f"the migration of {whose} {verb} {most} {limit}"


def _not_over(metric: Metric, detail: Detail) -> str:
    if metric.of in {vm.name for vm in detail.point.vms}:
        return f"{metric.of} is not brought over"
    return f"not every VM{f' of step {metric.of}' if metric.of else ''} is brought over"
