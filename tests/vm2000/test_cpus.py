"""CPU arithmetic: numbers worked out by hand, and what must be true of any numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.vm2000.cpus import adjusted, overcommitment, share_changes, shares

CPUS = st.integers(1, 32)


@pytest.mark.parametrize(
    ("running", "blocked", "source", "target", "expected"),
    [
        (4, 0, 4, 4, (4, 0)),  # the same number of real CPUs: nothing changes
        (4, 0, 4, 2, (2, 2)),  # fewer: the surplus is blocked
        (2, 0, 4, 2, (2, 0)),  # fewer, but enough
        (2, 2, 2, 4, (4, 0)),  # back where there are more: attached again
        (2, 2, 2, 3, (3, 1)),  # as far as there is room
        (2, 0, 2, 4, (2, 0)),  # more, and none in BLOCK: those that the guest detached stay detached
        (3, 1, 2, 3, (3, 1)),  # more, but no room
        (6, 1, 4, 5, (6, 1)),  # more virtual CPUs than real ones on both: nothing is attached, nothing blocked
    ],
)
def test_virtual_cpus_follow_the_real_ones_of_the_pool(
    running: int, blocked: int, source: int, target: int, expected: tuple[int, int]
) -> None:
    assert adjusted(running, blocked, source, target) == expected


@given(running=CPUS, blocked=st.integers(0, 32), source=CPUS, target=CPUS)
def test_no_virtual_cpu_comes_or_goes_and_the_guest_keeps_one(running: int, blocked: int, source: int, target: int) -> None:
    after_running, after_blocked = adjusted(running, blocked, source, target)
    assert after_running + after_blocked == running + blocked
    assert after_running >= 1
    assert after_blocked >= 0
    assert after_running <= max(running, target)


@given(running=CPUS, source=CPUS, target=CPUS)
def test_there_and_back_changes_nothing(running: int, source: int, target: int) -> None:
    """For a VM that has no more virtual CPUs than its pool at home has real ones; mutant: one that stays blocked."""
    running = min(running, source)
    there = adjusted(running, 0, source, target)
    assert adjusted(*there, target, source) == (running, 0)


def test_shares_are_quota_over_the_sum_of_the_quotas() -> None:
    assert shares({"A": 10.0, "B": 30.0}) == {"A": 0.25, "B": 0.75}


def test_quotas_of_nothing_share_equally() -> None:
    assert shares({"A": 0.0, "B": 0.0}) == {"A": 0.5, "B": 0.5}
    assert shares({}) == {}


@given(st.dictionaries(st.text("ABC", min_size=1, max_size=3), st.floats(0.01, 99.99), min_size=1, max_size=9))
def test_shares_are_the_whole_pool_and_scale_with_the_quota(quotas: dict[str, float]) -> None:
    """Nine sums of doubles near 1 err by less than nine units in the last place."""
    found = shares(quotas)
    assert math.isclose(sum(found.values()), 1.0, abs_tol=9 * 2.0**-52)
    some = next(iter(quotas))
    assert all(math.isclose(found[name] * quotas[some], found[some] * quota, rel_tol=1e-12) for name, quota in quotas.items())


def test_a_new_vm_takes_from_the_others_of_the_pool() -> None:
    before = shares({"A": 10.0, "C": 10.0})
    after = shares({"A": 10.0, "B": 10.0, "C": 10.0})
    assert share_changes(before, after) == "VM A: 50.0 % -> 33.3 %, VM B: new, 33.3 %, VM C: 50.0 % -> 33.3 %"
    assert share_changes(after, before) == "VM A: 33.3 % -> 50.0 %, VM B: 33.3 %, gone, VM C: 33.3 % -> 50.0 %"


def test_shares_that_nobody_would_see_change_are_not_told() -> None:
    assert share_changes({"A": 0.5}, {"A": 0.50004}) == ""
    assert share_changes({}, {}) == ""


def test_more_than_three_virtual_cpus_a_real_one_are_too_many() -> None:
    assert overcommitment("*STDPOOL", 12, 4) == ""
    assert overcommitment("*STDPOOL", 13, 4) != ""
    assert overcommitment("*STDPOOL", 14, 4) == (
        "CPU pool *STDPOOL has 14 active virtual CPUs on 4 real ones, 3.5 each; at most 3 are recommended"
    )


def test_nothing_is_said_of_a_pool_whose_real_cpus_nobody_knows() -> None:
    assert overcommitment("*STDPOOL", 13, 0) == ""
