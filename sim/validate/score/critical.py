"""How far a case is from its critical point: the write rate at which a migration under QEMU stops converging.

Near that point the verdict is a matter of luck, so predicted verdicts are judged apart from it. What is near must not be decided by the
predictions that are judged: this is a balance of flows that knows nothing of rounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from sim.model.curve import fit_classes
from sim.model.draws import Array
from sim.model.zipf import zipf_classes
from sim.validate.score.rivals import PAGE_B, bandwidth_of, memory_of
from sim.validate.tables.measured_cases import QemuCase, WriteSet

NEAR = 0.1  # write rates within 10 % of the critical ones
_FASTEST = 1e9  # times the rates of a case: even a page a minute is then always dirty


@dataclass(frozen=True, slots=True, eq=False)
class _Writers:
    """Who dirties pages: random writers as classes, and sequential ones.

    Args:
        pages: n, pages of each class, shape (classes,).
        rewrites: r, writes per page and second, same shape.
        swept: pages of each sequential writer, shape (writers,).
        speeds: pages per second of each, same shape.
    """

    pages: Array
    rewrites: Array
    swept: Array
    speeds: Array

    def dirtied(self, factor: float, wait_s: float) -> float:
        """Return the pages that become dirty in a second where a dirty page waits so long for being sent, rates times a factor.

        A page of a class is clean for 1 / r and then waits; a sequential writer finds all of its pages waiting if it returns too soon.
        """
        rates = factor * self.rewrites
        return float((self.pages * rates / (1.0 + rates * wait_s)).sum() + np.minimum(factor * self.speeds, self.swept / wait_s).sum())


def critical_factor(case: QemuCase, *, requested: bool = False) -> float:
    """Return f: with f times its write rates the case would stand exactly at its critical point; above 1 it converges.

    QEMU stops the guest once fewer than B L pages are dirty, L the downtime limit. At the critical point that many are dirty and no
    fewer ever become: each is sent at B, so it waits L, and as many pages are dirtied as are sent:

        sum over classes n f r / (1 + f r L) + sum over sequential writers min(f w, n / L) = B

    Args:
        case: the migration; its auto-converge, which changes the rates until they are low enough, is not looked at.
        requested: the write rates are those that were asked for, not those that were reached.

    Returns:
        f; infinite where all pages that are written to can be sent within the limit, or nothing is written; 0 where the limit is 0.
    """
    writers, limit = _writers(case, requested=requested), case.downtime_limit_ms / 1e3
    sent = bandwidth_of(case) / PAGE_B
    if limit <= 0.0:
        return 0.0
    if writers.dirtied(_FASTEST, limit) <= sent:
        return math.inf
    most = math.log(_FASTEST)
    return math.exp(brentq(lambda power: writers.dirtied(math.exp(power), limit) - sent, -most, most, xtol=1e-12))


def is_near_critical(case: QemuCase, *, requested: bool = False) -> bool:
    """Return whether the write rates lie within 10 % of those at which the case would stop converging."""
    factor = critical_factor(case, requested=requested)
    return abs(1.0 / factor - 1.0) <= NEAR if factor > 0.0 else False


def _writers(case: QemuCase, *, requested: bool) -> _Writers:
    if case.curve:
        touched = memory_of(case, touched=True) / PAGE_B
        points = [point for point in case.curve if point[1] > 0.0]  # the fit weighs by 1 / pages
        fitted = np.array(fit_classes(points, max(touched, case.curve[-1][1])).classes if points else []).reshape(-1, 2)
        return _Writers(fitted[:, 0], fitted[:, 1], np.empty(0), np.empty(0))
    rates = case.achieved_pps if case.achieved_pps and not requested else tuple(each.rate_pps for each in case.sets)
    classes: list[tuple[float, float]] = []
    sweeps: list[tuple[float, float]] = []
    for each, rate in zip(case.sets, rates, strict=True):
        if each.pattern == "s":
            sweeps.append((float(each.pages), rate))
        else:
            classes += _classes(each, rate)
    random, sequential = np.array(classes).reshape(-1, 2), np.array(sweeps).reshape(-1, 2)
    return _Writers(random[:, 0], random[:, 1], sequential[:, 0], sequential[:, 1])


def _classes(each: WriteSet, rate: float) -> tuple[tuple[float, float], ...]:
    return zipf_classes(each.pages, rate, each.theta) if each.pattern == "z" else ((float(each.pages), rate / each.pages),)
