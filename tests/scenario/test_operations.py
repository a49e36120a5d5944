"""Operators, faults and what an operator can see of SUs and VMs: from the file to the point."""

from __future__ import annotations

import math
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenario.operations import CLUSTER, PLAN, WORLD, facts_of, loaded, point, problems, tags_of
from sim.scenario.point import Cost, Fault, OnAbort, Operator, Pool
from sim.vm2000.commands.syntax import CommandError, parse
from sim.vm2000.devices import DeviceSet

MIB = 2**20
HOUR = 3600.0


def test_a_scenario_without_operations_has_none() -> None:
    found = point(WORLD)
    assert (found.operators, found.faults) == ((), ())
    assert not {"A36", "A37", "A38", "A39", "A41", "A45", "A46", "A47"} & tags_of(WORLD)


def test_operators_are_resolved_in_the_order_of_the_file() -> None:
    text = WORLD + (
        'operators:\n  - {at: "00:30", console: VM1, command: /SHOW-SYSTEM-INFORMATION}\n'
        '  - {at: "22:05", console: SU1, command: "/HOLD-VM VM-ID=12"}\n'
    )
    assert point(text).operators == (
        Operator(24.5 * HOUR, "VM1", "/SHOW-SYSTEM-INFORMATION"),
        Operator(22 * HOUR + 300.0, "SU1", "/HOLD-VM VM-ID=12"),
    )
    assert {"A36", "A41", "A45", "A47"} <= tags_of(text)


FAULTS = [
    ('{link: mcnpr, at: "22:10", for: 30 s}', Fault("f", "link", "mcnpr", at_s=22 * HOUR + 600.0, lasts=Cost(30.0))),
    ('{link: mcnpr, at: "01:10", remaining: 20 %}', Fault("f", "link", "mcnpr", at_s=25 * HOUR + 600.0, remaining=0.2)),
    (
        "{resources: SU2, at: {vm: VM1, phase: set-up}, chance: 10 %}",
        Fault("f", "resources", "SU2", vm="VM1", phase="set-up", chance=0.1),
    ),
    ("{disks: SU2, at: {vm: VM1, phase: pre-copy, after: 5 s}}", Fault("f", "disks", "SU2", vm="VM1", phase="pre-copy", after_s=5.0)),
    (
        "{monitor: SU1, every: 200 h, for: 30 s, remaining: 5 %}",
        Fault("f", "monitor", "SU1", every_s=200 * HOUR, lasts=Cost(30.0), remaining=0.05),
    ),
    ('{definitions: SU1, at: "22:00"}', Fault("f", "definitions", "SU1", at_s=22 * HOUR)),
    ('{crash: SU1, at: "22:00", for: 20 min}', Fault("f", "crash", "SU1", at_s=22 * HOUR, lasts=Cost(1200.0))),
]


@pytest.mark.parametrize(("written", "expected"), FAULTS)
def test_a_fault_becomes_numbers(written: str, expected: Fault) -> None:
    assert point(f"{WORLD}faults:\n  f: {written}\n").faults == (expected,)


@pytest.mark.parametrize(("written", "message"), [("", "VMS6000"), (", message: VMS6003", "VMS6003")])
def test_an_agent_reports_an_error(written: str, message: str) -> None:
    text = WORLD.replace("/390", "x86") + f'faults: {{f: {{agent: SU1, at: "22:00"{written}}}}}\n'
    assert point(text).faults == (Fault("f", "agent", "SU1", at_s=22 * HOUR, message=message),)


def test_how_long_a_fault_lasts_may_vary() -> None:
    (fault,) = point(WORLD + 'faults: {f: {link: mcnpr, at: "22:00", for: {median: 30 s, cv: 50 %}}}\n').faults
    assert fault.lasts is not None
    assert fault.lasts.median_s == 30.0
    assert math.isclose(fault.lasts.sigma, math.sqrt(math.log(1.25)))


