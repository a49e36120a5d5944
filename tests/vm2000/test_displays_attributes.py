"""SHOW-VM-ATTRIBUTES, character by character."""

from __future__ import annotations

import pytest

from sim.vm2000.displays import Assigned, VmLine, VmShown, show_attributes

MIB = 2.0**20
OURS = "[migr] layout of this program, after SHOW-VM-ATTRIBUTES INFORMATION={}; the product's layout is not published"

PROD = VmShown(VmLine(12, "VM12PROD", "RUNNING(MIGR)", 2, 4096 * MIB, 10.0, 100.0), "*STDPOOL", blocked=1, start_bytes=1088 * MIB)
TEST = VmShown(VmLine(3, "A", "INIT-ONLY", 1, 512 * MIB, 20.0, 60.0), "PROD", group="G1", start_bytes=5184 * MIB)


def lines(information: str, *vms: VmShown, su_type: str = "/390") -> list[str]:
    """Return a display as its lines."""
    return show_attributes(vms, information, su_type).splitlines()


def test_cpus_with_quota_pool_and_those_that_are_blocked() -> None:
    assert lines("*CPU", TEST, PROD) == [
        OURS.format("*CPU"),
        "VM-ID        CPU-POOL  VM-GROUP  CPU-Q  MAX-U  VIRT CPUS",
        " 3 A         PROD      G1         20.0   60.0  00(INIT)",
        "12 VM12PROD  *STDPOOL  -          10.0  100.0  00(RUN),01(RUN),02(BLOCK)",
    ]


@pytest.mark.parametrize(
    ("state", "cpu"),
    [
        ("RUNNING(DIFF)", "00(RUN)"),
        ("DOWN", "00(STOP)"),
        ("WAIT(VMA)", "00(WAIT)"),
        ("IN HOLD(WAIT)", "00(WAIT)"),
        ("SETUP(MIGR)", "00(INIT)"),
    ],
)
def test_virtual_cpus_show_what_the_vm_does(state: str, cpu: str) -> None:
    assert lines("*CPU", VmShown(VmLine(2, "A", state, 1, MIB), "*STDPOOL"))[-1].split()[-1] == cpu


def test_memory_on_390_has_addresses() -> None:
    assert lines("*MEMORY", TEST, PROD) == [
        OURS.format("*MEMORY"),
        "VM-ID        START-ADDR  MEM-SIZE",
        " 3 A            5184 MB    512 MB",
        "12 VM12PROD     1088 MB   4096 MB",
    ]


def test_memory_on_x86_says_what_bs2000_gets() -> None:
    guest = VmShown(VmLine(12, "VM12PROD", "RUNNING", 2, 4096 * MIB), "*STDPOOL", guest_bytes=4080 * MIB)
    assert lines("*MEMORY", guest, su_type="x86") == [
        OURS.format("*MEMORY"),
        "VM-ID        MEM-SIZE  BS2-MEM-S",
        "12 VM12PROD   4096 MB    4080 MB",
    ]


def test_units_are_grouped_as_in_the_published_example() -> None:
    """The example of the V10 manual, page 542; the names are given in another order here."""
    system2 = VmShown(
        VmLine(2, "SYSTEM2", "RUNNING", 1, MIB),
        "*STDPOOL",
        by_admin=Assigned(exclusive=("505F", "CI", "5060", "CH")),
        by_guest=Assigned(exclusive=("P2", "P3", "R2", "R3"), shared=("505A", "505B", "505C")),
    )
    assert lines("*UNITS", system2)[1:] == [
        "VM-ID        UNITS",
        " 2 SYSTEM2   ASSIGNED BY VM-ADMIN",
        "               EXCL:   CH,CI,505F,5060",
        "             ASSIGNED BY GUEST",
        "               EXCL:   P2,P3,R2,R3",
        "               SHARED: 505A,505B,505C",
    ]


def test_kept_devices_and_virtual_consoles() -> None:
    vm = VmShown(VmLine(2, "A", "RUNNING", 1, MIB), "*STDPOOL", by_admin=Assigned(exclusive=("5000", "C0(VC)"), keep=("5001",)))
    assert lines("*UNITS", vm)[2:] == [
        " 2 A         ASSIGNED BY VM-ADMIN",
        "               EXCL:   C0(VC),5000",
        "               KEEP:   5001",
    ]


def test_a_vm_without_units() -> None:
    assert lines("*UNITS", VmShown(VmLine(2, "A", "RUNNING", 1, MIB), "*STDPOOL"))[-1] == " 2 A"


def test_many_units_go_on_below_each_other_in_80_columns() -> None:
    names = tuple(f"{number:04X}" for number in range(0x5000, 0x5000 + 30))
    vm = VmShown(VmLine(2, "A", "RUNNING", 1, MIB), "*STDPOOL", by_admin=Assigned(exclusive=names))
    first, *more = lines("*UNITS", vm)[3:]
    assert first.startswith("               EXCL:   5000,5001,")
    assert all(line.startswith(" " * 23 + "50") for line in more)
    assert all(len(line) <= 80 for line in (first, *more))
    assert ",".join(line.strip().removeprefix("EXCL:   ").rstrip(",") for line in (first, *more)) == ",".join(names)


def test_job_variables() -> None:
    watched = VmShown(VmLine(12, "VM12PROD", "RUNNING(MIGR)", 2, MIB), "*STDPOOL", monjvs=(("MIGRATION", "LM.VM12", "$R"),))
    assert lines("*MONJV", TEST, watched) == [
        OURS.format("*MONJV"),
        "VM-ID        MONITORED  MONJV    STATUS",
        " 3 A         -          *NONE    -",
        "12 VM12PROD  MIGRATION  LM.VM12  $R",
    ]


def test_all_shows_every_part() -> None:
    parts = ("*STD", "*CPU", "*UNITS", "*MEMORY", "*MONJV")
    assert lines("*ALL", TEST, PROD) == [line for part in parts for line in lines(part, TEST, PROD)]


@pytest.mark.parametrize("information", ["*STD", "*CPU", "*MEMORY", "*UNITS", "*MONJV", "*ALL", "*PRIVILEGES"])
def test_a_display_says_in_its_first_line_what_is_ours(information: str) -> None:
    assert lines(information, PROD)[0].startswith("[migr] ")


def test_what_is_not_simulated_says_so() -> None:
    assert lines("*PRIVILEGES", PROD) == ["[migr] INFORMATION=*PRIVILEGES is not simulated"]
