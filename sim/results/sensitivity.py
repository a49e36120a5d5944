"""How much each of several inputs matters for one output: Morris' elementary effects and Sobol' indices, with intervals, by SALib."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from sim.errors import UsageError

Method = Literal["morris", "sobol"]
Values = NDArray[np.float64]

METHODS: tuple[str, ...] = get_args(Method)
LEVELS = 4  # of each range that Morris' trajectories visit: Morris (1991) and Saltelli, Global Sensitivity Analysis (2008), 3.3
RESAMPLES = 500  # of the bootstrap: the ends of a 95 % interval then rest on a dozen values each
CONFIDENCE = 0.95
INSTALL = "needs SALib, which is not installed; install it with: pip install 'vm-migration-sim[sensitivity]'"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def may_be_0(self) -> bool:
        """Whether the interval includes 0."""
        return self.low <= 0.0 <= self.high


@dataclass(frozen=True, slots=True)
class Influence:
    """How much a group of inputs matters.

    Args:
        group: its name.
        indices: morris: `mu_star`, the mean absolute change of the output when the group moves through its whole range, in the unit of
            the output, and `sigma`, the spread of that change over the rest of the space, for groups of one input. sobol: `first`, the
            share of the variance of the output that the group explains alone, and `total`, the share that goes when it is held fixed.
    """

    group: str
    indices: dict[str, Estimate]

    @property
    def weight(self) -> Estimate:
        """The index that says whether the group matters at all: the largest one matters most."""
        return self.indices["mu_star"] if "mu_star" in self.indices else self.indices["total"]


def runs_of(method: Method, groups: Sequence[str], samples: int) -> int:
    """Return how many rows `sample` gives: a trajectory of Morris has a row more than groups, a sample of Sobol' two."""
    return samples * (len(set(groups)) + (1 if method == "morris" else 2))


def sample(method: Method, groups: Sequence[str], samples: int, seed: int) -> Values:
    """Return where to evaluate the output.

    Args:
        method: of the analysis.
        groups: the group of each input; inputs of one group count together.
        samples: trajectories of Morris, 2 or more; base samples of Sobol', a power of two.
        seed: of the random part.

    Returns:
        Coordinates 0..1, shape (rows, inputs).

    Raises:
        UsageError: SALib is not installed.
    """
    salib = _salib()
    if method == "morris":
        found = salib.sample.morris.sample(_problem(groups), samples, num_levels=LEVELS, seed=seed)
    else:
        found = salib.sample.sobol.sample(_problem(groups), samples, calc_second_order=False, seed=seed)
    return np.asarray(found, dtype=np.float64)


def analyse(method: Method, groups: Sequence[str], rows: Values, output: Values, seed: int) -> list[Influence]:
    """Return how much each group matters, the most important one first.

    Args:
        method: as given to `sample`.
        groups: as given to `sample`.
        rows: what `sample` returned, shape (rows, inputs).
        output: its value in each row, finite and not the same everywhere, shape (rows,).
        seed: of the bootstrap of the intervals.
    """
    # In SALib a seed of 0 is none for Sobol' indices.
    found = _morris(groups, rows, output, seed + 1) if method == "morris" else _sobol(groups, output, seed + 1)
    return sorted(found, key=lambda each: (-each.weight.value, each.group))


def _morris(groups: Sequence[str], rows: Values, output: Values, seed: int) -> list[Influence]:
    analyze = _salib().analyze.morris.analyze
    problem = _problem(groups)
    found = analyze(problem, rows, output, num_resamples=RESAMPLES, conf_level=CONFIDENCE, num_levels=LEVELS, seed=seed)
    size = len(set(groups)) + 1
    sigma = _sigmas(problem, rows.reshape(-1, size, len(groups)), output.reshape(-1, size), seed)
    influences = []
    for place, (name, star, spread) in enumerate(zip(found["names"], found["mu_star"], found["mu_star_conf"], strict=True)):
        around = _around(star, spread)
        # A mean of absolute values: what a symmetrical interval has below 0 cannot be.
        indices = {"mu_star": replace(around, low=max(0.0, around.low))}
        if groups.count(name) == 1:  # of inputs that move at once, up or down, the effects have no common sign
            indices["sigma"] = sigma[place]
        influences.append(Influence(str(name), indices))
    return influences


def _sigmas(problem: dict[str, Any], rows: Values, output: Values, seed: int) -> list[Estimate]:
    """Return sigma of each group with the interval of a bootstrap over the trajectories; SALib gives none.

    Args:
        problem: of SALib.
        rows: shape (trajectories, rows of each, inputs).
        output: shape (trajectories, rows of each).
        seed: of the bootstrap.
    """
    from scipy.stats import bootstrap  # noqa: PLC0415 - a second of start-up that only this analysis pays

    analyze = _salib().analyze.morris.analyze
    # SALib gives means over trajectories only: of one trajectory, taken twice, that is its own effect.
    means = [
        analyze(problem, np.tile(where, (2, 1)), np.tile(what, 2), num_resamples=2, num_levels=LEVELS, seed=seed)["mu"]
        for where, what in zip(rows, output, strict=True)
    ]
    # Groups of several inputs have none; 0 stands there and is not used.
    effects = np.nan_to_num(np.array([np.ma.filled(np.ma.asarray(mean, dtype=np.float64), 0.0) for mean in means]))
    generator = np.random.default_rng(seed)
    found = bootstrap((effects,), _spread, axis=0, n_resamples=RESAMPLES, confidence_level=CONFIDENCE, method="percentile", rng=generator)
    low, high = np.asarray(found.confidence_interval.low), np.asarray(found.confidence_interval.high)
    values = _spread(effects, axis=0)
    return [Estimate(float(values[place]), float(low[place]), float(high[place])) for place in range(len(values))]


def _spread(effects: Values, axis: int) -> Values:
    return np.asarray(np.std(effects, axis=axis, ddof=1))


def _sobol(groups: Sequence[str], output: Values, seed: int) -> list[Influence]:
    found = _salib().analyze.sobol.analyze(
        _problem(groups), output, calc_second_order=False, num_resamples=RESAMPLES, conf_level=CONFIDENCE, seed=seed
    )
    first = [_around(*each) for each in zip(found["S1"], found["S1_conf"], strict=True)]
    total = [_around(*each) for each in zip(found["ST"], found["ST_conf"], strict=True)]
    names = dict.fromkeys(groups)
    return [Influence(name, {"first": alone, "total": whole}) for name, alone, whole in zip(names, first, total, strict=True)]


def _around(value: float, half: float) -> Estimate:
    return Estimate(float(value), float(value - half), float(value + half))


def _problem(groups: Sequence[str]) -> dict[str, Any]:
    names = [f"x{place}" for place in range(len(groups))]
    return {"num_vars": len(groups), "names": names, "groups": list(groups), "bounds": [[0.0, 1.0]] * len(groups)}


def _salib() -> Any:  # noqa: ANN401 - a package without types
    try:
        import SALib.analyze.morris  # noqa: PLC0415 - an extra, loaded by the analysis that needs it
        import SALib.analyze.sobol  # noqa: PLC0415
        import SALib.sample.morris  # noqa: PLC0415
        import SALib.sample.sobol  # noqa: PLC0415
    except ImportError:
        raise UsageError(f"--sensitivity {INSTALL}") from None
    return SALib
