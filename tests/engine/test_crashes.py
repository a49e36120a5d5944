"""An SU that crashes in each phase, and what breaks between suspension and resume, for which a policy decides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.builders import point, vm
from engine.observing import (
    RESUMED_S,
    SUSPENDED_S,
    ids,
    only_move,
    printed_at,
    simulated,
)
from engine.striking import (
    BEGINS,
    BOTH,
    ON_390,
    PATIENCE_S,
    ROLL_BACK_S,
    ending,
    fault,
    has_guest,
    stays_on_source,
    struck,
)
from sim.scenario.point import Cluster, Cost, Fault, Operator, Step
from sim.vm2000.catalogue import (
    ABORTED_ON_SOURCE,
    AFTER_SUSPEND,
    DEFINITION_DELETED_LATER,
    GUEST_LOST,
    RESUMED_ON_SOURCE,
    ROLLED_BACK_ON_TARGET,
    SU_CRASHED,
    SU_DOWN,
    SU_UP,
    VM_RESTARTED,
    VMS2432,
    VMS2451,
)

# --- from the suspension to the resume: a policy of the scenario ---


@BOTH
def test_loss_in_the_stop_that_ends_in_time_prolongs_the_downtime(of: Cluster) -> None:
    """Lost 0.5 s after the stop for 4 s, seen every second from the end of the state's 1 s on: at 5 s, and the resume takes 0.5 s."""
    move = only_move(struck(of, fault("link", "net", "stop", 0.5, lasts=4.0)))
    assert move.outcome == "completed"
    assert move.resumed_s == pytest.approx(SUSPENDED_S + 5.5, abs=1e-9)


@BOTH
@pytest.mark.parametrize("policy", ["source-resumes", "target-resumes"])
def test_network_lost_in_the_stop_lets_the_source_go_on(of: Cluster, policy: str) -> None:
    """The target lacks the guest's state, so that only the source can: noticed 10 s after the state was ready, 3 s to roll back."""
    replication = struck(replace(of, after_suspend=policy), fault("link", "net", "stop", 0.5))
    move = only_move(replication)
    assert ending(replication) == ("aborted", "link-lost", "$AE")
    assert move.back_s == pytest.approx(SUSPENDED_S + 1.0 + PATIENCE_S + ROLL_BACK_S, abs=1e-9)
    assert printed_at(replication, RESUMED_ON_SOURCE) == [move.back_s]
    assert len(printed_at(replication, AFTER_SUSPEND)) == 1
    stays_on_source(replication)


@BOTH
def test_network_lost_in_the_stop_can_lose_the_guest(of: Cluster) -> None:
    replication = struck(replace(of, after_suspend="lost"), fault("link", "net", "stop", 0.5))
    assert ending(replication) == ("lost", "link-lost", "$AE")
    assert has_guest(only_move(replication)) == ("S1", "DOWN", ["S1"])
    assert len(printed_at(replication, GUEST_LOST)) == 1


@BOTH
@pytest.mark.parametrize(
    ("policy", "after_s", "outcome", "guest"),
    [
        ("source-resumes", 0.5, "lost", (None, "RUNNING", ["S1"])),
        ("target-resumes", 0.5, "lost", (None, "RUNNING", ["S1"])),  # its state had not arrived
        ("target-resumes", 1.25, "completed-with-warnings", ("S2", "RUNNING", ["S2"])),  # it had, at 1 s
        ("source-resumes", 1.25, "lost", (None, "RUNNING", ["S1"])),
        ("lost", 1.25, "lost", (None, "RUNNING", ["S1"])),
    ],
)
def test_source_crashes_in_the_stop(
    of: Cluster, policy: str, after_s: float, outcome: str, guest: tuple[str | None, str, list[str]]
) -> None:
    replication = struck(replace(of, after_suspend=policy), fault("crash", "S1", "stop", after_s))
    status = "$TW" if outcome == "completed-with-warnings" else "$AE"
    assert ending(replication) == (outcome, "source-crash", status)
    assert has_guest(only_move(replication)) == guest
    assert only_move(replication).ended_s == pytest.approx(SUSPENDED_S + after_s, abs=1e-9)


