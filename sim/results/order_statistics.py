"""Exact order statistics of samples that are larger than memory, in few passes over them.

Small samples are kept and sorted. A larger one is compared, piece by sorted piece, with a thousand fences: how many values lie below
each tells between which two a wanted rank lies, and the next pass keeps what lies between those. Nothing is estimated: the fences are
chosen from the first values, which decides how much the next pass keeps and not what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.results.chunks import Codes, Sample

Ranks: TypeAlias = Callable[[int], Iterable[int]]

# Values that a selection keeps at once, for its groups and for all together: at most 16 MiB. A point of a sweep (10,000 replications of
# 12 VMs) stays in memory with room to spare, and what the second pass keeps of 10^8 values (a thousandth beside each of some six fences,
# twice) fits.
KEPT = 2**21
FENCES = 1024
# More fences that part the numbers between two others evenly, so that values in an unlucky order (the first ones all small) take eleven
# passes at most: each leaves less than a sixty-fourth of the 2^64 numbers.
EVENLY = 64
_SIGN = 2**63


def image(value: float) -> int:
    """Return the place of a number among all floating-point numbers: in their order, 0.0 and -0.0 in one place."""
    bits = int(np.float64(value + 0.0).view(np.uint64))  # -0.0 + 0.0 is 0.0
    # IEEE 754 numbers are ordered as their bits are, negative ones backwards
    return bits ^ (2 * _SIGN - 1) if bits & _SIGN else bits | _SIGN


def value_of(place: int) -> float:
    """Return the number in this place."""
    bits = place ^ _SIGN if place & _SIGN else place ^ (2 * _SIGN - 1)
    return float(np.uint64(bits).view(np.float64))


@dataclass(slots=True)
class _Gap:
    """Where wanted ranks are: strictly between two numbers.

    Args:
        low, high: the numbers; None for no bound.
        below: values that are at most `low`.
        ranks: the wanted ranks in the gap, counted from 1 among all values; None for those that are known only after the first pass.
        kept: its values, sorted pieces.
        fences: numbers in the gap that values are compared with, ascending; None while they are kept.
        less, upto: values that are smaller than each fence, and that are not larger.
    """

    low: float | None = None
    high: float | None = None
    below: int = 0
    ranks: tuple[int, ...] | None = None
    kept: list[Sample] = field(default_factory=list)
    fences: Sample | None = None
    less: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    upto: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def begin_counting(self, fences: int) -> None:
        """Set fences by what was kept so far, and count that."""
        values = np.sort(np.concatenate(self.kept)) if self.kept else np.zeros(0)
        chosen = values[np.linspace(0, len(values) - 1, min(fences, len(values))).astype(np.intp)] + 0.0
        self.fences = np.unique(np.concatenate([chosen, self._evenly()]))
        self.less = np.zeros(len(self.fences), dtype=np.int64)
        self.upto = np.zeros(len(self.fences), dtype=np.int64)
        self.kept = []
        self.count(values)

    def count(self, piece: Sample) -> None:
        """Compare sorted values with the fences."""
        assert self.fences is not None  # noqa: S101 - `begin_counting` sets them
        self.less += np.searchsorted(piece, self.fences, side="left")
        self.upto += np.searchsorted(piece, self.fences, side="right")

    def found(self) -> tuple[dict[int, float], list[_Gap]]:
        """Return the values of the wanted ranks that are known, and narrower gaps for the others."""
        ranks = self.ranks or ()
        if self.fences is None:
            values = self.kept[0] if len(self.kept) == 1 else np.sort(np.concatenate(self.kept)) if self.kept else np.zeros(0)
            return {rank: float(values[rank - self.below - 1]) + 0.0 for rank in ranks}, []
        known: dict[int, float] = {}
        gaps: dict[int, list[int]] = {}
        for rank, place in zip(ranks, np.searchsorted(self.upto + self.below, ranks, side="left").tolist(), strict=True):
            if place < len(self.fences) and self.below + self.less[place] < rank:
                known[rank] = float(self.fences[place])
            else:
                gaps.setdefault(place, []).append(rank)
        return known, [self._narrowed(place, tuple(ranks)) for place, ranks in gaps.items()]

    def _narrowed(self, place: int, ranks: tuple[int, ...]) -> _Gap:
        """Return the gap below the fence in this place."""
        assert self.fences is not None  # noqa: S101 - it lies at one
        low, below = (float(self.fences[place - 1]), self.below + int(self.upto[place - 1])) if place else (self.low, self.below)
        return _Gap(low, float(self.fences[place]) if place < len(self.fences) else self.high, below, ranks)

    def _evenly(self) -> Sample:
        """Return numbers that part the gap evenly, in the order of floating-point numbers; its ends where it has no bound."""
        low = image(-np.inf) - 1 if self.low is None else image(self.low)
        high = image(np.inf) + 1 if self.high is None else image(self.high)
        places = {low + (high - low) * part // (EVENLY + 1) for part in range(1, EVENLY + 1)} - {low, high}
        ends = {end for end, bound in ((image(-np.inf), self.low), (image(np.inf), self.high)) if bound is None}
        return np.array([value_of(place) for place in sorted(places | ends)])


@dataclass(slots=True)
class _Search:
    """The search for the wanted ranks of one group.

    Args:
        size: values of the group.
        gaps: where they are, ascending; in the first pass one without bounds.
        known: values of ranks.
    """

    size: int = 0
    gaps: list[_Gap] = field(default_factory=lambda: [_Gap()])
    known: dict[int, float] = field(default_factory=dict)

    def pieces(self, piece: Sample) -> Iterator[tuple[_Gap, Sample]]:
        """Yield for each gap the values of a sorted piece that lie in it."""
        lows = [-np.inf if gap.low is None else gap.low for gap in self.gaps]
        highs = [np.inf if gap.high is None else gap.high for gap in self.gaps]
        begins = np.searchsorted(piece, lows, side="right").tolist()
        ends = np.searchsorted(piece, highs, side="left").tolist()
        for gap, begin, end in zip(self.gaps, begins, ends, strict=True):
            yield gap, piece[0 if gap.low is None else begin : None if gap.high is None else end]

    def end_pass(self, ranks: Ranks) -> None:
        """Narrow the gaps."""
        gaps: list[_Gap] = []
        for gap in self.gaps:
            if gap.ranks is None:
                gap.ranks = tuple(sorted(set(ranks(self.size)))) if self.size else ()
            known, narrower = gap.found()
            self.known |= known
            gaps += narrower
        self.gaps = gaps


class Selection:
    """The wanted order statistics of the groups of a sample, and of all of it.

    Every pass gives all values to `add` and then calls `end_pass`, until `done`. The values and their groups must be the same in all
    passes; their order, and into how many calls they are cut, change no result.

    Args:
        ranks: the wanted ranks of a group of n values, each 1..n.
        together: whether the ranks of all groups together are wanted, too.
    """

    def __init__(self, ranks: Ranks, *, together: bool = False) -> None:
        self.done = False
        self._ranks = ranks
        self._groups: dict[int, _Search] = {}
        self._together = _Search() if together else None
        self._first = True
        self._room: int | None = KEPT  # None: counting

    def add(self, values: Sample, groups: Codes | None = None) -> None:
        """Take values of this pass.

        Args:
            values: any but NaN, shape (n,).
            groups: the group of each, counted from 0, shape (n,); None when there is only one.
        """
        for group, piece in _sorted_pieces(values, groups):
            if group not in self._groups:
                self._groups[group] = _Search()
                if self._room is None:
                    self._count_from_now([self._groups[group]])
            self._take(self._groups[group], piece)
            if self._together is not None:
                self._take(self._together, piece)

    def end_pass(self) -> None:
        """Take note that all values were given."""
        for search in self._searches():
            search.end_pass(self._ranks)
        self.done = not any(search.gaps for search in self._searches())
        self._first = False
        self._room = KEPT

    def count(self, group: int = 0) -> int:
        """Return how many values a group has."""
        return self._groups[group].size if group in self._groups else 0

    def at(self, rank: int, group: int = 0) -> float:
        """Return the value of this rank, counted from 1, of a group.

        Raises:
            KeyError: the rank was not wanted, or not all passes were made.
        """
        return self._groups[group].known[rank]

    def count_together(self) -> int:
        """Return how many values all groups have."""
        return sum(search.size for search in self._groups.values())

    def at_together(self, rank: int) -> float:
        """Return the value of this rank, counted from 1, of all groups together; KeyError as `at`."""
        return (self._together or _Search()).known[rank]

    def _searches(self) -> list[_Search]:
        return [*self._groups.values(), *([self._together] if self._together else [])]

    def _take(self, search: _Search, piece: Sample) -> None:
        if self._first:
            search.size += len(piece)
        for gap, inside in search.pieces(piece):
            if gap.fences is not None:
                gap.count(inside)
            elif len(inside):
                gap.kept.append(inside if len(inside) == len(piece) else inside.copy())  # a view would keep the whole piece
                if self._room is not None:
                    self._room -= len(inside)
        if self._room is not None and self._room < 0:
            self._room = None
            self._count_from_now(self._searches())

    @staticmethod
    def _count_from_now(searches: list[_Search]) -> None:
        for search in searches:
            for gap in search.gaps:
                gap.begin_counting(FENCES // len(search.gaps))


def _sorted_pieces(values: Sample, groups: Codes | None) -> Iterator[tuple[int, Sample]]:
    """Yield each group that occurs with its values, ascending."""
    if not len(values):
        return
    if groups is None:
        yield 0, np.sort(values)
        return
    if (groups[1:] < groups[:-1]).any():
        # numpy sorts 16 bits by counting them
        order = np.argsort(groups.astype(np.uint16) if groups.max() < 2**16 else groups, kind="stable")
        values, groups = values[order], groups[order]
    begins = [0, *(np.flatnonzero(groups[1:] != groups[:-1]) + 1).tolist(), len(groups)]
    for begin, end in pairwise(begins):
        yield int(groups[begin]), np.sort(values[begin:end])
