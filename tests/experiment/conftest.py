"""The run that interrupted ones have to equal in the end; each worker of pytest-xdist computes it once."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiment.running import REPLICATIONS, digests, here, written


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Return a scenario file and the digests of its run of `REPLICATIONS` in one process, without interruption."""
    folder = tmp_path_factory.mktemp("whole")
    file = written(folder)
    here(file, folder / "out", int(REPLICATIONS))
    return file, digests(folder / "out")
