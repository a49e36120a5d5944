"""Whole migrations of the class model, through the engine, against the page oracles: a hundred random small guests a policy."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import page_oracle
import pytest
import simgrid_oracle
from numpy.typing import NDArray
from page_oracle import OracleResult, Transfer, pre_copy
from random_guests import HEADER, Lab, lab
from scipy.stats import norm

from engine.builders import CLARK, LEGACY, SIMGRID, VM2000, XEN, cluster, point, vm
from laws.one_run import migrate_once
from sim.model.load import Load
from sim.model.rounds import Policy
from sim.scenario.point import Link
from twins.engines import of_lockstep

Array = NDArray[np.float64]
REPLICATIONS = 512
COLUMNS = ("rounds", "sent", "final", "aborted")
MONITORED = replace(VM2000, stop_goal_s=0.1, chase_limit_s=4.0)  # scaled to guests that one pass sends in a second


@dataclass(frozen=True, slots=True)
class Case:
    """A policy on both sides.

    Args:
        policy: for the engine.
        oracle: for the pages.
        pages_per_s: what the line carries.
        labs: how many times twenty guests.
        runs: migrations of the oracle a guest.
        round_trips_s: one of these for each lab.
        scan: pages by which a round may be off in the mean; skipping is worked out as a continuous law.
    """

    policy: Policy
    oracle: Callable[[Transfer], OracleResult]
    pages_per_s: float = 1500.0
    labs: int = 5
    runs: int = 40
    round_trips_s: tuple[float, ...] = (0.0, 0.001, 0.02)
    scan: float = 0.0


CASES = {
    "xen": Case(XEN, page_oracle.xen),
    # The oracle looks at the reading before the second round, which is the one after the first.
    "xenserver": Case(Policy("xenserver", max_rounds=4, few_pages=50, from_round=1), page_oracle.xenserver),
    "xen-legacy": Case(LEGACY, page_oracle.xen_legacy, 700.0, runs=12, scan=1.0),
    "vm2000": Case(MONITORED, functools.partial(page_oracle.vm2000, stop_goal_s=0.1, chase_limit_s=4.0)),
    "stop-and-copy": Case(replace(XEN, name="stop-and-copy", max_rounds=0), page_oracle.stop_and_copy, labs=1, runs=2),
    # A line above 500 Mbit/s without round trips: otherwise guests with 64 hot pages are chased for ever.
    "clark": Case(CLARK, page_oracle.clark, 16_000.0, runs=12, round_trips_s=(0.0,)),
}
GUESTS = 20 * sum(case.labs for case in CASES.values())
Z = float(norm.isf(1e-3 / (2 * len(COLUMNS) * GUESTS)))  # 0.1 % false alarms in all (Bonferroni)


def of_pages(case: Case, of: Lab, number: int, rng: np.random.Generator) -> Array:
    """The columns of some migrations of a guest, page by page, shape (runs, columns)."""
    results = [pre_copy(of.guests[number], of.line, rng, case.oracle) for _ in range(case.runs)]
    rows = [(len(each.rounds), each.sent_pages, each.final_pages, each.outcome == "aborted") for each in results]
    return np.array(rows, dtype=np.float64)


def of_engine(of: Lab) -> list[Array]:
    """The same of the engine, guest by guest, shape (replications, columns)."""
    table = of_lockstep(of.point, 0, REPLICATIONS)["migrations"].to_pandas()
    table["aborted"] = (table["outcome"] == "aborted").astype(float)
    table["sent"] = table["sent_bytes"] / (4096.0 + HEADER)
    table["final"] = table["final_bytes"].where(table["outcome"] == "completed", 0.0) / (4096.0 + HEADER)
    return [table[table["vm"] == f"G{number}"][list(COLUMNS)].to_numpy(np.float64) for number in range(len(of.guests))]


def rounding(case: Case, of: Lab, number: int, mean: Array, spread: Array) -> Array:
    """What whole pages may cost in the mean, by columns.

    A draw and a sweep are rounded to half a page; where chance does not smear that over a page, it is there each round, and a
    sweep makes more of it: 1 / (1 - w / B). Pages that are off by d move the share of guests above a limit by d phi(0) / sd, and
    with it the number of rounds; without a sweep only the terms that the draw leaves out do (0.03 / V), and with skipping the
    pages of the scan. In a round that is cut, the text does not say whether the round trip has passed.
    """
    sweeps = of.guests[number].sweeps
    growth = 1.0 / (1.0 - sum(w for _, w in sweeps) / case.pages_per_s)
    final = (0.5 * (1 + len(sweeps)) + case.scan) * growth
    rounds, sent, last, aborted = mean
    cut = aborted * of.line.round_trip_s * case.pages_per_s
    later = max(1.0, (sent - last - of.guests[number].pages) / max(rounds - 1.0, 1.0))
    shifted = 0.01 + case.scan * rounds / later + (0.4 * final / max(1.0, spread[2]) if sweeps else 0.0)
    return np.array([shifted, (rounds + 1.0) * final + cut + (shifted * later if sweeps else 0.0), final, shifted])


@pytest.mark.parametrize(("name", "number"), [(name, number) for name, case in CASES.items() for number in range(case.labs)])
def test_engine_agrees_with_pages(name: str, number: int) -> None:
    """Rounds, pages sent live and stopped, and the share of aborted: means of both, their standard error, and rounding.

    Mutants: a round more or less, the final set without the handshake, the round trip not in the interval, a threshold of 51
    pages, rates of clark from pages sent instead of dirtied, a chase that begins with round 1.
    """
    case = CASES[name]
    rng = np.random.default_rng([2040, number, sorted(CASES).index(name)])
    of = lab(rng, case.policy, case.pages_per_s, case.round_trips_s)
    wrong = []
    for place, classes in enumerate(of_engine(of)):
        pages = of_pages(case, of, place, rng)
        spread = np.maximum(pages.std(axis=0, ddof=1), classes.std(axis=0, ddof=1))
        half = Z * spread * math.sqrt(1.0 / case.runs + 1.0 / REPLICATIONS) + rounding(case, of, place, classes.mean(axis=0), spread)
        off = pages.mean(axis=0) - classes.mean(axis=0)
        wrong += [f"{of.guests[place]} {COLUMNS[k]}: {off[k]:.4g} > {half[k]:.4g}" for k in np.flatnonzero(np.abs(off) > half)]
    assert not wrong


def test_guests_reach_every_end() -> None:
    """A guard: the comparison above sees converging and aborted migrations, and rounds of all numbers up to the limit."""
    aborted: set[bool] = set()
    rounds: set[int] = set()
    for name in ("xen", "vm2000"):
        case = CASES[name]
        for number in range(case.labs):
            rng = np.random.default_rng([2040, number, sorted(CASES).index(name)])
            of = lab(rng, case.policy, case.pages_per_s, case.round_trips_s)
            for row in of_lockstep(of.point, 0, 1)["migrations"].to_pylist():
                aborted.add(row["outcome"] == "aborted")
                rounds.add(row["rounds"])
    assert aborted == {False, True}
    assert {1, 2, 3, 4, 5} <= rounds


def chase(pages: int, cap: int, pages_per_s: float, line_pages_per_s: float, latency_s: float) -> tuple[list[float], float, float]:
    """Messages in pages, total time and downtime of the engine's `simgrid`; the acknowledgement has a latency too."""
    of = cluster("x86", SIMGRID, sender_Bps=1e12, receiver_Bps=1e12)
    guest = replace(vm(load=Load("linear", sweeps=((float(cap), pages_per_s),))), memory_bytes=pages * 4096.0, touched_pages=float(pages))
    run = migrate_once(point(guest, of=of, link=Link("net", line_pages_per_s * 4096.0, latency_s)))
    assert run.stopped is not None
    return [each.sent_pages for each in (*run.live, run.stopped)], run.precopy_and_stop_s + latency_s, run.downtime_s


