"""One `migr run` writes a result folder at a time."""

from __future__ import annotations

import errno
import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sim.errors import ResultsError
from sim.experiment.storage.folder import Folder, not_writable

LOCK = "running.lock"
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}  # what filesystems without locks answer

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # a byte that the file does not have: what Windows locks, others cannot read

    def _take(file: int) -> None:
        os.lseek(file, _FAR, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)

else:
    import fcntl

    def _take(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def locked(folder: Folder) -> Iterator[None]:
    """Hold the folder; what a killed run left is taken over.

    On a path the operating system holds the lock and gives it back however the process ends; what is in the file says whose it is. Behind
    a URL, and on filesystems without locks, the file is the lock: of a process of this machine it can be seen that it is gone, of others
    it cannot; and two runs that begin at the same moment can both get in, since object stores have no common way to exclude each other.

    Raises:
        ResultsError: another run writes the folder, or nobody can write it.
    """
    path = folder.path_of(LOCK)
    file = _opened(folder, path) if path is not None else None
    if path is None or file is None:
        _check_gone(folder)
        folder.write(LOCK, _mine())
    try:
        yield
    finally:
        if path is None or file is None:
            folder.remove(LOCK)
        else:
            _release(path, file)


def _opened(folder: Folder, path: Path) -> int | None:
    """Return the lock file, open and locked; None where the filesystem knows no locks.

    Raises:
        ResultsError: another run holds it, or nobody can write it.
    """
    while True:
        file = -1
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            _take(file)
            if not _is_at(path, file):  # its holder has ended meanwhile and removed it: another one may hold the file of that name
                os.close(file)
                continue
            _check_no_other_machine(folder)
            os.ftruncate(file, 0)
            os.write(file, _mine())
        except BaseException as error:
            if file >= 0:
                os.close(file)
            if not isinstance(error, OSError):
                raise
            if error.errno in _NO_LOCKS:
                return None
            if file >= 0 and error.errno in {errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}:
                raise _held(folder, *_holder(folder)) from error
            raise not_writable(folder, error) from error
        return file


def _is_at(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _release(path: Path, file: int) -> None:
    """Remove the file while it is held, so that nobody's file is removed but ours; Windows removes only closed files, of nobody else."""
    if sys.platform == "win32":
        os.close(file)
        with suppress(OSError):
            path.unlink()
    else:
        path.unlink(missing_ok=True)
        os.close(file)


def _check_no_other_machine(folder: Folder) -> None:
    """Check that the file is not of another machine: some shared filesystems lock for one machine only.

    Raises:
        ResultsError: it is.
    """
    pid, host = _holder(folder)
    if host not in {"", platform.node()}:
        raise _held(folder, pid, host)


def _check_gone(folder: Folder) -> None:
    """Check that the run which wrote the file runs no more.

    Raises:
        ResultsError: it runs, or nobody can know.
    """
    if folder.read_bytes(LOCK):  # an empty one is of a run that found no locks here, and now looks as we do
        pid, host = _holder(folder)
        if not _is_gone(pid, host):
            raise _held(folder, pid, host)


def _mine() -> bytes:
    return json.dumps({"pid": os.getpid(), "host": platform.node()}).encode()


def _holder(folder: Folder) -> tuple[int, str]:
    """Return process and machine; (0, "") of a lock that does not say."""
    try:
        found = json.loads(folder.read_bytes(LOCK) or b"")
        return int(found["pid"]), str(found["host"])
    except (ValueError, KeyError, TypeError):
        return 0, ""


def _is_gone(pid: int, host: str) -> bool:
    """Say whether the process that wrote a lock runs no more."""
    if host != platform.node() or sys.platform == "win32":  # Windows ends a process that is asked with a signal
        return False
    if pid == os.getpid():  # of a process with our number, before the machine or container was started again
        return True
    try:
        os.kill(pid, 0)  # signal 0 asks whether the process is there and does nothing to it
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _held(folder: Folder, pid: int, host: str) -> ResultsError:
    who = f"process {pid} on {host}" if host else "it does not say which process"
    return ResultsError(
        f"{folder}: another `migr run` writes here ({who}); wait for its end, "
        f"or name another folder with --out; if it runs no more, delete {folder}/{LOCK}"
    )
