"""Numbers that rest on an assumption: which ones they are, and that scaling them is what writing them into the file would be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.scenario.assumed import NO_NUMBER, Assumed, assumed_numbers, busier, no_numbers, scaled
from sim.scenario.catalogue import assumptions
from sim.scenario.facts import FactList
from sim.scenario.load import Loaded, load_scenario
from sim.scenario.point import Point
from sim.scenario.resolve import resolved
from sim.scenario.schema_load import LoadSpec

SCENARIOS = Path(__file__).parents[2] / "scenarios"
EXAMPLE = SCENARIOS / "console-example.yaml"


def number(loaded: Loaded, tag: str, what: str) -> Assumed:
    """Return one of the assumed numbers of the first point."""
    return next(each for each in assumed_numbers(loaded.facts[0]) if (each.tag, each.what) == (tag, what))


def point_with(loaded: Loaded, assumed: Assumed, factor: float) -> Point:
    """Return the first point with a number scaled."""
    spec, _ = scaled(loaded.completed[0], assumed, loaded.facts[0], factor)
    return resolved(spec, loaded.points[0].name, FactList(loaded.document))


@pytest.mark.parametrize(
    ("tag", "what", "factor", "path", "text"),
    [
        ("A2", "stop goal", 1.2, "clusters.*.parameters.stop_goal", "2.4 s"),
        ("A2", "chase limit", 0.8, "clusters.*.parameters.chase_limit", "240 s"),
        ("A3", "throughput of the sender", 1.2, "clusters.*.parameters.sender", "336 MB/s"),
        ("A15", "touched memory", 0.8, "vms.*.touched", "80 %"),
        ("A21", "round trip", 1.2, "networks.*.round_trip", "1.2 ms"),
        ("A27", "share that migrations get", 0.8, "clusters.*.units.*.monitor.available", "80 %"),
    ],
)
def test_a_scaled_number_is_what_the_planner_could_write(tag: str, what: str, factor: float, path: str, text: str) -> None:
    loaded = load_scenario(EXAMPLE)
    written = load_scenario(EXAMPLE, vary=[f"{path}={text}"]).points[0]
    found = point_with(loaded, number(loaded, tag, what), factor)
    assert found != loaded.points[0]
    assert repr(rounded(found)) == repr(rounded(replace(written, name=loaded.points[0].name)))


def rounded(point: Point) -> Point:
    """Return a point without the last bits of the numbers that are scaled: 2 x 1.2 is not the float nearest 2.4 for every number."""
    clusters = tuple(
        replace(
            each,
            sender_Bps=round(each.sender_Bps, 3),
            policy=replace(each.policy, stop_goal_s=round(each.policy.stop_goal_s, 9), chase_limit_s=round(each.policy.chase_limit_s, 9)),
        )
        for each in point.clusters
    )
    return replace(point, clusters=clusters, links=tuple(replace(each, round_trip_s=round(each.round_trip_s, 12)) for each in point.links))


def test_fixed_times_go_up_together_and_keep_their_spread() -> None:
    loaded = load_scenario(EXAMPLE)
    before, after = loaded.points[0].clusters[0].costs, point_with(loaded, number(loaded, "A8", "all fixed times"), 1.2).clusters[0].costs
    for name in before.__dataclass_fields__:
        old, new = getattr(before, name), getattr(after, name)
        assert new.median_s == pytest.approx(1.2 * old.median_s)
        assert new.sigma == old.sigma


def test_a_share_stops_at_the_whole_and_says_so() -> None:
    loaded = load_scenario(EXAMPLE)
    spec, capped = scaled(loaded.completed[0], number(loaded, "A15", "touched memory"), loaded.facts[0], 1.2)
    assert capped
    assert {vm.touched for vm in spec.vms.values()} == {1.0}


def test_what_the_planner_writes_is_not_assumed() -> None:
    loaded = load_scenario(EXAMPLE, [f"clusters.{load_scenario(EXAMPLE).points[0].clusters[0].name}.parameters.sender=280 MB/s"])
    assert ("A3", "throughput of the sender") not in {(each.tag, each.what) for each in assumed_numbers(loaded.facts[0])}
    assert ("A3", "throughput of the receiver") in {(each.tag, each.what) for each in assumed_numbers(loaded.facts[0])}


def test_only_vms_without_a_load_write_more_under_a16() -> None:
    loaded = load_scenario(SCENARIOS / "night-drain-390.yaml")
    assumed = number(loaded, "A16", "rate of writing, VMs without a load")
    named = {fact.path.split(".")[1] for fact in assumed.facts}
    before, after = ({vm.name: vm.load.classes for vm in point.vms} for point in (loaded.points[0], point_with(loaded, assumed, 1.2)))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {vm.name for vm in loaded.points[0].vms if vm.name.rstrip("0123456789") in named or vm.name in named}
    for name in changed:
        for (pages, rate), (pages_after, rate_after) in zip(before[name], after[name], strict=True):
            assert pages_after == pages
            assert rate_after == pytest.approx(1.2 * rate)


def test_an_entry_with_count_stands_for_all_its_vms() -> None:
    loaded = load_scenario(SCENARIOS / "night-drain-390.yaml")
    after = point_with(loaded, number(loaded, "A15", "touched memory"), 0.5)
    assert {f"APPL{each}" for each in (1, 2, 3)} <= {vm.name for vm in after.vms}
    for old, new in zip(loaded.points[0].vms, after.vms, strict=True):
        assert new.touched_pages == old.touched_pages // 2


def test_a_busier_measured_curve_reaches_its_pages_sooner() -> None:
    points = [{"window": "1 s", "dirty": "1 MiB"}, {"window": "3 s", "dirty": "2 MiB"}]
    found = busier(LoadSpec.model_validate({"curve": points}), 2.0)
    assert found.curve is not None
    assert [(each.window, each.dirty.size_bytes) for each in found.curve] == [(0.5, 2**20), (1.5, 2**21)]


def test_every_assumption_of_the_catalogue_is_a_number_or_says_why_not() -> None:
    tags: set[str] = set()
    policies = ["clusters.*.policy=qemu"]
    for file, vary in [*((file, []) for file in sorted(SCENARIOS.glob("*.yaml"))), (EXAMPLE, policies)]:
        for facts in load_scenario(file, vary=vary).facts[:2]:
            tags |= {each.tag for each in assumed_numbers(facts)}
            assert not {each.tag for each in assumed_numbers(facts)} & set(no_numbers(facts))
    assert len(tags) >= 15
    assert not tags & set(NO_NUMBER)
    assert tags | set(NO_NUMBER) == set(assumptions())
