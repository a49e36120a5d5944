"""A folder for results: a path of this machine, or a URL such as s3://bucket/run, through fsspec."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from sim.errors import ResultsError

UNFINISHED = ".unfinished"  # in the name of a file that is being written


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; a small value that goes to other processes and machines.

    A file with its final name is whole: on this machine it is written under another name and renamed; in an object store (s3, gs, abfs)
    an object appears when all of it has arrived. Other URLs, such as sftp, ftp or smb, promise nothing: there an interruption can leave
    half a file under its final name, which the next run finds by its end and names.

    Args:
        url: path or URL as the planner wrote it.
    """

    url: str

    def __str__(self) -> str:
        return self.url

    def below(self, name: str) -> Folder:
        """Return a folder in this one."""
        return Folder(f"{self.url.rstrip('/')}/{name}")

    def create(self) -> None:
        """Create the folder and those above it.

        Raises:
            ResultsError: that is not possible.
        """
        files, path = self._at()
        try:
            files.makedirs(path, exist_ok=True)
        except OSError as error:
            raise not_writable(self, error) from error

    def names(self) -> list[str]:
        """Return the sorted names in the folder; none where it does not exist.

        Raises:
            ResultsError: it cannot be read.
        """
        files, path = self._at()
        files.invalidate_cache()
        try:
            found = [each.rstrip("/") for each in files.ls(path, detail=False)]
            return sorted(each.rpartition("/")[2] for each in found if each != path.rstrip("/"))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise _not_readable(str(self), error) from error

    def read_bytes(self, name: str) -> bytes | None:
        """Return the content of a file; None where it does not exist.

        Raises:
            ResultsError: it cannot be read.
        """
        files, path = self._at(name)
        try:
            return bytes(files.cat_file(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _not_readable(f"{self}/{name}", error) from error

    def ends(self, names: Sequence[str], size: int) -> list[bytes]:
        """Return the last bytes of files, of many at a time where the filesystem can.

        Args:
            names: files of the folder.
            size: how many bytes; a shorter file gives all that it has, one that cannot be read gives none.
        """
        files, path = self._at()
        paths = [f"{path.rstrip('/')}/{name}" for name in names]
        if isinstance(files, LocalFileSystem):
            return [_end(each, size) for each in paths]
        found = files.cat_ranges(paths, [-size] * len(paths), [None] * len(paths), on_error="return") if paths else []
        return [b"" if isinstance(end, BaseException) else bytes(end) for end in found]

    def open(self, name: str) -> Any:  # noqa: ANN401 - a binary file; each filesystem has a class of its own
        """Open a file for Arrow to read.

        One of this machine is Arrow's own: a thread of Arrow that lets go of a file of Python while the interpreter ends aborts it.
        """
        files, path = self._at(name)
        if not isinstance(files, LocalFileSystem):
            return files.open(path, "rb")
        import pyarrow as pa  # noqa: PLC0415 - commands that read no table start without it

        return pa.OSFile(path, "rb")

    def write(self, name: str, content: bytes | memoryview) -> None:
        """Write a file, whole or not at all; one of that name is replaced.

        Raises:
            ResultsError: the folder cannot be written; nothing is left of the file.
        """
        files, path = self._at(name)
        try:
            if not isinstance(files, LocalFileSystem):
                files.pipe_file(path, bytes(content))
                return
            os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - fsspec gives paths as text
            _write_and_rename(path, content)
        except OSError as error:
            raise not_writable(self, error) from error

    def path_of(self, name: str) -> Path | None:
        """Return where a file is on this machine; None behind a URL."""
        files, path = self._at(name)
        return Path(path) if isinstance(files, LocalFileSystem) else None

    def remove(self, name: str) -> None:
        """Remove a file; one that is gone already is no error.

        Raises:
            ResultsError: it cannot be removed.
        """
        files, path = self._at(name)
        try:
            files.rm_file(path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise not_writable(self, error) from error

    def free_bytes(self) -> int | None:
        """Return the free space of the disk, bytes; None where nobody can say."""
        files, path = self._at()
        if not isinstance(files, LocalFileSystem):
            return None
        while not os.path.isdir(path) and os.path.dirname(path) != path:  # noqa: PTH112, PTH120 - fsspec gives paths as text
            path = os.path.dirname(path)  # noqa: PTH120
        return shutil.disk_usage(path).free

    def _at(self, name: str = "") -> tuple[Any, str]:
        """Return the filesystem and the path on it; fsspec keeps filesystems, so asking again costs nothing.

        Raises:
            ResultsError: the URL names a filesystem that is not known or not installed.
        """
        try:
            files, path = url_to_fs(f"{self.url.rstrip('/') or '/'}/{name}" if name else self.url)
        except (ImportError, ValueError) as error:
            raise ResultsError(f"{self}: cannot be reached ({error}); name a path, file://, or install what the URL needs") from error
        return files, str(path)


def not_writable(place: object, error: OSError) -> ResultsError:
    """Return the error of a place that cannot be written."""
    what, remedy = str(error.strerror or error), "name another folder with --out"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        what, remedy = "the disk is full", f"free space or {remedy}, then give the same command again"
    elif error.errno in {errno.EEXIST, errno.ENOTDIR}:
        what = "is a file, or lies below one, and not a folder"
    elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        remedy += ", or change its rights"
    return ResultsError(f"{place}: {what}; {remedy}")


def _not_readable(place: str, error: OSError) -> ResultsError:
    return ResultsError(f"{place}: cannot be read ({error.strerror or error}); check the rights, or name another folder")


def _end(path: str, size: int) -> bytes:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - fsspec gives paths as text
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - size))
            return stream.read(size)
    except OSError:
        return b""


def _write_and_rename(path: str, content: bytes | memoryview) -> None:
    # A name of its own for every write: writers never meet, on whatever machine. A dot in front: Parquet readers skip such files.
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - as above
        raise ResultsError(f"{path}: is a device, a pipe or a folder, which a file would replace; name another place")
    folder, name = os.path.split(path)
    unfinished = os.path.join(folder, f".{name}{UNFINISHED}-{uuid4().hex}")  # noqa: PTH118 - fsspec gives paths as text
    try:
        with open(unfinished, "wb") as stream:  # noqa: PTH123 - fsspec gives paths as text
            stream.write(content)
        os.replace(unfinished, path)  # noqa: PTH105
    except BaseException:  # Ctrl-C too: nothing half-written stays
        with suppress(OSError):
            os.unlink(unfinished)  # noqa: PTH108
        raise
