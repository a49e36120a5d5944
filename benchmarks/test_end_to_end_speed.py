"""Runs from the scenario to Parquet files and summary, in one process; two sizes of each show how time grows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from benchmarks.measuring import Measure, Rate
from benchmarks.scenarios import VMS_OF_DRAIN, drain, one_vm
from sim.experiment.run import Order, Ran, run
from sim.experiment.storage.reading import row_count
from sim.scenario.load import Loaded

BANDWIDTHS = [f"{number} Gbit/s" for number in (1, 2, 3, 4, 5, 6, 8, 10)]
MEMORIES = [f"{number} GiB" for number in (8, 12, 16, 20, 24, 28, 32, 40)]


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Path]:
    """Return a new result folder each time."""
    return (tmp_path / str(number) for number in count())


def carried_out(loaded: Loaded, replications: int, folder: Path) -> Ran:
    """Run in this process, without messages."""
    return run(Order(loaded, replications, folder, 1, 0, rounds=False, command=["migr", "run"]), lambda *_: None)


def check(measure: Measure, what: str, loaded: Loaded, replications: int, vms: int, folders: Iterator[Path]) -> None:
    """Measure a run and check what is in its folder."""
    migrations = replications * vms * len(loaded.points)
    ran = measure(what, migrations, lambda: carried_out(loaded, replications, next(folders)))
    assert row_count(ran.store.contents(), "migrations") == migrations
    assert [point["replications"] for point in ran.summary["points"]] == [replications] * len(loaded.points)


@pytest.mark.parametrize("replications", [2**16, 2**18])
def test_one_vm(measure: Measure, folders: Iterator[Path], replications: int) -> None:
    check(measure, f"run, one VM, steady, {replications:,} replications", one_vm("steady"), replications, 1, folders)


@pytest.mark.parametrize("replications", [2**12, 2**14])
def test_drain_of_12_vms(measure: Measure, folders: Iterator[Path], replications: int) -> None:
    check(measure, f"run, drain of 12 VMs, {replications:,} replications", drain(), replications, VMS_OF_DRAIN, folders)


@pytest.mark.parametrize("points", [16, 64])
def test_sweep(measure: Measure, folders: Iterator[Path], measured: list[Rate], points: int) -> None:
    memories = MEMORIES[: points // len(BANDWIDTHS)]
    loaded = drain([f"networks.mcnpr.bandwidth={','.join(BANDWIDTHS)}", f"vms.DBPROD.memory={','.join(memories)}"])
    assert len(loaded.points) == points
    check(measure, f"sweep of {points} points, drain of 12 VMs, 1,024 replications", loaded, 1024, VMS_OF_DRAIN, folders)
    assert measured[-1].unit == "migrations"
