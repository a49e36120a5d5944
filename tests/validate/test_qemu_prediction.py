"""Predictions of QEMU migrations: the same for any order and workers, what their inputs do, and small ones by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from math import exp, fsum
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from sim.scenario.catalogue import policies
from sim.validate.predict.predictions import DOWNTIME, SYNCS, TOTAL, TRANSFERRED, Prediction
from sim.validate.predict.qemu import predict_qemu, rates_of
from sim.validate.predict.qemu_point import MIB_PAGES, ROM_PAGES, qemu_point
from sim.validate.predict.testbed import BLIND, calibrated
from sim.validate.tables.measured import read_cases
from sim.validate.tables.measured_cases import QemuCase, WriteSet
from twins.engines import differences, of_lockstep, of_simpy

COLUMNS = (TOTAL, DOWNTIME, TRANSFERRED, SYNCS)
PAGE_BYTES = 4104.0
FEW = 60  # replications: enough to tell what is meant here
CASE = QemuCase("one", "B01", "B", "kvm", 256, 200.0, (WriteSet(8192, 4000.0, "u"),), (), (), 64.0, 300.0, 0.0, False, 20.0, True, "qemu")
IDLE = replace(CASE, key="idle", sets=())
MIXED = replace(CASE, key="mixed", sets=(WriteSet(4096, 3000.0, "z", 0.9), WriteSet(2000, 500.0, "s"), WriteSet(1000, 9000.0, "u")))
LINKED = replace(CASE, key="linked", cap_mibs=0.0, link_mbit=500.0)
LARGE = replace(MIXED, key="large", memory_mib=2048, fill_mib=1500.0, cap_mibs=256.0)
CASES = (CASE, IDLE, MIXED, LINKED, LARGE)
MEASURED = Path(__file__).parents[2] / "sim" / "validate" / "cases" / "qemu_migrations.csv"


def only(case: QemuCase, *, blind: bool = False, requested: bool = False, replications: int = FEW) -> Prediction:
    """Return the prediction of one case."""
    testbed = BLIND if blind else None
    (found,) = predict_qemu([case], requested=requested, testbed=testbed, replications=replications)
    return found


def digest(found: Sequence[Prediction]) -> str:
    """Return a hash of every bit of some predictions."""
    bits = sha256()
    for each in sorted(found, key=lambda prediction: prediction.key):
        bits.update(each.key.encode() + each.converged.tobytes() + b"".join(each.samples[name].tobytes() for name in COLUMNS))
    return bits.hexdigest()


def medians(found: Prediction) -> tuple[float, ...]:
    return tuple(found.quantile(name, 0.5) for name in COLUMNS)


def test_order_and_company_change_nothing() -> None:
    """Each alone, all, and backwards. Mutant: draws that are counted, or named by the place in the table."""
    together = predict_qemu(CASES, replications=FEW)
    assert [each.key for each in together] == [case.key for case in CASES]
    assert digest(predict_qemu(CASES[::-1], replications=FEW)) == digest(together)
    assert digest([only(case) for case in CASES]) == digest(together)


def test_workers_and_hash_seed_change_nothing() -> None:
    """Two processes, started by a Python that hashes texts otherwise. Mutant: `hash` of a key as a seed."""
    here = Path(__file__)
    program = f"from validate.{here.stem} import *; print(digest(predict_qemu(CASES, replications=FEW, workers=2)))"
    environment = os.environ | {"PYTHONHASHSEED": "3", "PYTHONPATH": os.pathsep.join((str(here.parents[1]), str(here.parents[2])))}
    other = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest(predict_qemu(CASES, replications=FEW))


def test_another_seed_gives_other_samples() -> None:
    one, other = (predict_qemu([CASE], replications=FEW, seed=seed) for seed in (1, 2))
    assert digest(one) != digest(other)


def test_achieved_rates_are_taken_unless_the_requested_ones_are_wanted() -> None:
    """A workload that reached a tenth: without it, as if it had not been measured. Mutant: one of the two always."""
    starved = replace(CASE, achieved_pps=(400.0,))
    assert rates_of(starved, requested=False) == (400.0,)
    assert rates_of(starved, requested=True) == rates_of(CASE, requested=False) == (4000.0,)
    assert digest([only(starved, requested=True)]) == digest([only(CASE)])
    assert only(starved).quantile(TRANSFERRED, 0.5) < 0.95 * only(CASE).quantile(TRANSFERRED, 0.5)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_quantiles_rise_and_times_are_possible(case: QemuCase) -> None:
    """Downtime is part of the total; reads are whole and at least two; no more than memory a read and not less than what is filled."""
    found = only(case)
    assert found.p_converges == 1.0
    for name in COLUMNS:
        values = [found.quantile(name, p) for p in (0.0, 0.05, 0.5, 0.95, 1.0)]
        assert values == sorted(values)
        assert values[0] > 0.0
    assert np.all(found.samples[DOWNTIME] <= found.samples[TOTAL])
    assert np.all(found.samples[SYNCS] == np.rint(found.samples[SYNCS]))
    assert found.quantile(SYNCS, 0.0) >= 2.0
    assert found.quantile(TRANSFERRED, 0.0) > case.fill_mib * 2**20 * 0.99
    assert np.all(found.samples[TRANSFERRED] < found.samples[SYNCS] * case.memory_mib * 2**20 * 1.01)


def test_an_idle_guest_by_hand() -> None:
    """256 MiB, 200 MiB filled, 130 other pages: 51,330 pages of 4,104 bytes, 14,336 zeros of 9 bytes, windows of 1,636 pages.

    Below the filled part lie 3,966 zeros, behind it 10,370. So 31 windows are full, and some 620 pages and 10,370 zeros are more than the
    threshold holds: they are sent too, at 2.5 GB/s and 0.25 us a zero, and nothing is left. Mutants: no ROM; zeros before the filled part.
    """
    found = only(IDLE, blind=True)
    below = 51_330 * PAGE_BYTES + 3966 * 9.0
    last_s = (below - 31 * 1636 * PAGE_BYTES) / 2.5e9 + 10_370 * (0.25e-6 + 9.0 / 2.5e9)
    assert found.samples[TRANSFERRED] == pytest.approx(np.full(FEW, below + 10_370 * 9.0))
    assert found.samples[TOTAL] == pytest.approx(np.full(FEW, 1e3 * (3.1 + last_s)))
    assert np.all(found.samples[SYNCS] == 3.0)
    assert np.all(found.samples[DOWNTIME] == 0.0)


def test_a_guest_that_is_gone_in_the_first_window_is_read_twice() -> None:
    """64 MiB, a quarter filled, without a cap: 7 ms at 2.5 GB/s, so no threshold ever. With a cap of 100 MiB/s it takes two windows.

    Mutant: three reads always.
    """
    small = replace(IDLE, memory_mib=64, fill_mib=16.0, cap_mibs=0.0)
    assert medians(only(small))[3] == 2.0
    assert medians(only(replace(small, cap_mibs=100.0)))[3] == 3.0
    assert medians(only(replace(small, cap_mibs=100.0, downtime_limit_ms=0.0)))[3] == 2.0


def test_a_guest_under_emulation_has_a_linux_of_its_own() -> None:
    """Pages that are not zero: 63 MiB and 1/64 of its memory. That is 71 MiB of 512 MiB, 79 MiB of 1 GiB."""
    for memory_mib, own_mib in ((512, 71), (1024, 79)):
        bare, linux = (only(replace(IDLE, accel=accel, memory_mib=memory_mib), blind=True) for accel in ("kvm", "tcg"))
        assert linux.samples[TRANSFERRED] - bare.samples[TRANSFERRED] == pytest.approx(np.full(FEW, own_mib * 256 * (PAGE_BYTES - 9.0)))


def test_a_guest_without_zeros() -> None:
    """The filled part leaves no room for anything below it: its own pages and the ROMs go over the line, once."""
    full = only(replace(IDLE, fill_mib=256.0), blind=True)
    assert full.samples[TRANSFERRED] == pytest.approx(np.full(FEW, 65_536 * PAGE_BYTES + ROM_PAGES * 9.0))


def test_nobody_converges() -> None:
    """All 32,768 pages are dirty at each read, a threshold holds 4,917. No numbers then, and no warning. Mutant: quantiles of NaN."""
    hot = only(replace(CASE, sets=(WriteSet(32_768, 1e6, "u"),), bound_s=6.0))
    assert hot.p_converges == 0.0
    assert all(np.isnan(hot.quantile(name, 0.5)) for name in COLUMNS)


def test_a_bound_cuts_what_would_take_longer() -> None:
    """A bound at the median of the total leaves half; what is left ends within it. Mutant: converged without a look at the bound."""
    free = only(CASE, replications=200)
    bound_s = free.quantile(TOTAL, 0.5) / 1e3
    cut = only(replace(CASE, bound_s=bound_s), replications=200)
    assert 0.2 < cut.p_converges < 0.8
    assert cut.quantile(TOTAL, 1.0) <= 1e3 * bound_s
    assert only(replace(CASE, bound_s=1.0)).p_converges == 0.0


def test_auto_converge_ends_what_would_never_end() -> None:
    """6,000 pages are always dirty and 4,917 allowed; slowed, some of them rest between two reads. Mutant: not handed on."""
    hot = replace(CASE, sets=(WriteSet(6000, 60_000.0, "u"),), bound_s=60.0)
    assert only(hot, replications=10).p_converges == 0.0
    assert only(replace(hot, auto_converge=True), replications=10).p_converges == 1.0


@pytest.mark.parametrize("policy", sorted(policies()))
def test_every_policy_of_the_catalogue_predicts(policy: str) -> None:
    """A quiet guest ends under each of them, not before its filled part was sent at the cap (or at a line of 512 Mbit/s, as fast)."""
    quiet = replace(CASE, policy=policy, sets=(WriteSet(8192, 100.0, "u"),), bound_s=60.0)
    for case in (quiet, replace(quiet, cap_mibs=0.0, link_mbit=512.0)):
        found = only(case, replications=10)
        assert found.p_converges == 1.0
        assert found.quantile(TRANSFERRED, 0.0) >= 200.0 * 2**20 * 0.99
        assert found.quantile(TOTAL, 0.0) >= 3000.0


def test_a_curve_of_a_working_set_predicts_as_the_set_does() -> None:
    """Windows of 0.1 to 20 s of n (1 - exp(-t R / n)): a curve's fit spreads the rates, so what is dirtied may be a fifth less or more.

    Total within a window, or 3 %. Mutants: a curve that is not used; one whose pages fill the whole memory.
    """
    windows = (0.1, 0.3, 1.0, 3.0, 10.0, 20.0)
    curve = tuple((t, 8192.0 * (1.0 - exp(-t * 4000.0 / 8192.0))) for t in windows)
    of_curve, of_set, idle = (only(case, blind=True) for case in (replace(CASE, sets=(), curve=curve), CASE, IDLE))
    again, wanted = (each.quantile(TRANSFERRED, 0.5) - idle.quantile(TRANSFERRED, 0.5) for each in (of_curve, of_set))
    assert of_curve.p_converges == 1.0
    assert again == pytest.approx(wanted, rel=0.2)
    assert of_curve.quantile(TOTAL, 0.5) == pytest.approx(of_set.quantile(TOTAL, 0.5), rel=0.03, abs=100.0)


def test_the_line_carries_the_flush_of_a_limited_link() -> None:
    """What is left fits 300 ms of it, and takes more than half of them; without a limit the flush takes a few ms."""
    found = only(replace(LINKED, sets=(WriteSet(16_384, 40_000.0, "u"),), downtime_limit_ms=2000.0), blind=True)
    assert 1000.0 < found.quantile(DOWNTIME, 0.5) <= 2000.0 * PAGE_BYTES / 4096.0
    assert only(CASE, blind=True).quantile(DOWNTIME, 1.0) < 20.0


def test_a_cap_just_below_the_link_changes_the_downtime_by_no_more_than_a_socket() -> None:
    """The stop goes over the link either way; below the cap the socket is empty, and its 4 MiB take 67 ms of 500 Mbit/s.

    Mutant: strays of a flush at memory speed, a few ms, taken for shares of one that takes 300 ms.
    """
    below, above = (only(replace(LINKED, cap_mibs=cap), replications=200) for cap in (59.5, 59.7))
    for p in (0.05, 0.5, 0.95):
        assert 0.0 <= above.quantile(DOWNTIME, p) - below.quantile(DOWNTIME, p) <= 1.3 * 1e3 * 4 * 2**20 / (500e6 / 8)


def test_only_what_was_measured_strays() -> None:
    """Other policies than QEMU's have the quantiles of the simulation alone: a guest that stands still throughout takes one time."""
    found = only(replace(IDLE, policy="stop-and-copy"))
    assert found.quantile(TOTAL, 0.05) == found.quantile(TOTAL, 0.95)


