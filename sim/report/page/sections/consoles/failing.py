"""What operators see of an attempt that fails: the sequence of its messages, and the answer to a command that is rejected."""

from __future__ import annotations

from collections.abc import Iterator

from sim.report.layout import show_span
from sim.report.page.blocks import Block, Figure, Prose
from sim.report.page.sections.consoles.charts import Chart
from sim.report.page.sections.consoles.sequence import (
    LANES,
    READING,
    SPREADS,
    Interlude,
    rows_of,
    sequence_drawing,
    sequence_table,
    several,
    words_of,
)
from sim.report.page.sections.consoles.stored import has_messages, messages_of
from sim.report.page.source import Detail
from sim.results.message_times import FailingTimes, failing_times

BEGAN = ("aborted", "lost")  # outcomes of attempts of which consoles show more than the answer to the command
FAILED = (*BEGAN, "rejected")


def failing_blocks(detail: Detail, vm: str, charts: list[Chart]) -> Iterator[Block]:
    """Yield what consoles show of attempts that fail at a point; nothing where none does.

    Args:
        detail: the point.
        vm: the VM that the section shows; where its attempts do not fail, another one is shown.
        charts: of failing attempts, drawn already; what is drawn here joins them.
    """
    vm = _failing_vm(detail, vm)
    messages = messages_of(detail) if vm else None
    if messages is None:
        return
    found = failing_times(messages, vm)
    if found.times.counted:
        chart = Chart.of(detail.name, found.times)
        other = chart.alike(charts)
        if other is None:
            charts.append(chart)
            yield _figure(detail, found)
        else:
            yield Prose(
                f"{vm}, attempts that fail ({_often(found.failed, found)}): the same messages in the same order as with "
                f"\u201c{other.name}\u201d, {chart.apart(other)}; they are not drawn again."
            )
    if found.rejected:
        yield Prose(
            f"{vm}: {_often(found.rejected, found)} a command is rejected. The consoles of source, target and guest show nothing of it: "
            f"only who gave the command sees `{found.answer}`."
        )


def _failing_vm(detail: Detail, vm: str) -> str:
    """Return the VM itself where its attempts fail, else that whose attempts fail most often; "" where none fails."""
    reasons = [each for each in detail.entry["failures"]["reasons"] if each["outcome"] in FAILED]
    began = [each for each in reasons if each["outcome"] in BEGAN]
    counts: dict[str, int] = {}
    for each in began or reasons:
        for name, count in each["vms"].items():
            counts[name] = counts.get(name, 0) + count
    return vm if vm in counts else max(counts, key=lambda name: counts[name], default="")


def _often(count: int, found: FailingTimes) -> str:
    if found.times.replications == 1:
        return "in the median replication"
    some = f"{count:,} of" if count < found.times.replications else "all"
    return f"in {some} {found.times.replications:,} replications with stored messages"


def _figure(detail: Detail, found: FailingTimes) -> Figure:
    times, vm = found.times, found.times.vm
    rows = rows_of(times, None, None)
    shown = "; ".join(f"{words_of(each)} {show_span(each.first_s[1])}" for each in times.appearances)
    notes = ". ".join(row.text for row in rows if isinstance(row, Interlude))
    return Figure(
        key=f"{detail.key}failing",
        title=_title(found),
        drawing=sequence_drawing(times, rows),
        alt=f"Messages of an attempt to migrate {vm} that fails, in the order of time, median times after VMS2450: {shown}. {notes}",
        reading=f"{READING}{several(times)}{SPREADS if times.counted > 1 else ''} Behind [migr] stand our words: what the product "
        "prints there is not published.",
        sample=_sample(detail, found),
        numbers=sequence_table(f"{detail.key}failingmessages", times, "the first attempt that fails"),
    )


def _title(found: FailingTimes) -> str:
    """Return why and when the attempt fails, and when it is over."""
    times = found.times
    shown = [each for each in times.appearances if not LANES.keys().isdisjoint(each.consoles)]
    over_s = shown[-1].last_s[1]
    why = next((each for each in shown if each.text == found.why), None)
    if why is None:
        return f"{times.vm}, an attempt that fails: over {show_span(over_s)} after VMS2450"
    words = f"{times.vm}, an attempt that fails: \u201c{words_of(why)}\u201d {show_span(why.first_s[1])} after VMS2450"
    return f"{words}, all over {show_span(over_s - why.first_s[1])} later"


def _sample(detail: Detail, found: FailingTimes) -> str:
    times = found.times
    if not has_messages(detail):
        return "n = 1: the median replication, repeated, so there are no bands; `--messages 200` stores more."
    others = found.failed - times.counted
    some = f"{times.counted:,} of " if times.counted < times.replications else ""
    text = f"n = {times.counted:,}: the first attempt that fails in each of {some}{times.replications:,} replications with stored messages"
    text += f"; in {others:,} more it fails for another reason." if others else "."
    return text + (" Bands hold 90 % of them, p5 to p95 (a spread, no interval of confidence)." if times.counted > 1 else "")
