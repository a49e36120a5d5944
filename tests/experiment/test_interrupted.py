"""Whatever ends a run from outside: finished parts stay, and the same command goes on to the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from experiment.processes import PATIENCE_S, descendants, lives, until
from experiment.running import REPLICATIONS, command, digests, given, part_files

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes through /proc")


def started(file: Path, out: Path, workers: str) -> subprocess.Popen[str]:
    """Start the run in a process group of its own and wait for its second part."""
    arguments = command(file, out, "--workers", workers, "--replications", REPLICATIONS)
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until(lambda: len(part_files(out)) >= 2 or process.poll() is not None)
    assert process.poll() is None, "the run ended before it could be interrupted"
    return process


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_keeps_finished_parts_and_the_same_command_continues(
    whole: tuple[Path, dict[str, str]], tmp_path: Path, workers: str
) -> None:
    file, expected = whole
    out = tmp_path / "out"
    process = started(file, out, workers)
    below = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does: the whole group gets it
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert f"Interrupted. What is finished is kept in {out}; the same command continues." in told
    assert "Traceback" not in told
    until(lambda: not any(map(lives, below)))
    kept = part_files(out)
    assert 2 <= len(kept) < 10
    assert all(expected[f"migrations.parquet/{name}"] == found for name, found in _migrations(out).items())
    done = given(file, out, "--workers", workers, "--replications", REPLICATIONS)
    assert done.returncode == 0, done.stderr
    assert f"{len(kept)} of 10 parts were there already." in done.stderr
    assert digests(out) == expected


def test_killed_parent_leaves_no_worker_and_the_same_command_continues(whole: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    file, expected = whole
    out = tmp_path / "out"
    process = started(file, out, "3")
    until(lambda: len(descendants(process.pid)) >= 3 or process.poll() is not None)
    below = descendants(process.pid)
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    assert below
    until(lambda: not any(map(lives, below)))
    done = given(file, out, "--workers", "2", "--replications", REPLICATIONS)
    assert done.returncode == 0, done.stderr
    assert digests(out) == expected


def _migrations(out: Path) -> dict[str, str]:
    """Return the digests of the parts of the table of migrations; the summaries of an interrupted run are not there."""
    for name in ("summary.json", "summary.csv"):
        assert not (out / name).exists()
        (out / name).touch()
    found = {Path(name).name: digest for name, digest in digests(out).items() if name.startswith("migrations")}
    for name in ("summary.json", "summary.csv"):
        (out / name).unlink()
    return found
