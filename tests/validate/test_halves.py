"""The marked half: by the name of the cell alone, the same everywhere, and about a half."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from hashlib import blake2b
from importlib.resources import files

import pytest
from scipy.stats import binom

from sim.validate.score.halves import is_calibration

NAMES = [f"{group}{number:02d}" for group in "ABCDEFGHIJ" for number in range(100)]
SHIPPED = files("sim.validate") / "cases" / "qemu_migrations.csv"


def test_even_hashes_calibrate() -> None:
    """The rule as docs state it; a fit is only worth what its split is, so nobody moves cells unnoticed."""
    for name in NAMES:
        number = int.from_bytes(blake2b(name.encode("utf-8"), digest_size=1, person=b"half").digest(), "big")
        assert is_calibration(name) == (number in range(0, 256, 2))


def test_about_half_of_many_cells_calibrates() -> None:
    """Binomial(1000, 1/2), 99.9 % band. Mutant: the bit of another byte value, such as `== 0`, takes one cell in 256."""
    assert binom.ppf(0.0005, len(NAMES), 0.5) <= sum(map(is_calibration, NAMES)) <= binom.ppf(0.9995, len(NAMES), 0.5)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_hash_seed_of_python_moves_no_cell(seed: str) -> None:
    code = f"from sim.validate.score.halves import is_calibration; print([is_calibration(name) for name in {NAMES[:40]}])"
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    printed = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True).stdout
    assert printed.strip() == str([is_calibration(name) for name in NAMES[:40]])


@pytest.mark.parametrize("group", ["A", "B", "C", "D", "E", "L"])
def test_both_halves_have_cells_of_every_judged_group(group: str) -> None:
    with SHIPPED.open(encoding="utf-8") as text:
        cells = {row["cell"] for row in csv.DictReader(text) if row["group"] == group}
    assert {is_calibration(cell) for cell in cells} == {True, False}
