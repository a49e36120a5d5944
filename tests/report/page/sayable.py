"""Collects the numbers that sentences of a report may say: recomputed ones, what follows from them, and the scenario's own."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from itertools import combinations

from report.page.page_numbers import Page, Row, Table, numbers_in
from report.page.stored_rows import Expected, Point, Study, chosen, quantile, share, shares_of_time, spans_of_replication
from sim.report.page.source import Source

SAID = r"answer|timing-(steps|reached|phases-p\d+)|stop-parts.*|downtime-.*|longest-stops-.*|failed(reasons|points\d+|outcomes.*)"
ASKED = {r"p\d+(units|networks)|askedvaried": ".*", r"cpu(-p\d+)?-use": ".* at most"}  # the units of each variant stand in the second one
OWN = {"share": [0.5, 0.9, 0.95, 0.99], "plain": [90.0, 99.0, 100.0, 368.0], "time": [2.0], "rate": [1.25e9], "bytes": [], "clock": []}


def pool_of(page: Page, study: Study, source: Source, recomputed: Iterable[tuple[Table, Row, Expected]]) -> dict[str, list[float]]:
    """Return what a sentence may say, by kind: recomputed numbers, what follows from them, and the scenario's own values.

    Beside them: the shares of quantiles and intervals, "99 of 100", how many replications a p99 needs, the stop goal that A2 assumes, and
    the network of 10 Gbit/s that is to be tried.
    """
    pool = {kind: list(values) for kind, values in OWN.items()}
    for table, row, numbers in recomputed:
        for title, cell in row.items() if re.fullmatch(SAID, table.key) else ():
            value, told = numbers.get(title), numbers_in(cell.text)[:1]
            pool[told[0].kind if told else "plain"] += [] if value is None else [value]
    for point in study.points:
        add_point(pool, point, study)
    points = study.points
    pool["plain"] += [float(len(points)), float(len(source.details)), *counts_of_meeting(points), *counts_of_turned(points)]
    listed = page.tables.get("failedreasons")
    pool["plain"] += [row["VMs"].text.count(",") - 2.0 for row in (listed.rows if listed else [])]  # "APPL1, APPL2, APPL3 and 1 more"
    for table in page.tables.values():
        titles = next((found for pattern, found in ASKED.items() if re.fullmatch(pattern, table.key)), None)
        for row in table.rows if titles is not None else ():
            add_text(pool, ", ".join(cell.text for title, cell in row.items() if re.fullmatch(titles or "", title)))
    for load in source.details[0].run.loaded.scenario.loads.values():
        pool["share"] += list((load.day or {}).values())
        pool["clock"] += [numbers_in(f"{time}")[0].value for time in load.day or {}]
    return pool


def add_text(pool: dict[str, list[float]], text: str) -> None:
    """Add the numbers of a text."""
    for told in numbers_in(text):
        pool[told.kind].append(told.value)


def add_point(pool: dict[str, list[float]], point: Point, study: Study) -> None:
    """Add what follows from the rows of a point, and its objectives."""
    running = point.done.dropna(subset=["downtime_s"])
    pool["plain"] += [float(len(point.plans)), float(point.plans["vms"].iloc[0]), float(running["vm"].nunique() - 1)]
    pool["plain"] += [quantile(rows, 0.5) or 0.0 for _, rows in point.done.groupby("vm")["rounds"]]
    p99 = [quantile(rows, 0.99) or 0.0 for _, rows in running.groupby("vm", observed=True)["downtime_s"]]
    pool["plain"].append(float(sum(each < 0.95 * max(p99) for each in p99)))  # "the other 7 VMs": those that are not as long as the worst
    pool["share"] += shares_of_time(point)
    for which in ("median", "worst"):
        spans, shares = spans_of_replication(point, which)
        number = chosen(point, which)
        pool["time"] += spans
        pool["share"] += shares
        pool["plain"] += [float(number), float(point.plans["left_behind"].iloc[number]), float((point.makespans < math.inf).sum())]
    totals = [quantile(rows, 0.5) or 0.0 for _, rows in point.done.groupby("vm", observed=True)["total_s"]]
    pool["time"].append(sum(totals))
    slowest = quantile(point.makespans, 0.9) or 0.0
    for objective in point.entry["objectives"]:
        add_text(pool, objective["objective"])
        estimates = [objective[name] for name in ("estimate", "low", "high") if isinstance(objective[name], float)]
        pool["share" if objective["of"] == "share" else "time"] += estimates
        limit = numbers_in(objective["objective"])[0]
        stop = quantile(point.of_vm("DBPROD", "downtime_s"), 0.99) or 0.0
        pool["time"] += [abs(limit.value - (point.begin_s if limit.kind == "clock" else 0.0) - slowest), abs(limit.value - stop)]
    if study.ends_s is not None:
        pool["clock"] += [study.ends_s, study.ends_s - 86400.0]
        pool["share"] += [value for value in share("", point.plans["end_s"] <= study.ends_s).values() if value is not None]


def counts_of_meeting(points: tuple[Point, ...]) -> list[float]:
    """Return how many points there are, meet every objective, are undecided: of all, and of those that share a setting."""
    verdicts = {point.name: {each["verdict"] for each in point.entry["objectives"]} for point in points}
    settings = {value for point in points for value in point.settings.values()}
    groups = [points, *([point for point in points if value in point.settings.values()] for value in settings)]
    return [float(count) for group in groups for count in _counts([verdicts[point.name] for point in group])]


def counts_of_turned(points: tuple[Point, ...]) -> list[float]:
    """Return how many pairs of points differ in one part of their name only, and how many of these have another verdict: by both parts."""
    pairs: dict[tuple[str, str], list[bool]] = {}
    for one, other in combinations(points, 2):
        parts = [(a, b) for a, b in zip(one.name.split(", "), other.name.split(", "), strict=True) if a != b] if one.settings else []
        if len(parts) == 1:
            verdicts = [[each["verdict"] for each in point.entry["objectives"]] for point in (one, other)]
            pairs.setdefault(parts[0], []).append(verdicts[0] != verdicts[1])
    return [float(count) for turned in pairs.values() for count in (len(turned), sum(turned))]


def _counts(verdicts: list[set[str]]) -> tuple[int, int, int]:
    return len(verdicts), sum(each <= {"met"} for each in verdicts), sum("undecided" in each and "missed" not in each for each in verdicts)
