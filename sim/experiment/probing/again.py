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
    from collections.abc import Mapping

    import pyarrow as pa

    from sim.results.samples import Replications

BY_SIMPY = 64  # replications: some seconds at most


def first_with_rounds(site: Site, engine: Engine, replications: int) -> tuple[int, dict[str, pa.Table]]:
    """Return how many replications were computed again, from replication 0, and their migrations, plans and rounds.

    Args:
        site: the point, prepared.
        engine: which engine computes the point.
        replications: how many there are; a block at most is computed again, fewer where SimPy has to do it.
    """
    number = min(replications, BLOCK if engine == "lockstep" else BY_SIMPY)
    return number, first_rows(site, engine, number, rounds=True)


def first_rows(site: Site, engine: Engine, number: int, *, rounds: bool) -> dict[str, pa.Table]:
    """Return migrations, plans and, if asked for, rounds of the replications 0 to number - 1.

    Args:
        site: the point, prepared.
        engine: which engine computes them; lockstep has to cover the point.
        number: how many; a block at most.
        rounds: whether rounds are wanted.
    """
    if engine == "lockstep":
        from sim.results.blocks import tables  # noqa: PLC0415 - commands that compute nothing again start without pyarrow

        return tables(site, walk(site, 0, number, rounds=rounds), rounds=rounds)
    draws = Draws(site.point.seed, 0, number)
    makers = {"migrations": migration_rows, "plans": plan_rows} | ({"rounds": round_rows} if rounds else {})
    rows: dict[str, list[Row]] = {table: [] for table in makers}
    for each in range(number):
        replication = replicate(site, draws, each, Journal(rounds=[] if rounds else None))
        for table, make in makers.items():
            rows[table].extend(make(site.point.name, replication))
    return {table: arrow(table, made) for table, made in rows.items()}


def seen_first(rows: Mapping[str, pa.Table], number: int) -> Replications:
    """Return the replications 0 to number - 1 out of as many or more.

    Args:
        rows: their migrations and plans.
        number: how many.
    """
    import pyarrow.compute as pc  # noqa: PLC0415 - as above

    from sim.results.chunks import Chunk  # noqa: PLC0415 - as above
    from sim.results.samples import Replications  # noqa: PLC0415 - as above

    first = [rows[table].filter(pc.field("replication") < number) for table in ("migrations", "plans")]
    return Replications(Chunk(*first, replications=range(number)))
