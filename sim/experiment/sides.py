"""The points of result folders that a comparison is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import ResultsError, UsageError
from sim.experiment.provenance import check_version
from sim.experiment.storage.contents import Contents
from sim.experiment.storage.reading import PointRows
from sim.experiment.storage.store import RUN, Store
from sim.results.compare import Comparison, compare
from sim.results.sides import Side, side_of


@dataclass(frozen=True, slots=True)
class Chosen:
    """A point of a result folder.

    Args:
        folder: as it was named.
        point: its name; "" where the scenario has no variants.
        place: its place in the folder.
        facts: run.json.
        contents: the folder, listed.
    """

    folder: str
    point: str
    place: int
    facts: dict[str, Any]
    contents: Contents

    def side(self, name: str) -> Side:
        """Return its values under this name.

        Raises:
            ResultsError: a part is damaged.
        """
        return side_of(name, PointRows(self.contents, self.place), self.stop)

    @property
    def stop(self) -> int:
        """One after the last replication that is there."""
        return self.contents.pieces["migrations", self.place][-1].stop

    def lacking(self) -> Iterator[str]:
        """Yield a warning where replications are missing that the run was asked for: a part failed, or it was interrupted."""
        there, wanted = self.contents.replications_of(self.place), max(self.stop, int(self.facts.get("replications") or 0))
        if there < wanted or not self.facts.get("finished"):
            of = f" of '{self.point}'" if self.point else ""
            yield (
                f"{self.folder}: its run is not finished: {there:,} of {wanted:,} replications{of} are there, and only they are compared; "
                "give its `migr run` again for the rest"
            )


def chosen_points(runs: Sequence[str], variants: Sequence[str] = ()) -> list[tuple[Chosen, Chosen]]:
    """Return the pairs of points that a command compares.

    One folder and two names of its variants; one folder with exactly two variants; two folders: their variants of equal names, or of the
    one or two names given.

    Args:
        runs: RUN, RUN NAME NAME or RUN RUN.
        variants: names given by an option.

    Raises:
        UsageError: the names do not say which two points are meant.
        ResultsError: a folder holds no run, or no replication of a point.
    """
    if len(runs) == 3 and not variants:
        runs, variants = runs[:1], runs[1:]
    if len(runs) == 1:
        return [_within(runs[0], variants)]
    if len(runs) == 2:
        if not _is_run(runs[1]) and _is_run(runs[0]) and runs[1] in _names(runs[0]):
            raise UsageError(f"'{runs[1]}' is a variant of {runs[0]}: name both variants, migr compare {runs[0]} '{runs[1]}' NAME")
        return _across(runs[0], runs[1], variants)
    raise UsageError(
        "name RUN and two of its variants, or two result folders: migr compare RUN 'SU /390' 'SU x86', or migr compare RUN RUN"
    )


def compared(first: Chosen, second: Chosen) -> tuple[Comparison, list[str]]:
    """Return the comparison of two points, and what a reader has to be warned of.

    Raises:
        ResultsError: they have nothing in common, or a part is damaged.
    """
    names = _apart(first, second)
    paired, warnings = _pairing(first, second)
    warnings = [*dict.fromkeys(text for each in (first, second) for text in each.lacking()), *warnings]
    sides = first.side(names[0]), second.side(names[1])
    found = compare(*sides, paired=paired)
    if not found.quantities:
        raise ResultsError(
            f"{names[0]} and {names[1]} have no step, VM or replication in common, so there is nothing to compare: "
            f"the first has {_listed(found.only_first)}, the second {_listed(found.only_second)}"
        )
    stops = [each.stop for each in (first, second)]
    used, there = (min(side.replications for side in sides), min(stops)) if paired else (sides[0].replications, stops[0])
    if used < there or (not paired and sides[1].replications < stops[1]):
        warnings.append(f"the first {used:,} of {there:,} replications are compared: more do not fit into memory")
    return found, warnings


def _pairing(first: Chosen, second: Chosen) -> tuple[bool, list[str]]:
    """Return whether equal replications of two points have equal draws, and why not."""
    seeds = [each.facts.get("seed") for each in (first, second)]
    if seeds[0] == seeds[1]:
        return True, []
    told = f"different seeds ({seeds[0]} and {seeds[1]})"
    return False, [f"{told}: their replications are no pairs, so the intervals are wider; run both with the same --seed"]


def _within(folder: str, variants: Sequence[str]) -> tuple[Chosen, Chosen]:
    names = _names(folder)
    if not variants and len(names) == 2:
        variants = names
    if len(variants) != 2:
        known = ", ".join(f"'{name}'" for name in names)
        raise UsageError(
            f"{folder}: name two of its variants: {known}"
            if len(names) > 1
            else f"{folder}: has one variant only; name a second result folder"
        )
    return _point(folder, variants[0]), _point(folder, variants[1])


def _across(first: str, second: str, variants: Sequence[str]) -> list[tuple[Chosen, Chosen]]:
    names = _names(first), _names(second)
    if variants:
        if len(variants) > 2:
            raise UsageError("--variant: give one name for both folders, or two, the first for the first folder")
        return [(_point(first, variants[0]), _point(second, variants[-1]))]
    if len(names[0]) == len(names[1]) == 1:
        return [(_point(first, names[0][0]), _point(second, names[1][0]))]
    common = [name for name in names[0] if name in names[1]]
    if not common:
        told = " and ".join(f"{folder}: {', '.join(map(repr, found))}" for folder, found in zip((first, second), names, strict=True))
        raise UsageError(f"no variant is in both folders ({told}); name one of each: --variant NAME --variant NAME")
    return [(_point(first, name), _point(second, name)) for name in common]


def _point(folder: str, name: str) -> Chosen:
    facts = _facts(folder)
    names = [str(each) for each in facts["points"]]
    if name not in names:
        raise UsageError(f"{folder}: no variant '{name}'; write one of {', '.join(map(repr, names))}")
    chosen = Chosen(folder, name, names.index(name), facts, Store(folder).contents())
    if ("migrations", chosen.place) not in chosen.contents.pieces:
        of = f" of '{name}'" if name else ""
        raise ResultsError(f"{folder}: holds no replication{of} yet; give its `migr run` again, then compare")
    return chosen


def _names(folder: str) -> list[str]:
    return [str(name) for name in _facts(folder)["points"]]


def _facts(folder: str) -> dict[str, Any]:
    store = Store(folder)
    runs = ", ".join(str(found.parent) for found in sorted(Path(folder).glob(f"*/{RUN}"))) if Path(folder).is_dir() else ""
    if runs and not store.facts():
        raise ResultsError(f"{folder}: no result folder of `migr run`; name one of {runs}")
    facts = check_version(store)
    if not isinstance(facts.get("points"), list):
        raise ResultsError(f"{folder}/{RUN}: damaged (it names no points); move the folder away and run again")
    return facts


def _is_run(folder: str) -> bool:
    return bool(Store(folder).facts())


def _apart(first: Chosen, second: Chosen) -> tuple[str, str]:
    """Return names that tell the two points apart."""
    if first.folder == second.folder and first.point != second.point:
        return first.point, second.point
    one, other = (f"{each.folder} ({each.point})" if each.point else each.folder for each in (first, second))
    return one, other


def _listed(things: Sequence[str]) -> str:
    return ", ".join(things) or "no other step"
