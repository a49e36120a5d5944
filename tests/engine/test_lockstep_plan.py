"""Plans on lockstep, worked out by hand: who waits for whom, what an abort, a full target and memory that is freed late lead to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from engine.builders import GIB, VM2000, cluster, point, unit, vm
from engine.observing import COMPLETED_S, COSTS, DELETED_S, NEVER_CONVERGES, PASS_S
from sim.engine.lockstep.attempt import Record
from sim.engine.lockstep.coverage import refusals
from sim.engine.lockstep.replicate import Walked, walk
from sim.engine.site import Site
from sim.model.draws import address, generator
from sim.scenario.point import Cluster, Cost, OnAbort, Point, Step, Vm

WIDTH = 3  # replications; nothing varies, so that all have to go the same way
LIMIT_S = 20.0
CHECKED_S = 1.0  # a command is answered after its check
# Set up after 3.75 s, cut 20 s after the first round, rolled back in 3 s.
ABORTED_S = 3.75 + PASS_S + LIMIT_S + 3.0
OF_390 = cluster("/390", replace(VM2000, chase_limit_s=LIMIT_S), costs=COSTS)
LATE_S = 60.0
OF_X86 = cluster("x86", replace(VM2000, chase_limit_s=LIMIT_S), costs=replace(COSTS, memory_release=Cost(LATE_S)))


@dataclass(frozen=True, slots=True)
class Attempted:
    """What a planner reads of an attempt."""

    step: str
    vm: str
    attempt: int
    outcome: str
    due_s: float
    command_s: float
    ended_s: float


def world(*vms: Vm, steps: tuple[Step, ...], of: Cluster = OF_390, room_gib: float = 60.0) -> Point:
    """Return a world of three SUs; S2 and S3 have room for so many GiB beside what is there."""
    units = tuple(unit(name, of.su_type, memory_bytes=GIB * (1.0 + (60.0 if name == "S1" else room_gib))) for name in ("S1", "S2", "S3"))
    made = point(*vms, of=of, units=units, steps=steps)
    assert refusals(made) == []
    return made


def walked(of: Point) -> Walked:
    """Return the first replications."""
    return walk(Site.of(of), 0, WIDTH)


def happened(of: Point) -> list[Attempted]:
    """Return the attempts in the order of their commands; all replications have to be alike."""
    found = walked(of)
    assert all(len(each.lanes) == WIDTH for each in found.records)
    attempts = [_attempted(of, each) for each in found.records]
    return sorted(attempts, key=lambda each: (each.command_s, each.ended_s))


def _attempted(of: Point, record: Record) -> Attempted:
    times = [np.unique(np.asarray(record.columns[name])) for name in ("due_s", "command_s", "ended_s")]
    assert [len(values) for values in times] == [1, 1, 1]
    due, command, ended = (float(values[0]) for values in times)
    outcome = record.outcome if record.reason is None else record.reason
    return Attempted(of.steps[record.step].name, record.vm, record.attempt, outcome, due, command, ended)


def seconds(*values: float) -> object:
    """Return times that are right to a billionth: sums in another order differ in the last bits."""
    return pytest.approx(values, rel=1e-9)


def ends(of: Point) -> list[tuple[str, float, int, int, int]]:
    """Return of each step when it ended, how many VMs it was to bring over, left behind, and how many attempts it made."""
    found = [(end.step.name, end.ended_s, end.vms, end.left_behind, end.attempts) for end in walked(of).steps]
    assert all(len(np.unique(values)) == 1 for _, *columns in found for values in columns)
    return [(name, float(ended[0]), int(vms[0]), int(left[0]), int(attempts[0])) for name, ended, vms, left, attempts in found]


def test_who_asks_first_is_served_first() -> None:
    """A migrates from 0 s on; C asks at 1 s, B at 2 s, though B stands before C in the file."""
    steps = (Step("a", 0.0, "S2", vm="A"), Step("b", 2.0, "S2", vm="B"), Step("c", 1.0, "S2", vm="C"))
    first, second, third = happened(world(vm("A"), vm("B"), vm("C"), steps=steps))
    assert [(each.vm, each.outcome) for each in (first, second, third)] == [("A", "completed"), ("C", "completed"), ("B", "completed")]
    assert (first.command_s, first.ended_s) == seconds(0.0, COMPLETED_S)
    assert (second.due_s, second.command_s, second.ended_s) == seconds(1.0, COMPLETED_S, 2 * COMPLETED_S)
    assert (third.due_s, third.command_s, third.ended_s) == seconds(2.0, 2 * COMPLETED_S, 3 * COMPLETED_S)


def test_a_drain_does_not_keep_the_source_for_itself() -> None:
    """The drain brings A, then wants B; C has asked for the source before that and goes between them."""
    steps = (Step("out", 0.0, "S2", drain="S1", sequence=("A", "B")), Step("c", 5.0, "S3", vm="C"))
    found = happened(world(vm("A"), vm("B"), vm("C"), steps=steps))
    assert [each.vm for each in found] == ["A", "C", "B"]
    assert [each.due_s for each in found] == seconds(0.0, 5.0, COMPLETED_S)
    assert [each.command_s for each in found] == seconds(0.0, COMPLETED_S, 2 * COMPLETED_S)


def test_steps_of_one_time_begin_in_the_order_of_the_file() -> None:
    steps = tuple(Step(name.lower(), 10.0, "S2", vm=name) for name in ("B", "C", "A"))
    found = happened(world(vm("A"), vm("B"), vm("C"), steps=steps))
    assert [each.vm for each in found] == ["B", "C", "A"]
    assert [each.command_s for each in found] == seconds(10.0, 10.0 + COMPLETED_S, 10.0 + 2 * COMPLETED_S)


def test_an_operator_who_does_not_wait_is_rejected_while_the_source_is_busy_and_only_then() -> None:
    """B at 5 s, while A is under way for some 20 s: its check rejects it. C at 100 s is executed. A check is 1 s times a varying factor."""
    of = replace(OF_390, costs=replace(COSTS, check=Cost(1.0, 0.15)))
    steps = (
        Step("a", 0.0, "S2", vm="A"),
        Step("b", 5.0, "S2", vm="B", when_busy="reject"),
        Step("c", 100.0, "S2", vm="C", when_busy="reject"),
    )
    plan = world(vm("A"), vm("B"), vm("C"), steps=steps, of=of)
    records = walked(plan).records
    assert [(each.vm, each.outcome, each.reason) for each in records] == [
        ("A", "completed", None),
        ("B", "rejected", "second-migration"),
        ("C", "completed", None),
    ]
    for record, begin_s, after_check_s in zip(records, (0.0, 5.0, 100.0), (COMPLETED_S - 1.0, 0.0, COMPLETED_S - 1.0), strict=True):
        check_s = np.exp(0.15 * generator(1, f"{record.vm}/check", address(1, 1), 0).standard_normal(1024)[:WIDTH])
        assert record.columns["command_s"] == pytest.approx(np.full(WIDTH, begin_s), rel=1e-9)
        assert record.ended_s == pytest.approx(begin_s + check_s + after_check_s, rel=1e-9)
    assert [(end.vms.tolist(), end.left_behind.tolist(), end.attempts.tolist()) for end in walked(plan).steps] == [
        ([1] * WIDTH, [left] * WIDTH, [1] * WIDTH) for left in (0, 1, 0)
    ]


def test_a_drain_that_finds_its_vms_gone_has_nothing_to_do() -> None:
    """Both drains find A and B on S1. The second waits behind the first for A, then for B, and finds them on S2 each time.

    When A is over, the first asks for B before the second has seen that A is gone and asks for B too.
    """
    of = world(vm("A"), vm("B"), steps=(Step("first", 0.0, "S2", drain="S1"), Step("second", 1.0, "S3", drain="S1")))
    assert [(each.step, each.vm) for each in happened(of)] == [("first", "A"), ("first", "B")]
    (_, first_ended, *first), (_, second_ended, *second) = ends(of)
    assert (first_ended, second_ended) == seconds(2 * COMPLETED_S, 2 * COMPLETED_S)
    assert (first, second) == ([2, 0, 2], [2, 2, 0])


def test_an_abort_is_tried_again_after_the_pause_and_the_step_goes_on() -> None:
    """A never converges: aborted, 7 s of pause, aborted again; then B."""
    out = Step("out", 0.0, "S2", drain="S1", on_abort=OnAbort(1, 7.0, "skip"))
    of = world(vm("A", load=NEVER_CONVERGES), vm("B"), steps=(out,))
    found = happened(of)
    assert [(each.vm, each.attempt, each.outcome) for each in found] == [
        ("A", 1, "chase-limit"),
        ("A", 2, "chase-limit"),
        ("B", 1, "completed"),
    ]
    assert [each.command_s for each in found] == seconds(0.0, ABORTED_S + 7.0, 2 * ABORTED_S + 7.0)
    assert [each.due_s for each in found] == [each.command_s for each in found]
    ((_, ended, *counts),) = ends(of)
    assert ended == pytest.approx(2 * ABORTED_S + 7.0 + COMPLETED_S, rel=1e-9)
    assert counts == [2, 1, 3]


def test_others_go_while_a_step_pauses_before_its_next_attempt() -> None:
    """The source is free in the pause of 100 s: B, asked for at 5 s, leaves at once when A is rolled back, A tries again afterwards."""
    steps = (Step("a", 0.0, "S2", vm="A", on_abort=OnAbort(1, 100.0)), Step("b", 5.0, "S2", vm="B"))
    found = happened(world(vm("A", load=NEVER_CONVERGES), vm("B"), steps=steps))
    assert [(each.vm, each.attempt) for each in found] == [("A", 1), ("B", 1), ("A", 2)]
    assert [each.command_s for each in found] == seconds(0.0, ABORTED_S, ABORTED_S + 100.0)


def test_every_migration_and_attempt_has_draws_of_its_own() -> None:
    """The set-up varies: 2 s times a lognormal factor, addressed by the count of the VM's migrations and the attempt.

    A second step that wants A is its second migration.
    """
    costs = replace(COSTS, setup=Cost(2.0, 0.3))
    aborting = cluster("/390", replace(VM2000, chase_limit_s=LIMIT_S), costs=costs)
    steps = (Step("a", 0.0, "S2", vm="A", on_abort=OnAbort(1, 0.0)), Step("again", 1000.0, "S2", vm="A"))
    found = {(each.step, each.attempt): each for each in walked(world(vm("A", load=NEVER_CONVERGES), steps=steps, of=aborting)).records}
    assert sorted(found) == [(0, 1), (0, 2), (1, 1)]
    for (step, attempt), record in found.items():
        normal = generator(1, "A/setup", address(step + 1, attempt), 0).standard_normal(1024)[:WIDTH]
        assert record.columns["setup_s"] == pytest.approx(2.0 * np.exp(0.3 * normal) + 0.5 + 0.25, rel=1e-9)


def test_a_step_that_stops_leaves_the_rest_where_it_is() -> None:
    """A waits for the administrator and cannot migrate: rejected after the check, and nobody tries B and C."""
    out = Step("out", 0.0, "S2", drain="S1", order="by-name", on_abort=OnAbort(2, 5.0, "stop"))
    of = world(vm("A", state="WAIT(VMA)"), vm("B"), vm("C"), steps=(out,))
    assert {(each.vm, each.attempt, each.outcome) for each in happened(of)} == {
        ("A", 1, "vm-state"),
        ("B", 0, "step-stopped"),
        ("C", 0, "step-stopped"),
    }
    assert [each.ended_s for each in happened(of)] == seconds(CHECKED_S, CHECKED_S, CHECKED_S)
    assert ends(of) == [("out", CHECKED_S, 3, 3, 1)]


def test_a_stop_after_the_last_attempt_only() -> None:
    """Stop means after the retries: two attempts of A, then B is left."""
    out = Step("out", 0.0, "S2", drain="S1", on_abort=OnAbort(1, 0.0, "stop"))
    found = happened(world(vm("A", load=NEVER_CONVERGES), vm("B"), steps=(out,)))
    assert [(each.vm, each.attempt, each.outcome) for each in found] == [
        ("A", 1, "chase-limit"),
        ("A", 2, "chase-limit"),
        ("B", 0, "step-stopped"),
    ]
    assert found[2].ended_s == found[1].ended_s == pytest.approx(2 * ABORTED_S, rel=1e-9)


def test_a_target_that_is_full_rejects_and_smaller_vms_still_fit() -> None:
    """3.5 GiB are free: A (2 GiB) and B (1 GiB) come, C (1 GiB) does not, D (0.5 GiB) does. A second GiB takes another pass."""
    guests = (vm("A", gib=2.0), vm("B"), vm("C"), vm("D", gib=0.5))
    of = world(*guests, steps=(Step("out", 0.0, "S2", drain="S1"),), room_gib=3.5)
    found = happened(of)
    assert [(each.vm, each.outcome) for each in found] == [
        ("A", "completed"),
        ("B", "completed"),
        ("C", "no-memory-on-target"),
        ("D", "completed"),
    ]
    of_a = COMPLETED_S + PASS_S + 0.5  # set-up is half a second a GiB
    of_d = COMPLETED_S - (PASS_S + 0.5) / 2
    times = (of_a, of_a + COMPLETED_S, of_a + COMPLETED_S + CHECKED_S, of_a + COMPLETED_S + CHECKED_S + of_d)
    assert [each.ended_s for each in found] == seconds(*times)
    assert [end[2:] for end in ends(of)] == [(4, 1, 4)]


@pytest.mark.parametrize(("of", "outcome"), [(OF_390, "completed"), (OF_X86, "no-memory-on-target")])
def test_on_x86_the_memory_is_free_a_while_after_the_deletion(of: Cluster, outcome: str) -> None:
    """One VM, there and back, and S2 has room for it alone. S2 deletes it at `left`, and on x86 its memory is free 60 s later.

    It wants to S2 again 40 s after that deletion: on /390 there is room. 70 s after it there is room on x86 too.
    """
    left = COMPLETED_S + 5.0 + DELETED_S
    steps = (
        Step("out", 0.0, "S2", vm="A"),
        Step("back", COMPLETED_S + 5.0, "S1", vm="A"),
        Step("soon", left + 40.0, "S2", vm="A"),
        Step("later", left + 70.0, "S2", vm="A"),
    )
    found = {each.step: each.outcome for each in happened(world(vm("A"), steps=steps, of=of, room_gib=1.0))}
    last = {"later": "completed"} if outcome != "completed" else {}  # on /390 it is there already
    assert found == {"out": "completed", "back": "completed", "soon": outcome, **last}


def test_on_x86_a_roll_back_keeps_the_memory_of_the_target_too() -> None:
    """S2 has room for A alone: 10 s after the roll-back the memory that A had there is not free, 70 s after it is."""
    never = vm("A", load=NEVER_CONVERGES)
    soon = world(never, steps=(Step("a", 0.0, "S2", vm="A", on_abort=OnAbort(1, 10.0)),), of=OF_X86, room_gib=1.0)
    late = world(never, steps=(Step("a", 0.0, "S2", vm="A", on_abort=OnAbort(1, 70.0)),), of=OF_X86, room_gib=1.0)
    assert [each.outcome for each in happened(soon)] == ["chase-limit", "no-memory-on-target"]
    assert [each.outcome for each in happened(late)] == ["chase-limit", "chase-limit"]


def test_steps_that_never_meet_go_side_by_side() -> None:
    """S1 is drained to S2 while D goes from S3 to S4: neither waits, and the rows keep the order of the plan."""
    units = tuple(unit(name) for name in ("S1", "S2", "S3", "S4"))
    steps = (Step("d", 0.0, "S4", vm="D"), Step("out", 0.0, "S2", drain="S1"))
    of = point(vm("A"), vm("B"), vm("D", "S3"), of=OF_390, units=units, steps=steps)
    records = walked(of).records
    assert [record.vm for record in records] == ["D", "A", "B"]
    assert [float(record.ended_s[0]) for record in records] == seconds(COMPLETED_S, COMPLETED_S, 2 * COMPLETED_S)


def test_a_vm_that_does_not_run_is_sent_once_and_stands_nowhere() -> None:
    """No handshake (0.2 s), no state (1 s), no resume (0.5 s): what is left is set-up, a pass and the clean-up."""
    (record,) = walked(world(vm("A", state="DOWN"), steps=(Step("a", 0.0, "S2", vm="A"),))).records
    assert record.ended_s == pytest.approx(np.full(WIDTH, COMPLETED_S - 1.7), rel=1e-9)
    assert "downtime_s" not in record.columns
    assert "final_bytes" not in record.columns
