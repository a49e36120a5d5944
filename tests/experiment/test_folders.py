"""Folders that cannot be used: a clear message, nothing lost, nothing written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiment.running import SCENARIO, digests, here, written
from sim.errors import ResultsError
from sim.experiment.probing.replay import stored_rows
from sim.experiment.run import Order
from sim.experiment.storage.folder import Folder
from sim.experiment.storage.store import Store
from sim.scenario.load import load_scenario


@pytest.fixture
def finished(tmp_path: Path) -> tuple[Path, Path]:
    """Return a scenario file and the folder of its finished run of 20 replications."""
    file = written(tmp_path)
    here(file, tmp_path / "out", 20)
    return file, tmp_path / "out"


def content(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_folder_of_another_question_is_refused(finished: tuple[Path, Path], tmp_path: Path) -> None:
    _, out = finished
    before = content(out)
    other = written(tmp_path, SCENARIO.replace("memory: 2 GiB", "memory: 3 GiB"))
    with pytest.raises(ResultsError, match=r"holds the results of another scenario .* name another folder with --out"):
        here(other, out, 20)
    assert content(out) == before


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("results_version", "was written by another version of this program"),
        ("fingerprint", "was computed on a CPU or with a NumPy that rounds differently"),
        ("question", "holds the results of another scenario"),
    ],
)
def test_folder_from_elsewhere_is_refused(finished: tuple[Path, Path], key: str, message: str) -> None:
    file, out = finished
    facts = json.loads((out / "run.json").read_text(encoding="utf-8"))
    facts[key] = "other"
    (out / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    before = content(out)
    with pytest.raises(ResultsError, match=f"{out}: {message}"):
        here(file, out, 20)
    assert content(out) == before


def test_damaged_part_is_named_and_its_removal_mends_it(finished: tuple[Path, Path]) -> None:
    file, out = finished
    before = digests(out)
    part = next(out.glob("plans.parquet/*"))
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(ResultsError, match=f"{part}: damaged .* delete this file and give the same `migr run` again"):
        here(file, out, 20)
    with pytest.raises(ResultsError, match=f"{part}: damaged"):
        Store(out).frame("plans")
    part.unlink()
    assert here(file, out, 20).computed == 1
    assert digests(out) == before


@pytest.mark.parametrize(("table", "column"), [("migrations", "total_s"), ("plans", "makespan_s")])
def test_bit_that_flipped_in_a_number_is_noticed_and_the_removal_of_its_file_mends_it(
    finished: tuple[Path, Path], table: str, column: str
) -> None:
    file, out = finished
    before = digests(out)
    part = min(out.glob(f"{table}.parquet/*"))
    with pq.ParquetFile(part) as whole:
        page = whole.metadata.row_group(0).column(whole.schema_arrow.names.index(column))
    content = bytearray(part.read_bytes())
    content[page.data_page_offset + page.total_compressed_size * 3 // 4] ^= 1  # numbers: the header of the page is shorter than half of it
    part.write_bytes(content)
    for read in (lambda: Store(out).frame(table), lambda: stored_rows(Store(out).contents(), table, 0, 0), lambda: here(file, out, 20)):
        with pytest.raises(ResultsError, match=f"{part}: damaged .*CRC.*delete this file and give the same `migr run` again"):
            read()
    part.unlink()
    assert here(file, out, 20).computed == 1
    assert digests(out) == before


def test_damaged_run_json_is_named(finished: tuple[Path, Path]) -> None:
    file, out = finished
    (out / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(ResultsError, match=r"run\.json: damaged"):
        here(file, out, 20)


def test_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "holiday.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ResultsError, match="is not empty and holds no results of `migr run`"):
        here(written(tmp_path), out, 20)
    assert content(out) == {"holiday.txt": b"mine"}


def test_file_in_the_way_of_the_folder_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("mine", encoding="utf-8")
    for place in (out, out / "below"):
        with pytest.raises(ResultsError, match=str(place)):
            here(written(tmp_path), place, 20)
    assert out.read_text(encoding="utf-8") == "mine"


def test_file_in_the_way_of_a_table_is_refused(finished: tuple[Path, Path]) -> None:
    file, out = finished
    (out / "rounds.parquet").write_text("mine", encoding="utf-8")
    with pytest.raises(ResultsError, match=r"rounds\.parquet"):
        here(file, out, 20, rounds=True)
    assert (out / "rounds.parquet").read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root writes anywhere")
def test_read_only_folder_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o555)
    with pytest.raises(ResultsError, match=f"{out}.*name another folder with --out"):
        here(written(tmp_path), out, 20)


def test_empty_folder_is_used(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert here(written(tmp_path), out, 20).computed == 2


@pytest.mark.parametrize("read", [lambda store: store.frame("migrations"), lambda store: store.summary_frame()])
def test_folder_without_results_is_told_so(tmp_path: Path, read: Callable[[Store], object]) -> None:
    with pytest.raises(ResultsError, match="name a folder that `migr run` wrote"):
        read(Store(tmp_path))


def test_table_that_was_not_asked_for_is_told_so(finished: tuple[Path, Path]) -> None:
    _, out = finished
    with pytest.raises(ResultsError, match=r"no table 'rounds' here; .*--rounds"):
        Store(out).frame("rounds")


def test_leftovers_of_a_killed_run_go_with_the_next_finished_one(finished: tuple[Path, Path]) -> None:
    file, out = finished
    left = out / "migrations.parquet" / "point-000-replications-000000000-000000019.parquet.unfinished-4711"
    left.write_bytes(b"half")
    here(file, out, 20)
    assert not left.exists()


def test_what_a_killed_worker_leaves_during_a_run_goes_with_the_end_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker is killed, the run goes on: what it was writing has no owner any more, and Parquet readers skip it even before."""
    file, out = written(tmp_path), tmp_path / "out"
    replace = os.replace

    def killed(source: str, target: str) -> None:
        replace(source, target)
        if target.endswith(".parquet"):
            Path(source).write_bytes(b"half")

    monkeypatch.setattr(os, "replace", killed)
    with monkeypatch.context() as context:
        context.setattr(Store, "remove_leftovers", lambda _: None)
        here(file, out, 20)
    assert len(list(out.rglob(".*.unfinished-*"))) == len(list(out.rglob("*.unfinished-*"))) >= 4
    assert len(pd.read_parquet(out / "migrations.parquet")) == len(Store(out).frame("migrations"))
    here(file, out, 40)
    assert list(out.rglob("*unfinished*")) == []


