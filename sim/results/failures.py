"""What went wrong in a summary: which attempts failed and why, which VMs were left behind where, gathered chunk by chunk."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.columns import OUTCOMES, REASONS
from sim.engine.happened import BETWEEN, DELETED
from sim.results.chunks import names_of
from sim.results.entries import share_entry
from sim.results.happenings import COLUMNS, Happenings
from sim.results.reasons import ASSUMED, WORDS
from sim.results.samples import Replications

OPTIONAL = frozenset({"after_suspend"})  # columns that need not be stored
# Where a guest goes on after its migration broke while it was stopped, by the outcome of the attempt.
WENT_ON = {"aborted": "source", "completed-with-warnings": "target", "lost": "lost"}
Rows = NDArray[np.intp]
LeftBehind = tuple[str, str, str]  # step, VM, where it is or what became of it


class Failures:
    """What the attempts of a point came to that did not simply complete.

    Args:
        stored: columns of the table of migrations that are there.
        confidence: of the intervals.
    """

    def __init__(self, stored: frozenset[str], confidence: float) -> None:
        self.columns = frozenset({"reason"}) | (OPTIONAL & stored)
        self.plan_columns = frozenset({"left"}) | COLUMNS
        self.is_open = True
        self._confidence = confidence
        self._replications = 0
        self._attempts: Counter[tuple[str, str, str]] = Counter()  # outcome, reason, VM
        self._reasons: Counter[tuple[str, str]] = Counter()  # outcome, reason: replications
        self._left: Counter[tuple[str, str]] = Counter()  # step, text of the column `left`: replications
        self._happenings = Happenings(confidence)
        self._decided: Counter[str] = Counter()  # policy: replications
        self._went_on: Counter[tuple[str, str]] = Counter()  # policy, outcome: attempts

    def add(self, seen: Replications) -> None:
        """Take the next replications."""
        self._replications += len(seen.numbers)
        told = _Names(seen, "reason")
        rows = np.flatnonzero(told.codes >= 0)
        if len(rows):
            self._count_reasons(seen, rows)
        self._count_left(seen.chunk.plans)
        self._happenings.add(seen.chunk.plans)
        if "after_suspend" in self.columns:
            self._count_decided(seen)

    def end_pass(self) -> None:
        """Take note that all replications were given."""
        self.is_open = False

    def entries(self, steps: list[str]) -> dict[str, Any]:
        """Return what failed, what was left behind, and what the scenario's policy decided; one replication was given.

        Args:
            steps: names of the steps in the order of the plan.
        """
        return {
            "reasons": [self._reason(outcome, reason) for outcome, reason in sorted(self._reasons, key=self._place)],
            "left_behind": self._left_behind(steps),
            "after_suspend": [
                {
                    "policy": policy,
                    "replications": self._share(count),
                    "guest": {where: self._went_on[policy, outcome] for outcome, where in WENT_ON.items()},
                }
                for policy, count in sorted(self._decided.items())
            ],
            **self._happenings.entries(),
        }

    def _left_behind(self, steps: list[str]) -> list[dict[str, Any]]:
        """Return which VMs steps did not bring over, and where they are or what became of them."""
        found: Counter[LeftBehind] = Counter()
        lost: Counter[LeftBehind] = Counter()
        for (step, text), count in self._left.items():
            for entry in text.split(BETWEEN):
                where, _, lost_too = entry.partition(", ")
                vm, _, where = where.partition(" ")
                found[step, vm, where] += count
                lost[step, vm, where] += count * bool(lost_too)
        return [
            {
                "step": step,
                "vm": vm,
                "su": "" if where == DELETED else where.removeprefix("on "),
                "deleted": where == DELETED,
                "replications": self._share(found[step, vm, where]),
                "guest_lost": self._share(lost[step, vm, where]) if lost[step, vm, where] else None,
            }
            for step, vm, where in sorted(found, key=lambda each: (steps.index(each[0]), -found[each], each))
        ]

    def _place(self, pair: tuple[str, str]) -> tuple[int, int, int]:
        """Return by what reasons are sorted: outcomes in their order, the frequent ones first."""
        return OUTCOMES.index(pair[0]), -self._reasons[pair], REASONS.index(pair[1])

    def _reason(self, outcome: str, reason: str) -> dict[str, Any]:
        vms = {vm: count for (*pair, vm), count in self._attempts.items() if pair == [outcome, reason]}
        return {
            "outcome": outcome,
            "reason": reason,
            "words": WORDS[reason],
            "assumption": ASSUMED.get(reason),
            "replications": self._share(self._reasons[outcome, reason]),
            "attempts": sum(vms.values()),
            "vms": dict(sorted(vms.items(), key=lambda each: (-each[1], each[0]))),
        }

    def _share(self, hits: int) -> dict[str, float | None]:
        return share_entry(hits, self._replications, self._confidence)

    def _count_reasons(self, seen: Replications, rows: Rows) -> None:
        """Count attempts, and replications that have one of a kind."""
        outcomes, reasons, vms = _Names(seen, "outcome"), _Names(seen, "reason"), _Names(seen, "vm")
        kinds = outcomes.codes[rows].astype(np.int64) * len(reasons.names) + reasons.codes[rows]
        attempts, counts = np.unique(kinds * len(vms.names) + vms.codes[rows], return_counts=True)
        for code, count in zip(attempts.tolist(), counts.tolist(), strict=True):
            kind, vm = divmod(code, len(vms.names))
            outcome, reason = divmod(kind, len(reasons.names))
            self._attempts[outcomes.names[outcome], reasons.names[reason], vms.names[vm]] += count
        once = np.unique(kinds * len(seen.numbers) + seen.places[rows]) // len(seen.numbers)
        for code, count in zip(*(each.tolist() for each in np.unique(once, return_counts=True)), strict=True):
            outcome, reason = divmod(code, len(reasons.names))
            self._reasons[outcomes.names[outcome], reasons.names[reason]] += count

    def _count_decided(self, seen: Replications) -> None:
        """Count replications in which a policy decided who goes on, and how that ended; there are few such attempts."""
        policies, outcomes = _Names(seen, "after_suspend"), _Names(seen, "outcome")
        rows = np.flatnonzero(policies.codes >= 0).tolist()
        self._went_on.update((policies.of(row), outcomes.of(row)) for row in rows)
        self._decided.update(policy for policy, _ in {(policies.of(row), int(seen.places[row])) for row in rows})

    def _count_left(self, plans: pa.Table) -> None:
        """Count what steps did not bring over: the texts that say it, few of which differ."""
        (steps, step_codes), (texts, codes) = names_of(plans["step"]), names_of(plans["left"])
        pairs, counts = np.unique(step_codes.astype(np.int64) * len(texts) + codes, return_counts=True)
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
            step, text = divmod(pair, len(texts))
            if texts[text]:
                self._left[steps[step], texts[text]] += count


class _Names:
    """A column of names of some replications."""

    def __init__(self, seen: Replications, column: str) -> None:
        self.names: list[str]
        self.names, self.codes = names_of(seen.chunk.migrations[column])

    def of(self, row: int) -> str:
        """Return the name in a row that has one."""
        return self.names[int(self.codes[row])]
