"""Lines in our own words: what the target says of CPUs when a VM has arrived, and what a plan says of an SU that is down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.builders import point, unit, vm
from engine.observing import simulated
from engine.striking import BOTH, ON_390
from sim.engine.replicate import Replication, replicate_alone
from sim.engine.site import Site
from sim.scenario.point import Cluster, Cost, Fault, Pool, Step
from sim.vm2000.catalogue import (
    CPUS_ATTACHED,
    CPUS_BLOCKED,
    HAL0332,
    OVERCOMMITTED,
    PLAN_SU_DOWN,
    QUOTA_SHARES,
    SHARES_LEFT,
    VMS2431,
    VMS2432,
    Message,
    Recipient,
    printed,
)

OUT_AND_BACK = (Step("out", 0.0, "S2", vm="VM1"), Step("back", 100.0, "S1", vm="VM1"))


def said(replication: Replication, message: Message) -> list[str]:
    """Return what was said with a message, as consoles show it."""
    return [printed(line.message, **line.inserts) for line in replication.journal.in_order() if line.message is message]


@BOTH
def test_surplus_virtual_cpus_are_blocked_and_come_back(of: Cluster) -> None:
    """UG: CPU management during a VM Migration: four CPUs on S1, two on S2; on the way back those in BLOCK are attached again."""
    units = (unit("S1", of.su_type, cpus=4), unit("S2", of.su_type, cpus=2))
    replication = simulated(point(vm(cpus=4), of=of, units=units, steps=OUT_AND_BACK))
    assert said(replication, CPUS_BLOCKED) == ["[migr] virtual CPUs of VM (2,VM1) detached (BLOCK): 2; its CPU pool has fewer CPUs here"]
    assert said(replication, CPUS_ATTACHED) == ["[migr] virtual CPUs of VM (2,VM1) attached: 2; its CPU pool has more CPUs here"]
    assert (replication.moves[-1].vm.cpus, replication.moves[-1].vm.blocked_cpus) == (4, 0)


def test_it_is_the_cpu_pool_of_the_same_name_that_counts() -> None:
    """Both SUs have eight CPUs; three of those of S1 are PROD's, and one of those of S2."""
    units = (unit("S1", cpus=8, pools=(Pool("PROD", 3),)), unit("S2", cpus=8, pools=(Pool("PROD", 1),)))
    replication = simulated(point(vm(cpus=3, pool="PROD"), of=ON_390, units=units))
    assert said(replication, CPUS_BLOCKED) == ["[migr] virtual CPUs of VM (2,VM1) detached (BLOCK): 2; its CPU pool has fewer CPUs here"]


@BOTH
def test_nothing_is_said_where_the_scenario_names_no_cpus(of: Cluster) -> None:
    replication = simulated(point(vm(cpus=4), of=of, steps=OUT_AND_BACK))
    for message in (CPUS_BLOCKED, CPUS_ATTACHED, QUOTA_SHARES, OVERCOMMITTED):
        assert said(replication, message) == []


@BOTH
def test_a_vm_that_arrives_takes_shares_from_the_others(of: Cluster) -> None:
    """Quota 10 beside 30: the resident had all of the pool and keeps three quarters of it."""
    replication = simulated(point(vm(), vm("VM2", "S2", quota=30.0), of=of, steps=OUT_AND_BACK[:1]))
    assert said(replication, QUOTA_SHARES) == ["[migr] CPU shares on SU 'S2': VM VM1: new, 25.0 %, VM VM2: 100.0 % -> 75.0 %"]
    after = VMS2431 if of is ON_390 else HAL0332
    messages = [line.message for line in replication.journal.in_order()]
    assert messages.index(after) < messages.index(QUOTA_SHARES)


@BOTH
def test_a_vm_that_leaves_gives_its_share_to_the_others(of: Cluster) -> None:
    """Quotas 10, 30 and 60: without the first, 30 and 60 are a third and two thirds."""
    vms = (vm(), vm("VM2", quota=30.0), vm("VM3", quota=60.0))
    replication = simulated(point(*vms, of=of, steps=OUT_AND_BACK[:1]))
    told = "[migr] CPU shares on SU 'S1': VM VM1: 10.0 %, gone, VM VM2: 30.0 % -> 33.3 %, VM VM3: 60.0 % -> 66.7 %"
    assert said(replication, SHARES_LEFT) == [told]
    assert SHARES_LEFT.recipients == (Recipient.SOURCE, Recipient.SOURCE_ADMINS)


@BOTH
def test_more_than_three_virtual_cpus_on_a_real_one_are_warned_of(of: Cluster) -> None:
    """PH: VM2000 scheduling: at most 3 are recommended; 2 of VM1 and 2 of VM2 on one are 4."""
    units = (unit("S1", of.su_type), unit("S2", of.su_type, cpus=1))
    replication = simulated(point(vm(cpus=2), vm("VM2", "S2", cpus=2), of=of, units=units, steps=OUT_AND_BACK[:1]))
    (line,) = said(replication, OVERCOMMITTED)
    assert line.startswith("[migr] SU 'S2': CPU pool ")
    assert "4 active virtual CPUs on 1 real ones" in line


@pytest.mark.parametrize("message", [CPUS_BLOCKED, CPUS_ATTACHED, QUOTA_SHARES, OVERCOMMITTED])
def test_these_lines_are_for_the_target(message: Message) -> None:
    assert message.recipients == (Recipient.TARGET, Recipient.TARGET_ADMINS)


def test_cpus_are_adjusted_after_the_resume_and_before_the_end() -> None:
    units = (unit("S1", cpus=4), unit("S2", cpus=2))
    lines = simulated(point(vm(cpus=4), of=ON_390, units=units)).journal.in_order()
    messages = [line.message for line in lines]
    assert messages.index(VMS2432) < messages.index(CPUS_BLOCKED) < messages.index(VMS2431)


@BOTH
def test_a_plan_whose_source_is_down_says_so(of: Cluster) -> None:
    crash = Fault("F", "crash", "S1", at_s=5.0, lasts=Cost(1000.0))
    planned = replace(point(vm(), of=of, steps=(Step("out", 10.0, "S2", vm="VM1"),)), faults=(crash,))
    replication = replicate_alone(Site.of(planned), 0)  # no command is given, so there is no protocol to look at
    assert said(replication, PLAN_SU_DOWN) == ["[migr] SU 'S1' is down: no migration from or to it can be started"]
    (move,) = replication.moves
    assert (move.outcome, move.reason) == ("rejected", "source-down")
