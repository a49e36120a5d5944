"""The queue before an SU: one outgoing migration at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import gamma, linregress
from scipy.stats import t as student

from engine.builders import cluster, point, unit, vm
from sim.engine.replicate import replicate
from sim.engine.site import Site
from sim.model.draws import Array, Draws
from sim.model.rounds import Policy
from sim.scenario.point import Point, Step

SERVICE_S = 1.0
LOAD = 0.5  # rho
RUNS, MIGRATIONS, WARM_UP = 30, 500, 50
TARGET_HOLDS = 90  # VMs
AHEAD = 4  # arrivals that the control variate looks back


def plan(arrivals: Array) -> Point:
    """Return a plan that wants one VM after the other to leave, at the given times; each takes exactly the service time."""
    pages = 256.0
    world = cluster(policy=Policy("stop-and-copy", max_rounds=0), sender_Bps=pages * 4096 / SERVICE_S)
    vms = [vm(f"V{number}", gib=pages * 4096 / 2**30) for number in range(len(arrivals))]
    # VM2000 has 98 indexes for guests, so the VMs of the one source SU go to several targets.
    steps = tuple(Step(f"s{number}", float(at), f"T{number // TARGET_HOLDS}", vm=f"V{number}") for number, at in enumerate(arrivals))
    targets = [unit(f"T{number}") for number in range(len(arrivals) // TARGET_HOLDS + 1)]
    return point(*vms, steps=steps, of=world, units=(unit("S1"), *targets))


def waits(site: Site) -> Array:
    """Return how long each migration waited for the source SU, in the order of the plan, seconds."""
    result = replicate(site, Draws(1, 0, 1), 0)
    assert all(move.outcome == "completed" for move in result.moves)
    return np.array([move.command_s - move.due_s for move in result.moves])


def lindley(arrivals: Array) -> Array:
    """Return the waits of a queue with one server and constant service: W' = max(0, W + S - time to the next arrival)."""
    result = np.zeros(len(arrivals))
    for k in range(1, len(arrivals)):
        result[k] = max(0.0, result[k - 1] + SERVICE_S - (arrivals[k] - arrivals[k - 1]))
    return result


def backlog(arrivals: Array) -> float:
    """Return the control variate: the mean of (4 S - time of the last 4 arrivals)+, less its expectation (that time is Erlang)."""
    gone = arrivals[AHEAD:] - arrivals[:-AHEAD]
    horizon, scale = AHEAD * SERVICE_S, SERVICE_S / LOAD
    law = horizon * gamma.cdf(horizon, AHEAD, scale=scale) - AHEAD * scale * gamma.cdf(horizon, AHEAD + 1, scale=scale)
    return float(np.maximum(0.0, horizon - gone).mean() - law)


def test_waiting_for_the_su_obeys_pollaczek_khinchine() -> None:
    """One outgoing migration at a time and constant service is M/D/1: mean wait = rho S / (2 (1 - rho)) = 0.5 S at rho = 0.5.

    Sample: thirty independent runs of 500 migrations, Poisson arrivals drawn by the test, the first 50 left out (the queue starts empty and
    forgets that within S / (1 - sqrt(rho))^2 = 12 S, some 6 migrations). The backlog of four arrivals is a control variate: its expectation
    is known, so the mean wait is the intercept of the runs' waits over it. The 99.9 % Student interval of the intercept must hold the law
    and be tight, narrower than +-8 %, so that the mutant is seen.

    Each wait is also that of Lindley's recursion for the same arrivals, to 1e-9 (some 500 additions of doubles up to 1,000 err by 1e-10).

    Mutants: a service time 3 % longer gives 0.547 S, 9.4 % more (and fails at the recursion); two outgoing migrations at a time (M/D/2)
    give a tenth of the law.
    """
    rng = np.random.default_rng(20250901)
    base = Site.of(plan(np.arange(MIGRATIONS, dtype=float)))
    means, controls = [], []
    for _ in range(RUNS):
        arrivals = rng.exponential(SERVICE_S / LOAD, MIGRATIONS).cumsum()
        steps = tuple(replace(step, at_s=float(at)) for step, at in zip(base.point.steps, arrivals, strict=True))
        found = waits(replace(base, point=replace(base.point, steps=steps)))
        assert found == pytest.approx(lindley(arrivals), abs=1e-9)
        means.append(found[WARM_UP:].mean())
        controls.append(backlog(arrivals))
    law = LOAD * SERVICE_S / (2.0 * (1.0 - LOAD))
    line = linregress(controls, means)
    half = float(student.ppf(0.9995, RUNS - 2)) * line.intercept_stderr
    assert half < 0.08 * law
    assert abs(line.intercept - law) < half
