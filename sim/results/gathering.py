"""One pass over the rows of a point that feeds whoever counts something in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sim.results.chunks import Chunks
from sim.results.samples import KEYS, STEP_KEYS, Replications


class Gatherer(Protocol):
    """Whoever looks at all rows once."""

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the table of migrations that it reads, beside `KEYS`; all of them are stored."""

    @property
    def plan_columns(self) -> frozenset[str]:
        """Columns of the table of plans that it reads, beside `STEP_KEYS`."""

    def add(self, seen: Replications) -> None:
        """Take the next replications; no larger than what it counts may it become."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was read.

    Args:
        replications: how many.
        migrations: rows of the table of migrations.
        plans: rows of the table of plans.
    """

    replications: int
    migrations: int
    plans: int


def gather(chunks: Chunks, gatherers: Sequence[Gatherer]) -> Counted:
    """Read all rows once for all gatherers, each column once; memory does not grow with the rows.

    Args:
        chunks: the rows.
        gatherers: who looks at them.
    """
    of_migrations = sorted({*KEYS, *(column for each in gatherers for column in each.columns)})
    of_plans = sorted({*STEP_KEYS, *(column for each in gatherers for column in each.plan_columns)})
    replications = migrations = plans = 0
    for chunk in chunks.read(of_migrations, of_plans):
        seen = Replications(chunk)
        replications += len(seen.numbers)
        migrations += chunk.migrations.num_rows
        plans += chunk.plans.num_rows
        for each in gatherers:
            each.add(seen)
    return Counted(replications, migrations, plans)
