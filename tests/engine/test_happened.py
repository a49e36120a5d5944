"""What a replication keeps beside its migrations: SUs that went down, faults, operators' commands, and where VMs were left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.builders import cluster, point, unit, vm
from engine.observing import COSTS, PASS_S, SUSPENDED_S
from engine.striking import BEGINS, ON_390, fault
from sim.columns import PLANS
from sim.engine.replicate import Replication, replicate_alone
from sim.engine.site import Site
from sim.results.tables import plan_rows
from sim.scenario.point import Cost, Fault, Operator, Step

ENDED_S = 60.0  # after the migration of VM1, which takes PASS_S and some seconds


def night(*faults: Fault, operators: tuple[Operator, ...] = (), drains: bool = False, after_suspend: str = "source-resumes") -> Replication:
    """Return a replication of two SUs /390: VM1 goes from S1 to S2, where OLD runs and IDLE does not."""
    step = Step("out", 5.0, "S2", drain="S1") if drains else Step("out", 0.0, "S2", vm="VM1")
    vms = (vm("VM1"), vm("VM2"), vm("OLD", "S2"), vm("IDLE", "S2", state="INIT-ONLY"))
    of = replace(cluster("/390", ON_390.policy, costs=COSTS), after_suspend=after_suspend)
    world = point(*vms, of=of, units=(unit("S1"), unit("S2")), steps=(step,))
    return replicate_alone(Site.of(replace(world, faults=faults, operators=operators)), 0)


def row(replication: Replication) -> dict[str, Any]:
    """Return the row of the only step."""
    (found,) = plan_rows("", replication)
    return dict(zip((column.name for column in PLANS), found, strict=True))


def test_guests_that_end_with_their_su_after_the_migration_are_counted() -> None:
    """The plan is carried out, and the SU goes down later: VM1, that has arrived, and OLD ran there; IDLE has no guest."""
    assert BEGINS["clean-up"] + PASS_S < ENDED_S
    found = row(night(Fault("F", "crash", "S2", at_s=ENDED_S, lasts=Cost(300.0))))
    assert (found["left"], found["left_behind"], found["ended_guests"]) == ("", 0, 2)
    assert sorted(found["ended"].removeprefix("S2: ").split()) == ["OLD", "VM1"]
    assert found["faults"] == "F 1 0"


def test_each_outage_is_kept_and_nothing_is_where_there_is_none() -> None:
    crashes = tuple(Fault(name, "crash", place, at_s=at, lasts=Cost(10.0)) for name, place, at in (("F", "S2", 60.0), ("G", "S1", 90.0)))
    assert row(night(*crashes))["ended"].split("; ")[1] == "S1: VM2"
    nothing = row(night())
    assert (nothing["ended_guests"], nothing["ended"], nothing["faults"], nothing["commands"]) == (0, "", "", "")


@pytest.mark.parametrize(("policy", "guests"), [("source-resumes", "S1: VM2 VM1"), ("target-resumes", "S1: VM2 VM1")])
def test_a_guest_that_stood_still_ended_too_when_the_target_has_not_all_of_it(policy: str, guests: str) -> None:
    """The source goes down as the last pages begin to be sent."""
    found = row(night(fault("crash", "S1", "stop", 0.0, 300.0), after_suspend=policy))
    assert found["ended"] == guests
    assert found["left"] == "VM1 on S1, guest lost"
    assert SUSPENDED_S < ENDED_S


def test_a_guest_that_is_lost_on_the_target_is_not_left_behind_on_the_source() -> None:
    found = row(night(fault("crash", "S2", "clean-up", 0.1, 300.0)))
    assert (found["left"], found["left_behind"]) == ("VM1 on S2, guest lost", 0)
    assert "VM1" in found["ended"]


def test_a_vm_that_an_operator_deleted_is_not_left_behind() -> None:
    """VM2's turn comes after VM1: then it is not there any more, and its attempt is rejected."""
    delete = Operator(10.0, "S1", "/DELETE-VM VM-ID=VM2,CHECK-VM-STATE=*NO")
    replication = night(operators=(delete,), drains=True)
    found = row(replication)
    assert found["left"] == "VM2 deleted by an operator"
    assert (found["left_behind"], found["vms"]) == (0, 2)
    assert found["makespan_s"] == found["ended_s"] - 5.0
    assert [move.outcome for move in replication.moves if move.vm.name == "VM2"] == ["rejected"]
    assert found["commands"] == "1 00:00:10 S1 DELETE-VM executed"


def test_faults_count_how_often_they_began_and_whom_they_met() -> None:
    """The link is lost in the pre-copy for longer than is waited for; the other fault waits for a phase that never comes."""
    faults = (replace(fault("link", "net", "pre-copy", 2.0, 60.0), name="drop"), replace(fault("link", "net", "stop"), name="late"))
    found = row(night(*faults))
    assert found["faults"] == "drop 1 1; late 0 0"
    assert found["left"] == "VM1 on S1"


def test_commands_keep_how_they_ended() -> None:
    """While VM1 migrates it cannot be held; VM2 can, and a second migration is rejected; nobody knows the last command."""
    typed = ("/HOLD-VM VM-ID=VM1", "/HOLD-VM VM-ID=VM2", "/MIGRATE-VM VM-ID=VM2,SERVER-UNIT-NAME=S2", "/FOO-BAR;")
    operators = tuple(Operator(6.0 + place, "S1", command) for place, command in enumerate(typed))
    down = Operator(100.0, "S2", "/SHOW-VM-ATTRIBUTES VM-ID=OLD")
    found = row(night(Fault("F", "crash", "S2", at_s=90.0), operators=(*operators, down)))
    assert found["commands"].split("; ") == [
        "1 00:00:06 S1 HOLD-VM rejected",
        "2 00:00:07 S1 HOLD-VM executed",
        "3 00:00:08 S1 MIGRATE-VM rejected",
        "4 00:00:09 S1 FOO-BAR rejected",
        "5 00:01:40 S2 SHOW-VM-ATTRIBUTES unanswered",
    ]
