"""What benchmarks share: the measure, the floors, the table at the end."""

from __future__ import annotations

import gc

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.measuring import Measure, Measured, Rate
from benchmarks.scenarios import point_of
from sim.engine.site import Site

MEASURED = pytest.StashKey[Measured]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin a table."""
    config.stash[MEASURED] = Measured()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table last, after what pytest says."""
    if config.stash[MEASURED].rates:
        terminalreporter.section("speed, median of five")
        for line in config.stash[MEASURED].table():
            terminalreporter.write_line(line)


@pytest.fixture
def measure(benchmark: BenchmarkFixture, request: pytest.FixtureRequest) -> Measure:
    """Return what measures the work of a benchmark and keeps its rate."""
    return Measure(benchmark, request.config.stash[MEASURED])


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> list[Rate]:
    """Return the rates so far."""
    return request.config.stash[MEASURED].rates


@pytest.fixture(scope="session")
def steady() -> Site:
    """Return the site of the steady load, which is five rounds in every replication."""
    site = Site.of(point_of("steady"))
    gc.freeze()
    return site
