"""Read a scenario file and give its points, or every mistake in it at once."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from sim.errors import ScenarioError
from sim.scenario import catalogue
from sim.scenario.advice import warnings_of
from sim.scenario.advice_commands import mistyped_commands
from sim.scenario.completion import complete, expanded_names
from sim.scenario.document import Document, read_document
from sim.scenario.facts import Fact, FactList
from sim.scenario.overrides import Setting, with_named_faults, with_overrides, with_settings, with_variant
from sim.scenario.point import Point
from sim.scenario.problems import Path, Place, Problem, dotted, scenario_error
from sim.scenario.references import name_problems
from sim.scenario.resolve import resolved
from sim.scenario.schema_operations import MomentSpec
from sim.scenario.schema_plan import ScenarioSpec, StepSpec
from sim.scenario.sweep import Axis, Sampling, axes_of, combinations, one_by_one, point_name
from sim.scenario.unused import cluster_of, unused_texts
from sim.scenario.validation import validated
from sim.scenario.walk import Walk
from sim.scenario.world import World, world_problems


@dataclass(frozen=True, slots=True)
class Loaded:
    """A scenario without mistakes.

    Args:
        label: the file as it was named.
        scenario: what was written, validated, before variants.
        completed: the scenario of each point with every default written out.
        points: one a variant in the order of the file, or one named ""; each as often as `sweep`, `design` and --vary give settings.
        settings: of each point, the paths that are varied and their values as they can be typed after `--set PATH=`.
        facts: what each point rests on.
        warnings: what is possible, but not recommended, one line each.
        document: the plain document with the places of its keys and values.
    """

    label: str
    scenario: ScenarioSpec
    completed: tuple[ScenarioSpec, ...]
    points: tuple[Point, ...]
    settings: tuple[dict[str, str], ...]
    facts: tuple[tuple[Fact, ...], ...]
    warnings: tuple[str, ...]
    document: Document


@dataclass(frozen=True, slots=True)
class _Case:
    """The scenario itself or one of its points, examined as far as its mistakes allow."""

    name: str
    world: World
    facts: FactList
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    settings: tuple[Setting, ...] = ()


def load_scenario(
    path: str | FilePath, overrides: Sequence[str] = (), vary: Sequence[str] = (), sampling: Sampling | None = None
) -> Loaded:
    """Return the points of a scenario file.

    Args:
        path: the YAML file.
        overrides: `PATH=VALUE` texts, applied in this order before the variants.
        vary: `PATH=V1,V2` texts, which are added to the `sweep` of the file and replace the same paths there.
        sampling: chooses the points of the `design` of the file instead of its `lhs` or `sobol`.

    Raises:
        ScenarioError: with every problem found, one line each, in the order of the file.
    """
    return scenario_of(_text(FilePath(path)), str(path), overrides, vary, sampling)


def scenario_of(text: str, label: str, overrides: Sequence[str] = (), vary: Sequence[str] = (), sampling: Sampling | None = None) -> Loaded:
    """Return the points of a scenario text; `label` stands for the file in messages.

    Raises:
        ScenarioError: with every problem found.
    """
    written, problems = read_document(text, label)
    document, found = with_overrides(with_named_faults(written), overrides)
    problems += found
    axes, found = axes_of(document, vary, overrides, sampling)
    problems += found
    base = _examined("", document)
    points, found = _points(document, list(combinations(axes)) if not found else one_by_one(axes))
    problems += found
    cases = [base, *points]
    problems += [
        *_with_point_names([(case.name, case.problems) for case in cases], _swept(axes)),
        *_never_used(cases, _swept(axes), written),
    ]
    used = points or [base]
    warnings = _with_point_names([("", _common(used)), *((case.name, case.warnings) for case in used)], _swept(axes))
    if problems:
        raise scenario_error(problems, warnings)
    same: dict[Fact, Fact] = {}  # most facts are those of all points: one object each, however many points there are
    return Loaded(
        label=label,
        scenario=base.world.written,
        completed=tuple(case.world.spec for case in used),
        points=tuple(resolved(case.world.spec, case.name, case.facts) for case in used),
        settings=tuple({dotted(each.path): each.text for each in case.settings} for case in used),
        facts=tuple(tuple(same.setdefault(fact, fact) for fact in case.facts.facts) for case in used),
        warnings=tuple(map(str, sorted(set(warnings)))),
        document=document,
    )


def changed(loaded: Loaded, place: int, overrides: Sequence[str]) -> Loaded:
    """Return one point of a scenario with other values, under its old name: what `--set` would give, after the values of its variant.

    Args:
        loaded: a scenario without a sweep, such as that of a result folder, whose points are all variants.
        place: of the point.
        overrides: `PATH=VALUE` texts, applied in this order.

    Raises:
        ScenarioError: with every problem found, as for a file.
    """
    name = loaded.points[place].name
    plain: Document = _plain(loaded.document)
    problems: list[Problem] = []
    if name:
        variants: Any = loaded.document.content["variants"]
        plain, problems = with_variant(plain, loaded.document, name, variants[name])
    document, found = with_overrides(plain, overrides)
    case = _examined(name, document)
    problems += [*found, *case.problems]
    if problems:
        raise scenario_error(problems, case.warnings)
    return replace(
        loaded,
        completed=(case.world.spec,),
        points=(resolved(case.world.spec, name, case.facts),),
        settings=({},),
        facts=(tuple(case.facts.facts),),
        document=document,
    )


def _plain(document: Document) -> Document:
    """Return a document without what makes several points of it."""
    plain = document.copied()
    for section in ("variants", "sweep", "design"):
        plain.content.pop(section, None)
        plain.forget((section,))
    return plain


def _points(document: Document, combined: Sequence[tuple[Setting, ...]]) -> tuple[list[_Case], list[Problem]]:
    """Return the points of an experiment, variants outermost, and what is wrong with their paths; none where the scenario is the point."""
    plain = _plain(document)
    problems: list[Problem] = []
    bases: list[tuple[str, Document]] = []
    variants = document.content.get("variants")
    for name, paths in variants.items() if isinstance(variants, dict) else ():
        if isinstance(paths, dict):
            varied, found = with_variant(plain, document, name, paths)
            problems += found
            bases.append((name, varied))
    cases: list[_Case] = []
    for name, varied in bases or ([("", plain)] if any(combined) else []):
        for settings in combined:
            point, found = with_settings(varied, settings) if settings else (varied, [])
            problems += found
            case = _examined(point_name(name, settings), point)
            if cases:  # of thousands of points the places are needed no more; those of the first one stand for all
                case.facts.document = plain
                case = replace(case, world=replace(case.world, document=plain))
            cases.append(replace(case, settings=settings))
    return cases, problems


def _swept(axes: Sequence[Axis]) -> set[Place]:
    """Return the places of all values that are varied: what is found there needs no point's name."""
    return {setting.place for axis in axes for step in axis.steps for setting in step}


