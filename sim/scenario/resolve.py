"""Turn a completed scenario into the plain numbers that an engine consumes."""

from __future__ import annotations

import math
from statistics import NormalDist

from sim.model.load import PAGE
from sim.model.rounds import Policy
from sim.scenario.catalogue import policies
from sim.scenario.facts import FactList
from sim.scenario.fields import Duration
from sim.scenario.point import Cluster, Cost, Costs, Devices, Link, OnAbort, Point, Pool, Step, Unit, Vm
from sim.scenario.resolve_load import resolved_load
from sim.scenario.resolve_operations import first_devices, resolved_faults, resolved_operators
from sim.scenario.schema_parameters import ParametersSpec
from sim.scenario.schema_plan import ScenarioSpec, StepSpec
from sim.scenario.schema_world import ClusterSpec, NetworkSpec, UnitSpec, VmSpec
from sim.units import DAY_S, show_rate
from sim.vm2000.cpus import STDPOOL
from sim.vm2000.devices import CONSOLE, DeviceSet

_Z95 = NormalDist().inv_cdf(0.95)


def resolved(spec: ScenarioSpec, name: str, facts: FactList) -> Point:
    """Return the point of a completed scenario; what is derived on the way is noted in `facts`."""
    units = [
        (unit_name, unit, cluster_name, cluster)
        for cluster_name, cluster in spec.clusters.items()
        for unit_name, unit in cluster.units.items()
    ]
    first, numbers = first_second(spec), first_devices(spec)
    return Point(
        name=name,
        seed=spec.experiment.seed,
        links=tuple(_link(key, spec.networks[key], facts) for key in sorted(spec.networks)),
        clusters=tuple(_cluster(key, spec.clusters[key]) for key in sorted(spec.clusters)),
        units=tuple(_unit(*unit) for unit in sorted(units, key=lambda unit: unit[0])),
        vms=tuple(_vm(key, spec.vms[key], spec, numbers[key], facts) for key in sorted(spec.vms)),
        steps=tuple(_step(key, step, first) for key, step in spec.plan.items()),
        start=spec.start or "",
        operators=resolved_operators(spec, lambda clock: float(seconds_from_midnight(clock, first))),
        faults=resolved_faults(spec, lambda clock: float(seconds_from_midnight(clock, first)), _cost),
    )


def sigma_of_cv(cv: float) -> float:
    """Return the sigma of a lognormal with this coefficient of variation."""
    return math.sqrt(math.log1p(cv * cv))


def _cost(duration: Duration) -> Cost:
    if duration.cv is not None:
        return Cost(duration.median, sigma_of_cv(duration.cv))
    if duration.p95 is not None:
        return Cost(duration.median, math.log(duration.p95 / duration.median) / _Z95)
    return Cost(duration.median)


def payload(network: NetworkSpec) -> float:
    """Return what migrations can use of one direction, bytes per second: bandwidth x efficiency - background."""
    return (network.bandwidth or 0.0) * (network.efficiency or 0.0) - (network.background or 0.0)


def _link(name: str, network: NetworkSpec, facts: FactList) -> Link:
    facts.derived(("networks", name), f"{show_rate(payload(network))} for migrations", "bandwidth x efficiency - background")
    return Link(name, payload(network), network.round_trip or 0.0)


def _cluster(name: str, cluster: ClusterSpec) -> Cluster:
    numbers = {key: value for key, value in dict(cluster.parameters).items() if value is not None}
    return Cluster(
        name=name,
        su_type=cluster.type,
        policy=_policy(cluster.policy or "", cluster.parameters),
        costs=Costs(**{key: _cost(numbers[key]) for key in Costs.__dataclass_fields__}),
        sender_Bps=numbers["sender"],
        receiver_Bps=numbers["receiver"],
        factor_first=numbers["factor_first"],
        factor_live=numbers["factor_live"],
        factor_stopped=numbers["factor_stopped"],
        throughput_sigma=sigma_of_cv(numbers["throughput_spread"]),
        page_header_bytes=float(numbers["page_header_bytes"]),
        fault_cost_s=numbers["fault_cost"],
        active=cluster.active,
        after_suspend=cluster.after_suspend,
        forced_commands=cluster.forced_commands,
        link_patience_s=numbers["link_patience"],
        definition_retry_s=numbers["definition_retry"],
        hypervisor_need_bytes=float(numbers.get("hypervisor_need", 0)),
        monitor_need_bytes=float(numbers["monitor_need"]),
        management_share=numbers.get("management", 0.0),
        firmware_bytes=float(numbers.get("firmware", 0)),
        move_Bps=numbers.get("move_rate", math.inf),  # SU x86 moves no memory inside itself
    )


