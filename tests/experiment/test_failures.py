"""A replication that breaks a rule of the simulation: its part is missing, all others are there, and it can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

import sim.experiment.execution.compute
import sim.experiment.execution.parts
import sim.experiment.execution.workers
from experiment.running import PART, digests, here, part_files, rows, written
from sim.cli import app
from sim.engine.journal import Journal
from sim.engine.lockstep.replicate import Walked, walk
from sim.engine.replicate import Replication, replicate
from sim.engine.site import Site
from sim.errors import ModelError
from sim.experiment.execution.engines import Wanted
from sim.experiment.storage.encoding import Encoder
from sim.model.draws import Draws
from sim.results import tables as of_replications
from sim.results.tables import Row
from sim.scenario.point import Point

BROKEN = 75


def broken(site: Site, draws: Draws, number: int, journal: Journal | None = None) -> Replication:
    """Simulate as the engine does, but fail in one replication of one point."""
    if number == BROKEN and site.point.name == "SU x86":
        raise ModelError("VM DB is live on two SUs")
    return replicate(site, draws, number, journal)


def test_failed_replication_ends_with_exit_code_4_and_the_command_that_repeats_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.experiment.execution.parts, "PART", PART)
    monkeypatch.setattr(sim.experiment.execution.compute, "replicate", broken)
    file, out = written(tmp_path), tmp_path / "out"
    override = "vms.APPL.touched=90 %"
    arguments = [
        "run",
        str(file),
        "--no-report",
        "--out",
        str(out),
        "--workers",
        "1",
        "--engine",
        "simpy",
        "--replications",
        "150",
        "--set",
        override,
    ]
    ended = CliRunner().invoke(app, arguments)
    assert ended.exit_code == 4, ended.stderr
    assert f"migr trace {file} --replication 75 --variant 'SU x86' --set '{override}'" in ended.stderr
    assert "VM DB is live on two SUs" in ended.stderr
    assert "Traceback" not in ended.stderr
    missing = "point-001-replications-000000064-000000127.parquet"
    told = (out / "errors" / missing.replace("parquet", "txt")).read_text(encoding="utf-8")
    assert told.startswith("point 'SU x86' replication 75: ModelError: VM DB is live on two SUs\nRepeat it with: migr trace ")
    assert f"--replication 75 --variant 'SU x86' --set '{override}'" in told
    assert "Traceback" in told
    assert missing not in part_files(out)
    assert len(part_files(out)) == 5
    # Mended, the same command computes only what is missing.
    monkeypatch.setattr(sim.experiment.execution.compute, "replicate", replicate)
    mended = CliRunner().invoke(app, arguments)
    assert mended.exit_code == 0
    assert "5 of 6 parts were there already." in mended.stderr
    assert missing in part_files(out)
    assert list((out / "errors").iterdir()) == []


@pytest.mark.parametrize("engine", ["simpy", "lockstep"])
@pytest.mark.parametrize("where", ["preparing", "rows", "encoding"])
def test_error_beside_the_replications_is_one_of_the_part_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Wanted, where: str
) -> None:
    """Of preparing the point, of the rows of a part, and of its files."""
    prepare, make, add = Site.of, of_replications.arrow, Encoder.add

    def of(point: Point) -> Site:
        if where == "preparing" and point.name == "SU x86":
            raise ZeroDivisionError("division by zero")
        return prepare(point)

    def arrow(table: str, rows: list[Row]) -> pa.Table:
        if where == "rows" and rows and rows[0][0] == "SU x86":
            raise ZeroDivisionError("division by zero")
        return make(table, rows)

    def added(encoder: Encoder, tables: Mapping[str, pa.Table]) -> None:
        if where == "encoding" and tables["plans"]["point"][0].as_py() == "SU x86":
            raise ZeroDivisionError("division by zero")
        add(encoder, tables)

    monkeypatch.setattr(sim.experiment.execution.workers, "_SITES", {})
    monkeypatch.setattr(Site, "of", of)
    monkeypatch.setattr(sim.experiment.execution.compute, "arrow", arrow)
    monkeypatch.setattr(Encoder, "add", added)
    out = tmp_path / "out"
    options = ["--workers", "1", "--engine", engine, "--replications", "20", "--messages", "0"]
    ended = CliRunner().invoke(app, ["run", str(written(tmp_path)), "--no-report", "--out", str(out), *options])
    assert ended.exit_code == 4, ended.stderr
    assert "The first in replication 0: ZeroDivisionError: division by zero" in ended.stderr
    assert [file.name for file in (out / "errors").iterdir()] == ["point-001-replications-000000000-000000019.txt"]
    assert part_files(out) == ["point-000-replications-000000000-000000019.parquet"]


def breaks(site: Site, start: int, stop: int, *, rounds: bool) -> Walked:
    """Walk as lockstep does, but break at one point."""
    if site.point.name == "SU x86":
        raise FloatingPointError("overflow")
    return walk(site, start, stop, rounds=rounds)


def test_replication_that_breaks_lockstep_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replications that are walked together fail together; the one to blame is that which fails alone."""
    monkeypatch.setattr(sim.experiment.execution.compute, "walk", breaks)
    monkeypatch.setattr(sim.experiment.execution.compute, "replicate", broken)
    ran = here(written(tmp_path), tmp_path / "out", 150, messages=0, engine="lockstep")
    (failure,) = ran.failures
    assert (failure.point, failure.replication, failure.reason) == ("SU x86", BROKEN, "ModelError: VM DB is live on two SUs")
    assert ran.computed == 2


