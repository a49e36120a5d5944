"""The noise floor: how far repeats of the same migration lie apart.

It is drawn beside every error: a prediction closer than that would have predicted the weather in the machine room.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Noise:
    """How far repeats of the same migration lie apart: no prediction can be closer than that.

    Args:
        n: repeats, in cells that have at least two.
        cells: those cells.
        median: median over the repeats of |x - cell median| / cell median. Of three repeats one is the median itself, so this
            understates the spread.
        mean: their mean.
    """

    n: int
    cells: int
    median: float
    mean: float


def noise_floor(values: ArrayLike, cells: ArrayLike) -> Noise | None:
    """Return how far repeats lie from the median of their cell, relative to it; None where no cell has repeats.

    Args:
        values: measurements, shape (n,), positive.
        cells: the cell of each, shape (n,).
    """
    measured, names = np.asarray(values, dtype=np.float64), np.asarray(cells)
    repeated = [own for own in (measured[names == name] for name in np.unique(names)) if len(own) > 1]
    if not repeated:
        return None
    apart = np.concatenate([np.abs(own - np.median(own)) / np.median(own) for own in repeated])
    return Noise(len(apart), len(repeated), float(np.median(apart)), float(apart.mean()))
