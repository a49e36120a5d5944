"""Read a table of measured migrations: their inputs as cases, or every mistake in them at once; outcomes are never looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import ScenarioError
from sim.scenario.problems import nearest
from sim.validate.tables.case_rows import RowReader, qemu_case, qemu_mistakes, shown, simgrid_case
from sim.validate.tables.measured_cases import QemuCase, SimgridCase, WriteSet
from sim.validate.tables.table_columns import COLUMNS, DESCRIPTIONS, KEYS, OUTCOMES, Kind, known_names
from sim.validate.tables.table_file import Mistake, TextTable, read_table, table_error

__all__ = ["QemuCase", "SimgridCase", "Table", "WriteSet", "read_cases"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of measured migrations without mistakes.

    Args:
        label: the file as it was named.
        kind: whose migrations they are.
        key_column: "id" or "case".
        cases: the inputs in the order of the file: QemuCase or SimgridCase, by `kind`.
        rows: the same as they were written: column -> text, key and inputs only.
        separator: what stands between cells.
        decimal_sign: of its numbers.
        assumed: columns -> in how many rows their default stands for what was not written.
        outcomes: columns of outcomes that the file has; none of their cells was looked at.
        ignored: columns that nobody knows.
    """

    label: str
    kind: Kind
    key_column: str
    cases: tuple[QemuCase | SimgridCase, ...]
    rows: tuple[Mapping[str, str], ...]
    separator: str
    decimal_sign: str
    assumed: Mapping[str, int]
    outcomes: tuple[str, ...]
    ignored: tuple[str, ...]


def read_cases(path: str | Path) -> Table:
    """Return the migrations of a CSV file.

    Args:
        path: the file; docs/predict.md describes its columns.

    Raises:
        ScenarioError: with every mistake of the file, one line each, in the order of its lines.
    """
    text = read_table(Path(path), known_names())
    kind = _kind(text)
    places = _places(text, kind)
    key_column = next((name for name in KEYS if name in places), "")
    numeric = [places[column.name] for column in COLUMNS[kind] if column.numeric and column.name in places]
    reader = RowReader(COLUMNS[kind], places, text.decimal_sign(numeric), _missing(kind, places))
    mistakes = [*text.mistakes, *_heading_mistakes(text, kind, places, key_column)]
    cases: list[QemuCase | SimgridCase] = []
    keys: dict[str, int] = {}
    for row in text.rows:
        values, found = reader.read(row)
        if key_column:
            found += _key_mistakes(key_column, row.cells[places[key_column]], row.line, keys)
        if kind == "qemu":
            found += [Mistake(row.line, each) for each in qemu_mistakes(values)]
        mistakes += found
        if not mistakes:
            key = row.cells[places[key_column]]
            cases.append(qemu_case(key, values) if kind == "qemu" else simgrid_case(key, values))
    if mistakes:
        raise table_error(text.label, mistakes)
    return Table(
        label=text.label,
        kind=kind,
        key_column=key_column,
        cases=tuple(cases),
        rows=tuple({name: row.cells[place] for name, place in places.items()} for row in text.rows),
        separator=text.separator,
        decimal_sign=reader.decimal_sign,
        assumed=reader.assumed,
        outcomes=tuple(name for name in text.heading if name in OUTCOMES[kind]),
        ignored=tuple(_unknown(text.heading, kind)),
    )


def _kind(text: TextTable) -> Kind:
    """Return whose migrations a table holds: its heading has most of their inputs.

    Raises:
        ScenarioError: it has none of either.
    """
    found: dict[Kind, int] = {kind: len({column.name for column in columns} & set(text.heading)) for kind, columns in COLUMNS.items()}
    kind = max(found, key=lambda kind: found[kind])
    if not found[kind]:
        columns = ", ".join(name for name in text.heading if name)
        remedy = "write at least mem_mib, fill_mib and sets for QEMU, or ram_B and the rest for SimGrid; docs/predict.md has them all"
        raise ScenarioError([f"{text.label}:1: has no column of a table of migrations, only {shown(columns)}; {remedy}"])
    return kind


def _places(text: TextTable, kind: Kind) -> dict[str, int]:
    """Return where the key and the inputs stand in a row; all other cells are forgotten here."""
    wanted = {column.name for column in COLUMNS[kind]} | set(KEYS)
    return {name: place for place, name in reversed(list(enumerate(text.heading))) if name in wanted}


def _missing(kind: Kind, places: Collection[str]) -> list[str]:
    """Return the inputs without which nothing can be predicted and that a table does not have."""
    missing = [column.name for column in COLUMNS[kind] if column.default is None and column.name not in places]
    return [*missing, *(["fill_mib"] if kind == "qemu" and not {"fill_mib", "filled"} & set(places) else [])]


def _heading_mistakes(text: TextTable, kind: Kind, places: Mapping[str, int], key_column: str) -> Iterator[Mistake]:
    """Yield what is wrong with the names of the columns."""
    for name in places:
        if text.heading.count(name) > 1:
            yield Mistake(1, f"{name}: there are {text.heading.count(name)} columns of this name; remove or rename all but one")
    unknown = list(_unknown(text.heading, kind))
    if not key_column:
        yield Mistake(1, f"id: there is no such column; add one with a text of its own in each row{_meant('id', unknown)}")
    columns = {column.name: column for column in COLUMNS[kind]}
    for name in _missing(kind, places):
        yield Mistake(1, f"{name}: there is no such column; add one with the {columns[name].described}{_meant(name, unknown)}")


def _meant(name: str, unknown: Sequence[str]) -> str:
    """Return the question whether an unknown column is this one."""
    hit = nearest(name, unknown)
    return f"; is it '{hit}'?" if hit else ""


def _unknown(heading: Sequence[str], kind: Kind) -> Iterator[str]:
    """Yield the columns that mean nothing in a table of this kind."""
    known = {column.name for column in COLUMNS[kind]}.union(KEYS, OUTCOMES[kind], DESCRIPTIONS[kind])
    yield from (name for name in heading if name and name not in known)


def _key_mistakes(column: str, key: str, line: int, keys: dict[str, int]) -> list[Mistake]:
    """Return what is wrong with a key; keys, with their lines, are remembered."""
    if not key:
        return [Mistake(line, f"{column}: is empty; write a text that no other row has")]
    if key in keys:
        return [Mistake(line, f"{column}: {shown(key)} is the key of line {keys[key]} already; write a text that no other row has")]
    keys[key] = line
    return []