def test_lockstep_that_breaks_where_no_replication_does_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.experiment.execution.compute, "walk", breaks)
    file = written(tmp_path)
    (failure,) = here(file, tmp_path / "out", 150, messages=0, engine="lockstep").failures
    assert failure.reason.startswith("the lockstep engine broke in replications 0..149 (FloatingPointError: overflow), none of which fails")
    assert "give the same command again with --engine simpy" in failure.reason
    assert "in breaks" in failure.details
    assert here(file, tmp_path / "out", 150, messages=0).failures == ()
    here(file, tmp_path / "unbroken", 150, messages=0)
    assert rows(tmp_path / "out") == rows(tmp_path / "unbroken")


def test_summary_of_a_run_with_a_failure_is_of_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.experiment.execution.compute, "replicate", broken)
    ran = here(written(tmp_path), tmp_path / "out", 150)
    assert [point["replications"] for point in ran.summary["points"]] == [150, 150 - PART]
    assert ran.summary["missing"] == [{"point": "SU x86", "replications": PART}]
    (failure,) = ran.failures
    assert (failure.point, failure.replication) == ("SU x86", BROKEN)
    assert failure.reason == "ModelError: VM DB is live on two SUs"


def test_mended_run_has_the_bytes_of_an_unbroken_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path)
    monkeypatch.setattr(sim.experiment.execution.compute, "replicate", broken)
    here(file, tmp_path / "mended", 100)
    monkeypatch.undo()
    assert here(file, tmp_path / "mended", 100).computed == 1
    here(file, tmp_path / "unbroken", 100)
    assert digests(tmp_path / "mended") == digests(tmp_path / "unbroken")


def test_run_whose_every_part_fails_has_no_summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def always(*_: object) -> Replication:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(sim.experiment.execution.compute, "replicate", always)
    ended = CliRunner().invoke(
        app,
        [
            "run",
            str(written(tmp_path)),
            "--no-report",
            "--out",
            str(tmp_path / "out"),
            "--workers",
            "1",
            "--engine",
            "simpy",
            "--replications",
            "20",
        ],
    )
    assert ended.exit_code == 4
    assert "2 parts failed and are not in the summary.\nThe first in replication 0: ZeroDivisionError: division by zero" in ended.stderr
    told = sorted((tmp_path / "out" / "errors").iterdir())
    assert [file.name for file in told] == [f"point-{point}-replications-000000000-000000019.txt" for point in ("000", "001")]
    assert all("ZeroDivisionError" in file.read_text(encoding="utf-8") for file in told)
    assert part_files(tmp_path / "out") == []
