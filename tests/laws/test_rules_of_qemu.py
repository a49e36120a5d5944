"""The policy `qemu` through the whole engine: what follows from windows, a threshold and a bitmap, by hand and in the mean."""

from __future__ import annotations

from dataclasses import replace
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builders import NO_COSTS, cluster, point, vm
from laws.one_run import OneRun, migrate_once
from sim.engine.lockstep.replicate import walk
from sim.engine.site import Site
from sim.model.load import PAGE, Load
from sim.model.rounds import Policy
from sim.scenario.point import Cost, Link, Point
from twins.engines import differences, of_lockstep, of_simpy

MIB = 2.0**20
PAGE_BYTES = PAGE + 8.0
RAW = 2e9  # bytes per second: nobody waits for the line but when the cap is off
LIMIT = 0.3
REPLICATIONS = 40
QEMU = Policy("qemu", max_bandwidth_Bps=64 * MIB, downtime_limit_s=LIMIT)


def world(policy: Policy, pages: float, load: Load | None = None, memory: float = 0.0, raw_Bps: float = RAW) -> Point:
    """Return a guest of so many touched pages, zeros behind them up to the memory, and a line."""
    of = cluster("x86", policy, sender_Bps=raw_Bps, receiver_Bps=raw_Bps, page_header_bytes=8.0)
    guest = replace(vm(load=load), memory_bytes=max(pages, memory) * PAGE, touched_pages=pages)
    return point(guest, of=of, link=Link("net", 1e12, 0.0))


def quota(policy: Policy) -> int:
    """Return the pages of a window."""
    return floor(policy.max_bandwidth_Bps * 0.1 / PAGE_BYTES) + 1


def stop_threshold(policy: Policy) -> float:
    """Return below how many pages the guest is stopped."""
    return quota(policy) * PAGE_BYTES / 0.1 * policy.downtime_limit_s / PAGE


def final_pages(run: OneRun) -> float:
    assert run.stopped is not None
    return run.stopped.sent_pages


def means(of: Point) -> dict[str, float]:
    """Return the means over some replications, all of which must have completed."""
    (record,) = walk(Site.of(of), 0, REPLICATIONS).records
    assert record.outcome == "completed"
    return {name: float(np.mean(record.columns[name])) for name in ("precopy_s", "downtime_s", "rounds", "sent_bytes")}


@settings(max_examples=60)
@given(st.integers(1, 400), st.integers(4, 512), st.sampled_from([0.01, 0.3, 2.0]), st.sampled_from([0.0, 1.2e-4]))
def test_an_idle_guest_by_hand(memory_mib: int, cap_mib: int, limit: float, wake_s: float) -> None:
    """Windows of quota pages until what is left fits the threshold, and the rest at full speed: one round, three readings of the bitmap.

    A guest that is gone in the first window is stopped without a reading in between. Mutants: a capped flush; a stop only when nothing
    waits; a threshold from the first page on; pages of 4,104 bytes against the threshold.
    """
    policy = replace(QEMU, max_bandwidth_Bps=cap_mib * MIB, downtime_limit_s=limit, wake_s=wake_s)
    pages, window = memory_mib * 256, 0.1 + wake_s
    waits, number = pages, 0
    while waits and (not number or waits * PAGE >= quota(policy) * PAGE_BYTES / window * limit):
        waits, number = max(0, waits - quota(policy)), number + 1
    last = pages - quota(policy) * (number - 1) if not waits else quota(policy)
    run = migrate_once(world(policy, pages))
    whole = number if last == quota(policy) else number - 1  # the last window is not slept out where its quota is not used up
    assert run.precopy_s == pytest.approx(whole * window + (number - whole) * last * PAGE_BYTES / RAW, rel=1e-9)
    assert final_pages(run) == pytest.approx(waits, abs=1e-6)
    assert run.downtime_s == pytest.approx(waits * PAGE_BYTES / RAW, abs=1e-9)
    assert run.move.rounds == 1
    assert run.move.readings == (1 if whole == 0 else 2)  # and once more with the guest stopped


