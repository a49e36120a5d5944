"""Laws compared on rows: each holds where it has to, and finds a row that breaks it."""

from __future__ import annotations

import pytest

from results.hand_made import ABORTED, Value, migrations, steps
from results.in_memory import InMemory
from sim.results.checks import Compared, Laws
from sim.results.gathering import gather

# The row of hand_made: 3 s set-up, 13 s pre-copy with 0.2 s handshake, 2 s downtime with a last round of 1 s, 2 s clean-up; 600 MB sent of
# 512 MiB touched. On a line of 50 MB/s 600 MB take 12 s, and 13.8 s were there.
PAYLOAD = 50e6


def compared(*rows: dict[str, Value], plans: tuple[dict[str, Value], ...] = ({},), leave_out: tuple[str, ...] = ()) -> dict[str, Compared]:
    """Return by name what came of the laws."""
    chunks = InMemory(migrations(*rows).drop_columns(list(leave_out)), steps(*plans))
    laws = Laws(chunks.columns, {"A": PAYLOAD, "B": PAYLOAD})
    gather(chunks, [laws])
    return {each.law.name: each for each in laws.compared}


def test_a_migration_that_adds_up_breaks_nothing_and_the_margins_are_those_worked_out_by_hand() -> None:
    found = compared({})
    assert {name: (each.rows, each.broken) for name, each in found.items()} == dict.fromkeys(
        ("parts", "stop", "bytes", "link", "step"), (1, 0)
    )
    assert found["parts"].smallest == 0.0
    assert found["stop"].smallest == 1.0  # 2 s - 1 s
    assert found["bytes"].smallest == 6e8 - 2**29
    assert found["link"].smallest == pytest.approx(13.8 - 12.0, abs=1e-12)
    assert found["step"].smallest == 40.0  # 60 s - 20 s
    assert all(each.deviation == 0.0 for each in found.values())


@pytest.mark.parametrize(
    ("law", "row", "deviation"),
    [
        ("parts", {"total_s": 20.0 + 1e-12}, 1e-12),
        ("parts", {"cleanup_s": 2.5}, 0.5),
        ("stop", {"stopped_round_s": 2.25}, 0.25),
        ("bytes", {"sent_bytes": 2.0**29 - 1}, 1.0),
        ("link", {"sent_bytes": 13.8 * PAYLOAD + 500.0}, 1e-5),
        ("step", {"total_s": 61.0}, 1.0),
    ],
)
def test_a_row_that_breaks_a_law_is_counted(law: str, row: dict[str, Value], deviation: float) -> None:
    found = compared({"vm": "B"} | ({"total_s": 0.0} if law == "step" else {}), row)[law]
    assert found.broken == 1
    assert found.deviation == pytest.approx(deviation, rel=1e-3)


def test_what_rounding_explains_breaks_nothing() -> None:
    """A unit in the last place of 20 s is 3.6e-15 s, and eight 2^-53rds of 20 s are five of them; a microsecond is allowed of the line."""
    found = compared({"total_s": 20.0 + 3.6e-15, "sent_bytes": 13.8 * PAYLOAD + 25.0})
    assert (found["parts"].broken, found["link"].broken) == (0, 0)
    assert found["parts"].deviation > 0.0
    assert found["link"].deviation == pytest.approx(5e-7, rel=1e-3)


def test_the_migrations_of_a_step_are_added_up_by_replication_and_step() -> None:
    """Three of 20 s in a step of 60 s fit exactly; a fourth does not; those of another step and of operators do not count."""
    three: list[dict[str, Value]] = [{"vm": name} for name in "ABC"]
    others: list[dict[str, Value]] = [{"vm": "D", "step": "back"}, {"vm": "E", "step": "(operator)"}, {"vm": "F", "replication": 1}]
    plans: tuple[dict[str, Value], ...] = ({}, {"step": "back"}, {"replication": 1}, {"replication": 1, "step": "back"})
    found = compared(*three, *others, plans=plans)["step"]
    assert (found.rows, found.broken, found.smallest) == (4, 0, 0.0)
    found = compared(*three, *others, {"vm": "D"}, plans=plans)["step"]
    assert (found.broken, found.deviation) == (1, 20.0)


def test_a_guest_that_does_not_run_has_no_stop_and_adds_up_without_it() -> None:
    resting: dict[str, Value] = {"total_s": 18.0, "downtime_s": None, "handshake_s": None, "stopped_round_s": None}
    found = compared(resting)
    assert {name: each.rows for name, each in found.items()} == {"parts": 1, "stop": 0, "bytes": 1, "link": 1, "step": 1}
    assert found["link"].smallest == pytest.approx(13.0 - 12.0, abs=1e-12)
    assert not any(each.broken for each in found.values())


def test_what_was_not_completed_is_not_compared() -> None:
    found = compared({**ABORTED, "sent_bytes": 1.0})
    assert {name: each.rows for name, each in found.items()} == {"parts": 0, "stop": 0, "bytes": 0, "link": 0, "step": 1}


def test_a_missing_number_breaks_a_law_and_does_not_hide() -> None:
    found = compared({"cleanup_s": None})["parts"]
    assert (found.rows, found.broken) == (1, 1)


def test_a_law_whose_columns_were_not_stored_says_which() -> None:
    found = compared({}, leave_out=("cleanup_s", "sent_bytes"))
    assert {name: each.lacking for name, each in found.items()} == {
        "parts": ("cleanup_s",),
        "stop": (),
        "bytes": ("sent_bytes",),
        "link": ("sent_bytes",),
        "step": (),
    }
    assert (found["parts"].rows, found["stop"].rows) == (0, 1)
