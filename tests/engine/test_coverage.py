"""Which plans lockstep covers: what can meet is refused by name, and what is covered never meets."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.builders import NO_COSTS, cluster, point, unit, vm
from engine.test_random_plans import plans
from sim.engine.lockstep.coverage import Way, groups, refusals, ways
from sim.engine.network import Network
from sim.engine.replicate import replicate_alone
from sim.engine.site import Site
from sim.scenario.point import Cost, Link, OnAbort, Point, Step, Unit, Vm
from twins.random_worlds import landscapes, worlds


def drain(source: str, target: str, *, at_s: float = 0.0, sequence: tuple[str, ...] = ()) -> Step:
    """Return a drain named by what it does."""
    return Step(f"{source}-{target}", at_s, target, drain=source, sequence=sequence)


def one(name: str, target: str, *, at_s: float = 0.0) -> Step:
    """Return a single migration named by what it does."""
    return Step(f"{name}-{target}", at_s, target, vm=name)


def world(*steps: Step, vms: tuple[Vm, ...] = (vm("A"), vm("B")), units: tuple[Unit, ...] = ()) -> Point:
    """Return a point with SUs S1 .. S5, each in a server of its own; both VMs are on S1."""
    return point(*vms, steps=steps, units=units or tuple(unit(f"S{number}") for number in range(1, 6)))


def two_clusters(*, servers: dict[str, str], links: tuple[str, str] = ("net", "net")) -> Point:
    """Return two clusters that are drained at once, S1 -> S2 with VM A and T1 -> T2 with VM X; an SU stands in the server named."""
    names = ("S1", "S2", "T1", "T2")
    units = tuple(
        unit(name, cluster="CD"[name[0] == "T"], link=links[name[0] == "T"], server=servers.get(name, name), iocf="") for name in names
    )
    made = point(vm("A", "S1"), vm("X", "T1"), steps=(drain("S1", "S2"), drain("T1", "T2")), units=units)
    return replace(made, clusters=(cluster(), replace(cluster(), name="D")), links=(Link("net", 1e9, 0.0), Link("other", 1e9, 0.0)))


COVERED = {
    "one drain": world(drain("S1", "S2")),
    "nothing to do": world(drain("S5", "S2"), drain("S4", "S2")),
    "two drains of one source": world(drain("S1", "S2"), drain("S1", "S3")),
    "a drain and a migration away from it": world(drain("S1", "S2", sequence=("A",)), one("B", "S3", at_s=5.0)),
    "a drain and a migration that goes the same way": world(drain("S1", "S2"), one("B", "S2", at_s=5.0)),
    "one VM to and fro": world(one("A", "S2"), one("A", "S1", at_s=3600.0), one("A", "S3", at_s=3601.0)),
    "one VM, a drain whose target is drained later": world(drain("S1", "S2"), drain("S2", "S3", at_s=60.0), vms=(vm("A"),)),
    "a sequence that names one VM, and it comes back": world(drain("S1", "S2", sequence=("A",)), drain("S2", "S1", at_s=60.0)),
    "two drains side by side": world(drain("S1", "S2"), drain("S3", "S4"), vms=(vm("A"), vm("B"), vm("C", "S3"), vm("D", "S3"))),
    "two clusters, other servers": two_clusters(servers={}),
    "two clusters, another network": two_clusters(servers={"S1": "SE1", "T1": "SE1", "S2": "SE2", "T2": "SE2"}, links=("net", "other")),
    "two clusters, opposite directions": two_clusters(servers={"S1": "SE1", "T2": "SE1", "S2": "SE2", "T1": "SE2"}),
    "two clusters in one server each": two_clusters(servers={"S1": "SE1", "S2": "SE1", "T1": "SE2", "T2": "SE2"}),
    "two clusters in the same server": two_clusters(servers=dict.fromkeys(("S1", "S2", "T1", "T2"), "SE1")),
}
# What the reason has to name: the steps, two transfers, the place.
REFUSED = {
    "there and back": (world(drain("S1", "S2"), drain("S2", "S1", at_s=1e6)), ("'S1-S2' and 'S2-S1'", "S1 -> S2", "S2 -> S1", "at SU S1")),
    "two SUs onto one": (
        world(drain("S1", "S3"), drain("S2", "S3"), vms=(vm("A"), vm("B", "S2"))),
        ("'S1-S3' and 'S2-S3'", "A S1 -> S3", "B S2 -> S3", "at SU S3"),
    ),
    "each onto the other": (
        world(drain("S1", "S2"), drain("S2", "S1"), vms=(vm("A"), vm("B", "S2"))),
        ("'S1-S2' and 'S2-S1'", "A S1 -> S2", "B S2 -> S1", "at SU"),
    ),
    "a target that is drained later": (
        world(drain("S1", "S2"), drain("S2", "S3", at_s=1e6)),
        ("'S1-S2' and 'S2-S3'", "A S1 -> S2", "B S2 -> S3", "at SU S2"),
    ),
    "a target with a VM that leaves it": (
        world(drain("S1", "S2"), one("B", "S3"), vms=(vm("A"), vm("B", "S2"))),
        ("'S1-S2' and 'B-S3'", "A S1 -> S2", "B S2 -> S3", "at SU S2"),
    ),
    "a VM that the drain may have taken along": (
        world(drain("S1", "S2"), one("B", "S3")),
        ("'S1-S2' and 'B-S3'", "A S1 -> S2", "B S2 -> S3", "at SU S2"),
    ),
    "one step with VMs from two SUs": (
        world(one("A", "S2"), drain("S2", "S3"), vms=(vm("A"), vm("B", "S2"))),
        ("A S1 -> S2", "B S2 -> S3", "at SU S2"),
    ),
    "the way out of a server": (
        two_clusters(servers={"S1": "SE1", "T1": "SE1"}),
        ("'S1-S2' and 'T1-T2'", "A S1 -> S2", "X T1 -> T2", "on network net, out of SE1"),
    ),
    "the way into a server": (two_clusters(servers={"S2": "SE2", "T2": "SE2"}), ("X T1 -> T2", "on network net, into SE2")),
    "both ways": (two_clusters(servers={"S1": "SE1", "T1": "SE1", "S2": "SE2", "T2": "SE2"}), ("'S1-S2' and 'T1-T2'", "on network net")),
    "tied together by a third": (
        # B goes on from S3 while A may still be on its way; where B is, and when, depends on both.
        world(drain("S1", "S2", sequence=("A",)), one("B", "S3"), one("B", "S4")),
        ("'S1-S2' and 'B-S3'", "A S1 -> S2", "B S4 -> S3", "tied together by others"),
    ),
}
# Their steps lie too far from each other to meet, or nothing is shared by the two that run at once.
LATER = ("there and back", "a target that is drained later", "a VM that the drain may have taken along", "tied together by a third")


@pytest.mark.parametrize("name", COVERED)
def test_transfers_that_never_meet_are_covered(name: str) -> None:
    assert refusals(COVERED[name]) == []


@pytest.mark.parametrize("name", REFUSED)
def test_transfers_that_can_meet_are_refused_by_name(name: str) -> None:
    of, words = REFUSED[name]
    (reason,) = refusals(of)
    assert [word for word in words if word not in reason] == []


def test_two_reasons_are_both_told() -> None:
    """Two groups that have nothing to do with each other, each with transfers that can meet."""
    guests = (vm("A"), vm("B"), vm("C", "S3"), vm("D", "S3"))
    of = world(drain("S1", "S2"), drain("S2", "S1"), drain("S3", "S4"), drain("S4", "S3"), vms=guests)
    first, second = refusals(of)
    assert ("'S1-S2'" in first, "'S3-S4'" in second) == (True, True)


def test_ways_are_all_that_may_happen_wherever_the_vms_are() -> None:
    """A may be on S1 or, after the drain, on S2; B stays on S1, because the sequence leaves it out."""
    of = world(drain("S1", "S2", sequence=("A",)), one("A", "S3"), one("B", "S3"))
    assert ways(of) == [
        Way(0, "A", "S1", "S2"),
        Way(1, "A", "S1", "S3"),
        Way(1, "A", "S2", "S3"),
        Way(2, "B", "S1", "S3"),
    ]


def test_a_vm_can_be_moved_twice_and_its_way_depends_on_what_came_before() -> None:
    """A migration out of S2 needs one into it, in whatever order the file names them."""
    of = world(one("A", "S3", at_s=50.0), one("A", "S2"), vms=(vm("A"),))
    assert ways(of) == [Way(0, "A", "S1", "S3"), Way(0, "A", "S2", "S3"), Way(1, "A", "S1", "S2"), Way(1, "A", "S3", "S2")]


def test_a_vm_that_is_there_already_has_no_way() -> None:
    assert ways(world(one("A", "S1"), drain("S1", "S1"))) == []


def test_steps_that_meet_nowhere_are_groups_of_their_own_in_the_order_of_the_plan() -> None:
    guests = (vm("A"), vm("B"), vm("C", "S3"))
    of = world(drain("S3", "S4"), drain("S1", "S2"), one("C", "S4", at_s=9.0), drain("S5", "S2"), vms=guests)
    assert [group.steps for group in groups(of)] == [(0, 2), (1,), (3,)]


@given(order=st.permutations(range(4)))
def test_the_order_of_the_steps_changes_nothing(order: list[int]) -> None:
    """Groups are sets: they hold the same steps, and the answer is the same, in whatever order the file names them."""
    guests = (vm("A"), vm("B"), vm("C", "S3"), vm("D", "S3"))
    steps = (drain("S1", "S2"), one("B", "S2"), drain("S3", "S4"), one("D", "S4", at_s=7.0))
    of = world(*(steps[place] for place in order), vms=guests)
    assert {frozenset(of.steps[place].name for place in group.steps) for group in groups(of)} == {
        frozenset({"S1-S2", "B-S2"}),
        frozenset({"S3-S4", "D-S4"}),
    }
    assert refusals(of) == []


def test_a_full_su_and_many_steps_have_few_ways_a_vm() -> None:
    """98 VMs and 20 steps: one way for each VM and step that leads elsewhere, and no more looks at pairs than are needed.

    All are on S1; ten drains bring them to S2, ten to S3. Nobody is ever drained from S2 or S3.
    """
    guests = tuple(vm(f"VM{number}", gib=0.5) for number in range(1, 99))
    of = world(*(replace(drain("S1", f"S{2 + number % 2}", at_s=number), name=f"s{number}") for number in range(20)), vms=guests)
    assert refusals(of) == []
    assert Counter(way.step for way in ways(of)) == dict.fromkeys(range(20), 98)
    back = replace(of, steps=(*of.steps, drain("S3", "S1", at_s=1e6)))
    assert len(refusals(back)) == 1


class Watched:
    """Transfers that were under way at once and shared a port or a monitor CPU, and how many there were in all."""

    def __init__(self) -> None:
        self.begun, self.met = 0, 0

    def begins(self, network: Network) -> None:
        """Look at the transfers whenever one has begun."""
        *others, new = network.active
        self.begun += 1
        self.met += any(not new.demand().uses.keys().isdisjoint(other.demand().uses) for other in others)


def watched(of: Point) -> Watched:
    """Simulate a replication with the SimPy engine and watch its network."""
    seen, begin = Watched(), Network._begin

    def begins(network: Network, *args: object) -> object:
        transfer = begin(network, *args)  # type: ignore[arg-type]  # handed on as they are
        seen.begins(network)
        return transfer

    with patch.object(Network, "_begin", begins):
        replicate_alone(Site.of(of), 0)
    return seen


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(st.one_of(plans(), worlds(), landscapes()))
def test_what_is_covered_never_has_two_transfers_that_share_anything(of: Point) -> None:
    """Mutant: groups that look only at the VMs of the steps, not at SUs and ports."""
    assume(refusals(of) == [])
    assert watched(of).met == 0


@pytest.mark.parametrize("name", [name for name in REFUSED if name not in LATER])
def test_what_is_refused_does_meet_when_the_times_are_bad(name: str) -> None:
    """The rule refuses nothing without a cause: with all steps at once, both transfers run side by side and share a port or a CPU.

    Mutant of the watch: one that sees nothing.
    """
    of = REFUSED[name][0]
    seen = watched(of)
    assert seen.begun > 1
    assert seen.met > 0


def test_an_su_that_is_drained_while_vms_still_arrive_shares_its_monitor() -> None:
    """The same plans as in `LATER`, when the second step begins while the first one still sends B.

    A and B have 1 GiB each, 10.7 s at 100 MB/s: A is on S2 after 11 s, B is under way until 22 s.
    """
    for later in (drain("S2", "S1", at_s=12.0), drain("S2", "S3", at_s=12.0), one("A", "S3", at_s=12.0)):
        of = world(drain("S1", "S2"), later)
        assert len(refusals(of)) == 1
        assert watched(of).met > 0


VARIED = replace(cluster(), costs=replace(NO_COSTS, check=Cost(1.0, 0.15)))


def test_a_plan_may_stop_and_retry_and_is_covered_all_the_same() -> None:
    """What follows an abort and when_busy change who waits, never where the memory goes."""
    first = replace(drain("S1", "S2"), on_abort=OnAbort(2, 5.0, "stop"), when_busy="reject")
    of = world(first, replace(drain("S1", "S3"), when_busy="reject"))
    assert refusals(replace(of, clusters=(VARIED,))) == []


@pytest.mark.parametrize("check", [Cost(0.0), Cost(1.0), Cost(0.0, 0.15)])
def test_a_step_that_does_not_wait_needs_a_check_that_varies(check: Cost) -> None:
    """Two checks of one second that begin together end together: whether the second is rejected is a matter of the order of events."""
    of = replace(cluster(), costs=replace(NO_COSTS, check=check))
    pushy = replace(drain("S1", "S3"), when_busy="reject")
    (reason,) = refusals(replace(world(drain("S1", "S2"), pushy), clusters=(of,)))
    assert [word for word in ("'S1-S3'", "when_busy: reject", "clusters.C.parameters.check") if word not in reason] == []
    assert refusals(replace(world(drain("S1", "S2"), pushy), clusters=(VARIED,))) == []
    assert refusals(replace(world(pushy), clusters=(of,))) == []  # alone it never finds the SU busy
    assert refusals(replace(world(drain("S5", "S2"), pushy), clusters=(of,))) == []  # S5 is empty: the same
