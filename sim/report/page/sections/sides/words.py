"""What differs between two points, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.report.page.sections.sides.chart import show_size
from sim.report.page.sections.sides.pair import Pair
from sim.results.compare import Better, Compared

OF_VMS = ("downtime", "total time")
LESS = {"seconds": ("shorter", "longer"), "bytes": ("fewer", "more"), "share": ("less", "more")}


def answer_of(pair: Pair) -> str:
    """Return the answer in a sentence: makespans, downtimes, and who arrives more often."""
    parts = [f"step {each.step} {course(each)}" for each in pair.of("makespan")[:2]]
    parts += [told for told in [times_of_vms(pair, "downtime")] if told]
    arrived = [each for each in pair.of("share completed") if each.better in {"first", "second"}]
    for better, name in zip(("first", "second"), pair.names, strict=True):
        vms = [each.vm for each in arrived if each.better == better]
        if vms:
            parts.append(f"{listed(vms)} {'arrives' if len(vms) == 1 else 'arrive'} more often with {name}")
    return f"With {quoted(pair.names[1])} instead of {quoted(pair.names[0])}: {'; '.join(parts) or 'nothing can be compared'}."


def course(each: Compared) -> str:
    """Return what becomes of a step on the second side, as half a sentence."""
    if math.isinf(each.decisive.value):
        return (
            "never ends at the median, because VMs stay behind"
            if each.decisive.value > 0
            else "ends at the median, where else it never does"
        )
    return f"is {change(each)}"


def times_of_vms(pair: Pair, quantity: str, *, ends: bool = True) -> str:
    """Return what is to be said of a time of the VMs: of one its difference, of several how many differ and by how much."""
    found = pair.of(quantity)
    if not found:
        return ""
    if len(found) == 1:
        return f"{quantity} of {found[0].vm} {change(found[0], ends=ends)}"
    number = {better: sum(each.better == better for each in found) for better in ("first", "second", "equal", "untold")}
    if number["equal"] == len(found):
        return f"{quantity} the same for all {len(found)} VMs in every pair"
    parts = [_counted(found, "second", "shorter"), _counted(found, "first", "longer")]
    parts += [f"the same for {number['equal']}"] if number["equal"] else []
    parts += [f"not told apart for {number['untold']}"] if number["untold"] else []
    return f"{quantity} {', '.join(part for part in parts if part)} of {len(found)} VMs".replace(
        f"for {len(found)} of {len(found)} VMs", f"for all {len(found)} VMs"
    )


def _counted(found: Sequence[Compared], better: Better, word: str) -> str:
    """Return for how many VMs a time is shorter or longer, and by how much."""
    sizes = sorted(abs(each.decisive.value) for each in found if each.better == better)
    if not sizes:
        return ""
    near, far = show_size("seconds", sizes[0]), show_size("seconds", sizes[-1])
    by = f"{near}" if near == far else f"{near} to {far}"
    return f"{by} {word} for {len(sizes)}"


def change(each: Compared, *, ends: bool = True) -> str:
    """Return what the second side has more or less in words, with its interval where `ends` are wanted."""
    difference = each.decisive
    if each.better == "equal":
        return "as long in every pair" if each.kind == "seconds" else "the same in every pair"
    if difference.low is None or difference.high is None:
        return f"{_one(each, difference.value)} (too few replications for an interval)"
    if difference.low <= 0 <= difference.high:
        return f"about as long ({_one(each, difference.low)} to {_one(each, difference.high)})"
    near, far = sorted((abs(difference.low), abs(difference.high)))
    if math.isinf(far):
        return _one(each, difference.value)
    shown = show_size(each.kind, near), show_size(each.kind, far)
    return _one(each, difference.value) + (f" ({' to '.join(shown)})" if ends and shown[0] != shown[1] else "")


def _one(each: Compared, value: float) -> str:
    if math.isinf(value):
        return "an end where the other one has none" if value < 0 else "without end where the other one has one"
    return f"{show_size(each.kind, abs(value))} {LESS[each.kind][value > 0]}" if value else "no difference"


def headline(pair: Pair) -> str:
    """Return the title of the figure."""
    told = [text for quantity in OF_VMS if _apart(pair, quantity) and (text := times_of_vms(pair, quantity, ends=False))]
    if not told:
        told = [f"step {each.step} {course(each)}" for each in pair.of("makespan")[:2]]
        told += ["no difference to be told in the downtime of any VM"] if pair.of("downtime") else []
    return f"{quoted(pair.names[1])} instead of {quoted(pair.names[0])}: {'; '.join(told) or 'bytes sent'} (medians)"


def _apart(pair: Pair, quantity: str) -> bool:
    """Return whether any VM differs in a quantity."""
    return any(each.better in {"first", "second"} for each in pair.of(quantity))


def pairs(pair: Pair) -> str:
    """Return how many replications are compared, and whether they are pairs."""
    one, other = pair.found.replications
    if pair.found.paired:
        fewest = min(each.values[0] for each in pair.found.quantities)
        less = "" if fewest == one else f"; times of VMs are of those in which both sides brought them over, {fewest:,} at least"
        return f"n = {one:,} pairs of replications with the same random draws{less}"
    return f"n = {one:,} and {other:,} replications, which are no pairs: draws differ, and the difference is that of the medians"


def quoted(name: str) -> str:
    """Return a name as it stands in a sentence: one that begins like a word of it is set in quotes."""
    return f"'{name}'" if name[:1].islower() else name


def listed(names: Sequence[str]) -> str:
    """Return names in a row, the first five where they are many."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:5])}{' and others' if len(names) > 5 else ''}"
