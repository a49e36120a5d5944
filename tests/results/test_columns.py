"""The tables have exactly the columns of the catalogue, with their types, and nulls only where it says so."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from engine.builders import VM2000, XEN, cluster, point, unit, vm
from engine.observing import COSTS, NEVER_CONVERGES
from sim.columns import OPERATOR_STEP, OUTCOMES, REASONS, TABLES, Column
from sim.engine.replicate import replicate_alone
from sim.engine.site import Site
from sim.results.tables import arrow, message_rows, migration_rows, plan_rows, round_rows, schema
from sim.scenario.point import Cost, Devices, Fault, OnAbort, Operator, Point, Step

TYPES = {
    "whole": pa.int64(),
    "number": pa.float64(),
    "text": pa.string(),
    "name": pa.dictionary(pa.int32(), pa.string()),
    "flag": pa.bool_(),
}


def worlds() -> list[Point]:
    """Return points with every outcome: well, not running, aborted and tried again, rejected, not started; on both SU types."""
    found = []
    for su_type, policy in (("/390", replace(VM2000, chase_limit_s=20.0)), ("x86", XEN)):
        vms = (
            vm("WELL", devices=Devices(disks=1, tapes=1)),
            vm("INIT", state="INIT-ONLY"),
            vm("HOT", load=NEVER_CONVERGES),
            vm("HELD", state="WAIT(VMA)"),
            vm("BACK", "S2"),
            vm("FULL", "S2", gib=20.0),
        )
        drain = Step("out", 0.0, "S2", drain="S1", order="", sequence=("WELL", "INIT", "HOT", "HELD"), on_abort=OnAbort(1, 5.0))
        stopped = Step("stopped", 400.0, "S1", drain="S2", order="", sequence=("FULL", "BACK", "WELL"), on_abort=OnAbort(then="stop"))
        units = (unit("S1", su_type, memory_bytes=5.5 * 2**30), unit("S2", su_type))
        found.append(point(*vms, of=cluster(su_type, policy, costs=COSTS), units=units, steps=(drain, stopped)))
    return [*found, broken("source-resumes"), broken("lost")]


def broken(after_suspend: str) -> Point:
    """Return a point whose link is lost while the first guest is stopped; the second one arrives with a warning, and an operator acts."""
    of = replace(cluster("x86", XEN, costs=COSTS), after_suspend=after_suspend)
    drain = Step("out", 0.0, "S2", drain="S1", order="", sequence=("ONE", "TWO"))
    faults = (
        Fault("drop", "link", "net", vm="ONE", phase="stop", lasts=Cost(12.0)),
        Fault("store", "definitions", "S1", vm="TWO", phase="stop", lasts=Cost(30.0)),
    )
    operators = (Operator(0.5, "S1", "/MIGRATE-VM VM-ID=TWO,SERVER-UNIT-NAME=S2"),)
    world = point(vm("ONE"), vm("TWO"), of=of, units=(unit("S1", "x86"), unit("S2", "x86")), steps=(drain,))
    return replace(world, faults=faults, operators=operators)


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    """Return all tables of one replication of each world."""
    rows: dict[str, list[tuple[object, ...]]] = {name: [] for name in TABLES}
    for world in worlds():
        replication = replicate_alone(Site.of(world), 0)
        makers = {"migrations": migration_rows, "plans": plan_rows, "rounds": round_rows, "messages": message_rows}
        for name, make in makers.items():
            rows[name] += make(world.name, replication)
    return {name: arrow(name, rows[name]) for name in TABLES}


def test_worlds_have_every_outcome(tables: dict[str, pa.Table]) -> None:
    """A guard: without them the nulls below prove nothing."""
    assert set(tables["migrations"]["outcome"].to_pylist()) == set(OUTCOMES)
    assert set(tables["migrations"]["after_suspend"].to_pylist()) == {None, "source-resumes", "lost"}
    assert (OPERATOR_STEP, "S1") in set(zip(*(tables["migrations"][name].to_pylist() for name in ("step", "console")), strict=True))


@pytest.mark.parametrize("name", sorted(TABLES))
def test_table_has_exactly_the_columns_of_the_catalogue(tables: dict[str, pa.Table], name: str) -> None:
    assert [(field.name, field.type) for field in tables[name].schema] == [(column.name, TYPES[column.kind]) for column in TABLES[name]]
    assert tables[name].num_rows > 0


@pytest.mark.parametrize(
    ("table", "column"),
    [(name, column) for name, columns in TABLES.items() for column in columns],
    ids=lambda each: getattr(each, "name", each),
)
def test_values_are_missing_only_where_the_catalogue_says(tables: dict[str, pa.Table], table: str, column: Column) -> None:
    """`empty` says when; a column with no such words has no null, and one with them has both kinds of rows here."""
    values = tables[table][column.name]
    assert schema(table).field(column.name).nullable is bool(column.empty)
    assert bool(values.null_count) is bool(column.empty)
    assert values.null_count < len(values)
    if column.kind == "number":
        assert not any(value != value for value in values.to_pylist() if value is not None)  # noqa: PLR0124 - NaN is not itself


def test_numbers_carry_their_unit_in_the_name() -> None:
    units = {"s": "_s", "bytes": "_bytes", "pages": "_pages"}
    for columns in TABLES.values():
        for column in columns:
            assert column.unit in {"", *units}
            assert not column.unit or column.name.endswith(units[column.unit])


def test_every_column_is_defined_in_a_sentence() -> None:
    for columns in TABLES.values():
        names = [column.name for column in columns]
        assert len(set(names)) == len(names)
        assert all(column.meaning.endswith(".") for column in columns)


def test_outcomes_and_reasons_are_closed_lists(tables: dict[str, pa.Table]) -> None:
    frame = tables["migrations"].to_pandas()
    assert set(frame["outcome"]) <= set(OUTCOMES)
    assert set(frame["reason"].dropna()) <= set(REASONS)
    assert (frame["reason"].isna() == (frame["outcome"] == "completed")).all()


def test_times_add_up(tables: dict[str, pa.Table]) -> None:
    """Total = set-up + pre-copy + stop + clean-up of a completed migration; the handshake lies in the pre-copy, the round in the stop."""
    frame = tables["migrations"].to_pandas()
    done = frame[frame["outcome"] == "completed"]
    parts = done["setup_s"] + done["precopy_s"] + done["downtime_s"].fillna(0.0) + done["cleanup_s"]
    assert parts.to_list() == pytest.approx(done["total_s"].to_list(), abs=1e-9)
    assert (done["total_s"] - (done["ended_s"] - done["started_s"])).abs().max() == 0.0
    ran = done[done["downtime_s"].notna()]
    assert (ran["handshake_s"] <= ran["precopy_s"]).all()
    assert (ran["stopped_round_s"] <= ran["downtime_s"]).all()


def test_bytes_sent_are_those_of_the_rounds(tables: dict[str, pa.Table]) -> None:
    """No page header in these worlds: 4096 bytes a page, but a page that was cut in the middle counts as bytes only."""
    keys = ["step", "vm", "attempt"]
    migrations = tables["migrations"].to_pandas()
    rounds = tables["rounds"].to_pandas()
    one_390 = migrations[(migrations["su_type"] == "/390") & (migrations["rounds"] > 0)].set_index(keys)["sent_bytes"]
    # The rows of the second world follow those of the first, whose times they start again.
    later = (rounds["began_s"].diff() < 0.0).cumsum() == 0
    sent = (rounds[later].groupby(keys, observed=True)["sent_pages"].sum() * 4096).to_dict()
    assert len(one_390) == 4  # WELL, INIT, and HOT twice
    for key, total in one_390.to_dict().items():
        assert 0.0 <= total - sent[key] < 4096.0


def test_empty_table_keeps_its_types() -> None:
    assert arrow("messages", []).schema == schema("messages")
