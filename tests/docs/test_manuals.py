"""The generated manuals are those of the code."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.scenario import load_scenario
from sim.scenario.schema_load import BurstsSpec, LoadSpec
from sim.scenario.schema_operations import FaultSpec, MomentSpec, OperatorSpec
from sim.scenario.schema_plan import OnAbortSpec, ScenarioSpec, StepSpec
from sim.scenario.schema_world import ClusterSpec, DevicesSpec, NetworkSpec, UnitSpec, VmSpec

MODELS = (
    ScenarioSpec,
    NetworkSpec,
    ClusterSpec,
    UnitSpec,
    LoadSpec,
    VmSpec,
    StepSpec,
    OnAbortSpec,
    OperatorSpec,
    FaultSpec,
    MomentSpec,
    BurstsSpec,
    DevicesSpec,
)

DOCS = Path(__file__).parents[2] / "docs"
MANUALS: dict[str, Callable[[], str]] = runpy.run_path(str(DOCS / "generate.py"))["MANUALS"]


@pytest.mark.parametrize("name", sorted(MANUALS))
def test_a_manual_is_fresh(name: str) -> None:
    """If this fails: python docs/generate.py."""
    assert MANUALS[name]() == (DOCS / name).read_text(encoding="utf-8")


def test_the_manuals_are_not_empty() -> None:
    assert sorted(MANUALS) == ["assumptions.md", "results.md", "scenario.md"]
    assert all(MANUALS[name]().count("\n| ") > 20 for name in MANUALS)


def test_the_example_of_the_manual_is_correct_and_writes_every_field() -> None:
    """A field that the example does not show is one that a planner has to guess."""
    loaded = load_scenario(DOCS / "example.yaml")
    assert len(loaded.points[0].vms) == 8
    text = (DOCS / "example.yaml").read_text(encoding="utf-8")
    shown = {"efficiency", "index_clash", "local_disks", "mu_disks"}  # the few that hardly anybody needs
    for model in MODELS:
        for name, field in model.model_fields.items():
            assert name in shown or f"{field.alias or name}:" in text, f"{model.__name__}.{name}"
