"""Thousands of random steps on two SU clusters, commands, migrations and faults of every kind; after each event every rule is looked at."""

from __future__ import annotations

from typing import Any

import pytest
import simpy
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from engine import two_clusters
from engine.rules import Judge, above_gaps, devices_of, snapshot
from sim.engine import faults
from sim.engine.journal import Journal, Line
from sim.engine.operators import console
from sim.engine.plan import StepRun, carry_out
from sim.engine.replicate import begin
from sim.engine.site import Site
from sim.engine.unit import Unit
from sim.engine.vm import Vm
from sim.engine.world import World
from sim.model.draws import Draws
from sim.scenario.point import Cost, Fault, OnAbort, Step

VMS = ("P1", "P2", "P3", "P4", "P5", "X1", "X2", "X3", "X4")
UNITS = ("A1", "A2", "B1", "B2")
PARTNER = {"A1": "A2", "A2": "A1", "B1": "B2", "B2": "B1"}
KINDS = ("link", "resources", "monitor", "definitions", "crash", "disks", "agent")
AGENTS = ("VMS6000", "VMS6001", "VMS6003")
# The longest that anything lasts here is 600 s, a chain of attempts and retries some of it: far less than 100,000 events.
MOST_EVENTS = 100_000


class TwoClusters(RuleBasedStateMachine):
    """Whoever types, breaks and waits on two SU clusters at once."""

    @initialize(
        after_suspend=st.sampled_from(["source-resumes", "target-resumes", "lost"]),
        forced=st.sampled_from(["abort-migration", "abort-migration", "refuse"]),
    )
    def sets_up(self, after_suspend: str, forced: str) -> None:
        running = begin(Site.of(two_clusters.point(after_suspend, forced)), Draws(1, 0, 1), 0, Journal.full())
        self.world: World = running.world
        self.judge = Judge(self.world, two_clusters.RELEASE_S)
        self.changing: list[simpy.Process] = []  # commands for devices that wait for the end of a migration
        self.events, self.broken = 0, False
        self._passes(0.0)

    # --- time ---

    def _passes(self, seconds: float) -> None:
        """Let time pass, and look after every event."""
        env, until = self.world.env, self.world.env.now + seconds
        while env.peek() <= until:
            self._steps()
        if until > env.now:
            env.run(until=until)

    def _steps(self) -> None:
        self.broken = True  # until the event has passed all rules
        self.world.env.step()
        self.events += 1
        assert self.events < MOST_EVENTS, f"still at it at {self.world.env.now} s"
        for process in [each for each in self.changing if not each.is_alive]:
            self.changing.remove(process)
            for vm in self.world.vms.values():
                self.judge.expects_devices(vm)
        self.judge.look()
        self.broken = False

    @rule(seconds=st.sampled_from([0.3, 1.0, 2.0, 3.0, 5.0]))
    def a_moment_passes(self, seconds: float) -> None:
        self._passes(seconds)

    @rule(seconds=st.sampled_from([11.0, 30.0, 120.0]))
    def time_passes(self, seconds: float) -> None:
        self._passes(seconds)

    @precondition(lambda self: self._under_way())
    @rule()
    def next_phase_comes(self) -> None:
        """Let time pass until a migration enters a phase: a stop is short, and would rarely be met."""
        phases = [vm.move and vm.move.phase for vm in self.world.vms.values()]
        until = self.world.env.now + 60.0
        while self.world.env.peek() <= until and phases == [vm.move and vm.move.phase for vm in self.world.vms.values()]:
            self._steps()

    # --- commands ---

    @rule(vm=st.sampled_from(VMS), text=st.sampled_from(two_clusters.MIGRATIONS))
    def somebody_migrates(self, vm: str, text: str) -> None:
        home = self.world.vms[vm].unit.name
        self._types(home, text.format(vm=vm, su=PARTNER[home]))

    @rule(vm=st.sampled_from(VMS), text=st.sampled_from(two_clusters.LIVES), by_index=st.booleans())
    def somebody_rules_life(self, vm: str, text: str, *, by_index: bool) -> None:
        self._types_at_home(vm, text, by_index=by_index)

    @rule(vm=st.sampled_from(VMS), text=st.sampled_from(two_clusters.CHANGES), by_index=st.booleans())
    def somebody_changes_it(self, vm: str, text: str, *, by_index: bool) -> None:
        self._types_at_home(vm, text, by_index=by_index)

    @precondition(lambda self: bool(above_gaps(self.world)))
    @rule(which=st.integers(0, 9))
    def somebody_closes_a_gap(self, which: int) -> None:
        vms = above_gaps(self.world)
        self._types_at_home(vms[which % len(vms)], "/MOVE-VM VM-ID={vm}", by_index=False)

    @rule(vm=st.sampled_from(VMS), other=st.sampled_from(VMS), text=st.sampled_from(two_clusters.DEVICES), by_index=st.booleans())
    def somebody_assigns(self, vm: str, other: str, text: str, *, by_index: bool) -> None:
        """The devices that the commands name are numbered by what P1 and X1 have: others get and lose theirs too."""
        has = [name for name, kind in self.world.vms[vm].devices.all if kind != "pav-alias"]
        self._types_at_home(vm, text.replace("5000", has[0]) if has else text, other, by_index=by_index)

    @rule(vm=st.sampled_from(VMS), text=st.sampled_from(two_clusters.DEFINITIONS), su=st.sampled_from(UNITS))
    def somebody_moves_the_definition(self, vm: str, text: str, su: str) -> None:
        self._types(su, text.format(vm=vm, su=PARTNER[su]))

    @rule(
        where=st.sampled_from((*UNITS, "P1", "X1")),
        text=st.sampled_from(two_clusters.COMMANDS),
        vm=st.sampled_from(VMS),
        other=st.sampled_from(VMS),
        su=st.sampled_from(UNITS),
    )
    def somebody_types_anything(self, where: str, text: str, vm: str, other: str, su: str) -> None:
        self._types(where, text.format(vm=vm, other=other, su=su))

    def _types_at_home(self, vm: str, text: str, other: str = "", *, by_index: bool) -> None:
        """Type a command where its VM is, on either side if it migrates."""
        named = self.world.vms[vm]
        unit = named.move.target if named.move is not None and by_index else named.unit
        self._types(unit.name, text.format(vm=unit.indexes.get(vm, vm) if by_index else vm, other=other))

    def _types(self, where: str, text: str) -> list[Line]:
        """Type a command; return what is printed at once."""
        lines, had = self.world.journal.lines, {vm.name: devices_of(vm) for vm in self.world.vms.values()}
        assert lines is not None
        printed = len(lines)
        process = self.world.env.process(console.execute(self.world, where, text))
        if "-VM-DEVICES" in text:
            self.changing.append(process)
        self._passes(0.0)
        if "-VM-DEVICES" in text and not process.is_alive:
            self._devices_stay(text, had)
        return lines[printed:]

    def _devices_stay(self, text: str, had: dict[str, frozenset[tuple[str, str]]]) -> None:
        """A device goes from one VM to another, comes from nobody, or goes to nobody; it is never with two."""
        now = {vm.name: devices_of(vm) for vm in self.world.vms.values()}
        changed = [name for name in now if now[name] != had[name]]
        came = {device for name in changed for device in now[name] - had[name]}
        went = {device for name in changed for device in had[name] - now[name]}
        if text.startswith("/ADD"):
            assert len(changed) <= 1, f"{text}: {changed}"
            assert not went, f"{text}: {went} gone"
        elif text.startswith("/REMOVE"):
            assert len(changed) <= 1, f"{text}: {changed}"
            assert not came, f"{text}: {came}"
        else:
            assert came == {device for device in went if device[1] != "pav-alias"}, f"{text}: {went} -> {came}"

    # --- migrations of a plan ---

    @rule(
        vm=st.sampled_from(VMS),
        drained=st.booleans(),
        retries=st.integers(0, 1),
        then=st.sampled_from(["skip", "stop"]),
        busy=st.sampled_from(["wait", "reject"]),
    )
    def plan_goes_on(self, vm: str, drained: bool, retries: int, then: str, busy: str) -> None:
        home = self.world.vms[vm].unit.name
        on_abort = OnAbort(retries, 5.0, then, retry_rejected=retries > 0)
        drain, alone = (home, "") if drained else ("", vm)
        step = Step("s", 0.0, PARTNER[home], vm=alone, drain=drain, on_abort=on_abort, when_busy=busy)
        self.world.env.process(carry_out(self.world, StepRun(step)))
        self._passes(0.0)

    # --- faults ---

    @rule(
        kind=st.sampled_from(KINDS),
        place=st.sampled_from(UNITS),
        lasts=st.sampled_from([1.0, 15.0, 90.0]),
        remaining=st.sampled_from([0.0, 0.5]),
        message=st.sampled_from(AGENTS),
    )
    def something_breaks(self, kind: str, place: str, lasts: float, remaining: float, message: str) -> None:
        self._strikes(kind, place, lasts, remaining, message)

    @precondition(lambda self: self._under_way())
    @rule(
        kind=st.sampled_from(KINDS),
        which=st.integers(0, 9),
        lasts=st.sampled_from([2.0, 12.0, 30.0, 400.0]),
        remaining=st.sampled_from([0.0, 0.0, 0.5]),
        message=st.sampled_from(AGENTS),
    )
    def something_breaks_into_a_migration(self, kind: str, which: int, lasts: float, remaining: float, message: str) -> None:
        sides = self._under_way()
        _, unit = sides[which % len(sides)]
        self._strikes(kind, unit.name, lasts, remaining, message)

    @rule(
        kind=st.sampled_from(KINDS),
        vm=st.sampled_from(VMS),
        at_home=st.booleans(),
        phase=st.sampled_from(["check", "set-up", "pre-copy", "stop", "stop", "clean-up"]),
        after_s=st.sampled_from([0.0, 0.5, 1.2]),
        lasts=st.sampled_from([2.0, 12.0, 30.0]),
    )
    def something_will_break(self, kind: str, vm: str, phase: str, after_s: float, lasts: float, *, at_home: bool) -> None:
        """Let a fault wait for a phase of a migration: one that is under way, if there is any, or it would rarely be met."""
        moving = [each.name for each, _ in self._under_way()]
        vm = moving[VMS.index(vm) % len(moving)] if moving else vm
        home = self.world.vms[vm].unit.name
        place = home if at_home else PARTNER[home]
        if self._exists(kind, place):
            place = "net" if kind == "link" else place
            fault = Fault("W", kind, place, vm=vm, phase=phase, after_s=after_s, lasts=Cost(lasts), message="VMS6000")
            faults.wait_for_phase(self.world, fault)

    @precondition(lambda self: self._under_way())
    @rule(which=st.integers(0, 9), kind=st.sampled_from(["link", "crash", "agent"]), lasts=st.sampled_from([12.0, 40.0]))
    def stop_will_break(self, which: int, kind: str, lasts: float) -> None:
        """Let the target or the way to it be gone as soon as the VM is suspended."""
        sides = self._under_way()
        vm = sides[which % len(sides)][0]
        assert vm.move is not None
        place = vm.move.target.name
        if self._exists(kind, place):
            place = "net" if kind == "link" else place
            fault = Fault("W", kind, place, vm=vm.name, phase="stop", lasts=Cost(lasts), message="VMS6001")
            faults.wait_for_phase(self.world, fault)

    def _exists(self, kind: str, place: str) -> bool:
        """Say whether SUs of this type can break in this way."""
        return kind != ("agent" if self.world.units[place].is_390 else "disks")

    def _strikes(self, kind: str, place: str, lasts: float, remaining: float, message: str) -> None:
        if not self._exists(kind, place):
            return
        fault = Fault("F", kind, "net" if kind == "link" else place, lasts=Cost(lasts), remaining=remaining, message=message)
        self.world.env.process(faults.strike(self.world, fault, 0))
        self._passes(0.0)

    # --- locks ---

    def _under_way(self) -> list[tuple[Vm, Unit]]:
        """Return the VMs that migrate, with each SU of their migration that shows them and answers."""
        moving = [vm for vm in self.world.vms.values() if vm.move is not None and vm.move.under_way]
        sides = [(vm, unit) for vm in moving if vm.move is not None for unit in (vm.move.source, vm.move.target)]
        return [(vm, unit) for vm, unit in sides if vm.name in unit.indexes and unit.up and not unit.agent]

    @precondition(lambda self: self._under_way())
    @rule(which=st.integers(0, 9), by_name=st.booleans())
    def locked_commands_change_nothing(self, which: int, *, by_name: bool) -> None:
        """Type every command of the list: none of them changes anything, so that one moment suffices for all."""
        self._passes(0.0)
        sides = self._under_way()
        if not sides:
            return
        vm, unit = sides[which % len(sides)]
        for text in (*two_clusters.LOCKED, *(two_clusters.LOCKED_390 if unit.is_390 else ())):
            self._is_rejected(unit, text.format(vm=vm.name if by_name else unit.indexes[vm.name]), "VMS3042")

    @precondition(lambda self: self._under_way())
    @rule(which=st.integers(0, 9))
    def special_rows_of_the_lock_table(self, which: int) -> None:
        """Rows that hold on one SU type, for one side, or for a group."""
        self._passes(0.0)
        sides = self._under_way()
        if not sides:
            return
        vm, unit = sides[which % len(sides)]
        assert vm.move is not None
        if unit is vm.move.target:
            self._is_rejected(unit, two_clusters.LOCKED_ON_TARGET.format(vm=vm.name), "VMS3042")
        if unit.is_390:
            self._is_rejected(unit, two_clusters.LOCKED_UPDATE, "NKR0197")
            if vm.group:
                self._is_rejected(unit, two_clusters.LOCKED_GROUP.format(group=vm.group), "VMS3042")

    @precondition(lambda self: self._under_way())
    @rule(which=st.integers(0, 9), text=st.sampled_from(two_clusters.ACCEPTED))
    def forced_command_is_accepted_or_refused(self, which: int, text: str) -> None:
        """What the list of locks does not have is accepted, unless the scenario's policy refuses it as if it were locked."""
        self._passes(0.0)
        sides = [(vm, unit) for vm, unit in self._under_way() if vm.move is not None and unit is vm.move.source]
        if not sides:
            return
        vm, unit = sides[which % len(sides)]
        refused = self.world.cluster_of(unit).forced_commands == "refuse"
        said = {line.message.id for line in self._types(unit.name, text.format(vm=vm.name))}
        assert ("VMS3042" in said) == refused, f"{text} on {unit.name}: {said}"

    def _is_rejected(self, unit: Unit, text: str, message: str) -> None:
        old = snapshot(self.world)
        lines = self._types(unit.name, text)
        assert message in {line.message.id for line in lines}, f"{text} on {unit.name}: {[line.message.id for line in lines]}"
        assert f"MC={message}" in str(lines[-1].inserts.get("result")), f"{text}: {lines[-1]}"
        assert snapshot(self.world) == old, f"{text} on {unit.name} was rejected and changed something"

    @precondition(lambda self: self._under_way())
    @rule(which=st.integers(0, 9), text=st.sampled_from((*two_clusters.PARTIAL, two_clusters.PARTIAL_390)))
    def command_for_all_leaves_migrating_vms_out(self, which: int, text: str) -> None:
        sides = self._under_way()
        vm, unit = sides[which % len(sides)]
        if text == two_clusters.PARTIAL_390 and not unit.is_390:
            return
        self._passes(0.0)
        moving = [each.name for each, where in sides if where is unit]
        old = [snapshot(self.world)[name] for name in moving]
        lines = self._types(unit.name, text)
        assert "VMS3041" in {line.message.id for line in lines}, f"{text}: {[line.message.id for line in lines]}"
        assert "MC=VMS9005" in str(lines[-1].inserts.get("result")), f"{text}: {lines[-1]}"
        assert [snapshot(self.world)[name] for name in moving] == old, f"{text} on {unit.name} changed {vm.name}"

    # --- the end ---

    def teardown(self) -> None:
        """Let everything end, and check that it has."""
        if not hasattr(self, "judge") or self.broken:
            return
        self.world.plan_over = True
        while self.world.env.peek() < float("inf"):
            self._steps()
        self.judge.look()
        self.world.check_end()
        still = [move.vm.name for move in self.world.by_operators if move.phase != "over"]
        still += [vm.name for vm in self.world.vms.values() if vm.move is not None]
        assert not still, f"migrations of {still} never ended"
        assert all(unit.outgoing.count == 0 for unit in self.world.units.values()), "an SU still has its turn to migrate taken"


def runs(examples: int, steps: int, **changes: Any) -> settings:  # noqa: ANN401 - settings of hypothesis
    """Return so many runs of so many steps; the machine is slow where others run beside it."""
    return settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck), **changes)


def test_whatever_happens_the_rules_hold() -> None:
    run_state_machine_as_test(TwoClusters, settings=runs(60, 60))


@pytest.mark.large
def test_whatever_happens_the_rules_hold_for_long() -> None:
    run_state_machine_as_test(TwoClusters, settings=runs(1500, 80))
