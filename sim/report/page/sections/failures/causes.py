"""Which reasons of failing attempts follow from one fault of the scenario, in words: people look where the cause is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sim.report.explain_operations import fault_text
from sim.report.page.source import Detail

# Reasons that a fault can have as its consequence, by its kind.
CONSEQUENCES = {
    "link": {"link-lost", "target-unreachable"},
    "crash": {"source-crash", "target-crash", "source-down", "target-unreachable"},
    "monitor": {"monitor-starved"},
    "disks": {"disks-not-operable"},
    "definitions": {"definition-not-created", "definition-not-deleted"},
    "agent": {"agent-error"},
}
TO_LOOK_AT = {"link": "The cause is the line: the target SU itself is up meanwhile."}  # what a reason alone would not tell


@dataclass(frozen=True, slots=True)
class Cause:
    """A fault from which all failing attempts of a point follow.

    Args:
        fault: its name, when, what and how long.
        reasons: code and words of each reason that follows from it, with its attempts, the frequent ones first.
        look_at: a sentence about where the cause is; "" where the reasons say it.
    """

    fault: str
    reasons: tuple[tuple[str, str, int], ...]
    look_at: str

    @property
    def codes(self) -> frozenset[str]:
        """The codes of its reasons."""
        return frozenset(code for code, _, _ in self.reasons)


def cause_of(detail: Detail) -> Cause | None:
    """Return the fault from which all failing attempts of a point follow; None where there is none, or not one alone.

    It lasted while each of them ran, no other fault did, and each has a reason that such a fault can bring about.
    """
    failures = detail.entry["failures"]
    attempts: Counter[str] = Counter()
    words: dict[str, str] = {}
    for each in failures["reasons"]:
        if each["outcome"] != "not-started":
            attempts[each["reason"]] += each["attempts"]
            words[each["reason"]] = each["words"]
    met = [each for each in failures["faults"] if each["attempts"]]
    if len(met) != 1 or met[0]["attempts"] != attempts.total():
        return None
    fault = next((each for each in detail.point.faults if each.name == met[0]["fault"]), None)
    if fault is None or not attempts.keys() <= CONSEQUENCES.get(fault.kind, set()):
        return None
    told = fault_text(fault, next((unit.su_type for unit in detail.point.units if unit.name == fault.place), ""))
    look_at = TO_LOOK_AT.get(fault.kind, "") if "target-unreachable" in attempts and not failures["outages"] else ""
    return Cause(told, tuple((code, words[code], count) for code, count in attempts.most_common()), look_at)


def cause_notes(details: Sequence[Detail]) -> list[str]:
    """Return for each fault that alone makes attempts fail a sentence about what follows from it, points with the same one together."""
    found: dict[tuple[str, str], list[tuple[Detail, Cause]]] = {}
    for detail in details:
        cause = cause_of(detail)
        if cause is not None:
            found.setdefault((cause.fault, cause.look_at), []).append((detail, cause))
    texts = []
    for (fault, look_at), of in found.items():
        follows = "; ".join(f"{detail.name + ': ' if detail.name else ''}{_counted(cause)}" for detail, cause in of)
        texts.append(f"All failing attempts follow from one fault, {fault}. {follows}.{' ' + look_at if look_at else ''}")
    return texts


def _counted(cause: Cause) -> str:
    return ", ".join(f"{count:,} x {words} (`{code}`)" for code, words, count in cause.reasons)
