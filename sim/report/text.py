"""The summary as a planner reads it on a terminal."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from sim.report.trace import rendered
from sim.units import show_time

FOOTNOTE = (
    "Quantiles of completed migrations, below them their 95 % intervals; min:s and h:min:s. total = VMS2450 to VMS2451, "
    "downtime = VMS2452 to VMS2432 or HAL0331 to HAL0332.\n"
    "sent/mem = bytes sent over touched memory. VM2000's own policy on SU /390 is not published: `migr explain` lists what is assumed."
)


def summary_text(summary: dict[str, Any], width: int) -> str:
    """Return the summary: objectives first, then steps, then a table of VMs for each variant."""
    blocks = [summary["title"]] if summary.get("title") else []
    for point in summary["points"]:
        head = f"{point['point']}: " if point["point"] else ""
        blocks.append(f"{head}{point['replications']} replications")
        blocks += [_objective(entry) for entry in point["objectives"]]
        blocks += [_step(step) for step in point["steps"]]
        blocks += ["", _table(point["migrations"], width), ""]
    blocks += [FOOTNOTE, f"Assumptions used: {', '.join(summary['assumptions'])} (docs/assumptions.md)."] if summary["points"] else []
    return "\n".join(blocks)


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
    """Return three cells: value, and below it its 95 % interval or how many replications that needs."""
    cells = []
    for name in ("p50", "p90", "p99"):
        entry = found.get(name)
        if entry is None:
            cells.append("-")
            continue
        cell = _time(entry["value"])
        if entry["low"] is not None:
            cell += f"\n{_short(entry['low'])}-{_short(entry['high'])}"
        elif entry["replications_needed"]:
            cell += f"\n(n < {entry['replications_needed']})"
        cells.append(cell)
    return cells


def _outcomes(line: dict[str, Any]) -> str:
    shares = ", ".join(f"{name} {100 * share['share']:.1f} %" for name, share in line["outcomes"].items())
    reasons = ", ".join(line["reasons"])
    return f"{shares} ({reasons})" if reasons else shares


def _time(value: float | str | None) -> str:
    """Return a time of the table with its unit, s or min:s; "never" for one without end, "-" for none."""
    if value is None or isinstance(value, str):
        return value or "-"
    return f"{_short(value)} s" if value < 60.0 else f"{_short(value)} h" if value >= 3600.0 else f"{_short(value)} min"


def _short(value: float | str) -> str:
    """Return 14.23, 3:20 or 1:05:00, short enough for an interval."""
    if isinstance(value, str):
        return value
    if value < 60.0:
        return f"{value:.2f}"
    minutes, seconds = divmod(round(value), 60)
    return f"{minutes}:{seconds:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