def test_two_writes_of_a_file_at_the_same_time_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, names = os.replace, list[str]()

    def meanwhile(source: str, target: str) -> None:
        names.append(source)
        if len(names) == 1:
            Folder(str(tmp_path)).write("a", b"second")
        replace(source, target)

    monkeypatch.setattr(os, "replace", meanwhile)
    Folder(str(tmp_path)).write("a", b"first")
    assert len(set(names)) == 2
    assert content(tmp_path) == {"a": b"first"}


def test_default_folder_is_named_after_scenario_and_question(tmp_path: Path) -> None:
    """Two scenarios of one name that ask different things do not meet."""
    one = Order(load_scenario(written(tmp_path)), 20, None, 1, 0, False, [])
    other = Order(load_scenario(written(tmp_path), ["vms.APPL.memory=3 GiB"]), 20, None, 1, 0, False, [])
    longer = Order(load_scenario(written(tmp_path)), 5000, None, 4, 9, True, [])
    assert Path(one.folder).parent == Path(other.folder).parent == Path("reports/small")
    assert one.folder != other.folder
    assert one.folder == longer.folder


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    """A pipe stands for /dev/null, which root could replace for everybody."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ResultsError, match="is a device, a pipe or a folder"):
        Folder(str(tmp_path)).write("pipe", b"page")

    assert pipe.is_fifo()
    assert [file.name for file in tmp_path.iterdir()] == ["pipe"]


def test_tables_of_this_machine_are_read_without_python_files(tmp_path: Path) -> None:
    """A thread of Arrow that holds one when the interpreter ends aborts the process, once in twenty times."""
    (tmp_path / "table").write_bytes(b"rows")
    with Folder(str(tmp_path)).open("table") as stream:
        assert isinstance(stream, pa.OSFile)
        assert stream.read() == b"rows"
