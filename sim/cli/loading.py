"""Load what a command is given: a scenario file, or the scenario of a result folder, and one of its points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli.output import say
from sim.errors import ResultsError, UsageError

if TYPE_CHECKING:
    from sim.scenario.load import Loaded
    from sim.scenario.sweep import Sampling

# ruff: noqa: PLC0415 - imports inside the commands: each loads what it needs and no other

MOST_SHOWN = 12  # names of points in a message: what a terminal shows at once


def load(file: Path, overrides: list[str], vary: list[str] | None = None, sampling: Sampling | None = None) -> Loaded:
    """Load a scenario file, the points of its design chosen by `sampling` where that is given; its warnings go to stderr."""
    from sim.scenario.load import load_scenario

    loaded = load_scenario(file, overrides, vary or [], sampling)
    for warning in loaded.warnings:
        say(f"warning: {warning}")
    return loaded


def load_run(folder: Path) -> Loaded:
    """Load the scenario of a result folder, if this program would compute the same again."""
    from sim.experiment.run import check_same
    from sim.experiment.store import RESOLVED, Store

    if not (folder / RESOLVED).exists():
        runs = ", ".join(str(found.parent) for found in sorted(folder.glob(f"*/{RESOLVED}")))
        raise ResultsError(
            f"{folder}: no result folder of `migr run`; " + (f"name one of {runs}" if runs else "name one, or a scenario file")
        )
    loaded = load(folder / RESOLVED, [])
    check_same(Store(folder), loaded)
    return loaded


def is_swept(loaded: Loaded) -> bool:
    """Tell whether points differ by more than their variant."""
    return any(loaded.settings)


def place_of(loaded: Loaded, variant: str | None) -> int:
    """Return the place of a variant or point; the first one when none is named."""
    names = [point.name for point in loaded.points]
    if variant is None:
        return 0
    if variant not in names:
        raise UsageError(f"--variant '{variant}': no such variant; {_known(names)}")
    return names.index(variant)


def _known(names: Sequence[str]) -> str:
    if not names[0]:
        return "this scenario has none"
    shown = ", ".join(f"'{name}'" for name in names[:MOST_SHOWN])
    return shown + (f" and {len(names) - MOST_SHOWN} more; summary.csv lists all" if len(names) > MOST_SHOWN else "")


def repeat_command(file: Path, overrides: list[str], vary: list[str], variant: str, replication: int) -> str:
    """Return the command that repeats one replication alone."""
    import shlex

    settings = [part for override in overrides for part in ("--set", override)]
    settings += [part for each in vary for part in ("--vary", each)]
    chosen = ["--variant", variant] if variant else []
    return shlex.join(["migr", "trace", str(file), "--replication", str(replication), *chosen, *settings])
