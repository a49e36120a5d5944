"""The tables of a run as pandas frames, seen from a replication: one value a replication and question."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.scenario.objectives import Metric, Objective

Sample = NDArray[np.float64]

NEVER = float("inf")
_COMPLETED = ("completed", "completed-with-warnings")
_PER_VM = {"total": "total_s", "downtime": "downtime_s", "rounds": "rounds", "sent": "sent_bytes"}


def final_attempts(migrations: pd.DataFrame) -> pd.DataFrame:
    """Return the last attempt of each VM, step and replication: what the plan left behind."""
    keys = ["replication", "step", "vm"]
    return migrations.sort_values([*keys, "attempt"], kind="stable").drop_duplicates(keys, keep="last")


def is_completed(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows are completed migrations, with or without warnings."""
    return np.asarray(frame["outcome"].isin(_COMPLETED), dtype=bool)


def sample_of(metric: Metric, migrations: pd.DataFrame, plans: pd.DataFrame) -> Sample:
    """Return the metric, one value a replication; +inf where a VM that it looks at was not migrated.

    `makespan` and `end` look at the step, or at the whole plan. `total`, `downtime` and `rounds` look at a VM, or take the largest of
    the VMs of the step or the plan; `sent` adds their bytes, all attempts.

    Args:
        metric: what is asked.
        migrations: rows of one point.
        plans: rows of one point.
    """
    if metric.name in {"makespan", "end"}:
        return _of_steps(metric, plans)
    chosen = migrations if not metric.of else migrations[(migrations["vm"] == metric.of) | (migrations["step"] == metric.of)]
    final = final_attempts(chosen)
    by_replication: Any = final.assign(failed=~is_completed(final)).groupby("replication", sort=True)
    if metric.name == "sent":
        values = chosen.groupby("replication", sort=True)["sent_bytes"].sum()
    else:
        # A guest that did not run has no downtime: nobody stood still.
        values = by_replication[_PER_VM[metric.name]].max().fillna(0.0)
    # A step that finds nothing to move has no rows: nothing was sent, nobody stood still, nothing failed.
    every = np.sort(plans["replication"].unique())
    failed = by_replication["failed"].any().reindex(every, fill_value=False).to_numpy(dtype=bool)
    return np.where(failed, NEVER, values.reindex(every, fill_value=0.0).to_numpy(dtype=float))


def outcome_of(objective: Objective, migrations: pd.DataFrame, plans: pd.DataFrame) -> NDArray[np.bool_]:
    """Return for each replication whether `share(outcome)` counts it.

    `completed` counts a replication in which every VM was completed, any other outcome one in which some VM had it.
    """
    final = final_attempts(migrations)
    every = np.sort(plans["replication"].unique())
    wants_all = objective.outcome == "completed"
    hit = pd.Series(is_completed(final) if wants_all else np.asarray(final["outcome"] == objective.outcome), index=final.index, dtype=bool)
    grouped: Any = hit.groupby(final["replication"], sort=True)
    found = grouped.all() if wants_all else grouped.any()
    return np.asarray(found.reindex(every, fill_value=wants_all), dtype=bool)


def _of_steps(metric: Metric, plans: pd.DataFrame) -> Sample:
    """Return makespan or end of a step, or of the plan: from the first begin to the last end."""
    column = "makespan_s" if metric.name == "makespan" else "end_s"
    if metric.of:
        return plans[plans["step"] == metric.of].sort_values("replication")[column].to_numpy(dtype=float)
    grouped: Any = plans.groupby("replication", sort=True)
    end = grouped["end_s"].max().to_numpy(dtype=float)
    return np.asarray(end if metric.name == "end" else end - grouped["at_s"].min().to_numpy(dtype=float))
