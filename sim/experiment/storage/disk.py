"""How much disk a run needs, estimated before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sim.columns import MIGRATIONS, PLANS, Column
from sim.errors import ResultsError
from sim.experiment.execution.parts import Part, migrations_a_replication
from sim.experiment.storage.folder import Folder
from sim.scenario.point import Point

# Bytes on the disk, measured on four shipped scenarios (night-drain-390, night-drain-x86, day-and-night, busy-database; 1,024 replications,
# all tables): a number took 4.0 to 6.0, a whole number 0.1 to 2.8, all of them together 0.7 each; names are stored once a file.
BYTES_A_VALUE = {"whole": 0.7, "number": 6.0, "text": 0.2, "name": 0.1, "flag": 0.1}
ROUNDS_A_MIGRATION = 200.0  # 10 rounds of 20 bytes near the point where the transfer no longer catches up; 3 to 5 elsewhere
MESSAGES_A_MIGRATION = 350.0  # 62 messages of 5.5 bytes in the day and night of a VM with many devices; 4 to 35 elsewhere
FILE = 10_000.0  # what the description of the columns takes in each file: 6 to 9.4 kB


def estimated_bytes(parts: Iterable[Part], points: Sequence[Point]) -> float:
    """Return what parts will take on the disk, bytes.

    Args:
        parts: what is to be computed.
        points: all points of the experiment.
    """
    migrations = [migrations_a_replication(point) for point in points]
    total = 0.0
    for part in parts:
        number, moved = part.stop - part.start, migrations[part.point]
        if part.migrations:
            total += number * moved * _row_bytes(MIGRATIONS, part.columns) + number * len(points[part.point].steps) * _row_bytes(PLANS)
        if part.rounds:
            total += number * moved * ROUNDS_A_MIGRATION
        total += max(0, min(part.stop, part.messages) - part.start) * moved * MESSAGES_A_MIGRATION + len(part.tables) * FILE
    return total


def check_space(folder: Folder, parts: Sequence[Part], points: Sequence[Point]) -> None:
    """Check that the disk has room for parts; nothing is checked where nobody can say how much is free.

    Raises:
        ResultsError: it has not.
    """
    needed, free = estimated_bytes(parts, points), folder.free_bytes()
    if free is not None and needed > free:
        raise ResultsError(
            f"{folder}: the run needs about {size_text(needed)} and {size_text(free)} are free; store fewer columns (--columns), "
            "take fewer --replications, or name a folder on another disk with --out"
        )


def size_text(size: float) -> str:
    """Return a size for people, as disks are sold: kB, MB, GB, TB."""
    for unit in ("kB", "MB", "GB"):
        size /= 1000.0
        if size < 999.5:
            return f"{size:.3g} {unit}"
    return f"{size / 1000.0:,.3g} TB"


def _row_bytes(columns: Sequence[Column], names: Sequence[str] = ()) -> float:
    return sum(BYTES_A_VALUE[column.kind] for column in columns if not names or column.name in names)
