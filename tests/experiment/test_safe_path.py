"""Workers run the program that started them, whatever lies in the working folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiment.running import WITH_WORKERS, part_files, written
from sim.experiment.execution.workers import SAFE_PATH, safe_path


@pytest.mark.parametrize("where", [("--workers", "2"), ("--cluster", "local:1")], ids=["workers", "cluster"])
def test_another_copy_in_the_working_folder_is_not_used(tmp_path: Path, where: tuple[str, str]) -> None:
    """The command is a script elsewhere, as `migr` is, so that only processes that it starts could see the folder."""
    other, script, out = tmp_path / "clone", tmp_path / "bin" / "migr.py", tmp_path / "out"
    (other / "sim").mkdir(parents=True)
    (other / "sim" / "__init__.py").write_text("raise SystemExit('the other copy')\n", encoding="utf-8")
    script.parent.mkdir()
    script.write_text(f"if __name__ == '__main__':\n    {WITH_WORKERS}\n", encoding="utf-8")
    options = ["--engine", "simpy", "--replications", "150", "--messages", "0", *where]
    arguments = [sys.executable, str(script), "run", str(written(tmp_path)), "--no-report", "--out", str(out), *options]
    ended = subprocess.run(arguments, check=False, capture_output=True, text=True, cwd=other)
    assert (ended.returncode, "the other copy" in ended.stderr) == (0, False), ended.stderr
    assert part_files(out)


@pytest.mark.parametrize("before", [None, "0"])
def test_environment_is_as_before(monkeypatch: pytest.MonkeyPatch, before: str | None) -> None:
    if before is None:
        monkeypatch.delenv(SAFE_PATH, raising=False)
    else:
        monkeypatch.setenv(SAFE_PATH, before)
    with safe_path():
        assert os.environ[SAFE_PATH] == "1"
    assert os.environ.get(SAFE_PATH) == before
