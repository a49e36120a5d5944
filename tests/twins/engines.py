"""Both engines on the same replications, and how their tables differ."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sim.engine.journal import Journal
from sim.engine.lockstep.replicate import walk
from sim.engine.replicate import replicate
from sim.engine.site import Site
from sim.experiment.execution.compute import ROWS
from sim.model.draws import BLOCK, Draws
from sim.results import blocks
from sim.results.tables import Row, arrow
from sim.scenario.point import Point

TABLES = ("migrations", "plans", "rounds")


def of_simpy(point: Point, start: int, stop: int) -> dict[str, pa.Table]:
    """Return the tables of some replications, one after the other."""
    site = Site.of(point)
    rows: dict[str, list[Row]] = {table: [] for table in TABLES}
    for number in range(start, stop):
        draws = Draws(point.seed, number // BLOCK * BLOCK, (number // BLOCK + 1) * BLOCK)
        alone = replicate(site, draws, number, Journal(rounds=[]))
        for table, made in rows.items():
            made.extend(ROWS[table](point.name, alone))
    return {table: arrow(table, made) for table, made in rows.items()}


def of_lockstep(point: Point, start: int, stop: int) -> dict[str, pa.Table]:
    """Return the tables of some replications, all at once."""
    site = Site.of(point)
    return blocks.tables(site, walk(site, start, stop, rounds=True), rounds=True)


def differences(one: dict[str, pa.Table], other: dict[str, pa.Table]) -> list[str]:
    """Return which columns are not equal to the last bit, dictionaries of names and the sign of zero included."""
    found = []
    for table in TABLES:
        mine, theirs = one[table], other[table]
        if mine.schema != theirs.schema or mine.num_rows != theirs.num_rows:
            found.append(f"{table}: {mine.num_rows} and {theirs.num_rows} rows, or other columns")
            continue
        found += [f"{table}.{column}" for column in mine.column_names if _bits(mine, column) != _bits(theirs, column)]
    return found


def _bits(table: pa.Table, name: str) -> tuple[object, ...]:
    column = table[name].combine_chunks()
    if isinstance(column, pa.DictionaryArray):
        return tuple(column.dictionary.to_pylist()), tuple(column.indices.to_pylist())
    values = column.to_pylist()
    numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return tuple(value is None for value in values), numbers.tobytes()
