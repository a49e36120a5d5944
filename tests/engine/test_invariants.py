"""The engine's own checks catch an engine that breaks its rules: each test breaks one on purpose."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest
import simpy

import sim.engine.migrate_390 as on_390
from engine.builders import GIB, VM2000, XEN, cluster, point, unit, vm
from engine.observing import COSTS, NEVER_CONVERGES
from sim.engine.move import Move
from sim.engine.network import NEVER, Network, Route
from sim.engine.replicate import replicate, replicate_alone
from sim.engine.site import Site
from sim.engine.world import Unit, Vm
from sim.errors import ModelError
from sim.model.draws import Draws
from sim.model.load import Load
from sim.scenario.point import Cluster, Point, Step
from sim.vm2000.catalogue import HAL0331, RANKS, VMS2432, VMS2452, Message

WRITES = Load("some", classes=((20000.0, 0.5),))
ON_390 = cluster("/390", VM2000, costs=COSTS)
ON_X86 = cluster("x86", XEN, costs=COSTS)


def run(world: Point) -> None:
    """Simulate a replication."""
    replicate_alone(Site.of(world), 0)


def test_unbroken_engine_passes() -> None:
    """What the mutants below are made from raises nothing."""
    for of in (ON_390, ON_X86):
        run(point(vm(load=WRITES), of=of))
    run(racing())


def test_vm_that_is_not_stopped_would_be_live_on_two_sus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Vm, "stop", lambda _vm: None)
    with pytest.raises(ModelError, match="resumes on SU S2 while live on S1"):
        run(point(vm(), of=ON_390))


def test_vm_is_not_stopped_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = Vm.stop

    def twice(self: Vm) -> None:
        stop(self)
        stop(self)

    monkeypatch.setattr(Vm, "stop", twice)
    with pytest.raises(ModelError, match="is not live there"):
        run(point(vm(), of=ON_390))


def test_vm_cannot_arrive_where_it_has_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Move, "takes_place", lambda _move: True)
    with pytest.raises(ModelError, match="resumes on SU S2"):
        run(point(vm(), of=ON_390))


def racing() -> Point:
    """Two VMs of 3 GiB from S1 and S3 to S2, which has 4 GiB to give."""
    units = (unit("S1"), unit("S2", memory_bytes=5 * GIB), unit("S3"))
    steps = (Step("a", 0.0, "S2", vm="VM1"), Step("b", 0.0, "S2", vm="VM2"))
    return point(vm("VM1", gib=3.0), vm("VM2", "S3", gib=3.0), of=ON_390, units=units, steps=steps)


def test_target_memory_is_not_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set-up that does not look whether there is room."""

    def takes_unasked(self: Move) -> bool:
        self.target.hold(self.vm.name, self.guest.spec.memory_bytes, self.guest.spec.index)
        return True

    monkeypatch.setattr(Move, "takes_place", takes_unasked)
    with pytest.raises(ModelError, match="no place for VM VM2 with 3221225472 bytes: 1073741824 free"):
        run(racing())


def test_vm_that_is_never_deleted_on_the_source_is_found_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Move, "leaves_source", lambda _move: None)
    with pytest.raises(ModelError, match=r"VM VM1 is live on S2, holds memory on \['S1', 'S2'\]"):
        run(point(vm(), of=ON_390))


def test_roll_back_that_keeps_the_place_is_found_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Move, "gives_place_back", lambda _move: None)
    with pytest.raises(ModelError, match=r"holds memory on \['S1', 'S2'\]"):
        run(point(vm(load=NEVER_CONVERGES), of=ON_390))


def test_world_that_begins_too_full_is_refused() -> None:
    with pytest.raises(ModelError, match="no place for VM VM1 with 2147483648 bytes: 1073741824 free"):
        run(point(vm(gib=2.0), of=ON_390, units=(unit("S1", memory_bytes=2 * GIB), unit("S2"))))


