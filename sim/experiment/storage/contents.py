"""What lies in a result folder, listed once: which replications of which tables, in which files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sim.columns import TABLES
from sim.errors import ResultsError
from sim.experiment.execution.parts import Range
from sim.experiment.storage.folder import UNFINISHED, Folder

_NAME = re.compile(r"point-(\d+)-replications-(\d+)-(\d+)\.parquet")
_WHOLE = b"PAR1"  # the last bytes of a Parquet file


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of a table: replications start .. stop - 1 of a point."""

    start: int
    stop: int
    name: str


Pieces = dict[tuple[str, int], list[Piece]]  # table and place of a point -> its files in the order of the replications


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of a result folder at one moment.

    Args:
        folder: the result folder.
        pieces: what counts.
        leftovers: table and name of what does not: half-written files, and files whose part was never finished.
    """

    folder: Folder
    pieces: Pieces
    leftovers: tuple[tuple[str, str], ...]

    @property
    def stored(self) -> dict[tuple[str, int], list[Range]]:
        """Which replications are there, for each table and place of a point."""
        return {key: [(piece.start, piece.stop) for piece in pieces] for key, pieces in self.pieces.items()}

    @property
    def replications(self) -> int:
        """One after the last replication that is stored of any point; 0 for an empty folder."""
        return max((pieces[-1].stop for (table, _), pieces in self.pieces.items() if table == "migrations"), default=0)

    @property
    def places(self) -> list[int]:
        """The points of which something is stored."""
        return sorted(place for table, place in self.pieces if table == "migrations")

    def replications_of(self, place: int) -> int:
        """Return how many replications of a point are stored."""
        return sum(piece.stop - piece.start for piece in self.pieces.get(("migrations", place), ()))

    def check_whole(self) -> None:
        """Check the end of every file: a file that was cut off on its way has none.

        Raises:
            ResultsError: naming all that are damaged.
        """
        damaged = []
        for table in TABLES:
            names = [piece.name for (found, _), pieces in self.pieces.items() if found == table for piece in pieces]
            place = table_of(self.folder, table)
            damaged += [f"{place}/{name}" for name, end in zip(names, place.ends(names, len(_WHOLE)), strict=True) if end != _WHOLE]
        if damaged:
            raise ResultsError("\n".join(damaged_text(file, "it was cut off") for file in damaged))


def contents_of(folder: Folder) -> Contents:
    """List a result folder.

    A part counts when its plans and its migrations are both there; messages and rounds count where migrations do. So what a killed run
    wrote of a part, and what is left when somebody deletes a damaged file, is computed again as a whole.
    """
    found: Pieces = defaultdict(list)
    leftovers = []
    for table in TABLES:
        for name in table_of(folder, table).names():
            match = _NAME.fullmatch(name)
            if match:
                place, start, last = map(int, match.groups())
                found[table, place].append(Piece(start, last + 1, name))
            elif UNFINISHED in name:
                leftovers.append((table, name))
    pieces: Pieces = {}
    for place in sorted({place for _, place in found}):
        counting = _counting({table: found.get((table, place), []) for table in TABLES})
        pieces |= {(table, place): kept for table, kept in counting.items() if kept}
        for table, kept in counting.items():
            names = {piece.name for piece in kept}
            leftovers += [(table, piece.name) for piece in found.get((table, place), []) if piece.name not in names]
    return Contents(folder, pieces, tuple(leftovers))


def _counting(found: dict[str, list[Piece]]) -> dict[str, list[Piece]]:
    """Return the files of a point that count, in order."""
    both = {piece.name for piece in found["plans"]} & {piece.name for piece in found["migrations"]}
    main = _apart([piece for piece in found["migrations"] if piece.name in both])
    names = {piece.name for piece in main}
    covered = _joined(main)
    kept = {"migrations": main, "plans": _apart([piece for piece in found["plans"] if piece.name in names])}
    for table in [table for table in TABLES if table not in kept]:
        kept[table] = _apart([each for each in found[table] if any(start <= each.start and each.stop <= stop for start, stop in covered)])
    return kept


def _apart(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces in order without those that begin inside another one; of two that begin alike the longer one stays."""
    apart: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: (piece.start, -piece.stop)):
        if not apart or piece.start >= apart[-1].stop:
            apart.append(piece)
    return apart


def _joined(pieces: Sequence[Piece]) -> list[Range]:
    """Return the ranges that pieces cover, neighbours joined."""
    ranges: list[Range] = []
    for piece in pieces:
        if ranges and ranges[-1][1] == piece.start:
            ranges[-1] = (ranges[-1][0], piece.stop)
        else:
            ranges.append((piece.start, piece.stop))
    return ranges


def table_of(folder: Folder, table: str) -> Folder:
    """Return the folder with the files of a table; every Parquet reader takes it for one table."""
    return folder.below(f"{table}.parquet")


def damaged_text(file: str, how: str) -> str:
    """Return what is to be said of a damaged file."""
    return f"{file}: damaged ({how}); delete this file and give the same `migr run` again"
