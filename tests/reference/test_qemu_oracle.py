"""The QEMU oracle by hand: guests of a few pages whose migrations can be computed on paper."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray
from page_writers import Sequential
from qemu_oracle import NORMAL_BYTES, ZERO_BYTES, Guest, Migration, Setting, Source, migrate

PAGE_S = 1e-4  # of a normal page in these tests, unless said
RAW = NORMAL_BYTES / PAGE_S
TEN_PAGES = 100 * NORMAL_BYTES  # a cap of ten pages a window
TICK = 1e-3  # QEMU reads its clock, and sleeps, in whole milliseconds: it wakes up to one too late


@dataclass(slots=True)
class Script:
    """A writer that writes the pages it is told to at the times it is told to."""

    writes: list[tuple[float, int]]
    clock: float = field(default=0.0)

    def write(self, seconds: float) -> NDArray[np.int64]:
        began, self.clock = self.clock, self.clock + seconds
        return np.array([page for at, page in self.writes if began <= at < self.clock], dtype=np.int64)


def filled(pages: int) -> NDArray[np.bool_]:
    """Memory without zero pages."""
    return np.zeros(pages, dtype=np.bool_)


def counts(result: Migration) -> list[tuple[int, int, int]]:
    return [(sync.new, sync.remaining, sync.sent) for sync in result.syncs]


def test_small_idle_guest_is_gone_before_the_first_window_ends() -> None:
    """Without a threshold nothing is read until no page is left, and then the guest is stopped: two syncs. Zero pages: 9 bytes."""
    zero = filled(30)
    zero[10:] = True
    result = migrate(Guest(zero), Setting(RAW, zero_page_s=1e-3, setup_s=0.01))
    assert counts(result) == [(0, 30, 0), (0, 0, 30)]
    assert (result.normal, result.zero, result.transferred) == (10, 20, 10 * NORMAL_BYTES + 20 * ZERO_BYTES)
    assert result.total_s == pytest.approx(0.01 + 10 * PAGE_S + 20 * (1e-3 + ZERO_BYTES / RAW))
    assert (result.converged, result.downtime_s) == (True, 0.0)


def test_cap_is_given_out_in_windows_and_the_flush_is_free_of_it() -> None:
    """The quota is used up by the page that exceeds it: 11 pages a window. Threshold 11 x 4104 B / 100 ms x 300 ms: 33 pages.

    After 7 windows 23 of 100 pages wait, are read again and sent at once. Mutants: 10 pages a window, a capped flush, no sync at
    set-up, none with the guest stopped.
    """
    result = migrate(Guest(filled(100)), Setting(RAW, cap_Bps=TEN_PAGES))
    assert counts(result) == [(0, 100, 0), (0, 23, 77), (0, 23, 0)]
    assert result.total_s == pytest.approx(0.7 + 23 * PAGE_S, abs=TICK)
    assert result.downtime_s == pytest.approx(23 * PAGE_S)


def test_pending_counts_zero_pages_in_full() -> None:
    """22 normal pages take two windows, 178 zero pages almost nothing: but they wait as 4096 bytes each, and the guest runs on.

    Mutant: pending by bytes on the line: after one window 11 pages and some bytes are below the threshold of 33 pages.
    """
    zero = np.ones(200, dtype=np.bool_)
    zero[:22] = False
    result = migrate(Guest(zero), Setting(RAW, cap_Bps=TEN_PAGES, zero_page_s=0.0))
    assert counts(result) == [(0, 200, 0), (0, 0, 200), (0, 0, 0)]
    assert result.total_s == pytest.approx(0.2 + 178 * ZERO_BYTES / RAW, abs=TICK)


def test_threshold_is_in_pages_of_4096() -> None:
    """Eleven pages a window and 100 ms: threshold 45,144 B holds 11 x 4096 B = 45,056 B. Eleven pages wait after 9 windows: stop.

    Mutant: pages of 4104 bytes in pending; then eleven are not less than the threshold and a window more is sent.
    """
    result = migrate(Guest(filled(110)), Setting(RAW, cap_Bps=TEN_PAGES, downtime_limit_s=0.1))
    assert counts(result) == [(0, 110, 0), (0, 11, 99), (0, 11, 0)]


def test_a_threshold_s_worth_carries_over() -> None:
    """The log is read when at most 33 pages wait, before they are sent; pages that wait already are not new.

    100 pages, 11 a window: after 7 windows 23 wait (77..99). 0..19 were written (new), 80..89 too (waiting already): 43.
    One window more leaves 32: read, stop. Mutants: reading the log each window, or when nothing waits any more.
    """
    writes = [(0.65, page) for page in (*range(20), *range(80, 90))]
    result = migrate(Guest(filled(100), (Script(writes),)), Setting(RAW, cap_Bps=TEN_PAGES))
    assert counts(result) == [(0, 100, 0), (20, 43, 77), (0, 32, 11), (0, 32, 0)]
    assert result.total_s == pytest.approx(0.8 + 32 * PAGE_S, abs=TICK)


def test_a_page_written_before_its_turn_is_sent_and_sent_again() -> None:
    """Page 90 is written in the first window, sent in the ninth, and new at the reading after it.

    The threshold is 4,514 B, one page: after 9 windows page 99 waits, page 90 joins it, both are sent live. Mutants: writes
    forgotten when the page is sent, or when the log is read.
    """
    result = migrate(Guest(filled(100), (Script([(0.05, 90)]),)), Setting(RAW, cap_Bps=TEN_PAGES, downtime_limit_s=0.01))
    assert counts(result) == [(0, 100, 0), (1, 2, 99), (0, 0, 2), (0, 0, 0)]
    assert result.normal == 101


def test_search_goes_on_where_it_stopped() -> None:
    """After page 5 come 8, then 2 and 3 from the start. Mutant: each search from page 0."""
    source = Source(Guest(filled(10)), Setting(RAW))
    source.waiting[:] = bytes(page in {2, 3, 8} for page in range(10))
    source.scan = 6
    order = []
    while source.find_and_save_page():
        order.append(source.scan - 1)
    assert order == [8, 2, 3]


def test_log_of_a_chunk_is_cleared_at_its_first_page() -> None:
    """Two chunks of 50 pages, 11 pages a window. Chunk 1 is begun in the fifth window: what was written before counts for nothing.

    Page 60 is written at 0.2 s and not again; page 10 too, after its chunk was cleared: one new page. Mutant: chunks of any size
    cleared at the reading (two new pages), or never (77, all that was sent).
    """
    guest = Guest(filled(100), (Script([(0.2, 10), (0.2, 60)]),))
    result = migrate(guest, Setting(RAW, cap_Bps=TEN_PAGES, chunk_pages=50))
    assert counts(result)[1] == (1, 24, 77)


def test_a_page_not_shown_by_the_last_reading_counts_from_it() -> None:
    """Chunk 1's log is cleared after a page of it was written that was not in it: that write is not forgotten.

    Mutant: clearing the whole log of the chunk.
    """
    guest = Guest(filled(100), (Script([(1.0, 60), (3.0, 61)]),), chunk_pages=50)
    guest.read_log()
    for chunk in (0, 1):
        guest.clear_log(chunk)
    guest.run(2.0)
    assert np.flatnonzero(guest.read_log()).tolist() == [60]
    guest.run(4.0)
    guest.clear_log(1)
    assert np.flatnonzero(guest.read_log()).tolist() == [61]


def test_slow_line_breaks_iterations_off_after_50_ms() -> None:
    """A page a millisecond and no cap: 51 ms have passed at the page number 64 (the 65th): 65 pages an iteration, 130 a window.

    The window of 130 ms has a bandwidth of 4.104 B/us; with 50 ms the threshold is 205,200 B: 50 pages. 500 pages: 3 windows
    leave 110; half a window later 45 wait: read and stop, 0.455 s after the start. Mutants: 64 pages an iteration, windows of
    100 ms exactly, the stop rule at the window's end only (then nothing waits).
    """
    result = migrate(Guest(filled(500)), Setting(NORMAL_BYTES / 1e-3, downtime_limit_s=0.05))
    assert counts(result) == [(0, 500, 0), (0, 45, 455), (0, 45, 0)]
    assert result.total_s == pytest.approx(0.5)
    assert result.downtime_s == pytest.approx(0.045)


def test_a_writer_faster_than_the_cap_never_ends_it() -> None:
    """400 pages written over and over faster than the cap sends them: cancelled at the bound, in a window's steps."""
    guest = Guest(filled(500), (Sequential(50, 400, 5000.0),))
    result = migrate(guest, Setting(RAW, cap_Bps=TEN_PAGES, bound_s=20.05))
    assert not result.converged
    assert result.total_s == pytest.approx(20.1, abs=TICK)
    assert result.normal == 201 * 11


def test_sequential_writer_stays_ahead_of_what_waits() -> None:
    """New pages of a sequential writer are never among the waiting ones while it is not round: all that it wrote is new.

    100 pages, 11 a window, 1 written each window from page 0 on, from the set-up: 7 are new after 7 windows, of which none waits.
    """
    guest = Guest(filled(100), (Sequential(0, 100, 10.0, 0.5),))
    assert counts(migrate(guest, Setting(RAW, cap_Bps=TEN_PAGES)))[1] == (7, 30, 77)
