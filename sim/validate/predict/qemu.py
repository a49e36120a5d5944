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
    """Predict a migration: what the simulation gives, and how far measurements stray from it."""
    site = Site.of(qemu_point(case, rates_of(case, requested=requested), testbed, seed))
    samples = {name: np.full(replications, np.nan) for name in (TOTAL, DOWNTIME, TRANSFERRED, SYNCS)}
    for record in walk(site, 0, replications).records:
        if record.outcome != "completed":
            continue
        lanes, columns = record.lanes, record.columns
        samples[TOTAL][lanes] = 1e3 * columns["total_s"]
        samples[DOWNTIME][lanes] = 1e3 * columns["downtime_s"]
        samples[TRANSFERRED][lanes] = columns["sent_bytes"]
        samples[SYNCS][lanes] = columns["rounds"] + EXTRA_SYNCS - _rounds_unread(case, np.asarray(columns["precopy_s"]))
    strays = {name: _drawn(found, f"{case.key}/{name}", replications, seed) for name, found in testbed.strays.items()}
    if case.link_decides:
        # QEMU has ended when the last byte is in the socket, not when it is on the line.
        samples[TOTAL] -= 1e3 * testbed.socket_bytes / payload(case, testbed)
    samples[TOTAL] += strays.get(TOTAL, 0.0)
    samples[TRANSFERRED] *= strays.get(TRANSFERRED, 1.0)
    samples[DOWNTIME] *= strays.get(LINK_DOWNTIME if case.link_decides else DOWNTIME, 1.0)
    samples[TOTAL] = np.maximum(samples[TOTAL], samples[DOWNTIME])
    return Prediction(case.key, samples[TOTAL] <= 1e3 * case.bound_s, samples)


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
