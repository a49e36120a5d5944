"""The first replications of a point computed again with their rounds: what figures look at where the rounds were not stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.engine.journal import Journal
from sim.engine.lockstep.replicate import walk
from sim.engine.replicate import replicate
from sim.engine.site import Site
from sim.experiment.execution.engines import Engine
from sim.model.draws import BLOCK, Draws
from sim.results.tables import Row, arrow, migration_rows, plan_rows, round_rows

if TYPE_CHECKING:
    import pyarrow as pa

BY_SIMPY = 64  # replications: some seconds at most


def first_with_rounds(site: Site, engine: Engine, replications: int) -> tuple[int, dict[str, pa.Table]]:
    """Return how many replications were computed again, from replication 0, and their migrations, plans and rounds.

    Args:
        site: the point, prepared.
        engine: which engine computes the point.
        replications: how many there are; a block at most is computed again, fewer where SimPy has to do it.
    """
    if engine == "lockstep":
        from sim.results.blocks import tables  # noqa: PLC0415 - commands that compute nothing again start without pyarrow

        number = min(replications, BLOCK)
        return number, tables(site, walk(site, 0, number, rounds=True), rounds=True)
    number = min(replications, BY_SIMPY)
    draws = Draws(site.point.seed, 0, number)
    rows: dict[str, list[Row]] = {"migrations": [], "plans": [], "rounds": []}
    for each in range(number):
        replication = replicate(site, draws, each, Journal(rounds=[]))
        for table, make in (("migrations", migration_rows), ("plans", plan_rows), ("rounds", round_rows)):
            rows[table].extend(make(site.point.name, replication))
    return number, {table: arrow(table, made) for table, made in rows.items()}
