"""How values spread, counted in narrow classes: memory stays the same however many there are."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from sim.results.statistics import quantile_rank

WIDTH = 0.001  # of a class, as a share of its values: quantiles are known to within half of it
LEAST = 1e-6  # seconds: what is shorter counts as this

Sample = NDArray[np.float64]


class Spread:
    """Values of 0 or more, and how many there are without end."""

    __slots__ = ("_counts", "n", "never")

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.n = self.never = 0

    def add(self, values: Sample) -> None:
        """Count some values; +inf is one without end."""
        finite = values[np.isfinite(values)]
        self.n += len(values)
        self.never += len(values) - len(finite)
        classes, counts = np.unique(np.floor(np.log(np.maximum(finite, LEAST)) / math.log1p(WIDTH)).astype(np.int64), return_counts=True)
        self._counts.update(dict(zip(classes.tolist(), counts.tolist(), strict=True)))

    def quantile(self, q: float) -> float:
        """Return the q-quantile, to within half a class; infinite where that has no end.

        Raises:
            ValueError: there is no value.
        """
        if not self.n:
            raise ValueError("no value was counted")
        left = quantile_rank(self.n, q)
        for number, count in sorted(self._counts.items()):
            left -= count
            if left <= 0:
                return math.exp((number + 0.5) * math.log1p(WIDTH))
        return math.inf

    def bars(self, most: int) -> list[tuple[float, float, int]]:
        """Return at most so many spans from, to and how many values lie in each, each as many times as long as the one before.

        The spans cover all values but those without end; none where there is no other.
        """
        if not self._counts:
            return []
        first, last = min(self._counts), max(self._counts)
        wide = math.ceil((last - first + 1) / most)
        counts = [0] * math.ceil((last - first + 1) / wide)
        for number, count in self._counts.items():
            counts[(number - first) // wide] += count
        edges = [math.exp((first + wide * place) * math.log1p(WIDTH)) for place in range(len(counts) + 1)]
        return list(zip(edges, edges[1:], counts, strict=False))
