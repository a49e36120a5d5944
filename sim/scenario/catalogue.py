"""Read the profiles: SU types, policies, networks, loads and the assumptions they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from pydantic import TypeAdapter
from ruamel.yaml import YAML

from sim.model.load import PAGE
from sim.scenario.fields import Memory, Name, Share, Size
from sim.scenario.schema_load import ClassSpec, LoadSpec, SweepSpec
from sim.scenario.schema_parameters import ParametersSpec
from sim.scenario.schema_world import NetworkSpec

_UNIT_READERS: dict[str, TypeAdapter[Any]] = {
    "hypervisor": TypeAdapter(Memory),
    "iocf": TypeAdapter(Name),
    "monitor_memory": TypeAdapter(Memory),
    "monitor_cpus": TypeAdapter(int),
    "x2000_memory": TypeAdapter(Memory),
    "x2000_cpus": TypeAdapter(int),
    "available": TypeAdapter(Share),
}


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something that nobody has published and that this program assumes.

    Args:
        tag: A1, A2, ..
        title: one line.
        text: what is known and what is assumed.
        parameter: path in a scenario that replaces it; empty when none does.
        always: True when every run rests on it; else those for which a fact says so.
    """

    tag: str
    title: str
    text: str
    parameter: str
    always: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A value of the catalogue and what it rests on.

    Args:
        value: the number, or a Duration.
        text: as it is written in the profile.
        source: where it comes from; empty when it is assumed.
        assumes: tag of an assumption, or None.
    """

    value: Any
    text: str
    source: str
    assumes: str | None


@dataclass(frozen=True, slots=True)
class SuType:
    """Profile of an SU type; `units` are defaults of single SUs, `parameters` of the whole cluster."""

    name: str
    title: str
    policy: Known
    parameters: Mapping[str, Known]
    units: Mapping[str, Known]


@dataclass(frozen=True, slots=True)
class NamedNumbers:
    """A policy or a network of the catalogue: a name with numbers."""

    name: str
    title: str
    parameters: Mapping[str, Known]


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """A load of the catalogue, written as a scenario would write it."""

    name: str
    title: str
    spec: LoadSpec
    source: str
    assumes: str | None


PROFILES = ("su_types", "policies", "links", "loads", "assumptions")


def profile_text(name: str) -> str:
    """Return the text of a file of profiles, one of PROFILES."""
    return resources.files("sim.scenario").joinpath("profiles", f"{name}.yaml").read_text(encoding="utf-8")


def profile_content(name: str) -> dict[str, Any]:
    """Return a file of profiles as a plain mapping."""
    return _read(name)


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(profile_text(name))
    return content


@cache
def assumptions() -> Mapping[str, Assumption]:
    """Return all assumptions by tag."""
    return {
        tag: Assumption(tag, entry["title"], entry["text"], entry.get("parameter", ""), entry.get("always", False))
        for tag, entry in _read("assumptions").items()
    }


@cache
def su_types() -> Mapping[str, SuType]:
    """Return the profiles of /390 and x86."""
    return {
        name: SuType(
            name,
            entry["title"],
            _known(entry["policy"], entry["policy"]["value"]),
            _numbers(entry["parameters"], ParametersSpec),
            {key: _known(raw, _UNIT_READERS[key].validate_python(raw["value"])) for key, raw in entry["units"].items()},
        )
        for name, entry in _read("su_types").items()
    }


@cache
def policies() -> Mapping[str, NamedNumbers]:
    """Return the rules that end a pre-copy."""
    return {
        name: NamedNumbers(name, entry["title"], _numbers(entry["parameters"], ParametersSpec)) for name, entry in _read("policies").items()
    }


@cache
def links() -> Mapping[str, NamedNumbers]:
    """Return the networks that a scenario can name; "default" holds what fills in the rest."""
    return {name: NamedNumbers(name, entry["title"], _numbers(entry["parameters"], NetworkSpec)) for name, entry in _read("links").items()}


@cache
def presets() -> tuple[str, ...]:
    """Return the names of the networks that a scenario can name."""
    return tuple(name for name in links() if name != "default")


@cache
def loads() -> Mapping[str, LoadProfile]:
    """Return the loads that a scenario can name."""
    return {name: _load(name, entry) for name, entry in _read("loads").items()}


def _load(name: str, entry: Mapping[str, Any]) -> LoadProfile:
    classes = tuple(ClassSpec.model_construct(size=_size(raw), rewrites=float(raw["rewrites"])) for raw in entry.get("classes", ()))
    sweeps = tuple(SweepSpec.model_validate(raw) for raw in entry.get("sweeps", ()))
    spec = LoadSpec.model_construct(
        classes=classes or None, sweeps=sweeps or None, jitter=float(entry.get("jitter", 0.0)), measured=entry["measured"]
    )
    return LoadProfile(name, entry["title"], spec, entry.get("source", ""), entry.get("assumes"))


def _size(raw: Mapping[str, Any]) -> Size:
    if "pages" in raw:
        return Size(size_bytes=float(raw["pages"] * PAGE))
    size: Size = ClassSpec.model_validate({"size": raw["size"], "rewrites": 0}).size
    return size


def _numbers(entries: Mapping[str, Mapping[str, Any]], model: type[ParametersSpec | NetworkSpec]) -> dict[str, Known]:
    written = {
        name: entry["value"] if "value" in entry else {key: entry[key] for key in ("median", "cv")} for name, entry in entries.items()
    }
    spec = model.model_validate(written if model is ParametersSpec else {"preset": "default"} | written)
    return {name: _known(entry, getattr(spec, name)) for name, entry in entries.items()}


def _known(entry: Mapping[str, Any], value: object) -> Known:
    text = str(entry["value"]) if "value" in entry else f"median {entry['median']}, cv {entry['cv']}"
    return Known(value, text, entry.get("source", ""), entry.get("assumes"))
