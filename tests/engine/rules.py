"""The rules that hold at every moment of every replication, written from the documented facts and not from the engine."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from sim.columns import OUTCOMES, REASONS
from sim.engine.move import Move
from sim.engine.unit import Unit
from sim.engine.vm import Vm
from sim.engine.world import World
from sim.vm2000.catalogue import ATTACHED_AGAIN_ON_SOURCE, MESSAGES, OPERATOR_COMMAND, check_order
from sim.vm2000.outside import OUTSIDE

# Source: SE server whitepaper: Operating the LM through VM2000 commands.
MONJV_AFTER = {"$S": {"$R", "$AF"}, "$R": {"$T", "$TW", "$AE"}, "$T": set(), "$TW": set(), "$AE": set(), "$AF": set()}
MONJV_AT_END = {
    "completed": "$T",
    "completed-with-warnings": "$TW",
    "rejected": "$AF",
    "aborted": "$AE",
    "lost": "$AE",
    "not-started": "$S",
}
# Source: SE server whitepaper: example with console messages on SU /390; VM2000 User Guide: Phases of a VM Migration.
IN_ORDER = {
    "/390": ["NBR0740", "VMS2450", "VMS2430", "VMS3050", "VMS4005", "VMS2452", "VMS2432", "VMS2431", "VMS4009", "VMS4024", "VMS2451"],
    "x86": ["NBR0740", "VMS2450", "VMS6020", "HAL0331", "HAL0332", "VMS6021", "VMS2451"],
}


@dataclass(frozen=True, slots=True)
class Before:
    """What a VM had when its migration began."""

    unit: str
    devices: frozenset[tuple[str, str]]
    range: tuple[float, float] | None
    index: int
    crashes: int
    attributes: tuple[object, ...]


@dataclass(slots=True)
class Judge:
    """Looks at a world after every event, and remembers what it has to compare with.

    Args:
        world: the replication, with its lines recorded if the messages are to be looked at.
        release_s: how long the memory of a deleted VM stays occupied, seconds, where that is a constant; None: it is not looked at.
        ended: migrations that are over.
        changed: whether a migration has entered a phase since somebody looked.
    """

    world: World
    release_s: float | None = None
    ended: list[Move] = field(default_factory=list)
    changed: bool = True
    _devices: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    _before: dict[Move, Before] = field(default_factory=dict)
    _begun: dict[Move, int] = field(default_factory=dict)
    _status: dict[Move, str] = field(default_factory=dict)
    _held: dict[tuple[str, str], float] = field(default_factory=dict)
    _starts: dict[tuple[str, str], float] = field(default_factory=dict)
    _freeing: list[tuple[str, float, float]] = field(default_factory=list)
    _crashes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _was_up: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world.on_phase.append(self._hears)
        for vm in self.world.vms.values():
            self.expects_devices(vm)
        self._held = self._holders()

    def expects_devices(self, vm: Vm) -> None:
        """Take what a VM has now as what it is to have: an operator's command has changed it."""
        self._devices[vm.name] = devices_of(vm)

    def _hears(self, move: Move) -> None:
        self.changed = True
        last, status = self._status.get(move, "$S"), str(move.job.status)
        assert status == last or status in MONJV_AFTER[last], f"MONJV of {move.vm.name}: {last} -> {status}"
        self._status[move] = status
        if move.phase == "check":
            self._begun[move] = len(self.world.journal.lines or [])
        elif move.phase == "set-up":
            self._before[move] = before(move.vm, self._crashes[move.vm.unit.name])
        elif move.phase == "clean-up":
            self._devices[move.vm.name] = arrived(self._before[move].devices, move.source.spec.su_type)
        elif move.phase == "over":
            self.ended.append(move)
            self._closes(move)

    def look(self) -> None:
        """Check everything that holds between two events."""
        self.changed = False
        for unit in self.world.units.values():
            if self._was_up.get(unit.name, True) and not unit.up:
                self._crashes[unit.name] += 1
            self._was_up[unit.name] = unit.up
        for vm in self.world.vms.values():
            self._defined_once(vm)
            self._live_once(vm)
            assert devices_of(vm) == self._devices[vm.name], f"devices of {vm.name}: {devices_of(vm) ^ self._devices[vm.name]}"
            for unit in self.world.units.values():
                self._displayed(vm, unit)
        self._memory()
        for unit in self.world.units.values():
            going = [vm.name for vm in self.world.vms.values() if vm.move and vm.move.under_way and vm.move.source is unit]
            assert len(going) <= 1, f"SU {unit.name} has outgoing migrations of {going}"

    def _defined_once(self, vm: Vm) -> None:
        left = [unit.name for unit in self.world.units.values() if vm.name in unit.undeleted]
        assert not vm.defined or vm.unit.name not in left, (
            f"definition of {vm.name} on {vm.unit.name} is to be deleted while the VM is there"
        )
        there = {unit.name for unit in self.world.units.values() if vm.name in unit.indexes}
        if not vm.defined:
            assert (there, vm.initialised, vm.live_on) == (set(), False, None), f"{vm.name} has no definition and is on {there}"
        home, other = {vm.unit.name} if vm.initialised else set(), set()
        if vm.move is not None and vm.move.under_way:
            other = {vm.move.source.name, vm.move.target.name}
        assert home <= there <= home | other, f"{vm.name} of {vm.unit.name} has an index on {there}"
        assert all(unit.spec.cluster == vm.unit.spec.cluster for unit in self.world.units.values() if unit.name in there)

    def _live_once(self, vm: Vm) -> None:
        lives = vm.live_on
        assert lives is None or lives is vm.unit, f"{vm.name} of {vm.unit.name} lives on {lives and lives.name}"
        if lives is None:
            assert not vm.initialised or not vm.unit.up or stands_still(vm), f"{vm.name} lives nowhere, and nothing stops it"
        else:
            assert lives.up, f"{vm.name} lives on {lives.name}, which is down"
            assert vm.initialised, f"{vm.name} lives on {lives.name} and is not initialised"

    def _displayed(self, vm: Vm, unit: Unit) -> None:
        shown, move = self.world.displayed(unit, vm), vm.move
        expected = ""
        if unit.up and vm.name in unit.indexes:
            expected = vm.display
            if move is not None and move.under_way and unit is move.source:
                expected = f"{vm.display.removesuffix('(DIFF)')}(MIGR)"
            elif unit is not vm.unit:
                expected = "SETUP(MIGR)"
        assert shown == expected, f"SU {unit.name} shows {shown!r} for {vm.name}, not {expected!r}"
        displays = [each.state for each in self.world.journal.displays or [] if (each.unit, each.vm) == (unit.name, vm.name)]
        if self.world.journal.displays is not None:
            assert (displays or [""])[-1] == expected, f"SU {unit.name} displayed {displays[-1:]} for {vm.name}, not {expected!r}"

    def _holders(self) -> dict[tuple[str, str], float]:
        """Return what each VM takes of the memory of each SU on which it holds any."""
        held = {}
        for unit in self.world.units.values():
            for vm in self.world.vms.values():
                if unit.memory.has(vm.name):
                    held[unit.name, vm.name] = unit.memory.needs(vm.guest.spec.memory_bytes)
        return held

    def _memory(self) -> None:
        held, now = self._holders(), self.world.env.now
        if self.release_s is not None:
            self._leaves(self.release_s, held)
        self._held = held
        for unit in self.world.units.values():
            taken = sum(size for (name, _), size in held.items() if name == unit.name)
            memory = unit.memory
            assert {vm for name, vm in held if name == unit.name} == set(unit.indexes), f"memory and indexes of {unit.name} differ"
            assert memory.held_bytes == taken, f"SU {unit.name}: {memory.held_bytes} bytes held, its VMs have {taken}"
            rest = memory.capacity_bytes - memory.reserved_bytes - taken - memory.freeing_bytes
            assert memory.unused_bytes == rest >= 0.0, f"SU {unit.name} has {memory.unused_bytes} bytes unused, {rest} are left"
            if unit.is_390:
                self._ranges(unit)
            if self.release_s is not None:
                self._freed_in_time(unit, now)

    def _leaves(self, release_s: float, held: dict[tuple[str, str], float]) -> None:
        """Note what stays occupied for a while: memory of VMs that are gone (x86), ranges that MOVE-VM copies (/390)."""
        now = self.world.env.now
        starts: dict[tuple[str, str], float] = {}
        for unit in self.world.units.values():
            starts |= {(unit.name, name): start for name, start, _ in unit.memory.ranges() if unit.is_390}
        for place, size in self._held.items():
            unit = self.world.units[place[0]]
            # An SU that is down has nothing to free; whether it is noted there is nobody's business.
            if place not in held and not unit.is_390 and (unit.up or unit.memory.freeing_bytes):
                self._freeing.append((unit.name, size, now + release_s))
            down = self._starts.get(place, 0.0) - starts.get(place, 0.0)
            if place in held and down > 0.0:
                took = self.world.vms[place[1]].guest.spec.memory_bytes / self.world.cluster_of(unit).move_Bps
                self._freeing.append((unit.name, min(size, down), now + took))
        self._starts = starts

    def _freed_in_time(self, unit: Unit, now: float) -> None:
        """A block whose time ends now may be free or not yet: both are between the events of one moment."""
        mine = [(size, until) for name, size, until in self._freeing if name == unit.name]
        least, most = (sum(size for size, until in mine if until > now - slack) for slack in (-1e-6, 1e-6))
        assert least <= unit.memory.freeing_bytes <= most, f"SU {unit.name} frees {unit.memory.freeing_bytes} bytes, not {least}..{most}"

    def _ranges(self, unit: Unit) -> None:
        spans = [(start, start + size) for _, start, size in unit.memory.ranges()]
        ends = [(0.0, unit.memory.reserved_bytes), *spans, (unit.memory.capacity_bytes, 0.0)]
        assert all(end <= start for (_, end), (start, _) in pairwise(ends)), f"ranges of SU {unit.name} overlap: {spans}"

    def _closes(self, move: Move) -> None:
        """Check a migration that is over."""
        assert move.outcome in OUTCOMES
        assert (move.reason is None) == (move.outcome == "completed"), f"{move.outcome}: {move.reason}"
        assert move.reason is None or move.reason in REASONS, move.reason
        assert str(move.job.status) == MONJV_AT_END[move.outcome], f"{move.outcome}, and MONJV {move.job.status}"
        vm = move.vm
        if move.outcome in {"aborted", "rejected", "not-started"} and move in self._before:
            self._restored(move, self._before[move])
        elif move.outcome in {"completed", "completed-with-warnings"}:
            assert vm.unit is move.target, f"{vm.name} {move.outcome} to {move.target.name} and is on {vm.unit.name}"
            assert vm.live_on is lives_on(move, move.target), f"{vm.name} {move.outcome} and lives on {vm.live_on and vm.live_on.name}"
            assert not move.source.memory.has(vm.name), f"{vm.name} arrived and holds memory on {move.source.name}"
        elif move.outcome == "lost":
            assert vm.live_on is None or vm.state == "DOWN" or self._crashes[vm.unit.name] > 0, f"{vm.name} is lost and lives"
        if self.world.journal.lines is not None and move in self._begun:
            self._printed(move)

    def _restored(self, move: Move, old: Before) -> None:
        vm, now = move.vm, before(move.vm, self._crashes[move.vm.unit.name])
        assert vm.live_on is lives_on(move, move.source), f"{vm.name} was aborted and lives on {vm.live_on and vm.live_on.name}"
        assert (now.unit, now.devices, now.range, now.index) == (old.unit, old.devices, old.range, old.index), f"{vm.name}: {old} -> {now}"
        if old.crashes == self._crashes[old.unit]:
            assert now.attributes == old.attributes, f"{vm.name}: {old.attributes} -> {now.attributes}"
        assert not move.target.memory.has(vm.name), f"SU {move.target.name} keeps memory of {vm.name}"
        assert vm.name not in move.target.indexes

    def _printed(self, move: Move) -> None:
        # What an operator is answered about the VM meanwhile names one SU, as does what the plan says.
        lines = [line for line in (self.world.journal.lines or [])[self._begun[move] :] if line.vm == move.vm.name]
        lines = [line for line in lines if (line.source, line.target) == (move.source.name, move.target.name)]
        others = [each for each in self._begun if each.vm is move.vm and each is not move and each.phase != "over"]
        overlapped = any((each.ended_s or 0.0) >= move.command_s for each in self.ended if each.vm is move.vm and each is not move)
        if others or overlapped:
            return  # lines of two commands for one VM at once are not told apart
        lines = sorted((line for line in lines if line.message in MESSAGES and line.message not in OUTSIDE), key=lambda line: line.time_s)
        check_order(move.source.spec.su_type, [*([OPERATOR_COMMAND] * bool(move.command)), *(line.message for line in lines)])
        order = IN_ORDER[move.source.spec.su_type]
        places = [order.index(line.message.id) for line in lines if line.message.id in order]
        assert places == sorted(places), f"{move.vm.name}: {[order[place] for place in places]}"
        if move.outcome == "aborted":
            assert order.index("VMS2451") not in places
            warned = sorted(str(line.inserts["device"]) for line in lines if line.message.id == "VMS2471")
            again = sorted(str(line.inserts["device"]) for line in lines if line.message is ATTACHED_AGAIN_ON_SOURCE)
            assert warned == again, f"{move.vm.name}: detached {warned}, attached again {again}"


