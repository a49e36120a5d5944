"""When each policy ends the pre-copy, from what it sees after a round."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.model.rounds import RULES, Policy, Seen, chase_deadline
from sim.scenario import catalogue

SEEN = Seen(number=1, dirty=1000.0, marked=2000.0, total=10000.0, memory=10000.0, seconds_to_send=1.0)
XEN = Policy("xen", max_rounds=5, few_pages=50)
LEGACY = Policy("xen-legacy", max_rounds=29, few_pages=50, max_memory_factor=3, skips=True)
VM2000 = Policy("vm2000", stop_goal_s=2.0, chase_limit_s=300.0)


def test_every_policy_of_the_catalogue_has_a_rule() -> None:
    assert set(RULES) == set(catalogue.policies())


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
