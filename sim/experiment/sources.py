"""What the numbers of a run rest on, stored beside them: the scenario of a result folder has every default written out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sim.scenario.completion import UNMET
from sim.scenario.facts import Fact
from sim.scenario.load import Loaded

SOURCES = "sources.json"


def sources_text(loaded: Loaded) -> str:
    """Return sources.json: the values of all points that come out of a profile or rest on an assumption, each once."""
    return json.dumps({"facts": [asdict(fact) for fact in told(loaded)]}, indent=2, ensure_ascii=False) + "\n"


def told(loaded: Loaded) -> list[Fact]:
    """Return the facts of all points that a planner did not write, as far as a source or an assumption belongs to them."""
    found: dict[Fact, None] = {}
    seen: set[int] = set()  # most facts are those of all points: one object each, so most of thousands of points need no look
    for facts in loaded.facts:
        new = [fact for fact in facts if id(fact) not in seen]
        seen.update(map(id, new))
        found |= dict.fromkeys(fact for fact in new if _is_told(fact))
    return list(found)


def facts_in(stored: dict[str, Any] | None) -> list[Fact]:
    """Return the facts of sources.json; none where it is not there or holds something else."""
    entries: Iterable[Any] = stored.get("facts", ()) if stored is not None else ()
    try:
        return [Fact(**entry) for entry in entries]
    except TypeError:
        return []


def _is_told(fact: Fact) -> bool:
    return fact.assumption is not None or (fact.origin == "profile" and not fact.source.endswith(UNMET))