@pytest.mark.parametrize("of", [ON_390, ON_X86], ids=["390", "x86"])
@pytest.mark.parametrize("live", [True, False], ids=["live", "stopped"])
def test_pages_that_get_lost_are_missed(monkeypatch: pytest.MonkeyPatch, of: Cluster, live: bool) -> None:
    """A network that delivers a page less: in the first round, or in the last one, which is sent while the guest stands still."""
    send, calls = Network.send, 0

    def loses_a_page(
        self: Network, route: Route, size: float, factor: float, until: float = NEVER, ceiling_Bps: float = NEVER
    ) -> Generator[simpy.Event, Any, float]:
        nonlocal calls
        calls += 1
        sent = yield from send(self, route, size, factor, until, ceiling_Bps)
        stopped = factor == 0.5
        return sent - 4096.0 if (calls == 1 if live else stopped) else sent

    monkeypatch.setattr(Network, "send", loses_a_page)
    with pytest.raises(ModelError, match="arrived, and nothing had cut the transfer" if live else "would resume without all of its"):
        run(point(vm(load=WRITES), of=replace(of, factor_stopped=0.5)))


def test_more_pages_than_were_marked_are_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    sends = Move.sends

    def one_more(self: Move, *, sent: float, **others: Any) -> None:  # noqa: ANN401 - passed on as they are
        sends(self, sent=sent + 1.0, **others)

    monkeypatch.setattr(Move, "sends", one_more)
    with pytest.raises(ModelError, match=r"262145\.0 pages sent of 262144\.0 marked"):
        run(point(vm(), of=ON_390))


def test_messages_out_of_order_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resume before the stop."""
    monkeypatch.setattr(on_390, "VMS2452", VMS2432)
    monkeypatch.setattr(on_390, "VMS2432", VMS2452)
    with pytest.raises(ModelError, match=r"'VMS2452 .*' is out of the order of a migration"):
        run(point(vm(), of=ON_390))


def test_message_of_the_other_su_type_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_390, "VMS2452", HAL0331)
    with pytest.raises(ModelError, match=r"'HAL0331 .*' is out of the order of a migration"):
        run(point(vm(), of=ON_390))


def test_order_is_looked_at_without_a_journal_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of ranks decides, not what is recorded: with VMS2432 ranked first the first VMS2432 comes too late."""
    ranks: dict[Message, int] = {**RANKS["/390"], VMS2432: -1}
    monkeypatch.setitem(RANKS, "/390", ranks)
    with pytest.raises(ModelError, match=r"'VMS2432 .*' is out of the order"):
        replicate(Site.of(point(vm(), of=ON_390)), Draws(1, 0, 1), 0)


def test_transfer_that_never_ends_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(
        self: Network, route: Route, size: float, factor: float, until: float = NEVER, ceiling_Bps: float = NEVER
    ) -> Generator[simpy.Event, Any, float]:
        del until
        self._begin(route, size, factor, ceiling_Bps)
        yield self.env.event()
        return size

    monkeypatch.setattr(Network, "send", hangs)
    with pytest.raises(ModelError, match="1 transfers never ended"):
        run(point(vm(), of=ON_390))


def test_command_that_is_never_answered_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check hangs: nothing moves, all VMs are well, and yet the step is not over."""
    monkeypatch.setattr(Move, "spends", lambda move, *_: move.env.event())
    with pytest.raises(ModelError, match="step out never ended"):
        run(point(vm(), of=ON_390))


def test_memory_that_is_never_freed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgets(self: Move) -> None:
        del self.source.indexes[self.vm.name]
        self.source.memory.remove(self.vm.name, later=True)

    monkeypatch.setattr(Move, "leaves_source", forgets)
    with pytest.raises(ModelError, match="SU S1 has not freed 1073741824 bytes"):
        run(point(vm(), of=ON_X86))


def test_index_given_back_is_free_again() -> None:
    """Twice out and back: the VM keeps its index, since its own was free each time."""
    steps = tuple(Step(f"s{place}", 100.0 * place, "S2" if place % 2 == 0 else "S1", vm="VM1") for place in range(4))
    replication = replicate_alone(Site.of(point(vm(), of=ON_390, steps=steps)), 0)
    assert {each.vm_index for each in replication.journal.displays or []} == {2}
    home: Unit = replication.moves[-1].vm.unit
    assert home.name == "S1"
