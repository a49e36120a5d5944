"""Score tables of a laboratory of six migrations, by hand."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from sim.validate.predict.predictions import LINK_DOWNTIME
from sim.validate.score.kinds import OTHER_DOWNTIME, POOLED, link_decides, of_kind
from sim.validate.score.laboratory import OURS
from sim.validate.score.rivals import LOOPBACK_BPS
from sim.validate.score.scores import Confusion
from sim.validate.score.scoring import Duel, confusion_of, coverage_of, duel_of_errors, duel_of_intervals, exact, mean_error, score_of

RIVAL = "a rival"
# 100 MiB touched; at 100 MiB/s a copy takes 1,000 ms.
CASE: dict[str, Any] = {
    "accel": "kvm",
    "group": "B",
    "memory_mib": 200,
    "filled": 0.5,
    "cap_mibs": 100.0,
    "link_mbit": 0.0,
    "limit_ms": 300.0,
    "scored": True,
}
NAN = math.nan


def _estimate(predictor: str, key: str, predicted: float, measured: float = 1000.0, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    row = {"predictor": predictor, "key": key, "cell": key, "quantity": "total_time_ms", "low": NAN, "high": NAN}
    return {**CASE, **row, "predicted": predicted, "measured": measured, **more}


def _table(*estimates: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(estimates))


def _of(table: pd.DataFrame, predictor: str) -> pd.DataFrame:
    return table[table["predictor"] == predictor]


def test_rival_that_gives_up_on_hard_cases_is_compared_on_the_others() -> None:
    """Ours errs by 2 and 40 %, the rival by 5 % and has no answer to the second: on the first alone ours errs by 2 %."""
    table = _table(
        _estimate(OURS, "easy", 1020.0),
        _estimate(OURS, "hard", 1400.0),
        _estimate(RIVAL, "easy", 950.0),
        _estimate(RIVAL, "hard", NAN),
    )
    duel = duel_of_errors(table, RIVAL, "total_time_ms")
    assert (duel.rival, duel.n, duel.answered) == (RIVAL, 1, 2)
    assert (duel.theirs, duel.ours, duel.all_ours, duel.ratio) == pytest.approx((0.05, 0.02, 0.21, 0.4), rel=1e-9)
    score = score_of(_of(table, RIVAL), "total_time_ms")
    assert score is not None
    assert score.n == 1
    assert score.mape == pytest.approx(0.05)


def test_rival_without_any_answer_has_no_score_and_wins_nothing() -> None:
    table = _table(_estimate(OURS, "one", 1010.0), _estimate(RIVAL, "one", NAN))
    assert score_of(_of(table, RIVAL), "total_time_ms") is None
    assert math.isnan(mean_error(_of(table, RIVAL), "total_time_ms"))
    assert coverage_of(_of(table, RIVAL), POOLED) is None
    duel = duel_of_errors(table, RIVAL, "total_time_ms")
    assert (duel.n, duel.ratio) == (0, -1.0)


def test_rival_without_error_cannot_be_beaten() -> None:
    assert Duel(RIVAL, 3, 0.1, 0.0, 0.1, 3).ratio == math.inf


def test_downtimes_of_a_link_and_of_a_cap_are_two_kinds() -> None:
    """Caps and links of 100 MiB/s and 1,000 Mbit/s (119.2 MiB/s): the slower one decides. What took no time has no percentage."""
    downtime: dict[str, Any] = {"quantity": "downtime_ms", "measured": 100.0}
    table = _table(
        _estimate(OURS, "cap", 110.0, **downtime),
        _estimate(OURS, "link", 130.0, **downtime, cap_mibs=0.0, link_mbit=1000.0),
        _estimate(OURS, "nothing", 5.0, quantity="downtime_ms", measured=0.0),
    )
    assert [mean_error(table, kind) for kind in (LINK_DOWNTIME, OTHER_DOWNTIME)] == pytest.approx([0.3, 0.1], rel=1e-9)
    assert len(of_kind(table, "downtime_ms")) == 3
    assert mean_error(table, POOLED) == pytest.approx(0.3, rel=1e-9)


def test_slower_one_of_cap_and_link_decides() -> None:
    table = pd.DataFrame({"cap_mibs": [0.0, 100.0, 119.0, 120.0, 0.0], "link_mbit": [0.0, 0.0, 1000.0, 1000.0, 1000.0]})
    assert link_decides(table).tolist() == [False, False, False, True, True]


def test_exact_counts() -> None:
    """5.4 rounds to 5, 5.6 does not, 6 is not 5."""
    counts = [_estimate(OURS, f"c{place}", said, 5.0, quantity="sync_count") for place, said in enumerate((5.0, 5.4, 5.6, 6.0))]
    assert exact(_table(*counts), "sync_count") == 2


def test_verdicts() -> None:
    table = pd.DataFrame({"predicted": [True, False, True, False], "completed": [True, True, False, False]})
    assert confusion_of(table) == Confusion(completed=1, false_alarms=1, failed=1, overlooked=1)


def test_interval_scores_are_in_sizes_of_the_case() -> None:
    """A copy takes 1,000 ms: [900, 1100] scores 0.2; [900, 950] misses 1,000 by 50, 0.05 + 20 x 0.05 = 1.05.

    Bytes: 100 MiB, [99, 103] MiB scores 0.04. Downtime on a link: limit 300 ms, [240, 300] scores 0.2. Pooled (0.2 + 0.04 + 0.2) / 3.
    """
    mib = 2**20
    linked: dict[str, Any] = {"quantity": "downtime_ms", "measured": 280.0, "link_mbit": 500.0, "low": 240.0, "high": 300.0}
    table = _table(
        _estimate(OURS, "one", 1000.0, low=900.0, high=1100.0),
        _estimate(RIVAL, "one", 900.0, low=900.0, high=950.0),
        _estimate(OURS, "one", 100.0 * mib, 100.0 * mib, quantity="transferred", low=99.0 * mib, high=103.0 * mib),
        _estimate(OURS, "two", 270.0, **linked),
        _estimate(OURS, "three", 5.0, 6.0, quantity="sync_count", low=5.0, high=7.0),
    )
    assert _score_of_intervals(table, "total_time_ms") == pytest.approx(0.2, rel=1e-9)
    assert _score_of_intervals(table, "sync_count") == pytest.approx(2.0, rel=1e-9)
    duel = duel_of_intervals(table, RIVAL, POOLED)
    assert (duel.n, duel.answered) == (1, 3)
    assert (duel.all_ours, duel.theirs, duel.ours) == pytest.approx((0.44 / 3, 1.05, 0.2), rel=1e-9)
    ours, theirs = coverage_of(_of(table, OURS), POOLED), coverage_of(_of(table, RIVAL), POOLED)
    assert ours is not None
    assert theirs is not None
    assert (ours.n, ours.inside, theirs.n, theirs.inside) == (3, 3, 1, 0)


def test_size_of_an_uncapped_case_is_a_copy_over_loopback() -> None:
    free = _estimate(OURS, "one", 50.0, 50.0, cap_mibs=8192.0, low=40.0, high=60.0)
    assert _score_of_intervals(_table(free), "total_time_ms") == pytest.approx(20.0 / (1e3 * 100 * 2**20 / LOOPBACK_BPS), rel=1e-9)


def test_smallest_sizes_are_a_page_and_a_tick_of_the_clock() -> None:
    """A guest without touched memory sends 8,192 bytes: [4096, 8192] scores 1. A downtime of a limit of 0: [2, 5] ms scores 3."""
    table = _table(
        _estimate(OURS, "one", 8192.0, 8192.0, quantity="transferred", filled=0.0, low=4096.0, high=8192.0),
        _estimate(OURS, "two", 3.0, 4.0, quantity="downtime_ms", limit_ms=0.0, low=2.0, high=5.0),
    )
    assert _score_of_intervals(table, "transferred") == pytest.approx(1.0, rel=1e-9)
    assert _score_of_intervals(table, OTHER_DOWNTIME) == pytest.approx(3.0, rel=1e-9)


def test_intervals_are_scored_on_the_half_that_does_not_calibrate() -> None:
    """Of the others those without an interval are no answer."""
    table = _table(
        _estimate(OURS, "one", 1000.0, low=900.0, high=1100.0, scored=False),
        _estimate(OURS, "two", 1000.0, low=950.0, high=1050.0),
        _estimate(OURS, "three", 1000.0),
    )
    duel = duel_of_intervals(table, RIVAL, "total_time_ms")
    assert (duel.answered, duel.n) == (1, 0)
    assert duel.all_ours == pytest.approx(0.1, rel=1e-9)


def _score_of_intervals(table: pd.DataFrame, kind: str) -> float:
    return duel_of_intervals(table, RIVAL, kind).all_ours
