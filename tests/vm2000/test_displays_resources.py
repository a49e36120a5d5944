"""SHOW-VM-RESOURCES and SHOW-VM-STATUS, character by character."""

from __future__ import annotations

from sim.vm2000.displays import (
    Assigned,
    MemoryRange,
    PoolLoad,
    RealCpu,
    Resources,
    VmLine,
    VmLoad,
    VmShown,
    show_resources,
    show_status,
)

MIB = 2.0**20
OURS = "[migr] layout of this program, after SHOW-VM-RESOURCES{}; the product's layout is not published"

# 64 GiB = 65536 MB: 1024 at the bottom, VM 4096, a gap of 2048, VM 512, the rest of 57856.
ABGSE501 = Resources(
    unit="ABGSE501",
    su_type="/390",
    initialised=2,
    most_vms=98,
    largest_bytes=57856 * MIB,
    memory=(
        MemoryRange("HYPERVISOR+MONITOR", 1024 * MIB, 0.0),
        MemoryRange("VM12PROD", 4096 * MIB, 1024 * MIB),
        MemoryRange("FREE", 2048 * MIB, 5120 * MIB),
        MemoryRange("A", 512 * MIB, 7168 * MIB),
        MemoryRange("FREE", 57856 * MIB, 7680 * MIB),
    ),
    cpus=(RealCpu(0, "ATT", "NORMAL", "*STDPOOL"), RealCpu(1, "ATT", "NORMAL", "PROD"), RealCpu(2, "DET", "SPARE", "-")),
    free_devices=("5008", "5009"),
    vms=(
        VmShown(VmLine(3, "A", "DOWN", 1, 512 * MIB, 10.0, 60.0), "PROD", "G1"),
        VmShown(VmLine(12, "VM12PROD", "RUNNING", 2, 4096 * MIB, 30.0, 100.0), "*STDPOOL", by_admin=Assigned(("CS", "5000"))),
    ),
)
X86 = Resources("XSU1", "x86", 0, 98, 1024 * MIB, (MemoryRange("X2000+MONITOR", 2048 * MIB), MemoryRange("FREE", 1024 * MIB)))


def lines(unit: Resources, information: str) -> list[str]:
    """Return a display as its lines."""
    return show_resources(unit, information).splitlines()


def test_what_an_su_has_left() -> None:
    assert lines(ABGSE501, "*STD") == [
        OURS.format(""),
        "VM-ID         STATE           CPU-Q  MAX-U PROC MEM-SIZE",
        " 3 A          DOWN             10.0   60.0    1   512 MB",
        "12 VM12PROD   RUNNING          30.0  100.0    2  4096 MB",
        "SERVER UNIT          ABGSE501 (/390)",
        "VMS NOT INITIALIZED  96",
        "LARGEST MEMORY SIZE  57856 MB",
        "FREE MEMORY          59904 MB",
        "REAL CPUS ATTACHED   2",
        "FREE DEVICES         2",
    ]


def test_where_memory_lies() -> None:
    assert lines(ABGSE501, "*MEMORY") == [
        OURS.format(" INFORMATION=*MEMORY"),
        "START-ADDR  MEM-SIZE  USED BY",
        "      0 MB   1024 MB  HYPERVISOR+MONITOR",
        "   1024 MB   4096 MB  VM12PROD",
        "   5120 MB   2048 MB  FREE",
        "   7168 MB    512 MB  A",
        "   7680 MB  57856 MB  FREE",
        "FREE MEMORY          59904 MB",
        "LARGEST MEMORY SIZE  57856 MB",
    ]


def test_scattered_memory_has_no_addresses() -> None:
    assert lines(X86, "*MEMORY")[1:4] == [
        "START-ADDR  MEM-SIZE  USED BY",
        "         -   2048 MB  X2000+MONITOR",
        "         -   1024 MB  FREE",
    ]


