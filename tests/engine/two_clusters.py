"""Two SU clusters for tests, and what operators might type at their consoles: right, shortened, wrong."""

from __future__ import annotations

from dataclasses import replace

from engine.builders import GIB, VM2000, XEN, cluster, unit, vm
from engine.observing import COSTS, NEVER_CONVERGES
from sim.model.load import Load
from sim.scenario.point import Cost, Devices, Link, Point, Pool

RELEASE_S = 5.0  # how long the memory of a deleted VM stays occupied on SU x86
WRITES = Load("some", classes=((20000.0, 0.5),))


def point(after_suspend: str, forced_commands: str) -> Point:
    """Return two SUs of each type with little memory, so that not everything fits everywhere.

    Args:
        after_suspend: policy of both clusters.
        forced_commands: policy of both clusters.
    """
    policies = {"after_suspend": after_suspend, "forced_commands": forced_commands}
    on_390 = cluster("/390", replace(VM2000, chase_limit_s=30.0), name="C390", costs=COSTS, **policies)
    costs_x86 = replace(COSTS, memory_release=Cost(RELEASE_S))
    on_x86 = cluster("x86", XEN, name="CX86", costs=costs_x86, management_share=0.008, **policies)
    few, many = (Pool("PROD", 1),), (Pool("PROD", 3),)
    units = (
        unit("A1", cluster="C390", iocf="A", memory_bytes=9 * GIB, pools=many, cpus=4),
        unit("A2", cluster="C390", iocf="B", memory_bytes=6 * GIB, pools=few, cpus=4, not_generated=("5041",)),
        unit("B1", "x86", cluster="CX86", iocf="", memory_bytes=8 * GIB, pools=many, cpus=4),
        unit("B2", "x86", cluster="CX86", iocf="", memory_bytes=6 * GIB, pools=few, cpus=4),
    )
    both = {"pool": "PROD", "cpus": 3}
    vms = (
        vm("P1", "A1", 2.0, WRITES, index=2, devices=Devices(2, 1, 2, 0, 1, first=0), group="G1", **both),
        vm("P2", "A1", 1.0, state="INIT-ONLY", index=3, devices=Devices(disks=1, first=10)),
        vm("P3", "A1", 1.0, NEVER_CONVERGES, index=4, devices=Devices(tapes=2, first=20), persistent=False),
        vm("P4", "A1", 1.5, index=5, devices=Devices(pav_aliases=1, first=30), group="G1"),
        vm("P5", "A2", 2.0, WRITES, index=2, devices=Devices(disks=1, first=64), group="G1"),
        vm("X1", "B1", 2.0, WRITES, index=2, devices=Devices(2, 1, 0, 2, 0, first=0), **both),
        vm("X2", "B1", 1.0, NEVER_CONVERGES, index=3, state="DOWN", devices=Devices(disks=1, first=10)),
        vm("X3", "B1", 1.0, NEVER_CONVERGES, index=4, persistent=False, devices=Devices(first=20)),
        vm("X4", "B2", 2.0, index=3, devices=Devices(local_disks=1, first=30)),
    )
    return Point("", 1, (Link("net", 1e9, 0.001),), (on_390, on_x86), units, vms, ())


