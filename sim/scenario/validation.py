"""Validate the structure of a document and say in our own words what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sim.scenario.document import Document, Plain, copied
from sim.scenario.problems import Path, Place, Problem, dotted, nearest
from sim.scenario.schema_plan import ScenarioSpec
from sim.scenario.schema_sweep import RangeSpec

T = TypeVar("T", bound=BaseModel)

LATER = {  # unknown today, with the part of the program that brings them
    "blackout": "planner",
    "week": "planner",
    "return": "planner",
    "update": "planner",
    "after": "planner",
    "pause": "planner",
}
_REQUIRED_SECTIONS = ("networks", "clusters", "vms", "plan")
_NO_KEYS = ("[key]", "[auto]", "[number]", "[clock]", "[phase]")  # parts of a path that stand in no file
_WANTED = {"model_type": "a mapping", "dict_type": "a mapping", "tuple_type": "a list", "list_type": "a list"}
_EXAMPLES = {"model_type": "{key: value}", "dict_type": "{key: value}", "tuple_type": "[first, second]", "list_type": "[first, second]"}


def validated(document: Document) -> tuple[ScenarioSpec, list[Problem]]:
    """Return the scenario as far as it can be used, and what is wrong with the rest.

    Entries with a mistake (a VM, an SU, a load, a step) are left out, so that the others can still be checked against each other.
    """
    content = copied(document.content)
    problems: list[Problem] = []
    broken = set(document.unread)
    for _ in range(20):  # every turn removes at least one entry; twenty levels of nesting do not exist
        spec, errors = _read(content)
        if spec is not None:
            return spec, problems
        new = [(path, error) for path, error in errors if not _follows(path, broken) and not _is_misspelt(path, error, errors)]
        problems += [_problem(error, path, document) for path, error in new]
        for path, error in errors:
            entry = _entry(path, error["type"])
            broken |= {path, entry}
            _remove(content, entry)
    return ScenarioSpec.model_validate(content), problems


def _read(content: dict[str, Plain]) -> tuple[ScenarioSpec | None, list[tuple[Path, ErrorDetails]]]:
    try:
        return ScenarioSpec.model_validate(content), []
    except ValidationError as error:
        return None, [(_path(detail), detail) for detail in error.errors()]


def _path(error: ErrorDetails) -> Path:
    """Return the path of an error, without what pydantic adds to it: that a key is meant, and which form of a field."""
    return tuple(str(part) for part in error["loc"] if part not in _NO_KEYS)


def _is_misspelt(path: Path, error: ErrorDetails, errors: Iterable[tuple[Path, ErrorDetails]]) -> bool:
    """Tell whether a key is missing only because it stands there misspelt, which is reported by itself."""
    if error["type"] != "missing":
        return False
    unknown = [other[-1] for other, detail in errors if detail["type"] == "extra_forbidden" and other[:-1] == path[:-1]]
    return any(nearest(key, [path[-1]]) for key in unknown)


def _follows(path: Path, broken: set[Path]) -> bool:
    return any(path[: len(entry)] == entry or entry[: len(path)] == path for entry in broken)


def _entry(path: Path, kind: str) -> Path:
    """Return the smallest part of the document that can be left out together with a mistake."""
    if kind == "extra_forbidden":
        return path
    if len(path) >= 4 and path[0] == "clusters" and path[2] == "units":
        return path[:4]
    if path[0] in {"networks", "clusters", "loads", "vms", "plan", "faults", "variants", "objectives"}:
        return path[:2]
    return path[:1]


def _remove(content: dict[str, Plain], path: Path) -> None:
    """Remove what lies at a path; a required section stays as an empty one."""
    holder: Any = content
    for key in path[:-1]:
        if isinstance(holder, list):
            return _empty(content, path[0])  # positions shift when an element goes: the whole list goes
        if not isinstance(holder, dict) or key not in holder:
            return None
        holder = holder[key]
    if isinstance(holder, dict):
        holder.pop(path[-1], None)
        return _empty(content, path[0]) if len(path) == 1 else None
    return _empty(content, path[0])


def _empty(content: dict[str, Plain], section: str) -> None:
    content.pop(section, None)
    if section in _REQUIRED_SECTIONS:
        content[section] = {}
    elif section == "schema":
        content[section] = 1


def _problem(error: ErrorDetails, path: Path, document: Document) -> Problem:
    kind = error["type"]
    if kind == "missing":
        return Problem(document.key_place(path[:-1]), dotted(path), _missing(path))
    if kind == "extra_forbidden":
        return Problem(document.key_place(path), dotted(path), unknown_key(path))
    if kind == "unquoted":
        text = document.texts.get(path, str(error["input"]))
        return Problem(document.value_place(path), dotted(path), f'{error["msg"]}; quote it: "{text}"')
    if kind == "scenario":
        text = str(error["msg"])
        is_key = error["loc"][-1:] in ((), ("[key]",)) or not isinstance(error["input"], str | int | float)
    elif kind == "value_error":
        text = _without_python(str(error["ctx"]["error"]), error["input"])
        is_key = error["loc"][-1:] == ("[key]",)
    else:
        text = _wrong_kind(kind, error["input"], document.texts.get(path))
        is_key = False
    place = document.key_place(path) if is_key else document.value_place(path)
    keys = error["ctx"].get("keys", ()) if kind == "scenario" else ()
    return Problem(_option(document, path, keys) or place, dotted(path), text)


def _option(document: Document, path: Path, keys: Iterable[str]) -> Place | None:
    """Return the place of the last command-line option that wrote one of the keys of an entry that a mistake is about, if one did."""
    places = (document.keys.get((*path, key)) for key in keys)
    return max((place for place in places if place is not None and place.line == 0), default=None)


def _without_python(text: str, found: object) -> str:
    """Return a message about units with words for a list or a mapping in place of Python's spelling."""
    if not isinstance(found, Mapping | list):
        return text
    return text.replace(repr(found), "a mapping" if isinstance(found, Mapping) else "a list", 1)


