"""The command line as a planner uses it: every command in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
SCENARIOS = ROOT / "scenarios"
QUICKSTART = SCENARIOS / "quickstart.yaml"
BAD = sorted((ROOT / "tests" / "scenario" / "bad").glob("*.yaml"))
COMMANDS = ("run", "compare", "check", "explain", "trace", "console", "predict", "new", "export", "profiles", "schema")
HEAVY = ("pandas", "scipy", "matplotlib", "pyarrow")


def migr(*arguments: str | Path, code: int = 0, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Give a command, which has to end with this exit code and without a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "sim", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "160", "PATH": ""},
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the result folder of the quickstart, 40 replications."""
    out = tmp_path_factory.mktemp("run") / "out"
    migr("run", QUICKSTART, "--no-report", "--replications", "40", "--out", out, "--workers", "1", "--messages", "2", "--rounds")
    return out


class TestHelp:
    def test_lists_the_commands_and_the_exit_codes(self) -> None:
        told = migr("--help").stdout
        assert all(f" {command} " in told for command in COMMANDS)
        assert all(f"{code} " in told for code in (0, 1, 2, 3, 4, 5, 6, 130))

    @pytest.mark.parametrize("command", ["run", "trace"])
    def test_names_the_options(self, command: str) -> None:
        told = migr(command, "--help").stdout
        options = {
            "run": ("--replications", "--seed", "--workers", "--out", "--messages", "--rounds", "--set", "--json"),
            "trace": ("--replication", "--worst", "--quantile", "--vm", "--console", "--states", "--at", "--variant", "--set", "--json"),
        }
        assert all(option in told for option in options[command])

    @pytest.mark.parametrize(
        "arguments", [("nonsense",), ("run",), ("run", "--nonsense"), ("trace", str(QUICKSTART), "--replication", "-1")]
    )
    def test_wrong_usage_is_exit_code_2(self, arguments: tuple[str, ...]) -> None:
        assert "Usage: " in migr(*arguments, code=2).stderr


class TestStart:
    @pytest.mark.parametrize("arguments", [["--help"], ["check", str(QUICKSTART)]])
    def test_help_and_check_load_nothing_heavy(self, arguments: list[str]) -> None:
        program = (
            "import sys\n"
            "from sim.cli import main\n"
            f"sys.argv = ['migr', *{arguments!r}]\n"
            "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
            f"print('loaded:', [name for name in {HEAVY!r} if name in sys.modules])\n"
        )
        done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT)
        assert done.stdout.splitlines()[-1] == "loaded: []"


class TestCheck:
    def test_correct_file(self) -> None:
        assert migr("check", QUICKSTART).stdout == f"{QUICKSTART}: correct; VMs: 1, steps: 1, variants: 2\n"

    def test_bad_file_is_exit_code_3_with_place_and_remedy(self) -> None:
        told = migr("check", BAD[0], code=3).stderr
        assert told.startswith(f"{BAD[0]}:")
        line = told.splitlines()[0].removeprefix(f"{BAD[0]}:")
        row, column, where, _ = line.split(":", 3)
        assert int(row) > 0
        assert int(column) > 0
        assert where.strip()

    def test_several_files_are_all_looked_at(self) -> None:
        done = migr("check", BAD[0], QUICKSTART, BAD[1], code=3)
        assert f"{QUICKSTART}: correct" in done.stdout
        assert str(BAD[0]) in done.stderr
        assert str(BAD[1]) in done.stderr

    def test_json(self) -> None:
        told = json.loads(migr("check", BAD[0], "--json", code=3).stdout)
        assert told["problems"][0].startswith(f"{BAD[0]}:")
        assert json.loads(migr("check", QUICKSTART, "--json").stdout) == {"problems": [], "warnings": []}

    def test_missing_file(self, tmp_path: Path) -> None:
        assert str(tmp_path / "nowhere.yaml") in migr("check", tmp_path / "nowhere.yaml", code=3).stderr

    def test_override_that_matches_nothing(self) -> None:
        assert "--set vms.NOBODY.memory=8 GiB" in migr("check", QUICKSTART, "--set", "vms.NOBODY.memory=8 GiB", code=3).stderr


