"""A folder that gets more replications, messages or rounds: what is there stays as it is, only what is missing is computed."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim.experiment.execution.parts
from experiment.running import digests, here, part_files, rows, written
from sim.experiment.execution.engines import Wanted
from sim.experiment.execution.parts import Part, gaps, missing_parts
from sim.scenario.load import load_scenario


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("scenario"))


@pytest.fixture(params=["simpy", "lockstep"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Wanted:
    """Return an engine; parts of both have the same size."""
    monkeypatch.setattr(sim.experiment.execution.parts, "ROWS", 1)
    chosen: Wanted = request.param
    return chosen


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return time of the last change and content of every part."""
    return {str(each.relative_to(folder)): (each.stat().st_mtime_ns, each.read_bytes()) for each in sorted(folder.glob("*.parquet/*"))}


def same_answer(one: Path, other: Path) -> None:
    """Check that two folders have the same rows and, byte by byte, the same summaries."""
    assert rows(one) == rows(other)
    for name in ("summary.json", "summary.csv", "scenario.resolved.yaml"):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_longer_run_computes_the_rest_of_the_last_cell_and_whole_cells_after_it(file: Path, tmp_path: Path, engine: Wanted) -> None:
    """100, then 200 replications in cells of 64: of each point 100..127, 128..191, 192..199 are new."""
    here(file, tmp_path / "steps", 100, rounds=True, messages=0, engine=engine)
    before = state(tmp_path / "steps")
    extended = here(file, tmp_path / "steps", 200, messages=0, engine=engine)
    after = state(tmp_path / "steps")
    assert {name: after[name] for name in before} == before
    assert (extended.reused, extended.computed, extended.replications) == (4, 6, 200)
    assert part_files(tmp_path / "steps") == [
        f"point-{point:03d}-replications-{first:09d}-{last:09d}.parquet"
        for point in (0, 1)
        for first, last in ((0, 63), (64, 99), (100, 127), (128, 191), (192, 199))
    ]
    here(file, tmp_path / "at once", 200, rounds=True, messages=0, engine=engine)
    same_answer(tmp_path / "steps", tmp_path / "at once")


def test_longer_run_goes_on_with_the_messages(file: Path, tmp_path: Path, engine: Wanted) -> None:
    """20, then 90 replications, of which 70 keep their messages: none is there twice, none is missing."""
    here(file, tmp_path / "steps", 20, messages=70, engine=engine)
    here(file, tmp_path / "steps", 90, messages=70, engine=engine)
    here(file, tmp_path / "at once", 90, messages=70, engine=engine)
    same_answer(tmp_path / "steps", tmp_path / "at once")
    assert {row["replication"] for row in rows(tmp_path / "steps")["messages"]} == set(range(70))


def test_messages_and_rounds_asked_for_later_compute_no_migration_again(file: Path, tmp_path: Path, engine: Wanted) -> None:
    here(file, tmp_path / "steps", 90, messages=10, engine=engine)
    before = state(tmp_path / "steps")
    later = here(file, tmp_path / "steps", 90, messages=80, rounds=True, engine=engine)
    after = state(tmp_path / "steps")
    assert {name: after[name] for name in before} == before
    assert {name.split("/")[0] for name in after.keys() - before.keys()} == {"messages.parquet", "rounds.parquet"}
    assert later.summary == here(file, tmp_path / "at once", 90, messages=80, rounds=True, engine=engine).summary
    same_answer(tmp_path / "steps", tmp_path / "at once")


def test_folder_of_another_grid_is_extended_from_where_it_is(file: Path, tmp_path: Path) -> None:
    """Cells of 16, then of 64: what the cells of 16 hold stays."""
    here(file, tmp_path / "steps", 40, part=16)
    before = state(tmp_path / "steps")
    here(file, tmp_path / "steps", 100)
    assert {name: found for name, found in state(tmp_path / "steps").items() if name in before} == before
    here(file, tmp_path / "at once", 100)
    same_answer(tmp_path / "steps", tmp_path / "at once")


def test_overlapping_parts_count_once_and_the_shorter_goes(file: Path, tmp_path: Path) -> None:
    """As two runs on shared storage could leave them: 0..19 beside 0..39."""
    here(file, tmp_path / "short", 20, messages=0)
    here(file, tmp_path / "long", 40, messages=0)
    before = digests(tmp_path / "long")
    for part in (tmp_path / "short").glob("*.parquet/*"):
        (tmp_path / "long" / part.relative_to(tmp_path / "short")).write_bytes(part.read_bytes())
    again = here(file, tmp_path / "long", 40, messages=0)
    assert again.computed == 0
    assert digests(tmp_path / "long") == before


@pytest.mark.parametrize(
    ("stored", "missing"),
    [
        ([], [(0, 8), (8, 16), (16, 20)]),
        ([(0, 20)], []),
        ([(0, 5)], [(5, 8), (8, 16), (16, 20)]),
        ([(0, 8), (16, 18)], [(8, 16), (18, 20)]),
        ([(4, 24)], [(0, 4)]),
        ([(24, 32)], [(0, 8), (8, 16), (16, 20)]),
    ],
)
def test_gaps_are_the_complement_cut_where_cells_end(stored: list[tuple[int, int]], missing: list[tuple[int, int]]) -> None:
    assert list(gaps(stored, 20, 8)) == missing


def test_parts_of_the_array_engine_are_whole_blocks_of_about_a_million_rows(file: Path) -> None:
    """Two VMs: 488 blocks of 1,024 make 999,424 rows; messages come from SimPy, in parts of one block."""
    point = load_scenario(file).points[0]
    parts = missing_parts([point], ["lockstep"], {}, replications=1_000_000, messages=1_500, rounds=True)
    told = [part for part in parts if part.tables == ("messages",)]
    assert told == [
        Part(0, 0, 1_024, 1_024, rounds=False, migrations=False),
        Part(0, 1_024, 1_500, 1_500, rounds=False, migrations=False),
    ]
    assert [(part.start, part.stop) for part in parts if part.tables == ("rounds", "plans", "migrations")] == [
        (0, 499_712),
        (499_712, 999_424),
        (999_424, 1_000_000),
    ]


def test_first_replications_of_all_points_come_first(file: Path) -> None:
    points = load_scenario(file).points
    parts = missing_parts(points, ["simpy", "simpy"], {}, replications=2_048)
    assert [(part.start, part.point) for part in parts] == [(0, 0), (0, 1), (1_024, 0), (1_024, 1)]
