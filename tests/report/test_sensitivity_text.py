from __future__ import annotations

from typing import Any

from sim.report.sensitivity import answer_of, sensitivity_text


def estimate(value: float, low: float, high: float) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "may_be_0": low <= 0.0 <= high}


def output(*influences: dict[str, Any], unit: str = "s") -> dict[str, Any]:
    return {
        "output": "mean total",
        "unit": unit,
        "influences": list(influences),
        "why_none": "",
        "mean": 90.0,
        "least": 30.0,
        "most": 150.0,
    }


DB = {"group": "DB", "mu_star": estimate(100.0, 90.0, 110.0), "sigma": estimate(3.0, 2.0, 4.0)}
APPL = {"group": "APPL", "mu_star": estimate(10.0, 8.0, 12.0)}
NET = {"group": "net", "mu_star": estimate(0.5, -0.1, 1.1), "sigma": estimate(1.0, 0.5, 1.5)}


def test_the_answer_names_what_matters_most_and_what_may_not_matter() -> None:
    assert answer_of(output(DB, APPL, NET)) == (
        "DB matters most: moving it through its range changes it by 1 min 40 s (1 min 30 s to 1 min 50 s). "
        "By mu* not to be told from 0: net."
    )


def test_the_answer_says_when_intervals_do_not_tell_the_first_from_the_next() -> None:
    close = {"group": "APPL", "mu_star": estimate(95.0, 85.0, 105.0)}
    assert "The intervals do not tell it from APPL." in answer_of(output(DB, close, NET))


def test_nothing_matters_where_every_interval_includes_0() -> None:
    assert answer_of(output(NET)) == "By their mu* nothing can be told from 0; take more --samples or more replications."


def test_shares_of_the_variance_are_told_alone_and_in_all() -> None:
    db = {"group": "DB", "first": estimate(0.7, 0.65, 0.75), "total": estimate(0.8, 0.72, 0.88)}
    told = "DB matters most: it explains 70.0 % of the variance alone (65.0 % to 75.0 %), 80.0 % in all (72.0 % to 88.0 %)."
    assert answer_of(output(db)) == told
    wide = {"group": "DB", "first": estimate(0.7, 0.2, 1.2), "total": estimate(0.8, 0.3, 1.3)}
    assert answer_of(output(wide)).endswith("These intervals are wide; take more --samples.")


def test_what_only_the_other_index_tells_is_said_of_that_index() -> None:
    """In all 0 is within both intervals; alone it is not within that of DB."""
    db = {"group": "DB", "first": estimate(0.6, 0.2, 1.0), "total": estimate(0.7, -0.1, 1.5)}
    net = {"group": "net", "first": estimate(0.1, -0.3, 0.5), "total": estimate(0.3, -0.2, 0.8)}
    assert answer_of(output(db, net)) == (
        "By their share in all nothing can be told from 0; take more --samples or more replications. By their share alone DB can."
    )


def test_a_share_alone_that_may_be_0_is_no_finding() -> None:
    db = {"group": "DB", "first": estimate(0.1, -0.2, 0.4), "total": estimate(0.8, 0.7, 0.9)}
    assert "it explains 80.0 % in all (70.0 % to 90.0 %); what it explains alone is not to be told from 0" in answer_of(output(db))


def test_the_largest_estimate_that_may_be_0_does_not_matter_most() -> None:
    wide = {"group": "APPL", "mu_star": estimate(120.0, 0.0, 260.0)}
    answer = answer_of(output(wide, DB))
    assert answer.startswith("APPL has the largest mu*, but its interval includes 0; that of DB does not;")
    assert "most" not in answer


def test_impossible_shares_are_no_finding_but_a_call_for_samples() -> None:
    """136.8 % of the variance is an error of the estimate; 103 % is near enough to all of it."""
    few = {"group": "DB", "first": estimate(1.368, 0.9, 1.8), "total": estimate(0.9, 0.5, 1.3)}
    answer = answer_of(output(few))
    assert answer.startswith("Too few samples")
    assert "matters" not in answer
    near = {"group": "DB", "first": estimate(1.03, 0.95, 1.11), "total": estimate(1.0, 0.95, 1.05)}
    assert answer_of(output(near)) == (
        "DB matters most: it explains 100.0 % of the variance alone (95.0 % to 100.0 %), 100.0 % in all (95.0 % to 100.0 %)."
    )
    other = {"group": "net", "first": estimate(-0.3, -0.6, 0.0), "total": estimate(0.1, 0.05, 0.15)}
    assert answer_of(output(near, other)).endswith("take more --samples.")


def test_the_text_has_ranges_tables_and_reasons() -> None:
    none = {"output": "mean downtime", "unit": "s", "influences": [], "why_none": "it is the same in all 24 points"}
    found = {
        "method": "morris",
        "samples": 6,
        "points": 24,
        "groups": {"DB": ["vms.DB.memory", "loads.hot.spread"], "APPL": ["vms.APPL.memory"]},
        "ranges": {
            "vms.DB.memory": {"from": "8 GiB", "to": "64 GiB"},
            "loads.hot.spread": {"from": "10 %", "to": "60 %"},
            "vms.APPL.memory": {"from": "2 GiB", "to": "8 GiB"},
        },
        "variants": [{"variant": "SU x86", "outputs": [output(DB, APPL, NET), none]}],
    }
    text = sensitivity_text(found, 1000, 120)
    assert "24 points, 1,000 replications each" in text
    assert "DB: vms.DB.memory 8 GiB to 64 GiB, loads.hot.spread 10 % to 60 %" in text
    assert "--- SU x86 ---" in text
    assert "mean total: 1 min 30 s on average, 30 s to 2 min 30 s" in text
    assert "mean downtime: no indices, it is the same in all 24 points." in text
    (line,) = (line for line in text.splitlines() if line.startswith("net "))
    assert line.split() == ["net", "500", "ms", "-100", "ms", "to", "1.1", "s", "~", "1", "s", "500", "ms", "to", "1.5", "s"]
