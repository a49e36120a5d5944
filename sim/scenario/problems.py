"""A problem of a scenario and the place where the planner finds it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from sim.errors import ScenarioError

Path = tuple[str, ...]  # keys from the top of the document to a value; positions in a list are "0", "1", ..


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was written.

    Args:
        line: line in the scenario file, from 1; 0 for a command-line override.
        column: column in the line, from 1; for an override its position on the command line.
        label: the place as it is printed: `FILE:LINE:COL` or `--set PATH=VALUE`.
    """

    line: int
    column: int
    label: str


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake, or one warning.

    Args:
        place: where it was written.
        where: dotted path, or "" when the file as a whole is meant.
        text: what was found and what to do.
    """

    place: Place
    where: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place.label, self.where, self.text) if part)


def scenario_error(problems: Iterable[Problem], warnings: Iterable[Problem] = ()) -> ScenarioError:
    """Return the error that shows every problem once, in the order of the file; and beside it what could be seen all the same."""
    return ScenarioError([str(problem) for problem in sorted(set(problems))], [str(warning) for warning in sorted(set(warnings))])


def dotted(path: Path) -> str:
    """Return the path as errors, `--set` and `explain` write it."""
    return ".".join(path)


def nearest(wrong: str, known: Iterable[str]) -> str | None:
    """Return the known name that a mistyped one most likely means, or None."""
    likeness = {name: difflib.SequenceMatcher(None, wrong.lower(), name.lower()).ratio() for name in sorted(known)}
    best = max(likeness, key=lambda name: likeness[name], default="")  # of equals the first in the alphabet
    return best if likeness.get(best, 0.0) >= 0.6 else None


def suggestion(wrong: str, known: Iterable[str], noun: str) -> str:
    """Return what to write in place of an unknown name: the nearest one, or all there are."""
    candidates = sorted(known)
    hit = nearest(wrong, candidates)
    if hit is not None:
        return f"did you mean '{hit}'?"
    return f"known {noun}: {', '.join(candidates)}" if candidates else f"there are no {noun} yet"
