"""What has to be equal for results to stand side by side: the question, the version of the results, the arithmetic of the machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from sim.model.draws import generator
from sim.scenario.point import Point

RESULTS_VERSION = 3  # raise it whenever a change alters results; a test hashes a fixed set of outcomes


def question_hash(points: Sequence[Point]) -> str:
    """Return 12 hexadecimal digits that name the question: all numbers that an engine consumes, defaults included.

    Title, question, objectives, number of replications, workers and engine are not in it, so more replications extend a run.
    The order of the VMs and networks in the file is not in it either, since points hold them by name.
    """
    content = [asdict(point) for point in points]
    text = json.dumps([RESULTS_VERSION, content], sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def fingerprint() -> str:
    """Return a hash of the functions whose last bits depend on the machine, on a fixed grid, with the NumPy version.

    exp, expm1, log and log1p come from NumPy's vector units or the C library, the normal distribution from SciPy, normal draws use log1p
    and exp in their tails. Everything else that the model uses is rounded exactly everywhere.
    """
    from scipy.special import ndtr  # noqa: PLC0415 - commands that compute nothing start without it

    grid = np.linspace(-30.0, 30.0, 4001)
    positive = np.exp2(np.linspace(-40.0, 40.0, 4001))
    normals = generator(0, "fingerprint", 0, 0).standard_normal(4001)
    digest = hashlib.sha256(np.__version__.encode())
    for values in (np.exp(grid), np.expm1(grid), np.log(positive), np.log1p(positive), ndtr(grid), normals):
        digest.update(values.tobytes())
    return digest.hexdigest()[:16]
