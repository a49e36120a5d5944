"""Fits the constants of the measuring machine to the marked half of the measured cells.

Run from the project's folder, it writes what `migr predict` uses: python -m sim.validate.predict.calibration
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import least_squares, nnls

from sim.model.draws import Array
from sim.model.load import PAGE
from sim.validate.predict.predictions import DOWNTIME, LINK_DOWNTIME, TOTAL, TRANSFERRED, Prediction
from sim.validate.predict.qemu import predict_qemu
from sim.validate.predict.qemu_point import HEADER_BYTES, MIB_PAGES
from sim.validate.predict.testbed import BLIND, FILE, Testbed
from sim.validate.score.halves import is_calibration
from sim.validate.tables.measured import read_cases
from sim.validate.tables.measured_cases import QemuCase

CASES = Path(__file__).parents[1] / "cases"
GROUPS = ("A", "B", "C", "D", "E", "L")  # capped or limited by a link
WINDOW_S = 0.1
FEW = 1  # observations of a memory size that make a distribution of their own
NOISE_S = 0.01  # residuals far above are those of a machine that was busy with something else: a robust fit gives them little weight
NOISE_MS = 5.0
NOMINAL = 0.9
FACTORS = np.arange(0.0, 3.01, 0.05)
DIGITS = 6  # significant digits of a constant: what the measurements can tell


def fit(replications: int = 100) -> Testbed:
    """Return the constants that the marked half of the measured migrations under KVM gives.

    Args:
        replications: of each prediction that a step compares with.
    """
    measured = pd.read_csv(CASES / "qemu_migrations.csv", dtype={"cell": str}).set_index("id")
    cases = [cast("QemuCase", case) for case in read_cases(CASES / "qemu_migrations.csv").cases]
    marked = [case for case in cases if case.accel == "kvm" and case.group in GROUPS and is_calibration(case.cell)]
    marked = [case for case in marked if measured.status[case.key] == "completed"]
    table = measured.loc[[case.key for case in marked]]
    capped = table[[not case.link_decides for case in marked]]
    bed = replace(BLIND, other_pages=_other_pages(table), zero_page_s=0.0)
    stop_s, raw = _stop(capped)
    rounds = pd.read_csv(CASES / "qemu_rounds.csv")
    bed = replace(bed, wake_s=_wake(capped, rounds), setup_s=_setup(table, rounds), stop_s=stop_s, raw_Bps=raw)
    found = [each for each in predict_qemu(marked, testbed=bed, replications=replications) if each.key in capped.index]
    bed = replace(bed, zero_page_s=_zero_page(capped, found))
    found = predict_qemu(marked, testbed=bed, replications=replications)
    return replace(bed, strays=_strays(marked, table, found))


def _other_pages(table: pd.DataFrame) -> dict[str, tuple[float, ...]]:
    """Return how many pages beside the filled part were not zero, by memory size and for all others."""
    others = table.ram_total / PAGE - table.fill_mib * MIB_PAGES - table.duplicate_pages
    groups = {str(memory): found for memory, found in others.groupby(table.mem_mib) if len(found) >= FEW}
    return {name: tuple(sorted(float(pages) for pages in found)) for name, found in (groups | {"": others}).items()}


def _stop(capped: pd.DataFrame) -> tuple[float, float]:
    """Return what the stop takes, and the speed of the flush, from the downtimes of capped migrations."""
    rows = np.column_stack([np.ones(len(capped)), capped.stop_pending_bytes / 1e6])
    constant, ms_a_megabyte = _robust(rows, capped.downtime_ms.to_numpy(), NOISE_MS)
    return _rounded(constant / 1e3), _rounded(1e9 / ms_a_megabyte)


def _setup(table: pd.DataFrame, rounds: pd.DataFrame) -> float:
    """Return the time from the command to the first sync."""
    return _rounded(float(np.median(rounds.t_sync_start[rounds.id.isin(table.index) & (rounds["round"] == 1)])))


def _wake(capped: pd.DataFrame, rounds: pd.DataFrame) -> float:
    """Return by how much longer than a window the source sleeps, from syncs that stand whole windows of sending apart."""
    joined = rounds.merge(capped.max_bw_mibs, left_on="id", right_index=True)
    joined["lasted"] = joined.groupby("id").t_sync_start.diff()
    quota = np.floor(joined.max_bw_mibs * 2**20 * WINDOW_S / (PAGE + HEADER_BYTES)) + 1  # pages of a window
    windows = joined.sent_pages / quota
    whole = joined[(windows % 1 == 0) & (windows > 0) & (joined.final == 0)]
    return _rounded(float(np.median(whole.lasted / windows[whole.index] - WINDOW_S)))


def _zero_page(capped: pd.DataFrame, found: Sequence[Prediction]) -> float:
    """Return what a zero page adds to the time of capped migrations that was predicted without it."""
    late = (capped.total_time_ms.to_numpy() - [each.quantile(TOTAL, 0.5) for each in found]) / 1e3
    zeros = capped.ram_total / PAGE - capped.fill_mib * MIB_PAGES
    used = np.isfinite(late)
    (seconds_a_million,) = _robust(zeros.to_numpy()[used, None] / 1e6, late[used], NOISE_S)
    return _rounded(seconds_a_million * 1e-6)


def _robust(rows: Array, values: Array, noise: float) -> Array:
    """Return coefficients, none below 0, that explain values; outliers count little."""
    begin = np.maximum(nnls(rows, values)[0], 1e-6)  # inside the bounds

    def residuals(coefficients: Array) -> Array:
        return np.asarray(rows @ coefficients - values)

    solved = least_squares(residuals, begin, bounds=(0.0, np.inf), x_scale="jac", loss="soft_l1", f_scale=noise)
    return np.asarray(solved.x)


def _strays(cases: Sequence[QemuCase], table: pd.DataFrame, found: Sequence[Prediction]) -> dict[str, tuple[float, ...]]:
    """Return how far measurements stray from the predictions, so that 90 % of the intervals of the marked half hold the measurement."""
    limited = np.array([case.link_decides for case in cases])
    total, sent = _Quantity(table, found, TOTAL), _Quantity(table, found, TRANSFERRED)
    flush, line = _Quantity(table, found, DOWNTIME, ~limited), _Quantity(table, found, DOWNTIME, limited)
    return {
        TOTAL: total.scaled(total.measured - total.medians, np.multiply, np.add),
        TRANSFERRED: sent.scaled(sent.measured / sent.medians, np.power, np.multiply),
        DOWNTIME: flush.scaled(flush.measured - flush.medians, np.multiply, np.add),
        LINK_DOWNTIME: line.scaled(line.measured / line.medians, np.power, np.multiply),
    }


class _Quantity:
    """A quantity, measured and simulated, in some cases."""

    def __init__(self, table: pd.DataFrame, found: Sequence[Prediction], name: str, those: NDArray[np.bool_] | None = None) -> None:
        wanted = np.ones(len(found), dtype=bool) if those is None else those
        self.measured = table[name].to_numpy(dtype=np.float64)[wanted]
        self._samples = [each.samples[name][each.converged] for each, use in zip(found, wanted, strict=True) if use]
        self.medians = np.array([np.median(samples) for samples in self._samples])

    def scaled(self, strays: Array, scale: np.ufunc, apply: np.ufunc) -> tuple[float, ...]:
        """Return the strays, scaled by the least factor with which the nominal share of the intervals holds the measurement."""
        strays = np.sort(strays)
        for factor in FACTORS:
            spread = scale(strays, factor)
            if self._coverage(spread, apply) >= NOMINAL:
                break
        return tuple(_rounded(value) for value in spread)

    def _coverage(self, spread: Array, apply: np.ufunc) -> float:
        inside = []
        for measured, samples in zip(self.measured, self._samples, strict=True):
            low, high = np.quantile(apply.outer(samples, spread), [0.5 - NOMINAL / 2, 0.5 + NOMINAL / 2])
            inside.append(low <= measured <= high)
        return float(np.mean(inside))


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


if __name__ == "__main__":
    (CASES / FILE).write_text(fit().as_json(), encoding="utf-8")
