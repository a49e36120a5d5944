"""A Dask cluster gives the bytes of this machine, whatever happens to its workers; and each mistake has an answer."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

import sim.experiment.execution.cluster
import sim.experiment.execution.connection
from experiment.dask_cluster import scheduler, worker
from experiment.other_arithmetic import other_arithmetic
from experiment.processes import PATIENCE_S, children, descendants, lives, until
from experiment.running import REPLICATIONS, command, digests, given, part_files, written
from sim.errors import ResultsError, UsageError
from sim.experiment.execution.cluster import Cluster, compute_on_cluster
from sim.experiment.execution.connection import check_address
from sim.experiment.execution.parts import Part
from sim.experiment.storage.store import Store
from sim.scenario.load import load_scenario
from sim.scenario.point import Point

pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes through /proc")


@pytest.fixture
def points(tmp_path: Path) -> tuple[Point, ...]:
    """Return the points of the scenario."""
    return tuple(load_scenario(written(tmp_path)).points)


def part(number: int) -> Part:
    """Return a part with three replications."""
    return Part(0, 3 * number, 3 * number + 3, 0, rounds=False)


def started(file: Path, out: Path, address: str) -> subprocess.Popen[str]:
    """Start a run on a cluster and wait for its second part."""
    arguments = command(file, out, "--cluster", address, "--replications", REPLICATIONS)
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until(lambda: len(part_files(out)) >= 2 or process.poll() is not None)
    assert process.poll() is None, f"the run ended before anything could happen to it\n{process.communicate()[1]}"
    return process


def test_worker_killed_in_the_middle_changes_no_byte(whole: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    file, expected = whole
    with scheduler(tmp_path) as (address, _), worker(address, tmp_path) as killed, worker(address, tmp_path):
        process = started(file, tmp_path / "out", address)
        assert len(part_files(tmp_path / "out")) < len(expected)
        killed.kill()
        _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, told
    assert "Dask dashboard: http://127.0.0.1:" in told
    assert list((tmp_path / "out").rglob("*unfinished*")) == []
    assert digests(tmp_path / "out") == expected


def test_lost_scheduler_ends_the_run_and_the_same_command_continues(whole: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    file, expected = whole
    with scheduler(tmp_path) as (address, killed), worker(address, tmp_path):
        process = started(file, tmp_path / "out", address)
        killed.kill()
        _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2, told
    assert "the connection to the Dask scheduler was lost; finished parts are kept" in told
    assert "Traceback" not in told
    done = given(file, tmp_path / "out", "--workers", "1", "--replications", REPLICATIONS)
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "out") == expected


def test_part_whose_workers_all_die_ends_the_run_with_what_to_do(whole: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Dask gives a part to four workers by default; here to one."""
    file, expected = whole
    settings = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with scheduler(tmp_path, settings) as (address, _), worker(address, tmp_path) as killed:
        process = started(file, tmp_path / "out", address)
        killed.kill()
        _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2, told
    assert "every worker that computed them died" in told
    assert "start workers with more memory" in told
    assert "Traceback" not in told
    assert 2 <= len(part_files(tmp_path / "out")) < len(expected)


@needs_proc
def test_ctrl_c_on_processes_of_this_machine_leaves_none_and_the_same_command_continues(
    whole: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    file, expected = whole
    process = started(file, tmp_path / "out", "local:2")
    below = descendants(process.pid)
    assert len(children(process.pid)) >= 2
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, told
    assert "the same command continues" in told
    assert "Traceback" not in told
    until(lambda: not any(map(lives, below)))
    done = given(file, tmp_path / "out", "--cluster", "local:1", "--replications", REPLICATIONS)
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "out") == expected


def test_all_workers_that_cannot_compute_for_the_run_are_named_at_once(tmp_path: Path, points: tuple[Point, ...]) -> None:
    """One whose CPU rounds differently, one with another pyarrow, one without migr."""
    switched = other_arithmetic()
    if switched is None:
        pytest.skip("no instruction that can be switched off here changes a bit of exp or log")
    other, without = tmp_path / "other", tmp_path / "without"
    (other / "pyarrow-0.1.dist-info").mkdir(parents=True)
    (other / "pyarrow-0.1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: pyarrow\nVersion: 0.1\n", encoding="utf-8")
    (without / "sim").mkdir(parents=True)
    (without / "sim" / "__init__.py").write_text('"""Not the package that is looked for."""\n', encoding="utf-8")
    with ExitStack() as stack:
        address, _ = stack.enter_context(scheduler(tmp_path))
        for settings in (switched, {"PYTHONPATH": str(other)}, {"PYTHONPATH": str(without)}):
            stack.enter_context(worker(address, tmp_path, settings))
        _await_workers(address, 3)
        with pytest.raises(ResultsError) as refused:
            list(compute_on_cluster([part(0)], points, Store(tmp_path / "out"), address))
    told = str(refused.value)
    assert "its CPU rounds differently" in told
    assert "pyarrow 0.1, the run has " in told
    assert "No module named 'sim.experiment'" in told
    assert "install there what is here, with the same Python: pip install 'vm-migration-sim[cluster]==" in told
    assert len(told.splitlines()) == 3
    assert not (tmp_path / "out").exists()


