"""Random small guests, for the page oracles and for the engines."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from page_oracle import Guest, Line

from engine.builders import NO_COSTS, cluster, point, unit, vm
from sim.model.load import Load
from sim.model.rounds import Policy
from sim.scenario.point import Cost, Link, Point, Vm

HEADER = 8.0  # bytes of a page on the line beyond its 4096


def random_guest(rng: np.random.Generator, pages_per_s: float) -> Guest:
    """Return a guest that one pass takes 0.3 to 3 s to send.

    Up to six classes, rewritten every 30 ms to once an hour, memory that rests, and in a third of the guests a sweep. No class
    is smaller than forty pages: the law of rare writes in smaller ones has a test of its own.
    """
    pass_s = 10 ** rng.uniform(-0.5, 0.5)
    shares = rng.dirichlet(np.ones(int(rng.integers(2, 8)))) * pass_s * pages_per_s
    resting, *written = (max(40, int(share)) for share in shares)
    classes = [(pages, float(10 ** rng.uniform(-3.5, 1.5))) for pages in written]
    sweeps: tuple[tuple[int, float], ...] = ()
    if rng.random() < 1 / 3:
        sweeps = ((written[0], float(pages_per_s * rng.uniform(0.05, 0.9))),)
        del classes[0]
    return Guest(((resting, 0.0), *classes), sweeps)


@dataclass(frozen=True, slots=True)
class Lab:
    """Twenty guests and a line, for both sides.

    Args:
        guests: the guests.
        line: what carries them, for the oracle; its handshake includes the round trip of the handshake.
        point: the same as a drain, one guest after the other.
    """

    guests: tuple[Guest, ...]
    line: Line
    point: Point


def vm_of(name: str, guest: Guest) -> Vm:
    """Return the guest as a VM whose memory is all touched."""
    classes = tuple((float(n), r) for n, r in guest.classes if r > 0.0)
    load = Load(name, classes=classes, sweeps=tuple((float(n), w) for n, w in guest.sweeps))
    return replace(vm(name, load=load), memory_bytes=guest.pages * 4096.0, touched_pages=float(guest.pages))


def lab(rng: np.random.Generator, policy: Policy, pages_per_s: float, round_trips_s: tuple[float, ...]) -> Lab:
    """Return twenty guests and a line of so many pages a second; the round trip and the handshake at random, often none."""
    made = tuple(random_guest(rng, pages_per_s) for _ in range(20))
    round_trip_s = float(rng.choice(round_trips_s))
    handshake_s = float(rng.choice([0.0, 0.05, 0.3]))
    bandwidth_Bps = pages_per_s * (4096.0 + HEADER)
    of = cluster(
        "x86",
        policy,
        costs=replace(NO_COSTS, handshake=Cost(handshake_s)),
        sender_Bps=bandwidth_Bps,
        receiver_Bps=1e12,
        page_header_bytes=HEADER,
    )
    vms = [vm_of(f"G{number}", guest) for number, guest in enumerate(made)]
    units = (unit("S1", "x86"), unit("S2", "x86"))
    world = point(*vms, of=of, units=units, link=Link("net", 1e12, round_trip_s))
    line = Line(bandwidth_Bps, 4096.0 + HEADER, round_trip_s, handshake_s + round_trip_s)
    return Lab(made, line, world)
