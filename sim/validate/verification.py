"""Runs the groups of verification cases in order, from theory over other programs to measured migrations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.validate.checks import Check, Verdict, skipped
from sim.validate.curves import curve_checks
from sim.validate.published import published_checks
from sim.validate.score.bars import bar_checks, result_checks
from sim.validate.score.laboratory import Laboratory
from sim.validate.score.trials import laboratory
from sim.validate.simgrid_checks import simgrid_checks
from sim.validate.tiers import TIERS, tier_checks

VERDICTS: tuple[Verdict, ...] = ("met", "not met", "known miss", "skipped", "no bar")
_QUICK = "left out by --quick; `make test` runs it"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was compared, and what came of it.

    Args:
        quick: parts were left out.
        checks: in the order of the groups.
        laboratory: predictions and measurements, case by case.
    """

    quick: bool
    checks: tuple[Check, ...]
    laboratory: Laboratory

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups in their order."""
        return tuple(dict.fromkeys(check.group for check in self.checks))

    @property
    def missed(self) -> tuple[Check, ...]:
        """Checks that are not met; known misses are none of them."""
        return tuple(check for check in self.checks if check.verdict == "not met")

    def count(self, verdict: Verdict, group: str | None = None) -> int:
        """Return how many checks, of a group if one is given, have a verdict."""
        return sum(check.verdict == verdict and group in {None, check.group} for check in self.checks)

    def asked(self, group: str | None = None) -> int:
        """Return how many checks, of a group if one is given, have something to meet: those met, not met, and known misses."""
        return self.count("met", group) + self.count("not met", group) + self.count("known miss", group)


def verify(
    *, quick: bool = False, cases: Path | None = None, workers: int = 1, tell: Callable[[str], None] = lambda _: None
) -> Verification:
    """Run all groups.

    Args:
        quick: without the test tiers, with few replications and one way of predicting only.
        cases: folder with cases that cannot be shipped; those are skipped without it.
        workers: processes.
        tell: is told what is being computed.

    Raises:
        UsageError: the folder of cases is none, or a file in it is no such table.
    """
    curves = curve_checks(cases)  # first: a wrong folder is told before minutes of computing
    checks: list[Check] = []
    if quick:
        checks += [skipped(tier, meaning, _QUICK) for tier, meaning in TIERS.items()]
    else:
        tell("laws, twins, reference")
        checks += tier_checks(workers)
    tell("simgrid")
    checks += simgrid_checks()
    tell("published")
    checks += published_checks()
    checks += curves
    found = laboratory(quick=quick, workers=workers, tell=tell)
    for trial in dict.fromkeys(found.estimates["trial"]):
        checks += result_checks(found, trial) if "requested" in trial else bar_checks(found, trial)
    return Verification(quick, tuple(checks), found)
