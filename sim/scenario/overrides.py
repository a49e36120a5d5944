"""Apply `--set PATH=VALUE` and variants to a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sim.scenario.document import Document, Plain, copied, override_document
from sim.scenario.problems import Path, Place, Problem, dotted, suggestion
from sim.scenario.schema_operations import fault_name
from sim.scenario.validation import model_at, unknown_key

T = TypeVar("T")

FIXED_IN_VARIANTS = ("schema", "title", "question", "start", "variants", "sweep", "design", "objectives", "experiment")
_NAMED: dict[Path, str] = {("networks",): "networks", ("clusters",): "clusters", ("clusters", "*", "units"): "SUs", ("loads",): "loads"} | {
    ("vms",): "VMs",
    ("plan",): "steps",
    ("faults",): "faults",
    ("variants",): "variants",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of a swept path.

    Args:
        path: where it takes effect; may hold `*`.
        value: the value.
        text: the value as it can be typed after `--set PATH=`.
        source: places and texts of the value, under `path`.
    """

    path: Path
    value: Plain
    text: str
    source: Document

    @property
    def place(self) -> Place:
        """Where the value was written."""
        return self.source.value_place(self.path)


def with_named_faults(document: Document) -> Document:
    """Return the document with the faults of a list under their names, so that one way of writing them is left."""
    listed = document.content.get("faults")
    if not isinstance(listed, list):
        return document
    result = document.copied()
    result.content["faults"] = {fault_name(place): entry for place, entry in enumerate(listed)}
    result.keys, result.values = _renamed(result.keys), _renamed(result.values)
    result.texts = _renamed(result.texts)
    result.unread = set(_renamed(dict.fromkeys(result.unread)))
    return result


def _renamed(known: Mapping[Path, T]) -> dict[Path, T]:
    return {
        (path[0], fault_name(int(path[1])), *path[2:]) if path[:1] == ("faults",) and path[1:] else path: value
        for path, value in known.items()
    }


def with_overrides(document: Document, overrides: Sequence[str]) -> tuple[Document, list[Problem]]:
    """Return the document after every `PATH=VALUE`, in this order, and the overrides that cannot be applied."""
    result = document.copied()
    problems: list[Problem] = []
    for position, override in enumerate(overrides, start=1):
        place = Place(0, position, f"--set {override}")
        name, equals, text = override.partition("=")
        path = tuple(name.strip().split("."))
        if not equals or not all(path):
            problems.append(Problem(place, "", "is no override; write PATH=VALUE such as vms.VM12PROD.memory='8 GiB'"))
            continue
        if path[0] == "sweep":
            problems.append(Problem(place, "sweep", "is varied with --vary; write --vary PATH=V1,V2, which replaces the path in the sweep"))
            continue
        source, value, found = override_document(text, path, place)
        problems += found or _applied(result, path, value, source)
    return result, problems


def with_variant(base: Document, document: Document, name: str, paths: Mapping[str, Plain]) -> tuple[Document, list[Problem]]:
    """Return the document that one variant describes, and what is wrong with the variant's paths.

    Args:
        base: the scenario without variants.
        document: the scenario with them, for their places.
        name: of the variant.
        paths: what it sets.
    """
    result = base.copied()
    problems: list[Problem] = []
    for written, value in paths.items():
        path = tuple(written.split("."))
        here = ("variants", name, written)
        place = document.key_place(here)
        if path[0] in FIXED_IN_VARIANTS:
            problems.append(Problem(place, dotted(here), f"'{path[0]}' is the same for all variants; change it in the scenario itself"))
            continue
        found = _applied(result, path, value, moved(document, here, path, value))
        problems += [Problem(problem.place, dotted(here), problem.text) for problem in found]
    return result, problems


def with_settings(document: Document, settings: Iterable[Setting]) -> tuple[Document, list[Problem]]:
    """Return the document of one point of a sweep, and what is wrong with its paths."""
    result = document.copied()
    problems: list[Problem] = []
    for setting in settings:
        problems += _applied(result, setting.path, setting.value, setting.source)
    return result, problems


