"""What nothing that does the same work can beat: bare SimPy timeouts, and NumPy drawing as many random numbers."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
import simpy

from sim.engine.lockstep.replicate import SIDE_BY_SIDE, walk
from sim.engine.site import Guest, Site
from sim.model.activity import activity_integral, round_noise
from sim.model.dirtying import dirtied
from sim.model.draws import Draws, Lane, Lanes, RangeDraws, address

ROUNDS = 5
RATE_BPS = 351e6  # bytes a second; any that gives five rounds would do


def bare_simpy(site: Site, replications: int) -> int:
    """Return the rounds of processes that send five rounds and the rest: the model calls of a migration and nothing else."""
    guest = site.guests["VM1"]
    draws = Draws(site.point.seed, 0, replications)
    rounds = 0
    for number in range(replications):
        env = simpy.Environment()
        rounds += int(env.run(until=env.process(_migration(env, guest, Lane(draws, number)))) or 0)
    return rounds


def _migration(env: simpy.Environment, guest: Guest, lane: Lane) -> Generator[simpy.Event, Any, int]:
    marked, rounds = guest.curve.touched, 0
    for number in range(1, ROUNDS + 1):
        began = env.now
        yield env.timeout(marked * 4104.0 / RATE_BPS)
        rounds += 1
        at = address(1, 1, number)
        exposure = activity_integral(began, env.now - began, guest.day_curve)
        exposure = exposure * round_noise(guest.load.jitter, env.now - began, lane.normal(guest.streams.noise, at))
        marked = float(dirtied(guest.curve, exposure, lane.normal(guest.streams.pages, at)))
    yield env.timeout(marked * 4104.0 / RATE_BPS)
    return rounds


@dataclass(frozen=True, slots=True)
class Drawn:
    """Random numbers that the array engine draws for some replications: those that become normal, and those that become exponential."""

    normals: int
    exponentials: int

    def times(self, number: int) -> Drawn:
        """Return those of a number of times the replications."""
        return Drawn(number * self.normals, number * self.exponentials)

    def by_numpy(self) -> Drawn:
        """Draw as many with NumPy, in arrays as long as those of the engine; return how many there were."""
        generator = np.random.Generator(np.random.Philox(7))
        normals = sum(generator.standard_normal(size).size for size in _sizes(self.normals))
        return Drawn(normals, sum(generator.standard_exponential(size).size for size in _sizes(self.exponentials)))


def drawn_by(site: Site) -> Drawn:
    """Return what the array engine draws for `SIDE_BY_SIDE` replications of a site."""
    normals, uniforms = 0, set()
    ask_normals, ask_uniforms = RangeDraws.normals, RangeDraws.uniforms

    def count_normals(self: RangeDraws, stream: str, index: int, lanes: Lanes) -> Any:  # noqa: ANN401 - as the method that it replaces
        nonlocal normals
        normals += len(lanes)
        return ask_normals(self, stream, index, lanes)

    def count_uniforms(self: RangeDraws, stream: str, index: int, lanes: Lanes) -> Any:  # noqa: ANN401 - as above
        uniforms.add((stream, index))  # drawn for all replications, once
        return ask_uniforms(self, stream, index, lanes)

    with patch.object(RangeDraws, "normals", count_normals), patch.object(RangeDraws, "uniforms", count_uniforms):
        walk(site, 0, SIDE_BY_SIDE)
    return Drawn(normals, len(uniforms) * SIDE_BY_SIDE)


def _sizes(total: int) -> list[int]:
    return [SIDE_BY_SIDE] * (total // SIDE_BY_SIDE) + ([total % SIDE_BY_SIDE] if total % SIDE_BY_SIDE else [])
