"""Space-filling designs: points spread evenly over a hypercube."""

from __future__ import annotations

from typing import Literal

from sim.model.draws import Array

Kind = Literal["lhs", "sobol"]


def design(kind: Kind, points: int, ranges: int, seed: int) -> Array:
    """Return the points of a design; the same seed gives the same ones.

    Args:
        kind: "lhs", a Latin hypercube, or "sobol", a scrambled Sobol' sequence.
        points: how many; a power of two for "sobol".
        ranges: dimensions of the hypercube.
        seed: of the random part of the design.

    Returns:
        Coordinates from 0 to below 1, shape (points, ranges).
    """
    from scipy.stats import qmc  # noqa: PLC0415 - a second of start-up that only designs pay

    sampler = {"lhs": qmc.LatinHypercube, "sobol": qmc.Sobol}[kind](d=ranges, rng=seed)
    coordinates: Array = sampler.random(points)
    return coordinates
