"""The numbers of a scenario that rest on an assumption, as they would be if it were wrong by some percent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sim.scenario.completion import expanded_names
from sim.scenario.facts import Fact
from sim.scenario.fields import Duration
from sim.scenario.point import Costs
from sim.scenario.problems import Path
from sim.scenario.schema_load import LoadSpec
from sim.scenario.schema_plan import ScenarioSpec

FIXED_TIMES, WRITING, KEPT = "all fixed times", "rate of writing", "memory kept from guests"
WRITERS = {"A16": "VMs without a load", "A18": "databases", "A19": "invented loads", "A25": "idle and Java guests"}
SHARES = ("available", "touched", "guest_busy")  # of a whole: 100 % is the most
# What people call a parameter; others are called as they are written, with blanks.
WORDS = {
    "sender": "throughput of the sender",
    "receiver": "throughput of the receiver",
    "factor_first": "speed of the first round",
    "factor_live": "speed of later live rounds",
    "factor_stopped": "speed of the stopped round",
    "throughput_spread": "spread of the throughput",
    "page_header_bytes": "bytes beside a page's content",
    "fault_cost": "cost of tracking",
    "management": "Xen's memory beside a VM",
    "cancel_after": "time after which it is cancelled",
    "available": "share that migrations get",
    "touched": "touched memory",
    "jitter": "noise from round to round",
}
# Assumptions that no number says: why nothing of them can be 20 % off.
NO_NUMBER = {
    "A1": "the unit in which everything is counted",
    "A10": "a rule of the calculation",
    "A11": "a rule; it changes an index and no time",
    "A12": "what a console shows; changes no time",
    "A13": "what a console shows; changes no time",
    "A14": "the order of lines; changes no time",
    "A17": "a rule; it follows from the sizes of load and VM",
    "A22": "a rule; compare others by `on_abort`",
    "A24": "a whole number; twice as many CPUs halve the cost of [A29]",
    "A30": "a place and no number; it matters where clusters share a network",
    "A31": "a rule; compare others with --vary 'clusters.*.policy=...'",
    "A34": "a rule; write `classes` or `curve` for another guest",
    "A35": "a rule",
    "A36": "a rule; compare the other one by `forced_commands`",
    "A37": "a rule; compare others by `after_suspend`",
    "A39": "a rule",
    "A41": "a rule",
    "A42": "a rule; changes no time",
    "A43": "displayed; changes no time",
    "A45": "how commands are read; changes no time",
    "A47": "a rule",
}
_COUNT = re.compile(r"count (\d+)")


@dataclass(frozen=True, slots=True)
class Assumed:
    """Numbers that rest on one assumption and go up and down together.

    Args:
        tag: of the assumption.
        what: they are, for people.
        facts: of a point, one each.
    """

    tag: str
    what: str
    facts: tuple[Fact, ...]


def assumed_numbers(facts: Sequence[Fact]) -> list[Assumed]:
    """Return the numbers among the facts of a point that rest on an assumption, in the order of tags and facts."""
    found: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        what = _what(fact)
        if fact.assumption is not None and what:
            found.setdefault((fact.assumption, what), []).append(fact)
    return [Assumed(tag, what, tuple(of)) for (tag, what), of in sorted(found.items(), key=lambda each: int(each[0][0][1:]))]


def no_numbers(facts: Sequence[Fact]) -> dict[str, str]:
    """Return the tags of a point that stand for no number, and why, in the order of tags."""
    numbers = {each.tag for each in assumed_numbers(facts)}
    tags = sorted({fact.assumption for fact in facts if fact.assumption} - numbers, key=lambda tag: int(tag[1:]))
    return {tag: NO_NUMBER.get(tag, "only its rule is assumed here; the scenario gives the numbers") for tag in tags}


def scaled(spec: ScenarioSpec, assumed: Assumed, facts: Sequence[Fact], factor: float) -> tuple[ScenarioSpec, bool]:
    """Return a completed scenario in which some numbers are so many times as large, and whether a share stopped at 100 %.

    Args:
        spec: the scenario of a point, completed.
        assumed: the numbers.
        facts: all facts of the point: they tell which VMs an entry with `count` stands for.
        factor: above 0.
    """
    counts = {fact.path: int(found[1]) for fact in facts if fact.origin == "derived" and (found := _COUNT.fullmatch(fact.source))}
    capped = False
    for fact in assumed.facts:
        path = tuple(fact.path.split("."))
        for each in _single(path, counts.get(".".join(path[:2]), 1)):
            spec, full = _scaled_at(spec, each, factor)
            capped = capped or full
    return spec, capped


def _what(fact: Fact) -> str:
    """Return what people call the number of a fact; "" where it is none."""
    found = ""
    if fact.origin in ("derived", "scenario"):
        return found
    match fact.path.split("."):
        case ["clusters", _, "parameters", name] if name in Costs.__dataclass_fields__ and name != "memory_release":
            found = FIXED_TIMES
        case ["clusters", _, "units", _, *_, "memory" | "hypervisor"]:
            found = KEPT
        case ["vms", _, "load"] | ["loads", _, "profile"]:
            found = f"{WRITING}, {WRITERS.get(fact.assumption or '', 'other loads')}"
        case (
            ["clusters", _, "parameters", name]
            | ["clusters", _, "units", _, _, "available" as name]
            | ["vms", _, "touched" as name]
            | ["networks", _, name]
        ):
            found = WORDS.get(name, name.replace("_", " "))
        case ["loads", _, "jitter" as name] if fact.assumption == "A26":
            found = WORDS[name]
    return found


def _single(path: Path, count: int) -> list[Path]:
    """Return the paths of the single VMs that an entry stands for; of everything else the path itself."""
    return [path] if path[0] != "vms" else [("vms", name, *path[2:]) for name in expanded_names(path[1], count)]


def _scaled_at(spec: ScenarioSpec, path: Path, factor: float) -> tuple[ScenarioSpec, bool]:
    if path[0] == "loads" and path[2] == "profile":
        return spec.model_copy(update={"loads": {**spec.loads, path[1]: busier(spec.loads[path[1]], factor)}}), False
    if path[0] == "vms" and path[2] == "load":
        vm = spec.vms[path[1]]
        name = f"{vm.load} of {path[1]}"  # a load of its own: others may have been given the same one on purpose
        own = {name: busier(spec.loads[vm.load], factor)}
        changed = {path[1]: vm.model_copy(update={"load": name})}
        return spec.model_copy(update={"loads": {**spec.loads, **own}, "vms": {**spec.vms, **changed}}), False
    full = False

    def times(value: Any) -> Any:  # noqa: ANN401 - whatever a field of the schema holds
        nonlocal full
        found = _times(value, factor)
        if path[-1] not in SHARES:
            return found
        full = found > 1.0
        return min(found, 1.0)

    return _with(spec, path, times), full


def _with(holder: Any, path: Path, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - as above
    """Return models and mappings with the value at a path changed."""
    if not path:
        return change(holder)
    if isinstance(holder, Mapping):
        return {**holder, path[0]: _with(holder[path[0]], path[1:], change)}
    return holder.model_copy(update={path[0]: _with(getattr(holder, path[0]), path[1:], change)})


def _times(value: Any, factor: float) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, Duration):
        return replace(value, median=value.median * factor, p95=None if value.p95 is None else value.p95 * factor)
    return round(value * factor) if isinstance(value, int) and value >= 1024 else value * factor  # memory in whole bytes


def busier(load: LoadSpec, factor: float) -> LoadSpec:
    """Return a load that writes so many times as often: its rates are larger, the windows of a measured curve shorter."""
    rates = {"classes": "rewrites", "sweeps": "rate", "zipf": "rate"}
    update: dict[str, object] = {
        way: tuple(entry.model_copy(update={rate: getattr(entry, rate) * factor}) for entry in getattr(load, way))
        for way, rate in rates.items()
        if getattr(load, way) is not None
    }
    if load.working_set is not None:
        update["working_set"] = load.working_set.model_copy(update={"rate": load.working_set.rate * factor})
    if load.curve is not None:
        update["curve"] = tuple(point.model_copy(update={"window": point.window / factor}) for point in load.curve)
    return load.model_copy(update=update)
