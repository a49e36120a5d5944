"""The source side of a QEMU migration: what a scan sends, when the bitmap is read, when the guest is stopped.

Written from the behaviour of QEMU 7.2 (migration.c, ram.c). Sizes of arrays: (n,) one value a lane, (bins, n) and (cells, n) as in
`sim.model.layout`. One replication is an array of one lane, so both engines compute the same bits. Pages may be fractions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from sim.model.dirtying import add_rows, drawn_pages
from sim.model.draws import LAST, Array, Lanes
from sim.model.layout import Layout, total
from sim.model.load import PAGE
from sim.model.rounds import Flags, Policy

LONGEST_ITERATION_S = 0.051  # QEMU 7.2, ram_save_iterate: MAX_WAIT 50 ms, passed when the clock shows 51
LOOKS_EVERY = 64  # pages after which an iteration looks at the clock (ram_save_iterate)
ZERO_PAGE_BYTES = 9.0  # header and one byte on the stream (save_zero_page)
THROTTLE_PERIOD_S = 1.0  # auto-converge looks at a sync at most once a second (migration_bitmap_sync)
THROTTLE_AT = 0.5  # dirtied over sent bytes of a period (throttle-trigger-threshold)
THROTTLE_FIRST, THROTTLE_STEP, THROTTLE_MOST = 0.2, 0.1, 0.99  # cpu-throttle-initial, -increment, max-cpu-throttle
_NEVER = np.inf
_ALMOST = 1e-9  # of a second, or of a page: rounding of sums
_BARELY_MORE = 1.0 + 1e-9  # beyond the rounding of sums
_ALMOST_NO_PAGE = 1e-6  # less than this is what rounding left of a bin that was sent


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """What an iteration sends.

    Args:
        size: bytes on the stream, shape (k,).
        pages: pages, zero pages among them.
        zeros_s: time that the detection of zero pages takes, beside the transfer, seconds.
    """

    size: Array
    pages: Array
    zeros_s: Array


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What differs between replications at the begin of a transfer: uniform draws, 0..1.

    Args:
        phases: where each sequential writer is in its extent, shape (sweeps, lanes).
        shares: which share of unknown pages is not zero, shape (unknown, lanes).
    """

    phases: Array
    shares: Array

    @classmethod
    def of(cls, layout: Layout, uniform: Callable[[int], Array | float], lanes: int) -> Drawn:
        """Draw them.

        Args:
            layout: the guest's memory.
            uniform: gives the draw of a number, shape (lanes,).
            lanes: replications.
        """
        sweeps, unknown = len(layout.sweeps), len(layout.unknown)
        rows = np.empty((sweeps + unknown, lanes))
        for place in range(sweeps + unknown):
            rows[place] = uniform(place)
        return cls(rows[:sweeps], rows[sweeps:])


# Attributes of a source that have one value, or one column, a lane.
_LANES = [
    *("waiting", "threshold", "window_began", "window_bytes", "read_at", "syncs", "slowdown"),
    *("_marked", "_marked_bins", "_pending", "_pointer", "_logged", "_cleared", "_phases"),
    *("_throttle", "_high", "_period_began", "_period_sent", "_period_dirty"),
]