def _wrong_kind(kind: str, found: object, written: str | None) -> str:
    words = "a mapping" if isinstance(found, Mapping) else "a list" if isinstance(found, list) else f"'{written or found}'"
    return f"{words} stands where {_WANTED.get(kind, 'another value')} has to; write {_EXAMPLES.get(kind, 'what the manual shows')}"


def _missing(path: Path) -> str:
    model = model_at(path[:-1])
    field = _by_alias(model).get(path[-1]) if model is not None else None
    meaning = re.split(r"[.(:]", field.description or "")[0].strip() if field is not None else ""
    return f"is missing; write '{path[-1]}: ...'" + (f" ({_in_a_sentence(meaning)})" if meaning else "")


def _in_a_sentence(text: str) -> str:
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def unknown_key(path: Path) -> str:
    """Return what is wrong with a key that the schema does not know, and what to write."""
    key = path[-1]
    if key in LATER:
        return f"is not supported yet, arrives with {LATER[key]}; remove it"
    model = model_at(path[:-1])
    known = sorted(_by_alias(model)) if model is not None else []
    hit = nearest(key, known)
    remedy = f"did you mean '{hit}'?" if hit else f"known keys: {', '.join(known)}"
    return f"unknown key; {remedy}"


def model_at(path: Path) -> type[BaseModel] | None:
    """Return the part of the schema that describes the mapping at a path, or None where keys are free names."""
    if path[:1] == ("sweep",):  # paths and groups of them are free names there; what has keys is a range
        return RangeSpec if len(path) == (4 if path[1:2] == ("together",) else 2) else None
    model: Any = ScenarioSpec
    for key in path:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = _by_alias(model).get(key)
            model = field.annotation if field is not None else None
        elif model is not None:  # a mapping of names or a list: its last argument describes the element
            arguments = [argument for argument in get_args(model) if argument is not Ellipsis]
            model = arguments[-1] if arguments else None
        model = _without_none(_the_mapping(model))
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _the_mapping(annotation: object) -> object:
    """Return the mapping among the forms that a field can take, if it is one of several; else the annotation itself."""
    models = [form for form in _forms(annotation) if isinstance(form, type) and issubclass(form, BaseModel)]
    return models[0] if len(models) == 1 else annotation


def _forms(annotation: object) -> Iterator[object]:
    """Yield the forms that a field can take, without what Annotated adds to them; those of a mapping or a list are no forms."""
    if get_origin(annotation) in {Annotated, Union, UnionType}:
        for part in get_args(annotation)[: 1 if get_origin(annotation) is Annotated else None]:
            yield from _forms(part)
    else:
        yield annotation


def field_at(path: Path) -> object:
    """Return the plain type of the field at a path; None where the schema knows no such field."""
    model = model_at(path[:-1])
    field = _by_alias(model).get(path[-1]) if model is not None else None
    annotation = _without_none(field.annotation) if field is not None else None
    return getattr(annotation, "__origin__", annotation)


def part_of(model: type[T], content: Plain, path: Path, document: Document) -> tuple[T | None, list[Problem]]:
    """Return a part of a document that the schema of the whole leaves open, or what is wrong with it."""
    try:
        return model.model_validate(content), []
    except ValidationError as error:
        found = [((*path, *_path(detail)), detail) for detail in error.errors()]
        return None, [_problem(detail, where, document) for where, detail in found if not _is_misspelt(where, detail, found)]


def _without_none(annotation: object) -> object:
    arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
    return arguments[0] if len(arguments) == 1 and type(None) in get_args(annotation) else annotation


def _by_alias(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}