def test_a_list_of_faults_has_names_that_paths_know() -> None:
    """--set and --vary reach them as they reach those of a mapping; the mistakes keep line and column of the list."""
    text = WORLD + 'faults:\n  - {link: mcnpr, at: "22:10", chance: 10 %}\n  - {crash: SU1, at: {vm: VM1, phase: stop}}\n'
    named = WORLD + 'faults:\n  fault2: {crash: SU1, at: {vm: VM1, phase: stop}}\n  fault1: {link: mcnpr, at: "22:10", chance: 10 %}\n'
    assert point(text) == point(named)
    assert [fault.chance for fault in point(text, "faults.fault1.chance=30 %").faults] == [0.3, 1.0]
    varied = loaded(text, vary=["faults.fault2.at.after=1 s..3 s/3", "faults.*.for=1 s,2 s"]).points
    assert [(each.faults[1].after_s, each.faults[0].lasts) for each in varied] == [
        (after, Cost(lasts)) for after in (1.0, 2.0, 3.0) for lasts in (1.0, 2.0)
    ]
    assert problems(text, "faults.fault3.chance=1 %") == [
        "--set faults.fault3.chance=1 %: faults.fault3.chance: matches nothing: there is no 'fault3'; did you mean 'fault1'?"
    ]


def test_a_variant_may_replace_operators_and_faults() -> None:
    text = WORLD + (
        'operators: [{at: "22:05", console: SU1, command: /SHOW-VM-STATUS}]\n'
        "variants:\n  calm: {}\n"
        '  storm: {operators.0.at: "22:07", faults: [{crash: SU1, at: "22:10"}]}\n  alone: {operators: []}\n'
    )
    calm, storm, alone = loaded(text).points
    assert [(len(each.operators), len(each.faults)) for each in (calm, storm, alone)] == [(1, 0), (1, 1), (0, 0)]
    assert (storm.operators[0].at_s, storm.faults[0].name) == (22 * HOUR + 420.0, "fault1")


def test_the_order_of_faults_in_the_file_changes_no_point() -> None:
    entries = [f'  drop{number}: {{link: mcnpr, at: "22:1{number % 10}"}}\n' for number in (2, 10, 1)]
    found = {point(f"{WORLD}faults:\n{''.join(order)}") for order in permutations(entries)}
    assert [fault.name for fault in found.pop().faults] == ["drop1", "drop2", "drop10"]
    assert found == set()


def test_a_fault_of_the_other_type_is_ignored_under_a_variant_and_listed() -> None:
    text = WORLD + 'faults:\n  f: {disks: SU2, at: "22:00"}\nvariants:\n  own: {}\n  other: {clusters.SE.type: x86}\n'
    own, other = loaded(text).points
    assert ([fault.kind for fault in own.faults], other.faults) == (["disks"], ())
    assert [fact.path for fact in loaded(text).facts[1] if "ignored" in fact.value_text] == ["faults.f.disks"]


def test_a_crash_says_what_becomes_of_the_vms() -> None:
    assert "A39" in tags_of(WORLD + 'faults: {f: {crash: SU1, at: "22:00"}}\n')
    assert "A39" not in tags_of(WORLD + 'faults: {f: {link: mcnpr, at: "22:00"}}\n')
    assert {"A36", "A37", "A38", "A46"} <= tags_of(WORLD + 'faults: {f: {link: mcnpr, at: "22:00"}}\n')


def test_every_default_of_a_fault_is_explained() -> None:
    facts = facts_of(WORLD + "faults: {f: {link: mcnpr, at: {vm: VM1, phase: stop}}}\n")
    found = {path: fact.value_text for path, fact in facts.items() if path.startswith("faults.f")}
    assert found == {
        "faults.f.link": "mcnpr",
        "faults.f.at.vm": "VM1",
        "faults.f.at.phase": "stop",
        "faults.f.at.after": "0 s",
        "faults.f.for": "for good",
        "faults.f.chance": "100 %",
        "faults.f.remaining": "0 %",
    }


