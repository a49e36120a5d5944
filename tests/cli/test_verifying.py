"""`migr verify --quick`, as it runs at a user's: every group has its rows, the exit code says what they say, the report is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sim.cli import app
from sim.errors import ObjectiveMissed, ResultsError, UsageError


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, dict[str, Any], str]:
    """Return how the command ended, its data, and its report."""
    out = tmp_path_factory.mktemp("verify") / "report"
    done = CliRunner().invoke(app, ["verify", "--quick", "--json", "--out", str(out)])
    assert done.exception is None or isinstance(done.exception, ObjectiveMissed), repr(done.exception)
    return done, json.loads(done.stdout), (out / "index.html").read_text(encoding="utf-8")


def test_every_group_has_rows_in_order(ran: tuple[Result, dict[str, Any], str]) -> None:
    groups = list(dict.fromkeys(check["group"] for check in ran[1]["checks"]))
    assert groups == ["laws", "twins", "reference", "simgrid", "published", "curves", "qemu: calibrated, achieved rates"]


def test_the_exit_code_says_whether_all_is_met(ran: tuple[Result, dict[str, Any], str]) -> None:
    done, content, _ = ran
    missed = content["counts"]["not met"]
    if missed:
        assert isinstance(done.exception, ObjectiveMissed)
        assert done.exception.exit_code == 5
        assert str(done.exception) == f"{missed} of {len(content['checks'])} checks are not met."
    else:
        assert (done.exit_code, done.exception) == (0, None)


def test_what_quick_leaves_out_is_named_and_fails_nothing(ran: tuple[Result, dict[str, Any], str]) -> None:
    left_out = {check["group"]: check["verdict"] for check in ran[1]["checks"] if "--quick" in check["reason"]}
    assert left_out == dict.fromkeys(("laws", "twins", "reference"), "skipped")


def test_simgrid_agrees_and_every_bar_of_measured_migrations_is_met(ran: tuple[Result, dict[str, Any], str]) -> None:
    rows = [check for check in ran[1]["checks"] if check["group"] in {"simgrid", "qemu: calibrated, achieved rates"}]
    assert [check for check in rows if check["verdict"] not in {"met", "no bar"}] == []
    assert sum(check["group"] == "simgrid" for check in rows) == 18
    assert sum(check["verdict"] == "met" for check in rows) >= 18 + 13


def test_only_published_migrations_are_known_misses_and_they_say_why(ran: tuple[Result, dict[str, Any], str]) -> None:
    known = [check for check in ran[1]["checks"] if check["verdict"] == "known miss"]
    assert {check["group"] for check in known} == {"published"}
    assert all(check["reason"] for check in known)
    assert "Known misses of published migrations" in ran[2]


def test_the_report_says_what_the_data_says(ran: tuple[Result, dict[str, Any], str]) -> None:
    counts, text = ran[1]["counts"], ran[2]
    assert f"{counts['met']} of {counts['met'] + counts['not met'] + counts['known miss']} checks are met" in text
    assert text.count("<svg ") == 4
    assert all(check["case"].split(":")[0] in text for check in ran[1]["checks"])


def test_a_folder_of_cases_that_is_none_is_told_before_anything_is_computed(tmp_path: Path) -> None:
    error = CliRunner().invoke(app, ["verify", "--quick", "--cases", str(tmp_path / "gone"), "--out", str(tmp_path / "out")]).exception
    assert isinstance(error, UsageError)
    assert not (tmp_path / "out" / "index.html").exists()


def test_a_report_that_cannot_be_written_is_told_before_anything_is_computed(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    error = CliRunner().invoke(app, ["verify", "--quick", "--out", str(tmp_path / "taken")]).exception
    assert isinstance(error, ResultsError)


def test_whoever_interrupts_is_told_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C: exit 130, a sentence, no report. Mutant: without the sentence, as the command line's own handler ends."""

    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.validate.verification.verify", interrupted)
    done = CliRunner().invoke(app, ["verify", "--quick", "--out", str(tmp_path / "report")])
    assert done.exit_code == 130
    assert "Interrupted. No report was written" in done.stderr
    assert not list((tmp_path / "report").iterdir())
