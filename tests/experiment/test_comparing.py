"""`migr compare` on results of shipped scenarios: which folders and variants it takes, what it says, what it refuses."""

from __future__ import annotations

import io
import json
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from sim.cli import main
from sim.experiment.storage.store import Store
from sim.results.statistics import quantile, quantile_interval

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "scenarios" / "quickstart.yaml"


@dataclass(frozen=True)
class Done:
    """What a command printed."""

    stdout: str
    stderr: str


def migr(*arguments: str | Path, code: int = 0) -> Done:
    """Give a command in this process, which has to end with this exit code."""
    out, told = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", ["migr", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(told),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert (ended.value.code or 0) == code, told.getvalue()
    return Done(out.getvalue(), told.getvalue())


def simulated(out: Path, *more: str) -> Path:
    migr("run", QUICKSTART, "--no-report", "--replications", "400", "--messages", "0", "--workers", "1", "--out", out, *more)
    return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the result folder of the quickstart: one VM, on SU /390 and on SU x86."""
    return simulated(tmp_path_factory.mktemp("run") / "out")


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same over a busier network."""
    return simulated(tmp_path_factory.mktemp("slower") / "out", "--set", "networks.mcnpr.background=8 Gbit/s")


@pytest.fixture(scope="module")
def other_seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated(tmp_path_factory.mktemp("seed") / "out", "--seed", "8")


def test_two_variants_of_a_folder_are_compared_pair_by_pair(folder: Path) -> None:
    """The numbers are those of the stored rows, subtracted replication by replication here."""
    told = migr("compare", folder, "SU /390", "SU x86").stdout
    assert told.startswith("SU x86 against SU /390: 400 pairs of replications with the same random draws\n")
    (found,) = json.loads(migr("compare", folder, "SU /390", "SU x86", "--json").stdout)["comparisons"]
    rows = Store(folder).frame("migrations")
    sides = [rows[rows["point"] == name].sort_values("replication")["total_s"].to_numpy() for name in ("SU /390", "SU x86")]
    apart = np.asarray(sides[1] - sides[0], dtype=np.float64)
    (total,) = (each for each in found["quantities"] if each["quantity"] == "total time")
    interval = quantile_interval(apart, 0.5)
    assert total["second_minus_first"]["median"] == {
        "value": quantile(apart, 0.5),
        "low": interval.low,
        "high": interval.high,
        "values_needed": None,
    }
    assert total["better"] == ("first" if quantile(apart, 0.5) > 0 else "second")


def test_exactly_two_variants_need_no_names_and_the_option_names_them_too(folder: Path) -> None:
    named = migr("compare", folder, "SU /390", "SU x86").stdout
    assert named == migr("compare", folder).stdout
    assert named == migr("compare", folder, "--variant", "SU /390", "--variant", "SU x86").stdout


def test_turned_around_the_other_side_is_better(folder: Path) -> None:
    there, back = (
        json.loads(migr("compare", folder, *names, "--json").stdout)["comparisons"][0]["quantities"]
        for names in (("SU /390", "SU x86"), ("SU x86", "SU /390"))
    )
    turned = {"first": "second", "second": "first", "equal": "equal", "untold": "untold"}
    assert [turned[each["better"]] for each in there] == [each["better"] for each in back]
    assert "first" in {each["better"] for each in there} | {each["better"] for each in back}


def test_two_folders_are_compared_variant_by_variant(folder: Path, slower: Path) -> None:
    """Less bandwidth, the same draws: longer in every pair, on both SU types."""
    found = json.loads(migr("compare", folder, slower, "--json").stdout)["comparisons"]
    assert [each["first"] for each in found] == [f"{folder} (SU /390)", f"{folder} (SU x86)"]
    for each in found:
        assert each["paired"]
        (makespan,) = (quantity for quantity in each["quantities"] if quantity["quantity"] == "makespan")
        assert makespan["better"] == "first"
        assert makespan["second_minus_first"]["median"]["low"] > 0
    (only,) = json.loads(migr("compare", folder, slower, "--variant", "SU x86", "--json").stdout)["comparisons"]
    assert only == found[1]
    (crossed,) = json.loads(migr("compare", folder, slower, "--variant", "SU /390", "--variant", "SU x86", "--json").stdout)["comparisons"]
    assert (crossed["first"], crossed["second"]) == (f"{folder} (SU /390)", f"{slower} (SU x86)")


