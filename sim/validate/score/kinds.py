"""Tells kinds of estimates apart: a downtime that the link decides is another quantity than one after a capped transfer."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.validate.predict.predictions import DOWNTIME, LINK_DOWNTIME
from sim.validate.score.rivals import LOOPBACK_BPS, MBIT_BPS, MIB_B
from sim.validate.score.scores import Array, Flags

OTHER_DOWNTIME = f"{DOWNTIME}, other"
POOLED = "pooled"  # quantities together: total time, bytes, and downtimes that the link decides
NAMES = {"total_time_ms": "total time", "transferred": "bytes", "downtime_ms": "downtime", "sync_count": "bitmap reads"}
KINDS = {
    "total_time_ms": "total time",
    "transferred": "bytes",
    LINK_DOWNTIME: "downtime where the link limits",
    OTHER_DOWNTIME: "downtime after a capped transfer",
    "sync_count": "bitmap reads",
    POOLED: "total time, bytes and link-limited downtime",
}
_POOL = ("total_time_ms", "transferred", LINK_DOWNTIME)


def of_kind(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the estimates of a kind.

    Args:
        table: estimates with `quantity`, `cap_mibs` and `link_mbit`.
        kind: one of KINDS, or of NAMES: then all downtimes.
    """
    wanted = _POOL if kind == POOLED else (kind,)
    return table[np.isin(kinds(table), wanted) | (table["quantity"] == kind)]


def kinds(table: pd.DataFrame) -> NDArray[np.str_]:
    """Return the kind of each estimate: its quantity, downtimes in two kinds.

    Where a cap is the limit the guest is stopped with nearly nothing left, and its downtime is milliseconds of the machine's own noise.
    """
    downtime = np.where(link_decides(table), LINK_DOWNTIME, OTHER_DOWNTIME)
    return np.where(table["quantity"] == "downtime_ms", downtime, table["quantity"]).astype(np.str_)


def link_decides(table: pd.DataFrame) -> Flags:
    """Return which rows have a link that is no faster than their cap: there a downtime is as long as the rest takes on the link.

    Args:
        table: has `cap_mibs` and `link_mbit`, 0 where there is none.

    Returns:
        shape (rows,).
    """
    cap, link = _limits(table)
    return np.asarray(np.isfinite(link) & (link <= cap), dtype=bool)


def bandwidths(table: pd.DataFrame) -> Array:
    """Return the smaller of cap and link, or what a loopback carries, bytes per second, shape (rows,)."""
    return np.asarray(np.minimum(*_limits(table).clip(max=LOOPBACK_BPS)), dtype=np.float64)


def _limits(table: pd.DataFrame) -> Array:
    """Return cap and link in bytes per second, infinite where there is none, shape (2, rows)."""
    limits = np.array([table["cap_mibs"] * MIB_B, table["link_mbit"] * MBIT_BPS], dtype=np.float64)
    return np.where(limits > 0, limits, np.inf)
