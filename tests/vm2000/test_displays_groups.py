"""SHOW-VM-GROUP, character by character."""

from __future__ import annotations

from sim.vm2000.displays import VmLine, VmShown, show_groups


def test_groups_in_the_order_of_their_names_with_their_members() -> None:
    vms = [
        VmShown(VmLine(2, "A", "RUNNING", 1, 1.0, 10.0), "*STDPOOL", group="G2"),
        VmShown(VmLine(3, "B", "DOWN", 1, 1.0, 20.0), "PROD", group="G1"),
        VmShown(VmLine(4, "C", "RUNNING", 1, 1.0, 5.0), "*STDPOOL"),
        VmShown(VmLine(12, "D", "RUNNING(MIGR)", 1, 1.0, 30.0), "PROD", group="G1"),
    ]
    assert show_groups(vms).splitlines() == [
        "[migr] layout of this program, after SHOW-VM-GROUP; the product's layout is not published",
        "VM-GROUP  VM-ID  CPU-POOL  STATE          CPU-Q",
        "G1         3 B   PROD      DOWN            20.0",
        "G1        12 D   PROD      RUNNING(MIGR)   30.0",
        "G2         2 A   *STDPOOL  RUNNING         10.0",
    ]
