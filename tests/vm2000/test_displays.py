"""The displays, character by character."""

from __future__ import annotations

from sim.vm2000.displays import StateShown, VmLine, memory_size, show_states_over_time, show_vm_attributes

MIB = 2**20


def test_the_attributes_of_the_vms_of_an_su() -> None:
    rows = [
        VmLine(12, "VM12PROD", "RUNNING(MIGR)", 2, 4096 * MIB, 10.0, 100.0),
        VmLine(3, "A", "INIT-ONLY(MIGR)", 16, 1048576 * MIB),
    ]
    assert show_vm_attributes(rows).splitlines() == [
        "[migr] layout of this program, after SHOW-VM-ATTRIBUTES; the product's layout is not published",
        "VM-ID         STATE           CPU-Q  MAX-U PROC MEM-SIZE",
        "12 VM12PROD   RUNNING(MIGR)    10.0  100.0    2  4096 MB",
        " 3 A          INIT-ONLY(MIGR)     -      -   16 1048576 MB",
    ]


def test_an_su_without_vms_shows_the_header_only() -> None:
    assert len(show_vm_attributes([]).splitlines()) == 2


def test_memory_is_printed_in_the_megabytes_of_the_product() -> None:
    assert memory_size(4096 * MIB) == "4096 MB"
    assert memory_size(4096 * MIB - 1) == "4095 MB"


def test_states_over_time() -> None:
    changes = [
        StateShown("22:00:00", "ABGSE501", "VM12PROD", "RUNNING(MIGR)"),
        StateShown("22:00:01", "ABGSE701", "VM12PROD", "SETUP(MIGR)"),
        StateShown("22:00:23", "ABGSE501", "VM12PROD", ""),
    ]
    assert show_states_over_time(changes).splitlines() == [
        "TIME      SU        VM        STATE",
        "22:00:00  ABGSE501  VM12PROD  RUNNING(MIGR)",
        "22:00:01  ABGSE701  VM12PROD  SETUP(MIGR)",
        "22:00:23  ABGSE501  VM12PROD  -",
    ]
