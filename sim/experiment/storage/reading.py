"""The rows of a result folder, one part after the other, so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.errors import ResultsError
from sim.experiment.storage.contents import Contents, Piece, damaged_text, table_of
from sim.results.chunks import Chunk

_ROWS = 1 << 16  # rows of a batch: some MB of memory


def batches(contents: Contents, table: str, columns: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table, points and replications in order; one file is open at a time.

    Args:
        contents: the folder, listed.
        table: name of the table.
        columns: which columns, all where none is named.

    Raises:
        ResultsError: the table is not there, or a file is damaged.
    """
    for piece in _pieces_of(contents, table):
        with _opened(contents, table, piece) as file:
            yield from file.iter_batches(_ROWS, columns=list(columns) or None, use_threads=False)


def row_count(contents: Contents, table: str) -> int:
    """Return how many rows a table has; only the end of each file is read.

    Raises:
        ResultsError: the table is not there, or a file is damaged.
    """
    rows = 0
    for piece in _pieces_of(contents, table):
        with _opened(contents, table, piece) as file:
            rows += file.metadata.num_rows
    return rows


@dataclass(frozen=True, slots=True)
class PointRows:
    """The rows of one point as statistics read them: a chunk a row group.

    Args:
        contents: the folder, listed.
        place: place of the point; it has a part at least.
        stop: replications from here on are left out; None leaves out none.
    """

    contents: Contents
    place: int
    stop: int | None = None

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the table of migrations that are stored.

        Raises:
            ResultsError: the first part is damaged.
        """
        with _opened(self.contents, "migrations", self._pieces("migrations")[0]) as file:
            return frozenset(file.schema_arrow.names)

    def read(self, migrations: Sequence[str], plans: Sequence[str]) -> Iterator[Chunk]:
        """Yield the rows in the order of their replications, with these columns of the two tables.

        Raises:
            ResultsError: a part is damaged.
        """
        for moves, steps in zip(self._pieces("migrations"), self._pieces("plans"), strict=True):
            with _opened(self.contents, "migrations", moves) as of_migrations, _opened(self.contents, "plans", steps) as of_plans:
                if of_migrations.num_row_groups != of_plans.num_row_groups:
                    file = f"{table_of(self.contents.folder, 'plans')}/{steps.name}"
                    raise ResultsError(damaged_text(file, "its row groups are not those of the migrations"))
                stop = self.stop if self.stop is not None and self.stop < moves.stop else None
                # One row group has all replications of the part; a part of SimPy, which alone knows operators, has no more.
                unplanned = of_plans.metadata.num_rows == 0 and of_plans.num_row_groups == 1
                known = range(moves.start, moves.stop if stop is None else stop) if unplanned else None
                for group in range(of_plans.num_row_groups):
                    with _damage_named(self.contents, "migrations", moves):  # or it would be told of the file that was opened last
                        rows = _row_group(of_migrations, group, migrations, stop)
                    yield Chunk(rows, _row_group(of_plans, group, plans, stop), replications=known)

    def _pieces(self, table: str) -> Sequence[Piece]:
        return [piece for piece in self.contents.pieces[table, self.place] if self.stop is None or piece.start < self.stop]


def _row_group(file: pq.ParquetFile, group: int, columns: Sequence[str], stop: int | None) -> pa.Table:
    """Return a row group, without the replications from `stop` on."""
    if not columns:
        return pa.table({})
    if stop is None:
        return file.read_row_group(group, list(columns), use_threads=False)  # threads cost more than a row group of this size
    rows = file.read_row_group(group, sorted({*columns, "replication"}), use_threads=False)
    return rows.filter(pc.less(rows["replication"], pa.scalar(stop))).select(list(columns))


def _pieces_of(contents: Contents, table: str) -> list[Piece]:
    """Return the files of a table, points and replications in order.

    Raises:
        ResultsError: there is none.
    """
    places = sorted(place for found, place in contents.pieces if found == table)
    if not places:
        raise ResultsError(f"{contents.folder}: no table '{table}' here; name a folder that `migr run` wrote ({_optional(table)})")
    return [piece for place in places for piece in contents.pieces[table, place]]


@contextmanager
def _opened(contents: Contents, table: str, piece: Piece) -> Iterator[pq.ParquetFile]:
    """Yield a file, open for reading.

    Raises:
        ResultsError: it is damaged, whenever that comes to light.
    """
    with (
        _damage_named(contents, table, piece),
        table_of(contents.folder, table).open(piece.name) as stream,
        # Not read_table: its scanner has threads of its own, and now and then one of them aborts the process at its end.
        pq.ParquetFile(stream, page_checksum_verification=True) as file,
    ):
        yield file


@contextmanager
def _damage_named(contents: Contents, table: str, piece: Piece) -> Iterator[None]:
    """Tell of an error in reading which file is damaged.

    Raises:
        ResultsError: there was one.
    """
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise ResultsError(damaged_text(f"{table_of(contents.folder, table)}/{piece.name}", str(error))) from error


def _optional(table: str) -> str:
    return {"rounds": "with --rounds", "messages": "with --messages 1 or more"}.get(table, "and let it end")
