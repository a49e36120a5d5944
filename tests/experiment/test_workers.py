"""Worker processes of this machine: what is done about one that is killed, that rounds differently, or that is no longer wanted."""

from __future__ import annotations

import os
import signal
import subprocess
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import sim.experiment.execution.counting
import sim.experiment.execution.parts
import sim.experiment.execution.workers
from experiment.other_arithmetic import other_arithmetic
from experiment.processes import PATIENCE_S, descendants, lives, until, workers_of
from experiment.running import REPLICATIONS, command, digests, given, part_files, written
from sim.errors import ResultsError
from sim.experiment.execution.parts import Part
from sim.experiment.execution.workers import compute_all
from sim.experiment.storage.store import Store
from sim.model.draws import BLOCK
from sim.scenario.load import load_scenario

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes through /proc")


def started(file: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    """Start a run with two workers."""
    return subprocess.Popen(
        command(file, out, "--workers", "2", *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def kill(pids: set[int]) -> None:
    """Kill processes as the system does when memory runs out; one that has ended meanwhile is no matter."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@needs_proc
def test_part_of_a_killed_worker_is_computed_again(whole: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    file, expected = whole
    out = tmp_path / "out"
    process = started(file, out, "--replications", REPLICATIONS)
    until(lambda: (len(part_files(out)) >= 3 and bool(workers_of(process.pid))) or process.poll() is not None)
    killed = min(workers_of(process.pid))
    kill({killed})
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, told
    assert not lives(killed)
    assert list(out.rglob("*unfinished*")) == []
    assert digests(out) == expected


@needs_proc
def test_workers_that_are_killed_again_and_again_end_the_run_with_what_to_do(whole: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    file, expected = whole
    out = tmp_path / "out"
    process = started(file, out, "--replications", REPLICATIONS)
    until(lambda: len(part_files(out)) >= 2 or process.poll() is not None)
    kept: list[str] = []
    while process.poll() is None:
        kill(workers_of(process.pid))
        kept = kept or part_files(out)
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2, told
    assert "worker processes were killed from outside twice (out of memory?) while they computed replications" in told
    assert "finished parts are kept: give the same command again, with fewer --workers" in told
    assert "Traceback" not in told
    assert set(kept) <= set(part_files(out))
    done = given(file, out, "--workers", "1", "--replications", REPLICATIONS)
    assert done.returncode == 0, done.stderr
    assert digests(out) == expected


@pytest.mark.parametrize("error", [BrokenPipeError, EOFError])
@pytest.mark.parametrize("times", [1, 2])
def test_worker_that_is_killed_while_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception], times: int) -> None:
    """The pipe through which its work reaches it breaks: once is no matter, twice with the same part ends the run."""
    submit, broken = ProcessPoolExecutor.submit, list[object]()

    def killed(pool: ProcessPoolExecutor, /, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever is submitted
        if len(broken) < times:
            broken.append(pool)
            raise error
        return submit(pool, *arguments, **more)

    monkeypatch.setattr(ProcessPoolExecutor, "submit", killed)
    monkeypatch.setattr(sim.experiment.execution.workers, "STARTING_S", 0.0)
    points, store = load_scenario(written(tmp_path)).points, Store(tmp_path / "out")
    parts = [Part(0, start, start + 20, 0, rounds=False) for start in (0, 20, 40)]
    with store.held():
        if times == 1:
            assert {part for part, _ in compute_all(parts, points, store, 2)} == set(parts)
        else:
            with pytest.raises(ResultsError, match=r"were killed from outside twice .* while they computed replications \d+\.\.\d+ of"):
                list(compute_all(parts, points, store, 2))
    assert len(broken) == times


@needs_proc
def test_ctrl_c_does_not_wait_for_running_parts(tmp_path: Path) -> None:
    """Two parts of the product's size, each some seconds of work: had their end been waited for, they would be there."""
    file, out = written(tmp_path), tmp_path / "out"
    arguments = command(file, out, "--workers", "2", "--replications", "2048")
    arguments[2] = arguments[2].replace("p.PART = 64", "p.PART = 1024")
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until(lambda: len(workers_of(process.pid)) == 2 or process.poll() is not None)
    below = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, told
    assert "Traceback" not in told
    until(lambda: not any(map(lives, below)))
    assert part_files(out) == []
    assert not (out / "running.lock").exists()


def test_worker_that_rounds_differently_is_refused(tmp_path: Path) -> None:
    """The workers fork from a server that is started with vector instructions switched off; the run itself has them."""
    switched = other_arithmetic()
    if switched is None:
        pytest.skip("no instruction that can be switched off here changes a bit of exp or log")
    file, out = written(tmp_path), tmp_path / "out"
    arguments = command(file, out, "--workers", "2", "--replications", REPLICATIONS)
    arguments[2] = f"import os; import sim.experiment.run; os.environ.update({switched!r}); {arguments[2]}"
    done = subprocess.run(arguments, check=False, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 2, done.stderr
    assert f"worker on {os.uname().nodename}: its CPU rounds differently (fingerprint " in done.stderr
    assert "leave this machine out, or compute all of the run on machines of its kind" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_ticks_add_up_to_the_replications_and_come_before_the_end_of_a_part(tmp_path: Path, workers: int) -> None:
    points = load_scenario(written(tmp_path)).points
    store = Store(tmp_path / "out")
    parts = [Part(place, start, start + 40, 0, rounds=False) for start in (0, 40) for place in (0, 1)]
    told: list[int] = []
    before_the_first_part: list[int] = []
    with (
        patch.object(sim.experiment.execution.workers, "STARTING_S", 0.0 if workers > 1 else 1000.0),
        patch.object(sim.experiment.execution.counting, "EVERY_S", 0.0),
        store.held(),
    ):
        for _, failure in compute_all(parts, points, store, workers, told.append):
            assert failure is None
            before_the_first_part = before_the_first_part or told[:]
    assert sum(told) == sum(part.stop - part.start for part in parts)
    assert any(0 < done < 40 for done in before_the_first_part)
    assert len(part_files(tmp_path / "out")) == len(parts)


def test_parts_of_the_array_engine_have_the_same_bytes_with_any_number_of_workers(tmp_path: Path) -> None:
    points = load_scenario(written(tmp_path)).points
    parts = [
        Part(place, start, start + BLOCK, 0, rounds=True, engine="lockstep") for start in range(0, 3 * BLOCK, BLOCK) for place in (0, 1)
    ]
    found = []
    for workers in (1, 2, 3):
        store = Store(tmp_path / str(workers))
        with patch.object(sim.experiment.execution.workers, "STARTING_S", 0.0), store.held():
            assert [failure for _, failure in compute_all(parts, points, store, workers)] == [None] * 6
        found.append({(file.parent.name, file.name): file.read_bytes() for file in (tmp_path / str(workers)).glob("*.parquet/*")})
        assert len(found[-1]) == 6 * len(parts[0].tables)
    assert found[0] == found[1] == found[2]