def devices_of(vm: Vm) -> frozenset[tuple[str, str]]:
    """Return the devices of a VM with their kinds."""
    return frozenset((name, str(kind)) for name, kind in vm.devices.all)


def arrived(devices: frozenset[tuple[str, str]], su_type: str) -> frozenset[tuple[str, str]]:
    """Return what is left of them on the target: disks and, on /390, aliases [UG: Device management during a VM Migration]."""
    kinds = {"disk", "pav-alias"} if su_type == "/390" else {"disk"}
    return frozenset(each for each in devices if each[1] in kinds)


def before(vm: Vm, crashes: int) -> Before:
    """Return what a VM has now."""
    found = [(start, size) for name, start, size in vm.unit.memory.ranges() if name == vm.name]
    place = found[0] if found and vm.unit.is_390 else None
    attributes = (vm.display, vm.cpus, vm.blocked_cpus, vm.pool, vm.group, vm.quota, vm.max_utilisation, vm.guest.spec.memory_bytes)
    return Before(vm.unit.name, devices_of(vm), place, vm.index, crashes, attributes)


def lives_on(move: Move, unit: Unit) -> Unit | None:
    """Return where a VM has to live whose migration ended on an SU: there, unless nothing ran in it that could be lost with that SU."""
    return unit if unit.up or move.runs else None


