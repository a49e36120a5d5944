"""SHOW commands in the middle of a migration: what both SUs and the guest display, worked out by hand from the costs of `observing`."""

from __future__ import annotations

from typing import Any

import pytest

from engine.builders import GIB, cluster, point, unit, vm
from engine.observing import COSTS, DELETED_S, RESUMED_S, SUSPENDED_S
from sim.engine.journal import Journal
from sim.engine.operators import views
from sim.engine.operators.shows import show
from sim.engine.operators.views import clock
from sim.engine.replicate import begin
from sim.engine.site import Site
from sim.engine.world import World
from sim.errors import ModelError
from sim.model.draws import Draws
from sim.scenario.point import Devices, Pool, Step
from sim.vm2000.commands.syntax import Statement, parse
from sim.vm2000.message import SU_390, SU_X86

MIB = 2.0**20
# VM1 is created on the target after 3.5 s, its three devices are there after 4.25 s, the pre-copy of 1 GiB takes ten seconds and more.
CREATED_S, COPYING_S = 3.6, 5.0
# Two devices more than in `observing`, each 0.25 s to assign and 0.1 s to remove; the VM has left the source, the last message is due.
OVER_S = DELETED_S + 2 * 0.35 + 0.5


def world_at(time_s: float, su_type: str = SU_390, **of_s2: Any) -> World:  # noqa: ANN401 - fields of Unit
    """Return the world of a point when this much time has passed: VM1 migrates from S1 to S2 from 0 on, VM2 stays, VM3 is on S2."""
    of = cluster(su_type, costs=COSTS, management_share=0.01, firmware_bytes=16 * MIB)
    fields: dict[str, Any] = {"pools": (Pool("PROD", 2),), "cpus": 3, "monitor_bytes": 512 * MIB, "monitor_cpus": 1}
    units = (unit("S1", su_type, **fields), unit("S2", su_type, **{**fields, **of_s2}))
    vms = (
        vm("VM1", gib=1.0, cpus=2, devices=Devices(disks=2, tapes=1), pool="PROD", group="G1", quota=30.0),
        vm("VM2", gib=2.0, devices=Devices(disks=1, first=2), state="DOWN"),
        vm("VM3", "S2", gib=1.0, pool="PROD", devices=Devices(disks=1, first=3)),
    )
    world = begin(Site.of(point(*vms, steps=(Step("one", 0.0, "S2", vm="VM1"),), of=of, units=units)), Draws(1, 0, 1), 0, Journal()).world
    world.env.run(until=time_s)
    return world


def shown(world: World, console: str, command: str) -> list[str]:
    """Return the lines of a display without the first, which says whose layout it is."""
    note, *lines = show(world, console, parse(command)).splitlines()
    assert note.startswith("[migr] ")
    return lines


HEADER = "VM-ID         STATE           CPU-Q  MAX-U PROC MEM-SIZE"
MONITOR = " 1 MONITOR    RUNNING             -      -    1   512 MB"


def test_before_anything_has_happened_all_vms_are_at_home() -> None:
    assert shown(world_at(0.5), "S1", "SHOW-VM-ATTR VM-ID=*VM2000") == [
        HEADER,
        MONITOR,
        " 2 VM1        RUNNING          30.0  100.0    2  1024 MB",
        " 3 VM2        DOWN             10.0  100.0    1  2048 MB",
    ]


def test_both_sus_show_a_migrating_vm() -> None:
    world = world_at(COPYING_S)
    assert shown(world, "S1", "SHOW-VM-ATTR VM-ID=2") == [HEADER, " 2 VM1        RUNNING(MIGR)    30.0  100.0    2  1024 MB"]
    assert shown(world, "S2", "SHOW-VM-ATTR VM-ID=VM1") == [HEADER, " 2 VM1        SETUP(MIGR)      30.0  100.0    2  1024 MB"]


def test_devices_arrive_on_the_target_when_they_are_assigned_and_the_tape_is_gone() -> None:
    created = world_at(CREATED_S)
    assert shown(created, "S2", "SHOW-VM-ATTR *UNITS,VM-ID=VM1") == ["VM-ID        UNITS", " 2 VM1"]
    copying = world_at(COPYING_S)
    expected = ["VM-ID        UNITS", " 2 VM1       ASSIGNED BY VM-ADMIN", "               EXCL:   CS,5000,5001"]
    assert shown(copying, "S1", "SHOW-VM-ATTR *UNITS,VM-ID=VM1") == expected
    assert shown(copying, "S2", "SHOW-VM-ATTR *UNITS,VM-ID=VM1") == expected


