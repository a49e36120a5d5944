"""`migr run --assumptions`: what it stores, and that Ctrl-C leaves the results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sim.cli import app

EXAMPLE = Path(__file__).parents[2] / "scenarios" / "console-example.yaml"


def migr(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_the_weights_are_stored_before_the_report_that_shows_them(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = migr("run", EXAMPLE, "--assumptions", "--replications", "40", "--messages", "2", "--workers", "1", "--out", out)
    assert ended.exit_code == 0, ended.output
    stored = json.loads((out / "assumptions.json").read_text(encoding="utf-8"))
    assert stored["question"] == json.loads((out / "run.json").read_text(encoding="utf-8"))["question"]
    assert 'id="figure-weightx0"' in (out / "report.html").read_text(encoding="utf-8")


def test_an_interrupted_weighing_leaves_the_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.experiment.probing.effects.effects", interrupted)
    out = tmp_path / "out"
    ended = migr("run", EXAMPLE, "--assumptions", "--no-report", "--replications", "5", "--workers", "1", "--out", out)
    assert ended.exit_code == 130
    assert f"The results in {out} are complete" in ended.stderr
    assert (out / "summary.json").exists()
    assert not (out / "assumptions.json").exists()
