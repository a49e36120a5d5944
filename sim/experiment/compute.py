"""One part computed: its replications simulated by one of the two engines, its tables stored."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sim.engine.journal import Journal
from sim.engine.lockstep.replicate import SIDE_BY_SIDE, walk
from sim.engine.replicate import Replication, replicate
from sim.engine.site import Site
from sim.errors import ModelError
from sim.experiment.allocation import keep_freed_memory
from sim.experiment.counting import Tick
from sim.experiment.parts import Failure, Part
from sim.experiment.store import Store
from sim.model.draws import Draws
from sim.results.tables import Row, arrow, message_rows, migration_rows, plan_rows, round_rows

if TYPE_CHECKING:
    import pyarrow as pa

ROWS: dict[str, Callable[[str, Replication], list[Row]]] = {
    "migrations": migration_rows,
    "plans": plan_rows,
    "rounds": round_rows,
    "messages": message_rows,
}


class _Broken(Exception):
    """A replication broke a rule of the simulation; the cause says which."""

    def __init__(self, replication: int) -> None:
        super().__init__()
        self.replication = replication


def compute(part: Part, site: Site, store: Store, tick: Tick | None = None) -> Failure | None:
    """Simulate a part and store its tables; return what went wrong, after which nothing of the part is stored.

    Args:
        part: the part.
        site: its point, prepared.
        store: where to.
        tick: is told how many replications are done since it was told last.
    """
    gc.freeze()  # what is imported and prepared lives on: the collector need not look at it again and again
    by_engine = (_by_lockstep if part.engine == "lockstep" else _by_simpy)(part, site, tick or (lambda _: None))
    try:
        with store.writing(part) as encoder:
            for found in by_engine:
                encoder.add({table: _chosen(part, table, found[table]) for table in part.tables})
    except _Broken as broken:
        error = broken.__cause__ or broken
        return Failure(site.point.name, broken.replication, f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)))
    return None


def _chosen(part: Part, table: str, rows: pa.Table) -> pa.Table:
    return rows.select(list(part.columns)) if table == "migrations" and part.columns else rows


def _by_simpy(part: Part, site: Site, tick: Tick) -> Iterator[dict[str, pa.Table]]:
    """Simulate one replication after the other, with what is printed where it is wanted."""
    rows: dict[str, list[Row]] = {table: [] for table in part.tables}
    draws = Draws(site.point.seed, part.start, part.stop)
    for number in range(part.start, part.stop):
        tells = number < part.messages
        try:
            replication = replicate(site, draws, number, Journal(lines=[] if tells else None, rounds=[] if part.rounds else None))
            for table, made in rows.items():
                made.extend(ROWS[table](site.point.name, replication))
        except Exception as error:  # whatever it is, the planner gets the command that repeats it
            raise _Broken(number) from error
        tick(1)
    yield {table: arrow(table, made) for table, made in rows.items()}


def _by_lockstep(part: Part, site: Site, tick: Tick) -> Iterator[dict[str, pa.Table]]:
    """Walk blocks of replications side by side; the first of the part is repeated in SimPy and has to be the same."""
    from sim.results.blocks import tables  # noqa: PLC0415 - commands that only plan parts start without pyarrow

    keep_freed_memory()
    for start, stop in _side_by_side(part):
        try:
            made = tables(site, walk(site, start, stop, rounds=part.rounds), rounds=part.rounds)
            if start == part.start:
                _check_twin(site, start, made)
        except Exception as error:  # whatever it is, the planner gets the command that repeats it
            raise _Broken(start) from error
        yield made
        tick(stop - start)


def _side_by_side(part: Part) -> Iterator[tuple[int, int]]:
    """Yield the ranges that are walked together; they end where their multiples do, so that blocks stay whole."""
    start = part.start
    while start < part.stop:
        stop = min((start // SIDE_BY_SIDE + 1) * SIDE_BY_SIDE, part.stop)
        yield start, stop
        start = stop


def _check_twin(site: Site, number: int, made: dict[str, pa.Table]) -> None:
    """Repeat one replication in SimPy and compare every column.

    Raises:
        ModelError: the engines differ.
    """
    alone = replicate(site, Draws(site.point.seed, number, number + 1), number, Journal(rounds=[]))
    for table, of_lockstep in made.items():
        wanted = arrow(table, ROWS[table](site.point.name, alone))
        rows = of_lockstep.slice(0, wanted.num_rows)  # the rows of its first replication come first
        for column in wanted.column_names:
            if rows[column].to_pylist() != wanted[column].to_pylist():
                raise ModelError(f"the engines differ in '{column}' of table {table}, replication {number} of point '{site.point.name}'")
