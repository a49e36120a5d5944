"""Turn a row of a table of measured migrations into a case, and find what does not fit together in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.model.load import PAGE
from sim.validate.tables.cells import counted
from sim.validate.tables.measured_cases import QemuCase, SimgridCase
from sim.validate.tables.table_columns import InputColumn
from sim.validate.tables.table_file import COMMA, Mistake, Row

Values = Mapping[str, Any]

MIB = 2**20
SLACK_MIB = 1.0  # tables give memory in whole MiB: sets may exceed what they say by the rounding
MOST_SHOWN = 60  # characters of a cell in a message: several sets fit, and the line stays one line


@dataclass(slots=True)
class RowReader:
    """Reads rows, cell by cell.

    Args:
        columns: the inputs of this kind of table.
        places: of the columns that the file has, their places in a row.
        decimal_sign: of the numbers of the file.
        missing: columns that the file has to have and has not; told once, not for every row.
        assumed: is counted up: columns -> rows in which the default stands for an empty cell or a column that is not there.
    """

    columns: Sequence[InputColumn]
    places: Mapping[str, int]
    decimal_sign: str
    missing: Collection[str] = ()
    assumed: dict[str, int] = field(default_factory=dict)

    def read(self, row: Row) -> tuple[dict[str, Any], list[Mistake]]:
        """Return the values of a row, None where nothing is written and nothing assumed, and what cannot be read."""
        values: dict[str, Any] = {}
        mistakes: list[Mistake] = []
        for column in self.columns:
            if column.name in self.missing:
                continue
            text = row.cells[self.places[column.name]] if column.name in self.places else ""
            try:
                values[column.name] = self._value(column, text)
            except ValueError as error:
                mistakes.append(Mistake(row.line, f"{column.name}: {shown(text)} {error}" if text else f"{column.name}: {error}"))
        return values, mistakes

    def _value(self, column: InputColumn, text: str) -> object:
        if text:
            return column.read(self._with_point(text) if column.numeric else text)
        if column.default:
            self.assumed[column.name] = self.assumed.get(column.name, 0) + 1
            return column.read(column.default)
        if column.default is None:
            raise ValueError(f"is empty; write the {column.described}")
        return None

    def _with_point(self, text: str) -> str:
        """Return a text with numbers as this program reads them."""
        if self.decimal_sign == ",":
            if "." in text:
                raise ValueError(f"has a decimal point, other numbers of the table a comma; write '{text.replace('.', ',')}'")
            return text.replace(",", ".")
        if COMMA.search(text):
            raise ValueError(f"has a comma; write a decimal point: '{text.replace(',', '.')}'")
        return text


def shown(text: str) -> str:
    """Return a cell as a message shows it: on one line, and not all of a long one."""
    line = " ".join(text.split())
    return f"'{line}'" if len(line) <= MOST_SHOWN else f"'{line[: MOST_SHOWN - 3]}...'"


def qemu_case(key: str, values: Values) -> QemuCase:
    """Return the case of a row in which `qemu_mistakes` finds nothing."""
    sets = values["sets"] or ()
    return QemuCase(
        key=key,
        cell=values["cell"] or key,
        group=values["group"] or "",
        accel=values["accel"],
        memory_mib=values["mem_mib"],
        fill_mib=_fill_mib(values) or 0.0,
        sets=sets,
        achieved_pps=(values["mig_rate_pps"] or ()) if sets else (),
        curve=values["curve"] or (),
        cap_mibs=values["max_bw_mibs"],
        downtime_limit_ms=values["downtime_limit_ms"],
        link_mbit=values["link_mbit"],
        auto_converge=values["auto_converge"],
        bound_s=values["bound_s"],
        prealloc=values["prealloc"],
        policy=values["policy"],
    )


def simgrid_case(key: str, values: Values) -> SimgridCase:
    """Return the case of a row; every combination of what can be read is one."""
    return SimgridCase(key=key, **values)


def qemu_mistakes(values: Values) -> Iterator[str]:
    """Yield what does not fit together in a row of QEMU's migrations, as far as its cells could be read."""
    for names, check in _CHECKS:
        if values.keys() >= names:
            yield from check(values)


def _load_mistakes(values: Values) -> Iterator[str]:
    if values["sets"] and values["curve"]:
        yield "curve: the row has sets as well; leave one of the two cells empty"


def _rate_mistakes(values: Values) -> Iterator[str]:
    sets, rates = values["sets"] or (), values["mig_rate_pps"] or ()
    if not sets and any(rates):
        yield "mig_rate_pps: the row has rates and no sets; leave the cell empty, or write the sets that they belong to"
    elif sets and rates and len(rates) != len(sets):
        yield f"mig_rate_pps: {counted(len(rates), 'rate')} for {counted(len(sets), 'set')}; write one for each, or leave the cell empty"


def _fill_mistakes(values: Values) -> Iterator[str]:
    if values["fill_mib"] is not None and values["filled"] is not None:
        yield "filled: the row has fill_mib as well; leave one of the two cells empty"
    elif (fill := _fill_mib(values)) is None:
        yield "fill_mib: is empty, and so is filled; write the MiB that are not zero, or their share of the memory in filled"
    elif fill > values["mem_mib"]:
        name = "fill_mib" if values["filled"] is None else "arena_mib"
        yield f"{name}: {fill:g} MiB are filled, the VM has {values['mem_mib']:g}; write no more than mem_mib"


def _written_mistakes(values: Values) -> Iterator[str]:
    fill = _fill_mib(values)
    remedy = "write fewer pages, or more filled memory"
    written = sum(each.pages for each in values["sets"] or ()) * PAGE / MIB
    if fill is not None and written > fill + SLACK_MIB:
        yield f"sets: they are {written:g} MiB, more than the {fill:g} MiB that are filled; {remedy}"
    dirtied = max((pages for _, pages in values["curve"] or ()), default=0.0) * PAGE / MIB
    if fill is not None and dirtied > fill + SLACK_MIB:
        yield f"curve: {dirtied:g} MiB become dirty, more than the {fill:g} MiB that are filled; {remedy}"


def _fill_mib(values: Values) -> float | None:
    """Return the part of the memory that is not zero, MiB; None where nothing says it."""
    if values["fill_mib"] is not None:
        return float(values["fill_mib"])
    if values["filled"] is None:
        return None
    whole = values["mem_mib"] if values["arena_mib"] is None else values["arena_mib"]
    return float(values["filled"] * whole)


_FILL = {"mem_mib", "fill_mib", "filled", "arena_mib"}
# What has to be readable -> what is looked at then.
_CHECKS: tuple[tuple[set[str], Callable[[Values], Iterator[str]]], ...] = (
    ({"sets", "curve"}, _load_mistakes),
    ({"sets", "mig_rate_pps"}, _rate_mistakes),
    (_FILL, _fill_mistakes),
    (_FILL | {"sets", "curve"}, _written_mistakes),
)
