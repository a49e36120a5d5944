"""Collect the names of a document as it was written, so that a broken entry is still known by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sim.scenario import catalogue
from sim.scenario.completion import expanded_names
from sim.scenario.document import Document
from sim.scenario.problems import Path

MOST_IN_A_GROUP = 98  # indexes 2 to 99 of one SU


@dataclass(slots=True)
class Names:
    """All names of a document, whether or not their entries are right.

    Args:
        document: what was written.
        networks, loads, steps: their names; loads with those of the catalogue.
        cluster_of: SU -> its cluster.
        su_of: VM -> the SU that it names, where that is text, else "".
        open_groups: VM entries whose `count` cannot be read; any NAMEn may be theirs.
        unreadable: kinds of names that are in a section that cannot be read: nothing is unknown there.
    """

    document: Document
    networks: set[str] = field(default_factory=set)
    loads: set[str] = field(default_factory=set)
    steps: set[str] = field(default_factory=set)
    cluster_of: dict[str, str] = field(default_factory=dict)
    su_of: dict[str, str] = field(default_factory=dict)
    open_groups: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)

    def knows_vm(self, name: str) -> bool:
        """Tell whether a VM of this name exists or may exist."""
        is_counted = any(name.startswith(group) and name[len(group) :].isdecimal() for group in self.open_groups)
        return name in self.su_of or is_counted or "VMs" in self.unreadable


def names_of(document: Document) -> Names:
    """Return the names of a document."""
    names = Names(document)
    names.networks = set(keys_below(document, ("networks",)))
    names.loads = set(keys_below(document, ("loads",))) | set(catalogue.loads())
    names.steps = set(keys_below(document, ("plan",)))
    for path in unit_paths(document):
        names.cluster_of.setdefault(path[3], path[1])
    for vm in keys_below(document, ("vms",)):
        entry = entry_at(document, ("vms", vm))
        su = entry.get("su")
        names.su_of |= dict.fromkeys(group(document, vm), su if isinstance(su, str) else "")
        if not _is_count(entry.get("count", 1)):
            names.open_groups.add(vm)
    names.unreadable = set(_unreadable(document))
    return names


def keys_below(document: Document, path: Path) -> list[str]:
    """Return the keys of a mapping in the order of the file, those without a value included."""
    if not isinstance(_at(document, path), dict):
        return []
    length = len(path)
    return [key[-1] for key in document.keys if len(key) == length + 1 and key[:length] == path]


def unit_paths(document: Document) -> list[Path]:
    """Return the paths of all SUs in the order of the file."""
    clusters = keys_below(document, ("clusters",))
    return [("clusters", name, "units", unit) for name in clusters for unit in keys_below(document, ("clusters", name, "units"))]


def entry_at(document: Document, path: Path) -> dict[str, Any]:
    """Return the mapping at a path; an empty one when something else is there."""
    found = _at(document, path)
    return found if isinstance(found, dict) else {}


def group(document: Document, vm: str) -> tuple[str, ...]:
    """Return the names of the VMs that an entry stands for; its own name when its count cannot be read."""
    count = entry_at(document, ("vms", vm)).get("count", 1)
    return expanded_names(vm, count if _is_count(count) else 1)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_IN_A_GROUP


def _unreadable(document: Document) -> Iterator[str]:
    for section, kind in (("networks", "networks"), ("vms", "VMs"), ("plan", "steps"), ("clusters", "SUs")):
        if not isinstance(_at(document, (section,)), dict):
            yield kind
    if not isinstance(document.content.get("loads", {}), dict) or (("loads",) in document.keys and "loads" not in document.content):
        yield "loads"
    for cluster in keys_below(document, ("clusters",)):
        if not isinstance(_at(document, ("clusters", cluster, "units")), dict):
            yield "SUs"


def _at(document: Document, path: Path) -> object:
    found: Any = document.content
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found
