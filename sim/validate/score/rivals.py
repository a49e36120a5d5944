"""Predictors that the model has to beat: the formulas that planners and other simulators use, each from its publication.

Every formula comes twice. "Published" is what its source computes, from the configured memory. "Informed" gets whatever else of a case's
inputs it could make use of: the touched memory, and the downtime limit where the formula has a constant of its own or says nothing of
downtimes. So no rival is handicapped; scores compare with the better of the two.

All of them know the bandwidth that the case allows, the write rates (achieved ones unless requested ones are asked for) and the bound
within which a migration has to complete. None of them knows of page headers, zero pages, or the 0.1 s steps of QEMU's clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from sim.validate.tables.measured_cases import QemuCase

PAGE_B = 4096
MIB_B = 2**20
MBIT_BPS = 125_000.0  # bytes per second
LOOPBACK_BPS = 2.6e9  # an uncapped transfer inside the laboratory's machine: QEMU's own windows saw 1.9, 2.9 and 3.0 GB/s
TCG_SYSTEM_MIB = 80.0  # pages of the small Linux that ran under TCG, measured 75 to 85 MiB; the bare guest under KVM has next to none
SIMGRID_DOWNTIME_S = 0.03  # SimGrid's downtime goal, a constant of its source
CLOUDSIM_SHARE = 0.5  # of the bandwidth; the other half is for what the VMs themselves send, says its source
REPORTED_WINDOW_S = 1.0  # tools that report one dirty rate count the pages of a second (QEMU's calc-dirty-rate)


@dataclass(frozen=True, slots=True)
class RivalPrediction:
    """What a rival says about a migration.

    Args:
        total_ms: total time, ms; infinite where it does not end within the bound of its case.
        downtime_ms: how long the guest stands still, ms; NaN where the rival says nothing, infinite as above.
        transferred: bytes sent; infinite as above.
        converges: whether it ends within the bound.
    """

    total_ms: float
    downtime_ms: float
    transferred: float
    converges: bool


Rival = Callable[[QemuCase, bool], RivalPrediction]

NEVER = RivalPrediction(math.inf, math.inf, math.inf, converges=False)


def ram_over_bandwidth(case: QemuCase, _requested: bool, *, informed: bool = False) -> RivalPrediction:
    """Return T = R / B: the memory is sent once, nothing is dirtied. Informed, the downtime is the limit that QEMU is told to keep.

    Source:
        The rule of thumb of planners, and the lower bound of the total time in Akoush et al., Predicting the performance of virtual
        machine migration (2010).
    """
    return _one_copy(case, bandwidth_of(case), informed=informed)


def cloudsim(case: QemuCase, _requested: bool, *, informed: bool = False) -> RivalPrediction:
    """Return T = R / (B / 2): one copy at half of the bandwidth. Informed, the downtime is the limit that QEMU is told to keep.

    Source:
        CloudSim, PowerDatacenter: the delay of a migration is vm.getRam() / (targetHost.getBw() / (2 * 8000)), "around 16 seconds for
        1024 MB using 1 Gbit/s network"; it has no downtime.
    """
    return _one_copy(case, bandwidth_of(case) * CLOUDSIM_SHARE, informed=informed)


def constant_rate(case: QemuCase, requested: bool, *, informed: bool = False) -> RivalPrediction:
    """Return the geometric series of rounds of a guest that dirties at a constant rate d, every write a page not written before.

    With l = d / B round i sends R l^i. After n rounds, the smallest n >= 1 with R l^n <= B x downtime limit, the guest stops:

        T = R / B (1 - l^(n + 1)) / (1 - l),    downtime = R l^n / B,    bytes = B T.

    No more than R can be dirty: with l >= 1 every round sends R again, and it ends only if R itself can be sent within the limit.

    Source:
        Liu et al., Performance and energy modeling for live migration of virtual machines (2011); Akoush et al. (2010) for the constant
        rate; the rounds are those of Clark et al., Live migration of virtual machines (2005).
    """
    memory, bandwidth = memory_of(case, touched=informed), bandwidth_of(case)
    ratio, threshold = dirty_rate_of(case, requested=requested) / bandwidth, bandwidth * case.downtime_limit_ms / 1e3
    if ratio >= 1.0:
        return _ending(case, bandwidth, 2.0 * memory, memory) if memory <= threshold else NEVER
    rounds = _rounds(memory, ratio, threshold)
    if math.isinf(rounds):
        return NEVER
    return _ending(case, bandwidth, memory * (1.0 - ratio ** (rounds + 1.0)) / (1.0 - ratio), memory * ratio**rounds)


def simgrid(case: QemuCase, requested: bool, *, informed: bool = False) -> RivalPrediction:
    """Return SimGrid's rounds: dirtying linear with a cap, and a downtime goal of 30 ms (informed: the downtime limit of the case).

    While s bytes are sent the guest dirties min(trunc(d s / B), W) bytes, W all pages of its write sets. It is stopped as soon as these
    are no more than trunc(B x goal).

    Source:
        SimGrid 4.1, plugin vm_live_migration; without latency, which the laboratory's link does not have.
    """
    memory, bandwidth = memory_of(case, touched=informed), bandwidth_of(case)
    threshold = math.trunc(bandwidth * (case.downtime_limit_ms / 1e3 if informed else SIMGRID_DOWNTIME_S))
    ratio, most = dirty_rate_of(case, requested=requested) / bandwidth, working_set_of(case)
    sent, dirty = memory, min(math.trunc(ratio * memory), most)
    while dirty > threshold:
        sent, again = sent + dirty, min(math.trunc(ratio * dirty), most)
        if again == dirty or sent / bandwidth > case.bound_s:
            return NEVER
        dirty = again
    return _ending(case, bandwidth, sent + dirty, dirty)


RIVALS: Mapping[str, Rival] = {
    "RAM / bandwidth": ram_over_bandwidth,
    "RAM / bandwidth, informed": partial(ram_over_bandwidth, informed=True),
    "constant dirty rate": constant_rate,
    "constant dirty rate, informed": partial(constant_rate, informed=True),
    "SimGrid": simgrid,
    "SimGrid, informed": partial(simgrid, informed=True),
    "CloudSim": cloudsim,
    "CloudSim, informed": partial(cloudsim, informed=True),
}


def bandwidth_of(case: QemuCase) -> float:
    """Return B, the smaller of cap and link (inside one machine: what its loopback carries), bytes per second."""
    link = case.link_mbit * MBIT_BPS or LOOPBACK_BPS
    return min(case.cap_mibs * MIB_B, link) if case.cap_mibs else link


def memory_of(case: QemuCase, *, touched: bool) -> int:
    """Return R, the configured memory, or the part of it that is not zero, bytes; at least a page."""
    system = TCG_SYSTEM_MIB if case.accel == "tcg" else 0.0
    mebibytes = min(case.fill_mib + system, case.memory_mib) if touched else case.memory_mib
    return max(math.trunc(mebibytes * MIB_B), PAGE_B)


def dirty_rate_of(case: QemuCase, *, requested: bool) -> float:
    """Return d, page writes per second times the size of a page; of a curve, the pages of the window that is closest to 1 s."""
    if case.curve:
        window, pages = min(case.curve, key=lambda point: abs(math.log(point[0] / REPORTED_WINDOW_S)))
        return pages / window * PAGE_B
    rates = case.achieved_pps if case.achieved_pps and not requested else [each.rate_pps for each in case.sets]
    return math.fsum(rates) * PAGE_B


def working_set_of(case: QemuCase) -> int:
    """Return W, all pages that are written to, bytes; of a curve, those of its longest window."""
    pages = case.curve[-1][1] if case.curve else sum(each.pages for each in case.sets)
    return math.trunc(pages * PAGE_B)


def _one_copy(case: QemuCase, bandwidth: float, *, informed: bool) -> RivalPrediction:
    memory = memory_of(case, touched=informed)
    total_ms = 1e3 * memory / bandwidth
    if total_ms > case.bound_s * 1e3:
        return NEVER
    return RivalPrediction(total_ms, case.downtime_limit_ms if informed else math.nan, float(memory), converges=True)


def _rounds(memory: float, ratio: float, threshold: float) -> float:
    """Return the smallest n >= 1 with R l^n <= threshold, for 0 <= l < 1; infinite where nothing is allowed to remain."""
    if memory * ratio <= threshold:
        return 1.0
    if threshold <= 0.0:
        return math.inf
    rounds = float(math.ceil(math.log(threshold / memory) / math.log(ratio)))
    return rounds - 1.0 if memory * ratio ** (rounds - 1.0) <= threshold else rounds  # a quotient of logarithms misses equality by one


def _ending(case: QemuCase, bandwidth: float, sent: float, rest: float) -> RivalPrediction:
    """Return the prediction of a migration that sends so many bytes, the rest of them with the guest stopped."""
    seconds = sent / bandwidth
    if seconds > case.bound_s:
        return NEVER
    return RivalPrediction(seconds * 1e3, rest / bandwidth * 1e3, float(sent), converges=True)