def test_zeros_take_their_time_and_nine_bytes() -> None:
    """64 MiB and 960 MiB of zeros, 1 us each: 16,384 pages in windows of 1,636: ten of them and 24 pages more; then the zeros.

    The clock ends an iteration among the zeros after 51 ms, more than once. Less than a threshold's worth of them, 4,917 pages, is left
    for the stop, at 9 bytes each, and without the time of their detection. Mutants: 4,104 bytes a zero page; no time.
    """
    policy = replace(QEMU, zero_page_s=1e-6)
    run = migrate_once(world(policy, 16_384, memory=262_144))
    assert quota(policy) == 1636
    zeros = 245_760 - final_pages(run)
    begun = 24 * PAGE_BYTES / RAW
    assert run.precopy_s == pytest.approx(1.0 + begun + zeros * (1e-6 + 9.0 / RAW), rel=1e-9)
    assert final_pages(run) < 4917.0
    assert run.move.sent_bytes == pytest.approx(16_384 * PAGE_BYTES + 245_760 * 9.0)
    assert run.downtime_s == pytest.approx(final_pages(run) * 9.0 / RAW)


@pytest.mark.parametrize(("over", "outcome"), [(-20.0, "completed"), (20.0, "aborted")])
def test_a_hot_set_converges_if_it_fits_the_threshold(over: float, outcome: str) -> None:
    """All of the set is dirty again at each reading, so what waits is never less than the set: the threshold alone decides.

    Mutants: the guest stopped on what waited before the reading; the threshold of the link.
    """
    hot = floor(stop_threshold(QEMU) + over)
    load = Load("hot", ((float(hot), 1e4),))
    run = migrate_once(world(replace(QEMU, cancel_after_s=20.0), 30_000.0, load))
    assert run.move.outcome == outcome
    if outcome == "completed":
        assert final_pages(run) == pytest.approx(hot, abs=0.5)  # the others are whole, what was sent of a bin may be a fraction


def test_a_guest_that_writes_too_fast_is_cancelled() -> None:
    """12.34 s after the begin of the transfer, so at the end of its 124th window: 124 quotas were sent, nothing is stopped.

    Both engines; a second attempt has the same fate. Mutants: cancelled within the window; a limit from the first reading on.
    """
    load = Load("hot", ((60_000.0, 100.0),))
    of = world(replace(QEMU, cancel_after_s=12.34), 70_000.0, load)
    of = replace(of, clusters=tuple(replace(each, costs=replace(NO_COSTS, setup=Cost(5.0), rollback=Cost(1.0))) for each in of.clusters))
    run = migrate_once(of)
    assert (run.move.outcome, run.move.reason, run.stopped) == ("aborted", "chase-limit", None)
    assert run.move.ended_s == pytest.approx(5.0 + 12.4 + 1.0)
    assert run.move.sent_bytes == pytest.approx(124 * quota(QEMU) * PAGE_BYTES)
    retried = replace(of, steps=tuple(replace(each, on_abort=replace(each.on_abort, retries=1)) for each in of.steps))
    assert of_simpy(retried, 0, 1)["migrations"]["attempt"].to_pylist() == [1, 2]
    assert not differences(of_lockstep(retried, 0, 3), of_simpy(retried, 0, 3))


