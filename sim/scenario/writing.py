"""Write scenario texts: the template of a new one, the schema for editors, a loaded one with every default."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Any

from sim.scenario.load import Loaded
from sim.scenario.overrides import FIXED_IN_VARIANTS
from sim.scenario.schema_plan import ScenarioSpec

TEMPLATES = {"/390": "template-390.yaml", "x86": "template-x86.yaml"}


def template(su_type: str) -> str:
    """Return the text of a short, valid scenario to start from.

    Args:
        su_type: "/390" or "x86".
    """
    return resources.files("sim.scenario").joinpath(TEMPLATES[su_type]).read_text(encoding="utf-8")


def expanded(loaded: Loaded) -> dict[str, Any]:
    """Return the scenario as a plain document in which nothing is left to a default or a profile.

    Loaded again it gives equal points: each is a variant that says in what it differs from the first one. A sweep becomes variants, too,
    since with every default written out its paths need not fit any longer: a count is single VMs then, a profile its classes.
    """
    first, *others = (_document(spec) for spec in loaded.completed)
    if not loaded.points[0].name:
        return first
    names = (point.name for point in loaded.points)
    return {
        **first,
        "variants": {next(names): {}} | {name: dict(_differences(first, other)) for name, other in zip(names, others, strict=True)},
    }


def _differences(first: dict[str, Any], other: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the dotted paths at which another point differs, with its values."""
    for section, value in other.items():
        if section not in FIXED_IN_VARIANTS:
            yield from _different(section, first.get(section), value)


def _different(path: str, first: object, other: object) -> Iterator[tuple[str, object]]:
    if first == other:
        return
    # Where a key comes or goes, its whole mapping is written: a path sets a value, but takes none away.
    if isinstance(first, dict) and isinstance(other, dict) and list(first) == list(other) and not any("." in str(key) for key in other):
        for key, value in other.items():
            yield from _different(f"{path}.{key}", first[key], value)
    else:
        yield path, other


def _document(spec: ScenarioSpec) -> dict[str, Any]:
    document: dict[str, Any] = spec.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"variants", "sweep", "design"})
    for step in document["plan"].values():
        if "migrate" in step:
            del step["order"]
    return document


def json_schema() -> dict[str, Any]:
    """Return the content of `scenarios/schema.json`; the descriptions of its fields are the manual."""
    schema: dict[str, Any] = _tidied(ScenarioSpec.model_json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Scenario of VM migrations under VM2000"}


def _tidied(node: Any) -> Any:  # noqa: ANN401 - JSON of any kind
    """Return a schema without titles made of field names, and without null: a key without value is a mistake."""
    if isinstance(node, list):
        return [_tidied(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    result = {key: _tidied(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    if result.get("default", 0) is None or isinstance(result.get("default"), dict):
        del result["default"]
    choices = result.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        rest = [choice for choice in choices if choice != {"type": "null"}]
        if len(rest) == 1:
            del result["anyOf"]
            return {**rest[0], **result}
        result["anyOf"] = rest
    return result
