"""What a page is made of: plain values, which the template and the slides show; all text in them is untrusted and escaped there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sim.report.layout import show_span
from sim.report.page.drawing import Drawing

Tone = Literal["", "met", "missed", "undecided", "soft"]
MOST_FOLDED = 60  # rows of a table that is closed until somebody opens it: of its figure's numbers mostly
MOST_ROWS = 200  # of a table: a page stays below 1.5 MB, and nobody reads further; summary.csv has all


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Args:
        text: as people read it.
        value: the number behind it, in the unit of the column: what sorting uses and what tests compare; None where it is no number.
        tone: how it is coloured; the text says the same.
    """

    text: str
    value: float | None = None
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Args:
        key: a word that no other table of the page has.
        titles: of the columns, with their units.
        rows: as many cells as titles each; a plain text stands for a cell without a number.
        caption: what it shows, a sentence.
        folded: whether it is closed until somebody opens it.
    """

    key: str
    titles: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    caption: str = ""
    folded: bool = False

    def __post_init__(self) -> None:
        """Check that every row fits the titles."""
        wrong = [number for number, row in enumerate(self.rows) if len(row) != len(self.titles)]
        if wrong:
            raise ValueError(f"table {self.key}: rows {wrong[:3]} do not have {len(self.titles)} cells")

    @property
    def shown(self) -> list[list[Cell]]:
        """The rows that the page shows, every cell a `Cell`."""
        return [[each if isinstance(each, Cell) else Cell(each) for each in row] for row in self.rows[: self.most]]

    @property
    def left_out(self) -> int:
        """Rows that the page does not show."""
        return max(0, len(self.rows) - self.most)

    @property
    def most(self) -> int:
        """The rows that the page has room for."""
        return MOST_FOLDED if self.folded else MOST_ROWS

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers: they are set flush right."""
        shown = self.shown
        return [any(row[place].value is not None for row in shown) for place in range(len(self.titles))]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with all that people need to read it.

    Args:
        key: a word that no other figure of the page has; names its file among the slides.
        title: a sentence derived from the data by rule.
        drawing: how it is drawn.
        alt: its text alternative: what it shows, with the numbers that matter.
        reading: how to read it, a line.
        sample: what it rests on: replications, and what its bands or intervals are.
        numbers: its numbers.
    """

    key: str
    title: str
    drawing: Drawing
    alt: str
    reading: str
    sample: str
    numbers: Table

    def __post_init__(self) -> None:
        """Fold the numbers: nobody looks for them at first, and of a folded table the page has fewer rows."""
        object.__setattr__(self, "numbers", replace(self.numbers, folded=True))


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph; what stands between `backticks` is set as code.

    Args:
        text: the paragraph.
        tone: lead: the sentence that answers; note: something to be careful about; soft: beside the point.
    """

    text: str
    tone: Literal["", "lead", "note", "soft"] = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Points of a list, or lines as a console shows them.

    Args:
        lines: one each, backticks as in prose; of a console as it is.
        title: above it.
        console: whether it is set as on a console.
        folded: whether it is closed until somebody opens it.
    """

    lines: Sequence[str]
    title: str = ""
    console: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section.

    Args:
        text: the heading.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that is seen first.

    Args:
        number: with its unit.
        what: it is.
        beside: interval, or what else belongs to it.
    """

    number: str
    what: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Tiles:
    """Numbers side by side.

    Args:
        tiles: at most six.
    """

    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True)
class Verdict:
    """An objective and what became of it.

    Args:
        objective: as it was written.
        verdict: met, missed or undecided.
        found: estimate and interval, a sentence.
        why: what decides it, a sentence each.
        tries: what to try, a sentence each, with commands between backticks.
    """

    objective: str
    verdict: Literal["met", "missed", "undecided"]
    found: str
    why: Sequence[str] = field(default=())
    tries: Sequence[str] = field(default=())


Block = Table | Figure | Prose | Listing | Heading | Tiles | Verdict


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page.

    Args:
        key: its anchor, a word.
        title: as the navigation shows it.
        blocks: in their order.
    """

    key: str
    title: str
    blocks: Sequence[Block]

    @property
    def figures(self) -> list[Figure]:
        """Its figures in their order."""
        return [block for block in self.blocks if isinstance(block, Figure)]


def span_cell(value: float | str | None, tone: Tone = "") -> Cell:
    """Return a time in seconds, or "never", or None for no value, as a cell."""
    return Cell(show_span(value), number_of(value), tone)


def share_cell(value: float | None, tone: Tone = "") -> Cell:
    """Return a share of 0 to 1 as a cell in percent; its value is the share."""
    return Cell("-" if value is None else f"{100 * value:.1f} %", value, tone)


def number_of(value: float | str | None) -> float | None:
    """Return a number of summary.json: infinity for "never", None for none."""
    return math.inf if isinstance(value, str) else value
