"""Read a scenario file and give its points, or every mistake in it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath

from sim.errors import ScenarioError
from sim.scenario import catalogue
from sim.scenario.advice import Walk, warnings_of
from sim.scenario.completion import complete, expanded_names, unused_fields
from sim.scenario.document import Document, read_document
from sim.scenario.facts import Fact, FactList
from sim.scenario.overrides import with_overrides, with_variant
from sim.scenario.point import Point
from sim.scenario.problems import Path, Problem, scenario_error
from sim.scenario.references import name_problems
from sim.scenario.resolve import resolved
from sim.scenario.schema_plan import ScenarioSpec, StepSpec
from sim.scenario.validation import validated
from sim.scenario.world import World, world_problems


@dataclass(frozen=True, slots=True)
class Loaded:
    """A scenario without mistakes.

    Args:
        label: the file as it was named.
        scenario: what was written, validated, before variants.
        completed: the scenario of each point with every default written out.
        points: one a variant in the order of the file, or one named "".
        facts: what each point rests on.
        warnings: what is possible, but not recommended, one line each.
        document: the plain document with the places of its keys and values.
    """

    label: str
    scenario: ScenarioSpec
    completed: tuple[ScenarioSpec, ...]
    points: tuple[Point, ...]
    facts: tuple[tuple[Fact, ...], ...]
    warnings: tuple[str, ...]
    document: Document


@dataclass(frozen=True, slots=True)
class _Case:
    """The scenario itself or one of its variants, examined as far as its mistakes allow."""

    name: str
    world: World
    facts: FactList
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def load_scenario(path: str | FilePath, overrides: Sequence[str] = ()) -> Loaded:
    """Return the points of a scenario file.

    Args:
        path: the YAML file.
        overrides: `PATH=VALUE` texts, applied in this order before the variants.

    Raises:
        ScenarioError: with every problem found, one line each, in the order of the file.
    """
    return scenario_of(_text(FilePath(path)), str(path), overrides)


def scenario_of(text: str, label: str, overrides: Sequence[str] = ()) -> Loaded:
    """Return the points of a scenario text; `label` stands for the file in messages.

    Raises:
        ScenarioError: with every problem found.
    """
    written, problems = read_document(text, label)
    document, found = with_overrides(written, overrides)
    problems += found
    base = _examined("", document)
    cases = [base]
    variants = document.content.get("variants")
    for name, paths in variants.items() if isinstance(variants, dict) else ():
        if isinstance(paths, dict):
            changed, found = with_variant(document, name)
            problems += found
            cases.append(_examined(name, changed))
    problems += [*_with_variant_names([(case.name, case.problems) for case in cases]), *_never_used(cases)]
    if problems:
        raise scenario_error(problems)
    used = cases[1:] or cases
    points = tuple(resolved(case.world.spec, case.name, case.facts) for case in used)
    return Loaded(
        label=label,
        scenario=base.world.written,
        completed=tuple(case.world.spec for case in used),
        points=points,
        facts=tuple(tuple(case.facts.facts) for case in used),
        warnings=tuple(map(str, sorted(set(_with_variant_names([("", _common(used)), *((case.name, case.warnings) for case in used)]))))),
        document=document,
    )


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
    spec, structure = validated(document)
    names, broken = name_problems(document)
    usable = _usable(spec, broken)
    facts = FactList(document)
    world = World(document, usable, complete(usable, facts))
    problems = [*structure, *names, *world_problems(world), *Walk(world).errors()]
    return _Case(name, world, facts, tuple(problems), () if problems else tuple(warnings_of(world)))


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
    return spec.model_copy(update={"networks": networks, "clusters": clusters, "loads": loads, "vms": vms, "plan": plan})


def _can_run(step: StepSpec, units: set[str], vms: set[str]) -> bool:
    listed = set(step.order) if isinstance(step.order, tuple) else set()
    return (
        step.to in units and (step.drain is None or step.drain in units) and (step.migrate is None or step.migrate in vms) and listed <= vms
    )


def _common(cases: Sequence[_Case]) -> list[Problem]:
    return [warning for warning in cases[0].warnings if all(warning in case.warnings for case in cases)]


def _with_variant_names(cases: Sequence[tuple[str, Sequence[Problem]]]) -> list[Problem]:
    """Return the problems of the scenario itself (the first case), and those that only a variant has, which say so."""
    everywhere = list(cases[0][1])
    result = list(everywhere)
    for name, problems in cases[1:]:
        result += [replace(problem, text=f"{problem.text} (variant '{name}')") for problem in problems if problem not in everywhere]
    return result


def _never_used(cases: Sequence[_Case]) -> list[Problem]:
    """Return the fields that belong to another SU type or policy in the scenario and in each of its variants."""
    ignored = [
        {
            path: case.world.spec.clusters[name]
            for name, cluster in case.world.written.clusters.items()
            for path in unused_fields(("clusters", name), cluster)
        }
        for case in cases
    ]
    world = cases[0].world
    problems = []
    for path, cluster in ignored[0].items():
        if all(path in found for found in ignored[1:]):
            other = "x86" if cluster.type == "/390" else "/390"
            text = f"belongs to SU {other}, and '{path[1]}' is {cluster.type}; remove it"
            if path[2] == "parameters":
                text = f"is no number of SU {cluster.type} with policy {cluster.policy}; remove it, or change the policy"
            problems.append(world.at_key(path, text))
    return problems
