"""Points side by side: SU /390 against SU x86, variants, or runs, by the differences of replications with the same draws."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from sim.errors import ResultsError
from sim.experiment.sides import Chosen, compared
from sim.report.page.blocks import Block, Cell, Figure, Heading, Listing, Prose, Section, Table
from sim.report.page.sections.sides.chart import label_of, show_difference, show_size, sides_drawing
from sim.report.page.source import Detail, Source
from sim.results.compare import Better, Compared, Comparison
from sim.vm2000.catalogue import SU_390

MOST_OTHERS, MOST_DRAWN, MOST_LISTED = 3, 12, 20  # points against the first one; VMs of a figure, VMs of a table
LONGEST = 40  # characters of a name beside others in a figure
DRAWN = ("makespan", "bytes sent", "total time", "downtime")
OF_VMS = ("downtime", "total time")
LESS = {"seconds": ("shorter", "longer"), "bytes": ("fewer", "more"), "share": ("less", "more")}


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two points and how they differ.

    Args:
        first, second: the points.
        names: what people call them here.
        found: how they differ.
        warnings: what a reader has to be warned of.
    """

    first: Detail
    second: Detail
    names: tuple[str, str]
    found: Comparison
    warnings: Sequence[str]

    @property
    def key(self) -> str:
        return f"{self.first.key}{self.second.key}"

    def of(self, quantity: str) -> list[Compared]:
        return [each for each in self.found.quantities if each.quantity == quantity]


def sides(source: Source) -> Section | None:
    """Return how each detailed point differs from the first one; None where there is one only."""
    if len(source.details) < 2:
        return None
    chosen = source.details[: MOST_OTHERS + 1]
    names, common = _names(chosen)
    types = [_su_types(detail) for detail in chosen]
    blocks: list[Block] = [Prose(f"All of them with {common}.", "soft")] if common else []
    if max(map(len, names)) > LONGEST:
        short = _short_names(types)
        blocks.append(Listing([f"{one}: {name}" for one, name in zip(short, names, strict=True)], "What is set side by side"))
        names = short
    for second, name in zip(chosen[1:], names[1:], strict=True):
        blocks += [Heading(f"{name} against {names[0]}")] if len(chosen) > 2 else []
        blocks += _against(chosen[0], second, (names[0], name), lead=second is chosen[1])
    return Section("sides", _title(source, types), [*blocks, *_how_to_read(chosen, types)])


def _title(source: Source, types: Sequence[frozenset[str]]) -> str:
    if any(each != types[0] for each in types[1:]):
        return "SU /390 against SU x86"
    return "Runs side by side" if len(source.runs) > 1 else "Variants side by side"


def _su_types(detail: Detail) -> frozenset[str]:
    return frozenset(str(line["su_type"]) for line in detail.lines())


def _names(details: Sequence[Detail]) -> tuple[list[str], str]:
    """Return what people call the points, and the settings that all have: where they have the same, names need not repeat them."""
    settings = [", ".join(f"{path}={value}" for path, value in (detail.entry["settings"] or {}).items()) for detail in details]
    short = [detail.name.removesuffix(settings[0]).removesuffix(", ") for detail in details]
    if settings[0] and len(set(settings)) == 1 and all(short) and len(set(short)) == len(short):
        return short, settings[0]
    return _without_folders(details, [detail.name or "the scenario" for detail in details]), ""


def _without_folders(details: Sequence[Detail], names: list[str]) -> list[str]:
    """Return names that begin with a folder without the folders above it, where they tell the points apart all the same."""
    short = [
        name.replace(detail.run.folder, PurePath(detail.run.folder).name, 1) if detail.run.label == detail.run.folder else name
        for detail, name in zip(details, names, strict=True)
    ]
    return short if len(set(short)) == len(short) and all(short) else names


def _short_names(types: Sequence[frozenset[str]]) -> list[str]:
    """Return names for points whose own ones are too long for a figure: SU types where these tell them apart, else letters."""
    if all(len(of) == 1 for of in types) and len(set(types)) == len(types):
        return [f"SU {name}" for of in types for name in of]
    return [chr(ord("A") + number) for number in range(len(types))]


def _quoted(name: str) -> str:
    """Return a name as it stands in a sentence: one that begins like a word of it is set in quotes."""
    return f"'{name}'" if name[:1].islower() else name


