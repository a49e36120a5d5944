"""Which VMs converge, by rule: a word for each, why, and which one is looked at closely."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from sim.experiment.probing.settling import Pace
from sim.results.rounds_left import RoundsLeft

Word = Literal["one pass", "converges", "near the limit", "cannot"]
RARELY = 0.01  # share of aborted migrations from which a VM is near the limit
SOMETIMES = 0.05
MOSTLY = 0.5
HARDLY_LESS = 0.8  # what a guest dirties over what is sent meanwhile, from which further rounds hardly help
LONG_S = 1.0  # what is left takes so long to send: people notice that, and a stop has more parts that take as long

RULE = (
    f"The words, by rule. Cannot: at least {100 * MOSTLY:.0f} % of its migrations are aborted at the chase limit; or the policy ends the "
    f"rounds by their number or by what was sent, the rest then takes {LONG_S:g} s or more, and in the last round the guest dirtied "
    f"at least {100 * HARDLY_LESS:.0f} % of what was sent meanwhile (medians). Near the limit: at least {100 * RARELY:.0f} % are "
    f"aborted; or in {100 * SOMETIMES:.0f} % of them or more the rest takes {LONG_S:g} s or more where the policy ends the rounds so, else "
    f"the guest dirtied in one of its rounds at least {100 * HARDLY_LESS:.0f} % of what was sent meanwhile. One pass: half of them need no "
    "second round. Converges: the others."
)


def word_of(of: RoundsLeft, pace: Pace) -> Word:
    """Return the verdict on a VM, by the rule that `RULE` states."""
    rest_s = of.left[of.last] * pace.page_bytes / pace.live_Bps
    level = of.highest_ratios >= HARDLY_LESS
    ends_anyway = pace.cluster.policy.few_pages > 0.0  # its other limits are numbers of rounds, of bytes or a rate: none of them aborts
    if of.chased_share >= MOSTLY:
        return "cannot"
    if not len(rest_s):
        return "one pass"
    if ends_anyway and float(np.median(rest_s)) >= LONG_S and of.last_ratio >= HARDLY_LESS:
        return "cannot"
    close = rest_s >= LONG_S if ends_anyway else level
    if of.chased_share >= RARELY or float(close.mean()) >= SOMETIMES:
        return "near the limit"
    return "one pass" if float(np.median(of.number[of.last])) <= 1.0 else "converges"


def worst_of(found: Sequence[RoundsLeft]) -> RoundsLeft | None:
    """Return the VM that is looked at closely: of those whose guests run and whose rounds were followed, the one that `WORST` names."""
    running = [of for of in found if (len(of.number) or of.chased) and not math.isnan(of.began_s)]
    return max(running, key=_badness, default=None)


WORST = (
    "most often aborted at the chase limit, then with the most rounds (those of 99 % of its migrations), then with the longest median "
    "downtime"
)


def nearest_to(worst: RoundsLeft, found: Sequence[RoundsLeft]) -> list[RoundsLeft]:
    """Return the other VMs, the worst of them first; a VM that migrates several times counts once."""
    others = {of.vm: of for of in sorted(found, key=_badness) if of.vm != worst.vm and len(of.number)}
    return sorted(others.values(), key=_badness, reverse=True)


def _badness(of: RoundsLeft) -> tuple[float, int, float]:
    return of.chased_share, of.most_rounds, 0.0 if math.isnan(of.downtime_s) else of.downtime_s
