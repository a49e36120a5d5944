"""Which fields of a scenario lockstep computes: one line a field, so that a new one cannot be forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from sim.scenario.point import Point


@dataclass(frozen=True, slots=True)
class Refused:
    """A field that only the SimPy engine simulates.

    Args:
        used: whether a point makes use of it; one that does not may run on lockstep.
    """

    used: Callable[[Point], bool]


YES: Final = "yes"  # lockstep computes it, it changes no time and no outcome, or no engine ever sees it
WITH_SECTION: Final = "with its section"  # a part of what is refused as a whole


def _small(found: str, needed: str) -> Callable[[Point], bool]:
    """Return the question whether an SU has less of something than its cluster needs for migrations, so that the check rejects."""

    def asked(point: Point) -> bool:
        needs = {cluster.name: getattr(cluster, needed) for cluster in point.clusters}
        return any(getattr(unit, found) < needs[unit.cluster] for unit in point.units)

    return asked


# A static prerequisite that is violated rejects every migration it concerns; only SimPy makes that check.
_OUT_OF_USE = Refused(lambda point: any(not cluster.active for cluster in point.clusters))
_MIXED_MODES = Refused(lambda point: len({(unit.cluster, unit.mode) for unit in point.units}) > len({unit.cluster for unit in point.units}))
_RECONFIGURING = Refused(lambda point: any(unit.reconfiguring for unit in point.units))
_NOT_GENERATED = Refused(lambda point: any(unit.not_generated for unit in point.units))
_EXCLUSIVE = Refused(lambda point: any(unit.exclusive for unit in point.units))
_SMALL_HYPERVISOR = Refused(_small("hypervisor_bytes", "hypervisor_need_bytes"))
_SMALL_MONITOR = Refused(_small("monitor_bytes", "monitor_need_bytes"))
_RETRY_REJECTED = Refused(lambda point: any(step.on_abort.retry_rejected and step.on_abort.retries for step in point.steps))

# By dotted path as in --set; * stands for a name, or for a place in a list.
FIELDS: dict[str, Literal["yes", "with its section"] | Refused] = {
    "schema": YES,
    "title": YES,
    "question": YES,
    "start": YES,
    "window": YES,
    "window.from": YES,
    "window.until": YES,
    "networks": YES,
    "networks.*.preset": YES,
    "networks.*.bandwidth": YES,
    "networks.*.round_trip": YES,
    "networks.*.distance": YES,
    "networks.*.background": YES,
    "networks.*.efficiency": YES,
    "clusters": YES,
    "clusters.*.type": YES,
    "clusters.*.network": YES,
    "clusters.*.units": YES,
    "clusters.*.units.*.memory": YES,
    "clusters.*.units.*.server": YES,
    "clusters.*.units.*.hypervisor": YES,
    "clusters.*.units.*.cpus": YES,
    "clusters.*.units.*.pools": YES,
    "clusters.*.units.*.mode": _MIXED_MODES,
    "clusters.*.units.*.reconfiguring": _RECONFIGURING,
    "clusters.*.units.*.not_generated": _NOT_GENERATED,
    "clusters.*.units.*.exclusive": _EXCLUSIVE,
    "clusters.*.units.*.iocf": YES,
    "clusters.*.units.*.monitor": YES,
    "clusters.*.units.*.monitor.memory": YES,
    "clusters.*.units.*.monitor.cpus": YES,
    "clusters.*.units.*.monitor.available": YES,
    "clusters.*.units.*.x2000": YES,
    "clusters.*.units.*.x2000.memory": YES,
    "clusters.*.units.*.x2000.cpus": YES,
    "clusters.*.units.*.x2000.available": YES,
    "clusters.*.policy": YES,
    "clusters.*.active": _OUT_OF_USE,
    "clusters.*.after_suspend": YES,
    "clusters.*.forced_commands": YES,
    "clusters.*.parameters": YES,
    "clusters.*.parameters.sender": YES,
    "clusters.*.parameters.receiver": YES,
    "clusters.*.parameters.factor_first": YES,
    "clusters.*.parameters.factor_live": YES,
    "clusters.*.parameters.factor_stopped": YES,
    "clusters.*.parameters.throughput_spread": YES,
    "clusters.*.parameters.page_header_bytes": YES,
    "clusters.*.parameters.fault_cost": YES,
    "clusters.*.parameters.check": YES,
    "clusters.*.parameters.setup": YES,
    "clusters.*.parameters.setup_per_gib": YES,
    "clusters.*.parameters.setup_per_device": YES,
    "clusters.*.parameters.handshake": YES,
    "clusters.*.parameters.state": YES,
    "clusters.*.parameters.resume": YES,
    "clusters.*.parameters.cleanup": YES,
    "clusters.*.parameters.cleanup_per_device": YES,
    "clusters.*.parameters.rollback": YES,
    "clusters.*.parameters.memory_release": YES,
    "clusters.*.parameters.link_patience": YES,
    "clusters.*.parameters.definition_retry": YES,
    "clusters.*.parameters.hypervisor_need": _SMALL_HYPERVISOR,
    "clusters.*.parameters.monitor_need": _SMALL_MONITOR,
    "clusters.*.parameters.move_rate": YES,
    "clusters.*.parameters.management": YES,
    "clusters.*.parameters.firmware": YES,
    "clusters.*.parameters.max_rounds": YES,
    "clusters.*.parameters.few_pages": YES,
    "clusters.*.parameters.from_round": YES,
    "clusters.*.parameters.max_memory_factor": YES,
    "clusters.*.parameters.skips": YES,
    "clusters.*.parameters.skips_in_round_1": YES,
    "clusters.*.parameters.stop_goal": YES,
    "clusters.*.parameters.chase_limit": YES,
    "clusters.*.parameters.downtime_limit": YES,
    "clusters.*.parameters.max_bandwidth": YES,
    "clusters.*.parameters.zero_page": YES,
    "clusters.*.parameters.auto_converge": YES,
    "clusters.*.parameters.guest_busy": YES,
    "clusters.*.parameters.cancel_after": YES,
    "clusters.*.parameters.start_rate": YES,
    "clusters.*.parameters.rate_step": YES,
    "clusters.*.parameters.max_rate": YES,
    "loads": YES,
    "loads.*.profile": YES,
    "loads.*.curve": YES,
    "loads.*.curve.*.window": YES,
    "loads.*.curve.*.dirty": YES,
    "loads.*.working_set": YES,
    "loads.*.working_set.size": YES,
    "loads.*.working_set.rate": YES,
    "loads.*.classes": YES,
    "loads.*.classes.*.size": YES,
    "loads.*.classes.*.rewrites": YES,
    "loads.*.sweeps": YES,
    "loads.*.sweeps.*.size": YES,
    "loads.*.sweeps.*.rate": YES,
    "loads.*.zipf": YES,
    "loads.*.zipf.*.size": YES,
    "loads.*.zipf.*.rate": YES,
    "loads.*.zipf.*.theta": YES,
    "loads.*.bursts": YES,
    "loads.*.bursts.share": YES,
    "loads.*.bursts.length": YES,
    "loads.*.bursts.factor": YES,
    "loads.*.day": YES,
    "loads.*.spread": YES,
    "loads.*.jitter": YES,
    "loads.*.measured": YES,
    "vms": YES,
    "vms.*.su": YES,
    "vms.*.memory": YES,
    "vms.*.count": YES,
    "vms.*.index": YES,
    "vms.*.state": YES,
    "vms.*.touched": YES,
    "vms.*.cpus": YES,
    "vms.*.load": YES,
    "vms.*.devices": YES,
    "vms.*.devices.disks": YES,
    "vms.*.devices.tapes": YES,
    "vms.*.devices.pav_aliases": YES,
    "vms.*.devices.local_disks": YES,
    "vms.*.devices.mu_disks": YES,
    "vms.*.pool": YES,
    "vms.*.group": YES,
    "vms.*.quota": YES,
    "vms.*.max_utilisation": YES,
    "vms.*.persistent": YES,
    "plan": YES,
    "plan.*.migrate": YES,
    "plan.*.drain": YES,
    "plan.*.to": YES,
    "plan.*.at": YES,
    "plan.*.order": YES,
    "plan.*.on_abort": YES,
    "plan.*.on_abort.retries": YES,
    "plan.*.on_abort.wait": YES,
    "plan.*.on_abort.then": YES,
    "plan.*.on_abort.retry_rejected": _RETRY_REJECTED,
    "plan.*.when_busy": YES,
    "index_clash": YES,
    "operators": Refused(lambda point: bool(point.operators)),
    "operators.*.at": WITH_SECTION,
    "operators.*.console": WITH_SECTION,
    "operators.*.command": WITH_SECTION,
    "faults": Refused(lambda point: bool(point.faults)),
    "faults.*.link": WITH_SECTION,
    "faults.*.resources": WITH_SECTION,
    "faults.*.disks": WITH_SECTION,
    "faults.*.monitor": WITH_SECTION,
    "faults.*.definitions": WITH_SECTION,
    "faults.*.crash": WITH_SECTION,
    "faults.*.agent": WITH_SECTION,
    "faults.*.at": WITH_SECTION,
    "faults.*.at.vm": WITH_SECTION,
    "faults.*.at.phase": WITH_SECTION,
    "faults.*.at.after": WITH_SECTION,
    "faults.*.every": WITH_SECTION,
    "faults.*.for": WITH_SECTION,
    "faults.*.remaining": WITH_SECTION,
    "faults.*.chance": WITH_SECTION,
    "faults.*.message": WITH_SECTION,
    "variants": YES,
    "sweep": YES,
    "sweep.*.from": YES,
    "sweep.*.to": YES,
    "sweep.*.scale": YES,
    "sweep.*.steps": YES,
    "sweep.*.step": YES,
    "design": YES,
    "design.lhs": YES,
    "design.sobol": YES,
    "design.ranges": YES,
    "design.ranges.*.from": YES,
    "design.ranges.*.to": YES,
    "design.ranges.*.scale": YES,
    "objectives": YES,
    "experiment": YES,
    "experiment.replications": YES,
    "experiment.replications.auto": YES,
    "experiment.replications.auto.time": YES,
    "experiment.replications.auto.probability": YES,
    "experiment.replications.auto.limit": YES,
    "experiment.seed": YES,
}


def refused_fields(point: Point) -> list[str]:
    """Return the fields that a point uses and lockstep does not compute."""
    return [path for path, answer in FIELDS.items() if isinstance(answer, Refused) and answer.used(point)]
