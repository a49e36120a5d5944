"""Which points of a result are drawn in full where there are more than a page has room for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sim.scenario.objectives import parse_objective
from sim.scenario.sweep import variant_of

DRAWN_OF_SWEEP = "of each variant the first point, and the one that misses its objectives most"


def points_of_sweep(names: Sequence[str], settings: Sequence[Mapping[str, str]], entries: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the first point of each variant and of each combination of SU types, then of each the one that misses most.

    The first ones come first, since they are set side by side; where fewer points have room, they stay.

    Args:
        names: of all points, in the order of the scenario.
        settings: what is varied at each.
        entries: of summary.json, by name; points without results are left out.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, own in zip(names, settings, strict=True):
        if name in entries:
            types = (value for path, value in own.items() if path.startswith("clusters.") and path.endswith(".type"))
            groups.setdefault((variant_of(name, own), *types), []).append(name)
    missed = [max(group, key=lambda name: how_missed(entries[name])) for group in groups.values()]  # the first of equals
    chosen = [group[0] for group in groups.values()] + [name for name in missed if how_missed(entries[name])[0]]
    return list(dict.fromkeys(chosen))


def how_missed(entry: Mapping[str, Any]) -> tuple[int, float, float]:
    """Return how many objectives a point misses, by how much of what they ask for, and the longest p90 of its steps; larger is worse."""
    missed = [each for each in entry["objectives"] if each["verdict"] == "missed"]
    longest = max((_plain(step["makespan_s"].get("p90", {}).get("value")) for step in entry["steps"]), default=0.0)
    return len(missed), sum(map(_lacking, missed)), longest


def _lacking(found: Mapping[str, Any]) -> float:
    """Return how far a missed objective is from its limit: in shares, or of a time the share of the limit."""
    objective = parse_objective(found["objective"])
    estimate = _plain(found["estimate"])
    if objective.kind != "quantile":
        return abs(estimate - (objective.share or 0.0))
    return abs(estimate - (objective.value or 0.0)) / (objective.value or 1.0)


def _plain(value: float | str | None) -> float:
    return math.inf if isinstance(value, str) else value or 0.0
