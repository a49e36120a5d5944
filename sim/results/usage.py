"""How much of something is used over time, in many replications: spans of equal length, and their quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.results.chunks import Codes, Sample
from sim.results.statistics import quantile
from sim.results.transfers import Transfers

REST = 0.3  # of the whole time: a pause as long as this, in which nobody sends anything, is left out


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """What is used of one thing, in every replication.

    Args:
        spans: what is used in each span of time as a share of its ceiling, 0..1, shape (replications, spans).
        busy_s: how long it is used at all, shape (replications,).
        amount: what is used in all, in seconds of its ceiling, shape (replications,).
    """

    spans: Sample
    busy_s: Sample
    amount: Sample

    def band(self) -> tuple[Sample, Sample, Sample]:
        """Return p5, p50 and p95 of the replications for each span of time, each an outcome that occurred."""
        low, middle, high = (np.array([quantile(each, q) for each in self.spans.T]) for q in (0.05, 0.5, 0.95))
        return low, middle, high

    def peak(self) -> float:
        """Return the median over the replications of the highest use in a span."""
        return quantile(self.spans.max(axis=1), 0.5)


def periods(found: Transfers, spans: int) -> list[Sample]:
    """Return the edges of spans that cover the time in which something is sent, a piece before and one after each long pause.

    Nothing is looked at after the moment at which 99 % of the replications have sent everything.

    Args:
        found: the transfers.
        spans: how many there are at most, those of all pieces together.
    """
    last = np.full(found.replications, -np.inf)
    np.maximum.at(last, found.replication, found.ended_s)
    end = quantile(last[np.isfinite(last)], 0.99)
    order = np.argsort(found.began_s, kind="stable")
    begins, reached = found.began_s[order], np.maximum.accumulate(found.ended_s[order])
    whole = end - begins[0]
    rests = np.flatnonzero((begins[1:] - reached[:-1] > REST * whole) & (begins[1:] < end))
    edges = [float(begins[0]), *(float(each) for rest in rests for each in (reached[rest], begins[rest + 1])), float(end)]
    pieces = list(zip(edges[::2], edges[1::2], strict=True))
    used = sum(stop - start for start, stop in pieces)
    return [np.linspace(start, stop, 1 + max(2, int(spans * (stop - start) / used))) for start, stop in pieces]


def uses_of_ways(found: Transfers, edges: Sequence[Sample]) -> list[Use]:
    """Return what transfers take of each direction of a network, in the order of `ways`."""
    return _uses(found, found.way, len(found.ways), found.sent_bytes / found.payload_Bps, edges)


def uses_of_units(found: Transfers, edges: Sequence[Sample]) -> list[Use]:
    """Return what transfers take of what migrations get of each SU's monitor system, in the order of `units`.

    Sending takes bytes / ceiling of the sender of its time, receiving bytes / ceiling of the receiver; an SU that does both needs the sum.
    """
    twice: dict[str, Any] = {name: np.concatenate([getattr(found, name)] * 2) for name in ("replication", "began_s", "ended_s")}
    work_s = np.concatenate([found.sent_bytes / found.sender_Bps, found.sent_bytes / found.receiver_Bps])
    return _uses(replace(found, **twice), np.concatenate([found.source, found.target]), len(found.units), work_s, edges)


def _uses(found: Transfers, of: Codes, things: int, work_s: Sample, edges: Sequence[Sample]) -> list[Use]:
    """Return what is used of some things.

    Args:
        found: the transfers.
        of: which thing each transfer uses.
        things: how many there are.
        work_s: what each transfer takes: seconds of the thing at its ceiling.
        edges: of the spans, from `periods`.
    """
    keys = of.astype(np.int64) * found.replications + found.replication
    shape = (things, found.replications)
    # Where transfers share, a round is faster alone than beside another; spread evenly, two could add up to more than there is.
    spread = np.minimum(1.0, np.concatenate([_spread(found, keys, things * found.replications, work_s, each) for each in edges], axis=1))
    busy = _united(keys, found.began_s, found.ended_s, things * found.replications)
    amount: Sample = np.asarray(np.bincount(keys, weights=work_s, minlength=things * found.replications), dtype=np.float64)
    return [Use(*each) for each in zip(spread.reshape(*shape, -1), busy.reshape(shape), amount.reshape(shape), strict=True)]


def _spread(found: Transfers, keys: NDArray[np.int64], rows: int, work_s: Sample, edges: Sample) -> Sample:
    """Return work per second and span, each transfer's spread evenly over its time, shape (rows, spans)."""
    spans, width = len(edges) - 1, edges[1] - edges[0]
    first = np.floor((found.began_s - edges[0]) / width).astype(np.int64)
    last = np.floor((found.ended_s - edges[0]) / width).astype(np.int64)
    first, last = np.maximum(first, 0), np.minimum(last, spans - 1)
    times = np.maximum(last - first + 1, 0)
    row = np.repeat(np.arange(len(times)), times)
    span = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
    begin, end = edges[0] + span * width, edges[0] + (span + 1) * width
    overlap = np.maximum(0.0, np.minimum(found.ended_s[row], end) - np.maximum(found.began_s[row], begin))
    share = overlap / (found.ended_s - found.began_s)[row]
    sums = np.bincount(keys[row] * spans + span, weights=work_s[row] * share, minlength=rows * spans)
    return np.asarray(sums.reshape(rows, spans) / width)


def _united(keys: NDArray[np.int64], began: Sample, ended: Sample, rows: int) -> Sample:
    """Return for each key how long at least one of its intervals lasts."""
    order = np.lexsort((began, keys))
    keys, began, ended = keys[order], began[order], ended[order]
    first = began.min(initial=np.inf)
    apart = (ended.max(initial=0.0) - first + 1.0) * keys  # sets the keys one after the other: a running maximum stays within each
    reached = np.maximum.accumulate(ended - first + apart)
    before = np.concatenate([[0.0], reached[:-1]])
    fresh = np.maximum(0.0, (ended - first + apart) - np.maximum(began - first + apart, before))
    return np.asarray(np.bincount(keys, weights=fresh, minlength=rows), dtype=np.float64)
