"""Looks at processes that tests start, and at those that these start."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 90.0  # a machine that six others share is slow; nothing is asserted about time


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; it must come true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def children(pid: int) -> set[int]:
    """Return the processes that one has started."""
    return {int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in _read(task).split()}


def descendants(pid: int) -> set[int]:
    """Return all processes below one."""
    direct = children(pid)
    return direct.union(*map(descendants, direct))


def lives(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    stat = _read(Path(f"/proc/{pid}/stat"))
    return bool(stat) and stat.rpartition(")")[2].split()[0] != "Z"


def workers_of(pid: int) -> set[int]:
    """Return the worker processes of a run: the children of its children, which are a server that forks and a tracker of resources."""
    return {worker for child in children(pid) for worker in children(child) if lives(worker)}


def _read(file: Path) -> str:
    """Return what is in a file of /proc; nothing if its process has ended meanwhile."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
