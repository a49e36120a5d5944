"""Compares published migrations, round by round, with what the program foretells from their first two rounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from sim.engine.replicate import replicate_alone
from sim.engine.site import Site
from sim.model.load import PAGE
from sim.model.rounds import RULES, Seen
from sim.scenario.load import scenario_of
from sim.validate.checks import PUBLISHED, Check, equal, judged, share, shown, within
from sim.validate.published_cases import PublishedCase, PublishedRound, published_cases
from sim.validate.published_totals import total_checks

REPLICATIONS = 101  # odd, so that a median is one of them; the draws of a round vary by a per cent and less
BAR = 0.10  # of the pages: what the best published predictors claim of totals, here asked of every round
GIVEN = "given: it is what round 2 dirtied"


@dataclass(frozen=True, slots=True)
class Foretold:
    """The rounds of a case as the program foretells them: medians of the replications.

    Args:
        live: number of rounds while the guest runs.
        sent: pages sent in each of them, by number, where at least half of the replications have that round.
        dirtied: pages that were marked when the round had ended, likewise.
        final: pages sent while the guest stands still.
    """

    live: float
    sent: dict[int, float]
    dirtied: dict[int, float]
    final: float


def published_checks() -> list[Check]:
    """Return the checks of all published migrations: rounds, then totals."""
    return [*(check for case in published_cases() for check in case_checks(case)), *total_checks()]


def foretold(case: PublishedCase) -> Foretold:
    """Simulate a case from what its first two rounds tell."""
    site = Site.of(scenario_of(case.scenario(), case.name).points[0])
    runs = [replicate_alone(site, number).journal.rounds or [] for number in range(REPLICATIONS)]
    sent: dict[int, list[float]] = {}
    dirtied: dict[int, list[float]] = {}
    for rounds in runs:
        for this, following in pairwise(rounds):
            sent.setdefault(this.number, []).append(this.sent_pages)
            dirtied.setdefault(this.number, []).append(following.marked_pages)
    return Foretold(
        live=median(sum(each.live for each in rounds) for rounds in runs),
        sent=_of_most(sent),
        dirtied=_of_most(dirtied),
        final=median(rounds[-1].sent_pages for rounds in runs),
    )


def case_checks(case: PublishedCase) -> Iterator[Check]:
    """Yield the checks of one case: the pages of every published round from the third on, and the number of rounds."""
    found = foretold(case)
    for each in case.rounds[2:]:
        yield _sent_check(case, each, found)
        if case.skips and each.live:  # without skipping it is what the next round sends
            yield _dirtied_check(case, each, found)
    live = float(case.live_rounds)
    yield equal(PUBLISHED, case.title, "live rounds", predicted=found.live, measured=live, known=case.unknowable)
    if case.unknowable:  # then at least the rule can be looked at, apart from what the guest did
        ends = rule_ends(case)
        said = f"goes on after {live:.0f}" if ends is None else float(ends)
        why = "" if ends == live else "the rule as it is published does not stop there: this migration followed another one"
        yield shown(
            PUBLISHED, case.title, "live rounds, the rule applied to the published pages", predicted=said, measured=live, reason=why
        )


def rule_ends(case: PublishedCase) -> int | None:
    """Return the live round after which the rule of a case stops the guest, were its pages those published; None if after none of them."""
    policy = scenario_of(case.scenario(), case.name).points[0].clusters[0].policy
    pages = {each.number: each.sent + (each.skipped or 0.0) for each in case.rounds}
    total, ceiling, memory = 0.0, policy.start_rate_Bps, case.memory_pages
    for each in case.rounds[:-1]:
        took = each.duration_s or each.sent * PAGE / ceiling
        dirty = pages.get(each.number + 1, each.dirtied or 0.0)
        total += each.sent
        to_send_s = dirty * took / each.sent
        verdict = RULES[policy.name](policy, Seen(each.number, dirty, pages[each.number], total, memory, to_send_s, each.sent, took, False))
        if verdict.stop or each.number >= policy.max_rounds:
            return each.number
        ceiling = float(verdict.ceiling_Bps)
    return None


def _of_most(values: dict[int, list[float]]) -> dict[int, float]:
    return {number: median(pages) for number, pages in values.items() if len(pages) > REPLICATIONS / 2}


def _sent_check(case: PublishedCase, each: PublishedRound, found: Foretold) -> Check:
    """Return the check of the pages that a round sends."""
    if not each.live:
        quantity = "pages of the stopped round"
        return within(PUBLISHED, case.title, quantity, predicted=found.final, measured=each.sent, bar=BAR, known=case.unknowable)
    given = each.number == 3 and not case.skips
    return _pages_check(case, each, "sent", each.sent, found.sent, None if given else BAR)


def _dirtied_check(case: PublishedCase, each: PublishedRound, found: Foretold) -> Check:
    return _pages_check(case, each, "dirtied", each.dirtied or 0.0, found.dirtied, BAR)


def _pages_check(
    case: PublishedCase, each: PublishedRound, what: str, measured: float, foretold_pages: dict[int, float], bar: float | None
) -> Check:
    """Return the check of pages of a live round; not met where the program foretells no such round."""
    quantity = f"pages {what} in round {each.number}"
    predicted = foretold_pages.get(each.number)
    if predicted is None:
        return judged(
            PUBLISHED,
            case.title,
            quantity,
            predicted="no such round",
            measured=measured,
            bar=f"<= {share(BAR)}",
            met=False,
            known=case.unknowable,
        )
    return within(PUBLISHED, case.title, quantity, predicted=predicted, measured=measured, bar=bar, reason=GIVEN, known=_known(case, each))


def _known(case: PublishedCase, each: PublishedRound) -> str:
    """Return why a round cannot be foretold: another rate of the line where that is published, or else what the guest did.

    Empty where the first two rounds tell all: such a case has nothing to plead.
    """
    second = case.rounds[1]
    if case.unknowable and each.number == 3 and each.duration_s and second.duration_s:
        rate = (each.sent / each.duration_s) / (second.sent / second.duration_s)
        return f"round 3 was sent at {share(rate)} of the rate of round 2, which is taken for all later ones"
    return case.unknowable
