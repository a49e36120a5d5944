"""When a transfer that does not converge is given up, and what that leaves behind.

The numbers are powers of two, so that every time is exact: 1,024 pages a second, 65,536 touched pages, a pass of 64 s; a sequential writer
dirties everything again in each pass. Rounds end at 64, 128, 192, ... seconds.
"""

from __future__ import annotations

import pytest

from engine.builders import GIB, cluster, point, unit, vm
from laws.one_run import migrate_once
from sim.engine.journal import Journal
from sim.engine.replicate import replicate
from sim.engine.site import Site
from sim.model.draws import Draws
from sim.model.load import PAGE, Load
from sim.model.rounds import Policy
from sim.scenario.point import Link, Point

PAGES, PAGES_PER_S = 65536, 1024.0
PASS_S = PAGES / PAGES_PER_S
ALL_AGAIN = Load("all again", sweeps=((float(PAGES), 2 * PAGES_PER_S),))


def _point(
    chase_limit_s: float, load: Load = ALL_AGAIN, stop_goal_s: float = 2.0, round_trip_s: float = 0.0, factor_live: float = 1.0
) -> Point:
    policy = Policy("vm2000", stop_goal_s=stop_goal_s, chase_limit_s=chase_limit_s)
    world = cluster(policy=policy, sender_Bps=PAGES_PER_S * PAGE, factor_live=factor_live)
    return point(vm(gib=PAGES * PAGE / GIB, load=load), of=world, link=Link("net", 1e12, round_trip_s))


@pytest.mark.parametrize(
    ("limit_s", "ended_s"),
    [(300.0, PASS_S + 300.0), (65.0, PASS_S + 65.0), (64.0, 2 * PASS_S), (10.0, 2 * PASS_S), (0.0, 2 * PASS_S)],
)
def test_the_abort_comes_at_the_limit_after_round_1(limit_s: float, ended_s: float) -> None:
    """The timer starts at the end of round 1 and runs for the larger of the limit and the duration of round 1; then the round is cut.

    Nothing is random and every number is a power of two: the times are exact, asserted with ==. Bytes: the link carries 1,024 pages a
    second from 0 to the abort, and those of the cut round count.

    Mutants: the timer starts with the migration or at the end of set-up; the smaller of the two; the cut round finished or not counted.
    """
    move = migrate_once(_point(limit_s)).move
    assert (move.outcome, move.reason) == ("aborted", "chase-limit")
    assert move.ended_s == ended_s
    assert move.sent_bytes == ended_s * PAGES_PER_S * PAGE
    assert move.sent_pages == ended_s * PAGES_PER_S


@pytest.mark.parametrize("round_trip_s", [0.25, 1.0])
def test_the_limit_holds_inside_a_round_trip_too(round_trip_s: float) -> None:
    """A limit that passes while the next round waits for its round trip cuts that round at the same instant, not after the round trip.

    Round 3 begins two passes and two round trips after the start; its first byte would follow one trip later; the limit is half a trip
    after its beginning. Mutant: the limit looked at only while bytes are on their way.
    """
    limit_s = PASS_S + 1.5 * round_trip_s
    move = migrate_once(_point(limit_s, round_trip_s=round_trip_s)).move
    assert move.outcome == "aborted"
    assert move.ended_s == PASS_S + round_trip_s + limit_s


# Round 2 at half the speed takes 128 s and ends at 192 s. From 64 s on the writer touches 16 pages a second: 2,048 pages remain, which
# take 4 s at the rate of round 2, the stop goal below, and 2 s in the stopped round.
CALMS_DOWN = Load("calms down", sweeps=((float(PAGES), PAGES_PER_S),), day=((0.0, 1.0), (PASS_S, 2.0**-6)))


def test_a_round_that_ends_exactly_at_the_limit_is_finished() -> None:
    """A round ending exactly at the limit is finished: its pages count, and as the rest is small enough the guest is suspended.

    Round 2 ends at 192 s, 128 s after round 1: exactly at the limit. All numbers are powers of two, so the comparison is exact.
    Mutants: a limit one rounding earlier; a round that is cut where it ends anyway and yet aborted.
    """
    result = migrate_once(_point(2 * PASS_S, CALMS_DOWN, stop_goal_s=4.0, factor_live=0.5))
    assert [each.sent_pages for each in result.live] == [PAGES, PAGES]
    assert result.move.outcome == "completed"
    assert result.move.stopped_s == 3 * PASS_S
    assert result.move.final_pages == 2048.0
    assert result.downtime_s == 2.0


def test_a_round_that_would_end_a_moment_later_is_cut() -> None:
    """The same round with a limit 1/1,024 s earlier is cut half a page before its end: all bytes count, the last page does not.

    Mutant: a tolerance in the comparison of times.
    """
    moment = 2.0**-10
    move = migrate_once(_point(2 * PASS_S - moment, CALMS_DOWN, stop_goal_s=4.0, factor_live=0.5)).move
    assert move.outcome == "aborted"
    assert move.ended_s == 3 * PASS_S - moment
    assert move.rounds == 2
    assert move.sent_pages == 2 * PAGES - 1
    assert move.sent_bytes == (2 * PAGES - 0.5) * PAGE


def test_a_round_that_is_cut_before_its_first_page_is_not_counted() -> None:
    """Round 2 ends exactly at the limit and leaves too much: round 3 is cut as it begins; a live round that sends no page is not counted.

    Mutant: every begun round is counted.
    """
    move = migrate_once(_point(PASS_S)).move
    assert (move.outcome, move.ended_s, move.sent_pages) == ("aborted", 2 * PASS_S, 2 * PAGES)
    assert move.rounds == 2


def test_after_the_abort_the_guest_runs_on_the_source() -> None:
    """An abort costs time and nothing else: the VM is live on its source, the target holds nothing of it, and it can be migrated again.

    Mutant: the place on the target is kept, or the guest stays suspended (the world's own check at the end would raise, too).
    """
    result = replicate(Site.of(_point(64.0)), Draws(1, 0, 1), 0, Journal.full())
    (move,) = result.moves
    assert move.vm.live_on is move.source
    assert move.vm.unit is move.source
    assert move.source.memory.has(move.vm.name)
    assert not move.target.memory.has(move.vm.name)
    assert move.target.memory.free_bytes == unit("S2").memory_bytes - unit("S2").reserved_bytes
    assert move.stopped_s is None
    assert move.resumed_s is None
    assert move.source.outgoing.count == 0


def test_the_stopped_round_is_not_supervised() -> None:
    """With the guest suspended nothing is aborted any more: a stop that runs past the limit ends well.

    Round 1 takes 1 + 64 s; all of it is dirty again and would take 65 s at the same mean rate, the stop goal. The timer ends 65 s after
    round 1; one round trip to the suspension, one of the stopped round and 64 s of sending end a second later.
    Mutant: the limit applied to the stopped round.
    """
    result = migrate_once(_point(1.0, stop_goal_s=PASS_S + 1.0, round_trip_s=1.0))
    assert result.move.outcome == "completed"
    assert result.move.rounds == 1
    assert result.move.resumed_s == (PASS_S + 1.0) + 1.0 + 1.0 + PASS_S