def stands_still(vm: Vm) -> bool:
    """Say whether a VM is between the suspension and the resume of its own migration, or of the roll-back of that."""
    move = vm.move
    if move is None or move.stopped_s is None or vm.unit is not move.source:
        return False
    return move.phase in {"stop", "broken in stop"} or (move.phase == "roll-back" and move.back_s is None)


def above_gaps(world: World) -> list[str]:
    """Return the VMs on SUs /390 under which memory is free."""
    found = []
    for unit in world.units.values():
        end = unit.memory.reserved_bytes
        for name, start, size in unit.memory.ranges() if unit.is_390 else ():
            found += [name] * (start > end)
            end = start + size
    return found


def snapshot(world: World) -> dict[str, tuple[object, ...]]:
    """Return all that a command could change of every VM, and how far it has migrated."""
    return {vm.name: (*_attributes(vm), *_places(world, vm)) for vm in world.vms.values()}


def _attributes(vm: Vm) -> tuple[object, ...]:
    return (
        *(vm.display, vm.unit.name, vm.live_on and vm.live_on.name, devices_of(vm), vm.cpus, vm.blocked_cpus, vm.pool, vm.group),
        *(vm.quota, vm.max_utilisation, vm.persistent, vm.defined, vm.waits, vm.guest.spec.memory_bytes, vm.home_iocf),
        *(vm.migrations, vm.live_migrations, vm.move, vm.move and vm.move.phase),
    )


def _places(world: World, vm: Vm) -> tuple[object, ...]:
    ranges = {unit.name: {name: place for name, *place in unit.memory.ranges()} for unit in world.units.values() if unit.is_390}
    return tuple((unit.indexes.get(vm.name), ranges.get(unit.name, {}).get(vm.name)) for unit in world.units.values())
