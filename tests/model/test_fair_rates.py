"""The rate of a lone transfer, and max-min fair rates of several."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sim.model.throughput import Demand, fair_rates, lone_rate

MB = 1e6
Capacities = dict[Hashable, float]
World = tuple[list[Demand], Capacities]
SHARES = st.floats(-2, 0).map(lambda e: 10.0**e)


@pytest.mark.parametrize(
    ("payload", "factor", "sender", "receiver", "rate"),
    [
        (110 * MB, 1.0, 280 * MB, 380 * MB, 110 * MB),  # 1 GbE carries 110 MB/s: the link
        (1100 * MB, 1.0, 280 * MB, 380 * MB, 280 * MB),  # /390 on 10 GbE: the sender
        (1100 * MB, 1.8, 335 * MB, 380 * MB, 380 * MB),  # the stopped round of x86 is faster than the receiver
        (1100 * MB, 0.6, 335 * MB, 1100 * MB, 201 * MB),  # its first round
        (110 * MB, 0.6, 335 * MB, 1100 * MB, 110 * MB),  # the phase factor never multiplies the link
        (110 * MB, 1.8, 335 * MB, 1100 * MB, 110 * MB),
    ],
)
def test_lone_rate_is_the_smallest_of_link_sender_and_receiver(
    payload: float, factor: float, sender: float, receiver: float, rate: float
) -> None:
    """The rate is min(link, phase factor x sender ceiling, receiver ceiling)."""
    assert lone_rate(payload, factor, sender, receiver) == pytest.approx(rate, rel=1e-12)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Return one to six transfers over up to four resources: links that each byte takes whole, and CPUs that take 1 / ceiling of it."""
    links: Capacities = {f"link{k}": 10.0 ** draw(st.floats(6, 9)) for k in range(draw(st.integers(0, 2)))}
    cpus: Capacities = {f"cpu{k}": draw(SHARES) for k in range(draw(st.integers(0, 2)))}
    demands = []
    for _ in range(draw(st.integers(1, 6))):
        uses = {name: 1.0 for name in links if draw(st.booleans())}
        uses |= {name: 1.0 / 10.0 ** draw(st.floats(6, 9)) for name in cpus if draw(st.booleans())}
        demands.append(Demand(10.0 ** draw(st.floats(5, 9.5)), uses))
    return demands, links | cpus


def used(resource: Hashable, demands: Sequence[Demand], rates: Sequence[float]) -> float:
    """Return what the transfers take of a resource."""
    return sum(rate * demand.uses.get(resource, 0.0) for rate, demand in zip(rates, demands, strict=True))


@settings(max_examples=300)
@given(worlds())
def test_fair_rates_are_feasible_and_have_a_bottleneck_each(world: World) -> None:
    """An allocation is max-min fair if and only if it is feasible and each transfer is at its ceiling or has a bottleneck: a full
    resource on which nobody is faster (Bertsekas and Gallager, Data Networks, 6.5.2). That includes Pareto: nobody can gain without a loss.

    Tolerance 1e-9 for sums of a few doubles. Mutants: equal shares of each resource; capacity left over when a transfer is at its ceiling.
    """  # noqa: D205  (the law needs two lines)
    demands, capacities = world
    rates = fair_rates(demands, capacities)
    for resource, capacity in capacities.items():
        assert used(resource, demands, rates) <= capacity * (1 + 1e-9)
    for rate, demand in zip(rates, demands, strict=True):
        assert 0.0 < rate <= demand.ceiling
        bottlenecks = [
            resource
            for resource in demand.uses
            if used(resource, demands, rates) >= capacities[resource] * (1 - 1e-9)
            and all(other <= rate * (1 + 1e-9) for other, each in zip(rates, demands, strict=True) if resource in each.uses)
        ]
        assert rate == demand.ceiling or bottlenecks


def best_of_the_worst(demands: Sequence[Demand], capacities: Capacities) -> list[float]:
    """Return the max-min rates by brute force: maximise the smallest, fix those that cannot rise, and again (linear programs)."""
    scale = 1e8
    fixed: dict[int, float] = {}
    rows = [[demand.uses.get(resource, 0.0) * scale / capacity for demand in demands] for resource, capacity in capacities.items()]

    def solve(goal: int | None, floor: dict[int, float]) -> float:
        """Return the largest common level of all that are not fixed, or the largest rate of one of them above the floors."""
        count = len(demands)
        cost = np.zeros(count + 1)
        cost[count if goal is None else goal] = -1.0
        upper = [[*row, 0.0] for row in rows]
        limits = [1.0] * len(rows)
        if goal is None:
            for k in range(count):
                if k not in fixed:
                    upper.append([-1.0 if j == k else 1.0 if j == count else 0.0 for j in range(count + 1)])
                    limits.append(0.0)
        bounds = [(fixed.get(k, floor.get(k, 0.0)), fixed.get(k, demands[k].ceiling / scale)) for k in range(count)]
        answer = linprog(cost, A_ub=upper or None, b_ub=limits or None, bounds=[*bounds, (0.0, 1e3)], method="highs")
        assert answer.status == 0, answer.message
        return -float(answer.fun or 0.0)

    while len(fixed) < len(demands):
        level = solve(None, {})
        rising = [k for k in range(len(demands)) if k not in fixed]
        floor = dict.fromkeys(rising, level * (1 - 1e-9))
        stuck = [k for k in rising if solve(k, floor) <= level * (1 + 1e-6)]
        assert stuck
        fixed |= dict.fromkeys(stuck, level * (1 - 1e-9))
    return [fixed[k] * scale for k in range(len(demands))]


@settings(max_examples=40)
@given(worlds())
def test_fair_rates_maximise_the_smallest_then_the_next(world: World) -> None:
    """Brute force: the largest possible smallest rate, then, with those that cannot rise fixed, the next. Tolerance of the solver, 1e-5."""
    demands, capacities = world
    assert fair_rates(demands, capacities) == pytest.approx(best_of_the_worst(demands, capacities), rel=1e-5)


@given(st.floats(1.0, 1e12), SHARES)
def test_a_transfer_that_shares_nothing_gets_its_ceiling_bit_for_bit(ceiling: float, share: float) -> None:
    """No resource, or resources with room: the ceiling itself, not a rate computed from it."""
    assert fair_rates([Demand(ceiling, {})], {}) == [ceiling]
    assert fair_rates([Demand(ceiling, {"link": 1.0})], {"link": ceiling / share}) == [ceiling]
    both = [Demand(ceiling, {"a": 1.0}), Demand(ceiling * share, {"b": 1.0})]
    assert fair_rates(both, {"a": ceiling, "b": ceiling}) == [ceiling, ceiling * share]


def test_nobody_wants_anything() -> None:
    assert fair_rates([], {}) == []


def test_three_transfers_by_hand() -> None:
    """A link of 90: ceilings 10, 100, 100 give 10, 40, 40. A CPU that the third shares with a fourth of ceiling 15 leaves it 25 + 15."""
    link = [Demand(10.0, {"l": 1.0}), Demand(100.0, {"l": 1.0}), Demand(100.0, {"l": 1.0})]
    assert fair_rates(link, {"l": 90.0}) == pytest.approx([10.0, 40.0, 40.0])
    cpu = [*link[:2], Demand(100.0, {"l": 1.0, "c": 1 / 50}), Demand(15.0, {"c": 1 / 50})]
    assert fair_rates(cpu, {"l": 90.0, "c": 1.0}) == pytest.approx([10.0, 45.0, 35.0, 15.0])
