"""A run with `replications: auto`: it ends when its results are known, says why, and finds the same after whatever interrupted it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

import sim.experiment.execution.parts
import sim.experiment.stopping
from experiment.running import PART, SCENARIO, digests, given, here, part_files, rows, written
from sim.experiment.run import Order, Ran, run
from sim.results.statistics import share_interval
from sim.scenario.load import load_scenario
from sim.scenario.schema_experiment import PrecisionSpec

FIRST = 64  # replications of the first look here; how many the product takes changes no rule
LOOKS = [64, 128, 256, 512, 1024, 2048, 4096, 8192]
COARSE = PrecisionSpec.model_validate({"time": "90 %", "probability": "40 %", "limit": 8192})
FINE = PrecisionSpec.model_validate({"time": "0.01 %", "probability": "0.01 %", "limit": 1024})


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    """Let a run look early, and cut it into small parts."""
    with patch.object(sim.experiment.stopping, "FIRST_LOOK", FIRST), patch.object(sim.experiment.execution.parts, "PART", PART):
        yield


class Killed(BaseException):
    """Stands for whatever ends a run between two parts."""


def automatic(file: Path, out: Path, precision: PrecisionSpec, *, parts: int | None = None) -> Ran:
    """Run the scenario in this process until it is known, or until a number of parts is done."""
    order = Order(load_scenario(file), 0, out, 1, 0, rounds=False, command=["migr", "run"], precision=precision)
    seen = []

    def progress(done: int, *_: int) -> None:
        seen.append(done)
        if parts is not None and len(part_files(out)) >= parts:
            raise Killed

    return run(order, progress)


def stopping(folder: Path) -> dict[str, object]:
    return dict(json.loads((folder / "summary.json").read_text(encoding="utf-8"))["stopping"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path)


def test_ends_with_the_second_look_in_a_row_that_finds_everything_known(file: Path, tmp_path: Path) -> None:
    """p99 needs 574 completed migrations at the level of eight looks: the looks before find it wide, however little is asked."""
    ran = automatic(file, tmp_path / "out", COARSE)
    found = stopping(tmp_path / "out")
    looked = found["looks"]
    assert isinstance(looked, list)
    wide = [look["wide"] for look in looked]
    assert LOOKS[: len(looked)] == [look["replications"] for look in looked]
    assert all(wide[:4])
    assert wide[-2:] == [0, 0]
    assert (0, 0) not in list(itertools.pairwise(wide))[:-1]
    assert found["reason"] == "known"
    assert LOOKS[len(looked) - 1] == ran.replications < COARSE.limit
    assert [point["replications"] for point in ran.summary["points"]] == [ran.replications] * 2


def test_at_the_limit_it_says_what_is_still_wide(file: Path, tmp_path: Path) -> None:
    ran = automatic(file, tmp_path / "out", FINE)
    text = str(stopping(tmp_path / "out")["text"])
    assert stopping(tmp_path / "out")["reason"] == "limit"
    assert text.startswith("Limit of 1,024 replications reached; still wide: SU ")
    assert "wanted 0.01" in text
    assert ran.replications == 1024


def test_its_intervals_have_the_level_of_a_look(file: Path, tmp_path: Path) -> None:
    """Five looks: each interval has 99 %. Mutant: 95 %, as in a run of a number of replications."""
    summary = automatic(file, tmp_path / "out", FINE).summary
    shares = [point["steps"][0]["nothing_left_behind"] for point in summary["points"]]
    for share in shares:
        expected = share_interval(round(share["share"] * 1024), 1024, 0.99)
        assert (expected.low, expected.high) == (share["low"], share["high"])


@pytest.mark.parametrize("parts", [1, 3, 4, 9])
def test_an_interrupted_run_ends_with_the_same_bytes(file: Path, tmp_path: Path, parts: int) -> None:
    automatic(file, tmp_path / "whole", FINE)
    with pytest.raises(Killed):
        automatic(file, tmp_path / "out", FINE, parts=parts)
    assert len(part_files(tmp_path / "out")) >= parts
    automatic(file, tmp_path / "out", FINE)
    assert digests(tmp_path / "whole") == digests(tmp_path / "out")


def test_the_rows_are_those_of_a_run_of_that_number(file: Path, tmp_path: Path) -> None:
    automatic(file, tmp_path / "out", FINE)
    here(file, tmp_path / "fixed", 1024, messages=0, engine="auto")
    assert rows(tmp_path / "fixed") == rows(tmp_path / "out")


def test_what_the_folder_held_already_stays_in_the_summary_but_not_in_the_looks(file: Path, tmp_path: Path) -> None:
    automatic(file, tmp_path / "alone", FINE)
    here(file, tmp_path / "out", 1100, messages=0, engine="auto")
    ran = automatic(file, tmp_path / "out", FINE)
    assert ran.replications == 1100
    assert stopping(tmp_path / "alone")["looks"] == stopping(tmp_path / "out")["looks"]
    assert "The folder held 1,100 already" in str(stopping(tmp_path / "out")["text"])
    assert [point["replications"] for point in ran.summary["points"]] == [1100, 1100]


def test_the_command_takes_the_word_and_the_scenario_does(tmp_path: Path) -> None:
    """With the product's own looks; a limit below the first one leaves one look."""
    text = SCENARIO.replace("replications: 150", "replications: {auto: {time: 50 %, limit: 1024}}")
    by_scenario = written(tmp_path, text)
    done = given(by_scenario, tmp_path / "one", "--messages", "0", "--engine", "auto", "--workers", "1")
    assert done.returncode == 0, done.stderr
    again = given(by_scenario, tmp_path / "two", "--messages", "0", "--engine", "auto", "--workers", "2", "--replications", "auto")
    assert again.returncode == 0, again.stderr
    assert "Limit of 1,024 replications reached" in done.stdout
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    facts = json.loads((tmp_path / "one" / "run.json").read_text(encoding="utf-8"))
    assert facts["auto"] == {"time": "50 %", "probability": "0.5 %", "limit": 1024}
    assert facts["replications"] == 1024


def test_a_wrong_number_is_wrong_usage(file: Path, tmp_path: Path) -> None:
    done = given(file, tmp_path / "out", "--replications", "many")
    assert done.returncode == 2
    assert "write a whole number from 1 to 1,000,000,000, or auto" in done.stderr
    assert not (tmp_path / "out").exists()
