"""A result folder can be asked again: its scenario, its replications, its numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from experiment.running import SCENARIO, here, written
from sim.engine.replicate import replicate_alone
from sim.engine.site import Site
from sim.errors import ResultsError
from sim.experiment.run import check_same
from sim.experiment.store import RESOLVED, RUN, Store
from sim.results.tables import migration_rows, schema
from sim.scenario import load_scenario

# The steps stand in the order of the night, which is not that of their names.
OUT_AND_BACK = SCENARIO.replace("variants:", '  back: {at: "23:30", drain: S2, to: S1}\nvariants:')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run of 20 replications of two variants."""
    place = tmp_path_factory.mktemp("replay")
    here(written(place, OUT_AND_BACK), place / "out", 20)
    return place / "out"


def test_the_resolved_scenario_asks_the_same_question(folder: Path) -> None:
    loaded = load_scenario(folder / RESOLVED)
    assert [step.name for step in loaded.points[0].steps] == ["out", "back"]
    check_same(Store(folder), loaded)


def test_a_replication_repeated_alone_has_the_numbers_of_its_stored_rows(folder: Path) -> None:
    """Bit by bit: draws are addressed, so a replication needs no other."""
    stored = pd.concat(pd.read_parquet(file) for file in sorted((folder / "migrations.parquet").iterdir()))
    for point in load_scenario(folder / RESOLVED).points:
        rows = migration_rows(point.name, replicate_alone(Site.of(point), 13))
        alone = pd.DataFrame(rows, columns=schema("migrations").names).astype(object)
        kept = stored[(stored["point"] == point.name) & (stored["replication"] == 13)].astype(object).reset_index(drop=True)
        assert len(alone) >= 4
        pd.testing.assert_frame_equal(alone.where(alone.notna(), None), kept.where(kept.notna(), None), check_exact=True)


def test_another_arithmetic_is_not_replayed(folder: Path) -> None:
    store = Store(folder)
    text = (folder / RUN).read_text(encoding="utf-8")
    (folder / RUN).write_text(text.replace(store.facts()["fingerprint"], "deadbeef"), encoding="utf-8")
    with pytest.raises(ResultsError, match="rounds differently"):
        check_same(store, load_scenario(folder / RESOLVED))
