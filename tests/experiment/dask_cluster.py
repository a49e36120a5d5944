"""A Dask scheduler and workers of this machine, started as on a real cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from experiment.processes import PATIENCE_S, until

# What `dask scheduler` and `dask worker` call; no ports of ours can clash with those of others.
_SCHEDULER = [
    sys.executable,
    "-m",
    "distributed.cli.dask_scheduler",
    "--host",
    "127.0.0.1",
    "--port",
    "0",
    "--dashboard-address",
    "127.0.0.1:0",
]
_WORKER = [sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]


@contextmanager
def scheduler(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Yield the address of a scheduler and its process.

    Args:
        folder: for its files.
        settings: environment variables.
    """
    file = folder / "scheduler.json"
    with _process([*_SCHEDULER, "--scheduler-file", str(file)], folder, settings) as process:
        until(lambda: _address(file) is not None or process.poll() is not None)
        address = _address(file)
        assert address is not None, "the scheduler has ended"
        yield address, process


@contextmanager
def worker(address: str, folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a worker process with one thread; it may need some seconds to join.

    Args:
        address: of the scheduler.
        folder: its working folder.
        settings: environment variables.
    """
    with _process([*_WORKER, address], folder, settings) as process:
        yield process


@contextmanager
def _process(command: list[str], folder: Path, settings: Mapping[str, str] | None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, **(settings or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def _address(file: Path) -> str | None:
    """Return the address in a file that a scheduler writes; None as long as it is not all there."""
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError):
        return None
