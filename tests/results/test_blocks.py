"""Tables from groups of replications: the same rows, in the same order, with the same bytes as rows one by one would give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import GIB, point, unit, vm
from sim.columns import TABLES
from sim.engine.lockstep.attempt import Record, RoundRecord
from sim.engine.lockstep.replicate import StepEnd, Walked
from sim.engine.site import Site
from sim.model.draws import Lanes, Real
from sim.model.load import PAGE
from sim.results import blocks
from sim.results.tables import Row, arrow, schema
from sim.scenario.point import Step

START, WIDTH = 1_000, 4
STEPS = (Step("out", 10.0, "S2", drain="S1"), Step("more", 20.0, "S3", drain="S1"))
SITE = Site.of(point(vm("A"), vm("B", gib=2.0), steps=STEPS, units=tuple(unit(name) for name in ("S1", "S2", "S3"))))
TOUCHED = {"A": GIB, "B": 2 * GIB}


def lanes(*places: int) -> Lanes:
    """Return places of replications."""
    return np.array(places, dtype=np.intp)


def record(
    of: Lanes, name: str = "A", *, step: int = 0, attempt: int = 1, reason: str | None = None, columns: dict[str, Real] | None = None
) -> Record:
    """Return an attempt that took three seconds from 10 s + place on; completed unless there is a reason."""
    at = np.asarray(of, dtype=np.float64)
    times: dict[str, Real] = {"due_s": 10.0 + at, "command_s": 10.0 + at, "ended_s": 13.0 + at}
    outcome = "completed" if reason is None else "rejected"
    return Record(of, step, name, attempt, "S1", STEPS[step].to, outcome, reason, times | (columns or {}))


def walked(*records: Record, rounds: Sequence[RoundRecord] = (), steps: Sequence[StepEnd] = ()) -> Walked:
    """Return what an engine would return."""
    return Walked(START, WIDTH, records, steps, rounds)


def migrations(*records: Record) -> pa.Table:
    """Return the table of attempts."""
    return blocks.tables(SITE, walked(*records), rounds=False)["migrations"]


def row(of: Record, place: int) -> Row:
    """Return the row of an attempt in one replication, worked out by itself; a group's number is that of its place in the group."""
    at = of.lanes.tolist().index(place)
    numbers = {name: (values[at].item() if isinstance(values, np.ndarray) else values) for name, values in of.columns.items()}
    texts = {
        "point": "",
        "replication": START + place,
        "step": STEPS[of.step].name,
        "vm": of.vm,
        "attempt": of.attempt,
        "su_type": "/390",
        "source": of.source,
        "target": of.target,
        "memory_bytes": int(TOUCHED[of.vm]),
        "touched_bytes": int(TOUCHED[of.vm]),
        "console": "",
        "outcome": of.outcome,
        "reason": of.reason,
    }
    defaults = {"rounds": 0, "sent_bytes": 0.0}  # of an attempt that sent nothing; all else has no value then
    found = {**defaults, **texts, **numbers}
    return tuple(found.get(column.name) for column in TABLES["migrations"])


def same(found: pa.Table, expected: pa.Table) -> bool:
    """Say whether tables are equal to the last bit, the sign of zero and the order of their dictionaries of names included."""
    if found.schema != expected.schema or repr(found.to_pydict()) != repr(expected.to_pydict()):
        return False
    return all(names(found, column) == names(expected, column) for column in found.column_names)


def names(table: pa.Table, column: str) -> list[object]:
    """Return the dictionary of a column of names."""
    values = table[column].combine_chunks()
    return values.dictionary.to_pylist() if isinstance(values, pa.DictionaryArray) else []


