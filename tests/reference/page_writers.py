"""Who writes into the pages of a small guest: uniform, sequential and Zipf writers, write by write.

Nothing is imported from `sim`. A writer names the page of every single write; that many writes hit the same page is for
the reader of the dirty log to find out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


class Writer(Protocol):
    """Somebody in the guest who writes."""

    def write(self, seconds: float) -> Numbers:
        """Return the page of each write of the next `seconds`, as numbers of the guest's pages."""


@dataclass(slots=True)
class Uniform:
    """Poisson writes, each to any page of a set: every page is written at rate / pages a second.

    Args:
        first: number of the set's first page.
        pages: pages of the set.
        rate: writes a second, to all pages together.
        rng: where chance comes from.
    """

    first: int
    pages: int
    rate: float
    rng: np.random.Generator

    def write(self, seconds: float) -> Numbers:
        """Return the pages of as many writes as chance makes."""
        return self.first + self.rng.integers(self.pages, size=self.rng.poisson(self.rate * seconds))


@dataclass(slots=True)
class Among:
    """Poisson writes, each to any of some pages that lie scattered.

    Args:
        pages: their numbers.
        rate: writes a second, to all of them together.
        rng: where chance comes from.
    """

    pages: Numbers
    rate: float
    rng: np.random.Generator

    def write(self, seconds: float) -> Numbers:
        """Return the pages of as many writes as chance makes."""
        return self.pages[self.rng.integers(len(self.pages), size=self.rng.poisson(self.rate * seconds))]


@dataclass(slots=True)
class Sequential:
    """A writer that goes through its pages at a fixed pace, in address order, again and again.

    Args:
        first: number of the set's first page.
        pages: pages of the set.
        rate: pages a second.
        position: pages that it has passed, a whole number of them or not.
    """

    first: int
    pages: int
    rate: float
    position: float = 0.0

    def write(self, seconds: float) -> Numbers:
        """Return the pages that it passes, in order."""
        start, self.position = self.position, self.position + self.rate * seconds
        return self.first + np.arange(int(start), int(self.position), dtype=np.int64) % self.pages


@dataclass(slots=True)
class Zipf:
    """Poisson writes, the page of rank k chosen with a probability proportional to 1 / k^theta; ranks lie scattered.

    Args:
        first: number of the set's first page.
        pages: pages of the set.
        rate: writes a second, to all pages together.
        theta: the exponent; 0 is uniform.
        rng: where chance comes from.
    """

    first: int
    pages: int
    rate: float
    theta: float
    rng: np.random.Generator
    page_of_rank: Numbers = field(init=False)
    cumulated: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.page_of_rank = self.rng.permutation(self.pages)
        cumulated = np.cumsum(np.arange(1, self.pages + 1, dtype=np.float64) ** -self.theta)
        self.cumulated = cumulated / cumulated[-1]

    def write(self, seconds: float) -> Numbers:
        """Return the pages of as many writes as chance makes."""
        chance = self.rng.random(self.rng.poisson(self.rate * seconds))
        return self.first + self.page_of_rank[np.searchsorted(self.cumulated, chance, side="right")]
