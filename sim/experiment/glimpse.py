"""A quick look at a part that has just been stored: makespans, downtimes and how much was completed, of its first rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.experiment.execution.parts import Part
from sim.experiment.storage.contents import table_of
from sim.experiment.storage.store import Store

MOST = 1 << 16  # rows of a table that are read: some milliseconds, however large the part is

Sample = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """What was seen of a part.

    Args:
        makespans: of the whole plan, one a replication, seconds; infinite where it never ends.
        downtimes: of completed migrations of guests that run, seconds; None where the column is not stored.
        completed: attempts that were completed.
        attempts: all attempts that were seen.
    """

    makespans: Sample
    downtimes: Sample | None
    completed: int
    attempts: int


def glimpse(store: Store, part: Part) -> Glimpse:
    """Read the first rows of a stored part, only the columns that are looked at.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged.
    """
    plans = _first_rows(store, part, "plans", ("replication", "at_s", "end_s"))
    numbers, place = np.unique(plans["replication"], return_inverse=True)
    begin, end = np.full(len(numbers), np.inf), np.full(len(numbers), -np.inf)
    np.minimum.at(begin, place, plans["at_s"])
    np.maximum.at(end, place, plans["end_s"])
    moves = _first_rows(store, part, "migrations", ("attempt", "outcome", "downtime_s"))
    tried = np.asarray(moves["attempt"], dtype=np.int64) > 0
    downtimes = moves.get("downtime_s")
    # The limit may have cut the last replication between two of its steps.
    whole = slice(None, -1) if len(plans["replication"]) == MOST else slice(None)
    return Glimpse(
        (end - begin)[whole],
        None if downtimes is None else downtimes[np.isfinite(downtimes)],
        int(np.count_nonzero(np.char.startswith(moves["outcome"][tried].astype(str), "completed"))),
        int(np.count_nonzero(tried)),
    )


def _first_rows(store: Store, part: Part, table: str, columns: tuple[str, ...]) -> dict[str, NDArray[np.generic]]:
    """Return the first rows of the file of a part; columns that are not stored are left out."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - commands that read nothing start without it

    with table_of(store.at, table).open(part.file(table)) as stream, pq.ParquetFile(stream) as file:
        there = [column for column in columns if column in file.schema_arrow.names]
        batch = next(file.iter_batches(MOST, columns=there, use_threads=False), None)
        if batch is None:
            return {column: np.empty(0) for column in there}
        return {column: batch[column].to_numpy(zero_copy_only=False) for column in there}