def test_real_cpus() -> None:
    assert lines(ABGSE501, "*CPU") == [
        OURS.format(" INFORMATION=*CPU"),
        "VM-ID        CPU-POOL  VM-GROUP  CPU-Q  MAX-U  VIRT CPUS",
        " 3 A         PROD      G1         10.0   60.0  00(STOP)",
        "12 VM12PROD  *STDPOOL  -          30.0  100.0  00(RUN),01(RUN)",
        "CPU  STATE  TYPE    CPU-POOL",
        "00   ATT    NORMAL  *STDPOOL",
        "01   ATT    NORMAL  PROD",
        "02   DET    SPARE   -",
    ]


def test_real_cpus_that_nobody_knows() -> None:
    assert lines(X86, "*STD")[-2] == "REAL CPUS ATTACHED   -"
    assert lines(X86, "*CPU")[2:] == ["[migr] the scenario does not give the real CPUs of SU XSU1"]


def test_free_devices() -> None:
    assert lines(ABGSE501, "*UNITS")[1:] == [
        "VM-ID        UNITS",
        " 3 A",
        "12 VM12PROD  ASSIGNED BY VM-ADMIN",
        "               EXCL:   CS,5000",
        "FREE DEVICES: 5008,5009",
    ]
    assert lines(X86, "*UNITS")[1:] == ["VM-ID        UNITS", "FREE DEVICES: -"]


def test_job_variables() -> None:
    assert lines(ABGSE501, "*MONJV")[1:] == [
        "VM-ID        MONITORED  MONJV  STATUS",
        " 3 A         -          *NONE  -",
        "12 VM12PROD  -          *NONE  -",
    ]


def test_how_many_vms_there_can_be() -> None:
    assert lines(ABGSE501, "*CONFIGURATION")[1:] == [
        "SERVER UNIT            ABGSE501 (/390)",
        "MAXIMUM NUMBER OF VMS  98 (by VM index)",
    ]


def test_what_is_not_simulated_says_so() -> None:
    assert lines(X86, "*PRIVILEGES") == ["[migr] INFORMATION=*PRIVILEGES is not simulated"]


def test_all_shows_every_part_but_the_configuration() -> None:
    parts = ("*STD", "*CPU", "*UNITS", "*MEMORY", "*MONJV")
    assert lines(ABGSE501, "*ALL") == [line for part in parts for line in lines(ABGSE501, part)]


def test_planned_shares_and_a_pool_with_too_many_virtual_cpus() -> None:
    """Quotas 10 and 30 of 40 are 25 and 75 %; 7 virtual CPUs on 2 real ones are more than 3 each."""
    crowded = PoolLoad("*STDPOOL", 2, (VmLoad(3, "A", "G1", 10.0, 60.0, 3), VmLoad(12, "VM12PROD", "", 30.0, 100.0, 4)))
    assert show_status([crowded, PoolLoad("PROD", 0, ())]).splitlines() == [
        "[migr] layout of this program, after SHOW-VM-STATUS; the product's layout is not published, measured values are not simulated",
        "CPU-POOL  REAL CPUS  VIRT CPUS  PER REAL  AT MOST",
        "*STDPOOL          2          7       3.5        3",
        "PROD              -          0         -        3",
        "VM-ID        VM-GROUP  CPU-POOL  CPU-Q  PLANNED  MAX-U  VIRT CPUS",
        " 3 A         G1        *STDPOOL   10.0   25.0 %   60.0          3",
        "12 VM12PROD  -         *STDPOOL   30.0   75.0 %  100.0          4",
        "[migr] CPU pool *STDPOOL has 7 active virtual CPUs on 2 real ones, 3.5 each; at most 3 are recommended",
    ]


def test_shares_are_of_the_whole_pool_though_one_vm_is_shown() -> None:
    pool = PoolLoad("*STDPOOL", 4, (VmLoad(3, "A", "", 10.0, 100.0, 1), VmLoad(4, "B", "", 30.0, 100.0, 1)))
    assert show_status([pool], {"B"}).splitlines()[-1] == " 4 B   -         *STDPOOL   30.0   75.0 %  100.0          1"
