"""A measured migration as a world of its own: two SUs, one VM, one step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from sim.model.curve import with_classes
from sim.model.layout import Extent
from sim.model.load import PAGE, Load
from sim.model.rounds import Policy
from sim.model.zipf import zipf_classes
from sim.scenario.point import Cluster, Cost, Costs, Devices, Link, Point, Step, Unit, Vm
from sim.scenario.resolve import catalogue_policy
from sim.validate.predict.testbed import Testbed
from sim.validate.tables.measured_cases import QemuCase, WriteSet

HEADER_BYTES = 8.0  # of a page on the stream (QEMU 7.2, save_page_header)
MIB_PAGES = 256
LOW_PAGES = 16 * MIB_PAGES  # below the arena of the bare guest: its program, and zeros
ROM_PAGES = 130  # of the machine, beyond its configured memory (QEMU's machine `pc` without devices)
UNKNOWN_PAGES = 640  # of the low memory, any of which may hold something: in the measured migrations up to 559 pages
EMULATED_PAGES = 63 * MIB_PAGES  # non-zero pages of the small Linux that runs under TCG, without its page descriptors
EMULATED_SHARE = 1 / 64  # of the memory, for these
BPS_OF_MBIT = 125e3
MOST_WRITES_PPS = 130_000.0  # of a guest that does nothing else: the quickest workload of the bundled cases reached 118,839
NOTHING = Cost(0.0)


def qemu_point(case: QemuCase, rates: Sequence[float], testbed: Testbed, seed: int) -> Point:
    """Return the world of a measured migration.

    Args:
        case: its inputs.
        rates: write rate of each of its sets, page writes per second.
        testbed: constants of the machine.
        seed: seed of the draws.
    """
    extents = tuple(_extents(case, rates, testbed))
    pages = math.fsum(extent.pages for extent in extents)
    filled = case.fill_mib * MIB_PAGES
    link = Link("link", payload(case, testbed), 0.0)
    policy, costs, raw = _policy(case, rates, testbed), _costs(testbed), testbed.raw_Bps
    cluster = Cluster("lab", "x86", policy, costs, raw, raw, 1.0, 1.0, 1.0, 0.0, HEADER_BYTES, 0.0)
    units = tuple(Unit(name, "lab", "x86", "link", 4.0 * pages * PAGE, 0.0, 1.0, "") for name in ("SOURCE", "TARGET"))
    vm = Vm(case.key, "SOURCE", 2, "RUNNING", pages * PAGE, filled, 1, _load(case, rates), Devices(), extents)
    return Point(case.key, seed, (link,), (cluster,), units, (vm,), (Step("move", 0.0, "TARGET", vm=case.key),))


def payload(case: QemuCase, testbed: Testbed) -> float:
    """Return what the line carries, bytes per second."""
    line = case.link_mbit * BPS_OF_MBIT * testbed.link_efficiency if case.link_mbit else testbed.raw_Bps
    if case.policy == "qemu" or not case.cap_mibs:
        return line
    return min(line, case.cap_mibs * 2**20)  # other hypervisors know no windows: a cap is a slower line


def _policy(case: QemuCase, rates: Sequence[float], testbed: Testbed) -> Policy:
    if case.policy != "qemu":
        return catalogue_policy(case.policy)
    return Policy(
        "qemu",
        downtime_limit_s=case.downtime_limit_ms / 1e3,
        max_bandwidth_Bps=case.cap_mibs * 2**20 if case.cap_mibs else math.inf,
        wake_s=testbed.wake_s,
        zero_page_s=testbed.zero_page_s,
        auto_converge=case.auto_converge,
        guest_busy=min(1.0, max(math.fsum(rates), 1.0) / MOST_WRITES_PPS),
        lump_bytes=testbed.socket_bytes / 3.0 if case.link_decides else 0.0,
        cancel_after_s=case.bound_s,
    )


def _costs(testbed: Testbed) -> Costs:
    costs = dict.fromkeys(Costs.__dataclass_fields__, NOTHING)
    return Costs(**costs | {"setup": Cost(testbed.setup_s), "state": Cost(testbed.stop_s)})


def _load(case: QemuCase, rates: Sequence[float]) -> Load:
    """Return what the guest writes, for policies that do not ask where its pages lie."""
    if case.curve:
        points = tuple((window, pages) for window, pages in case.curve if pages > 0.0)  # a window without a write says nothing of rates
        return with_classes(Load("curve", curve=points, tracked=True), case.fill_mib * MIB_PAGES)
    written = list(zip(case.sets, rates, strict=True))
    classes = tuple(entry for each, rate in written for entry in _classes(each, rate))
    return Load("sets", classes, tuple((float(each.pages), rate) for each, rate in written if each.pattern == "s"), tracked=True)


def _classes(each: WriteSet, rate: float) -> tuple[tuple[float, float], ...]:
    if each.pattern == "s":
        return ()
    return zipf_classes(each.pages, rate, each.theta) if each.pattern == "z" else ((float(each.pages), rate / each.pages),)


def _extents(case: QemuCase, rates: Sequence[float], testbed: Testbed) -> Iterator[Extent]:
    """Yield the memory of the guest in the order of addresses: low memory, what is written, the rest of the filled part, zeros."""
    written = tuple(_written(case, rates))
    used = math.fsum(extent.pages for extent in written)
    own = EMULATED_PAGES + EMULATED_SHARE * case.memory_mib * MIB_PAGES if case.accel == "tcg" else 0.0
    resting = max(0.0, case.fill_mib * MIB_PAGES - used)
    resting += max(0.0, min(own, case.memory_mib * MIB_PAGES - used - resting))
    most = max(case.memory_mib * MIB_PAGES, used + resting)
    low = min(LOW_PAGES, most - used - resting)
    unknown = min(UNKNOWN_PAGES, low)
    others = testbed.other_pages.get(str(case.memory_mib), testbed.other_pages[""])
    extents = (
        Extent(unknown, shares=tuple(min(1.0, pages / max(unknown, 1.0)) for pages in others)),
        Extent(low - unknown, zero=True),
        *written,
        Extent(resting),
        Extent(most - used - resting - low + ROM_PAGES, zero=True),
    )
    yield from (extent for extent in extents if extent.pages > 0.0)


def _written(case: QemuCase, rates: Sequence[float]) -> Iterator[Extent]:
    """Yield the part of the memory that the guest writes to."""
    if case.curve:
        classes = _load(case, rates).classes
        yield Extent(math.fsum(pages for pages, _ in classes), classes)
    for each, rate in zip(case.sets, rates, strict=True):
        yield Extent(each.pages, sweep=rate) if each.pattern == "s" else Extent(each.pages, _classes(each, rate))
