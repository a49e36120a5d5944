"""Check the names in a document: that each is well formed, unique, and that what it refers to exists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sim.scenario import catalogue
from sim.scenario.document import Document
from sim.scenario.fields import VM_NAME, is_name
from sim.scenario.names import Names, entry_at, group, keys_below, names_of, unit_paths
from sim.scenario.objectives import ObjectiveError, parse_objective
from sim.scenario.problems import Path, Problem, dotted, suggestion
from sim.scenario.schema_operations import KINDS


def name_problems(document: Document) -> tuple[list[Problem], set[Path]]:
    """Return what is wrong with the names, and the entries that cannot be used because of it."""
    names = names_of(document)
    found = [
        *_forms(document),
        *_units_twice(document),
        *_vms_twice(document),
        *_world_references(names),
        *_plan_references(names),
        *_operator_references(names),
        *_fault_references(names),
        *_objective_references(names),
    ]
    problems = [
        Problem(document.key_place(path) if at_key else document.value_place(path), dotted(path), text) for path, text, at_key in found
    ]
    return problems, {_entry(path) for path, _, _ in found}


Finding = tuple[Path, str, bool]  # path, text, whether the key (and not the value) is meant


def _entry(path: Path) -> Path:
    return path[:4] if path[0] == "clusters" and path[2:3] == ("units",) else path[:2]


def _forms(document: Document) -> Iterator[Finding]:
    named: list[Path] = [
        (section, name) for section in ("networks", "clusters", "loads", "plan", "faults") for name in keys_below(document, (section,))
    ]
    units = unit_paths(document)
    pools = [(*unit, "pools", pool) for unit in units for pool in keys_below(document, (*unit, "pools"))]
    for path in [*named, *units, *pools]:
        if not is_name(path[-1]):
            yield path, f"'{path[-1]}' is no name; write letters, digits and _ - # @ $ without blanks", True
    for vm in keys_below(document, ("vms",)):
        longest = group(document, vm)[-1]
        if not VM_NAME.fullmatch(longest):
            expanded = f", '{longest}' with its count," if longest != vm else ""
            yield ("vms", vm), f"'{vm}'{expanded} is no VM name; write 1 to 8 characters of A-Z 0-9 # @ $ -", True


def _units_twice(document: Document) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for path in unit_paths(document):
        owner = first.setdefault(path[-1], path[1])
        if owner != path[1]:
            yield path, f"is in cluster '{owner}' too; an SU belongs to one cluster, rename one of them", True


def _vms_twice(document: Document) -> Iterator[Finding]:
    owners: dict[str, list[str]] = defaultdict(list)
    for vm in keys_below(document, ("vms",)):
        for single in group(document, vm):
            owners[single].append(vm)
    reported: set[str] = set()
    for single, entries in owners.items():
        if len(entries) > 1 and entries[1] not in reported:
            reported.add(entries[1])
            yield ("vms", entries[1]), f"gives a second VM '{single}', which '{entries[0]}' gives too; rename one of them", True


def _world_references(names: Names) -> Iterator[Finding]:
    presets, policies, profiles = catalogue.presets(), catalogue.policies(), catalogue.loads()
    for network in keys_below(names.document, ("networks",)):
        yield from _reference(names, ("networks", network, "preset"), presets, "network preset")
    for cluster in keys_below(names.document, ("clusters",)):
        yield from _reference(names, ("clusters", cluster, "network"), names.networks, "network")
        yield from _reference(names, ("clusters", cluster, "policy"), policies, "policy", "policies")
    for load in keys_below(names.document, ("loads",)):
        yield from _reference(names, ("loads", load, "profile"), profiles, "load profile")
    for vm in keys_below(names.document, ("vms",)):
        yield from _reference(names, ("vms", vm, "su"), names.cluster_of, "SU")
        yield from _reference(names, ("vms", vm, "load"), names.loads, "load")


def _reference(names: Names, path: Path, known: Iterable[str], noun: str, plural: str = "") -> Iterator[Finding]:
    wanted = entry_at(names.document, path[:-1]).get(path[-1])
    plural = plural or f"{noun}s"
    if isinstance(wanted, str) and is_name(wanted) and wanted not in known and plural not in names.unreadable:
        yield path, f"there is no {noun} '{wanted}'; {suggestion(wanted, known, plural)}", False


def _plan_references(names: Names) -> Iterator[Finding]:
    for step in keys_below(names.document, ("plan",)):
        path = ("plan", step)
        entry = entry_at(names.document, path)
        if step in names.su_of:
            yield path, "is the name of a VM too, so an objective could mean either; rename the step", True
        yield from _reference(names, (*path, "to"), names.cluster_of, "SU")
        yield from _reference(names, (*path, "drain"), names.cluster_of, "SU")
        listed = entry.get("order")
        wanted: list[tuple[Path, object]] = [((*path, "migrate"), entry.get("migrate"))]
        wanted += [((*path, "order", str(position)), vm) for position, vm in enumerate(listed)] if isinstance(listed, list) else []
        for where, vm in wanted:
            if isinstance(vm, str) and not names.knows_vm(vm):
                yield where, f"there is no VM '{vm}'; {suggestion(vm, names.su_of, 'VMs')}", False
        yield from _one_cluster(path, names)


def _one_cluster(path: Path, names: Names) -> Iterator[Finding]:
    entry = entry_at(names.document, path)
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


def _operator_references(names: Names) -> Iterator[Finding]:
    operators = names.document.content.get("operators")
    for position, entry in enumerate(operators) if isinstance(operators, list) else ():
        console = entry.get("console") if isinstance(entry, dict) else None
        path = ("operators", str(position), "console")
        if not isinstance(console, str) or not is_name(console) or "SUs" in names.unreadable:
            continue
        if console in names.cluster_of and names.knows_vm(console):
            yield path, f"'{console}' is an SU and a VM, so either console could be meant; rename one of them", False
        elif console not in names.cluster_of and not names.knows_vm(console):
            known = [*names.cluster_of, *names.su_of]
            yield path, f"there is no SU or VM '{console}', whose console it could be; {suggestion(console, known, 'SUs and VMs')}", False


def _fault_references(names: Names) -> Iterator[Finding]:
    for fault in keys_below(names.document, ("faults",)):
        path = ("faults", fault)
        for kind, noun in KINDS.items():
            yield from _reference(names, (*path, kind), names.networks if noun == "network" else names.cluster_of, noun)
        vm = entry_at(names.document, (*path, "at")).get("vm")
        if isinstance(vm, str) and not names.knows_vm(vm):
            yield (*path, "at", "vm"), f"there is no VM '{vm}'; {suggestion(vm, names.su_of, 'VMs')}", False


def _objective_references(names: Names) -> Iterator[Finding]:
    objectives = names.document.content.get("objectives")
    for position, text in enumerate(objectives) if isinstance(objectives, list) else ():
        path = ("objectives", str(position))
        try:
            metric = parse_objective(text).metric
        except ObjectiveError as error:
            yield path, str(error), False
            continue
        if "steps" not in names.unreadable and not names.steps:
            yield (
                path,
                "'plan' has no step, so there is nothing that an objective could measure; write a step, or leave the objective out",
                False,
            )
            continue
        if metric is None or not metric.of or metric.of in names.steps:
            continue
        if "steps" in names.unreadable:
            continue
        if metric.name in {"makespan", "end"}:
            yield path, f"there is no step '{metric.of}'; {suggestion(metric.of, names.steps, 'steps')}", False
        elif not names.knows_vm(metric.of):
            known = [*names.su_of, *names.steps]
            yield path, f"there is no VM or step '{metric.of}'; {suggestion(metric.of, known, 'VMs and steps')}", False
        elif names.su_of.get(metric.of) in names.cluster_of and not _is_moved(metric.of, names):
            yield path, f"no step moves VM '{metric.of}', so nothing is ever measured of it; name a VM that the plan moves", False


def _is_moved(vm: str, names: Names) -> bool:
    """Tell whether a step migrates a VM, or drains an SU of its cluster and does not leave it out."""
    for step in keys_below(names.document, ("plan",)):
        entry = entry_at(names.document, ("plan", step))
        listed = entry.get("order")
        same_cluster = names.cluster_of.get(str(entry.get("drain"))) == names.cluster_of[names.su_of[vm]]
        if entry.get("migrate") == vm or (same_cluster and (not isinstance(listed, list) or vm in listed)):
            return True
    return False
