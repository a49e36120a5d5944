"""How a chain of SimGrid's messages ends, worked out without simulating each of them.

A message of n bytes takes L + n / B seconds, in which min(trunc(w (L + n / B)), W) bytes become dirty: the next message, unless they are
within the threshold trunc(goal n / duration). The next size grows with n, so sizes fall or rise all the way: a size that
comes twice comes for ever. Where they change slowly they change by the same number of bytes many times, and those are skipped at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.model.dirtying import WHOLE
from sim.validate.predict.simgrid_setting import BUDGET_S, STOP_GOAL_S, Setting


@dataclass(frozen=True, slots=True)
class Chase:
    """How stages 1 and 2 end.

    Args:
        endless: why they never do, one sentence; empty when they end.
        messages: messages of both stages.
        sent_B: bytes in them.
        took_s: how long they take, seconds.
        rest_B: what is left for the guest standing still, bytes.
    """

    endless: str
    messages: int
    sent_B: float
    took_s: float
    rest_B: float


def chase(of: Setting) -> Chase:
    """Return how stages 1 and 2 of a setting end."""
    size, messages, sent_B, took_s = of.ram_B, 0, 0.0, 0.0
    while True:
        took = of.took(size)
        messages, sent_B, took_s = messages + 1, sent_B + size, took_s + took
        if messages == 1 and took_s > BUDGET_S:
            return Chase("", 1, sent_B, took_s, 0.0)  # stage 2 is skipped, and what was dirtied in stage 1 is forgotten
        if took_s > BUDGET_S:
            return Chase(f"{messages} messages take more than {BUDGET_S:.0e} s, after which it gives up", messages, sent_B, took_s, size)
        following = _dirtied(of, took)
        threshold = math.floor(size / took * STOP_GOAL_S)
        if following <= threshold:
            return Chase("", messages, sent_B, took_s, following)
        if following == size:
            why = f"a message of {size:.0f} bytes is followed by the same one, and only {threshold} bytes may be left"
            return Chase(why, messages, sent_B, took_s, size)
        skipped = _alike(of, following)
        if skipped:
            step = following - _dirtied(of, of.took(following))
            total = skipped * following - step * (skipped * (skipped - 1) / 2.0)
            messages, sent_B = messages + skipped, sent_B + total
            took_s += skipped * of.latency_s + total / of.rate_Bps
            following -= step * skipped
        size = following


def _dirtied(of: Setting, took: float) -> float:
    return min(float(math.floor(of.dirty_Bps * took + WHOLE)), of.cap_B)


def _alike(of: Setting, size: float) -> int:
    """Return how many messages from this size on can be skipped: each is as many bytes smaller (or larger) than the one before.

    The next message is smaller by d = ceil(g), g = n (1 - w / B) - w L; so is the one after it as long as g, which falls by
    d (1 - w / B) with every message, stays in (d - 1, d]. No message is skipped that could be the last: falling sizes stay above
    goal x B, which no threshold exceeds, rising ones last longer than the goal, so that their threshold is less than they carry.
    """
    step = size - _dirtied(of, of.took(size))
    if step == 0.0 or size - step >= of.cap_B or (step < 0.0 and of.took(size) < STOP_GOAL_S):
        return 0
    shrinks = 1.0 - of.dirty_Bps / of.rate_Bps
    change = step * shrinks
    now = size * shrinks - of.dirty_Bps * of.latency_s - WHOLE
    alike = (now - (step - 1.0) if change > 0.0 else step - now) / abs(change) if change else math.inf
    room = (size - STOP_GOAL_S * of.rate_Bps if step > 0.0 else of.cap_B - size) / abs(step)
    # One less than they allow: the rounding of the quotients must not decide.
    return max(0, math.floor(min(alike, room, BUDGET_S / of.took(size))) - 1)
