"""What a planner writes, read and validated: scenario files become points of an experiment."""

from sim.scenario.facts import Fact
from sim.scenario.load import Loaded, load_scenario, scenario_of

__all__ = ["Fact", "Loaded", "load_scenario", "scenario_of"]