def _against(first: Detail, second: Detail, names: tuple[str, str], *, lead: bool) -> Iterator[Block]:
    """Yield what there is to say of a pair, or why nothing can be said."""
    try:
        found, warnings = compared(_chosen(first), _chosen(second))
    except ResultsError as error:
        yield Prose(f"{names[1]} and {names[0]} cannot be compared: {error}", "note")
        return
    pair = _Pair(first, second, names, found, warnings)
    yield Prose(_lead(pair), "lead" if lead else "")
    yield from (Prose(f"{warning[0].upper()}{warning[1:]}.", "note") for warning in warnings)
    shown = _most_apart(pair, MOST_DRAWN)
    if [each for each in shown if each.quantity in DRAWN]:
        yield _figure(pair, [each for each in shown if each.quantity in DRAWN])
    else:
        yield Prose("Neither makespans nor times of VMs can be compared: none is stored, or nothing was completed on both sides.")
    yield _table(pair)
    if any(each.better in {"first", "second"} for each in pair.of("share completed")):
        yield Prose("Fewer bytes and an earlier end say little where VMs are left behind: look first at how many arrive.", "note")
    only = [
        f"Only {name} has {', '.join(things)}." for name, things in zip(names, (found.only_first, found.only_second), strict=True) if things
    ]
    yield from (Prose(text, "soft") for text in only)
    yield Prose(f"`{_command(first, second)}` tells all of it, p99 and how migrations ended included.", "soft")


def _chosen(detail: Detail) -> Chosen:
    return Chosen(detail.run.folder, detail.point.name, detail.place, detail.run.facts, detail.run.contents)


def _command(first: Detail, second: Detail) -> str:
    """Return the command that compares two points in words."""
    if first.run is second.run:
        return shlex.join(["migr", "compare", first.run.folder, first.point.name, second.point.name])
    names = (
        [part for detail in (first, second) for part in ("--variant", detail.point.name)] if first.point.name or second.point.name else []
    )
    return shlex.join(["migr", "compare", first.run.folder, second.run.folder, *names])


def _most_apart(pair: _Pair, most: int) -> list[Compared]:
    """Return the quantities of the steps and of the VMs that lie furthest apart, all in their order.

    VMs that one side brings over more often come first, then those whose times differ most.
    """
    apart: dict[tuple[str, str], float] = {}
    for each in pair.found.quantities:
        if each.vm:
            size = abs(each.decisive.value) if each.kind == "seconds" else math.inf if each.better in {"first", "second"} else 0.0
            apart[each.step, each.vm] = max(apart.get((each.step, each.vm), 0.0), size)
    kept = set(sorted(apart, key=lambda of_vm: -apart[of_vm])[:most])
    return [each for each in pair.found.quantities if not each.vm or (each.step, each.vm) in kept]


def _lead(pair: _Pair) -> str:
    """Return the answer in a sentence: makespans, downtimes, and who arrives more often."""
    parts = [f"step {each.step} {_course(each)}" for each in pair.of("makespan")[:2]]
    parts += [told for told in [_told(pair, "downtime")] if told]
    arrived = [each for each in pair.of("share completed") if each.better in {"first", "second"}]
    for better, name in zip(("first", "second"), pair.names, strict=True):
        vms = [each.vm for each in arrived if each.better == better]
        if vms:
            parts.append(f"{_listed(vms)} {'arrives' if len(vms) == 1 else 'arrive'} more often with {name}")
    return f"With {_quoted(pair.names[1])} instead of {_quoted(pair.names[0])}: {'; '.join(parts) or 'nothing can be compared'}."


def _course(each: Compared) -> str:
    """Return what becomes of a step on the second side, as half a sentence."""
    if math.isinf(each.decisive.value):
        return (
            "never ends at the median, because VMs stay behind"
            if each.decisive.value > 0
            else "ends at the median, where else it never does"
        )
    return f"is {_change(each)}"


def _told(pair: _Pair, quantity: str, *, ends: bool = True) -> str:
    """Return what is to be said of a time of the VMs: of one its difference, of several how many differ and by how much."""
    found = pair.of(quantity)
    if not found:
        return ""
    if len(found) == 1:
        return f"{quantity} of {found[0].vm} {_change(found[0], ends=ends)}"
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


def _change(each: Compared, *, ends: bool = True) -> str:
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


def _figure(pair: _Pair, drawn: Sequence[Compared]) -> Figure:
    first, second = pair.names
    vms = {(each.step, each.vm) for each in pair.found.quantities if each.vm}
    shown = {(each.step, each.vm) for each in drawn if each.vm}
    few = "" if len(shown) == len(vms) or not shown else f" Drawn are the {len(shown)} of {len(vms)} VMs that lie furthest apart."
    lines = [f"{each.quantity} of {each.vm or each.step} {_change(each)}" for each in drawn]
    return Figure(
        key=f"{pair.key}differences",
        title=_headline(pair),
        drawing=sides_drawing(pair.names, drawn),
        alt=f"Differences of {second} to {first}, each with its 95 % interval: {'; '.join(lines)}.",
        reading=(
            f"Left of the line {second} needs less, right of it {first}; the mark is the median of the differences, the bar its interval. "
            "A bar that touches the line means that no difference can be told; then the mark is a grey diamond."
        ),
        sample=f"{_pairs(pair)}; intervals 95 %.{few}",
        numbers=_differences(f"{pair.key}apart", drawn),
    )


