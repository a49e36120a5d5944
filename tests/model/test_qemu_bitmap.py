"""What a reading of QEMU's dirty bitmap finds, by hand: random and sequential writers, chunks of the log; and auto-converge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.qemu_sources import PAGE_BYTES, SMALL, UNCAPPED, iterates, reads, source_of, waiting, windows
from sim.model.layout import Extent
from sim.model.load import PAGE
from sim.model.qemu import Source
from sim.model.rounds import Policy


@settings(max_examples=60)
@given(st.integers(1, 5000), st.floats(1e-3, 30.0), st.floats(0.0, 3.0), st.integers(0, 60), st.floats(-4.0, 4.0))
def test_new_pages_of_a_random_writer(pages: int, rewrites: float, exposure: float, done: int, normal: float) -> None:
    """E = free (1 - exp(-r A)), where pages that wait are not free; the draw is whole, and no page waits twice.

    Within 5 deviations of the binomial plus 5 pages at 4 deviations drawn. Mutant: waiting pages counted as new.
    """
    source = source_of(SMALL, Extent(float(pages), ((float(pages), rewrites),)))
    now = windows(source, done)
    free = pages - float(source.pending()[0])
    assert free == pytest.approx(min(pages, 10 * done))
    new = reads(source, exposure, now, normal)
    p = -np.expm1(-rewrites * exposure)
    assert new == pytest.approx(free * p, abs=5.0 * np.sqrt(free * p * (1.0 - p)) + 5.0 + 1e-9)
    assert new == pytest.approx(round(new), abs=1e-6)
    assert np.all(source.waiting <= np.bincount(source.layout.bin_of, weights=source.layout.pages[:, 0])[:, None])
    assert reads(source, 1e9, now + 1.0) <= pages - free + free - new + 1e-6


def test_expected_new_pages_exactly() -> None:
    """A draw of 0 gives rint of mean - skew: 6,000 free of 10,000 and r A = 0.5: 2,360.8 and (q - p) / 6 = 0.036: 2,361."""
    source = source_of(replace(SMALL, max_bandwidth_Bps=59_999.5 * PAGE_BYTES), Extent(10_000.0, ((10_000.0, 0.25),)))
    windows(source, 1)
    assert float(source.pending()[0]) == pytest.approx(4000.0)
    assert reads(source, 2.0, 2.0) == pytest.approx(2361.0)


def test_classes_of_a_bin_are_kept_apart() -> None:
    """Half of each bin is rewritten for sure, half never: 400 of 800 sent are new, and then these wait, not the others.

    Half of them are sent; at the next reading exactly those 200 are new. Mutant: what waits spread over the cells of a bin (300).
    """
    source = source_of(replace(SMALL, max_bandwidth_Bps=7999.5 * PAGE_BYTES), Extent(800.0, ((400.0, 1e3),)))
    windows(source, 1)
    assert reads(source, 1.0, 0.1) == pytest.approx(400.0)
    source.quota = 200.0 * PAGE_BYTES
    windows(source, 1, 0.1)
    assert reads(source, 1.0, 0.2) == pytest.approx(200.0)
    assert float(source.pending()[0]) == pytest.approx(400.0)


@pytest.mark.parametrize("rate", [37.0, 900.0, 6399.0])
@pytest.mark.parametrize("phase", [0.0, 0.33, 0.995])
@pytest.mark.parametrize("done", [0, 7, 40, 64])
def test_new_pages_of_a_sequential_writer_page_by_page(rate: float, phase: float, done: int) -> None:
    """6,400 pages written in a circle, from a place on, while the first `done` bins of 100 have been sent: what it wrote of them is new.

    Looked at three times, a second apart; nothing is sent in between, so what it wrote once waits. The same with a byte a page, to the page
    at either end of what it passed. Mutants: an arc that begins at the end of the last one but a page; pages that wait counted; phases
    that begin anew at each reading.
    """
    source = source_of(replace(SMALL, max_bandwidth_Bps=999.5 * PAGE_BYTES), Extent(6400.0, sweep=rate), phase=phase)
    now = windows(source, done)
    dirty = np.arange(6400) >= 100 * done
    place = phase * 6400.0
    for turn in range(1, 4):
        passed = np.arange(np.floor(place), np.ceil(place + rate)).astype(int) % 6400
        new = np.unique(passed[~dirty[passed]])
        dirty[new] = True
        place += rate
        assert reads(source, 1.0, now + turn) == pytest.approx(len(new), abs=2.0 * turn)


@pytest.mark.parametrize(("exposure", "new"), [(0.5, 3200.0), (1.0, 6400.0), (1.7, 6400.0), (50.0, 6400.0)])
def test_a_writer_that_went_round_has_written_everything(exposure: float, new: float) -> None:
    """6,400 pages a second in 6,400 pages, all sent before. Mutant: the arc beyond a whole turn taken twice or not at all."""
    source = source_of(replace(SMALL, max_bandwidth_Bps=1e9), Extent(6400.0, sweep=6400.0), phase=0.4)
    now = windows(source, 1)
    assert reads(source, exposure, now + exposure) == pytest.approx(new)


@given(st.floats(0.0, 0.999), st.lists(st.floats(0.0, 3.0), min_size=2, max_size=6))
def test_a_sequential_writer_goes_on_where_it_was(phase: float, exposures: list[float]) -> None:
    """Read several times or once at the end: the same pages wait, to the rounding of each reading. Mutant: a place that is not kept."""
    often = source_of(replace(SMALL, max_bandwidth_Bps=1e9), Extent(6400.0, sweep=2000.0), phase=phase)
    once = source_of(replace(SMALL, max_bandwidth_Bps=1e9), Extent(6400.0, sweep=2000.0), phase=phase)
    now = windows(often, 1)
    windows(once, 1)
    for exposure in exposures:
        now += exposure
        reads(often, exposure, now)
    reads(once, sum(exposures), now)
    assert float(often.pending()[0]) == pytest.approx(float(once.pending()[0]), abs=len(exposures))


GIB_PAGES = 262_144.0
SECOND_CHUNK = (Extent(GIB_PAGES), Extent(80_000.0, ((80_000.0, 0.5),)))  # a writer whose log is cleared in a turn of its own


def sends(source: Source, pages: float, now: float) -> None:
    """Let it send so many pages at once."""
    source.quota, source.window_bytes = pages * PAGE_BYTES, np.zeros(1)
    iterates(source, now)


def test_writes_before_the_log_of_a_chunk_is_cleared_are_not_seen() -> None:
    """The first chunk takes until 8 s, so the log of the second is cleared at 8 s; read at 10 s, 2 of 10 s count: 80,000 (1 - e^-1).

    Half of the second is sent at 9 s only. Mutants: the whole 10 s (80,000 (1 - e^-5)); the log cleared at the reading, or with that of the
    first chunk, or page by page.
    """
    source = source_of(UNCAPPED, *SECOND_CHUNK)
    sends(source, GIB_PAGES, 0.0)
    sends(source, 40_000.0, 8.0)
    sends(source, 40_000.0, 9.0)
    assert reads(source, 10.0, 10.0) == pytest.approx(80_000.0 * (1.0 - np.exp(-1.0)), abs=1.0)


def test_pages_that_the_last_reading_did_not_show_count_from_it() -> None:
    """As above; what is new at 10 s is sent at 13 s, the log cleared then, and read at 14 s.

    The share w = 1 - e^-1 that was in the log counts from 13 s, the others from 10 s: 80,000 (w (1 - e^-0.5) + (1 - w) (1 - e^-2)).
    Mutants: all from 10 s (1 - e^-2); all from 13 s (1 - e^-0.5).
    """
    source = source_of(UNCAPPED, *SECOND_CHUNK)
    sends(source, GIB_PAGES, 0.0)
    sends(source, 80_000.0, 8.0)
    reads(source, 10.0, 10.0)
    sends(source, 80_000.0, 13.0)
    w = 1.0 - np.exp(-1.0)
    assert reads(source, 4.0, 14.0) == pytest.approx(80_000.0 * (w * (1.0 - np.exp(-0.5)) + (1.0 - w) * (1.0 - np.exp(-2.0))), abs=1.0)


def test_a_chunk_of_which_no_page_was_sent_keeps_its_log() -> None:
    """Read at 3 s while the scan is in the first chunk: all of the second still waits, and is in the log that it showed at the begin.

    Cleared at 8 s, read at 10 s: only 2 s count for all of them. Mutant: the log is thought empty from 3 s on (80,000 (1 - e^-3.5)).
    """
    source = source_of(UNCAPPED, *SECOND_CHUNK)
    sends(source, 100_000.0, 0.0)
    assert reads(source, 3.0, 3.0) == 0.0
    sends(source, GIB_PAGES - 100_000.0, 5.0)
    sends(source, 80_000.0, 8.0)
    assert reads(source, 7.0, 10.0) == pytest.approx(80_000.0 * (1.0 - np.exp(-1.0)), abs=1.0)


def test_a_sequential_writer_in_an_uncleared_chunk_is_not_seen() -> None:
    """1,000 pages a second in the second chunk, cleared at 8 s: 2,000 of 10,000 passed pages at 10 s, and in the next second 1,000.

    They are the last ones: in the ninth and tenth of 64 bins. The log shows those 2,000 alone, so the rest of the turn is seen whenever it
    is written. Mutants: all 10,000; the first 2,000; the share of the time for ever.
    """
    source = source_of(UNCAPPED, Extent(GIB_PAGES), Extent(64_000.0, sweep=1000.0))
    sends(source, GIB_PAGES, 0.0)
    sends(source, 64_000.0, 8.0)
    assert reads(source, 10.0, 10.0) == pytest.approx(2000.0, abs=1.0)
    assert waiting(source)[9:11] == pytest.approx([1000.0] * 2)  # the first bin is the chunk that rests
    sends(source, 2000.0, 10.5)
    assert reads(source, 1.0, 11.0) == pytest.approx(1000.0, abs=1.0)


def test_memory_of_one_chunk_is_cleared_with_its_first_page() -> None:
    """The first page is sent right after the reading: all of 10 s count. Mutant: cleared when its last page is sent."""
    source = source_of(UNCAPPED, Extent(100_000.0), Extent(80_000.0, ((80_000.0, 0.05),)))
    sends(source, 100_000.0, 0.0)
    sends(source, 80_000.0, 8.0)
    assert reads(source, 10.0, 10.0) == pytest.approx(80_000.0 * (1.0 - np.exp(-0.5)), abs=1.0)


CONVERGING = replace(SMALL, auto_converge=True)


def throttled(policy: Policy, periods: int, dirtied: float, step_s: float = 1.5) -> list[float]:
    """Return the slowdown after each of some readings, before each of which a tenth as many pages as hot ones was sent, or `dirtied`."""
    source = source_of(policy, Extent(64_000.0, sweep=100.0), phase=0.0)
    source.quota = np.inf
    iterates(source, 0.0)
    found = []
    for number in range(1, periods + 1):
        source._period_sent[:] = 100.0 * PAGE
        reads(source, dirtied / 100.0, step_s * number)
        found.append(float(source.slowdown[0]))
    return found


def test_auto_converge_slows_at_every_second_high_period() -> None:
    """51 of 100 pages dirtied in each period: 20 % from the second on, 10 % more at the fourth, sixth ...; at most 99 %.

    Mutants: at every high period; 30 % as the first step; 100 %.
    """
    found = throttled(CONVERGING, 24, 51.0)
    assert found[:8] == pytest.approx([1.0, 0.8, 0.8, 0.7, 0.7, 0.6, 0.6, 0.5])
    assert found[15:] == pytest.approx([0.1, 0.1] + [0.01] * 7)


def test_auto_converge_does_not_slow_who_dirties_half() -> None:
    """50 of 100 is not more than half. Mutant: at half."""
    assert throttled(CONVERGING, 6, 50.0) == [1.0] * 6
    assert throttled(SMALL, 6, 51.0) == [1.0] * 6


def test_auto_converge_looks_once_a_second_at_most() -> None:
    """Readings every 0.6 s: a period is over at each second one; at exactly 1 s it is not. Mutants: at each reading; from 1 s on."""
    assert throttled(CONVERGING, 8, 51.0, step_s=0.6) == pytest.approx([1.0] * 3 + [0.8] * 4 + [0.7])
    assert throttled(CONVERGING, 6, 51.0, step_s=0.5) == pytest.approx([1.0] * 5 + [0.8])


def test_auto_converge_takes_idle_time_first() -> None:
    """A guest busy for 75 % of its time goes on as before with 80 % of it, and at 14/15 of its pace with 70 %.

    Mutants: slowed at once; never slowed.
    """
    assert throttled(replace(CONVERGING, guest_busy=0.75), 6, 51.0) == pytest.approx([1.0] * 3 + [14 / 15] * 2 + [0.8])
