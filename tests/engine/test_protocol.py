"""One migration on each SU type: messages, displays and times on every way it can end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.builders import GIB, VM2000, XEN, cluster, point, unit, vm
from engine.observing import (
    COMPLETED_S,
    COSTS,
    DELETED_S,
    NEVER_CONVERGES,
    PASS_S,
    RESUMED_S,
    SUSPENDED_S,
    ids,
    messages_of,
    on_consoles_of,
    only_move,
    shown,
    simulated,
)
from sim.engine.replicate import Replication
from sim.scenario.point import Cluster, Cost, Devices, Step
from sim.scenario.point import Vm as VmSpec
from sim.vm2000.catalogue import (
    ABORTED_ON_SOURCE,
    ATTACHED_AGAIN_ON_SOURCE,
    CHASE_LIMIT_PASSED,
    COMMAND,
    ETMDR01,
    MCS1002,
    NBR0740,
    NO_ROOM_AT_SETUP,
    PLAN_NOTHING,
    PLAN_SKIPS,
    REJECTED_BY_SOURCE,
    ROLLED_BACK_ON_TARGET,
    VMS2404,
    VMS2430,
    VMS2431,
    VMS2450,
    VMS2451,
    VMS2452,
    VMS2471,
    VMS3050,
    VMS4005,
    VMS6020,
    VMS6021,
    Message,
    Recipient,
)
from sim.vm2000.devices import DeviceSet

ON_390 = cluster("/390", VM2000, costs=COSTS)
ON_X86 = cluster("x86", XEN, costs=replace(COSTS, memory_release=Cost(5.0)))
BOTH = pytest.mark.parametrize("of", [ON_390, ON_X86], ids=["390", "x86"])
NO_DEVICES = Devices()
FIRST = "command NBR0740 VMS2450"


def times(replication: Replication) -> dict[Message, float]:
    """Return when each message was printed last."""
    return {line.message: line.time_s for line in replication.journal.in_order()}


def test_completed_migration_on_390_prints_the_published_order() -> None:
    """Order: vm2000.md 4.1; the caller's lines before it: the check comes first and answers the caller."""
    replication = simulated(point(vm(devices=Devices(disks=1)), of=ON_390))
    guest = "ETMDR01 MCS1002"
    assert ids(replication) == (
        f"{FIRST} {guest} VMS2430 VMS3050 VMS4005 VMS4005 VMS2452 VMS2432 VMS2431 VMS4009 VMS4009 VMS4024 VMS2451".split()
    )
    assert only_move(replication).outcome == "completed"


def test_completed_migration_on_x86_prints_the_causal_order() -> None:
    replication = simulated(point(vm(devices=Devices(disks=1)), of=ON_X86))
    assert ids(replication) == f"{FIRST} VMS6020 HAL0331 HAL0332 VMS6021 VMS2451".split()
    assert only_move(replication).outcome == "completed"


def test_consoles_on_390_show_their_own_messages() -> None:
    """Who reads what: vm2000.md 2.1 and 4.1."""
    replication = simulated(point(vm(), of=ON_390))
    assert on_consoles_of(replication, Recipient.SOURCE) == ["VMS2450", "VMS2452", "VMS4009", "VMS4024", "VMS2451"]
    assert on_consoles_of(replication, Recipient.TARGET) == ["VMS2430", "VMS3050", "VMS4005", "VMS2432", "VMS2431"]
    assert on_consoles_of(replication, Recipient.GUEST) == ["ETMDR01", "MCS1002"]
    assert on_consoles_of(replication, Recipient.SOURCE_ADMINS) == on_consoles_of(replication, Recipient.SOURCE)
    assert on_consoles_of(replication, Recipient.TARGET_ADMINS) == on_consoles_of(replication, Recipient.TARGET)


def test_consoles_on_x86_show_their_own_messages() -> None:
    """HAL033x on the guest's console only; the target shows its set-up and no end (vm2000.md 4.2)."""
    replication = simulated(point(vm(), of=ON_X86))
    assert on_consoles_of(replication, Recipient.SOURCE) == ["VMS2450", "VMS6021", "VMS2451"]
    assert on_consoles_of(replication, Recipient.TARGET) == ["VMS6020"]
    assert on_consoles_of(replication, Recipient.GUEST) == ["HAL0331", "HAL0332"]


