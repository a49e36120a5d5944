"""When a run with `replications: auto` has enough: looks at 8, 16, 32, ... blocks, whose intervals hold however often one looks.

A look is a summary whose intervals have level alpha / k, k the looks that the limit allows: by Bonferroni's inequality the intervals of one
quantity hold at all looks together with 1 - alpha, so the last one holds, whichever look that was and whatever decided it. Two looks in a
row have to pass, since one alone can be narrow by luck.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sim.errors import UsageError
from sim.model.draws import BLOCK
from sim.scenario.objectives import parse_objective
from sim.scenario.schema_experiment import MOST, AutoSpec, ExperimentSpec, PrecisionSpec

FIRST_LOOK = 8 * BLOCK  # p99 has an interval at the level of eight looks from 574 replications on; of these 82 lie above it
CONFIDENCE = 0.95  # of each interval of the last look, as in every summary
IN_A_ROW = 2
QUANTILES = ("p50", "p99")
TIMES = {"total_s": "total time", "downtime_s": "downtime"}
NAMED = 5  # wide quantities that a text names; the summary has all


Kind = Literal["time", "probability"]
Known = tuple[str, Kind, float]  # a quantity, what it is, how well it is known


@dataclass(frozen=True, slots=True)
class Wide:
    """A quantity that is not known well enough.

    Args:
        point: name of its point.
        quantity: what it is, for people.
        kind: a time (the quantiles of rounds and bytes that objectives look at, too) or a probability.
        known_to: distance of the further end of its interval from the estimate, as a share of a time or as a difference of probabilities;
            +inf where there is no finite interval.
        wanted: what that was to be at most.
    """

    point: str
    quantity: str
    kind: Kind
    known_to: float
    wanted: float


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found.

    Args:
        replications: of each point, at the look.
        wide: what was not known well enough.
    """

    replications: int
    wide: tuple[Wide, ...]


def wanted_replications(text: str | None, experiment: ExperimentSpec) -> int | PrecisionSpec:
    """Return how many replications a command wants, or how well its results have to be known.

    Args:
        text: of the option; None where it was not given, then the scenario decides.
        experiment: of the scenario; its precision is kept where the option says auto.

    Raises:
        UsageError: the text is neither a number nor auto.
    """
    written = experiment.replications
    if text is None:
        return written.auto if isinstance(written, AutoSpec) else written
    if text.strip() == "auto":
        return written.auto if isinstance(written, AutoSpec) else PrecisionSpec()
    digits = text.strip().replace(",", "").replace("_", "")
    if not digits.isascii() or not digits.isdecimal() or not 1 <= int(digits) <= MOST:
        raise UsageError(f"--replications {text}: is no number of replications; write a whole number from 1 to {MOST:,}, or auto")
    return int(digits)


def looks(limit: int) -> tuple[int, ...]:
    """Return the numbers of replications at which a run looks: 8, 16, 32, ... blocks below the limit, and the limit."""
    found = []
    at = FIRST_LOOK
    while at < limit:
        found.append(at)
        at *= 2
    return (*found, limit)


def fewest(wanted: int | PrecisionSpec) -> int:
    """Return how many replications a run takes at least: where that is decided by looks, those of the look that can end it first."""
    return wanted if isinstance(wanted, int) else looks(wanted.limit)[:IN_A_ROW][-1]


def confidence_of_a_look(limit: int) -> float:
    """Return the confidence of each look's intervals, 1 - alpha / k, so that those of all k looks hold together with 1 - alpha."""
    return 1 - (1 - CONFIDENCE) / len(looks(limit))


def is_enough(taken: Sequence[Look]) -> bool:
    """Say whether the last two looks found nothing wide."""
    return len(taken) >= IN_A_ROW and not any(look.wide for look in taken[-IN_A_ROW:])


def look_at(summary: dict[str, Any], replications: int, precision: PrecisionSpec) -> Look:
    """Return what a look at a summary finds.

    Args:
        summary: as in summary.json, its intervals at `confidence_of_a_look`.
        replications: of each point.
        precision: how well things have to be known.
    """
    return Look(replications, tuple(wide for point in summary["points"] for wide in _of_point(point, precision)))


def told(taken: Sequence[Look], precision: PrecisionSpec, replications: int, *, failed: bool = False) -> dict[str, Any]:
    """Return for summary.json how the run ended.

    Args:
        taken: its looks, the last one being that at which it ended.
        precision: what was wanted.
        replications: of each point in the summary: more than at the last look where the folder held more.
        failed: whether parts failed, which ends the run at the next look.
    """
    last = taken[-1]
    return {
        "text": _text(taken, precision, replications, failed=failed),
        "reason": "failed" if failed else "known" if is_enough(taken) else "limit",
        "replications": last.replications,
        "time": precision.time,
        "probability": precision.probability,
        "limit": precision.limit,
        "confidence_of_a_look": confidence_of_a_look(precision.limit),
        "looks": [{"replications": look.replications, "wide": len(look.wide)} for look in taken],
        "wide": [
            {
                "point": wide.point,
                "quantity": wide.quantity,
                "kind": wide.kind,
                "known_to": wide.known_to if math.isfinite(wide.known_to) else None,
                "wanted": wide.wanted,
            }
            for wide in last.wide
        ],
    }


