"""`--columns`: which columns of migrations a folder holds, and what that means for a later run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiment.running import SCENARIO, here, rows, written
from sim.errors import ResultsError, UsageError
from sim.experiment.storage.selection import ALWAYS, NAMES, beside, selected
from sim.experiment.storage.store import Store
from sim.scenario.objectives import parse_objective

DOWNTIME = parse_objective("p50(downtime of DB) <= 5 s")


def test_columns_that_are_not_named_are_not_stored(tmp_path: Path) -> None:
    """What is named and what every question needs is there, with the values of a complete run."""
    file = written(tmp_path)
    here(file, tmp_path / "few", 20, columns=("total_s", "rounds"))
    here(file, tmp_path / "all", 20)
    names = [*ALWAYS, "total_s", "rounds"]
    few, complete = rows(tmp_path / "few"), rows(tmp_path / "all")
    assert few["migrations"] == [{name: row[name] for name in names} for row in complete["migrations"]]
    assert few["plans"] == complete["plans"]
    assert json.loads((tmp_path / "few" / "run.json").read_text(encoding="utf-8"))["columns"] == names


def test_summary_of_few_columns_is_the_same_where_it_says_something(tmp_path: Path) -> None:
    file = written(tmp_path)
    few = here(file, tmp_path / "few", 40, columns=("total_s",)).summary["points"]
    complete = here(file, tmp_path / "all", 40).summary["points"]
    assert [point["steps"] for point in few] == [point["steps"] for point in complete]
    assert [point["objectives"] for point in few] == [point["objectives"] for point in complete]
    for found, known in zip(few, complete, strict=True):
        for line, whole in zip(found["migrations"], known["migrations"], strict=True):
            assert line["outcomes"] == whole["outcomes"]
            assert line["of_completed"]["total_s"] == whole["of_completed"]["total_s"]


def test_what_objectives_need_is_always_stored(tmp_path: Path) -> None:
    text = SCENARIO.replace("  - share(completed) >= 1 %", "  - p50(downtime of DB) <= 5 s")
    here(written(tmp_path, text), tmp_path / "out", 40, columns=("total_s",))
    assert {"total_s", "downtime_s"} <= set(Store(tmp_path / "out").read("migrations").column_names)


def test_unknown_columns_are_named_with_what_they_could_mean_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as told:
        here(written(tmp_path), tmp_path / "out", 20, columns=("downtime", "total_s", "holiday"))
    assert "there is no column 'downtime'; did you mean 'downtime_s'?" in str(told.value)
    assert "there is no column 'holiday'" in str(told.value)
    assert "columns of migrations: point, replication" in str(told.value)
    assert not (tmp_path / "out").exists()


def test_folder_keeps_its_columns_when_it_is_extended(tmp_path: Path) -> None:
    file = written(tmp_path)
    here(file, tmp_path / "steps", 20, columns=("total_s",))
    here(file, tmp_path / "steps", 90)
    here(file, tmp_path / "at once", 90, columns=("total_s",))
    assert rows(tmp_path / "steps") == rows(tmp_path / "at once")


def test_extending_with_another_choice_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path)
    here(file, tmp_path / "out", 20, columns=("total_s",))
    what = "holds the columns total_s, and --columns asks for the columns rounds; leave --columns away"
    with pytest.raises(ResultsError, match=what):
        here(file, tmp_path / "out", 90, columns=("rounds",))
    assert here(file, tmp_path / "out", 20, columns=("total_s", "vm")).computed == 0


def test_objective_that_needs_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    here(written(tmp_path), tmp_path / "out", 20, columns=("total_s",))
    changed = written(tmp_path, SCENARIO.replace("share(completed) >= 1 %", "p50(downtime of DB) <= 5 s"))
    with pytest.raises(ResultsError, match="the objectives need downtime_s; name another folder with --out"):
        here(changed, tmp_path / "out", 20)


def test_choice_of_all_columns_is_no_choice() -> None:
    assert selected((), []) == ()
    assert selected(NAMES, [DOWNTIME]) == ()
    assert beside("out", (), NAMES, [DOWNTIME]) == ()
