"""Tables of what failed: reasons, VMs left behind, faults, SUs that went down, operators' commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sim.report.failing import ENDS, OUTCOMES
from sim.report.page.blocks import Cell, Table, share_cell
from sim.report.page.source import Detail

VMS_NAMED = 6
Row = list[Cell | str]


def share_cells(entry: dict[str, Any]) -> list[Cell]:
    """Return a share and the ends of its interval, as `share_entry` has them."""
    return [share_cell(entry[end]) for end in ("share", "low", "high")]


SHARE = ("of the replications", "95 % from", "to")


def tables(details: Sequence[Detail], tags: Sequence[str]) -> list[Table]:
    """Return the tables that have rows.

    Args:
        details: points.
        tags: of the assumptions that the run rests on.
    """
    made = (
        (
            "reasons",
            ["outcome", "why", "code", *SHARE, "attempts", "VMs"],
            _reasons,
            "Attempts that failed or had a warning, retried ones too, and why.",
        ),
        ("left", ["step", "VM", "what became of it", *SHARE, "guest lost"], _left, "Not brought over at the end of a step."),
        (
            "faults",
            ["fault", *SHARE, "times", "attempts that it met"],
            _faults,
            "Faults of the scenario: how often they occurred, and attempts that failed or had a warning with them.",
        ),
        (
            "outages",
            ["SU", "VM", *SHARE],
            _outages,
            "SUs that went down, and guests that ended with them; they are started again with their SU [A39].",
        ),
        ("commands", ["time", "console", "command", "ended", "replications"], _commands, "What operators typed, and how it ended."),
    )
    found = []
    for word, titles, rows_of, caption in made:
        rows = [[detail.name, *row] for detail in details for row in rows_of(detail.entry["failures"], tags)]
        named = any(detail.name for detail in details)
        if rows:
            found.append(
                Table(f"failed{word}", ["variant", *titles] if named else titles, rows if named else [row[1:] for row in rows], caption)
            )
    return found


def _reasons(failures: dict[str, Any], tags: Sequence[str]) -> Iterator[Row]:
    for each in failures["reasons"]:
        tag = f" [{each['assumption']}]" if each["assumption"] in tags else ""
        vms = list(each["vms"].items())
        told = ", ".join(f"{vm} {count:,}" for vm, count in vms[:VMS_NAMED])
        told += f" and {len(vms) - VMS_NAMED} more VMs" if len(vms) > VMS_NAMED else ""
        outcome = OUTCOMES.get(each["outcome"], each["outcome"])
        yield [
            outcome,
            each["words"],
            f"{each['reason']}{tag}",
            *share_cells(each["replications"]),
            Cell(f"{each['attempts']:,}", each["attempts"]),
            told,
        ]


def _left(failures: dict[str, Any], tags: Sequence[str]) -> Iterator[Row]:
    del tags
    for each in failures["left_behind"]:
        where = "deleted by an operator" if each["deleted"] else f"is on {each['su']}"
        lost = each["guest_lost"]["share"] if each["guest_lost"] else 0.0
        yield [each["step"], each["vm"], where, *share_cells(each["replications"]), share_cell(lost)]


def _faults(failures: dict[str, Any], tags: Sequence[str]) -> Iterator[Row]:
    del tags
    for each in failures["faults"]:
        counts = [Cell(f"{each[name]:,}", each[name]) for name in ("times", "attempts")]
        yield [each["fault"], *share_cells(each["replications"]), *counts]


def _outages(failures: dict[str, Any], tags: Sequence[str]) -> Iterator[Row]:
    del tags
    for each in failures["outages"]:
        yield [each["su"], "went down", *share_cells(each["replications"])]
        for vm, share in each["guests_ended"].items():
            yield [each["su"], vm, *share_cells(share)]


def _commands(failures: dict[str, Any], tags: Sequence[str]) -> Iterator[Row]:
    del tags
    for each in failures["commands"]:
        for end, count in each["ends"].items():
            yield [each["time"], each["console"], each["command"], ENDS.get(end, end), Cell(f"{count:,}", count)]
