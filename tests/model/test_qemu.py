"""QEMU's source side by hand: windows, iterations, the scan, the threshold, what is sent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.qemu_sources import PAGE_BYTES, SLOW, SMALL, UNCAPPED, iterates, reads, source_of, waiting, windows
from sim.model.layout import Extent
from sim.model.qemu import ZERO_PAGE_BYTES
from sim.model.rounds import Policy


@pytest.mark.parametrize(("quota_pages", "sent"), [(9.95, 10.0), (10.0, 11.0), (10.01, 11.0), (0.5, 1.0), (1000.0, 1001.0)])
def test_a_window_sends_one_page_more_than_its_quota_holds(quota_pages: float, sent: float) -> None:
    """QEMU looks whether more than the quota was sent after each page. Mutants: without that page; rounded up (10 of 10.0)."""
    source = source_of(replace(SMALL, max_bandwidth_Bps=quota_pages * PAGE_BYTES / 0.1), Extent(5000.0))
    assert iterates(source, 0.0) == pytest.approx((sent, sent * PAGE_BYTES, 0.0))
    assert iterates(source, 0.05) == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
    assert float(source.pending()[0]) == pytest.approx(5000.0 - sent)


def test_zero_pages_cost_nine_bytes_and_the_time_to_find_out() -> None:
    """All of 2,000 zero pages and 5.6 normal ones fit a quota of ten pages: 10 x 4104 - 2,000 x 9 = 23,040 B = 5.61 pages.

    Mutants: 4,096 bytes in the quota; the time of a page that is not zero too.
    """
    source = source_of(replace(SMALL, zero_page_s=1e-6), Extent(2000.0, zero=True), Extent(100.0))
    pages, size, zeros_s = iterates(source, 0.0)
    assert (pages, size) == pytest.approx((2000.0 + 23_040.0 / PAGE_BYTES, 10.0 * PAGE_BYTES))
    assert zeros_s == pytest.approx(2e-3)
    assert waiting(source) == pytest.approx([0.0, 100.0 - 23_040.0 / PAGE_BYTES])


@pytest.mark.parametrize(
    ("page_s", "pages"),
    [
        (1e-3, 64),  # 51 ms have not passed at 0, they have at 64
        (1e-4, 512),  # 51 ms are 510 pages, the next look is at 512
        (51e-3 / 128, 128),  # exactly at a look
        (50e-3 / 64, 128),  # 64 pages take 50 ms, which is not more than 50
        (0.2, 64),
    ],
)
def test_an_iteration_ends_at_a_look_after_51_ms(page_s: float, pages: int) -> None:
    """The clock, whole milliseconds, is looked at every 64 pages and must show more than 50. Mutants: 50 ms; looks at every page."""
    source = source_of(Policy("qemu"), Extent(1e6))
    assert iterates(source, 0.0, PAGE_BYTES / page_s)[0] == pytest.approx(pages)


def test_the_time_to_find_zeros_counts_for_the_clock() -> None:
    """64 pages of a millisecond are 64 ms; 20,000 zero pages of 2 us, with their 9 bytes 83.9 ms. Mutant: bytes alone."""
    source = source_of(Policy("qemu", zero_page_s=2e-6), Extent(20_000.0, zero=True), Extent(100.0))
    pages, _, zeros_s = iterates(source, 0.0, SLOW)
    page_s = 2e-6 + ZERO_PAGE_BYTES / SLOW
    assert pages == pytest.approx(64e-3 / page_s)
    assert zeros_s == pytest.approx(2e-6 * pages)
    assert pages < 20_000.0


def test_a_socket_that_takes_lumps_ends_iterations_after_one() -> None:
    """51 ms are 209,304 B at 4.1 MB/s, lumps of 100,000 B: the third ends it. Mutant: lumps beside the 64 pages, not instead."""
    source = source_of(Policy("qemu", lump_bytes=300_000.0), Extent(1e6))
    assert iterates(source, 0.0, SLOW)[1] == pytest.approx(300_000.0)


@settings(max_examples=60)
@given(
    st.floats(1.0, 1e5),
    st.floats(1e3, 2e9),
    st.floats(1e-9, 1e-4),
    st.lists(st.tuples(st.integers(1, 60_000), st.booleans()), min_size=1, max_size=5),
)
def test_what_is_sent_keeps_quota_and_clock(quota_pages: float, rate: float, zero_page_s: float, memory: list[tuple[int, bool]]) -> None:
    """Until nothing waits: no iteration sends more than the quota or lasts longer than the look after 51 ms, and each ends at one of them.

    Mutants: the quota looked at alone where detection is slow; the clock alone where the quota is small.
    """
    policy = Policy("qemu", max_bandwidth_Bps=quota_pages * PAGE_BYTES / 0.1, zero_page_s=zero_page_s)
    source = source_of(policy, *(Extent(float(pages), zero=zero) for pages, zero in memory))
    lump = 64 * PAGE_BYTES
    longest = np.ceil(0.051 * rate / lump) * lump / rate
    for _ in range(20):
        _, size, zeros_s = iterates(source, 0.0, rate)
        took = size / rate + zeros_s
        assert took <= longest * (1.0 + 1e-9)
        assert float(source.window_bytes[0]) <= source.quota * (1.0 + 1e-9)
        used_up = float(source.window_bytes[0]) >= source.quota * (1.0 - 1e-9)
        assert used_up or took >= longest * (1.0 - 1e-6) or float(source.pending()[0]) == 0.0
        if used_up:
            source.end_window(source.window_began + 0.1)


def test_the_scan_goes_on_where_it_was_and_wraps() -> None:
    """Four sets of 8 pages, ten a window, and after the first window all is dirty again: it goes on with the third page of the second set.

    That one's first two pages come last. Mutants: from the first page after each reading; no way round to the first; at the end of the
    memory back to the page at which it began; a place that is lost by an iteration which sends nothing, its quota used up.
    """
    source = source_of(SMALL, *(Extent(8.0, ((8.0, 1e3),)) for _ in range(4)))  # each has eight bins of one page

    def by_set() -> list[float]:
        found: list[float] = source.waiting.reshape(4, 8).sum(axis=1).tolist()
        return found

    windows(source, 1)
    assert by_set() == [0.0, 6.0, 8.0, 8.0]
    assert reads(source, 10.0, 0.1) == 10.0
    after = []
    for number in range(4):
        windows(source, 1, 0.1 + 0.1 * number)
        after.append(by_set())
        source.window_bytes = np.full(1, source.quota)
        assert iterates(source, 0.0)[0] == 0.0
        source.window_bytes = np.zeros(1)
    assert after == [[8.0, 2.0, 4.0, 8.0], [8.0, 2.0, 0.0, 2.0], [0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]


def test_what_is_written_behind_the_last_page_sent_comes_next() -> None:
    """Sets A, B and C of ten pages, ten a window. In the second turn A and C wait; A is sent, then B is written too: B goes before C.

    Mutant: the scan stands at the next page that waits, C, before the bitmap is read.
    """
    source = source_of(SMALL, Extent(10.0, ((10.0, 1e3),)), Extent(10.0, ((10.0, 1e-6),)), Extent(10.0, ((10.0, 1e3),)))

    def by_set() -> list[float]:
        return [float(found) for found in source.waiting.reshape(3, 8).sum(axis=1)]

    windows(source, 3)
    reads(source, 0.1, 0.3)
    assert by_set() == pytest.approx([10.0, 0.0, 10.0], abs=0.01)
    windows(source, 1, 0.3)
    reads(source, 1e9, 0.4)
    windows(source, 1, 0.4)
    assert by_set() == pytest.approx([10.0, 0.0, 10.0], abs=0.01)


def test_threshold_is_the_bandwidth_of_the_last_window_times_the_limit() -> None:
    """None before the first window; ten pages in 100 ms, then in 125 ms; a window that is not over changes nothing.

    Mutants: the cap instead of the bytes; the length of a window instead of the time that passed.
    """
    source = source_of(replace(SMALL, downtime_limit_s=0.4), Extent(500.0))
    iterates(source, 0.0)
    source.end_window(np.array([0.05]))
    assert source.threshold.tolist() == [0.0]
    assert not source.wants_sync()[0]
    source.end_window(np.array([0.1]))
    assert source.threshold[0] == pytest.approx(10 * PAGE_BYTES / 0.1 * 0.4)
    iterates(source, 0.1)
    source.end_window(np.array([0.225]))
    assert source.threshold[0] == pytest.approx(10 * PAGE_BYTES / 0.125 * 0.4)


@pytest.mark.parametrize(("pages", "verdict"), [(40.0, (True, True)), (41.0, (False, False))])
def test_pages_that_wait_count_4096_bytes_against_the_threshold(pages: float, verdict: tuple[bool, bool]) -> None:
    """Threshold: 40 x 4,104 B; 40 pages are less, 41 (167,936 B) are not, though they are zeros and 9 bytes each on the stream."""
    source = source_of(replace(SMALL, downtime_limit_s=0.4), Extent(10.0), Extent(pages, zero=True))
    assert not source.stops()[0]
    windows(source, 1)
    assert waiting(source) == [0.0, pages]
    assert (source.wants_sync()[0], source.stops()[0]) == verdict


def test_nothing_waits_any_more() -> None:
    """Then the guest is stopped even if no window has ended, and the bitmap is not read before: 0 is not less than 0."""
    source = source_of(SMALL, Extent(5.0))
    iterates(source, 0.0)
    assert (source.wants_sync()[0], source.stops()[0]) == (False, True)


def test_it_sleeps_to_the_end_of_a_window_whose_quota_is_used_up() -> None:
    """From 30 ms on for 70 ms, and the time to wake up; not at all while there is quota left; never a negative time."""
    source = source_of(replace(SMALL, wake_s=1e-4), Extent(15.0))
    iterates(source, 0.0)
    assert source.sleep_s(np.array([0.03])) == pytest.approx([0.07 + 1e-4])
    assert source.sleep_s(np.array([0.3])) == pytest.approx([1e-4])
    source.end_window(np.array([0.1]))
    iterates(source, 0.1)  # the other five
    assert source.sleep_s(np.array([0.13])).tolist() == [0.0]


@pytest.mark.parametrize(("draw", "share"), [(0.0, 0.1), (0.33, 0.1), (0.34, 0.5), (0.999, 1.0)])
def test_unknown_pages_are_zero_or_not_by_one_of_their_shares(draw: float, share: float) -> None:
    """All of them wait once: the share costs a page each, the others 9 bytes. Mutants: a share by the size of the draw; zeros forgotten."""
    source = source_of(UNCAPPED, Extent(640.0, shares=(0.1, 0.5, 1.0)), share=draw)
    pages, size, _ = iterates(source, 0.0)
    assert pages == pytest.approx(640.0)
    assert size == pytest.approx(640.0 * (share * PAGE_BYTES + (1.0 - share) * ZERO_PAGE_BYTES))


def test_final_set_counts_zeros_with_nine_bytes() -> None:
    """Three zero pages and two others wait: 5 pages, 2 x 4,104 + 27 bytes."""
    pages, size = source_of(SMALL, Extent(2.0), Extent(3.0, zero=True)).final_set()
    assert (pages.tolist(), size.tolist()) == ([5.0], [2 * PAGE_BYTES + 27.0])


def test_it_ends_with_the_last_number_of_a_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reading has draws with a number; the one after the last is that with the guest stopped. Mutant: no end (an error later on)."""
    monkeypatch.setattr("sim.model.qemu.LAST", 3)
    source = source_of(SMALL, Extent(100.0))
    found = []
    for number in range(1, 4):
        found.append(bool(source.exhausted()[0]))
        reads(source, 0.1, 0.1 * number)
    assert found == [False, False, True]
