"""How much an assumed number weighs: against runs in which it is written otherwise, read back with pandas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.experiment.identity import RESULTS_VERSION, question_hash
from sim.experiment.probing.effects import FEWEST, as_assumed, effects, effects_text, first_points, is_current
from sim.experiment.run import Order, run
from sim.experiment.sources import SOURCES, facts_in, told
from sim.experiment.storage.store import Store
from sim.model.draws import BLOCK
from sim.scenario.load import load_scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"
EXAMPLE = SCENARIOS / "console-example.yaml"


def measured(folder: Path, file: Path, replications: int, *overrides: str) -> pd.DataFrame:
    """Return makespan and largest downtime of each replication of the first point of a run."""
    loaded = load_scenario(file, overrides)
    run(Order(loaded, replications, folder, 1, 0, rounds=False, command=["migr"]), lambda *_: None)
    name = loaded.points[0].name
    plans, migrations = (frame[frame.point == name] for frame in (Store(folder).frame("plans"), Store(folder).frame("migrations")))
    ends = plans.groupby("replication").agg(at_s=("at_s", "min"), end_s=("end_s", "max"))
    return pd.DataFrame({"makespan_s": ends.end_s - ends.at_s, "downtime_s": migrations.groupby("replication").downtime_s.max()})


def p90(values: pd.Series[float]) -> float:
    """Return the 90 % quantile by its definition as an order statistic."""
    return float(np.sort(values.to_numpy())[-(-len(values) * 9 // 10) - 1])


def entry(found: dict[str, Any], tag: str, what: str) -> dict[str, Any]:
    """Return a number of the first point."""
    return next(each for each in found["points"][0]["numbers"] if (each["tag"], each["what"]) == (tag, what))


@pytest.fixture(scope="module")
def weighed() -> dict[str, Any]:
    """The effects of the published console example."""
    return effects(load_scenario(EXAMPLE))


def test_p90_is_that_of_runs_in_which_the_number_is_written(weighed: dict[str, Any], tmp_path: Path) -> None:
    cluster = load_scenario(EXAMPLE).points[0].clusters[0].name
    base = measured(tmp_path / "base", EXAMPLE, BLOCK)
    less = measured(tmp_path / "less", EXAMPLE, BLOCK, f"clusters.{cluster}.parameters.sender=224 MB/s")
    sender = entry(weighed, "A3", "throughput of the sender")
    for metric in ("makespan_s", "downtime_s"):
        assert weighed["points"][0]["base"][metric]["value"] == p90(base[metric])
        assert sender["less"][metric]["value"] == pytest.approx(p90(less[metric]), rel=1e-12)
        assert sender["less"][metric]["difference"] == pytest.approx(p90(less[metric]) - p90(base[metric]), rel=1e-9)
        assert sender["less"][metric]["low"] <= sender["less"][metric]["difference"] <= sender["less"][metric]["high"]
    assert sender["less"]["completed"] == 1.0
    assert sender["less"]["replications"] == BLOCK


def test_objectives_are_those_of_runs_in_which_the_number_is_written(tmp_path: Path) -> None:
    """With less of the stop goal the guest converges less often, in as many replications as the rows say."""
    file = tmp_path / "hot.yaml"
    text = (SCENARIOS / "console-example.yaml").read_text(encoding="utf-8")
    file.write_text(f"{text}\nobjectives: [share(completed) >= 90 %, 'p90(downtime) <= 4 s']\n", encoding="utf-8")
    loaded = load_scenario(file)
    cluster, vm = loaded.points[0].clusters[0].name, loaded.points[0].vms[0].name
    goal = entry(effects(loaded), "A2", "stop goal")
    loaded = load_scenario(file, [f"clusters.{cluster}.parameters.stop_goal=1.6 s"])
    run(Order(loaded, BLOCK, tmp_path / "run", 1, 0, rounds=False, command=["migr"]), lambda *_: None)
    moves = Store(tmp_path / "run").frame("migrations")
    last = moves.sort_values("attempt").groupby("replication").last()
    done = last.outcome.astype(str).str.startswith("completed")
    stops = np.sort(last.downtime_s.where(done, np.inf).to_numpy())

    assert goal["less"]["completed"] == goal["less"]["objectives"]["share(completed) >= 90 %"]["estimate"] == done.mean()
    assert goal["less"]["left_behind"] == ({vm: 1.0 - done.mean()} if not done.all() else {})
    assert goal["less"]["objectives"]["p90(downtime) <= 4 s"]["estimate"] == pytest.approx(stops[-(-BLOCK * 9 // 10) - 1], rel=1e-12)


def test_less_of_the_sender_takes_longer_and_more_of_it_less(weighed: dict[str, Any]) -> None:
    sender = entry(weighed, "A3", "throughput of the sender")
    assert sender["less"]["makespan_s"]["low"] > 0 > sender["more"]["makespan_s"]["high"]


def test_what_no_time_depends_on_moves_nothing(weighed: dict[str, Any]) -> None:
    for what in (("A44", "hypervisor need"), ("A20", "memory kept from guests")):
        for case in ("less", "more"):
            assert entry(weighed, *what)[case]["makespan_s"]["difference"] == 0.0


def test_a_share_of_the_whole_has_no_more(weighed: dict[str, Any]) -> None:
    touched = entry(weighed, "A15", "touched memory")
    assert touched["more"]["note"] == "100 % is the most"
    assert touched["more"]["makespan_s"]["difference"] == 0.0
    assert touched["less"]["makespan_s"]["difference"] < 0


def test_the_same_question_gives_the_same_bytes_and_belongs_to_its_results(weighed: dict[str, Any]) -> None:
    loaded = load_scenario(EXAMPLE)
    assert effects_text(effects(loaded)) == effects_text(weighed)
    facts = {"results_version": RESULTS_VERSION, "question": question_hash(loaded.points)}
    assert is_current(json.loads(effects_text(weighed)), facts)
    assert not is_current(weighed, facts | {"question": "another"})
    assert not is_current(weighed, facts | {"results_version": RESULTS_VERSION + 1})


def test_progress_counts_every_number() -> None:
    seen: list[tuple[int, int]] = []
    found = effects(load_scenario(EXAMPLE), lambda done, total: seen.append((done, total)))
    total = len(found["points"][0]["numbers"])
    assert seen == [(done, total) for done in range(total + 1)]


def test_vms_that_do_not_fit_any_more_are_told(tmp_path: Path) -> None:
    file = tmp_path / "full.yaml"
    text = EXAMPLE.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    loaded = load_scenario(file)
    source = next(vm.unit for vm in loaded.points[0].vms)
    unit = next(each for each in loaded.points[0].units if each.name == source)
    needed = sum(vm.memory_bytes for vm in loaded.points[0].vms if vm.unit == source) + unit.reserved_bytes
    full = load_scenario(file, [f"clusters.{unit.cluster}.units.{source}.memory={needed / 2**20:.0f} MiB"])
    kept = entry(effects(full), "A20", "memory kept from guests")
    assert kept["more"] == {"note": f"the VMs of SU {source} do not fit into its memory any more"}
    assert kept["less"]["makespan_s"]["difference"] == 0.0


def test_a_point_of_simpy_is_weighed_with_fewer_replications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.experiment.probing.effects.MOST_BY_SIMPY", FEWEST)
    typed = "operators=[{at: '00:06:00', console: ABGSE501, command: /SHOW-VM-STATUS}]"
    found = effects(load_scenario(EXAMPLE, [typed]))
    point = found["points"][0]
    assert (point["engine"], point["replications"]) == ("simpy", FEWEST)
    base = measured(tmp_path / "base", EXAMPLE, FEWEST, typed)
    less = measured(tmp_path / "less", EXAMPLE, FEWEST, typed, "clusters.SE.parameters.sender=224 MB/s")
    assert point["base"]["makespan_s"]["value"] == p90(base.makespan_s)
    assert entry(found, "A3", "throughput of the sender")["less"]["makespan_s"]["value"] == pytest.approx(p90(less.makespan_s), rel=1e-12)


def test_a_case_that_lockstep_does_not_cover_is_simulated_with_fewer_replications_and_may_never_end() -> None:
    """A hypervisor of just what migrations need: 20 % more of the need, and every command is rejected."""
    small = [f"clusters.SE.units.{unit}.hypervisor=4 MiB" for unit in ("ABGSE501", "ABGSE701")]
    need = entry(effects(load_scenario(EXAMPLE, small)), "A44", "hypervisor need")
    assert need["less"]["replications"] == BLOCK
    assert need["less"]["makespan_s"]["difference"] == 0.0
    assert FEWEST <= need["more"]["replications"] < BLOCK
    assert (need["more"]["makespan_s"]["value"], need["more"]["makespan_s"]["difference"]) == ("never", "never")
    assert need["more"]["completed"] == 0.0
    assert "as_assumed" not in need["less"]


def test_a_case_of_fewer_replications_is_held_against_the_first_ones_of_the_point(tmp_path: Path) -> None:
    """As many as SimPy computes once the hypervisor is too small: share, objective and difference are theirs, read back from a run."""
    file = tmp_path / "small.yaml"
    text = EXAMPLE.read_text(encoding="utf-8")
    file.write_text(f"{text}\nobjectives: ['P(makespan <= 4 min) >= 50 %', 'p90(makespan) <= 1 h']\n", encoding="utf-8")
    small = [f"clusters.SE.units.{unit}.hypervisor=4 MiB" for unit in ("ABGSE501", "ABGSE701")]
    found = effects(load_scenario(file, small))
    more = entry(found, "A44", "hypervisor need")["more"]
    times = measured(tmp_path / "run", file, more["replications"], *small).makespan_s

    assert more["as_assumed"]["completed"] == np.isfinite(times).mean()
    share, longest = more["as_assumed"]["objectives"].values()
    assert share["estimate"] == (times <= 240.0).mean()
    assert longest["estimate"] == pytest.approx(p90(times), rel=1e-12)
    assert longest["estimate"] != found["points"][0]["objectives"]["p90(makespan) <= 1 h"]["estimate"]
    assert as_assumed(found["points"][0], more) == more["as_assumed"]
    assert as_assumed(found["points"][0], entry(found, "A44", "hypervisor need")["less"]) == found["points"][0]


def test_of_a_sweep_the_first_point_of_each_variant_is_weighed() -> None:
    loaded = load_scenario(SCENARIOS / "faster-network.yaml")
    names = [loaded.points[place].name for place in first_points(loaded)]
    assert len(names) == 2
    assert [name.split(",")[0] for name in names] == ["SU /390", "SU x86"]
    assert names[0] == loaded.points[0].name


def test_the_folder_tells_what_its_numbers_rest_on(tmp_path: Path) -> None:
    measured(tmp_path / "run", EXAMPLE, 4)
    stored = facts_in(json.loads((tmp_path / "run" / SOURCES).read_text(encoding="utf-8")))
    assert stored == told(load_scenario(EXAMPLE))
    assert {fact.assumption for fact in stored} >= {fact.assumption for fact in load_scenario(EXAMPLE).facts[0]}
    assert not [fact for fact in stored if fact.origin == "scenario"]
    assert facts_in({"facts": [{"nothing": "of the kind"}]}) == []