def test_the_tape_is_there_before_the_migration_and_free_after_it() -> None:
    before = shown(world_at(0.5), "S1", "SHOW-VM-ATTR *UNITS,VM-ID=VM1")
    assert before[-1] == "               EXCL:   CS,T1,5000,5001"
    after = world_at(OVER_S)
    assert shown(after, "S2", "SHOW-VM-ATTR *UNITS,VM-ID=VM1")[-1] == "               EXCL:   CS,5000,5001"
    # On S1 only VM2 is left, with 5002.
    assert shown(after, "S1", "SHOW-VM-RES *UNITS")[-1] == "FREE DEVICES: T1,5000,5001,5003"


def test_devices_that_an_su_does_not_know_or_that_another_system_has_are_not_free() -> None:
    world = world_at(0.5, not_generated=("5000",), exclusive=("5001",))
    assert shown(world, "S2", "SHOW-VM-RES *UNITS")[-1] == "FREE DEVICES: T1,5002"


def test_the_target_has_the_vm_when_it_is_over() -> None:
    world = world_at(OVER_S)
    assert show(world, "S1", parse("SHOW-VM-ATTR VM-ID=VM1")) == "VMS4000 [VM VM1 is not created]"
    assert shown(world, "S2", "SHOW-VM-ATTR VM-ID=VM1") == [HEADER, " 2 VM1        RUNNING          30.0  100.0    2  1024 MB"]


def test_diff_is_shown_on_another_io_configuration() -> None:
    world = world_at(OVER_S, iocf="B")
    assert shown(world, "S2", "SHOW-VM-ATTR VM-ID=VM1") == [HEADER, " 2 VM1        RUNNING(DIFF)    30.0  100.0    2  1024 MB"]


@pytest.mark.parametrize(
    ("operand", "names"),
    [
        ("*CURRENT", ["MONITOR"]),
        ("*VM2000", ["MONITOR", "VM1", "VM2"]),
        ("3", ["VM2"]),
        ("VM*", ["VM1", "VM2"]),
        ("VM/", ["VM1", "VM2"]),
        ("-VM1", ["MONITOR", "VM2"]),
        ("*BY-VM-GROUP(G1)", ["VM1"]),
        ("*BY-CPU-POOL(PROD)", ["VM1"]),
        ("*BY-CPU-POOL(*STDPOOL)", ["MONITOR", "VM2"]),
    ],
)
def test_which_vms_are_meant(operand: str, names: list[str]) -> None:
    lines = shown(world_at(0.5), "S1", f"SHOW-VM-ATTR VM-ID={operand}")
    assert [line.split()[1] for line in lines[1:] if not line.startswith("[migr]")] == names


@pytest.mark.parametrize(("operands", "hinted"), [("", True), (" *ALL", True), (" VM-ID=*VM2000", False), (" VM-ID=1", False)])
def test_whoever_is_shown_the_monitor_vm_alone_is_told_how_to_see_all(operands: str, hinted: bool) -> None:
    *_, last = shown(world_at(0.5), "S1", f"SHOW-VM-ATTRIBUTES{operands}")
    assert (last == "[migr] *CURRENT is the monitor VM at this console; write VM-ID=*VM2000 for all VMs of the SU") is hinted


def test_what_the_scenario_does_not_tell_of_the_monitor_vm_is_left_open() -> None:
    world = world_at(0.5, SU_X86, monitor_bytes=0.0, monitor_cpus=0)
    assert shown(world, "S2", "SHOW-VM-ATTR VM-ID=MONITOR") == [HEADER, " 1 MONITOR    RUNNING             -      -    -        -"]
    assert shown(world, "S2", "SHOW-VM-ATTR *CPU,VM-ID=1")[-1].split() == ["1", "MONITOR", "*STDPOOL", "-", "-", "-", "-"]
    assert shown(world, "S2", "SHOW-VM-ATTR *MEMORY,VM-ID=1")[-1].split() == ["1", "MONITOR", "-", "-"]


