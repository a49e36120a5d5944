"""The critical point against its balance by hand, page by page, and against what was measured."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.validate.score.critical import critical_factor, is_near_critical
from sim.validate.score.laboratory import shipped
from sim.validate.tables.measured import read_cases
from sim.validate.tables.measured_cases import QemuCase, WriteSet
from sim.validate.tables.outcomes import read_outcomes

# 128 MiB/s are 32,768 pages a second; in 100 ms 3,276.8 of them.
CASE = QemuCase(
    key="one",
    cell="one",
    group="B",
    accel="kvm",
    memory_mib=1024,
    fill_mib=512.0,
    sets=(WriteSet(16_384, 32_768.0, "u"),),
    achieved_pps=(),
    curve=(),
    cap_mibs=128.0,
    downtime_limit_ms=100.0,
    link_mbit=0.0,
    auto_converge=False,
    bound_s=60.0,
    prealloc=False,
    policy="qemu",
)


def test_one_set_is_solved_by_hand() -> None:
    """With n f r / (1 + f r L) = B, f = B / (r (n - B L)) = 32,768 / (2 x 13,107.2) = 1.25."""
    assert critical_factor(CASE) == pytest.approx(1.25, rel=1e-9)


def test_longer_limit_leaves_fewer_clean_pages() -> None:
    """L = 0.3 s: 32,768 / (2 x 6,553.6) = 2.5. Beyond 0.5 s all pages can wait: no rate is critical."""
    assert critical_factor(replace(CASE, downtime_limit_ms=300.0)) == pytest.approx(2.5, rel=1e-9)
    assert critical_factor(replace(CASE, downtime_limit_ms=499.0)) < math.inf
    assert critical_factor(replace(CASE, downtime_limit_ms=500.0)) == math.inf


def test_sequential_writer_always_finds_clean_pages_until_all_wait() -> None:
    """It dirties a new page with every write: critical where it writes as fast as pages are sent, 32,768 / 24,576."""
    assert critical_factor(replace(CASE, sets=(WriteSet(16_384, 24_576.0, "s"),))) == pytest.approx(4 / 3, rel=1e-9)
    assert critical_factor(replace(CASE, sets=(WriteSet(3276, 24_576.0, "s"),))) == math.inf


def test_sets_dirty_together() -> None:
    """The set above dirties 16,384 x 2 / (1 + 0.2) = 27,306.67 pages a second; with 5,461.33 from a sequential writer it is critical."""
    both = replace(CASE, sets=(*CASE.sets, WriteSet(16_384, 32_768 - 16_384 * 2 / 1.2, "s")))
    assert critical_factor(both) == pytest.approx(1.0, rel=1e-9)


def test_zipf_law_rank_by_rank() -> None:
    """The balance with every page a class of its own; the classes of the law are right to 0.1 %, f r / (1 + f r L) to about as much."""
    case = replace(CASE, sets=(WriteSet(65_536, 40_000.0, "z", 0.99),))
    weights = np.arange(1, 65_537) ** -0.99
    rates = critical_factor(case) * 40_000.0 * weights / weights.sum()
    assert float((rates / (1.0 + 0.1 * rates)).sum()) == pytest.approx(32_768.0, rel=3e-3)


def test_curve_of_a_set_has_the_critical_point_of_the_set() -> None:
    """Points n (1 - exp(-r t)) of the set above, fitted. The fit is smooth where a set is a single rate: 10 %, no more than "near" is."""
    windows = (0.05, 0.1, 0.3, 1.0, 3.0)
    curve = tuple((window, 16_384 * -math.expm1(-2.0 * window)) for window in windows)
    assert critical_factor(replace(CASE, sets=(), curve=curve)) == pytest.approx(1.25, rel=0.10)


def test_curve_of_a_guest_that_dirties_nothing() -> None:
    assert critical_factor(replace(CASE, sets=(), curve=((1.0, 0.0), (2.0, 0.0)))) == math.inf


def test_who_writes_nothing_or_may_not_stop() -> None:
    assert critical_factor(replace(CASE, sets=())) == math.inf
    assert critical_factor(replace(CASE, downtime_limit_ms=0.0)) == 0.0
    assert not is_near_critical(replace(CASE, sets=()))
    assert not is_near_critical(replace(CASE, downtime_limit_ms=0.0))


@pytest.mark.parametrize(("share", "near"), [(0.89, False), (0.91, True), (1.0, True), (1.09, True), (1.11, False)])
def test_near_is_within_ten_percent_of_the_critical_rate(share: float, near: bool) -> None:
    """The critical rate of the set above is 40,960 writes a second."""
    case = replace(CASE, achieved_pps=(share * 40_960.0,))
    assert is_near_critical(case) == near
    assert not is_near_critical(case, requested=True)


@given(st.floats(0.01, 100.0), st.floats(1.0, 1e5), st.integers(100, 10**6), st.sampled_from("us"))
def test_factor_is_what_it_says(share: float, rate: float, pages: int, pattern: str) -> None:
    """With its rates multiplied by f, the case has f = 1; with any other factor it is divided by it."""
    case = replace(CASE, sets=(WriteSet(pages, rate, "u"), WriteSet(pages, rate / 3, "s" if pattern == "s" else "u")))
    factor = critical_factor(case)
    scaled = replace(case, achieved_pps=(rate * share, rate / 3 * share))
    if math.isfinite(factor):
        assert critical_factor(scaled) == pytest.approx(factor / share, rel=1e-6)
    else:
        assert critical_factor(scaled) == math.inf


def test_measured_verdicts_lie_on_both_sides_of_it() -> None:
    """Of the bundled migrations, those without auto-converge, all that are not near complete if and only if f > 1."""
    outcomes = read_outcomes(shipped("qemu_migrations.csv"))
    seen = []
    for case in read_cases(shipped("qemu_migrations.csv")).cases:
        assert isinstance(case, QemuCase)
        if not case.auto_converge and not is_near_critical(case):
            assert outcomes[case.key].completed == (critical_factor(case) > 1.0), case.key
            seen.append(outcomes[case.key].completed)
    assert seen.count(False) >= 3
    assert seen.count(True) >= 100
