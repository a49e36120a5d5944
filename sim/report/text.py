"""The summary as a planner reads it on a terminal."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from sim.report.trace import rendered
from sim.units import show_time


def summary_text(summary: dict[str, Any], width: int) -> str:
    """Return the summary: objectives first, then steps, then a table of VMs for each variant."""
    blocks = [summary["title"]] if summary.get("title") else []
    for point in summary["points"]:
        head = f"{point['point']}: " if point["point"] else ""
        blocks.append(f"{head}{point['replications']} replications")
        blocks += [_objective(entry) for entry in point["objectives"]]
        blocks += [_step(step) for step in point["steps"]]
        blocks += ["", _table(point["migrations"], width), ""]
    return "\n".join(blocks).rstrip()


def _objective(entry: dict[str, Any]) -> str:
    found = _value(entry["estimate"], entry["objective"])
    if entry["low"] is None:
        why = f"needs {entry['replications_needed']} replications"
    else:
        why = f"95 % interval {_value(entry['low'], entry['objective'])} to {_value(entry['high'], entry['objective'])}"
    return f"  {entry['verdict'].upper():<9} {entry['objective']}   (found {found}; {why})"


def _value(value: float | str, objective: str) -> str:
    """Return a share as percent, a time as time, a count as it is."""
    if isinstance(value, str):
        return value
    if not objective.startswith("p"):
        return f"{100.0 * value:.1f} %"
    if "rounds" in objective:
        return f"{value:.0f}"
    if "sent" in objective:
        return f"{value / 2**30:.3g} GiB"
    return show_time(value)


def _step(step: dict[str, Any]) -> str:
    spans = ", ".join(f"{name} {_time(found['value'])}" for name, found in step["makespan_s"].items())
    clear = step["nothing_left_behind"]
    return (
        f"  step {step['step']}: makespan {spans}; all VMs brought over in {100 * clear['share']:.1f} % of the replications "
        f"({100 * clear['low']:.1f} to {100 * clear['high']:.1f} %)"
    )


def _table(lines: list[dict[str, Any]], width: int) -> str:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    table.add_column("step")
    table.add_column("VM", no_wrap=True)
    for title in ("total p50", "p90", "p99", "downtime p50", "p90", "p99", "rounds", "sent/mem"):
        table.add_column(title, justify="right")
    table.add_column("outcomes")
    for line in lines:
        rounds = "-" if line["rounds_p50"] is None else f"{line['rounds_p50']:.0f} (max {line['rounds_max']})"
        sent = "-" if line["sent_over_touched_p50"] is None else f"{line['sent_over_touched_p50']:.2f}"
        cells = [line["step"], line["vm"], *_quantiles(line["total_s"]), *_quantiles(line["downtime_s"]), rounds, sent, _outcomes(line)]
        table.add_row(*map(Text, cells))
    return rendered(table, max(width, 118))


def _quantiles(found: dict[str, Any]) -> list[str]:
    """Return three cells: value and below it its interval, or how many replications that needs."""
    cells = []
    for name in ("p50", "p90", "p99"):
        entry = found.get(name)
        if entry is None:
            cells.append("-")
            continue
        cell = _time(entry["value"])
        if entry["low"] is not None:
            cell += f"\n{_time(entry['low'])}..{_time(entry['high'])}"
        elif entry["replications_needed"]:
            cell += f"\n(n < {entry['replications_needed']})"
        cells.append(cell)
    return cells


def _outcomes(line: dict[str, Any]) -> str:
    shares = ", ".join(f"{name} {100 * share['share']:.1f} %" for name, share in line["outcomes"].items())
    reasons = ", ".join(line["reasons"])
    return f"{shares} ({reasons})" if reasons else shares


def _time(value: float | str | None) -> str:
    """Return a time of a summary: two decimals below a minute, else minutes and seconds; "never" for one without end."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:.2f} s" if value < 60.0 else show_time(value)
