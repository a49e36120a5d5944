"""The machine of a worker: whether what it computes can stand beside the rest of the run."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Self

from sim.errors import ResultsError
from sim.experiment.identity import RESULTS_VERSION, fingerprint
from sim.experiment.storage.store import RUN, Store

# What decides bytes: migr itself, what it calculates with, what writes the files. Python need only read what another one has pickled.
_DECISIVE = {"migr": "vm-migration-sim", "numpy": "numpy", "scipy": "scipy", "simpy": "simpy", "pyarrow": "pyarrow"}


@dataclass(frozen=True, slots=True)
class Workplace:
    """What a machine computes with.

    Args:
        host: its name.
        fingerprint: hash of its arithmetic.
        versions: of what decides bytes, name and version.
    """

    host: str
    fingerprint: str
    versions: tuple[tuple[str, str], ...]

    def objections(self, wanted: Workplace) -> list[str]:
        """Return why its results could not stand beside those of another machine, for people; nothing where they can."""
        mine, theirs = dict(self.versions), dict(wanted.versions)
        found = [
            f"worker on {self.host}: {name} {mine.get(name, 'is missing')}, the run has {version}; install the same version on both"
            for name, version in theirs.items()
            if mine.get(name) != version
        ]
        if not found and self.fingerprint != wanted.fingerprint:
            found.append(
                f"worker on {self.host}: its CPU rounds differently (fingerprint {self.fingerprint}, the run has {wanted.fingerprint}), "
                "so its results cannot stand beside the others; leave this machine out, or compute all of the run on machines of its kind"
            )
        return found


@cache
def workplace() -> Workplace:
    """Return what this process computes with; it does not change while the process lives."""
    from importlib.metadata import version  # noqa: PLC0415 - a tenth of a second that only workers pay

    versions = {name: version(package) for name, package in _DECISIVE.items()} | {"results version": str(RESULTS_VERSION)}
    return Workplace(platform.node(), fingerprint(), tuple(versions.items()))


def check_workplace(wanted: Workplace) -> None:
    """Check, in a worker, that its results can stand beside those of the run.

    Raises:
        ResultsError: they cannot; names the machine and what to do.
    """
    objections = workplace().objections(wanted)
    if objections:
        raise ResultsError("\n".join(objections))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a worker of a cluster has to be and to see before it computes for a run.

    Args:
        workplace: what the run computes with.
        store: its result folder.
        mark: hash of the folder's run.json; "" where there is none.
    """

    workplace: Workplace
    store: Store
    mark: str

    @classmethod
    def by(cls, store: Store) -> Self:
        """Return what this process wants of others that write to a folder."""
        return cls(workplace(), store, _mark(store))


@cache  # once a process: what it is does not change, and the folder stays where it is
def check_worker(wanted: Wanted) -> None:
    """Check, in a worker of a cluster, that it can compute for a run.

    Raises:
        ResultsError: it cannot; says why and what to do.
    """
    check_workplace(wanted.workplace)
    if wanted.mark and _mark(wanted.store) != wanted.mark:
        raise ResultsError(
            f"worker on {workplace().host}: does not see the result folder {wanted.store.folder}; name with --out a folder that all "
            "machines share under the same path, or a URL such as s3://BUCKET/FOLDER"
        )


def _mark(store: Store) -> str:
    """Return a hash of run.json."""
    content = store.at.read_bytes(RUN)
    return blake2b(content, digest_size=8).hexdigest() if content is not None else ""
