"""Section of the report: who converges, who cannot, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sim.experiment.probing.convergence_map import convergence_map, why_no_map
from sim.experiment.probing.settling import Pace
from sim.model.load import PAGE
from sim.report.page.blocks import Block, Cell, Figure, Heading, Listing, Prose, Section, Table, Tone, share_cell
from sim.report.page.sections.convergence.curve import Settling, curve_figure
from sim.report.page.sections.convergence.grid import grid_figure
from sim.report.page.sections.convergence.rounds import rounds_figure
from sim.report.page.sections.convergence.verdicts import WORST, Word, nearest_to, rule_of, why, word_of, worst_of
from sim.report.page.source import Detail, Source
from sim.results.rounds_left import RoundsLeft, rounds_left
from sim.units import show_rate

MOST_NAMES, MOST_LISTED = 6, 30
Alike = tuple[object, ...]
TONES: dict[Word, Tone] = {"one pass": "met", "converges": "met", "near the limit": "undecided", "cannot": "missed"}
TITLES = (
    "VM",
    "step",
    "SU type",
    "verdict",
    "rounds, median",
    "rounds, most",
    "sent over touched memory, median",
    "sent at, live",
    "dirtied per second in its last round",
    "dirtied over sent, last round",
    "aborted at the chase limit",
)


CONSTANT = ("step", "SU type", "sent at, live", "aborted at the chase limit")  # left out where all rows have the same


def convergence(source: Source) -> Section | None:
    """Return the section; None where the report has no point in detail."""
    drawn: dict[Alike, str] = {}
    blocks = [block for detail in source.details for block in _point(detail, drawn)]
    if not blocks:
        return None
    rule = rule_of(cluster.policy for detail in source.details for cluster in detail.point.clusters)
    return Section("convergence", "Convergence", [*blocks, *_assumed(source), Listing(rule, "The words, by rule")])


def _point(detail: Detail, drawn: dict[Alike, str]) -> list[Block]:
    """Return what is to be said of a point.

    Args:
        detail: the point.
        drawn: points whose figures are there already, by what these show; this one is added.
    """
    replications, tables = detail.sample
    found = rounds_left(tables["migrations"], tables["rounds"])
    name: list[Block] = [Heading(detail.name)] if detail.name else []
    if not found:
        return [*name, Prose("No migration was completed or aborted at the chase limit: what ended them is among the failures.")]
    paces = [Pace.of(detail.site, of.vm, of.source, of.target, of.began_s) for of in found]
    words = [word_of(of, pace) for of, pace in zip(found, paces, strict=True)]
    return [
        *name,
        Prose(_lead(found, words), "lead"),
        *_reasons(found, paces, words),
        *_figures(detail, found, words, replications, drawn),
        _table(detail, found, paces, words, replications),
        *_missing(detail),
    ]


def _lead(found: Sequence[RoundsLeft], words: Sequence[Word]) -> str:
    """Return the sentence that answers: who converges, who does not."""
    named = {word: list(dict.fromkeys(of.vm for of, each in zip(found, words, strict=True) if each == word)) for word in TONES}
    vms, bad = len({of.vm for of in found}), [*named["near the limit"], *named["cannot"]]
    if not bad:
        return "The VM that migrates converges." if vms == 1 else f"{'Both' if vms == 2 else f'All {vms}'} VMs that migrate converge."
    well = len({of.vm for of in found} - set(bad))
    parts = [f"{well} of {vms} VMs converge without trouble"] if vms > 1 else []
    parts += [f"{_names(named['near the limit'])} {_is(named['near the limit'])} near the limit"] if named["near the limit"] else []
    parts += [f"{_names(named['cannot'])} cannot converge"] if named["cannot"] else []
    return "; ".join(parts) + "."


def _reasons(found: Sequence[RoundsLeft], paces: Sequence[Pace], words: Sequence[Word]) -> list[Block]:
    """Return why VMs do not converge without trouble, the worst ones first."""
    bad = [each for word in ("cannot", "near the limit") for each in zip(found, paces, words, strict=True) if each[2] == word]
    several = len({of.step for of in found}) > 1
    lines = [
        f"{of.vm}{f' ({of.step})' if several else ''} {'cannot converge' if word == 'cannot' else 'is near the limit'}: {why(of, pace)}."
        for of, pace, word in bad[:MOST_NAMES]
    ]
    return [Listing(lines)] if lines else []


def _names(names: Sequence[str]) -> str:
    shown = list(names[:MOST_NAMES])
    more = [f"{len(names) - MOST_NAMES} others"] if len(names) > MOST_NAMES else []
    *first, last = [*shown, *more]
    return f"{', '.join(first)} and {last}" if first else last


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _assumed(source: Source) -> list[Block]:
    if all(cluster.policy.name != "vm2000" for detail in source.details for cluster in detail.point.clusters):
        return []
    text = (
        "When VM2000 on SU /390 ends a pre-copy is not published: stop goal and chase limit are assumptions [A2], and who "
        "converges depends on them. Put your own numbers into the parameters `stop_goal` and `chase_limit` of the cluster to see it."
    )
    return [Prose(text, "note")]


def _figures(detail: Detail, found: Sequence[RoundsLeft], words: Sequence[Word], replications: int, drawn: dict[Alike, str]) -> list[Block]:
    """Return the figures of the VM that is worst off; those that say what another point's say are named and not drawn again."""
    worst = worst_of(found, words)
    if worst is None:
        runs = any(detail.site.guests[of.vm].runs for of in found)
        still = "No guest runs while it migrates, so no page becomes dirty: each is sent once."
        return [Prose("Nothing is sent while a guest runs, so there are no rounds that could converge." if runs else still)]
    site, others = detail.site, nearest_to(worst, found)
    pace = Pace.of(site, worst.vm, worst.source, worst.target, worst.began_s)
    paces = [(of.vm, Pace.of(site, of.vm, of.source, of.target, of.began_s)) for of in others]
    blocks: list[Block] = []
    if others:
        blocks.append(Prose(f"The figures show {worst.vm}: of the VMs whose guests run the one {WORST}.", "soft"))
    curve = curve_figure(detail.key, worst.vm, Settling.of(pace), paces, len({of.vm for of in found}), worst.most_rounds)
    levels = _map(detail, worst, pace)
    first = drawn.setdefault(_alike(worst.vm, [curve, *levels]), detail.name)
    if first != detail.name:
        same = f"Dirty curve and map of {worst.vm} are those of {first}: what differs between the two does not change how it converges."
        return [Prose(f"{same} They are not drawn again; the table counts the rounds.", "soft")]
    blocks.append(curve)
    if len(worst.number):
        blocks.append(rounds_figure(detail.key, worst, pace, replications))
    return [*blocks, *levels]


