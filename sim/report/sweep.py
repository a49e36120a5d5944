"""The points of a sweep as one table: what was varied, and the numbers that a planner compares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from sim.columns import OPERATOR_STEP
from sim.report.layout import rendered, show_span
from sim.report.text import ALL, engines
from sim.scenario.sweep import variant_of

WIDEST_CELL = 24  # columns of a value that is a mapping or a list; the summary has it in full
ARRIVED = ("completed", "completed-with-warnings")
STEPS_SHOWN = 2  # steps whose makespans have columns; with more of them the table would not fit a terminal
FOOTNOTE = """\
Total and downtime are the largest of each replication, as in objectives: never where a VM was not migrated; completed = share of
replications in which every VM was brought over. Makespans are of all replications.{failed}
All points share their random numbers, so differences between rows are differences of the settings.
summary.csv has every number with its interval."""
OF_FAILED = """
VMs arrived, guests lost = shares of the plan's VMs, by their last attempts; the main reason is that of most that did not arrive."""


def sweep_text(summary: dict[str, Any], width: int) -> str:
    """Return the table of the points, one row each.

    Args:
        summary: as in summary.json.
        width: columns of the terminal.
    """
    points = summary["points"]
    blocks = [summary["title"]] if summary.get("title") else []
    blocks += [summary[key]["text"] for key in ("asked", "stopping") if key in summary]
    if not points:
        return "\n".join(blocks)
    paths = list(points[0]["settings"])
    constant = [path for path in paths if len({point["settings"][path] for point in points}) == 1 and len(points) > 1]
    shown = [path for path in paths if path not in constant]
    blocks += [f"{len(points)} points, {points[0]['replications']:,} replications each", ""]
    blocks += [f"{path} = {points[0]['settings'][path]}" for path in constant]
    blocks += [rendered(_table(points, shown), max(width, 118)), ""]
    blocks += [f"({number}) {entry['objective']}" for number, entry in enumerate(points[0]["objectives"], start=1)]
    footnote = FOOTNOTE.format(failed=OF_FAILED if _has_failures(points) else "")
    return "\n".join([*blocks, footnote, *engines(points)])


def _table(points: Sequence[dict[str, Any]], paths: Sequence[str]) -> Table:
    """Return the table: variant, settings, makespans, total, downtime, completed, verdicts."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    variants = [variant_of(point["point"], point["settings"]) for point in points]
    steps = [step["step"] for step in points[0]["steps"]]
    steps = steps if len(steps) <= STEPS_SHOWN else []
    objectives = range(1, len(points[0]["objectives"]) + 1)
    if any(variants):
        table.add_column("variant", no_wrap=True)
    for path in paths:
        table.add_column(Text(path.replace(".", ".\n")), justify="right", no_wrap=True)
    for step in steps:
        table.add_column(Text(f"makespan\n{step}\np50" if len(steps) > 1 else "makespan\np50"), justify="right", no_wrap=True)
        table.add_column("p90", justify="right", no_wrap=True)
    for title in ("total\np50", "p90", "downtime\np50", "p99", "completed"):
        table.add_column(title, justify="right", no_wrap=True)
    failed = _has_failures(points)
    if failed:
        table.add_column("VMs\narrived", justify="right", no_wrap=True)
        table.add_column("guests\nlost", justify="right", no_wrap=True)
        table.add_column("main reason\nof failures", no_wrap=True)
    for number in objectives:
        table.add_column(f"({number})", no_wrap=True)
    for point, variant in zip(points, variants, strict=True):
        cells = [variant] if any(variants) else []
        cells += [_short(point["settings"][path]) for path in paths]
        cells += [cell for step in point["steps"] if step["step"] in steps for cell in _spans(step["makespan_s"], "p50", "p90")]
        cells += [*_of_replications(point), *(_failed(point) if failed else ()), *(entry["verdict"] for entry in point["objectives"])]
        table.add_row(*map(Text, cells))
    return table


def _of_replications(point: dict[str, Any]) -> list[str]:
    """Return largest total, largest downtime and completed of the replications of a point; dashes for what was not stored."""
    found = point["largest"]
    times = [*_spans(found.get("total_s", {}), "p50", "p90"), *_spans(found.get("downtime_s", {}), "p50", "p99")]
    return [*times, f"{100 * point['completed']['share']:.1f} %"]


def _has_failures(points: Sequence[dict[str, Any]]) -> bool:
    return any(each["outcome"] not in ARRIVED for point in points for each in point["failures"]["reasons"])


def _failed(point: dict[str, Any]) -> list[str]:
    """Return the share of the plan's VMs that arrived, of those whose guests were lost, and why most of the others did not arrive."""
    lines = [line for line in point["migrations"] if line["step"] not in {ALL, OPERATOR_STEP}]
    total = sum(line["migrations"] for line in lines)
    shares = []
    for outcomes in (ARRIVED, ("lost",)):
        hits = sum(line["migrations"] * line["outcomes"][name]["share"] for line in lines for name in outcomes if name in line["outcomes"])
        shares.append(f"{100 * hits / total:.1f} %" if total else "-")
    failing = {each["reason"] for each in point["failures"]["reasons"] if each["outcome"] not in ARRIVED}
    counts = Counter[str]()
    for line in lines:
        counts.update({reason: count for reason, count in line["reasons"].items() if reason in failing})
    return [*shares, counts.most_common(1)[0][0] if counts else "-"]


def _spans(found: dict[str, Any], *names: str) -> list[str]:
    return [show_span(found[name]["value"]) if name in found else "-" for name in names]


def _short(text: str) -> str:
    return text if len(text) <= WIDEST_CELL else text[: WIDEST_CELL - 2] + ".."
