"""The first screen of a verification: can the numbers be trusted, in words and in four numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sim.validate.checks import PUBLISHED, share
from sim.validate.predict.predictions import LINK_DOWNTIME
from sim.validate.score.kinds import KINDS, POOLED
from sim.validate.score.laboratory import Laboratory
from sim.validate.score.rivals import RIVALS
from sim.validate.score.scoring import confusion_of, coverage_of, mean_error, score_of
from sim.validate.verification import Verification


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that a reader in a hurry wants.

    Args:
        number: in large letters.
        what: what it is.
        beside: what it is to be compared with.
    """

    number: str
    what: str
    beside: str


def answer(found: Verification) -> str:
    """Return the answer to "does it predict real migrations?" in a sentence."""
    missed = len(found.missed)
    if missed:
        return f"Not in everything: {missed} {'check is' if missed == 1 else 'checks are'} not met."
    return "Yes, where it could be tried: guests whose load is known. VM2000 itself nobody has measured in public."


def cautions(found: Verification) -> Iterator[str]:
    """Yield where the numbers cannot be relied on, as far as the checks tell it."""
    known = found.count("known miss")
    if known:
        yield (
            f"Guests that change while they migrate, curves without short windows, sites whose settings are unknown: {known} of "
            f"{found.asked(PUBLISHED)} figures from papers and logs are missed for such a reason. None of them is counted as met."
        )


def tiles(laboratory: Laboratory, trial: str) -> list[Tile]:
    """Return the numbers of a trial; those that it does not have are left out."""
    return [
        tile
        for tile in (_total(laboratory, trial), _converges(laboratory, trial), _held(laboratory, trial), _down(laboratory, trial))
        if tile
    ]


def two_digits(value: float) -> str:
    """Return a share with two digits: a headline needs no more."""
    return share(float(f"{value:.2g}"))


def _total(laboratory: Laboratory, trial: str) -> Tile | None:
    found = score_of(laboratory.of(trial), "total_time_ms")
    if not found:
        return None
    rivals = [mean_error(laboratory.of(trial, name), "total_time_ms") for name in RIVALS]
    beside = f"half of {found.n} migrations within {two_digits(found.median)}; the best rule of thumb errs by {two_digits(min(rivals))}"
    return Tile(two_digits(found.mape), "mean error of the total time", beside)


def _converges(laboratory: Laboratory, trial: str) -> Tile | None:
    found = confusion_of(laboratory.verdicts_of(trial))
    endless = found.failed + found.overlooked
    beside = f"only {endless} of them did not" if endless else "all of them did"
    return Tile(f"{found.right} of {found.n}", "right about whether it ends in time", beside) if found.n else None


def _held(laboratory: Laboratory, trial: str) -> Tile | None:
    found = coverage_of(laboratory.of(trial), POOLED)
    if not found:
        return None
    return Tile(
        f"{found.inside} of {found.n}",
        "measured values inside the 90 % range that was stated",
        f"{found.low} to {found.high} would be honest",
    )


def _down(laboratory: Laboratory, trial: str) -> Tile | None:
    found = score_of(laboratory.of(trial), LINK_DOWNTIME)
    return Tile(two_digits(found.median), f"median error of the {KINDS[LINK_DOWNTIME]}", f"{found.n} migrations") if found else None
