from __future__ import annotations

import dataclasses
import math
from itertools import permutations

import pytest

from sim.errors import ScenarioError
from sim.model.zipf import zipf_classes
from sim.scenario import Loaded, scenario_of
from sim.scenario.point import Cost, Devices, OnAbort, Point, Vm

GIB = 1024**3
WORLD = """schema: 1
networks:
  mcnpr: {bandwidth: 1 Gbit/s, background: 200 Mbit/s, efficiency: 90 %, round_trip: 2 ms}
clusters:
  SE:
    type: /390
    network: mcnpr
    units:
      SU1: {memory: 64 GiB, hypervisor: 128 MiB, monitor: {memory: 2 GiB, available: 80 %}}
      SU2: {memory: 64 GiB}
"""
VMS = """vms:
  VM1: {su: SU1, memory: 4 GiB}
plan:
  out: {drain: SU1, to: SU2}
"""


def loaded(text: str, *overrides: str) -> Loaded:
    return scenario_of(text, "night.yaml", overrides)


def point(text: str, *overrides: str) -> Point:
    (only,) = loaded(text, *overrides).points
    return only


def vm(text: str, name: str = "VM1") -> Vm:
    return next(vm for vm in point(text).vms if vm.name == name)


def problems(text: str, *overrides: str) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        loaded(text, *overrides)
    return error.value.problems


def test_link_payload_is_bandwidth_times_efficiency_less_background() -> None:
    (link,) = point(WORLD + VMS).links
    assert math.isclose(1e9 / 8 * 0.9 - 200e6 / 8, link.payload_Bps)
    assert link.round_trip_s == 2e-3


def test_a_unit_reserves_hypervisor_and_monitor_vm() -> None:
    first, second = point(WORLD + VMS).units
    assert (first.name, first.reserved_bytes, first.available) == ("SU1", 2 * GIB + 128 * 1024**2, 0.8)
    assert (second.reserved_bytes, second.available, second.iocf) == (1 * GIB + 64 * 1024**2, 1.0, "A")


def test_an_x86_unit_reserves_x2000_and_monitor_vm() -> None:
    units = "{SU1: {memory: 64 GiB, x2000: {memory: 20 GiB, available: 50 %}}, SU2: {memory: 64 GiB}}"
    text = f"schema: 1\nnetworks: {{n: {{preset: mcnpr-1g}}}}\nclusters: {{C: {{type: x86, network: n, units: {units}}}}}\n"
    first, _ = point(text + VMS).units
    assert (first.reserved_bytes, first.available, first.iocf, first.su_type) == (21 * GIB, 0.5, "", "x86")


def test_parameters_of_a_cluster_replace_those_of_its_profiles() -> None:
    text = WORLD.replace(
        "network: mcnpr\n",
        "network: mcnpr\n    parameters: {check: {median: 2 s, p95: 4 s}, state: 3 s, "
        "resume: {median: 1 s, cv: 20 %}, stop_goal: 1 s, sender: 100 MB/s}\n",
    )
    (cluster,) = point(text + VMS).clusters
    assert cluster.costs.state == Cost(3.0)
    assert cluster.costs.resume.median_s == 1.0
    assert math.isclose(cluster.costs.resume.sigma, math.sqrt(math.log(1.04)))
    assert cluster.costs.check.median_s == 2.0
    assert math.isclose(cluster.costs.check.sigma, math.log(2) / 1.6449, rel_tol=1e-4)
    assert (cluster.sender_Bps, cluster.policy.stop_goal_s, cluster.policy.chase_limit_s) == (100e6, 1.0, 300.0)


def test_count_gives_numbered_vms_with_the_smallest_free_indexes() -> None:
    """BATCH2 comes before BATCH10; index 3 is taken; the monitor VM has 1."""
    text = (
        WORLD + "vms:\n  BATCH: {count: 11, su: SU1, memory: 1 GiB}\n  AAA: {su: SU1, memory: 1 GiB, index: 3}\n"
        "plan:\n  out: {drain: SU1, to: SU2}\n"
    )
    indexes = {vm.name: vm.index for vm in point(text).vms}
    assert indexes == {"AAA": 3, "BATCH1": 2} | {f"BATCH{number}": number + 2 for number in range(2, 12)}


def test_a_group_of_vms_is_no_vm() -> None:
    text = WORLD + "vms:\n  BATCH: {count: 2, su: SU1, memory: 1 GiB}\nplan:\n  one: {migrate: BATCH, to: SU2}\n"
    assert problems(text) == ["night.yaml:14:18: plan.one.migrate: there is no VM 'BATCH'; did you mean 'BATCH1'?"]


