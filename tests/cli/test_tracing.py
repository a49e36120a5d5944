"""`migr trace` of a result folder, as a planner gives it."""

from __future__ import annotations

import json
from pathlib import Path

import fsspec
import pytest
from typer.testing import CliRunner, Result

import sim.experiment.probing.replay
from experiment.running import SCENARIO, here, written
from sim.cli import app
from sim.engine.replicate import replicate_alone
from sim.engine.site import Site
from sim.errors import ModelError, ResultsError, UsageError
from sim.experiment.storage.store import RESOLVED, Store
from sim.scenario import load_scenario
from sim.scenario.objectives import parse_metric


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("trace")
    here(written(place, SCENARIO), place / "out", 12, messages=0)
    return place / "out"


def trace(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["trace", *map(str, arguments)])


def test_the_worst_replication_is_shown_and_compared(folder: Path) -> None:
    found = sim.experiment.probing.replay.find_replication(Store(folder).contents(), 1, parse_metric("downtime of DB"))
    told = trace(folder, "--variant", "SU x86", "--worst", "downtime", "--vm", "DB", "--console", "guest")
    assert told.exit_code == 0
    assert told.stdout.startswith(f"Replication {found.replication} of 'SU x86'\n")
    assert "HAL0331" in told.stdout
    assert f"downtime of DB: the worst value of 12 replications is {found.value:.2f} s" in told.stderr
    assert "Equal to the stored rows, bit by bit: 2 of migrations, 1 of plans." in told.stderr


def test_the_worst_replication_as_data_says_which_one_and_why(folder: Path) -> None:
    found = sim.experiment.probing.replay.find_replication(Store(folder).contents(), 1, parse_metric("downtime of DB"))
    options = ("--variant", "SU x86", "--vm", "DB", "--json")
    told = json.loads(trace(folder, *options, "--worst", "downtime").stdout)
    plain = json.loads(trace(folder, *options, "--replication", str(found.replication)).stdout)
    assert isinstance(plain, list)
    assert told.pop("messages") == plain
    assert told == {
        "replication": found.replication,
        "metric": "downtime of DB",
        "quantile": 1.0,
        "value": found.value,
        "looked_at": 12,
        "infinite": 0,
    }
    states = json.loads(trace(folder, *options, "--worst", "downtime", "--states").stdout)
    assert (states["replication"], states["states"][0]["vm"]) == (found.replication, "DB")


@pytest.mark.parametrize("scheme", ["file", "memory"])
def test_a_folder_behind_a_url_is_traced_as_a_path(folder: Path, scheme: str) -> None:
    url = folder.as_uri()
    if scheme == "memory":
        url = "memory://traced/out"
        fsspec.filesystem("memory").put(f"{folder}/", "/traced/out/", recursive=True)
    options = ("--variant", "SU x86", "--worst", "downtime", "--vm", "DB")
    told, wanted = trace(url, *options), trace(folder, *options)
    assert told.exit_code == 0, told.exception
    assert (told.stdout, told.stderr) == (wanted.stdout, wanted.stderr)


def test_a_url_without_results_is_told_so(tmp_path: Path) -> None:
    result = trace(tmp_path.as_uri(), "--worst", "downtime")
    assert isinstance(result.exception, ResultsError)
    assert str(result.exception) == f"{tmp_path.as_uri()}: no result folder of `migr run`; name one, or a scenario file"


def test_a_quantile_is_looked_for_in_the_variant_that_is_named(folder: Path) -> None:
    found = sim.experiment.probing.replay.find_replication(Store(folder).contents(), 1, parse_metric("total"), 0.5)
    told = trace(folder, "--variant", "SU x86", "--worst", "total", "--quantile", "50 %")
    assert told.stdout.startswith(f"Replication {found.replication} of 'SU x86'\n")
    assert "total: the 0.5-quantile of 12 replications is" in told.stderr


def test_a_replication_that_is_not_stored_is_simulated_and_called_so(folder: Path) -> None:
    told = trace(folder, "--replication", "8812345", "--console", "source")
    assert told.exit_code == 0
    assert told.stdout.startswith("Replication 8812345 of 'SU /390'\n")
    assert told.stderr == f"Replication 8812345 is not stored in {folder}; it was simulated now.\n"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--quantile", "0.5"), "--quantile needs the metric that is looked at; add --worst METRIC"),
        (("--completed",), "--completed needs the metric that is looked at; add --worst METRIC"),
        (
            ("--worst", "downtime", "--replication", "3"),
            "--replication names a replication and --worst looks for one; remove one of the two",
        ),
        (("--worst", "downtime", "--quantile", "2"), "--quantile 2: is no quantile"),
        (("--worst", "downtime", "--set", "vms.DB.memory=8 GiB"), "not go with a result folder: it holds one scenario"),
    ],
)
def test_options_that_do_not_go_together_are_refused(folder: Path, options: tuple[str, ...], told: str) -> None:
    result = trace(folder, *options)
    assert isinstance(result.exception, UsageError)
    assert told in str(result.exception)


def test_a_scenario_file_has_no_worst_replication(folder: Path) -> None:
    result = trace(folder.parent / "small.yaml", "--worst", "downtime")
    assert isinstance(result.exception, UsageError)
    assert "name a result folder of `migr run` instead of the scenario file" in str(result.exception)


