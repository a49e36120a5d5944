"""Figures of what failed: outcomes of the VMs, and what failed attempts cost of the window."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator

from sim.columns import OPERATOR_STEP, OUTCOMES
from sim.report.layout import show_span
from sim.report.page.blocks import Cell, Figure, Table, number_of, share_cell, span_cell
from sim.report.page.drawing import BAD, FAINT, GROUND, INK, SERIES, SOFT, Drawing, legend_below, time_axis
from sim.report.page.sections.failures.words import not_arrived
from sim.report.page.sections.sweeps.axes import round_ticks
from sim.report.page.source import Detail

MOST_VMS, MOST_COSTS = 12, 10
# Told apart by hatches, too; what arrived stays in the background.
LOOKS: dict[str, tuple[str, str]] = {
    "completed": (FAINT, ""),
    "completed-with-warnings": (SERIES[4], "..."),
    "rejected": (SERIES[0], "///"),
    "aborted": (SERIES[1], "xxx"),
    "not-started": (SERIES[5], ""),
    "lost": (BAD, "+++"),
}
NAMED_FROM = 0.15  # share from which on a part of a bar has room for its number
EARLY = " Where VMs are left behind the step is over early because it gives up: that time is no gain."
Key = tuple[str, str]  # step and VM


def outcome_figure(details: Sequence[Detail]) -> Figure | None:
    """Return the outcomes of the VMs by their last attempts, a panel a point; None where all simply completed."""
    lines = {detail.key: {(line["step"], line["vm"]): line for line in detail.lines()} for detail in details}
    worst: dict[Key, float] = {}
    for found in lines.values():
        for key, line in found.items():
            worst[key] = max(worst.get(key, 0.0), 1.0 - line["outcomes"].get("completed", {"share": 0.0})["share"])
    if not any(worst.values()):
        return None
    shown = sorted(sorted(worst, key=lambda key: -worst[key])[:MOST_VMS], key=list(worst).index)
    steps = len({step for step, _ in worst}) > 1
    names = [f"{vm} ({step.strip('()')})" if steps else vm for step, vm in shown]
    drawing = Drawing(lambda canvas: _draw(canvas, details, lines, shown, names), 1.0 + 0.26 * len(shown))
    counts = sorted({detail.replications for detail in details})
    sample = f"n = {' and '.join(f'{count:,}' for count in counts)} replications a point; intervals (95 %) are in the table."
    if len(worst) > len(shown):
        sample += f" The {len(shown)} of {len(worst)} VMs that fail most often are drawn."
    reading = (
        "Each bar is 100 % of the replications, by the last attempt of the VM; attempts that were repeated with success are not in it."
    )
    title, alt = _title(details), _alt(details)
    return Figure("failedoutcomes", title, drawing, alt, reading, sample, _outcome_numbers(details))


def _title(details: Sequence[Detail]) -> str:
    detail = max(details, key=lambda each: max(map(not_arrived, each.lines()), default=0.0))
    lines = sorted(detail.lines(), key=lambda line: -not_arrived(line))
    failing = [line for line in lines if not_arrived(line) > 0.0]
    where = f"{detail.name}: " if detail.name else ""
    if not failing:
        return "Every VM arrives, some with a warning"
    first = failing[0]
    alike = [line for line in failing if not_arrived(line) == not_arrived(first)]
    who = first["vm"] if len(alike) == 1 else f"{first['vm']} and {len(alike) - 1} more VM{'s' * (len(alike) > 2)}"
    arrive = len(lines) - len(failing)
    others = f"; {arrive} of {len(lines)} VMs always {'does' if arrive == 1 else 'do'}" if arrive else ""
    if all(line["step"] == OPERATOR_STEP for line in failing):
        others = f"; {'its' if len(failing) == 1 else 'their'} migration was typed by an operator and is no step of the plan"
    verb = "does" if len(alike) == 1 else "do"
    if not_arrived(first) >= 1.0:
        return f"{where}{who} never arrive{'s' * (len(alike) == 1)}{others}"
    return f"{where}{who} {verb} not arrive in {100 * not_arrived(first):.1f} % of the replications{others}"


def _alt(details: Sequence[Detail]) -> str:
    told = []
    for detail in details:
        shares = [
            f"{line['vm']} {100 * not_arrived(line):.1f} %"
            for line in sorted(detail.lines(), key=lambda line: -not_arrived(line))[:MOST_VMS]
            if not_arrived(line)
        ]
        told.append(f"{detail.name + ': ' if detail.name else ''}{', '.join(shares) or 'all arrive'}")
    return f"Bars of outcomes by VM. Share of replications in which a VM does not arrive: {'; '.join(told)}."


def _draw(
    canvas: Canvas, details: Sequence[Detail], lines: dict[str, dict[Key, dict[str, Any]]], shown: Sequence[Key], names: Sequence[str]
) -> None:
    panels = canvas.subplots(1, len(details), squeeze=False, sharey=True)[0]
    there: set[str] = set()
    for detail, axes in zip(details, panels, strict=True):
        for row, key in enumerate(shown):
            line = lines[detail.key].get(key)
            there |= set(line["outcomes"]) if line else set()
            _bar(axes, row, line["outcomes"] if line else {}, len(details))
            if line is None:
                axes.text(0.02, row, "not migrated", va="center", fontsize=8, color=SOFT)
        axes.set_xlim(0.0, 1.0)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_yticks(range(len(shown)), names, fontsize=8)
        axes.set_xticks((0.0, 0.5, 1.0), ("0", "50", "100"))
        axes.set_title("\n".join(textwrap.wrap(detail.name, max(12, 80 // len(details)))[:2]), fontsize=9, loc="left")
        axes.set_xlabel("% of replications")
    used = [outcome for outcome in OUTCOMES if outcome in there]
    patches = [Patch(facecolor=LOOKS[outcome][0], hatch=LOOKS[outcome][1], edgecolor=GROUND) for outcome in used]
    legend_below(canvas, patches, used)


def _bar(axes: Axes, row: int, outcomes: dict[str, Any], panels: int) -> None:
    begin = 0.0
    for outcome in OUTCOMES:
        share = outcomes.get(outcome, {"share": 0.0})["share"]
        colour, hatch = LOOKS[outcome]
        if share:
            axes.barh(row, share, left=begin, height=0.7, color=colour, hatch=hatch, edgecolor=GROUND, linewidth=0.3)
        if outcome != "completed" and share >= NAMED_FROM * min(panels, 3):
            box = {"facecolor": GROUND, "edgecolor": "none", "pad": 1.0}
            axes.text(begin + share / 2, row, f"{100 * share:.0f} %", ha="center", va="center", fontsize=8, color=INK, bbox=box)
        begin += share


def _outcome_numbers(details: Sequence[Detail]) -> Table:
    rows: list[list[Cell | str]] = []
    for detail in details:
        for line in detail.lines():
            for outcome, share in line["outcomes"].items():
                count = round(share["share"] * line["migrations"])
                cells = [Cell(f"{count:,}", count), *(share_cell(share[end]) for end in ("share", "low", "high"))]
                rows.append([detail.name, line["step"], line["vm"], outcome, *cells])
    titles = ["variant", "step", "VM", "outcome", "count", "share", "95 % from", "to"]
    return Table("failedoutcomesnumbers", titles, rows, "Last attempts of each VM by outcome.", folded=True)


def cost_figure(details: Sequence[Detail]) -> Figure | None:
    """Return how long steps take with and without failed attempts; None where none failed or none took time."""
    costs = [(detail, cost) for detail in details for cost in detail.entry["failures"]["cost"] if cost["failed_s"]][:MOST_COSTS]
    if not costs:
        return None
    names = [" / ".join(part for part in (detail.name, cost["step"]) if part) for detail, cost in costs]
    drawing = Drawing(lambda canvas: _draw_costs(canvas, costs, names), 1.0 + 0.5 * len(costs))
    some_without = any(cost["duration_s"]["without"] for _, cost in costs)
    none_did = ", and where none did (blue dot)" if some_without else "; there is no replication in which none did"
    reading = (
        f"A mark is p50, its line reaches to p99: how long the step took where an attempt failed (red square){none_did}. "
        "Grey bar: the time that failed attempts took of it, p50"
        f"{', with the waits before the next ones' if any(_wait_s(*each) for each in costs) else ''}."
        f"{EARLY if any(map(_behind, costs)) else ''}"
    )
    counts = " and ".join(f"{count:,}" for count in sorted({detail.replications for detail, _ in costs}))
    sample = f"n = {counts} replications a point, divided by whether an attempt failed; 95 % intervals are in the table."
    numbers = _cost_numbers(costs)
    title = _cost_title(costs, names)
    return Figure("failedcost", title, drawing, f"{title}. The table has all quantiles.", reading, sample, numbers)


def _cost_title(costs: Sequence[tuple[Detail, dict[str, Any]]], names: Sequence[str]) -> str:
    place = max(range(len(costs)), key=lambda each: number_of(costs[each][1]["failed_s"]["p50"]["value"]) or 0.0)
    cost = costs[place][1]
    some = cost["replications"]["share"]
    where = "" if some == 1.0 else f"where attempts fail, in {100 * some:.1f} % of the replications, "
    wait_s = _wait_s(*costs[place])
    waits = f" with the waits of {show_span(wait_s)} before the next ones" if wait_s else ""
    lost = f"{where}failed attempts{waits} take {show_span(cost['failed_s']['p50']['value'])}"
    text = f"{names[place]}: {lost} of the {'window' if any(cost['within_window'].values()) else 'step'} at the median"
    ends = {case: found["p50"]["value"] for case, found in cost["duration_s"].items() if found}
    if len(ends) == 2:
        text += f"; the step then takes {show_span(ends['with'])}, {show_span(ends['without'])} without failures"
    elif "with" in ends:
        behind = _behind(costs[place])
        text += f"; with them the step takes {show_span(ends['with'])}{f', {behind}' if behind else ''}"
    return text


def _wait_s(detail: Detail, cost: dict[str, Any]) -> float:
    """Return how long a step waits before it tries again, seconds; 0 where it does not."""
    again = next((step.on_abort for step in detail.point.steps if step.name == cost["step"]), None)
    return again.wait_s if again is not None and again.retries else 0.0


def _behind(of: tuple[Detail, dict[str, Any]]) -> str:
    """Return in how many replications a step leaves VMs behind; "" where in none: a step that gives up is over early."""
    detail, cost = of
    share = next((step["nothing_left_behind"]["share"] for step in detail.entry["steps"] if step["step"] == cost["step"]), 1.0)
    if share == 1.0:
        return ""
    return f"VMs left behind in {'all' if share == 0.0 else f'{100 * (1 - share):.1f} % of the'} replications"


def _draw_costs(canvas: Canvas, costs: Sequence[tuple[Detail, dict[str, Any]]], names: Sequence[str]) -> None:
    axes = canvas.subplots()
    for row, (detail, cost) in enumerate(costs):
        behind = _behind((detail, cost))
        axes.barh(row, number_of(cost["failed_s"]["p50"]["value"]) or 0.0, height=0.8, color=FAINT, alpha=0.7)
        for case, colour, marker, offset in (("without", SERIES[0], "o", -0.17), ("with", BAD, "s", 0.17)):
            found = cost["duration_s"][case]
            if found:
                ends = [float(number_of(found[name]["value"]) or 0.0) for name in ("p50", "p99")]
                axes.plot(ends, [row + offset] * 2, color=colour, linewidth=2.0, solid_capstyle="butt")
                axes.plot(ends[:1], [row + offset], marker=marker, color=colour, markersize=6, linestyle="none")
                far = f", p99 {show_span(ends[1])}" if show_span(ends[1]) != show_span(ends[0]) else ""
                far += f"\n{behind}" if case == "with" and behind else ""
                axes.annotate(
                    show_span(ends[0]) + far,
                    (ends[1], row + offset),
                    xytext=(5, 0),
                    textcoords="offset points",
                    fontsize=8,
                    va="center",
                    color=colour,
                )
    axes.set_yticks(range(len(names)), ["\n".join(textwrap.wrap(name, 24)[:2]) for name in names], fontsize=8)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0.0, axes.get_xlim()[1] * 1.25)  # room for the text beside the marks
    axes.xaxis.set_major_locator(FixedLocator(round_ticks(0.0, axes.get_xlim()[1])))
    time_axis(axes)
    axes.set_xlabel("time from the begin of the step to its end, s or min:s")
    axes.grid(visible=True, axis="x")


def _cost_numbers(costs: Sequence[tuple[Detail, dict[str, Any]]]) -> Table:
    rows: list[list[Cell | str]] = []
    for detail, cost in costs:
        kinds = {
            "time of failed attempts": cost["failed_s"],
            "busy with failed attempts": cost["duration_s"]["with"],
            "busy without": cost["duration_s"]["without"],
        }
        for what, found in kinds.items():
            rows += [
                [detail.name, cost["step"], what, name, *(span_cell(each[end]) for end in ("value", "low", "high"))]
                for name, each in found.items()
            ]
    return Table(
        "failedcostnumbers",
        ["variant", "step", "what", "quantile", "time", "95 % from", "to"],
        rows,
        f"Times with their 95 % intervals; failed attempts with the waits before the next ones.{EARLY if any(map(_behind, costs)) else ''}",
        folded=True,
    )
