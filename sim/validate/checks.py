"""One line of a verification: what was predicted, what was measured, how far apart they may be, and whether they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["met", "not met", "known miss", "skipped", "no bar"]
Value = float | str | None

PUBLISHED = "published"  # the group of migrations that others published; they alone can be misses for reasons that nobody can know


@dataclass(frozen=True, slots=True)
class Check:
    """A comparison with its bar.

    Args:
        group: which kind of evidence, a heading of the table: "simgrid", "published", "qemu blind", ...
        case: name of the case, or of the set of cases that a statistic is taken over.
        quantity: what is compared, with its unit: "total time (s)"; a statistic says so: "total time, MAPE".
        predicted: by this program; a number in the unit of the quantity, or words such as "nonconverged"; None where nothing was computed.
        measured: the same of the measurement, the publication or the law; None where the bar alone says what is expected.
        error: distance of the two, a share of the measured value (a difference for counts that have to be equal); None for words.
        bar: the largest distance, or what else is asked, in words: "<= 10 %", "equal".
        verdict: only "not met" fails; a "known miss" is missed for a documented reason that the program cannot know or that the published
            data contradict; "no bar" is a result that is shown and of which nothing is asked.
        reason: why it is skipped or a known miss, or why it is not met where something can be said of it; empty otherwise.

    Raises:
        ValueError: a known miss of anything but a published migration, or without its reason: what we measure ourselves is met or not.
    """

    group: str
    case: str
    quantity: str
    predicted: Value
    measured: Value
    error: float | None
    bar: str
    verdict: Verdict
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse to excuse what has to be met."""
        if self.verdict == "known miss" and not (self.group == PUBLISHED and self.reason):
            raise ValueError(f"{self.group}, {self.case}: a known miss needs a reason, and can be one of the group {PUBLISHED} alone")


def within(
    group: str,
    case: str,
    quantity: str,
    *,
    predicted: float,
    measured: float,
    bar: float | None,
    reason: str = "",
    known: str = "",
) -> Check:
    """Return the check that a number lies within a share of the measured one.

    Args:
        group: as in `Check`.
        case: as in `Check`.
        quantity: as in `Check`.
        predicted: by this program.
        measured: in the same unit; where it is 0 only 0 will do.
        bar: largest |predicted / measured - 1|; None: nothing is asked.
        reason: with no bar, why there is none.
        known: why a miss is a known one, if it is; empty: then a miss is not met.
    """
    error = relative_error(predicted, measured)
    if bar is None:
        return Check(group, case, quantity, predicted, measured, error, "", "no bar", reason)
    asked, met = f"<= {share(bar)}", error <= bar
    return judged(group, case, quantity, predicted=predicted, measured=measured, error=error, bar=asked, met=met, known=known)


def equal(group: str, case: str, quantity: str, *, predicted: float | str, measured: float | str, known: str = "") -> Check:
    """Return the check that a count or a word is exactly the measured one; `known` as in `within`."""
    met = predicted == measured
    both = isinstance(predicted, float | int) and isinstance(measured, float | int)
    error = abs(float(predicted) - float(measured)) if both else None
    return judged(group, case, quantity, predicted=predicted, measured=measured, error=error, bar="equal", met=met, known=known)


def judged(
    group: str,
    case: str,
    quantity: str,
    *,
    predicted: Value,
    bar: str,
    met: bool,
    measured: Value = None,
    error: float | None = None,
    reason: str = "",
    known: str = "",
) -> Check:
    """Return the check of a statistic; whether it meets its bar is for the caller to say, `known` as in `within`."""
    missed: Verdict = "known miss" if known else "not met"
    return Check(group, case, quantity, predicted, measured, error, bar, "met" if met else missed, "" if met else known or reason)


def shown(group: str, case: str, quantity: str, *, predicted: Value, measured: Value = None, reason: str = "") -> Check:
    """Return the line of a result of which nothing is asked."""
    return Check(group, case, quantity, predicted, measured, None, "", "no bar", reason)


def skipped(group: str, case: str, reason: str, quantity: str = "", bar: str = "") -> Check:
    """Return the line of something that could not be compared here."""
    return Check(group, case, quantity, None, None, None, bar, "skipped", reason)


def relative_error(predicted: float, measured: float) -> float:
    """Return |predicted / measured - 1|; 0 where both are 0, infinite where only the measured one is."""
    if measured == 0:
        return 0.0 if predicted == 0 else math.inf
    return abs(predicted / measured - 1.0)


def share(value: float) -> str:
    """Return a share for people: "3 %", below a thousandth of a percent "1e-06"."""
    if value >= 10.0:
        return f"{100 * value:,.0f} %"
    return f"{100 * value:.3g} %" if value >= 1e-5 or value == 0 else f"{value:.0e}"
