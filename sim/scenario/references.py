"""Check the names in a document: that each is well formed, unique, and that what it refers to exists.

Works on the document as it was written, so that a broken entry is still known by its name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.scenario import catalogue
from sim.scenario.completion import expanded_names
from sim.scenario.document import Document
from sim.scenario.fields import VM_NAME, is_name
from sim.scenario.objectives import ObjectiveError, parse_objective
from sim.scenario.problems import Path, Problem, dotted, suggestion


@dataclass(slots=True)
class Names:
    """All names of a document, whether or not their entries are right.

    Args:
        cluster_of: SU -> its cluster.
        su_of: VM -> the SU that it names, where that is text.
        open_groups: VM entries whose `count` cannot be read; any NAMEn may be theirs.
    """

    document: Document
    networks: set[str] = field(default_factory=set)
    loads: set[str] = field(default_factory=set)
    steps: set[str] = field(default_factory=set)
    cluster_of: dict[str, str] = field(default_factory=dict)
    su_of: dict[str, str] = field(default_factory=dict)
    open_groups: set[str] = field(default_factory=set)

    def knows_vm(self, name: str) -> bool:
        """Tell whether a VM of this name exists or may exist."""
        return name in self.su_of or any(name.startswith(group) and name[len(group) :].isdecimal() for group in self.open_groups)


def names_of(document: Document) -> Names:
    """Return the names of a document."""
    names = Names(document)
    names.networks = set(_section(document, "networks"))
    names.loads = set(_section(document, "loads")) | set(catalogue.loads())
    names.steps = set(_section(document, "plan"))
    for cluster, entry in _section(document, "clusters").items():
        for unit in _mapping(_mapping(entry).get("units")):
            names.cluster_of.setdefault(unit, cluster)
    for vm, entry in _section(document, "vms").items():
        count = _mapping(entry).get("count", 1)
        su = _mapping(entry).get("su")
        if isinstance(count, int) and 1 <= count <= 98:
            names.su_of |= dict.fromkeys(expanded_names(vm, count), su if isinstance(su, str) else "")
        else:
            names.open_groups.add(vm)
    return names


def name_problems(document: Document) -> tuple[list[Problem], set[Path]]:
    """Return what is wrong with the names, and the entries that cannot be used because of it."""
    names = names_of(document)
    found = [
        *_forms(document),
        *_units_twice(document),
        *_vms_twice(document),
        *_world_references(names),
        *_plan_references(names),
        *_objective_references(names),
    ]
    problems = [
        Problem(document.key_place(path) if at_key else document.value_place(path), dotted(path), text) for path, text, at_key in found
    ]
    return problems, {_entry(path) for path, _, _ in found}


Finding = tuple[Path, str, bool]  # path, text, whether the key (and not the value) is meant


def _entry(path: Path) -> Path:
    return path[:4] if path[0] == "clusters" and path[2:3] == ("units",) else path[:2]


def _section(document: Document, name: str) -> dict[str, Any]:
    return _mapping(document.content.get(name))


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _forms(document: Document) -> Iterator[Finding]:
    named: list[Path] = [(section, name) for section in ("networks", "clusters", "loads", "plan") for name in _section(document, section)]
    for cluster, entry in _section(document, "clusters").items():
        named += [("clusters", cluster, "units", unit) for unit in _mapping(_mapping(entry).get("units"))]
    for path in named:
        if not is_name(path[-1]):
            yield path, f"'{path[-1]}' is no name; write letters, digits and _ - # @ $ without blanks", True
    for vm, entry in _section(document, "vms").items():
        count = _mapping(entry).get("count", 1)
        longest = expanded_names(vm, count if isinstance(count, int) and 1 <= count <= 98 else 1)[-1]
        if not VM_NAME.fullmatch(longest):
            expanded = f", '{longest}' with its count," if longest != vm else ""
            yield ("vms", vm), f"'{vm}'{expanded} is no VM name; write 1 to 8 characters of A-Z 0-9 # @ $ -", True


def _units_twice(document: Document) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for cluster, entry in _section(document, "clusters").items():
        for unit in _mapping(_mapping(entry).get("units")):
            if unit in first:
                yield (
                    ("clusters", cluster, "units", unit),
                    f"is in cluster '{first[unit]}' too; an SU belongs to one cluster, rename one of them",
                    True,
                )
            first.setdefault(unit, cluster)


def _vms_twice(document: Document) -> Iterator[Finding]:
    owners: dict[str, list[str]] = defaultdict(list)
    for vm, entry in _section(document, "vms").items():
        count = _mapping(entry).get("count", 1)
        for single in expanded_names(vm, count if isinstance(count, int) and 1 <= count <= 98 else 1):
            owners[single].append(vm)
    reported: set[str] = set()
    for single, entries in owners.items():
        if len(entries) > 1 and entries[1] not in reported:
            reported.add(entries[1])
            yield ("vms", entries[1]), f"gives a second VM '{single}', which '{entries[0]}' gives too; rename one of them", True


def _world_references(names: Names) -> Iterator[Finding]:
    document = names.document
    units = names.cluster_of
    for network, entry in _section(document, "networks").items():
        yield from _reference(("networks", network, "preset"), entry, catalogue.presets(), "network preset", "presets")
    for cluster, entry in _section(document, "clusters").items():
        yield from _reference(("clusters", cluster, "network"), entry, names.networks, "network", "networks")
        yield from _reference(("clusters", cluster, "policy"), entry, catalogue.policies(), "policy", "policies")
    for load, entry in _section(document, "loads").items():
        yield from _reference(("loads", load, "profile"), entry, catalogue.loads(), "load profile", "load profiles")
    for vm, entry in _section(document, "vms").items():
        yield from _reference(("vms", vm, "su"), entry, units, "SU", "SUs")
        yield from _reference(("vms", vm, "load"), entry, names.loads, "load", "loads")


def _reference(path: Path, entry: object, known: Iterable[str], noun: str, plural: str) -> Iterator[Finding]:
    wanted = _mapping(entry).get(path[-1])
    if isinstance(wanted, str) and is_name(wanted) and wanted not in known:
        yield path, f"there is no {noun} '{wanted}'; {suggestion(wanted, known, plural)}", False


def _plan_references(names: Names) -> Iterator[Finding]:
    for step, raw in _section(names.document, "plan").items():
        path = ("plan", step)
        entry = _mapping(raw)
        yield from _reference((*path, "to"), entry, names.cluster_of, "SU", "SUs")
        yield from _reference((*path, "drain"), entry, names.cluster_of, "SU", "SUs")
        listed = entry.get("order")
        wanted: list[tuple[Path, object]] = [((*path, "migrate"), entry.get("migrate"))]
        wanted += [((*path, "order", str(position)), vm) for position, vm in enumerate(listed)] if isinstance(listed, list) else []
        for where, vm in wanted:
            if isinstance(vm, str) and not names.knows_vm(vm):
                yield where, f"there is no VM '{vm}'; {suggestion(vm, names.su_of, 'VMs')}", False
        yield from _one_cluster(path, entry, names)


def _one_cluster(path: Path, entry: Mapping[str, Any], names: Names) -> Iterator[Finding]:
    target = entry.get("to")
    drained = entry.get("drain")
    source = drained if isinstance(drained, str) else names.su_of.get(str(entry.get("migrate")))
    ours, theirs = names.cluster_of.get(str(source)), names.cluster_of.get(str(target))
    if ours is not None and theirs is not None and ours != theirs:
        partners = sorted(unit for unit, cluster in names.cluster_of.items() if cluster == ours and unit != source)
        remedy = f"write {' or '.join(partners)}" if partners else f"'{ours}' has no other SU"
        yield (
            (*path, "to"),
            f"'{target}' is in cluster '{theirs}' and '{source}' in '{ours}'; VMs migrate inside a cluster, {remedy}",
            False,
        )
    elif isinstance(drained, str) and drained == target:
        yield (*path, "to"), f"'{target}' is the SU that is drained; name another SU of the cluster", False


def _objective_references(names: Names) -> Iterator[Finding]:
    objectives = names.document.content.get("objectives")
    for position, text in enumerate(objectives) if isinstance(objectives, list) else ():
        path = ("objectives", str(position))
        try:
            metric = parse_objective(text).metric
        except ObjectiveError as error:
            yield path, str(error), False
            continue
        if metric is None or not metric.of or metric.of in names.steps:
            continue
        if metric.name in {"makespan", "end"}:
            yield path, f"there is no step '{metric.of}'; {suggestion(metric.of, names.steps, 'steps')}", False
        elif not names.knows_vm(metric.of):
            known = [*names.su_of, *names.steps]
            yield path, f"there is no VM or step '{metric.of}'; {suggestion(metric.of, known, 'VMs and steps')}", False