def test_target_that_goes_on_alone_says_that_it_resumes() -> None:
    of = replace(ON_390, after_suspend="target-resumes")
    replication = struck(of, fault("crash", "S1", "stop", 1.25))
    assert printed_at(replication, VMS2432) == pytest.approx([SUSPENDED_S + 1.25], abs=1e-9)
    assert "VMS2451" not in ids(replication)


@BOTH
@pytest.mark.parametrize("policy", ["source-resumes", "target-resumes"])
def test_target_crashes_in_the_stop_and_the_source_goes_on(of: Cluster, policy: str) -> None:
    replication = struck(replace(of, after_suspend=policy), fault("crash", "S2", "stop"))
    assert ending(replication) == ("aborted", "target-crash", "$AE")
    assert only_move(replication).back_s == pytest.approx(SUSPENDED_S + 0.5 + ROLL_BACK_S, abs=1e-9)
    stays_on_source(replication)


@BOTH
def test_target_crashes_in_the_stop_and_the_guest_can_be_lost(of: Cluster) -> None:
    replication = struck(replace(of, after_suspend="lost"), fault("crash", "S2", "stop"))
    assert ending(replication) == ("lost", "target-crash", "$AE")
    assert has_guest(only_move(replication)) == ("S1", "DOWN", ["S1"])


# --- an SU crashes in another phase ---


@BOTH
def test_source_crashes_in_the_check(of: Cluster) -> None:
    """Its console, and with it the caller, is gone: nothing answers the command."""
    replication = struck(of, fault("crash", "S1", "check"))
    assert ending(replication) == ("rejected", "source-down", "$AF")
    assert ids(replication)[0] == "command"
    assert "NBR0740" not in ids(replication)
    assert has_guest(only_move(replication)) == (None, "RUNNING", ["S1"])


@BOTH
def test_target_crashes_in_the_check(of: Cluster) -> None:
    replication = struck(of, fault("crash", "S2", "check"))
    assert ending(replication) == ("rejected", "target-unreachable", "$AF")
    assert "VMS2400" in ids(replication)
    stays_on_source(replication)


@BOTH
@pytest.mark.parametrize("phase", ["set-up", "pre-copy"])
def test_source_crashes_while_the_guest_runs_on_it(of: Cluster, phase: str) -> None:
    """The guest ends with its SU; the target removes what it had set up."""
    replication = struck(of, fault("crash", "S1", phase))
    assert ending(replication) == ("lost", "source-crash", "$AE")
    move = only_move(replication)
    assert move.ended_s == pytest.approx(BEGINS[phase] + 0.5 + ROLL_BACK_S, abs=1e-9)
    assert has_guest(move) == (None, "RUNNING", ["S1"])
    assert printed_at(replication, ABORTED_ON_SOURCE) == []  # nobody is there to read it
    assert len(printed_at(replication, ROLLED_BACK_ON_TARGET)) == 1


@BOTH
@pytest.mark.parametrize("phase", ["set-up", "pre-copy"])
def test_target_crashes_while_the_guest_runs_on_the_source(of: Cluster, phase: str) -> None:
    replication = struck(of, fault("crash", "S2", phase))
    assert ending(replication) == ("aborted", "target-crash", "$AE")
    assert printed_at(replication, SU_CRASHED) == pytest.approx([BEGINS[phase] + 0.5], abs=1e-9)
    assert printed_at(replication, ABORTED_ON_SOURCE) == pytest.approx([BEGINS[phase] + 0.5 + ROLL_BACK_S], abs=1e-9)
    assert printed_at(replication, ROLLED_BACK_ON_TARGET) == []
    stays_on_source(replication)


@BOTH
def test_source_crashes_in_the_clean_up(of: Cluster) -> None:
    """The guest goes on on the target; the definition is deleted when the source is up again and 60 s are over."""
    replication = struck(of, fault("crash", "S1", "clean-up", 0.5, lasts=30.0))
    assert ending(replication) == ("completed-with-warnings", "source-crash", "$TW")
    assert has_guest(only_move(replication)) == ("S2", "RUNNING", ["S2"])
    crash = RESUMED_S + 0.5
    assert printed_at(replication, SU_DOWN) == pytest.approx([crash], abs=1e-9)
    assert printed_at(replication, SU_UP) == pytest.approx([crash + 30.0], abs=1e-9)
    assert printed_at(replication, DEFINITION_DELETED_LATER) == pytest.approx([crash + 60.0], abs=1e-9)
    assert printed_at(replication, VM_RESTARTED) == []
    source = only_move(replication).source
    assert ([event.text for event in source.events], source.accounting) == (["VM VM1 paused"], [])  # it was down when the VM was deleted


