"""Which of the points that share a setting stands for them: their median, or where they are few the largest."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from sim.report.page.sections.sweeps.points import Knob, Swept, Values, middle

FEW = 5  # points from which on their median is shown: of fewer it is the luck of what else is varied, and half of them are worse


class Typical(NamedTuple):
    """What stands for points.

    Args:
        word: what it is called.
        of: returns it, seconds; NaN where no point has a value.
    """

    word: str
    of: Callable[[Values], float]


def typical_of(swept: Swept, knobs: Sequence[Knob]) -> Typical:
    """Return what stands for the points of a variant with the same levels of these settings."""
    return Typical("median", middle) if most_alike(swept, knobs) >= FEW else Typical("largest", largest)


def most_alike(swept: Swept, knobs: Sequence[Knob]) -> int:
    """Return how many points of a variant have the same levels of these settings, at most."""
    return max(Counter(zip(swept.variants, *(knob.level.tolist() for knob in knobs), strict=True)).values())


def largest(values: Values) -> float:
    """Return the largest of points that have a value; NaN where none has."""
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else math.nan
