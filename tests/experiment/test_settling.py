"""Where a pre-copy settles, against crossings that are worked out by hand, and the map of loads and networks against its own scenario."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.engine.lockstep.replicate import walk
from sim.engine.site import Guest, Site
from sim.experiment.probing.convergence_map import LEVELS, PAYLOADS_BPS, REPLICATIONS, alone, convergence_map, payloads, why_no_map
from sim.experiment.probing.settling import Pace
from sim.model.load import Load
from sim.scenario.load import load_scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def _pace(pages: float, rewrites: float, pages_per_s: float) -> Pace:
    """Return a pace with one class of pages and no cost of tracking; 4096 bytes a page."""
    point = load_scenario(SCENARIOS / "quickstart.yaml").points[0]
    spec = replace(point.vms[0], load=Load("one class", ((pages, rewrites),)), touched_pages=1e6)
    cluster = replace(Site.of(point).clusters[point.clusters[0].name], fault_cost_s=0.0)
    rate = pages_per_s * 4096.0
    return Pace(Guest.of(spec), cluster, 1.0, rate, rate, rate, 4096.0)


def _middle(values: np.ndarray) -> float:
    """Return the median as an outcome that occurred: of an even number the lower one of the two in the middle."""
    return float(np.sort(values)[(len(values) - 1) // 2])


def test_rounds_settle_where_as_much_is_dirtied_as_sent() -> None:
    """Where n (1 - exp(-r t)) = v t, with n = 1000, r = 1, t = 2: v = 500 (1 - exp(-2))."""
    pace = _pace(1000.0, 1.0, 500.0 * (1.0 - math.exp(-2.0)))
    assert pace.settles_s() == pytest.approx(2.0, rel=1e-9)


def test_rounds_do_not_settle_where_less_is_dirtied_than_sent_at_once() -> None:
    """D'(0) = n r = 1000 pages per second, below 1001 that are sent; twice the activity settles."""
    pace = _pace(1000.0, 1.0, 1001.0)
    assert pace.settles_s() == 0.0
    settled = pace.settles_s(2.0)
    assert 1000.0 * (1.0 - math.exp(-2.0 * settled)) == pytest.approx(1001.0 * settled, rel=1e-9)
    assert settled > 0.5


def test_the_chain_of_rounds_follows_the_curve_until_the_goal() -> None:
    """A round takes what the last one left at the rate; the last of the chain leaves no more than the stop goal allows."""
    pace = _pace(200_000.0, 0.01, 10_000.0)
    chain, length = pace.chain(50), 100.0  # a million pages
    for seconds, left in chain:
        assert seconds == pytest.approx(length, rel=1e-9)
        assert left == pytest.approx(200_000.0 * (1.0 - math.exp(-0.01 * length)), rel=1e-9)
        length = left / 10_000.0
    goal = pace.cluster.policy.stop_goal_s * 10_000.0
    assert chain[-1][1] <= goal < chain[-2][1]


def test_the_own_network_takes_the_place_of_the_nearest() -> None:
    """940 Mbit/s stands for 1 Gbit/s; a network of the list changes nothing."""
    own = 0.94e9 / 8
    assert payloads(own) == tuple(own if each == 1e9 / 8 else each for each in PAYLOADS_BPS)
    assert payloads(PAYLOADS_BPS[2]) == PAYLOADS_BPS


def test_the_own_cell_is_what_the_scenario_gives() -> None:
    """The VM migrates alone in this scenario, at the time given: the first replications of the run are those of the cell."""
    site = Site.of(load_scenario(SCENARIOS / "busy-database.yaml").points[0])
    step = site.point.steps[0]
    source = site.guests[step.vm].spec.unit
    cells = convergence_map(site, step.vm, source, step.to, step.at_s)
    (own,) = [cell for cell in cells if cell.own]
    records = walk(site, 0, REPLICATIONS).records
    downtimes = np.concatenate([record.columns["downtime_s"] for record in records if record.outcome == "completed"])
    assert own.downtime_s == _middle(downtimes)
    assert own.chased == sum(len(record.lanes) for record in records if record.reason == "chase-limit")
    assert own.begun == REPLICATIONS
    assert len(cells) == len(LEVELS) * len(PAYLOADS_BPS)
    # More load at the same network, or less network at the same load, is never aborted less often.
    shares = np.array([cell.chased_share for cell in cells]).reshape(len(LEVELS), len(PAYLOADS_BPS))
    assert (np.diff(shares, axis=0) >= 0.0).all()
    assert (np.diff(shares, axis=1) <= 0.0).all()
    # Networks that no transfer fills are simulated once: one of them simulated by itself gives the same.
    fastest = replace(site.point, links=(replace(site.point.links[0], payload_Bps=PAYLOADS_BPS[-1]),))
    again = walk(Site.of(alone(Site.of(fastest), step.vm, source, step.to, step.at_s)), 0, REPLICATIONS).records
    median = _middle(np.concatenate([record.columns["downtime_s"] for record in again if record.outcome == "completed"]))
    assert next(cell for cell in cells if cell.level == 1.0 and cell.payload_Bps == PAYLOADS_BPS[-1]).downtime_s == median


def test_no_map_where_a_cell_would_take_minutes() -> None:
    """QEMU's policy simulates a guest that never converges window by window."""
    point = load_scenario(SCENARIOS / "quickstart.yaml").points[0]
    cluster = replace(point.clusters[0], policy=replace(point.clusters[0].policy, name="qemu"))
    site = Site.of(replace(point, clusters=(cluster,)))
    assert "minutes" in why_no_map(site, point.vms[0].name, point.vms[0].unit, point.steps[0].to)
    assert why_no_map(Site.of(point), point.vms[0].name, point.vms[0].unit, point.steps[0].to) == ""
