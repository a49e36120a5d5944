"""Read what a scenario and the command line vary, and give the settings of every point."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from sim.model.designs import design
from sim.model.draws import Array
from sim.scenario.document import Document, Plain, override_document
from sim.scenario.overrides import FIXED_IN_VARIANTS, Setting, setting_of, targets_of
from sim.scenario.problems import Path, Place, Problem, dotted
from sim.scenario.schema_experiment import ExperimentSpec
from sim.scenario.schema_sweep import MOST_POINTS, DesignSpec, RangeSpec
from sim.scenario.spans import spread, values_of
from sim.scenario.validation import part_of
from sim.scenario.vary import vary_document

TOGETHER = "together"

# Where in the ranges of a design its points lie: of the ranged paths and the scenario, coordinates 0..1 of shape (points, ranges).
Sampling = Callable[[Sequence[str], Document], Array]
MOST_EXAMINED = 1_000  # values, in a sweep that is wrong already: a few seconds


@dataclass(frozen=True, slots=True)
class Axis:
    """Paths whose values go side by side; the axes of an experiment are multiplied.

    Args:
        paths: dotted paths as they were written.
        place: where.
        where: what stands there, for messages.
        steps: the settings of all paths, for one step after the other.
    """

    paths: tuple[str, ...]
    place: Place
    where: str
    steps: tuple[tuple[Setting, ...], ...]


@dataclass(slots=True)
class _Reader:
    """Turns what is varied into axes and notes mistakes on the way.

    Args:
        base: the scenario, whose names the paths refer to.
        sampling: chooses the points of the design; None where `lhs` or `sobol` do.
        problems: what was found wrong.
    """

    base: Document
    sampling: Sampling | None = None
    problems: list[Problem] = field(default_factory=list)

    def sweep(self, document: Document) -> Iterator[Axis]:
        """Yield the axes of the `sweep` of a document."""
        content = document.content.get("sweep")
        for name, entry in content.items() if isinstance(content, dict) else ():
            here = ("sweep", name)
            if name != TOGETHER:
                yield from self.axis(document, {name: entry}, ("sweep",), here)
            elif not isinstance(entry, list) or not entry:
                self.refuse(document.value_place(here), here, "is no list of groups; write [{PATH: [v1, v2], PATH: [v1, v2]}]")
            else:
                for position, group in enumerate(entry):
                    below = (*here, str(position))
                    if isinstance(group, dict) and len(group) > 1:
                        yield from self.axis(document, group, below, below)
                    else:
                        self.refuse(document.value_place(below), below, "is no group; write two or more paths: {PATH: [..], PATH: [..]}")

    def axis(self, document: Document, group: dict[str, Plain], head: Path, where: Path) -> Iterator[Axis]:
        """Yield the axis of paths that go side by side, unless something is wrong with one of them."""
        columns = [self.values(document, written, entry, (*head, written)) for written, entry in group.items()]
        if not all(columns):
            return
        lengths = {written: len(column) for written, column in zip(group, columns, strict=True)}
        place = document.key_place(where)
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{number} for '{written}'" for written, number in lengths.items())
            self.refuse(place, where, f"gives {told}; values that go together need lists of one length")
            return
        yield Axis(tuple(group), place, dotted(where), tuple(zip(*columns, strict=True)))

    def values(self, document: Document, written: str, entry: Plain, where: Path) -> list[Setting]:
        """Return the values of one path; none when something is wrong."""
        path = self.path(document.key_place(where), written, where)
        if path is None:
            return []
        place = document.value_place(where)
        if isinstance(entry, dict):
            spec, found = part_of(RangeSpec, entry, where, document)
            self.problems += found
            try:
                return [generated(path, value, place) for value in values_of(spec, path)] if spec is not None else []
            except PydanticCustomError as error:
                self.refuse(place, where, error.message())
        elif not isinstance(entry, list):
            self.refuse(place, where, "is a single value; write a list such as [4 GiB, 16 GiB], or a range {from: .., to: .., steps: 5}")
        elif not entry:
            self.refuse(place, where, "has no values; write a list such as [4 GiB, 16 GiB]")
        else:
            return self.listed(document, path, entry, where)
        return []

    def listed(self, document: Document, path: Path, entry: list[Plain], where: Path) -> list[Setting]:
        """Return the values of a list; none when two are equal, which would give two points of one name."""
        settings: dict[str, Setting] = {}
        for position, value in enumerate(entry):
            below = (*where, str(position))
            text = typed(value, document.texts.get(below, ""))
            if text in settings:
                self.refuse(document.value_place(below), where, f"has '{text}' twice; write each value once")
                return []
            settings[text] = setting_of(path, value, text, document, below)
        return list(settings.values())

    def path(self, place: Place, written: str, where: Path) -> Path | None:
        """Return a path that can be varied; None when something is wrong with it."""
        path = tuple(written.split("."))
        if not all(path):
            self.refuse(place, where, f"'{written}' is no path; write one such as vms.VM12PROD.memory")
        elif path[0] in FIXED_IN_VARIANTS:
            self.refuse(place, where, f"'{path[0]}' is the same for all points of an experiment; vary something else")
        else:
            try:
                targets_of(self.base, path)
            except LookupError as error:
                self.refuse(place, where, str(error.args[0]))
            else:
                return path
        return None

    def design(self) -> Iterator[Axis]:
        """Yield the axis of the design; mistakes in its form are found where the whole scenario is validated."""
        content: Any = self.base.content.get("design")
        try:
            spec = DesignSpec.model_validate(content)
        except ValidationError:
            return
        if self.sampling is not None:
            shares = self.sampling(list(spec.ranges), self.base)
        else:
            shares = design("lhs" if spec.lhs else "sobol", spec.lhs or spec.sobol or 0, len(spec.ranges), seed_of(self.base))
        columns = []
        for position, (written, span) in enumerate(spec.ranges.items()):
            where = ("design", "ranges", written)
            place = self.base.key_place(where)
            path = self.path(place, written, where)
            try:
                values = spread(span, path, shares[:, position].tolist()) if path is not None else []
            except PydanticCustomError as error:
                self.refuse(self.base.value_place(where), where, error.message())
                values = []
            columns.append([generated(path or (), value, place) for value in values])
        place = self.base.key_place(("design",))
        steps = tuple(zip(*columns, strict=True)) if all(columns) else ()
        different = {tuple(setting.text for setting in step): step for step in steps}
        if self.sampling is not None and different:
            yield Axis(tuple(spec.ranges), place, "design", tuple(different.values()))
        elif len(different) < len(steps):
            self.refuse(place, ("design",), "gives a point twice, since values are rounded; write fewer points or wider ranges")
        elif steps:
            yield Axis(tuple(spec.ranges), place, "design", steps)

    def refuse(self, place: Place, where: Path, text: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(place, dotted(where), text))


def axes_of(
    document: Document, vary: Sequence[str], overrides: Sequence[str] = (), sampling: Sampling | None = None
) -> tuple[list[Axis], list[Problem]]:
    """Return what is varied, in the order of the file, then of the command line; and what is wrong with it.

    Args:
        document: the scenario after `overrides`.
        vary: `PATH=V1,V2` texts; each replaces the same path of the file.
        overrides: `PATH=VALUE` texts, which must not set what is varied.
        sampling: chooses the points of the design in the place of `lhs` or `sobol`; points that it gives twice are one.
    """
    reader = _Reader(document, sampling)
    axes = [*reader.sweep(document), *reader.design()]
    for position, text in enumerate(vary, start=1):
        place = Place(0, len(overrides) + position, f"--vary {text}")
        given, content, found = vary_document(text, place)
        reader.problems += found
        for axis in reader.axis(given, content, (), ()) if content else ():
            axes = _replaced(axes, axis, reader)
    _overlaps(axes, reader)
    _without_effect(axes, reader, overrides)
    variants = document.content.get("variants")
    number = math.prod(len(axis.steps) for axis in axes) * max(1, len(variants) if isinstance(variants, dict) else 1)
    if number > MOST_POINTS:
        text = f"gives {number:,} points (with all variants and combinations), and an experiment has at most {MOST_POINTS:,}; "
        reader.problems.append(Problem(axes[-1].place, axes[-1].where, text + "write fewer values, or a design"))
    return axes, reader.problems


def combinations(axes: Sequence[Axis]) -> Iterator[tuple[Setting, ...]]:
    """Yield the settings of every point, the last axis fastest; one without settings when nothing is varied."""
    for steps in itertools.product(*(axis.steps for axis in axes)):
        yield tuple(itertools.chain.from_iterable(steps))


def one_by_one(axes: Sequence[Axis]) -> list[tuple[Setting, ...]]:
    """Return every value once, without combinations: enough to find the mistakes among them where there are others already."""
    return [(), *(step for axis in axes for step in axis.steps)][:MOST_EXAMINED]


def generated(path: Path, value: str | float, place: Place) -> Setting:
    """Return a value that a range gives as the setting of a path."""
    text = typed(value, str(value))
    return Setting(path, value, text, Document(place.label, keys={path: place}, values={path: place}, texts={path: text}))


def typed(value: Plain, written: str) -> str:
    """Return a value as it can be typed after `--set PATH=`: as it was written, in quotes where YAML would read something else."""
    if not isinstance(value, str):
        return written or json.dumps(value, ensure_ascii=False)
    return written if override_document(written, ("value",), Place(0, 0, ""))[1] == value else json.dumps(value, ensure_ascii=False)


def point_name(variant: str, settings: Iterable[Setting]) -> str:
    """Return the name of a point: its variant, then its settings."""
    return ", ".join([*([variant] if variant else []), *(f"{dotted(each.path)}={each.text}" for each in settings)])


def variant_of(point: str, settings: Mapping[str, str]) -> str:
    """Return the variant in the name of a point: what `point_name` has before the settings; "" for none.

    Args:
        point: its name.
        settings: value of each varied path.
    """
    return point.removesuffix(", ".join(f"{path}={value}" for path, value in settings.items())).removesuffix(", ")


def seed_of(document: Document) -> int:
    """Return the seed of the experiment, before it is known that the scenario has no mistakes."""
    experiment = document.content.get("experiment")
    found = experiment.get("seed") if isinstance(experiment, dict) else None
    return found if isinstance(found, int) and found >= 0 else int(ExperimentSpec.model_fields["seed"].default)


def _replaced(axes: Sequence[Axis], new: Axis, reader: _Reader) -> list[Axis]:
    """Return the axes with one of the command line, in the place of those of the file that it replaces."""
    kept: list[Axis] = []
    stands = False
    for axis in axes:
        if not set(axis.paths) & set(new.paths) or axis.place.line == 0:
            kept.append(axis)
            continue
        rest = [path for path in axis.paths if path not in new.paths]
        if rest:
            others = "; ".join(f"{path}=.." for path in rest)
            reader.problems.append(
                Problem(
                    new.place, "", f"is varied together with '{rest[0]}' in the scenario; give both: --vary '{new.paths[0]}=..; {others}'"
                )
            )
        if not stands:
            kept.append(new)
        stands = True
    return kept if stands else [*kept, new]


def _overlaps(axes: Sequence[Axis], reader: _Reader) -> None:
    """Note the values that two varied paths set: the order would decide."""
    taken: dict[Path, str] = {}
    for axis in axes:
        for setting in axis.steps[0]:
            for target in targets_of(reader.base, setting.path):
                other = next((known for known in taken if _covers(known, target) or _covers(target, known)), None)
                if other is not None:
                    text = f"varies {dotted(target)}, which '{taken[other]}' varies too; vary it once, or write other paths"
                    reader.problems.append(Problem(axis.place, axis.where, text))
                    break
                taken[target] = dotted(setting.path)


def _without_effect(axes: Sequence[Axis], reader: _Reader, overrides: Sequence[str]) -> None:
    """Note overrides and variants that set nothing but what every point sets again."""
    targets = [target for axis in axes for setting in axis.steps[0] for target in targets_of(reader.base, setting.path)]
    written = [
        (tuple(text.partition("=")[0].strip().split(".")), Place(0, place, f"--set {text}")) for place, text in enumerate(overrides, 1)
    ]
    for path, place in written:
        if _is_covered(reader.base, path, targets):
            text = "is varied, so that setting it has no effect; remove it, or give --vary with the values wanted"
            reader.problems.append(Problem(place, dotted(path), text))
    variants: Any = reader.base.content.get("variants")
    for name, paths in variants.items() if isinstance(variants, dict) else ():
        for path_text in paths if isinstance(paths, dict) else ():
            if _is_covered(reader.base, tuple(path_text.split(".")), targets):
                here = ("variants", name, path_text)
                text = "is varied in 'sweep', 'design' or --vary too, so that setting it here has no effect; keep one of the two"
                reader.problems.append(Problem(reader.base.key_place(here), dotted(here), text))


def _is_covered(document: Document, path: Path, targets: Sequence[Path]) -> bool:
    try:
        found = targets_of(document, path)
    except LookupError:
        return False  # reported where it is applied
    return all(any(_covers(target, each) for target in targets) for each in found)


def _covers(outer: Path, inner: Path) -> bool:
    return inner[: len(outer)] == outer
