"""Which VMs converge, by rule: a word for each, why, and which one is looked at closely."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from sim.experiment.probing.settling import Pace
from sim.model.rounds import Policy
from sim.report.layout import show_span
from sim.results.rounds_left import RoundsLeft
from sim.results.statistics import quantile

Word = Literal["one pass", "converges", "near the limit", "cannot"]
ORDER: tuple[Word, ...] = ("one pass", "converges", "near the limit", "cannot")  # from good to bad
RARELY = 0.01  # share of aborted migrations from which a VM is near the limit
SOMETIMES = 0.05
MOSTLY = 0.5
HARDLY_LESS = 0.8  # what a guest dirties over what is sent meanwhile, from which further rounds hardly help
LONG_S = 1.0  # what is left takes so long to send: people notice that, and a stop has more parts that take as long

DIRTIED_MOST = f"the guest dirtied at least {100 * HARDLY_LESS:.0f} % of what was sent meanwhile"
WELL = ("One pass: half of the VM's migrations need no second round.", "Converges: neither that nor one of the following.")
IN_WAITING = (
    (
        f"Near the limit: at least {100 * RARELY:.0f} % of the migrations are aborted at the chase limit, or in {100 * SOMETIMES:.0f} % of "
        f"them or more {DIRTIED_MOST} in one of the rounds: more rounds hardly help."
    ),
    f"Cannot: at least {100 * MOSTLY:.0f} % of the migrations are aborted at the chase limit.",
)
IN_ENDING = (
    (
        f"Near the limit: in {100 * SOMETIMES:.0f} % of the migrations or more, what the last live round leaves takes {LONG_S:g} s or more "
        "to send."
    ),
    f"Cannot: in half of them it does, and {DIRTIED_MOST} in that round (median): more rounds would leave as much.",
    (
        f"The {LONG_S:g} s is a yardstick of this report and no number of the product: people notice a stop of a second, and a policy "
        "that ends the rounds by their number has no goal that takes a time."
    ),
)


def rule_of(policies: Iterable[Policy]) -> list[str]:
    """Return the rule of the words, a sentence each, as far as these policies need it."""
    ending = {ends_anyway(policy) for policy in policies}
    parts = [("" if len(ending) == 1 else title, lines) for ends, title, lines in _RULES if ends in ending]
    return [*WELL, *(f"{title}{line}" for title, lines in parts for line in lines)]


_RULES = (
    (False, "Where the policy waits for a goal: ", IN_WAITING),
    (True, "Where the policy ends the rounds by their number: ", IN_ENDING),
)


def ends_anyway(policy: Policy) -> bool:
    """Whether the policy has limits of rounds, of bytes or a rate, at which it stops the guest: it never aborts."""
    return policy.few_pages > 0.0


def word_of(of: RoundsLeft, pace: Pace) -> Word:
    """Return the verdict on a VM, by the rule that `rule_of` states."""
    rest_s = of.left[of.last] * pace.page_bytes / pace.live_Bps
    level = of.highest_ratios >= HARDLY_LESS
    by_number = ends_anyway(pace.cluster.policy)
    if of.chased_share >= MOSTLY:
        return "cannot"
    if not len(rest_s):
        return "one pass"
    if by_number and quantile(rest_s, 0.5) >= LONG_S and of.last_ratio >= HARDLY_LESS:
        return "cannot"
    close = rest_s >= LONG_S if by_number else level
    if of.chased_share >= RARELY or float(close.mean()) >= SOMETIMES:
        return "near the limit"
    return "one pass" if quantile(of.ended_after, 0.5) <= 1.0 else "converges"


def why(of: RoundsLeft, pace: Pace) -> str:
    """Return the number that a verdict rests on which is not good, as what follows "because"."""
    if of.chased_share >= RARELY:
        return f"{_per_cent(of.chased_share)} of its migrations are aborted at the chase limit"
    rest_s = of.left[of.last] * pace.page_bytes / pace.live_Bps
    if not ends_anyway(pace.cluster.policy):
        return f"in {_per_cent(float((of.highest_ratios >= HARDLY_LESS).mean()))} of its migrations {DIRTIED_MOST} in one of the rounds"
    if word_of(of, pace) == "cannot":
        left = f"when its rounds are over, what is left takes {show_span(quantile(rest_s, 0.5))} to send"
        return f"{left}, and in the last round the guest dirtied {_per_cent(of.last_ratio)} of what was sent meanwhile (medians)"
    share = float((rest_s >= LONG_S).mean())
    return f"in {_per_cent(share)} of its migrations what is left when the rounds are over takes {LONG_S:g} s or more to send"


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"


def worst_of(found: Sequence[RoundsLeft], words: Sequence[Word]) -> RoundsLeft | None:
    """Return the VM that is looked at closely: of those whose guests run and whose rounds were followed, the one that `WORST` names."""
    running = [(ORDER.index(word), _badness(of), of) for of, word in zip(found, words, strict=True) if _was_followed(of)]
    return max(running, key=lambda each: each[:2])[2] if running else None


def _was_followed(of: RoundsLeft) -> bool:
    return bool((len(of.number) or of.chased) and not math.isnan(of.began_s))


WORST = (
    "with the worst verdict, then most often aborted at the chase limit, then with the most rounds (those of 99 % of its migrations), then "
    "with the longest median downtime"
)


def nearest_to(worst: RoundsLeft, found: Sequence[RoundsLeft]) -> list[RoundsLeft]:
    """Return the other VMs, the worst of them first; a VM that migrates several times counts once."""
    others = {of.vm: of for of in sorted(found, key=_badness) if of.vm != worst.vm and len(of.number)}
    return sorted(others.values(), key=_badness, reverse=True)


def _badness(of: RoundsLeft) -> tuple[float, int, float]:
    return of.chased_share, of.most_rounds, 0.0 if math.isnan(of.downtime_s) else of.downtime_s
