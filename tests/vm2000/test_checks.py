"""The synchronous check: every violation alone and all together, what the caller is told, and which SU a command means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.errors import ModelError
from sim.vm2000.answers import VMS2341, VMS2400, VMS4000
from sim.vm2000.catalogue import REJECTED_BY_SOURCE, VMS2404, Message, printed
from sim.vm2000.checks import CheckResult, Reason, Violation, check_migration, find_target, vm_not_created
from sim.vm2000.devices import DeviceSet
from sim.vm2000.returns import ACCEPTED, CHECK_VM_MIGRATION, GENERAL, MIGRATE_VM, REJECTED, ReturnCode
from sim.vm2000.views import SourceView, TargetView, VmView

MIB, GIB = 2**20, 2**30
VM = VmView("VM12PROD", 12, "RUNNING", 4 * GIB, DeviceSet(disks=("5000", "5001", "5002")))
SOURCE = SourceView(
    "ABGSE501",
    "/390",
    outgoing=False,
    hypervisor_bytes=64 * MIB,
    hypervisor_need_bytes=4 * MIB,
    monitor_bytes=512 * MIB,
    monitor_need_bytes=512 * MIB,
)
TARGET = TargetView(
    "ABGSE701",
    "/390",
    free_bytes=4 * GIB,
    largest_free_bytes=4 * GIB,
    hypervisor_bytes=4 * MIB,
    hypervisor_need_bytes=4 * MIB,
    monitor_bytes=1024 * MIB,
    monitor_need_bytes=512 * MIB,
)
SOURCE_X86, TARGET_X86 = replace(SOURCE, su_type="x86"), replace(TARGET, su_type="x86")


def test_a_vm_that_just_fits_is_accepted() -> None:
    result = check_migration(VM, SOURCE, TARGET)
    assert result.violations == ()
    assert result.warnings == ()
    assert result.result == result.check_result == ACCEPTED


def test_the_least_that_a_caller_has_to_say_is_accepted() -> None:
    assert check_migration(VM, SourceView("A", "x86", outgoing=False), TargetView("B", "x86", 4 * GIB)).result == ACCEPTED


OF_SOURCE = [
    (replace(VM, state="WAIT(VMA)"), SOURCE, Reason.VM_STATE, "VM state is WAIT(VMA); only RUNNING, INIT-ONLY, DOWN can migrate"),
    (replace(VM, index=1), SOURCE, Reason.MONITOR_VM, "the monitor VM cannot migrate"),
    (VM, replace(SOURCE, outgoing=True), Reason.SECOND_MIGRATION, "another migration from SU 'ABGSE501' is running"),
    (replace(VM, migrating=True), replace(SOURCE, outgoing=True), Reason.SECOND_MIGRATION, "it is being migrated already"),
    (VM, replace(SOURCE, cluster_active=False), Reason.CLUSTER_INACTIVE, "the SU cluster is not activated"),
    (
        VM,
        replace(SOURCE, reconfiguring=True),
        Reason.IO_RECONFIGURATION,
        "a dynamic change of the I/O configuration of SU 'ABGSE501' is running",
    ),
    (
        VM,
        replace(SOURCE, hypervisor_bytes=3 * MIB),
        Reason.HYPERVISOR_SIZE,
        "hypervisor of SU 'ABGSE501' has 3 MB, at least 4 MB needed",
    ),
    (
        VM,
        replace(SOURCE, monitor_bytes=511 * MIB),
        Reason.MONITOR_MEMORY,
        "monitor VM of SU 'ABGSE501' has 511 MB, at least 512 MB needed",
    ),
]


@pytest.mark.parametrize(("vm", "source", "reason", "words"), OF_SOURCE)
def test_what_the_source_rejects_alone(vm: VmView, source: SourceView, reason: Reason, words: str) -> None:
    result = check_migration(vm, source, TARGET)
    inserts = {"index": vm.index, "vm": "VM12PROD", "source": "ABGSE501", "target": "ABGSE701", "reason": words}
    assert result.violations == (Violation(reason, REJECTED_BY_SOURCE, inserts),)
    assert result.result == REJECTED
    assert result.check_result == CHECK_VM_MIGRATION["VMS2461"]


OF_TARGET = [
    (
        replace(TARGET, reconfiguring=True),
        Reason.IO_RECONFIGURATION,
        "[a dynamic change of the I/O configuration of SU 'ABGSE701' is running]",
    ),
    (replace(TARGET, hypervisor_bytes=0.0), Reason.HYPERVISOR_SIZE, "[hypervisor of SU 'ABGSE701' has 0 MB, at least 4 MB needed]"),
    (
        replace(TARGET, monitor_bytes=256 * MIB),
        Reason.MONITOR_MEMORY,
        "[monitor VM of SU 'ABGSE701' has 256 MB, at least 512 MB needed]",
    ),
    (replace(TARGET, names=frozenset({"VM12PROD"})), Reason.NAME_IN_USE, "[VM name VM12PROD is in use]"),
    (replace(TARGET, not_generated=frozenset({"5001", "6000"})), Reason.DEVICE_NOT_GENERATED, "[device 5001 is not generated]"),
    (
        replace(TARGET, exclusive=frozenset({"5002", "5777"})),
        Reason.DEVICE_EXCLUSIVE,
        "[device 5002 is assigned exclusively to another system]",
    ),
    (
        replace(TARGET, free_bytes=4 * GIB - 1),
        Reason.NO_MEMORY_ON_TARGET,
        "[not enough free memory: 4096 MB needed, 4095 MB free]",
    ),
    (
        replace(TARGET, largest_free_bytes=3 * GIB),
        Reason.NO_CONTIGUOUS_MEMORY,
        "[no contiguous memory: 4096 MB needed, 4096 MB free, 3072 MB of them in one range]",
    ),
    (replace(TARGET, free_index=False), Reason.NO_INDEX_ON_TARGET, "[no free VM index]"),
]


@pytest.mark.parametrize(("target", "reason", "words"), OF_TARGET)
def test_what_the_target_rejects_alone(target: TargetView, reason: Reason, words: str) -> None:
    result = check_migration(VM, SOURCE, target)
    inserts = {"index": 12, "vm": "VM12PROD", "source": "ABGSE501", "target": "ABGSE701", "reason": words}
    assert result.violations == (Violation(reason, VMS2404, inserts),)
    assert result.result == REJECTED
    assert result.check_result == CHECK_VM_MIGRATION["VMS2461"]


def test_sus_x86_have_to_run_in_the_same_operating_mode() -> None:
    """AO: SU Cluster: Native BS2000 or VM2000, the same on both."""
    both_native = check_migration(VM, replace(SOURCE_X86, mode="native"), replace(TARGET_X86, mode="native"))
    assert both_native.result == ACCEPTED
    (found,) = check_migration(VM, SOURCE_X86, replace(TARGET_X86, mode="native")).violations
    assert (found.reason, found.message) == (Reason.OPERATING_MODE, VMS2404)
    assert found.inserts["reason"] == "[operating mode is native here and vm2000 on SU 'ABGSE501']"


@pytest.mark.parametrize(
    ("agent", "code"),
    [("VMS6000", GENERAL["VMS6000"]), ("VMS6001", GENERAL["VMS6001"]), ("VMS6003", REJECTED)],
    ids=str,
)
def test_an_agent_in_error_on_the_source_answers_with_its_code(agent: str, code: ReturnCode) -> None:
    """UG: Command return codes: VMS6000 and VMS6001 have SC1=130; VMS6003 stands in no table, so it rejects like anything else."""
    result = check_migration(VM, replace(SOURCE_X86, agent=agent), TARGET_X86)
    (found,) = result.violations
    assert (found.reason, found.message, found.inserts["reason"]) == (Reason.AGENT_ERROR, REJECTED_BY_SOURCE, agent)
    assert result.result == code
    assert result.check_result == (CHECK_VM_MIGRATION["VMS2461"] if code == REJECTED else code)


def test_an_agent_in_error_on_the_target_is_the_reason_of_vms2404() -> None:
    result = check_migration(VM, SOURCE_X86, replace(TARGET_X86, agent="VMS6001"))
    lines = [printed(found.message, **found.inserts) for found in result.violations]
    assert lines == ["VMS2404 LIVE MIGRATION OF VM (12,VM12PROD) REJECTED BY TARGET SU 'ABGSE701'. REASON: VMS6001"]
    assert result.result == REJECTED


def test_what_holds_for_sus_390_only_rejects_nothing_on_sus_x86() -> None:
    source = replace(SOURCE_X86, hypervisor_bytes=0.0, monitor_bytes=0.0)
    target = replace(TARGET_X86, hypervisor_bytes=0.0, monitor_bytes=0.0, not_generated=frozenset({"5000"}), largest_free_bytes=1.0 * MIB)
    assert check_migration(VM, source, target).violations == ()


def test_a_device_that_another_system_has_exclusively_rejects_on_sus_x86_too() -> None:
    found = check_migration(VM, SOURCE_X86, replace(TARGET_X86, exclusive=frozenset({"5000"}))).violations
    assert [each.reason for each in found] == [Reason.DEVICE_EXCLUSIVE]


def test_every_device_has_a_line_of_its_own() -> None:
    """WP V6.2: Rejection and abortion of an LM: all conflicts, one message each."""
    target = replace(TARGET, not_generated=frozenset({"5002", "CS", "5000"}), exclusive=frozenset({"5000"}))
    reasons = [found.inserts["reason"] for found in check_migration(VM, SOURCE, target).violations]
    assert reasons == [
        "[device CS is not generated]",
        "[device 5000 is not generated]",
        "[device 5002 is not generated]",
        "[device 5000 is assigned exclusively to another system]",
    ]


def test_devices_that_do_not_move_need_not_be_on_the_target() -> None:
    """UG: Device management: tapes are detached before, aliases may differ between the SUs."""
    vm = replace(VM, devices=DeviceSet(tapes=("T1",), pav_aliases=("6000",), mu_disks=("7000",)))
    target = replace(TARGET, not_generated=frozenset({"T1", "6000", "7000"}), exclusive=frozenset({"T1", "6000", "7000"}))
    result = check_migration(vm, SOURCE, target)
    assert result.violations == ()
    assert [warning.device for warning in result.warnings] == ["T1", "6000", "7000"]
    assert result.result == ACCEPTED


def test_too_little_memory_is_not_called_fragmented_too() -> None:
    target = replace(TARGET, free_bytes=3 * GIB, largest_free_bytes=1 * GIB)
    assert [found.reason for found in check_migration(VM, SOURCE, target).violations] == [Reason.NO_MEMORY_ON_TARGET]


EVERYTHING = check_migration(
    replace(VM, state="IN HOLD(WAIT)", index=1, devices=DeviceSet(disks=("5000", "5001"), tapes=("T1",))),
    replace(SOURCE, outgoing=True, cluster_active=False, reconfiguring=True, hypervisor_bytes=0.0, monitor_bytes=0.0, agent="VMS6000"),
    replace(
        TARGET,
        mode="native",
        reconfiguring=True,
        hypervisor_bytes=0.0,
        monitor_bytes=0.0,
        agent="VMS6003",
        names=frozenset({"VM12PROD"}),
        not_generated=frozenset({"5000"}),
        exclusive=frozenset({"5001"}),
        free_bytes=0.0,
        largest_free_bytes=0.0,
        free_index=False,
    ),
)


def test_all_violations_are_reported_together_with_the_warnings_those_of_the_source_first() -> None:
    on_both = [Reason.IO_RECONFIGURATION, Reason.HYPERVISOR_SIZE, Reason.MONITOR_MEMORY, Reason.AGENT_ERROR]
    assert [found.reason for found in EVERYTHING.violations if found.message is REJECTED_BY_SOURCE] == [
        *(Reason.VM_STATE, Reason.MONITOR_VM, Reason.SECOND_MIGRATION, Reason.CLUSTER_INACTIVE),
        *on_both,
    ]
    assert [found.reason for found in EVERYTHING.violations if found.message is VMS2404] == [
        Reason.OPERATING_MODE,
        *on_both,
        *(Reason.NAME_IN_USE, Reason.DEVICE_NOT_GENERATED, Reason.DEVICE_EXCLUSIVE, Reason.NO_MEMORY_ON_TARGET, Reason.NO_INDEX_ON_TARGET),
    ]
    assert [warning.device for warning in EVERYTHING.warnings] == ["T1"]
    messages = [found.message for found in EVERYTHING.violations]
    assert messages == sorted(messages, key=[REJECTED_BY_SOURCE, VMS2404].index)


def test_every_reason_is_one_that_some_check_gives() -> None:
    """A closed list: what `check_migration` finds, what the operands say, and an SU that is down."""
    of_checks = (
        {reason for *_, reason, _ in OF_SOURCE} | {reason for _, reason, _ in OF_TARGET} | {Reason.OPERATING_MODE, Reason.AGENT_ERROR}
    )
    of_operands = {Reason.TARGET_NOT_UNIQUE, Reason.TARGET_NOT_FOUND, Reason.TARGET_UNREACHABLE, Reason.VM_NOT_CREATED}
    assert of_checks | of_operands | {Reason.SOURCE_DOWN} == set(Reason)


def test_a_target_that_is_down_is_not_found_and_rejects_nothing_else() -> None:
    result = check_migration(VM, replace(SOURCE, outgoing=True), replace(TARGET, up=False, free_bytes=0.0))
    assert [found.reason for found in result.violations] == [Reason.SECOND_MIGRATION, Reason.TARGET_UNREACHABLE]
    assert result.violations[1].message is VMS2400
    assert result.result == MIGRATE_VM["VMS2400"]


def test_the_lines_of_a_rejection() -> None:
    vm = replace(VM, index=4, name="G4IVO")
    found = check_migration(vm, replace(SOURCE, outgoing=True), replace(TARGET, free_bytes=4 * GIB - 1)).violations
    reason = "[not enough free memory: 4096 MB needed, 4095 MB free]"
    assert [printed(each.message, **each.inserts) for each in found] == [
        "[migr] live migration of VM (4,G4IVO) rejected by source SU 'ABGSE501': another migration from SU 'ABGSE501' is running",
        f"VMS2404 LIVE MIGRATION OF VM (4,G4IVO) REJECTED BY TARGET SU 'ABGSE701'. REASON: {reason}",
    ]


@pytest.mark.parametrize("state", ["RUNNING", "INIT-ONLY", "DOWN", "RUNNING(DIFF)"])
def test_a_migratable_state_passes(state: str) -> None:
    assert check_migration(replace(VM, state=state), SOURCE, TARGET).violations == ()


@pytest.mark.parametrize("state", ["NOT INITIALIZED", "WAIT(SEL)", "WAIT(GLB)", "WAIT(INT)", "RUNNING(MIGR)", "SETUP(MIGR)"])
def test_another_state_is_rejected(state: str) -> None:
    assert [found.reason for found in check_migration(replace(VM, state=state), SOURCE, TARGET).violations] == [Reason.VM_STATE]


def test_sus_of_different_types_are_our_bug() -> None:
    with pytest.raises(ModelError, match=r"ABGSE501 \(/390\) to SU ABGSE701 \(x86\)"):
        check_migration(VM, SOURCE, TARGET_X86)


@pytest.mark.parametrize(
    ("wanted", "cluster", "reachable", "found"),
    [
        ("*UNIQUE", ["SU1", "SU2"], ["SU2"], "SU2"),
        ("SU2", ["SU1", "SU2"], ["SU2"], "SU2"),
        ("SU3", ["SU3", "SU2", "SU1"], ["SU2", "SU3"], "SU3"),
    ],
)
def test_the_target_is_found(wanted: str, cluster: list[str], reachable: list[str], found: str) -> None:
    assert find_target("SU1", wanted, cluster, reachable) == found


@pytest.mark.parametrize(
    ("wanted", "cluster", "reachable", "reason", "message", "line"),
    [
        (
            "*UNIQUE",
            ["SU1", "SU2", "SU3"],
            ["SU2", "SU3"],
            Reason.TARGET_NOT_UNIQUE,
            VMS2341,
            "VMS2341 [SERVER-UNIT-NAME=*UNIQUE needs exactly one other SU in the SU cluster, there are 2]",
        ),
        (
            "*UNIQUE",
            ["SU1"],
            [],
            Reason.TARGET_NOT_UNIQUE,
            VMS2341,
            "VMS2341 [SERVER-UNIT-NAME=*UNIQUE needs exactly one other SU in the SU cluster, there are 0]",
        ),
        ("*UNIQUE", ["SU1", "SU2"], [], Reason.TARGET_UNREACHABLE, VMS2400, "VMS2400 [SU 'SU2' not found]"),
        ("SU2", ["SU1", "SU2"], [], Reason.TARGET_UNREACHABLE, VMS2400, "VMS2400 [SU 'SU2' not found]"),
        ("SU9", ["SU1", "SU2"], ["SU2", "SU9"], Reason.TARGET_NOT_FOUND, VMS2400, "VMS2400 [SU 'SU9' not found]"),
        ("SU1", ["SU1", "SU2"], ["SU1", "SU2"], Reason.TARGET_NOT_FOUND, VMS2400, "VMS2400 [SU 'SU1' not found]"),
    ],
)
def test_a_target_that_does_not_exist_is_answered(
    wanted: str, cluster: list[str], reachable: list[str], reason: Reason, message: Message, line: str
) -> None:
    found = find_target("SU1", wanted, cluster, reachable)
    assert isinstance(found, Violation)
    assert (found.reason, found.message) == (reason, message)
    assert printed(found.message, **found.inserts) == line
    assert CheckResult((found,), ()).result == CheckResult((found,), ()).check_result == CHECK_VM_MIGRATION[message.id]


def test_a_vm_that_is_not_created_is_answered_with_its_code() -> None:
    found = vm_not_created("17")
    assert (found.reason, found.message) == (Reason.VM_NOT_CREATED, VMS4000)
    assert printed(found.message, **found.inserts) == "VMS4000 [VM 17 is not created]"
    assert str(CheckResult((found,), ()).check_result) == "SC2=000, SC1=064, MC=VMS4000"
