"""Speed of the SimPy engine beside a bare SimPy process with the same rounds and the same model calls, in one run.

`make bench` prints migrations a second and the ratio, and asserts the counts; no time is asserted, since machines are shared.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Generator
from functools import partial
from statistics import median
from typing import Any

import simpy

from sim.engine.journal import Journal
from sim.engine.replicate import replicate
from sim.engine.site import Guest, Site
from sim.model.activity import activity_integral, round_noise
from sim.model.dirtying import dirtied
from sim.model.draws import Draws, Lane, address
from sim.scenario.load import scenario_of

REPLICATIONS = 1000
REPEATS = 5
SCENARIO = """
schema: 1
title: benchmark
networks: {net: {preset: mcnpr-10g}}
clusters:
  X:
    type: x86
    network: net
    units: {A: {memory: 64 GiB}, B: {memory: 64 GiB}}
loads:
  steady:
    classes: [{size: 40 MiB, rewrites: 5 /s}, {size: 200 MiB, rewrites: 0.5 /s}, {size: 1 GiB, rewrites: 0.02 /s}]
    jitter: 0.1
    measured: tracked
vms: {VM1: {su: A, memory: 4096 MiB, load: steady}}
plan: {move: {migrate: VM1, to: B}}
"""


def bare_migration(env: simpy.Environment, guest: Guest, lane: Lane, rate: float) -> Generator[simpy.Event, Any, int]:
    """Send five live rounds and the rest: the model calls of a migration and nothing else."""
    marked, rounds = guest.curve.touched, 0
    for number in range(1, 6):
        began = env.now
        yield env.timeout(marked * 4104.0 / rate)
        rounds += 1
        at = address(1, 1, number)
        exposure = activity_integral(began, env.now - began, guest.day_curve)
        exposure = exposure * round_noise(guest.load.jitter, env.now - began, lane.normal(guest.streams.noise, at))
        marked = float(dirtied(guest.curve, exposure, lane.normal(guest.streams.pages, at)))
    yield env.timeout(marked * 4104.0 / rate)
    return rounds


def bare(site: Site) -> int:
    """Return the rounds of all replications of the bare process."""
    guest = site.guests["VM1"]
    draws = Draws(site.point.seed, 0, REPLICATIONS)
    rounds = 0
    for number in range(REPLICATIONS):
        env = simpy.Environment()
        rounds += int(env.run(until=env.process(bare_migration(env, guest, Lane(draws, number), 351e6))) or 0)
    return rounds


def engine(site: Site, journal: Callable[[], Journal]) -> int:
    """Return the rounds of all replications of the engine."""
    draws = Draws(site.point.seed, 0, REPLICATIONS)
    rounds = 0
    for number in range(REPLICATIONS):
        rounds += sum(move.rounds for move in replicate(site, draws, number, journal()).moves)
    return rounds


def per_second(work: Callable[[], int]) -> float:
    """Return migrations a second, the median of some repeats."""
    rates = []
    for _ in range(REPEATS):
        gc.collect()
        began = time.perf_counter()
        rounds = work()
        rates.append(REPLICATIONS / (time.perf_counter() - began))
        assert rounds == 5 * REPLICATIONS, f"{rounds} rounds in {REPLICATIONS} migrations, 5 each were due"
    return median(rates)


def main() -> None:
    """Measure and print."""
    loaded = scenario_of(SCENARIO, "benchmark")
    site = Site.of(loaded.points[0])
    gc.freeze()
    floor = per_second(partial(bare, site))
    print(f"bare SimPy process, 5 rounds:   {floor:8.0f} migrations a second")
    for name, journal in (("without messages", Journal), ("with full journal", Journal.full)):
        rate = per_second(partial(engine, site, journal))
        print(f"engine {name:<20}    {rate:8.0f} migrations a second, {rate / floor:.2f} of the bare process")


if __name__ == "__main__":
    main()
