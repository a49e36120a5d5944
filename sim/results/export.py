"""Tables of a result folder for spreadsheets, written while they are read, so that memory does not grow with their rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa

from sim.columns import TABLES
from sim.errors import ResultsError

SHEET_ROWS = 1_048_575  # rows of an XLSX sheet below its heading


def write_frames(frames: Iterable[pd.DataFrame], out: Path, rows: int, *, decimal_comma: bool) -> None:
    """Write a table as CSV or XLSX, by the ending of the name.

    Args:
        frames: the table, some rows after the other; one frame at least.
        out: FILE.csv or FILE.xlsx.
        rows: how many rows the table has.
        decimal_comma: write 1,5 for 1.5, with semicolons between the columns of a CSV file; a spreadsheet of type XLSX holds numbers
            and shows them as the reader's own settings say.

    Raises:
        ResultsError: another ending, more rows than a sheet has, or the file cannot be written; a file of that name stays as it was.
    """
    if not out.parent.is_dir():
        raise ResultsError(f"{out}: there is no folder '{out.parent}'; make it, or name another one")
    if out.suffix not in {".csv", ".xlsx"}:
        raise ResultsError(f"{out}: the name has to end in .csv or .xlsx")
    if out.suffix == ".xlsx" and rows > SHEET_ROWS:
        raise ResultsError(f"{out}: {rows:,} rows, but a sheet has {SHEET_ROWS:,}; write a .csv file")
    try:
        with _whole_or_not_at_all(out) as unfinished:
            if out.suffix == ".csv":
                _write_csv(frames, unfinished, decimal_comma=decimal_comma)
            else:
                _write_xlsx(frames, unfinished)
    except OSError as error:
        raise ResultsError(f"{out}: cannot write ({error.strerror}); name another file") from error
    except ImportError as error:
        raise ResultsError(f"{out}: XLSX needs openpyxl; install it with: pip install 'vm-migration-sim[xlsx]'") from error


def frames_of(batches: Iterable[pa.RecordBatch]) -> Iterator[pd.DataFrame]:
    """Yield batches of rows as pandas frames."""
    for batch in batches:
        yield batch.to_pandas()


def known_table(name: str) -> str:
    """Return the name of a table.

    Raises:
        ResultsError: there is no such table.
    """
    if name not in TABLES and name != "summary":
        raise ResultsError(f"--table {name}: no such table; write {', '.join(TABLES)} or summary")
    return name


@contextmanager
def _whole_or_not_at_all(out: Path) -> Iterator[Path]:
    """Yield the name under which a file is written until it is whole."""
    unfinished = out.with_name(f"{out.name}.unfinished")
    try:
        yield unfinished
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_csv(frames: Iterable[pd.DataFrame], file: Path, *, decimal_comma: bool) -> None:
    separator, point = (";", ",") if decimal_comma else (",", ".")
    with file.open("w", encoding="utf-8", newline="") as stream:
        for place, frame in enumerate(frames):
            frame.to_csv(stream, index=False, header=place == 0, sep=separator, decimal=point)


def _write_xlsx(frames: Iterable[pd.DataFrame], file: Path) -> None:
    from openpyxl import Workbook  # noqa: PLC0415 - an extra

    book = Workbook(write_only=True)  # rows go to the disk as they come
    sheet = book.create_sheet("Sheet1")
    for place, frame in enumerate(frames):
        if place == 0:
            sheet.append(list(frame.columns))
        for row in frame.astype(object).itertuples(index=False, name=None):
            sheet.append([_cell(value) for value in row])
    book.save(file)


def _cell(value: object) -> object:
    """Return what a sheet holds of a value: nothing where there is none, "inf" where it is infinite, which a sheet does not know."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and math.isinf(value):
        return str(value)
    return value
