"""One run at a time writes a folder; what a killed one left is taken over."""

from __future__ import annotations

import errno
import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import sim.experiment.storage.lock
from experiment.running import digests, here, written
from sim.errors import ResultsError
from sim.experiment.storage.folder import Folder
from sim.experiment.storage.lock import LOCK, locked


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


HOLD = "import sys; from sim.experiment.storage.folder import Folder; from sim.experiment.storage.lock import locked\n"
HOLD += "with locked(Folder(sys.argv[1])): print('in', flush=True); sys.stdin.read()"


@contextmanager
def held_by_another(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that holds the folder; it is killed at the end."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        yield process
        process.kill()


def test_folder_that_a_running_process_holds_is_refused_and_taken_over_when_it_is_killed(tmp_path: Path, folder: Path) -> None:
    with held_by_another(folder) as holder:
        what = rf"another `migr run` writes here \(process {holder.pid} on {platform.node()}\).*delete {folder}/{LOCK}"
        with pytest.raises(ResultsError, match=what):
            here(written(tmp_path), folder, 20)
        assert [file.name for file in folder.iterdir()] == [LOCK]
    assert (folder / LOCK).exists()
    assert here(written(tmp_path), folder, 20).computed == 2
    assert not (folder / LOCK).exists()


def test_folder_that_this_process_holds_is_refused(folder: Path) -> None:
    """Such as two runs of a notebook."""
    with locked(Folder(str(folder))), pytest.raises(ResultsError, match=f"process {os.getpid()} on"), locked(Folder(str(folder))):
        pytest.fail("was let in")
    with locked(Folder(str(folder))):
        assert (folder / LOCK).exists()


@pytest.mark.parametrize("left", [None, "", '{"pid": 1, "host": "%s"}'], ids=["new", "empty", "left"])
def test_of_many_that_start_at_once_exactly_one_gets_in(folder: Path, left: str | None) -> None:
    """Each opens the file for itself, as processes do, and the one that is in stays until all have tried."""
    starters = 12
    began, tried = threading.Barrier(starters), threading.Barrier(starters)

    def start(_: int) -> bool:
        began.wait()
        try:
            with locked(Folder(str(folder))):
                tried.wait()
                return True
        except ResultsError:
            tried.wait()
            return False

    with ThreadPoolExecutor(starters) as pool:
        for _ in range(20):
            if left is not None:
                (folder / LOCK).write_text(left.replace("%s", platform.node()), encoding="utf-8")
            assert sum(pool.map(start, range(starters))) == 1


def test_one_at_a_time_is_in_however_often_the_file_comes_and_goes(folder: Path) -> None:
    """Whoever opens the file just before it is removed must not be let in beside who creates the next one."""
    inside, most = [0], [0]

    def go_in_and_out(_: int) -> None:
        for _attempt in range(50):
            with suppress(ResultsError), locked(Folder(str(folder))):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0)  # lets others run
                inside[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(go_in_and_out, range(8)))
    assert most == [1]


@pytest.mark.parametrize(("host", "pid"), [("elsewhere", None), (platform.node(), os.getppid())])
def test_url_that_another_run_holds_is_refused(host: str, pid: int | None) -> None:
    """The machine counts before the number of the process: ours can be that of a process elsewhere."""
    there = Folder(f"memory://lock-{host}")
    there.write(LOCK, json.dumps({"pid": pid or os.getpid(), "host": host}).encode())
    with pytest.raises(ResultsError, match=f"on {host}"), locked(there):
        pytest.fail("was let in")


def test_lock_behind_a_url_of_a_run_that_is_gone_is_taken_over() -> None:
    there = Folder("memory://lock-gone")
    there.write(LOCK, json.dumps({"pid": ended_process(), "host": platform.node()}).encode())
    with locked(there):
        assert json.loads(there.read_bytes(LOCK) or b"")["pid"] == os.getpid()
    assert there.read_bytes(LOCK) is None


def test_filesystem_without_locks_has_the_file_as_lock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(sim.experiment.storage.lock, "_take", refuse)
    with locked(Folder(str(folder))):
        assert json.loads((folder / LOCK).read_text(encoding="utf-8"))["pid"] == os.getpid()
    assert not (folder / LOCK).exists()
    write_lock(folder, os.getppid(), platform.node())
    with pytest.raises(ResultsError, match=f"process {os.getppid()} on"), locked(Folder(str(folder))):
        pytest.fail("was let in")


def test_folder_that_another_machine_holds_is_refused(tmp_path: Path, folder: Path) -> None:
    """Nobody can see from here whether that process runs: some shared filesystems lock for one machine only."""
    write_lock(folder, ended_process(), "elsewhere")
    with pytest.raises(ResultsError, match="on elsewhere"):
        here(written(tmp_path), folder, 20)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x", "host": "y"}'])
def test_lock_that_was_never_finished_and_that_nobody_holds_is_taken_over(folder: Path, content: str) -> None:
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