@BOTH
def test_displays_of_a_completed_migration(of: Cluster) -> None:
    replication = simulated(point(vm(), of=of))
    assert shown(replication, "S1") == ["RUNNING", "RUNNING(MIGR)", ""]
    assert shown(replication, "S2") == ["SETUP(MIGR)", "RUNNING"]


@BOTH
def test_times_of_a_migration_are_the_sums_of_its_parts(of: Cluster) -> None:
    """Every cost is a constant and the guest writes nothing: the timeline stands in `engine.observing.COSTS`, to the last second."""
    replication = simulated(point(vm(), of=of))
    move = only_move(replication)
    created = times(replication)[VMS4005 if of is ON_390 else VMS6020]
    assert (move.command_s, move.started_s, created) == (0.0, 1.0, 3.75)
    assert [move.stopped_s, move.resumed_s, move.ended_s] == pytest.approx([SUSPENDED_S, RESUMED_S, COMPLETED_S], abs=1e-9)
    deleted = times(replication)[VMS6021] if of is ON_X86 else times(replication)[VMS2451] - 1.0
    assert deleted == pytest.approx(DELETED_S, abs=1e-9)
    assert move.rounds == 1
    assert move.sent_bytes == 2**30


@BOTH
@pytest.mark.parametrize("state", ["INIT-ONLY", "DOWN"])
def test_guest_that_does_not_run_is_neither_stopped_nor_resumed(of: Cluster, state: str) -> None:
    """No VMS2452/2432, no HAL033x, no message of the guest, no downtime; all memory is sent once (vm2000.md 8)."""
    replication = simulated(point(vm(state=state, load=NEVER_CONVERGES), of=of))
    assert {"VMS2452", "VMS2432", "HAL0331", "HAL0332", "ETMDR01", "MCS1002"}.isdisjoint(ids(replication))
    assert on_consoles_of(replication, Recipient.GUEST) == []
    assert shown(replication, "S1") == [state, f"{state}(MIGR)", ""]
    assert shown(replication, "S2") == ["SETUP(MIGR)", state]
    move = only_move(replication)
    assert (move.outcome, move.rounds, move.sent_bytes, move.final_pages) == ("completed", 1, 2**30, None)
    # Neither handshake nor state nor resume: the clean-up follows the transfer at once.
    assert move.ended_s == pytest.approx(3.75 + PASS_S + 2.1, abs=1e-9)


def chased(of: Cluster, devices: Devices = NO_DEVICES) -> Replication:
    """Return a migration whose guest dirties its memory faster than it is sent; the limit is 30 s after round 1."""
    limited = replace(of, policy=replace(VM2000, chase_limit_s=30.0))
    return simulated(point(vm(load=NEVER_CONVERGES, devices=devices), of=limited))


def test_chase_limit_aborts_on_390_and_the_vm_stays() -> None:
    """Reason, removal on the target, end on the source; neither VMS2451 nor VMS2431 (design.md); back on the source as before."""
    replication = chased(ON_390)
    expected = [COMMAND, NBR0740, VMS2450, ETMDR01, MCS1002, VMS2430, VMS3050, VMS4005]
    ending = [CHASE_LIMIT_PASSED, ROLLED_BACK_ON_TARGET, ABORTED_ON_SOURCE, PLAN_SKIPS]
    assert messages_of(replication) == [expected + ending]
    assert shown(replication, "S1") == ["RUNNING", "RUNNING(MIGR)", "RUNNING"]
    assert shown(replication, "S2") == ["SETUP(MIGR)", ""]
    move = only_move(replication)
    assert (move.outcome, move.reason, move.stopped_s) == ("aborted", "chase-limit", None)
    # Round 1 ends at 3.75 + PASS_S; it is shorter than the limit, so the transfer is cut 30 s later, and undone in 3 s.
    assert move.ended_s == pytest.approx(3.75 + PASS_S + 30.0 + 3.0, abs=1e-9)
    # All the time from 3.75 s on was sent at 100 MB/s.
    assert move.sent_bytes == pytest.approx((PASS_S + 30.0) * 100e6, rel=1e-12)


def test_chase_limit_is_never_shorter_than_round_1() -> None:
    """With a limit of 5 s the transfer may still chase for as long as round 1 took (sim.model.rounds.Policy)."""
    of = replace(ON_390, policy=replace(VM2000, chase_limit_s=5.0))
    move = only_move(simulated(point(vm(load=NEVER_CONVERGES), of=of)))
    assert move.ended_s == pytest.approx(3.75 + 2 * PASS_S + 3.0, abs=1e-9)


