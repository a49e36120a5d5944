"""How a scenario asks for as many replications as it takes, and what it is told when it asks wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.load import Loaded, scenario_of
from sim.scenario.schema_experiment import AutoSpec
from sim.scenario.writing import expanded

QUICKSTART = (Path(__file__).parents[2] / "scenarios" / "quickstart.yaml").read_text(encoding="utf-8")


def loaded(replications: str) -> Loaded:
    return scenario_of(QUICKSTART.replace("replications: 1000", f"replications: {replications}"), "night.yaml")


@pytest.mark.parametrize(
    ("written", "precision"),
    [
        ("auto", (0.05, 0.005, 1_048_576)),
        ("{auto: {}}", (0.05, 0.005, 1_048_576)),
        ("{auto: {time: 2 %, limit: 100000}}", (0.02, 0.005, 100_000)),
        ("{auto: {probability: 0.1 %}}", (0.05, 0.001, 1_048_576)),
    ],
)
def test_auto_has_defaults_that_can_be_changed(written: str, precision: tuple[float, float, int]) -> None:
    found = loaded(written).scenario.experiment.replications
    assert isinstance(found, AutoSpec)
    assert (found.auto.time, found.auto.probability, found.auto.limit) == precision


def test_a_number_is_a_number() -> None:
    assert loaded("17").scenario.experiment.replications == 17


def test_it_is_written_out_with_its_units_and_changes_no_point() -> None:
    automatic = loaded("auto")
    expected = {"replications": {"auto": {"time": "5 %", "probability": "0.5 %", "limit": 1_048_576}}, "seed": 7}
    assert expanded(automatic)["experiment"] == expected
    assert automatic.points == loaded("17").points


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("often", "27:28: experiment.replications: 'often' is not a whole number; write one from 1 to 1000000000, or auto"),
        ("0", "27:28: experiment.replications: 0 is outside the range"),
        ("{auto: {tme: 3 %}}", "27:36: experiment.replications.auto.tme: unknown key; did you mean 'time'?"),
        ("{ato: {}}", "27:29: experiment.replications.ato: unknown key; did you mean 'auto'?"),
        ("{auto: {time: 3}}", "27:42: experiment.replications.auto.time: 3 has no unit; write '3 %'"),
        ("{auto: {time: 0 %}}", "experiment.replications.auto.time: '0 %' is too small; write a value above 0"),
        ("{auto: {limit: 5}}", "experiment.replications.auto.limit: 5 is outside the range; write a whole number from 1024 to 1000000000"),
        ("{auto: 3}", "27:35: experiment.replications.auto: '3' stands where a mapping has to"),
    ],
)
def test_mistakes_have_their_place_and_a_remedy(written: str, says: str) -> None:
    with pytest.raises(ScenarioError) as error:
        loaded(written)
    assert len(error.value.problems) == 1
    assert says in error.value.problems[0]
