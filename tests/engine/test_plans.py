"""Plans: orders of drains, queueing, retries, what follows an abort, both directions at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.builders import GIB, VM2000, cluster, point, unit, vm
from engine.observing import (
    COMPLETED_S,
    COSTS,
    DELETED_S,
    NEVER_CONVERGES,
    PASS_S,
    RESUMED_S,
    messages_of,
    simulated,
)
from sim.columns import PLANS
from sim.engine.replicate import Replication
from sim.results.tables import plan_rows
from sim.scenario.point import Cost, Devices, OnAbort, Point, Step, Vm
from sim.vm2000.catalogue import PLAN_NOTHING, PLAN_RETRIES, PLAN_SKIPS, PLAN_STOPS, PLAN_WAITS, VMS2471

ON_390 = cluster("/390", replace(VM2000, chase_limit_s=30.0), costs=COSTS)
NO_DEVICES = Devices()
# An aborted migration of the builders' VM: 3.75 s to its set-up, round 1, 30 s of chasing, 3 s of roll-back (engine.observing).
ABORTED_S = 3.75 + PASS_S + 30.0 + 3.0


def with_indexes(base: Point, indexes: dict[str, int]) -> Point:
    """Return the point with these indexes instead of those of the builder."""
    return replace(base, vms=tuple(replace(each, index=indexes[each.name]) for each in base.vms))


def order_of(replication: Replication) -> list[str]:
    """Return the VMs in the order of their commands."""
    return [move.vm.name for move in sorted(replication.moves, key=lambda move: move.command_s)]


def drained(order: str, *, sequence: tuple[str, ...] = (), state: str = "RUNNING") -> Replication:
    """Return a drain of five VMs: A and D of 2 GiB, B and C of 1 GiB with the indexes 7 and 4, E of 1 GiB with the index 5."""
    vms = [
        vm(name, gib=gib, state=state)  # none runs away: orders need no load
        for name, gib in (("B", 1.0), ("E", 1.0), ("A", 2.0), ("D", 2.0), ("C", 1.0))
    ]
    step = Step("out", 0.0, "S2", drain="S1", order=order, sequence=sequence)
    return simulated(with_indexes(point(*vms, of=ON_390, steps=(step,)), {"A": 9, "B": 7, "C": 4, "D": 8, "E": 5}))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("largest-first", "D A C E B"),  # 2 GiB by index 8, 9; then 1 GiB by index 4, 5, 7
        ("smallest-first", "C E B D A"),
        ("by-index", "C E B D A"),
        ("by-name", "A B C D E"),
    ],
)
def test_drain_orders_break_ties_by_index(order: str, expected: str) -> None:
    assert order_of(drained(order)) == expected.split()


def test_explicit_order_takes_only_the_vms_that_it_names() -> None:
    assert order_of(drained("", sequence=("C", "A"))) == ["C", "A"]


def test_drain_takes_the_vms_that_are_there_when_it_begins() -> None:
    """VM1 has left S1 before the drain; VM2 has come to it."""
    steps = (Step("away", 0.0, "S2", vm="VM1"), Step("here", 0.0, "S1", vm="VM2"), Step("out", 60.0, "S2", drain="S1"))
    replication = simulated(point(vm("VM1"), vm("VM2", "S2"), vm("VM3"), of=ON_390, steps=steps))
    assert [(move.step.name, move.vm.name) for move in replication.moves] == [
        ("away", "VM1"),
        ("here", "VM2"),
        ("out", "VM2"),
        ("out", "VM3"),
    ]


def test_drain_goes_on_with_the_next_vm_at_once() -> None:
    replication = simulated(point(vm("VM1"), vm("VM2"), of=ON_390))
    first, second = replication.moves
    assert first.ended_s == pytest.approx(COMPLETED_S, abs=1e-9)
    assert second.command_s == first.ended_s
    assert replication.steps[0].ended_s == pytest.approx(2 * COMPLETED_S, abs=1e-9)


def test_second_step_waits_in_the_queue_and_the_caller_is_told() -> None:
    steps = (Step("a", 0.0, "S2", vm="VM1"), Step("b", 5.0, "S2", vm="VM2"))
    replication = simulated(point(vm("VM1"), vm("VM2"), of=ON_390, steps=steps))
    first, second = replication.moves
    assert (second.due_s, second.command_s) == (5.0, first.ended_s)
    waits = [(line.vm, line.time_s) for line in replication.journal.in_order() if line.message is PLAN_WAITS]
    assert waits == [("VM2", 5.0)]


def test_steps_queue_in_the_order_of_their_times() -> None:
    steps = (Step("a", 0.0, "S2", vm="VM1"), Step("late", 6.0, "S2", vm="VM2"), Step("early", 5.0, "S2", vm="VM3"))
    assert order_of(simulated(point(vm("VM1"), vm("VM2"), vm("VM3"), of=ON_390, steps=steps))) == ["VM1", "VM3", "VM2"]


def test_vm_that_another_step_has_moved_is_migrated_from_where_it_is() -> None:
    """The second step waits on S1; when its turn comes the VM is on S2, and it goes on from there."""
    steps = (Step("a", 0.0, "S2", vm="VM1"), Step("b", 5.0, "S3", vm="VM1"))
    units = (unit("S1"), unit("S2"), unit("S3"))
    replication = simulated(point(vm(), of=ON_390, units=units, steps=steps))
    assert [(move.source.name, move.target.name, move.outcome) for move in replication.moves] == [
        ("S1", "S2", "completed"),
        ("S2", "S3", "completed"),
    ]


def test_two_migrations_of_a_vm_that_waited_have_their_own_draws() -> None:
    """Set-up times of the two differ, although both steps asked for the VM before either began to wait."""
    varied = replace(ON_390, costs=replace(COSTS, setup=Cost(2.0, 0.3)))
    steps = (Step("x", 0.0, "S2", vm="VM2"), Step("a", 1.0, "S2", vm="VM1"), Step("b", 2.0, "S3", vm="VM1"))
    world = point(vm("VM1"), vm("VM2"), of=varied, steps=steps, units=(unit("S1"), unit("S2"), unit("S3")))
    moves = [move for move in simulated(world).moves if move.vm.name == "VM1"]
    first, second = ((move.set_up_s or 0.0) - (move.started_s or 0.0) for move in moves)
    assert first != pytest.approx(second, abs=1e-6)


def test_step_during_the_clean_up_waits_for_its_end() -> None:
    """Between the resume and VMS2451 the guest lives on the target, but its migration is not over: the way back waits."""
    at_s = RESUMED_S + 0.5
    assert at_s < DELETED_S
    steps = (Step("out", 0.0, "S2", vm="VM1"), Step("back", at_s, "S1", vm="VM1"))
    first, second = simulated(point(vm(), of=ON_390, steps=steps)).moves
    assert (first.outcome, second.outcome, second.source.name) == ("completed", "completed", "S2")
    assert second.command_s == first.ended_s


def test_step_that_came_over_stays_done_when_a_later_one_goes_back() -> None:
    """left_behind counts VMs that are not there at the end of the step; a return hours later does not undo the step."""
    steps = (Step("out", 0.0, "S2", vm="VM1"), Step("back", 100.0, "S1", vm="VM1"))
    replication = simulated(point(vm(), of=ON_390, steps=steps))
    assert [run.left_behind for run in replication.steps] == [0, 0]
    makespans = [row[5] for row in plan_rows("", replication)]
    assert makespans == pytest.approx([COMPLETED_S, COMPLETED_S], abs=1e-9)


def aborting(*names: str, on_abort: OnAbort, devices: Devices = NO_DEVICES) -> Replication:
    """Return a drain by name whose first VM never converges."""
    vms: list[Vm] = [vm(name, load=NEVER_CONVERGES if name == names[0] else None, devices=devices) for name in names]
    return simulated(point(*vms, of=ON_390, steps=(Step("out", 0.0, "S2", drain="S1", order="by-name", on_abort=on_abort),)))


def test_after_an_abort_the_drain_goes_on_with_the_next_vm() -> None:
    replication = aborting("VM1", "VM2", on_abort=OnAbort())
    assert [(move.vm.name, move.attempt, move.outcome) for move in replication.moves] == [("VM1", 1, "aborted"), ("VM2", 1, "completed")]
    assert messages_of(replication)[0][-1] is PLAN_SKIPS
    assert replication.steps[0].left_behind == 1
    assert plan_rows("", replication)[0][5] == float("inf")  # the makespan, while a VM is left on the source


def test_retries_come_after_the_wait_and_are_rows_of_their_own() -> None:
    replication = aborting("VM1", on_abort=OnAbort(retries=2, wait_s=60.0), devices=Devices(tapes=1))
    assert [(move.attempt, move.outcome) for move in replication.moves] == [(1, "aborted"), (2, "aborted"), (3, "aborted")]
    begins = [move.command_s for move in replication.moves]
    assert begins == pytest.approx([0.0, ABORTED_S + 60.0, 2 * (ABORTED_S + 60.0)], abs=1e-6)
    ends = [messages[-1] for messages in messages_of(replication)]
    assert ends == [PLAN_RETRIES, PLAN_RETRIES, PLAN_SKIPS]
    # The tape was attached again after each abort, so every attempt announces it.
    assert [messages.count(VMS2471) for messages in messages_of(replication)] == [1, 1, 1]


def test_retries_have_their_own_draws() -> None:
    """The set-up varies by 30 %: the times of three attempts are three different ones."""
    varied = replace(ON_390, costs=replace(COSTS, setup=Cost(2.0, 0.3)))
    step = Step("out", 0.0, "S2", vm="VM1", on_abort=OnAbort(retries=2))
    moves = simulated(point(vm(load=NEVER_CONVERGES), of=varied, steps=(step,))).moves
    assert len({round((move.set_up_s or 0.0) - (move.started_s or 0.0), 9) for move in moves}) == 3


def test_stop_ends_the_step_and_the_others_are_rows_that_did_not_start() -> None:
    replication = aborting("VM1", "VM2", "VM3", on_abort=OnAbort(retries=1, then="stop"))
    rows = [(move.vm.name, move.attempt, move.outcome, move.reason) for move in replication.moves]
    assert rows == [
        ("VM1", 1, "aborted", "chase-limit"),
        ("VM1", 2, "aborted", "chase-limit"),
        ("VM2", 0, "not-started", "step-stopped"),
        ("VM3", 0, "not-started", "step-stopped"),
    ]
    assert messages_of(replication)[1][-1] is PLAN_STOPS
    assert messages_of(replication, "VM2") == []
    assert (len(replication.steps[0].vms), replication.steps[0].left_behind) == (3, 3)
    names = [column.name for column in PLANS]
    assert plan_rows("", replication)[0][names.index("attempts")] == 2  # attempts: those that did not start are none


def test_rejection_is_not_retried() -> None:
    """`on_abort` is about aborts; a rejection would come again."""
    step = Step("out", 0.0, "S2", vm="VM1", on_abort=OnAbort(retries=3))
    replication = simulated(point(vm(state="WAIT(GLB)"), of=ON_390, steps=(step,)))
    assert [move.outcome for move in replication.moves] == ["rejected"]


def test_rejection_stops_a_step_that_is_to_stop() -> None:
    units = (unit("S1"), unit("S2", memory_bytes=2 * GIB))
    step = Step("out", 0.0, "S2", drain="S1", on_abort=OnAbort(then="stop"))
    replication = simulated(point(vm("VM1", gib=2.0), vm("VM2"), of=ON_390, units=units, steps=(step,)))
    assert [(move.vm.name, move.outcome) for move in replication.moves] == [("VM1", "rejected"), ("VM2", "not-started")]


def test_one_in_and_one_out_at_once_is_legal() -> None:
    """vm2000.md 1.9: another migration may have the source of this one as its target. The monitors' CPUs are shared, the link is not.

    Both VMs send at the same time; a monitor that sends and receives at 100 MB/s each gives half of itself to either, so both transfers
    take twice as long.
    """
    steps = (Step("out", 0.0, "S2", vm="VM1"), Step("in", 0.0, "S1", vm="VM2"))
    first, second = simulated(point(vm("VM1"), vm("VM2", "S2"), of=ON_390, steps=steps)).moves
    assert (first.outcome, second.outcome) == ("completed", "completed")
    assert first.started_s == second.started_s == 1.0
    assert [first.ended_s, second.ended_s] == pytest.approx([COMPLETED_S + PASS_S] * 2, abs=1e-9)


def test_step_does_not_touch_a_vm_that_another_one_has_taken_elsewhere() -> None:
    """`keep` takes VM1 to S3 while the drain of S1 waits for its turn: the drain leaves it there, and only VM2 goes to S2."""
    steps = (Step("keep", 0.0, "S3", vm="VM1"), Step("rest", 1.0, "S2", drain="S1", order="by-name"))
    replication = simulated(point(vm("VM1"), vm("VM2"), of=ON_390, steps=steps, units=(unit("S1"), unit("S2"), unit("S3"))))
    assert [(move.vm.name, move.target.name, move.outcome) for move in replication.moves] == [
        ("VM1", "S3", "completed"),
        ("VM2", "S2", "completed"),
    ]
    assert [line.vm for line in replication.journal.in_order() if line.message is PLAN_NOTHING] == ["VM1"]


def test_rejected_command_for_a_vm_that_is_just_leaving_its_source() -> None:
    """A second command for the same VM, rejected because its SU has an outgoing migration, at every moment of that migration."""
    for at_s in (0.5, RESUMED_S - 0.5, RESUMED_S + 0.5, DELETED_S - 0.5, COMPLETED_S - 0.5):
        steps = (Step("a", 0.0, "S2", vm="VM1"), Step("b", at_s, "S3", vm="VM1", when_busy="reject"))
        replication = simulated(point(vm(), of=ON_390, steps=steps, units=(unit("S1"), unit("S2"), unit("S3"))))
        assert [(move.step.name, move.outcome) for move in replication.moves] == [("a", "completed"), ("b", "rejected")]
        assert replication.moves[1].reason == "second-migration"


def test_target_without_a_free_index_rejects() -> None:
    """Guests have the indexes 2 to 99; an SU with 98 of them has no place for another, however much memory is free."""
    crowd = [vm(f"C{number}", "S2", gib=1 / 64) for number in range(98)]
    replication = simulated(point(vm("VM1"), *crowd, of=ON_390, steps=(Step("a", 0.0, "S2", vm="VM1"),)))
    assert [(move.outcome, move.reason) for move in replication.moves] == [("rejected", "no-index-on-target")]
