"""Whether this machine computes the same bits as the one that began a run."""

from __future__ import annotations

import hashlib

import numpy as np


def fingerprint() -> str:
    """Return a hash of exp, expm1, log and log1p on a fixed grid, with the NumPy version.

    Their last bits depend on the CPU's vector unit and on NumPy; everything else that the model uses is rounded exactly everywhere.
    """
    grid = np.linspace(-30.0, 30.0, 4001)
    positive = np.exp2(np.linspace(-40.0, 40.0, 4001))
    digest = hashlib.sha256(np.__version__.encode())
    for values in (np.exp(grid), np.expm1(grid), np.log(positive), np.log1p(positive)):
        digest.update(values.tobytes())
    return digest.hexdigest()[:16]