class Source:
    """QEMU on the source, in `lanes` replications at once.

    Args:
        policy: numbers of the rule.
        layout: the guest's memory.
        page_bytes: bytes of a page on the stream, header included.
        lanes: replications.
        began: when the transfer begins, seconds, shape (lanes,).
        drawn: what differs between the lanes at the begin.

    Attributes:
        waiting: pages of each bin that wait to be sent.
        threshold: bytes below which the bitmap is read, and the guest stopped.
        syncs: how often the bitmap was read, the first time at the set-up.
        read_at: when last, seconds.
        slowdown: factor of the guest's activity under auto-converge.
    """

    def __init__(self, policy: Policy, layout: Layout, page_bytes: float, lanes: int, began: Array, drawn: Drawn) -> None:
        self.policy, self.layout, self.page_bytes = policy, layout, page_bytes
        quota = policy.max_bandwidth_Bps * policy.window_s
        # The quota is looked at after each page, so that the last one passes it.
        self.quota = (np.floor(quota / page_bytes) + 1.0) * page_bytes if np.isfinite(quota) else _NEVER
        self._marked = np.tile(layout.pages, lanes)
        for place, unknown in enumerate(layout.unknown):
            share = unknown.shares[(drawn.shares[place] * len(unknown.shares)).astype(np.intp)]
            self._marked[unknown.cell] *= share
            self._marked[unknown.cell + 1] *= 1.0 - share
        self._marked_bins = layout.binned(self._marked)
        self.waiting = self._marked_bins.copy()
        self._pending = total(self.waiting)
        self._bins = np.arange(len(layout.zero))[:, None]
        self._zeros = np.flatnonzero(layout.zero)  # bins; the writers are cells
        self._writers = np.flatnonzero(layout.rewrites[:, 0] > 0.0)
        self._sizes = np.where(layout.zero, ZERO_PAGE_BYTES, page_bytes)[:, None]
        self._all_zeros_s = policy.zero_page_s * float(layout.pages[layout.zero[layout.bin_of]].sum())
        self._detection_s = np.where(layout.zero, policy.zero_page_s, 0.0)[:, None]
        self._chunk_of_cells = layout.chunk[layout.bin_of]
        self._first_of_chunk = np.flatnonzero(np.diff(layout.chunk, prepend=-1))
        self._pointer = np.zeros(lanes, dtype=np.intp)
        self._logged = np.ones((len(layout.pages), lanes))
        self._cleared = np.full((int(layout.chunk[-1]) + 1, lanes), _NEVER)
        self._phases = drawn.phases.copy()
        self.threshold = np.zeros(lanes)
        self.window_began, self.window_bytes = began.copy(), np.zeros(lanes)
        self.read_at = began.copy()
        self.syncs = np.ones(lanes, dtype=np.intp)
        self.slowdown = np.ones(lanes)
        self._throttle, self._high = np.zeros(lanes), np.zeros(lanes, dtype=np.intp)
        self._period_began = began.copy()
        self._period_sent, self._period_dirty = np.zeros(lanes), np.zeros(lanes)

    def take(self, chosen: Lanes) -> Source:
        """Return some of the lanes."""
        taken = copy(self)
        for name in _LANES:
            setattr(taken, name, getattr(self, name)[..., chosen])
        return taken

    @staticmethod
    def together(groups: Sequence[Source], order: Lanes) -> Source:
        """Return groups of lanes as one, in an order."""
        joined = copy(groups[0])
        for name in _LANES:
            setattr(joined, name, np.concatenate([getattr(group, name) for group in groups], axis=-1)[..., order])
        return joined

    def pending(self) -> Array:
        """Return the pages that wait, zero pages too, shape (lanes,)."""
        return self._pending

    def wants_sync(self) -> Flags:
        """Say where so little waits that the bitmap is read."""
        return self.pending() * PAGE < self.threshold

    def stops(self) -> Flags:
        """Say where the guest is stopped."""
        pending = self.pending()
        return (pending <= 0.0) | (pending * PAGE < self.threshold)

    def exhausted(self) -> Flags:
        """Say where the bitmap was read as often as draws have numbers: such a migration is cancelled too."""
        return self.syncs >= LAST

    def iterate(self, rate: Array, now: Array) -> Sent:
        """Send until the quota of the window is used up, 50 ms have passed, or nothing waits; the scan goes on where it was.

        Args:
            rate: bytes per second while it sends, shape (lanes,).
            now: seconds.
        """
        waiting = self.waiting
        left = waiting - np.minimum(waiting, self._allowed(rate))
        self.waiting = left = np.where(left < _ALMOST_NO_PAGE, 0.0, left)
        taken = waiting - left
        passed = taken > _ALMOST_NO_PAGE
        self._clear_logs(passed, now)
        self._move_pointer(passed)
        self._pending = total(left)
        pages, zeros = total(taken), total(taken[self._zeros])
        size = (pages - zeros) * self.page_bytes + zeros * ZERO_PAGE_BYTES
        self.window_bytes = self.window_bytes + size
        self._period_sent = self._period_sent + size
        return Sent(size, pages, zeros * self.policy.zero_page_s)

    def _allowed(self, rate: Array) -> Array:
        """Return how many pages of each bin may be sent before the quota is used up and the time is over, (bins, n)."""
        quota, longest = self.quota - self.window_bytes, self._longest(rate)
        # Mostly one of the two is out of reach in every lane, however many zeros are met: then the other alone is worked out.
        by_quota: Array | float = _NEVER
        by_clock: Array | float = _NEVER
        if np.any(quota < longest * rate * _BARELY_MORE):
            by_quota = self._within(quota, self.waiting * self._sizes) / self._sizes
        if np.any(quota / rate + self._all_zeros_s > longest / _BARELY_MORE):
            page_s = self._detection_s + self._sizes / rate
            by_clock = self._within(longest, self.waiting * page_s) / page_s
        return np.asarray(np.minimum(by_quota, by_clock))

    def _within(self, budget: Array | float, costs: Array) -> Array:
        """Return how much of its cost each bin gets of a budget; the bin at the pointer is served first, after the last one the first."""
        spent = np.cumsum(costs, axis=0)
        before = spent - costs
        if not self._pointer.any():
            return np.maximum(0.0, budget - before)
        at_pointer = before[self._pointer, np.arange(len(self._pointer))]
        behind = self._bins < self._pointer
        return np.maximum(0.0, budget - (before - at_pointer + np.where(behind, spent[-1], 0.0)))

    def _move_pointer(self, sent: Flags) -> None:
        """Let the scan stand behind the last page that it sent: what is written there before the next reading comes first."""
        wrapped = sent & (self._bins < self._pointer)
        late = np.where(wrapped.any(axis=0), wrapped, sent)
        last = len(late) - 1 - late[::-1].argmax(axis=0)
        lane = np.arange(len(last))
        behind = np.where(self.waiting[last, lane] > 0.0, last, (last + 1) % len(late))
        self._pointer = np.where(late[last, lane], behind, self._pointer)

    def _longest(self, rate: Array) -> Array:
        """Return how long an iteration may take: it ends at the first look at the clock beyond its limit, seconds."""
        lump = np.maximum(LOOKS_EVERY * self.page_bytes, self.policy.lump_bytes)
        return np.asarray(np.ceil(LONGEST_ITERATION_S * rate / lump) * lump / rate)

    def _clear_logs(self, sent: Flags, now: Array) -> None:
        """Note where the dirty log of a chunk is cleared: when the first page of it is sent after a sync."""
        if len(self._cleared) > 1:
            touched = np.logical_or.reduceat(sent, self._first_of_chunk, axis=0)
            self._cleared = np.where(touched, np.minimum(self._cleared, now), self._cleared)

    def sleep_s(self, now: Array) -> Array:
        """Return how long the source sleeps: to the end of the window where its quota is used up, seconds."""
        used_up = self.window_bytes >= self.quota - _ALMOST * self.page_bytes
        return np.where(used_up, np.maximum(0.0, self.window_began + self.policy.window_s - now) + self.policy.wake_s, 0.0)

    def end_window(self, now: Array) -> None:
        """Where a window has ended, derive the threshold from what it sent, and begin the next."""
        lasted = now - self.window_began
        over = lasted >= self.policy.window_s - _ALMOST
        bandwidth = self.window_bytes / np.where(over, lasted, 1.0)
        self.threshold = np.where(over, bandwidth * self.policy.downtime_limit_s, self.threshold)
        self.window_began = np.where(over, now, self.window_began)
        self.window_bytes = np.where(over, 0.0, self.window_bytes)

    def sync(self, lanes: Lanes, exposure: Array, now: Array, normal: Array) -> None:
        """Read the dirty bitmap: what was written since the last reading waits too, but no page twice.

        Args:
            lanes: where.
            exposure: integral of the guest's activity since the last reading, seconds, shape (k,).
            now: seconds, shape (k,).
            normal: standard normal draws, shape (k,).
        """
        layout = self.layout
        at_sync, now_waiting = self._marked_bins.take(lanes, axis=1), self.waiting.take(lanes, axis=1)
        left = np.divide(now_waiting, at_sync, out=np.zeros_like(at_sync), where=at_sync > 0.0)
        waiting = self._marked.take(lanes, axis=1) * left[layout.bin_of]
        free = np.maximum(layout.pages - waiting, 0.0)
        new = np.zeros_like(free)
        written = self._written(lanes, exposure, now)
        means = free[self._writers] * written
        if means.any():
            drawn, mean = drawn_pages(means, -written, normal, add_rows(free)), add_rows(means)
            new[self._writers] = means * np.divide(drawn, mean, out=np.zeros_like(means[0]), where=np.asarray(mean) > 0.0)
        swept = [self._swept(place, lanes, exposure, now) for place in range(len(layout.sweeps))]
        for sweep, share in zip(layout.sweeps, swept, strict=True):
            # It goes forward: of what waits, nothing lies before it in the bin where it is.
            pages = np.minimum(share * sweep.size, free[sweep.cells])
            whole = total(pages)
            new[sweep.cells] = pages * np.divide(np.rint(whole), whole, out=np.zeros_like(whole), where=whole > 0.0)
        marked = np.minimum(waiting + new, layout.pages)
        bins = layout.binned(marked)
        self._marked[:, lanes], self._marked_bins[:, lanes], self.waiting[:, lanes] = marked, bins, bins
        self._pending[lanes] = total(bins)
        self._keep_log(lanes, written, swept)
        self.read_at[lanes] = now
        self.syncs[lanes] += 1
        if self.policy.auto_converge:
            self._throttles(lanes, now, total(new))

    def _written(self, lanes: Lanes, exposure: Array, now: Array) -> Array:
        """Return the probability that the log shows a page of the cells with a random writer, shape (writers, k).

        A page that the log showed already at the last reading counts from the moment at which its chunk of the log was cleared.
        """
        rewrites = self.layout.rewrites[self._writers]
        whole = -np.expm1(-rewrites * exposure)
        if len(self._cleared) == 1:
            return whole
        logged = self._logged[:, lanes][self._writers]
        partly = -np.expm1(-rewrites * (exposure * self._tracked_share(lanes, now)[self._chunk_of_cells[self._writers]]))
        return logged * partly + (1.0 - logged) * whole

    def _keep_log(self, lanes: Lanes, written: Array, swept: Sequence[Array]) -> None:
        """Note which share of each cell the log shows; what was in it already stays where no page of the chunk was sent since."""
        if len(self._cleared) > 1:
            shown = np.zeros((len(self._logged), len(lanes)))
            shown[self._writers] = written
            for sweep, share in zip(self.layout.sweeps, swept, strict=True):
                shown[sweep.cells] = share
            uncleared = np.isinf(self._cleared[:, lanes])[self._chunk_of_cells]
            self._logged[:, lanes] = np.minimum(1.0, shown + np.where(uncleared, self._logged[:, lanes], 0.0))
        self._cleared[:, lanes] = _NEVER

    def _tracked_share(self, lanes: Lanes, now: Array) -> Array:
        """Return the share of the time since the last reading that lies after the clearing of each chunk's log, (chunks, k)."""
        lasted, tracked = now - self.read_at[lanes], np.maximum(0.0, now - self._cleared[:, lanes])
        share: Array = np.minimum(1.0, tracked / np.where(lasted > 0.0, lasted, 1.0))
        return share

    def _swept(self, place: int, lanes: Lanes, exposure: Array, now: Array) -> Array:
        """Return the share of each bin that a sequential writer passed while the log saw it, and let it go on, (cells, k)."""
        sweep = self.layout.sweeps[place]
        passed = sweep.rate * exposure
        at = self._phases[place, lanes] * sweep.pages
        self._phases[place, lanes] = (at + passed) % sweep.pages / sweep.pages
        seen = np.broadcast_to(passed, (len(sweep.cells), len(passed)))
        if len(self._cleared) > 1:
            shown = self._logged[:, lanes][sweep.cells] >= 1.0  # the last reading showed all of it, the first one at any rate
            share = self._tracked_share(lanes, now)[self._chunk_of_cells[sweep.cells]]
            seen = np.where(shown, seen * share, seen)
        length = np.minimum(seen, sweep.pages)
        begin = (at + (passed - length)) % sweep.pages
        covered = np.zeros_like(length)
        for turn in (-sweep.pages, 0.0):
            low, high = begin + turn, begin + turn + length
            covered += np.maximum(0.0, np.minimum(high, sweep.low + sweep.size) - np.maximum(low, sweep.low))
        return np.minimum(covered / sweep.size, 1.0)

    def _throttles(self, lanes: Lanes, now: Array, new: Array) -> None:
        """Slow the guest's CPUs where it dirtied more than half of what was sent, for the second time (auto-converge)."""
        self._period_dirty[lanes] += new * PAGE
        looks = lanes[now > self._period_began[lanes] + THROTTLE_PERIOD_S]
        high = self._period_dirty[looks] > THROTTLE_AT * self._period_sent[looks]
        self._high[looks[high]] += 1
        more = looks[high & (self._high[looks] >= 2)]
        self._high[more] = 0
        before = self._throttle[more]
        self._throttle[more] = np.minimum(np.where(before > 0.0, before + THROTTLE_STEP, THROTTLE_FIRST), THROTTLE_MOST)
        # A guest that idles gives up its idle time first.
        self.slowdown[more] = np.minimum(1.0, (1.0 - self._throttle[more]) / self.policy.guest_busy)
        self._period_sent[looks], self._period_dirty[looks] = 0.0, 0.0
        self._period_began[looks] = np.broadcast_to(now, lanes.shape)[now > self._period_began[lanes] + THROTTLE_PERIOD_S]

    def final_set(self) -> tuple[Array, Array]:
        """Return the pages that wait and their bytes on the stream, shape (lanes,)."""
        zeros, pages = total(self.waiting[self._zeros]), self.pending()
        return pages, (pages - zeros) * self.page_bytes + zeros * ZERO_PAGE_BYTES
