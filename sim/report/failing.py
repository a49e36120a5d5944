"""What went wrong in a run, in a planner's words: what failed and why, what was left behind, what it cost."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import Any

from sim.report.layout import percent, show_span

SHOWN = 3  # names of a line: the rest are counted, summary.json has them
NAMES, LINES = 8, 8  # VMs of a line that were left behind equally often, and such lines: likewise
NARROWEST, WIDEST = 60, 100  # columns: below it no sentence is readable, above it lines get hard to follow
COMMANDS = 16  # operators' commands that are shown
ENDS = {"in-part": "executed in part", "unanswered": "not answered"}
OUTCOMES = {"completed-with-warnings": "arrived with a warning", "not-started": "not tried", "lost": "guest lost"}


def failures_text(failures: Mapping[str, Any], replications: int, width: int, tags: Collection[str]) -> str:
    """Return the section of a point; "" where nothing went wrong.

    Args:
        failures: of the point, as in summary.json.
        replications: of the point.
        width: columns of the terminal.
        tags: of the assumptions that the run rests on.
    """
    blocks = [
        (
            "  Attempts that failed (retried ones too), in how many of the replications, and why:",
            list(_reasons(failures, replications, tags)),
        ),
        ("  Not brought over at the end of a step:", list(_left_behind(failures["left_behind"]))),
        ("  What it cost:", list(map(_cost, failures["cost"]))),
        ("  SUs that went down:", list(map(_outage, failures["outages"]))),
        ("  Faults:", list(_faults(failures["faults"], replications))),
        ("  Operators:", list(_commands(failures["commands"]))),
        ("", list(map(decided, failures["after_suspend"]))),
    ]
    width = max(NARROWEST, min(width, WIDEST))
    return "\n".join(line for heading, texts in blocks if texts for line in [*([heading] if heading else []), *_wrapped(texts, width)])


def _wrapped(texts: list[str], width: int) -> Iterator[str]:
    for text in texts:
        yield from textwrap.wrap(text, width, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)


def _reasons(failures: Mapping[str, Any], replications: int, tags: Collection[str]) -> Iterator[str]:
    for each in failures["reasons"]:
        tag = f" [{each['assumption']}]" if each["assumption"] in tags else ""
        outcome = OUTCOMES.get(each["outcome"], each["outcome"])
        times = f"{each['attempts']:,} times in {replications:,} replications"
        yield f"{outcome}, {percent(each['replications'])}: {each['words']} ({each['reason']}{tag}); {times}, {_vms(each['vms'])}"


def _vms(counts: Mapping[str, int]) -> str:
    names = list(counts)
    if len(names) == 1:
        return names[0]
    shown = ", ".join(f"{name} {counts[name]:,}" for name in names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {_more(len(names) - SHOWN)}"


def _left_behind(entries: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for the VMs of a step that were left on one SU equally often."""
    lines = [(alike, list(found)) for alike, found in groupby(entries, key=_alike)]
    for (step, where, share), found in lines[:LINES]:
        names = [each["vm"] for each in found]
        shown = ", ".join(names[:NAMES]) + (f" and {_more(len(names) - NAMES)}" if len(names) > NAMES else "")
        each_of = "each " * (len(names) > 1)
        yield f"step {step}: {shown}{where.format(each=each_of, share=share)}"
    if len(lines) > LINES:
        yield f"and {sum(len(found) for _, found in lines[LINES:])} more, which summary.json names"


def _alike(entry: dict[str, Any]) -> tuple[str, str, str]:
    """Return step, place and share of an entry; those of one kind that are equal share a line."""
    if entry["deleted"]:
        where = " deleted by an operator, {each}in {share}"
    elif entry["guest_lost"] == entry["replications"]:
        where = f": guest lost, its VM is on {entry['su']}, {{each}}in {{share}}"
    else:
        lost = f"; the guest lost in {percent(entry['guest_lost'])}" if entry["guest_lost"] else ""
        where = f" left behind on {entry['su']}, {{each}}in {{share}}{lost}"
    return entry["step"], where, percent(entry["replications"])


def _outage(each: dict[str, Any]) -> str:
    """Return how often an SU went down, and which guests ended with it."""
    always = [vm for vm, share in each["guests_ended"].items() if share == each["replications"]]
    at_times = [f"{vm} in {percent(share)}" for vm, share in each["guests_ended"].items() if share != each["replications"]]
    ended = ", ".join([*_shortened(always), *_shortened(at_times)]) or "none"
    again = "; they are started again with their SU [A39]" if each["guests_ended"] else ""
    return f"SU {each['su']} went down in {percent(each['replications'])} of the replications; guests ended: {ended}{again}"


def _shortened(names: list[str]) -> list[str]:
    return names if len(names) <= NAMES else [*names[:NAMES], _more(len(names) - NAMES)]


def _faults(faults: list[dict[str, Any]], replications: int) -> Iterator[str]:
    for each in faults:
        if each["count"]:
            times = f", {each['times']:,} times" if each["times"] > each["count"] else ""
            attempts = f"{each['attempts']:,} attempt{'s' * (each['attempts'] != 1)} that it met failed or had a warning"
            yield f"{each['fault']} in {each['count']:,} of {replications:,} replications{times}; {attempts}"
    never = [each["fault"] for each in faults if not each["count"]]
    if never:
        yield f"never met: {', '.join(never)}"


def _commands(commands: list[dict[str, Any]]) -> Iterator[str]:
    for each in commands[:COMMANDS]:
        ends = ", ".join(f"{ENDS.get(end, end)} {count:,}" for end, count in each["ends"].items())
        always = next((ENDS.get(end, end) for end in each["ends"]), "") + " always" if len(each["ends"]) == 1 else ""
        yield f"{each['command']} at {each['time']}, console of {each['console']}: {always or ends}"
    if len(commands) > COMMANDS:
        yield f"and {len(commands) - COMMANDS:,} more commands, which summary.json names"


def _cost(each: dict[str, Any]) -> str:
    """Return what failed attempts cost a step: their time, how much later it ended, and the window."""
    attempts = ", ".join(f"{name} {show_span(found['value'])}" for name, found in each["failed_s"].items())
    text = f"step {each['step']}: attempts failed in {percent(each['replications'])}"
    text += f" and took {attempts} of its time" if attempts else ", without taking time"
    ended = {case: found["p50"]["value"] for case, found in each["duration_s"].items() if found}
    if len(ended) == 2:
        text += f"; it ended after p50 {show_span(ended['with'])} then, {show_span(ended['without'])} without failures"
    in_time = {case: found for case, found in each["within_window"].items() if found}
    if in_time:
        words = {"with": "with failures", "without": "without"}
        text += "; all over within the window: " + ", ".join(f"{percent(in_time[case])} {words[case]}" for case in words if case in in_time)
    return text


def decided(each: dict[str, Any]) -> str:
    """Return that the scenario decided where the product's behaviour is not known, and what came of it.

    With target-resumes a guest goes on on the source all the same when the target does not have all of it.
    """
    ends = {"source": "went on on the source", "target": "went on on the target", "lost": "was lost"}
    came_of_it = ", ".join(f"{words} {each['guest'][end]:,} times" for end, words in ends.items() if each["guest"][end])
    return (
        f"In {percent(each['replications'])} of the replications a migration broke between suspension and resume. What VM2000 does then is "
        f"not published: the scenario's after_suspend: {each['policy']} decided [A37], which is not the product's behaviour. The guest "
        f"{came_of_it}."
    )


def _more(number: int) -> str:
    return f"{number} more VM{'s' * (number > 1)}"
