"""A small experiment and ways to run it: in this process, or as the command that a planner gives."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import sim.experiment.execution.parts
from sim.columns import TABLES
from sim.experiment.execution.engines import Wanted
from sim.experiment.run import Order, Ran, run
from sim.experiment.storage.store import Store
from sim.scenario.load import load_scenario

# Two SU types, two VMs: every kind of draw, and on SU /390 a chase limit that some replications pass and try again.
SCENARIO = """\
schema: 1
title: A small drain
question: Does every way to compute it give the same bytes?
networks:
  mcnpr: {bandwidth: 1 Gbit/s}
clusters:
  C:
    type: /390
    network: mcnpr
    units:
      S1: {memory: 64 GiB}
      S2: {memory: 64 GiB}
    parameters: {chase_limit: 12 s}
loads:
  busy: {profile: oltp-light, bursts: {share: 20 %, length: 30 s, factor: 3}, day: {"00:00": 0.3, "08:00": 1.0}, spread: 20 %}
  hot: {classes: [{size: 300 MiB, rewrites: 1}], spread: 40 %}
vms:
  DB: {su: S1, memory: 4 GiB, cpus: 2, load: busy, devices: {disks: 2, tapes: 1}}
  APPL: {su: S1, memory: 2 GiB, load: hot}
plan:
  out: {at: "22:00", drain: S1, to: S2, on_abort: {retries: 1, wait: 1 min, then: skip}}
variants:
  SU /390: {}
  SU x86: {clusters.C.type: x86}
objectives:
  - share(completed) >= 1 %
experiment: {replications: 150, seed: 11}
"""

PART = 64  # replications of a part here; the product's parts are a few seconds of work, and of which size they are changes no rule
REPLICATIONS = "300"  # of the runs that are interrupted: five parts a point, some seconds of work
# Workers are started when the rest takes longer than starting them; a test wants them for a second's work, too.
# A shell that runs the tests in the background has them ignore Ctrl-C, and what they start too; a terminal does not.
WITH_WORKERS = (
    # With ROWS = 1 a part of the array engine is as small as one of SimPy.
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    f"import sim.experiment.execution.parts as p, sim.experiment.execution.workers as w; p.PART = {PART}; p.ROWS = 1; w.STARTING_S = 0.0;"
    "import sim.cli; sim.cli.main()"
)


def written(folder: Path, text: str = SCENARIO) -> Path:
    """Write the scenario and return its file."""
    file = folder / "small.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def here(
    file: Path,
    out: Path | str,
    replications: int,
    *,
    messages: int = 200,
    rounds: bool = False,
    part: int = PART,
    columns: tuple[str, ...] = (),
    engine: Wanted = "simpy",
) -> Ran:
    """Run the scenario in this process."""
    order = Order(load_scenario(file), replications, out, 1, messages, rounds, ["migr", "run"], columns=columns, engine=engine)
    with patch.object(sim.experiment.execution.parts, "PART", part):
        return run(order, lambda *_: None)


def command(file: Path, out: Path, *more: str) -> list[str]:
    """Return the command that runs the scenario in a process of its own, whose workers start at once."""
    return [sys.executable, "-c", WITH_WORKERS, "run", str(file), "--no-report", "--out", str(out), "--engine", "simpy", *more]


def given(file: Path, out: Path, *more: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Give the command and return what it printed and how it ended."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(command(file, out, *more), check=False, capture_output=True, text=True, env=environment)


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every Parquet file and of the summaries; run.json tells how and is no result."""
    files = [*folder.glob("*.parquet/*"), folder / "summary.json", folder / "summary.csv", folder / "scenario.resolved.yaml"]
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files)}


def rows(folder: Path) -> dict[str, list[dict[str, object]]]:
    """Return the rows of every table that is there, in order: what two folders whose parts are cut differently have in common."""
    there = [table for table in TABLES if (folder / f"{table}.parquet").exists()]
    return {table: Store(folder).read(table).to_pylist() for table in there}


def part_files(folder: Path) -> list[str]:
    """Return the names of the finished parts."""
    return sorted(file.name for file in folder.glob("migrations.parquet/*.parquet"))
