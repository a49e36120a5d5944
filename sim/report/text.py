"""The summary as a planner reads it on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from sim.columns import OPERATOR_STEP
from sim.report.failing import failures_text
from sim.report.layout import clock, percent, rendered, short_span, show_span
from sim.units import show_memory

FOOTNOTE = """\
Quantiles are of completed migrations, below them their 95 % intervals: what more replications would narrow, not what is assumed.
(n < N): too few replications for an interval. total = VMS2450 to VMS2451; a makespan has the check before it as well.
downtime = VMS2452 to VMS2432 (/390), HAL0331 to HAL0332 (x86). sent/mem = bytes sent over touched memory."""
OF_VM2000 = "VM2000's own policy on SU /390 is not published: vary `stop_goal` and `chase_limit` with --set to see what rests on it."


NAMES_SHOWN = 3
ALL = "(all)"  # step and VM of the line of all together


def summary_text(summary: dict[str, Any], width: int) -> str:
    """Return the summary: objectives, steps, what went wrong, and a table of VMs for each variant."""
    blocks = [summary["title"]] if summary.get("title") else []
    blocks += [summary[key]["text"] for key in ("asked", "stopping") if key in summary]
    blocks += [
        f"Missing: {lack['replications']:,} replications{_of(lack['point'])}: their parts failed" for lack in summary.get("missing", ())
    ]
    for point in summary["points"]:
        head = f"{point['point']}: " if point["point"] else ""
        blocks.append(f"{head}{point['replications']} replications")
        blocks += [_objective(entry) for entry in point["objectives"]]
        blocks += [_step(step) for step in point["steps"]]
        wrong = failures_text(point["failures"], point["replications"], width, summary["assumptions"])
        blocks += [wrong] if wrong else []
        blocks += ["", _table(point["migrations"], width), *_by_operators(point["migrations"]), ""]
    blocks += (
        [
            _footnote(summary["points"]),
            *engines(summary["points"]),
            f"Assumptions used: {', '.join(summary['assumptions'])}; `migr explain` says what they are.",
        ]
        if summary["points"]
        else []
    )
    return "\n".join(blocks)


def _footnote(points: Sequence[dict[str, Any]]) -> str:
    """Return what has to be known to read the table; of a policy only where it was used."""
    return "\n".join([FOOTNOTE, *([OF_VM2000] if any("vm2000" in point["policies"] for point in points) else [])])


def engines(points: Sequence[dict[str, Any]]) -> list[str]:
    """Return which engine ran and why: a line for each reason, with the points where not all have the same."""
    by_reason: dict[str, list[str]] = {}
    for point in points:
        by_reason.setdefault(f"{point['engine']} ({point['why_engine']})", []).append(point["point"])
    if len(by_reason) == 1:
        return [f"Engine: {reason}" for reason in by_reason]
    return [f"Engine of {_named(names)}: {reason}" for reason, names in by_reason.items()]


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:NAMES_SHOWN])
    return shown if len(names) <= NAMES_SHOWN else f"{shown} and {len(names) - NAMES_SHOWN} more points"


def _objective(entry: dict[str, Any]) -> str:
    show = partial(_value, entry["of"])
    if entry["low"] is None:
        why = f"needs {entry['replications_needed']} replications"
    else:
        why = f"95 % interval {show(entry['low'])} to {show(entry['high'])}"
    found = f"found {show(entry['estimate'])}"
    if entry["of"] == "share" and entry["objective"].startswith("share(") and not entry["objective"].startswith("share(completed"):
        found += " of the replications, by the last attempt of each VM"  # what failed and was tried again is told below
    return f"  {entry['verdict'].upper():<9} {entry['objective']}   ({found}; {why})"


def _value(of: str, value: float | str) -> str:
    """Return what an objective looks at in its own unit: shares, clock times, times, rounds or bytes."""
    if isinstance(value, str):
        return value
    plain: dict[str, Callable[[float], str]] = {
        "share": lambda share: f"{100.0 * share:.1f} %",
        "end": clock,
        "rounds": lambda rounds: f"{rounds:.0f}",
        "sent": show_memory,
    }
    return plain.get(of, show_span)(value)


def _of(point: str) -> str:
    return f" of {point}" if point else ""


def _step(step: dict[str, Any]) -> str:
    spans = ", ".join(f"{name} {show_span(found['value'])}" for name, found in step["makespan_s"].items())
    shares = f"nothing left behind in {percent(step['nothing_left_behind'])} of the replications"
    if step["within_window"]:
        shares += f", within the window in {percent(step['within_window'])}"
    return f"  step {step['step']}: makespan {spans}; {shares}"


def _by_operators(lines: list[dict[str, Any]]) -> list[str]:
    """Return what migrations for which operators gave the command count for, where there are any."""
    if all(line["step"] != OPERATOR_STEP for line in lines):
        return []
    return [
        f"{OPERATOR_STEP} = migrations for which operators gave the command; (all) has them too. Objectives that name no VM, and",
        "share(completed), are about the plan and do not count them; shares of other outcomes and objectives of a VM do.",
    ]


def _table(lines: list[dict[str, Any]], width: int) -> str:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1), collapse_padding=True)
    for title in ("step", "VM"):
        table.add_column(title, no_wrap=True)
    for title in ("total p50", "p90", "p99", "downtime p50", "p90", "p99"):
        table.add_column(title, justify="right", no_wrap=True)
    for title in ("rounds", "sent/mem"):
        table.add_column(title, justify="right", min_width=len(title))
    table.add_column("outcomes", min_width=len("completed 100.0 %"))
    for line in lines:
        found = line["of_completed"]
        # A quantity whose column was not stored is missing like one that no migration has.
        rounds = f"{found['rounds']['p50']['value']:.0f} (max {line['rounds_max']})" if found.get("rounds") else "-"
        sent = f"{found['sent_over_touched']['p50']['value']:.2f}" if found.get("sent_over_touched") else "-"
        times = [cell for name in ("total_s", "downtime_s") for cell in _quantiles(found.get(name, {}))]
        both = line["step"] == ALL and any(each["step"] == OPERATOR_STEP for each in lines)
        cells = [line["step"], f"plan and {OPERATOR_STEP}" if both else line["vm"], *times, rounds, sent, _outcomes(line)]
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
        cell = show_span(entry["value"])
        if entry["low"] is not None:
            cell += f"\n{short_span(entry['low'])}-{short_span(entry['high'])}"
        elif entry["replications_needed"]:
            cell += f"\n(n < {entry['replications_needed']})"
        cells.append(cell)
    return cells


def _outcomes(line: dict[str, Any]) -> str:
    shares = ", ".join(f"{name} {100 * share['share']:.1f} %" for name, share in line["outcomes"].items())
    reasons = ", ".join(line["reasons"])
    return f"{shares} ({reasons})" if reasons else shares
