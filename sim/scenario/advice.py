"""Warn of what is possible, but not recommended or not what the planner means."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.advice_operations import operation_warnings
from sim.scenario.objectives import parse_objective
from sim.scenario.problems import Problem
from sim.scenario.resolve import seconds_from_midnight
from sim.scenario.world import World
from sim.units import format_clock

_GBIT = 1e9 / 8


def warnings_of(world: World) -> list[Problem]:
    """Return what a planner wants to know before the run, without it being a mistake; `Walk` finds more."""
    return [
        *_networks(world),
        *_monitors(world),
        *_servers(world),
        *_times(world),
        *operation_warnings(world),
    ]


def _networks(world: World) -> Iterator[Problem]:
    """Compare with the recommendation of the SE whitepaper on Live Migration: 1 Gbit/s, below 5 ms, at most 15 km."""
    for name, network in world.spec.networks.items():
        path = ("networks", name)
        if (network.bandwidth or 0) < _GBIT:
            yield world.at_value((*path, "bandwidth"), "is below the recommended 1 Gbit/s; migrations may work, test them")
        if (network.round_trip or 0) >= 5e-3:
            yield world.at_value((*path, "round_trip"), "is not below the recommended 5 ms; migrations may work, test them")
        if (network.distance or 0) > 15_000:
            yield world.at_value((*path, "distance"), "is above the recommended 15 km; migrations may work, test them")


def _monitors(world: World) -> Iterator[Problem]:
    for path, unit, cluster in world.units().values():
        if cluster.type != "/390":
            continue
        if unit.monitor.cpus == 1:
            yield world.at_value(
                (*path, "monitor", "cpus"), "is one CPU; a multiprocessor monitor VM is recommended for migrations on SU /390"
            )


def _servers(world: World) -> Iterator[Problem]:
    """Say how clusters on one network are taken to meet there, where their SUs' servers are not given."""
    for name in world.spec.networks:
        sharing = sorted(cluster for cluster, entry in world.written.clusters.items() if entry.network == name)
        silent = [cluster for cluster in sharing if any(unit.server is None for unit in world.written.clusters[cluster].units.values())]
        if len(sharing) > 1 and silent:
            yield world.at_key(
                ("networks", name),
                f"is used by the clusters {', '.join(sharing)}; their first SUs are taken to stand in one SE server, "
                f"their second ones in another; if that is not so, write 'server: NAME' for the SUs of {', '.join(silent)}",
            )


def _times(world: World) -> Iterator[Problem]:
    """Point out steps that begin, and objectives that end, when the window is over."""
    window = world.spec.window
    if window is None:
        return
    end = seconds_from_midnight(window.until, window.begin)
    over = f"of the next day, when the window is over (until {format_clock(window.until)})"
    for name, step in world.spec.plan.items():
        begin = seconds_from_midnight(step.at or 0, window.begin)
        if begin >= end:
            yield world.at_value(("plan", name, "at"), f"begins at {format_clock(step.at or 0)} {over}")
    for position, text in enumerate(world.spec.objectives):
        objective = parse_objective(text)
        if objective.metric is not None and objective.metric.name == "end" and objective.value is not None:
            clock = int(objective.value)
            if seconds_from_midnight(clock, window.begin) > end:
                yield world.at_value(("objectives", str(position)), f"means {format_clock(clock)} {over}")
