"""What `migr check` says before a night in which commands will be rejected, or faults and commands come to nothing."""

from __future__ import annotations

import pytest

from scenario.operations import CLUSTER, WORLD, loaded

DEVICES = WORLD.replace(" 4 GiB}", " 4 GiB, devices: {disks: 4, tapes: 1}}")

WARNINGS = [
    pytest.param(
        WORLD.replace("network: mcnpr\n", "network: mcnpr\n    active: false\n"),
        ["night.yaml:9:13: clusters.SE.active: is false, so that every migration in 'SE' will be rejected"],
        id="inactive",
    ),
    pytest.param(
        WORLD.replace("SU1: {memory: 64 GiB}", "SU1: {memory: 64 GiB, reconfiguring: true}"),
        [("night.yaml:10:44: clusters.SE.units.SU1.reconfiguring: is true, so that every migration from 'SU1' or to it will be rejected")],
        id="reconfiguring",
    ),
    pytest.param(
        WORLD.replace("SU2: {memory: 64 GiB}", "SU2: {memory: 64 GiB, hypervisor: 3 MiB, monitor: {memory: 511 MiB}}"),
        [
            (
                "night.yaml:11:41: clusters.SE.units.SU2.hypervisor: is below the 4 MiB that migrations need (parameter hypervisor_need), "
                "so that every migration from 'SU2' or to it will be rejected"
            ),
            (
                "night.yaml:11:66: clusters.SE.units.SU2.monitor.memory: is below the 512 MiB that migrations need (parameter "
                "monitor_need), so that every migration from 'SU2' or to it will be rejected"
            ),
        ],
        id="small",
    ),
    pytest.param(
        WORLD.replace("/390", "x86").replace("SU2: {memory: 64 GiB}", "SU2: {memory: 64 GiB, mode: native}"),
        [
            (
                "night.yaml:9:5: clusters.SE.units: have different operating modes (SU1 vm2000, SU2 native), so that migrations between "
                "those that differ will be rejected"
            )
        ],
        id="modes",
    ),
    pytest.param(
        DEVICES.replace("SU2: {memory: 64 GiB}", 'SU2: {memory: 64 GiB, not_generated: ["5003"], exclusive: ["5001", "5000"]}'),
        [
            "night.yaml:13:3: plan.out: 'VM1' has the device 5003, not generated on 'SU2'; it will be rejected",
            (
                "night.yaml:13:3: plan.out: 'VM1' has the devices 5000, 5001, which another system has exclusively on 'SU2'; "
                "it will be rejected"
            ),
        ],
        id="devices",
    ),
    pytest.param(
        DEVICES.replace("SU2: {memory: 64 GiB}", 'SU2: {memory: 64 GiB, not_generated: ["5004"], exclusive: ["T1"]}'),
        [
            (
                "night.yaml:11:45: clusters.SE.units.SU2.not_generated.0: no VM of cluster 'SE' has a device '5004', so that it changes "
                "nothing; `migr explain` names them"
            )
        ],
        id="unknown device",  # T1 is known, and detached by the migration: it need not be there
    ),
    pytest.param(
        WORLD.replace("VM1: {", "VM1: {pool: PROD, ").replace("SU2: {memory: 64 GiB}", "SU2: {memory: 64 GiB, pools: {PROD: 1}}"),
        ["night.yaml:15:15: vms.VM1.pool: 'SU1' has no CPU pool 'PROD'; the VM is in *STDPOOL there"],
        id="pool of the source",
    ),
    pytest.param(
        WORLD.replace("VM1: {", "VM1: {pool: PROD, ").replace("SU1: {memory: 64 GiB}", "SU1: {memory: 64 GiB, pools: {PROD: 1}}"),
        ["night.yaml:13:3: plan.out: 'VM1' is in CPU pool 'PROD', which 'SU2' lacks; it goes to *STDPOOL there"],
        id="pool of the target",
    ),
    pytest.param(
        WORLD.replace("VM1: {", "VM1: {cpus: 7, ").replace("SU2: {memory: 64 GiB}", "SU2: {memory: 64 GiB, cpus: 3, pools: {PROD: 1}}"),
        [
            (
                "night.yaml:13:3: plan.out: after it, on 'SU2', CPU pool *STDPOOL has 7 active virtual CPUs on 2 real ones, 3.5 each; "
                "at most 3 are recommended"
            )
        ],
        id="overcommitted",
    ),
    pytest.param(
        WORLD.replace("to: SU2", "to: SU2, on_abort: {retry_rejected: true}"),
        [("night.yaml:13:57: plan.out.on_abort.retry_rejected: changes nothing without retries; write 'retries: 1' too")],
        id="retries",
    ),
    pytest.param(
        WORLD
        + 'operators:\n  - {at: "02:00", console: SU1, command: /SHOW-VM-STATUS}\n  - {at: "22:05", console: SU1, command: /COPY-FILE A}\n'
        + '  - {at: "22:05", console: SU1, command: "/HOLD-VM VM-ID=12,FOO=3"}\n',
        [
            "night.yaml:17:10: operators.0.at: is 02:00 of the next day, when the window is over (until 02:00)",
            "night.yaml:18:42: operators.1.command: COPY-FILE is a command that the simulator does not execute; it will say so",
            (
                "night.yaml:19:42: operators.2.command: will be answered CMD0202: HOLD-VM: there is no operand 'FOO'; "
                "allowed: VM-IDENTIFICATION"
            ),
        ],
        id="operators",
    ),
    pytest.param(
        WORLD
        + '  VM2: {su: SU2, memory: 4 GiB}\nfaults:\n  late: {link: mcnpr, at: "21:59"}\n  no: {crash: SU1, at: {vm: VM2, phase: stop}}\n'
        + "  yes: {crash: SU1, at: {vm: VM1, phase: stop}}\n",
        [
            "night.yaml:18:27: faults.late.at: is 21:59 of the next day, when the window is over (until 02:00)",
        ],
        id="faults",
    ),
]


