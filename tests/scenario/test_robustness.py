from __future__ import annotations

import copy
import io
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from sim.errors import ScenarioError
from sim.scenario import scenario_of

WHOLE = """schema: 1
window: {from: "22:00", until: "02:00"}
networks: {mcnpr: {bandwidth: 10 Gbit/s, round_trip: 1 ms}}
clusters:
  SE:
    type: /390
    network: mcnpr
    parameters: {check: {median: 1 s, cv: 20 %}, stop_goal: 1 s}
    after_suspend: lost
    units: {SU1: {memory: 64 GiB, monitor: {memory: 1 GiB}, pools: {P: 2}}, SU2: {memory: 64 GiB, not_generated: ["5001"]}}
loads:
  a: {curve: [{window: 1 s, dirty: 1 %}, {window: 7 s, dirty: 3 %}], day: {"22:30": 0.3}}
  b: {classes: [{size: 13 %, rewrites: 2}], sweeps: [{size: 1 GiB, rate: 33 MiB/s}], bursts: {share: 17 %, length: 33 s, factor: 2}}
vms:
  A: {count: 2, su: SU1, memory: 4 GiB, load: a, devices: {disks: 3}}
  B: {su: SU2, memory: 4 GiB, load: b, index: 9, pool: P, quota: 3, max_utilisation: 70 %, persistent: false}
plan:
  out: {drain: SU1, to: SU2, order: [A2, A1], on_abort: {retries: 1, wait: 5 min, then: skip}}
operators: [{at: "22:05", console: SU1, command: /SHOW-VM-ATTRIBUTES}]
faults:
  drop: {link: mcnpr, at: {vm: B, phase: stop, after: 2 s}, for: {median: 3 s, cv: 20 %}, chance: 3 %, remaining: 3 %}
  burn: {crash: SU2, every: 30 h, for: 2 h}
variants: {own: {}, other: {clusters.SE.type: x86}}
objectives: [P(makespan of out <= 1 h) >= 95 %]
experiment: {replications: 10, seed: 1}
"""
PLAIN = YAML(typ="safe", pure=True).load(WHOLE)
ODD: list[Any] = [
    "",
    "x",
    5,
    -1,
    1.5,
    True,
    None,
    [],
    {},
    [1],
    {"a": 1},
    "VM1",
    "SU2",
    "x86",
    "0 %",
    "999 TiB",
    "25:00",
    float("nan"),
    10**30,
    "*",
]
PYTHON = ("Input should", "validation error", "NoneType", "Traceback", "dict_", "[type=")


def paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - YAML of any kind
    """Return the path of every value in a document."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path] * bool(path) + [below for key, child in children for below in paths(child, (*path, key))]


def text_with(path: tuple[Any, ...], value: object) -> str:
    """Return the whole scenario with one value replaced."""
    document = copy.deepcopy(PLAIN)
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    stream = io.StringIO()
    YAML().dump(document, stream)
    return stream.getvalue()


def test_the_whole_scenario_is_right() -> None:
    assert len(scenario_of(WHOLE, "whole.yaml").points) == 2
    assert len(paths(PLAIN)) > 100


@settings(max_examples=80, deadline=None, derandomize=True)
@given(path=st.sampled_from(paths(PLAIN)), value=st.sampled_from(ODD))
def test_one_odd_value_is_either_right_or_a_mistake_in_our_words(path: tuple[Any, ...], value: object) -> None:
    problems = problems_of(text_with(path, value))
    assert [problem for problem in problems if not problem.startswith("odd.yaml:")] == []
    assert [word for word in PYTHON if word in "".join(problems)] == []


def problems_of(text: str) -> list[str]:
    """Return the mistakes in a scenario; every other exception is our mistake."""
    try:
        scenario_of(text, "odd.yaml")
    except ScenarioError as error:
        return error.problems or ["an error without a problem"]
    return []
