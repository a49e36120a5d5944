"""Section of the report: how long guests stand still, what of, and the longest stops."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from sim.columns import OPERATOR_STEP
from sim.report.layout import enumerated, show_span
from sim.report.page.blocks import Block, Cell, Figure, Heading, Prose, Section, Table, number_of, share_cell, span_cell
from sim.report.page.objective_words import time_limit
from sim.report.page.sections.stop.figures import MOST_DRAWN, Curve, Limits, Parts, curves_drawing, parts_drawing
from sim.report.page.source import Detail, Source
from sim.results.downtimes import Distribution, Stop
from sim.results.lines import ALL
from sim.scenario.objectives import parse_objective

MOST_LISTED = 30  # VMs in a table, the worst ones; summary.csv has all
MOST_LIMITS = 3  # drawn of objectives: more names do not fit above a figure
MOST_NAMES = 6
MOST_ALIKE = 4  # VMs that a title names
MOST_SHARES = 4  # columns with shares up to round times
HUNDRED = 100  # replications, from which on "99 of 100" is more than a way of speaking
_ROUND = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 100.0, 300.0, 1000.0)  # all of them among `LIMITS`
_ROWS = "The rows below name the lines, each in its colour and stroke,"
ALIKE = 0.95  # of the worst p99: nobody tells such stops apart
Line = dict[str, Any]


def stop(source: Source) -> Section | None:
    """Return the section; None where no details are drawn."""
    if not source.details:
        return None
    blocks: list[Block] = [
        Prose(
            "The downtime is the time in which nobody can work with the guest: it stands still while the last pages and its state are "
            "sent, until it runs on the target (VMS2452 to VMS2432 on SU /390, HAL0331 to HAL0332 on SU x86).",
            "soft",
        )
    ]
    by_type = [curve for detail in source.details for curve in _by_type(detail)]
    if len(by_type) > 1:
        blocks.append(_type_figure(source, by_type))
    parts = [part for detail in source.details for part in _parts(detail, several=len(source.details) > 1)]
    together = len(source.details) > 1 and 0 < len(parts) <= MOST_DRAWN
    if together:
        blocks.append(_parts_figure(source.details, parts, "stop-parts"))
    for detail in source.details:
        blocks += _of_detail(detail, alone=len(by_type) <= 1, with_parts=not together)
    return Section("stop", "Stop", blocks)


def _of_detail(detail: Detail, *, alone: bool, with_parts: bool) -> Iterator[Block]:
    """Yield what is told of one point; `alone` says that no other figure shows its downtimes."""
    if detail.name:
        yield Heading(detail.name)
    gathered = detail.gathered.downtimes
    if not gathered.stored:
        yield Prose(
            "How long the guests stood still is not known: the column `downtime_s` was not stored, `--columns` left it out. "
            "Run the scenario into another folder with it.",
            "note",
        )
        return
    if not gathered.longest:
        yield Prose("No migration of a running guest was completed, so nobody stood still for one.", "note")
    curves = _by_vm(detail)
    if len(curves) > 1 or (curves and alone):
        yield vm_figure(detail, curves)
    parts = _parts(detail, several=False)
    if with_parts and parts:
        yield _parts_figure([detail], parts[:MOST_DRAWN], f"stop-parts-{detail.key}")
    elif curves and not parts:
        yield Prose("What the stop is made of is not known: the column `stopped_round_s` was not stored, `--columns` left it out.", "note")
    yield from _notes(detail)
    if gathered.longest:
        yield _longest_table(detail, gathered.longest, folded=not alone)


def _notes(detail: Detail) -> Iterator[Block]:
    """Yield who has no downtime, and stops of migrations that were not completed."""
    still = [line for line in detail.lines() if not line["of_completed"].get("downtime_s")]
    resting = [label_of(detail, line) for line in still if line["of_completed"].get("total_s")]
    never = [label_of(detail, line) for line in still if not any(name.startswith("completed") for name in line["outcomes"])]
    if resting:
        yield Prose(f"{_names(resting)}: the guest does not run when it is migrated, so nobody waits and there is no downtime.")
    if never:
        yield Prose(f"{_names(never)}: not brought over in any replication, so there is no downtime.", "note")
    gathered = detail.gathered.downtimes
    if gathered.failed_stops:
        yield Prose(
            f"In {gathered.failed_stops:,} attempts that were not completed the guest stood still, too, for up to "
            f"{show_span(gathered.longest_failed_s)}, and went on where it was decided; the figures do not count them.",
            "note",
        )


def label_of(detail: Detail, line: Line) -> str:
    """Return the name of a VM, with its step where there are several."""
    return _labelled(detail, line["step"], line["vm"])


def _labelled(detail: Detail, step: str, vm: str) -> str:
    if step == OPERATOR_STEP:
        return f"{vm} {step}"
    twice = sum(line["vm"] == vm and line["step"] != OPERATOR_STEP for line in detail.lines()) > 1
    return f"{vm} ({step})" if twice else vm


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"


def _quantile(line: Line, quantity: str, name: str) -> float | None:
    found = line["of_completed"].get(quantity, {}).get(name)
    return None if found is None else number_of(found["value"])


def _worst_first(detail: Detail) -> list[Line]:
    """Return the lines of VMs that have a downtime, by p99, p50 and place in the plan."""
    lines = [line for line in detail.lines() if line["of_completed"].get("downtime_s")]
    return sorted(lines, key=lambda line: tuple(-(_quantile(line, "downtime_s", name) or 0.0) for name in ("p99", "p50")))


def _by_vm(detail: Detail) -> list[Curve]:
    """Return the downtimes of each VM, worst first."""
    found = detail.gathered.downtimes.distributions()
    return [
        Curve(label_of(detail, line), found[line["step"], line["vm"]], line["of_completed"]["downtime_s"])
        for line in _worst_first(detail)
        if (line["step"], line["vm"]) in found
    ]


def _by_type(detail: Detail) -> list[Curve]:
    """Return the downtimes of all VMs of each SU type of a point, with quantiles where summary.json has them."""
    site = detail.site
    groups: dict[str, list[tuple[tuple[str, str], Distribution]]] = {}
    for key, each in detail.gathered.downtimes.distributions().items():
        groups.setdefault(site.units[site.guests[key[1]].spec.unit].su_type, []).append((key, each))
    lines = {(line["step"], line["vm"]): line for line in detail.entry["migrations"]}
    curves = []
    for su_type, members in sorted(groups.items()):
        name = detail.name if detail.name and (len(groups) == 1 or su_type in detail.name) else f"SU {su_type}"
        label = name if name == detail.name or not detail.name else f"{detail.name}: {name}"
        told = members[0][0] if len(members) == 1 else (ALL, ALL) if len(groups) == 1 else None
        together = sum((each for _, each in members[1:]), members[0][1])
        curves.append(Curve(label, together, lines[told]["of_completed"]["downtime_s"] if told is not None else {}))
    return curves


def limits_of(details: Sequence[Detail]) -> Limits:
    """Return the limits of the objectives on downtimes, each once, with whose they are."""
    found: dict[tuple[float, str], None] = {}
    for entry in (entry for detail in details for entry in detail.entry["objectives"]):
        objective = parse_objective(entry["objective"])
        if objective.metric is None or objective.metric.name != "downtime" or objective.value is None:
            continue
        found[objective.value, f"objective {time_limit(objective.value)}{f' for {objective.metric.of}' if objective.metric.of else ''}"] = (
            None
        )
    return sorted(found)[:MOST_LIMITS]


def _type_figure(source: Source, curves: Sequence[Curve]) -> Figure:
    longest = max(curves, key=lambda curve: curve.found.longest_s)
    shortest = min(curves, key=lambda curve: curve.found.longest_s)
    most, least = show_span(longest.found.longest_s), show_span(shortest.found.longest_s)
    title = f"The longest stop takes {most} with {longest.label}, and {least} with {shortest.label}"
    if most == least:
        title = f"The longest stop takes {most}, alike with {enumerated([curve.label for curve in curves])}"
    return Figure(
        "downtime-by-type",
        title,
        curves_drawing(curves[:MOST_DRAWN], limits_of(source.details)),
        f"Distribution of the downtime of all VMs: {_curves_text(curves)}",
        "The further to the left a line, the shorter the stops; where it crosses 50 %, half of the stops are shorter. "
        f"{_ROWS} from the shortest to the longest stop.",
        _sample(source.details, "" if all(curve.quantiles for curve in curves) else "A line of several VMs together has no p50 and p99."),
        _curves_table("downtime-by-type-numbers", "line", curves),
    )


def vm_figure(detail: Detail, curves: Sequence[Curve]) -> Figure:
    """Return the figure of the downtimes by VM.

    Args:
        detail: the point.
        curves: of its VMs, worst first; the first ones are drawn, more are in the table.
    """
    drawn = curves[:MOST_DRAWN]
    more = f"The {len(drawn)} VMs with the longest p99 of {len(curves)}." if len(drawn) < len(curves) else ""
    return Figure(
        f"downtime-{detail.key}",
        (f"{detail.name}: " if detail.name else "") + _vm_title(curves, detail.replications),
        curves_drawing(drawn, limits_of([detail])),
        f"Distribution of the downtime by VM, worst first: {_curves_text(drawn)}",
        "The further to the left a line, the shorter the stops; the steeper, the more alike. "
        f"{_ROWS} worst first; a line crosses 50 % right above its dot.",
        _sample([detail], more),
        _curves_table(f"downtime-{detail.key}-numbers", "VM", curves[:MOST_LISTED]),
    )


def _vm_title(curves: Sequence[Curve], replications: int) -> str:
    worst = curves[0]
    if replications < HUNDRED or worst.p99 is None:
        longest = max(curves, key=lambda curve: curve.found.longest_s)
        n = sum(curve.found.n for curve in curves)
        if n == 1:
            return f"{longest.label} stands still for {show_span(longest.found.longest_s)}, in the only stop"
        return f"{longest.label} has the longest of {n:,} stops: {show_span(longest.found.longest_s)}"
    up_to = f"up to {show_span(worst.p99)} in 99 of 100 migrations"
    if len(curves) == 1:
        return f"{worst.label} stands still for {up_to}, in half of them for up to {show_span(worst.p50)}"
    alike = [curve.label for curve in curves if curve.p99 is not None and curve.p99 >= ALIKE * worst.p99]
    who = enumerated(alike) if len(alike) <= MOST_ALIKE else f"{len(alike)} of {len(curves)} VMs"
    rest = curves[len(alike) :]
    if not rest:
        return f"{who if len(alike) <= MOST_ALIKE else f'All {len(curves)} VMs'} stand still alike: {up_to}"
    others = "the other VM" if len(rest) == 1 else f"the other {len(rest)} VMs"
    return f"{who} stand{'s' * (len(alike) == 1)} still longest: {up_to}; {others} up to {show_span(rest[0].p99)}"


def _curves_text(curves: Sequence[Curve]) -> str:
    return "; ".join(
        f"{curve.label}: "
        + (f"p50 {show_span(curve.p50)}, p99 {show_span(curve.p99)}, " if curve.p50 is not None else "")
        + f"longest {show_span(curve.found.longest_s)}"
        for curve in curves
    )


def _sample(details: Sequence[Detail], more: str = "") -> str:
    n = {detail.replications for detail in details}
    replications = f"n = {min(n):,}" if len(n) == 1 else f"n = {min(n):,} to {max(n):,}"
    few = {name: needed for detail in details for name, needed in _needed(detail).items()}
    none = f" ({', '.join(f'{name} has none below {needed:,} replications' for name, needed in few.items())})" if few else ""
    counted = f"{replications} replication{'s' * (n != {1})}, every completed stop counted"
    return f"{counted}; 95 % intervals of p50 and p99 are in the table{none}. {more}".strip()


def _needed(detail: Detail) -> dict[str, int]:
    """Return the quantiles that have no interval, and how many replications they need."""
    found = [line["of_completed"].get("downtime_s", {}) for line in detail.lines()]
    return {
        name: max(int(each[name]["replications_needed"]) for each in found if each and each[name]["replications_needed"] is not None)
        for name in ("p50", "p99")
        if any(each and each[name]["replications_needed"] is not None for each in found)
    }


def _curves_table(key: str, what: str, curves: Sequence[Curve]) -> Table:
    """Return the numbers of a figure of downtimes: quantiles of summary.json, and exact shares up to round times."""
    shares = _round_times(curves)
    titles = [what, "stops", *(f"{name}{end}" for name in ("p50", "p99") for end in ("", ", from", ", to")), "longest"]
    rows: list[list[Cell | str]] = []
    for curve in curves:
        cells: list[Cell | str] = [curve.label, Cell(f"{curve.found.n:,}", curve.found.n)]
        for name in ("p50", "p99"):
            found = curve.quantiles.get(name, {})
            cells += [span_cell(found.get(end)) for end in ("value", "low", "high")]
        cells.append(span_cell(curve.found.longest_s))
        rows.append([*cells, *(share_cell(curve.found.share_up_to(at)) for at in shares)])
    caption = "Downtime: quantiles with their 95 % intervals, the longest, and the shares of the stops up to round times"
    return Table(key, [*titles, *(f"up to {at:g} s" for at in shares)], rows, caption)


def _round_times(curves: Sequence[Curve]) -> list[float]:
    """Return round times that tell the curves apart: up to which not all stops are, nor none."""
    telling = [at for at in _ROUND if any(0.0 < curve.found.share_up_to(at) < 1.0 for curve in curves)]
    return telling[:: max(1, math.ceil(len(telling) / MOST_SHARES))]


def _parts(detail: Detail, *, several: bool) -> list[Parts]:
    """Return the parts of the stop of each VM, worst first; of those for which they were stored."""
    found = []
    for line in _worst_first(detail):
        last, rest = (_quantile(line, name, "p50") for name in ("stopped_round_s", "state_and_resume_s"))
        p50, p99 = (_quantile(line, "downtime_s", name) for name in ("p50", "p99"))
        if last is None or rest is None or p50 is None or p99 is None:
            continue
        label = f"{label_of(detail, line)} ({detail.name})" if several and detail.name else label_of(detail, line)
        found.append(Parts(label, _quantile(line, "handshake_s", "p50"), last, rest, p50, p99))
    return found


def _parts_figure(details: Sequence[Detail], parts: Sequence[Parts], key: str) -> Figure:
    worst = parts[0] if len(details) == 1 else max(parts, key=lambda part: part.p99)
    handshake = f"; before it {show_span(worst.handshake_s)} of handshake, while it still runs" if worst.handshake_s is not None else ""
    prefix = f"{details[0].name}: " if len(details) == 1 and details[0].name else ""
    title = (
        f"{prefix}Of the {show_span(worst.p50)} that {worst.label} stands still (median), the last round takes {show_span(worst.last_s)}, "
        f"state and resume {show_span(worst.rest_s)}{handshake}"
    )
    every = "; ".join(
        f"{part.label}: handshake {show_span(part.handshake_s)}, last round {show_span(part.last_s)}, "
        f"state and resume {show_span(part.rest_s)}"
        for part in parts
    )
    rows: list[list[Cell | str]] = [
        [part.label, *(span_cell(value) for value in (part.handshake_s, part.last_s, part.rest_s, part.p50, part.p99))] for part in parts
    ]
    titles = ["VM", "handshake p50", "last round p50", "state and resume p50", "downtime p50", "downtime p99"]
    return Figure(
        key,
        title,
        parts_drawing(parts, limits_of(details)),
        f"Parts of the stop, medians: {every}",
        "Only the last round grows with what the guest writes and shrinks with a faster network; state and resume are fixed costs of the "
        "hypervisor, assumed, as \u201cAssumptions and sources\u201d says. Beside a bar: the median of the downtime and its p99.",
        _sample(details, "Each part is its own median, so the parts need not add up to that of the downtime."),
        Table(f"{key}-numbers", titles, rows, "Medians of the parts of the stop, and the downtime"),
    )


def _longest_table(detail: Detail, stops: Sequence[Stop], *, folded: bool) -> Table:
    tried = any(each.attempt != 1 for each in stops)
    rows: list[list[Cell | str]] = [
        [
            Cell(f"{each.replication:,}", each.replication),
            _labelled(detail, each.step, each.vm),
            *([Cell(f"{each.attempt}", each.attempt)] if tried else []),
            *(span_cell(value) for value in (each.downtime_s, each.stopped_round_s, each.state_and_resume_s, each.handshake_s)),
            replay_command(detail, each.replication, each.vm),
        ]
        for each in stops
    ]
    titles = ["replication", "VM", *(["attempt"] if tried else []), "downtime", "last round", "state and resume", "handshake before"]
    many = "The longest stop" if len(stops) == 1 else f"The {len(stops)} longest stops"
    of = f" with '{detail.name}'" if detail.name else ""
    caption = f"{many}{of}; the command shows {'it' if len(stops) == 1 else 'each'} as the consoles did"
    return Table(f"longest-stops-{detail.key}", [*titles, "shown by"], rows, caption, folded)


def replay_command(detail: Detail, replication: int, vm: str) -> str:
    """Return the command that shows the migration of a VM in a replication."""
    variant = ["--variant", detail.point.name] if detail.point.name else []
    return shlex.join(["migr", "trace", detail.run.folder, "--replication", str(replication), "--vm", vm, *variant])
