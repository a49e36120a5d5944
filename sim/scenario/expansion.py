"""Write a loaded scenario out with every default, so that it can be kept beside its results and loaded again."""

from __future__ import annotations

from typing import Any

from sim.scenario.load import Loaded
from sim.scenario.overrides import FIXED_IN_VARIANTS
from sim.scenario.schema_plan import ScenarioSpec


def expanded(loaded: Loaded) -> dict[str, Any]:
    """Return the scenario as a plain document in which nothing is left to a default or a profile.

    Loaded again it gives equal points. Variants after the first replace whole sections, in so far as they differ from those of the first.
    """
    documents = [_document(spec) for spec in loaded.completed]
    result = documents[0]
    if loaded.points[0].name:
        result["variants"] = {
            point.name: {key: value for key, value in document.items() if key not in FIXED_IN_VARIANTS and value != result.get(key)}
            for point, document in zip(loaded.points, documents, strict=True)
        }
    return result


def _document(spec: ScenarioSpec) -> dict[str, Any]:
    document: dict[str, Any] = spec.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"variants"})
    for step in document["plan"].values():
        if "migrate" in step:
            del step["order"]
    return document
