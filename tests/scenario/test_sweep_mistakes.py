"""Mistakes in sweeps, designs and --vary: each with its place and its remedy."""

from __future__ import annotations

import pytest

from scenario.sweeping import VARIANTS, loaded, problems
from sim.scenario.schema_sweep import MOST_POINTS

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
