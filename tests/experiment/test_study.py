"""Sensitivity studies whose answer is known: what a migration takes is a sum of what two of three ranges decide."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from experiment.running import SCENARIO
from sim.cli import app
from sim.errors import ResultsError, UsageError
from sim.experiment.run import Order, run
from sim.experiment.study import FILE, findings, grouped, study_of
from sim.results.sensitivity import Method
from sim.results.statistics import quantile
from sim.scenario.document import read_document
from sim.scenario.load import scenario_of

# A VM that is down is sent once: total = constants + pages x (4096 + 8) bytes / 1 GB/s + clean-up. CPUs have no part in it.
NIGHT = """\
schema: 1
networks: {net: {bandwidth: 100 Gbit/s}}
clusters:
  C:
    type: x86
    network: net
    units: {S1: {memory: 64 GiB}, S2: {memory: 64 GiB}}
    parameters:
      {sender: 1 GB/s, receiver: 2 GB/s, factor_first: 1, factor_live: 1, factor_stopped: 1, throughput_spread: 0 %, setup_per_gib: 0 s}
vms:
  DB: {su: S1, state: DOWN, memory: 8 GiB, load: idle}
plan: {out: {at: "22:00", migrate: DB, to: S2}}
design:
  lhs: 2
  ranges:
    vms.DB.memory: {from: 8 GiB, to: 16 GiB}
    vms.DB.cpus: {from: 1, to: 8}
    clusters.C.parameters.cleanup: {from: 1 s, to: 5 s}
