"""How the tables of a part become Parquet files: which encodings, in row groups of which size."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import BinaryIO, Self

import pyarrow as pa
import pyarrow.parquet as pq

# Rows of migrations from which on what was computed is written as a row group: some 14 MB of memory as numbers, 4 MB as bytes. Half of
# it costs 5 % more time and bytes; a million would take longer, too, since memory that is new costs as much as encoding what is in it.
ROWS_A_GROUP = 2**16


class Encoder:
    """Writes the tables of a part, row group by row group; the row groups of all tables have the same replications.

    Args:
        files: for each table the file that it is written to, in the order in which they are finished.
    """

    def __init__(self, files: Mapping[str, AbstractContextManager[BinaryIO]]) -> None:
        self._files = files
        self._open = ExitStack()
        self._streams: dict[str, BinaryIO] = {}
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._waiting: list[Mapping[str, pa.Table]] = []

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            for table in reversed(list(self._files)):  # what is opened last is finished first
                self._streams[table] = opened.enter_context(self._files[table])
            self._open = opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            with self._open:
                if error is not None:
                    raise error  # the files are told, and vanish
                self._write_group()
                for writer in self._writers.values():
                    writer.close()
        finally:
            for writer in self._writers.values():
                writer.is_open = False  # or it would write the end of a file that is gone, when it is collected

    def add(self, tables: Mapping[str, pa.Table]) -> None:
        """Take the next replications: of each table their rows.

        Raises:
            OSError: a file cannot be written.
        """
        self._waiting.append(tables)
        if max(sum(each[table].num_rows for each in self._waiting) for table in self._files) >= ROWS_A_GROUP:
            self._write_group()

    def _write_group(self) -> None:
        waiting, self._waiting = self._waiting, []
        for table in self._files if waiting else ():
            # One dictionary for a row group: where they change within one, Parquet gives dictionaries up.
            rows = pa.concat_tables([each[table] for each in waiting]).unify_dictionaries()
            if table not in self._writers:
                self._writers[table] = _writer(self._streams[table], rows.schema)
            self._writers[table].write_table(rows, row_group_size=max(1, rows.num_rows))


def _writer(stream: BinaryIO, schema: pa.Schema) -> pq.ParquetWriter:
    """Return a writer of a table.

    Numbers hardly repeat: a dictionary of them costs two thirds of the time and gains nothing; their bytes side by side save a third.
    LZ4 gives 5 % more bytes than Zstandard in half of its time. Statistics of a column let readers skip row groups, which only pays for
    what is sorted.
    """
    numbers = {field.name for field in schema if pa.types.is_floating(field.type)}
    encodings = dict.fromkeys(sorted(numbers), "BYTE_STREAM_SPLIT") | {"replication": "DELTA_BINARY_PACKED"}
    return pq.ParquetWriter(
        stream,
        schema,
        compression="lz4",
        use_dictionary=[name for name in schema.names if name not in encodings],  # type: ignore[arg-type]  # the stubs know bool only
        column_encoding=encodings,
        write_statistics=["replication"],
    )
