"""Shares and quantiles as summary.json has them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from sim.results.order_statistics import Selection
from sim.results.statistics import interval_ranks, quantile_rank, replications_needed, share_interval

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
FAR = {"p99.9": 0.999}  # told only where there are enough replications for its interval


def share_entry(hits: int, n: int, confidence: float) -> dict[str, float | None]:
    """Return a share with its interval."""
    interval = share_interval(hits, n, confidence)
    return {"share": hits / n, "low": interval.low, "high": interval.high}


def ranks_of_entry(n: int, confidence: float) -> Iterator[int]:
    """Yield the ranks that `quantile_entries` needs of a sample of n values."""
    for q in (QUANTILES | FAR).values():
        yield quantile_rank(n, q)
        yield from interval_ranks(n, q, confidence) or ()


def quantile_entries(selection: Selection, group: int, confidence: float) -> dict[str, dict[str, float | int | str | None]]:
    """Return the quantiles of a group with their intervals; {} when it has no values.

    Args:
        selection: all passes made, the ranks of `ranks_of_entry` wanted.
        group: whose values; each of an independent replication.
        confidence: of the intervals.
    """
    n = selection.count(group)
    found: dict[str, dict[str, float | int | str | None]] = {}
    for name, q in _told(n, n, confidence).items():
        ranks = interval_ranks(n, q, confidence)
        low, high = (None, None) if ranks is None else (selection.at(ranks[0], group), selection.at(ranks[1], group))
        needed = replications_needed(q, confidence) if ranks is None else None
        found[name] = _entry(selection.at(quantile_rank(n, q), group), low, high, needed)
    return found


def quantile_entries_together(selection: Selection, replications: int, confidence: float) -> dict[str, dict[str, float | int | str | None]]:
    """Return the quantiles of VMs together; without intervals, since those of a replication are not independent.

    Args:
        selection: of all groups together, all passes made, the ranks of `ranks_of_entry` wanted.
        replications: how many there are.
        confidence: of the intervals of single VMs.
    """
    n = selection.count_together()
    return {
        name: _entry(selection.at_together(quantile_rank(n, q)), None, None, None)
        for name, q in _told(n, min(n, replications), confidence).items()
    }


def number(value: float | None) -> float | str | None:
    """Return a number as JSON can have it: an infinite one as text."""
    if value is None:
        return None
    return float(value) if math.isfinite(value) else "never"


def _told(n: int, replications: int, confidence: float) -> dict[str, float]:
    """Return which quantiles are told of n values, by name."""
    if not n:
        return {}
    return QUANTILES | {name: q for name, q in FAR.items() if replications >= replications_needed(q, confidence)}


def _entry(value: float, low: float | None, high: float | None, needed: int | None) -> dict[str, Any]:
    return {"value": number(value), "low": number(low), "high": number(high), "replications_needed": needed}
