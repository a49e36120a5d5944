"""The words of a replay: which metric is meant, which replication was found, and that it equals what is stored."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sim.errors import UsageError
from sim.report.layout import clock
from sim.results.entries import number
from sim.results.extremes import Found
from sim.scenario.objectives import Metric, ObjectiveError, parse_metric
from sim.scenario.point import Point
from sim.scenario.problems import suggestion
from sim.units import UnitError, parse_share, show_memory, show_time

_OF_STEPS = ("makespan", "end")  # metrics that look at a step; the others look at a VM or at all VMs of a step


def metric_of(text: str, vm: str | None, point: Point) -> Metric:
    """Return the metric that `--worst` names; where it names no VM or step, `--vm` does.

    Raises:
        UsageError: it is no metric, or the point has no such VM or step.
    """
    try:
        metric = parse_metric(text)
    except ObjectiveError as error:
        raise UsageError(f"--worst {error}") from None
    if not metric.of and vm is not None and metric.name not in _OF_STEPS:
        metric = Metric(metric.name, vm)
    steps, vms = [step.name for step in point.steps], [each.name for each in point.vms]
    if vm is not None and vm not in vms:
        raise UsageError(f"--vm {vm}: no such VM; {suggestion(vm, vms, 'VMs')}")
    if metric.of and metric.name in _OF_STEPS and metric.of not in steps:
        raise UsageError(f"--worst '{text}': there is no step '{metric.of}'; {suggestion(metric.of, steps, 'steps')}")
    if metric.of and metric.of not in [*steps, *vms]:
        raise UsageError(
            f"--worst '{text}': there is no VM or step '{metric.of}'; {suggestion(metric.of, [*vms, *steps], 'VMs and steps')}"
        )
    return metric


def quantile_of(text: str) -> float:
    """Return what `--quantile` says: 0.99, 99 % or p99.

    Raises:
        UsageError: it is no number above 0 and up to 1.
    """
    refused = UsageError(f"--quantile {text}: is no quantile; write a number above 0 and up to 1 such as 0.99, or 99 %; 1 is the worst")
    written = text.strip()
    try:
        if written.endswith("%"):
            found = parse_share(written)
        else:
            found = float(Fraction(written[1:]) / 100 if written[:1] == "p" else Fraction(written))
    except (UnitError, ValueError, ZeroDivisionError):
        raise refused from None
    if not 0.0 < found <= 1.0:
        raise refused
    return found


def found_text(metric: Metric, q: float, found: Found, *, completed: bool) -> str:
    """Return which replication was found, its value, and how many have none that ends."""
    what = f"{metric.name} of {metric.of}" if metric.of else metric.name
    among = f"of {found.looked_at:,} replications" + (" in which every VM that it looks at was migrated" if completed else "")
    rank = f"{q:.10g}-quantile" if q < 1.0 else "worst value"
    lines = [f"{what}: the {rank} {among} is {_shown(metric, found.value)}, in replication {found.replication}."]
    if found.infinite:
        left_out = "left out here" if completed else "--completed leaves them out"
        lines.append(f"Infinite, because a VM was not migrated: {found.infinite:,} replications; {left_out}.")
    return "\n".join(lines)


def found_content(metric: Metric, q: float, found: Found) -> dict[str, Any]:
    """Return the same as JSON can have it; an infinite value is the text "never", as in summary.json."""
    return {
        "replication": found.replication,
        "metric": f"{metric.name} of {metric.of}" if metric.of else metric.name,
        "quantile": q,
        "value": number(found.value),
        "looked_at": found.looked_at,
        "infinite": found.infinite,
    }


def compared_text(folder: object, replication: int, equal: dict[str, int]) -> str:
    """Return that a repeated replication equals its stored rows, or that none are stored."""
    if not equal:
        return f"Replication {replication} is not stored in {folder}; it was simulated now."
    tables = ", ".join(f"{rows} of {table}" for table, rows in equal.items())
    return f"Equal to the stored rows, bit by bit: {tables}."


def _shown(metric: Metric, value: float) -> str:
    if value == float("inf"):
        return "infinite (not migrated)"
    if metric.name == "end":
        return clock(value)
    if metric.name == "rounds":
        return f"{value:.0f}"
    if metric.name == "sent":
        return f"{show_memory(value)} ({value:.0f} bytes)"
    return f"{show_time(value)} ({value:.6f} s)"