def test_what_a_cluster_an_su_and_a_vm_say_reaches_the_point() -> None:
    text = WORLD.replace("network: mcnpr\n", "network: mcnpr\n    active: false\n    after_suspend: lost\n    forced_commands: refuse\n")
    text = text.replace("SU1: {memory: 64 GiB}", "SU1: {memory: 64 GiB, cpus: 6, pools: {TEST: 1, PROD: 3}, reconfiguring: true}")
    text = text.replace("SU2: {memory: 64 GiB}", 'SU2: {memory: 64 GiB, not_generated: ["5003", "T1"], exclusive: ["5001"]}')
    text = text.replace("VM1: {", "VM1: {pool: PROD, group: G1, quota: 20, max_utilisation: 33.3 %, persistent: false, ")
    text = text.replace("to: SU2", "to: SU2, on_abort: {retries: 2, retry_rejected: true}")
    found = point(text)
    (cluster,), (first, second), vm = found.clusters, found.units, found.vms[0]
    assert (cluster.active, cluster.after_suspend, cluster.forced_commands) == (False, "lost", "refuse")
    assert (first.pools, first.cpus, first.reconfiguring) == ((Pool("PROD", 3), Pool("TEST", 1)), 6, True)
    assert (second.not_generated, second.exclusive, second.cpus) == (("5003", "T1"), ("5001",), 0)
    assert (vm.pool, vm.group, vm.quota, vm.max_utilisation, vm.persistent) == ("PROD", "G1", 20.0, 33.3, False)
    assert found.steps[0].on_abort == OnAbort(2, 0.0, "skip", retry_rejected=True)
    assert "A42" in tags_of(text)


def test_what_they_do_not_say_has_its_default() -> None:
    found = point(WORLD)
    (cluster,), (unit, _), vm = found.clusters, found.units, found.vms[0]
    assert (cluster.active, cluster.after_suspend, cluster.forced_commands) == (True, "source-resumes", "abort-migration")
    assert (unit.pools, unit.cpus, unit.mode, unit.reconfiguring, unit.not_generated, unit.exclusive) == ((), 0, "vm2000", False, (), ())
    assert (unit.hypervisor_bytes, unit.monitor_bytes, unit.monitor_cpus) == (64.0 * MIB, 1024.0 * MIB, 2)
    assert (vm.pool, vm.group, vm.quota, vm.max_utilisation, vm.persistent) == ("", "", 10.0, 100.0, True)
    assert found == point(WORLD.replace("VM1: {", 'VM1: {pool: "*STDPOOL", '))


def test_numbers_of_operation_are_those_of_the_profiles() -> None:
    """512 MB, 1024 MB, at most 2 GB in 10 s, and HYPERVISOR-SIZE from 4 are in the manual; the others are assumed."""
    (own,), (other,) = point(WORLD).clusters, point(WORLD.replace("/390", "x86")).clusters
    assert (own.link_patience_s, own.definition_retry_s, own.move_Bps) == (10.0, 60.0, 200e6)
    assert (own.hypervisor_need_bytes, own.monitor_need_bytes) == (4.0 * MIB, 512.0 * MIB)
    assert (own.management_share, own.firmware_bytes) == (0.0, 0.0)
    assert (other.hypervisor_need_bytes, other.monitor_need_bytes) == (0.0, 1024.0 * MIB)
    assert (other.management_share, other.firmware_bytes) == (0.008, 16.0 * MIB)