def test_rows_go_replication_by_replication_and_within_one_in_the_order_of_the_groups() -> None:
    """Group by group they come as 2, 3 | 0, 2 | 1, 3; a planner reads replication after replication."""
    found = migrations(record(lanes(2, 3), attempt=1), record(lanes(0, 2), attempt=2), record(lanes(1, 3), attempt=3))
    assert found["replication"].to_pylist() == [1000, 1001, 1002, 1002, 1003, 1003]
    assert found["attempt"].to_pylist() == [2, 3, 1, 2, 1, 3]
    assert found["command_s"].to_pylist() == [10.0, 11.0, 12.0, 12.0, 13.0, 13.0]


def test_many_groups_keep_their_order() -> None:
    """Fifty attempts a replication, 200 rows: enough for a sort that is not stable to show (short arrays are sorted by insertion)."""
    found = migrations(*(record(lanes(0, 1, 2, 3), attempt=number) for number in range(50)))
    assert found["attempt"].to_pylist() == [*range(50)] * WIDTH
    assert found["replication"].to_pylist() == [START + place for place in range(WIDTH) for _ in range(50)]


def test_names_are_numbered_in_the_order_in_which_they_appear_in_the_rows() -> None:
    """B's group comes first, but A's row does: Parquet writes the dictionary, so that equal rows need an equal one."""
    found = migrations(record(lanes(1, 2), "B"), record(lanes(0), "A"))
    assert found["vm"].to_pylist() == ["A", "B", "B"]
    assert names(found, "vm") == ["A", "B"]


def test_a_name_that_no_row_has_is_not_in_the_dictionary() -> None:
    """A group may be empty of replications."""
    found = migrations(record(lanes(), "B"), record(lanes(0, 1), "A"))
    assert names(found, "vm") == ["A"]


def test_what_did_not_happen_is_null_and_what_was_not_sent_is_zero() -> None:
    """A rejected attempt has no start and no downtime, but 0 rounds and 0 bytes; a completed one has no reason."""
    sent: dict[str, Real] = {"started_s": np.array([1.5]), "downtime_s": np.array([2.0]), "rounds": 3, "sent_bytes": 7e9}
    found = migrations(record(lanes(0), reason="vm-state"), record(lanes(1), columns=sent))
    columns = ("reason", "started_s", "downtime_s", "rounds", "sent_bytes", "final_bytes")
    assert [found[name].to_pylist() for name in columns] == [
        ["vm-state", None],
        [None, 1.5],
        [None, 2.0],
        [0, 3],
        [0.0, 7e9],
        [None, None],
    ]
    assert names(found, "reason") == ["vm-state"]
    assert found.schema == schema("migrations")
    assert [field.name for field in found.schema if not field.nullable and found[field.name].null_count] == []


def test_a_column_without_nulls_has_no_mask() -> None:
    """A mask that marks nothing would be other bytes than none."""
    found = migrations(record(lanes(0, 1), columns={"started_s": np.array([1.0, 2.0])}))
    assert [each.buffers()[0] for each in found["started_s"].chunks] == [None]


def test_tables_without_rows_have_all_columns() -> None:
    """A plan may have nothing to do."""
    found = blocks.tables(SITE, walked(), rounds=True)
    assert sorted(found) == ["migrations", "plans", "rounds"]
    assert [name for name, table in found.items() if not same(table, arrow(name, []))] == []


def test_rounds_come_only_when_they_are_wanted() -> None:
    assert sorted(blocks.tables(SITE, walked(), rounds=False)) == ["migrations", "plans"]