def _of_point(point: dict[str, Any], precision: PrecisionSpec) -> Iterator[Wide]:
    """Yield what is wide of a point; what concerns several VMs together has no intervals and is not looked at."""
    for quantity, kind, known_to in (*_objectives(point), *_steps(point), *_vms(point)):
        wanted = precision.time if kind == "time" else precision.probability
        if known_to > wanted:
            yield Wide(point["point"], quantity, kind, known_to, wanted)


def _objectives(point: dict[str, Any]) -> Iterator[Known]:
    begins = {step["step"]: step["at_s"] for step in point["steps"]}
    for entry in point["objectives"]:
        if entry["of"] == "share":
            yield entry["objective"], "probability", _apart(entry, "estimate")
        else:
            metric = parse_objective(entry["objective"]).metric
            origin = begins.get(metric.of, 0.0) if entry["of"] == "end" and metric is not None else 0.0
            yield entry["objective"], "time", _relative(entry, "estimate", origin)


def _steps(point: dict[str, Any]) -> Iterator[Known]:
    for step in point["steps"]:
        for quantile, entry in _chosen(step["makespan_s"]):
            yield f"{quantile} of the makespan of {step['step']}", "time", _relative(entry)
        yield f"share of {step['step']} with nothing left behind", "probability", _apart(step["nothing_left_behind"], "share")
        if step["within_window"]:
            yield f"share of {step['step']} within the window", "probability", _apart(step["within_window"], "share")


def _vms(point: dict[str, Any]) -> Iterator[Known]:
    for line in point["migrations"]:
        whose = f"of {line['vm']} in {line['step']}"
        for outcome, entry in line["outcomes"].items():
            if entry["low"] is not None:
                yield f"share {outcome} {whose}", "probability", _apart(entry, "share")
        for column, quantity in TIMES.items():
            for quantile, entry in _chosen(line["of_completed"].get(column, {})):
                if entry["low"] is not None or entry["replications_needed"]:
                    yield f"{quantile} of the {quantity} {whose}", "time", _relative(entry)


def _chosen(quantiles: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, quantiles[name]) for name in QUANTILES if name in quantiles)


def _apart(entry: dict[str, Any], value: str) -> float:
    """Return how far the further end of an interval lies from its estimate; +inf where there is none, 0 where all three are infinite."""
    if entry["low"] is None:
        return math.inf
    found, low, high = (_number(entry[key]) for key in (value, "low", "high"))
    return max(found - low if found > low else 0.0, high - found if high > found else 0.0)


def _relative(entry: dict[str, Any], value: str = "value", origin: float = 0.0) -> float:
    """Return that distance as a share of the estimate, counted from the origin."""
    apart, size = _apart(entry, value), _number(entry[value]) - origin
    if apart == 0 or math.isinf(apart):
        return apart
    return apart / size if size > 0 else math.inf


def _number(value: float | str) -> float:
    return math.inf if isinstance(value, str) else float(value)


def _text(taken: Sequence[Look], precision: PrecisionSpec, replications: int, *, failed: bool) -> str:
    last = taken[-1]
    known = f"every time within {100 * precision.time:g} %, every probability within {100 * precision.probability:g} percentage points"
    if failed:
        text = f"Ended at {last.replications:,} replications, since parts failed."
    elif is_enough(taken):
        text = f"Stopped after {last.replications:,} replications: {known}, at the last {IN_A_ROW} looks."
    elif last.wide:
        named = "; ".join(_told(wide) for wide in sorted(last.wide, key=lambda wide: -wide.known_to / wide.wanted)[:NAMED])
        more = f"; and {len(last.wide) - NAMED} more" if len(last.wide) > NAMED else ""
        text = f"Limit of {last.replications:,} replications reached; still wide: {named}{more}."
    else:
        text = f"Limit of {last.replications:,} replications reached: {known}, but at one look only."
    if replications > last.replications:
        text += f" The folder held {replications:,} already; all of them are in the summary."
    return text


def _told(wide: Wide) -> str:
    head = f"{wide.point}: " if wide.point else ""
    if math.isinf(wide.known_to):
        return f"{head}{wide.quantity} (no finite interval)"
    unit = "%" if wide.kind == "time" else "points"
    return f"{head}{wide.quantity} (within {100 * wide.known_to:.2g} {unit}, wanted {100 * wide.wanted:g})"
