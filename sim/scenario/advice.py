"""Warn of what is possible, but not recommended or not what the planner means; follow the plan through the SUs' memory."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.objectives import parse_objective
from sim.scenario.problems import Path, Problem
from sim.scenario.resolve import first_second, reserved_bytes, seconds_from_midnight
from sim.scenario.schema_plan import StepSpec
from sim.scenario.world import MIB, World
from sim.units import format_clock, format_memory

MIGRATING_STATES = ("RUNNING", "INIT-ONLY", "DOWN")  # VM2000 User Guide: MIGRATE-VM
_GBIT = 1e9 / 8


def warnings_of(world: World) -> list[Problem]:
    """Return what a planner wants to know before the run, without it being a mistake."""
    return [*_networks(world), *_monitors(world), *_servers(world), *_times(world), *Walk(world).warnings()]


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
        if (unit.monitor.memory or 0) < 512 * MIB:
            yield world.at_value(
                (*path, "monitor", "memory"),
                "is below the 512 MiB that the manual demands for migrations on SU /390, which is not simulated; raise it on both SUs",
            )
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


class Walk:
    """Follows a plan as if nothing were aborted: which VM is where, and whether it fits."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._units = world.units()
        self._vms = world.spec.vms
        self._place = {name: vm.su for name, vm in self._vms.items()}
        self._moved: set[str] = set()

    def errors(self) -> list[Problem]:
        """Return the migrations to the SU on which the VM is from the start."""
        return [problem for problem, is_error in self._steps() if is_error]

    def warnings(self) -> list[Problem]:
        """Return what a plan asks for in vain."""
        return [problem for problem, is_error in self._steps() if not is_error]

    def _steps(self) -> Iterator[tuple[Problem, bool]]:
        first = first_second(self._world.spec)
        steps = self._world.spec.plan.items()
        for name, step in sorted(steps, key=lambda item: seconds_from_midnight(item[1].at or 0, first)):
            yield from self._step(("plan", name), step)

    def _step(self, path: Path, step: StepSpec) -> Iterator[tuple[Problem, bool]]:
        if step.migrate is not None and self._place[step.migrate] == step.to:
            moved = step.migrate in self._moved
            remedy = "an earlier step moves it there" if moved else "name another SU of the cluster"
            yield self._world.at_value((*path, "to"), f"'{step.migrate}' is on '{step.to}' already; {remedy}"), not moved
            return
        for vm in self._candidates(step):
            yield from self._migrate(path, vm, step.to)
        if isinstance(step.order, tuple):
            for position, vm in enumerate(step.order):
                if vm not in self._moved and self._place[vm] != step.drain:
                    yield (
                        self._world.at_value((*path, "order", str(position)), f"'{vm}' is not on '{step.drain}' then; it is left out"),
                        False,
                    )

    def _candidates(self, step: StepSpec) -> list[str]:
        if step.migrate is not None:
            return [step.migrate]
        here = [name for name, su in self._place.items() if su == step.drain]
        if isinstance(step.order, tuple):
            return [name for name in step.order if name in here]
        here.sort(key=lambda name: (self._vms[name].index or 0, name))
        if step.order == "by-name":
            return sorted(here)
        if step.order == "by-index":
            return here
        sign = -1 if step.order == "largest-first" else 1
        return sorted(here, key=lambda name: sign * self._vms[name].memory)

    def _migrate(self, path: Path, name: str, target: str) -> Iterator[tuple[Problem, bool]]:
        vm = self._vms[name]
        if vm.state not in MIGRATING_STATES:
            yield self._world.at_key(path, f"'{name}' is {vm.state} and cannot migrate; only RUNNING, INIT-ONLY and DOWN can"), False
            return
        unit = self._units[target][1]
        resident = sum(self._vms[other].memory for other, su in self._place.items() if su == target)
        free = unit.memory - reserved_bytes(unit) - resident
        if vm.memory > free:
            needs = f"'{name}' needs {format_memory(vm.memory)} on '{target}', where {format_memory(max(free, 0))} are free"
            yield self._world.at_key(path, f"{needs}; it will be rejected"), False
            return
        self._place[name] = target
        self._moved.add(name)
