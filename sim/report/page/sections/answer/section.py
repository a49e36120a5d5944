"""Section of the report: does it fit, which VM and which phase decide, what to try."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sim.experiment.probing.effects import is_current
from sim.report.layout import show_span
from sim.report.page.blocks import (
    Block,
    Cell,
    Heading,
    Listing,
    Prose,
    Section,
    Table,
    Tile,
    Tiles,
    Tone,
    Verdict,
    number_of,
    share_cell,
    span_cell,
)
from sim.report.page.detailed import DRAWN_OF_SWEEP
from sim.report.page.objective_words import clause, limit_text, occasions, share_text
from sim.report.page.sections.answer.assumed import crossing, deciding
from sim.report.page.sections.answer.leads import lead, sentence, swept_lead
from sim.report.page.sections.answer.tries import slack, thin, tries
from sim.report.page.sections.answer.turns import turns, worst
from sim.report.page.sections.answer.why import Line, longest, phase_shares, planned, why, worst_stop
from sim.report.page.sections.assumptions.section import weighing_command
from sim.report.page.source import Detail, Run, Source
from sim.scenario.objectives import Metric, parse_objective
from sim.units import DAY_S, format_clock

TRIED = (
    "What to try follows from these results by rule, and holds as far as the assumptions do. It was computed with the same random draws as "
    "without it, so chance makes no difference; the command computes all replications."
)
MOST_TILED = 3  # points that have tiles


def answer(source: Source) -> Section | None:
    """Return the section: for each run what was found, each objective with its reasons, and what to try."""
    blocks = [block for run in source.runs for block in _of_run(source, run)]
    return Section("answer", "Answer", blocks)


def _of_run(source: Source, run: Run) -> Iterator[Block]:
    """Yield the blocks of a run."""
    details = [detail for detail in source.details if detail.run is run]
    if run.label:
        yield Heading(run.label)
    yield from _partial(run)
    if not details:
        yield Prose("No replication is there, so there is no answer yet.", "lead")
        return
    entries = run.summary["points"]
    if run.swept:
        yield Prose(swept_lead(entries), "lead")
        yield from _decided(details)
        yield from _of_settings(entries)
        yield _table(run, entries)
        yield from _of_drawn(details, len(entries))
        return
    yield Prose(lead(details, entries), "lead")
    yield from _in_window(details)
    yield from _unmoved(details)
    yield from _decided(details)
    if len(details) > 1:
        yield Listing([f"{detail.called}: {sentence(detail)}" for detail in details])
    if len(entries) <= MOST_TILED:
        yield Tiles(_tiles(details) if len(details) == 1 else _tiles_of_several(details))
    if len(entries) > 1:
        yield _table(run, entries)
    if len(entries) > len(details):
        yield Prose(
            f"Below are the reasons of {len(details)} of {len(entries)} variants; `migr report` with `--variant` shows others.", "soft"
        )
    yield from _verdicts(details)


def _in_window(details: Sequence[Detail]) -> Iterator[Prose]:
    """Yield when the plan begins and the window ends: what a missed objective costs depends on it."""
    window, steps = details[0].window_s, details[0].entry["steps"]
    if window is None or not steps or len(details) > 1:
        return
    begin, end = (format_clock(int(at_s) % DAY_S) for at_s in (min(step["at_s"] for step in steps), window[1]))
    share = share_text(min(step["within_window"]["share"] for step in steps))
    yield Prose(f"The plan begins at {begin} and the window ends at {end}: {share} of the {occasions(details[0])} end within it.")


def _decided(details: Sequence[Detail]) -> Iterator[Prose]:
    """Yield which assumption decides, beside the answer that rests on it; or that nobody has looked."""
    run = details[0].run
    if run.effects is None or not is_current(run.effects, run.facts):
        yield Prose(f"Which assumption this answer rests on has not been computed: `{weighing_command(run)}` does it.", "soft")
    for detail in details:
        of_point = f"{detail.called}: " if len(details) > 1 and detail.called else ""
        yield from (Prose(f"{of_point}{text}", "note") for text in deciding(detail))


def _partial(run: Run) -> Iterator[Prose]:
    """Yield a warning where replications are missing."""
    missing = run.summary.get("missing") or ()
    lacking = sum(int(each["replications"]) for each in missing)
    if lacking:
        yield Prose(
            f"Partial results: {lacking:,} replications are missing, because their parts failed. Give the same command again.", "note"
        )
    elif not run.facts.get("finished", True):
        yield Prose(
            "Partial results: the run is not finished, so more replications may change what follows. Give the same command again.", "note"
        )


def _unmoved(details: Sequence[Detail]) -> Iterator[Prose]:
    """Yield a warning for each step that never had anything to do: its times look good and mean nothing."""
    for detail in details:
        moving = {line["step"] for line in detail.lines()}
        for step in (each for each in detail.point.steps if each.name not in moving):
            of = f"{detail.called}: " if len(details) > 1 else ""
            found = f" finds no VM on {step.drain}" if step.drain else " finds nothing to move"
            yield Prose(
                f"{of}Step {step.name}{found} in any replication: nothing is migrated, and its times are 0 s. Was another SU meant?", "note"
            )


def _verdicts(details: Sequence[Detail]) -> Iterator[Block]:
    """Yield every objective of every point with its reasons; without objectives the reasons alone."""
    tried = False
    for detail in details:
        if len(details) > 1:
            yield Heading(detail.called)
        said: set[str] = set()
        for entry in detail.entry["objectives"]:
            verdict = _unrepeated(_verdict(detail, entry), said)
            tried = tried or bool(verdict.tries)
            yield verdict
        if not detail.entry["objectives"]:
            yield from _reasons(detail)
    if tried:
        yield Prose(TRIED, "soft")


def _verdict(detail: Detail, entry: dict[str, Any]) -> Verdict:
    objective = parse_objective(entry["objective"])
    found = clause(entry, objective, detail)
    reasons = [*_slack(detail, entry), *why(detail, objective.metric), *crossing(detail, objective)]
    return Verdict(entry["objective"], entry["verdict"], f"{found[0].upper()}{found[1:]}.", reasons, tries(detail, objective, entry))


def _unrepeated(verdict: Verdict, said: set[str]) -> Verdict:
    """Return a verdict without reasons and tries that another one of its point has; they are noted in `said`."""
    reasons = [line for line in verdict.why if line not in said] or (["As above."] if verdict.why else [])
    tried = [line for line in verdict.tries if line not in said] or (["As above."] if verdict.tries else [])
    said.update(verdict.why, verdict.tries)
    return replace(verdict, why=reasons, tries=tried)


def _slack(detail: Detail, entry: dict[str, Any]) -> Iterator[str]:
    """Yield how much room a met time leaves below its limit."""
    objective = parse_objective(entry["objective"])
    found = slack(detail, objective, entry)
    if entry["verdict"] == "met" and found is not None and objective.metric is not None:
        word = "Little to spare" if thin(detail, objective, entry) else "To spare"
        below = f"{show_span(found[0])} below" if found[0] >= 0.0 else f"{show_span(-found[0])} above"
        limit = f"{below} the limit of {limit_text(objective.metric, objective.value or 0.0)}"
        if objective.kind == "probability":
            yield f"{word}: p90, which nine of ten {occasions(detail)} do not exceed, is {limit}."
        else:
            yield f"{word}: that is {limit}."


def _reasons(detail: Detail) -> Iterator[Block]:
    """Yield what takes the time and what makes the stop, where the scenario asks for nothing."""
    lines = []
    for step in detail.point.steps:
        named = f"Step {step.name}: " * (len(detail.point.steps) > 1)
        lines += [f"{named}{line}" for line in why(detail, Metric("makespan", step.name))]
    lines += [line for line in why(detail, Metric("downtime")) if line not in lines]
    yield Listing(lines, "What decides")


def _tiles(details: Sequence[Detail]) -> list[Tile]:
    """Return what is seen first of a point: time, window, longest VM, phase, stop."""
    detail = details[0]
    slowest = max(detail.entry["steps"], key=lambda step: number_of(step["makespan_s"]["p50"]["value"]) or 0.0, default=None)
    tiles = [_time_tile(detail, slowest)] if slowest else []
    if detail.entry["steps"] and not _told(detail):  # else two shares of different limits stand side by side
        tiles += [_share_tile(detail)] if detail.entry["steps"] else []
    most, shares = longest(planned(detail)), phase_shares(planned(detail))
    if most is not None and len(planned(detail)) > 1:
        tiles.append(
            Tile(
                most.line["vm"],
                "is the VM that takes longest",
                f"{show_span(most.total_s)}, {100.0 * most.share:.0f} % of all migration time",
            )
        )
    if shares:
        first = max(shares, key=lambda words: shares[words])
        rest = ", ".join(f"{words} {100.0 * share:.1f} %" for words, share in shares.items() if words != first)
        tiles.append(Tile(f"{100.0 * shares[first]:.0f} %", f"of all migration time is {first}", rest))
    return [*tiles, *_stop_tile(detail)]


def _told(detail: Detail) -> bool:
    """Tell whether an objective, and so the sentence above the tiles, says how often it fits."""
    return any(parse_objective(entry["objective"]).kind != "quantile" for entry in detail.entry["objectives"])


def _tiles_of_several(details: Sequence[Detail]) -> list[Tile]:
    """Return time and longest stop of each of a few points."""
    times = [_time_tile(detail, detail.entry["steps"][0], detail.called) for detail in details if detail.entry["steps"]]
    return [*times, *(tile for detail in details for tile in _stop_tile(detail, detail.called))]


def _time_tile(detail: Detail, step: dict[str, Any], name: str = "") -> Tile:
    found = step["makespan_s"]
    of = f"step {step['step']}" if len(detail.entry["steps"]) > 1 else "the plan"
    return Tile(
        show_span(found["p50"]["value"]),
        f"{name}: median time of {of}" if name else f"median time of {of}",
        f"in 10 % of the {occasions(detail)} or more: never done"
        if isinstance(found["p90"]["value"], str)
        else f"90 % of the {occasions(detail)}: {show_span(found['p90']['value'])} or less",
    )


def _share_tile(detail: Detail) -> Tile:
    """Return the share within the window of the step that does worst, or in which all was brought over."""
    inside = [step["within_window"] for step in detail.entry["steps"] if step["within_window"]]
    if inside:
        least = min(inside, key=lambda share: share["share"])
        until = f", by {format_clock(int(detail.window_s[1]) % DAY_S)}" if detail.window_s else ""
        return Tile(
            share_text(least["share"]), f"of the {occasions(detail)} end within the window{until}", f"95 % interval: {_ends(least)}"
        )
    share = detail.entry["completed"]
    return Tile(share_text(share["share"]), f"of the {occasions(detail)} bring every VM over", f"95 % interval: {_ends(share)}")


def _ends(share: dict[str, Any]) -> str:
    return f"{100.0 * share['low']:.1f} to {100.0 * share['high']:.1f} %"


def _stop_tile(detail: Detail, name: str = "") -> list[Tile]:
    found = worst_stop(planned(detail))
    if found is None:
        return []
    others = "; no other VM's is longer" if len(planned(detail)) > 1 else ""
    what = f"is the stop of {found[0]['vm']} that 99 % of its migrations do not exceed{others}"
    return [Tile(show_span(found[1]), f"{name}: {what.removeprefix('is the ')}" if name else what, _interval(found[0]))]


def _interval(line: Line) -> str:
    entry = line["of_completed"]["downtime_s"]["p99"]
    if entry["low"] is None:
        return f"too few replications for an interval: it needs {entry['replications_needed']:,}"
    return f"95 % interval: {show_span(entry['low'])} to {show_span(entry['high'])}"


def _table(run: Run, entries: Sequence[dict[str, Any]]) -> Table:
    """Return a row a point: times, longest stop, shares, and the verdict of each objective."""
    objectives = [entry["objective"] for entry in entries[0]["objectives"]]
    steps = [step["step"] for step in entries[0]["steps"]][:2]
    spans = [f"{name}, {q}" for name in steps for q in ("median", "p90")]
    window = bool(entries[0]["steps"] and entries[0]["steps"][0]["within_window"])
    what = "point" if run.swept else "variant"
    titles = [what, *spans, "longest stop, p99", "all VMs over", *(["within the window"] if window else []), *map(_written, objectives)]
    rows = [_row(entry, steps, window=window) for entry in entries]
    caption = f"Every {what}: time of the steps, longest stop of a replication, shares of the replications, and verdicts."
    key = f"answer{run.key}"
    return Table(key, titles, rows, caption, folded=run.swept and len(rows) > 24)


def _written(objective: str) -> str:
    """Return an objective as the page writes it everywhere."""
    return objective.replace("<=", "\u2264").replace(">=", "\u2265")


def _row(entry: dict[str, Any], steps: Sequence[str], *, window: bool) -> list[Cell]:
    by_name = {step["step"]: step for step in entry["steps"]}
    cells = [Cell(entry["point"])]
    cells += [span_cell(by_name[name]["makespan_s"][q]["value"]) for name in steps for q in ("p50", "p90")]
    stop = entry["largest"].get("downtime_s") or {}
    # A stop that is never over is that of a VM which was not brought over: nobody stands still for it.
    never = bool(stop) and isinstance(stop["p99"]["value"], str)
    cells.append(Cell("a VM stays", math.inf) if never else span_cell(stop["p99"]["value"]) if stop else Cell("-"))
    cells.append(share_cell(entry["completed"]["share"]))
    if window:
        inside = [step["within_window"] for step in entry["steps"] if step["within_window"]]
        cells.append(share_cell(min((share["share"] for share in inside), default=None)))
    tones: dict[str, Tone] = {"met": "met", "missed": "missed", "undecided": "undecided"}
    return [*cells, *(Cell(each["verdict"], None, tones[each["verdict"]]) for each in entry["objectives"])]


def _of_settings(entries: Sequence[dict[str, Any]]) -> Iterator[Block]:
    """Yield what each setting of a sweep does to the verdicts."""
    lines = turns(entries)
    if lines:
        yield Listing(lines, "What each setting changes: points that meet every objective")
    yield Prose("The section Sweeps shows what each setting does; `summary.csv` has every number with its interval.", "soft")


def _of_drawn(details: Sequence[Detail], points: int) -> Iterator[Block]:
    """Yield which points of a sweep the other sections show, and for those that miss an objective why and what to try."""
    if points > len(details):
        yield Prose(
            f"Drawn in full are {len(details)} of {points} points: unless `--variant` of `migr report` names others, {DRAWN_OF_SWEEP}.",
            "soft",
        )
    failing = [detail for detail in details if detail.entry["objectives"] and worst(detail.entry) != "met"]
    if len(failing) == 1:  # of several each has its heading
        yield Heading(failing[0].called)
    yield from _verdicts(failing)