def setting_of(path: Path, value: Plain, text: str, document: Document, where: Path) -> Setting:
    """Return a value that is written somewhere else in a document as the setting of a path."""
    source = moved(document, where, path, value)
    place = document.value_place(where)
    source.keys[path] = source.values[path] = place
    source.texts.setdefault(path, text)
    return Setting(path, value, text, source)


def targets_of(document: Document, path: Path) -> list[Path]:
    """Return the paths without `*` that a path stands for.

    Raises:
        LookupError: it stands for none; the message says what to write.
    """
    targets = list(_matches(document.content, path))
    if not targets:
        raise LookupError("matches nothing; there is no such name yet")
    return targets


def moved(document: Document, old: Path, new: Path, value: Plain) -> Document:
    """Return the places of what a variant or a sweep holds, under the path at which it takes effect."""
    result = Document(document.label)
    if not isinstance(value, dict | list):  # nothing lies below: no need to look for it among all that a thousand variants hold
        result.keys[new], result.values[new] = document.key_place(old), document.value_place(old)
        result.texts |= {new: document.texts[old]} if old in document.texts else {}
        return result
    for ours, theirs in ((result.keys, document.keys), (result.values, document.values)):
        ours |= {(*new, *path[len(old) :]): place for path, place in theirs.items() if path[: len(old)] == old}
    result.texts |= {(*new, *path[len(old) :]): text for path, text in document.texts.items() if path[: len(old)] == old}
    return result


def _applied(document: Document, path: Path, value: Plain | None, source: Document) -> list[Problem]:
    """Set a value at every place that a path matches; return what is wrong when it matches nothing."""
    place = source.key_place(path)
    try:
        targets = targets_of(document, path)
    except LookupError as error:
        return [Problem(place, dotted(path), str(error.args[0]))]
    for target in targets:
        _set(document.content, target, copied(value))
        document.forget(target)
        for ours, theirs in ((document.keys, source.keys), (document.values, source.values)):
            ours |= {(*target, *known[len(path) :]): where for known, where in theirs.items() if known[: len(path)] == path}
        document.texts |= {(*target, *known[len(path) :]): text for known, text in source.texts.items() if known[: len(path)] == path}
    return []


def _matches(content: dict[str, Plain], path: Path) -> Iterator[Path]:
    """Yield the paths without `*` that a path stands for.

    Raises:
        LookupError: a name on the way does not exist, or a key is unknown; the message says what to write.
    """
    found: list[Path] = [()]
    for key in path:
        found = [(*head, name) for head in found for name in _names(_at(content, head), head, key)]
    yield from found


def _names(holder: object, head: Path, key: str) -> list[str]:
    """Return the keys below `head` that a part of an override's path stands for."""
    pattern = tuple("*" if position % 2 else part for position, part in enumerate(head)) if head[:1] == ("clusters",) else head
    if isinstance(holder, list):
        return [str(position) for position in range(len(holder)) if key in {"*", str(position)}] or _refuse_position(holder, head, key)
    if holder is not None and not isinstance(holder, dict):
        raise LookupError(f"'{dotted(head)}' is a single value; nothing lies below it, so end the path there")
    if key == "*":
        return list(holder or {})
    if pattern in _NAMED and key not in (holder or {}):
        raise LookupError(f"matches nothing: there is no '{key}'; {suggestion(key, holder or {}, _NAMED[pattern])}")
    model = model_at(head)
    if model is not None and key not in {field.alias or name for name, field in model.model_fields.items()}:
        raise LookupError(unknown_key((*head, key)))
    return [key]


def _refuse_position(holder: list[Plain], head: Path, key: str) -> list[str]:
    raise LookupError(f"'{dotted(head)}' is a list without position '{key}'; write 0 to {len(holder) - 1}")


def _at(content: Plain, path: Path) -> Plain | None:
    holder: Plain | None = content
    for key in path:
        if isinstance(holder, list):
            holder = holder[int(key)]
        elif isinstance(holder, dict):
            holder = holder.get(key)
        else:
            return holder
    return holder


def _set(content: dict[str, Plain], path: Path, value: Plain | None) -> None:
    holder: Any = content
    for key in path[:-1]:
        holder = holder[int(key)] if isinstance(holder, list) else holder.setdefault(key, {})
    if isinstance(holder, list):
        holder[int(path[-1])] = value
    else:
        holder[path[-1]] = value
