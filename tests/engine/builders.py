"""Small points for tests, built without a file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sim.model.load import Load
from sim.model.rounds import Policy
from sim.scenario.point import Cluster, Cost, Costs, Devices, Link, OnAbort, Point, Step, Unit, Vm

GIB = 2.0**30
NOTHING = Cost(0.0)
NO_COSTS = Costs(**dict.fromkeys(Costs.__slots__, NOTHING))
XEN = Policy("xen", max_rounds=5, few_pages=50)
VM2000 = Policy("vm2000", stop_goal_s=2.0, chase_limit_s=300.0)
CLARK = Policy("clark", max_rounds=65535, few_pages=64, start_rate_Bps=12.5e6, rate_step_Bps=6.25e6, max_rate_Bps=62.5e6)
SIMGRID = Policy("simgrid", stop_goal_s=0.03)
LEGACY = Policy("xen-legacy", max_rounds=29, few_pages=50, max_memory_factor=3, skips=True)


def cluster(su_type: str = "/390", policy: Policy = VM2000, **changes: Any) -> Cluster:  # noqa: ANN401 - fields of Cluster
    """Return a cluster without fixed costs whose monitors carry 100 MB/s."""
    base = Cluster("C", su_type, policy, NO_COSTS, 100e6, 100e6, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0)
    return replace(base, **changes)


def unit(name: str, su_type: str = "/390", **changes: Any) -> Unit:  # noqa: ANN401 - fields of Unit
    """Return an SU of 64 GiB."""
    return replace(Unit(name, "C", su_type, "net", 64 * GIB, GIB, 1.0, "A", name), **changes)


def vm(name: str = "VM1", su: str = "S1", gib: float = 1.0, load: Load | None = None, **changes: Any) -> Vm:  # noqa: ANN401 - fields of Vm
    """Return a running VM, all of its memory touched."""
    base = Vm(name, su, 2, "RUNNING", gib * GIB, gib * GIB // 4096, 1, load or Load("none"), Devices())
    return replace(base, **changes)


def point(
    *vms: Vm, steps: tuple[Step, ...] = (), of: Cluster | None = None, units: tuple[Unit, ...] = (), link: Link | None = None
) -> Point:
    """Return a world of two SUs, S1 and S2; by default all VMs are drained from S1 to S2 at midnight."""
    of = of or cluster()
    return Point(
        name="",
        seed=1,
        links=(link or Link("net", 1e9, 0.0),),
        clusters=(of,),
        units=units or (unit("S1", of.su_type), unit("S2", of.su_type)),
        vms=tuple(replace(each, index=place) for place, each in enumerate(vms, start=2)),
        steps=steps or (Step("out", 0.0, "S2", drain="S1", on_abort=OnAbort()),),
    )