@pytest.mark.parametrize(("operand", "asked"), [("NOBODY", "NOBODY"), ("99", "99"), ("*BY-VM-GROUP(G9)", "*BY-VM-GROUP(G9)"), ("X*", "X*")])
def test_vms_that_are_not_there(operand: str, asked: str) -> None:
    assert show(world_at(0.5), "S1", parse(f"SHOW-VM-ATTR VM-ID={operand}")) == f"VMS4000 [VM {asked} is not created]"


def test_where_memory_lies_on_390() -> None:
    """64 GiB are 65536 MB: 512 for the hypervisor and 512 for the monitor VM, then VM1 and VM2, in the order of their indexes."""
    world = world_at(COPYING_S)
    assert shown(world, "S1", "SHOW-VM-RES *MEMORY") == [
        "START-ADDR  MEM-SIZE  USED BY",
        "      0 MB    512 MB  HYPERVISOR",
        "    512 MB    512 MB  MONITOR",
        "   1024 MB   1024 MB  VM1",
        "   2048 MB   2048 MB  VM2",
        "   4096 MB  61440 MB  FREE",
        "FREE MEMORY          61440 MB",
        "LARGEST MEMORY SIZE  61440 MB",
    ]
    assert shown(world, "S2", "SHOW-VM-RES *MEMORY")[4:7] == [
        "   2048 MB   1024 MB  VM1",
        "   3072 MB  62464 MB  FREE",
        "FREE MEMORY          62464 MB",
    ]


def test_a_gap_that_a_vm_leaves_is_free_but_the_largest_size_does_not_grow() -> None:
    assert shown(world_at(OVER_S), "S1", "SHOW-VM-RES *MEMORY")[3:] == [
        "   1024 MB   1024 MB  FREE",
        "   2048 MB   2048 MB  VM2",
        "   4096 MB  61440 MB  FREE",
        "FREE MEMORY          62464 MB",
        "LARGEST MEMORY SIZE  61440 MB",
    ]


def test_memory_on_x86_has_no_addresses_and_xen_takes_some_that_is_not_shown() -> None:
    """S2 is left 65536 - 1024 - 1024 MB, less 1 % of VM3's in whole units of 2 MB, which is 12: 63476 MB."""
    lines = shown(world_at(0.5, SU_X86), "S2", "SHOW-VM-RES *MEMORY")
    assert lines[:6] == [
        "START-ADDR  MEM-SIZE  USED BY",
        "         -    512 MB  X2000",
        "         -    512 MB  MONITOR",
        "         -   1024 MB  VM3",
        "         -  63476 MB  FREE",
        "FREE MEMORY          63476 MB",
    ]


def test_bs2000_gets_the_memory_without_the_firmware_on_x86() -> None:
    assert shown(world_at(0.5, SU_X86), "S1", "SHOW-VM-ATTR *MEM,VM-ID=VM1") == [
        "VM-ID   MEM-SIZE  BS2-MEM-S",
        " 2 VM1   1024 MB    1008 MB",
    ]


def test_what_an_su_has_left() -> None:
    """One hundred indexes less 0 and that of the monitor VM: 98 guests, of which S1 has two."""
    assert shown(world_at(0.5), "S1", "SHOW-VM-RES")[-6:] == [
        "SERVER UNIT          S1 (/390)",
        "VMS NOT INITIALIZED  96",
        "LARGEST MEMORY SIZE  61440 MB",
        "FREE MEMORY          61440 MB",
        "REAL CPUS ATTACHED   3",
        "FREE DEVICES         1",
    ]


def test_real_cpus_by_pool() -> None:
    assert shown(world_at(0.5), "S1", "SHOW-VM-RES *CPU")[-4:] == [
        "CPU  STATE  TYPE    CPU-POOL",
        "00   ATT    NORMAL  *STDPOOL",
        "01   ATT    NORMAL  PROD",
        "02   ATT    NORMAL  PROD",
    ]


