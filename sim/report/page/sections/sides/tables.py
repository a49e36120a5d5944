"""Tables of two points: both sides, who is better, and the numbers of the figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.report.page.blocks import Cell, Table
from sim.report.page.sections.sides.chart import label_of, show_difference, show_size
from sim.report.page.sections.sides.pair import MOST_DRAWN, Pair, most_apart
from sim.results.compare import Better, Compared

MOST_LISTED = 20  # VMs of a table


def both_sides(pair: Pair) -> Table:
    """Return the table of both sides and who is better."""
    listed = most_apart(pair, MOST_LISTED)
    whole = {(each.step, each.vm) for each in pair.found.quantities if each.vm}
    shares = [each for each in listed if each.kind == "share" and each.better in {"equal", "neither"}]
    rows = [_row(pair, each, listed) for each in listed if each not in shares]
    caption = "Medians of both sides and their differences: less time, fewer bytes, more VMs that arrive are better"
    if any(pair.better(each) != each.better for each in listed):
        caption += "; bytes are not judged where one side brings more VMs over"
    if len(whole) > MOST_LISTED:
        caption += f"; the {MOST_LISTED} of {len(whole)} VMs that lie furthest apart"
    titles = ("VM or step", "quantity", *pair.names, "difference", "95 % from", "to", "better")
    return Table(f"{pair.key}sides", titles, rows, caption, folded=len(rows) > MOST_DRAWN)


def _row(pair: Pair, each: Compared, among: Sequence[Compared]) -> tuple[Cell | str, ...]:
    difference = each.decisive
    name = "p50" if "p50" in each.first else "share"
    same = [other for other in among if other.quantity == each.quantity]
    return (
        label_of(each, same),
        each.quantity,
        *(Cell(show_size(each.kind, side[name]), side[name]) for side in (each.first, each.second)),
        *(_signed(each.kind, end) for end in (difference.value, difference.low, difference.high)),
        _winner(pair, pair.better(each)),
    )


def _winner(pair: Pair, better: Better) -> str:
    told = {"first": pair.names[0], "second": pair.names[1], "equal": "the same in every pair", "untold": "not told apart"}
    return told.get(better, "not judged")


def differences(key: str, drawn: Sequence[Compared]) -> Table:
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
