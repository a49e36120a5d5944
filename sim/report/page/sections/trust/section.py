"""Section of the report: what no check here says, how well the numbers are known, and what was checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.report.layout import show_span
from sim.report.page.blocks import Block, Cell, Figure, Heading, Listing, Prose, Section, Table, span_cell
from sim.report.page.sections.trust.figures import MOST_DRAWN, Known, known_drawing, known_times
from sim.report.page.source import Detail, Source
from sim.report.text import OF_VM2000, engines
from sim.results.checks import Compared, Name
from sim.units import show_memory

HALF = 4  # an interval narrows with the square root of the replications
LAWS: dict[Name, tuple[str, str]] = {
    "parts": (
        "A migration takes as long as its set-up, pre-copy, downtime and clean-up together",
        "rounding: 9e-16 of the total",
    ),
    "stop": ("A downtime is at least as long as its last round", "nothing"),
    "bytes": ("At least the memory that the VM ever touched is sent", "nothing"),
    "link": ("A transfer takes at least as long as the link alone would need for its bytes", "rounding of clock times: 1 \u00b5s"),
    "step": (
        "A step lasts at least as long as its migrations, which an SU sends one at a time, together",
        "rounding of clock times: 1 \u00b5s",
    ),
}
INVARIANTS = (
    "A VM is live on exactly one SU, or on none while it is stopped in its own migration; it resumes only where it has memory.",
    "Bytes that are sent arrive: a transfer ends when its last byte is there, never before.",
    "No round sends more pages than are marked, and no more are marked than there are to send.",
    "No guest resumes without all of its last pages.",
    "An SU gives no memory that it does not have, and frees that of a VM that left.",
    "The messages of a migration are whole and in the order of the protocol, none twice.",
    "Every transfer, migration and step that begins is followed until it is over, completed or given up.",
)


def trust(source: Source) -> Section | None:
    """Return the section; None where no details are drawn."""
    if not source.details:
        return None
    blocks = [*_unsaid(source), *_known(source), *_checked(source), *_repeated(source), *_engines(source)]
    return Section("trust", "Can it be trusted", blocks)


def _known(source: Source) -> Iterator[Block]:
    """Yield how well times are known, and what more replications would do."""
    several = len(source.details) > 1
    times = [each for detail in source.details for each in known_times(detail, named=several)]
    yield Heading("How much chance leaves open, given the assumptions")
    for run in source.runs:
        yield from (Prose(run.summary[key]["text"]) for key in ("asked", "stopping") if key in run.summary)
    ordered = sorted((each for each in times if each.within is not None), key=lambda each: -(each.within or 0.0))
    if ordered:
        widest = ordered[0]
        yield Prose(
            f"As far as chance goes, the least certain of the times is the {widest.what}: {show_span(widest.value)}, known to within "
            f"{_percent(widest.within)}. Four times as many replications, {HALF * widest.replications:,} instead of "
            f"{widest.replications:,}, as a rule about halve that."
        )
        yield _figure(source, ordered, times)
    else:
        yield Prose("There are too few replications, or too few that end, for any interval of a time.", "note")
    yield from _without_interval(times)


def _without_interval(times: Sequence[Known]) -> Iterator[Block]:
    """Yield which times have no interval and why."""
    few = [each for each in times if each.low is None]
    if few:
        most = max(each.needed or 0 for each in few)
        yield Prose(
            f"{len(few):,} of {len(times):,} times {'has' if len(few) == 1 else 'have'} too few replications for an interval, such as "
            f"the {few[0].what} with {few[0].replications:,}; all have one from {most:,} replications on.",
            "note",
        )
    endless = [each for each in times if each.within is None and each.low is not None and each.value > 0.0]
    if endless:
        yield Prose(
            f"{len(endless):,} of {len(times):,} times {'is' if len(endless) == 1 else 'are'} without end or may be, such as the "
            f"{endless[0].what}: in too many replications a VM is left behind.",
            "note",
        )


def _figure(source: Source, ordered: Sequence[Known], times: Sequence[Known]) -> Figure:
    drawn = ordered[:MOST_DRAWN]
    every = "; ".join(f"{each.what}: {show_span(each.value)}, {show_span(each.low)} to {show_span(each.high)}" for each in drawn)
    n = sorted({detail.replications for detail in source.details})
    which = f"the {len(drawn)} widest of {len(ordered):,}" if len(drawn) < len(ordered) else f"all {len(drawn)}"
    which += " times" if len(ordered) == len(times) else f" times that have an interval, of {len(times):,}"
    return Figure(
        "known-within",
        f"Given the assumptions, chance leaves {_all(ordered, times)} open by at most {_percent(ordered[0].within)}",
        known_drawing(drawn),
        f"95 % intervals of times, widest first: {every}",
        "Each bar is where the true value of the model lies with 95 % confidence, seen from the estimate; wrong assumptions do not "
        "widen it.",
        f"n = {' to '.join(f'{each:,}' for each in (n[0], n[-1])[: len(n)])} replications; {which}; 95 % intervals between two "
        "of the simulated values, whatever their distribution (order statistics).",
        _known_table([*ordered, *(each for each in times if each.within is None)]),
    )


def _all(ordered: Sequence[Known], times: Sequence[Known]) -> str:
    which = f"all {len(times):,}" if len(ordered) == len(times) else f"{len(ordered):,} of {len(times):,}"
    return f"{which} times (p50, p90 and p99 of makespans and downtimes)"


def _known_table(times: Sequence[Known]) -> Table:
    titles = ["time", "estimate", "95 % from", "to", "known to within", "replications", "replications for half of that"]
    rows: list[list[Cell | str]] = [
        [
            each.what,
            span_cell(_json(each.value)),
            *([Cell(f"needs {each.needed:,}"), Cell("-")] if each.needed else [span_cell(_json(each.low)), span_cell(_json(each.high))]),
            Cell("-") if each.within is None else Cell(_percent(each.within), each.within),
            Cell(f"{each.replications:,}", each.replications),
            Cell("-") if each.within is None else Cell(f"{HALF * each.replications:,}", HALF * each.replications),
        ]
        for each in times
    ]
    return Table("known-within-numbers", titles, rows, "Makespans and downtimes with their 95 % intervals, the least certain first")


def _json(value: float | None) -> float | str | None:
    """Return a time as `span_cell` takes it."""
    return "never" if value == float("inf") else value


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2g} %"


def _checked(source: Source) -> Iterator[Block]:
    """Yield the laws and the invariants."""
    several = len(source.details) > 1
    found = [(detail, each) for detail in source.details for each in detail.gathered.laws.compared]
    rows = sum(detail.gathered.counted.migrations for detail in source.details)
    broken = [(detail, each) for detail, each in found if each.broken]
    yield Heading("What was checked")
    if broken:
        detail, each = broken[0]
        of = f" of {detail.name}" if detail.name else ""
        yield Prose(
            f"\u201c{LAWS[each.law.name][0]}\u201d does not hold in {each.broken:,} rows{of}. That is a mistake of this program: do not "
            "use the numbers, and report it with the scenario.",
            "note",
        )
    else:
        compared = len({each.law.name for _, each in found if each.rows})
        if compared:
            laws = f"{compared} laws that hold whatever is assumed were" if compared > 1 else "1 law that holds whatever is assumed was"
            yield Prose(
                f"{laws} compared on all {rows:,} stored rows of migrations, for this report: no row breaks {_one(compared)}. "
                "The table says by how much the closest row keeps each."
            )
        else:
            yield Prose("None of the laws that hold whatever is assumed could be compared: the table says why.", "note")
    titles = [*(["point"] if several else []), "law", "rows compared", "largest deviation", "closest row", "allowed", "verdict"]
    table = [[*([detail.name] if several else []), *_law(each)] for detail, each in found]
    yield Table("laws", titles, table, "Laws compared on every stored row", folded=several and not broken)
    yield Listing(INVARIANTS, f"Checked while it simulates: {_who_checks(source.details)}.")
    yield from _missing(source)


def _one(compared: int) -> str:
    return "one" if compared > 1 else "it"


def _law(each: Compared) -> list[Cell | str]:
    """Return the cells of a law."""
    text, allowed = LAWS[each.law.name]
    if each.lacking:
        why = f"not compared: --columns left out {', '.join(each.lacking)}"
        return [text, Cell("0", 0), "-", "-", allowed, Cell(why, tone="undecided")]
    if not each.rows:
        return [text, Cell("0", 0), "-", "-", allowed, Cell("nothing to compare", tone="soft")]
    verdict = Cell(f"broken in {each.broken:,} rows", tone="missed") if each.broken else Cell("holds", tone="met")
    deviation = Cell(_amount(each, each.deviation) if each.deviation else "none", each.deviation)
    closest = "-" if each.law.name == "parts" else Cell(_amount(each, each.smallest), each.smallest)
    return [text, Cell(f"{each.rows:,}", each.rows), deviation, closest, allowed, verdict]


def _amount(each: Compared, amount: float) -> str:
    """Return a margin as people read it; times below 10 ms with their power of ten."""
    if each.law.unit == "bytes":
        return f"{'-' if amount < 0.0 else ''}{show_memory(abs(amount))} more" if amount else "0 bytes more"
    if abs(amount) < 1e-2:  # what `show_span` would round to nothing
        return f"{amount:.2g} s"
    return show_span(amount) if amount > 0.0 else f"-{show_span(-amount)}"


def _who_checks(details: Sequence[Detail]) -> str:
    by_engine = {detail.entry["engine"] for detail in details}
    simpy = "in every replication that is simulated event by event"
    lockstep = (
        "where many replications are computed at once, in the first one of every part, which is simulated event by event as well and "
        "compared in all columns, bit by bit"
    )
    return "; ".join(text for engine, text in (("simpy", simpy), ("lockstep", lockstep)) if engine in by_engine)


def _missing(source: Source) -> Iterator[Block]:
    """Yield which replications are missing, because a check stopped their part."""
    lacking = [(run, each) for run in source.runs for each in run.summary.get("missing", ())]
    for run, each in lacking:
        name = " / ".join(part for part in (run.label, each["point"]) if part)
        of = f" of {name}" if name else ""
        yield Prose(
            f"Missing: {each['replications']:,} replications{of}. Their parts failed, so nothing is said of them here.",
            "note",
        )
    if not lacking:
        yield Prose("A broken one stops its part, whose replications are then missing. None is missing here.")


def _repeated(source: Source) -> Iterator[Block]:
    """Yield the replications that were repeated for this report."""
    several = len(source.details) > 1
    rows = [[*([detail.name] if several else []), *row] for detail in source.details for row in _again(detail)]
    yield Heading("What was repeated")
    if rows:
        yield Prose(
            "For this report the median and the longest replication were simulated again, each alone and event by event, and compared "
            "with what is stored: all values are equal, bit by bit."
        )
        titles = [*(["point"] if several else []), "replication", "which", "makespan", "equal rows: migrations", "steps", "messages"]
        yield Table("repeated", titles, rows, "Replications repeated event by event")
    if not rows and all(detail.run.repeatable for detail in source.details):
        yield Prose("None: without a step in the plan no replication is the median or the longest one.")
    if not all(detail.run.repeatable for detail in source.details):
        yield Prose(
            "The run was computed on a machine whose arithmetic rounds differently from this one, so no replication could be compared bit "
            "by bit here; `migr report` on that machine does.",
            "note",
        )


def _again(detail: Detail) -> Iterator[list[Cell | str]]:
    """Yield a row for each replication that was repeated."""
    again = detail.again
    stored = {
        number: any(each.start <= number < each.stop for each in detail.run.contents.pieces.get(("messages", detail.place), ()))
        for number in again
    }
    for which, found in (("median", detail.median), ("longest", detail.worst)):
        if found is None or found.replication not in again:
            continue
        alone = again[found.replication]
        messages = len(alone.journal.lines or ()) if stored[found.replication] else 0
        yield [
            Cell(f"{found.replication:,}", found.replication),
            f"{which} of {found.looked_at:,}",
            span_cell(_json(found.value)),
            *(Cell(f"{n:,}", n) for n in (len(alone.moves), len(alone.steps))),
            Cell(f"{messages:,}", messages) if messages else "not stored",
        ]


def _engines(source: Source) -> Iterator[Block]:
    """Yield which engine computed the points and why."""
    yield Heading("Which engine")
    yield Prose(
        "Two engines compute one model, and give the same bits wherever both can compute: one simulates event by event (SimPy), the other "
        "one computes many replications at once (lockstep)."
    )
    yield Listing(engines([detail.entry for detail in source.details]))


def _unsaid(source: Source) -> Iterator[Block]:
    """Yield what all of this says nothing about."""
    yield Heading("What this does not say")
    yield Prose(
        "Intervals tell what chance leaves open, and checks that the program does what its model says. Neither tells whether the "
        "assumptions are right: what each is, and what it changes, is under \u201cAssumptions and sources\u201d.",
        "note",
    )
    if any("vm2000" in detail.entry["policies"] for detail in source.details):
        yield Prose(OF_VM2000)
