"""How a migration would go with another load and another network: a grid of small simulations with the same random draws."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from sim.engine.lockstep.coverage import refusals
from sim.engine.lockstep.replicate import walk
from sim.engine.site import Site
from sim.model.rounds import Policy
from sim.results.rounds_left import CHASE
from sim.results.statistics import quantile
from sim.scenario.point import Point, Step, Vm

LEVELS = (0.25, 0.5, 1.0, 1.5, 2.0, 4.0)  # activity over that of the scenario
GBIT = 1e9 / 8
PAYLOADS_BPS = (0.1 * GBIT, 0.25 * GBIT, 0.5 * GBIT, GBIT, 2.5 * GBIT, 10 * GBIT, 25 * GBIT)
REPLICATIONS = 64
ENDLESS = frozenset({"qemu", "simgrid"})  # a guest that never converges is simulated window by window, or message by message: minutes
MOST_ROUNDS = 200  # live rounds of a policy that counts them: 64 replications of 42 cells go through all of them where nothing converges


@dataclass(frozen=True, slots=True)
class Cell:
    """What 64 migrations do with one load and one network.

    Args:
        level: activity over that of the scenario.
        payload_Bps: what the network carries for migrations.
        own: whether both are the scenario's.
        begun: migrations that began.
        chased: of these, aborted at the chase limit.
        downtime_s: median downtime of the completed ones, seconds; NaN where none was.
    """

    level: float
    payload_Bps: float
    own: bool
    begun: int
    chased: int
    downtime_s: float

    @property
    def chased_share(self) -> float:
        """Share of the migrations that were aborted at the chase limit."""
        return self.chased / self.begun if self.begun else 0.0


def payloads(own_Bps: float) -> tuple[float, ...]:
    """Return the networks of the grid, ascending, bytes per second: the scenario's own takes the place of the nearest other one."""
    nearest = min(PAYLOADS_BPS, key=lambda each: abs(math.log(each / own_Bps)))
    return tuple(sorted(own_Bps if each == nearest else each for each in PAYLOADS_BPS))


def goes_on(policy: Policy) -> bool:
    """Tell whether a guest that does not converge goes on for so long that simulating it takes minutes."""
    return policy.name in ENDLESS or MOST_ROUNDS < policy.max_rounds < math.inf


def why_no_map(site: Site, vm: str, source: str, target: str) -> str:
    """Return why there is no grid for a migration, a sentence; "" where there can be one."""
    policy = site.clusters[site.units[source].cluster].policy
    if goes_on(policy):
        return (
            f"With policy {policy.name} a guest that does not converge goes on for so long that a map of loads and networks takes minutes."
        )
    refused = refusals(alone(site, vm, source, target, 0.0))
    return f"The map of loads and networks needs the array engine: {refused[0]}." if refused else ""


def convergence_map(site: Site, vm: str, source: str, target: str, at_s: float) -> list[Cell]:
    """Return the grid of a VM that migrates alone, level by level, each from the slowest network to the fastest.

    Where all migrations are aborted at the chase limit, those with more load on the same network are taken to be, too, and not simulated:
    the longest ones of the grid.

    Args:
        site: the point, prepared.
        vm: the VM.
        source: name of the source SU.
        target: name of the target SU.
        at_s: when its command is given, seconds since 00:00 of the first day: the hour decides how busy it is.
    """
    point = alone(site, vm, source, target, at_s)
    own, enough = point.links[0].payload_Bps, _enough(site, source, target)
    cells: list[Cell] = []
    below: dict[float, Cell] = {}  # by network, with less load
    for level in LEVELS:
        for payload in payloads(own):
            met = min(payload, next((each for each in payloads(own) if each >= enough), payload))  # faster ones no transfer ever meets
            hopeless = met in below and 0 < below[met].begun == below[met].chased
            if met == payload:
                below[met] = below[met] if hopeless else _cell(point, level, met)
            cells.append(replace(below[met], level=level, payload_Bps=payload, own=level == 1.0 and payload == own))
    return cells


def _enough(site: Site, source: str, target: str) -> float:
    """Return what no transfer reaches, bytes per second: the ceilings of the monitor systems, six standard deviations above the median."""
    units = site.units
    cluster = site.clusters[units[source].cluster]
    factor = max(cluster.factor_first, cluster.factor_live, cluster.factor_stopped)
    ends = factor * cluster.sender_Bps * units[source].available, cluster.receiver_Bps * units[target].available
    return min(ends) * math.exp(6.0 * cluster.throughput_sigma)


def alone(site: Site, vm: str, source: str, target: str, at_s: float) -> Point:
    """Return a point with one VM and one step: its first migration, and nobody else there."""
    units = tuple(unit for unit in site.point.units if unit.name in {source, target})
    clusters, links = {unit.cluster for unit in units}, {site.units[source].link}
    guest = site.guests[vm]
    return replace(
        site.point,
        links=tuple(link for link in site.point.links if link.name in links),
        clusters=tuple(cluster for cluster in site.point.clusters if cluster.name in clusters),
        units=units,
        vms=(replace(guest.spec, unit=source, load=replace(guest.load, curve=())),),  # its classes are fitted: once is enough
        steps=(Step("map", at_s, target, vm=vm),),
        operators=(),
        faults=(),
    )


def _cell(point: Point, level: float, payload: float) -> Cell:
    links = (replace(point.links[0], payload_Bps=payload),)
    site = Site.of(replace(point, links=links, vms=(_at_level(point.vms[0], level),)))
    records = [record for record in walk(site, 0, REPLICATIONS).records if record.outcome != "rejected"]
    completed = [np.broadcast_to(each.columns["downtime_s"], each.lanes.shape) for each in records if "downtime_s" in each.columns]
    downtimes = np.concatenate(completed) if completed else np.zeros(0)
    return Cell(
        level=level,
        payload_Bps=payload,
        own=False,
        begun=sum(len(record.lanes) for record in records),
        chased=sum(len(record.lanes) for record in records if record.reason == CHASE),
        downtime_s=quantile(downtimes, 0.5) if len(downtimes) else math.nan,
    )


def _at_level(vm: Vm, level: float) -> Vm:
    """Return a VM whose activity is that of its load times a factor, at every hour."""
    if level == 1.0:
        return vm
    day = tuple((second, of_day * level) for second, of_day in vm.load.day or ((0.0, 1.0),))
    return replace(vm, load=replace(vm.load, day=day))
