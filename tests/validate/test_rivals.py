"""Rivals against examples by hand, and SimGrid's rule against results of SimGrid."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.validate.score.rivals import LOOPBACK_BPS, NEVER, RIVALS, RivalPrediction, bandwidth_of, dirty_rate_of, memory_of, working_set_of
from sim.validate.tables.measured_cases import QemuCase, WriteSet

MIB = 2**20
IDLE = QemuCase(
    key="one",
    cell="one",
    group="A",
    accel="kvm",
    memory_mib=1024,
    fill_mib=512.0,
    sets=(),
    achieved_pps=(),
    curve=(),
    cap_mibs=128.0,
    downtime_limit_ms=300.0,
    link_mbit=0.0,
    auto_converge=False,
    bound_s=60.0,
    prealloc=False,
    policy="qemu",
)
# 16,384 writes a second are 64 MiB/s, half of the cap; 25,600 pages are 100 MiB.
HALF = replace(IDLE, sets=(WriteSet(20_000, 10_000.0, "u"), WriteSet(5_600, 6_384.0, "z", 0.9)))


def _said(name: str, case: QemuCase, *, requested: bool = False) -> RivalPrediction:
    return RIVALS[name](case, requested)


def _close(found: RivalPrediction, total_ms: float, downtime_ms: float, mebibytes: float) -> bool:
    assert found.converges
    expected = (total_ms, downtime_ms, mebibytes * MIB)
    return (found.total_ms, found.downtime_ms, found.transferred) == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_ram_over_bandwidth() -> None:
    """1,024 MiB at 128 MiB/s take 8 s; the 512 that are touched take 4 s."""
    assert _close(_said("RAM / bandwidth", HALF), 8000.0, math.nan, 1024)
    assert _close(_said("RAM / bandwidth, informed", HALF), 4000.0, 300.0, 512)


def test_cloudsim_has_half_of_the_bandwidth() -> None:
    assert _close(_said("CloudSim", HALF), 16_000.0, math.nan, 1024)
    assert _close(_said("CloudSim, informed", HALF), 8000.0, 300.0, 512)


def test_cloudsim_gives_the_figure_of_its_own_comment() -> None:
    """It says "around 16 seconds for 1024 MB using 1 Gbit/s network": 16.4 s with megabytes of 8,000 kbit, 17.2 s with MiB."""
    found = _said("CloudSim", replace(IDLE, cap_mibs=0.0, link_mbit=1000.0))
    assert found.total_ms == pytest.approx(1024 * MIB / 62.5e6 * 1e3, rel=1e-12)
    assert 16_000.0 < found.total_ms < 17_500.0


@pytest.mark.parametrize("limit_ms", [250.0, 300.0, 499.0])
def test_constant_rate_halves_every_round(limit_ms: float) -> None:
    """With l = 1/2 the rounds send 1024, 512, 256, 128, 64 MiB; 32 MiB can be sent in 250 ms: 2,016 MiB in 15.75 s.

    Mutants: a round more or less (the sum is 2,032 or 1,984 MiB), above all where 32 MiB are exactly the limit.
    """
    found = _said("constant dirty rate", replace(HALF, downtime_limit_ms=limit_ms))
    assert _close(found, 15_750.0, 250.0, 2016)


def test_constant_rate_counts_a_round_that_ends_exactly_at_the_limit() -> None:
    """With l = 3/4: 1024, 768, 576 MiB, and 432 MiB take exactly 3,375 ms. The quotient of logarithms is 3.0000000000000004 there."""
    case = replace(HALF, achieved_pps=(24_576.0, 0.0), downtime_limit_ms=3375.0)
    assert _close(_said("constant dirty rate", case), 21_875.0, 3375.0, 2800)


def test_informed_constant_rate_begins_with_the_touched_memory() -> None:
    """512, 256, 128, 64 MiB, then 32: 992 MiB."""
    assert _close(_said("constant dirty rate, informed", HALF), 7750.0, 250.0, 992)


def test_constant_rate_sends_the_memory_once_whatever_the_limit() -> None:
    """All 1,024 MiB could be sent within 8 s; still the guest runs in the first round, and half of it is dirty afterwards."""
    assert _close(_said("constant dirty rate", replace(HALF, downtime_limit_ms=8000.0)), 12_000.0, 4000.0, 1536)


def test_idle_guest_is_a_copy_for_all_that_count_rounds() -> None:
    for name in ("constant dirty rate", "SimGrid"):
        assert _close(_said(name, IDLE), 8000.0, 0.0, 1024)


def test_dirtying_as_fast_as_sending_never_ends() -> None:
    """Unless all memory can be sent within the limit: then 2 x 1,024 MiB, one of them with the guest stopped."""
    busy = replace(HALF, achieved_pps=(32_768.0, 0.0))
    assert _said("constant dirty rate", busy) == NEVER
    assert _said("constant dirty rate", replace(busy, downtime_limit_ms=7999.0)) == NEVER
    assert _close(_said("constant dirty rate", replace(busy, downtime_limit_ms=8000.0)), 16_000.0, 8000.0, 2048)
    assert _said("SimGrid", replace(busy, bound_s=1e12)) == NEVER  # found out at once, not after 1e12 s of rounds
    assert _said("SimGrid, informed", busy) == NEVER


def test_no_downtime_at_all_is_out_of_reach_of_a_busy_guest() -> None:
    assert _said("constant dirty rate", replace(HALF, downtime_limit_ms=0.0)) == NEVER
    assert _close(_said("constant dirty rate", replace(IDLE, downtime_limit_ms=0.0)), 8000.0, 0.0, 1024)


def test_simgrid_caps_what_is_dirty_and_stops_at_30_ms() -> None:
    """After 1,024 MiB half of that would be dirty, but there are only 100 MiB; then 50, 25, 12.5, 6.25 and 3.125 MiB, below 3.84 MiB.

    Sum 1,220.875 MiB. Informed: 512 MiB, then 100, 50, and 25 MiB that can be sent within 300 ms.
    """
    assert _close(_said("SimGrid", HALF), 1220.875 / 0.128, 3.125 / 0.128, 1220.875)
    assert _close(_said("SimGrid, informed", HALF), 687 / 0.128, 25 / 0.128, 687)


def test_simgrid_ends_where_the_working_set_fits_into_30_ms() -> None:
    """3 MiB at 128 MiB/s, however often they are written."""
    small = replace(IDLE, sets=(WriteSet(768, 1e6, "u"),))
    assert _close(_said("SimGrid", small), 1027 / 0.128, 3 / 0.128, 1027)


def test_simgrid_stops_where_the_rest_takes_exactly_its_goal() -> None:
    """32 MiB at 128 MiB/s take 250 ms: no live round of them."""
    small = replace(IDLE, sets=(WriteSet(8192, 1e6, "u"),), downtime_limit_ms=250.0)
    assert _close(_said("SimGrid, informed", small), 544 / 0.128, 250.0, 544)


def test_simgrid_s_rule_gives_what_simgrid_gave() -> None:
    """Completed cases of SimGrid without latency, competitors and rivals of the guest; R as the touched memory, W in whole pages.

    The only differences are parts of a page in W and of a byte in R: 4096 / W a round, below 1e-4.
    """
    compared = 0
    with (files("sim.validate") / "cases" / "simgrid_cases.csv").open(encoding="utf-8") as text:
        for row in csv.DictReader(text):
            plain = row["net_model"] == "CM02" and not any(float(row[name]) for name in ("latency_s", "cpu_hogs", "competing_flows"))
            if not plain or row["outcome"] != "completed" or float(row["guest_cpu_util"]) != 1.0 or not float(row["intensity"]):
                continue
            found = _said("SimGrid, informed", _as_qemu_case(row))
            assert found.converges
            assert found.total_ms == pytest.approx(1e3 * float(row["total_s"]), rel=1e-4), row["case"]
            assert found.transferred == pytest.approx(float(row["bytes_sent"]), rel=1e-4), row["case"]
            compared += 1
    assert compared >= 3


def _as_qemu_case(row: dict[str, str]) -> QemuCase:
    """Return a case of SimGrid, in which the guest dirties intensity x mig_speed bytes a second."""
    dirtied = float(row["intensity"]) * float(row["mig_speed_Bps"]) / 4096
    return replace(
        IDLE,
        memory_mib=math.ceil(int(row["ram_B"]) / MIB),
        fill_mib=int(row["ram_B"]) / MIB,
        sets=(WriteSet(round(float(row["working_set_B"]) / 4096), dirtied, "u"),),
        cap_mibs=float(row["mig_speed_Bps"]) / MIB,
        link_mbit=float(row["link_Bps"]) / 125_000,
        downtime_limit_ms=30.0,
        bound_s=1e7,
    )


@pytest.mark.parametrize("name", RIVALS)
def test_what_does_not_end_within_the_bound_never_ends(name: str) -> None:
    case = replace(HALF, bound_s=_said(name, HALF).total_ms / 1e3)
    assert _said(name, case) == _said(name, HALF) or math.isnan(_said(name, HALF).downtime_ms)
    assert _said(name, case).converges
    assert _said(name, replace(case, bound_s=0.999 * case.bound_s)) == NEVER


def test_bandwidth_is_the_smaller_of_cap_and_link() -> None:
    both = replace(IDLE, cap_mibs=64.0, link_mbit=1000.0)
    assert bandwidth_of(both) == 64 * MIB
    assert bandwidth_of(replace(both, link_mbit=100.0)) == 12.5e6
    assert bandwidth_of(replace(both, cap_mibs=0.0)) == 125e6
    assert bandwidth_of(replace(both, link_mbit=0.0)) == 64 * MIB
    assert bandwidth_of(replace(both, cap_mibs=8192.0, link_mbit=0.0)) == LOOPBACK_BPS
    assert bandwidth_of(replace(both, cap_mibs=0.0, link_mbit=0.0)) == LOOPBACK_BPS


def test_linux_under_tcg_has_80_mib_of_its_own() -> None:
    tcg = replace(IDLE, accel="tcg")
    assert memory_of(tcg, touched=True) == (512 + 80) * MIB
    assert memory_of(tcg, touched=False) == memory_of(IDLE, touched=False) == 1024 * MIB
    assert memory_of(replace(tcg, fill_mib=1000.0), touched=True) == 1024 * MIB
    assert memory_of(replace(IDLE, fill_mib=0.0), touched=True) == 4096


def test_achieved_rates_unless_requested_ones_are_asked_for() -> None:
    case = replace(HALF, achieved_pps=(1000.0, 24.0))
    assert dirty_rate_of(case, requested=False) == 1024 * 4096
    assert dirty_rate_of(case, requested=True) == 64 * MIB
    assert dirty_rate_of(HALF, requested=False) == 64 * MIB
    assert _said("constant dirty rate", case, requested=True) == _said("constant dirty rate", HALF)
    assert _said("SimGrid", case, requested=True) == _said("SimGrid", HALF)
    assert _said("SimGrid", case).total_ms < _said("SimGrid", HALF).total_ms


def test_a_curve_gives_the_rate_of_its_window_nearest_to_a_second() -> None:
    """On a scale of ratios 0.4 s is nearer to 1 s (2.5 times) than 3 s: 100 pages in 0.4 s. The longest window is all there is to dirty."""
    case = replace(IDLE, curve=((0.1, 60.0), (0.4, 100.0), (3.0, 400.0)))
    assert dirty_rate_of(case, requested=False) == pytest.approx(250 * 4096, rel=1e-12)
    assert working_set_of(case) == 400 * 4096
    assert working_set_of(HALF) == 100 * MIB


def _busy_cases() -> st.SearchStrategy[QemuCase]:
    def build(memory: int, share: float, cap: float, limit: float, rate: float, pages: int) -> QemuCase:
        own: dict[str, Any] = {"memory_mib": memory, "fill_mib": share * memory, "cap_mibs": cap, "downtime_limit_ms": limit}
        return replace(IDLE, **own, sets=(WriteSet(pages, rate, "u"),), bound_s=1e5)

    positive = st.floats(1.0, 1e3)
    return st.builds(build, st.integers(16, 65_536), st.floats(0.01, 1.0), positive, positive, st.floats(0.0, 3e5), st.integers(1, 10**6))


@given(_busy_cases())
def test_rounds_keep_their_own_rules(case: QemuCase) -> None:
    """A rival that counts rounds sends the memory at least once, stays within its limit, and the time is that of its bytes."""
    for name in ("constant dirty rate", "constant dirty rate, informed", "SimGrid", "SimGrid, informed"):
        found = _said(name, case)
        if not found.converges:
            assert found == NEVER
            continue
        limit = 30.0 if name == "SimGrid" else case.downtime_limit_ms
        assert found.transferred >= memory_of(case, touched="informed" in name)
        assert found.downtime_ms <= limit * (1 + 1e-9)
        assert found.total_ms == pytest.approx(found.transferred / bandwidth_of(case) * 1e3, rel=1e-9)


@given(_busy_cases(), st.floats(1.0, 10.0))
def test_more_bandwidth_is_never_slower(case: QemuCase, factor: float) -> None:
    faster = replace(case, cap_mibs=case.cap_mibs * factor)
    for name in RIVALS:
        before, after = _said(name, case), _said(name, faster)
        assert after.converges >= before.converges
        assert after.total_ms <= before.total_ms * (1 + 1e-9)


@given(_busy_cases())
def test_closed_form_is_the_sum_of_its_rounds(case: QemuCase) -> None:
    """Round by round, as the text of the law says, where it takes at most 200 of them."""
    bandwidth, memory = bandwidth_of(case), memory_of(case, touched=False)
    ratio = dirty_rate_of(case, requested=False) / bandwidth
    sent, rest, rounds = float(memory), min(ratio, 1.0) * memory, 1
    while rest > bandwidth * case.downtime_limit_ms / 1e3 * (1 + 1e-12) and rounds < 200:
        sent, rest, rounds = sent + rest, min(ratio, 1.0) * rest, rounds + 1
    found = _said("constant dirty rate", case)
    if rounds < 200 and (sent + rest) / bandwidth < case.bound_s:
        assert found.transferred == pytest.approx(sent + rest, rel=1e-6)
    elif ratio >= 1.0:
        assert found == NEVER
