"""Peak memory of a run does not grow with its replications: the process that computes, stores and summarises them is looked at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sim.columns import MIGRATIONS

PEAK = Path("/proc/self/status")
# The kernel's own highest value, of this program only: what `getrusage` says includes the process that started it.
pytestmark = pytest.mark.skipif(not PEAK.exists() or "VmHWM" not in PEAK.read_text(encoding="utf-8"), reason="the kernel tells no VmHWM")

SCENARIO = """\
schema: 1
title: One VM
networks: {net: {preset: mcnpr-10g}}
clusters:
  X:
    type: x86
    network: net
    units: {A: {memory: 64 GiB}, B: {memory: 64 GiB}}
loads:
  steady:
    classes: [{size: 40 MiB, rewrites: 5 /s}, {size: 200 MiB, rewrites: 0.5 /s}, {size: 1 GiB, rewrites: 0.02 /s}]
    jitter: 0.1
vms: {VM1: {su: A, memory: 4 GiB, load: steady}}
plan: {move: {at: "22:00", migrate: VM1, to: B}}
objectives:
  - p99(downtime) <= 5 s
  - P(makespan <= 10 min) >= 95 %
"""
RUN = """\
import sys
from pathlib import Path
import sim.experiment.execution.parts, sim.results.order_statistics
from sim.experiment.run import Order, run
from sim.scenario.load import load_scenario

file, out, replications, smaller = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
sim.experiment.execution.parts.ROWS //= smaller
sim.results.order_statistics.KEPT //= smaller
ran = run(Order(load_scenario(Path(file)), replications, out, 1, 0, rounds=False, command=["migr", "run"]), lambda *_: None)
assert ran.summary["points"][0]["replications"] == replications
(peak,) = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(peak)
"""
# Runs of one size differ by up to 9 %, as memory that was given back lies now here, now there; ten times as many migrations took 7 % more
# at most. Mutants: keeping the tables of all replications takes 0.2 kB a migration, nearly twice as much memory at 10^6 and eight times
# as much at 10^7.
TOLERANCE = 0.15
BYTES_A_MIGRATION = 8 * len(MIGRATIONS)  # what keeping all columns would take


def peak_bytes(folder: Path, replications: int, smaller: int) -> int:
    """Return the peak of resident memory of a run with one worker.

    Args:
        folder: an empty one.
        replications: of one VM.
        smaller: by how much parts, and what the summary keeps, are smaller than usual.
    """
    file = folder / "one-vm.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    command = [sys.executable, "-c", RUN, str(file), str(folder / "out"), str(replications), str(smaller)]
    return 1024 * int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def check(folder: Path, few: int, smaller: int) -> None:
    """Compare a run with one of ten times as many replications."""
    small, large = (peak_bytes(folder.joinpath(name), number, smaller) for name, number in (("few", few), ("many", 10 * few)))
    assert large < (1 + TOLERANCE) * small
    assert large - small < 9 * few * BYTES_A_MIGRATION / 4  # the tolerance would not hide the mutants


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one for each run."""
    for name in ("few", "many"):
        tmp_path.joinpath(name).mkdir()
    return tmp_path


def test_a_million_migrations_take_no_more_than_a_tenth_of_them(folder: Path) -> None:
    """With parts and kept values of a twentieth of their size, so that both runs go far beyond them."""
    check(folder, 100_000, smaller=20)


@pytest.mark.large
def test_ten_million_migrations_take_no_more_than_a_tenth_of_them(folder: Path) -> None:
    """As planners run it: a million fill a part and what the summary keeps."""
    check(folder, 1_000_000, smaller=1)
