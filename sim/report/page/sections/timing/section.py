"""Section "Time": how long steps take, by when they are over, and what takes the time in the median and in the worst replication."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sim.report.layout import percent, short_span, show_span
from sim.report.page.blocks import MOST_FOLDED, Block, Cell, Figure, Listing, Prose, Section, Table, share_cell, span_cell
from sim.report.page.detailed import DRAWN_OF_SWEEP
from sim.report.page.sections.timing.makespans import TOLD, bar_width, clock_up, curves, distribution, reached_rows
from sim.report.page.sections.timing.replications import charts_of
from sim.report.page.sections.timing.steps import StepTimes, step_times
from sim.report.page.source import Detail, Source

PHASES = (
    ("setup_s", "set-up"),
    ("precopy_s", "pre-copy"),
    ("downtime_s", "stop"),
    ("cleanup_s", "clean-up"),
    ("total_s", "in all"),
)
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
WINDOW = "within the window (95 %)"
MOST_LINES = 8  # sentences; the table has all steps
MOST_LISTED = 30  # VMs in a table of a point; summary.csv has all
FEW_ROWS = 15  # a longer table is closed until somebody opens it


def timing(source: Source) -> Section | None:
    """Return how long the steps take; None where no plan has a step."""
    details = [detail for detail in source.details if detail.entry["steps"]]
    if not details:
        return None
    times = step_times(details)
    blocks: list[Block] = [*_leads(source, times), _steps_table(details)]
    blocks += [block for make in (_distribution, _curves) for block in make(times)]
    for detail in details:
        blocks += charts_of(detail)
    blocks += [block for detail in details for block in _phases(detail)]
    return Section("timing", "Time", blocks)


def _leads(source: Source, times: Sequence[StepTimes]) -> Iterator[Block]:
    """Say in a sentence for each step how long it takes, or where there is one by when it is over."""
    if len(times) == 1:
        yield Prose(_lead(times[0]), "lead")
    else:
        yield Listing([f"{each.spread.label}: {_takes(each)}." for each in times[:MOST_LINES]])
    if any(run.swept for run in source.runs):
        yield Prose(
            f"Of a sweep the figures show some points (unless others are named, {DRAWN_OF_SWEEP}); the section Sweeps compares all.", "soft"
        )


def _lead(each: StepTimes) -> str:
    """Return by when a step is over and how often that is within the window, a sentence."""
    text = f"{each.done[:1].upper()}{each.done[1:]} with 90 % probability {_by(each, 'p90')}"
    if isinstance(each.spread.quantiles["p90"]["value"], str):
        text = _takes(each)
    window = each.entry and each.entry["within_window"]
    return f"{text}; {percent(window)} of the replications end within the window." if window else f"{text}."


def _named(each: StepTimes) -> str:
    return f"{each.spread.label}: " if each.spread.label else ""


def _takes(each: StepTimes) -> str:
    """Return how long a step takes, a sentence without its full stop."""
    p50, p99 = (each.spread.quantiles[name]["value"] for name in ("p50", "p99"))
    never = each.spread.never / each.spread.n
    share = f"in {100 * never:.1f} % of the replications it never ends, because a VM is left behind"
    if isinstance(p50, str):
        return f"{each.doing} does not end: {share}"
    if isinstance(p99, str):
        return f"{each.doing} takes at most {show_span(p50)} in half of the replications; {share}"
    text = f"{each.doing} takes at most {show_span(p50)} in half of the replications, and at most {show_span(p99)} in 99 of 100"
    return f"{text}; {share}" if never else text


def _steps_table(details: Sequence[Detail]) -> Table:
    """Return the table of all steps: quantiles of the makespan, and how often it fits."""
    titles = ("variant", "step", "begins", *(f"makespan {name} (95 %)" for name in TOLD), WINDOW)
    rows: list[list[Cell | str]] = [
        [
            detail.name,
            entry["step"],
            Cell(clock_up(entry["at_s"]), entry["at_s"]),
            *(_quantile_cell(entry["makespan_s"][name]) for name in TOLD),
            _share_cell(entry["within_window"]),
        ]
        for detail in details
        for entry in detail.entry["steps"]
    ]
    caption = "How long each step takes, from its begin until all its VMs are on the target, with 95 % intervals"
    return _without_empty(Table("timing-steps", titles, rows, caption), {"variant", WINDOW})


def _quantile_cell(found: Mapping[str, Any]) -> Cell:
    cell = span_cell(found["value"])
    if cell.text == interval_text(found):
        return cell
    return Cell(f"{cell.text} ({interval_text(found)})", cell.value)


def _share_cell(found: Mapping[str, Any] | None) -> Cell:
    return Cell("") if found is None else Cell(percent(found), found["share"])


def interval_text(found: Mapping[str, Any]) -> str:
    """Return the 95 % interval of a quantile, or how many replications it needs."""
    if found["replications_needed"] is not None:
        return f"needs {found['replications_needed']:,} replications"
    low, high = found["low"], found["high"]
    if low == high == "never":
        return "never"
    units = [show_span(end).rpartition(" ")[2] for end in (low, high)]
    return f"{short_span(low) if units[0] == units[1] else show_span(low)} to {show_span(high)}"


def _without_empty(table: Table, candidates: set[str]) -> Table:
    """Return a table without those of some columns in which nothing is said."""
    texts = [[cell.text for cell in row] for row in table.shown]
    kept = [place for place, title in enumerate(table.titles) if title not in candidates or any(row[place] for row in texts)]
    rows = [[row[place] for place in kept] for row in table.rows]
    return Table(table.key, [table.titles[place] for place in kept], rows, table.caption, table.folded)


def _distribution(times: Sequence[StepTimes]) -> Iterator[Block]:
    """Yield the figure of how often which makespan occurs, or why there is none."""
    drawn = _drawn(times)
    for each in times:
        if len(each.spread.edges) and each not in drawn:
            took = show_span(each.spread.quantiles["p50"]["value"])
            yield Prose(f"{_named(each)}{each.doing} took {took} in the only replication; one has no distribution.", "note")
        elif each not in drawn:
            yield Prose(f"{_named(each)}{each.doing} never ends in any replication, so there is no distribution of its makespan.", "note")
    if not drawn:
        return
    spreads = [each.spread for each in drawn]
    widths = sorted({bar_width(spread) for spread in spreads})
    together = len(widths) == 1
    scale = "" if together or len(spreads) == 1 else " Each panel has its own time axis."
    yield Figure(
        "timing-makespan",
        _distribution_title(drawn),
        distribution(spreads, together=together),
        "Distribution of the makespan. " + " ".join(_in_words(each) for each in drawn),
        "Each bar is the share of replications that took so long; below it p50, p90 and p99, each a tick with its interval as a line. "
        f"Dashed: limits.{scale}",
        f"{_replications(drawn)}; lines at the quantiles are 95 % intervals{_too_few(drawn)}; a bar is {' or '.join(widths)} wide.",
        _bars_table(drawn),
    )


def _drawn(times: Sequence[StepTimes]) -> list[StepTimes]:
    """Return those that have a distribution: they end, and not in one replication only."""
    return [each for each in times if len(each.spread.edges) and each.spread.n > 1]


def _distribution_title(drawn: Sequence[StepTimes]) -> str:
    if len(drawn) == 1:
        return _takes(drawn[0])
    halves = [show_span(each.spread.quantiles["p50"]["value"]) for each in drawn]
    if len(set(halves)) == 1:
        return f"Half of the replications take at most {halves[0]}, with {'both' if len(drawn) == 2 else f'all {len(drawn)}'} alike"
    found = [f"{half} ({each.spread.label})" for half, each in zip(halves, drawn[:4], strict=False)]
    return f"Half of the replications take at most {', '.join(found)}" + (
        f", and {len(drawn) - 4} more are drawn" if len(drawn) > 4 else ""
    )


def _in_words(each: StepTimes) -> str:
    found = (f"{name} {show_span(each.spread.quantiles[name]['value'])} ({interval_text(each.spread.quantiles[name])})" for name in TOLD)
    limits = "".join(f"; {limit.label}" for limit in each.spread.limits)
    return f"{each.spread.label or each.doing}: {', '.join(found)}{limits}."


def _replications(drawn: Sequence[StepTimes]) -> str:
    numbers = sorted({each.spread.n for each in drawn})
    return f"n = {' or '.join(f'{number:,}' for number in numbers)} replications{' each' if len(drawn) > 1 else ''}"


def _too_few(drawn: Sequence[StepTimes]) -> str:
    found = {name: each.spread.quantiles[name]["replications_needed"] for each in drawn for name in TOLD}
    needed = [f"{name} has none below {number:,} replications" for name, number in found.items() if number is not None]
    return f" ({', '.join(needed)})" if needed else ""


def _bars_table(drawn: Sequence[StepTimes]) -> Table:
    rows: list[list[Cell | str]] = []
    for each in drawn:
        shares, edges = each.spread.bars
        rows += [
            [each.spread.label, span_cell(low), span_cell(high), share_cell(share)]
            for low, high, share in zip(edges[:-1].tolist(), edges[1:].tolist(), shares.tolist(), strict=True)
            if share
        ]
    titles = ("step", "longer than", "up to", "replications")
    return _without_empty(Table("timing-makespan-bars", titles, rows, "Share of replications by makespan, empty bars left out"), {"step"})


def _curves(times: Sequence[StepTimes]) -> Iterator[Block]:
    """Yield the figure of the probability that a step is over by a time, and its table."""
    drawn = _drawn(times)
    if not drawn:
        return
    groups = [[each for each in drawn if each.step == step] for step in dict.fromkeys(each.step for each in drawn)]
    yield Figure(
        "timing-over",
        _curves_title(drawn),
        curves([[each.spread for each in group] for group in groups]),
        "Probability that it is over by a time. " + " ".join(_by_in_words(each) for each in drawn),
        "Go up from a time to the curve: so many of 100 replications are over by then. A curve that ends below 100 % never gets there. "
        "Dashed red: limits.",
        f"{_replications(drawn)}; band: 95 % interval at each time (Clopper-Pearson).",
        _curves_table(drawn),
    )
    yield _reached_table(times)


def _curves_title(drawn: Sequence[StepTimes]) -> str:
    if len(drawn) > 1:
        over = [each for each in drawn if not isinstance(each.spread.quantiles["p95"]["value"], str)]
        short = [each for each in drawn if each not in over]
        what = drawn[0].done if len({each.done for each in drawn}) == 1 else "it is over"
        found = [f"{_by(each, 'p95')} ({each.spread.label})" for each in over[:4]]
        more = [f"{len(over) - 4} more are drawn"] if len(over) > 4 else []
        never = [f"{_ever(each)} ({each.spread.label})" for each in short[:4]]
        ends = [f"With 95 % probability {what} {', '.join([*found, *more])}"] if over else []
        at_all = "" if over else f"{what[:1].upper()}{what[1:]} "
        return "; ".join([*ends, f"{at_all}at all in only {', '.join(never)} of the replications"] if never else ends)
    each = drawn[0]
    if isinstance(each.spread.quantiles["p50"]["value"], str):
        return f"In only {_ever(each)} of the replications {each.done} at any time"
    reached = [name for name in SHARES if not isinstance(each.spread.quantiles[name]["value"], str)]
    found = [
        f"{_by(each, name)} with {name[1:]} %" for name in (reached if len(reached) < 2 else [reached[0], reached[-1]])
    ]  # all are below
    if len({clock.partition(" with")[0] for clock in found}) == 1 < len(found):
        found = [f"{_by(each, reached[0])} with {reached[0][1:]} % and with {reached[-1][1:]} %"]  # the same second
    title = f"{each.done[:1].upper()}{each.done[1:]} {' and '.join(found)} probability"
    return f"{title}, and with {_ever(each)} at any time" if each.spread.never else title


def _ever(each: StepTimes) -> str:
    """Return the share of the replications in which a step ends, sooner or later."""
    return f"{100 * (1 - each.spread.never / each.spread.n):.1f} %"


def _by(each: StepTimes, name: str) -> str:
    value = each.spread.quantiles[name]["value"]
    return "never" if isinstance(value, str) else f"by {clock_up(each.spread.at_s + value)}"


def _by_in_words(each: StepTimes) -> str:
    found = ", ".join(f"{name[1:]} % {_by(each, name)}" for name in SHARES)
    return f"{each.spread.label or each.done}: {found}."


def _curves_table(drawn: Sequence[StepTimes]) -> Table:
    rows: list[list[Cell | str]] = [
        [
            each.spread.label,
            Cell(clock_up(each.spread.at_s + after), each.spread.at_s + after),
            span_cell(after),
            share_cell(share),
            share_cell(low),
            share_cell(high),
        ]
        for each in drawn
        for after, share, low, high in _thinned(reached_rows(each.spread), MOST_FOLDED // len(drawn))
    ]
    titles = ("step", "clock time", "after its begin", "over by then", "95 % from", "95 % to")
    return _without_empty(Table("timing-over-points", titles, rows, "Probability that it is over by a time"), {"step"})


def _thinned(rows: Sequence[tuple[float, ...]], most: int) -> Sequence[tuple[float, ...]]:
    """Return every so many-th row, so that there are no more than wanted, and the last one always."""
    every = max(1, math.ceil(len(rows) / max(1, most)))
    return rows[::-1][::every][::-1]


def _reached_table(times: Sequence[StepTimes]) -> Table:
    """Return by when each step is over with 50, 90, 95 and 99 % probability."""
    rows: list[list[Cell | str]] = []
    for each in times:
        for name, share in SHARES.items():
            found, at = each.spread.quantiles[name], each.spread.at_s
            clocks = [
                f"{clock_up(at + end)}" if not isinstance(end, str) else end for end in (found["low"], found["high"]) if end is not None
            ]
            rows.append(
                [
                    each.spread.label,
                    each.done,
                    share_cell(share),
                    _clock_cell(found["value"], each),
                    " to ".join(dict.fromkeys(clocks)) or interval_text(found),
                ]
            )
    titles = ("variant or step", "what", "probability", "by", "95 % interval")
    return _without_empty(Table("timing-reached", titles, rows, "By when it is over", folded=True), {"variant or step"})


def _clock_cell(value: float | str, of: StepTimes) -> Cell:
    """Return by when it is over; "never" of what some replications reach says how many do: it is no probability of never."""
    if not isinstance(value, str):
        return Cell(clock_up(of.spread.at_s + value), of.spread.at_s + value)
    cell = span_cell(value)
    return replace(cell, text=f"{cell.text} so often: {_ever(of)} at all") if of.spread.never < of.spread.n else cell


def _phases(detail: Detail) -> Iterator[Block]:
    """Yield the table of what takes the time of each VM: medians of completed migrations."""
    lines = [line for line in detail.lines() if any(line["of_completed"].values())]
    where = f" ({detail.name})" if detail.name else ""
    left_out = [name for name, _ in PHASES if name not in detail.rows.columns]
    if not lines and len(left_out) < len(PHASES):
        yield Prose(f"No VM{where} was brought over, so no phase has a median.", "note")
        return
    there = [(name, title) for name, title in PHASES if any(line["of_completed"].get(name) for line in lines)]
    if left_out:
        yield Prose(f"Not stored{where}, because `--columns` left it out: {', '.join(f'`{name}`' for name in left_out)}.", "note")
    if not there:
        return
    listed = sorted(sorted(lines, key=_total, reverse=True)[:MOST_LISTED], key=lines.index)
    rows = [[line["step"], line["vm"], *(_median(line, name) for name, _ in there)] for line in listed]
    which = "each VM" if len(listed) == len(lines) else f"the {len(listed)} of {len(lines)} VMs that take longest"
    caption = f"What takes the time of {which}{where}: medians of {detail.replications:,} replications, completed migrations only"
    caption += "; in all: from the set-up to the end, without the check before it" if "total_s" in dict(there) else ""
    yield Table(f"timing-phases-{detail.key}", ["step", "VM", *(title for _, title in there)], rows, caption, len(rows) > FEW_ROWS)


def _total(line: Mapping[str, Any]) -> float:
    """Return the median of the whole migration, seconds; 0 where it is not known."""
    return _median(line, "total_s").value or 0.0


def _median(line: Mapping[str, Any], name: str) -> Cell:
    found = line["of_completed"].get(name)
    return span_cell(found["p50"]["value"] if found else None)
