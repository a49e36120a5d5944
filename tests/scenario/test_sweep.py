from __future__ import annotations

import io
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from sim.engine.replicate import replicate_alone
from sim.engine.site import Site
from sim.errors import ScenarioError
from sim.experiment.identity import question_hash
from sim.model.designs import design
from sim.scenario import Loaded, expanded, scenario_of
from sim.scenario.schema_sweep import MOST_POINTS

TEXT = """schema: 1
networks:
  mcnpr: {bandwidth: 10 Gbit/s}
clusters:
  SE: {type: /390, network: mcnpr, units: {SU1: {memory: 256 GiB}, SU2: {memory: 256 GiB}}}
loads:
  orders: {profile: oltp-light, spread: 20 %}
vms:
  DB: {su: SU1, memory: 4 GiB, load: orders}
  APPL: {count: 2, su: SU1, memory: 4 GiB}
  REST: {su: SU2, memory: 4 GiB}
plan:
  out: {at: "22:00", drain: SU1, to: SU2}
"""
VARIANTS = "variants:\n  SU /390: {}\n  SU x86: {clusters.SE.type: x86}\n"
GIB = 1024**3


def loaded(more: str = "", *vary: str, overrides: tuple[str, ...] = ()) -> Loaded:
    return scenario_of(TEXT + more, "night.yaml", overrides, vary)


def values(more: str = "", *vary: str) -> list[list[str]]:
    """Return the values of every point, path by path."""
    return [list(settings.values()) for settings in loaded(more, *vary).settings]


