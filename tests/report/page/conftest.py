"""Sources of reports, made by small runs of shipped scenarios; each worker of pytest-xdist runs those that its tests ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.cli.loading import load_run
from sim.experiment.run import Order, run
from sim.report.page.source import Source, read_run, source_of
from sim.scenario.load import load_scenario

SCENARIOS = Path(__file__).parents[3] / "scenarios"

Ran = Callable[[str, int], tuple[Path, Source]]


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Return a function that runs a shipped scenario once a session: result folder and source of its report."""
    known: dict[tuple[str, int], tuple[Path, Source]] = {}

    def once(scenario: str, replications: int) -> tuple[Path, Source]:
        if (scenario, replications) not in known:
            folder = tmp_path_factory.mktemp(scenario) / "run"
            loaded = load_scenario(SCENARIOS / f"{scenario}.yaml")
            run(Order(loaded, replications, folder, 1, 20, rounds=False, command=["migr", "run", scenario]), lambda *_: None)
            stored = load_run(str(folder), to_repeat=False) if any(loaded.settings) else loaded  # its points are variants
            known[scenario, replications] = folder, source_of([read_run(str(folder), stored)], [], f"migr report {scenario}")
        return known[scenario, replications]

    return once


@pytest.fixture(scope="session")
def quickstart(ran: Ran) -> Source:
    """The published example on both SU types: two points."""
    return ran("quickstart", 200)[1]


@pytest.fixture(scope="session")
def night(ran: Ran) -> Source:
    """A drain of twelve VMs on SU /390."""
    return ran("night-drain-390", 200)[1]


@pytest.fixture(scope="session")
def failing(ran: Ran) -> Source:
    """A drain whose line drops: aborts, retries, VMs left behind; SimPy."""
    return ran("link-drop-390", 100)[1]


@pytest.fixture(scope="session")
def swept(ran: Ran) -> Source:
    """Two SU types x bandwidth x memory: twelve points."""
    return ran("faster-network", 50)[1]