def test_it_reads_no_more_often_than_draws_have_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set a page larger than the threshold is read after every window, for ever: cancelled when the numbers of its draws end.

    Both engines. Mutant: no limit (an error of the program after 65,535 readings, two hours).
    """
    monkeypatch.setattr("sim.model.qemu.LAST", 7)
    of = world(QEMU, 30_000.0, Load("hot", ((floor(stop_threshold(QEMU)) + 2.0, 1e4),)))
    run = migrate_once(of)
    assert (run.move.outcome, run.move.reason, run.move.readings) == ("aborted", "chase-limit", 7)
    assert not differences(of_lockstep(of, 0, 3), of_simpy(of, 0, 3))


GUESTS = st.builds(
    lambda size, share, rewrites, swept: Load("any", ((float(size * share // 100), rewrites),), ((2000.0, swept),) if swept else ()),
    st.just(30_000),
    st.integers(5, 80),
    st.floats(0.001, 0.5),
    st.sampled_from([0.0, 100.0, 3000.0]),
)


@settings(max_examples=25)
@given(GUESTS, st.sampled_from([0.05, 0.3, 1.0]), st.floats(1.2e8, 4e8))
def test_downtime_on_a_slow_line_keeps_the_limit(load: Load, limit: float, line_Bps: float) -> None:
    """What waits is counted at 4,096 bytes a page and sent at 4,104 by the line whose bandwidth made the threshold.

    So it is 0.2 % over at most, and with a cap of a tenth of the line no more than a tenth of it. Mutants: a flush at the speed of the
    cap; a guest that is stopped before the bitmap is read.
    """
    slow = means(world(replace(QEMU, max_bandwidth_Bps=np.inf, downtime_limit_s=limit), 40_000.0, load, raw_Bps=line_Bps))
    assert slow["downtime_s"] <= limit * PAGE_BYTES / PAGE * (1.0 + 1e-9)
    capped = means(world(replace(QEMU, max_bandwidth_Bps=line_Bps, downtime_limit_s=limit), 40_000.0, load, raw_Bps=10.0 * line_Bps))
    assert capped["downtime_s"] <= 0.1 * limit * PAGE_BYTES / PAGE * (1.0 + 1.0 / quota(replace(QEMU, max_bandwidth_Bps=line_Bps)) + 1e-9)


@settings(max_examples=25)
@given(GUESTS, st.floats(2e8, 5e8), st.floats(1.1, 4.0))
def test_more_bandwidth_is_never_slower(load: Load, cap_Bps: float, factor: float) -> None:
    """In the mean, and but for a window: what is begun is slept out. For the cap and for the line. Mutant: rounds that grow with it."""
    slow, fast = (means(world(replace(QEMU, max_bandwidth_Bps=cap_Bps * times), 40_000.0, load, raw_Bps=1e10)) for times in (1.0, factor))
    assert fast["precopy_s"] <= slow["precopy_s"] + 0.1
    slow, fast = (means(world(replace(QEMU, max_bandwidth_Bps=np.inf), 40_000.0, load, raw_Bps=cap_Bps * times)) for times in (1.0, factor))
    assert fast["precopy_s"] <= slow["precopy_s"] + 0.1


@settings(max_examples=25)
@given(GUESTS, st.floats(2e8, 5e8), st.sampled_from([0.02, 0.1, 0.3]), st.floats(1.1, 5.0))
def test_a_larger_downtime_limit_never_takes_longer(load: Load, cap_Bps: float, limit: float, factor: float) -> None:
    """In the mean, and but for a window. It may well read the bitmap more often: earlier, when more is left that would be carried over.

    Mutants: a threshold that falls with the limit; half of the limit, looked at only while the guest runs.
    """
    policy = replace(QEMU, max_bandwidth_Bps=cap_Bps, downtime_limit_s=limit)
    small, large = (means(world(replace(policy, downtime_limit_s=limit * times), 40_000.0, load)) for times in (1.0, factor))
    assert large["precopy_s"] <= small["precopy_s"] + 0.1


@settings(max_examples=20)
@given(st.integers(2000, 25_000), st.floats(0.001, 0.3), st.sampled_from([2, 5]))
def test_a_guest_of_several_times_the_size_takes_as_long_on_as_much_faster_a_line(pages: int, rewrites: float, times: int) -> None:
    """Pages, cap and line by the same factor: windows and rounds stay; bytes grow by it. The draws' own noise shrinks, so but for a window.

    Mutant: any absolute number of pages or bytes in the rule, 1,000 pages subtracted from the threshold for one.
    """
    one, many = (
        means(
            world(
                replace(QEMU, max_bandwidth_Bps=(4000.0 * size - 0.5) * PAGE_BYTES * 10.0),
                30_000.0 * size,
                Load("any", ((float(pages) * size, rewrites),)),
                raw_Bps=RAW * size,
            )
        )
        for size in (1, times)
    )
    assert many["precopy_s"] == pytest.approx(one["precopy_s"], abs=0.1)
    assert many["rounds"] == pytest.approx(one["rounds"], abs=0.5)
    assert many["sent_bytes"] == pytest.approx(times * one["sent_bytes"], rel=0.01)
