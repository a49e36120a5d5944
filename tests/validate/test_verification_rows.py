from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from sim.validate.checks import PUBLISHED, Check, equal, judged, relative_error, share, skipped, within


@pytest.mark.parametrize(
    ("predicted", "measured", "error"), [(110.0, 100.0, 0.1), (90.0, 100.0, 0.1), (0.0, 0.0, 0.0), (1.0, 0.0, math.inf)]
)
def test_relative_error(predicted: float, measured: float, error: float) -> None:
    assert relative_error(predicted, measured) == pytest.approx(error, abs=1e-15)


@pytest.mark.parametrize(("bar", "verdict"), [(0.2, "met"), (0.05, "not met"), (None, "no bar")])
def test_a_number_is_within_its_bar_or_not(bar: float | None, verdict: str) -> None:
    check = within("g", "c", "q", predicted=110.0, measured=100.0, bar=bar, reason="because")
    assert (check.verdict, check.reason) == (verdict, "because" if bar is None else "")


def test_counts_have_to_be_equal() -> None:
    assert equal("g", "c", "rounds", predicted=5, measured=5).verdict == "met"
    missed = equal("g", "c", "rounds", predicted=7, measured=5)
    assert (missed.verdict, missed.error) == ("not met", 2.0)


def test_words_have_no_distance() -> None:
    missed = equal("g", "c", "outcome", predicted="completed", measured="nonconverged")
    assert (missed.verdict, missed.error) == ("not met", None)


def misses(group: str, known: str) -> list[Callable[[], Check]]:
    """Return a miss of every sort of check."""
    return [
        lambda: within(group, "c", "q", predicted=2.0, measured=1.0, bar=0.1, known=known),
        lambda: equal(group, "c", "q", predicted=2, measured=1, known=known),
        lambda: judged(group, "c", "q", predicted="bad", bar="good", met=False, known=known),
    ]


def test_a_miss_of_a_published_migration_is_known_if_it_has_a_reason() -> None:
    assert {(check().verdict, check().reason) for check in misses(PUBLISHED, "it changed")} == {("known miss", "it changed")}
    assert {(check().verdict, check().reason) for check in misses(PUBLISHED, "")} == {("not met", "")}


def test_what_is_met_needs_no_excuse() -> None:
    check = within(PUBLISHED, "c", "q", predicted=1.0, measured=1.0, bar=0.1, known="it changed")
    assert (check.verdict, check.reason) == ("met", "")


@pytest.mark.parametrize("group", ["laws", "twins", "reference", "simgrid", "curves", "qemu: calibrated, achieved rates", "published "])
def test_nothing_but_a_published_migration_can_be_a_known_miss(group: str) -> None:
    for check in misses(group, "any excuse"):
        with pytest.raises(ValueError, match="a known miss needs a reason, and can be one of the group published alone"):
            check()
    with pytest.raises(ValueError, match="needs a reason"):
        Check(PUBLISHED, "c", "q", 1.0, 2.0, 0.5, "<= 10 %", "known miss")


def test_what_is_skipped_says_why() -> None:
    check = skipped("g", "c", "not here")
    assert (check.verdict, check.reason, check.predicted) == ("skipped", "not here", None)


@pytest.mark.parametrize(("value", "text"), [(0.03, "3 %"), (0.0, "0 %"), (12.5, "1,250 %"), (1e-6, "1e-06"), (0.00123, "0.123 %")])
def test_shares_for_people(value: float, text: str) -> None:
    assert share(value) == text