def test_order_in_the_file_changes_no_point() -> None:
    entries = [
        "  B: {count: 2, su: SU1, memory: 1 GiB, load: orders}",
        "  VM9: {su: SU1, memory: 4 GiB}",
        "  A: {su: SU2, memory: 2 GiB, index: 2}",
        "  VM10: {su: SU1, memory: 4 GiB}",
    ]
    texts = [
        WORLD + "loads: {orders: {profile: oltp}}\nvms:\n" + "\n".join(order) + "\nplan:\n  out: {drain: SU1, to: SU2}\n"
        for order in permutations(entries)
    ]
    assert len(texts) == 24
    assert {point(text) for text in texts} == {point(texts[0])}


def test_touched_memory_is_cut_to_whole_pages() -> None:
    touched = vm(WORLD + VMS.replace("4 GiB", "4 GiB, touched: 33.3 %")).touched_pages
    assert touched == math.floor(4 * GIB / 4096 * 0.333)


def test_devices_and_defaults_of_a_vm() -> None:
    found = vm(WORLD + VMS.replace("4 GiB", "4 GiB, devices: {disks: 8, tapes: 1}"))
    assert found.devices == Devices(disks=8, tapes=1)
    assert (found.state, found.cpus, found.load.name, found.touched_pages) == ("RUNNING", 1, "idle", 4 * GIB / 4096)


LOADS = [
    ("classes: [{size: 25 %, rewrites: 10}]", ((262_144.0, 10.0),), ()),
    ("classes: [{size: 1 GiB, rewrites: 30 /min}]", ((262_144.0, 0.5),), ()),
    ("working_set: {size: 1 GiB, rate: 512 MiB/s}", ((262_144.0, 0.5),), ()),
    ("working_set: {size: 50 %, rate: 512 MiB/s}", ((524_288.0, 0.25),), ()),
    ("sweeps: [{size: 2 GiB, rate: 40 MiB/s}]", (), ((524_288.0, 10_240.0),)),
    ("classes: [{size: 1 GiB, rewrites: 1}], sweeps: [{size: 1 GiB, rate: 4 KiB/s}]", ((262_144.0, 1.0),), ((262_144.0, 1.0),)),
]


@pytest.mark.parametrize(("written", "classes", "sweeps"), LOADS)
def test_loads_become_whole_pages_of_the_vm(written: str, classes: object, sweeps: object) -> None:
    load = vm(WORLD + f"loads: {{mine: {{{written}}}}}\n" + VMS.replace("4 GiB", "4 GiB, load: mine")).load
    assert (load.classes, load.sweeps, load.curve, load.tracked) == (classes, sweeps, (), False)


def test_a_zipf_writer_becomes_the_classes_of_its_law_and_says_how_well() -> None:
    """1 GiB and 4 MiB/s are 262,144 pages and 1,024 page writes a second; theta is 0.99 unless written."""
    text = WORLD + "loads: {mine: {classes: [{size: 1 GiB, rewrites: 1}], zipf: [{size: 1 GiB, rate: 4 MiB/s}]}}\n"
    text += VMS.replace("4 GiB", "4 GiB, load: mine")
    law = zipf_classes(262_144, 1024.0, 0.99)
    assert sorted(vm(text).load.classes) == sorted([(262_144.0, 1.0), *law])
    (fact,) = [fact for fact in loaded(text).facts[0] if fact.path == "vms.VM1.load" and "zipf" in fact.value_text]
    assert fact.value_text.startswith(f"zipf.0: 262144 pages in {len(law)} classes, distinct pages within 0.0")
    assert "theta 0.99" in fact.source


def test_a_zipf_writer_that_does_not_fit_is_an_error() -> None:
    text = WORLD + "loads: {mine: {zipf: [{size: 8 GiB, rate: 4 MiB/s}]}}\n" + VMS.replace("4 GiB", "4 GiB, load: mine")
    assert problems(text)[0].endswith("'mine' writes 8 GiB in all, the VM has 4 GiB; give sizes as shares such as '50 %', or smaller ones")


def test_a_curve_stays_a_curve() -> None:
    text = WORLD + "loads: {mine: {curve: [{window: 500 ms, dirty: 40 MiB}, {window: 2 s, dirty: 2 GiB}], measured: tracked}}\n"
    load = vm(text + VMS.replace("4 GiB", "4 GiB, load: mine")).load
    assert (load.curve, load.classes, load.tracked) == (((0.5, 10_240.0), (2.0, 524_288.0)), (), True)
    cut = vm(text + VMS.replace("4 GiB", "4 GiB, touched: 25 %, load: mine")).load
    assert cut.curve == ((0.5, 10_240.0), (2.0, 262_144.0))


