"""What failed in the points of a report, as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.report.layout import percent
from sim.report.page.source import Detail

FAILED = ("rejected", "aborted", "not-started", "lost")
WHAT = ("reasons", "left_behind", "outages")


def went_wrong(entry: dict[str, Any]) -> bool:
    """Return whether anything failed at a point: an attempt, a VM left behind, an SU down."""
    return any(entry["failures"][what] for what in WHAT)


def lead(details: Sequence[Detail]) -> str:
    """Return the sentence that answers: what failed, or how rare a failure must be that did not occur."""
    failing = [detail for detail in details if went_wrong(detail.entry)]
    if not failing:
        least = min(details, key=lambda detail: detail.replications)
        bound = 1.0 - least.entry["completed"]["low"]
        each = " of each point" if len(details) > 1 else ""
        return (
            f"Nothing failed in {least.replications:,} replications{each}; with 95 % confidence at most {100 * bound:.2g} % of such "
            "nights leave a VM behind."
        )
    worst = min(failing, key=lambda detail: detail.entry["completed"]["share"])
    share, of = worst.entry["completed"], f"{worst.name}: " if worst.name else ""
    if share["share"] == 1.0:
        return f"{of}attempts failed, but in all {worst.replications:,} replications every VM of the plan arrived in the end."
    if share["share"] == 0.0:
        return f"{of}in none of {worst.replications:,} replications every VM arrives{_because(worst)}."
    return f"{of}every VM arrives in {percent(share)} of the replications{_because(worst)}."


def _because(detail: Detail) -> str:
    """Return the reason that stops most migrations for good, with the VM that it stops most often."""
    found = [(line["reasons"], line) for line in detail.lines() if not_arrived(line) > 0.0]
    counts: dict[str, int] = {}
    for reasons, _ in found:
        for reason, count in reasons.items():
            counts[reason] = counts.get(reason, 0) + count
    if not counts:
        return ""
    main = max(counts, key=lambda reason: counts[reason])
    words = next((each["words"] for each in detail.entry["failures"]["reasons"] if each["reason"] == main), main)
    most = max(not_arrived(line) for _, line in found)
    alike = [line["vm"] for _, line in found if not_arrived(line) == most]
    often = "always" if most >= 1.0 else "most often"
    who = f"{alike[0]} {often} stays behind" if len(alike) == 1 else f"{len(alike)} VMs {often} stay behind"
    return f"; mostly because {words} (`{main}`), and {who}"


def not_arrived(line: dict[str, Any]) -> float:
    """Return the share of the last attempts of a line of summary.json that did not bring the VM over."""
    return float(sum(share["share"] for name, share in line["outcomes"].items() if name in FAILED))


def notes(detail: Detail) -> list[str]:
    """Return for a point without failures how sure that is; for others nothing."""
    if went_wrong(detail.entry):
        return []
    at_most = f"{100 * (1.0 - detail.entry['completed']['low']):.2g} %"
    name = f"{detail.name}: " if detail.name else ""
    rare = f"with 95 % confidence at most {at_most} of such nights leave a VM behind"
    return [f"{name}nothing failed in {detail.replications:,} replications; {rare}."]
