"""What operators see while a VM migrates: the sequence of messages, and the trace of the median replication."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sim.engine.journal import Line
from sim.report.layout import clock, show_span
from sim.report.page.blocks import Block, Figure, Heading, Listing, Prose, Section
from sim.report.page.sections.consoles.charts import Chart
from sim.report.page.sections.consoles.failing import failing_blocks
from sim.report.page.sections.consoles.sequence import (
    LANES,
    READING,
    RESUMED,
    SPREADS,
    SUSPENDED,
    Interlude,
    rows_of,
    sequence_drawing,
    sequence_table,
    several,
)
from sim.report.page.sections.consoles.stored import has_messages, median_number, messages_of, stored_messages
from sim.report.page.source import Detail, Source
from sim.report.trace.consoles import TITLES, UNDOCUMENTED, chosen, listed, side_by_side
from sim.results.message_times import MessageTimes, message_times
from sim.scenario.objectives import parse_objective
from sim.vm2000.catalogue import SU_390, SU_X86

TRACE_WIDTH, MOST_LINES = 132, 150
FOLDED = 12  # lines of a trace from which on it is closed until somebody opens it


@dataclass(frozen=True, slots=True)
class _Subject:
    """The VM whose messages are shown.

    Args:
        line: its line in summary.json.
        why: why this one.
    """

    line: dict[str, Any]
    why: str

    @property
    def vm(self) -> str:
        return str(self.line["vm"])

    def median(self, column: str) -> float | None:
        """Return the p50 of completed migrations; None where there is none or the column was not stored."""
        entry = (self.line.get("of_completed") or {}).get(column) or {}
        value = (entry.get("p50") or {}).get("value")
        return value if isinstance(value, int | float) else None


def consoles(source: Source) -> Section | None:
    """Return what the consoles of one VM show; None where no VM migrates."""
    blocks: list[Block] = []
    types: set[str] = set()
    charts: list[Chart] = []
    failing: list[Chart] = []
    shown: dict[str, str] = {}  # folder -> its VM: the same one in all of its points, so that they can be compared
    for detail in source.details:
        subject = _same(detail, shown.get(detail.run.folder, "")) or _subject(detail)
        if subject is None:
            continue
        shown.setdefault(detail.run.folder, subject.vm)
        types.add(str(subject.line["su_type"]))
        blocks += [Heading(detail.name)] if len(source.details) > 1 else []
        blocks += _of_point(detail, subject, charts, failing)
    return Section("consoles", "What the consoles show", [*blocks, *_limits(types)]) if blocks else None


def _subject(detail: Detail) -> _Subject | None:
    """Return the VM of the first objective that names one, else that with the longest total."""
    lines = detail.lines()
    for entry in detail.entry["objectives"]:
        metric = parse_objective(entry["objective"]).metric
        found = next((line for line in lines if metric is not None and line["vm"] == metric.of), None)
        if found is not None:
            return _Subject(found, "the first objective that names a VM names it")
    subjects = [_Subject(line, "its migration takes longest, at the median") for line in lines]
    known = [each for each in subjects if each.median("total_s") is not None]
    if known:
        return max(known, key=lambda each: each.median("total_s") or 0.0) if len(known) > 1 else replace(known[0], why="")
    return replace(subjects[0], why="the first of the plan: no total time of any VM is known") if subjects else None


def _same(detail: Detail, vm: str) -> _Subject | None:
    """Return a VM that another point of the run shows, where this point has it too."""
    line = next((line for line in detail.lines() if line["vm"] == vm), None)
    return None if line is None else _Subject(line, "")


def _of_point(detail: Detail, subject: _Subject, charts: list[Chart], failing: list[Chart]) -> Iterator[Block]:
    """Yield charts and trace of a point; where an earlier one has the same messages at nearly the same times, only that.

    Args:
        detail: the point.
        subject: whose messages are shown.
        charts: of completed migrations, drawn for earlier points.
        failing: likewise, of attempts that fail.
    """
    messages = messages_of(detail)
    times, stored = None if messages is None else message_times(messages, subject.vm), has_messages(detail)
    chart = Chart.of(detail.name, times) if times is not None and times.counted else None
    alike = None if chart is None else chart.alike(charts)
    if chart is None or alike is None:
        yield from _sequence(detail, subject, times, stored=stored, first=not charts and chart is not None)
        charts += [chart] if chart is not None else []
        yield from failing_blocks(detail, subject.vm, failing)
        yield from _trace(detail, subject)
        return
    brought_over = "once it is brought over, " if detail.entry["failures"]["reasons"] else ""
    yield Prose(
        f"{subject.vm}: {brought_over}the same messages in the same order as with \u201c{alike.name}\u201d, {chart.apart(alike)}; "
        f"they are not drawn again.{_command_of_trace(detail)}"
    )
    yield from failing_blocks(detail, subject.vm, failing)


def _command_of_trace(detail: Detail) -> str:
    """Return what prints the trace of the median replication, as a sentence; "" where it cannot be repeated."""
    number = next(median_number(detail), None)
    return "" if number is None else f" `{_trace_command(detail, number)}` prints those of the median replication."


def _sequence(detail: Detail, subject: _Subject, times: MessageTimes | None, *, stored: bool, first: bool) -> Iterator[Block]:
    """Yield the chart, or why there is none."""
    if times is None:
        yield Prose(
            f"No messages are stored {_of(detail)}, and this machine rounds differently from the one that computed them, so that no "
            f"replication can be repeated here. {_how_to_store(detail)}"
        )
        return
    if not times.counted:
        if stored:
            told = f"In none of the {times.replications:,} replications with stored messages was {subject.vm} brought over to its target"
        else:
            told = f"In the median replication {subject.vm} was not brought over to its target"
        yield Prose(f"{told}, so there is no sequence from VMS2450 to VMS2451 to show.")
        return
    yield Prose(_lead(times, subject), "lead" if first else "")
    yield _figure(detail, subject, times, stored=stored)


def _lead(times: MessageTimes, subject: _Subject) -> str:
    """Return how much an operator sees, and when nothing."""
    lines = sum(each.times[1] for each in times.appearances if not LANES.keys().isdisjoint(each.consoles))
    text = f"Of one migration of {subject.vm} the consoles of source, target and guest show {lines} line{'s' if lines != 1 else ''}"
    precopy = subject.median("precopy_s")
    ids = {each.id for each in times.appearances}
    if precopy is None or ids.isdisjoint(SUSPENDED):
        return f"{text}."
    return f"{text}, and none for {show_span(precopy)} while the pre-copy runs: as it is modelled, that silence alone is no fault."


def _figure(detail: Detail, subject: _Subject, times: MessageTimes, *, stored: bool) -> Figure:
    rows = rows_of(times, subject.median("precopy_s"), subject.median("downtime_s"))
    notes = [row.text for row in rows if isinstance(row, Interlude)]
    shown = "; ".join(f"{each.id} {show_span(each.first_s[1])}" for each in times.appearances)
    why = f" {subject.vm} is shown because {subject.why}." if subject.why else ""
    return Figure(
        key=f"{detail.key}sequence",
        title=_title(times, subject),
        drawing=sequence_drawing(times, rows),
        alt=f"Messages of the migration of {subject.vm} in the order of time, median times after VMS2450: {shown}. {'. '.join(notes)}",
        reading=READING + several(times) + (SPREADS if times.counted > 1 else "") + why,
        sample=_sample(detail, times, stored=stored),
        numbers=sequence_table(f"{detail.key}messages", times),
    )


def _title(times: MessageTimes, subject: _Subject) -> str:
    ids = {each.id for each in times.appearances}
    precopy, downtime = subject.median("precopy_s"), subject.median("downtime_s")
    if not ids.isdisjoint(RESUMED) and precopy is not None and downtime is not None:
        return f"{subject.vm}: {show_span(precopy)} of pre-copy without a message, then the guest stands still for {show_span(downtime)}"
    whole = show_span(subject.median("total_s") or times.appearances[-1].last_s[1])
    if ids.isdisjoint(SUSPENDED):
        return f"{subject.vm}: {whole} from VMS2450 to VMS2451; no guest runs in it, so none is suspended or resumed"
    return f"{subject.vm}: {whole} from VMS2450 to VMS2451"


def _sample(detail: Detail, times: MessageTimes, *, stored: bool) -> str:
    if not stored:
        text = "n = 1: the median replication, repeated, so there are no bands; `--messages 200` stores more."
    elif times.counted == 1:
        text = f"n = 1 of {times.replications:,} replications with stored messages, so there are no bands."
    else:
        text = (
            f"n = {times.counted:,}: the first completed migration in each of {_completing(times)} with stored messages; "
            "bands hold 90 % of them, p5 to p95 (a spread, no interval of confidence)."
        )
    return (
        f"{text} Pre-copy and standstill are medians of the completed migrations of all {detail.replications:,} replications, so they can "
        "differ a little from what lies between the rows."
    )


def _completing(times: MessageTimes) -> str:
    """Return in how many replications the VM was brought over."""
    some = f"{times.counted:,} of " if times.counted < times.replications else ""
    return f"{some}{times.replications:,} replications"


def _trace(detail: Detail, subject: _Subject) -> Iterator[Block]:
    """Yield the trace of the median replication; of the first one where it cannot be repeated."""
    for number in median_number(detail):
        yield from _repeated_trace(detail, subject, number)
        return
    if has_messages(detail):
        lines = _stored_lines(detail, subject.vm)
        if lines:
            yield Prose(
                "The replication with the median makespan cannot be repeated on this machine; "
                f"these are the stored lines of {subject.vm} in replication 0."
            )
            yield Listing(lines[:MOST_LINES], f"Console trace of {subject.vm}, replication 0{_cut(len(lines))}", console=True, folded=True)


def _repeated_trace(detail: Detail, subject: _Subject, number: int) -> Iterator[Block]:
    lines = detail.again[number].journal.in_order()
    shown, of_one = _fitting(lines, subject.vm)
    assert detail.median is not None  # noqa: S101 - its number was found
    only = f" Here are the lines of {subject.vm} only;" if of_one else ""
    if detail.median.value == float("inf"):
        which = f"At the median the plan never comes to its end; replication {number:,} is one of those.{only}"
    else:
        which = f"Replication {number:,} is the one with the median makespan ({show_span(detail.median.value)}).{only}"
    yield Prose(f"{which} `{_trace_command(detail, number)}` prints all of it.")
    whose = f" of {subject.vm}" if of_one else ""
    title = f"Console trace{whose}, replication {number:,}, in the layout of `migr trace`{_cut(len(shown))}".replace("`", "")
    yield Listing(shown[:MOST_LINES], title, console=True, folded=len(shown) > FOLDED)


def _trace_command(detail: Detail, number: int) -> str:
    variant = ["--variant", detail.point.name] if detail.point.name else []
    return shlex.join(["migr", "trace", detail.run.folder, "--replication", str(number), *variant])


def _fitting(lines: list[Line], vm: str) -> tuple[list[str], bool]:
    """Return the trace as lines, and whether it is that of one VM because all of it would be too long."""
    if len(lines) <= MOST_LINES:  # a line of the table each, at least: of more the layout need not be worked out
        text = side_by_side(lines, TRACE_WIDTH).splitlines()
        if len(text) <= MOST_LINES:
            return text, False
    of_vm = chosen(lines, vm, None)
    text = side_by_side(of_vm, TRACE_WIDTH).splitlines()
    return text if len(text) <= MOST_LINES else listed(of_vm).splitlines(), True


def _cut(lines: int) -> str:
    return f", the first {MOST_LINES} of {lines:,} lines" if lines > MOST_LINES else ""


def _stored_lines(detail: Detail, vm: str) -> list[str]:
    """Return the stored lines of a VM in replication 0, in the layout of `migr trace`."""
    found: list[str] = []
    for batch in stored_messages(detail):
        rows = batch.filter(pc.and_(pc.equal(batch["replication"], pa.scalar(0)), pc.equal(batch["vm"], pa.scalar(vm))))
        for row in rows.to_pylist():
            where = next((title for recipient, title in TITLES.items() if recipient in row["consoles"].split(",")), "administrators")
            found.append(f"{clock(row['time_s'])}  {where:<14}  {row['text']}")
        if batch["replication"][-1].as_py() > 0:
            break
    return found


def _limits(types: set[str]) -> Iterator[Block]:
    """Yield what is not published of what was shown."""
    yield Prose(
        "Ids and texts in capital letters are the product's. Words in square brackets are ours: the id is published and its text is not, "
        "or, behind [migr], not even the id.",
        "soft",
    )
    if SU_390 in types:
        yield Prose(" ".join(UNDOCUMENTED.split()) + " The times rest on assumptions: VM2000's policy on SU /390 is not published.", "note")
    if SU_X86 in types:
        yield Prose(
            "Not documented: the order of messages between two SUs x86. Shown is the one that cause and effect give, an assumption [A14].",
            "note",
        )


def _how_to_store(detail: Detail) -> str:
    kept = "A sweep stores messages only with `--messages`; " if detail.run.swept else ""
    text = f"{kept}`{_command(detail)}` stores those of the first 200 replications."
    return text[0].upper() + text[1:]


def _command(detail: Detail) -> str:
    """Return the command of the run, with messages."""
    command = [str(part) for part in detail.run.facts.get("command") or ["migr", "run", detail.run.loaded.label]]
    if "--messages" in command:
        place = command.index("--messages")
        command = command[:place] + command[place + 2 :]
    return shlex.join([*command, "--messages", "200"])


def _of(detail: Detail) -> str:
    return f"of {detail.name}" if detail.name else "of this run"
