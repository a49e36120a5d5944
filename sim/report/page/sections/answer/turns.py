"""What the settings of a sweep do to the verdicts: with which values every point meets them, and which value turns them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from sim.report.layout import enumerated
from sim.report.page.setting_words import capital, combination, setting_and_path, with_value
from sim.scenario.sweep import variant_of

MOST_VALUES = 8  # values of a setting that are told apart
NAMED = 4  # points that a sentence names
VARIANT = "variant"  # as a setting: it is varied, too
ORDER = ("missed", "undecided", "met")

Entries = Sequence[dict[str, Any]]


def meets(entry: dict[str, Any]) -> bool:
    """Tell whether a point meets every objective."""
    return all(each["verdict"] == "met" for each in entry["objectives"])


def worst(entry: dict[str, Any]) -> str:
    """Return the worst verdict of a point with objectives."""
    return min((str(each["verdict"]) for each in entry["objectives"]), key=ORDER.index)


def by_setting(entries: Entries) -> dict[str, dict[str, tuple[int, int]]]:
    """Return for each swept path and value how many points meet every objective, and how many there are.

    Paths with so many values that each has a few points only are left out, and those with one value.
    """
    return {path: counts for path in entries[0]["settings"] if (counts := _counts(entries, path))} if entries[0]["objectives"] else {}


def which_meet(entries: Entries) -> str:
    """Return which points meet every objective, as it goes on behind how many do; "" where no few words say it.

    Of the values of a setting with which all points do those are told that cover most points; the others by name, where they are few.
    """
    good = [entry for entry in entries if meets(entry)]
    if not 0 < len(good) < len(entries):
        return ""
    always = {path: [value for value, (met, number) in counts.items() if met == number] for path, counts in _all_counts(entries).items()}
    path = max(always, key=lambda each: sum(_value(entry, each) in always[each] for entry in entries), default=None)
    if path is None or not always[path]:
        told = _combinations(good, entries, set())
        return f": {'; '.join(told)}" if len(told) <= NAMED else ""
    others = [entry for entry in good if _value(entry, path) not in always[path]]
    first = f": all with {_of(path, enumerated(always[path], 'or'))}"
    if not others:
        return f"{first}, no other"
    told = _combinations(others, entries, set())
    if len(told) <= NAMED:
        return f"{first}, and of the others only {'; '.join(told)}"
    return f"{first}, and {len(others)} of the {sum(_value(entry, path) not in always[path] for entry in entries)} others"


def turns(entries: Entries) -> list[str]:
    """Return for each setting what its values do to the verdict: how many points meet it, and which pairs of points it turns."""
    found = []
    for path, counts in _all_counts(entries).items() if entries[0]["objectives"] else ():
        told = ", ".join(f"{value} {_share(entries, path, value, *count)}" for value, count in counts.items())
        name = "Variant" if path == VARIANT else capital(setting_and_path(path))
        found.append(f"{name}: {told}.{' '.join(['', *_turned(entries, path, list(counts))])}")
    return found


def _share(entries: Entries, path: str, value: str, met: int, number: int) -> str:
    """Return how many points with a value meet every objective; of a single one its verdict."""
    return f"{met} of {number}" if number > 1 else next(worst(entry) for entry in entries if _value(entry, path) == value)


def _turned(entries: Entries, path: str, values: Sequence[str]) -> Iterator[str]:
    """Yield what the step from a value to the next one turns, a sentence each; nothing where no points differ in this setting only."""
    pairs, told = 0, False
    for first, second in pairwise(values):
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        before = {_others(entry, path, set()): entry for entry in entries if _value(entry, path) == first}
        after = [entry for entry in entries if _value(entry, path) == second and _others(entry, path, set()) in before]
        for entry in after:
            found.setdefault((worst(before[_others(entry, path, set())]), worst(entry)), []).append(entry)
        pairs += len(after)
        for (old, new), turned in found.items():
            if old != new:
                told = True
                of = f"{len(turned)} of {len(after)} pairs" if len(after) > 1 else "the verdict"
                yield f"{second} instead of {first} turns {of} from {old} to {new}{_where(turned, entries, path)}."
        still = found.get(("missed", "missed"), [])
        if told and still and len(values) == 2:
            yield f"Missed with either{_where(still, entries, path)}."
    if pairs and not told:
        yield "It changes no verdict."


def _where(turned: Entries, entries: Entries, path: str) -> str:
    """Return the other settings of points; "" where there are none, or where these are all."""
    told = [text for text in _combinations(turned, entries, {path}) if text]
    more = f"; and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return f": {'; '.join(told[:NAMED])}{more}" if told else ""


def _combinations(some: Entries, entries: Entries, without: set[str]) -> list[str]:
    """Return points by their settings, without those that do not matter: every value of them is there with the same others.

    Args:
        some: of the points.
        entries: all points.
        without: settings that are told elsewhere.
    """
    dropped = set(without)
    for path in (VARIANT, *entries[0]["settings"]):
        values = {_value(entry, path) for entry in entries}
        found: dict[tuple[str, ...], set[str]] = {}
        for entry in some:
            found.setdefault(_others(entry, path, without), set()).add(_value(entry, path))
        if len(values) > 1 and all(there == values for there in found.values()):
            dropped.add(path)
    return list(dict.fromkeys(_combination(entry, dropped) for entry in some))


def _all_counts(entries: Entries) -> dict[str, dict[str, tuple[int, int]]]:
    """Return `by_setting`, and the same of the variants."""
    variants = _counts(entries, VARIANT)
    return by_setting(entries) | ({VARIANT: variants} if variants else {})


def _counts(entries: Entries, path: str) -> dict[str, tuple[int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    for entry in entries:
        met, number = counts.get(_value(entry, path), (0, 0))
        counts[_value(entry, path)] = met + meets(entry), number + 1
    return counts if 1 < len(counts) <= MOST_VALUES else {}


def _value(entry: dict[str, Any], path: str) -> str:
    return variant_of(entry["point"], entry["settings"]) if path == VARIANT else str(entry["settings"][path])


def _others(entry: dict[str, Any], path: str, without: set[str]) -> tuple[str, ...]:
    """Return all but some settings of a point."""
    return tuple(_value(entry, each) for each in (VARIANT, *entry["settings"]) if each != path and each not in without)


def _combination(entry: dict[str, Any], without: set[str]) -> str:
    others = {path: value for path, value in entry["settings"].items() if path not in without}
    return combination("" if VARIANT in without else _value(entry, VARIANT), others)


def _of(path: str, value: str) -> str:
    return value if path == VARIANT else with_value(path, value)