def test_a_load_larger_than_the_touched_memory_loses_its_slowest_pages() -> None:
    """2 GiB + 1 GiB of classes into 1.5 GiB of touched memory: the slower class loses it, with a fact and its assumption."""
    text = (
        WORLD
        + "loads: {mine: {classes: [{size: 2 GiB, rewrites: 3}, {size: 1 GiB, rewrites: 5}]}}\n"
        + VMS.replace("4 GiB", "4 GiB, touched: 37.5 %, load: mine")
    )
    assert vm(text).load.classes == ((131_072.0, 3.0), (262_144.0, 5.0))
    (fact,) = [fact for fact in loaded(text).facts[0] if fact.assumption == "A17" and fact.path != "model"]
    assert (fact.path, fact.value_text) == ("vms.VM1.load", "cut from 786432 to 393216 pages")


def test_spread_bursts_and_day() -> None:
    text = (
        WORLD + "loads: {mine: {profile: oltp, spread: 20 %, bursts: {share: 20 %, length: 30 s, factor: 3}, "
        'day: {"18:00": 0.5, "08:00": 1}, jitter: 0.3}}\n'
    )
    load = vm(text + VMS.replace("4 GiB", "4 GiB, load: mine")).load
    assert math.isclose(load.spread_sigma, math.sqrt(math.log(1.04)))
    assert load.bursts is not None
    assert (load.bursts.share, load.bursts.length_s, load.bursts.factor) == (0.2, 30.0, 3.0)
    assert (load.day, load.jitter) == (((28_800.0, 1.0), (64_800.0, 0.5)), 0.3)


CLOCKS = [
    ('window: {from: "22:00", until: "02:00"}\n', "{drain: SU1, to: SU2}", 22 * 3600),
    ('window: {from: "22:00", until: "02:00"}\n', '{drain: SU1, to: SU2, at: "01:30"}', 25.5 * 3600),
    ("", "{drain: SU1, to: SU2}", 0),
    ("", '{drain: SU1, to: SU2, at: "00:06:59"}', 419),
]


@pytest.mark.parametrize(("window", "step", "second"), CLOCKS)
def test_a_clock_time_before_the_window_is_the_next_day(window: str, step: str, second: float) -> None:
    (found,) = point(window + WORLD + VMS.replace("{drain: SU1, to: SU2}", step)).steps
    assert found.at_s == second


def test_without_a_window_the_first_step_begins_the_night() -> None:
    plan = 'plan:\n  late: {at: "23:00", drain: SU1, to: SU2}\n  back: {at: "01:00", drain: SU2, to: SU1}\n'
    steps = point(WORLD + VMS.partition("plan")[0] + plan).steps
    assert [(step.name, step.at_s) for step in steps] == [("late", 23 * 3600.0), ("back", 25 * 3600.0)]


def test_more_rounds_or_retries_than_draws_have_addresses_for_are_refused() -> None:
    text = WORLD + VMS + "variants: {x86: {clusters.SE.type: x86}}\n"
    (rounds,) = problems(text, "clusters.SE.parameters.max_rounds=65536")
    assert rounds.endswith("max_rounds: 65536 is outside the range; write a whole number from 0 to 65535")
    (retries,) = problems(WORLD + VMS.replace("to: SU2", "to: SU2, on_abort: {retries: 65536}"))
    assert retries.endswith("on_abort.retries: 65536 is outside the range; write a whole number from 0 to 100")


def test_a_step_keeps_order_sequence_and_what_follows_an_abort() -> None:
    (step,) = point(
        WORLD + VMS.replace("to: SU2", "to: SU2, order: [VM1], on_abort: {retries: 2, wait: 5 min, then: stop}, when_busy: reject")
    ).steps
    assert (step.order, step.sequence, step.on_abort, step.when_busy) == ("", ("VM1",), OnAbort(2, 300.0, "stop"), "reject")


def test_variants_are_points_in_the_order_of_the_file() -> None:
    text = WORLD + VMS + "variants:\n  z: {}\n  a: {clusters.SE.type: x86, 'clusters.*.units.*.memory': 128 GiB}\n"
    first, second = loaded(text).points
    assert (first.name, first.clusters[0].policy.name, first.units[0].memory_bytes) == ("z", "vm2000", 64.0 * GIB)
    assert (second.name, second.clusters[0].policy.name, second.units[1].memory_bytes) == ("a", "xen", 128.0 * GIB)


def test_fields_of_the_other_type_are_ignored_under_a_variant_and_listed() -> None:
    text = WORLD + VMS + "variants:\n  own: {}\n  other: {clusters.SE.type: x86}\n"
    own, other = ({fact.path for fact in facts if "ignored" in fact.value_text} for facts in loaded(text).facts)
    assert own == set()
    assert other == {"clusters.SE.units.SU1.hypervisor", "clusters.SE.units.SU1.monitor.available"}


def test_an_x86_variant_does_not_change_what_vms_draw() -> None:
    first, second = loaded(WORLD + VMS + "variants:\n  own: {}\n  other: {clusters.SE.type: x86}\n").points
    assert first.vms == second.vms
    assert dataclasses.replace(first, name="", clusters=(), units=()) == dataclasses.replace(second, name="", clusters=(), units=())


