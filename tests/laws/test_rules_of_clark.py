"""The rate-limited rounds of the first live migration (NSDI 2005), by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.builders import CLARK, cluster, point, vm
from laws.one_run import OneRun, migrate_once
from sim.model.load import PAGE, Load
from sim.scenario.point import Link, Point
from twins.engines import differences, of_lockstep, of_simpy

MBIT = 1e6 / 8.0  # bytes per second
PAGES = 4 * 5**8  # all of the VM: five divides it again and again


def _world(load: Load, Bps: float = 1e12, pages: float = PAGES, state: str = "RUNNING") -> Point:
    guest = replace(vm(load=load), memory_bytes=pages * PAGE, touched_pages=pages, state=state)
    return point(guest, of=cluster("x86", CLARK, sender_Bps=1e12, receiver_Bps=1e12), link=Link("net", Bps, 0.0))


def _rates(run: OneRun) -> list[float]:
    """Return the rate of each live round, Mbit/s."""
    return [each.sent_pages * PAGE / each.duration_s / MBIT for each in run.live]


def test_a_constant_dirty_rate_is_sent_50_faster_than_it_grows() -> None:
    """75 Mbit/s are dirtied all the time: round 1 at 100, all others at 125 Mbit/s, so 0.75 and then 0.6 of the round before.

    1,562,500 pages make 1,171,875, 703,125, 421,875, ... down to 19,683 = 3^9, all whole; then rounding to pages enters. Later rounds are
    at 125 Mbit/s within the rounding of half a page. The last live round leaves fewer than 64 pages: it had at most 64 / 0.6, and
    the final set is what it dirtied. Both engines.

    Mutants: the step added to the rate of the round (150, 200, ...); the rate floored at 100 Mbit/s once more; a stop at 64 pages or more.
    """
    world = _world(Load("sweep", sweeps=((1e9, 75 * MBIT / PAGE),)))
    run = migrate_once(world)
    sent = [each.sent_pages for each in run.live]
    assert sent[:10] == [PAGES, *(1171875 * 3**k // 5**k for k in range(9))]
    assert sent[9] == 3**9
    assert _rates(run)[0] == pytest.approx(100.0, rel=1e-12)
    assert _rates(run)[1:10] == pytest.approx([125.0] * 9, rel=1e-9)
    for each, rate in zip(run.live[10:], _rates(run)[10:], strict=True):
        assert rate == pytest.approx(125.0, rel=0.5 / (0.6 * each.sent_pages))
    assert run.stopped is not None
    assert run.stopped.sent_pages < 64 <= sent[-1]
    assert not differences(of_lockstep(world, 0, 3), of_simpy(world, 0, 3))


def test_a_guest_that_rewrites_everything_is_chased_from_100_to_500() -> None:
    """All pages are dirty after each round: the dirty rate is that of the round, so each is 50 Mbit/s faster, and nine are live.

    The next would be at 550; the rest goes at 500 Mbit/s. Both engines. Mutants: a stop at 500; no limit for the rest.
    """
    world = _world(Load("hot", sweeps=((1e9, 1e9),)), pages=1000.0)
    run = migrate_once(world)
    assert _rates(run) == pytest.approx([100.0 + 50.0 * k for k in range(9)], rel=1e-9)
    assert run.stopped is not None
    assert run.stopped.sent_pages * PAGE / run.stopped.duration_s / MBIT == pytest.approx(500.0, rel=1e-9)
    assert not differences(of_lockstep(world, 0, 3), of_simpy(world, 0, 3))


def test_the_limits_are_beside_those_of_the_link() -> None:
    """On 200 Mbit/s the third round is the first that the link holds back: 100, 150, 200; and so is the rest, at 200 and not 500.

    At 200 Mbit/s the dirty rate is 200, and 250 would be wanted for ever: a limit of 240 Mbit/s ends it.
    """
    world = _world(Load("hot", sweeps=((1e9, 1e9),)), Bps=200 * MBIT, pages=1000.0)
    clusters = tuple(replace(each, policy=replace(CLARK, max_rate_Bps=240 * MBIT)) for each in world.clusters)
    run = migrate_once(replace(world, clusters=clusters))
    assert _rates(run) == pytest.approx([100.0, 150.0, 200.0], rel=1e-9)
    assert run.stopped is not None
    assert run.stopped.sent_pages * PAGE / run.stopped.duration_s / MBIT == pytest.approx(200.0, rel=1e-9)


@pytest.mark.parametrize(("dirty", "rounds"), [(63.0, 1), (64.0, 2)])
def test_less_than_256_kib_is_not_sent_live(dirty: float, rounds: int) -> None:
    """63 pages are left in peace, 64 are one round more, in which at most a page is dirtied.

    10,000 pages take 10,000 x 4096 / 12.5 MB/s = 3.2768 s; at `dirty` pages in that time a round of 64 pages (41 ms) dirties 0.8.
    """
    run = migrate_once(_world(Load("sweep", sweeps=((1e9, dirty / 3.2768),)), pages=10000.0))
    assert len(run.live) == rounds
    assert run.stopped is not None
    assert run.stopped.sent_pages == (63.0 if rounds == 1 else 1.0)


def test_a_vm_that_does_not_run_is_sent_at_the_largest_rate() -> None:
    """Nobody is there whom the transfer could disturb: 500 Mbit/s. Both engines."""
    world = _world(Load("none"), pages=1000.0, state="DOWN")
    run = migrate_once(world)
    assert _rates(run) == pytest.approx([500.0], rel=1e-9)
    assert not differences(of_lockstep(world, 0, 3), of_simpy(world, 0, 3))