def test_a_makespan_is_infinite_where_a_vm_stays_behind() -> None:
    """`out` begins at 10 s: in replication 1,001 one of two VMs stays after 12 s. `more` begins at 20 s and has nothing to do."""
    ended, vms, left = np.array([40.0, 50.0, 60.0, 70.0]), np.full(WIDTH, 2), np.array([0, 1, 0, 0])
    none, lost = np.zeros(WIDTH, dtype=np.int64), np.array([0.0, 12.0, 0.0, 0.0])
    steps = (
        StepEnd(STEPS[0], ended, vms, left, [("A", "S1", left > 0)], np.array([2, 3, 2, 2]), lost),
        StepEnd(STEPS[1], np.full(WIDTH, 20.0), none, none, [], none, np.zeros(WIDTH)),
    )
    expected: list[Row] = []
    nothing = (0, "", "", "")  # ended guests, SUs, faults, commands
    for place, (end, makespan, behind, tried) in enumerate(
        ((40.0, 30.0, 0, 2), (50.0, np.inf, 1, 3), (60.0, 50.0, 0, 2), (70.0, 60.0, 0, 2))
    ):
        expected.append(
            ("", START + place, "out", 10.0, end, makespan, 10.0 + makespan, 2, behind, "A on S1" * behind, tried, 12.0 * behind, *nothing)
        )
        expected.append(("", START + place, "more", 20.0, 20.0, 0.0, 20.0, 0, 0, "", 0, 0.0, *nothing))
    assert same(blocks.tables(SITE, walked(steps=steps), rounds=False)["plans"], arrow("plans", expected))


def test_rounds_stand_step_by_step_in_the_order_of_time() -> None:
    """The engine books the rounds of `more` before the second one of `out`; numbers are one a lane or one for all."""
    rounds = (
        RoundRecord(lanes(0, 1), 0, "A", 1, 1, True, 262_144.0, 262_144.0, np.array([1.0, 2.0]), np.array([10.0, 11.0])),
        RoundRecord(lanes(0), 1, "B", 1, 1, True, 5.0, 4.0, np.array([30.0]), np.array([0.5])),
        RoundRecord(
            lanes(1, 0), 0, "A", 1, np.array([3, 2]), False, np.array([7.0, 9.0]), 6.0, np.array([20.0, 21.0]), np.array([1.0, 2.0])
        ),
    )
    expected: list[Row] = [
        ("", 1000, "out", "A", 1, 1, True, 1.0, 10.0, 262_144, 262_144),
        ("", 1000, "out", "A", 1, 2, False, 21.0, 2.0, 9, 6),
        ("", 1000, "more", "B", 1, 1, True, 30.0, 0.5, 5, 4),
        ("", 1001, "out", "A", 1, 1, True, 2.0, 11.0, 262_144, 262_144),
        ("", 1001, "out", "A", 1, 3, False, 20.0, 1.0, 7, 6),
    ]
    assert same(blocks.tables(SITE, walked(rounds=rounds), rounds=True)["rounds"], arrow("rounds", expected))


def test_memory_that_was_touched_is_told_in_whole_pages() -> None:
    """All of A's memory and B's is touched: bytes of the VM, without headers."""
    found = migrations(record(lanes(0), "A"), record(lanes(0), "B"))
    assert found["touched_bytes"].to_pylist() == [262_144 * PAGE, 524_288 * PAGE]


@st.composite
def groups(draw: st.DrawFn) -> Record:
    """Return a group of any replications in any order of groups, with or without numbers."""
    of = lanes(*sorted(draw(st.sets(st.integers(0, WIDTH - 1)))))
    reason = draw(st.sampled_from((None, "vm-state", "second-migration")))
    columns: dict[str, Real] = {}
    for name in draw(st.sets(st.sampled_from(("started_s", "downtime_s", "sent_bytes", "rounds")))):
        whole = name == "rounds"
        values = draw(
            st.lists(st.integers(-3, 9) if whole else st.sampled_from((0.0, -0.0, 1.5, 1e300)), min_size=len(of), max_size=len(of))
        )
        columns[name] = np.array(values, dtype=np.int64 if whole else np.float64)
    return record(
        of, draw(st.sampled_from("AB")), step=draw(st.integers(0, 1)), attempt=draw(st.integers(0, 2)), reason=reason, columns=columns
    )


@given(st.lists(groups(), max_size=6))
def test_any_groups_give_the_bytes_of_their_rows(of: list[Record]) -> None:
    """Mutants: a sort that is not stable, a dictionary in the order of the groups, values that are not sorted along."""
    expected = [row(each, place) for place in range(WIDTH) for each in of if place in each.lanes]
    assert same(migrations(*of), arrow("migrations", expected))
