"""Points of sweeps and designs: which there are, in which order, with which values."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from scenario.sweeping import VARIANTS, loaded, values
from sim.engine.replicate import replicate_alone
from sim.engine.site import Site
from sim.experiment.identity import question_hash
from sim.model.designs import design
from sim.scenario import expanded, scenario_of

GIB = 1024**3


class TestPoints:
    def test_all_combinations_variants_outermost_the_last_path_fastest(self) -> None:
        found = loaded(VARIANTS + "sweep: {networks.mcnpr.bandwidth: [1 Gbit/s, 10 Gbit/s], vms.DB.memory: [4 GiB, 8 GiB]}\n")
        settings = [
            f"networks.mcnpr.bandwidth={rate}, vms.DB.memory={size}" for rate in ("1 Gbit/s", "10 Gbit/s") for size in ("4 GiB", "8 GiB")
        ]
        assert [point.name for point in found.points] == [f"SU {kind}, {each}" for kind in ("/390", "x86") for each in settings]
        assert found.settings[5] == {"networks.mcnpr.bandwidth": "1 Gbit/s", "vms.DB.memory": "8 GiB"}
        assert found.points[5].clusters[0].su_type == "x86"
        assert {vm.name: vm.memory_bytes for vm in found.points[5].vms}["DB"] == 8 * GIB

    def test_without_a_sweep_settings_are_empty(self) -> None:
        assert loaded(VARIANTS).settings == ({}, {})
        assert [point.name for point in loaded().points] == [""]

    def test_the_command_line_comes_after_the_file_and_replaces_its_paths_where_they_stand(self) -> None:
        sweep = "sweep: {vms.DB.memory: [4 GiB, 8 GiB], vms.DB.cpus: [1, 2]}\n"
        assert list(loaded(sweep, "vms.REST.cpus=1,2", "vms.DB.memory=16 GiB").settings[0].items()) == [
            ("vms.DB.memory", "16 GiB"),
            ("vms.DB.cpus", "1"),
            ("vms.REST.cpus", "1"),
        ]

    def test_paths_that_go_together_are_not_multiplied(self) -> None:
        group = "sweep: {together: [{vms.DB.memory: [4 GiB, 8 GiB], vms.DB.cpus: {from: 2, to: 4, steps: 2}}], vms.REST.cpus: [1, 2]}\n"
        assert values(group) == [["4 GiB", "2", "1"], ["4 GiB", "2", "2"], ["8 GiB", "4", "1"], ["8 GiB", "4", "2"]]
        assert values("", "vms.DB.memory=4 GiB,8 GiB; vms.DB.cpus=2,4", "vms.REST.cpus=1,2") == values(group)

    def test_a_star_stands_for_any_one_name(self) -> None:
        found = loaded("", "vms.*.memory=2 GiB,6 GiB")
        assert [[vm.memory_bytes / GIB for vm in point.vms] for point in found.points] == [[2] * 4, [6] * 4]

    def test_every_value_can_be_typed_after_set(self) -> None:
        """The text of a setting is what its point was computed with: --set with it gives the same numbers."""
        sweep = """sweep:
  loads.orders.day: [{"00:00": 1.0}, {"00:00": 0.5, "08:00": 2}]
  together: [{vms.DB.memory: {from: 1 GiB, to: 100 GiB, steps: 3, scale: log}, plan.out.at: ["21:30", "22:30", "23:30"]}]
  clusters.SE.type: [x86, /390]
