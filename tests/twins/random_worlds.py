"""Random worlds and plans: of one cluster, whose steps meet, and of several, whose steps may run side by side."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from engine.builders import CLARK, GIB, LEGACY, SIMGRID, VM2000, XEN, cluster, point, unit, vm
from sim.model.layout import CHUNK, Extent, extents_of
from sim.model.load import PAGE, Bursts, Load
from sim.model.rounds import Policy
from sim.scenario.point import Cluster, Cost, Costs, Devices, Link, OnAbort, Point, Step, Unit, Vm

POLICIES = (
    XEN,
    Policy("xenserver", max_rounds=4, few_pages=50, from_round=2),
    LEGACY,
    replace(LEGACY, skips_in_round_1=True, max_rounds=6),
    VM2000,
    replace(VM2000, stop_goal_s=0.4, chase_limit_s=15.0),
    replace(VM2000, stop_goal_s=0.001, chase_limit_s=1.0),
    replace(VM2000, stop_goal_s=0.2, chase_limit_s=4.0),  # aborts most of what is hot
    replace(XEN, name="stop-and-copy", max_rounds=0),
    # Few rounds, so that what would never end does.
    replace(CLARK, max_rounds=30),
    replace(CLARK, max_rounds=8, start_rate_Bps=60e6, rate_step_Bps=4e6, max_rate_Bps=80e6),
    replace(SIMGRID, max_rounds=40),
    replace(SIMGRID, stop_goal_s=1.0, max_rounds=12),
)
QEMU = Policy("qemu", max_bandwidth_Bps=32 * 2.0**20, zero_page_s=250e-9, cancel_after_s=5.0)
SCANS = (
    QEMU,
    replace(QEMU, auto_converge=True, cancel_after_s=12.0),
    replace(QEMU, auto_converge=True, guest_busy=0.6, downtime_limit_s=0.05, max_bandwidth_Bps=16 * 2.0**20),
    replace(QEMU, max_bandwidth_Bps=float("inf"), downtime_limit_s=0.1, lump_bytes=1.4e6),
    replace(QEMU, downtime_limit_s=2.0, wake_s=1e-4),  # much is left for the stop, zeros too
    replace(QEMU, downtime_limit_s=0.02, cancel_after_s=1.0),  # cancels most
)
SMALL_CLASSES = (
    ((3000.0, 0.4), (300.0, 8.0)),
    ((900.0, 0.05), (40.0, 40.0), (3.0, 2.0), (2000.0, 3.0)),
    ((2000.0, 0.02),),
    ((40.0, 0.3),),
    (),
    ((9000.0, 2.0),),  # hot: never converges under a low cap
)
CLASSES = (
    ((90000.0, 2.0),),  # hot: never converges
    ((30000.0, 0.4), (5000.0, 8.0)),
    ((9000.0, 0.05), (400.0, 40.0), (3.0, 2.0), (20000.0, 3.0)),
    ((40.0, 0.3),),
    (),
)
BURSTS = (None, Bursts(0.2, 30.0, 3.0), Bursts(0.5, 4.0, 0.0))
DAYS = ((), ((0.0, 0.5), (40.0, 2.0)), ((0.0, 0.0), (60.0, 1.0), (90.0, 0.3)))
NAMES = ("A", "B", "C", "D")
SUS = ("S1", "S2", "S3", "T1", "T2", "T3")
SERVERS = (  # of those SUs: one each; both clusters in the same two; each cluster in one of its own; in two, the other way round
    SUS,
    ("SE1", "SE2", "SE2", "SE1", "SE2", "SE2"),
    ("SE1", "SE1", "SE1", "SE2", "SE2", "SE2"),
    ("SE1", "SE2", "SE2", "SE2", "SE1", "SE1"),
)


@st.composite
def loads(draw: st.DrawFn) -> Load:
    """Return a load: no writes at all, few pages, many, sequential writers, measured curves; steady or not."""
    classes = draw(st.sampled_from(CLASSES))
    curve = draw(st.sampled_from(((), ((1.0, 6000.0), (10.0, 30000.0), (60.0, 60000.0))))) if not classes else ()
    return Load(
        "any",
        classes=classes,
        sweeps=draw(st.sampled_from(((), ((40000.0, 500.0),)))) if not curve else (),
        curve=curve,
        jitter=draw(st.sampled_from((0.0, 0.1))),
        tracked=draw(st.booleans()),
        bursts=draw(st.sampled_from(BURSTS)),
        day=draw(st.sampled_from(DAYS)),
        spread_sigma=draw(st.sampled_from((0.0, 0.3))),
    )


@st.composite
def costs(draw: st.DrawFn) -> Costs:
    """Return fixed costs: none, the same every time, or varied."""
    sigma = draw(st.sampled_from((0.3, 0.3, 0.0)))
    scale = draw(st.sampled_from((1.0, 1.0, 0.0)))
    medians = dict(zip(Costs.__slots__, (1.0, 0.8, 0.05, 0.25, 0.2, 1.2, 0.8, 1.6, 0.05, 2.0, 5.0), strict=True))
    return Costs(**{name: Cost(scale * median, sigma) for name, median in medians.items()})


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    """Return a cluster of either type, with any policy."""
    return cluster(
        draw(st.sampled_from(("/390", "x86"))),
        draw(st.sampled_from(POLICIES)),
        costs=draw(costs()),
        factor_first=draw(st.sampled_from((1.0, 0.7))),
        factor_stopped=1.5,
        throughput_sigma=draw(st.sampled_from((0.0, 0.2))),
        page_header_bytes=8.0,
        fault_cost_s=draw(st.sampled_from((0.0, 260e-9))),
        management_share=draw(st.sampled_from((0.0, 0.01))),
    )


@st.composite
def vms(draw: st.DrawFn) -> list[Vm]:
    """Return one to four VMs, mostly all on S1: steps that leave one SU are what lockstep covers."""
    homes = draw(st.sampled_from((("S1",), ("S1",), ("S1", "S1", "S2"))))
    return [
        vm(
            name,
            draw(st.sampled_from(homes)),
            gib=draw(st.sampled_from((0.5, 1.0, 2.0))),
            load=draw(loads()),
            state=draw(st.sampled_from((*["RUNNING"] * 6, "INIT-ONLY", "WAIT(VMA)"))),
            devices=Devices(disks=draw(st.integers(0, 3)), tapes=draw(st.integers(0, 1))),
            cpus=draw(st.integers(1, 2)),
        )
        for name in NAMES[: draw(st.sampled_from((3, 2, 4, 1)))]
    ]


@st.composite
def steps(draw: st.DrawFn, names: list[str]) -> Step:
    """Return a step: a drain of S1 or S2, in any order or of some VMs, or a single migration."""
    drain = draw(st.sampled_from(("S1", "S1", "", "S2")))
    return Step(
        "",
        draw(st.sampled_from((0.0, 3.0, 20.0, 60.0, 61.5, 200.0))),
        draw(st.sampled_from([name for name in ("S1", "S2", "S2", "S3") if name != drain])),
        drain=drain,
        vm="" if drain else draw(st.sampled_from(names)),
        order=draw(st.sampled_from(("largest-first", "smallest-first", "by-index", "by-name"))),
        sequence=tuple(draw(st.permutations(names))[: draw(st.integers(1, len(names)))]) if drain and draw(st.booleans()) else (),
        on_abort=OnAbort(draw(st.sampled_from((1, 0, 2))), draw(st.sampled_from((7.0, 0.0))), draw(st.sampled_from(("skip", "stop")))),
        when_busy=draw(st.sampled_from(("wait", "reject"))),
    )


@st.composite
def worlds(draw: st.DrawFn) -> Point:
    """Return a point with up to four steps; the targets may be too small for all."""
    of, guests = draw(clusters()), draw(vms())
    plan = [draw(steps([guest.name for guest in guests])) for _ in range(draw(st.sampled_from((2, 1, 3, 4))))]
    size = draw(st.sampled_from((1.25, 64.0, 3.5)))
    reserved = sum(guest.memory_bytes for guest in guests if guest.unit == "S2")
    units = (
        unit("S1", of.su_type),
        unit("S2", of.su_type, memory_bytes=GIB * (1.0 + size) + reserved, available=0.8),
        unit("S3", of.su_type, memory_bytes=GIB * 64),
    )
    link = Link("net", draw(st.sampled_from((1e9, 90e6))), draw(st.sampled_from((0.0, 0.001))))
    made = point(*guests, of=of, units=units, steps=tuple(replace(step, name=f"s{n}") for n, step in enumerate(plan)), link=link)
    return replace(made, seed=draw(st.integers(0, 5)))


@st.composite
def gapped_worlds(draw: st.DrawFn) -> Point:
    """Return a point on SU /390 whose target is tight and gets the memory of aborted migrations back late, so that gaps come and go.

    Where memory is free at once lockstep covers no plan that leaves gaps: VMs that come and others that leave are two directions.
    A small hot VM is tried twice, a larger one finds the memory of the first attempt and what is above that of the second.
    """
    made = draw(worlds())
    policy = draw(
        st.sampled_from((replace(VM2000, stop_goal_s=0.2, chase_limit_s=4.0), replace(VM2000, stop_goal_s=0.4, chase_limit_s=15.0)))
    )
    release = Cost(draw(st.sampled_from((8.0, 15.0, 60.0))), draw(st.sampled_from((0.3, 1.0, 1.0))))
    of = replace(made.clusters[0], su_type="/390", policy=policy)
    of = replace(of, costs=replace(of.costs, memory_release=release))
    sizes = [GIB * (draw(st.sampled_from((0.5, 1.0))) + place * draw(st.sampled_from((0.25, 0.5)))) for place in range(len(made.vms))]
    guests = [replace(each, memory_bytes=size, touched_pages=size // PAGE) for each, size in zip(made.vms, sizes, strict=True)]
    guests[0] = replace(guests[0], load=replace(guests[0].load, classes=CLASSES[0], curve=()))
    at_home = sum(each.memory_bytes for each in guests if each.unit == "S2")
    size = GIB * (1.0 + draw(st.sampled_from((1.25, 2.0, 2.5, 2.75)))) + at_home
    units = tuple(replace(each, su_type="/390", memory_bytes=size if each.name == "S2" else each.memory_bytes) for each in made.units)
    again = OnAbort(draw(st.sampled_from((1, 2))), draw(st.sampled_from((0.0, 7.0))))
    drain = Step("s0", 0.0, "S2", drain="S1", order=draw(st.sampled_from(("smallest-first", "by-index", "by-name"))), on_abort=again)
    return replace(made, clusters=(of,), vms=tuple(guests), units=units, steps=(drain, *made.steps[1:2]))


@st.composite
def scanned_vm(draw: st.DrawFn, of: Vm) -> Vm:
    """Return a VM with another memory: 50 to 70 MiB beside zeros, or in two chunks of 1 GiB, as every window is simulated."""
    load, touched = of.load, float(draw(st.sampled_from((13_000, 18_000))))
    if load.curve:
        load = replace(load, curve=((1.0, 600.0), (10.0, 3000.0)))
    else:
        swept = draw(st.sampled_from(((), ((2000.0, 300.0),), ((1000.0, 5000.0), (500.0, 10.0)))))
        load = replace(load, classes=draw(st.sampled_from(SMALL_CLASSES)), sweeps=swept)
    rests = draw(st.sampled_from((0.0, 700.0, 5e4, CHUNK - 5000.0)))
    pages = touched + rests
    extents: tuple[Extent, ...] = ()
    if not load.curve and draw(st.booleans()):  # the zeros first, so that the writers may lie on both sides of the border
        unknown = Extent(rests, zero=rests > 1e3, shares=(0.0, 0.3, 0.4) if rests <= 1e3 else ())
        extents = tuple(each for each in (unknown, *extents_of(load, touched, touched)) if each.pages)
    return replace(of, load=load, memory_bytes=pages * PAGE, touched_pages=touched, extents=extents)


@st.composite
def scanned_worlds(draw: st.DrawFn) -> Point:
    """Return a point of one cluster that migrates as QEMU does."""
    made = draw(worlds())
    of = replace(made.clusters[0], policy=draw(st.sampled_from(SCANS)))
    return replace(made, clusters=(of,), vms=tuple(draw(scanned_vm(each)) for each in made.vms), steps=made.steps[:2])


@st.composite
def halls(draw: st.DrawFn, clusters_of: tuple[Cluster, Cluster]) -> tuple[Unit, ...]:
    """Return the SUs of two clusters, S1 .. S3 and T1 .. T3, in up to four servers, on one network or two; S2 and T2 may be small."""
    links = draw(st.sampled_from((("net", "net"), ("net", "other"))))
    servers = draw(st.sampled_from(SERVERS))
    size = draw(st.sampled_from((64.0, 64.0, 5.5)))
    return tuple(
        unit(
            name,
            clusters_of[place // 3].su_type,
            cluster=clusters_of[place // 3].name,
            link=links[place // 3],
            server=server,
            memory_bytes=GIB * (size if name.endswith("2") else 64.0),
            available=draw(st.sampled_from((1.0, 0.7))),
        )
        for place, (name, server) in enumerate(zip(SUS, servers, strict=True))
    )


@st.composite
def landscapes(draw: st.DrawFn) -> Point:
    """Return a point of two clusters of any types, whose steps often begin at one time and may run side by side."""
    both = draw(clusters()), replace(draw(clusters()), name="D")
    units = draw(halls(both))
    homes = ("S1", "T1", "T1", "S1", "S3", "T3")
    guests = [
        vm(
            name,
            draw(st.sampled_from((home, home, home, home[0] + "2"))),
            gib=draw(st.sampled_from((0.5, 1.0))),
            load=draw(loads()),
            state=draw(st.sampled_from(("RUNNING", "RUNNING", "RUNNING", "DOWN", "WAIT(GLB)"))),
            devices=Devices(disks=draw(st.integers(0, 2))),
        )
        for name, home in zip("ABCDEF"[: draw(st.integers(2, 6))], homes, strict=False)
    ]
    plan = []
    for number in range(draw(st.integers(2, 5))):
        row = "ST"[number] if number < 2 else draw(st.sampled_from("ST"))
        step = replace(draw(steps([guest.name for guest in guests])), name=f"s{number}", at_s=draw(st.sampled_from((0.0, 0.0, 20.0, 61.5))))
        if step.vm:
            row = next(guest.unit[0] for guest in guests if guest.name == step.vm)
            plan.append(replace(step, to=draw(st.sampled_from((row + "2", row + "2", row + "3")))))
        else:
            source = draw(st.sampled_from((row + "1", row + "1", row + "1", row + "3")))
            others = [row + place for place in "2213" if row + place != source]
            plan.append(replace(step, drain=source, to=draw(st.sampled_from(others))))
    links = (Link("net", draw(st.sampled_from((1e9, 90e6))), 0.001), Link("other", 1e9, 0.0))
    made = point(*guests, of=both[0], units=units, steps=tuple(plan))
    return replace(made, clusters=both, links=links, seed=draw(st.integers(0, 5)))