experiment: {replications: 3, seed: 5}
"""
SENDING_S = 8 * 2**30 / 4096 * 4104 / 1e9  # 8 GiB more
CLEANUP_S = 4.0
# Memory is rounded to whole 2 MiB: each end of a step of Morris, two thirds of 8 GiB, is off by 1 MiB at most.
ROUNDED = 2.0 / (8192.0 * 2.0 / 3.0)


def studied(folder: Path, method: Method, samples: int, text: str = NIGHT) -> dict[str, Any]:
    """Run a study and return what it finds."""
    study = study_of(method, samples, "vm")
    loaded = study.load(lambda sampling: scenario_of(text, "night.yaml", sampling=sampling))
    ran = run(Order(loaded, 3, folder, 1, 0, False, ["migr", "sweep"]), lambda *_: None)
    return findings(study, loaded, ran.store.contents())


def influences(found: dict[str, Any], output: str, variant: int = 0) -> dict[str, Any]:
    """Return the influences on an output by group, in their order."""
    (entry,) = (each for each in found["variants"][variant]["outputs"] if each["output"] == output)
    return {each["group"]: each for each in entry["influences"]}


TWO_VMS = NIGHT.replace("vms.DB.cpus: {from: 1", "vms.APPL.cpus: {from: 1").replace(
    "  DB: {su", "  APPL: {su: S1, state: DOWN, memory: 1 GiB, load: idle}\n  DB: {su"
)


@pytest.mark.parametrize("output", ["mean total", "mean makespan"])
def test_morris_finds_the_slopes_of_a_sum(tmp_path: Path, output: str) -> None:
    """mu* of each range is what it adds from one end to the other; sigma is 0 since nothing depends on anything else."""
    found = influences(studied(tmp_path / "out", "morris", 4, TWO_VMS), output)
    assert list(found) == ["DB", "clusters.C.parameters.cleanup", "APPL"]
    for group, exact in (("DB", SENDING_S), ("clusters.C.parameters.cleanup", CLEANUP_S)):
        star = found[group]["mu_star"]
        assert star["value"] == pytest.approx(exact, rel=ROUNDED)
        assert not star["may_be_0"]
        assert found[group]["sigma"]["value"] <= ROUNDED * exact
    assert found["APPL"]["mu_star"] == {"value": 0.0, "low": 0.0, "high": 0.0, "may_be_0": True}


def test_sobol_finds_the_shares_of_the_variance_of_a_sum(tmp_path: Path) -> None:
    """Ranges are uniform and independent, so the variance of a sum is that of its parts, c^2 / 12 each; alone and in all are the same.

    With 32 samples an interval is some tenths wide; twice its half width must hold the law.
    """
    found = influences(studied(tmp_path / "out", "sobol", 32), "mean total")
    assert list(found) == ["DB", "clusters.C.parameters.cleanup"]
    variance = SENDING_S**2 + CLEANUP_S**2
    for group, exact in (("DB", SENDING_S**2 / variance), ("clusters.C.parameters.cleanup", CLEANUP_S**2 / variance)):
        for name in ("first", "total"):
            index = found[group][name]
            assert index["value"] == pytest.approx(exact, abs=index["high"] - index["low"])
            assert index["high"] - index["low"] < 0.9


def test_outputs_of_a_point_are_those_of_its_rows(tmp_path: Path) -> None:
    """Mean and p99 of every point, from its rows all at once; 100 replications are just enough for a p99."""
    text = NIGHT.replace("throughput_spread: 0 %", "throughput_spread: 10 %").replace("replications: 3", "replications: 100")
    study = study_of("morris", 2, "vm")
    loaded = study.load(lambda sampling: scenario_of(text, "night.yaml", sampling=sampling))
    ran = run(Order(loaded, 100, tmp_path / "out", 1, 0, False, ["migr", "sweep"]), lambda *_: None)
    outputs = {each["output"]: each for each in findings(study, loaded, ran.store.contents())["variants"][0]["outputs"]}
    totals = [rows["total_s"].to_numpy() for _, rows in ran.store.frame("migrations").groupby("point", observed=True)]
    means, tails = [math.fsum(each) / 100 for each in totals], [quantile(each, 0.99) for each in totals]
    assert (outputs["mean total"]["least"], outputs["mean total"]["most"]) == (min(means), max(means))
    assert (outputs["p99 total"]["least"], outputs["p99 total"]["most"]) == (min(tails), max(tails))


def test_what_never_changes_has_no_indices(tmp_path: Path) -> None:
    outputs = {each["output"]: each for each in studied(tmp_path / "out", "morris", 2)["variants"][0]["outputs"]}
    assert outputs["mean downtime"]["why_none"].startswith("it is the same in all")  # nobody stands still who is down
    assert outputs["mean downtime"]["influences"] == []
    assert outputs["share with a VM not migrated"]["influences"] == []


def test_columns_that_were_not_stored_are_named(tmp_path: Path) -> None:
    file = tmp_path / "night.yaml"
    file.write_text(NIGHT, encoding="utf-8")
    told = sweep(file, "--sensitivity", "morris", "--samples", "2", "--columns", "total_s", "--out", tmp_path / "out", "--workers", "1")
    assert isinstance(told.exception, ResultsError)
    assert "was stored without downtime_s, which a study looks at" in str(told.exception)


def test_variants_are_studied_apart(tmp_path: Path) -> None:
    """A slower sender makes the same memory matter more: 8 GiB more take twice as long at half the speed."""
    text = NIGHT.replace("design:", "variants: {fast: {}, slow: {clusters.C.parameters.sender: 500 MB/s}}\ndesign:")
    found = studied(tmp_path / "out", "morris", 2, text)
    assert [variant["variant"] for variant in found["variants"]] == ["fast", "slow"]
    for variant, exact in enumerate((SENDING_S, 2.0 * SENDING_S)):
        assert influences(found, "mean total", variant)["DB"]["mu_star"]["value"] == pytest.approx(exact, rel=ROUNDED)


def test_ranges_of_a_vm_and_of_the_load_that_it_alone_has_are_one_group() -> None:
    vms = "vms: {DB: {load: hot}, APPL: {load: warm}, WEB: {load: warm}}"
    document, _ = read_document(vms, "night.yaml")
    paths = ["vms.DB.memory", "loads.hot.spread", "loads.warm.spread", "vms.*.cpus", "networks.net.bandwidth", "vms.WEB.memory"]
    assert grouped(paths, document) == ["DB", "DB", "load warm", "vms.*.cpus", "networks.net.bandwidth", "WEB"]


def test_ranges_of_a_single_vm_are_told_apart() -> None:
    text = NIGHT.replace("    clusters.C.parameters.cleanup: {from: 1 s, to: 5 s}\n", "")
    study = study_of("morris", 2, "vm")
    study.load(lambda sampling: scenario_of(text, "night.yaml", sampling=sampling))
    assert study.groups == ["vms.DB.memory", "vms.DB.cpus"]


@pytest.mark.parametrize(
    ("method", "samples", "by", "told"),
    [
        ("fast", None, "vm", "--sensitivity fast: no such method; write morris or sobol"),
        ("morris", 1, "vm", "--samples 1: an interval needs at least 2"),
        ("sobol", 100, "vm", "--samples 100: Sobol' samples are even for powers of two only; write 64 or 128"),
        ("sobol", None, "load", "--by load: no such way to group; write vm or path"),
    ],
)
def test_a_study_that_cannot_be_is_refused(method: str, samples: int | None, by: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        study_of(method, samples, by)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "vary", "told"),
    [
        (SCENARIO, [], "--sensitivity needs ranges; write 'design: {lhs: 64, ranges:"),
        (NIGHT, ["networks.net.round_trip=1 ms,2 ms"], "networks.net.round_trip is varied beside them"),
        (NIGHT.partition("    vms.DB.cpus")[0], [], "the design has only 'vms.DB.memory'; write a second one"),
    ],
)
def test_a_scenario_that_has_nothing_to_study_is_refused(text: str, vary: list[str], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        study_of("morris", 2, "vm").load(lambda sampling: scenario_of(text, "night.yaml", (), vary, sampling))
    assert told in str(caught.value)


def test_too_many_points_are_refused_before_anything_is_computed() -> None:
    with pytest.raises(UsageError, match="--samples 4096: gives 16,384 points, and an experiment has at most 10,000; write fewer"):
        study_of("sobol", 4096, "vm").load(lambda sampling: scenario_of(NIGHT, "night.yaml", sampling=sampling))


def sweep(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["sweep", "--no-report", *map(str, arguments)])


def test_the_command_says_what_matters_most_and_stores_it(tmp_path: Path) -> None:
    file, out = tmp_path / "night.yaml", tmp_path / "out"
    file.write_text(NIGHT, encoding="utf-8")
    told = sweep(file, "--sensitivity", "morris", "--samples", "2", "--by", "path", "--out", out, "--workers", "1")
    assert told.exit_code == 0
    assert "vms.DB.memory matters most: moving it through its range changes it by 8.61 s" in told.stdout
    assert "By mu* not to be told from 0: vms.DB.cpus." in told.stdout
    again = sweep(file, "--sensitivity", "morris", "--samples", "2", "--by", "path", "--out", out, "--workers", "1", "--json")
    assert json.loads(again.stdout) == json.loads((out / FILE).read_text(encoding="utf-8"))
    assert json.loads(again.stdout)["method"] == "morris"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "--sensitivity", "morris"), "give `migr sweep` instead of `migr run`"),
        (("sweep", "--samples", "4"), "--samples belongs to --sensitivity"),
    ],
)
def test_options_of_a_study_are_refused_elsewhere(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    file = tmp_path / "night.yaml"
    file.write_text(NIGHT, encoding="utf-8")
    result = CliRunner().invoke(app, [arguments[0], str(file), *arguments[1:]])
    assert isinstance(result.exception, UsageError)
    assert told in str(result.exception)
