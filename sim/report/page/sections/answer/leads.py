"""The sentence that answers: whether it fits, for one point, for several and for a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.report.layout import enumerated, show_span
from sim.report.page.objective_words import clause, done_words, occasions, share_text
from sim.report.page.sections.answer.turns import ORDER, meets, which_meet, worst
from sim.report.page.sections.answer.why import planned, worst_stop
from sim.report.page.source import Detail
from sim.scenario.objectives import Objective, parse_objective

SHOWN = 2  # objectives that a sentence tells
NAMED = 4  # points that a sentence names
_OF_TIME = {"met": "It fits", "missed": "It does not fit", "undecided": "Not certain that it fits"}
_OF_OTHERS = {"met": "Met", "missed": "Missed", "undecided": "Undecided"}


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
        return f"Median time of {_of_step(entries[0])}: {enumerated(times)}{more}."
    good = [entry["point"] for entry in entries if meets(entry)]
    what = "the objective" if len(entries[0]["objectives"]) == 1 else "every objective"
    if not good:
        return f"None of the {len(entries)} variants meets {what}."
    named = enumerated([f"'{name}'" for name in good[:NAMED]]) + (f" and {len(good) - NAMED} more" if len(good) > NAMED else "")
    if len(good) == len(entries):
        return f"{'Both' if len(entries) == 2 else f'All {len(entries)}'} variants meet {what}: {named}."
    return f"{len(good)} of {len(entries)} variants meet{'s' * (len(good) == 1)} {what}: {named}.{_others(entries)}"


def _others(entries: Sequence[dict[str, Any]]) -> str:
    """Return which variants miss an objective or are undecided, a sentence each."""
    found = ""
    for verdict, words in (("missed", "Missed by"), ("undecided", "Undecided:")):
        names = [f"'{entry['point']}'" for entry in entries if worst(entry) == verdict]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        found += f" {words} {enumerated(names[:NAMED])}{more}." if names else ""
    return found


def swept_lead(entries: Sequence[dict[str, Any]]) -> str:
    """Return how many points of a sweep meet every objective, or how far their times differ."""
    if entries[0]["objectives"]:
        good = sum(map(meets, entries))
        open_ = sum(1 for entry in entries if worst(entry) == "undecided")
        undecided = f"; {open_} {'is' if open_ == 1 else 'are'} undecided" if open_ else ""
        what = "the objective" if len(entries[0]["objectives"]) == 1 else "every objective"
        return f"{good} of {len(entries)} points meet{'s' * (good == 1)} {what}{which_meet(entries)}{undecided}."
    if not entries[0]["steps"]:
        return f"{len(entries)} points without a plan were simulated."
    step = entries[0]["steps"][0]["step"]
    medians = [_step(entry, step)["makespan_s"]["p50"]["value"] for entry in entries]
    finite = [value for value in medians if not isinstance(value, str)]
    never = f"; in {len(medians) - len(finite)} points it is never done" if len(finite) < len(medians) else ""
    spans = f"{show_span(min(finite))} to {show_span(max(finite))}" if finite else "never done"
    return f"Median time of {_of_step(entries[0])} at {len(entries)} points: {spans}{never}."


def sentence(detail: Detail) -> str:
    """Return what was found at a point, the worst objective first."""
    judged = [(entry, parse_objective(entry["objective"])) for entry in detail.entry["objectives"]]
    if not judged:
        return _unasked(detail)
    least = worst(detail.entry)
    told = [pair for pair in judged if pair[0]["verdict"] == least]
    words = _OF_TIME if _about_time(told[0][1]) else _OF_OTHERS
    text = "; and ".join(
        clause(*pair, detail, "of them" if place else "", sure=least != "undecided") for place, pair in enumerate(told[:SHOWN])
    )
    rest = len(judged) - min(len(told), SHOWN)
    others = [pair[0]["verdict"] for pair in judged if pair[0]["verdict"] != least]
    if least == "met" and rest:
        text += f"; {rest} more met"
    elif others:
        counts = [f"{others.count(verdict)} {verdict}" for verdict in ORDER if verdict in others]
        text += f". Of the other objectives {enumerated(counts)}"
    return f"{words[least]}: {text}."


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


def _about_time(objective: Objective) -> bool:
    return objective.metric is not None and objective.metric.name in {"makespan", "end"}


def _step(entry: dict[str, Any], name: str) -> dict[str, Any]:
    return next(dict(step) for step in entry["steps"] if step["step"] == name)


def _of_step(entry: dict[str, Any]) -> str:
    return f"step {entry['steps'][0]['step']}" if len(entry["steps"]) > 1 else "the plan"
