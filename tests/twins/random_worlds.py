"""Random worlds and plans: of one cluster, whose steps meet, and of several, whose steps may run side by side."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from engine.builders import GIB, LEGACY, VM2000, XEN, cluster, point, unit, vm
from sim.model.load import Bursts, Load
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
