"""Folders behind URLs, disks that are full or too small: fsspec and the limits of the machine."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import fsspec
import pytest
from typer.testing import CliRunner

from experiment.running import PART, WITH_WORKERS, digests, here, part_files, written
from sim.cli import app
from sim.errors import ResultsError
from sim.experiment.execution.parts import missing_parts
from sim.experiment.storage.disk import estimated_bytes, size_text
from sim.experiment.storage.folder import Folder
from sim.experiment.storage.lock import locked
from sim.experiment.storage.store import Store
from sim.scenario.load import load_scenario


@pytest.fixture
def memory() -> Iterator[str]:
    """Return a URL of an empty folder in memory, which behaves as an object store does."""
    files = fsspec.filesystem("memory")
    yield "memory://runs/one"
    files.rm("/runs", recursive=True)


def test_run_behind_a_url_has_the_bytes_of_a_local_one(tmp_path: Path, memory: str) -> None:
    file = written(tmp_path)
    here(file, tmp_path / "out", 150)
    ran = here(file, memory, 150)
    files = fsspec.filesystem("memory")
    for name in digests(tmp_path / "out"):
        assert files.cat_file(f"/runs/one/{name}") == (tmp_path / "out" / name).read_bytes()
    assert Store(memory).frame("migrations").equals(Store(tmp_path / "out").frame("migrations"))
    assert ran.store.contents().replications == 150


def test_run_behind_a_url_is_continued_and_extended(tmp_path: Path, memory: str) -> None:
    file = written(tmp_path)
    here(file, memory, 40)
    assert here(file, memory, 40).computed == 0
    assert here(file, memory, 150).reused == 2
    files = fsspec.filesystem("memory")
    assert "running.lock" not in Folder(memory).names()
    part = "/runs/one/plans.parquet/point-000-replications-000000000-000000039.parquet"
    files.pipe_file(part, files.cat_file(part)[:100])
    with pytest.raises(ResultsError, match=r"plans\.parquet/point-000-replications-000000000-000000039\.parquet: damaged"):
        here(file, memory, 150)


def test_file_url_is_a_path_of_this_machine(tmp_path: Path) -> None:
    file = written(tmp_path)
    here(file, tmp_path.as_uri() + "/url", 20)
    here(file, tmp_path / "path", 20)
    assert digests(tmp_path / "url") == digests(tmp_path / "path")


def test_url_that_nobody_can_reach_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"nowhere://x: cannot be reached \(.*nowhere.*\); name a path"):
        here(written(tmp_path), "nowhere://x", 20)


def test_url_given_on_the_command_line_is_not_taken_for_a_path(tmp_path: Path) -> None:
    url = (tmp_path / "out").as_uri()
    ended = CliRunner().invoke(app, ["run", str(written(tmp_path)), "--no-report", "--out", url, "--workers", "1", "--replications", "20"])
    assert ended.exit_code == 0, ended.output
    assert f"Results: {url}" in ended.stderr
    assert (tmp_path / "out" / "run.json").exists()


@pytest.mark.parametrize("folder", ["memory://runs/one", "/somewhere/out", Path("somewhere/out")])
def test_store_goes_to_other_processes(folder: Path | str) -> None:
    store = Store(folder)
    assert pickle.loads(pickle.dumps(store)) == store  # noqa: S301 - our own bytes


def test_full_disk_is_told_and_finished_parts_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full when the third part is written, and has room later."""
    file, out = written(tmp_path), tmp_path / "out"
    rename, renamed = os.replace, []

    def full(source: str, target: str) -> None:
        if "migrations.parquet" in target:
            renamed.append(target)
        if len(renamed) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)
        rename(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ResultsError, match=f"{out}/migrations.parquet: the disk is full; free space or name another folder"):
        here(file, out, 150)
    monkeypatch.undo()
    assert len(part_files(out)) == 2
    assert not list(out.rglob("*.unfinished*"))
    assert here(file, out, 150).reused == 2
    here(file, tmp_path / "at once", 150)
    assert digests(out) == digests(tmp_path / "at once")


def test_worker_that_cannot_write_ends_the_run_with_a_message(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk: it is real, and workers inherit it. Only parts of migrations exceed it."""
    file, out = written(tmp_path), tmp_path / "out"
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000));"
    large_parts = WITH_WORKERS.replace(f"p.PART = {PART}", "p.PART = 256")
    arguments = [
        "run",
        str(file),
        "--no-report",
        "--out",
        str(out),
        "--workers",
        "2",
        "--engine",
        "simpy",
        "--replications",
        "300",
        "--messages",
        "0",
    ]
    ended = subprocess.run([sys.executable, "-c", limited + large_parts, *arguments], check=False, capture_output=True, text=True)
    assert ended.returncode == 2, ended.stderr
    assert f"{out}/migrations.parquet: File too large; name another folder with --out" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(out.rglob("*.unfinished*"))
    here(file, out, 300, messages=0, part=256)
    here(file, tmp_path / "at once", 300, messages=0, part=256)
    assert digests(out) == digests(tmp_path / "at once")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_folder_that_cannot_be_written_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """As with a folder of somebody else: root, who may run this test, could write it."""

    def refuse(path: str, *_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), path)

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(ResultsError, match=rf"{tmp_path}: {os.strerror(number)}; .*name another folder with --out"):
        Folder(str(tmp_path)).write("run.json", b"{}")
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ResultsError, match=rf"{tmp_path}: {os.strerror(number)}"), locked(Folder(str(tmp_path))):
        pytest.fail("was let in")


def test_run_that_needs_more_than_is_free_is_refused_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(ResultsError, match=r"needs about .* GB and 1 MB are free; store fewer columns \(--columns\), take fewer"):
        here(written(tmp_path), tmp_path / "out", 10_000_000, part=1024)
    assert part_files(tmp_path / "out") == []
    assert here(written(tmp_path), tmp_path / "out", 40).computed == 2


# Without messages the array engine writes the same rows, in a tenth of the time.
@pytest.mark.parametrize(
    ("messages", "rounds", "columns", "engine"),
    [(0, False, (), "lockstep"), (0, False, ("total_s",), "lockstep"), (1024, True, (), "simpy")],
)
def test_estimate_is_near_what_is_written(
    tmp_path: Path, messages: int, rounds: bool, columns: tuple[str, ...], engine: Literal["simpy", "lockstep"]
) -> None:
    """The constants are of other scenarios: no less than 3/4, lest a disk fill, and no more than three times what is written."""
    file = written(tmp_path)
    points = load_scenario(file).points
    parts = missing_parts(points, [engine] * 2, {}, replications=1024, messages=messages, rounds=rounds, columns=columns)
    here(file, tmp_path / "out", 1024, messages=messages, rounds=rounds, columns=columns, part=1024, engine=engine)
    assert len(part_files(tmp_path / "out")) == len(points)
    size = sum(each.stat().st_size for each in (tmp_path / "out").glob("*.parquet/*"))
    assert 0.75 * size <= estimated_bytes(parts, points) <= 3 * size


@pytest.mark.parametrize(
    ("size", "text"), [(1_500, "1.5 kB"), (999_499, "999 kB"), (1_234_567, "1.23 MB"), (12e9, "12 GB"), (3.21e13, "32.1 TB")]
)
def test_sizes_are_told_as_disks_are_sold(size: float, text: str) -> None:
    assert size_text(size) == text
