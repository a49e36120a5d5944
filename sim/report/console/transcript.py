"""Where the lines of a session go: to standard output and, if somebody wants it, into a file too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from sim.errors import ResultsError, UsageError

Emit = Callable[[list[str]], None]


@contextmanager
def transcript(log: Path | None) -> Iterator[Emit]:
    """Yield a function that prints lines and writes them to a file.

    Args:
        log: the file, written line by line so that it is whole whatever ends the session; None for none.

    Raises:
        UsageError: the file cannot be written.
    """
    if log is None:
        yield lambda rows: _print(rows, None)
        return
    try:
        file = log.open("w", encoding="utf-8", buffering=1)
    except OSError as error:
        raise UsageError(f"--log {log}: {error.strerror}; name a file that can be written") from None
    with file:
        yield lambda rows: _print(rows, file)


def _print(rows: list[str], log: TextIO | None) -> None:
    """Print lines.

    Raises:
        ResultsError: the log cannot be written any more.
    """
    for row in rows:
        print(row)  # noqa: T201 - its purpose
        if log is not None:
            try:
                log.write(f"{row}\n")
            except OSError as error:
                raise ResultsError(f"--log {log.name}: {error.strerror}; make room, or leave --log away") from None