def test_another_seed_has_draws_of_its_own_which_is_said(folder: Path, other_seed: Path) -> None:
    done = migr("compare", folder, other_seed, "--json")
    assert not any(each["paired"] for each in json.loads(done.stdout)["comparisons"])
    assert "different seeds (7 and 8)" in done.stderr
    assert "run both with the same --seed" in done.stderr
    assert "each with draws of its own" in migr("compare", folder, other_seed).stdout


def test_the_same_folder_is_the_same(folder: Path) -> None:
    assert migr("compare", folder, folder, "--variant", "SU x86").stdout.splitlines()[2] == "They are the same in every pair."


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("SU /390", "SU 86"), "no variant 'SU 86'; write one of 'SU /390', 'SU x86'"),
        (("SU x86",), "is a variant of"),
        (("SU /390", "SU x86", "SU x86"), "name RUN and two of its variants"),
        (("--variant", "SU x86"), "name two of its variants: 'SU /390', 'SU x86'"),
    ],
)
def test_names_that_do_not_say_which_two_are_meant_are_refused(folder: Path, names: tuple[str, ...], says: str) -> None:
    assert says in migr("compare", folder, *names, code=2).stderr


def test_a_folder_without_results_is_refused(folder: Path, tmp_path: Path) -> None:
    assert "no result folder of `migr run`" in migr("compare", folder, tmp_path / "nothing", code=2).stderr
    assert f"name one of {folder}" in migr("compare", folder.parent, folder, code=2).stderr


def interrupted(folder: Path, out: Path, wanted: int) -> Path:
    """Return a copy of a folder, as a run that was to have so many replications leaves it when it is interrupted."""
    shutil.copytree(folder, out)
    facts = {**Store(folder).facts(), "finished": False, "replications": wanted}
    (out / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    return out


def test_an_interrupted_extension_is_compared_with_a_warning(folder: Path, tmp_path: Path) -> None:
    done = migr("compare", interrupted(folder, tmp_path / "longer", 1000), "SU /390", "SU x86")
    assert done.stdout.replace(f"{tmp_path}/longer", str(folder)) == migr("compare", folder, "SU /390", "SU x86").stdout
    assert "longer: its run is not finished: 400 of 1,000 replications of 'SU /390' are there, and only they are compared" in done.stderr
    assert done.stderr.count("give its `migr run` again for the rest") == 2


def test_replications_of_a_part_that_failed_are_no_pairs(folder: Path, tmp_path: Path) -> None:
    """Of SU x86 0..399 and then 400..449 are stored, the first part gone: 50 pairs are left of 450."""
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    migr("run", QUICKSTART, "--no-report", "--replications", "450", "--messages", "0", "--workers", "1", "--out", out)
    for file in out.glob("*.parquet/point-001-replications-000000000-000000399.parquet"):
        file.unlink()
    interrupted(out, tmp_path / "failed", 450)
    done = migr("compare", tmp_path / "failed", "SU /390", "SU x86", "--json")
    (found,) = json.loads(done.stdout)["comparisons"]
    assert found["replications"] == [50, 50]
    assert {tuple(each["values"]) for each in found["quantities"]} == {(50, 50)}
    assert "50 of 450 replications of 'SU x86' are there" in done.stderr
    assert "memory" not in done.stderr


def test_a_run_without_a_single_replication_is_refused(folder: Path, tmp_path: Path) -> None:
    facts = {**Store(folder).facts(), "finished": False}
    (tmp_path / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    assert "holds no replication of 'SU /390' yet; give its `migr run` again" in migr("compare", folder, tmp_path, code=2).stderr


def test_runs_with_nothing_in_common_are_refused(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text(QUICKSTART.read_text(encoding="utf-8").replace("  move:", "  go:"), encoding="utf-8")
    migr("run", file, "--no-report", "--replications", "2", "--messages", "0", "--workers", "1", "--out", tmp_path / "out")
    says = migr("compare", folder, tmp_path / "out", code=2).stderr
    assert "have no step, VM or replication in common" in says
    assert "the first has step move, the second step go" in says
