"""The source side of a live migration of QEMU 7.2, page by page: slow, obvious, in the order of its own source.

Nothing is imported from `sim`. Method names are those of migration.c and ram.c where they have one (in brackets in the
docstrings). The clock is the time since the command, in seconds; QEMU itself reads it in whole milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from page_writers import Writer

Pages = NDArray[np.bool_]
PAGE = 4096
NORMAL_BYTES = PAGE + 8  # on the stream: the page and its address
ZERO_BYTES = 8 + 1  # address and fill byte
WINDOW_MS = 100  # BUFFER_DELAY; the cap is given out in tenths of a second
MAX_WAIT_MS = 50  # an iteration is broken off after more than this, looked at every 64 pages


@dataclass(frozen=True, slots=True)
class Setting:
    """What the migration is told, and what carries it.

    Args:
        raw_Bps: bytes a second that the stream takes when nothing holds it back.
        cap_Bps: max-bandwidth; infinite where there is none.
        downtime_limit_s: seconds that the guest may stand still.
        zero_page_s: seconds to find out that a page is zero.
        setup_s: seconds before the first sync.
        chunk_pages: pages whose dirty log is cleared together (1 GiB in QEMU; smaller in tests).
        bound_s: the migration is cancelled when it is not over by then.
    """

    raw_Bps: float
    cap_Bps: float = np.inf
    downtime_limit_s: float = 0.3
    zero_page_s: float = 0.25e-6
    setup_s: float = 0.0
    chunk_pages: int = 262_144
    bound_s: float = np.inf


@dataclass(frozen=True, slots=True)
class Sync:
    """One reading of the dirty log.

    Args:
        at_s: when.
        new: pages that were not waiting already.
        remaining: pages waiting afterwards.
        sent: pages sent since the sync before.
    """

    at_s: float
    new: int
    remaining: int
    sent: int


@dataclass(frozen=True, slots=True)
class Migration:
    """How it went.

    Args:
        converged: whether it ended within the bound.
        total_s: until the last byte, or until it was cancelled.
        downtime_s: from the stop of the guest to the last byte; 0 when cancelled.
        transferred: bytes on the stream.
        normal, zero: pages of each kind sent.
        syncs: readings of the dirty log, that at set-up and that with the guest stopped included.
    """

    converged: bool
    total_s: float
    downtime_s: float
    transferred: int
    normal: int
    zero: int
    syncs: tuple[Sync, ...]


@dataclass(slots=True)
class Guest:
    """The memory of a guest whose writes are logged by its hypervisor (KVM).

    A reading of the log forgets nothing: a page that it showed stays in the log, and its next write with it, until the
    log of its chunk is cleared. Only what a reading showed is then cleared; pages written since stay.

    Args:
        zero: which pages are all zero, shape (pages,).
        writers: who writes; every page they write holds something.
        chunk_pages: pages whose log is cleared together.
    """

    zero: Pages
    writers: tuple[Writer, ...] = ()
    chunk_pages: int = 262_144
    ran_s: float = 0.0
    log: Pages = field(init=False)
    shown: Pages = field(init=False)

    def __post_init__(self) -> None:
        # Logging begins with every page in the log, so that the first reading shows all of them.
        self.log = np.ones(len(self.zero), dtype=np.bool_)
        self.shown = np.zeros(len(self.zero), dtype=np.bool_)

    def run(self, until_s: float) -> None:
        """Let the guest run, and write, up to a time."""
        for writer in self.writers:
            written = writer.write(until_s - self.ran_s)
            self.log[written] = True
            self.zero[written] = False
        self.ran_s = until_s

    def read_log(self) -> Pages:
        """Return the pages in the log, all chunks."""
        self.shown = self.log.copy()
        return self.shown

    def clear_log(self, chunk: int) -> None:
        """Forget what the last reading showed of a chunk: writes count anew from now."""
        part = slice(chunk * self.chunk_pages, (chunk + 1) * self.chunk_pages)
        self.log[part] &= ~self.shown[part]


@dataclass(slots=True)
class Source:
    """The sending QEMU.

    `waiting` is the migration bitmap, a byte a page; `uncleared` the chunks whose log is still to be cleared; `scan` the
    page at which the search goes on. `window_ms` and `window_bytes` are when the present window began and what it sent.
    """

    guest: Guest
    setting: Setting
    clock: float = 0.0
    waiting: bytearray = field(init=False)
    pages_waiting: int = field(init=False)
    uncleared: list[bool] = field(init=False)
    scan: int = 0
    window_ms: int = 0
    window_bytes: int = 0
    threshold: float = 0.0
    transferred: int = 0
    normal: int = 0
    zero: int = 0
    syncs: list[Sync] = field(default_factory=list)
    sent_at_sync: int = 0

    def __post_init__(self) -> None:
        pages = len(self.guest.zero)
        self.guest.chunk_pages = self.setting.chunk_pages
        self.waiting = bytearray(b"\x01" * pages)
        self.pages_waiting = pages
        self.uncleared = [False] * -(-pages // self.setting.chunk_pages)

    @property
    def now_ms(self) -> int:
        """The clock as QEMU reads it; a millionth of a millisecond is rounding of the sums."""
        return int(self.clock * 1e3 + 1e-6)

    @property
    def pending(self) -> int:
        """Bytes that wait, zero pages too."""
        return self.pages_waiting * PAGE

    def migrate(self) -> Migration:
        """Return the whole migration (migration_thread)."""
        self.clock += self.setting.setup_s
        self.sync()
        while self.clock < self.setting.bound_s:
            if not self.quota_used_up() and self.iteration_run():
                return self.complete()
            self.update_counters()
            self.rate_limit()
        return self.outcome(downtime_s=0.0, converged=False)

    def iteration_run(self) -> bool:
        """Say whether it is time to stop the guest; else send some pages (migration_iteration_run)."""
        if self.pending < self.threshold:
            self.sync()
        if self.pending == 0 or self.pending < self.threshold:
            return True
        self.save_iterate()
        return False

    def sync(self) -> None:
        """Add the pages of the dirty log to those that wait (migration_bitmap_sync)."""
        self.guest.run(self.clock)
        waiting = np.frombuffer(self.waiting, dtype=np.uint8)
        waiting |= self.guest.read_log()
        before, self.pages_waiting = self.pages_waiting, int(waiting.sum())
        self.uncleared = [True] * len(self.uncleared)
        sent = self.normal + self.zero
        self.syncs.append(Sync(self.clock, self.pages_waiting - before, self.pages_waiting, sent - self.sent_at_sync))
        self.sent_at_sync = sent

    def save_iterate(self) -> None:
        """Send pages until the quota is used up, none is left, or it has lasted too long (ram_save_iterate)."""
        began = self.clock
        pages = 0
        while not self.quota_used_up():
            if not self.find_and_save_page():
                return
            if pages % 64 == 0 and int((self.clock - began) * 1e3) > MAX_WAIT_MS:
                return
            pages += 1

    def find_and_save_page(self) -> bool:
        """Send the next page that waits, from where the search stopped and round the end; False when there is none."""
        page = self.waiting.find(1, self.scan)
        if page < 0:
            page = self.waiting.find(1)
        if page < 0:
            return False
        chunk = page // self.setting.chunk_pages
        if self.uncleared[chunk]:
            self.uncleared[chunk] = False
            self.guest.run(self.clock)
            self.guest.clear_log(chunk)
        self.waiting[page] = 0
        self.pages_waiting -= 1
        self.scan = page + 1
        self.save_page(zero=bool(self.guest.zero[page]))
        return True

    def save_page(self, *, zero: bool) -> None:
        """Put one page on the stream."""
        if zero:
            size, self.zero = ZERO_BYTES, self.zero + 1
            self.clock += self.setting.zero_page_s
        else:
            size, self.normal = NORMAL_BYTES, self.normal + 1
        self.clock += size / self.setting.raw_Bps
        self.window_bytes += size
        self.transferred += size

    def quota_used_up(self) -> bool:
        """Whether the window has sent more than a tenth of the cap (qemu_file_rate_limit)."""
        return self.window_bytes > self.setting.cap_Bps / 10.0

    def update_counters(self) -> None:
        """Close a window of 100 ms or more: its bandwidth gives the threshold (migration_update_counters)."""
        lasted_ms = self.now_ms - self.window_ms
        if lasted_ms < WINDOW_MS:
            return
        self.threshold = self.window_bytes / lasted_ms * (self.setting.downtime_limit_s * 1e3)
        self.window_ms, self.window_bytes = self.now_ms, 0

    def rate_limit(self) -> None:
        """Sleep to the end of the window when its quota is used up (migration_rate_limit)."""
        if self.quota_used_up():
            self.clock += max(0, self.window_ms + WINDOW_MS - self.now_ms) / 1e3

    def complete(self) -> Migration:
        """Stop the guest, read the log once more, and send what waits without any cap (migration_completion)."""
        stopped = self.clock
        self.sync()
        while self.find_and_save_page():
            pass
        return self.outcome(downtime_s=self.clock - stopped, converged=True)

    def outcome(self, *, downtime_s: float, converged: bool) -> Migration:
        """Return what there is to report."""
        return Migration(converged, self.clock, downtime_s, self.transferred, self.normal, self.zero, tuple(self.syncs))


def migrate(guest: Guest, setting: Setting) -> Migration:
    """Return one migration of a guest."""
    return Source(guest, setting).migrate()
