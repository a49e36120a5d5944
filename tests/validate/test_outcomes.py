from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.validate.score.laboratory import shipped
from sim.validate.tables.outcomes import read_outcomes

HEAD = "id,status,total_time_ms,transferred,downtime_ms,sync_count\n"


def test_the_shipped_outcomes_are_read() -> None:
    found = read_outcomes(shipped("qemu_migrations.csv"))
    assert len(found) == 137
    assert sum(not outcome.completed for outcome in found.values()) == 4
    assert (found["kvm-A03-0"].total_time_ms, found["kvm-A03-0"].sync_count) == (216.0, 3.0)  # its row in the table


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(HEAD + "a,completed,1,,3,-4\nb,nonconverged,,,,\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_outcomes(table)
    assert [problem.split(":")[:3] for problem in caught.value.problems] == [
        ["table.csv", "2", " transferred"],
        ["table.csv", "2", " sync_count"],
    ]


def test_missing_columns_are_named(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("id,status\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_outcomes(table)
    assert len(caught.value.problems) == 4
