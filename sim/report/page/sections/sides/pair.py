"""Two points side by side: which they are, how they differ, and which of their VMs lie furthest apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sim.report.page.source import Detail
from sim.results.compare import Better, Compared, Comparison

MOST_DRAWN = 12  # VMs of a figure


@dataclass(frozen=True, slots=True)
class Pair:
    """Two points and how they differ.

    Args:
        first, second: the points.
        names: what people call them here.
        found: how they differ.
        warnings: what a reader has to be warned of.
    """

    first: Detail
    second: Detail
    names: tuple[str, str]
    found: Comparison
    warnings: Sequence[str]

    @property
    def key(self) -> str:
        """A word for keys of its figure and tables."""
        return f"{self.first.key}{self.second.key}"

    def of(self, quantity: str) -> list[Compared]:
        """Return how steps or VMs differ in a quantity, in their order."""
        return [each for each in self.found.quantities if each.quantity == quantity]

    def better(self, each: Compared) -> Better:
        """Return which side is better; neither in the bytes of a step of which one side brings more over."""
        arrivals = (other.better for other in self.of("share completed") if other.step == each.step)
        unlike = each.quantity == "bytes sent" and any(better in {"first", "second"} for better in arrivals)
        return "neither" if unlike else each.better


def most_apart(pair: Pair, most: int) -> list[Compared]:
    """Return the quantities of the steps and of the VMs that lie furthest apart, all in their order.

    VMs that one side brings over more often come first, then those whose times differ most.
    """
    apart: dict[tuple[str, str], float] = {}
    for each in pair.found.quantities:
        if each.vm:
            size = abs(each.decisive.value) if each.kind == "seconds" else math.inf if each.better in {"first", "second"} else 0.0
            apart[each.step, each.vm] = max(apart.get((each.step, each.vm), 0.0), size)
    kept = set(sorted(apart, key=lambda of_vm: -apart[of_vm])[:most])
    return [each for each in pair.found.quantities if not each.vm or (each.step, each.vm) in kept]
