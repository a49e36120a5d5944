"""The SimGrid oracle against SimGrid: by hand, and the program's own results in the table of the package."""

from __future__ import annotations

import csv
from pathlib import Path as File

import pytest
from simgrid_oracle import Guest, Path, guest_of, migrate, path_of

TABLE = File(__file__).parents[2] / "sim" / "validate" / "cases" / "simgrid_cases.csv"
CASES = {row["case"]: row for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())}


def replay(row: dict[str, str]) -> tuple[Guest, Path]:
    """The guest and path of a row; sizes are whole bytes."""
    speed = float(row["mig_speed_Bps"])
    guest = guest_of(
        int(row["ram_B"]), int(row["working_set_B"]), float(row["intensity"]), speed, float(row["guest_cpu_util"]), int(row["cpu_hogs"])
    )
    path = path_of(
        float(row["link_Bps"]),
        float(row["latency_s"]),
        row["net_model"],
        int(row["competing_flows"]),
        speed,
        crosstraffic=row["crosstraffic"] == "1",
    )
    return guest, path


def test_geometric_chase_by_hand() -> None:
    """115 B/s carry, 46.5 B/s are dirtied: each message is the whole part of 46.5 / 115 of the one before, until at most 3 B.

    3 B is the whole part of 30 ms at 115 B/s. Mutants: rounded instead of cut off, the last message left out.
    """
    result = migrate(Guest(1000, 1000, 46.5), Path(115.0))
    assert result.messages_B == (1000, 404, 163, 65, 26, 10, 4, 1)
    assert result.total_s == pytest.approx(1673 / 115.0, abs=1e-12)
    assert result.downtime_s == pytest.approx(1 / 115.0, abs=1e-12)


def test_latency_lowers_the_goal_and_is_paid_once_more() -> None:
    """300 B in 3 s and 1 s of latency: the goal is 0.03 x 75 B, so 2 B; 3 B are dirtied in the 4 s and 0 B in their 1.03 s.

    The stop is a message without bytes, and the acknowledgement costs a latency. Mutant: a goal of 0.03 x 100 B.
    """
    result = migrate(Guest(300, 300, 0.9), Path(100.0, 1.0))
    assert result.messages_B == (300, 3, 0)
    assert result.total_s == pytest.approx(4.0 + 1.03 + 1.0 + 1.0, abs=1e-12)
    assert result.downtime_s == pytest.approx(1.0, abs=1e-12)


def test_working_set_caps_what_is_dirtied() -> None:
    """60 B can be dirtied: the second message is 60 B and not 500; 60 B at 0.5 B a byte are 30, 15, 7, 3."""
    assert migrate(Guest(1000, 60, 50.5), Path(101.0)).messages_B == (1000, 60, 30, 15, 7, 3)


def test_a_guest_as_fast_as_the_line_never_ends() -> None:
    result = migrate(Guest(10**9, 10**8, 2e6), Path(1e6))
    assert (result.completed, set(result.messages_B[1:])) == (False, {10**8})


def test_idle_guest_sends_an_empty_last_message() -> None:
    result = migrate(Guest(1000, 0, 50.0), Path(100.0, 0.5))
    assert result.messages_B == (1000, 0)
    assert result.total_s == pytest.approx(10.5 + 0.5 + 0.5, abs=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_oracle_gives_what_simgrid_gave(case: str) -> None:
    """Times and bytes within 1e-6, messages exactly; a size may be off by the byte that a sum of times cuts off or not.

    Mutants: the goal of the first message for all, no latency at the end.
    """
    row = CASES[case]
    result = migrate(*replay(row))
    assert result.completed == (row["outcome"] == "completed")
    if not result.completed:
        return
    assert result.total_s == pytest.approx(float(row["total_s"]), rel=1e-6)
    assert result.downtime_s == pytest.approx(float(row["downtime_s"]), rel=1e-6, abs=1e-12)
    assert len(result.messages_B) == float(row["transfers"])
    assert sum(result.messages_B) == pytest.approx(float(row["bytes_sent"]), rel=1e-6)
    assert result.messages_B[:12] == pytest.approx([int(size) for size in row["transfer_sizes_B"].split()], abs=2, rel=0)


def test_the_table_is_there() -> None:
    assert len(CASES) >= 18
