"""A result folder: parts written once under their final name, so that whatever interrupts a run loses only what was being computed."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import ResultsError
from sim.experiment.execution.parts import Part
from sim.experiment.storage.contents import Contents, contents_of
from sim.experiment.storage.folder import UNFINISHED, Folder
from sim.experiment.storage.lock import LOCK, locked

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

RUN, SUMMARY, SUMMARY_CSV, RESOLVED = "run.json", "summary.json", "summary.csv", "scenario.resolved.yaml"
ERRORS = "errors"  # folder with a file for each part that failed


@dataclass(frozen=True, slots=True)
class Store:
    """A result folder; a small value that goes to other processes and machines.

    Args:
        folder: path, or URL that fsspec knows.
    """

    folder: Path | str

    @property
    def at(self) -> Folder:
        """The folder with its files."""
        return Folder(str(self.folder))

    @property
    def errors(self) -> Folder:
        """The folder with the errors of parts that failed."""
        return self.at.below(ERRORS)

    def held(self) -> AbstractContextManager[None]:
        """Create the folder and keep other runs out of it.

        Raises:
            ResultsError: it cannot be written, or another run writes it.
        """
        self.at.create()
        return locked(self.at)

    def is_foreign(self) -> bool:
        """Say whether the folder holds files and none of them is of a run."""
        names = self.at.names()
        return RUN not in names and any(name != LOCK and UNFINISHED not in name for name in names)

    def contents(self) -> Contents:
        """Return which parts are there now."""
        return contents_of(self.at)

    def write(self, table: str, name: str, content: memoryview) -> None:
        """Write the file of a part of a table, whole or not at all.

        Raises:
            ResultsError: the folder cannot be written.
        """
        self.at.below(f"{table}.parquet").write(name, content)

    def write_text(self, name: str, text: str) -> None:
        """Write one of the small files, whole or not at all."""
        self.at.write(name, text.encode())

    def write_error(self, part: Part, text: str) -> None:
        """Write what went wrong in a part."""
        self.errors.write(f"{part.name}.txt", text.encode())

    def remove_errors(self, still: set[str]) -> None:
        """Remove the errors of earlier runs.

        Args:
            still: names of the parts that failed again.
        """
        for name in self.errors.names():
            if name.removesuffix(".txt") not in still:
                self.errors.remove(name)

    def remove_leftovers(self) -> None:
        """Remove what a killed run left; only the run that holds the folder may do this."""
        for table, name in self.contents().leftovers:
            self.at.below(f"{table}.parquet").remove(name)
        for folder in (self.at, self.errors):
            for name in folder.names():
                if UNFINISHED in name:
                    folder.remove(name)

    def read(self, table: str) -> pa.Table:
        """Read a whole table, points and replications in order.

        Raises:
            ResultsError: it is not there, or a part of it is damaged.
        """
        import pyarrow as pa  # noqa: PLC0415 - commands that read nothing start without it

        from sim.experiment.storage.reading import batches  # noqa: PLC0415 - as the line before

        return pa.Table.from_batches(list(batches(self.contents(), table))).unify_dictionaries()

    def frame(self, table: str) -> pd.DataFrame:
        """Read a whole table as a pandas frame."""
        return self.read(table).to_pandas()

    def summary_frame(self) -> pd.DataFrame:
        """Read summary.csv.

        Raises:
            ResultsError: it is not there.
        """
        import io  # noqa: PLC0415 - as the next line

        import pandas as pd  # noqa: PLC0415 - commands that read nothing start without it

        content = self.at.read_bytes(SUMMARY_CSV)
        if content is None:
            raise ResultsError(f"{self.folder}: no summary here; name a folder that `migr run` wrote")
        return pd.read_csv(io.BytesIO(content))

    def facts(self) -> dict[str, Any]:
        """Return run.json; {} where it is not there.

        Raises:
            ResultsError: it cannot be read.
        """
        content = self.at.read_bytes(RUN)
        try:
            return dict(json.loads(content)) if content is not None else {}
        except (TypeError, ValueError) as error:
            raise ResultsError(f"{self.folder}/{RUN}: damaged ({error}); move the folder away and run again") from error