def test_aborted_vm_gets_its_devices_back_on_the_source() -> None:
    replication = chased(ON_390, devices=Devices(tapes=1, pav_aliases=1))
    (messages,) = messages_of(replication)
    assert messages.count(VMS2471) == messages.count(ATTACHED_AGAIN_ON_SOURCE) == 2
    assert only_move(replication).vm.devices == DeviceSet.of(Devices(tapes=1, pav_aliases=1))


def test_x86_never_aborts_for_want_of_convergence() -> None:
    """Five rounds, then a long stop: 196608 pages are dirty then (engine.observing), 8.05 s at 100 MB/s."""
    move = only_move(simulated(point(vm(load=NEVER_CONVERGES), of=ON_X86)))
    assert (move.outcome, move.rounds) == ("completed", 5)
    assert move.final_pages == pytest.approx(196608, rel=1e-3)
    assert move.stopped_round_s == pytest.approx(196608 * 4096 / 100e6, rel=1e-3)


@BOTH
@pytest.mark.parametrize("state", ["IN HOLD(WAIT)", "WAIT(VMA)"])
def test_vm_in_another_state_is_rejected(of: Cluster, state: str) -> None:
    replication = simulated(point(vm(state=state), of=of))
    assert messages_of(replication) == [[COMMAND, REJECTED_BY_SOURCE, NBR0740, PLAN_SKIPS]]
    move = only_move(replication)
    assert (move.outcome, move.reason, move.started_s, move.ended_s) == ("rejected", "vm-state", None, 1.0)
    assert shown(replication, "S1") == [state]
    assert shown(replication, "S2") == []


@BOTH
def test_target_without_memory_rejects(of: Cluster) -> None:
    """The target has 2 GiB, 1 GiB of them reserved: a VM of 1 GiB and one page more finds no room."""
    units = (unit("S1", of.su_type), unit("S2", of.su_type, memory_bytes=2 * GIB))
    replication = simulated(point(vm(memory_bytes=GIB + 4096), of=of, units=units))
    assert messages_of(replication) == [[COMMAND, VMS2404, NBR0740, PLAN_SKIPS]]
    assert only_move(replication).reason == "no-memory-on-target"
    fits = simulated(point(vm(), of=of, units=units))
    assert only_move(fits).outcome == "completed"


@BOTH
def test_every_violation_is_told_not_only_the_first(of: Cluster) -> None:
    """Source: SE whitepaper, Rejection: all conflicts are listed, one message each."""
    units = (unit("S1", of.su_type), unit("S2", of.su_type, memory_bytes=1.5 * GIB))
    replication = simulated(point(vm(state="WAIT(VMA)"), of=of, units=units))
    assert messages_of(replication) == [[COMMAND, REJECTED_BY_SOURCE, VMS2404, NBR0740, PLAN_SKIPS]]


def racing(of: Cluster) -> Replication:
    """Return two VMs of 3 GiB that leave S1 and S3 for S2 at the same time; S2 has 4 GiB to give."""
    units = (unit("S1", of.su_type), unit("S2", of.su_type, memory_bytes=5 * GIB), unit("S3", of.su_type))
    steps = (Step("a", 0.0, "S2", vm="VM1"), Step("b", 0.0, "S2", vm="VM2"))
    return simulated(point(vm("VM1", gib=3.0), vm("VM2", "S3", gib=3.0), of=of, units=units, steps=steps))


@BOTH
def test_two_vms_race_for_one_target(of: Cluster) -> None:
    """Both checks find room, since memory is taken at the set-up only (vm2000.md 4.3 B); the second set-up does not."""
    replication = racing(of)
    first, second = replication.moves
    assert (first.outcome, second.outcome, second.reason) == ("completed", "aborted", "no-memory-on-target")
    assert second.started_s == 1.0
    assert second.ended_s == 1.0 + 2.0 + 3.0  # check, set-up, roll-back
    (messages,) = messages_of(replication, "VM2")
    begin = [COMMAND, NBR0740, VMS2450, *([ETMDR01, MCS1002, VMS2430] if of is ON_390 else [])]
    assert messages == [*begin, NO_ROOM_AT_SETUP, ROLLED_BACK_ON_TARGET, ABORTED_ON_SOURCE, PLAN_SKIPS]
    assert shown(replication, "S2", "VM2") == []
    assert shown(replication, "S3", "VM2") == ["RUNNING", "RUNNING(MIGR)", "RUNNING"]


