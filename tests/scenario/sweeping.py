"""A small scenario to sweep over, read as `--vary` and `--set` have it read."""

from __future__ import annotations

import pytest

from sim.errors import ScenarioError
from sim.scenario import Loaded, scenario_of

TEXT = """schema: 1
networks:
  mcnpr: {bandwidth: 10 Gbit/s}
clusters:
  SE: {type: /390, network: mcnpr, units: {SU1: {memory: 256 GiB}, SU2: {memory: 256 GiB}}}
loads:
  orders: {profile: oltp-light, spread: 20 %}
vms:
  DB: {su: SU1, memory: 4 GiB, load: orders}
  APPL: {count: 2, su: SU1, memory: 4 GiB}
  REST: {su: SU2, memory: 4 GiB}
plan:
  out: {at: "22:00", drain: SU1, to: SU2}
"""
VARIANTS = "variants:\n  SU /390: {}\n  SU x86: {clusters.SE.type: x86}\n"


def loaded(more: str = "", *vary: str, overrides: tuple[str, ...] = ()) -> Loaded:
    return scenario_of(TEXT + more, "night.yaml", overrides, vary)


def values(more: str = "", *vary: str) -> list[list[str]]:
    """Return the values of every point, path by path."""
    return [list(settings.values()) for settings in loaded(more, *vary).settings]


def problems(more: str = "", *vary: str, overrides: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        loaded(more, *vary, overrides=overrides)
    return error.value.problems
