"""What a planner writes, read and validated: scenario files become points of an experiment."""

from sim.scenario.facts import Fact
from sim.scenario.load import Loaded, load_scenario, scenario_of
from sim.scenario.writing import expanded, json_schema, template

__all__ = ["Fact", "Loaded", "expanded", "json_schema", "load_scenario", "scenario_of", "template"]
