"""A result folder: parts written once under their final name, so that whatever interrupts a run loses only what was being computed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.columns import TABLES
from sim.errors import ResultsError
from sim.experiment.parts import Part

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

RUN, SUMMARY, SUMMARY_CSV, RESOLVED = "run.json", "summary.json", "summary.csv", "scenario.resolved.yaml"
FAILURES = "failures.txt"
_UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class Store:
    """A result folder.

    Args:
        folder: where it is.
    """

    folder: Path

    def table(self, table: str) -> Path:
        """Return the folder with the parts of a table; every Parquet reader takes it for one table."""
        return self.folder / f"{table}.parquet"

    def prepare(self) -> None:
        """Create the folder.

        Raises:
            ResultsError: it cannot be written.
        """
        try:
            for table in TABLES:
                if table in {"migrations", "plans"}:
                    self.table(table).mkdir(parents=True, exist_ok=True)
            probe = self.folder / _UNFINISHED
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise _not_writable(self.folder, error) from error

    def is_done(self, part: Part) -> bool:
        """Say whether all tables of a part are there."""
        return all((self.table(table) / part.file(table)).exists() for table in part.tables)

    def write(self, table: str, name: str, rows: pa.Table) -> None:
        """Write a part of a table: under another name first, so that a file with its final name is whole."""
        import pyarrow.parquet as pq  # noqa: PLC0415 - commands that store nothing start without it

        place = self.table(table)
        unfinished = place / f"{name}{_UNFINISHED}-{os.getpid()}"
        try:
            place.mkdir(parents=True, exist_ok=True)
            pq.write_table(rows, unfinished, compression="zstd")
            unfinished.replace(place / name)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink()
            raise _not_writable(place, error) from error

    def write_text(self, name: str, text: str) -> None:
        """Write one of the small files, whole or not at all."""
        unfinished = self.folder / f"{name}{_UNFINISHED}"
        try:
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(self.folder / name)
        except OSError as error:
            raise _not_writable(self.folder, error) from error

    def replications(self) -> int:
        """Return how many replications of the first point are stored without a gap; 0 for an empty folder."""
        ends: dict[int, int] = {}
        for file in self.table("migrations").glob("point-000-replications-*.parquet"):
            start, stop = file.stem.split("-")[-2:]
            ends[int(start)] = max(ends.get(int(start), 0), int(stop) + 1)
        stored = 0
        while stored in ends:
            stored = ends[stored]
        return stored

    def keep_only(self, parts: Iterable[Part]) -> None:
        """Remove what is no part of the finished run: shorter versions of extended parts, old failures, what a killed run left."""
        (self.folder / FAILURES).unlink(missing_ok=True)
        wanted = {(table, part.file(table)) for part in parts for table in part.tables}
        for table in TABLES:
            for file in sorted(self.table(table).glob("*")):
                if (table, file.name) not in wanted:
                    file.unlink()

    def read(self, table: str, files: Sequence[str] = ()) -> pa.Table:
        """Read a table, points and replications in order.

        Args:
            table: its name.
            files: names of its parts; all that are there by default.

        Raises:
            ResultsError: it is not there, or a part of it is damaged.
        """
        import pyarrow as pa  # noqa: PLC0415 - commands that read nothing start without it
        import pyarrow.parquet as pq  # noqa: PLC0415

        place = self.table(table)
        parts = []
        # Of two parts that begin alike the longer one counts: an interrupted extension leaves both.
        longest = {name.rpartition("-")[0]: name for name in sorted(file.name for file in place.glob("*.parquet"))}
        for name in sorted(files or longest.values()):
            try:
                parts.append(pq.read_table(place / name))
            except (OSError, pa.ArrowInvalid) as error:
                raise ResultsError(f"{place / name}: damaged ({error}); delete this file and give the same `migr run` again") from error
        if not parts:
            raise ResultsError(f"{self.folder}: no table '{table}' here; name a folder that `migr run` wrote ({_optional(table)})")
        return pa.concat_tables(parts).unify_dictionaries()

    def frame(self, table: str, parts: Iterable[Part] = ()) -> pd.DataFrame:
        """Read a table as a pandas frame; only the parts given that are there, or all."""
        there = [part.file(table) for part in parts if (self.table(table) / part.file(table)).exists()]
        return self.read(table, there).to_pandas()

    def summary_frame(self) -> pd.DataFrame:
        """Read summary.csv.

        Raises:
            ResultsError: it is not there.
        """
        import pandas as pd  # noqa: PLC0415 - commands that read nothing start without it

        try:
            return pd.read_csv(self.folder / SUMMARY_CSV)
        except OSError as error:
            raise ResultsError(f"{self.folder}: no summary here ({error.strerror}); name a folder that `migr run` wrote") from error

    def facts(self) -> dict[str, Any]:
        """Return run.json; {} where it is not there.

        Raises:
            ResultsError: it cannot be read.
        """
        file = self.folder / RUN
        try:
            return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}
        except (OSError, ValueError) as error:
            raise ResultsError(f"{file}: damaged ({error}); move the folder away and run again") from error


def _not_writable(place: Path, error: OSError) -> ResultsError:
    return ResultsError(
        f"{place}: {error.strerror or error}; free space or name another folder with --out, then give the same command again"
    )


def _optional(table: str) -> str:
    return {"rounds": "with --rounds", "messages": "with --messages 1 or more"}.get(table, "and let it end")