# {vm} and {other} are VMs by name or index, {su} an SU.
MIGRATIONS = (
    "/MIGRATE-VM VM-ID={vm},SERVER-UNIT-NAME={su}",
    "/MIGRATE-VM VM-IDENTIFICATION={vm},SERVER-UNIT-NAME=*UNIQUE,MONJV=JV.{vm}",
    "MIG-VM {vm}",
    "/migrate-vm vm-id={vm}, server-unit={su}",
    "/CHECK-VM-MIGRATION VM-ID={vm}",
    "/CHECK-VM-MIGR {vm},{su}",
)
DEFINITIONS = (
    "/MIGRATE-VM-DEFINITION VM-NAME={vm},SERVER-UNIT-NAME={su}",
    "/RECOVER-VM-DEFINITION VM-NAME={vm}",
    "/ACTIVATE-VM-DEFINITION VM-NAME={vm}",
)
LIVES = (
    "/HOLD-VM VM-ID={vm}",
    "/HOLD-VM VM-ID=*ALL",
    "/RESUME-VM {vm}",
    "/RESUME-VM *ALL",
    "/START-VM VM-ID={vm}",
    "/START-VM VM-ID={vm},CHECK-VM-STATE=*NO",
    "/START-VM VM-ID={vm},HOLD=*YES",
    "/SHUTDOWN-VM VM-ID={vm}",
    "/SHUTDOWN-VM VM-ID=*VM-GUESTS",
    "/RESET-VM VM-ID={vm}",
    "/DELETE-VM VM-ID={vm}",
    "/DELETE-VM VM-ID={vm},CHECK-VM-STATE=*NO",
    "/DELETE-VM VM-ID=*ALL",
)
CHANGES = (
    "/MOVE-VM VM-ID={vm}",
    "/EXTEND-VM-MEMORY VM-ID={vm},NEW-MEMORY-SIZE=3072",
    "/EXTEND-VM-MEMORY VM-ID={vm},NEW-MEMORY-SIZE=2(DIMENSION=*GIGABYTE)",
    "/REDUCE-VM-MEMORY VM-ID={vm},NEW-MEMORY-SIZE=1024",
    "/ASSIGN-VM-TO-CPU-POOL VM-ID={vm},TO-CPU-POOL=PROD,CPU-QUOTA=20,ATTACHED-VM-CPUS=*ADJUST-NUMBER",
    "/ASSIGN-VM-TO-CPU-POOL VM-ID={vm},TO-CPU-POOL=*STDPOOL,CPU-QUOTA=5",
    "/ASSIGN-VM-GROUP-TO-CPU-POOL VM-GROUP-NAME=G1,TO-CPU-POOL=PROD,CPU-QUOTA=5",
    "/ADD-VM-TO-VM-GROUP VM-ID={vm},VM-GROUP-NAME=G1,MEMBER-CPU-QUOTA=5",
    "/REMOVE-VM-FROM-VM-GROUP VM-ID={vm}",
    "/MODIFY-VM-ATTRIBUTES VM-ID={vm},CPU-QUOTA=33,MAX-CPU-UTILIZATION=50",
    "/MODIFY-VM-ATTRIBUTES VM-ID={vm},PERSISTENT=*NO",
    "/SAVE-VM-CONFIGURATION",
    "/START-CONFIGURATION-UPDATE",
    "/STOP-CONFIGURATION-UPDATE",
)
DEVICES = (
    "/ADD-VM-DEVICES UNITS=50FE,VM-ID={vm}",
    "/ADD-VM-DEVICES UNITS=(5000,T1),VM-ID={vm}",
    "/ADD-VM-DEVICES UNITS=5000,VM-ID={vm},FORCE=*YES",
    "/REMOVE-VM-DEVICES UNITS=5000,VM-ID={vm}",
    "/REMOVE-VM-DEVICES UNITS=T1,VM-ID={vm},FORCE=*YES",
    "/REMOVE-VM-DEVICES UNITS=*ALL(CHECK-VM-STATE=*NO),VM-ID={vm}",
    "/SWITCH-VM-DEVICES UNITS=5000,FROM-VM={vm},TO-VM={other}",
    "/SWITCH-VM-DEVICES UNITS=50*,FROM-VM={vm},TO-VM={other},FORCE=*YES",
)
SHOWS = (
    "/SHOW-VM-ATTRIBUTES VM-ID=*VM2000",
    "/SHOW-VM-ATTRIBUTES INFORMATION=*ALL,VM-ID={vm}",
    "/SHOW-VM-RESOURCES INFORMATION=*ALL",
    "/SHOW-VM-STATUS",
    "/SHOW-VM-GROUP",
    "/SHOW-SYSTEM-INFORMATION",
    "/SHOW-LIVE-MIGRATION-HISTORY",
)
WRONG = (
    "/MIGRATE-VM",
    "/MIGRATE-VM VM-ID=",
    "/MIGRATE-VM VM-ID=0",
    "/MIGRATE-VM VM-ID={vm},SERVER-UNIT-NAME=NOWHERE",
    "/CANCEL-VM-MIGRATION {vm}",
    "/S",
    "/",
    "HOLD-VM (((",
)
COMMANDS = (*MIGRATIONS, *DEFINITIONS, *LIVES, *CHANGES, *DEVICES, *SHOWS, *WRONG)

# UG: Commands not allowed during a VM Migration: what is answered for the migrating VM on the SUs of its migration.
LOCKED = (
    "/ADD-VM-DEVICES UNITS=50FE,VM-ID={vm}",
    "/REMOVE-VM-DEVICES UNITS=5000,VM-ID={vm}",
    "/SWITCH-VM-DEVICES UNITS=5000,FROM-VM={vm},TO-VM=98",
    "/SWITCH-VM-DEVICES UNITS=5000,FROM-VM=98,TO-VM={vm}",
    "/ASSIGN-VM-TO-CPU-POOL VM-ID={vm},TO-CPU-POOL=*STDPOOL,CPU-QUOTA=7",
    "/DELETE-VM VM-ID={vm}",
    "/EXTEND-VM-MEMORY VM-ID={vm},NEW-MEMORY-SIZE=4096",
    "/REDUCE-VM-MEMORY VM-ID={vm},NEW-MEMORY-SIZE=1024",
    "/MODIFY-VM-ATTRIBUTES VM-ID={vm},CPU-QUOTA=77",
    "/RESET-VM VM-ID={vm}",
    "/SHUTDOWN-VM VM-ID={vm}",
    "/START-VM VM-ID={vm}",
    "/SAVE-VM-CONFIGURATION",
    "/SHUTDOWN-VM VM-ID=*VM2000",
)
LOCKED_390 = (
    "/ADD-VM-TO-VM-GROUP VM-ID={vm},VM-GROUP-NAME=G1,MEMBER-CPU-QUOTA=7",
    "/REMOVE-VM-FROM-VM-GROUP VM-ID={vm}",
    "/HOLD-VM VM-ID={vm}",
    "/MOVE-VM VM-ID={vm}",
)
LOCKED_GROUP = "/ASSIGN-VM-GROUP-TO-CPU-POOL VM-GROUP-NAME={group},TO-CPU-POOL=*STDPOOL,CPU-QUOTA=7"
LOCKED_ON_TARGET = "/START-VM VM-ID={vm},CHECK-VM-STATE=*NO"
LOCKED_UPDATE = "/START-CONFIGURATION-UPDATE"
# Not in that list, hence accepted on the source.
ACCEPTED = (
    "/ADD-VM-DEVICES UNITS=50FE,VM-ID={vm},FORCE=*YES",
    "/REMOVE-VM-DEVICES UNITS=*ALL(CHECK-VM-STATE=*NO),VM-ID={vm},FORCE=*YES",
    "/DELETE-VM VM-ID={vm},CHECK-VM-STATE=*NO",
    "/START-VM VM-ID={vm},CHECK-VM-STATE=*NO",
)
PARTIAL = ("/DELETE-VM VM-ID=*ALL", "/SHUTDOWN-VM VM-ID=*VM-GUESTS")
PARTIAL_390 = "/HOLD-VM VM-ID=*ALL"
