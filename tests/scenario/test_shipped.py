from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sim.scenario import load_scenario
from sim.scenario.point import Cost

SCENARIOS = Path(__file__).parents[2] / "scenarios"
NAMES = (
    "both-directions",
    "busy-database",
    "console-example",
    "day-and-night",
    "faster-network",
    "link-drop-390",
    "night-drain-390",
    "night-drain-x86",
    "quickstart",
    "two-clusters",
    "wrong-command",
)


def test_the_eleven_scenarios_are_there() -> None:
    assert tuple(sorted(file.stem for file in SCENARIOS.glob("*.yaml"))) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_is_right_and_asks_a_question(name: str) -> None:
    loaded = load_scenario(SCENARIOS / f"{name}.yaml")
    assert loaded.warnings == ()
    assert loaded.points
    assert loaded.scenario.title.endswith("?")
    assert loaded.scenario.question


def test_the_night_drains_move_twelve_vms() -> None:
    points = [load_scenario(SCENARIOS / f"night-drain-{kind}.yaml").points[0] for kind in ("390", "x86")]
    assert [len(point.vms) for point in points] == [12, 12]


def test_the_console_example_is_the_published_one() -> None:
    (point,) = load_scenario(SCENARIOS / "console-example.yaml").points
    (vm,) = point.vms
    (step,) = point.steps
    assert (vm.name, vm.index, vm.memory_bytes, vm.unit, step.to, step.at_s) == (
        "VM12PROD",
        12,
        4096 * 1024**2,
        "ABGSE501",
        "ABGSE701",
        419.0,
    )


def test_the_faster_network_is_asked_for_every_size_and_both_types() -> None:
    points = load_scenario(SCENARIOS / "faster-network.yaml").points
    asked = [
        (point.clusters[0].su_type, round(point.links[0].payload_Bps / 0.94 * 8 / 1e9), point.vms[0].memory_bytes / 1024**3)
        for point in points
    ]
    assert asked == [(kind, rate, size) for kind in ("/390", "x86") for rate in (1, 10) for size in (8, 16, 32)]


def test_two_clusters_meet_on_one_network_and_not_on_two() -> None:
    one, two = load_scenario(SCENARIOS / "two-clusters.yaml").points
    assert {unit.link for unit in one.units} == {"mcnpr"}
    assert {unit.link for unit in two.units} == {"mcnpr", "second"}
    assert [unit.server for unit in one.units] == ["SE1", "SE1", "SE2", "SE2"]


def test_the_line_drops_in_the_migration_of_the_database() -> None:
    points = {point.name: point for point in load_scenario(SCENARIOS / "link-drop-390.yaml").points}
    assert {name: len(point.faults) for name, point in points.items() if not point.faults} == {"line holds": 0}
    short = [name for name, point in points.items() if point.faults and (point.faults[0].lasts or Cost(0.0)).median_s < 10.0]
    assert short == ["flicker of 5 s"]
    assert all(fault.vm == "DBPROD" for point in points.values() for fault in point.faults)


def test_wrong_commands_are_typed_while_the_vm_migrates() -> None:
    typed, silent = load_scenario(SCENARIOS / "wrong-command.yaml").points
    assert silent.operators == ()
    assert {operator.console for operator in typed.operators} == {"ABGSE501", "ABGSE701", "VM12PROD"}
    assert [operator.at_s for operator in typed.operators] == sorted(operator.at_s for operator in typed.operators)


def test_reading_scenarios_loads_no_heavy_library() -> None:
    code = "import sys, sim.scenario; print(sorted({'pandas', 'scipy', 'matplotlib', 'pyarrow'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
