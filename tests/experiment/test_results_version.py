"""Whether results changed without anybody saying so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from engine.builders import LEGACY, VM2000, XEN, cluster, point, unit, vm
from sim.engine.journal import Journal
from sim.engine.replicate import replicate
from sim.engine.site import Site
from sim.experiment.identity import RESULTS_VERSION
from sim.model.draws import Draws
from sim.model.load import Bursts, Load
from sim.results.tables import migration_rows, plan_rows, round_rows
from sim.scenario.point import Cluster, Cost, Costs, Devices, Link, OnAbort, Point, Step

REPLICATIONS = 8
COSTS = Costs(
    check=Cost(1.0, 0.15),
    setup=Cost(0.8, 0.15),
    setup_per_gib=Cost(0.05, 0.15),
    setup_per_device=Cost(0.25, 0.15),
    handshake=Cost(0.2, 0.3),
    state=Cost(1.2, 0.15),
    resume=Cost(0.8, 0.15),
    cleanup=Cost(1.6, 0.15),
    cleanup_per_device=Cost(0.05, 0.15),
    rollback=Cost(2.0, 0.3),
    memory_release=Cost(5.0, 0.3),
)
BUSY = Load(
    "busy",
    classes=((30000.0, 0.4), (5000.0, 8.0)),
    sweeps=((40000.0, 500.0),),
    jitter=0.1,
    bursts=Bursts(0.2, 30.0, 3.0),
    day=((0.0, 0.5), (60.0, 1.0)),
    spread_sigma=0.2,
)
MEASURED = Load("measured", curve=((1.0, 6000.0), (10.0, 30000.0), (60.0, 60000.0)), tracked=True)
HASHES = {3: "2cfa0a7e5fcc8aae"}


def worlds() -> Iterator[Point]:
    """Return the fixed set: every policy, kind of load and kind of step; no profile, so that a better profile changes nothing here."""
    policies = (
        ("/390", replace(VM2000, stop_goal_s=1.0, chase_limit_s=25.0)),
        ("x86", XEN),
        ("x86", LEGACY),
        ("x86", replace(XEN, name="stop-and-copy", max_rounds=0)),
    )
    for su_type, policy in policies:
        of: Cluster = cluster(su_type, policy, costs=COSTS, factor_first=0.7, factor_stopped=1.5, throughput_sigma=0.05)
        of = replace(of, page_header_bytes=8.0, fault_cost_s=260e-9)
        steps = (
            Step("out", 0.0, "S2", drain="S1", on_abort=OnAbort(1, 20.0)),
            Step("in", 5.0, "S1", vm="BACK"),
            Step("again", 90.0, "S1", vm="BUSY"),
        )
        yield point(
            vm("BUSY", load=BUSY, gib=2.0, devices=Devices(disks=3, tapes=1)),
            vm("MEAS", load=MEASURED),
            vm("INIT", state="INIT-ONLY"),
            vm("HELD", state="WAIT(VMA)"),
            vm("BACK", "S2", load=BUSY),
            of=of,
            units=(unit("S1", su_type), unit("S2", su_type, available=0.8)),
            steps=steps,
            link=Link("net", 90e6, 0.001),
        )


def rounded(value: object) -> str:
    """Return a value with 9 digits, so that the last bits of another CPU's exp do not matter."""
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def test_results_version_names_these_results() -> None:
    """A tripwire: the hash itself came out of the program and proves nothing about right or wrong.

    When it breaks, results have changed. If that was meant: raise RESULTS_VERSION in sim/experiment/identity.py, so that no result folder
    mixes old and new parts, put the new hash under the new version here, and write under "Results change" in CHANGELOG.md what changed
    and why. If it was not meant, it is a bug.
    """
    digest = hashlib.sha256()
    for world in worlds():
        site, draws = Site.of(world), Draws(world.seed, 0, REPLICATIONS)
        for number in range(REPLICATIONS):
            replication = replicate(site, draws, number, Journal(rounds=[]))
            for row in (*migration_rows("", replication), *plan_rows("", replication), *round_rows("", replication)):
                digest.update("|".join(map(rounded, row)).encode())
    assert {RESULTS_VERSION: digest.hexdigest()[:16]} == HASHES


def test_fixed_set_has_every_outcome() -> None:
    """A guard: the set is not of completed migrations only."""
    outcomes = set()
    for world in worlds():
        site, draws = Site.of(world), Draws(world.seed, 0, REPLICATIONS)
        for number in range(REPLICATIONS):
            outcomes |= {(move.outcome, move.reason) for move in replicate(site, draws, number).moves}
    assert {("completed", None), ("aborted", "chase-limit"), ("rejected", "vm-state")} <= outcomes