@pytest.mark.parametrize("number", range(100))
def test_simgrid_agrees_with_its_oracle(number: int) -> None:
    """Linear dirtying has no chance in it: message by message, times too. The oracle counts in pages what SimGrid counts in bytes.

    A message is off by the page that is cut off or rounded, and by what the messages before it were off: 1 / (1 - dirty / line)
    in all. The goal is cut off to whole pages too: a guest whose last message decides by less than that is taken by either.
    Mutants: the goal from the first message, dirtying without its cap, a latency more or less.
    """
    rng = np.random.default_rng([2041, number])
    pages, line = int(10 ** rng.uniform(5.0, 6.5)), float(10 ** rng.uniform(4.0, 5.5))
    share, latency_s = float(rng.uniform(0.02, 0.9)), float(rng.choice([0.0, 0.0001, 0.002]))
    guest = simgrid_oracle.Guest(pages, int(pages * rng.uniform(0.01, 0.9)), share * line)
    path = simgrid_oracle.Path(line, latency_s)
    cut_off_s = 2.0 / (1.0 - share) / line
    goals_s = (0.03 - cut_off_s, 0.03, 0.03 + cut_off_s)
    either = [simgrid_oracle.migrate(guest, path, goal_s) for goal_s in goals_s]
    sizes, total_s, downtime_s = chase(pages, guest.working_set_B, guest.dirty_Bps, line, latency_s)
    matching = [each for each in either if len(each.messages_B) == len(sizes)]
    assert matching
    off = 2.0 / (1.0 - share)
    assert sizes == pytest.approx(list(matching[0].messages_B), abs=off)
    assert total_s == pytest.approx(matching[0].total_s, abs=off * len(sizes) / line)
    assert downtime_s == pytest.approx(matching[0].downtime_s, abs=off / line)
