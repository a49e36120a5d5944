"""What the words of the page mean, for readers who meet them for the first time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sim.report.page.blocks import Table
from sim.report.page.objective_words import time_limit
from sim.scenario.point import Point

_COMMON = (
    ("replication", "One simulated course of the plan with random draws of its own; called a night where the plan begins at night."),
    (
        "variant, point",
        "The scenario with other values in some places; all have the same random draws, so they differ by these values only.",
    ),
    ("p50, p90, p99", "What 50, 90, 99 of 100 replications do not exceed; p50 is the median."),
    (
        "95 % interval",
        "Where a number lies as far as chance goes, since there are only so many replications; it says nothing about assumptions.",
    ),
    ("makespan", "Time from the begin of a step until its last VM is on the target SU."),
    ("set-up, pre-copy, stop, clean-up", "The four phases of a migration; the guest runs in all of them but the stop."),
    ("stop, downtime", "Time for which the guest stands still while its VM changes the SU."),
    ("touched memory", "Memory that was ever written; the rest holds nothing and is not sent."),
    (
        "round",
        "One pass over the pages that are to be sent. The first one sends what is touched, each later one what was written meanwhile.",
    ),
    ("dirty", "A page is dirty when the guest has written it after it was sent; it has to be sent again."),
    (
        "converge, settle",
        "Rounds get shorter and settle at a length in which as much is written as is sent; in the last one the guest stands still.",
    ),
    ("activity, load", "How much a guest writes; 1 or 100 % is the full load that the scenario describes."),
    ("monitor system", "What carries out the migration on an SU: the monitor VM on SU /390, X2000 on SU x86."),
    ("INIT-ONLY", "State of a VM that is defined and has no running guest: it has no pre-copy and no stop."),
)


def words(points: Iterable[Point]) -> Table:
    """Return a folded table of the words, those of the policies of these points with their values."""
    listed = (*_COMMON, *dict.fromkeys(word for point in points for word in _of_policies(point)))
    return Table(
        "words", ("word", "meaning"), [[word, meaning] for word, meaning in listed], "What the words on this page mean.", folded=True
    )


def _of_policies(point: Point) -> Iterator[tuple[str, str]]:
    """Yield the words of the rule by which a guest is stopped."""
    for policy in (cluster.policy for cluster in point.clusters):
        if policy.name == "vm2000":
            goal, limit = time_limit(policy.stop_goal_s), time_limit(policy.chase_limit_s)
            stopped = f"on SU /390 the guest is stopped as soon as the rest can be sent in {goal}"
            given_up = (
                f"a pre-copy that does not come to the stop goal within {limit} after round 1, or the time of round 1 if that is more, ends"
            )
            yield "stop goal", f"Assumption [A2]: {stopped}. VM2000's own rule is not published."
            yield "chase limit", f"Assumption [A2]: {given_up}; the VM stays where it is."
