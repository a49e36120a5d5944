"""Read a YAML file as a plain document that remembers the line and column of every key and value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sim.scenario.problems import Path, Place, Problem, dotted, scenario_error

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain]"
P = TypeVar("P", bound="Plain | dict[str, Plain] | None")

_TAG = "tag:yaml.org,2002:"
_READ_AS = {"int": "a number", "float": "a number", "bool": "true or false", "null": "no value"}


@dataclass(slots=True)
class Document:
    """What was written, without comments, and where.

    Args:
        content: the document; every key is text.
        label: how places in it begin: the file's name, or the override.
        keys: place of every key; of a list's element the place of the element.
        values: place of every value.
        texts: every value that is no list or mapping, as it was written.
        unread: what is written there, but has no value that can be used.
    """

    label: str
    content: dict[str, Plain] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)
    unread: set[Path] = field(default_factory=set)

    def value_place(self, path: Path) -> Place:
        """Return the place of a value, or of the nearest thing around it that was written."""
        return self._nearest(path, self.values)

    def key_place(self, path: Path) -> Place:
        """Return the place of a key, or of the nearest thing around it that was written."""
        return self._nearest(path, self.keys)

    def copied(self) -> Document:
        """Return a copy that can be changed; places are shared, they never change."""
        return Document(self.label, copied(self.content), dict(self.keys), dict(self.values), dict(self.texts), set(self.unread))

    def _nearest(self, path: Path, places: Mapping[Path, Place]) -> Place:
        if path in places:
            return places[path]
        for length in range(len(path) - 1, 0, -1):
            if path[:length] in self.keys:
                return self.keys[path[:length]]
        return Place(1, 1, f"{self.label}:1:1")

    def forget(self, path: Path) -> None:
        """Drop the places of a value and of all that lies below it."""
        for places in (self.keys, self.values, self.texts):
            for known in [known for known in places if known[: len(path)] == path]:
                del places[known]
        self.unread = {known for known in self.unread if known[: len(path)] != path}


def copied(value: P) -> P:
    """Return a copy of a plain value; ten times as fast as the general way, and a sweep makes thousands."""
    if isinstance(value, dict):
        return cast("P", {key: copied(below) for key, below in value.items()})
    if isinstance(value, list):
        return cast("P", [copied(below) for below in value])
    return value


def read_document(text: str, label: str) -> tuple[Document, list[Problem]]:
    """Return the document of a scenario file and what is wrong with its YAML.

    Args:
        text: content of the file.
        label: the file's name as the planner gave it.

    Raises:
        ScenarioError: nothing can be read from here on: broken syntax, an empty file, no mapping.
    """
    document = Document(label)
    node = compose(text, label)
    if node is None:
        raise scenario_error([_problem(label, (1, 1), "", "the file is empty; `migr new` prints a scenario to start from")])
    if not isinstance(node, MappingNode):
        text_found = "a list" if isinstance(node, SequenceNode) else "a single value"
        raise scenario_error(
            [_problem(label, _mark(node.start_mark), "", f"the file holds {text_found}; write keys such as 'schema: 1', one a line")]
        )
    reader = _Reader(document)
    content = reader.plain(node, ())
    if isinstance(content, dict):
        document.content = content
    return document, reader.problems


def compose(text: str, label: str) -> Node | None:
    """Return the YAML nodes of a text.

    Raises:
        ScenarioError: it is no YAML.
    """
    yaml = YAML(typ="safe", pure=True)
    try:
        node: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        raise scenario_error([_syntax_problem(text, label, error)]) from error
    except YAMLError as error:
        raise scenario_error(
            [_problem(label, (1, 1), "", "holds characters that YAML does not allow; save the file as UTF-8 text")]
        ) from error
    return node


def override_document(text: str, path: Path, place: Place) -> tuple[Document, Plain | None, list[Problem]]:
    """Return the value of a command-line override, parsed as YAML, with every place set to the override."""
    document = Document(place.label)
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except YAMLError:
        return document, None, [Problem(place, dotted(path), f"{text!r} cannot be read as YAML; put the value in quotes")]
    if node is None:
        return document, None, [Problem(place, dotted(path), "has no value; write one after the equals sign")]
    reader = _Reader(document, place)
    value = reader.plain(node, path)
    return document, value, reader.problems


class _Reader:
    """Turns YAML nodes into plain values and notes places and problems on the way."""

    def __init__(self, document: Document, place: Place | None = None) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self._fixed = place
        self._open: list[Node] = []

    def plain(self, node: Node, path: Path) -> Plain | None:
        """Return the value of a node, or None for one that is missing or cannot be used."""
        place = self._place(node)
        self.document.values[path] = place
        self.document.keys.setdefault(path, place)
        if any(node is outer for outer in self._open):
            self._unusable(place, path, "refers to itself; write the value out")
            return None
        if isinstance(node, ScalarNode):
            return self._scalar(node, path, place)
        self._open.append(node)
        result: Plain = self._mapping(node, path) if isinstance(node, MappingNode) else self._sequence(node, path)
        self._open.pop()
        return result

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Plain]:
        result: dict[str, Plain] = {}
        first: dict[str, Place] = {}
        for key, child in self._keys(node, path):
            below = (*path, key.value)
            place = self._place(key)
            if key.value in first:
                self._refuse(place, below, f"is written twice, first in line {first[key.value].line}; keep one of the two")
                continue
            first[key.value] = self.document.keys[below] = place
            value = self.plain(child, below)
            if value is not None:
                result[key.value] = value
        return result

    def _keys(self, node: MappingNode, path: Path) -> Iterator[tuple[ScalarNode, Node]]:
        for key, child in node.value:
            if not isinstance(key, ScalarNode):
                self._refuse(self._place(key), path, "a key has to be a name, not a list or a mapping")
                continue
            kind = str(key.tag).removeprefix(_TAG)
            if kind == "merge":
                self._unusable(self._place(key), path, "'<<' is not supported; write the keys out")
                continue
            if kind in _READ_AS:
                shown = key.value or "(nothing)"
                self._refuse(
                    self._place(key), (*path, key.value), f'YAML reads the name {shown} as {_READ_AS[kind]}; quote it: "{key.value}"'
                )
            yield key, child

    def _sequence(self, node: Node, path: Path) -> list[Plain]:
        result: list[Plain] = []
        for child in node.value:  # an element without a value does not count, so that positions stay those of the result
            value = self.plain(child, (*path, str(len(result))))
            if value is not None:
                result.append(value)
        return result

    def _scalar(self, node: ScalarNode, path: Path, place: Place) -> Plain | None:
        kind = str(node.tag).removeprefix(_TAG)
        self.document.texts[path] = str(node.value)
        if kind in {"str", "timestamp"}:
            return str(node.value)
        if kind == "null":
            self._unusable(self.document.keys[path], path, f"has no value; write one, or {_without(path)}")
            return None
        if kind == "bool":
            return str(node.value).lower() == "true"
        if kind in {"int", "float"}:
            return _number(str(node.value), kind)
        self._unusable(place, path, f"the YAML tag '{node.tag}' is not supported; write the plain value")
        return None

    def _unusable(self, place: Place, path: Path, text: str) -> None:
        self.document.unread.add(path)
        self._refuse(place, path, text)

    def _refuse(self, place: Place, path: Path, text: str) -> None:
        self.problems.append(Problem(place, dotted(path), text))

    def _place(self, node: Node) -> Place:
        if self._fixed is not None:
            return self._fixed
        line, column = _mark(node.start_mark)
        return Place(line, column, f"{self.document.label}:{line}:{column}")


def _number(text: str, kind: str) -> int | float:
    bare = text.replace("_", "")
    if kind == "float":
        return float(bare.replace(".inf", "inf").replace(".nan", "nan").replace(".Inf", "inf").replace(".NaN", "nan"))
    return int(bare, 0) if bare.lstrip("+-")[:2].lower() in {"0x", "0o", "0b"} else int(bare)


def _without(path: Path) -> str:
    """Return what to write where somebody wants to be without a value."""
    return f"switch the fault off with '{dotted(path)}.chance: 0 %'" if path[:1] == ("faults",) and len(path) == 2 else "leave the key out"


def _mark(mark: StreamMark) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def _problem(label: str, mark: tuple[int, int], where: str, text: str) -> Problem:
    line, column = mark
    return Problem(Place(line, column, f"{label}:{line}:{column}"), where, text)


def _syntax_problem(text: str, label: str, error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = _mark(mark) if mark is not None else (1, 1)
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    if "\t" in written[: max(column, len(written) - len(written.lstrip()))]:
        return _problem(label, (line, written.index("\t") + 1), "", "a tab is used for indentation; write blanks")
    if "expected a single document" in str(error.context or error.problem):
        return _problem(label, (line, column), "", "a second document begins here; a scenario file holds one")
    if "undefined alias" in str(error.problem):
        return _problem(label, (line, column), "", "the alias is not defined; a name that begins with '*' has to be quoted")
    return _problem(
        label,
        (line, column),
        "",
        "not readable as YAML from here; check the quotes, brackets, colons and the indentation of this line and the one before",
    )