class TestExplain:
    def test_prints_defaults_with_sources_and_assumptions(self) -> None:
        told = migr("explain", QUICKSTART).stdout
        assert "clusters.SE.parameters.chase_limit" in told
        assert "BS2000 Performance Handbook" in told
        assert "[A2] " in told
        assert "replications of this variant take about" in told

    def test_json_says_the_origin_of_every_value(self) -> None:
        told = json.loads(migr("explain", QUICKSTART, "--json", "--variant", "SU x86").stdout)
        assert told["point"] == "SU x86"
        policy = next(value for value in told["values"] if value["path"] == "clusters.SE.policy")
        assert (policy["value"], policy["origin"]) == ("xen", "profile")
        tags = {entry["tag"] for entry in told["assumptions"]}
        assert {value["assumption"] for value in told["values"] if value["assumption"]} == tags
        assert all(value["source"] or value["assumption"] for value in told["values"] if value["origin"] != "scenario")

    def test_unknown_variant(self) -> None:
        assert "'SU /390', 'SU x86'" in migr("explain", QUICKSTART, "--variant", "SU z", code=2).stderr


class TestTrace:
    def test_one_console_shows_only_its_messages(self) -> None:
        """Guests on SU x86 see HAL0331 and HAL0332 and nothing else (User Guide: Phases of a VM Migration)."""
        told = migr("trace", QUICKSTART, "--variant", "SU x86", "--console", "guest").stdout
        lines = [line for line in told.splitlines() if line[:2].isdigit()]
        assert [line.split()[3] for line in lines] == ["HAL0331", "HAL0332"]

    def test_administrators_see_the_messages_of_both_monitors(self) -> None:
        told = migr("trace", QUICKSTART, "--console", "admins", "--json").stdout
        ids = {record["id"] for record in json.loads(told)}
        assert {"VMS2450", "VMS2430", "VMS3050", "VMS2452", "VMS2432", "VMS2431", "VMS4024", "VMS2451"} <= ids
        assert not ids & {"ETMDR01", "NBR0740", "VMS2471"}

    def test_json_is_in_the_order_of_time(self) -> None:
        records = json.loads(migr("trace", QUICKSTART, "--json", "--replication", "3").stdout)
        assert [record["time_s"] for record in records] == sorted(record["time_s"] for record in records)
        assert records[0]["text"] == "/MIGRATE-VM VM-ID=12,SERVER-UNIT-NAME=ABGSE701"

    def test_states_over_time(self) -> None:
        told = migr("trace", QUICKSTART, "--states").stdout
        states = [line.split()[1:] for line in told.splitlines()[1:]]
        assert states == [
            ["ABGSE501", "VM12PROD", "RUNNING"],
            ["ABGSE501", "VM12PROD", "RUNNING(MIGR)"],
            ["ABGSE701", "VM12PROD", "SETUP(MIGR)"],
            ["ABGSE701", "VM12PROD", "RUNNING"],
            ["ABGSE501", "VM12PROD", "-"],
        ]

    @pytest.mark.parametrize(
        ("clock", "source", "target"),
        [("22:00:00", ["RUNNING"], []), ("22:00:10", ["RUNNING(MIGR)"], ["SETUP(MIGR)"]), ("22:10:00", [], ["RUNNING"])],
    )
    def test_displays_at_a_time(self, clock: str, source: list[str], target: list[str]) -> None:
        told = migr("trace", QUICKSTART, "--at", clock).stdout
        on_source, on_target = told.split("SU ABGSE701 at ")
        for block, expected in ((on_source, source), (on_target, target)):
            assert [line.split()[2] for line in block.splitlines() if line.startswith("12 VM12PROD")] == expected

    def test_same_replication_from_file_and_folder(self, folder: Path) -> None:
        assert migr("trace", folder, "--replication", "7").stdout == migr("trace", QUICKSTART, "--replication", "7").stdout

    def test_narrow_terminal_gets_a_list(self) -> None:
        """Every message has its line: time, console, SU, text."""
        done = subprocess.run(
            [sys.executable, "-m", "sim", "trace", str(QUICKSTART)],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={"COLUMNS": "80"},
        )
        assert "source monitor ABGSE501  VMS2450 LIVE MIGRATION OF VM (12,VM12PROD) TO TARGET SU 'ABGSE701' STARTED" in done.stdout

    @pytest.mark.parametrize(
        ("option", "value", "allowed"),
        [
            ("--console", "printer", "source, target, guest, caller, admins"),
            ("--vm", "NOBODY", "VM12PROD"),
            ("--variant", "SU z", "'SU /390', 'SU x86'"),
            ("--at", "25:00", "--at"),
        ],
    )
    def test_wrong_names_are_exit_code_2_with_what_is_allowed(self, option: str, value: str, allowed: str) -> None:
        told = migr("trace", QUICKSTART, option, value, code=2).stderr
        assert option in told
        assert allowed in told

    def test_time_before_the_plan_begins_is_of_the_next_day(self) -> None:
        """As everywhere in a scenario: the plan begins at 22:00, so 21:59 is the evening after."""
        assert "SU ABGSE501 at +1 21:59:00" in migr("trace", QUICKSTART, "--at", "21:59").stdout


