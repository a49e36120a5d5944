"""How results came about, as run.json tells it, and whether this program would compute the same."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from sim.errors import ResultsError
from sim.experiment.execution.engines import Choice
from sim.experiment.identity import RESULTS_VERSION, fingerprint, question_hash
from sim.experiment.storage.store import RUN, Store
from sim.scenario.load import Loaded

_VERSION = {"results_version": (RESULTS_VERSION, "was written by another version of this program")}
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


def check_version(store: Store) -> dict[str, Any]:
    """Return run.json of a folder that this version of the program can read.

    Raises:
        ResultsError: it is not there, damaged, or of another version.
    """
    facts = store.facts()
    if not facts:
        raise ResultsError(f"{store.folder}: holds no {RUN}, so it is no result folder of `migr run`; name one")
    _check_facts(store, facts, _VERSION)
    return facts


def _check_facts(store: Store, facts: dict[str, Any], wanted: Mapping[str, tuple[object, str]]) -> None:
    for key, (value, what) in wanted.items():
        if facts.get(key) != value:
            found = f"{key} {facts.get(key)}, now {value}"
            raise ResultsError(f"{store.folder}: {what} ({found}); name another folder with --out, or move this one away")


def check_same(store: Store, loaded: Loaded) -> None:
    """Check that this program, on this machine, would compute what the folder holds.

    Raises:
        ResultsError: it holds another question, or was computed by another version or with another arithmetic.
    """
    facts = check_question(store, loaded)
    _check_facts(store, facts, {"fingerprint": (fingerprint(), "was computed on a CPU or with a NumPy that rounds differently")})


def check_question(store: Store, loaded: Loaded) -> dict[str, Any]:
    """Return run.json of a folder that holds the results of this scenario, by this version of the program.

    Raises:
        ResultsError: it does not.
    """
    facts = check_version(store)
    _check_facts(store, facts, {"question": (question_hash(loaded.points), "holds the results of another scenario")})
    return facts
