"""Memory on its way: the rounds while the guests run, and what is left for the stop, in many replications at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from sim.engine.lockstep.attempt import NO_DRAWS, Attempt, RoundDraws, Varied
from sim.model.draws import Array, Lanes, Real
from sim.model.qemu import Source
from sim.model.rounds import RULES, Flags, Seen, chase_deadline
from sim.model.skipping import pages_sent


@dataclass(frozen=True, slots=True, eq=False)
class Copying:
    """Replications in the same round of a pre-copy: arrays over `places`, or a number while no lane differs.

    Args:
        places: lanes, as places in the arrays of the attempt.
        of: what differs between them from the begin.
        now: simulated time, seconds.
        read_at: when the bitmap was read last: the begin of the round, seconds.
        draws: what belongs to that reading.
        readings: how often the bitmap was read.
        marked: pages to send in the round.
        sent: pages that it sent.
        sent_pages, sent_bytes: sent in all rounds so far.
        rounds: rounds that sent a page.
        exposure: activity over which the marked pages were dirtied, seconds.
        last: whether the guest is suspended after the round.
        deadline: instant at which a transfer that still chases dirty pages is cut, seconds; None for never.
        stop: whether the guest is suspended before the next round.
        ceiling: no more than this is sent per second in the round, bytes.
    """

    places: Lanes
    of: Varied
    now: Array
    read_at: Array
    draws: RoundDraws
    readings: Real
    marked: Real
    sent: Real = 0.0
    sent_pages: Real = 0.0
    sent_bytes: Real = 0.0
    rounds: Real = 0
    exposure: Real = 0.0
    last: bool | Flags = False
    deadline: Real | None = None
    stop: bool | Flags = False
    ceiling: Real = np.inf

    def take(self, chosen: Lanes) -> Copying:
        """Return some of the lanes."""
        changes: dict[str, object] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, np.ndarray):
                changes[each.name] = value[chosen]
            elif isinstance(value, Varied | RoundDraws):
                changes[each.name] = value.take(chosen)
        return replace(self, **changes)  # type: ignore[arg-type]  # every field keeps its type


@dataclass(frozen=True, slots=True, eq=False)
class Copied:
    """Replications at the end of their pre-copy; the fields are those of `Copying`, `source` is QEMU's side where it migrates."""

    places: Lanes
    of: Varied
    now: Array
    read_at: Array
    draws: RoundDraws
    readings: Real
    sent_bytes: Real
    rounds: Real
    source: Source | None = None


class Leaving:
    """Replications that have left the pre-copy, in the groups in which they left."""

    def __init__(self) -> None:
        self.suspended: list[Copying] = []
        self.cut: list[Copying] = []

    def split(self, state: Copying, flags: bool | Flags, *, cut: bool = False) -> Copying | None:
        """Let some lanes leave; return those that stay, None when nobody does."""
        leaving = np.asarray(flags)
        if not leaving.any():
            return state
        everybody = bool(leaving.all())
        gone = state if everybody else state.take(np.flatnonzero(leaving))
        (self.cut if cut else self.suspended).append(gone)
        return None if everybody else state.take(np.flatnonzero(~leaving))


def pre_copy(attempt: Attempt, of: Varied, now: Array) -> tuple[Copied | None, Copied | None]:
    """Send the memory while the guests run, and again what they dirty meanwhile, until the policy wants each stopped.

    Returns the lanes that may be suspended and those cut at the limit of the policy, each as one group, None where there are none.
    `sim.engine.pre_copy` is the same for one replication, with the sources.
    """
    policy, rule = attempt.cluster.policy, RULES[attempt.cluster.policy.name]
    leaving, steady, memory = Leaving(), attempt.site.steady(attempt.guest), attempt.memory_pages
    begin = Copying(np.arange(len(now)), of, now, now, NO_DRAWS, 0, attempt.guest.spec.touched_pages, ceiling=policy.start_rate_Bps)
    state: Copying | None = begin
    while state is not None and state.readings < policy.max_rounds:
        number = int(state.readings) + 1
        draws = attempt.round_draws(number, state.of.lanes)
        state = leaving.split(replace(state, readings=number, read_at=state.now, draws=draws), state.marked == 0.0)
        if state is None:
            break
        state, cut = live_round(attempt, state, first=number == 1)
        state = leaving.split(state, cut, cut=True)
        if state is not None:
            state = leaving.split(state, state.last if number < policy.max_rounds else True)
        if state is None:
            break
        dirty, exposure = attempt.dirty(state.of, state.read_at, state.now, state.draws)
        took, to_send_s = state.now - state.read_at, _seconds_to_send(state, dirty)
        verdict = rule(policy, Seen(number, dirty, state.marked, state.sent_pages, memory, to_send_s, state.sent, took, steady))
        deadline = state.deadline
        if number == 1 and policy.chase_limit_s != np.inf:
            deadline = chase_deadline(policy, state.now, took)
        following = replace(state, marked=dirty, exposure=exposure, last=verdict.last, deadline=deadline)
        following = replace(following, stop=verdict.stop, ceiling=verdict.ceiling_Bps)
        state = leaving.split(following, verdict.hopeless, cut=True)
        if state is not None:
            state = leaving.split(state, state.stop)
    if state is not None:
        leaving.suspended.append(state)
    return _together(of, leaving.suspended), _together(of, leaving.cut)