def test_shares_of_a_pool_change_with_the_migration() -> None:
    """VM3 has a quota of 10 in pool PROD of S2; VM1 comes with 30 and takes three quarters of the pool."""
    assert shown(world_at(0.5), "S2", "SHOW-VM-STATUS CPU-POOL=PROD") == [
        "CPU-POOL  REAL CPUS  VIRT CPUS  PER REAL  AT MOST",
        "PROD              2          1       0.5        3",
        "VM-ID   VM-GROUP  CPU-POOL  CPU-Q  PLANNED  MAX-U  VIRT CPUS",
        " 4 VM3  -         PROD       10.0  100.0 %  100.0          1",
    ]
    assert shown(world_at(OVER_S), "S2", "SHOW-VM-STATUS CPU-POOL=PROD")[-2:] == [
        " 2 VM1  -         PROD       30.0   75.0 %  100.0          2",
        " 4 VM3  -         PROD       10.0   25.0 %  100.0          1",
    ]


def test_a_pool_that_the_target_does_not_have_is_the_standard_one() -> None:
    world = world_at(OVER_S, pools=())
    assert shown(world, "S2", "SHOW-VM-ATTR *CPU,VM-ID=VM1")[-1].split() == [
        "2",
        "VM1",
        "*STDPOOL",
        "-",  # nor does it have the group
        "30.0",
        "100.0",
        "00(RUN),01(RUN)",
    ]


def test_virtual_cpus_beyond_the_real_ones_are_blocked() -> None:
    world = world_at(OVER_S, pools=(Pool("PROD", 1),))
    assert shown(world, "S2", "SHOW-VM-ATTR *CPU,VM-ID=VM1")[-1].split()[-1] == "00(RUN),01(BLOCK)"


def test_some_vms_only_in_the_status() -> None:
    world = world_at(OVER_S)
    assert [line.split()[1] for line in shown(world, "S2", "SHOW-VM-STATUS VM-ID=VM3,CPU-POOL=PROD")[3:]] == ["VM3"]
    assert shown(world, "S2", "SHOW-VM-STATUS VM-ID=*NONE,CPU-POOL=PROD")[3:] == []
    at_home = shown(world_at(0.5), "S1", "SHOW-VM-STATUS VM-GROUP=G1,CPU-POOL=PROD")[3:]
    assert [line.split()[1] for line in at_home] == ["VM1"]
    assert shown(world, "S2", "SHOW-VM-STATUS VM-GROUP=G1,CPU-POOL=PROD")[3:] == []  # S2 has no such group


def test_operands_that_select_nothing_say_so() -> None:
    assert shown(world_at(0.5), "S1", "SHOW-VM-STATUS PERIOD=5")[-1] == "[migr] PERIOD=5 is not simulated; this is PERIOD=*RECENT"


MOMENTS = [0.5, 2.0, CREATED_S, COPYING_S, SUSPENDED_S + 0.51, RESUMED_S + 0.6, DELETED_S + 0.9, OVER_S, 60.0]
SHOWS = ("SHOW-VM-ATTR *ALL,VM-ID=*VM2000", "SHOW-VM-RES *ALL", "SHOW-VM-RES *CONF", "SHOW-VM-STATUS", "SHOW-VM-GROUP")


@pytest.mark.parametrize("su_type", [SU_390, SU_X86])
@pytest.mark.parametrize("time_s", MOMENTS)
def test_displays_work_and_memory_adds_up_in_every_phase(su_type: str, time_s: float) -> None:
    world = world_at(time_s, su_type)
    for name, unit_now in world.units.items():
        assert all(show(world, name, parse(command)) for command in SHOWS)
        seen = views.resources(world, unit_now)
        occupied = {part.owner for part in seen.memory} - {"FREE", "HYPERVISOR", "X2000", "MONITOR"}
        assert occupied == {vm.line.name for vm in seen.vms} - {"MONITOR"}
        total = sum(part.size_bytes for part in seen.memory)
        # On x86 what Xen needs beside the VMs, and what is not free yet, is not shown.
        assert total == 64 * GIB if su_type == SU_390 else 63 * GIB < total < 64 * GIB
    assert all(show(world, guest, parse(command)) for guest in world.vms for command in ("SHOW-SYSTEM-INF", "SHOW-LIVE-MIG"))