def _text(path: FilePath) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ScenarioError([f"{path}: there is no such file; check the name, or write one with `migr new`"]) from None
    except UnicodeDecodeError:
        raise ScenarioError([f"{path}: is not text in UTF-8; save it in that encoding"]) from None
    except OSError as error:
        raise ScenarioError([f"{path}: cannot be read ({error.strerror}); name a scenario file"]) from None


def _examined(name: str, document: Document) -> _Case:
    document = with_named_faults(document)
    spec, structure = validated(document)
    names, broken = name_problems(document)
    usable = _usable(spec, broken)
    facts = FactList(document)
    world = World(document, usable, complete(usable, facts))
    errors, in_vain = Walk(world).found()
    problems = [*structure, *names, *world_problems(world), *errors]
    return _Case(name, world, facts, tuple(problems), (*(mistyped_commands(document) if problems else (*warnings_of(world), *in_vain)),))


def _usable(spec: ScenarioSpec, broken: set[Path]) -> ScenarioSpec:
    """Return the scenario without broken entries and without all that refers to one."""
    networks = {name: entry for name, entry in spec.networks.items() if ("networks", name) not in broken}
    clusters = {
        name: entry.model_copy(
            update={"units": {unit: value for unit, value in entry.units.items() if ("clusters", name, "units", unit) not in broken}}
        )
        for name, entry in spec.clusters.items()
        if ("clusters", name) not in broken and entry.network in networks
    }
    units = {unit for entry in clusters.values() for unit in entry.units}
    loads = {name: entry for name, entry in spec.loads.items() if ("loads", name) not in broken}
    known_loads = loads.keys() | (catalogue.loads().keys() - spec.loads.keys())
    vms = {
        name: entry for name, entry in spec.vms.items() if ("vms", name) not in broken and entry.su in units and entry.load in known_loads
    }
    singles = {single for name, entry in vms.items() for single in expanded_names(name, entry.count)}
    plan = {name: entry for name, entry in spec.plan.items() if ("plan", name) not in broken and _can_run(entry, units, singles)}
    operators = tuple(
        entry for place, entry in enumerate(spec.operators) if ("operators", str(place)) not in broken and entry.console in units | singles
    )
    faults = {
        name: entry
        for name, entry in spec.faults.items()
        if ("faults", name) not in broken
        and entry.place in (networks if entry.kind == "link" else units)
        and (not isinstance(entry.at, MomentSpec) or entry.at.vm in singles)
    }
    found = {"networks": networks, "clusters": clusters, "loads": loads, "vms": vms, "plan": plan}
    return spec.model_copy(update=found | {"operators": operators, "faults": faults})