@BOTH
def test_second_migration_from_an_su_is_rejected_as_an_operators_command(of: Cluster) -> None:
    steps = (Step("a", 0.0, "S2", vm="VM1"), Step("b", 5.0, "S2", vm="VM2", when_busy="reject"))
    replication = simulated(point(vm("VM1"), vm("VM2"), of=of, steps=steps))
    first, second = replication.moves
    assert (first.outcome, second.outcome, second.reason, second.ended_s) == ("completed", "rejected", "second-migration", 6.0)
    assert messages_of(replication, "VM2") == [[COMMAND, REJECTED_BY_SOURCE, NBR0740, PLAN_SKIPS]]
    assert shown(replication, "S1", "VM2") == ["RUNNING"]


def test_other_iocf_shows_diff_until_the_vm_is_back() -> None:
    """vm2000.md 1.6: RUNNING(DIFF) until it is migrated back to the original SU; (MIGR) replaces (DIFF) meanwhile."""
    units = (unit("S1", iocf="A"), unit("S2", iocf="B"))
    steps = (Step("out", 0.0, "S2", vm="VM1"), Step("back", 100.0, "S1", vm="VM1"))
    replication = simulated(point(vm(), of=ON_390, units=units, steps=steps))
    assert shown(replication, "S1") == ["RUNNING", "RUNNING(MIGR)", "", "SETUP(MIGR)", "RUNNING"]
    assert shown(replication, "S2") == ["SETUP(MIGR)", "RUNNING(DIFF)", "RUNNING(MIGR)", ""]


def test_diff_comes_back_after_an_abort() -> None:
    """A VM that is (DIFF) and whose way back is aborted is displayed (DIFF) again."""
    units = (unit("S1", iocf="A", memory_bytes=3 * GIB), unit("S2", iocf="B"), unit("S3", iocf="A"))
    # VM2 takes the room on S1 between the check and the set-up of VM1's way back.
    steps = (Step("out", 0.0, "S2", vm="VM1"), Step("other", 99.5, "S1", vm="VM2"), Step("back", 100.0, "S1", vm="VM1"))
    replication = simulated(point(vm(gib=2.0), vm("VM2", "S3"), of=ON_390, units=units, steps=steps))
    assert [move.outcome for move in replication.moves] == ["completed", "completed", "aborted"]
    assert shown(replication, "S2") == ["SETUP(MIGR)", "RUNNING(DIFF)", "RUNNING(MIGR)", "RUNNING(DIFF)"]


@pytest.mark.parametrize(("at_s", "outcome"), [(DELETED_S + 4.9, "rejected"), (DELETED_S + 5.1, "completed")])
def test_x86_memory_is_free_five_seconds_after_the_deletion(at_s: float, outcome: str) -> None:
    """S1 has 1.5 GiB to give and VM1 of 1 GiB leaves it: VM2 of 1 GiB finds room only when the memory of VM1 is free.

    The check takes 1 s, so the command is given 1 s before the instant looked at.
    """
    units = (unit("S1", "x86", memory_bytes=2.5 * GIB), unit("S2", "x86"))
    steps = (Step("out", 0.0, "S2", vm="VM1"), Step("in", at_s - 1.0, "S1", vm="VM2"))
    replication = simulated(point(vm("VM1"), vm("VM2", "S2"), of=ON_X86, units=units, steps=steps))
    _, incoming = replication.moves
    assert incoming.outcome == outcome
    assert incoming.reason == ("no-memory-on-target" if outcome == "rejected" else None)


def test_390_memory_is_free_with_the_deletion() -> None:
    units = (unit("S1", memory_bytes=2.5 * GIB), unit("S2"))
    steps = (Step("out", 0.0, "S2", vm="VM1"), Step("in", DELETED_S + 0.1 - 1.0, "S1", vm="VM2"))
    replication = simulated(point(vm("VM1"), vm("VM2", "S2"), of=ON_390, units=units, steps=steps))
    assert [move.outcome for move in replication.moves] == ["completed", "completed"]


