"""How commands speak: data on stdout, words for people on stderr."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import typer


def print_json(content: object) -> None:
    """Print data."""
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False))


def say(text: str) -> None:
    """Print for people, beside the data."""
    typer.echo(text, err=True)


def width() -> int:
    """Return the columns of the terminal."""
    return shutil.get_terminal_size((160, 24)).columns


@contextmanager
def writing() -> Iterator[None]:
    """Show on a terminal that the report is being written, which takes some seconds; elsewhere nothing."""
    from rich.console import Console  # noqa: PLC0415 - commands that write no report start without it

    with Console(stderr=True).status("writing the report"):
        yield
