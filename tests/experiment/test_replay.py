"""A result folder can be asked again: its scenario, its replications, its numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from experiment.running import SCENARIO, here, written
from sim.columns import TABLES
from sim.engine.replicate import replicate_alone
from sim.engine.site import Site
from sim.errors import ModelError, ResultsError
from sim.experiment.probing.replay import compare_with_stored, find_replication, replayed_rows, stored_rows
from sim.experiment.provenance import check_same
from sim.experiment.run import _yaml
from sim.experiment.storage.contents import Contents
from sim.experiment.storage.store import RESOLVED, RUN, Store
from sim.results.statistics import quantile
from sim.scenario import load_scenario
from sim.scenario.objectives import parse_metric

REPLICATIONS = 40
# The steps stand in the order of the night, which is not that of their names.
OUT_AND_BACK = SCENARIO.replace("variants:", '  back: {at: "23:30", drain: S2, to: S1}\nvariants:')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run of two variants, in parts of 16 replications; the first 20 have their messages."""
    place = tmp_path_factory.mktemp("replay")
    here(written(place, OUT_AND_BACK), place / "out", REPLICATIONS, messages=20, rounds=True, part=16)
    return place / "out"


@pytest.fixture
def contents(folder: Path) -> Contents:
    return Store(folder).contents()


def with_changed(folder: Path, copy: Path, column: str, value: object) -> Contents:
    """Return a copy of the folder in which the first row of the first part of migrations has another value."""
    shutil.copytree(folder, copy)
    file = min((copy / "migrations.parquet").iterdir())
    rows = pq.read_table(file).to_pylist()
    rows[0][column] = value
    pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(file)), file)
    return Store(copy).contents()


def test_the_resolved_scenario_asks_the_same_question(folder: Path) -> None:
    loaded = load_scenario(folder / RESOLVED)
    assert [step.name for step in loaded.points[0].steps] == ["out", "back"]
    check_same(Store(folder), loaded)


@pytest.mark.parametrize("length", [60, 79, 81, 100, 127, 128, 129, 300, 1100])
def test_the_resolved_scenario_can_be_read_with_names_of_any_length(length: int) -> None:
    """The points of a sweep are named by all that is varied: a key that was broken over two lines could not be read again."""
    name = ("networks.mcnpr.bandwidth=1.22 Gbit/s, vms.DBPROD.memory=19442 MiB, " * 20)[:length].strip()
    document = {"variants": {name: {}, f"{name} x": {"title": name}}}
    assert YAML(typ="safe", pure=True).load(_yaml(document)) == document


@pytest.mark.parametrize("number", [0, 13, 16, 19, REPLICATIONS - 1])
@pytest.mark.parametrize("table", [table for table in TABLES if table != "messages"])
def test_a_replication_repeated_alone_has_the_rows_that_are_stored(folder: Path, contents: Contents, table: str, number: int) -> None:
    """Bit by bit: draws are addressed, so a replication needs no other."""
    for place, point in enumerate(load_scenario(folder / RESOLVED).points):
        stored = stored_rows(contents, table, place, number)
        assert stored is not None
        assert stored.num_rows >= 2
        alone = replayed_rows(table, point.name, replicate_alone(Site.of(point), number))
        # Names are stored with a dictionary of the whole part: as text they compare.
        plain = pa.schema([field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field for field in alone.schema])
        assert stored.cast(plain).equals(alone.cast(plain))


def test_all_tables_that_hold_a_replication_are_compared(folder: Path, contents: Contents) -> None:
    point = load_scenario(folder / RESOLVED).points[1]
    equal = compare_with_stored(contents, 1, point.name, replicate_alone(Site.of(point), 19))
    assert set(equal) == {"migrations", "plans", "rounds", "messages"}
    assert equal["plans"] == 2  # a row for each of the two steps
    assert equal["migrations"] >= 4  # two VMs out and back
    without_messages = compare_with_stored(contents, 1, point.name, replicate_alone(Site.of(point), 20))
    assert set(without_messages) == {"migrations", "plans", "rounds"}


def test_a_replication_beyond_those_of_the_folder_is_compared_with_nothing(folder: Path, contents: Contents) -> None:
    point = load_scenario(folder / RESOLVED).points[0]
    assert compare_with_stored(contents, 0, point.name, replicate_alone(Site.of(point), 8_812_345)) == {}


def test_a_difference_of_one_bit_is_found_and_named(folder: Path, tmp_path: Path) -> None:
    point = load_scenario(folder / RESOLVED).points[0]
    alone = replicate_alone(Site.of(point), 0)
    was = replayed_rows("migrations", point.name, alone)["command_s"][0].as_py()
    changed = with_changed(folder, tmp_path / "copy", "command_s", float(np.nextafter(was, 0.0)))
    with pytest.raises(ModelError) as caught:
        compare_with_stored(changed, 0, point.name, alone)
    assert f"migrations, row 1 of the replication: command_s is {float(np.nextafter(was, 0.0))!r} there, {was!r} now" in str(caught.value)


@pytest.mark.parametrize(("column", "value"), [("vm", "OTHER"), ("rounds", 99), ("total_s", None), ("sent_bytes", -0.0)])
def test_a_difference_of_any_kind_is_found(folder: Path, tmp_path: Path, column: str, value: object) -> None:
    point = load_scenario(folder / RESOLVED).points[1]  # on SU x86 nothing is aborted: no cell of these columns is empty
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    file = min((copy / "migrations.parquet").glob("point-001-*"))
    rows = pq.read_table(file).to_pylist()
    rows[0][column] = value
    pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(file)), file)
    with pytest.raises(ModelError, match=f"{column} is {value!r} there"):
        compare_with_stored(Store(copy).contents(), 1, point.name, replicate_alone(Site.of(point), 0))


