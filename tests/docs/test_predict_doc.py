"""Does docs/predict.md tell the truth? Its commands print what it shows, its tables are those of the program."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sim.cli.predicting import REPLICATIONS, SEED
from sim.validate.tables.predicted_table import QEMU_OUTCOMES, SIMGRID_OUTCOMES
from sim.validate.tables.table_columns import COLUMNS, InputColumn, Kind

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "predict.md").read_text(encoding="utf-8")
BLOCKS = [block.split("\n", 1) for block in re.findall(r"```console\n\$ (.*?)```", TEXT, re.DOTALL)]


def section(title: str) -> str:
    return TEXT.split(f"## {title}\n")[1].split("\n## ")[0]


def as_shown(column: InputColumn) -> str:
    """Return the row of the manual for a column."""
    if column.default is None:
        default = "required"
    else:
        default = f"{column.default} ({column.why})" if column.default and column.why else column.default or column.why
    return f"| `{column.name}` | {column.unit} | {default} | {column.meaning} |".replace("|  |", "| |")


def test_there_are_blocks_to_check() -> None:
    assert [len(output.splitlines()) for _, output in BLOCKS] == [11, 15]


@pytest.mark.parametrize(("command", "output"), BLOCKS)
def test_a_command_prints_what_the_manual_shows(tmp_path: Path, command: str, output: str) -> None:
    for file in ("docs/predict-example.csv", "tests/docs/mistakes.csv"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_bytes((ROOT / file).read_bytes())
    program, *arguments = shlex.split(command)
    assert program == "migr"
    done = subprocess.run(
        [sys.executable, "-m", "sim", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "160", "PATH": ""},
    )
    told = [line for line in done.stderr.splitlines() if not re.match(r"\d+ of \d+ migrations", line)]  # progress of a slow machine
    assert told == output.splitlines()
    assert done.stdout == ""
    assert (done.returncode, (tmp_path / "predicted.csv").exists()) in ((0, True), (3, False))


@pytest.mark.parametrize(("kind", "title"), [("qemu", "Migrations with QEMU: inputs"), ("simgrid", "Cases of SimGrid: inputs")])
def test_the_inputs_are_those_of_the_program(kind: Kind, title: str) -> None:
    shown = [line for line in section(title).splitlines() if line.startswith("| `")]
    assert shown == [as_shown(column) for column in COLUMNS[kind]]


def test_the_predictions_are_those_of_the_program() -> None:
    of_qemu, of_simgrid = section("Migrations with QEMU: predictions"), section("Cases of SimGrid: predictions")
    assert re.findall(r"^\| `(\w+)_p05`, `_p50`, `_p95`", of_qemu, re.MULTILINE) == list(QEMU_OUTCOMES)
    assert tuple(re.findall(r"^\| `(\w+)` \|", of_simgrid, re.MULTILINE)) == SIMGRID_OUTCOMES


def test_the_defaults_of_the_options_are_those_of_the_program() -> None:
    assert f"repetitions of every migration, {REPLICATIONS} if not given" in TEXT
    assert f"seed of all random numbers, {SEED} if not given" in TEXT
