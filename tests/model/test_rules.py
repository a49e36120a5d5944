"""When each policy ends the pre-copy, from what it sees after a round."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.model.draws import LAST
from sim.model.rounds import RULES, Policy, Seen, chase_deadline
from sim.scenario import catalogue

SEEN = Seen(
    number=1, dirty=1000.0, marked=2000.0, total=10000.0, memory=10000.0, seconds_to_send=1.0, sent=2000.0, took_s=2.0, steady=False
)
XEN = Policy("xen", max_rounds=5, few_pages=50)
LEGACY = Policy("xen-legacy", max_rounds=29, few_pages=50, max_memory_factor=3, skips=True)
VM2000 = Policy("vm2000", stop_goal_s=2.0, chase_limit_s=300.0)
CLARK = Policy("clark", few_pages=64, start_rate_Bps=12.5e6, rate_step_Bps=6.25e6, max_rate_Bps=62.5e6)
SIMGRID = Policy("simgrid", stop_goal_s=0.03)


def test_every_policy_of_the_catalogue_has_a_rule() -> None:
    """Those that look after each round, and `qemu`, which looks while it sends."""
    assert {*RULES, "qemu"} == set(catalogue.policies())


@pytest.mark.parametrize("name", ["xen", "xenserver"])
@pytest.mark.parametrize(("dirty", "last"), [(0.0, True), (49.0, True), (50.0, False), (1e6, False)])
def test_xen_sends_fewer_than_50_pages_and_leaves(name: str, dirty: float, last: bool) -> None:
    """They are sent live: the pre-copy does not stop before. Nothing else matters, least of all the time to send them."""
    for seconds in (0.0, 1e9):
        verdict = RULES[name](replace(XEN, name=name), SEEN._replace(dirty=dirty, seconds_to_send=seconds, total=1e9))
        assert (bool(verdict.stop), bool(verdict.last)) == (False, last)


@pytest.mark.parametrize(("number", "last"), [(1, False), (2, True), (3, True)])
def test_xenserver_looks_from_the_second_round_on(number: int, last: bool) -> None:
    assert (
        RULES["xenserver"](replace(XEN, name="xenserver", max_rounds=4, from_round=2), SEEN._replace(number=number, dirty=0.0)).last == last
    )


@pytest.mark.parametrize(
    ("marked", "total", "stop"), [(49.0, 0.0, True), (50.0, 30000.0, False), (50.0, 30001.0, True), (9000.0, 29999.0, False)]
)
def test_legacy_xen_stops_after_a_round_of_few_marked_pages_or_after_3_times_the_memory(marked: float, total: float, stop: bool) -> None:
    """Sent + skipped < 50, or total > 3 x memory (not >=); the pages dirty now do not matter."""
    verdict = RULES["xen-legacy"](LEGACY, SEEN._replace(marked=marked, total=total, dirty=0.0))
    assert (bool(verdict.stop), bool(verdict.last)) == (stop, False)


@pytest.mark.parametrize(("seconds", "stop"), [(0.0, True), (2.0, True), (2.0000001, False), (300.0, False)])
def test_vm2000_stops_when_the_rest_takes_no_longer_than_the_goal(seconds: float, stop: bool) -> None:
    """What remains is at most rate x goal; how many pages they are does not matter."""
    verdict = RULES["vm2000"](VM2000, SEEN._replace(seconds_to_send=seconds, dirty=10.0))
    assert (bool(verdict.stop), bool(verdict.last)) == (stop, False)


@pytest.mark.parametrize(("ended", "lasted", "deadline"), [(100.0, 90.0, 400.0), (500.0, 450.0, 950.0), (300.0, 300.0, 600.0)])
def test_the_chase_ends_the_larger_of_limit_and_round_1_after_round_1(ended: float, lasted: float, deadline: float) -> None:
    assert chase_deadline(VM2000, ended, lasted) == deadline


@pytest.mark.parametrize(
    ("dirty", "took_s", "stop", "Mbit"),
    [
        (63.0, 1.0, True, None),  # 252 KiB
        (64.0, 1.0, False, 52.097152),  # 256 KiB are not less than 256 KB: 2.097152 Mbit/s and 50
        (13732.0, 1.0, False, 499.970176),
        (13733.0, 1.0, True, None),  # 500.002944 Mbit/s would be needed
        (13733.0, 2.0, False, 275.001472),  # in twice the time, half the rate
    ],
)
def test_clark_adds_50_to_the_dirty_rate_and_stops_above_500(dirty: float, took_s: float, stop: bool, Mbit: float | None) -> None:
    """Rate = dirty x 4096 x 8 / duration + 50 Mbit/s, by hand; how much was sent does not matter."""
    verdict = RULES["clark"](CLARK, SEEN._replace(dirty=dirty, took_s=took_s))
    assert (bool(verdict.stop), bool(verdict.last), bool(verdict.hopeless)) == (stop, False, False)
    if Mbit is not None:
        assert verdict.ceiling_Bps == pytest.approx(Mbit * 1e6 / 8.0, rel=1e-12)


def test_clark_stops_above_the_largest_rate_and_not_at_it() -> None:
    """1,000 pages in 4.096 s are 1 MB/s; 61.5 more are the limit of 62.5 MB/s, a byte per second more passes it."""
    seen = SEEN._replace(dirty=1000.0, took_s=4.096)
    stops = [bool(RULES["clark"](replace(CLARK, rate_step_Bps=step), seen).stop) for step in (61.5e6, 61.5e6 + 1.0)]
    assert stops == [False, True]


@pytest.mark.parametrize(("dirty_B", "stop"), [(122879, True), (122880, True), (122881, False)])
def test_simgrid_compares_whole_bytes_with_the_last_message(dirty_B: int, stop: bool) -> None:
    """2,000 pages in 2 s are 4,096,000 B/s; in 30 ms 122,880 bytes, at most so many may be left. Pages may be fractions.

    Mutants: `<` for `<=`; the mean rate of all messages (total 10,000 pages); the threshold of the first message for ever.
    """
    verdict = RULES["simgrid"](SIMGRID, SEEN._replace(dirty=dirty_B / 4096))
    assert (bool(verdict.stop), bool(verdict.last), bool(verdict.hopeless)) == (stop, False, False)


def test_simgrid_cuts_its_threshold_to_whole_bytes() -> None:
    """2,000 pages in 2.00001 s: 122,879.3 bytes in 30 ms, so 122,879 bytes may be left and 122,879.2 may not (the product is cut)."""
    seen = SEEN._replace(took_s=2.00001)
    stops = [bool(RULES["simgrid"](SIMGRID, seen._replace(dirty=size / 4096)).stop) for size in (122879.0, 122879.2)]
    assert stops == [True, False]


@pytest.mark.parametrize(
    ("number", "dirty", "steady", "hopeless"),
    [
        (2, 2000.0, True, True),  # the same message again, and nothing changes
        (2, 2000.0, False, False),  # the night may bring less
        (1, 2000.0, True, False),  # later messages may have another rate than the first
        (2, 1999.0, True, False),
        (2, 100.0 / 4096, True, False),  # within the threshold
        (LAST - 1, 1999.0, False, False),
        (LAST, 1999.0, False, True),  # no later message has a number
    ],
)
def test_simgrid_gives_up_what_repeats_itself(number: int, dirty: float, steady: bool, hopeless: bool) -> None:
    verdict = RULES["simgrid"](SIMGRID, SEEN._replace(number=number, dirty=dirty, steady=steady))
    assert bool(verdict.hopeless) == hopeless
    assert not (bool(verdict.hopeless) and bool(verdict.stop))
