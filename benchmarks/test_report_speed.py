"""How long the report of 10,000 replications of a drain of 12 VMs takes, beside reading its rows once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measuring import Measure, rate_of
from benchmarks.scenarios import DRAIN
from sim.experiment.storage.store import Store

REPLICATIONS, VMS = 10_000, 12
LARGEST = 1_500_000  # bytes of a page that can be mailed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results, without their report."""
    out = tmp_path_factory.mktemp("report") / "out"
    command = [sys.executable, "-m", "sim", "run", str(DRAIN), "--replications", str(REPLICATIONS), "--no-report", "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    return out


def test_report(measure: Measure, folder: Path) -> None:
    rows = REPLICATIONS * VMS

    def written() -> int:
        subprocess.run([sys.executable, "-m", "sim", "report", str(folder)], check=True, capture_output=True)
        return (folder / "report.html").stat().st_size

    floor = rate_of("reading all columns", rows, lambda: Store(folder).read("migrations").num_rows, unit="rows")
    size = measure("migr report, a process of its own", rows, written, floor=floor, unit="rows")
    assert Store(folder).read("migrations").num_rows == rows
    assert 100_000 < size < LARGEST
