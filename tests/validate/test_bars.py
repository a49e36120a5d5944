"""The judgement of a few migrations whose errors can be computed by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.validate.checks import Check
from sim.validate.score.bars import bar_checks, result_checks
from sim.validate.score.halves import is_calibration
from sim.validate.score.kinds import OTHER_DOWNTIME, POOLED
from sim.validate.score.laboratory import Laboratory, Trial, laboratory_of, with_intervals_of_rivals
from sim.validate.score.rivals import RIVALS
from sim.validate.score.scoring import answered, mean_error, score_of
from validate.small_laboratory import CALIBRATING, SCORED, case, laboratory, outcome, prediction

BLIND, CALIBRATED = "blind, achieved rates", "calibrated, achieved rates"
HALVES = (("scored", SCORED), ("fitted", CALIBRATING))


def lone_pair() -> Laboratory:
    """Return a scored and a calibrating migration, both predicted rightly."""
    cases = [case(name, cell) for name, cell in HALVES]
    predictions = {each.key: prediction(each.key) for each in cases}
    trial = Trial(calibrated=True, requested=False, predictions=predictions)
    return laboratory_of(cases, {key: outcome(key) for key in predictions}, [trial])


def found(small: Laboratory, trial: str = BLIND) -> dict[str, Check]:
    return {check.quantity: check for check in bar_checks(small, trial)}


def test_the_small_laboratory_has_cells_of_either_half() -> None:
    assert (is_calibration(SCORED), is_calibration(CALIBRATING)) == (False, True)


@pytest.mark.parametrize(("factors", "mape", "verdict"), [((1.01, 0.97), 0.02, "met"), ((1.05, 1.03), 0.04, "not met")])
def test_mean_error_of_the_total_time(factors: tuple[float, float], mape: float, verdict: str) -> None:
    check = found(laboratory(dict(zip("ab", factors, strict=True))))["total time, MAPE"]
    assert check.error == pytest.approx(mape)
    assert (check.verdict, check.case) == (verdict, "2 migrations")


def test_the_bar_of_the_bytes_is_tighter() -> None:
    checks = found(laboratory({"a": 1.02}))
    assert (checks["total time, MAPE"].verdict, checks["bytes, MAPE"].verdict) == ("met", "not met")


def test_a_median_forgives_one_wrong_count_of_three() -> None:
    small = laboratory({"a": 1.0, "b": 1.0, "c": 1.0})
    small.estimates.loc[(small.estimates["key"] == "a") & (small.estimates["quantity"] == "sync_count"), "predicted"] = 5.0
    assert found(small)["bitmap reads, median error"].verdict == "met"
    small.estimates.loc[(small.estimates["key"] == "b") & (small.estimates["quantity"] == "sync_count"), "predicted"] = 5.0
    assert found(small)["bitmap reads, median error"].verdict == "not met"


def test_downtime_is_judged_where_the_link_limits() -> None:
    name = "downtime where the link limits, median error"
    assert found(laboratory({"a": 1.05}, link_mbit=1000.0))[name].error == pytest.approx(0.05)
    assert found(laboratory({"a": 1.05}))[name].reason == "nothing was predicted"


def test_pooled_errors_leave_out_downtimes_that_no_link_limits() -> None:
    """Two errors of 10 % (time, bytes) without a link; with one, the downtime's 10 % counts too, but not that of the count, 0 %."""
    for link_mbit in (0.0, 1000.0):
        assert mean_error(laboratory({"a": 1.1}, link_mbit=link_mbit).of(BLIND), POOLED) == pytest.approx(0.1)


def test_verdicts_count_migrations_that_did_not_complete_but_errors_do_not() -> None:
    small = laboratory({"a": 1.0})
    assert found(small)["verdicts right"].predicted == "2 of 2"
    score = score_of(small.of(BLIND), "total_time_ms")
    assert score is not None
    assert score.n == 1


def test_a_case_near_its_critical_point_is_not_held_against_us() -> None:
    cases = [case(key) for key in ("a", "b")]
    predictions = {"a": prediction("a"), "b": prediction("b", converges=0.2)}  # b completed, and is predicted not to
    trials = [Trial(calibrated=False, requested=False, predictions=predictions)]
    for near, said, verdict in ((frozenset[str](), "1 of 2", "not met"), (frozenset({"b"}), "1 of 1", "met")):
        checks = found(laboratory_of(cases, {key: outcome(key) for key in "ab"}, trials, near))
        check = checks["verdicts right, outside 10 % of the critical point"]
        assert (check.predicted, check.verdict, checks["verdicts right"].predicted) == (said, verdict, "1 of 2")


def test_a_calibrated_trial_is_scored_on_the_other_half_alone() -> None:
    cases = [case("scored"), case("fitted", cell=CALIBRATING)]
    predictions = {"scored": prediction("scored", 1.01), "fitted": prediction("fitted", 1.5)}
    for calibrated, trial, mape in ((True, CALIBRATED, 0.01), (False, BLIND, 0.255)):
        trials = [Trial(calibrated, requested=False, predictions=predictions)]
        small = laboratory_of(cases, {key: outcome(key) for key in predictions}, trials)
        assert found(small, trial)["total time, MAPE"].error == pytest.approx(mape)


