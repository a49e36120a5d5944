"""One run at a time writes a folder; what a killed one left is taken over."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from experiment.running import digests, here, written
from sim.errors import ResultsError
from sim.experiment.folder import Folder
from sim.experiment.lock import LOCK, locked


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that nobody holds."""
    out = tmp_path / "out"
    out.mkdir()
    return out


def write_lock(folder: Path, pid: int, host: str) -> None:
    (folder / LOCK).write_text(json.dumps({"pid": pid, "host": host}), encoding="utf-8")


def ended_process() -> int:
    """Return the number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_folder_that_a_running_process_holds_is_refused(tmp_path: Path, folder: Path) -> None:
    write_lock(folder, os.getppid(), platform.node())
    what = rf"another `migr run` writes here \(process {os.getppid()} on {platform.node()}\).*delete {folder}/{LOCK}"
    with pytest.raises(ResultsError, match=what):
        here(written(tmp_path), folder, 20)
    assert [file.name for file in folder.iterdir()] == [LOCK]


def test_folder_that_another_machine_holds_is_refused(tmp_path: Path, folder: Path) -> None:
    """Nobody can see from here whether that process runs."""
    write_lock(folder, ended_process(), "elsewhere")
    with pytest.raises(ResultsError, match="on elsewhere"):
        here(written(tmp_path), folder, 20)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x", "host": "y"}'])
def test_lock_that_was_never_finished_is_taken_over(folder: Path, content: str) -> None:
    (folder / LOCK).write_text(content, encoding="utf-8")
    with locked(Folder(str(folder))):
        assert json.loads((folder / LOCK).read_text(encoding="utf-8"))["pid"] == os.getpid()


def test_lock_of_a_killed_run_is_taken_over(tmp_path: Path, folder: Path) -> None:
    write_lock(folder, ended_process(), platform.node())
    assert here(written(tmp_path), folder, 20).computed == 2
    assert not (folder / LOCK).exists()


def test_lock_goes_with_the_run_whatever_ends_it(folder: Path) -> None:
    def interrupted() -> None:
        with locked(Folder(str(folder))):
            assert (folder / LOCK).exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not (folder / LOCK).exists()


def test_lock_is_no_result(tmp_path: Path) -> None:
    file = written(tmp_path)
    here(file, tmp_path / "out", 20)
    before = digests(tmp_path / "out")
    write_lock(tmp_path / "out", ended_process(), platform.node())
    here(file, tmp_path / "out", 20)
    assert digests(tmp_path / "out") == before