@BOTH
def test_target_crashes_in_the_clean_up(of: Cluster) -> None:
    """The guest is lost with the SU on which it runs already; its VM is started there again."""
    replication = struck(of, fault("crash", "S2", "clean-up", 0.5, lasts=30.0))
    assert ending(replication) == ("lost", "target-crash", "$AE")
    assert printed_at(replication, VM_RESTARTED) == pytest.approx([RESUMED_S + 0.5 + 30.0], abs=1e-9)
    assert has_guest(only_move(replication)) == ("S2", "RUNNING", ["S2"])
    assert only_move(replication).vm.live_migrations == 0  # a new guest: it has not migrated


@BOTH
def test_crash_after_the_deletion_changes_the_end_only(of: Cluster) -> None:
    """1.1 s after the resume the source has deleted the VM, 1 s later it would have printed VMS2451."""
    replication = struck(of, fault("crash", "S1", "clean-up", 1.5))
    assert ending(replication) == ("completed-with-warnings", "source-crash", "$TW")
    assert printed_at(replication, VMS2451) == []
    assert only_move(replication).world.units["S1"].undeleted == set()


@BOTH
def test_crash_initialises_and_starts_the_vms_again(of: Cluster) -> None:
    """Those that ran run again, those that were initialised only are that again; nothing of it is a migration."""
    vms = (vm(), vm("VM2", state="INIT-ONLY"), vm("VM3", "S2"))
    crash = Fault("F", "crash", "S1", at_s=5.0, lasts=Cost(100.0))
    replication = simulated(replace(point(*vms, of=of, steps=(Step("later", 1000.0, "S2", vm="VM3"),)), faults=(crash,)))
    states = {line.vm: line.time_s for line in replication.journal.lines or [] if line.message is VM_RESTARTED}
    assert states == {"VM1": 105.0, "VM2": 105.0}
    displays = {name: [each.state for each in replication.journal.displays or [] if each.vm == name] for name in ("VM1", "VM2", "VM3")}
    assert displays == {"VM1": ["RUNNING", "", "RUNNING"], "VM2": ["INIT-ONLY", "", "INIT-ONLY"], "VM3": ["RUNNING"]}


@BOTH
def test_roll_back_on_a_source_that_crashes_meanwhile_loses_the_guest(of: Cluster) -> None:
    """The definition cannot be created at 3 s, the roll-back ends at 6 s; at 4 s the source goes down."""
    store, crash = Fault("D", "definitions", "S2", at_s=0.5), Fault("C", "crash", "S1", at_s=4.0)
    replication = struck(of, store, crash)
    assert ending(replication) == ("lost", "source-crash", "$AE")
    assert has_guest(only_move(replication)) == (None, "RUNNING", ["S1"])


# --- what operators do while the check runs, before a migration locks anything ---


@BOTH
def test_guest_that_was_started_during_the_check_is_not_lost_with_an_abort(of: Cluster) -> None:
    """Its IPL at 0.5 s is no crash: the network is lost later, and all is rolled back."""
    again = Operator(0.5, "S1", "/START-VM VM-ID=2,CHECK-VM-STATE=*NO")
    replication = simulated(replace(point(vm(), of=of), operators=(again,), faults=(fault("link", "net", "pre-copy"),)))
    assert ending(replication) == ("aborted", "link-lost", "$AE")
    stays_on_source(replication)


@BOTH
def test_guest_that_was_shut_down_during_the_check_is_not_suspended(of: Cluster) -> None:
    """What runs is decided at the end of the check: a VM in state DOWN has neither VMS2452 nor HAL0331, and no downtime."""
    down = Operator(0.5, "S1", "/SHUTDOWN-VM VM-ID=2")
    replication = simulated(replace(point(vm(), of=of), operators=(down,)))
    assert ending(replication) == ("completed", None, "$T")
    assert {"VMS2452", "VMS2432", "HAL0331", "HAL0332"}.isdisjoint(ids(replication))
    assert has_guest(only_move(replication)) == ("S2", "DOWN", ["S2"])
