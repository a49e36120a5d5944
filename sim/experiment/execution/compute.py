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
from sim.experiment.execution.allocation import keep_freed_memory
from sim.experiment.execution.counting import Tick
from sim.experiment.execution.parts import Failure, Part
from sim.experiment.storage.store import Store
from sim.model.draws import Draws
from sim.results.tables import Row, arrow, differences, message_rows, migration_rows, plan_rows, round_rows

if TYPE_CHECKING:
    import pyarrow as pa

ROWS: dict[str, Callable[[str, Replication], list[Row]]] = {
    "migrations": migration_rows,
    "plans": plan_rows,
    "rounds": round_rows,
    "messages": message_rows,
}


class _Broken(Exception):
    """A replication broke a rule of the simulation; the cause says which.

    Args:
        replication: which one, or the first of those among which it is.
        reason: what to say of it; the cause itself where nothing is given.
    """

    def __init__(self, replication: int, reason: str = "") -> None:
        super().__init__()
        self.replication, self.reason = replication, reason


def failure_of(point: str, replication: int, error: BaseException, reason: str = "") -> Failure:
    """Return what is kept of an error in a replication.

    Args:
        point: name of its point.
        replication: which one, or the first of its part where the error is of all of them.
        error: what was raised.
        reason: what to say of it; the error itself where nothing is given.
    """
    return Failure(point, replication, reason or _in_a_line(error), "".join(traceback.format_exception(error)))


def compute(part: Part, site: Site, store: Store, tick: Tick | None = None) -> Failure | None:
    """Simulate a part and store its tables; return what went wrong, after which nothing of the part is stored.

    A folder that cannot be written is no failure of the part: it ends the run.

    Args:
        part: the part.
        site: its point, prepared.
        store: where to.
        tick: is told how many replications are done since it was told last.

    Raises:
        ResultsError: the folder cannot be written.
    """
    from sim.experiment.storage.encoding import Encoder  # noqa: PLC0415 - commands that only plan parts start without pyarrow

    gc.freeze()  # what is imported and prepared lives on: the collector need not look at it again and again
    by_engine = (_by_lockstep if part.engine == "lockstep" else _by_simpy)(part, site, tick or (lambda _: None))
    encoder = Encoder(part.tables)
    try:
        for found in by_engine:
            encoder.add({table: _chosen(part, table, found[table]) for table in part.tables})
        contents = encoder.finish()
    except _Broken as broken:
        return failure_of(site.point.name, broken.replication, broken.__cause__ or broken, broken.reason)
    except Exception as error:  # noqa: BLE001 - of the tables, not of one replication, whatever it is: the other parts go on
        return failure_of(site.point.name, part.start, error)
    for table, content in contents.items():
        store.write(table, part.file(table), content)
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
    from sim.results.blocks import tables  # noqa: PLC0415 - as Encoder

    keep_freed_memory()
    for start, stop in _side_by_side(part):
        try:
            made = tables(site, walk(site, start, stop, rounds=part.rounds), rounds=part.rounds)
        except Exception as error:  # whatever it is, the planner gets the command that repeats it
            raise _found_alone(site, start, stop, error) from error
        if start == part.start:
            try:
                _check_twin(site, start, made)
            except Exception as error:  # as above
                raise _Broken(start) from error
        yield made
        tick(stop - start)


def _found_alone(site: Site, start: int, stop: int, error: Exception) -> _Broken:
    """Return what to say of an error of replications that were walked together, which does not tell whose it is.

    They are simulated alone until one fails, as it does when it is repeated.

    Raises:
        _Broken: the replication that fails alone.
    """
    draws = Draws(site.point.seed, start, stop)
    for number in range(start, stop):
        try:
            replicate(site, draws, number)
        except Exception as alone:
            raise _Broken(number) from alone
    what = f"the lockstep engine broke in replications {start}..{stop - 1} ({_in_a_line(error)}), none of which fails in SimPy"
    return _Broken(start, f"{what}; give the same command again with --engine simpy, which computes them")


def _in_a_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _side_by_side(part: Part) -> Iterator[tuple[int, int]]:
    """Yield the ranges that are walked together; they end where their multiples do, so that blocks stay whole."""
    start = part.start
    while start < part.stop:
        stop = min((start // SIDE_BY_SIDE + 1) * SIDE_BY_SIDE, part.stop)
        yield start, stop
        start = stop


def _check_twin(site: Site, number: int, made: dict[str, pa.Table]) -> None:
    """Repeat one replication in SimPy and compare every column, bit by bit.

    Raises:
        ModelError: the engines differ.
    """
    alone = replicate(site, Draws(site.point.seed, number, number + 1), number, Journal(rounds=[]))
    for table, of_lockstep in made.items():
        wanted = arrow(table, ROWS[table](site.point.name, alone))
        rows = of_lockstep.slice(0, wanted.num_rows)  # the rows of its first replication come first
        found = next(differences(table, rows, wanted, ("with lockstep", "with SimPy")), None)
        if found is not None:
            raise ModelError(f"the engines differ in replication {number} of point '{site.point.name}': {found}")
