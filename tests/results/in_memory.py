"""Tables in memory as statistics read stored ones: chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from sim.results.chunks import Chunk


@dataclass(frozen=True)
class InMemory:
    """The rows of one point.

    Args:
        migrations, plans: the tables, replications in order.
        replications: of each chunk.
        reads: what was read, pass by pass: columns of migrations and of plans.
    """

    migrations: pa.Table
    plans: pa.Table
    replications: int = 1000
    reads: list[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)

    @property
    def columns(self) -> frozenset[str]:
        """Columns of migrations that are there."""
        return frozenset(self.migrations.column_names)

    def read(self, migrations: Sequence[str], plans: Sequence[str]) -> Iterator[Chunk]:
        """Yield the chunks; each with dictionaries of its own, as files have."""
        self.reads.append((tuple(migrations), tuple(plans)))
        numbers = np.unique(self.plans["replication"].to_numpy())
        for start in range(0, len(numbers), self.replications):
            these = numbers[start : start + self.replications]
            yield Chunk(*(_of(each, these).select(list(columns)) for each, columns in ((self.migrations, migrations), (self.plans, plans))))


def _of(table: pa.Table, replications: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
    """Return the rows of some replications, their names coded anew."""
    rows = table.filter(pa.array(np.isin(table["replication"].to_numpy(), replications)))
    for place, field_ in enumerate(rows.schema):
        if pa.types.is_dictionary(field_.type):
            coded = rows[field_.name].cast(pa.string()).combine_chunks().dictionary_encode()
            rows = rows.set_column(place, field_.with_type(coded.type), coded)
    return rows
