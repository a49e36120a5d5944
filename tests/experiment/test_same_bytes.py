"""The same question gives the same bytes: with any number of workers, hash seed, and in however many runs."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from experiment.running import digests, given, here, part_files, written
from sim.experiment.storage.store import Store

PARTS = [  # 150 replications of two points in parts of 64: six, the last ones incomplete
    f"point-{point:03d}-replications-{first:09d}-{last:09d}.parquet" for point in (0, 1) for first, last in ((0, 63), (64, 127), (128, 149))
]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Return a scenario file and the digests of its run of 150 replications in one process."""
    folder = tmp_path_factory.mktemp("reference")
    file = written(folder)
    here(file, folder / "out", 150)
    assert part_files(folder / "out") == PARTS
    return file, digests(folder / "out")


@pytest.mark.parametrize(("workers", "hash_seed"), [("1", "1"), ("2", "2"), ("3", "1")])
def test_workers_and_hash_seed_change_no_byte(reference: tuple[Path, dict[str, str]], tmp_path: Path, workers: str, hash_seed: str) -> None:
    file, expected = reference
    done = given(file, tmp_path / "out", "--workers", workers, hash_seed=hash_seed)
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "out") == expected


def test_asking_for_less_drops_nothing(reference: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Fewer replications and messages, no rounds: what the folder holds stays, and the summary is of all of it."""
    file, _ = reference
    here(file, tmp_path, 80, messages=50, rounds=True)
    before = digests(tmp_path)
    again = here(file, tmp_path, 20, messages=5)
    assert (again.computed, again.replications) == (0, 80)
    assert digests(tmp_path) == before


def test_same_command_again_computes_nothing(reference: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    file, _ = reference
    first = here(file, tmp_path, 80)
    times = {file: (tmp_path / file).stat().st_mtime_ns for file in digests(tmp_path) if file.endswith(".parquet")}
    again = here(file, tmp_path, 80)
    assert (first.computed, again.computed, again.reused) == (4, 0, 4)
    assert again.summary == first.summary
    assert {file: (tmp_path / file).stat().st_mtime_ns for file in times} == times


def test_title_question_and_objectives_are_not_part_of_the_question(reference: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """They change the summary, and nothing is computed for them."""
    file, _ = reference
    here(file, tmp_path / "out", 20)
    text = (
        file.read_text(encoding="utf-8").replace("A small drain", "Renamed").replace("share(completed) >= 1 %", "share(completed) >= 2 %")
    )
    other = written(tmp_path, text)
    again = here(other, tmp_path / "out", 20)
    assert (again.computed, again.summary["title"]) == (0, "Renamed")
    assert [entry["objective"] for entry in again.summary["points"][0]["objectives"]] == ["share(completed) >= 2 %"]


def test_messages_are_kept_of_the_first_replications_only(reference: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    file, _ = reference
    here(file, tmp_path, 30, messages=7)
    messages = Store(tmp_path).frame("messages")
    assert sorted(set(messages["replication"])) == list(range(7))
    assert set(messages["point"]) == {"SU /390", "SU x86"}


def test_no_messages_when_none_are_wanted(reference: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    file, _ = reference
    here(file, tmp_path, 20, messages=0)
    assert not (tmp_path / "messages.parquet").exists()
    assert not (tmp_path / "rounds.parquet").exists()


def test_rounds_are_kept_on_request(reference: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Live rounds and bytes of the rounds are those of the table of migrations."""
    file, _ = reference
    here(file, tmp_path, 30, rounds=True)
    rounds, migrations = Store(tmp_path).frame("rounds"), Store(tmp_path).frame("migrations")
    keys = ["point", "replication", "step", "vm", "attempt"]
    live = rounds[rounds["live"]].groupby(keys, observed=True).size()
    expected = migrations.set_index(keys)["rounds"]
    pd.testing.assert_series_equal(live.sort_index(), expected.sort_index(), check_names=False, check_index_type=False)


def test_parts_do_not_know_which_machine_wrote_them(reference: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """run.json does: version, fingerprint, libraries; it is the only file that may differ between two runs."""
    file, expected = reference
    here(file, tmp_path, 150)
    facts = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert digests(tmp_path) == expected
    assert facts["finished"] is True
    assert facts["replications"] == 150
    assert facts["points"] == ["SU /390", "SU x86"]
    assert {"numpy", "pyarrow", "python", "migr"} <= set(facts["versions"])
