"""A verification on a terminal: a line a group, then whatever is asked of the measured migrations, then what is missed or skipped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from sim.report.layout import rendered
from sim.validate.checks import Check, Value, Verdict, share
from sim.validate.verification import VERDICTS, Verification

STATISTICS = "qemu: "  # groups whose checks are statistics of many migrations, so few that all of them are shown
FEW = 2  # quantities of a case that are all named; of more the first and the last
WHOLE_FROM = 1e4  # from there on a fraction of a page or of a byte says nothing
LARGEST_PLAIN = 1e15  # from there on a float is no exact count


def verification_text(found: Verification, width: int) -> str:
    """Return a verification as text.

    Args:
        found: the checks.
        width: columns of the terminal.
    """
    blocks = [rendered(_overview(found), width)]
    statistics = {
        group: [check for check in found.checks if check.group == group] for group in found.groups if group.startswith(STATISTICS)
    }
    blocks += [f"{group}\n{rendered(_table(checks), width)}" for group, checks in statistics.items()]
    verdicts: tuple[tuple[Verdict, str], ...] = (
        ("not met", "Not met"),
        ("known miss", "Known misses: published migrations, each with the reason why nobody could foretell it"),
        ("skipped", "Skipped"),
    )
    for verdict, title in verdicts:
        lines = [f"  {each.in_a_line()}" for each in shortfalls(found, verdict)]
        blocks += ["\n".join([title, *lines])] if lines else []
    blocks.append(conclusion(found))
    return "\n\n".join(blocks)


def verification_content(found: Verification) -> dict[str, Any]:
    """Return the same as data."""
    fields = Check.__dataclass_fields__
    checks = [{name: getattr(check, name) for name in fields} for check in found.checks]
    return {"quick": found.quick, "counts": {verdict: found.count(verdict) for verdict in VERDICTS}, "checks": checks}


def conclusion(found: Verification) -> str:
    """Return the answer in a sentence."""
    words = [f"{found.count('met')} of {found.asked()} checks are met"]
    words += [f"{found.count('not met')} not met"] if found.missed else []
    known = found.count("known miss")
    words += [f"{known} known miss{'es' if known > 1 else ''} of published migrations"] if known else []
    words += [f"{found.count('skipped')} skipped"] if found.count("skipped") else []
    shown = found.count("no bar")
    words += [f"{shown} result{'s' if shown > 1 else ''} without a bar"] if shown else []
    return ", ".join(words) + "."


def value_text(value: Value) -> str:
    """Return a value for people: counts and large numbers whole, others to six digits, words as they are."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    whole = abs(value) >= WHOLE_FROM or float(value).is_integer()
    return f"{value:,.0f}" if whole and abs(value) < LARGEST_PLAIN else f"{value:,.6g}"


def error_text(check: Check) -> str:
    """Return the error of a check: a share, or a difference of counts."""
    if check.error is None:
        return ""
    return value_text(check.error) if check.bar == "equal" else share(check.error)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What is not met or skipped of a case, for one reason.

    Args:
        group: of the checks.
        case: of the checks.
        reason: of all of them.
        quantities: what they compare.
        of: how many checks the case has.
    """

    group: str
    case: str
    reason: str
    quantities: tuple[str, ...]
    of: int

    def in_a_line(self) -> str:
        """Return it in words: where, what or how much, why."""
        named = [quantity for quantity in self.quantities if quantity]
        what = f"{len(named)} of {self.of}: {named[0]} to {named[-1]}" if len(named) > FEW else ", ".join(named)
        return f"{self.group}: {self.case}{f', {what}' if what else ''}{f' ({self.reason})' if self.reason else ''}"


def shortfalls(found: Verification, verdict: Verdict) -> list[Shortfall]:
    """Return what has a verdict in the groups of single cases, those of one case and reason together."""
    together: dict[tuple[str, str, str], list[str]] = {}
    for check in found.checks:
        if check.verdict == verdict and not check.group.startswith(STATISTICS):
            together.setdefault((check.group, check.case, check.reason), []).append(check.quantity)
    counts = Counter((check.group, check.case) for check in found.checks)
    return [Shortfall(*key, tuple(quantities), counts[key[:2]]) for key, quantities in together.items()]


def _overview(found: Verification) -> Table:
    """Return the table of the groups: how many checks, with which verdicts, and the largest error."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    table.add_column("group", no_wrap=True)
    for verdict in VERDICTS:
        table.add_column(verdict, justify="right", no_wrap=True)
    for group in found.groups:
        table.add_row(Text(group), *(str(found.count(verdict, group) or "") for verdict in VERDICTS))
    return table


def _table(checks: list[Check]) -> Table:
    """Return the table of a group whose checks are statistics."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for title in ("what", "of", "result", "asked"):
        table.add_column(title)
    table.add_column("verdict", no_wrap=True)
    for check in checks:
        table.add_row(*map(Text, (check.quantity, check.case, value_text(check.predicted), check.bar, check.verdict)))
    return table
