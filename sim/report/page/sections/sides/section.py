"""Points side by side: SU /390 against SU x86, variants, or runs, by the differences of replications with the same draws."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from sim.errors import ResultsError
from sim.experiment.sides import Chosen, compared
from sim.report.page.blocks import Block, Figure, Heading, Listing, Prose, Section
from sim.report.page.sections.sides.chart import sides_drawing
from sim.report.page.sections.sides.pair import MOST_DRAWN, Pair, most_apart
from sim.report.page.sections.sides.tables import both_sides, differences
from sim.report.page.sections.sides.words import answer_of, change, headline, listed, pairs
from sim.report.page.source import Detail, Source
from sim.results.compare import Compared
from sim.scenario.sweep import variant_of
from sim.vm2000.catalogue import SU_390

MOST_OTHERS = 3  # points against the first one
LONGEST = 40  # characters of a name beside others in a figure
DRAWN = ("makespan", "bytes sent", "total time", "downtime")


def sides(source: Source) -> Section | None:
    """Return how each detailed point differs from the first one; None where there is one only."""
    if len(source.details) < 2:
        return None
    chosen = _alike(source.details)[: MOST_OTHERS + 1]
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


def _alike(details: Sequence[Detail]) -> Sequence[Detail]:
    """Return of a sweep the points with the settings of the first one, SU types apart, where there are any: else all."""

    def rest(detail: Detail) -> dict[str, str]:
        return {path: value for path, value in (detail.entry["settings"] or {}).items() if not re.fullmatch(r"clusters\..+\.type", path)}

    alike = [detail for detail in details if rest(detail) == rest(details[0])]
    return alike if len(alike) > 1 else details


def _title(source: Source, types: Sequence[frozenset[str]]) -> str:
    if any(each != types[0] for each in types[1:]):
        return "SU /390 against SU x86"
    return "Runs side by side" if len(source.runs) > 1 else "Variants side by side"


def _su_types(detail: Detail) -> frozenset[str]:
    return frozenset(str(line["su_type"]) for line in detail.lines())


def _names(details: Sequence[Detail]) -> tuple[list[str], str]:
    """Return what people call the points, and the settings that all have: where they have the same, names need not repeat them."""
    settings = [", ".join(f"{path}={value}" for path, value in (detail.entry["settings"] or {}).items()) for detail in details]
    variants = [variant_of(detail.point.name, detail.entry["settings"] or {}) for detail in details]
    short = [" / ".join(part for part in (detail.run.label, variant) if part) for detail, variant in zip(details, variants, strict=True)]
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


def _against(first: Detail, second: Detail, names: tuple[str, str], *, lead: bool) -> Iterator[Block]:
    """Yield what there is to say of a pair, or why nothing can be said."""
    try:
        found, warnings = compared(_chosen(first), _chosen(second))
    except ResultsError as error:
        yield Prose(f"{names[1]} and {names[0]} cannot be compared: {error}", "note")
        return
    pair = Pair(first, second, names, found, warnings)
    yield Prose(answer_of(pair), "lead" if lead else "")
    yield from (Prose(f"{warning[0].upper()}{warning[1:]}.", "note") for warning in warnings)
    shown = most_apart(pair, MOST_DRAWN)
    drawn = [each for each in shown if each.quantity in DRAWN and pair.better(each) == each.better]
    if drawn:
        yield _figure(pair, drawn)
    else:
        yield Prose("Neither makespans nor times of VMs can be compared: none is stored, or nothing was completed on both sides.")
    yield both_sides(pair)
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


def _figure(pair: Pair, drawn: Sequence[Compared]) -> Figure:
    first, second = pair.names
    vms = {(each.step, each.vm) for each in pair.found.quantities if each.vm}
    shown = {(each.step, each.vm) for each in drawn if each.vm}
    few = "" if len(shown) == len(vms) or not shown else f" Drawn are the {len(shown)} of {len(vms)} VMs that lie furthest apart."
    lines = [f"{each.quantity} of {each.vm or each.step} {change(each)}" for each in drawn]
    return Figure(
        key=f"{pair.key}differences",
        title=headline(pair),
        drawing=sides_drawing(pair.names, drawn),
        alt=f"Differences of {second} to {first}, each with its 95 % interval: {'; '.join(lines)}.",
        reading=(
            f"Left of the line {second} needs less, right of it {first}; the mark is the median of the differences, the bar its interval. "
            "A bar that touches the line means that no difference can be told; then the mark is a grey diamond."
        ),
        sample=f"{pairs(pair)}; intervals 95 %.{few}",
        numbers=differences(f"{pair.key}apart", drawn),
    )


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
    if any(detail.run.swept for detail in details):
        yield Prose(
            "Of a sweep the first point of each variant or SU type is set side by side here, or where there is one variant all that are "
            "drawn in full; `--variant NAME` of `migr report`, given for two points, sets others side by side, and the section on sweeps "
            "has all points.",
            "soft",
        )
    if any(each != types[0] for each in types[1:]):
        policies = sorted(
            {name for detail, of in zip(details, types, strict=True) if SU_390 in of for name in detail.entry["policies"] if len(of) == 1}
        )
        named = f" (`{listed(policies)}` here)" if policies else ""
        yield Prose(
            f"How VM2000 decides on SU /390 when to stop a guest is not published: its side rests on an assumed policy{named}. A "
            "difference between the SU types is one between that assumption and what is modelled of SU x86.",
            "note",
        )
