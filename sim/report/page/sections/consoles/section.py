"""What operators see while a VM migrates: the sequence of messages, and the trace of the median replication."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sim.engine.journal import Line
from sim.experiment.storage.reading import batches
from sim.report.layout import clock, show_span
from sim.report.page.blocks import Block, Figure, Heading, Listing, Prose, Section
from sim.report.page.sections.consoles.sequence import LANES, RESUMED, SUSPENDED, Interlude, rows_of, sequence_drawing, sequence_table
from sim.report.page.source import Detail, Source
from sim.report.trace.consoles import TITLES, UNDOCUMENTED, chosen, listed, side_by_side
from sim.results.message_times import COLUMNS, MessageTimes, message_times
from sim.results.tables import arrow, message_rows
from sim.scenario.objectives import parse_objective
from sim.vm2000.catalogue import SU_390, SU_X86

TRACE_WIDTH, MOST_LINES = 132, 150
READING = (
    "Each row is a message, in the order of time, with a mark in the lane of the console that shows it; rows are equally far apart, "
    "whatever time passes between them. Arrows lead from what one SU prints to what the other one prints in its turn."
)
SPREADS = " The bars on the right say how much earlier or later than its median a message can appear."
NEARLY_S = 1.0  # medians of two points that are no further apart make the same chart
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


@dataclass(frozen=True, slots=True)
class _Chart:
    """A chart that is drawn.

    Args:
        name: of its point.
        vm: whose messages it shows.
        lines: id, consoles and number of each message, in the order of time.
        times: when they appear.
    """

    name: str
    vm: str
    lines: list[tuple[object, ...]]
    times: MessageTimes

    def apart_s(self, other: MessageTimes) -> float:
        """Return by how much the median of a message differs most, seconds."""
        pairs = zip(self.times.appearances, other.appearances, strict=True)
        return max(abs(a - b) for one, two in pairs for a, b in ((one.first_s[1], two.first_s[1]), (one.last_s[1], two.last_s[1])))


def consoles(source: Source) -> Section | None:
    """Return what the consoles of one VM show; None where no VM migrates."""
    blocks: list[Block] = []
    types: set[str] = set()
    charts: list[_Chart] = []
    shown: dict[str, str] = {}  # folder -> its VM: the same one in all of its points, so that they can be compared
    for detail in source.details:
        subject = _same(detail, shown.get(detail.run.folder, "")) or _subject(detail)
        if subject is None:
            continue
        shown.setdefault(detail.run.folder, subject.vm)
        types.add(str(subject.line["su_type"]))
        blocks += [Heading(detail.name)] if len(source.details) > 1 else []
        blocks += _of_point(detail, subject, first=detail is source.details[0], charts=charts)
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


def _of_point(detail: Detail, subject: _Subject, *, first: bool, charts: list[_Chart]) -> Iterator[Block]:
    """Yield chart and trace of a point; where an earlier one has the same messages at nearly the same times, only that."""
    times, stored = _times(detail, subject.vm)
    if times is not None and times.completed:
        chart = _Chart(detail.name, subject.vm, [(each.id, each.consoles, each.times) for each in times.appearances], times)
        alike = next((other for other in charts if other.lines == chart.lines and other.apart_s(times) <= NEARLY_S), None)
        if alike is not None:
            yield Prose(
                f"{subject.vm}: the same messages in the same order as with {alike.name}, at the median each no more than "
                f"{show_span(alike.apart_s(times))} earlier or later; they are not drawn again.{_command_of_trace(detail)}"
            )
            return
        charts.append(chart)
    yield from _sequence(detail, subject, times, stored=stored, first=first)
    yield from _trace(detail, subject)


def _command_of_trace(detail: Detail) -> str:
    """Return what prints the trace of the median replication, as a sentence; "" where it cannot be repeated."""
    number = next(_median_number(detail), None)
    return "" if number is None else f" `{_trace_command(detail, number)}` prints those of the median replication."


def _sequence(detail: Detail, subject: _Subject, times: MessageTimes | None, *, stored: bool, first: bool) -> Iterator[Block]:
    """Yield the chart, or why there is none."""
    if times is None:
        yield Prose(
            f"No messages are stored {_of(detail)}, and this machine rounds differently from the one that computed them, so that no "
            f"replication can be repeated here. {_how_to_store(detail)}"
        )
        return
    if not times.completed:
        told = f"In none of {times.replications:,} replications whose messages are stored" if stored else "In the median replication"
        yield Prose(
            f"{told} {subject.vm} was brought over to its target {_of(detail)}, so there is no sequence from VMS2450 to VMS2451 to show."
        )
        return
    yield Prose(_lead(times, subject), "lead" if first else "")
    yield _figure(detail, subject, times, stored=stored)


def _times(detail: Detail, vm: str) -> tuple[MessageTimes | None, bool]:
    """Return when messages appear, and whether they come from stored ones; else from the median replication, repeated."""
    if _has_messages(detail):
        return message_times(_batches(detail), vm), True
    for number in _median_number(detail):
        rows = message_rows(detail.point.name, detail.again[number])
        return message_times(arrow("messages", rows).to_batches(), vm), False
    return None, False


def _has_messages(detail: Detail) -> bool:
    return bool(detail.run.contents.pieces.get(("messages", detail.place)))


def _batches(detail: Detail) -> Iterator[pa.RecordBatch]:
    """Yield the stored messages of the point alone."""
    contents = detail.run.contents
    key = "messages", detail.place
    return batches(replace(contents, pieces={key: contents.pieces[key]}), "messages", COLUMNS)


def _median_number(detail: Detail) -> Iterator[int]:
    """Yield the median replication where it could be repeated."""
    if detail.median is not None and detail.median.replication in detail.again:
        yield detail.median.replication


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
        reading=READING + (SPREADS if times.completed > 1 else "") + why,
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
    elif times.completed == 1:
        text = f"n = 1 of {times.replications:,} replications with stored messages, so there are no bands."
    else:
        text = (
            f"n = {times.completed:,}: the first completed migration in each of {times.replications:,} replications with stored messages; "
            "bands hold 90 % of them, p5 to p95 (a spread, no interval of confidence)."
        )
    return f"{text} Pre-copy and standstill are medians of all {detail.replications:,} replications."


def _trace(detail: Detail, subject: _Subject) -> Iterator[Block]:
    """Yield the trace of the median replication; of the first one where it cannot be repeated."""
    for number in _median_number(detail):
        yield from _repeated_trace(detail, subject, number)
        return
    if _has_messages(detail):
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
    makespan = f"makespan {show_span(detail.median.value)}" if detail.median.value != float("inf") else "no finite makespan"
    only = f" Here are the lines of {subject.vm} only;" if of_one else ""
    which = f"Replication {number:,} is the one with the median makespan ({makespan}).{only}"
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
    for batch in _batches(detail):
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