# Parameters of a policy by unit: Policy calls them the same, with the unit behind.
_PLAIN = ("max_rounds", "few_pages", "from_round", "max_memory_factor", "skips", "skips_in_round_1", "auto_converge", "guest_busy")
_SECONDS = ("stop_goal", "chase_limit", "downtime_limit", "zero_page", "cancel_after")
_RATES = ("start_rate", "rate_step", "max_rate", "max_bandwidth")


def _policy(name: str, parameters: ParametersSpec) -> Policy:
    fields = {key: key for key in _PLAIN} | {key: f"{key}_s" for key in _SECONDS} | {key: f"{key}_Bps" for key in _RATES}
    written = {field: getattr(parameters, key) for key, field in fields.items()}
    return Policy(name, **{field: value for field, value in written.items() if value is not None})


def catalogue_policy(name: str) -> Policy:
    """Return a policy with the numbers of the catalogue."""
    numbers = {key: known.value for key, known in policies()[name].parameters.items()}
    return _policy(name, ParametersSpec.model_construct(**numbers))


def reserved_bytes(unit: UnitSpec) -> int:
    """Return the memory that guests cannot have: monitor VM and hypervisor (/390) or X2000 (x86)."""
    x2000 = unit.x2000.memory if unit.x2000 is not None else None
    return (unit.monitor.memory or 0) + (unit.hypervisor or 0) + (x2000 or 0)


def _unit(name: str, unit: UnitSpec, cluster_name: str, cluster: ClusterSpec) -> Unit:
    available = unit.x2000.available if unit.x2000 is not None else unit.monitor.available
    return Unit(
        name=name,
        cluster=cluster_name,
        su_type=cluster.type,
        link=cluster.network,
        memory_bytes=float(unit.memory),
        reserved_bytes=float(reserved_bytes(unit)),
        available=available or 1.0,
        iocf=unit.iocf or "",
        server=unit.server or "",
        pools=tuple(Pool(key, unit.pools[key]) for key in sorted(unit.pools)),
        cpus=unit.cpus or 0,
        mode=unit.mode or "vm2000",
        reconfiguring=unit.reconfiguring,
        not_generated=unit.not_generated or (),
        exclusive=unit.exclusive,
        hypervisor_bytes=float(unit.hypervisor or 0),
        monitor_bytes=float(unit.monitor.memory or 0),
        monitor_cpus=unit.monitor.cpus or 0,
    )


def touched_pages(vm: VmSpec) -> int:
    """Return the pages of a VM that were ever written."""
    return math.floor(vm.memory / PAGE * vm.touched)


def _vm(name: str, vm: VmSpec, spec: ScenarioSpec, first: int, facts: FactList) -> Vm:
    devices = Devices(**dict(vm.devices), first=first)
    facts.derived(("vms", name, "devices"), _mnemonics(devices), "mnemonics of the simulator, since a scenario only counts devices")
    return Vm(
        name=name,
        unit=vm.su,
        index=vm.index or 0,
        state=vm.state,
        memory_bytes=float(vm.memory),
        touched_pages=float(touched_pages(vm)),
        cpus=vm.cpus,
        load=resolved_load(vm.load, spec.loads[vm.load], name, vm.memory, touched_pages(vm), facts),
        devices=devices,
        pool="" if vm.pool == STDPOOL else vm.pool,
        group=vm.group or "",
        quota=vm.quota,
        max_utilisation=round(100.0 * vm.max_utilisation, 6),  # 33.3 % as 33.3, which the product of binary fractions is not
        persistent=vm.persistent,
    )


def _mnemonics(devices: Devices) -> str:
    """Return the mnemonics of a VM's devices: CS, 5000 to 5007, T1."""
    named = DeviceSet.of(devices, devices.first)
    kinds = (named.disks, named.tapes, named.pav_aliases, named.local_disks, named.mu_disks)
    runs = (names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}" for names in kinds if names)
    return ", ".join((CONSOLE, *runs))


def first_second(spec: ScenarioSpec) -> int:
    """Return the time of day from which the night counts: the window's begin, or without one the first step's time."""
    if spec.window is not None:
        return spec.window.begin
    return next((step.at or 0 for step in spec.plan.values()), 0)


def seconds_from_midnight(clock: int, first: int) -> int:
    """Return a time of day as seconds since 00:00 of the first day; one before `first` is on the next day."""
    return clock if clock >= first else clock + DAY_S


def _step(name: str, step: StepSpec, first: int) -> Step:
    return Step(
        name=name,
        at_s=float(seconds_from_midnight(step.at or 0, first)),
        to=step.to,
        vm=step.migrate or "",
        drain=step.drain or "",
        order=step.order if isinstance(step.order, str) else "",
        sequence=() if isinstance(step.order, str) else step.order,
        on_abort=OnAbort(step.on_abort.retries, step.on_abort.wait, step.on_abort.then, step.on_abort.retry_rejected),
        when_busy=step.when_busy,
    )
