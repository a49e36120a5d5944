"""A small world for tests of operators and faults, and how to look at what was read of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sim.errors import ScenarioError
from sim.scenario import Loaded, scenario_of
from sim.scenario.facts import Fact
from sim.scenario.point import Point

CLUSTER = """schema: 1
window: {from: "22:00", until: "02:00"}
networks:
  mcnpr: {bandwidth: 1 Gbit/s}
clusters:
  SE:
    type: /390
    network: mcnpr
    units:
      SU1: {memory: 64 GiB}
      SU2: {memory: 64 GiB}
"""
VMS = """vms:
  VM1: {su: SU1, memory: 4 GiB}
"""
PLAN = """plan:
  out: {drain: SU1, to: SU2}
"""
WORLD = CLUSTER + PLAN + VMS


def loaded(text: str, *overrides: str, vary: Sequence[str] = ()) -> Loaded:
    """Return a scenario that is right."""
    return scenario_of(text, "night.yaml", overrides, vary)


def point(text: str, *overrides: str) -> Point:
    """Return the only point of a scenario."""
    (only,) = loaded(text, *overrides).points
    return only


def problems(text: str, *overrides: str) -> list[str]:
    """Return what is wrong with a scenario."""
    with pytest.raises(ScenarioError) as error:
        loaded(text, *overrides)
    return error.value.problems


def facts_of(text: str) -> dict[str, Fact]:
    """Return the facts of the only point, by path."""
    return {fact.path: fact for fact in loaded(text).facts[0]}


def tags_of(text: str) -> set[str]:
    """Return the assumptions on which the first point rests."""
    return {fact.assumption for fact in loaded(text).facts[0] if fact.assumption}