def problems(more: str = "", *vary: str, overrides: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        loaded(more, *vary, overrides=overrides)
    return error.value.problems


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


# What is written behind the scenario, whose last line is the 13th, and what is said about it.
MISTAKES = [
    ("sweep: {vms.DBX.memory: [1 GiB]}", "14:9: sweep.vms.DBX.memory: matches nothing: there is no 'DBX'; did you mean 'DB'?"),
    ("sweep: {vms.DB.memroy: [1 GiB]}", "14:9: sweep.vms.DB.memroy: unknown key; did you mean 'memory'?"),
    (
        "sweep: {vms.DB.memory: [4 GiB, 8 GB]}",
        "14:32: vms.DB.memory: '8 GB' is a decimal size, memory takes KiB, MiB, GiB or TiB; write '8 GiB'",
    ),
    ("sweep: {vms.DB.memory: []}", "14:24: sweep.vms.DB.memory: has no values; write a list such as [4 GiB, 16 GiB]"),
    ("sweep: {vms.DB.memory: [4 GiB, 8 GiB, 4 GiB]}", "14:39: sweep.vms.DB.memory: has '4 GiB' twice; write each value once"),
    (
        "sweep: {vms.DB.memory: 4 GiB}",
        ("14:24: sweep.vms.DB.memory: is a single value; write a list such as [4 GiB, 16 GiB], or a range {from: .., to: .., steps: 5}"),
    ),
    (
        "sweep: {vms.DB.memory: {from: 8 GiB, to: 4 GiB, steps: 2}}",
        "14:24: sweep.vms.DB.memory: begins with '8 GiB' above its end '4 GiB'; write the smaller value as 'from'",
    ),
    (
        "sweep: {vms.DB.memory: {from: 4 GiB, to: 4096 MiB, steps: 2}}",
        "14:24: sweep.vms.DB.memory: begins and ends with '4 GiB'; write two values, the smaller one as 'from'",
    ),
    (
        "sweep: {vms.DB.memory: {from: 4 GiB, to: 8 GB, steps: 2}}",
        (
            "14:24: sweep.vms.DB.memory: has ends that do not go together: '8 GB' is a decimal size, "
            "memory takes KiB, MiB, GiB or TiB; write '8 GiB'"
        ),
    ),
    (
        "sweep: {vms.DB.memory: {from: 4 GiB, to: 8 GiB}}",
        ("14:9: sweep.vms.DB.memory: needs 'steps: 5' (how many values) or 'step: 4 GiB' (from one to the next); write one of the two"),
    ),
    ("sweep: {vms.DB.memory: {from: 4 GiB, too: 8 GiB, steps: 2}}", "14:38: sweep.vms.DB.memory.too: unknown key; did you mean 'to'?"),
    (
        "sweep: {vms.DB.memory: {from: 4 GiB, to: 8 GiB, steps: 1}}",
        "14:56: sweep.vms.DB.memory.steps: 1 is outside the range; write a whole number from 2 to 10000",
    ),
    (
        "sweep: {vms.DB.memory: {from: 4 GiB, to: 8 GiB, step: 5 GiB}}",
        "14:24: sweep.vms.DB.memory: has a step '5 GiB' that is larger than the range; write a smaller one",
    ),
    (
        "sweep: {networks.mcnpr.round_trip: {from: 0 ms, to: 1 ms, steps: 3, scale: log}}",
        "14:36: sweep.networks.mcnpr.round_trip: begins with '0 ms' on a log scale; write a value above 0, or 'scale: linear'",
    ),
    (
        "sweep: {vms.DB.cpus: {from: 1, to: 2, steps: 3}}",
        "14:22: sweep.vms.DB.cpus: gives 2 twice, since values are rounded; write fewer steps",
    ),
    (
        "sweep: {title: [a, b]}",
        "14:9: sweep.title: 'title' is the same for all points of an experiment; vary something else",
    ),
    (
        "sweep: {experiment.seed: [1, 2]}",
        "14:9: sweep.experiment.seed: 'experiment' is the same for all points of an experiment; vary something else",
    ),
    (
        "sweep: {vms.DB.memory: [1 GiB, 2 GiB], vms.*.memory: [3 GiB]}",
        "14:40: sweep.vms.*.memory: varies vms.DB.memory, which 'vms.DB.memory' varies too; vary it once, or write other paths",
    ),
    (
        "sweep: {together: [{vms.DB.memory: [1 GiB, 2 GiB], vms.DB.cpus: [1]}]}",
        ("14:20: sweep.together.0: gives 2 for 'vms.DB.memory', 1 for 'vms.DB.cpus'; values that go together need lists of one length"),
    ),
    (
        "sweep: {together: {vms.DB.memory: [1 GiB], vms.DB.cpus: [1]}}",
        "14:19: sweep.together: is no list of groups; write [{PATH: [v1, v2], PATH: [v1, v2]}]",
    ),
    (
        "sweep: {together: [{vms.DB.memory: [1 GiB]}]}",
        "14:20: sweep.together.0: is no group; write two or more paths: {PATH: [..], PATH: [..]}",
    ),
    ("sweep: [1]", "14:8: sweep: a list stands where a mapping has to; write {key: value}"),
    (
        "sweep: {clusters.SE.units.SU1.x2000.cpus: [1, 2]}",
        "14:44: clusters.SE.units.SU1.x2000: belongs to SU x86, and 'SE' is /390; remove it",
    ),
    (
        "design: {sobol: 100, ranges: {vms.DB.memory: {from: 4 GiB, to: 8 GiB}}}",
        "14:1: design: has 100 points of a Sobol' sequence, which is even for powers of two only; write 'sobol: 64' or 128",
    ),
    (
        "design: {lhs: 4, ranges: {vms.DB.cpus: {from: 1, to: 2}}}",
        "14:1: design: gives a point twice, since values are rounded; write fewer points or wider ranges",
    ),
    (
        "design: {lhs: 4, sobol: 4, ranges: {vms.DB.cpus: {from: 1, to: 2}}}",
        "14:1: design: needs 'lhs: 64' or 'sobol: 64', the number of points; write one of the two",
    ),
    (
        "design: {lhs: 4, ranges: {vms.DBX.cpus: {from: 1, to: 2}}}",
        "14:27: design.ranges.vms.DBX.cpus: matches nothing: there is no 'DBX'; did you mean 'DB'?",
    ),
    (
        "variants: {large: {vms.DB.memory: 8 GiB}}\nsweep: {vms.DB.memory: [1 GiB, 2 GiB]}",
        (
            "14:20: variants.large.vms.DB.memory: is varied in 'sweep', 'design' or --vary too, "
            "so that setting it here has no effect; keep one of the two"
        ),
    ),
]


@pytest.mark.parametrize(("more", "message"), MISTAKES)
def test_a_mistake_has_its_place_and_its_remedy(more: str, message: str) -> None:
    assert problems(more + "\n") == [f"night.yaml:{message}"]


OPTION_MISTAKES = [
    ("vms.DB.memory", "is nothing to vary; write PATH=V1,V2 such as "),
    ("vms.DB.memory=", "vms.DB.memory: has no values; write a list such as [4 GiB, 16 GiB]"),
    ("vms.DB.memory=4 GiB,4 GiB", "vms.DB.memory: has '4 GiB' twice; write each value once"),
    ("vms.DB.memory=4 GiB..8 GiB", "vms.DB.memory: '4 GiB..8 GiB' is no range; write FROM..TO/STEPS such as '4 GiB..64 GiB/5'"),
    ("vms.DB.memory=4 GiB,8 GiB; vms.DB.memory=1 GiB,2 GiB", "vms.DB.memory: is named twice; name each path once"),
    (
        "vms.DB.memory=4 GiB,8 GiB; vms.DB.cpus=1",
        "gives 2 for 'vms.DB.memory', 1 for 'vms.DB.cpus'; values that go together need lists of one length",
    ),
    ("vms.DB.memory=4 GB,8 GiB", "vms.DB.memory: '4 GB' is a decimal size, memory takes KiB, MiB, GiB or TiB; write '4 GiB'"),
]


@pytest.mark.parametrize(("vary", "message"), OPTION_MISTAKES)
def test_a_mistake_on_the_command_line_names_the_option(vary: str, message: str) -> None:
    (only,) = problems("", vary)
    assert only.startswith(f"--vary {vary}: {message}")


def test_part_of_a_group_cannot_be_replaced() -> None:
    group = "sweep: {together: [{vms.DB.memory: [4 GiB, 8 GiB], vms.DB.cpus: [1, 2]}]}\n"
    (only,) = problems(group, "vms.DB.cpus=1,2,4")
    assert only.startswith("--vary vms.DB.cpus=1,2,4: is varied together with 'vms.DB.memory' in the scenario; ")
    assert only.endswith("give both: --vary 'vms.DB.cpus=..; vms.DB.memory=..'")


def test_what_is_varied_is_not_set_too() -> None:
    (only,) = problems("", "vms.DB.memory=4 GiB,8 GiB", overrides=("vms.DB.memory=2 GiB",))
    assert only.startswith("--set vms.DB.memory=2 GiB: vms.DB.memory: is varied, so that setting it has no effect; ")
    assert only.endswith("remove it, or give --vary with the values wanted")
    assert len(loaded("", "vms.DB.memory=4 GiB,8 GiB", overrides=("vms.*.memory=2 GiB",)).points) == 2


def test_a_sweep_is_not_overridden_with_set() -> None:
    (only,) = problems(overrides=("sweep.vms.DB.memory=[1 GiB]",))
    assert only.endswith("sweep: is varied with --vary; write --vary PATH=V1,V2, which replaces the path in the sweep")


def test_too_many_points_are_refused_with_their_number() -> None:
    assert MOST_POINTS == 10_000
    (only,) = problems(VARIANTS, "vms.DB.memory=4 GiB..90 GiB/101", "vms.REST.memory=1 GiB..60 GiB/50")
    assert "gives 10,100 points (with all variants and combinations), and an experiment has at most 10,000" in only


def test_all_mistakes_at_once_and_each_once() -> None:
    """A mistake that many points share, and one that belongs to a value, stand there once."""
    more = "sweep: {vms.DB.cpus: [1, 2, 3], vms.DB.memory: [4 GiB, 300 GiB, 8 GB], vms.DBX.cpus: [1]}\n"
    assert [line.split(": ")[0] for line in problems(more)] == ["night.yaml:5:58", "night.yaml:14:65", "night.yaml:14:72"]


def test_a_mistake_of_some_points_names_the_first_of_them() -> None:
    (only,) = problems("sweep: {vms.DB.memory: [4 GiB, 300 GiB], vms.DB.cpus: [1, 2]}\n")
    assert only.startswith("night.yaml:5:58: clusters.SE.units.SU1.memory: ")
    assert only.endswith(" (point 'vms.DB.memory=300 GiB, vms.DB.cpus=1' and 1 more)")