def test_only_migrations_under_kvm_that_something_limits_have_bars() -> None:
    cases = [case("kvm"), case("tcg", accel="tcg"), case("uncapped", group="U"), case("slowed", group="X")]
    predictions = {each.key: prediction(each.key, 1.0 if each.key == "kvm" else 3.0) for each in cases}
    small = laboratory_of(
        cases, {key: outcome(key) for key in predictions}, [Trial(calibrated=False, requested=False, predictions=predictions)]
    )
    assert set(small.of(BLIND)["key"]) == {"kvm"}
    assert {"tcg", "uncapped", "slowed"} <= set(small.estimates["key"])


def test_intervals_are_judged_of_calibrated_trials_alone() -> None:
    names = {"coverage of the 90 % intervals", "bitmap reads, randomised PIT uniform"}
    factors = {"a": 1.0, "b": 1.01}
    assert not names & found(laboratory(factors)).keys()
    assert names <= found(laboratory(factors, calibrated=True), CALIBRATED).keys()


def test_coverage_counts_what_lies_inside() -> None:
    """Predicted 3 % too large with a spread of 2 % to either side: outside; 1 % too large: inside the inner 90 %, 1.8 %."""
    check = found(laboratory({"a": 1.03, "b": 1.01}, calibrated=True), CALIBRATED)["coverage of the 90 % intervals"]
    assert check.predicted == "2 of 4 inside (50 %)"  # total time and bytes of two migrations


def test_interval_score_is_in_sizes_of_the_case() -> None:
    """All inside, so scores are widths: 3.6 % of 10 s in copies of 512 MiB at 128 MiB/s, 4 s; and of 500 MB in 512 MiB."""
    check = found(lone_pair(), CALIBRATED)["interval score (in sizes of a case)"]
    assert check.error == pytest.approx((0.036 * 10 / 4 + 0.036 * 5e8 / (512 * 2**20)) / 2, rel=1e-6)


def test_intervals_of_a_rival_that_err_by_nothing_are_not_beaten() -> None:
    """Its only calibrating case errs just as the scored one does, so its interval is what was measured: a score of 0."""
    check = found(lone_pair(), CALIBRATED)["interval score (in sizes of a case)"]
    assert check.verdict == "not met"
    assert check.bar.startswith("< 0 (")


def test_rivals_are_beaten_and_named() -> None:
    """RAM over bandwidth, informed: 512 MiB at 128 MiB/s are 4 s for 10 s, and 537 MB for 500 MB."""
    check = found(laboratory({"a": 1.01}))["group B: pooled MAPE against the rivals"]
    assert check.verdict == "met"
    assert check.error == pytest.approx(0.01)
    assert any(name in check.bar for name in RIVALS)


def test_whoever_is_worse_than_a_rival_does_not_meet_the_bar() -> None:
    """Every rival says something finite of a guest that writes so little; ours is 50 times too long."""
    assert found(laboratory({"a": 50.0}))["group B: pooled MAPE against the rivals"].verdict == "not met"


def test_downtimes_of_a_link_and_of_a_cap_have_intervals_of_their_own() -> None:
    """Informed, a rival foretells the limit, 300 ms. Calibrating cases took 50 ms under a cap and 150 on a link; so do the intervals.

    A link of 2,000 Mbit/s (238 MiB/s) under a cap of 128 MiB/s decides nothing.
    """
    links = {"capped": 0.0, "fast link": 2000.0, "link": 1000.0}
    cases = [case(f"{half} {name}", cell, link_mbit=link) for half, cell in HALVES for name, link in links.items()]
    predictions = {each.key: prediction(each.key) for each in cases}
    outcomes = {
        key: replace(outcome(key), downtime_ms=150.0 if key.endswith(" link") and "fast" not in key else 50.0) for key in predictions
    }
    small = laboratory_of(cases, outcomes, [Trial(calibrated=True, requested=False, predictions=predictions)])
    rows = small.of(CALIBRATED, "RAM / bandwidth, informed")
    rows = rows[rows["quantity"] == "downtime_ms"].set_index("key")
    assert rows["high"].to_dict() == pytest.approx({"scored capped": 50.0, "scored fast link": 50.0, "scored link": 150.0})
    assert len(answered(rows, OTHER_DOWNTIME)) == 2


def test_intervals_of_rivals_come_from_the_calibrating_half() -> None:
    """One calibrating pair with measured / predicted = f: the interval of every migration is its point times f, without width."""
    cases = [case("scored"), case("fitted", cell=CALIBRATING)]
    predictions = {each.key: prediction(each.key) for each in cases}
    small = laboratory_of(
        cases, {key: outcome(key) for key in predictions}, [Trial(calibrated=False, requested=False, predictions=predictions)]
    )
    rows = small.estimates[(small.estimates["predictor"] == "RAM / bandwidth") & (small.estimates["quantity"] == "total_time_ms")]
    assert rows["low"].tolist() == pytest.approx([10_000.0, 10_000.0])  # 8,000 ms predicted, 10,000 measured: f = 1.25
    assert rows["high"].tolist() == rows["low"].tolist()
    assert with_intervals_of_rivals(small.estimates).equals(small.estimates)


def test_results_without_bars_fail_nothing() -> None:
    checks = result_checks(laboratory({"a": 3.0}), BLIND)
    assert {check.verdict for check in checks} == {"no bar"}
    assert checks[0].quantity == "total time, MAPE"
