"""What the summary of a point says, by sorting and grouping whole pandas frames: slow, short and without chunks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from sim.columns import OUTCOMES, REASONS
from sim.results.chunks import Sample
from sim.results.reasons import ASSUMED, WORDS
from sim.results.statistics import Interval, quantile, quantile_interval, share_interval
from sim.scenario.objectives import Metric, Objective

NEVER = float("inf")
OPERATOR = "(operator)"
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
    chosen = (
        migrations[migrations["step"] != OPERATOR]
        if not metric.of
        else migrations[(migrations["vm"] == metric.of) | (migrations["step"] == metric.of)]
    )
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
    wants_all = objective.outcome == "completed"
    final = final_attempts(migrations[migrations["step"] != OPERATOR] if wants_all else migrations)
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
        "migrations": _migrations(migrations, [*order, OPERATOR], replications),
        "failures": _failures(migrations, plans, order, window_ends),
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
    quantities |= {name: done[name] for name in ("setup_s", "precopy_s", "handshake_s", "cleanup_s")}
    quantities["state_and_resume_s"] = done["downtime_s"] - done["stopped_round_s"]
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


def _failures(rows: pd.DataFrame, plans: pd.DataFrame, order: list[str], window_ends: float | None) -> dict[str, Any]:
    n = int(plans["replication"].nunique())
    rows = rows.astype({"step": str, "vm": str, "source": str, "outcome": str})
    reasons: list[dict[str, Any]] = []
    for pair, group in rows[rows["reason"].notna()].groupby(["outcome", "reason"], observed=True):
        outcome, reason = map(str, pair)
        vms = {str(vm): int(count) for vm, count in group["vm"].value_counts().items()}
        share = _share(int(group["replication"].nunique()), n)
        found = {"outcome": outcome, "reason": reason, "words": WORDS[reason], "assumption": ASSUMED.get(reason), "replications": share}
        reasons.append(found | {"attempts": len(group), "vms": vms})
    reasons.sort(key=lambda each: (OUTCOMES.index(each["outcome"]), -each["replications"]["share"], REASONS.index(each["reason"])))
    broken = rows[rows["after_suspend"].notna()]
    decided = broken.groupby(broken["after_suspend"].astype(str))["replication"].nunique()
    return {
        "reasons": reasons,
        "left_behind": _left_behind(plans, order, n),
        "after_suspend": [
            {"policy": policy, "replications": _share(int(hits), n), "guest": _went_on(broken[broken["after_suspend"] == policy])}
            for policy, hits in decided.sort_index().items()
        ],
        "cost": [cost for step in order for cost in _cost(plans[plans["step"] == step], window_ends)],
        **_happened(plans.drop_duplicates("replication")),
    }


def _left_behind(plans: pd.DataFrame, order: list[str], n: int) -> list[dict[str, Any]]:
    found: dict[tuple[str, str, str], list[bool]] = {}
    for step, text in zip(plans["step"].astype(str), plans["left"].astype(str), strict=True):
        for entry in filter(None, text.split("; ")):
            vm, where = entry.removesuffix(", guest lost").split(" ", 1)
            found.setdefault((step, vm, where), []).append(entry.endswith(", guest lost"))
    return [
        {
            "step": step,
            "vm": vm,
            "su": where[3:] if where.startswith("on ") else "",
            "deleted": where == "deleted by an operator",
            "replications": _share(len(lost), n),
            "guest_lost": _share(sum(lost), n) if any(lost) else None,
        }
        for (step, vm, where), lost in sorted(found.items(), key=lambda each: (order.index(each[0][0]), -len(each[1]), each[0]))
    ]


def _happened(plans: pd.DataFrame) -> dict[str, Any]:
    n = len(plans)
    texts = {column: [text.split("; ") if text else [] for text in plans[column].astype(str)] for column in ("ended", "faults", "commands")}
    down = [{entry.split(":")[0]: entry.split()[1:] for entry in entries} for entries in texts["ended"]]
    outages: list[dict[str, Any]] = []
    for unit in sorted({unit for each in down for unit in each}):
        guests = pd.Series([vm for each in down for vm in each.get(unit, [])], dtype=str).value_counts()
        ended = sorted(guests.items(), key=lambda each: (-each[1], str(each[0])))
        share = _share(sum(unit in each for each in down), n)
        outages.append({"su": unit, "replications": share, "guests_ended": {str(vm): _share(int(count), n) for vm, count in ended}})
    faults: list[dict[str, Any]] = []
    for place, entry in enumerate(texts["faults"][0]):
        numbers = [tuple(map(int, entries[place].split()[1:])) for entries in texts["faults"]]
        count = sum(times > 0 for times, _ in numbers)
        sums = {"times": sum(times for times, _ in numbers), "attempts": sum(attempts for _, attempts in numbers)}
        faults.append({"fault": entry.split()[0], "replications": _share(count, n), "count": count, **sums})
    commands: list[dict[str, Any]] = []
    for place, entry in enumerate(texts["commands"][0]):
        number, time, console, command, _ = entry.split()
        ends = pd.Series([entries[place].split()[-1] for entries in texts["commands"]]).value_counts().sort_index()
        typed = {"number": int(number), "time": time, "console": console, "command": command}
        commands.append({**typed, "ends": {str(end): int(hits) for end, hits in ends.items()}})
    return {"outages": outages, "faults": faults, "commands": commands}


def _went_on(attempts: pd.DataFrame) -> dict[str, int]:
    ends = {"source": "aborted", "target": "completed-with-warnings", "lost": "lost"}
    return {where: int((attempts["outcome"] == outcome).sum()) for where, outcome in ends.items()}


def _cost(group: pd.DataFrame, window_ends: float | None) -> list[dict[str, Any]]:
    is_failed = (group["failed_s"] > 0.0) | (group["left_behind"] > 0)
    cases = {"without": group[~is_failed], "with": group[is_failed]}
    if cases["with"].empty:
        return []
    in_time: dict[str, Any] = {
        name: _share(int((rows["end_s"] <= window_ends).sum()), len(rows)) if window_ends is not None and len(rows) else None
        for name, rows in cases.items()
    }
    durations = {name: (rows["ended_s"] - rows["at_s"]).to_numpy(dtype=float) for name, rows in cases.items()}
    failed_s = cases["with"]["failed_s"].to_numpy(dtype=float)
    return [
        {
            "step": str(group["step"].iloc[0]),
            "replications": _share(int(is_failed.sum()), len(group)),
            "failed_s": _quantiles(failed_s, len(failed_s), several=False),
            "duration_s": {name: _quantiles(values, len(values), several=False) for name, values in durations.items()},
            "within_window": in_time,
        }
    ]


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