def live_round(attempt: Attempt, state: Copying, *, first: bool) -> tuple[Copying, bool | Flags]:
    """Send the marked pages while the guests run, less those that the policy skips; return the state after it, and who was cut."""
    policy, began, deadline = attempt.cluster.policy, state.now, state.deadline
    rate = np.minimum(state.of.rates.first if first else state.of.rates.live, state.ceiling)
    trip = attempt.link.round_trip_s
    now = began + (trip if deadline is None else np.minimum(trip, np.maximum(0.0, deadline - began)))
    pages = state.marked
    if policy.skips and (policy.skips_in_round_1 or not first):
        pages = _without_skipped(attempt, state, now, rate, first=first)
    size = pages * attempt.page_bytes
    took = size / rate
    sent, sent_bytes = pages, size
    cut: bool | Flags = False
    if deadline is not None:
        late = now + took > deadline
        if late.any():
            took = np.where(late, np.maximum(0.0, deadline - now), took)
            left = np.maximum(0.0, size - rate * ((now + took) - now))
            sent_bytes = np.where(late, size - left, size)
            cut = sent_bytes < size
            sent = np.where(cut, np.floor_divide(sent_bytes, attempt.page_bytes), pages)
    now = now + took
    attempt.books_round(state.of.lanes, state.readings, state.marked, sent, began, now, live=True)
    after = replace(
        state,
        now=now,
        sent=sent,
        sent_pages=state.sent_pages + sent,
        sent_bytes=state.sent_bytes + sent_bytes,
        rounds=state.rounds + np.where(sent > 0.0, 1, 0),
    )
    return after, cut


def send_once(attempt: Attempt, of: Varied, now: Array) -> Copied:
    """Send the memory of a guest that does not run."""
    ceiling = attempt.cluster.policy.max_rate_Bps
    state = Copying(np.arange(len(now)), of, now, now, NO_DRAWS, 1, attempt.guest.spec.touched_pages, ceiling=ceiling)
    return _copied(live_round(attempt, state, first=True)[0])


def final_set(attempt: Attempt, state: Copied, now: Array) -> tuple[Real, Real]:
    """Return the pages that the guests have dirtied when they are suspended, and their bytes: what the stopped round sends."""
    pages: Real = attempt.guest.spec.touched_pages
    if np.any(state.readings):
        pages = attempt.dirty(state.of, state.read_at, now, state.draws)[0]
    return pages, pages * attempt.page_bytes


def stopped_round(attempt: Attempt, state: Copied, pages: Real, size: Real, now: Array) -> Array:
    """Send the final set while the guests stand still; return when it has arrived."""
    began = now
    now = now + attempt.link.round_trip_s
    now = now + size / np.minimum(state.of.rates.stopped, attempt.cluster.policy.max_rate_Bps)
    attempt.books_round(state.of.lanes, state.readings + 1, pages, pages, began, now, live=False)
    return now


def _seconds_to_send(state: Copying, dirty: Real) -> Real:
    """Return what the dirty pages would take at the mean rate of the round; 0 after one that skipped every page."""
    sent = np.maximum(state.sent, 1.0)
    return np.where(state.sent > 0.0, dirty * (state.now - state.read_at) / sent, 0.0)


def _without_skipped(attempt: Attempt, state: Copying, now: Array, rate: Real, *, first: bool) -> Real:
    """Return the pages that are still clean when the scan meets them."""
    pages_per_s = rate / attempt.page_bytes
    unskipped_s = state.marked / pages_per_s
    activity = attempt.activity(state.of, now, unskipped_s) / unskipped_s
    return pages_sent(attempt.curve, state.marked, None if first else state.exposure, pages_per_s, activity)


def _together(of: Varied, groups: Sequence[Copying]) -> Copied | None:
    """Return groups of lanes as one, in the order of their places."""
    if not groups:
        return None
    if len(groups) == 1:
        return _copied(groups[0])
    places = np.concatenate([group.places for group in groups])
    order = np.argsort(places)

    def joined(values: Sequence[Real]) -> Array:
        wide = [np.broadcast_to(value, group.places.shape) for value, group in zip(values, groups, strict=True)]
        return np.concatenate(wide)[order]

    draws = [group.draws for group in groups]
    return Copied(
        places=places[order],
        of=of.take(places[order]),
        now=joined([group.now for group in groups]),
        read_at=joined([group.read_at for group in groups]),
        draws=RoundDraws(joined([each.pages for each in draws]), joined([each.noise for each in draws])),
        readings=joined([group.readings for group in groups]),
        sent_bytes=joined([group.sent_bytes for group in groups]),
        rounds=joined([group.rounds for group in groups]),
    )


def _copied(state: Copying) -> Copied:
    return Copied(state.places, state.of, state.now, state.read_at, state.draws, state.readings, state.sent_bytes, state.rounds)
