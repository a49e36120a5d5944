"""What the summary of a point says, by sorting and grouping whole pandas frames: slow, short and without chunks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from sim.results.chunks import Sample
from sim.results.statistics import Interval, quantile, quantile_interval, share_interval
from sim.scenario.objectives import Metric, Objective

NEVER = float("inf")
COMPLETED = ["completed", "completed-with-warnings"]
PER_VM = {"total": "total_s", "downtime": "downtime_s", "rounds": "rounds", "sent": "sent_bytes"}
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}


def final_attempts(migrations: pd.DataFrame) -> pd.DataFrame:
    """Return the last attempt of each VM, step and replication."""
    keys = ["replication", "step", "vm"]
    return migrations.sort_values([*keys, "attempt"], kind="stable").drop_duplicates(keys, keep="last")


def sample_of(metric: Metric, migrations: pd.DataFrame, plans: pd.DataFrame) -> Sample:
    """Return the metric, one value a replication."""
    if metric.name in {"makespan", "end"}:
        return _of_steps(metric, plans)
    chosen = migrations if not metric.of else migrations[(migrations["vm"] == metric.of) | (migrations["step"] == metric.of)]
    final = final_attempts(chosen)
    by_replication: Any = final.assign(failed=~final["outcome"].isin(COMPLETED)).groupby("replication", sort=True)
    if metric.name == "sent":
        values = chosen.groupby("replication", sort=True)["sent_bytes"].sum()
    else:
        values = by_replication[PER_VM[metric.name]].max().fillna(0.0)
    every = np.sort(plans["replication"].unique())
    failed = by_replication["failed"].any().reindex(every, fill_value=False).to_numpy(dtype=bool)
    return np.where(failed, NEVER, values.reindex(every, fill_value=0.0).to_numpy(dtype=float))


def outcome_of(objective: Objective, migrations: pd.DataFrame, plans: pd.DataFrame) -> list[bool]:
    """Return for each replication whether `share(outcome)` counts it."""
    final = final_attempts(migrations)
    wants_all = objective.outcome == "completed"
    hit = final["outcome"].isin(COMPLETED) if wants_all else final["outcome"] == objective.outcome
    grouped: Any = hit.astype(bool).groupby(final["replication"], sort=True)
    found = grouped.all() if wants_all else grouped.any()
    return [bool(each) for each in found.reindex(np.sort(plans["replication"].unique()), fill_value=wants_all)]


def _of_steps(metric: Metric, plans: pd.DataFrame) -> Sample:
    column = "makespan_s" if metric.name == "makespan" else "end_s"
    if metric.of:
        return plans[plans["step"] == metric.of].sort_values("replication")[column].to_numpy(dtype=float)
    grouped: Any = plans.groupby("replication", sort=True)
    end = grouped["end_s"].max().to_numpy(dtype=float)
    return np.asarray(end if metric.name == "end" else end - grouped["at_s"].min().to_numpy(dtype=float))


def summary_of(migrations: pd.DataFrame, plans: pd.DataFrame, window_ends: float | None) -> dict[str, Any]:
    """Return the entry of a point without its objectives."""
    order = [str(step) for step in plans["step"].unique()]
    replications = int(plans["replication"].nunique())
    return {
        "point": "",
        "replications": replications,
        **_largest(migrations, plans),
        "steps": [_step(plans[plans["step"] == step], window_ends) for step in order],
        "migrations": _migrations(migrations, order, replications),
        "objectives": [],
    }


def _largest(migrations: pd.DataFrame, plans: pd.DataFrame) -> dict[str, Any]:
    samples = {f"{name}_s": sample_of(Metric(name), migrations, plans) for name in ("total", "downtime")}
    done = [bool(value < NEVER) for value in samples["total_s"]]
    return {
        "completed": _share(sum(done), len(done)),
        "largest": {name: _quantiles(sample, len(sample), several=False) for name, sample in samples.items()},
    }


def _migrations(rows: pd.DataFrame, steps: list[str], replications: int) -> list[dict[str, Any]]:
    final = final_attempts(rows)
    groups = [(str(step), str(vm), group) for (step, vm), group in final.groupby(["step", "vm"], sort=False, observed=True)]
    groups.sort(key=lambda each: (steps.index(each[0]), float(each[2]["due_s"].mean()), each[1]))
    if len(groups) > 1:
        groups.append(("(all)", "(all)", final))
    return [_line(step, vm, group, replications) for step, vm, group in groups]


def _line(step: str, vm: str, group: pd.DataFrame, replications: int) -> dict[str, Any]:
    done = group[group["outcome"].isin(COMPLETED)]
    several = vm == "(all)"
    quantities = {name: done[name] for name in ("total_s", "downtime_s", "stopped_round_s", "rounds")}
    quantities["sent_over_touched"] = done["sent_bytes"] / done["touched_bytes"]
    samples = {name: values.dropna().to_numpy(dtype=float) for name, values in quantities.items()}
    return {
        "step": step,
        "vm": vm,
        "su_type": ", ".join(sorted(set(group["su_type"].astype(str)))),
        "migrations": len(group),
        "outcomes": {
            str(name): {"share": count / len(group), "low": None, "high": None} if several else _share(count, len(group))
            for name, count in _counted(group["outcome"])
        },
        "reasons": {str(name): count for name, count in _counted(group["reason"].dropna())},
        "of_completed": {name: _quantiles(values, min(len(values), replications), several=several) for name, values in samples.items()},
        "rounds_max": int(group["rounds"].max()),
    }


def _counted(names: pd.Series[Any]) -> Iterable[tuple[object, int]]:
    return ((name, int(count)) for name, count in names.value_counts().items() if count)


def _step(group: pd.DataFrame, window_ends: float | None) -> dict[str, Any]:
    return {
        "step": str(group["step"].iloc[0]),
        "at_s": float(group["at_s"].iloc[0]),
        "makespan_s": _quantiles(group["makespan_s"].to_numpy(dtype=float), len(group), several=False),
        "nothing_left_behind": _share(int((group["left_behind"] == 0).sum()), len(group)),
        "within_window": None if window_ends is None else _share(int((group["end_s"] <= window_ends).sum()), len(group)),
    }


def _share(hits: int, n: int) -> dict[str, float | None]:
    interval = share_interval(hits, n)
    return {"share": hits / n, "low": interval.low, "high": interval.high}


def _quantiles(sample: Sample, n: int, *, several: bool) -> dict[str, Any]:
    found = {}
    for name, q in QUANTILES.items() if len(sample) else ():
        if name == "p99.9" and n < 3688:
            continue
        interval = Interval(None, None) if several else quantile_interval(sample, q)
        ends = {"low": _number(interval.low), "high": _number(interval.high), "replications_needed": interval.needed}
        found[name] = {"value": _number(quantile(sample, q)), **ends}
    return found


def _number(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else "never"
