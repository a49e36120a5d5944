"""The answer in numbers: per point and VM, quantiles with intervals, outcomes with reasons, objectives with verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sim.errors import ResultsError
from sim.results.chunks import Chunks
from sim.results.largest import Largest
from sim.results.lines import Lines
from sim.results.samples import KEYS, STEP_KEYS, Replications, migration_columns, plan_columns
from sim.results.steps import Steps
from sim.results.verdicts import Evidence
from sim.scenario.objectives import Objective

ALWAYS_STORED = ("point", *KEYS, "reason", "due_s")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a summary is to say.

    Args:
        objectives: of the scenario.
        clock_from: second of the day at which the window (or the plan) begins.
        window_ends: end of the window, seconds since 00:00 of the first day; None when the scenario has none.
        confidence: of every interval.
    """

    objectives: tuple[Objective, ...]
    clock_from: float
    window_ends: float | None = None
    confidence: float = 0.95


def columns_needed(objectives: Iterable[Objective]) -> frozenset[str]:
    """Return the columns of the table of migrations without which there is no summary with these objectives."""
    return frozenset(ALWAYS_STORED) | migration_columns(objective.metric for objective in objectives if objective.metric is not None)


def summarise(points: Iterable[tuple[str, Chunks, Mapping[str, Any]]], asked: Asked) -> dict[str, Any]:
    """Return the summary of a run, as summary.json has it: that of each point, where it has a replication.

    Args:
        points: name, rows and further entries of each.
        asked: what the summary is to say.

    Raises:
        ResultsError: an objective needs a column that is not stored.
    """
    found = (summarise_point(name, chunks, asked, more) for name, chunks, more in points)
    return {"points": [entry for entry in found if entry is not None]}


def summarise_point(name: str, chunks: Chunks, asked: Asked, more: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """Return the summary of a point; None when it has no replication.

    The rows are read once, and a few times more where they are too many to be kept; memory does not grow with their number.

    Args:
        name: of the point.
        chunks: its rows.
        asked: what the summary is to say.
        more: further entries, told behind the name.

    Raises:
        ResultsError: an objective needs a column that is not stored.
    """
    stored = chunks.columns
    _check_stored(stored, asked.objectives)
    lines, steps = Lines(stored, asked.confidence), Steps(asked.window_ends, asked.confidence)
    largest = Largest(stored, asked.confidence)
    verdicts = [Evidence(objective, asked.clock_from, asked.confidence) for objective in asked.objectives]
    replications = _pass(chunks, lines, largest, steps, verdicts)
    while lines.is_open or largest.is_open or steps.is_open or any(evidence.is_open for evidence in verdicts):
        _pass(chunks, lines, largest, steps, verdicts)
    if not replications:
        return None
    return {
        "point": name,
        **(more or {}),
        "replications": replications,
        **largest.entries(),
        "steps": steps.entries(),
        "migrations": lines.entries(steps.names, replications),
        "objectives": [evidence.judged(name).entry() for evidence in verdicts],
    }


def _pass(chunks: Chunks, lines: Lines, largest: Largest, steps: Steps, verdicts: list[Evidence]) -> int:
    """Read all rows once for whoever still needs them; return how many replications there are."""
    asking = [evidence for evidence in verdicts if evidence.is_open]
    wants_lines, wants_largest, wants_steps = lines.is_open, largest.is_open, steps.is_open
    metrics = [evidence.objective.metric for evidence in asking if evidence.objective.metric is not None]
    wanted = {*migration_columns(metrics), *largest.columns, *(lines.columns if wants_lines else ())}
    of_migrations = sorted({*KEYS, *wanted}) if wants_lines or wants_largest or asking else []
    of_plans = sorted({*STEP_KEYS, *plan_columns(metrics), *(steps.columns if wants_steps else ())})
    replications = 0
    for chunk in chunks.read(of_migrations, of_plans):
        seen = Replications(chunk)
        replications += len(seen.numbers)
        if wants_lines:
            lines.add(seen)
        if wants_largest:
            largest.add(seen)
        if wants_steps:
            steps.add(chunk.plans)
        for evidence in asking:
            evidence.add(seen)
    if wants_lines:
        lines.end_pass()
    if wants_largest:
        largest.end_pass()
    if wants_steps:
        steps.end_pass()
    for evidence in asking:
        evidence.end_pass()
    return replications


def _check_stored(stored: frozenset[str], objectives: Iterable[Objective]) -> None:
    """Check that every objective can be judged.

    Raises:
        ResultsError: it cannot.
    """
    lacking = [
        f"objective '{objective.text}' needs the column {', '.join(sorted(missing))}, which was not stored"
        for objective in objectives
        if (missing := columns_needed([objective]) - stored)
    ]
    if lacking:
        raise ResultsError("\n".join(lacking) + "\nname it in --columns, and another folder with --out")


def flat(summary: dict[str, Any]) -> pd.DataFrame:
    """Return the summary as a table for a spreadsheet: one row a point, VM or step, and quantity; a column for each path that is varied."""
    rows: list[dict[str, Any]] = []
    varied: dict[str, None] = {}  # the paths in their order
    for point in summary["points"]:
        settings = point.get("settings", {})
        varied |= dict.fromkeys(settings)
        at = {**settings, "point": point["point"], "step": "", "vm": ""}
        rows += [
            {**at, "quantity": f"{entry['objective']}: {entry['verdict']}", **_cells(entry, "estimate")} for entry in point["objectives"]
        ]
        rows.append({**at, "quantity": "share of replications in which every VM was brought over", **_cells(point["completed"], "share")})
        for quantity, quantiles in point["largest"].items():
            rows += [
                {**at, "quantity": f"largest {quantity} of a replication {name}", **_cells(found)} for name, found in quantiles.items()
            ]
        for step in point["steps"]:
            here = {**at, "step": step["step"]}
            rows.append(
                {**here, "quantity": "share of replications with nothing left behind", **_cells(step["nothing_left_behind"], "share")}
            )
            if step["within_window"]:
                rows += [{**here, "quantity": "share within the window", **_cells(step["within_window"], "share")}]
            rows += [{**here, "quantity": f"makespan_s {name}", **_cells(found)} for name, found in step["makespan_s"].items()]
        for line in point["migrations"]:
            here = {**at, "step": line["step"], "vm": line["vm"]}
            rows += [{**here, "quantity": f"share {name}", **_cells(found, "share")} for name, found in line["outcomes"].items()]
            rows += [{**here, "quantity": f"count of reason {name}", "value": count} for name, count in line["reasons"].items()]
            for quantity, quantiles in line["of_completed"].items():
                rows += [{**here, "quantity": f"{quantity} of completed {name}", **_cells(found)} for name, found in quantiles.items()]
    return pd.DataFrame(rows, columns=["point", *varied, "step", "vm", "quantity", "value", "low", "high"])


def _cells(entry: dict[str, Any], value: str = "value") -> dict[str, Any]:
    return {"value": entry[value], "low": entry["low"], "high": entry["high"]}
