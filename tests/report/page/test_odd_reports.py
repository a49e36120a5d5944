"""Reports of odd scenarios: nothing to move, nobody but operators, lost guests, one replication, columns left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sim.engine.site import Site
from sim.errors import ScenarioError
from sim.experiment.probing.convergence_map import MOST_ROUNDS, why_no_map
from sim.experiment.run import Order, run
from sim.report.page.assembly import page, sections_of
from sim.report.page.blocks import Prose, Section, Tiles, Verdict
from sim.report.page.sections.answer.section import answer
from sim.report.page.sections.answer.tries import replications_to_decide
from sim.report.page.sections.timing.section import timing
from sim.report.page.sections.trust.section import trust
from sim.report.page.source import Source, read_run, source_of
from sim.scenario.load import load_scenario

DB, APP = {"su": "SUA", "memory": "2 GiB", "load": "oltp-light"}, {"su": "SUA", "memory": "1 GiB"}


def scenario(**changes: object) -> dict[str, Any]:
    """Return a small drain of two VMs with these sections replaced."""
    units = {"SUA": {"memory": "64 GiB"}, "SUB": {"memory": "64 GiB"}}
    return {
        "schema": 1,
        "networks": {"mcnpr": {"preset": "mcnpr-1g"}},
        "clusters": {"C": {"type": "/390", "network": "mcnpr", "units": units}},
        "vms": {"DB": DB, "APP": APP},
        "plan": {"out": {"at": "22:00", "drain": "SUA", "to": "SUB"}},
    } | changes


def source(folder: Path, document: dict[str, Any], replications: int = 10, columns: Sequence[str] = ()) -> Source:
    """Return the source of the report of a run."""
    file = folder / "odd.yaml"
    YAML().dump(document, file)
    loaded, out = load_scenario(file), folder / "run"
    run(Order(loaded, replications, out, 1, 0, rounds=False, command=["migr", "run"], columns=tuple(columns)), lambda *_: None)
    return source_of([read_run(str(out), loaded)], [], "migr report")


def prose(section: Section | None) -> str:
    assert section is not None
    return "\n".join(block.text for block in section.blocks if isinstance(block, Prose))


def verdicts(section: Section | None) -> list[Verdict]:
    assert section is not None
    return [block for block in section.blocks if isinstance(block, Verdict)]


def test_plan_without_a_step_in_which_an_operator_migrates(tmp_path: Path) -> None:
    command = {"at": "22:00", "console": "SUA", "command": "/MIGRATE-VM VM-ID=2,SERVER-UNIT-NAME=SUB"}
    found = source(tmp_path, scenario(plan={}, operators=[command]))
    entry = found.details[0].entry
    assert entry["replications"] == 10
    assert entry["steps"] == []
    assert [(line["vm"], line["step"]) for line in found.details[0].lines()] == [("APP", "(operator)")]
    assert "the plan has no step" in prose(answer(found)).lower()
    assert "operators migrate VMs" in prose(answer(found))
    assert "inf" not in prose(trust(found))
    assert "-inf" not in page(found, sections_of(found))


def test_plan_without_a_step_counts_every_replication(tmp_path: Path) -> None:
    """No table has a row that names a replication."""
    found = source(tmp_path, scenario(plan={}), replications=7)
    assert found.details[0].entry["replications"] == 7
    assert found.details[0].gathered.counted.replications == 7


def test_plan_without_a_step_has_no_objectives(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="'plan' has no step"):
        source(tmp_path, scenario(plan={}, objectives=["P(makespan <= 1 h) >= 95 %"]))


def test_step_that_finds_no_vm_is_no_success(tmp_path: Path) -> None:
    plan = {"back": {"at": "22:00", "drain": "SUB", "to": "SUA"}}
    found = source(tmp_path, scenario(plan=plan, objectives=["P(makespan of back <= 30 min) >= 50 %"]))
    assert "Step back finds no VM on SUB in any replication" in prose(answer(found))


def test_step_that_moves_vms_has_no_such_warning(tmp_path: Path) -> None:
    assert "finds no VM" not in prose(answer(source(tmp_path, scenario())))


def test_lost_guest_is_not_tried_again(tmp_path: Path) -> None:
    document = scenario(
        vms={"DB": DB},
        faults={"drop": {"link": "mcnpr", "at": {"vm": "DB", "phase": "stop"}, "for": "5 min"}},
        objectives=["p50(downtime of DB) <= 10 s"],
    )
    document["clusters"]["C"]["after_suspend"] = "lost"
    (verdict,) = verdicts(answer(source(tmp_path, document)))
    assert any("a guest is lost" in line for line in verdict.why)
    assert not any("again" in line or "stop_goal" in line or "bandwidth" in line for line in verdict.tries)


def test_one_night_is_one_night(tmp_path: Path) -> None:
    found = answer(source(tmp_path, scenario(objectives=["share(completed) >= 99 %"]), replications=1))
    (verdict,) = verdicts(found)
    assert "of the 1 simulated night " in verdict.found
    assert any("in 1 night." in line for line in verdict.why)
    assert found is not None
    tiles = [tile for block in found.blocks if isinstance(block, Tiles) for tile in block.tiles]
    assert not any(" of the night " in f"{tile.what} {tile.beside}" for tile in tiles)


def test_columns_left_out_are_no_failed_migrations(tmp_path: Path) -> None:
    found = source(tmp_path, scenario(), columns=["outcome"])
    assert "was brought over" not in prose(timing(found))
    assert "`total_s`" in prose(timing(found))
    assert "How long the guests stand still is not known" in page(found, [section for section in [answer(found)] if section])


def test_replications_to_decide_a_share_of_all() -> None:
    """Of n hits in n the lower end is 0.025^(1/n) (Clopper-Pearson): that of 3,688 is 99.9 %, and 30 % are to spare."""
    entry = {"of": "share", "low": 0.025 ** (1 / 20), "high": 1.0, "estimate": 1.0}
    asked = replications_to_decide(entry, 0.999, 20)
    needed = math.log(0.025) / math.log(0.999)
    assert asked is not None
    assert needed <= asked <= 1.5 * needed
    none = {"of": "share", "low": 0.0, "high": 1 - 0.025 ** (1 / 20), "estimate": 0.0}
    assert replications_to_decide(none, 0.001, 20) == asked


def test_no_map_for_a_policy_of_endless_rounds() -> None:
    """The rule of Clark et al. has no limit of rounds: each cell of a map would go through tens of thousands."""
    point = load_scenario(Path(__file__).parents[3] / "scenarios" / "quickstart.yaml").points[1]
    where = point.vms[0].name, point.vms[0].unit, point.steps[0].to
    for rounds, there in ((MOST_ROUNDS, True), (MOST_ROUNDS + 1, False), (math.inf, True)):
        cluster = replace(point.clusters[0], policy=replace(point.clusters[0].policy, max_rounds=rounds))
        assert (why_no_map(Site.of(replace(point, clusters=(cluster,))), *where) == "") is there
