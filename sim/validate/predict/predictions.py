"""A predicted migration: what came out in every replication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.model.draws import Array

TOTAL, DOWNTIME, TRANSFERRED, SYNCS = "total_time_ms", "downtime_ms", "transferred", "sync_count"
LINK_DOWNTIME = f"{DOWNTIME}, link"  # where the link decides it, a downtime strays far less than after a flush at memory speed


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What is predicted for a measured migration.

    Args:
        key: of its row.
        converged: whether the migration ended within its bound, shape (n,).
        samples: outcome column -> its value in each replication, shape (n,); it means something where `converged` is true.
    """

    key: str
    converged: NDArray[np.bool_]
    samples: Mapping[str, Array]

    @property
    def p_converges(self) -> float:
        """Share of the replications that ended within the bound."""
        return float(np.mean(self.converged))

    def quantile(self, column: str, p: float) -> float:
        """Return a quantile of an outcome over the replications that ended within the bound; NaN where none did."""
        if not self.converged.any():
            return float("nan")
        values = self.samples[column][self.converged]
        if column == SYNCS:  # whole numbers only
            return float(np.quantile(values, p, method="inverted_cdf"))
        return float(np.quantile(values, p))
