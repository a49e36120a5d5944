"""The array engine alone, without tables and files, beside NumPy drawing as many random numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.floors import Drawn, drawn_by
from benchmarks.measuring import Measure, rate_of
from benchmarks.scenarios import ROUNDS, VMS_OF_DRAIN, drain, point_of
from sim.engine.journal import Journal
from sim.engine.lockstep.replicate import SIDE_BY_SIDE, walk
from sim.engine.replicate import replicate
from sim.engine.site import Site
from sim.experiment.execution.allocation import keep_freed_memory
from sim.model.draws import Draws
from sim.scenario.point import Cost

LOOKED_AT = 32  # replications whose rounds SimPy counts, too
Counts = np.ndarray[tuple[int], np.dtype[np.int64]]


def walked(site: Site, times: int) -> tuple[int, Counts]:
    """Return how many attempts there were in all, and the rounds of each replication of the first `SIDE_BY_SIDE` ones."""
    attempts, rounds = 0, np.zeros(SIDE_BY_SIDE, dtype=np.int64)
    for start in range(0, times * SIDE_BY_SIDE, SIDE_BY_SIDE):
        records = walk(site, start, start + SIDE_BY_SIDE).records
        attempts += sum(len(record.lanes) for record in records)
        if start == 0:
            for record in records:
                rounds[record.lanes] += np.asarray(record.columns.get("rounds", 0), dtype=np.int64)
    return attempts, rounds


def rounds_by_simpy(site: Site) -> list[int]:
    """Return the rounds of the first replications, as the other engine counts them."""
    draws = Draws(site.point.seed, 0, LOOKED_AT)
    return [sum(move.rounds for move in replicate(site, draws, number, Journal()).moves) for number in range(LOOKED_AT)]


def check(site: Site, measure: Measure, what: str, times: int, vms: int) -> Counts:
    """Measure a site and check its counts; return the rounds of its first replications."""
    keep_freed_memory()  # as every run does
    drawn = drawn_by(site).times(times)
    migrations = times * SIDE_BY_SIDE * vms
    floor = rate_of("NumPy drawing as many numbers", migrations, drawn.by_numpy)
    assert drawn.by_numpy() == drawn != Drawn(0, 0)
    attempts, rounds = measure(what, migrations, lambda: walked(site, times), floor=floor)
    assert attempts == migrations
    assert rounds[:LOOKED_AT].tolist() == rounds_by_simpy(site)
    return rounds


@pytest.mark.parametrize("load", ["steady", "bursts and day"])
def test_one_vm(measure: Measure, load: str) -> None:
    rounds = check(Site.of(point_of(load)), measure, f"lockstep, one VM, {load}", 16, 1)
    if load == "steady":
        assert set(rounds.tolist()) == {ROUNDS}


def test_drain_of_12_vms(measure: Measure) -> None:
    check(Site.of(drain().points[0]), measure, "lockstep, drain of 12 VMs", 2, VMS_OF_DRAIN)


def test_drain_of_12_vms_into_gaps(measure: Measure) -> None:
    """Memory of aborted migrations that is free late leaves gaps: every replication looks for a first fit, twice a migration."""
    shipped = drain().points[0]
    late = (replace(each, costs=replace(each.costs, memory_release=Cost(20.0, 0.3))) for each in shipped.clusters)
    check(Site.of(replace(shipped, clusters=tuple(late))), measure, "lockstep, drain of 12 VMs into gaps", 2, VMS_OF_DRAIN)