def test_facts_say_where_a_value_was_written_or_what_it_rests_on() -> None:
    facts = {fact.path: fact for fact in loaded(WORLD + VMS).facts[0]}
    assert (facts["networks.mcnpr.round_trip"].origin, facts["networks.mcnpr.round_trip"].source) == ("scenario", "night.yaml:3:86")
    assert (facts["vms.VM1.touched"].origin, facts["vms.VM1.touched"].assumption) == ("default", "A15")
    assert (facts["clusters.SE.parameters.sender"].origin, facts["clusters.SE.parameters.sender"].assumption) == ("profile", "A3")


def test_every_number_of_a_cluster_has_its_fact() -> None:
    """A default that changes the answer and is not printed by explain is a smell: each field of the parameters is there."""
    (cluster,) = loaded(WORLD + VMS).completed[0].clusters.values()
    used = {f"clusters.SE.parameters.{name}" for name, value in cluster.parameters if value is not None}
    assert len(used) == 26
    assert used <= {fact.path for fact in loaded(WORLD + VMS).facts[0]}


WARNINGS = [
    (
        "bandwidth: 1 Gbit/s",
        "bandwidth: 600 Mbit/s",
        "night.yaml:3:22: networks.mcnpr.bandwidth: is below the recommended 1 Gbit/s; migrations may work, test them",
    ),
    (
        "round_trip: 2 ms",
        "round_trip: 5 ms",
        "night.yaml:3:86: networks.mcnpr.round_trip: is not below the recommended 5 ms; migrations may work, test them",
    ),
    (
        "round_trip: 2 ms",
        "distance: 16 km",
        "night.yaml:3:84: networks.mcnpr.distance: is above the recommended 15 km; migrations may work, test them",
    ),
    (
        "memory: 2 GiB",
        "memory: 511 MiB",
        (
            "night.yaml:9:68: clusters.SE.units.SU1.monitor.memory: is below the 512 MiB that migrations need (parameter monitor_need), "
            "so that every migration from 'SU1' or to it will be rejected"
        ),
    ),
    (
        "available: 80 %",
        "cpus: 1",
        (
            "night.yaml:9:81: clusters.SE.units.SU1.monitor.cpus: is one CPU; "
            "a multiprocessor monitor VM is recommended for migrations on SU /390"
        ),
    ),
    (
        "SU2: {memory: 64 GiB}",
        "SU2: {memory: 4 GiB}",
        "night.yaml:14:3: plan.out: 'VM1' needs 4 GiB on 'SU2', where 3008 MiB are free; it will be rejected",
    ),
    (
        "memory: 4 GiB}",
        "memory: 4 GiB, state: IN HOLD}",
        "night.yaml:14:3: plan.out: 'VM1' is IN HOLD and cannot migrate; only RUNNING, INIT-ONLY and DOWN can",
    ),
]


@pytest.mark.parametrize(("right", "doubtful", "warning"), WARNINGS)
def test_what_is_possible_but_not_advised_is_a_warning(right: str, doubtful: str, warning: str) -> None:
    assert loaded(WORLD + VMS).warnings == ()
    assert loaded((WORLD + VMS).replace(right, doubtful)).warnings == (warning,)


def test_a_warning_of_one_variant_says_so() -> None:
    (warning,) = loaded(WORLD + VMS + "variants:\n  near: {}\n  far: {networks.mcnpr.distance: 20 km}\n").warnings
    assert (
        warning
        == "night.yaml:17:34: networks.mcnpr.distance: is above the recommended 15 km; migrations may work, test them (variant 'far')"
    )


def test_a_step_after_the_window_is_a_warning() -> None:
    text = 'window: {from: "22:00", until: "02:00"}\n' + WORLD + VMS + '  back: {at: "02:00", drain: SU2, to: SU1}\n'
    assert loaded(text).warnings == (
        "night.yaml:16:14: plan.back.at: begins at 02:00 of the next day, when the window is over (until 02:00)",
    )


def test_a_migration_back_is_no_mistake() -> None:
    text = WORLD + VMS + '  back: {at: "03:00", migrate: VM1, to: SU1}\n'
    assert [step.name for step in point(text).steps] == ["out", "back"]


def test_two_clusters_that_share_a_network_without_servers_are_warned() -> None:
    second = "  X: {type: x86, network: mcnpr, units: {XU1: {memory: 64 GiB}, XU2: {memory: 64 GiB}}}\n"
    (warning,) = loaded(WORLD + second + VMS).warnings
    assert warning.startswith(
        "night.yaml:3:3: networks.mcnpr: is used by the clusters SE, X; their first SUs are taken to stand in one SE server, "
        "their second ones in another; if that is not so, write 'server:"
    )
