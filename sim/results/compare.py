"""Two points against each other: which one is better in what, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.columns import OPERATOR_STEP, OUTCOMES
from sim.results.differences import Difference, median_difference, quantile_difference, share_difference
from sim.results.entries import number
from sim.results.samples import COMPLETED
from sim.results.sides import ABSENT, Side
from sim.results.statistics import Sample, quantile

Better = Literal["first", "second", "equal", "untold", "neither"]
QUANTILES = {"p50": 0.5, "p99": 0.99}
TIMES = {"total_s": "total time", "downtime_s": "downtime"}
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Compared:
    """A quantity of two points.

    Args:
        quantity: makespan, bytes sent, total time, downtime, or share of an outcome.
        kind: seconds, bytes or share.
        step: of which step.
        vm: of which VM; "" for all of the step.
        values: how many values of each side were compared.
        first: p50 and p99, or the share, of the first side.
        second: likewise.
        differences: what the second side has more: p50, p99, and of pairs the median; or the share.
        better: which side: by the median of the pairs, else by p50; less time and fewer bytes are better, and so are more VMs that
            arrived, with or without warnings. Equal: no pair differs. Neither: of the other outcomes one is not better than another, so
            that they are told and not judged.
    """

    quantity: str
    kind: Literal["seconds", "bytes", "share"]
    step: str
    vm: str
    values: tuple[int, int]
    first: Mapping[str, float]
    second: Mapping[str, float]
    differences: Mapping[str, Difference]
    better: Better

    @property
    def decisive(self) -> Difference:
        """The difference that says which side is better."""
        return next(self.differences[name] for name in ("median", "p50", "share") if name in self.differences)

    def entry(self) -> dict[str, Any]:
        """Return it as JSON can have it."""
        return {
            "quantity": self.quantity,
            "kind": self.kind,
            "step": self.step,
            "vm": self.vm,
            "values": list(self.values),
            "first": {name: _finite(value) for name, value in self.first.items()},
            "second": {name: _finite(value) for name, value in self.second.items()},
            "second_minus_first": {
                name: {"value": _finite(each.value), "low": _finite(each.low), "high": _finite(each.high), "values_needed": each.needed}
                for name, each in self.differences.items()
            },
            "better": self.better,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two points against each other.

    Args:
        first, second: their names.
        paired: whether equal replications of the two have equal random draws, so that pairs are compared.
        replications: how many of each were looked at.
        quantities: steps in the order of the first side, then their VMs.
        only_first: steps and VMs that only the first side has; they are not compared.
        only_second: likewise.
    """

    first: str
    second: str
    paired: bool
    replications: tuple[int, int]
    quantities: tuple[Compared, ...]
    only_first: tuple[str, ...] = field(default=())
    only_second: tuple[str, ...] = field(default=())

    def content(self) -> dict[str, Any]:
        """Return it as JSON can have it."""
        return {
            "first": self.first,
            "second": self.second,
            "paired": self.paired,
            "replications": list(self.replications),
            "quantities": [each.entry() for each in self.quantities],
            "only_in_first": list(self.only_first),
            "only_in_second": list(self.only_second),
        }


def compare(first: Side, second: Side, *, paired: bool) -> Comparison:
    """Return how two points differ in the steps and VMs that both have.

    Args:
        first: one of them.
        second: the other one.
        paired: whether equal replications have equal draws; then only those that both have are looked at.
    """
    return Comparison(
        first.name,
        second.name,
        paired,
        _looked_at(first, second, paired=paired),
        tuple(_quantities(first, second, paired=paired)),
        tuple(_only(first, second)),
        tuple(_only(second, first)),
    )


def _looked_at(first: Side, second: Side, *, paired: bool) -> tuple[int, int]:
    one, other = first.there, second.there
    if paired:
        n = min(len(one), len(other))
        one = other = one[:n] & other[:n]
    return int(np.count_nonzero(one)), int(np.count_nonzero(other))