design: {sobol: 2, ranges: {networks.mcnpr.bandwidth: {from: 1 Gbit/s, to: 10 Gbit/s}, networks.mcnpr.round_trip: {from: 0.1 ms, to: 2 ms}}}
"""
        found = loaded(sweep)
        assert len(found.points) == 2 * 3 * 2 * 2
        for point, settings in zip(found.points, found.settings, strict=True):
            (alone,) = loaded(overrides=tuple(f"{path}={text}" for path, text in settings.items())).points
            assert replace(alone, name=point.name) == point

    def test_a_list_is_a_value_too(self) -> None:
        assert values('sweep: {plan.out.order: ["by-name", [DB, APPL1]]}\n') == [["by-name"], ['["DB", "APPL1"]']]

    def test_the_resolved_scenario_asks_the_same_question(self) -> None:
        sweep = "sweep: {vms.APPL.count: [1, 3], loads.orders.profile: [oltp, batch], clusters.SE.type: [/390, x86]}\n"
        found = loaded(VARIANTS.replace("clusters.SE.type: x86", "vms.DB.cpus: 2") + sweep)
        stream = io.StringIO()
        YAML().dump(expanded(found), stream)
        again = scenario_of(stream.getvalue(), "scenario.resolved.yaml")
        assert len(again.points) == 16
        assert again.points == found.points
        assert question_hash(again.points) == question_hash(found.points)

    def test_points_share_their_random_numbers(self) -> None:
        """A VM meets the same draws in every point: what is varied elsewhere changes nothing of it, in no bit."""
        one, other = loaded("", "vms.REST.memory=2 GiB,8 GiB").points
        for replication in range(5):
            moves = [replicate_alone(Site.of(point), replication).moves for point in (one, other)]
            assert [times_of(move) for move in moves[0]] == [times_of(move) for move in moves[1]]
            assert len(moves[0]) == 3

    def test_a_thousand_points_are_read(self) -> None:
        assert len(loaded("", "vms.DB.memory=4 GiB..99 GiB/50", "vms.REST.memory=1 GiB..20 GiB/20").points) == 1000


def times_of(move: object) -> tuple[object, ...]:
    """Return the times of a migration."""
    return tuple(getattr(move, name) for name in ("due_s", "stopped_s", "resumed_s", "set_up_s"))


class TestRanges:
    @pytest.mark.parametrize(
        ("path", "written", "expected"),
        [
            ("vms.DB.memory", "{from: 4 GiB, to: 64 GiB, steps: 5}", ["4 GiB", "19 GiB", "34 GiB", "49 GiB", "64 GiB"]),
            ("vms.DB.memory", "{from: 8 GiB, to: 32 GiB, steps: 3, scale: log}", ["8 GiB", "16 GiB", "32 GiB"]),
            ("vms.DB.memory", "{from: 1 GiB, to: 4608 MiB, step: 1 GiB}", ["1 GiB", "2 GiB", "3 GiB", "4 GiB"]),
            ("vms.DB.memory", "{from: 512 MiB, to: 1 GiB, steps: 3}", ["512 MiB", "768 MiB", "1 GiB"]),
            ("networks.mcnpr.bandwidth", "{from: 1 Gbit/s, to: 10 Gbit/s, steps: 4}", ["1 Gbit/s", "4 Gbit/s", "7 Gbit/s", "10 Gbit/s"]),
            (
                "networks.mcnpr.bandwidth",
                "{from: 100 Mbit/s, to: 10 Gbit/s, steps: 3, scale: log}",
                ["100 Mbit/s", "1 Gbit/s", "10 Gbit/s"],
            ),
            ("networks.mcnpr.round_trip", "{from: 0 ms, to: 1 ms, steps: 4}", ["0 ms", "0.3333 ms", "0.6667 ms", "1 ms"]),
            ("loads.orders.spread", "{from: 0 %, to: 100 %, steps: 3}", ["0 %", "50 %", "100 %"]),
            ("vms.DB.cpus", "{from: 1, to: 7, step: 3}", ["1", "4", "7"]),
            ("loads.orders.jitter", "{from: 0, to: 1, steps: 3}", ["0", "0.5", "1"]),
            ("plan.out.at", '{from: "22:00", to: "01:00", step: 1 h}', ["22:00", "23:00", "00:00", "01:00"]),
            ("clusters.SE.parameters.stop_goal", "{from: 1 s, to: 3 s, steps: 3}", ["1 s", "2 s", "3 s"]),
        ],
    )
    def test_values(self, path: str, written: str, expected: list[str]) -> None:
        assert values(f"sweep: {{{path}: {written}}}\n") == [[each] for each in expected]

    @pytest.mark.parametrize(
        ("vary", "expected"),
        [
            ("vms.DB.memory=4 GiB..64 GiB/5", ["4 GiB", "19 GiB", "34 GiB", "49 GiB", "64 GiB"]),
            ("vms.DB.memory=8 GiB..32 GiB/3 log", ["8 GiB", "16 GiB", "32 GiB"]),
            ("networks.mcnpr.bandwidth=1 Gbit/s..10 Gbit/s/4", ["1 Gbit/s", "4 Gbit/s", "7 Gbit/s", "10 Gbit/s"]),
            ("networks.mcnpr.bandwidth=1 Gbit/s..5 Gbit/s/2 Gbit/s", ["1 Gbit/s", "3 Gbit/s", "5 Gbit/s"]),
            ("plan.out.at=22:00,23:30", ["22:00", "23:30"]),
            ("clusters.SE.type=/390, x86", ["/390", "x86"]),
        ],
    )
    def test_on_the_command_line(self, vary: str, expected: list[str]) -> None:
        assert values("", vary) == [[each] for each in expected]


class TestDesigns:
    @pytest.mark.parametrize("kind", ["lhs", "sobol"])
    def test_every_strip_of_every_range_is_met_once(self, kind: str) -> None:
        """16 points, 16 strips: of 1 GiB each, and of factors of 100 ** (1 / 16) each."""
        ranges = "{vms.DB.memory: {from: 16 GiB, to: 32 GiB}, networks.mcnpr.bandwidth: {from: 100 Mbit/s, to: 10 Gbit/s, scale: log}}"
        points = loaded(f"design: {{{kind}: 16, ranges: {ranges}}}\nexperiment: {{seed: 5}}\n").points
        sizes = [next(vm.memory_bytes for vm in point.vms if vm.name == "DB") for point in points]
        assert sorted(int(size / GIB) for size in sizes) == list(range(16, 32))
        assert {size % (2 * 1024**2) for size in sizes} == {0}
        rates = [point.links[0].payload_Bps for point in points]
        assert 0.94 * 12.5e6 <= min(rates) < 0.94 * 12.5e6 * 100 ** (1 / 16)
        assert len(set(rates)) == 16

    def test_the_seed_decides(self) -> None:
        sweep = "design: {lhs: 4, ranges: {vms.DB.memory: {from: 4 GiB, to: 64 GiB}}}\n"
        first, again = (values(sweep) for _ in range(2))
        assert first == again
        assert loaded(sweep, overrides=("experiment.seed=2",)).settings != loaded(sweep).settings

    def test_a_design_is_multiplied_with_variants_and_the_sweep(self) -> None:
        more = "design: {lhs: 4, ranges: {vms.DB.memory: {from: 4 GiB, to: 64 GiB}}}\nsweep: {vms.DB.cpus: [1, 2]}\n"
        assert len(loaded(VARIANTS + more).points) == 2 * 4 * 2

    def test_coordinates_lie_in_the_hypercube(self) -> None:
        coordinates = design("lhs", 10, 3, 1)
        assert coordinates.shape == (10, 3)
        assert (coordinates >= 0).all()
        assert (coordinates < 1).all()
