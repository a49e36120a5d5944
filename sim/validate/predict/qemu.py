"""The prediction of migrations under QEMU: each row of a table as a point, simulated by the lockstep engine."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np

from sim.engine.lockstep.replicate import walk
from sim.engine.site import Site
from sim.model.draws import Array, RangeDraws
from sim.validate.predict.predictions import DOWNTIME, LINK_DOWNTIME, SYNCS, TOTAL, TRANSFERRED, Prediction
from sim.validate.predict.qemu_point import payload, qemu_point
from sim.validate.predict.testbed import Testbed, calibrated
from sim.validate.tables.measured_cases import QemuCase

REPLICATIONS = 400  # the 5 % quantile is then the twentieth smallest; its own error is a tenth of an interval's width
EXTRA_SYNCS = 2  # a sync at the set-up and one with the VM stopped, beside those that end a round
FIRST_WINDOW_S = 0.1 - 1e-9  # until it has ended there is no threshold; less the rounding of clock times
PILOT = 40  # where one in twelve replications ended in time, all of these would fail to once in 30 cases
SHORTEST_MS = 1.0  # of a downtime: QEMU counts in ms, and nothing shorter was measured
_AT_ONCE = 4  # cases handed to a process at a time


def predict_qemu(
    cases: Sequence[QemuCase],
    *,
    requested: bool = False,
    testbed: Testbed | None = None,
    replications: int = REPLICATIONS,
    seed: int = 1,
    workers: int = 1,
) -> list[Prediction]:
    """Predict migrations, each alone: the same numbers in any order, and for any number of workers.

    Args:
        cases: inputs of the migrations.
        requested: take the write rates that the workload asked for, also where those that it reached were measured.
        testbed: constants of the machine; those fitted to the marked half of the measured cells where none are given.
        replications: how often each migration is simulated.
        seed: seed of all draws.
        workers: processes.
    """
    ask = partial(predicted, requested=requested, testbed=testbed or calibrated(), replications=replications, seed=seed)
    if workers == 1 or len(cases) <= _AT_ONCE:
        return [ask(case) for case in cases]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(ask, cases, chunksize=_AT_ONCE))


def predicted(case: QemuCase, *, requested: bool, testbed: Testbed, replications: int, seed: int) -> Prediction:
    """Predict a migration; where none of the first PILOT replications ends within the bound, the others are not simulated."""
    site = Site.of(qemu_point(case, rates_of(case, requested=requested), testbed, seed))
    found = _simulated(case, site, testbed, min(PILOT, replications))
    return _simulated(case, site, testbed, replications) if replications > PILOT and found.converged.any() else found


def _simulated(case: QemuCase, site: Site, testbed: Testbed, replications: int) -> Prediction:
    """Return what the simulation gives, and how far measurements stray from it."""
    samples = {name: np.full(replications, np.nan) for name in (TOTAL, DOWNTIME, TRANSFERRED, SYNCS)}
    for record in walk(site, 0, replications).records:
        if record.outcome != "completed":
            continue
        lanes, columns = record.lanes, record.columns
        unpaid = 1e3 * _unpaid_s(case, testbed, np.asarray(columns["final_bytes"]))
        samples[DOWNTIME][lanes] = 1e3 * columns["downtime_s"] - (0.0 if case.link_decides else unpaid)
        samples[TOTAL][lanes] = 1e3 * columns["total_s"] - unpaid
        samples[TRANSFERRED][lanes] = columns["sent_bytes"]
        samples[SYNCS][lanes] = columns["rounds"] + EXTRA_SYNCS - _rounds_unread(case, np.asarray(columns["precopy_s"]))
    if case.policy == "qemu" and testbed.strays:  # how far others stray was not measured
        strays = {name: _drawn(found, f"{case.key}/{name}", replications, site.point.seed) for name, found in testbed.strays.items()}
        samples[TOTAL] += strays.get(TOTAL, 0.0)
        samples[TRANSFERRED] *= strays.get(TRANSFERRED, 1.0)
        # A flush at memory speed is a few ms late, whatever its length; one over a link by a share of it.
        samples[DOWNTIME] *= strays.get(LINK_DOWNTIME, 1.0) if case.link_mbit else 1.0
        samples[DOWNTIME] += 0.0 if case.link_mbit else strays.get(DOWNTIME, 0.0)
        samples[DOWNTIME] = np.maximum(samples[DOWNTIME], SHORTEST_MS)
        samples[TOTAL] = np.maximum(samples[TOTAL], samples[DOWNTIME])
    return Prediction(case.key, samples[TOTAL] <= 1e3 * case.bound_s, samples)


def _unpaid_s(case: QemuCase, testbed: Testbed, final_bytes: Array) -> Array:
    """Return by how much earlier than the last byte on the line QEMU has ended: when that byte is in the socket, seconds.

    Where a cap below the link has left the socket empty, the rest of the stop finds room in it, so that the downtime is shorter too.
    """
    if case.policy != "qemu" or not case.link_mbit:
        return np.zeros_like(final_bytes)
    held = testbed.socket_bytes if case.link_decides else np.minimum(final_bytes, testbed.socket_bytes)
    return np.asarray(held / payload(case, testbed))


def _rounds_unread(case: QemuCase, precopy_s: Array) -> Array:
    """Return how many rounds end without a sync: without a threshold, QEMU goes on until nothing waits, and stops the guest."""
    never = case.downtime_limit_ms == 0.0
    return np.where((case.policy == "qemu") & (never | (precopy_s < FIRST_WINDOW_S)), 1.0, 0.0)


def rates_of(case: QemuCase, *, requested: bool) -> tuple[float, ...]:
    """Return the write rate of each set, page writes per second."""
    return case.achieved_pps if case.achieved_pps and not requested else tuple(each.rate_pps for each in case.sets)


def _drawn(strays: Sequence[float], stream: str, replications: int, seed: int) -> Array:
    """Return one of the strays for each replication: every one equally often, in an order that is drawn."""
    drawn = RangeDraws(seed, 0, replications).uniforms(stream, 0, np.arange(replications))
    levels = (np.argsort(np.argsort(drawn)) + 0.5) / replications
    return np.asarray(np.quantile(np.array(strays), levels, method="hazen"))