def _can_run(step: StepSpec, units: set[str], vms: set[str]) -> bool:
    listed = set(step.order) if isinstance(step.order, tuple) else set()
    return (
        step.to in units and (step.drain is None or step.drain in units) and (step.migrate is None or step.migrate in vms) and listed <= vms
    )


def _common(cases: Sequence[_Case]) -> list[Problem]:
    return [warning for warning in cases[0].warnings if all(warning in case.warnings for case in cases)]


def _with_point_names(cases: Sequence[tuple[str, Sequence[Problem]]], named: AbstractSet[Place]) -> list[Problem]:
    """Return the problems of the scenario itself (the first case), and those that only points have, which name the first of them.

    Args:
        cases: name and problems of each.
        named: places of values that belong to points of a sweep: what is wrong there says by its place which points are meant.
    """
    result = list(cases[0][1])
    owners: dict[Problem, list[str]] = {}
    for name, problems in cases[1:]:
        for problem in problems:
            owners.setdefault(problem, []).append(name)
    for problem, names in owners.items():
        if problem in result:
            continue
        if problem.place in named or len(names) == len(cases) - 1 > 1:
            result.append(problem)
            continue
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        result.append(replace(problem, text=f"{problem.text} ({'point' if named else 'variant'} '{names[0]}'{more})"))
    return result


def _never_used(cases: Sequence[_Case], swept: AbstractSet[Place], file: Document) -> list[Problem]:
    """Return the fields that belong to another SU type or policy in the scenario, or in a sweep, and in each of its points.

    What the file says about the SU type that it has itself may stay when a command-line option gives another type.
    """
    ignored = [unused_texts(case.world.written, case.world.spec) for case in cases]
    first = min(1, len(cases) - 1)
    world = cases[first].world
    problems = []
    for path, text in ignored[first].items():
        varied = (place for known, place in world.document.values.items() if known[: len(path)] == path and place in swept)
        place = world.document.key_place(path) if path in ignored[0] else next(varied, None)
        if place is not None and place.line and _other_type(cluster_of(path, world.written), file, cases[0].world.document):
            continue
        if place is not None and all(path in found for found in ignored[1:]):
            problems.append(Problem(place, dotted(path), text))
    return problems


def _other_type(cluster: str, file: Document, document: Document) -> bool:
    """Tell whether a command-line option gives a cluster another SU type than the file does."""
    path = ("clusters", cluster, "type")
    return file.texts.get(path) != document.texts.get(path)