@pytest.mark.parametrize(("text", "warnings"), WARNINGS)
def test_what_will_come_to_nothing_is_a_warning(text: str, warnings: list[str]) -> None:
    assert list(loaded(text).warnings) == warnings


def test_a_fault_in_a_migration_that_no_step_asks_for() -> None:
    """An operator may still ask for it."""
    text = WORLD.replace("drain: SU1", "migrate: VM1") + (
        "  VM2: {su: SU1, memory: 4 GiB}\nfaults:\n  no: {crash: SU1, at: {vm: VM2, phase: stop}}\n"
    )
    assert loaded(text).warnings == ("night.yaml:18:29: faults.no.at.vm: no step migrates 'VM2', so that the fault never happens",)
    assert loaded(text + 'operators: [{at: "22:30", console: SU1, command: /MIGRATE-VM VM2}]\n').warnings == ()


def test_free_memory_in_pieces_is_no_place_for_a_vm() -> None:
    """16 GiB less 64 MiB and 1 GiB are 15,296 MiB: three VMs of 4 GiB leave 3,008 MiB; without the one in the middle, two pieces."""
    vms = "".join(
        f"  {name}: {{su: {su}, memory: {size} GiB, index: {index}}}\n"
        for name, su, size, index in [("LOW", "SU2", 4, 2), ("MIDDLE", "SU2", 4, 3), ("HIGH", "SU2", 4, 4), ("BIG", "SU1", 6, 2)]
    )
    plan = 'plan:\n  away: {at: "22:00", migrate: MIDDLE, to: SU1}\n  come: {at: "23:00", migrate: BIG, to: SU2}\n'
    text = CLUSTER.replace("SU2: {memory: 64 GiB}", "SU2: {memory: 16 GiB}") + plan + "vms:\n" + vms
    (warning,) = loaded(text).warnings
    assert warning == (
        "night.yaml:14:3: plan.come: 'BIG' needs 6 GiB in one range on 'SU2', where 7104 MiB are free, but at most 4 GiB in one range "
        "(MOVE-VM closes gaps); it will be rejected"
    )
    assert loaded(text.replace("migrate: MIDDLE", "migrate: HIGH")).warnings == ()
    assert loaded(text.replace("/390", "x86").replace("16 GiB", "33 GiB")).warnings == ()
