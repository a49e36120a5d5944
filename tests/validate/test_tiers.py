from __future__ import annotations

from pathlib import Path

import pytest

import sim.validate.tiers
from sim.validate.tiers import TIERS, checks_of_junit, tier_checks

JUNIT = """<testsuites><testsuite name="pytest">
<testcase classname="tests.laws.test_waiting" name="test_a"/>
<testcase classname="tests.laws.test_waiting" name="test_b"><failure message="no">trace</failure></testcase>
<testcase classname="tests.laws.test_sharing.TestIt" name="test_c"/>
<testcase classname="tests.twins.test_shipped_twins" name="test_d"><error message="no">trace</error></testcase>
<testcase classname="tests.reference.test_oracle" name="test_e"><skipped message="not today"/></testcase>
</testsuite></testsuites>"""


def written(folder: Path, **sources: str) -> Path:
    """Return a folder of tiers, each with one file of tests."""
    for tier in TIERS:
        (folder / "tests" / tier).mkdir(parents=True)
        (folder / "tests" / tier / f"test_{tier}_alone.py").write_text(
            sources.get(tier, "def test_it():\n    assert True\n"), encoding="utf-8"
        )
    return folder / "tests"


def test_a_report_becomes_a_check_a_file_and_a_tier_without_tests_is_not_met() -> None:
    found = [(check.group, check.case, check.predicted, check.verdict, check.reason) for check in checks_of_junit(JUNIT)]
    assert found == [
        ("laws", "sharing", "1 of 1", "met", ""),
        ("laws", "waiting", "1 of 2", "not met", "failed: test_b"),
        ("twins", "shipped twins", "0 of 1", "not met", "failed: test_d"),
        ("reference", TIERS["reference"], None, "not met", "no test of it ran"),
    ]


def test_the_tiers_are_run(tmp_path: Path) -> None:
    tests = written(tmp_path, twins="def test_it():\n    assert 1 == 2\n")
    found = {check.group: (check.case, check.verdict) for check in tier_checks(tests=tests)}
    assert found == {"laws": ("laws alone", "met"), "twins": ("twins alone", "not met"), "reference": ("reference alone", "met")}


def test_a_tier_that_pytest_cannot_even_read_is_not_met(tmp_path: Path) -> None:
    checks = tier_checks(tests=written(tmp_path, laws="def test_it(:\n"))
    assert "not met" in {check.verdict for check in checks if check.group == "laws"}


def test_a_tier_that_hangs_is_not_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.validate.tiers, "LIMIT_S", 0.01)
    checks = tier_checks(tests=written(tmp_path))
    assert [check.verdict for check in checks] == ["not met"] * 3
    assert "not ended after 0.01 s" in checks[0].reason


def test_without_a_source_tree_the_tiers_are_skipped(tmp_path: Path) -> None:
    checks = tier_checks(tests=tmp_path)
    assert [(check.group, check.verdict) for check in checks] == [(tier, "skipped") for tier in TIERS]
    assert "only in a source tree" in checks[0].reason


def test_without_pytest_the_tiers_are_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.validate.tiers, "find_spec", lambda _: None)
    assert {check.reason for check in tier_checks(tests=written(tmp_path))} == {
        "pytest is not installed: pip install 'vm-migration-sim[test]'"
    }


def test_the_tiers_of_this_tree_exist() -> None:
    assert all((Path(__file__).parents[1] / tier).is_dir() for tier in TIERS)