def test_worker_that_comes_late_is_checked_before_its_first_part(tmp_path: Path, points: tuple[Point, ...]) -> None:
    switched = other_arithmetic()
    if switched is None:
        pytest.skip("no instruction that can be switched off here changes a bit of exp or log")
    store = Store(tmp_path / "out")
    with scheduler(tmp_path) as (address, _), worker(address, tmp_path) as first, store.held():
        outcomes = compute_on_cluster([part(number) for number in range(9)], points, store, address)
        assert next(outcomes) == (part(0), None)
        with worker(address, tmp_path, switched):
            _await_workers(address, 2)
            first.kill()
            with pytest.raises(ResultsError, match="its CPU rounds differently"):
                list(outcomes)


def test_parts_in_flight_are_bounded_and_ticks_add_up_over_several_goes(
    tmp_path: Path, points: tuple[Point, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, told, sent = Store(tmp_path / "out"), list[int](), list[int]()
    send = sim.experiment.execution.cluster._Batch.send

    def counting(batch: sim.experiment.execution.cluster._Batch, part: Part) -> None:
        send(batch, part)
        sent.append(len(batch.running))

    monkeypatch.setattr(sim.experiment.execution.cluster._Batch, "send", counting)
    parts = [part(number) for number in range(12)]
    dashboards: list[str] = []
    with store.held(), Cluster("local:1", dashboards.append) as cluster:
        outcomes = [outcome for some in (parts[:9], [], parts[9:]) for outcome in cluster.compute(some, points, store, told.append)]
    assert sorted((done.start, failure) for done, failure in outcomes) == [(each.start, None) for each in parts]
    assert max(sent) == sim.experiment.execution.cluster.AHEAD
    assert sum(told) == 3 * len(parts)
    assert len(dashboards) == 1  # one connection for both


@pytest.mark.parametrize(
    "address", ["", "local", "local:0", "local:4x", "host:8786", "http://host:8786", "tcp://host", "tcp://host:99999", "4"]
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UsageError) as told:
        check_address(address)
    assert str(told.value).startswith(f"--cluster '{address}': no address of a cluster; write tcp://HOST:8786")


def test_what_is_no_address_is_told_before_anything_is_written(tmp_path: Path) -> None:
    done = given(written(tmp_path), tmp_path / "out", "--cluster", "node17")
    assert done.returncode == 2
    assert "--cluster 'node17': no address of a cluster" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("address", ["local:4", "tcp://node17:8786", "tls://10.0.0.1:8786", "tcp://[::1]:8786"])
def test_address_is_taken(address: str) -> None:
    """The opposite of the test before: nothing is raised."""
    check_address(address)
    assert address != ""


def test_without_dask_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sim.experiment.execution.connection, "find_spec", lambda name: None if name == "distributed" else importlib.util.find_spec(name)
    )
    with pytest.raises(UsageError, match=r"pip install 'vm-migration-sim\[cluster\]'"):
        check_address("local:2")


def test_workers_do_not_go_with_a_cluster(tmp_path: Path) -> None:
    done = given(written(tmp_path), tmp_path / "out", "--cluster", "local:2", "--workers", "2")
    assert done.returncode == 2
    assert "--workers does not go with --cluster" in done.stderr


def test_address_where_no_scheduler_is(tmp_path: Path, points: tuple[Point, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.experiment.execution.connection, "CONNECT_S", 0.5)
    with pytest.raises(UsageError, match=r"--cluster tcp://127\.0\.0\.1:9: no Dask scheduler answers there .*`dask scheduler`"):
        list(compute_on_cluster([part(0)], points, Store(tmp_path / "out"), "tcp://127.0.0.1:9"))


def test_scheduler_without_workers(tmp_path: Path, points: tuple[Point, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """From the beginning, and when the last one goes."""
    for module in (sim.experiment.execution.connection, sim.experiment.execution.cluster):
        monkeypatch.setattr(module, "WORKERS_S", 1.0)
    store = Store(tmp_path / "out")
    with scheduler(tmp_path) as (address, _), store.held():
        with pytest.raises(UsageError, match=r"no worker for 1 s; start some with `dask worker"):
            list(compute_on_cluster([part(0)], points, store, address))
        with worker(address, tmp_path) as last:
            _await_workers(address, 1)
            outcomes = compute_on_cluster([part(number) for number in range(9)], points, store, address)
            assert next(outcomes) == (part(0), None)
            last.kill()
            with pytest.raises(UsageError, match="no worker for 1 s"):
                list(outcomes)


def _await_workers(address: str, number: int) -> None:
    """Wait until workers have joined."""
    from distributed import Client  # noqa: PLC0415 - an extra

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(number, timeout=PATIENCE_S)