def _alike(vm: str, blocks: Sequence[Block]) -> Alike:
    """Return what figures show, as people read it, and sentences in their place: points in which it is the same need one of them."""
    told = [(block.title, *(cell.text for row in block.numbers.shown for cell in row)) for block in blocks if isinstance(block, Figure)]
    return vm, *told, *(block.text for block in blocks if isinstance(block, Prose))


def _map(detail: Detail, worst: RoundsLeft, pace: Pace) -> list[Block]:
    why_not = why_no_map(detail.site, worst.vm, worst.source, worst.target)
    if why_not:
        return [Prose(why_not, "soft")]
    cells = convergence_map(detail.site, worst.vm, worst.source, worst.target, worst.began_s)
    if not any(cell.begun for cell in cells):
        return [Prose(f"Alone with its target, {worst.vm} is rejected by the check: there is no map of loads and networks.", "soft")]
    return [grid_figure(detail.key, worst.vm, cells, pace)]


def _table(detail: Detail, found: Sequence[RoundsLeft], paces: Sequence[Pace], words: Sequence[Word], replications: int) -> Table:
    lines = {(line["step"], line["vm"]): line for line in detail.lines()}
    rows: list[Sequence[Cell | str]] = []
    for of, pace, word in zip(found, paces, words, strict=True):
        line = lines.get((of.step, of.vm), {})
        rows.append(
            (
                of.vm,
                of.step,
                pace.cluster.su_type,
                Cell(word, tone=TONES[word]),
                _count(_median(line, "rounds")),
                _count(line.get("rounds_max")),
                _factor(_median(line, "sent_over_touched")),
                Cell(show_rate(pace.live_Bps), pace.live_Bps),
                _rate(of.dirty_pages_per_s * PAGE),
                share_cell(None if math.isnan(of.last_ratio) else of.last_ratio),
                share_cell(of.chased_share),
            )
        )
    caption = (
        f"VMs in the order in which they migrate. Rounds and what was sent: all {detail.replications:,} replications, completed "
        "migrations, the most rounds of all. Dirtied and aborted: medians and share of all attempts of "
        f"{replications:,} replications that were completed or aborted at that limit. A guest that does not run dirties nothing."
    )
    if len(rows) > MOST_LISTED:
        order = sorted(range(len(rows)), key=lambda place: (list(TONES).index(words[place]), found[place].most_rounds), reverse=True)
        rows = [rows[place] for place in sorted(order[:MOST_LISTED])]
        caption = f"The {MOST_LISTED} VMs of {len(found)} that are worst off. {caption}"
    return _without_constants(Table(f"convergence-{detail.key}", TITLES, rows, caption))


def _without_constants(table: Table) -> Table:
    """Return a table without the columns that say the same in every row; its caption says it."""
    if len(table.rows) < 2:
        return table
    alike = {title for title, column in zip(table.titles, zip(*table.rows, strict=True), strict=True) if len(set(column)) == 1}
    left_out = [title for title in CONSTANT if title in alike]
    kept = [number for number, title in enumerate(table.titles) if title not in left_out]
    first = {title: cell.text for title, cell in zip(table.titles, table.shown[0], strict=True)}
    told = "; ".join(f"{title}: {first[title]}" for title in left_out)
    return replace(
        table,
        titles=[table.titles[number] for number in kept],
        rows=[[row[number] for number in kept] for row in table.rows],
        caption=table.caption + (f" The same for all: {told}." if told else ""),
    )


def _median(line: dict[str, Any], quantity: str) -> float | None:
    entry = line.get("of_completed", {}).get(quantity, {}).get("p50")
    return None if entry is None else entry["value"]


def _count(value: float | None) -> Cell:
    return Cell("-") if value is None else Cell(f"{value:g}", float(value))


def _factor(value: float | None) -> Cell:
    return Cell("-") if value is None else Cell(f"{value:.3f}", value)


def _rate(value: float) -> Cell:
    return Cell("-") if math.isnan(value) else Cell(show_rate(value), value)


def _missing(detail: Detail) -> list[Block]:
    """Say which columns were not stored."""
    missing = sorted({"rounds", "sent_bytes", "touched_bytes"} - detail.rows.columns)
    if not missing:
        return []
    columns = " and ".join(f"`{name}`" for name in missing)
    return [
        Prose(f"The run did not store {columns} (`--columns` left it out), so the table has no numbers of all replications there.", "note")
    ]
