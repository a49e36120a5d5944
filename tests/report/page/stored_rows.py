"""Result folders as pandas reads them, with quantiles, shares and their intervals by their definitions."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import binom, binomtest

from report.page.page_numbers import Row

DONE = ["completed", "completed-with-warnings"]
PHASES = {"set-up": "setup_s", "pre-copy": "precopy_s", "clean-up": "cleanup_s"}
Expected = dict[str, float | None]  # by title; None: no number there, or none that the rows give


def quantile(values: ArrayLike, q: float) -> float | None:
    """Return the smallest value that a share q does not exceed; None of nothing."""
    ordered = np.sort(np.asarray(values, dtype=float))
    return float(ordered[math.ceil(round(q * len(ordered), 9)) - 1]) if len(ordered) else None


def interval(values: ArrayLike, q: float) -> tuple[float | None, float | None]:
    """Return the order statistics between which the q-quantile is with 95 %, 2.5 % beyond either; None, None of too few values."""
    ordered = np.sort(np.asarray(values, dtype=float))
    ranks = np.arange(1, len(ordered) + 1)
    low, high = ranks[binom.cdf(ranks - 1, len(ordered), q) <= 0.025], ranks[binom.sf(ranks - 1, len(ordered), q) <= 0.025]
    return (float(ordered[low[-1] - 1]), float(ordered[high[0] - 1])) if len(low) and len(high) else (None, None)


def with_interval(title: str, values: ArrayLike, q: float) -> Expected:
    """Return a quantile under its title, and its interval under those beside it."""
    return {title: quantile(values, q), **dict(zip((f"{title}, from", f"{title}, to"), interval(values, q), strict=True))}


def share(title: str, hits: ArrayLike) -> Expected:
    """Return the share of hits under its title, and its interval of Clopper and Pearson under those beside it."""
    found = np.asarray(hits, dtype=bool)
    ends = binomtest(int(found.sum()), len(found)).proportion_ci(method="exact")
    return {title: float(found.mean()), f"{title}, from": float(ends.low), f"{title}, to": float(ends.high)}


@dataclass(frozen=True)
class Point:
    """The stored rows of a point and its entry of summary.json."""

    name: str
    settings: Mapping[str, str]
    entry: Mapping[str, Any]
    moves: pd.DataFrame
    plans: pd.DataFrame
    messages: pd.DataFrame | None

    @property
    def called(self) -> str:
        """Return its name with the values alone, as sentences write it: sizes and rates speak for themselves."""
        values = list(self.settings.values())
        variant = self.name.split(", ")[0]
        return f"{variant} with {', '.join(values[:-1])} and {values[-1]}" if len(values) > 1 else self.name

    @cached_property
    def done(self) -> pd.DataFrame:
        """Return migrations that were completed."""
        found = self.moves[self.moves["outcome"].isin(DONE)]
        return found.assign(state=found["downtime_s"] - found["stopped_round_s"], over=found["sent_bytes"] / found["touched_bytes"])

    @cached_property
    def last(self) -> pd.DataFrame:
        """Return the last attempt of each VM."""
        return self.moves.sort_values("attempt", kind="stable").groupby(["replication", "step", "vm"], sort=False).tail(1)

    @cached_property
    def largest(self) -> np.ndarray:
        """Return the longest downtime of each replication; infinite where a VM was not brought over."""
        failed = ~self.last["outcome"].isin(DONE)
        return self.last["downtime_s"].fillna(0.0).mask(failed, math.inf).groupby(self.last["replication"]).max().to_numpy()

    def of_vm(self, vm: str, column: str) -> np.ndarray:
        """Return a column of the completed migrations of a VM, by replication, where it is known."""
        return self.done[self.done["vm"] == vm].sort_values("replication")[column].dropna().to_numpy()

    @cached_property
    def makespans(self) -> np.ndarray:
        """Return the makespan of each replication; these scenarios have one step."""
        return self.plans.sort_values("replication")["makespan_s"].to_numpy()

    @cached_property
    def begin_s(self) -> float:
        """Return when the step begins."""
        return float(self.plans["at_s"].iloc[0])


@dataclass(frozen=True)
class Study:
    """A result folder as pandas reads it."""

    points: tuple[Point, ...]
    ends_s: float | None

    def named(self, row: Row, key: str) -> Point:
        """Return the point that a row is about: its text or the key of its table names it, or there is no other."""
        names = {name: point for point in self.points for name in (point.name, point.called)}
        texts = [cell.text for cell in row.values()]
        for text in [*texts, *(inner for each in texts for inner in re.findall(r"\((.*)\)$", each))]:
            if text in names and text:
                return names[text]
        place = re.search(r"(?<![a-z])p(\d+)", key)
        if place is None and len(self.points) > 1:
            raise AssertionError(f"{key}: nobody can say which point this row is of: {texts}")
        return self.points[int(place[1]) if place else 0]


def read_study(folder: Path, window_s: tuple[float, float] | None) -> Study:
    """Return what is stored in a result folder."""
    summary, facts = (json.loads((folder / name).read_text()) for name in ("summary.json", "run.json"))
    points = []
    for place, name in enumerate(facts["points"]):
        moves, plans, messages = (_read(folder, table, place) for table in ("migrations", "plans", "messages"))
        assert moves is not None
        assert plans is not None
        points.append(Point(name, facts["settings"][place], summary["points"][place], moves, plans, messages))
    return Study(tuple(points), window_s[1] if window_s else None)


def _read(folder: Path, table: str, place: int) -> pd.DataFrame | None:
    files = sorted((folder / f"{table}.parquet").glob(f"point-{place:03d}-*"))
    return pd.concat(map(pd.read_parquet, files), ignore_index=True) if files else None


def chosen(point: Point, which: str) -> int:
    """Return the median or the worst replication: the first one with that makespan; of those that end, where some do."""
    finite = point.makespans[np.isfinite(point.makespans)] if np.isfinite(point.makespans).any() else point.makespans
    wanted = quantile(finite, 0.5 if which.startswith("median") else 1.0)
    return int(np.argmax(point.makespans == wanted))


def payload(point: Point) -> float:
    """Return what the network of the scenario carries of memory contents, bytes per second: 94 % of 1 or 10 Gbit/s."""
    fast = "10 Gbit/s" in point.settings.values() or (not point.settings and "VM12PROD" in set(point.moves["vm"]))
    return 0.94 * (1.25e9 if fast else 1.25e8)


def within(study: Study, point: Point) -> float | None:
    """Return the share of replications that end within the window."""
    return None if study.ends_s is None else float((point.plans["end_s"] <= study.ends_s).mean())


def shares_of_time(point: Point) -> list[float]:
    """Return the shares that phases and VMs have of all migration time: of the sum of the medians of all VMs."""
    columns = [*PHASES.values(), "downtime_s", "total_s"]
    vms = point.done.fillna({"downtime_s": 0.0}).groupby("vm")
    medians = pd.DataFrame({vm: [quantile(rows[column], 0.5) for column in columns] for vm, rows in vms}, index=columns, dtype=float)
    phases, totals = medians.drop(index="total_s").sum(axis=1), medians.loc["total_s"]
    return [*(phases / phases.sum()), *(totals / totals.sum())] if len(totals) else []


def spans_of_replication(point: Point, which: str) -> tuple[list[float], list[float]]:
    """Return of the median or worst replication how long it and its VMs took from command to end, and the share of pre-copy in it.

    An attempt that was aborted in its pre-copy was in it from the end of its set-up.
    """
    number = chosen(point, which)
    rows = point.moves[point.moves["replication"] == number]
    spans = (rows["ended_s"] - rows["command_s"]).groupby(rows["vm"]).sum()
    precopy = rows["precopy_s"].fillna(rows["ended_s"] - rows["started_s"] - rows["setup_s"])
    return [float(point.makespans[number]), *spans], [precopy.sum() / spans.sum()]
