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


YES: Final = "yes"  # lockstep computes it, or no engine ever sees it

# By dotted path as in --set; * stands for a name, or for a place in a list.
FIELDS: dict[str, Literal["yes"] | Refused] = {
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
    "clusters.*.parameters.max_rounds": YES,
    "clusters.*.parameters.few_pages": YES,
    "clusters.*.parameters.from_round": YES,
    "clusters.*.parameters.max_memory_factor": YES,
    "clusters.*.parameters.skips": YES,
    "clusters.*.parameters.skips_in_round_1": YES,
    "clusters.*.parameters.stop_goal": YES,
    "clusters.*.parameters.chase_limit": YES,
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
    "plan.*.when_busy": YES,
    "index_clash": YES,
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
