"""Read a CSV file as rows of text with their lines; separator and decimal sign are found out, what is no table is refused."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import ScenarioError

SEPARATORS = (",", ";", "\t")
COMMA = re.compile(r"[0-9],[0-9]")
SAVE_AS = "save it as CSV (in a spreadsheet: 'CSV UTF-8')"
SIGNATURES = {  # how files begin that people take for a CSV file
    b"PK\x03\x04": "is a workbook (XLSX, ODS) or an archive",
    b"\xd0\xcf\x11\xe0": "is an old workbook (XLS)",
    b"\xff\xfe": "is UTF-16 text",
    b"\xfe\xff": "is UTF-16 text",
    b"PAR1": "is a Parquet file",
}


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """A mistake and where it is.

    Args:
        line: line of the file, from 1.
        text: column if it is about one, what was found and what to write.
    """

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was written.

    Args:
        line: line of the file where it begins, from 1.
        cells: its cells without blanks around them, as many as the heading has.
    """

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextTable:
    """A CSV file.

    Args:
        label: the file as it was named.
        separator: what stands between cells.
        heading: names of the columns.
        rows: the rows below the heading; blank lines are none.
        mistakes: rows that do not fit the heading.
    """

    label: str
    separator: str
    heading: tuple[str, ...]
    rows: tuple[Row, ...]
    mistakes: tuple[Mistake, ...]

    def decimal_sign(self, columns: Collection[int]) -> str:
        """Return the decimal sign: a comma where semicolons or tabs separate cells and a number of these columns has one."""
        if self.separator == ",":
            return "."
        return "," if any(COMMA.search(row.cells[place]) for row in self.rows for place in columns) else "."


def read_table(path: Path, known: Collection[str]) -> TextTable:
    """Return the rows of a CSV file.

    Args:
        path: the file.
        known: names of columns; the separator is the one that finds most of them in the heading.

    Raises:
        ScenarioError: there is no such file, it is no CSV file, or it has no rows.
    """
    text = _text(path)
    if not text.strip():
        raise ScenarioError([f"{path}: the file is empty; write a heading and one row for each migration"])
    separator = _separator(text, known)
    rows, mistakes = _rows_of(text, separator)
    if not rows:
        raise table_error(str(path), mistakes)
    heading = rows.pop(0).cells
    if not rows and not mistakes:
        raise ScenarioError([f"{path}: has a heading only; write one row for each migration below it"])
    fitting = [row for row in rows if len(row.cells) == len(heading)]
    mistakes += [_does_not_fit(row, len(heading)) for row in rows if len(row.cells) != len(heading)]
    return TextTable(str(path), separator, heading, tuple(fitting), tuple(mistakes))


def table_error(label: str, mistakes: Iterable[Mistake]) -> ScenarioError:
    """Return the error that shows every mistake of a file in the order of its lines."""
    return ScenarioError([f"{label}:{mistake.line}: {mistake.text}" for mistake in sorted(mistakes, key=lambda mistake: mistake.line)])


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ScenarioError([f"{path}: there is no such file; check the name"]) from None
    except IsADirectoryError:
        raise ScenarioError([f"{path}: is a folder; name a CSV file in it"]) from None
    except OSError as error:
        raise ScenarioError([f"{path}: cannot be read ({error.strerror or error}); check the name and its rights"]) from None
    found = next((what for begin, what in SIGNATURES.items() if content.startswith(begin)), None)
    if found is None and b"\0" in content:
        found = "holds bytes that no text has"
    if found is not None:
        raise ScenarioError([f"{path}: {found} and no CSV file; {SAVE_AS}"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ScenarioError([f"{path}:{line}: byte 0x{content[error.start]:02X} is not UTF-8; {SAVE_AS}"]) from None


def _separator(text: str, known: Collection[str]) -> str:
    """Return the separator that finds most known names in the heading; of equals the one that cuts it into most cells."""

    def found(separator: str) -> tuple[int, int]:
        names = _first_cells(text, separator)
        return sum(name in known for name in names), len(names)

    return max(SEPARATORS, key=found)


def _first_cells(text: str, separator: str) -> Sequence[str]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return [name.strip() for name in next((cells for cells in reader if any(cells)), [])]
    except csv.Error:
        return []


def _rows_of(text: str, separator: str) -> tuple[list[Row], list[Mistake]]:
    """Return all rows, the heading first, and what made the reading stop."""
    found: list[Row] = []
    try:
        for row in _rows(text, separator):
            found.append(row)  # noqa: PERF402 - what was read before the error is kept
    except csv.Error as error:
        line = found[-1].line + 1 if found else 1
        return found, [Mistake(line, f"from here on it is no CSV ({error}); look for a quotation mark too many, or one that is missing")]
    return found, []


def _rows(text: str, separator: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begin = 1
    for cells in reader:
        stripped = tuple(cell.strip() for cell in cells)
        if any(stripped):
            yield Row(begin, stripped)
        begin = reader.line_num + 1  # a quoted cell may run over several lines: the row is where it begins


def _does_not_fit(row: Row, columns: int) -> Mistake:
    return Mistake(
        row.line,
        f"the row has {len(row.cells)} cells, the heading {columns}; "
        "write one cell for each column, and quotation marks around a text that holds the separator",
    )
