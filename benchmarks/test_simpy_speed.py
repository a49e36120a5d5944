"""The SimPy engine beside a bare SimPy process with the same rounds and the same model calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from benchmarks.floors import bare_simpy
from benchmarks.measuring import Measure, rate_of
from benchmarks.scenarios import ROUNDS
from sim.engine.journal import Journal
from sim.engine.replicate import replicate
from sim.engine.site import Site
from sim.model.draws import BLOCK, Draws

REPLICATIONS = BLOCK


def rounds_of(site: Site, journal: Callable[[], Journal]) -> int:
    """Return the rounds of all replications."""
    draws = Draws(site.point.seed, 0, REPLICATIONS)
    return sum(move.rounds for number in range(REPLICATIONS) for move in replicate(site, draws, number, journal()).moves)


@pytest.mark.parametrize(("name", "journal"), [("without trace", Journal), ("with full trace", Journal.full)])
def test_simpy_engine(measure: Measure, steady: Site, name: str, journal: Callable[[], Journal]) -> None:
    floor = rate_of("bare SimPy, 5 rounds", REPLICATIONS, partial(bare_simpy, steady, REPLICATIONS))
    assert bare_simpy(steady, REPLICATIONS) == ROUNDS * REPLICATIONS
    rounds = measure(f"SimPy engine {name}", REPLICATIONS, partial(rounds_of, steady, journal), floor=floor)
    assert rounds == ROUNDS * REPLICATIONS
