"""Sweeps as a planner uses them: `migr sweep`, `--vary`, and what they leave in the result folder."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from test_cli import QUICKSTART, SCENARIOS, migr

VARY = ("--vary", "vms.VM12PROD.memory=4 GiB,8 GiB", "--vary", "networks.mcnpr.bandwidth=1 Gbit/s..10 Gbit/s/2")
SETTINGS = [
    {"vms.VM12PROD.memory": size, "networks.mcnpr.bandwidth": rate} for size in ("4 GiB", "8 GiB") for rate in ("1 Gbit/s", "10 Gbit/s")
]
LAST = "SU x86, vms.VM12PROD.memory=8 GiB, networks.mcnpr.bandwidth=10 Gbit/s"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the result folder of a sweep of 2 variants x 2 x 2 points, and what the command printed."""
    out = tmp_path_factory.mktemp("sweep") / "out"
    return out, migr("sweep", QUICKSTART, "--no-report", *VARY, "--replications", "40", "--out", out, "--workers", "1").stdout


class TestTable:
    def test_one_row_a_point_with_its_settings(self, swept: tuple[Path, str]) -> None:
        lines = swept[1].splitlines()
        assert "8 points, 40 replications each" in lines
        rows = [line for line in lines if line.startswith("SU ")]
        shown = [
            [row.split("  ")[0].strip(), *(part.strip() for part in row.split("  ")[1:] if "it/s" in part or "GiB" in part)] for row in rows
        ]
        assert shown == [[kind, *settings.values()] for kind in ("SU /390", "SU x86") for settings in SETTINGS]
        assert all(row.endswith("100.0 %") for row in rows)

    def test_run_calculates_the_same_and_prints_the_long_summary(self, swept: tuple[Path, str]) -> None:
        done = migr("run", QUICKSTART, "--no-report", *VARY, "--replications", "40", "--out", swept[0], "--workers", "1")
        assert "parts were there already" in done.stderr
        assert f"{LAST}: 40 replications" in done.stdout

    def test_objectives_are_columns(self, tmp_path: Path) -> None:
        file = tmp_path / "asked.yaml"
        asked = "\nobjectives:\n  - p50(total of VM12PROD) <= 1 s\n  - p50(total of VM12PROD) <= 10 h\n"
        file.write_text(QUICKSTART.read_text(encoding="utf-8") + asked, encoding="utf-8")
        done = migr(
            "sweep", file, "--no-report", "--vary", "vms.VM12PROD.cpus=1,2", "--replications", "40", "--out", tmp_path / "out", code=5
        )
        rows = [line.split()[-2:] for line in done.stdout.splitlines() if line.startswith("SU ")]
        assert rows == [["missed", "met"]] * 4
        assert "(2) p50(total of VM12PROD) <= 10 h" in done.stdout

    def test_nothing_varied_is_wrong_usage(self) -> None:
        told = migr("sweep", QUICKSTART, code=2).stderr
        assert "nothing is varied; write --vary PATH=V1,V2 or 'sweep:' in the scenario" in told


class TestFolder:
    def test_settings_are_in_all_of_its_files(self, swept: tuple[Path, str]) -> None:
        summary = json.loads((swept[0] / "summary.json").read_text(encoding="utf-8"))
        assert [point["settings"] for point in summary["points"]] == SETTINGS * 2
        facts = json.loads((swept[0] / "run.json").read_text(encoding="utf-8"))
        assert facts["settings"] == SETTINGS * 2
        assert facts["points"][-1] == LAST
        table = pd.read_csv(swept[0] / "summary.csv")
        assert list(table.columns[:4]) == ["point", *SETTINGS[0], "step"]
        last = table[table["point"] == LAST]
        assert set(last["vms.VM12PROD.memory"]) == {"8 GiB"}
        assert set(last["networks.mcnpr.bandwidth"]) == {"10 Gbit/s"}

    def test_messages_are_kept_on_request_only(self, swept: tuple[Path, str], tmp_path: Path) -> None:
        assert not (swept[0] / "messages.parquet").exists()
        out = tmp_path / "out"
        migr("sweep", QUICKSTART, "--no-report", "--vary", "vms.VM12PROD.cpus=1,2", "--replications", "3", "--messages", "2", "--out", out)
        assert (out / "messages.parquet").exists()

    def test_a_point_is_traced_by_its_name_from_folder_and_file(self, swept: tuple[Path, str]) -> None:
        chosen = ("--variant", LAST, "--replication", "7")
        assert migr("trace", swept[0], *chosen).stdout == migr("trace", QUICKSTART, *VARY, *chosen).stdout

    def test_an_unknown_point_is_told_the_known_ones(self, swept: tuple[Path, str]) -> None:
        assert f"'{LAST}'" in migr("trace", swept[0], "--variant", "SU x86", code=2).stderr


class TestCheck:
    def test_points_are_counted(self) -> None:
        assert migr("check", QUICKSTART, *VARY).stdout == f"{QUICKSTART}: correct; VMs: 1, steps: 1, variants: 2, points: 8\n"
        file = SCENARIOS / "faster-network.yaml"
        assert migr("check", file).stdout == f"{file}: correct; VMs: 1, steps: 1, variants: 2, points: 12\n"

    def test_mistake_in_an_option_is_exit_code_3(self) -> None:
        told = migr("check", QUICKSTART, "--vary", "vms.VM12PROD.memory=4 GB", code=3).stderr
        assert told.startswith("--vary vms.VM12PROD.memory=4 GB: vms.VM12PROD.memory: '4 GB' is a decimal size")

    def test_explain_takes_a_point(self) -> None:
        told = json.loads(migr("explain", QUICKSTART, *VARY, "--variant", LAST, "--json").stdout)
        assert told["point"] == LAST
        assert {value["path"]: value["value"] for value in told["values"]}["vms.VM12PROD.memory"] == "8 GiB"
