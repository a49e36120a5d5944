"""Load what a command is given: a scenario file, or the scenario of a result folder, and one of its points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli.output import say
from sim.errors import ResultsError, ScenarioError, UsageError

if TYPE_CHECKING:
    from sim.scenario.load import Loaded
    from sim.scenario.sweep import Sampling

# ruff: noqa: PLC0415 - imports inside the commands: each loads what it needs and no other

MOST_SHOWN = 12  # names of points in a message: what a terminal shows at once


def load(file: Path, overrides: list[str], vary: list[str] | None = None, sampling: Sampling | None = None) -> Loaded:
    """Load a scenario file, the points of its design chosen by `sampling` where that is given; its warnings go to stderr."""
    from sim.scenario.load import load_scenario

    try:
        loaded = load_scenario(file, overrides, vary or [], sampling)
    except ScenarioError as error:
        _warn(error)
        raise
    _warn(loaded)
    return loaded


def names_run(name: str) -> bool:
    """Tell whether a name means a result folder: a folder of this machine, or any URL; scenario files are files of this machine."""
    return "://" in name or Path(name).is_dir()


def load_run(folder: str, *, to_repeat: bool = True) -> Loaded:
    """Load the scenario of a result folder, a path or a URL.

    Args:
        folder: the result folder.
        to_repeat: refuse it where this machine rounds differently, so that a replication that is repeated would not be the same.
    """
    from sim.experiment.provenance import check_question, check_same
    from sim.experiment.storage.store import RESOLVED, Store
    from sim.scenario.load import scenario_of

    content = Store(folder).at.read_bytes(RESOLVED)
    if content is None:
        runs = ", ".join(str(found.parent) for found in sorted(Path(folder).glob(f"*/{RESOLVED}")))  # none where it is a URL
        raise ResultsError(
            f"{folder}: no result folder of `migr run`; " + (f"name one of {runs}" if runs else "name one, or a scenario file")
        )
    loaded = scenario_of(content.decode(errors="replace"), f"{folder.rstrip('/')}/{RESOLVED}")
    if to_repeat:
        _warn(loaded)  # who only reads results was warned when they were computed
    (check_same if to_repeat else check_question)(Store(folder), loaded)
    return loaded


def _warn(found: Loaded | ScenarioError) -> None:
    for warning in found.warnings:
        say(f"warning: {warning}")


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
        return "this scenario has none; leave --variant away"
    shown = ", ".join(f"'{name}'" for name in names[:MOST_SHOWN])
    return f"write one of {shown}" + (f" and {len(names) - MOST_SHOWN} more; summary.csv lists all" if len(names) > MOST_SHOWN else "")


def repeat_command(file: Path | str, overrides: list[str], vary: list[str], variant: str, replication: int) -> str:
    """Return the command that repeats one replication alone."""
    import shlex

    settings = [part for override in overrides for part in ("--set", override)]
    settings += [part for each in vary for part in ("--vary", each)]
    chosen = ["--variant", variant] if variant else []
    return shlex.join(["migr", "trace", str(file), "--replication", str(replication), *chosen, *settings])
