"""Properties of whatever plan: the protocol holds, one outgoing migration a source SU, memory comes back."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import GIB, VM2000, XEN, cluster, point, unit, vm
from engine.observing import COSTS, NEVER_CONVERGES, simulated
from sim.engine.move import Move
from sim.model.load import Load
from sim.scenario.point import Cost, Devices, OnAbort, Point, Step
from sim.vm2000.catalogue import PLAN_NOTHING

UNITS = ("S1", "S2", "S3")
NAMES = ("VM1", "VM2", "VM3", "VM4")
LOADS = (Load("none"), Load("some", classes=((20000.0, 0.5),), jitter=0.1), NEVER_CONVERGES)


@st.composite
def steps(draw: st.DrawFn, number: int) -> Step:
    """Return a step of any kind; its time is one of few, so that steps meet."""
    to = draw(st.sampled_from(UNITS))
    at_s = draw(st.sampled_from([0.0, 10.0, 17.0, 40.0]))
    on_abort = OnAbort(draw(st.integers(0, 1)), draw(st.sampled_from([0.0, 5.0])), draw(st.sampled_from(["skip", "stop"])))
    base = Step(f"step{number}", at_s, to, on_abort=on_abort, when_busy=draw(st.sampled_from(["wait", "wait", "reject"])))
    if draw(st.booleans()):
        return replace(base, vm=draw(st.sampled_from(NAMES)))
    order = draw(st.sampled_from(["largest-first", "smallest-first", "by-index", "by-name"]))
    return replace(base, drain=draw(st.sampled_from(UNITS)), order=order)


@st.composite
def plans(draw: st.DrawFn) -> Point:
    """Return a world of three SUs with little memory, four VMs anywhere on them and up to five steps."""
    su_type = draw(st.sampled_from(["/390", "x86"]))
    release = Cost(5.0, 0.3) if su_type == "x86" else Cost(0.0)
    costs = replace(COSTS, check=Cost(1.0, 0.2), setup=Cost(2.0, 0.2), cleanup=Cost(2.0, 0.2), memory_release=release)
    policy = XEN if su_type == "x86" else replace(VM2000, chase_limit_s=20.0)
    vms = [
        vm(
            name,
            draw(st.sampled_from(UNITS)),
            gib=draw(st.sampled_from([1.0, 2.0])),
            load=draw(st.sampled_from(LOADS)),
            state=draw(st.sampled_from(["RUNNING", "RUNNING", "INIT-ONLY", "WAIT(SEL)"])),
            devices=Devices(disks=draw(st.integers(0, 2)), tapes=draw(st.integers(0, 1))),
        )
        for name in NAMES
    ]
    # 9 GiB hold the 8 GiB that all VMs together can have; 4 GiB do not.
    sizes = [9 * GIB, *(draw(st.sampled_from([9 * GIB, 4 * GIB])) for _ in UNITS[1:])]
    vms = [each if sizes[UNITS.index(each.unit)] > 8 * GIB else replace(each, unit="S1") for each in vms]
    of = cluster(su_type, policy, costs=costs)
    units = tuple(unit(name, su_type, memory_bytes=size, iocf=name * (su_type == "/390")) for name, size in zip(UNITS, sizes, strict=True))
    number = draw(st.integers(1, 5))
    return point(*vms, of=of, units=units, steps=tuple(draw(steps(place)) for place in range(number)))


@settings(max_examples=150)
@given(world=plans())
def test_any_plan_keeps_the_rules(world: Point) -> None:
    """`simulated` checks messages and displays, the engine its own invariants; the rest is looked at here."""
    replication = simulated(world)
    begun = [move for move in replication.moves if move.started_s is not None]
    for source in UNITS:
        spans = sorted(_span(move) for move in begun if move.source.name == source)
        for (_, ended), (began, _) in pairwise(spans):
            assert ended <= began, f"two outgoing migrations of {source} at once"
    for vm_name in NAMES:
        spans = sorted(_span(move) for move in begun if move.vm.name == vm_name)
        assert all(ended <= began for (_, ended), (began, _) in pairwise(spans))
    for move in replication.moves:
        assert (move.outcome == "completed") == (move.reason is None)
        assert 0.0 <= move.sent_pages <= 30 * move.guest.spec.touched_pages
    nothing_to_do = {(line.inserts["step"], line.vm) for line in replication.journal.lines or [] if line.message is PLAN_NOTHING}
    for run in replication.steps:
        assert 0 <= run.left_behind <= len(run.vms)
        told = {name for step, name in nothing_to_do if step == run.step.name}
        assert {move.vm.name for move in run.moves} | told == {vm.name for vm in run.vms}  # a row for every VM, tried or not, or a line


def _span(move: Move) -> tuple[float, float]:
    assert move.started_s is not None
    assert move.ended_s is not None
    return move.started_s, move.ended_s
