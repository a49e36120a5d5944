"""Fill in everything that a scenario leaves to defaults and profiles, and note where each value comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from sim.scenario import catalogue
from sim.scenario.catalogue import Known
from sim.scenario.completion_loads import complete_loads
from sim.scenario.completion_operations import complete_faults, complete_operators
from sim.scenario.facts import FactList, facts_always
from sim.scenario.problems import Path
from sim.scenario.schema_parameters import ParametersSpec
from sim.scenario.schema_plan import ScenarioSpec, StepSpec
from sim.scenario.schema_world import ClusterSpec, MonitorSpec, NetworkSpec, UnitSpec, VmSpec, X2000Spec
from sim.scenario.unused import unit_types, unused_fields
from sim.units import format_clock
from sim.vm2000.cpus import STDPOOL

FOR_OPERATIONS = ("link_patience", "definition_retry", "move_rate")  # parameters that nothing but a fault or a command ever meets
UNMET = "only faults and operators' commands meet it"  # the source of such a value where there are none
FIRST_INDEX, LAST_INDEX = 2, 99  # VM2000 User Guide: Initializing a VM; 1 is the monitor VM


def complete(spec: ScenarioSpec, facts: FactList) -> ScenarioSpec:
    """Return the scenario with every default written out: `count` expanded, indexes given, profiles replaced by their numbers.

    Completing a completed scenario changes nothing.
    """
    disturbed = bool(spec.operators or spec.faults)
    clusters = {name: complete_cluster(("clusters", name), cluster, facts, disturbed=disturbed) for name, cluster in spec.clusters.items()}
    vms = with_indexes(complete_vms(spec.vms, unit_types(spec), facts), facts)
    result = spec.model_copy(
        update={
            "networks": {name: complete_network(("networks", name), network, facts) for name, network in spec.networks.items()},
            "clusters": clusters,
            "loads": complete_loads(spec.loads, {vm.load for vm in vms.values()}, facts),
            "vms": vms,
            "plan": complete_plan(spec, facts),
            "operators": complete_operators(spec, facts),
            "faults": complete_faults(spec, facts),
        }
    )
    facts.field((), spec, "index_clash", spec.index_clash, "the index is kept where it is free", "A11")
    facts.field(("experiment",), spec.experiment, "seed", str(spec.experiment.seed), "a fixed seed, so that a run can be repeated")
    facts.facts += facts_always()
    return result


def complete_network(path: Path, network: NetworkSpec, facts: FactList) -> NetworkSpec:
    """Return a network with every number: as written, else from its preset, else the default."""
    known = {name: (value, "default") for name, value in catalogue.links()["default"].parameters.items()}
    if network.preset is not None:
        known |= {name: (value, network.preset) for name, value in catalogue.links()[network.preset].parameters.items()}
    if network.bandwidth is not None:
        facts.written((*path, "bandwidth"))
    numbers = {
        name: facts.choice((*path, name), getattr(network, name), *choice)
        for name, choice in known.items()
        if name != "bandwidth" or network.bandwidth is None
    }
    return network.model_copy(update={"preset": None, **numbers})


def complete_cluster(path: Path, cluster: ClusterSpec, facts: FactList, *, disturbed: bool) -> ClusterSpec:
    """Return a cluster with policy, parameters and SUs filled in; what does not belong to its type or policy is left out.

    Args:
        path: of the cluster.
        cluster: as written.
        facts: notes where each value comes from.
        disturbed: whether the scenario has operators or faults, so that what is for them alone counts.
    """
    profile = catalogue.su_types()[cluster.type]
    facts.written((*path, "type"))
    policy = facts.choice((*path, "policy"), cluster.policy, profile.policy, cluster.type)
    rule = catalogue.policies()[policy].parameters
    numbers = {name: (known, cluster.type) for name, known in profile.parameters.items()} | {
        name: (known, policy) for name, known in rule.items()
    }
    below = (*path, "parameters")
    chosen = {
        name: facts.choice(
            (*below, name), getattr(cluster.parameters, name), known if disturbed or name not in FOR_OPERATIONS else _unmet(known), origin
        )
        for name, (known, origin) in numbers.items()
    }
    _note_operation(path, cluster, facts, disturbed=disturbed)
    if chosen.get("skips"):
        facts.derived((*path, "policy"), "skipped pages of a round", "worked out once, at its begin", "A10")
    if policy == "qemu":
        facts.derived((*path, "policy"), "place of the pages", "writers lie scattered over the touched memory, zeros last", "A34")
    for unused in unused_fields(path, cluster):
        facts.written(unused, f" (ignored: not used on SU {cluster.type} with policy {policy})")
    return cluster.model_copy(
        update={
            "policy": policy,
            "parameters": ParametersSpec.model_construct(**chosen),
            "units": {
                name: complete_unit((*path, "units", name), place, unit, cluster.type, facts)
                for place, (name, unit) in enumerate(cluster.units.items(), start=1)
            },
        }
    )


def _unmet(known: Known) -> Known:
    """Return a value that no assumption of the scenario rests on, since nothing ever meets it."""
    return replace(known, source=UNMET, assumes=None)


def _note_operation(path: Path, cluster: ClusterSpec, facts: FactList, *, disturbed: bool) -> None:
    """Note how a cluster is operated."""
    facts.field(path, cluster, "active", "true", "an SU cluster is activated unless the scenario says otherwise")
    known = (("after_suspend", "A37"), ("forced_commands", "A36")) if disturbed else (("after_suspend", None), ("forced_commands", None))
    for name, tag in known:
        source = catalogue.assumptions()[tag].title if tag else UNMET
        facts.field(path, cluster, name, getattr(cluster, name), source, tag)
    if cluster.type == "/390":
        # Assumes [A35]: the VMs of an SU /390 lie one behind the other, each in one range.
        facts.derived((*path, "type"), "one contiguous range of memory a VM", "first fit from the bottom", "A35")


def complete_unit(path: Path, place: int, unit: UnitSpec, su_type: str, facts: FactList) -> UnitSpec:
    """Return an SU, the first, second, ... of its cluster, with the memory that is reserved, the shares that migrations get, its server."""
    # Assumes [A30]: the first SUs of all clusters stand in one SE server, the second ones in another, and so on.
    server = unit.server or f"server-{place}"
    known = catalogue.su_types()[su_type].units
    facts.written((*path, "memory"))
    facts.field(path, unit, "server", server, "by its place in the cluster", "A30")
    memory = facts.choice((*path, "monitor", "memory"), unit.monitor.memory, known["monitor_memory"], su_type)
    _note_state(path, unit, facts)
    own = unit.model_copy(update={"server": server, "hypervisor": None, "iocf": None, "x2000": None, "mode": None, "not_generated": None})
    if su_type == "x86":
        facts.field(path, unit, "mode", "vm2000", "the operating mode in which there are VMs")
        x2000 = unit.x2000 or X2000Spec()
        here = (*path, "x2000")
        filled = X2000Spec.model_construct(
            memory=facts.choice((*here, "memory"), x2000.memory, known["x2000_memory"], su_type),
            cpus=facts.choice((*here, "cpus"), x2000.cpus, known["x2000_cpus"], su_type),
            available=facts.choice((*here, "available"), x2000.available, known["available"], su_type),
        )
        mode = unit.mode or "vm2000"
        return own.model_copy(update={"monitor": MonitorSpec.model_construct(memory=memory), "x2000": filled, "mode": mode})
    here = (*path, "monitor")
    monitor = MonitorSpec.model_construct(
        memory=memory,
        cpus=facts.choice((*here, "cpus"), unit.monitor.cpus, known["monitor_cpus"], su_type),
        available=facts.choice((*here, "available"), unit.monitor.available, known["available"], su_type),
    )
    chosen = {key: facts.choice((*path, key), getattr(unit, key), known[key], su_type) for key in ("hypervisor", "iocf")}
    return own.model_copy(update={"monitor": monitor, "not_generated": unit.not_generated, **chosen})


def _note_state(path: Path, unit: UnitSpec, facts: FactList) -> None:
    """Note what the scenario says about the CPUs, the I/O configuration and the devices of an SU."""
    facts.field(path, unit, "reconfiguring", "false", "the I/O configuration stays as it is")
    for key in ("cpus", "not_generated", "exclusive"):
        if key in unit.model_fields_set:
            facts.written((*path, key))
    for pool in unit.pools:
        facts.written((*path, "pools", pool))


def expanded_names(name: str, count: int) -> tuple[str, ...]:
    """Return the VM names that an entry stands for: its own, or NAME1 to NAMEn for a count above 1."""
    return (name,) if count == 1 else tuple(f"{name}{number}" for number in range(1, count + 1))


def complete_vms(vms: Mapping[str, VmSpec], types: Mapping[str, str], facts: FactList) -> dict[str, VmSpec]:
    """Return every single VM by name, `count` expanded; `types` are those of the SUs."""
    result: dict[str, VmSpec] = {}
    for name, vm in vms.items():
        path = ("vms", name)
        for key in ("su", "memory"):
            facts.written((*path, key))
        facts.field(path, vm, "state", vm.state, "a VM is running unless the scenario says otherwise")
        facts.field(path, vm, "touched", f"{vm.touched:.0%}", "all of the configured memory", "A15")
        facts.field(path, vm, "cpus", str(vm.cpus), "one virtual CPU", "A24")
        facts.field(path, vm, "load", vm.load, "a guest that waits for work", "A16")
        _note_cpu(path, vm, facts, is_390=types.get(vm.su) == "/390")
        if "devices" not in vm.model_fields_set:
            facts.default((*path, "devices"), "none", "no device moves or is detached")
        else:
            for kind in sorted(vm.devices.model_fields_set):
                facts.written((*path, "devices", kind))
        names = expanded_names(name, vm.count)
        if vm.count > 1:
            facts.derived(path, f"{names[0]} to {names[-1]}", f"count {vm.count}")
        group = vm.group if types.get(vm.su) == "/390" else None
        result |= {single: vm.model_copy(update={"count": 1, "group": group}) for single in names}
    return result


def _note_cpu(path: Path, vm: VmSpec, facts: FactList, *, is_390: bool) -> None:
    """Note CPU pool, VM group, quota and limit of a VM, and what becomes of its definition."""
    facts.field(path, vm, "pool", STDPOOL, "the CPU pool that every SU has")
    if vm.group is not None:
        facts.written((*path, "group"), "" if is_390 else " (ignored: SU /390 only)")
    if vm.pool != STDPOOL or (is_390 and vm.group is not None):
        facts.derived(path, f"CPU pool {vm.pool}, VM group {vm.group or 'none'}", "matched by name on the target", "A42")
    facts.field(path, vm, "quota", f"{vm.quota:g}", "the same for all VMs", "A43")
    facts.field(path, vm, "max_utilisation", "100 %", "no limit", "A43")
    facts.field(path, vm, "persistent", "true", "the definition outlives the VM")


def natural(name: str) -> tuple[tuple[str, int], ...]:
    """Return a sort key in which BATCH2 comes before BATCH10."""
    return tuple((text, int(digits or -1)) for text, digits in re.findall(r"(\D*)(\d*)", name))


def with_indexes(vms: Mapping[str, VmSpec], facts: FactList) -> dict[str, VmSpec]:
    """Return the VMs with an index each: as written, else the smallest free one of its SU in natural order of the names."""
    taken = {(vm.su, vm.index) for vm in vms.values() if vm.index is not None}
    result = dict(vms)
    for name in sorted(vms, key=lambda name: (natural(name), name)):
        vm = vms[name]
        if vm.index is not None:
            facts.written(("vms", name, "index"))
            continue
        free = next((index for index in range(FIRST_INDEX, LAST_INDEX + 1) if (vm.su, index) not in taken), None)
        if free is None:
            continue  # too many VMs on the SU: reported where the world is checked
        taken.add((vm.su, free))
        facts.derived(("vms", name, "index"), str(free), "smallest free index of its SU, in the order of the names")
        result[name] = vm.model_copy(update={"index": free})
    return result


def complete_plan(spec: ScenarioSpec, facts: FactList) -> dict[str, StepSpec]:
    """Return the steps, each with the time of day at which it begins."""
    result: dict[str, StepSpec] = {}
    begin = spec.window.begin if spec.window is not None else 0
    for name, step in spec.plan.items():
        path = ("plan", name)
        source = "the begin of the window" if spec.window is not None else "no window and no time given"
        facts.field(path, step, "at", format_clock(begin), source)
        for key in (key for key in ("migrate", "drain", "to") if key in step.model_fields_set):
            facts.written((*path, key))
        if step.drain is not None:
            facts.field(path, step, "order", str(step.order), "the largest VM first, while there is most time")
        facts.field(path, step, "on_abort", "no retry, then skip", "the plan goes on with the next VM", "A22")
        if step.on_abort.retry_rejected:
            facts.written((*path, "on_abort", "retry_rejected"))
        facts.field(path, step, "when_busy", step.when_busy, "a plan gives the next command when the SU is free")
        result[name] = step.model_copy(update={"at": begin if step.at is None else step.at})
    return result