def test_groups_on_390() -> None:
    assert shown(world_at(0.5), "S1", "SHOW-VM-GROUP") == [
        "VM-GROUP  VM-ID   CPU-POOL  STATE    CPU-Q",
        "G1         2 VM1  PROD      RUNNING   30.0",
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("G1", ["G1"]),
        ("NOSUCH", []),
        ("*BY-MEMBER(VM-ID=2)", ["G1"]),
        ("*BY-MEMBER(VM-ID=77)", []),
        ("*BY-CPU-POOL(CPU-POOL-NAME=PROD)", ["G1"]),
        ("*BY-CPU-POOL", []),
    ],
)
def test_groups_are_chosen_by_name_member_or_pool(wanted: str, found: list[str]) -> None:
    """VM2000 User Guide: SHOW-VM-GROUP; VM1 (index 2) is in G1, and its pool is PROD."""
    rows = shown(world_at(0.5), "S1", f"SHOW-VM-GROUP {wanted}")[1:]
    assert [row.split()[0] for row in rows] == found


def test_a_job_variable_is_shown_while_the_migration_sets_it() -> None:
    world = world_at(COPYING_S)
    move = world.vms["VM1"].move
    assert move is not None
    move.job.name = "LM.VM1"
    world.by_operators.append(move)
    assert shown(world, "S1", "SHOW-VM-ATTR *MONJV,VM-ID=VM1")[-1] == " 2 VM1  MIGRATION  LM.VM1  $R"
    assert shown(world, "S2", "SHOW-VM-ATTR *MONJV,VM-ID=VM1")[-1] == " 2 VM1  -          *NONE  -"


def test_a_guest_sees_itself() -> None:
    before, after = world_at(0.5), world_at(OVER_S)
    assert shown(before, "VM1", "SHOW-SYSTEM-INF")[-1] == "%                LIVE-MIG-COUNT    = 0"
    assert shown(after, "VM1", "SHOW-SYSTEM-INF") == [
        "% NSI6231 LIVE MIGRATION HAS ALREADY TAKEN PLACE; DATA OF IPL HOST WILL BE DISPLAYED",
        "%CONFIGURATION                     = /390 S1",
        "%CURRENT-CONFIGURATION             = /390 S2",
        "%MEMORY-SIZE                       = 1024 MB",
        "%SYSTEM-CONF :   VM-INDEX          = 2",
        "%                VM-NAME           = VM1",
        "%                LIVE-MIG-COUNT    = 1",
    ]


def test_the_sus_of_a_guest() -> None:
    """Resumed when all devices are there (4.25 s) and 1 GiB at 100 MB/s (10.74 s) and the handshake (0.2 s) and 1.5 s are over: 16.69 s."""
    world = world_at(OVER_S)
    header = "LM-COUNT  SERVER-UNIT  SINCE     UNTIL"
    home, now = "       0  S1           00:00:00  00:00:16", "       1  S2           00:00:16  -"
    assert shown(world, "VM1", "SHOW-LIVE-MIG") == [header, home, now]
    assert shown(world, "VM1", "SHOW-LIVE-MIG *INITIAL") == [header, home]
    assert shown(world, "VM1", "SHOW-LIVE-MIG (*INT(0,0),*CUR)") == [header, home, now]


def test_a_guest_that_never_migrated() -> None:
    assert shown(world_at(0.5), "VM2", "SHOW-LIVE-MIG")[-1] == "       0  S1           00:00:00  -"


def test_a_guest_console_shows_its_own_vm() -> None:
    world = world_at(0.5)
    assert shown(world, "VM2", "SHOW-VM-ATTR") == [HEADER, " 3 VM2        DOWN             10.0  100.0    1  2048 MB"]


def test_commands_of_guests_are_not_simulated_for_the_monitor_system() -> None:
    assert show(world_at(0.5), "S1", parse("SHOW-SYSTEM-INF")) == "[migr] SHOW-SYSTEM-INFORMATION is not simulated for the monitor system"


def test_consoles_and_commands_that_do_not_exist_are_our_mistake() -> None:
    world = world_at(0.5)
    with pytest.raises(ModelError, match="cannot be shown at console 'S9'"):
        show(world, "S9", parse("SHOW-VM-ATTR"))
    with pytest.raises(ModelError, match="'MIGRATE-VM' cannot be shown"):
        show(world, "S1", Statement("MIGRATE-VM", {}, "/MIGRATE-VM"))


def test_clock_times_are_whole_seconds() -> None:
    assert clock(79219.9) == "22:00:19"
    assert clock(86400.0 + 61.0) == "+1 00:01:01"
