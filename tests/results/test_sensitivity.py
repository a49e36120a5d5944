"""Indices of functions whose indices are known in closed form."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from sim.errors import UsageError
from sim.results.sensitivity import Method, Values, analyse, runs_of, sample

SEED = 7
A, B = 7.0, 0.1  # the constants with which the function of Ishigami and Homma (1990) is usually given


def ishigami(rows: Values) -> Values:
    """Return sin x1 + A sin^2 x2 + B x3^4 sin x1 with every x in -pi..pi."""
    x = np.pi * (2.0 * rows - 1.0)
    return np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_sobol_indices_of_the_function_of_ishigami() -> None:
    """V1 = (1 + B pi^4 / 5)^2 / 2, V2 = A^2 / 8, V3 = 0, V13 = B^2 pi^8 (1/18 - 1/50), V their sum.

    The 95 % intervals are of six indices at a fixed seed: twice their half width must hold each law (mutant: A = 6 fails).
    """
    v1, v2, v13 = (1.0 + B * np.pi**4 / 5.0) ** 2 / 2.0, A**2 / 8.0, B**2 * np.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    v = v1 + v2 + v13
    law = {"x": (v1 / v, (v1 + v13) / v), "y": (v2 / v, v2 / v), "z": (0.0, v13 / v)}
    rows = sample("sobol", ["x", "y", "z"], 4096, SEED)
    found = {each.group: each.indices for each in analyse("sobol", ["x", "y", "z"], rows, ishigami(rows), SEED)}
    assert list(found) == ["x", "y", "z"]  # by their total index
    for group, (first, total) in law.items():
        for name, exact in (("first", first), ("total", total)):
            index = found[group][name]
            half = (index.high - index.low) / 2.0
            assert index.value == pytest.approx(exact, abs=2.0 * half)
            assert half < 0.05
    assert found["z"]["first"].may_be_0
    assert not found["z"]["total"].may_be_0


def test_sobol_indices_of_groups_add_what_their_inputs_share() -> None:
    """x1 and x3 of Ishigami's function in one group: its first index is (V1 + V13) / V and equals its total, as for x2."""
    v1, v2, v13 = (1.0 + B * np.pi**4 / 5.0) ** 2 / 2.0, A**2 / 8.0, B**2 * np.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    v = v1 + v2 + v13
    groups = ["VM2", "VM1", "VM2"]  # not in the order of their names
    rows = sample("sobol", groups, 4096, SEED)
    assert rows.shape == (runs_of("sobol", groups, 4096), 3) == (4096 * 4, 3)
    found = {each.group: each.indices for each in analyse("sobol", groups, rows, ishigami(rows), SEED)}
    for group, exact in (("VM2", (v1 + v13) / v), ("VM1", v2 / v)):
        for index in found[group].values():
            assert index.value == pytest.approx(exact, abs=index.high - index.low)


def test_morris_effects_of_a_linear_function_are_its_coefficients() -> None:
    """Y = 3 x - 5 y + 0 a: each elementary effect is the coefficient, so mu* is its absolute value, sigma is 0 and the interval a point."""
    rows = sample("morris", ["x", "y", "a"], 10, SEED)
    assert rows.shape == (runs_of("morris", ["x", "y", "a"], 10), 3) == (40, 3)
    found = analyse("morris", ["x", "y", "a"], rows, 3.0 * rows[:, 0] - 5.0 * rows[:, 1], SEED)
    assert [each.group for each in found] == ["y", "x", "a"]
    for influence, exact in zip(found, (5.0, 3.0, 0.0), strict=True):
        star, sigma = influence.indices["mu_star"], influence.indices["sigma"]
        assert (star.value, star.low, star.high) == pytest.approx((exact, exact, exact), abs=1e-9)
        assert (sigma.value, sigma.low, sigma.high) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)


def test_sigma_tells_inputs_that_act_together() -> None:
    """Y = x y: the effect of x is y, which on four levels 0, 1/3, 2/3, 1 is spread with a mean of 1/2.

    A fair choice of y among its levels has the variance 5/36; with 200 trajectories sigma is within 20 % of its root.
    """
    rows = sample("morris", ["x", "y"], 200, SEED)
    found = {each.group: each.indices for each in analyse("morris", ["x", "y"], rows, rows[:, 0] * rows[:, 1], SEED)}
    for indices in found.values():
        assert indices["mu_star"].value == pytest.approx(0.5, abs=4.0 * np.sqrt(5.0 / 36.0 / 200.0))
        assert indices["sigma"].low < np.sqrt(5.0 / 36.0) < indices["sigma"].high
        assert indices["sigma"].high - indices["sigma"].low < 0.2 * np.sqrt(5.0 / 36.0)


def test_an_interval_of_mu_star_does_not_go_below_0() -> None:
    """Y = x^8: on the levels 0, 1/3, 2/3, 1 an effect is (2/3)^8 / (2/3) or (1 - (1/3)^8) / (2/3), so two trajectories tell little."""
    lows = []
    for seed in range(20):
        rows = sample("morris", ["x", "y"], 2, seed)
        found = analyse("morris", ["x", "y"], rows, rows[:, 0] ** 8 + 1e-6 * rows[:, 1], seed)
        lows += [each.indices["mu_star"].low for each in found]
    assert min(lows) == 0.0


def test_a_group_of_morris_moves_all_its_inputs_and_has_no_sigma() -> None:
    """Y = 2 x + 2 y - z with x and y in one group: both move up or down on their own, so the effect is 4, 0 or -4, on average 2."""
    groups = ["VM2", "VM2", "VM1"]  # not in the order of their names
    rows = sample("morris", groups, 400, SEED)
    assert len(rows) == 1200
    found = {each.group: each.indices for each in analyse("morris", groups, rows, 2 * rows[:, 0] + 2 * rows[:, 1] - rows[:, 2], SEED)}
    # |effect| is 0 or 4, each with probability 1/2: standard deviation 2
    assert found["VM2"]["mu_star"].value == pytest.approx(2.0, abs=4.0 * 2.0 / np.sqrt(400.0))
    assert "sigma" not in found["VM2"]
    assert found["VM1"]["mu_star"].value == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("method", ["morris", "sobol"])
@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_the_same_seed_gives_the_same_indices(method: Method, seed: int) -> None:
    groups = ["x", "y", "z"]
    rows, again = (sample(method, groups, 16, seed) for _ in range(2))
    assert (rows == again).all()
    assert analyse(method, groups, rows, ishigami(rows), seed) == analyse(method, groups, again, ishigami(again), seed)
    assert rows.min() >= 0.0
    assert rows.max() <= 1.0


def test_a_missing_library_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "SALib.analyze.morris", None)
    with pytest.raises(UsageError, match=r"needs SALib.*pip install 'vm-migration-sim\[sensitivity\]'"):
        sample("morris", ["x", "y"], 4, SEED)
