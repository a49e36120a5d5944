"""One very long run through the command line, watched: rows, bytes, rate, and the most memory that any process took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.scenarios import ONE_VM
from sim.experiment.storage.reading import row_count
from sim.experiment.storage.store import Store

MOST_BYTES = 2 * 2**30  # of any process
EVERY_S = 0.5  # the kernel keeps the highest value itself: only a process that ends within this time is missed
COLUMNS = "downtime_s"
TABLES = ("migrations", "plans")


def below(pid: int) -> list[int]:
    """Return a process and all that it started."""
    found = [pid]
    for process in found:
        for task in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                found += map(int, task.read_text(encoding="utf-8").split())
            except OSError:  # it has ended meanwhile
                continue
    return found


def peak_bytes(pid: int) -> int:
    """Return the highest resident memory of a process so far; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return max((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM")), default=0)


def watched(command: list[str]) -> tuple[dict[int, int], float]:
    """Run a command to its end and return the peak of each of its processes, and its seconds.

    Raises:
        CalledProcessError: it ended with an error.
    """
    began = time.monotonic()
    peaks: dict[int, int] = {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            for pid in below(process.pid):
                peaks[pid] = max(peaks.get(pid, 0), peak_bytes(pid))
            time.sleep(EVERY_S)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peaks, time.monotonic() - began


def main(
    migrations: Annotated[int, typer.Argument(min=1, help="Migrations: replications of one VM.")] = 100_000_000,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 2,
    columns: Annotated[str, typer.Option(help="Columns of migrations that are stored.")] = COLUMNS,
) -> None:
    """Run one VM so often in a temporary folder, and check rows and memory."""
    say = Console(highlight=False).print
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "one-vm.yaml", Path(folder) / "out"
        file.write_text(ONE_VM, encoding="utf-8")
        options = ["--replications", str(migrations), "--workers", str(workers), "--columns", columns, "--messages", "0"]
        peaks, seconds = watched([sys.executable, "-m", "sim", "run", str(file), "--out", str(out), *options])
        contents = Store(out).contents()
        rows = {table: row_count(contents, table) for table in TABLES}
        size = {table: sum(each.stat().st_size for each in (out / f"{table}.parquet").iterdir()) for table in TABLES}
        told = json.loads((out / "summary.json").read_text(encoding="utf-8"))["points"][0]
    rate = migrations / seconds
    say(f"{migrations:,} migrations in {seconds:,.0f} s, {rate:,.0f} a second, with {workers} workers on {os.cpu_count()} CPUs")
    for table in TABLES:
        say(f"{table}: {rows[table]:,} rows, {size[table] / 1e9:,.2f} GB, {size[table] / rows[table]:.1f} bytes a row")
    for pid, peak in peaks.items():
        say(f"process {pid}: {peak / 2**20:,.0f} MiB at most")
    assert rows == dict.fromkeys(TABLES, migrations)
    assert (told["replications"], told["migrations"][0]["migrations"]) == (migrations, migrations)
    assert peaks
    assert max(peaks.values()) <= MOST_BYTES, "a process took more than 2 GiB"


if __name__ == "__main__":
    typer.run(main)
