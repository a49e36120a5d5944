"""How results came about, as run.json tells it."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from sim.experiment.engines import Choice
from sim.experiment.identity import RESULTS_VERSION, fingerprint, question_hash
from sim.scenario.load import Loaded

LIBRARIES = ("simpy", "numpy", "scipy", "pandas", "pyarrow")


def provenance(loaded: Loaded, choices: Sequence[Choice], asked: Mapping[str, Any]) -> str:
    """Return run.json.

    Args:
        loaded: the scenario.
        choices: the engine of each point.
        asked: what the run was asked for, and whether it is finished.
    """
    points = [point.name for point in loaded.points]
    facts = {
        "results_version": RESULTS_VERSION,
        "question": question_hash(loaded.points),
        "fingerprint": fingerprint(),
        "scenario": loaded.label,
        "seed": loaded.points[0].seed,
        **asked,
        "points": points,
        "settings": list(loaded.settings),
        "engines": [{"point": name, "engine": each.engine, "why_engine": each.why} for name, each in zip(points, choices, strict=True)],
        "versions": {"migr": version("vm-migration-sim"), "python": platform.python_version()}
        | {library: version(library) for library in LIBRARIES},
    }
    return json.dumps(facts, indent=2) + "\n"
