"""`migr predict` with its real predictors, on shipped cases: from the file to the file."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli import app

ROOT = Path(__file__).parents[2]
CASES = ROOT / "sim" / "validate" / "cases"
OPTIONS = ("--replications", "24", "--workers", "1")


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def predicted(table: Path, out: Path, *options: str) -> list[dict[str, str]]:
    done = CliRunner().invoke(app, ["predict", "--measured", str(table), "--out", str(out), *OPTIONS, *options])
    assert done.exit_code == 0, done.output
    return rows_of(out)


def some_of_qemu(out: Path, *keys: str, without: tuple[str, ...] = (), **cells: str) -> Path:
    """Write a table with these rows of the shipped one, without some columns and with other cells."""
    rows = [row | cells for row in rows_of(CASES / "qemu_migrations.csv") if row["id"] in keys]
    assert len(rows) == len(keys)
    with out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [name for name in rows[0] if name not in without], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return out


def test_cases_of_simgrid_are_exact(tmp_path: Path) -> None:
    """What SimGrid itself gives, to a millionth; where it never ends, we say so."""
    measured = rows_of(CASES / "simgrid_cases.csv")
    found = predicted(CASES / "simgrid_cases.csv", tmp_path / "out.csv")
    assert [row["case"] for row in found] == [row["case"] for row in measured]
    for ours, theirs in zip(found, measured, strict=True):
        if theirs["outcome"] != "completed":
            assert (ours["outcome"], ours["total_s"], bool(ours["reason"])) == ("nonconverged", "", True)
            continue
        numbers = {name: float(ours[name]) for name in ("total_s", "downtime_s", "transfers", "bytes_sent")}
        assert numbers == pytest.approx({name: float(theirs[name]) for name in numbers}, rel=1e-6, abs=1e-9), ours["case"]


def test_predictions_are_ordered_and_only_of_what_converges(tmp_path: Path) -> None:
    """Idle, near its critical point, hopeless: the kinds of rows that a table has."""
    keys = ("kvm-A10-0", "kvm-B12-0", "kvm-B18-0")
    found = {row["id"]: row for row in predicted(some_of_qemu(tmp_path / "in.csv", *keys), tmp_path / "out.csv")}
    assert set(found) == set(keys)
    for row in found.values():
        for name in ("total_time_ms", "downtime_ms", "transferred", "sync_count"):
            low, median, high = (row[f"{name}_{each}"] for each in ("p05", "p50", "p95"))
            assert (float(row["p_converges"]) == 0.0) == (median == "")
            assert median == "" or float(low) <= float(median) <= float(high) < float("inf")
    assert found["kvm-A10-0"]["sync_count_p50"] == "3"  # set-up, end of the first pass, stopped: nothing becomes dirty
    # 65,536 writes a second into as many pages, 32,768 pages a second leave: rounds of T = 2 (1 - exp(-T)) = 1.59 s leave 52,000 pages
    # each, and 300 ms are 9,830.
    assert found["kvm-B18-0"]["p_converges"] == "0.0"


def test_requested_rates_are_those_of_a_table_without_any_others(tmp_path: Path) -> None:
    """Here 26,214 writes a second are asked for; a guest that reached 20,000 has a shorter migration."""
    both = some_of_qemu(tmp_path / "both.csv", "kvm-B26-0", mig_rate_pps="20000")
    alone = some_of_qemu(tmp_path / "alone.csv", "kvm-B26-0", without=("mig_rate_pps",))
    requested = predicted(both, tmp_path / "requested.csv", "--requested")
    assert requested == predicted(alone, tmp_path / "without.csv")
    assert requested != predicted(both, tmp_path / "reached.csv")


def test_same_bytes_for_any_number_of_workers_and_any_hash_seed(tmp_path: Path) -> None:
    table = some_of_qemu(tmp_path / "in.csv", "kvm-A10-0", "kvm-B12-0", "kvm-D06-0", "kvm-L10-0")
    predicted(table, tmp_path / "1.csv")
    arguments = ["predict", "--measured", str(table), "--out", str(tmp_path / "2.csv"), "--replications", "24", "--workers", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "sim", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "7"},
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "2.csv").read_bytes() == (tmp_path / "1.csv").read_bytes()


def test_rows_do_not_depend_on_their_neighbours(tmp_path: Path) -> None:
    """A table can be cut: each row is predicted for itself."""
    alone = predicted(some_of_qemu(tmp_path / "alone.csv", "kvm-B12-0"), tmp_path / "1.csv")
    among = predicted(some_of_qemu(tmp_path / "among.csv", "kvm-A10-0", "kvm-B12-0", "kvm-L10-0"), tmp_path / "2.csv")
    assert alone == [row for row in among if row["id"] == "kvm-B12-0"]