class TestNew:
    @pytest.mark.parametrize("su_type", ["/390", "x86"])
    def test_written_file_is_correct(self, tmp_path: Path, su_type: str) -> None:
        file = tmp_path / "mine.yaml"
        assert "migr check" in migr("new", file, "--type", su_type).stderr
        assert f"{file}: correct" in migr("check", file).stdout
        assert f"type: {su_type}" in file.read_text(encoding="utf-8")

    def test_existing_file_is_never_touched(self, tmp_path: Path) -> None:
        file = tmp_path / "mine.yaml"
        file.write_text("mine", encoding="utf-8")
        assert "exists; name another file" in migr("new", file, code=2).stderr
        assert file.read_text(encoding="utf-8") == "mine"

    def test_unknown_type_and_unwritable_place(self, tmp_path: Path) -> None:
        assert "write /390 or x86" in migr("new", tmp_path / "a.yaml", "--type", "390", code=2).stderr
        assert "cannot write" in migr("new", tmp_path / "nowhere" / "a.yaml", code=2).stderr


class TestRun:
    def test_json_is_data_on_stdout_and_words_are_on_stderr(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        done = migr("run", QUICKSTART, "--no-report", "--replications", "20", "--out", out, "--json")
        assert json.loads(done.stdout) == json.loads((out / "summary.json").read_text(encoding="utf-8"))
        assert f"Results: {out}" in done.stderr

    def test_text_names_vms_variants_and_the_folder(self, folder: Path) -> None:
        done = migr("run", QUICKSTART, "--no-report", "--replications", "40", "--out", folder, "--messages", "2")
        assert "SU /390: 40 replications" in done.stdout
        assert "SU x86: 40 replications" in done.stdout
        assert "2 of 2 parts were there already." in done.stderr
        assert f"Results: {folder}" in done.stderr

    def test_results_lie_below_reports_when_no_folder_is_named(self, tmp_path: Path) -> None:
        migr("run", QUICKSTART, "--no-report", "--replications", "5", "--workers", "1", cwd=tmp_path)
        (folder,) = (tmp_path / "reports" / "quickstart").iterdir()
        tables = {"migrations.parquet", "plans.parquet", "messages.parquet"}
        assert {file.name for file in folder.iterdir()} == tables | {
            "run.json",
            "summary.json",
            "summary.csv",
            "scenario.resolved.yaml",
            "sources.json",
        }

    @pytest.mark.parametrize(
        ("objective", "code", "word"),
        [
            ("p50(total of VM12PROD) <= 1 s", 5, "missed"),
            ("p99(total of VM12PROD) <= 60 s", 6, "undecided"),  # 40 replications are too few for p99
            ("p50(total of VM12PROD) <= 60 s", 0, ""),
        ],
    )
    def test_objectives_give_the_exit_code(self, tmp_path: Path, objective: str, code: int, word: str) -> None:
        file = tmp_path / "asked.yaml"
        file.write_text(QUICKSTART.read_text(encoding="utf-8") + f"\nobjectives:\n  - {objective}\n", encoding="utf-8")
        done = migr("run", file, "--no-report", "--replications", "40", "--out", tmp_path / "out", code=code)
        assert f"2 of 2 objectives {word}." in done.stderr or not word
        assert objective in done.stdout

    def test_invalid_scenario_writes_nothing(self, tmp_path: Path) -> None:
        migr("run", BAD[0], "--out", tmp_path / "out", code=3)
        assert not (tmp_path / "out").exists()

    def test_seed_is_part_of_the_question(self, folder: Path) -> None:
        told = migr("run", QUICKSTART, "--replications", "40", "--seed", "8", "--out", folder, code=2).stderr
        assert "holds the results of another scenario" in told


class TestExport:
    def test_csv_has_the_table(self, folder: Path, tmp_path: Path) -> None:
        migr("export", folder, "--out", tmp_path / "m.csv")
        table = pd.read_csv(tmp_path / "m.csv")
        assert len(table) == 80  # 40 replications of two variants
        assert set(table["outcome"]) == {"completed"}

    def test_decimal_comma(self, folder: Path, tmp_path: Path) -> None:
        migr("export", folder, "--out", tmp_path / "m.csv", "--decimal-comma")
        plain = migr("export", folder, "--out", tmp_path / "p.csv")
        assert "80 rows" in plain.stderr
        german = pd.read_csv(tmp_path / "m.csv", sep=";", decimal=",")
        assert german["total_s"].to_list() == pytest.approx(pd.read_csv(tmp_path / "p.csv")["total_s"].to_list(), rel=1e-12)
        assert "," in (tmp_path / "m.csv").read_text(encoding="utf-8").splitlines()[1]

    def test_xlsx_has_numbers(self, folder: Path, tmp_path: Path) -> None:
        migr("export", folder, "--out", tmp_path / "m.xlsx", "--table", "plans")
        sheet = openpyxl.load_workbook(tmp_path / "m.xlsx").active
        assert sheet is not None
        heading, *rows = sheet.iter_rows(values_only=True)
        assert heading[:3] == ("point", "replication", "step")
        assert len(rows) == 80
        assert isinstance(rows[0][heading.index("makespan_s")], float)

    @pytest.mark.parametrize("table", ["migrations", "plans", "rounds", "messages", "summary"])
    def test_every_table_can_be_exported(self, folder: Path, tmp_path: Path, table: str) -> None:
        migr("export", folder, "--table", table, "--out", tmp_path / "t.csv")
        assert len(pd.read_csv(tmp_path / "t.csv")) > 0

    def test_messages_are_those_of_the_first_replications(self, folder: Path, tmp_path: Path) -> None:
        migr("export", folder, "--table", "messages", "--out", tmp_path / "t.csv")
        assert set(pd.read_csv(tmp_path / "t.csv")["replication"]) == {0, 1}

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("--out", "t.txt"), "has to end in .csv or .xlsx"),
            (("--out", "nowhere/t.csv"), "nowhere"),
            (("--out", "t.csv", "--table", "guests"), "migrations, plans, rounds, messages or summary"),
        ],
    )
    def test_wrong_names_are_exit_code_2(self, folder: Path, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
        assert told in migr("export", folder, *arguments, code=2, cwd=tmp_path).stderr

    def test_folder_without_results(self, tmp_path: Path) -> None:
        assert "name a folder that `migr run` wrote" in migr("export", tmp_path, "--out", tmp_path / "t.csv", code=2).stderr


class TestCatalogue:
    def test_profiles_show_every_part(self) -> None:
        told = migr("profiles").stdout
        assert all(word in told for word in ("/390", "vm2000", "mcnpr-10g", "oltp-light", "A1"))

    def test_one_part_as_json(self) -> None:
        told = json.loads(migr("profiles", "policies", "--json").stdout)
        assert set(told) == {"policies"}
        assert {"vm2000", "xen", "xenserver", "xen-legacy", "stop-and-copy"} <= set(told["policies"])

    def test_unknown_part(self) -> None:
        assert "su_types, policies, links, loads, assumptions" in migr("profiles", "guests", code=2).stderr

    def test_schema_is_the_shipped_one(self) -> None:
        assert json.loads(migr("schema").stdout) == json.loads((SCENARIOS / "schema.json").read_text(encoding="utf-8"))
