from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sim.scenario import Loaded, expanded, json_schema, load_scenario, scenario_of, template

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SHIPPED = sorted(SCENARIOS.glob("*.yaml"))
RICH = """schema: 1
title: everything that can be written
start: 2026-11-28
window: {from: "22:00", until: "02:00"}
networks:
  mcnpr: {bandwidth: 3 Gbit/s, round_trip: 0.7 ms, distance: 1.1 km, background: 33 Mbit/s, efficiency: 91.3 %}
clusters:
  SE:
    type: /390
    network: mcnpr
    policy: xen-legacy
    active: false
    after_suspend: target-resumes
    forced_commands: refuse
    parameters: {check: {median: 1.3 s, p95: 2.9 s}, state: 0.7 s, throughput_spread: 7.7 %, fault_cost: 333 ns, max_rounds: 7,
      skips: false, link_patience: 0 s, definition_retry: 0.7 s, hypervisor_need: 7 MiB, monitor_need: 777 MiB, move_rate: 77 MB/s}
    units:
      SU1: {memory: 640 GiB, server: S1, hypervisor: 100 MiB, cpus: 4, iocf: X, monitor: {memory: 1 GiB, cpus: 2, available: 77.7 %},
        pools: {PROD: 3}, reconfiguring: true, not_generated: ["5001"], exclusive: [CS, "6000"]}
      SU2: {memory: 640 GiB}
loads:
  a: {curve: [{window: 0.3 s, dirty: 1.1 %}, {window: 7 s, dirty: 3.3 %}], measured: tracked}
  b: {working_set: {size: 333 MiB, rate: 77 MB/s}, jitter: 0.07, day: {"22:30:15": 0.3, "00:00": 1.7}}
  c: {classes: [{size: 13 %, rewrites: 0.7}, {size: 77 MiB, rewrites: 7 /min}], sweeps: [{size: 1 GiB, rate: 33 MiB/s}], spread: 13 %,
    zipf: [{size: 3.3 %, rate: 7.7 MB/s, theta: 1.13}, {size: 11 MiB, rate: 3 MB/s}]}
  d: {profile: oltp, bursts: {share: 17 %, length: 33 s, factor: 2.7}}
vms:
  A: {count: 3, su: SU1, memory: 7 GiB, touched: 33 %, load: a}
  B: {su: SU1, memory: 3 GiB, load: b, index: 50, devices: {disks: 3, tapes: 1, pav_aliases: 2, local_disks: 1, mu_disks: 1}}
  C: {su: SU1, memory: 5 GiB, load: c, cpus: 3, state: INIT-ONLY, pool: PROD, group: G, quota: 0.7, max_utilisation: 33.3 %,
    persistent: false}
  D: {su: SU2, memory: 5 GiB, load: d}
  E: {su: SU2, memory: 5 GiB, load: batch}
plan:
  out: {drain: SU1, to: SU2, order: [C, B, A2], on_abort: {retries: 3, wait: 90 s, then: stop, retry_rejected: true}}
  one: {at: "01:00", migrate: D, to: SU1, when_busy: reject}
operators:
  - {at: "22:30:30", console: SU1, command: "/SHOW-VM-ATTRIBUTES"}
  - {at: "00:30", console: D, command: "/SHOW-SYSTEM-INFORMATION"}
faults:
  - {link: mcnpr, at: {vm: C, phase: stop, after: 0.7 s}, for: {median: 3 s, cv: 33 %}, remaining: 7.7 %, chance: 33.3 %}
  - {disks: SU2, at: "23:00"}
  - {crash: SU2, every: 777 h, for: {median: 1 min, p95: 3 min}}
variants:
  own: {}
  other: {clusters.SE.type: x86, clusters.SE.policy: stop-and-copy, vms.C.memory: 6 GiB, plan.one.at: "00:30"}
  far: {networks.mcnpr.round_trip: 4 ms}
  calm: {faults.fault1.chance: 1 %, operators: [], clusters.SE.active: true}
objectives: [P(makespan of out <= 1 h) >= 95 %]
experiment: {replications: 17, seed: 3}
"""


def written(document: dict[str, Any]) -> str:
    stream = io.StringIO()
    YAML().dump(document, stream)
    return stream.getvalue()


def sources() -> list[Any]:
    shipped = [pytest.param(lambda file=file: load_scenario(file), id=file.stem) for file in SHIPPED]
    return [*shipped, pytest.param(lambda: scenario_of(RICH, "rich"), id="rich")]


@pytest.mark.parametrize("source", sources())
def test_the_expanded_scenario_gives_the_same_points(source: Any) -> None:  # noqa: ANN401 - a function without arguments
    original: Loaded = source()
    text = written(expanded(original))
    again = scenario_of(text, "scenario.resolved.yaml")
    assert original.points == again.points
    assert written(expanded(again)) == text
    assert again.scenario.objectives == original.scenario.objectives


def test_the_expanded_scenario_leaves_nothing_to_a_profile() -> None:
    text = written(expanded(scenario_of(RICH, "rich")))
    assert [word for word in ("profile:", "preset:") if word in text] == []
    facts = scenario_of(text, "again").facts[0]
    defaults = {fact.path for fact in facts if fact.origin in {"profile", "default"} and fact.path != "model"}
    assert defaults == set()


def test_the_schema_for_editors_is_fresh() -> None:
    """Written by `migr schema > scenarios/schema.json`."""
    assert json_schema() == json.loads((SCENARIOS / "schema.json").read_text(encoding="utf-8"))


def test_every_field_of_the_schema_is_explained() -> None:
    schema = json_schema()
    parts = [schema, *schema["$defs"].values()]
    fields = [(name, field) for part in parts for name, field in part["properties"].items()]
    assert len(fields) > 100
    assert [name for name, field in fields if len(field.get("description", "")) < 10] == []
    assert "null" not in json.dumps(schema)


@pytest.mark.parametrize("su_type", ["/390", "x86"])
def test_the_template_is_a_valid_scenario_without_warnings(su_type: str) -> None:
    loaded = scenario_of(template(su_type), "new.yaml")
    assert [cluster.su_type for cluster in loaded.points[0].clusters] == [su_type]
    assert loaded.warnings == ()