def test_a_difference_is_our_bug_and_comes_with_the_command_that_repeats_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = sim.experiment.probing.replay.replayed_rows
    other = replicate_alone(Site.of(load_scenario(folder / RESOLVED).points[1]), 4)
    # Another replication in the place of the one that is stored: what a model that is not reproducible would give.
    monkeypatch.setattr(sim.experiment.probing.replay, "replayed_rows", lambda table, point, _alone: honest(table, point, other))
    result = trace(folder, "--replication", "3", "--variant", "SU x86")
    assert isinstance(result.exception, ModelError)
    told = str(result.exception)
    assert f"replication 3 repeated alone is not what {folder} holds" in told
    assert "migrations, row 1 of the replication: replication is 3 there, 4 now" in told
    assert f"Repeat it with: migr trace {folder} --replication 3 --variant 'SU x86'" in told


STRUCK = """
schema: 1
title: An agent fails, and operators type
start: 2026-11-28
window: {from: "22:00", until: "23:00"}
networks: {net: {preset: mcnpr-1g}}
clusters: {C: {type: x86, network: net, units: {A: {memory: 64 GiB}, B: {memory: 64 GiB}}}}
vms:
  V1: {su: A, memory: 4 GiB}
  V2: {su: B, memory: 4 GiB, state: DOWN}
plan: {out: {at: "22:00", migrate: V1, to: B, on_abort: {retries: 1, wait: 1 min}}}
faults: {ag: {agent: B, at: {vm: V1, phase: pre-copy, after: 5 s}, for: 30 s}}
operators:
  - {at: "22:20", console: B, command: "/MIGRATE-VM VM-ID=V2,MONJV=LMJV"}
experiment: {replications: 1, seed: 7}
"""


@pytest.fixture(scope="module")
def struck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("struck") / "struck.yaml"
    place.write_text(STRUCK, encoding="utf-8")
    return place


def test_event_log_accounting_records_and_job_variables(struck: Path) -> None:
    """On x86 four events for a guest that runs, three for one that does not; the aborted attempt leaves none, since it broke before."""
    told = json.loads(trace(struck, "--records", "--json").stdout)
    assert [event["text"] for event in told["events"] if event["vm"] == "V1"] == [
        "VM V1 paused",
        "VM V1 created",
        "VM V1 deactivated",
        "VM V1 deleted",
    ]
    assert [(record["unit"], record["vm"]) for record in told["accounting"]] == [("A", "V1"), ("B", "V2")]
    jobs = [(job["name"], job["vm"], [each["status"] for each in job["statuses"]]) for job in told["job_variables"]]
    assert jobs == [("", "V1", ["$S", "$R", "$AE"]), ("", "V1", ["$S", "$R", "$T"]), ("LMJV", "V2", ["$S", "$R", "$T"])]
    assert [job["value"] for job in told["job_variables"]] == [status.ljust(256) for status in ("$AE", "$T", "$T")]
    text = trace(struck, "--records", "--vm", "V2").stdout
    assert "LMJV  V2: 22:20:00.0 $S, " in text
    assert "V1" not in text


def test_what_only_the_simulator_sees_and_where_an_operator_typed_are_named(struck: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    told = trace(struck).stdout
    assert "simulator                [migr] fault ag begins: agent B VMS6000" in told
    assert "caller         B         /MIGRATE-VM VM-ID=V2,MONJV=LMJV" in told


def test_the_console_of_an_su_shows_what_is_typed_and_printed_there(struck: Path) -> None:
    """On A the plan's commands and the source's lines, on B the target's and what the operator typed; the agent's fault on neither."""
    on_a, on_b, elsewhere = (json.loads(trace(struck, "--console", name, "--json").stdout) for name in ("A", "B", "simulator"))
    assert {line["source"] for line in on_a if "source" in line["consoles"] or "caller" in line["consoles"]} == {"A"}
    assert {line["target"] for line in on_a if "target" in line["consoles"]} == {"A"}  # VM V2 goes there
    assert {line["console"] for line in on_b if "caller" in line["consoles"]} == {"B"}
    assert [line["text"].split(":")[0] for line in elsewhere] == ["[migr] fault ag begins", "[migr] fault ag ends"]
    whole = json.loads(trace(struck, "--json").stdout)
    assert len(on_a) + len(on_b) + len(elsewhere) == len(whole) - sum(line["consoles"] == ["guest"] for line in whole)


def test_the_console_of_a_guest_shows_only_its_own_lines(struck: Path) -> None:
    told = json.loads(trace(struck, "--console", "V1", "--json").stdout)
    assert [line["id"] for line in told] == ["HAL0331", "HAL0332"]
    assert json.loads(trace(struck, "--console", "V2", "--json").stdout) == []  # its guest does not run


def test_a_fault_concerns_every_vm(struck: Path) -> None:
    told = json.loads(trace(struck, "--vm", "V2", "--json").stdout)
    assert {line["vm"] for line in told} == {"V2", ""}
    assert {tuple(line["consoles"]) for line in told if not line["vm"]} == {("simulator",)}


def test_what_came_of_an_attempt_names_its_reason_and_who_gave_the_command(struck: Path) -> None:
    told = trace(struck).stdout
    assert "V1 A -> B: aborted (agent-error)\n" in told
    assert "V2 B -> A: completed, commanded at B, total " in told
