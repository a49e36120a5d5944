"""Folders that cannot be used: a clear message, nothing lost, nothing written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from experiment.running import SCENARIO, digests, here, written
from sim.errors import ResultsError
from sim.experiment.run import Order
from sim.experiment.store import Store
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


def test_default_folder_is_named_after_scenario_and_question(tmp_path: Path) -> None:
    """Two scenarios of one name that ask different things do not meet."""
    one = Order(load_scenario(written(tmp_path)), 20, None, 1, 0, False, [])
    other = Order(load_scenario(written(tmp_path), ["vms.APPL.memory=3 GiB"]), 20, None, 1, 0, False, [])
    longer = Order(load_scenario(written(tmp_path)), 5000, None, 4, 9, True, [])
    assert Path(one.folder).parent == Path(other.folder).parent == Path("reports/small")
    assert one.folder != other.folder
    assert one.folder == longer.folder