def test_without_a_downtime_limit_it_goes_on_until_nothing_waits() -> None:
    """The threshold stays 0: the bitmap is read at the set-up and with the guest stopped."""
    found = only(replace(IDLE, downtime_limit_ms=0.0))
    assert found.quantile(SYNCS, 0.5) == 2.0
    assert found.p_converges == 1.0


@pytest.mark.parametrize("case", [case for case in read_cases(MEASURED).cases if case.key.endswith("0")][::8], ids=lambda case: case.key)
def test_memory_of_a_measured_guest_adds_up(case: QemuCase) -> None:
    """Its memory and the ROMs, all extents of it; the writers lie where the bare guest has them: from 16 MiB on."""
    extents = qemu_point(case, rates_of(case, requested=False), BLIND, 1).vms[0].extents
    assert fsum(extent.pages for extent in extents) == case.memory_mib * MIB_PAGES + ROM_PAGES
    written = [place for place, extent in enumerate(extents) if extent.classes or extent.sweep]
    assert len(written) == len(case.sets)
    if written:
        assert fsum(extent.pages for extent in extents[: written[0]]) == 16 * MIB_PAGES


@pytest.mark.parametrize("key", ["kvm-A15-0", "kvm-L06-0", "kvm-E27-0", "kvm-X01-0"])
def test_a_measured_migration_is_the_same_in_both_engines(key: str) -> None:
    """A final set with zeros in it, a limited link, a guest of 4 GiB, auto-converge: every bit, rounds too.

    Mutants: 4,104 bytes for a zero page of the final set; a log of 1 GiB that is cleared in one engine only.
    """
    (case,) = (cast("QemuCase", case) for case in read_cases(MEASURED).cases if case.key == key)
    point = qemu_point(case, rates_of(case, requested=False), calibrated(), 3)
    assert not differences(of_lockstep(point, 1023, 1025), of_simpy(point, 1023, 1025))
