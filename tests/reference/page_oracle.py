"""Pre-copy of a small guest, page by page: slow, obvious, and written from the model's text only.

Nothing is imported from `sim`: what both sides share, they share through the text. Every page is an element of an array,
every page that `xen-legacy` scans is one turn of a Python loop. A write is known by its time: the seconds from the last
reading of the dirty bitmap to the next write of each page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
Pages = NDArray[np.bool_]
FEW_PAGES = 50  # Xen source, target of its pre-copy policy; the same number before and after Xen 4.6
PAGE_BYTES = 4104  # a 4 KiB page and 8 bytes of header (Xen stream format)
MBIT = 125_000.0  # bytes


@dataclass(frozen=True, slots=True)
class Guest:
    """The touched memory of a guest, which is also its configured memory here.

    Args:
        classes: (pages, writes to each page a second at activity 1); rate 0 is memory that rests.
        sweeps: (pages, pages written a second at activity 1); each writes over its own pages in order, again and again.
    """

    classes: tuple[tuple[int, float], ...] = ()
    sweeps: tuple[tuple[int, float], ...] = ()

    @property
    def pages(self) -> int:
        """All pages of the guest."""
        return sum(n for n, _ in self.classes) + sum(n for n, _ in self.sweeps)


@dataclass(frozen=True, slots=True)
class Line:
    """What carries the pages, at constant bandwidth.

    Args:
        bandwidth_Bps: bytes per second.
        page_bytes: bytes of one page on the line.
        round_trip_s: added to every round that sends.
        handshake_s: from the end of the last live round to the suspension; the guest runs meanwhile.
    """

    bandwidth_Bps: float
    page_bytes: float = PAGE_BYTES
    round_trip_s: float = 0.0
    handshake_s: float = 0.0

    @property
    def page_s(self) -> float:
        """Seconds that one page takes."""
        return self.page_bytes / self.bandwidth_Bps


@dataclass(frozen=True, slots=True)
class OracleResult:
    """One pre-copy.

    Args:
        rounds: (sent pages, seconds) of each live round that sent something; a cut round with what it sent until then.
        final_pages: pages sent while the guest stands still; 0 after an abort.
        sent_pages: all pages sent.
        outcome: completed or aborted.
    """

    rounds: tuple[tuple[int, float], ...]
    final_pages: int
    sent_pages: int
    outcome: str


@dataclass(slots=True)
class Memory:
    """The pages of a running guest at constant activity: when is each page written next?

    "Writes to a page of class c are Poisson with r_c a second at activity 1; a sweep is a sequential writer." The classes
    come first in the arrays, then the sweeps. Poisson writes have no memory, so each reading may draw them anew; the
    position of a sweep (in pages, any point of its round trip at the start) is carried on.
    """

    guest: Guest
    activity: float
    rng: np.random.Generator
    positions: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.positions = [self.rng.uniform(0.0, n) for n, _ in self.guest.sweeps]

    def next_writes(self) -> Times:
        """Return the seconds from now to the next write of every page, shape (pages,)."""
        parts = [_at_rate(self.rng.standard_exponential(n), r * self.activity) for n, r in self.guest.classes]
        walks = zip(self.guest.sweeps, self.positions, strict=True)
        parts += [_at_rate(_pages_ahead(n, at), w * self.activity) for (n, w), at in walks]
        return np.concatenate(parts)

    def run(self, seconds: float) -> None:
        """Let the sweeps write on for so long."""
        walks = zip(self.guest.sweeps, self.positions, strict=True)
        self.positions = [(at + w * self.activity * seconds) % n for (n, w), at in walks]


def _at_rate(steps: Times, rate: float) -> Times:
    return np.divide(steps, rate) if rate > 0.0 else np.full(len(steps), np.inf)


def _pages_ahead(pages: int, at: float) -> Times:
    """Return how far a sequential writer at position `at` has to go to each of its pages."""
    return np.mod(np.arange(pages, dtype=np.float64) - at, pages).astype(np.float64)


def distinct_pages(guest: Guest, activity: float, rng: np.random.Generator) -> int:
    """Return how many pages are written at least once while the activity integrates to `activity` seconds.

    The dirty curve D(A): a page counts once, however often it is written.
    """
    return int(np.count_nonzero(Memory(guest, 1.0, rng).next_writes() < activity))


@dataclass(slots=True)
class Transfer:
    """One migration under way: the dirty bitmap, the line and what was sent.

    Before the first reading of the bitmap every page counts as dirty.
    """

    memory: Memory
    line: Line
    writes: Times = field(init=False)
    since_reading: float = 0.0
    rounds: list[tuple[int, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.writes = np.full(self.memory.guest.pages, -1.0)

    @property
    def dirty(self) -> Pages:
        """The bitmap as it stands: pages written since it was read."""
        return self.writes < self.since_reading

    @property
    def sent(self) -> int:
        """Pages sent live."""
        return sum(pages for pages, _ in self.rounds)

    def read_and_clear(self) -> Pages:
        """Return the dirty pages and start a new bitmap: "at the start of a round the bitmap is read and cleared"."""
        dirty = self.dirty
        self.memory.run(self.since_reading)
        self.writes = self.memory.next_writes()
        self.since_reading = 0.0
        return dirty

    def duration(self, pages: int) -> float:
        """Return the seconds of a round: its pages on the line and one round trip; a round without pages is none."""
        return pages * self.line.page_s + self.line.round_trip_s if pages else 0.0

    def send(self, marked: Pages) -> None:
        """Send every marked page, also one written again meanwhile; it is then dirty for the next round too."""
        self._book(int(np.count_nonzero(marked)))

    def send_skipping(self, marked: Pages) -> None:
        """Send the marked pages in a scattered order, but leave out each that was written again before its turn.

        A page left out takes no time and stays dirty for the next round, because it was written since the reading.
        """
        clock, sent = 0.0, 0
        next_write = self.writes.tolist()
        for page in self.memory.rng.permutation(np.flatnonzero(marked)).tolist():
            if next_write[page] < clock:
                continue
            sent += 1
            clock = sent * self.line.page_s
        self._book(sent)

    def cut(self, marked: Pages, seconds: float) -> OracleResult:
        """Break off a round after so many seconds, in the middle of a page or not: the migration is aborted."""
        sent = min(int(np.count_nonzero(marked)), int(seconds / self.line.page_s))
        if sent:
            self.rounds.append((sent, seconds))
        return OracleResult(tuple(self.rounds), 0, self.sent, "aborted")

    def stop(self) -> OracleResult:
        """Suspend the guest and send the final set.

        "The pages dirtied from the start of the last live round, when its bitmap was read, to the real suspension,
        handshake included": whatever the bitmap shows after the handshake.
        """
        self.since_reading += self.line.handshake_s
        final = int(np.count_nonzero(self.dirty))
        return OracleResult(tuple(self.rounds), final, self.sent + final, "completed")

    def _book(self, sent: int) -> None:
        seconds = self.duration(sent)
        self.since_reading += seconds
        if sent:
            self.rounds.append((sent, seconds))


def xen(transfer: Transfer) -> OracleResult:
    """Five live rounds, or fewer when a reading shows less than 50 pages: those are still sent live.

    After the fifth round the bitmap is not read again before the suspension.
    """
    for _ in range(5):
        marked = transfer.read_and_clear()
        transfer.send(marked)
        if np.count_nonzero(marked) < FEW_PAGES:
            break
    return transfer.stop()


def xenserver(transfer: Transfer) -> OracleResult:
    """Four live rounds, or less than 50 pages at the reading before the second or a later one."""
    for live_round in range(1, 5):
        marked = transfer.read_and_clear()
        transfer.send(marked)
        if live_round >= 2 and np.count_nonzero(marked) < FEW_PAGES:
            break
    return transfer.stop()


def xen_legacy(transfer: Transfer, *, skips_in_round_1: bool = False) -> OracleResult:
    """29 live rounds, or one whose sent and skipped pages are less than 50, or more than three times the memory sent.

    Rounds skip; the first one of an HVM guest does not, nor the one with the guest stopped.
    """
    for live_round in range(1, 30):
        marked = transfer.read_and_clear()
        if live_round > 1 or skips_in_round_1:
            transfer.send_skipping(marked)
        else:
            transfer.send(marked)
        if np.count_nonzero(marked) < FEW_PAGES or transfer.sent > 3 * transfer.memory.guest.pages:
            break
    return transfer.stop()


def vm2000(transfer: Transfer, *, stop_goal_s: float = 2.0, chase_limit_s: float = 300.0) -> OracleResult:
    """Rounds until the rest can be sent within the stop goal at the mean rate of the last round, or an abort.

    The chase begins when round 1 ends. It may last the chase limit, or as long as round 1 where that is longer; a round
    that would end later is cut at that instant, one that ends exactly then is finished.
    """
    marked = transfer.read_and_clear()
    transfer.send(marked)
    limit_s = max(chase_limit_s, transfer.rounds[0][1])
    chase_s = 0.0
    while True:
        pages, seconds = transfer.rounds[-1]
        if np.count_nonzero(transfer.dirty) <= pages / seconds * stop_goal_s:
            return transfer.stop()
        marked = transfer.read_and_clear()
        round_s = transfer.duration(int(np.count_nonzero(marked)))
        if chase_s + round_s > limit_s:
            return transfer.cut(marked, limit_s - chase_s)
        transfer.send(marked)
        chase_s += round_s


def clark(transfer: Transfer, *, first_Bps: float = 100 * MBIT, most_Bps: float = 500 * MBIT) -> OracleResult:
    """Round 1 at 100 Mbit/s, each later one 50 Mbit/s faster than the guest dirtied in the round before.

    "Ends above 500 Mbit/s or below 256 KB"; the rest goes at 500 Mbit/s. No round is faster than the line.
    """
    line = transfer.line
    speed = first_Bps
    while True:
        transfer.line = replace(line, bandwidth_Bps=min(speed, line.bandwidth_Bps))
        transfer.send(transfer.read_and_clear())
        dirty_bytes = int(np.count_nonzero(transfer.dirty)) * 4096
        speed = dirty_bytes / transfer.rounds[-1][1] + 50 * MBIT
        if dirty_bytes < 256 * 1024 or speed > most_Bps:
            transfer.line = replace(line, bandwidth_Bps=min(most_Bps, line.bandwidth_Bps))
            return transfer.stop()


def stop_and_copy(transfer: Transfer) -> OracleResult:
    """No live round: every page is sent while the guest stands still."""
    return transfer.stop()


def pre_copy(
    guest: Guest,
    line: Line,
    rng: np.random.Generator,
    policy: Callable[[Transfer], OracleResult] = xen,
    activity: float = 1.0,
) -> OracleResult:
    """Return one pre-copy of a guest under a policy (a function above), at constant activity."""
    return policy(Transfer(Memory(guest, activity, rng), line))


def one_skipping_round(
    guest: Guest, marked_pages: tuple[int, ...], pages_per_s: float, rng: np.random.Generator, activity: float = 1.0
) -> tuple[int, float]:
    """Return (sent pages, seconds) of a single round with skipping on a line that carries `pages_per_s`.

    `marked_pages` are those of each class and then of each sweep; of a sweep they are the ones just written, because its
    position is carried on from the round before.
    """
    transfer = Transfer(Memory(guest, activity, rng), Line(pages_per_s, page_bytes=1.0))
    transfer.read_and_clear()
    parts = [np.arange(n) < w for (n, _), w in zip(guest.classes, marked_pages, strict=False)]
    for (n, _), at, w in zip(guest.sweeps, transfer.memory.positions, marked_pages[len(guest.classes) :], strict=True):
        parts.append(np.argsort(np.argsort(_pages_ahead(n, at))) >= n - w)
    transfer.send_skipping(np.concatenate(parts))
    return transfer.rounds[0] if transfer.rounds else (0, 0.0)
