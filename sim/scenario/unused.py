"""Find what is written for the other SU type or for another policy: a mistake, unless a variant makes use of it."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario import catalogue
from sim.scenario.problems import Path
from sim.scenario.schema_operations import OF_TYPE
from sim.scenario.schema_plan import ScenarioSpec
from sim.scenario.schema_world import ClusterSpec


def unused_texts(written: ScenarioSpec, completed: ScenarioSpec) -> dict[Path, str]:
    """Return every path that a scenario makes no use of, with what is wrong with it."""
    result: dict[Path, str] = {}
    for name, cluster in written.clusters.items():
        su_type, policy = cluster.type, completed.clusters[name].policy
        for path in unused_fields(("clusters", name), cluster):
            result[path] = f"belongs to SU {_other(su_type)}, and '{name}' is {su_type}; remove it"
            if path[2] == "parameters":
                result[path] = f"is no number of SU {su_type} with policy {policy}; remove it, or change the policy"
    for path, su in unused_groups(written):
        result[path] = f"belongs to SU /390, and '{su}' is x86; remove it"
    for path, place in unused_faults(written):
        if written.faults[path[1]].chance == 0:
            continue  # it is switched off, so that nothing is expected of it
        result[path] = f"befalls SU {OF_TYPE[path[2]]} only, and '{place}' is {_other(OF_TYPE[path[2]])}; remove the fault"
    return result


def cluster_of(path: Path, spec: ScenarioSpec) -> str:
    """Return the cluster whose SU type decides whether a path of `unused_texts` is made use of."""
    if path[0] == "clusters":
        return path[1]
    unit = spec.vms[path[1]].su if path[0] == "vms" else spec.faults[path[1]].place
    return next(name for name, cluster in spec.clusters.items() if unit in cluster.units)


def _other(su_type: str) -> str:
    return "x86" if su_type == "/390" else "/390"


def unused_fields(path: Path, cluster: ClusterSpec) -> Iterator[Path]:
    """Yield what is written for a cluster, but belongs to the other SU type or to another policy."""
    profile = catalogue.su_types()[cluster.type]
    used = set(profile.parameters)
    policy = cluster.policy or profile.policy.value
    if policy in catalogue.policies():
        used |= set(catalogue.policies()[policy].parameters)
        yield from ((*path, "parameters", name) for name in sorted(cluster.parameters.model_fields_set - used))
    for name, unit in cluster.units.items():
        here = (*path, "units", name)
        if cluster.type == "/390":
            yield from ((*here, key) for key in ("x2000", "mode") if key in unit.model_fields_set)
        else:
            yield from ((*here, key) for key in ("hypervisor", "iocf", "not_generated") if key in unit.model_fields_set)
            yield from ((*here, "monitor", key) for key in ("cpus", "available") if key in unit.monitor.model_fields_set)


def unused_groups(spec: ScenarioSpec) -> Iterator[tuple[Path, str]]:
    """Yield the VM groups of VMs on SU x86, where there are none, with the SU."""
    types = unit_types(spec)
    for name, vm in spec.vms.items():
        if vm.group is not None and types.get(vm.su) == "x86":
            yield ("vms", name, "group"), vm.su


def unused_faults(spec: ScenarioSpec) -> Iterator[tuple[Path, str]]:
    """Yield the faults that the type of their SU does not know, with the SU."""
    types = unit_types(spec)
    for name, fault in spec.faults.items():
        if fault.kind in OF_TYPE and types.get(fault.place, OF_TYPE[fault.kind]) != OF_TYPE[fault.kind]:
            yield ("faults", name, fault.kind), fault.place


def unit_types(spec: ScenarioSpec) -> dict[str, str]:
    """Return the SU type of every SU."""
    return {unit: cluster.type for cluster in spec.clusters.values() for unit in cluster.units}
