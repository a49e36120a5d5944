"""Pre-copy as QEMU does it, in many replications at once."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from sim.engine.lockstep.attempt import NO_DRAWS, Attempt, Varied
from sim.engine.lockstep.pre_copy import Copied
from sim.errors import ModelError
from sim.model.draws import Array, Lanes, address
from sim.model.qemu import Drawn, Source


@dataclass(frozen=True, slots=True, eq=False)
class Scanning:
    """Replications in a pre-copy under QEMU, or at its end: arrays over `places`.

    Args:
        places: lanes, as places in the arrays of the attempt.
        of: what differs between them from the begin.
        now: simulated time, seconds.
        source: QEMU on the source.
        began: when the bitmap was read last, seconds.
        marked: pages that waited then.
        round_pages, round_bytes: sent since then.
        sent_bytes: sent in the rounds before.
        rounds: those that sent a page.
    """

    places: Lanes
    of: Varied
    now: Array
    source: Source
    began: Array
    marked: Array
    round_pages: Array
    round_bytes: Array
    sent_bytes: Array
    rounds: Lanes

    def take(self, chosen: Lanes) -> Scanning:
        """Return some of the lanes."""
        arrays = {each.name: getattr(self, each.name)[chosen] for each in fields(self) if each.name not in {"of", "source"}}
        return Scanning(of=self.of.take(chosen), source=self.source.take(chosen), **arrays)

    @classmethod
    def begins(cls, attempt: Attempt, of: Varied, now: Array) -> Scanning:
        """Return the begin of a pre-copy."""
        layout, lanes = attempt.site.layouts[attempt.guest.spec.name], len(now)

        def uniform(place: int) -> Array:
            return attempt.draws.uniforms(attempt.streams.layout, address(attempt.migration, attempt.attempt, place), of.lanes)

        source = Source(attempt.cluster.policy, layout, attempt.page_bytes, lanes, now, Drawn.of(layout, uniform, lanes))
        none = np.zeros(lanes)
        return cls(np.arange(lanes), of, now, source, now, source.pending(), none, none, none, np.zeros(lanes, dtype=np.intp))

    @classmethod
    def together(cls, groups: list[Scanning]) -> Copied | None:
        """Return groups of lanes that have left the pre-copy as one, in the order of their places."""
        if not groups:
            return None
        places = np.concatenate([group.places for group in groups])
        order = np.argsort(places)
        source = Source.together([group.source for group in groups], order)

        def joined(name: str) -> Array:
            return np.concatenate([getattr(group, name) for group in groups])[order]

        return Copied(
            places=places[order],
            of=Varied.together([group.of for group in groups], order),
            now=joined("now"),
            read_at=source.read_at,
            draws=NO_DRAWS,
            readings=source.syncs.astype(np.float64),
            sent_bytes=joined("sent_bytes"),
            rounds=joined("rounds"),
            source=source,
        )


def qemu_pre_copy(attempt: Attempt, of: Varied, now: Array) -> tuple[Copied | None, Copied | None]:
    """Send the memory in windows until so little waits that it fits into the downtime limit.

    Returns the lanes that may be suspended and those cancelled at the limit of the policy, each as one group, None where there are none.
    `sim.engine.qemu` is the same for one replication, with the sources.
    """
    state = Scanning.begins(attempt, of, now)
    cancelled_at = now + attempt.cluster.policy.cancel_after_s
    suspended: list[Scanning] = []
    cancelled: list[Scanning] = []
    while len(state.places):
        due = np.flatnonzero(state.source.wants_sync())
        if len(due):
            state = _round_ended(attempt, state, due)
            read_dirty_log(attempt, state.of, state.source, due, state.now)
            state = _round_begins(state, due)
        stops = state.source.stops()
        leaves = stops | state.source.exhausted() | (state.now >= cancelled_at[state.places])
        if leaves.any():
            for group, flags in ((suspended, stops), (cancelled, leaves & ~stops)):
                if flags.any():
                    gone = state.take(np.flatnonzero(flags))
                    group.append(_round_ended(attempt, gone, np.flatnonzero(gone.round_pages > 0.0)))
            state = state.take(np.flatnonzero(~leaves))
        if len(state.places):
            state = _iterates(state)
    return Scanning.together(suspended), Scanning.together(cancelled)


def _iterates(state: Scanning) -> Scanning:
    """Send, sleep where the quota of the window is used up, and look whether the window is over."""
    source, rates = state.source, state.of.rates
    rate = np.where(source.syncs == 1, rates.first, rates.live)
    sent = source.iterate(rate, state.now)
    now = state.now + sent.size / rate
    now = now + sent.zeros_s
    now = now + source.sleep_s(now)
    source.end_window(now)
    return replace(state, now=now, round_pages=state.round_pages + sent.pages, round_bytes=state.round_bytes + sent.size)


def read_dirty_log(attempt: Attempt, of: Varied, source: Source, lanes: Lanes, now: Array) -> None:
    """Let QEMU read the bitmap in some lanes: what the guests dirtied since the last reading waits to be sent too."""
    readings = source.syncs[lanes]
    for number in np.unique(readings):
        those = lanes[readings == number]
        varied = of.take(those)
        draws = attempt.round_draws(int(number), varied.lanes)
        exposure = attempt.exposed(varied, source.read_at[those], now[those], draws, source.slowdown[those])
        source.sync(those, np.broadcast_to(exposure, those.shape), now[those], draws.pages)


def qemu_final_set(attempt: Attempt, copied: Copied, now: Array) -> tuple[Array, Array]:
    """Return the pages that are left to send when the guests stop, and their bytes."""
    if copied.source is None:
        raise ModelError(f"VM {attempt.guest.spec.name}: a final set of QEMU, but its cluster does not migrate as QEMU does")
    read_dirty_log(attempt, copied.of, copied.source, np.arange(len(now)), now)
    return copied.source.final_set()


def _round_ended(attempt: Attempt, state: Scanning, lanes: Lanes) -> Scanning:
    """Book the round of some lanes."""
    if not len(lanes):
        return state
    sent = np.minimum(state.round_pages[lanes], state.marked[lanes])
    number, marked, began, now = state.source.syncs[lanes].astype(np.float64), state.marked[lanes], state.began[lanes], state.now[lanes]
    attempt.books_round(state.of.lanes[lanes], number, marked, sent, began, now, live=True)
    sent_bytes, rounds = state.sent_bytes.copy(), state.rounds.copy()
    sent_bytes[lanes] += state.round_bytes[lanes]
    rounds[lanes] += sent > 0.0
    return replace(state, sent_bytes=sent_bytes, rounds=rounds)


def _round_begins(state: Scanning, lanes: Lanes) -> Scanning:
    """Begin a round of some lanes: the bitmap was read just now."""
    began, marked, pages, size = state.began.copy(), state.marked.copy(), state.round_pages.copy(), state.round_bytes.copy()
    began[lanes], marked[lanes], pages[lanes], size[lanes] = state.now[lanes], state.source.pending()[lanes], 0.0, 0.0
    return replace(state, began=began, marked=marked, round_pages=pages, round_bytes=size)
