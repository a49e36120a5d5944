"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

File = Annotated[Path, typer.Argument(help="Scenario file.", metavar="FILE")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Override a value: --set 'vms.VM1.memory=8 GiB'.")]
Vary = Annotated[
    list[str] | None,
    typer.Option(
        "--vary", metavar="PATH=V1,V2", help="Vary a value, also FROM..TO/STEPS; 'P=V1,V2; Q=V1,V2' go together; see docs/sweeps.md."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Variant = Annotated[
    str | None, typer.Option("--variant", metavar="NAME", help="Variant, or point of a sweep, by its name; the first one if not given.")
]
