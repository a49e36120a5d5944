"""Other values on trial: the same rows as of a run in which they are written, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from sim.engine.site import Site
from sim.errors import ScenarioError
from sim.experiment.probing import what_if
from sim.experiment.probing.again import first_rows, first_with_rounds
from sim.experiment.probing.what_if import WhatIf
from sim.scenario.load import Loaded, changed, load_scenario, scenario_of
from sim.scenario.objectives import parse_objective
from sim.scenario.writing import expanded

SCENARIOS = Path(__file__).parents[2] / "scenarios"
QUICKSTART = SCENARIOS / "quickstart.yaml"
WITHIN = parse_objective("P(makespan <= 28 s) >= 50 %")
NUMBER = 40


def stored(file: Path) -> Loaded:
    """Return a scenario as a result folder has it: all defaults written out, every point a variant."""
    return scenario_of(json.dumps(expanded(load_scenario(file))), "scenario.resolved.yaml")  # JSON is YAML


def trial(loaded: Loaded, place: int = 0) -> WhatIf:
    """Return a point to be changed, of which some replications are known."""
    return WhatIf(loaded, place, NUMBER, first_with_rounds(Site.of(loaded.points[place]), "lockstep", NUMBER)[1])


@pytest.mark.parametrize(("place", "limit_s"), [(0, 28.0), (1, 31.0)])
def test_a_change_gives_what_a_run_with_it_gives(place: int, limit_s: float) -> None:
    """The slower network of each SU type, computed by SimPy here."""
    override = "networks.mcnpr.bandwidth=1 Gbit/s"
    found = trial(stored(QUICKSTART), place).of(parse_objective(f"P(makespan <= {limit_s} s) >= 50 %"), [override])
    points = [load_scenario(QUICKSTART, sets).points[place] for sets in ([], [override])]
    times = [first_rows(Site.of(point), "simpy", NUMBER, rounds=False)["plans"]["makespan_s"].to_numpy() for point in points]
    shares = [float((each <= limit_s).mean()) for each in times]

    assert found is not None
    assert (found.replications, found.before["estimate"], found.after["estimate"]) == (NUMBER, *shares)
    assert shares[0] != shares[1]


def test_each_change_is_simulated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two objectives ask for the same change."""
    tried = trial(stored(QUICKSTART))
    simulated = Mock(side_effect=first_rows)
    monkeypatch.setattr(what_if, "first_rows", simulated)
    for objective in (WITHIN, parse_objective("p50(downtime) <= 1 s")):
        assert tried.of(objective, ["networks.mcnpr.bandwidth=1 Gbit/s"]) is not None

    assert simulated.call_count == 1


def test_a_change_that_is_another_point_is_known_as_that() -> None:
    loaded = stored(QUICKSTART)

    assert trial(loaded).same_as(["clusters.SE.type=/390"]) == "SU /390"
    assert trial(loaded).same_as(["networks.mcnpr.bandwidth=1 Gbit/s"]) is None


def test_values_that_cannot_be_are_refused() -> None:
    with pytest.raises(ScenarioError, match=r"units\.ABGSE501\.memory"):
        trial(stored(QUICKSTART)).of(WITHIN, ["vms.VM12PROD.memory=900 GiB"])


def test_what_takes_long_is_not_computed() -> None:
    """A guest under QEMU's rule may go on for minutes."""
    assert trial(stored(QUICKSTART), 1).of(WITHIN, ["clusters.SE.policy=qemu"]) is None


def test_simpy_computes_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps over one network meet, so that arrays cannot compute them; more migrations than a second or two takes are left out."""
    loaded = stored(SCENARIOS / "two-clusters.yaml")
    monkeypatch.setattr(what_if, "BY_SIMPY", 3)
    rows = first_rows(Site.of(loaded.points[0]), "simpy", 5, rounds=False)
    tried = WhatIf(loaded, 0, 5, rows)
    found = tried.of(parse_objective("share(completed) >= 50 %"), ["networks.mcnpr.bandwidth=10 Gbit/s"])

    assert found is not None
    assert found.replications == 3
    assert np.isfinite(found.after["estimate"])
    monkeypatch.setattr(what_if, "MOST_MIGRATIONS", 3)
    assert WhatIf(loaded, 0, 5, rows).of(WITHIN, ["networks.mcnpr.bandwidth=10 Gbit/s"]) is None


@pytest.mark.parametrize(
    ("file", "override"),
    [
        ("quickstart", "networks.mcnpr.bandwidth=1 Gbit/s"),
        ("night-drain-390", "plan.out.at=00:00"),
        ("busy-database", "networks.mcnpr.background=0 Mbit/s"),
        ("link-drop-390", "plan.out.on_abort.retries=6"),
        ("two-clusters", "plan.outx86.at=22:20"),
        ("console-example", "clusters.SE.parameters.stop_goal=4 s"),
    ],
)
def test_a_changed_point_is_that_of_the_scenario_with_the_override(file: str, override: str) -> None:
    """No default that is written out in a result folder depends on what is changed; the first point, which no variant changes."""
    loaded = load_scenario(SCENARIOS / f"{file}.yaml", [override])

    assert changed(stored(SCENARIOS / f"{file}.yaml"), 0, [override]).points == loaded.points[:1]
