"""The answer in numbers: per variant and VM, quantiles with intervals, outcomes with reasons, objectives with verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from sim.results.frames import Sample, final_attempts, is_completed
from sim.results.statistics import Interval, quantile, quantile_interval, share_interval
from sim.results.verdicts import Judged, judge
from sim.scenario.objectives import Objective

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
ALL = "(all)"


def summarise(
    migrations: pd.DataFrame,
    plans: pd.DataFrame,
    objectives: Iterable[Objective],
    clock_from: float,
    window_ends: float | None = None,
) -> dict[str, Any]:
    """Return the summary of a run, as summary.json has it.

    Args:
        migrations: all rows of the run.
        plans: all rows of the run.
        objectives: of the scenario.
        clock_from: second of the day at which the window (or the plan) begins.
        window_ends: end of the window, seconds since 00:00 of the first day; None when the scenario has none.
    """
    objectives = list(objectives)
    points = []
    for name in plans["point"].unique().tolist():
        rows = migrations[migrations["point"] == name]
        steps = plans[plans["point"] == name]
        order = [str(step) for step in steps["step"].unique()]
        points.append(
            {
                "point": name,
                "replications": int(steps["replication"].nunique()),
                "steps": [_step(step, group, window_ends) for step, group in steps.groupby("step", sort=False, observed=True)],
                "migrations": _migrations(rows, order),
                "objectives": [verdict(judge(objective, str(name), rows, steps, clock_from)) for objective in objectives],
            }
        )
    return {"points": points}


def verdict(judged: Judged) -> dict[str, Any]:
    """Return a judged objective as a mapping."""
    return {
        "objective": judged.objective.text,
        "of": "share" if judged.objective.kind != "quantile" or judged.objective.metric is None else judged.objective.metric.name,
        "verdict": judged.verdict,
        "estimate": _number(judged.estimate),
        "low": _number(judged.interval.low),
        "high": _number(judged.interval.high),
        "replications_needed": judged.interval.needed,
    }


def flat(summary: dict[str, Any]) -> pd.DataFrame:
    """Return the summary as a table for a spreadsheet: one row a variant, VM or step, and quantity."""
    rows: list[dict[str, Any]] = []
    for point in summary["points"]:
        at = {"point": point["point"], "step": "", "vm": ""}
        rows += [
            {**at, "quantity": f"{entry['objective']}: {entry['verdict']}", **_cells(entry, "estimate")} for entry in point["objectives"]
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
    return pd.DataFrame(rows, columns=["point", "step", "vm", "quantity", "value", "low", "high"])


def _cells(entry: dict[str, Any], value: str = "value") -> dict[str, Any]:
    return {"value": entry[value], "low": entry["low"], "high": entry["high"]}


def _migrations(rows: pd.DataFrame, steps: list[str]) -> list[dict[str, Any]]:
    """Return a line for each step and VM in the order of the plan, and one for all of them where there are several."""
    final = final_attempts(rows)
    groups: list[tuple[str, str, pd.DataFrame]] = [
        (str(step), str(vm), group) for (step, vm), group in final.groupby(["step", "vm"], sort=False, observed=True)
    ]
    groups.sort(key=lambda each: (steps.index(each[0]), float(each[2]["due_s"].median()), each[1]))
    if len(groups) > 1:
        groups.append((ALL, ALL, final))
    return [_line(step, vm, group) for step, vm, group in groups]


def _line(step: str, vm: str, group: pd.DataFrame) -> dict[str, Any]:
    done = group[is_completed(group)]
    several = vm == ALL  # VMs of one replication are not independent: no interval for them together
    quantities = {
        "total_s": done["total_s"],
        "downtime_s": done["downtime_s"],
        "stopped_round_s": done["stopped_round_s"],
        "rounds": done["rounds"],
        "sent_over_touched": done["sent_bytes"] / done["touched_bytes"],
    }
    return {
        "step": step,
        "vm": vm,
        "su_type": str(group["su_type"].iloc[0]),
        "migrations": len(group),
        "outcomes": _shares(group["outcome"], several),
        "reasons": {str(reason): int(count) for reason, count in group["reason"].dropna().value_counts(sort=False).items() if count},
        "of_completed": {name: _quantiles(values.dropna().to_numpy(dtype=float), several) for name, values in quantities.items()},
        "rounds_max": int(group["rounds"].max()),
    }


def _step(step: object, group: pd.DataFrame, window_ends: float | None) -> dict[str, Any]:
    in_time = None if window_ends is None else _share(int((group["end_s"] <= window_ends).sum()), len(group))
    return {
        "step": str(step),
        "at_s": float(group["at_s"].iloc[0]),
        "makespan_s": _quantiles(group["makespan_s"].to_numpy(dtype=float), several=False),
        "nothing_left_behind": _share(int((group["left_behind"] == 0).sum()), len(group)),
        "within_window": in_time,
    }


def _share(hits: int, n: int) -> dict[str, float | None]:
    interval = share_interval(hits, n)
    return {"share": hits / n, "low": interval.low, "high": interval.high}


def _shares(outcomes: pd.Series[Any], several: bool) -> dict[str, dict[str, float | None]]:
    counts = {str(name): int(count) for name, count in outcomes.value_counts(sort=False).items() if count}
    shares: dict[str, dict[str, float | None]] = {}
    for name, count in counts.items():
        shares[name] = {"share": count / len(outcomes), "low": None, "high": None} if several else _share(count, len(outcomes))
    return shares


def _quantiles(sample: Sample, several: bool) -> dict[str, dict[str, float | int | str | None]]:
    """Return p50, p90, p99 with their intervals; an infinite value is written as text, since JSON has none."""
    if not len(sample):
        return {}
    found: dict[str, dict[str, float | int | str | None]] = {}
    for name, q in QUANTILES.items():
        interval = Interval(None, None) if several else quantile_interval(sample, q)
        found[name] = {
            "value": _number(quantile(sample, q)),
            "low": _number(interval.low),
            "high": _number(interval.high),
            "replications_needed": interval.needed,
        }
    return found


def _number(value: float | None) -> float | str | None:
    if value is None:
        return None
    return float(value) if np.isfinite(value) else "never"
