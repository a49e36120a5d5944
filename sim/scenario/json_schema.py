"""Give editors the JSON schema of a scenario file."""

from __future__ import annotations

from typing import Any

from sim.scenario.schema_plan import ScenarioSpec


def json_schema() -> dict[str, Any]:
    """Return the schema in `scenarios/schema.json`; the descriptions of its fields are the manual."""
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
            result = {**rest[0], **result}
        else:
            result["anyOf"] = rest
    return result
