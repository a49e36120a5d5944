"""The answer in numbers: per point and VM, quantiles with intervals, outcomes with reasons, objectives with verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from sim.errors import ResultsError
from sim.results.chunks import Chunks
from sim.results.failures import Failures
from sim.results.largest import Largest
from sim.results.lines import Lines
from sim.results.samples import KEYS, STEP_KEYS, Replications, migration_columns
from sim.results.steps import Steps
from sim.results.verdicts import Evidence
from sim.scenario.objectives import Objective

FORMAT = 2  # raise it whenever summary.json gets or loses entries: readers ask for a new summary instead of guessing
ALWAYS_STORED = ("point", *KEYS, "reason", "due_s")


class _Gathers(Protocol):
    """Whoever looks at the rows, pass by pass."""

    @property
    def is_open(self) -> bool:
        """Whether another pass is needed."""

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the table of migrations that the next pass reads, beside `KEYS`."""

    def add(self, seen: Replications) -> None:
        """Take the next replications of this pass."""

    def end_pass(self) -> None:
        """Take note that all replications were given."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the summary of a point is to say.

    Args:
        objectives: of the scenario.
        clock_from: second of the day at which the window (or the plan) of the point begins.
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


def summarise(points: Iterable[tuple[str, Chunks, Asked, Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the summary of a run, as summary.json has it: that of each point, where it has a replication.

    Args:
        points: name, rows, what is to be said and further entries of each.

    Raises:
        ResultsError: an objective needs a column that is not stored.
    """
    found = (summarise_point(*each) for each in points)
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
    largest, failures = Largest(stored, asked.confidence), Failures(stored, asked.confidence)
    verdicts = [Evidence(objective, asked.clock_from, asked.confidence) for objective in asked.objectives]
    gathering: tuple[_Gathers, ...] = (lines, largest, failures, *verdicts)
    replications = _pass(chunks, steps, gathering)
    while steps.is_open or any(each.is_open for each in gathering):
        _pass(chunks, steps, gathering)
    if not replications:
        return None
    return {
        "point": name,
        **(more or {}),
        "replications": replications,
        **largest.entries(),
        "steps": steps.entries(),
        "migrations": lines.entries(steps.names, replications),
        "failures": {**failures.entries(steps.names), "cost": steps.costs()},
        "objectives": [evidence.judged(name).entry() for evidence in verdicts],
    }


def _pass(chunks: Chunks, steps: Steps, gathering: Sequence[_Gathers]) -> int:
    """Read all rows once for whoever still needs them; return how many replications there are."""
    asking, wants_steps = [each for each in gathering if each.is_open], steps.is_open
    of_migrations = sorted({*KEYS, *(column for each in asking for column in each.columns)}) if asking else []
    of_objectives = (column for each in asking if isinstance(each, Evidence | Failures) for column in each.plan_columns)
    of_plans = sorted({*STEP_KEYS, *of_objectives, *(steps.columns if wants_steps else ())})
    replications = 0
    for chunk in chunks.read(of_migrations, of_plans):
        seen = Replications(chunk)
        replications += len(seen.numbers)
        for each in asking:
            each.add(seen)
        if wants_steps:
            steps.add(chunk.plans)
    for each in asking:
        each.end_pass()
    if wants_steps:
        steps.end_pass()
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
        rows += [{**at, **row} for row in _failure_rows(point["failures"])]
        for line in point["migrations"]:
            here = {**at, "step": line["step"], "vm": line["vm"]}
            rows += [{**here, "quantity": f"share {name}", **_cells(found, "share")} for name, found in line["outcomes"].items()]
            rows += [{**here, "quantity": f"count of reason {name}", "value": count} for name, count in line["reasons"].items()]
            for quantity, quantiles in line["of_completed"].items():
                rows += [{**here, "quantity": f"{quantity} of completed {name}", **_cells(found)} for name, found in quantiles.items()]
    return pd.DataFrame(rows, columns=["point", *varied, "step", "vm", "quantity", "value", "low", "high"])


def _failure_rows(failures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what went wrong, one quantity a row."""
    for each in failures["reasons"]:
        quantity = f"share of replications with {each['outcome']}: {each['reason']}"
        yield {"quantity": quantity, **_cells(each["replications"], "share")}
    for each in failures["left_behind"]:
        here = {"step": each["step"], "vm": each["vm"]}
        where = f" on {each['su']}" if each["su"] else ""
        what = "in which operators deleted it" if each["deleted"] else f"that do not bring it over: it is{where}"
        yield {**here, "quantity": f"share of replications {what}", **_cells(each["replications"], "share")}
        if each["guest_lost"]:
            yield {**here, "quantity": f"share of replications that lose its guest{where}", **_cells(each["guest_lost"], "share")}
    for each in failures["after_suspend"]:
        quantity = f"share of replications in which after_suspend: {each['policy']} decided"
        yield {"quantity": quantity, **_cells(each["replications"], "share")}
    yield from _happened_rows(failures)
    for each in failures["cost"]:
        step = {"step": each["step"]}
        yield {**step, "quantity": "share of replications with failed attempts", **_cells(each["replications"], "share")}
        for name, found in each["failed_s"].items():
            yield {**step, "quantity": f"failed_s, where attempts failed, {name}", **_cells(found)}
        for case in ("with", "without"):
            for name, found in each["duration_s"][case].items():
                yield {**step, "quantity": f"duration_s {case} failed attempts {name}", **_cells(found)}
            if each["within_window"][case]:
                yield {
                    **step,
                    "quantity": f"share within the window {case} failed attempts",
                    **_cells(each["within_window"][case], "share"),
                }


def _happened_rows(failures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what happened beside the migrations, one quantity a row."""
    for each in failures["outages"]:
        yield {"quantity": f"share of replications in which SU {each['su']} went down", **_cells(each["replications"], "share")}
        for vm, share in each["guests_ended"].items():
            yield {"vm": vm, "quantity": f"share of replications in which its guest ended with SU {each['su']}", **_cells(share, "share")}
    for each in failures["faults"]:
        yield {"quantity": f"share of replications with fault {each['fault']}", **_cells(each["replications"], "share")}
        yield {"quantity": f"count of attempts that fault {each['fault']} met and that failed or had a warning", "value": each["attempts"]}
    for each in failures["commands"]:
        what = f"{each['command']} at {each['time']} at the console of {each['console']}"
        for end, count in each["ends"].items():
            yield {"quantity": f"count of replications in which operators' command {each['number']}, {what}, ended: {end}", "value": count}


def _cells(entry: dict[str, Any], value: str = "value") -> dict[str, Any]:
    return {"value": entry[value], "low": entry["low"], "high": entry["high"]}
