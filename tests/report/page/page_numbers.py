"""Reads a report as its readers do: tables with the numbers behind their cells, sentences, and what a number in a text says."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

SECONDS = {"µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
SHARES = {"%": 0.01, "points": 0.01}
BYTES = {"bytes": 1.0, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40}
RATES = {"B/s": 1.0, "kB/s": 1e3, "MB/s": 1e6, "GB/s": 1e9, "bit/s": 0.125, "kbit/s": 125.0, "Mbit/s": 125e3, "Gbit/s": 125e6}
KINDS = {unit: kind for kind, units in (("time", SECONDS), ("share", SHARES), ("bytes", BYTES), ("rate", RATES)) for unit in units}
FACTORS = SECONDS | SHARES | BYTES | RATES
_UNIT = "|".join(sorted(map(re.escape, FACTORS), key=len, reverse=True))
# A number is not part of a name (APPL1, A38, p90, SU /390, link-drop-390), nor followed by more of one.
_NUMBER = re.compile(
    rf"(?<![\w/.:+\u2212-])(?:\+(?P<days>\d+) )?(?P<sign>[+\u2212-]?)"
    rf"(?P<digits>\d[\d,]*(?::\d\d){{0,2}}(?:\.\d+)?)(?![\w:])(?:\s(?P<unit>{_UNIT})(?!\w))?"
)
_PARTED = {"table", "svg", "pre", "figcaption", "code", "style", "script", "summary"}  # no sentences, or others' words
_SENTENCES = {"p", "li", "h3", "strong", "small"}


@dataclass(frozen=True, slots=True)
class Told:
    """A number as a text tells it.

    Args:
        value: in base units: seconds, bytes, bytes per second, share; as it is without a unit.
        half: half a unit of its last digit.
        kind: time, clock, share, bytes, rate, or plain.
        text: as it stands there.
    """

    value: float
    half: float
    kind: str
    text: str

    def agrees(self, value: float) -> bool:
        """Whether the text can be this value, rounded."""
        return math.isclose(self.value, value, rel_tol=1e-12, abs_tol=self.half * (1 + 1e-9) + 1e-12)


def numbers_in(text: str) -> list[Told]:
    """Return the numbers of a text in their order; one without a unit has that of its interval: "3.1 to 3.9 s", "98.0 % (96.9 to 98.8)"."""
    found = list(_NUMBER.finditer(text))
    units: list[str | None] = [match["unit"] for match in found]
    for place in reversed(range(len(found) - 1)):
        if units[place] is None and text[found[place].end() : found[place + 1].start()] == " to ":
            units[place] = units[place + 1]
    for place in range(1, len(found)):
        if units[place] is None and text[found[place - 1].end() : found[place].start()] in {" (", " to "}:
            units[place] = units[place - 1]
    return [_told(match, unit) for match, unit in zip(found, units, strict=True)]


def _told(match: re.Match[str], unit: str | None) -> Told:
    digits = match["digits"].replace(",", "")
    sign = -1.0 if match["sign"] in {"-", "\u2212"} else 1.0
    last = 10.0 ** -len(digits.partition(".")[2])
    parts = [float(part) for part in digits.split(":")]
    if len(parts) == 1:
        factor = FACTORS.get(unit or "", 1.0)
        return Told(sign * parts[0] * factor, last * factor / 2, KINDS.get(unit or "", "plain"), match[0])
    if unit in SECONDS:  # 5:49 min, 1:05:00 h
        return Told(sign * sum(part * 60.0**power for power, part in enumerate(reversed(parts))), last / 2, "time", match[0])
    hours, minutes, *rest = parts
    seconds = 86400 * int(match["days"] or 0) + 3600 * hours + 60 * minutes + sum(rest)
    return Told(seconds, last / 2 if rest else 30.0, "clock", match[0])


@dataclass(slots=True)
class Cell:
    """A cell as it stands on the page: its text, and the number behind it where it has one."""

    value: float | None
    text: str = ""


Row = dict[str, Cell]


@dataclass(slots=True)
class Table:
    """A table as it stands on the page, under its section."""

    section: str
    key: str
    cells: list[list[Cell]] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """Its rows by title; "from" and "to" have the title before them, since each of these stands there more than once."""
        titles, before = [], ""
        for cell in self.cells[0]:
            text = cell.text.strip()
            end = re.fullmatch(r"(?:(.*), |(?:first|last): )?(?:95 % )?(from|to)", text)
            before = text if end is None else before
            titles.append(text if end is None else f"{end[1] or before}, {end[2]}")
        assert len(set(titles)) == len(titles), f"{self.key} has titles that nobody can tell apart: {titles}"
        return [dict(zip(titles, row, strict=True)) for row in self.cells[1:]]


class Page(HTMLParser):
    """A report, parsed.

    Args:
        html: the report.
    """

    def __init__(self, html: str) -> None:
        """Parse it."""
        super().__init__()
        self.tables: dict[str, Table] = {}
        self.sentences: list[tuple[str, str]] = []  # section, and what a paragraph, a point of a list, a title or a tile says
        self._section, self._open, self._said = "", [""], ""
        self._table: Table | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a section, a table, a cell or a sentence begins."""
        of = dict(attrs)
        if tag == "section":
            self._section = of["id"] or ""
        elif tag == "table":
            self._table = Table(self._section, (of["id"] or "").removeprefix("table-"))
            self.tables[self._table.key] = self._table
        elif self._table is not None and tag == "tr":
            self._table.cells.append([])
        elif self._table is not None and tag in {"td", "th"}:
            value = of.get("data-value")
            self._table.cells[-1].append(Cell(None if value is None else float(value)))
        if tag in _PARTED:
            self._open.append(tag)
        elif tag in _SENTENCES:
            self._said = ""

    def handle_endtag(self, tag: str) -> None:
        """Keep a sentence that ends."""
        if tag == "table":
            self._table = None
        elif tag in {"td", "th"} and self._table is not None:
            self._table.cells[-1][-1].text = self._table.cells[-1][-1].text.strip()
        if tag == self._open[-1]:
            self._open.pop()
        elif tag in _SENTENCES and len(self._open) == 1 and self._said.strip():
            self.sentences.append((self._section, " ".join(self._said.split())))
            self._said = ""

    def handle_data(self, data: str) -> None:
        """Add to the cell or the sentence that is open."""
        data = data.replace("\xa0", " ")
        if self._table is not None and self._table.cells and self._table.cells[-1]:
            self._table.cells[-1][-1].text += data
        elif len(self._open) == 1:
            self._said += data
