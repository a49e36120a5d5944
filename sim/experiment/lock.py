"""One `migr run` writes a result folder at a time."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager

from sim.errors import ResultsError
from sim.experiment.folder import Folder

LOCK = "running.lock"


@contextmanager
def locked(folder: Folder) -> Iterator[None]:
    """Hold the folder; what a killed run left is taken over.

    The file names process and machine: of a process of this machine it can be seen that it is gone, of others it cannot.

    Raises:
        ResultsError: another run writes the folder, or nobody can write it.
    """
    mine = json.dumps({"pid": os.getpid(), "host": platform.node()}).encode()
    if not folder.write_new(LOCK, mine):
        holder = _holder(folder)
        if not _is_gone(*holder):
            raise ResultsError(
                f"{folder}: another `migr run` writes here (process {holder[0]} on {holder[1]}); wait for its end, "
                f"or name another folder with --out; if it runs no more, delete {folder}/{LOCK}"
            )
        folder.write(LOCK, mine)
    try:
        yield
    finally:
        folder.remove(LOCK)


def _holder(folder: Folder) -> tuple[int, str]:
    """Return process and machine; (0, "") of a lock that was never finished."""
    try:
        found = json.loads(folder.read_bytes(LOCK) or b"")
        return int(found["pid"]), str(found["host"])
    except (ValueError, KeyError, TypeError):
        return 0, ""


def _is_gone(pid: int, host: str) -> bool:
    """Say whether the process that wrote a lock runs no more."""
    if pid in {0, os.getpid()}:  # never finished; or of a process with our number, before the machine or container was started again
        return True
    if host != platform.node():
        return False
    try:
        os.kill(pid, 0)  # signal 0 asks whether the process is there and does nothing to it
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
