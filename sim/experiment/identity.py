"""What makes two runs the same question: the resolved points and the version of the results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from sim.scenario.point import Point

RESULTS_VERSION = 1  # raise it whenever a change alters results; a test hashes a fixed set of outcomes


def question_hash(points: Sequence[Point]) -> str:
    """Return 12 hexadecimal digits that name the question: all numbers that an engine consumes, defaults included.

    Title, question, objectives, number of replications, workers and engine are not in it, so more replications extend a run.
    The order of the VMs and networks in the file is not in it either, since points hold them by name.
    """
    content = [asdict(point) for point in points]
    text = json.dumps([RESULTS_VERSION, content], sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