METRICS = [
    "downtime",
    "downtime of DB",
    "total of out",
    "total of APPL",
    "rounds of back",
    "sent",
    "makespan",
    "makespan of out",
    "end of back",
]


def values_by_hand(folder: Path, place: int, text: str) -> list[float]:
    """Return the metric of each replication, written from its definition and row by row, without the code that is tested."""
    name, _, of = text.partition(" of ")
    values: list[float] = []
    steps = pa.concat_tables(pq.read_table(file) for file in sorted((folder / "plans.parquet").glob(f"point-{place:03d}-*"))).to_pylist()
    moves = pa.concat_tables(
        pq.read_table(file) for file in sorted((folder / "migrations.parquet").glob(f"point-{place:03d}-*"))
    ).to_pylist()
    for number in range(REPLICATIONS):
        plans = [row for row in steps if row["replication"] == number]
        rows = [row for row in moves if row["replication"] == number and of in {"", row["vm"], row["step"]}]
        last = {(row["step"], row["vm"]): row for row in rows}  # attempts are stored in their order
        if name == "end":
            values.append(next(row["end_s"] for row in plans if row["step"] == of))
        elif name == "makespan":
            chosen = [row for row in plans if of in {"", row["step"]}]
            values.append(chosen[0]["makespan_s"] if of else max(row["end_s"] for row in chosen) - min(row["at_s"] for row in chosen))
        elif any(row["outcome"] != "completed" for row in last.values()):
            values.append(float("inf"))
        elif name == "sent":
            values.append(sum(row["sent_bytes"] for row in rows))
        else:
            column = {"downtime": "downtime_s", "total": "total_s", "rounds": "rounds"}[name]
            values.append(max(row[column] for row in last.values()))
    return values


@pytest.mark.parametrize("text", METRICS)
@pytest.mark.parametrize("place", [0, 1])
def test_the_worst_replication_is_found(folder: Path, contents: Contents, place: int, text: str) -> None:
    values = values_by_hand(folder, place, text)
    found = find_replication(contents, place, parse_metric(text))
    assert (found.value, found.replication) == (max(values), values.index(max(values)))
    assert (found.looked_at, found.infinite) == (REPLICATIONS, values.count(float("inf")))


@pytest.mark.parametrize("text", METRICS)
@pytest.mark.parametrize("q", [0.05, 0.5, 0.99])
def test_the_replication_at_a_quantile_is_found(folder: Path, contents: Contents, text: str, q: float) -> None:
    values = values_by_hand(folder, 0, text)
    found = find_replication(contents, 0, parse_metric(text), q)
    assert found.value == quantile(np.array(values, dtype=float), q)
    assert found.replication == values.index(found.value)


def test_on_su_390_some_replications_are_infinite_and_can_be_left_out(folder: Path, contents: Contents) -> None:
    values = values_by_hand(folder, 0, "total of out")
    finite = [value for value in values if value < float("inf")]
    assert 0 < len(finite) < len(values)
    found = find_replication(contents, 0, parse_metric("total of out"), completed=True)
    assert (found.value, found.replication) == (max(finite), values.index(max(finite)))
    assert (found.looked_at, found.infinite) == (len(finite), len(values) - len(finite))


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run whose migrations the array engine computed: two blocks of draws and a bit."""
    place = tmp_path_factory.mktemp("batch")
    here(written(place), place / "out", 2_100, messages=0, rounds=True, part=1_024, engine="lockstep")
    return place / "out"


@pytest.mark.parametrize("text", ["downtime of DB", "total", "makespan"])
@pytest.mark.parametrize("q", [0.01, 0.5, 0.99, 1.0])
def test_a_replication_of_the_array_engine_is_found_and_repeated_in_simpy_bit_by_bit(batch: Path, text: str, q: float) -> None:
    store = Store(batch)
    assert {each["engine"] for each in store.facts()["engines"]} == {"lockstep"}
    for place, point in enumerate(load_scenario(batch / RESOLVED).points):
        found = find_replication(store.contents(), place, parse_metric(text), q)
        assert found.looked_at == 2_100
        equal = compare_with_stored(store.contents(), place, point.name, replicate_alone(Site.of(point), found.replication))
        assert set(equal) == {"migrations", "plans", "rounds"}


def test_a_column_that_was_not_stored_is_named(tmp_path: Path) -> None:
    here(written(tmp_path), tmp_path / "out", 3, columns=("total_s",))
    contents = Store(tmp_path / "out").contents()
    assert find_replication(contents, 1, parse_metric("total")).looked_at == 3
    with pytest.raises(ResultsError, match="was stored without downtime_s, which 'downtime' looks at"):
        find_replication(contents, 1, parse_metric("downtime"))
    point = load_scenario(tmp_path / "out" / RESOLVED).points[1]
    assert compare_with_stored(contents, 1, point.name, replicate_alone(Site.of(point), 2))["migrations"] == 2


def test_another_arithmetic_is_not_replayed(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    store = Store(tmp_path / "copy")
    text = (tmp_path / "copy" / RUN).read_text(encoding="utf-8")
    (tmp_path / "copy" / RUN).write_text(text.replace(store.facts()["fingerprint"], "deadbeef"), encoding="utf-8")
    with pytest.raises(ResultsError, match="rounds differently"):
        check_same(store, load_scenario(folder / RESOLVED))