def _quantities(first: Side, second: Side, *, paired: bool) -> Iterator[Compared]:
    for step in (*first.makespans, OPERATOR_STEP):
        if step in first.makespans and step in second.makespans:
            yield from _times("makespan", "seconds", (step, ""), (first.makespans[step], second.makespans[step]), paired=paired)
            if step in first.sent and step in second.sent:
                yield from _times("bytes sent", "bytes", (step, ""), (first.sent[step], second.sent[step]), paired=paired)
        for of_vm in first.outcomes:
            if of_vm[0] == step and of_vm in second.outcomes:
                for column, quantity in TIMES.items():
                    if column in first.times and column in second.times:
                        samples = first.times[column][of_vm], second.times[column][of_vm]
                        yield from _times(quantity, "seconds", of_vm, samples, paired=paired)
                yield from _shares(of_vm, first, second, paired=paired)


def _times(
    quantity: str, kind: Literal["seconds", "bytes"], of: tuple[str, str], samples: tuple[Sample, Sample], *, paired: bool
) -> Iterator[Compared]:
    """Yield the comparison of a time or of bytes, where both sides have values: of pairs, values of the same replication."""
    first, second = samples
    if paired:
        n = min(len(first), len(second))
        both = ~(np.isnan(first[:n]) | np.isnan(second[:n]))
        first, second = first[:n][both], second[:n][both]
    else:
        first, second = first[~np.isnan(first)], second[~np.isnan(second)]
    if not len(first) or not len(second):
        return
    differences = {"median": median_difference(first, second)} if paired else {}
    differences |= {name: quantile_difference(first, second, q, paired=paired) for name, q in QUANTILES.items()}
    decisive = differences["median" if paired else "p50"]
    values = [{name: quantile(sample, q) for name, q in QUANTILES.items()} for sample in (first, second)]
    is_equal = paired and bool((first == second).all())
    better: Better = "equal" if is_equal else better_of(decisive, less_is_better=True)
    yield Compared(quantity, kind, *of, (len(first), len(second)), values[0], values[1], differences, better)


def _shares(of_vm: tuple[str, str], first: Side, second: Side, *, paired: bool) -> Iterator[Compared]:
    """Yield the comparison of the share of completed migrations, of those with warnings, of each failure that is not simply the rest."""
    one, other = first.outcomes[of_vm], second.outcomes[of_vm]
    if paired:
        n = min(len(one), len(other))
        there: Mask = (one[:n] != ABSENT) & (other[:n] != ABSENT)
        one, other = one[:n][there], other[:n][there]
    else:
        one, other = one[one != ABSENT], other[other != ABSENT]
    if not len(one) or not len(other):
        return
    completed = [OUTCOMES.index(name) for name in COMPLETED]
    failures = [
        code for code in range(len(OUTCOMES)) if code not in completed and (bool((one == code).any()) or bool((other == code).any()))
    ]
    asked = {"completed": completed} | ({OUTCOMES[code]: [code] for code in failures} if len(failures) > 1 else {})
    warned = OUTCOMES.index("completed-with-warnings")
    if bool((one == warned).any()) or bool((other == warned).any()):
        asked |= {"completed-with-warnings": [warned]}
    for name, codes in asked.items():
        hits = np.isin(one, codes), np.isin(other, codes)
        difference = share_difference(*hits, paired=paired)
        is_equal = paired and bool((hits[0] == hits[1]).all())
        better: Better = "equal" if is_equal else better_of(difference, less_is_better=False)
        if name != "completed" and better in {"first", "second"}:
            better = "neither"
        shares = [{"share": float(each.mean())} for each in hits]
        yield Compared(f"share {name}", "share", *of_vm, (len(one), len(other)), shares[0], shares[1], {"share": difference}, better)


def better_of(difference: Difference, *, less_is_better: bool) -> Better:
    """Return which side is better, when the whole interval of a difference, second minus first, says so; else untold."""
    if difference.low is None or difference.high is None or difference.low <= 0 <= difference.high:
        return "untold"
    second_is_less = difference.high < 0
    return "second" if second_is_less == less_is_better else "first"


def _only(one: Side, other: Side) -> Iterator[str]:
    """Yield what only one side has, in words; a VM of a step that the other side lacks is not named again."""
    yield from (f"step {step}" for step in one.makespans if step not in other.makespans)
    steps = {*other.makespans, OPERATOR_STEP}
    yield from (f"VM {vm} in step {step}" for step, vm in one.outcomes if step in steps and (step, vm) not in other.outcomes)


def _finite(value: float | None) -> float | str | None:
    """Return a number as JSON can have it; a difference can be infinite to either side."""
    return "never" if value == np.inf else "-never" if value == -np.inf else number(value)
