"""Follow a plan through the SUs as if nothing were aborted: which VM is where, and what will be rejected."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.problems import Path, Problem
from sim.scenario.resolve import first_second, seconds_from_midnight
from sim.scenario.resolve_operations import device_sets
from sim.scenario.room import Room
from sim.scenario.schema_plan import StepSpec
from sim.scenario.schema_world import UnitSpec
from sim.scenario.world import World
from sim.units import format_memory
from sim.vm2000.cpus import STDPOOL, overcommitment

MIGRATING_STATES = ("RUNNING", "INIT-ONLY", "DOWN")  # VM2000 User Guide: MIGRATE-VM


class Walk:
    """Follows a plan as if nothing were aborted: which VM is where, and whether it fits."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._units = world.units()
        self._vms = world.spec.vms
        self._place = {name: vm.su for name, vm in self._vms.items()}
        self._moved: set[str] = set()
        self._rooms = {name: Room.of(unit, cluster) for name, (_, unit, cluster) in self._units.items()}
        for name in sorted(self._vms, key=lambda name: (self._vms[name].index or 0, name)):
            self._rooms[self._place[name]].place(name, self._vms[name].memory)
        looked_at = any(unit.not_generated or unit.exclusive for _, unit, _ in self._units.values())
        self._devices = device_sets(world.spec) if looked_at else {}

    def found(self) -> tuple[list[Problem], list[Problem]]:
        """Return the migrations to the SU on which the VM is from the start, which are mistakes, and what the plan asks for in vain."""
        problems = list(self._steps())
        return [problem for problem, is_error in problems if is_error], [problem for problem, is_error in problems if not is_error]

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
            yield from ((problem, False) for problem in self._migrate(path, vm, step.to))
        yield from ((problem, False) for problem in self._crowded(path, step.to))
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

    def _migrate(self, path: Path, name: str, target: str) -> Iterator[Problem]:
        """Move a VM, or say why it will be rejected."""
        vm = self._vms[name]
        if vm.state not in MIGRATING_STATES:
            yield self._world.at_key(path, f"'{name}' is {vm.state} and cannot migrate; only RUNNING, INIT-ONLY and DOWN can")
            return
        reasons = [*self._no_room(name, target), *self._no_devices(name, target)]
        yield from (self._world.at_key(path, f"{reason}; it will be rejected") for reason in reasons)
        if reasons:
            return
        source = self._place[name]
        if vm.pool in self._units[source][1].pools and vm.pool not in self._units[target][1].pools:
            yield self._world.at_key(path, f"'{name}' is in CPU pool '{vm.pool}', which '{target}' lacks; it goes to {STDPOOL} there")
        self._rooms[source].remove(name)
        self._rooms[target].place(name, vm.memory)
        self._place[name] = target
        self._moved.add(name)

    def _no_room(self, name: str, target: str) -> Iterator[str]:
        memory, room = self._vms[name].memory, self._rooms[target]
        if memory > room.free_bytes:
            yield f"'{name}' needs {format_memory(memory)} on '{target}', where {_exact(room.free_bytes)} are free"
        elif memory > room.largest_bytes:
            yield (
                f"'{name}' needs {format_memory(memory)} in one range on '{target}', where {_exact(room.free_bytes)} are free, "
                f"but at most {_exact(room.largest_bytes)} in one range (MOVE-VM closes gaps)"
            )

    def _no_devices(self, name: str, target: str) -> Iterator[str]:
        unit = self._units[target][1]
        if not unit.not_generated and not unit.exclusive:
            return
        moving = self._devices[name].moving
        missing = [device for device in moving if device in (unit.not_generated or ())]
        if missing:
            yield f"'{name}' has {_devices(missing)}, not generated on '{target}'"
        taken = [device for device in moving if device in unit.exclusive]
        if taken:
            yield f"'{name}' has {_devices(taken)}, which another system has exclusively on '{target}'"

    def _crowded(self, path: Path, target: str) -> Iterator[Problem]:
        """Say which CPU pools of an SU carry more virtual CPUs after a step than is recommended."""
        unit = self._units[target][1]
        active: dict[str, int] = {}
        for name, su in self._place.items():
            vm = self._vms[name]
            if su == target and vm.state == "RUNNING":
                pool = vm.pool if vm.pool in unit.pools else STDPOOL
                active[pool] = active.get(pool, 0) + vm.cpus
        for pool in sorted(active):
            text = overcommitment(pool, active[pool], _real_cpus(unit, pool))
            if text:
                yield self._world.at_key(path, f"after it, on '{target}', {text}")


def _real_cpus(unit: UnitSpec, pool: str) -> int:
    """Return the real CPUs of a pool; 0 where the scenario does not say."""
    return unit.pools[pool] if pool in unit.pools else max(0, (unit.cpus or 0) - sum(unit.pools.values()))


def _devices(names: list[str]) -> str:
    return f"the device{'s' * (len(names) > 1)} {', '.join(names)}"


def _exact(size: float) -> str:
    return format_memory(size) if size > 0 else "0 MiB"
