"""What goes wrong on purpose: each kind of fault, what is printed, who has the guest, what the columns say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.builders import VM2000, cluster, point, unit, vm
from engine.observing import (
    COMPLETED_S,
    DELETED_S,
    NEVER_CONVERGES,
    PASS_S,
    SUSPENDED_S,
    ids,
    only_move,
    printed_at,
    simulated,
)
from engine.striking import (
    BEGINS,
    BOTH,
    EITHER_SU,
    ON_390,
    ON_X86,
    PATIENCE_S,
    ROLL_BACK_S,
    ending,
    fault,
    has_guest,
    stays_on_source,
    struck,
)
from sim.engine.replicate import replicate_alone
from sim.engine.site import Site
from sim.model.load import Load
from sim.scenario.point import Cluster, Cost, Devices, Fault, OnAbort, Step
from sim.vm2000.catalogue import (
    ABORTED_ON_SOURCE,
    ATTACHED_AGAIN_ON_SOURCE,
    DEFINITION_DELETED_LATER,
    DEFINITION_NOT_CREATED,
    DEFINITION_NOT_DELETED,
    DISKS_NOT_OPERABLE,
    FAULT_BEGINS,
    FAULT_ENDS,
    LINK_LOST,
    MONITOR_STARVED,
    NO_ROOM_AT_SETUP,
    ROLLED_BACK_ON_TARGET,
    SU_CRASHED,
    VMS2404,
    VMS2451,
    Message,
)

# --- the network and the monitor system: slower, late, or not at all ---


@BOTH
@pytest.mark.parametrize("kind", ["link", "monitor"])
def test_loss_shorter_than_the_patience_only_delays(of: Cluster, kind: str) -> None:
    """Nothing moves for 6 s of the pre-copy, so that everything after it is 6 s later; of 1 GiB nothing is sent twice."""
    place = "net" if kind == "link" else "S1"
    replication = struck(of, fault(kind, place, "pre-copy", 5.0, lasts=6.0))
    move = only_move(replication)
    assert (move.outcome, move.reason, move.sent_bytes) == ("completed", None, 2**30)
    assert [move.stopped_s, move.ended_s] == pytest.approx([SUSPENDED_S + 6.0, COMPLETED_S + 6.0], abs=1e-6)


@BOTH
def test_network_lost_for_good_aborts_after_the_patience(of: Cluster) -> None:
    """5 s of pre-copy carried 500 MB; the loss is noticed 10 s later, and the roll-back takes 3 s."""
    replication = struck(of, fault("link", "net", "pre-copy", 5.0))
    move = only_move(replication)
    assert ending(replication) == ("aborted", "link-lost", "$AE")
    assert move.sent_bytes == pytest.approx(500e6, abs=1.0)
    noticed = 3.75 + 5.0 + PATIENCE_S
    assert printed_at(replication, LINK_LOST) == pytest.approx([noticed], abs=1e-9)
    ended = pytest.approx([noticed + ROLL_BACK_S], abs=1e-9)
    assert printed_at(replication, ROLLED_BACK_ON_TARGET) == printed_at(replication, ABORTED_ON_SOURCE) == ended
    stays_on_source(replication)


def test_network_lost_while_dirty_pages_are_chased_is_not_taken_for_the_chase() -> None:
    """The time limit of the memory transfer runs meanwhile: 300 s after round 1, far later than the patience."""
    replication = struck(ON_390, fault("link", "net", "pre-copy", PASS_S + 2.0), guest=vm(load=NEVER_CONVERGES))
    assert ending(replication) == ("aborted", "link-lost", "$AE")
    assert printed_at(replication, LINK_LOST) == pytest.approx([3.75 + PASS_S + 2.0 + PATIENCE_S], abs=1e-9)


def test_chase_limit_comes_first_where_it_is_shorter() -> None:
    """The limit is 5 s after round 1; the network is lost 2 s after it, and would be noticed 12 s after it."""
    chased = replace(ON_390, policy=replace(VM2000, chase_limit_s=5.0))
    replication = struck(chased, fault("link", "net", "pre-copy", PASS_S + 2.0), guest=vm(load=NEVER_CONVERGES))
    assert ending(replication) == ("aborted", "chase-limit", "$AE")


@BOTH
def test_patience_is_the_clusters(of: Cluster) -> None:
    patient = replace(of, link_patience_s=30.0)
    assert only_move(struck(patient, fault("link", "net", "pre-copy", 5.0, lasts=20.0))).outcome == "completed"
    replication = struck(patient, fault("link", "net", "pre-copy", 5.0))
    assert printed_at(replication, LINK_LOST) == pytest.approx([3.75 + 5.0 + 30.0], abs=1e-9)


@BOTH
@EITHER_SU
def test_monitor_system_without_cpu_aborts_and_is_named(of: Cluster, place: str) -> None:
    replication = struck(of, fault("monitor", place, "pre-copy", 5.0))
    assert ending(replication) == ("aborted", "monitor-starved", "$AE")
    assert printed_at(replication, MONITOR_STARVED) == pytest.approx([3.75 + 5.0 + PATIENCE_S], abs=1e-9)
    assert [line.inserts["unit"] for line in replication.journal.lines or [] if line.message is MONITOR_STARVED] == [place]
    stays_on_source(replication)


@BOTH
@pytest.mark.parametrize(("kind", "place", "remaining"), [("link", "net", 0.05), ("monitor", "S1", 0.5), ("monitor", "S2", 0.5)])
def test_degradation_slows_down(of: Cluster, kind: str, place: str, remaining: float) -> None:
    """5 % of 1 GB/s, or half of 100 MB/s, for 4 s: 50 MB/s instead of 100 send 200 MB less, which take 2 s afterwards."""
    replication = struck(of, fault(kind, place, "pre-copy", 5.0, lasts=4.0, remaining=remaining))
    move = only_move(replication)
    assert (move.outcome, move.sent_bytes) == ("completed", 2**30)
    assert move.stopped_s == pytest.approx(SUSPENDED_S + 2.0, abs=1e-6)


@BOTH
def test_worst_of_overlapping_faults_counts(of: Cluster) -> None:
    """Half the speed for 8 s and, 2 s later, nothing for 3 s within them: 300 MB + 250 MB are missing, which take 5.5 s."""
    slow = fault("link", "net", "pre-copy", 1.0, lasts=8.0, remaining=0.05)
    lost = fault("link", "net", "pre-copy", 3.0, lasts=3.0, name="G")
    assert only_move(struck(of, slow, lost)).stopped_s == pytest.approx(SUSPENDED_S + 5.5, abs=1e-6)


@BOTH
def test_network_is_not_needed_after_the_resume(of: Cluster) -> None:
    replication = struck(of, fault("link", "net", "clean-up"))
    assert ending(replication) == ("completed", None, "$T")
    assert only_move(replication).ended_s == pytest.approx(COMPLETED_S, abs=1e-9)


@BOTH
def test_target_that_cannot_be_reached_rejects(of: Cluster) -> None:
    """Over a lost network the check does not find the target: VMS2400 (vm2000.md 2.3)."""
    replication = struck(of, fault("link", "net", "check"))
    assert ending(replication) == ("rejected", "target-unreachable", "$AF")
    assert ids(replication)[:3] == ["command", "VMS2400", "NBR0740"]
    stays_on_source(replication)


# --- definitions, resources, disks ---


@BOTH
def test_definition_that_cannot_be_created_aborts(of: Cluster) -> None:
    """At 3 s, when the VM is to be created on the target [UG: Relocation of the VM definition during VM Migration]."""
    replication = struck(of, fault("definitions", "S2", "set-up"))
    assert ending(replication) == ("aborted", "definition-not-created", "$AE")
    assert printed_at(replication, DEFINITION_NOT_CREATED) == [3.0]
    assert printed_at(replication, ABORTED_ON_SOURCE) == [6.0]
    stays_on_source(replication)


@BOTH
def test_definition_that_cannot_be_deleted_is_deleted_later(of: Cluster) -> None:
    """Executed with a warning; tried every 60 s: the store is back 100 s after the resume, the second try finds it."""
    replication = struck(of, fault("definitions", "S1", "clean-up", 0.0, lasts=100.0))
    assert ending(replication) == ("completed-with-warnings", "definition-not-deleted", "$TW")
    assert has_guest(only_move(replication)) == ("S2", "RUNNING", ["S2"])
    assert printed_at(replication, DEFINITION_NOT_DELETED) == pytest.approx([DELETED_S], abs=1e-9)
    assert printed_at(replication, VMS2451) == pytest.approx([COMPLETED_S], abs=1e-9)
    assert printed_at(replication, DEFINITION_DELETED_LATER) == pytest.approx([DELETED_S + 120.0], abs=1e-9)
    assert only_move(replication).world.units["S1"].undeleted == set()


@BOTH
def test_definition_that_can_never_be_deleted_is_left(of: Cluster) -> None:
    replication = struck(of, fault("definitions", "S1", "clean-up", 0.0))
    assert ending(replication) == ("completed-with-warnings", "definition-not-deleted", "$TW")
    assert only_move(replication).world.units["S1"].undeleted == {"VM1"}


@BOTH
def test_vm_that_comes_back_before_its_old_definition_is_deleted_keeps_it(of: Cluster) -> None:
    """The store of S1 is out for 1 s at the clean-up; the VM is back on S1 within the 60 s: nothing is left over to be deleted."""
    steps = (Step("out", 0.0, "S2", vm="VM1"), Step("back", 20.0, "S1", vm="VM1"))
    base = point(vm(), of=of, steps=steps)
    replication = simulated(replace(base, faults=(fault("definitions", "S1", "clean-up", 1.0, lasts=1.0),)))
    out, back = replication.moves
    assert (out.reason, back.outcome, back.vm.unit.name) == ("definition-not-deleted", "completed", "S1")
    assert back.ended_s is not None
    assert back.ended_s < DELETED_S + 60.0
    assert printed_at(replication, DEFINITION_DELETED_LATER) == []
    assert back.vm.unit.undeleted == set()


@BOTH
def test_resources_that_are_gone_at_the_set_up_abort(of: Cluster) -> None:
    """The check had found them; the set-up, 2 s later, does not [WP: Rejection and abortion of an LM]."""
    replication = struck(of, fault("resources", "S2", "set-up"))
    assert ending(replication) == ("aborted", "no-memory-on-target", "$AE")
    assert printed_at(replication, NO_ROOM_AT_SETUP) == [3.0]
    stays_on_source(replication)


def test_disks_that_are_not_operable_abort_on_390() -> None:
    """After the devices were to be assigned: CS and two disks take 0.75 s from 3.5 s on; tapes and aliases are attached again."""
    guest = vm(devices=Devices(disks=2, tapes=1, pav_aliases=2))
    replication = struck(ON_390, fault("disks", "S2", "set-up"), guest=guest)
    assert ending(replication) == ("aborted", "disks-not-operable", "$AE")
    assert printed_at(replication, DISKS_NOT_OPERABLE) == [4.25]
    assert printed_at(replication, ATTACHED_AGAIN_ON_SOURCE) == [7.25] * 3
    stays_on_source(replication)


def test_disks_do_not_matter_to_a_vm_without() -> None:
    assert ending(struck(ON_390, fault("disks", "S2", "set-up"))) == ("completed", None, "$T")


# --- the VM2000 agent of an SU x86 ---

AGENTS = pytest.mark.parametrize("message", ["VMS6000", "VMS6001", "VMS6003"])


@AGENTS
@EITHER_SU
def test_agent_in_error_rejects_at_the_check(message: str, place: str) -> None:
    replication = struck(ON_X86, fault("agent", place, "check", message=message))
    assert ending(replication) == ("rejected", "agent-error", "$AF")
    target_says = [line for line in replication.journal.lines or [] if line.message is VMS2404]
    assert bool(target_says) == (place == "S2")
    stays_on_source(replication)


@AGENTS
@EITHER_SU
@pytest.mark.parametrize("phase", ["set-up", "pre-copy"])
def test_agent_error_aborts(message: str, place: str, phase: str) -> None:
    replication = struck(ON_X86, fault("agent", place, phase, message=message))
    assert ending(replication) == ("aborted", "agent-error", "$AE")
    (line,) = [line for line in replication.journal.lines or [] if line.message.id == message]
    assert line.time_s == pytest.approx(BEGINS[phase] + 0.5, abs=1e-9)
    assert line.inserts["unit"] == place
    stays_on_source(replication)


@AGENTS
def test_agent_error_in_the_stop_follows_the_policy(message: str) -> None:
    replication = struck(ON_X86, fault("agent", "S2", "stop", message=message))
    assert ending(replication) == ("aborted", "agent-error", "$AE")
    assert only_move(replication).back_s == pytest.approx(SUSPENDED_S + 0.5 + ROLL_BACK_S, abs=1e-9)
    stays_on_source(replication)


@AGENTS
def test_agent_error_after_the_resume_changes_nothing(message: str) -> None:
    assert ending(struck(ON_X86, fault("agent", "S1", "clean-up", message=message))) == ("completed", None, "$T")


# --- when faults happen ---


@BOTH
def test_aborted_migration_is_tried_again_and_succeeds(of: Cluster) -> None:
    """The fault waits for the first entry of the phase only, so that the second attempt is undisturbed."""
    steps = (Step("out", 0.0, "S2", vm="VM1", on_abort=OnAbort(retries=1, wait_s=60.0)),)
    replication = simulated(
        replace(
            point(vm(), of=of, steps=steps),
            faults=(fault("agent" if of is ON_X86 else "definitions", "S2", "set-up", lasts=9.0, message="VMS6000" * (of is ON_X86)),),
        )
    )
    assert [move.outcome for move in replication.moves] == ["aborted", "completed"]


@BOTH
def test_rejected_migration_is_tried_again_only_if_the_plan_says_so(of: Cluster) -> None:
    for again, outcomes in ((True, ["rejected", "completed"]), (False, ["rejected"])):
        on_abort = OnAbort(retries=1, wait_s=60.0, retry_rejected=again)
        base = point(vm(), of=of, steps=(Step("out", 0.0, "S2", vm="VM1", on_abort=on_abort),))
        replication = simulated(replace(base, faults=(Fault("F", "crash", "S2", at_s=0.5, lasts=Cost(10.0)),)))
        assert [move.outcome for move in replication.moves] == outcomes


def test_fault_at_a_moment_begins_and_ends_on_time() -> None:
    replication = struck(ON_390, Fault("F", "resources", "S2", at_s=100.0, lasts=Cost(20.0)))
    assert (printed_at(replication, FAULT_BEGINS), printed_at(replication, FAULT_ENDS)) == ([100.0], [120.0])


def test_chance_is_drawn_once_a_replication() -> None:
    """400 replications at 30 %: 120 expected, standard deviation 9.2; 3.29 of them hold the count with 99.9 %.

    Mutant: a chance of 40 % instead (160 expected) fails.
    """
    site = Site.of(replace(point(vm(), of=cluster()), faults=(Fault("F", "resources", "S1", at_s=1.0, lasts=Cost(1.0), chance=0.3),)))
    happened = sum(len(printed_at(replicate_alone(site, number), FAULT_BEGINS)) for number in range(400))
    assert abs(happened - 120.0) <= 3.29 * (400 * 0.3 * 0.7) ** 0.5
    never = replace(site.point, faults=(replace(site.point.faults[0], chance=0.0),))
    assert printed_at(replicate_alone(Site.of(never), 0), FAULT_BEGINS) == []


def test_recurrent_faults_come_at_exponential_intervals_until_the_plan_is_over() -> None:
    """A plan of 10,000 s and a mean of 100 s between the end of one and the next: Poisson with 100 a replication, 3,000 in 30.

    99.9 % of such sums are within 3.29 sqrt(3000) of it. Mutant: a mean of 110 s (2,727 expected) fails.
    """
    steps = (Step("a", 0.0, "S2", vm="VM1"), Step("b", 10_000.0, "S1", vm="VM1"))
    every = Fault("F", "resources", "S3", every_s=100.0, lasts=Cost(0.0))
    units = (unit("S1"), unit("S2"), unit("S3"))
    base = point(vm(gib=0.001, load=Load("none")), of=cluster(), steps=steps, units=units)
    site = Site.of(replace(base, faults=(every,)))
    times = [time for number in range(30) for time in printed_at(replicate_alone(site, number), FAULT_BEGINS)]
    assert abs(len(times) - 3000.0) <= 3.29 * 3000.0**0.5
    assert max(times) < 10_001.0


@BOTH
def test_faults_that_touch_nothing_change_nothing(of: Cluster) -> None:
    """On an SU that takes no part, all kinds at once: times and messages are those of a migration without faults."""
    kinds = ("resources", "monitor", "definitions", "crash", *(("disks",) if of is ON_390 else ()))
    faults = tuple(Fault(kind, kind, "S3", at_s=2.0, lasts=Cost(3.0)) for kind in kinds)
    units = tuple(unit(name, of.su_type) for name in ("S1", "S2", "S3"))
    plain, with_faults = (simulated(replace(point(vm(), of=of, units=units), faults=each)) for each in ((), faults))
    assert ids(with_faults) == ids(plain)
    assert only_move(with_faults).ended_s == only_move(plain).ended_s == pytest.approx(COMPLETED_S, abs=1e-9)


def test_every_reason_line_is_printed_by_some_test() -> None:
    """The reasons that faults give, so that one that is added is tested here too."""
    from sim.vm2000 import catalogue  # noqa: PLC0415 - all of it is looked at

    tested: set[Message] = {LINK_LOST, DEFINITION_NOT_CREATED, MONITOR_STARVED, SU_CRASHED, NO_ROOM_AT_SETUP, DISKS_NOT_OPERABLE}
    elsewhere = {catalogue.CHASE_LIMIT_PASSED, catalogue.FORCED_OFF}
    agents = {catalogue.VMS6000, catalogue.VMS6001, catalogue.VMS6003}
    assert tested | elsewhere | agents == catalogue.REASONS
