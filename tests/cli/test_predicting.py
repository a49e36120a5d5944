"""`migr predict`: what is written, what is told, what is refused; predictions are stand-ins that are worked out by hand."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import sim.cli.predicting
from sim.cli import app
from sim.errors import MigrError, ResultsError
from sim.validate.tables.measured import QemuCase, SimgridCase, read_cases
from sim.validate.tables.table_columns import OUTCOMES

CASES = Path(__file__).parents[2] / "sim" / "validate" / "cases"
QEMU, SIMGRID = CASES / "qemu_migrations.csv", CASES / "simgrid_cases.csv"
HEADING = (
    "id,total_time_ms_p05,total_time_ms_p50,total_time_ms_p95,downtime_ms_p05,downtime_ms_p50,downtime_ms_p95,"
    "transferred_p05,transferred_p50,transferred_p95,sync_count_p05,sync_count_p50,sync_count_p95,p_converges,bound_s\n"
)
TABLE = "id,group,mem_mib,fill_mib,bound_s,total_time_ms\nb,A,1000,500,20,77\na,A,2000,500,7.5,77\nc,B,3000,500,20,77\n"


@dataclass(frozen=True, slots=True)
class StandIn:
    """Quantile p of every outcome is memory x p; more memory converges less often, 3000 MiB never."""

    memory_mib: int

    @property
    def p_converges(self) -> float:
        return max(0.0, {1000: 1.0, 2000: 0.25}.get(self.memory_mib, 0.0))

    def quantile(self, column: str, p: float) -> float:
        assert column in {"total_time_ms", "downtime_ms", "transferred", "sync_count"}
        return self.memory_mib * p if self.p_converges else math.nan


@dataclass(frozen=True, slots=True)
class SimgridStandIn:
    outcome: str
    reason: str
    total_s: float
    downtime_s: float
    transfers: int
    bytes_sent: int


def stand_in(cases: Sequence[QemuCase]) -> list[StandIn]:
    return [StandIn(case.memory_mib) for case in cases]


def simgrid_stand_in(case: SimgridCase) -> SimgridStandIn:
    if case.key == "x":
        return SimgridStandIn("nonconverged", "the guest, it seems, dirties too fast", math.nan, math.nan, 9, 10**16)
    return SimgridStandIn("completed", "", case.ram_B / 3.0, 0.1, 5, 2**53 - 1)


@pytest.fixture(autouse=True)
def _stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.cli.predicting, "_predictors", lambda **_: (stand_in, simgrid_stand_in))


def migr(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["predict", *map(str, arguments)])


def refused(*arguments: str | Path) -> MigrError:
    error = migr(*arguments).exception
    assert isinstance(error, MigrError), repr(error)
    return error


def predicted(table: Path, out: Path, *options: str) -> str:
    done = migr("--measured", table, "--out", out, *options)
    assert done.exit_code == 0, done.output
    return out.read_text(encoding="utf-8")


def written(folder: Path, text: str = TABLE) -> Path:
    file = folder / "in.csv"
    file.write_text(text, encoding="utf-8")
    return file


class TestWhatIsWritten:
    def test_one_row_a_row_in_its_order(self, tmp_path: Path) -> None:
        """Quantiles are memory x p: 50, 500, 950 and 100, 1000, 1900."""
        assert predicted(written(tmp_path), tmp_path / "out.csv") == HEADING + (
            "b,50.000,500.000,950.000,50.000,500.000,950.000,50,500,950,50,500,950,1.0,20\n"
            "a,100.000,1000.000,1900.000,100.000,1000.000,1900.000,100,1000,1900,100,1000,1900,0.25,7.5\n"
            "c,,,,,,,,,,,,,0.0,20\n"
        )

    def test_a_table_with_decimal_commas_gets_one(self, tmp_path: Path) -> None:
        text = 'id;mem_mib;fill_mib;bound_s\n"x;1.5";2000;0,5;7,5\n'
        row = predicted(written(tmp_path, text), tmp_path / "out.csv").splitlines()[1]
        assert row == '"x;1.5";100,000;1000,000;1900,000;100,000;1000,000;1900,000;100;1000;1900;100;1000;1900;0,25;7,5'

    def test_of_simgrid(self, tmp_path: Path) -> None:
        text = "case,ram_B,working_set_B,intensity,mig_speed_Bps,host_flops,link_Bps\nk.1,1e9,1,1,1,1,1\nx,1,1,1,1,1,1\n"
        assert predicted(written(tmp_path, text), tmp_path / "out.csv") == (
            "case,total_s,downtime_s,transfers,bytes_sent,outcome,reason\n"
            "k.1,333333333.3333333,0.1,5,9007199254740991,completed,\n"
            'x,,,9,10000000000000000,nonconverged,"the guest, it seems, dirties too fast"\n'
        )

    @pytest.mark.parametrize("source", [QEMU, SIMGRID], ids=["qemu", "simgrid"])
    def test_outcomes_of_the_table_change_no_byte(self, tmp_path: Path, source: Path) -> None:
        with source.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        outcomes = OUTCOMES[read_cases(source).kind] & rows[0].keys()
        assert len(outcomes) >= 8
        with (tmp_path / "other.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, [*reversed(rows[0])])
            writer.writeheader()
            writer.writerows(row | dict.fromkeys(outcomes, "-1;,nan") for row in rows)
        first = predicted(source, tmp_path / "1.csv")
        assert predicted(tmp_path / "other.csv", tmp_path / "2.csv") == first
        assert [line.split(",")[0] for line in first.splitlines()[1:]] == [row.get("id", row.get("case")) for row in rows]

    def test_an_older_file_is_replaced_and_nothing_else_is_left(self, tmp_path: Path) -> None:
        out = tmp_path / "out.csv"
        out.write_text("old", encoding="utf-8")
        assert predicted(written(tmp_path), out).startswith(HEADING)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]

    def test_behind_a_link_the_file_is_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "there").mkdir()
        (tmp_path / "out.csv").symlink_to(tmp_path / "there" / "real.csv")
        predicted(written(tmp_path), tmp_path / "out.csv")
        assert (tmp_path / "out.csv").is_symlink()
        assert (tmp_path / "there" / "real.csv").read_text(encoding="utf-8").startswith(HEADING)


class TestWhatIsTold:
    def test_on_stderr(self, tmp_path: Path) -> None:
        file = written(tmp_path, TABLE.replace("bound_s", "bounds"))
        done = migr("--measured", file, "--out", tmp_path / "out.csv")
        assert done.stdout == ""
        told = [line.split() for line in done.stderr.splitlines()]
        assert ["A", "2", "1", "0", "1"] in told
        assert ["B", "1", "0", "1", "0"] in told
        assert ["all", "3", "1", "1", "1"] in told
        lines = done.stderr.splitlines()
        assert any(line.startswith("assumed in all 3 rows: ") and "bound_s 3600 s (an hour), " in line for line in lines)
        assert "not looked at, because they are outcomes: total_time_ms" in lines
        assert "warning: ignored, because no prediction knows them: bounds" in lines
        assert "rates: 3 idle" in lines

    def test_as_json(self, tmp_path: Path) -> None:
        file, out = written(tmp_path), tmp_path / "out.csv"
        done = migr("--measured", file, "--out", out, "--json", "--seed", "3", "--replications", "9", "--requested")
        content = json.loads(done.stdout)
        assert {name: content[name] for name in ("table", "out", "kind", "key", "rows", "seed", "replications", "requested")} == {
            "table": str(file),
            "out": str(out),
            "kind": "qemu",
            "key": "id",
            "rows": 3,
            "seed": 3,
            "replications": 9,
            "requested": True,
        }
        assert content["convergence"] == [
            {"group": "A", "rows": 2, "converge": 1, "never": 0, "sometimes": 1},
            {"group": "B", "rows": 1, "converge": 0, "never": 1, "sometimes": 0},
        ]
        assert content["assumed"]["policy"] == {"value": "qemu", "rows": 3}
        assert content["outcomes_not_looked_at"] == ["total_time_ms"]

    def test_what_is_assumed_in_some_rows_only(self, tmp_path: Path) -> None:
        text = "id,mem_mib,fill_mib,bound_s,policy\na,512,9,20,qemu\nb,512,9,,qemu\n"
        lines = migr("--measured", written(tmp_path, text), "--out", tmp_path / "out.csv").stderr.splitlines()
        assert "assumed in 1 of 2 rows: bound_s 3600 s (an hour)" in lines

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ((), "rates: 1 with the write rates that were reached (mig_rate_pps), 1 with those that were asked for (sets), 1 idle"),
            (("--requested",), "rates: 2 with those that were asked for (sets), 1 idle"),
        ],
    )
    def test_which_rates_are_used(self, tmp_path: Path, options: tuple[str, ...], told: str) -> None:
        text = "id,mem_mib,fill_mib,sets,mig_rate_pps\na,512,9,8:9:u,7\nb,512,9,8:9:u,\nc,512,9,,\n"
        assert told in migr("--measured", written(tmp_path, text), "--out", tmp_path / "out.csv", *options).stderr.splitlines()


def the_table_itself(folder: Path) -> Path:
    return folder / "in.csv"


def a_link_to_it(folder: Path) -> Path:
    (folder / "link.csv").symlink_to(folder / "in.csv")
    return folder / "link.csv"


def a_folder(folder: Path) -> Path:
    return folder


def in_no_folder(folder: Path) -> Path:
    return folder / "none" / "out.csv"


def no_file(_: Path) -> Path:
    return Path(os.devnull)


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("place", "told"),
        [
            (the_table_itself, "is the measured table itself; name another file"),
            (a_link_to_it, "is the measured table itself; name another file"),
            (a_folder, "is a folder; name a file, such as "),
            (in_no_folder, "none'; make it, or name another file"),
            (no_file, "is no file that can be replaced; name another one"),
        ],
    )
    def test_places_to_write_to(self, tmp_path: Path, place: Callable[[Path], Path], told: str) -> None:
        file = written(tmp_path)
        out = place(tmp_path)
        error = refused("--measured", file, "--out", out)
        assert str(error).startswith(f"--out {out}: ")
        assert told in str(error)
        assert error.exit_code == 2
        assert file.read_text(encoding="utf-8") == TABLE

    def test_mistakes_of_the_table_write_nothing(self, tmp_path: Path) -> None:
        out = tmp_path / "out.csv"
        error = refused("--measured", written(tmp_path, TABLE.replace("1000", "1 GB")), "--out", out)
        assert str(error).endswith("in.csv:2: mem_mib: '1 GB' is not a number; write a whole number of MiB such as 1024")
        assert error.exit_code == 3
        assert not out.exists()

    @pytest.mark.parametrize("option", [("--replications", "0"), ("--workers", "0"), ("--seed", "-1")])
    def test_options_out_of_their_range(self, tmp_path: Path, option: tuple[str, str]) -> None:
        done = migr("--measured", written(tmp_path), "--out", tmp_path / "out.csv", *option)
        assert done.exit_code == 2
        assert not (tmp_path / "out.csv").exists()


def test_one_row_that_fails_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(cases: Sequence[QemuCase]) -> list[StandIn]:
        assert all(case.key != "a" for case in cases), "too much for us"
        return stand_in(cases)

    monkeypatch.setattr(sim.cli.predicting, "_predictors", lambda **_: (broken, simgrid_stand_in))
    done = migr("--measured", written(tmp_path), "--out", tmp_path / "out.csv")
    assert done.exit_code == 4
    assert "This is a bug of migr: the prediction of id 'a' failed (AssertionError: too much for us" in done.stderr
    assert "So failed 1 of 3; all others are predicted." in done.stderr
    rows = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert [row.count(",") for row in rows] == [14, 14, 14, 14]
    assert [row.split(",")[2] for row in rows[1:]] == ["500.000", "", ""]
    assert [row.split(",")[13] for row in rows[1:]] == ["1.0", "", "0.0"]


def test_where_every_row_fails_the_error_itself_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Sequence[QemuCase]) -> list[StandIn]:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(sim.cli.predicting, "_predictors", lambda **_: (broken, simgrid_stand_in))
    assert isinstance(migr("--measured", written(tmp_path), "--out", tmp_path / "out.csv").exception, ZeroDivisionError)
    assert not (tmp_path / "out.csv").exists()


def test_what_a_planner_can_act_on_is_no_bug_of_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_: Sequence[QemuCase]) -> list[StandIn]:
        raise ResultsError("workers are killed from outside")

    monkeypatch.setattr(sim.cli.predicting, "_predictors", lambda **_: (killed, simgrid_stand_in))
    assert str(refused("--measured", written(tmp_path), "--out", tmp_path / "out.csv")) == "workers are killed from outside"
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("before", [None, "old"])
def test_interruption_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None) -> None:
    def interrupted(_: Sequence[QemuCase]) -> list[StandIn]:
        raise KeyboardInterrupt

    monkeypatch.setattr(sim.cli.predicting, "_predictors", lambda **_: (interrupted, simgrid_stand_in))
    file, out = written(tmp_path), tmp_path / "out.csv"
    if before is not None:
        out.write_text(before, encoding="utf-8")
    done = migr("--measured", file, "--out", out)
    assert done.exit_code == 130
    assert f"Interrupted. {out} was not written" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == (["in.csv"] if before is None else ["in.csv", "out.csv"])
    assert before is None or out.read_text(encoding="utf-8") == before


def test_interruption_while_writing_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replace(*_: object) -> None:
        raise KeyboardInterrupt

    file = written(tmp_path)
    monkeypatch.setattr(os, "replace", replace)
    assert migr("--measured", file, "--out", tmp_path / "out.csv").exit_code == 130
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