def test_parameters_of_operation_can_be_replaced() -> None:
    written = "parameters: {link_patience: 5 s, definition_retry: 1 min, hypervisor_need: 8 MiB, monitor_need: 1 GiB, move_rate: 150 MB/s}"
    (cluster,) = point(WORLD.replace("network: mcnpr\n", f"network: mcnpr\n    {written}\n")).clusters
    assert (cluster.link_patience_s, cluster.definition_retry_s, cluster.move_Bps) == (5.0, 60.0, 150e6)
    assert (cluster.hypervisor_need_bytes, cluster.monitor_need_bytes) == (8.0 * MIB, 1024.0 * MIB)


COUNTS = st.fixed_dictionaries(dict.fromkeys(("disks", "tapes", "pav_aliases", "local_disks", "mu_disks"), st.integers(0, 5)))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(counts=st.lists(COUNTS, min_size=2, max_size=5), data=st.data())
def test_no_two_vms_of_a_cluster_share_a_mnemonic(counts: list[dict[str, int]], data: st.DataObject) -> None:
    """Whatever they have, and in whatever order they stand; the SU type changes no mnemonic."""
    entries = []
    for place, each in enumerate(counts):
        devices = ", ".join(f"{kind}: {count}" for kind, count in each.items())
        entries.append(f"  VM{place}: {{su: SU{1 + place % 2}, memory: 1 GiB, devices: {{{devices}}}}}\n")
    text = CLUSTER + "vms:\n" + "".join(entries) + PLAN
    found = {vm.name: vm.devices for vm in point(text).vms}
    names = Counter(name for devices in found.values() for name, _ in DeviceSet.of(devices, devices.first).all)
    assert sum(names.values()) == sum(sum(each.values()) for each in counts)
    assert set(names.values()) <= {1}
    shuffled = CLUSTER + "vms:\n" + "".join(data.draw(st.permutations(entries))) + PLAN
    assert {vm.name: vm.devices for vm in point(shuffled.replace("/390", "x86")).vms} == found


def test_the_devices_are_named_where_a_planner_looks() -> None:
    text = WORLD.replace(" 4 GiB}", " 4 GiB, devices: {disks: 8, tapes: 1}}") + "  VM2: {su: SU1, memory: 4 GiB, devices: {disks: 1}}\n"
    facts = loaded(text).facts[0]
    named = {fact.path: fact.value_text for fact in facts if fact.path.endswith(".devices") and fact.origin == "derived"}
    assert named == {"vms.VM1.devices": "CS, 5000 to 5007, T1", "vms.VM2.devices": "CS, 5008"}


def test_xen_needs_memory_beside_that_of_the_vms() -> None:
    """64 GiB less X2000 and monitor VM are 47 GiB; 0.8 % of 47 GiB are 385 MiB, 386 in steps of 2."""
    text = WORLD.replace("/390", "x86").replace(" 4 GiB", " 47 GiB")
    (problem,) = problems(text)
    assert problem.endswith(
        "64 GiB are less than the 65922 MiB in use: 1 VMs 47 GiB, monitor VM 1 GiB, X2000 16 GiB, Xen for its VMs 386 MiB; "
        "write at least 65922 MiB or take VMs away"
    )
    assert loaded(text.replace(" 47 GiB", " 46 GiB")).warnings == ()


def test_a_quota_is_what_the_command_takes() -> None:
    """MODIFY-VM-ATTRIBUTES refuses the same numbers."""
    text = WORLD.replace("VM1: {", "VM1: {quota: 10, ")
    for quota, is_right in (("0.01", True), ("99.99", True), ("0", False), ("0.009", False), ("100", False), ("-1", False)):
        try:
            parse(f"/MODIFY-VM-ATTRIBUTES VM1,CPU-QUOTA={quota}")
            taken = True
        except CommandError:
            taken = False
        if is_right:
            assert point(text, f"vms.VM1.quota={quota}").vms[0].quota == float(quota)
        else:
            (problem,) = problems(text, f"vms.VM1.quota={quota}")
            assert problem.endswith(f"{quota} is outside the range; write a number from 0.01 to 99.99, as CPU-QUOTA takes it")
        assert taken == is_right
