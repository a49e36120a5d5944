"""A process of this machine whose CPU rounds differently: some of its vector instructions are switched off."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import numpy as np

from sim.experiment.identity import fingerprint

# NumPy brings loops of its own for exp and log on CPUs with AVX-512, and is told to do without in the first way. On others it calls
# those of glibc, which chooses by AVX2 and FMA and is told in the second way; then only both ways together are NumPy without vector units.
_GLIBC_WITHOUT = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4"}


@cache
def other_arithmetic() -> dict[str, str] | None:
    """Return environment variables under which a process here has another fingerprint; None where there are none."""
    numpy_without = {"NPY_DISABLE_CPU_FEATURES": " ".join(np.show_config(mode="dicts")["SIMD Extensions"].get("found", []))}
    for switched in (numpy_without, numpy_without | _GLIBC_WITHOUT):
        if _fingerprint_under(switched) != fingerprint():
            return switched
    return None


def _fingerprint_under(switched: dict[str, str]) -> str:
    command = [sys.executable, "-c", "from sim.experiment.identity import fingerprint; print(fingerprint())"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **switched})
    return done.stdout.strip()
