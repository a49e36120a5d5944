"""What failed in the points of a report, as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.columns import OPERATOR_STEP
from sim.report.page.objective_words import occasions
from sim.report.page.sections.failures.causes import cause_of
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
            f"Nothing failed in {least.replications:,} replications{each}; if the assumptions hold, with 95 % confidence at most "
            f"{100 * bound:.2g} % of such {occasions(least)} leave a VM behind."
        )
    worst = min(failing, key=lambda detail: detail.entry["completed"]["share"])
    share, of = worst.entry["completed"], f"{worst.name}: " if worst.name else ""
    if share["share"] == 1.0:
        typed = all(line["step"] == OPERATOR_STEP for line in worst.lines() if not_arrived(line) > 0.0)
        whose = "attempts" if not typed or not any(map(not_arrived, worst.lines())) else "attempts that operators typed"
        return f"{of}{whose} failed, but in all {worst.replications:,} replications every VM of the plan arrived in the end."
    if share["share"] == 0.0:
        return f"{of}in none of {worst.replications:,} replications does every VM arrive{_because(worst)}."
    count = round((1.0 - share["share"]) * worst.replications)
    often = f"{_rare(1.0 - share['share'])}; 95 % interval {_rare(1.0 - share['high'])} to {_rare(1.0 - share['low'])}"
    return f"{of}in {count:,} of {worst.replications:,} replications ({often}) not every VM arrives{_because(worst)}."


def _rare(share: float) -> str:
    """Return a share in percent; of a small one two digits, since 0.0 % would say that it never happens."""
    return f"{100.0 * share:.2g} %" if 0.0 < share < 0.001 else f"{100.0 * share:.1f} %"


def _because(detail: Detail) -> str:
    """Return the VM that stays behind most often, and the fault or else the reason that stops most migrations for good."""
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
    often = "always " if most >= 1.0 else "most often " if len(found) > len(alike) else ""
    who = f"{alike[0]} {often}stays behind" if len(alike) == 1 else f"{len(alike)} VMs {often}stay behind"
    cause = cause_of(detail)
    if cause is not None and counts.keys() <= cause.codes:
        return f": {who}, because of the fault {cause.fault}"
    return f": {who}, {'mostly ' if len(counts) > 1 else ''}because {words} (`{main}`)"


def not_arrived(line: dict[str, Any]) -> float:
    """Return the share of the last attempts of a line of summary.json that did not bring the VM over."""
    return float(sum(share["share"] for name, share in line["outcomes"].items() if name in FAILED))


def notes(detail: Detail) -> list[str]:
    """Return for a point without failures how sure that is; for others nothing."""
    if went_wrong(detail.entry):
        return []
    at_most = f"{100 * (1.0 - detail.entry['completed']['low']):.2g} %"
    name = f"{detail.name}: " if detail.name else ""
    rare = f"if the assumptions hold, with 95 % confidence at most {at_most} of such {occasions(detail)} leave a VM behind"
    return [f"{name}nothing failed in {detail.replications:,} replications; {rare}."]
