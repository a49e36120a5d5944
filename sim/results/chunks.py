"""The rows of a point, read chunk by chunk: what statistics ask of whoever stores them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Sample = NDArray[np.float64]
Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Chunk:
    """All rows of some replications of one point.

    Args:
        migrations: their rows, with the columns that were asked for.
        plans: likewise.
        replications: which ones, where no row of plans can tell: the plan has no step, and only operators give commands.
    """

    migrations: pa.Table
    plans: pa.Table
    replications: range | None = field(default=None, kw_only=True)


class Chunks(Protocol):
    """The rows of one point, as often as they are asked for.

    Chunks come in the order of the replications; a replication lies in one chunk. How many replications a chunk has changes no
    result, but a chunk is held in memory: about a million rows are enough.
    """

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the table of migrations that are stored; of plans all are."""

    def read(self, migrations: Sequence[str], plans: Sequence[str]) -> Iterator[Chunk]:
        """Yield all chunks with these columns of the two tables; a table of which none is asked for need not be read."""


def names_of(column: pa.ChunkedArray[Any]) -> tuple[list[str], Codes]:
    """Return the distinct names of a column and for each row the place of its name; -1 where it has none."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    if column.num_chunks != 1:
        # An empty column has no chunk at all; chunks of different files have different dictionaries.
        column = column.unify_dictionaries()
    whole: Any = column.combine_chunks()
    codes = whole.indices.fill_null(-1) if whole.indices.null_count else whole.indices
    return whole.dictionary.to_pylist(), np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int32)


def numbers_of(column: pa.ChunkedArray[Any]) -> Sample:
    """Return a column as numbers; NaN where it is empty."""
    return np.asarray(column.to_numpy(), dtype=np.float64)


def whole_of(column: pa.ChunkedArray[Any]) -> NDArray[np.int64]:
    """Return a column of whole numbers that is never empty."""
    return np.asarray(column.to_numpy(), dtype=np.int64)
