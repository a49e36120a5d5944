"""Replications of a result folder looked for by their values, and compared bit by bit with what SimPy gives when it repeats them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.columns import TABLES
from sim.engine.replicate import Replication
from sim.errors import ModelError, ResultsError
from sim.experiment.storage.contents import Contents, damaged_text, table_of
from sim.experiment.storage.reading import PointRows
from sim.results.extremes import Found, find, values_of
from sim.results.samples import migration_columns
from sim.results.tables import arrow, differences, message_rows, migration_rows, plan_rows, round_rows
from sim.scenario.objectives import Metric

_ROWS = {"migrations": migration_rows, "plans": plan_rows, "rounds": round_rows, "messages": message_rows}
SHOWN = 3  # differences that an error names: they tend to come together


def find_replication(contents: Contents, place: int, metric: Metric, q: float = 1.0, *, completed: bool = False) -> Found:
    """Return the stored replication of a point at the q-quantile of a metric; q = 1 is the worst.

    Args:
        contents: the folder, listed.
        place: place of the point.
        metric: of which.
        q: 0 < q <= 1.
        completed: look only at replications in which the metric is finite.

    Raises:
        ResultsError: the point has no replication to look at, a column that the metric needs was not stored, or a part is damaged.
    """
    if ("migrations", place) not in contents.pieces:
        raise ResultsError(f"{contents.folder}: holds no replication of this point yet; give its `migr run` again")
    rows = PointRows(contents, place)
    lacking = sorted(migration_columns([metric]) - rows.columns)
    if lacking:
        raise ResultsError(
            f"{contents.folder}: was stored without {', '.join(lacking)}, which '{metric.name}' looks at; "
            "run the scenario into another folder with this column among --columns"
        )
    found = find(lambda: values_of(metric, rows), q, completed=completed)
    if found is None:
        raise ResultsError(
            f"{contents.folder}: in none of {contents.replications_of(place):,} replications every VM that '{metric.name}' looks at was "
            "migrated; leave --completed away"
        )
    return found


def stored_rows(contents: Contents, table: str, place: int, number: int) -> pa.Table | None:
    """Return the stored rows of one replication of a point; None where the table does not hold it.

    Raises:
        ResultsError: the part is damaged.
    """
    piece = next((each for each in contents.pieces.get((table, place), ()) if each.start <= number < each.stop), None)
    if piece is None:
        return None
    folder = table_of(contents.folder, table)
    try:
        with folder.open(piece.name) as stream, pq.ParquetFile(stream, page_checksum_verification=True) as file:
            # Without threads: now and then one of them aborts the process at its end.
            batches = file.iter_batches(use_threads=False)
            found = [batch.filter(pc.equal(batch["replication"], pa.scalar(number))) for batch in batches]
            return pa.Table.from_batches(found, file.schema_arrow)
    except (OSError, pa.ArrowException) as error:
        raise ResultsError(damaged_text(f"{folder}/{piece.name}", str(error))) from error


def replayed_rows(table: str, point: str, alone: Replication) -> pa.Table:
    """Return the rows of a table that a repeated replication gives."""
    return arrow(table, _ROWS[table](point, alone))


def compare_with_stored(contents: Contents, place: int, point: str, alone: Replication) -> dict[str, int]:
    """Compare a repeated replication with what the folder holds of it, bit by bit.

    Returns:
        For each table that holds the replication, the number of its rows, all of them equal; {} where it is not stored.

    Raises:
        ModelError: the rows differ, naming the columns and both values.
        ResultsError: a part is damaged.
    """
    equal: dict[str, int] = {}
    found: list[str] = []
    for table in TABLES:
        stored = stored_rows(contents, table, place, alone.number)
        if stored is not None:
            found += differences(table, stored, replayed_rows(table, point, alone), ("there", "now"))
            equal[table] = stored.num_rows
    if found:
        more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise ModelError(f"replication {alone.number} repeated alone is not what {contents.folder} holds: {'; '.join(found[:SHOWN])}{more}")
    return equal