def test_x86_vm_may_return_while_its_old_memory_is_being_freed() -> None:
    """The deleted VM still occupies 1 GiB of S1; where there is room for it twice it may come back at once."""
    steps = (Step("out", 0.0, "S2", vm="VM1"), Step("back", 1.0, "S1", vm="VM1"))
    slow = replace(ON_X86, costs=replace(ON_X86.costs, memory_release=Cost(60.0)))
    replication = simulated(point(vm(), of=slow, steps=steps))
    assert [move.outcome for move in replication.moves] == ["completed", "completed"]
    scarce = (unit("S1", "x86", memory_bytes=2.5 * GIB), unit("S2", "x86"))
    replication = simulated(point(vm(), of=slow, steps=steps, units=scarce))
    assert [move.reason for move in replication.moves] == [None, "no-memory-on-target"]


@BOTH
def test_devices_are_announced_at_the_first_migration_and_tapes_never_again(of: Cluster) -> None:
    """vm2000.md 1.7: tapes, local disks stay detached after a success; PAV aliases are attached on the target (/390)."""
    devices = Devices(tapes=2, pav_aliases=1, local_disks=1, mu_disks=1)
    steps = (Step("out", 0.0, "S2", vm="VM1"), Step("back", 100.0, "S1", vm="VM1"))
    replication = simulated(point(vm(devices=devices), of=of, steps=steps))
    first, second = (messages.count(VMS2471) for messages in messages_of(replication))
    # /390: 2 tapes, 1 alias, 1 disk of the MU, then the alias alone; x86: 2 tapes, 1 local disk, then nothing.
    assert (first, second) == ((4, 1) if of is ON_390 else (3, 0))


def test_index_in_use_on_the_target_gives_the_smallest_free_one() -> None:
    """Index 3 of VM1 belongs to VM3 on S2, where 2 is taken too: VM1 becomes 4 there, and each console prints its SU's index."""
    base = point(vm("VM1"), vm("VM2", "S2"), vm("VM3", "S2"), of=ON_390, steps=(Step("out", 0.0, "S2", vm="VM1"),))
    wanted = {"VM1": 3, "VM2": 2, "VM3": 3}
    replication = simulated(replace(base, vms=tuple(replace(each, index=wanted[each.name]) for each in base.vms)))
    printed = {line.message: line.inserts["index"] for line in replication.journal.in_order()}
    assert {printed[message] for message in (COMMAND, VMS2450, VMS2452, VMS2451)} == {3}
    assert {printed[message] for message in (VMS3050, VMS4005, VMS2431)} == {4}
    displays = replication.journal.displays or []
    assert [each.vm_index for each in displays if (each.unit, each.vm) == ("S2", "VM1")] == [4, 4]


@pytest.mark.parametrize("disks", [0, 1, 7])
def test_one_line_a_device(disks: int) -> None:
    """CS and every disk: VMS4005 spread over the set-up, the last one at its end."""
    replication = simulated(point(vm(devices=Devices(disks=disks)), of=ON_390))
    set_up = [line.time_s for line in replication.journal.in_order() if line.message is VMS4005]
    assert set_up == pytest.approx([3.5 + 0.25 * place for place in range(1, disks + 2)], abs=1e-12)


def test_rejected_command_gives_its_return_code_to_the_caller() -> None:
    replication = simulated(point(vm(state="WAIT(SEL)"), of=ON_390))
    (answer,) = [line for line in replication.journal.in_order() if line.message is NBR0740]
    assert str(answer.inserts["result"]) == "SC2=000, SC1=064, MC=VMS2461"


def test_step_whose_vm_is_on_its_target_has_nothing_to_do() -> None:
    """No command, no row, no failure: what the step wanted is so."""
    replication = simulated(point(vm(), of=ON_390, steps=(Step("no", 0.0, "S1", vm="VM1"),)))
    assert [line.message for line in replication.journal.in_order()] == [PLAN_NOTHING]
    assert (replication.moves, replication.steps[0].left_behind, replication.steps[0].ended_s) == ([], 0, 0.0)


def test_target_display_and_messages_precede_the_source_deletion() -> None:
    """vm2000.md 8: VMS2431 on the target before VMS4024 and VMS2451 on the source; target console prints VMS2430 before VMS3050."""
    messages = messages_of(simulated(point(vm(), of=ON_390)))[0]
    assert messages.index(VMS2430) < messages.index(VMS3050) < messages.index(VMS2431) < messages.index(VMS2451)


def test_specs_of_the_builders_are_what_the_timeline_assumes() -> None:
    """A guard for the constants of `engine.observing`: one device, 1 GiB, 100 MB/s."""
    spec: VmSpec = vm()
    assert (spec.devices, spec.memory_bytes, ON_390.sender_Bps, ON_X86.receiver_Bps) == (Devices(), GIB, 100e6, 100e6)
