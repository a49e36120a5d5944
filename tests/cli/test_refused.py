"""What a command refuses, or tells before it starts: each case in the words that a planner reads."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

import sim.cli
import sim.experiment.answer
import sim.experiment.run
from experiment.running import PART, here, written
from sim.cli import app
from sim.errors import MigrError, ResultsError
from sim.experiment.run import Order, run
from sim.experiment.storage.folder import Folder, not_writable
from sim.scenario.load import load_scenario

FACTS = {
    "old": (
        '{"results_version": -1, "points": ["SU /390", "SU x86"]}',
        "was written by another version of this program (results_version -1",
    ),
    "broken": ('{"results', "/run.json: damaged ("),
    "number": ("3", "/run.json: damaged ("),
    "gone": (None, "holds no run.json, so it is no result folder of `migr run`; name one"),
}


def refused(*arguments: str | Path) -> str:
    """Return the message of a command that has to end with one of our errors, none of them a bug."""
    error = CliRunner().invoke(app, [*map(str, arguments)]).exception
    assert isinstance(error, MigrError), repr(error)
    assert error.exit_code in {2, 3}
    return str(error)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("refused")
    here(written(place), place / "out", 12, messages=0)
    return place / "out"


def with_facts(folder: Path, out: Path, text: str | None) -> Path:
    """Return a copy of a result folder with another run.json."""
    shutil.copytree(folder, out)
    (out / "run.json").unlink()
    if text is not None:
        (out / "run.json").write_text(text, encoding="utf-8")
    return out


@pytest.mark.parametrize(
    ("out", "says"),
    [
        ("", "--out '': is no folder"),
        ("memory://x", "--out memory://x: nothing of it would remain after the command"),
        ("simplecache::memory://x", "nothing of it would remain"),
    ],
)
def test_result_folder_that_would_not_remain(tmp_path: Path, out: str, says: str) -> None:
    assert says in refused("run", written(tmp_path), "--out", out, "--replications", "1")


def test_file_in_the_place_of_the_result_folder(tmp_path: Path) -> None:
    file = written(tmp_path)
    for out in (file, file / "below"):
        assert refused("run", file, "--out", out, "--replications", "1") == (
            f"{out}: is a file, or lies below one, and not a folder; name another folder with --out"
        )


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EACCES, "out: Permission denied; name another folder with --out, or change its rights"),
        (errno.EROFS, "out: Read-only file system; name another folder with --out, or change its rights"),
        (errno.ENOSPC, "out: the disk is full; free space or name another folder with --out, then give the same command again"),
        (errno.ENOENT, "out: No such file or directory; name another folder with --out"),
    ],
)
def test_folder_that_cannot_be_written_is_told_with_its_cause(number: int, says: str) -> None:
    assert str(not_writable("out", OSError(number, os.strerror(number)))) == says


def test_run_that_does_not_fit_on_the_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(ResultsError, match=r"the run needs about .* are free"):
        here(written(tmp_path), tmp_path / "out", 150)
    assert Folder(str(tmp_path / "out")).names() == []


@pytest.mark.parametrize("case", FACTS)
def test_compare_and_trace_refuse_the_same_folders_with_the_same_words(folder: Path, tmp_path: Path, case: str) -> None:
    text, says = FACTS[case]
    out = with_facts(folder, tmp_path / "copy", text)
    told = refused("compare", out, "SU /390", "SU x86")
    assert says in told
    assert refused("compare", folder, out) == told
    assert refused("trace", out, "--worst", "total") == told


def test_folder_whose_run_names_no_points(folder: Path, tmp_path: Path) -> None:
    facts = {**json.loads((folder / "run.json").read_text(encoding="utf-8")), "points": 3}
    out = with_facts(folder, tmp_path / "copy", json.dumps(facts))
    assert "run.json: damaged (it names no points)" in refused("compare", out, "SU /390", "SU x86")


def test_export_of_a_damaged_folder_writes_nothing(folder: Path, tmp_path: Path) -> None:
    out = with_facts(folder, tmp_path / "copy", "{")
    assert "run.json: damaged" in refused("export", out, "--out", tmp_path / "table.csv")
    assert not (tmp_path / "table.csv").exists()


def test_names_that_do_not_exist_are_told_with_those_that_do(folder: Path) -> None:
    assert refused("trace", folder, "--worst", "blub").startswith(
        "--worst 'blub': is no metric; write makespan, end, total, downtime, rounds or sent; "
    )
    assert refused("trace", folder, "--variant", "nix") == "--variant 'nix': no such variant; write one of 'SU /390', 'SU x86'"


def test_comma_at_the_end_of_what_is_varied(tmp_path: Path) -> None:
    told = refused("check", written(tmp_path), "--vary", "vms.DB.memory=8 GiB,")
    assert "vms.DB.memory: ends with a comma; write the value that is to follow it, or remove the comma" in told


def test_cost_names_the_messages_that_a_run_keeps(tmp_path: Path) -> None:
    """A run keeps those of 200 replications; of 150 all; where something is varied none."""
    file = written(tmp_path)
    for more, kept in ((("--set", "experiment.replications=900"), 200), ((), 150), (("--vary", "vms.DB.memory=4 GiB,8 GiB"), 0)):
        ended = CliRunner().invoke(app, ["explain", str(file), "--json", *more])
        assert json.loads(ended.stdout)["cost"]["messages"] == kept


def test_summary_of_more_replications_than_were_asked_for_says_so(tmp_path: Path) -> None:
    file, out = written(tmp_path), tmp_path / "out"
    assert "asked" not in here(file, out, 70, messages=0).summary
    options = ("--no-report", "--replications", "20", "--messages", "0", "--workers", "1", "--engine", "simpy", "--out", str(out))
    words = "20 replications asked for, 70 are in the folder; all of them are in the summary."
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.experiment.execution.parts.PART", PART)
        assert words in CliRunner().invoke(app, ["run", str(file), *options]).stdout
        answered = json.loads(CliRunner().invoke(app, ["run", str(file), *options, "--json"]).stdout)
    assert answered["asked"] == {"text": words, "replications": 20, "in_folder": 70}
    assert "asked" not in json.loads((out / "summary.json").read_text(encoding="utf-8")), "the same bytes, whatever was asked for last"


def test_long_summary_is_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two VMs, two variants, three replications: twelve migrations."""
    said, told = Event(), list[str]()
    summarise = sim.experiment.answer.answer

    def tell(text: str) -> None:
        told.append(text)
        said.set()

    def slow(*arguments: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - hands on what it is given
        assert said.wait(60.0)
        return summarise(*arguments, **more)

    monkeypatch.setattr(sim.experiment.run, "SUMMARY_S", 0.0)
    monkeypatch.setattr(sim.experiment.run, "answer", slow)
    run(Order(load_scenario(written(tmp_path)), 3, tmp_path / "out", 1, 0, rounds=False, command=["migr"], tell=tell), lambda *_: None)
    assert told == ["Summarising about 12 rows of migrations."]


def test_mistake_of_the_program_is_called_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(sim.cli, "app", broken)
    with pytest.raises(SystemExit) as ended:
        sim.cli.main()
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert told.startswith("This is a bug of migr: ZeroDivisionError: by nothing\n")
    assert "in broken" in told


def test_working_folder_that_is_gone(tmp_path: Path) -> None:
    file, gone = written(tmp_path), tmp_path / "gone"
    gone.mkdir()
    script = "import os, shutil, sys; import sim.cli; shutil.rmtree(os.getcwd()); sim.cli.main()"
    arguments = [sys.executable, "-c", script, "run", str(file), "--replications", "1", "--workers", "1"]
    ended = subprocess.run(arguments, check=False, capture_output=True, text=True, cwd=gone)
    assert ended.returncode == 2
    assert ended.stderr == "The working folder is gone: it was deleted or moved; go to another one (cd) and give the command again.\n"
