"""A run killed at random moments, again and again: what is finished stays, and in the end the bytes are those of an unbroken run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

import sim.experiment.execution.parts
from experiment.running import command, digests, given, here, part_files, written
from sim.experiment.execution.engines import Wanted

KILLS = 2
LATEST_S = {"simpy": 0.4, "lockstep": 0.1}  # after a part: some parts' time
PATIENCE_S = 60.0

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="kills a group of processes")


# As many replications as give either engine some twenty parts and more work than the two runs do that are killed.
@pytest.mark.parametrize(("engine", "workers", "replications"), [("simpy", "1", "400"), ("simpy", "2", "400"), ("lockstep", "2", "1280")])
def test_run_killed_at_random_moments_ends_with_the_bytes_of_an_unbroken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Wanted, workers: str, replications: str
) -> None:
    """The moments are drawn from a fixed seed; where in its work they meet the run depends on the machine, and must not matter."""
    file, out = written(tmp_path), tmp_path / "out"
    moments = random.Random(int(workers))  # noqa: S311 - any moment will do
    options = ["--workers", workers, "--engine", engine, "--replications", replications, "--messages", "0", "--rounds"]
    arguments = command(file, out, *options)
    broken = 0
    for _ in range(KILLS):
        before = {name: (out / "migrations.parquet" / name).stat().st_mtime_ns for name in part_files(out)}
        broken += killed(arguments, out, moments.uniform(0.0, LATEST_S[engine]))
        kept = {name: (out / "migrations.parquet" / name).stat().st_mtime_ns for name in part_files(out)}
        assert before.items() <= kept.items(), "a finished part was lost or written again"
    assert broken, "every run ended before it was killed"
    done = given(file, out, *options)
    assert done.returncode == 0, done.stderr
    assert [found.name for found in out.rglob("*") if "unfinished" in found.name or "lock" in found.name] == []
    monkeypatch.setattr(sim.experiment.execution.parts, "ROWS", 1)
    here(file, tmp_path / "unbroken", int(replications), messages=0, rounds=True, engine=engine)
    assert digests(out) == digests(tmp_path / "unbroken")


def killed(arguments: list[str], out: Path, wait_s: float) -> bool:
    """Start the run and kill it with its workers some time after its next part; say whether it was still running."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    before, deadline = len(part_files(out)), time.monotonic() + PATIENCE_S
    while len(part_files(out)) == before and process.poll() is None:
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
    time.sleep(wait_s)
    running = process.poll() is None
    with suppress(ProcessLookupError):  # it has ended, and so have its workers
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return running
