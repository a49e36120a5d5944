from __future__ import annotations

import pytest

from sim.errors import ScenarioError
from sim.scenario import scenario_of

TEXT = """schema: 1
networks:
  mcnpr: {bandwidth: 10 Gbit/s}
clusters:
  SE: {type: /390, network: mcnpr, units: {SU1: {memory: 64 GiB}, SU2: {memory: 64 GiB}}}
loads:
  orders: {curve: [{window: 1 s, dirty: 40 MiB}]}
vms:
  VM1: {su: SU1, memory: 4 GiB, load: orders}
  VM2: {su: SU1, memory: 4 GiB}
plan:
  out: {drain: SU1, to: SU2}
"""
MIB = 1024**2


def memories(*overrides: str) -> list[float]:
    (point,) = scenario_of(TEXT, "night.yaml", overrides).points
    return [vm.memory_bytes / MIB for vm in point.vms]


def problem(*overrides: str) -> str:
    with pytest.raises(ScenarioError) as error:
        scenario_of(TEXT, "night.yaml", overrides)
    (only,) = error.value.problems
    return only


def test_one_value() -> None:
    assert memories("vms.VM1.memory=8 GiB") == [8192, 4096]


def test_a_star_stands_for_any_one_name() -> None:
    assert memories("vms.*.memory=8 GiB") == [8192, 8192]


def test_the_last_override_holds() -> None:
    assert memories("vms.*.memory=8 GiB", "vms.VM2.memory=2 GiB") == [8192, 2048]


def test_a_key_that_was_not_written_is_set() -> None:
    (point,) = scenario_of(
        TEXT, "night.yaml", ["experiment.seed=99", "vms.VM1.devices.disks=3", "clusters.SE.parameters.stop_goal=1 s"]
    ).points
    assert (point.seed, point.vms[0].devices.disks, point.clusters[0].policy.stop_goal_s) == (99, 3, 1.0)


def test_an_element_of_a_list() -> None:
    (point,) = scenario_of(TEXT, "night.yaml", ["loads.orders.curve.0.dirty=80 MiB"]).points
    assert point.vms[0].load.curve == ((1.0, 20_480.0),)


def test_a_value_is_yaml() -> None:
    (point,) = scenario_of(TEXT, "night.yaml", ["vms.VM1.devices={disks: 2, tapes: 1}", "plan.out.order=[VM2, VM1]"]).points
    assert (point.vms[0].devices.tapes, point.steps[0].sequence) == (1, ("VM2", "VM1"))


def test_an_override_counts_before_the_variants() -> None:
    text = TEXT + "variants:\n  as it is: {}\n  large: {vms.VM1.memory: 16 GiB}\n"
    first, second = scenario_of(text, "night.yaml", ["vms.*.memory=8 GiB"]).points
    assert [vm.memory_bytes / MIB for vm in (*first.vms, *second.vms)] == [8192, 8192, 16384, 8192]


MISTAKES = [
    ("vms.VM3.memory=8 GiB", "--set vms.VM3.memory=8 GiB: vms.VM3.memory: matches nothing: there is no 'VM3'; did you mean 'VM1'?"),
    ("vms.VM1.memroy=8 GiB", "--set vms.VM1.memroy=8 GiB: vms.VM1.memroy: unknown key; did you mean 'memory'?"),
    ("vmz.VM1.memory=8 GiB", "--set vmz.VM1.memory=8 GiB: vmz.VM1.memory: unknown key; did you mean 'vms'?"),
    ("variants.*.x=1", "--set variants.*.x=1: variants.*.x: matches nothing; there is no such name yet"),
    (
        "vms.VM1.memory=8 GB",
        "--set vms.VM1.memory=8 GB: vms.VM1.memory: '8 GB' is a decimal size, memory takes KiB, MiB, GiB or TiB; write '8 GiB'",
    ),
    (
        "vms.VM1.memory.x=8 GiB",
        "--set vms.VM1.memory.x=8 GiB: vms.VM1.memory.x: 'vms.VM1.memory' is a single value; nothing lies below it, so end the path there",
    ),
    (
        "loads.orders.curve.3.dirty=8 GiB",
        (
            "--set loads.orders.curve.3.dirty=8 GiB: loads.orders.curve.3.dirty: "
            "'loads.orders.curve' is a list without position '3'; write 0 to 0"
        ),
    ),
    ("vms.VM1.memory", "--set vms.VM1.memory: is no override; write PATH=VALUE such as vms.VM12PROD.memory='8 GiB'"),
    ("vms.VM1.memory=", "--set vms.VM1.memory=: vms.VM1.memory: has no value; write one after the equals sign"),
    ("vms.VM1.memory=[8 GiB", "--set vms.VM1.memory=[8 GiB: vms.VM1.memory: '[8 GiB' cannot be read as YAML; put the value in quotes"),
    ("vms.VM1.su=815", '--set vms.VM1.su=815: vms.VM1.su: YAML reads this as a number where a name has to stand; quote it: "815"'),
    (
        "clusters.SE.units.SU3.memory=1 GiB",
        "--set clusters.SE.units.SU3.memory=1 GiB: clusters.SE.units.SU3.memory: matches nothing: there is no 'SU3'; did you mean 'SU1'?",
    ),
]


@pytest.mark.parametrize(("override", "message"), MISTAKES)
def test_an_override_that_cannot_be_applied_says_why(override: str, message: str) -> None:
    assert problem(override) == message


def test_all_wrong_overrides_are_reported_together() -> None:
    with pytest.raises(ScenarioError) as error:
        scenario_of(TEXT, "night.yaml", ["vms.VM3.memory=8 GiB", "vms.VM1.memroy=8 GiB"])
    assert [line.split(":")[0] for line in error.value.problems] == ["--set vms.VM3.memory=8 GiB", "--set vms.VM1.memroy=8 GiB"]
