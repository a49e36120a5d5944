"""Replace the load profiles that a scenario uses by their classes, and note where those come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sim.scenario import catalogue
from sim.scenario.catalogue import LoadProfile
from sim.scenario.facts import FactList
from sim.scenario.problems import Path
from sim.scenario.schema_load import WAYS, LoadSpec
from sim.units import show_memory


def complete_loads(loads: Mapping[str, LoadSpec], used: Iterable[str], facts: FactList) -> dict[str, LoadSpec]:
    """Return the loads of the scenario and those that VMs take straight from the catalogue, all without `profile`."""
    result = {name: complete_load(("loads", name), load, facts) for name, load in loads.items()}
    for name in sorted(set(used) - set(loads)):
        if name in catalogue.loads():
            result[name] = complete_load(("loads", name), LoadSpec(profile=name), facts)
    return result


def complete_load(path: Path, load: LoadSpec, facts: FactList) -> LoadSpec:
    """Return a load with classes or curve, jitter, spread and `measured` written out."""
    profile = catalogue.loads()[load.profile] if load.profile is not None else None
    update: dict[str, object] = {"profile": None}
    if profile is not None:
        note_profile(path, profile, facts)
        update |= {"classes": profile.spec.classes, "sweeps": profile.spec.sweeps}
    for way in WAYS:
        if getattr(load, way) is not None and way != "profile":
            facts.written((*path, way))
    for name, default in (("jitter", 0.0), ("measured", "untracked")):
        update[name] = _chosen(path, load, name, profile, default, facts)
    facts.field(path, load, "spread", "0 %", "the same activity in every migration")
    update["spread"] = load.spread or 0.0
    for name in ("bursts", "day"):
        if getattr(load, name) is not None:
            facts.written((*path, name))
    return load.model_copy(update=update)


def _chosen(path: Path, load: LoadSpec, name: str, profile: LoadProfile | None, default: object, facts: FactList) -> object:
    given: object = getattr(load, name)
    if given is not None:
        facts.written((*path, name))
        return given
    if profile is None:
        facts.default((*path, name), str(default), "a load that the scenario describes itself")
        return default
    value: object = getattr(profile.spec, name)
    facts.known(
        (*path, name),
        catalogue.Known(value, str(value), profile.source, "A26" if name == "jitter" and value else profile.assumes),
        profile.name,
    )
    return value


def note_profile(path: Path, profile: LoadProfile, facts: FactList) -> None:
    """Note the classes and sweeps that a profile stands for."""
    spec = profile.spec
    parts = [f"{_size(entry.size.size_bytes, entry.size.share)} rewritten {entry.rewrites:g}/s" for entry in spec.classes or ()]
    parts += [f"{_size(entry.size.size_bytes, entry.size.share)} swept at {show_memory(entry.rate)}/s" for entry in spec.sweeps or ()]
    facts.known((*path, "profile"), catalogue.Known(spec, "; ".join(parts), profile.source, profile.assumes), profile.name)


def _size(size_bytes: float | None, share: float | None) -> str:
    return show_memory(size_bytes) if size_bytes is not None else f"{share or 0.0:.0%} of the memory"
