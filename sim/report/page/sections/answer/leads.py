"""The sentence that answers: whether it fits, for one point, for several and for a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.report.layout import show_span
from sim.report.page.objective_words import clause, done_words, occasions, share_text
from sim.report.page.sections.answer.why import planned, worst_stop
from sim.report.page.source import Detail
from sim.scenario.objectives import Objective, parse_objective

SHOWN = 2  # objectives that a sentence tells
MOST_VALUES = 8  # values of a swept path that are told apart
NAMED = 4  # points that a sentence names
_OF_TIME = {"met": "It fits", "missed": "It does not fit", "undecided": "Not certain that it fits"}
_OF_OTHERS = {"met": "Met", "missed": "Missed", "undecided": "Undecided"}
_ORDER = ("missed", "undecided", "met")


def lead(details: Sequence[Detail], entries: Sequence[dict[str, Any]]) -> str:
    """Return the sentence of a run whose points are variants, or of one point."""
    if len(entries) == 1:
        return sentence(details[0])
    if not entries[0]["objectives"]:
        if not entries[0]["steps"]:
            return f"{len(entries)} variants without a plan were simulated."
        step = entries[0]["steps"][0]["step"]
        times = [f"{show_span(_step(entry, step)['makespan_s']['p50']['value'])} ({entry['point']})" for entry in entries[:NAMED]]
        more = f", and {len(entries) - NAMED} more variants below" if len(entries) > NAMED else ""
        return f"Median time of {_of_step(entries[0])}: {_listed(times)}{more}."
    good = [entry["point"] for entry in entries if _meets(entry)]
    what = "the objective" if len(entries[0]["objectives"]) == 1 else "every objective"
    if not good:
        return f"None of the {len(entries)} variants meets {what}."
    named = _listed([f"'{name}'" for name in good[:NAMED]]) + (f" and {len(good) - NAMED} more" if len(good) > NAMED else "")
    if len(good) == len(entries):
        return f"{'Both' if len(entries) == 2 else f'All {len(entries)}'} variants meet {what}: {named}."
    return f"{len(good)} of {len(entries)} variants meet{'s' * (len(good) == 1)} {what}: {named}."


def swept_lead(entries: Sequence[dict[str, Any]]) -> str:
    """Return how many points of a sweep meet every objective, or how far their times differ."""
    if entries[0]["objectives"]:
        good = sum(map(_meets, entries))
        open_ = sum(1 for entry in entries if _worst(entry) == "undecided")
        undecided = f"; {open_} {'is' if open_ == 1 else 'are'} undecided" if open_ else ""
        what = "the objective" if len(entries[0]["objectives"]) == 1 else "every objective"
        return f"{good} of {len(entries)} points meet{'s' * (good == 1)} {what}{undecided}.{_always(entries)}"
    if not entries[0]["steps"]:
        return f"{len(entries)} points without a plan were simulated."
    step = entries[0]["steps"][0]["step"]
    medians = [_step(entry, step)["makespan_s"]["p50"]["value"] for entry in entries]
    finite = [value for value in medians if not isinstance(value, str)]
    never = f"; in {len(medians) - len(finite)} points it is never done" if len(finite) < len(medians) else ""
    spans = f"{show_span(min(finite))} to {show_span(max(finite))}" if finite else "never done"
    return f"Median time of {_of_step(entries[0])} at {len(entries)} points: {spans}{never}."


def by_setting(entries: Sequence[dict[str, Any]]) -> dict[str, dict[str, tuple[int, int]]]:
    """Return for each swept path and value how many points meet every objective, and how many there are.

    Paths with so many values that each has a few points only are left out, and those with one value.
    """
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for path in entries[0]["settings"] if entries[0]["objectives"] else ():
        counts: dict[str, tuple[int, int]] = {}
        for entry in entries:
            met, number = counts.get(entry["settings"][path], (0, 0))
            counts[entry["settings"][path]] = met + _meets(entry), number + 1
        if 1 < len(counts) <= MOST_VALUES:
            found[path] = counts
    return found


def _always(entries: Sequence[dict[str, Any]]) -> str:
    """Return with which values of a setting every point meets the objectives, a sentence; "" where there is none."""
    for path, counts in by_setting(entries).items():
        good = [value for value, (met, number) in counts.items() if met == number]
        if 0 < len(good) < len(counts):
            return f" All points with `{path}` = {' or '.join(good)} do, whatever else is varied."
    return ""


def sentence(detail: Detail) -> str:
    """Return what was found at a point, the worst objective first."""
    judged = [(entry, parse_objective(entry["objective"])) for entry in detail.entry["objectives"]]
    if not judged:
        return _unasked(detail)
    worst = _worst(detail.entry)
    told = [pair for pair in judged if pair[0]["verdict"] == worst]
    words = _OF_TIME if _about_time(told[0][1]) else _OF_OTHERS
    text = "; and ".join(
        clause(*pair, detail, "of them" if place else "", sure=worst != "undecided") for place, pair in enumerate(told[:SHOWN])
    )
    rest = len(judged) - min(len(told), SHOWN)
    others = [pair[0]["verdict"] for pair in judged if pair[0]["verdict"] != worst]
    if worst == "met" and rest:
        text += f"; {rest} more met"
    elif others:
        counts = [f"{others.count(verdict)} {verdict}" for verdict in _ORDER if verdict in others]
        text += f". Of the other objectives {_listed(counts)}"
    return f"{words[worst]}: {text}."


def _unasked(detail: Detail) -> str:
    """Return the times of a point that has no objectives."""
    parts = []
    for step in detail.entry["steps"][:SHOWN]:
        found, clean = step["makespan_s"], step["nothing_left_behind"]["share"]
        done = done_words(detail, step["step"])
        often = "" if clean == 1.0 else f", and in {share_text(1.0 - clean)} never"
        parts.append(
            f"{done} after {show_span(found['p50']['value'])} in the median and {show_span(found['p90']['value'])} or less in 90 % of the "
            f"{occasions(detail)}{often}"
        )
    stop = worst_stop(planned(detail))
    if stop is not None:
        parts.append(f"{stop[0]['vm']} stands still for {show_span(stop[1])} or less in 99 % of its migrations")
    typed = "; operators migrate VMs by command" if detail.lines() else ""
    text = "; ".join(parts) or f"the plan has no step, so nothing is planned to migrate{typed}"
    return f"{text[0].upper()}{text[1:]}."


def _meets(entry: dict[str, Any]) -> bool:
    return all(each["verdict"] == "met" for each in entry["objectives"])


def _worst(entry: dict[str, Any]) -> str:
    """Return the worst verdict of a point with objectives."""
    return min((str(each["verdict"]) for each in entry["objectives"]), key=_ORDER.index)


def _about_time(objective: Objective) -> bool:
    return objective.metric is not None and objective.metric.name in {"makespan", "end"}


def _step(entry: dict[str, Any], name: str) -> dict[str, Any]:
    return next(dict(step) for step in entry["steps"] if step["step"] == name)


def _of_step(entry: dict[str, Any]) -> str:
    return f"step {entry['steps'][0]['step']}" if len(entry["steps"]) > 1 else "the plan"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