def _headline(pair: _Pair) -> str:
    told = [text for quantity in OF_VMS if _apart(pair, quantity) and (text := _told(pair, quantity, ends=False))]
    if not told:
        told = [f"step {each.step} {_course(each)}" for each in pair.of("makespan")[:2]]
        told += ["no difference to be told in the downtime of any VM"] if pair.of("downtime") else []
    return f"{_quoted(pair.names[1])} instead of {_quoted(pair.names[0])}: {'; '.join(told) or 'bytes sent'}"


def _apart(pair: _Pair, quantity: str) -> bool:
    """Return whether any VM differs in a quantity."""
    return any(each.better in {"first", "second"} for each in pair.of(quantity))


def _pairs(pair: _Pair) -> str:
    one, other = pair.found.replications
    if pair.found.paired:
        fewest = min(each.values[0] for each in pair.found.quantities)
        less = "" if fewest == one else f"; times of VMs are of those in which both sides brought them over, {fewest:,} at least"
        return f"n = {one:,} pairs of replications with the same random draws{less}"
    return f"n = {one:,} and {other:,} replications, which are no pairs: draws differ, and the difference is that of the medians"


def _differences(key: str, drawn: Sequence[Compared]) -> Table:
    """Return the numbers of the figure."""
    rows: list[tuple[Cell | str, ...]] = []
    for each in drawn:
        far = each.differences["p99"]
        rows.append(
            (
                label_of(each, [other for other in drawn if other.quantity == each.quantity]),
                each.quantity,
                Cell(f"{each.values[0]:,}", each.values[0]),
                *(_signed(each.kind, end) for of in (each.decisive, far) for end in (of.value, of.low, of.high)),
            )
        )
    titles = ("VM or step", "quantity", "values", "difference, median", "95 % from", "to", "difference of the p99", "95 % from ", "to ")
    return Table(key, titles, rows, "What the second has more than the first")


def _signed(kind: str, value: float | None) -> Cell:
    if value is None:
        return Cell("too few values")
    if math.isinf(value):
        return Cell("never ends" if value > 0 else "first never ends", value)
    return Cell(show_difference(kind, value), value)


def _table(pair: _Pair) -> Table:
    """Return the table of both sides and who is better."""
    listed = _most_apart(pair, MOST_LISTED)
    whole = {(each.step, each.vm) for each in pair.found.quantities if each.vm}
    shares = [each for each in listed if each.kind == "share" and each.better in {"equal", "neither"}]
    rows = [_row(pair, each, listed) for each in listed if each not in shares]
    caption = "Medians of both sides and their differences: less time, fewer bytes, more VMs that arrive are better"
    if len(whole) > MOST_LISTED:
        caption += f"; the {MOST_LISTED} of {len(whole)} VMs that lie furthest apart"
    titles = ("VM or step", "quantity", *pair.names, "difference", "95 % from", "to", "better")
    return Table(f"{pair.key}sides", titles, rows, caption, folded=len(rows) > MOST_DRAWN)


def _row(pair: _Pair, each: Compared, among: Sequence[Compared]) -> tuple[Cell | str, ...]:
    difference = each.decisive
    name = "p50" if "p50" in each.first else "share"
    same = [other for other in among if other.quantity == each.quantity]
    return (
        label_of(each, same),
        each.quantity,
        *(Cell(show_size(each.kind, side[name]), side[name]) for side in (each.first, each.second)),
        *(_signed(each.kind, end) for end in (difference.value, difference.low, difference.high)),
        _winner(pair, each.better),
    )


def _winner(pair: _Pair, better: Better) -> str:
    told = {"first": pair.names[0], "second": pair.names[1], "equal": "the same in every pair", "untold": "not told apart"}
    return told.get(better, "not judged")


def _how_to_read(details: Sequence[Detail], types: Sequence[frozenset[str]]) -> Iterator[Block]:
    """Yield what holds for all pairs."""
    if len({detail.run.folder for detail in details}) > 1:
        yield Prose(
            "These are runs of their own: whatever else differs between them, such as network, memory or load, is in the differences.",
            "note",
        )
    yield Prose(
        "An interval says what more replications would narrow, not what is assumed. Each holds for itself: of twenty statements about "
        "things that do not differ one is wrong on average.",
        "soft",
    )
    if any(each != types[0] for each in types[1:]):
        policies = sorted(
            {name for detail, of in zip(details, types, strict=True) if SU_390 in of for name in detail.entry["policies"] if len(of) == 1}
        )
        named = f" (`{_listed(policies)}` here)" if policies else ""
        yield Prose(
            f"How VM2000 decides on SU /390 when to stop a guest is not published: its side rests on an assumed policy{named}. A "
            "difference between the SU types is one between that assumption and what is modelled of SU x86.",
            "note",
        )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:5])}{' and others' if len(names) > 5 else ''}"
