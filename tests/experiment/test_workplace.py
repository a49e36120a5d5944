"""Who may compute for a run: only who would write the same bytes to the same folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.errors import ResultsError
from sim.experiment.execution.workplace import Wanted, check_worker, check_workplace, workplace
from sim.experiment.identity import fingerprint
from sim.experiment.storage.store import RUN, Store


def test_this_process_may_compute_for_itself() -> None:
    check_workplace(workplace())
    assert workplace().fingerprint == fingerprint()
    assert {name for name, _ in workplace().versions} >= {"migr", "results version", "numpy", "scipy", "pyarrow", "simpy"}


def test_another_arithmetic_is_refused_with_host_and_what_to_do() -> None:
    with pytest.raises(ResultsError) as refused:
        check_workplace(replace(workplace(), fingerprint="0123456789abcdef"))
    assert str(refused.value) == (
        f"worker on {workplace().host}: its CPU rounds differently (fingerprint {fingerprint()}, the run has 0123456789abcdef), "
        "so its results cannot stand beside the others; leave this machine out, or compute all of the run on machines of its kind"
    )


def test_all_versions_that_differ_are_named_and_not_their_consequence() -> None:
    """Another NumPy has another fingerprint; that is no matter of the CPU then."""
    theirs = tuple((name, "0.1" if name in {"numpy", "pyarrow"} else version) for name, version in workplace().versions)
    mine = dict(workplace().versions)
    objections = workplace().objections(replace(workplace(), versions=theirs, fingerprint="0123456789abcdef"))
    assert objections == [
        f"worker on {workplace().host}: {name} {mine[name]}, the run has 0.1; install the same version on both"
        for name in ("numpy", "pyarrow")
    ]


def test_worker_that_sees_another_folder_under_the_same_path_is_refused(tmp_path: Path) -> None:
    """Another machine's /tmp, say: it holds no run.json, or that of another run."""
    store = Store(tmp_path)
    store.write_text(RUN, '{"seed": 7}')
    wanted = Wanted.by(store)
    check_worker(wanted)
    check_worker.cache_clear()
    for content in ('{"seed": 8}', None):
        (tmp_path / RUN).unlink()
        if content is not None:
            store.write_text(RUN, content)
        with pytest.raises(
            ResultsError, match=r"worker on .*: does not see the result folder .*; name with --out a folder that all machines"
        ):
            check_worker(wanted)
